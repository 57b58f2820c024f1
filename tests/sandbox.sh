#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The sandbox from inside, and commands that must still do all their work in it.

: "${top_srcdir:=.}" "${top_builddir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
capture=$top_srcdir/captures/textbook.pcap

# Each check of the program counts by itself.
try() {
	mkdir -p "$tmp/$1" && : >"$tmp/$1/there"
	"$top_builddir/tests/sandbox_try" "$@" >"$tmp/try" 2>&1 || true
	grep -q '^1\.\.' "$tmp/try" || echo "not ok - $1: it did not come to its end" >>"$tmp/try"
	while read -r line; do
		case $line in
		"ok "*"# SKIP"*) skip "sandbox, $1: ${line#*- }" "see sandbox_try" ;;
		"ok "*) check "sandbox, $1: ${line#*- }" true ;;
		"not ok "*) check "sandbox, $1: ${line#*- }" false ;;
		esac
	done <"$tmp/try"
}

try read "$tmp/read"
try write "$tmp/write"

# ---- commands

"$tcpshadow" list -v "$capture" >"$tmp/out" 2>"$tmp/err"
matches "-v tells of the sandbox" 'sandbox: ' "$tmp/err"
status "a filter with the name of a port" 0 "$tcpshadow" list -f "port http" "$capture"
matches "finds its packets" ':80 ' "$tmp/out"
status "show reads the file again" 0 "$tcpshadow" show 1 -f "tcp port http" "$capture"
status "extract makes its folder" 0 "$tcpshadow" extract -o "$tmp/made/" "$capture"
check "and files in it" test -s "$tmp/made/index.tsv"
status "a capture for each connection" 0 "$tcpshadow" extract --pcap -o "$tmp/pcaps" "$capture"
status "-w" 0 "$tcpshadow" summary -w "$tmp/copy.pcap" --where 'port 80' "$capture"
check "copies all" cmp "$capture" "$tmp/copy.pcap"
status "several files, one of them not there" 3 "$tcpshadow" list "$capture" "$tmp/none" "$capture"
matches "which is named" 'none: cannot open: No such file' "$tmp/err"
# shellcheck disable=SC2002 # a pipe is the point
cat "$capture" | "$tcpshadow" show 1 - >"$tmp/piped" 2>&1
check "a pipe is read again" grep -q 'SYN' "$tmp/piped"

plan
