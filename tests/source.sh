#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The source keeps its own rules: layers, sizes of functions, no mutable data in the archives.

: "${top_srcdir:=.}" "${top_builddir:=.}"
. "$top_srcdir/tests/lib/tap.sh"

check "layers include only layers to their left" "$top_srcdir/scripts/check-layers" "$top_srcdir"
check "functions are short and flat" "$top_srcdir/scripts/function-metrics" "$top_srcdir"

# Sanitizers add variables of their own to every object.
if [ -n "${sanitizers:-}" ]; then
	skip "no mutable data in the archives" "built with sanitizers"
else
	cd "$top_builddir" || exit 1
	# shellcheck disable=SC2086 # a list of names
	check "no mutable data in the archives" "$top_srcdir/scripts/check-globals" ${archives:?}
fi

# A file that is not listed works here and is missing in a release.
unlisted() {
	(cd "$top_srcdir" && find src include tests bench -name '*.c' -o -name '*.h' -o -name '*.def') |
		while read -r file; do
			grep -qF "$file" "$top_srcdir/Makefile.am" || echo "$file"
		done >"$tmp/unlisted"
	cat "$tmp/unlisted"
	[ ! -s "$tmp/unlisted" ]
}
check "every source file is in Makefile.am" unlisted

plan
