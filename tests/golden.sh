#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Output that must not change unnoticed: each row of tests/golden/TESTLIST runs the program and compares
# what it prints (both streams, and its exit status unless 0) with a file.
#
#   golden.sh             run all rows, as TAP
#   golden.sh regen NAME  rewrite the file of one row and show what changed  (make regen NAME=...)
#                         NAME=readme: what README.md shows

: "${top_srcdir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
case $tcpshadow in
/*) ;;
*) tcpshadow=$PWD/$tcpshadow ;;
esac
cd "$top_srcdir" || exit 1
golden=tests/golden

# run CAPTURE OPTIONS...: from the top of the tree, so that names in the output are the same everywhere
run() {
	capture=$1
	shift
	[ "$capture" = - ] || set -- "$@" "captures/$capture"
	TZ=UTC LC_ALL=C "$tcpshadow" "$@" >"$tmp/actual" 2>&1 </dev/null
	run_status=$?
	[ "$run_status" -eq 0 ] || echo "exit status $run_status" >>"$tmp/actual"
}

regen() {
	while read -r name capture expected options; do
		[ "$name" = "$1" ] || continue
		# shellcheck disable=SC2086 # a list of words
		run "$capture" $options
		[ -f "$golden/$expected" ] || : >"$golden/$expected"
		diff -u "$golden/$expected" "$tmp/actual"
		cp "$tmp/actual" "$golden/$expected"
		return 0
	done <"$golden/TESTLIST"
	echo "golden: no row named '$1' in $golden/TESTLIST" >&2
	return 1
}

if [ "$*" = "regen readme" ]; then
	cp README.md "$tmp/before"
	scripts/check-readme --write "$tcpshadow" >"$tmp/log"
	diff -u "$tmp/before" README.md
	exit 0
fi
if [ "${1:-}" = regen ]; then
	regen "${2:?the name of a row}"
	exit
fi

while read -r name capture expected options; do
	case $name in
	'' | '#'*) continue ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	run "$capture" $options
	check "golden $name" diff -u "$golden/$expected" "$tmp/actual"
done <"$golden/TESTLIST"
plan
