#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every input in the corpora of the fuzz targets, and every input that once found a defect, runs through.

: "${top_srcdir:=.}" "${top_builddir:=.}"
. "$top_srcdir/tests/lib/tap.sh"
fuzz=$top_srcdir/tests/fuzz

# The sample captures are inputs of the capture reader too.
extra() {
	[ "$1" != capture ] || ls "$top_srcdir"/captures/*.pcap*
}

for target in ${fuzz_targets:?}; do
	set --
	for input in "$fuzz/corpus/$target"/* "$fuzz/regress/$target"/* $(extra "$target"); do
		[ ! -f "$input" ] || set -- "$@" "$input"
	done
	if [ $# -eq 0 ]; then
		result 1 "fuzz $target: the corpus is empty"
	else
		check "fuzz $target: $# inputs" "$top_builddir/tests/fuzz/fuzz_$target" "$@"
	fi
done
plan
