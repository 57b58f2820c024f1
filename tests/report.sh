#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What reports promise: valid JSON, CSV that a reader of CSV understands, order, filters, the manual page.

: "${top_srcdir:=.}" "${top_builddir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
captures=$top_srcdir/captures

# json CODE OPTIONS...: run a check in Python over the lines of JSON, in the list `rows`
json() {
	json_code=$1
	shift
	"$tcpshadow" "$@" >"$tmp/json" 2>"$tmp/err"
	python3 -c "import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
$json_code" "$tmp/json"
}

check "the last line is the capture, the others connections" json '
assert [r["type"] for r in rows] == ["connection"] * (len(rows) - 1) + ["capture"]
assert rows[-1]["connections"] == len(rows) - 1 > 1' list --json "$captures/timewait-reuse.pcap"
check "--sort orders JSON" json '
n = [sum(r["wire_bytes"].values()) for r in rows[:-1]]
assert n == sorted(n, reverse=True)' list --json --sort -bytes "$captures/timewait-reuse.pcap"
check "--where filters JSON and the capture counts all" json '
assert rows[-1]["matched"] == len(rows) - 1 == 0 < rows[-1]["connections"]' \
	list --json --where 'port = 1' "$captures/textbook.pcap"
check "several files: numbers are those of the file, which is named" json '
a, b = sorted(rows[:-1], key=lambda r: r["id"])[:1] + sorted(rows[:-1], key=lambda r: r["id"])[-1:]
assert a["states"] == b["states"] and a["file"] != "" and len(rows[-1]["files"]) == 2' \
	list --json "$captures/textbook.pcap" "$captures/textbook.pcap"
check "show --json has every packet once, in order" json '
r, = rows
n = [s["packet"] for s in r["segments"]]
assert n == sorted(set(n)) and len([s for s in r["segments"] if "by" in s]) == sum(r["packets"].values())' \
	show 1 --json "$captures/textbook.pcap"
"$top_builddir/tests/storytool" -w "$tmp/fragments.pcap" "$top_srcdir/tests/script/fragments.pkt"
check "show of a segment that came in fragments" json '
assert len(rows[0]["segments"]) == 5 and rows[0]["segments"][3]["length"] == 500' \
	show 1 --json "$tmp/fragments.pcap"

csv() {
	"$tcpshadow" list --csv "$captures/timewait-reuse.pcap" >"$tmp/csv"
	"$tcpshadow" list --json "$captures/timewait-reuse.pcap" >"$tmp/json"
	python3 -c 'import csv, json, sys
table = list(csv.DictReader(open(sys.argv[1], newline="")))
rows = [json.loads(line) for line in open(sys.argv[2])][:-1]
assert len(table) == len(rows)
for c, r in zip(table, rows):
	assert int(c["id"]) == r["id"] and int(c["packets.client"]) == r["packets"]["client"]
	assert c["handshake.outcome"] == r["handshake"]["outcome"] and c["start"] == r["start"]
assert open(sys.argv[1], "rb").read().count(b"\r\n") == len(rows) + 1' "$tmp/csv" "$tmp/json"
}
check "CSV says what JSON says" csv

# shellcheck disable=SC2002 # a pipe on purpose
pipe() {
	"$tcpshadow" show 1 "$captures/textbook.pcap" >"$tmp/file" &&
		cat "$captures/textbook.pcap" | "$tcpshadow" show 1 >"$tmp/pipe" &&
		"$tcpshadow" show packet:1 "$captures/textbook.pcap" >"$tmp/packet" &&
		cmp "$tmp/file" "$tmp/pipe" && cmp "$tmp/file" "$tmp/packet"
}
check "show reads pipes and finds a connection by a packet" pipe

status "a pipe beyond --spool: exit 3" 3 \
	sh -c "cat '$captures/textbook.pcap' | '$tcpshadow' show 1 --spool 100"
status "no such connection: exit 2" 2 "$tcpshadow" show 999 "$captures/textbook.pcap"
matches "and how many there are" 'there (is|are) [0-9]' "$tmp/err"
status "several connections: exit 2" 2 "$tcpshadow" show \
	"$("$tcpshadow" list --csv "$captures/timewait-reuse.pcap" |
		awk -F, 'NR == 2 { print $3 ":" $5 }')" "$captures/timewait-reuse.pcap"
matches "and which they are" '^  2  ' "$tmp/err"

status "a wrong --where: exit 2" 2 "$tcpshadow" list --where 'port = 80 and durtion > 1' \
	"$captures/textbook.pcap"
matches "and the wrong word underlined" '^ {16}\^~{6}$' "$tmp/err"
status "a mistyped command: exit 2" 2 "$tcpshadow" sumary "$captures/textbook.pcap"
matches "and the one that was meant" "did you mean 'summary'" "$tmp/err"
status "a mistyped option: exit 2" 2 "$tcpshadow" list --jsom "$captures/textbook.pcap"
matches "and the one that was meant" "did you mean '--json'" "$tmp/err"

width() {
	COLUMNS=60 "$tcpshadow" list "$captures/textbook.pcap" |
		awk 'length($0) > 60 { print; bad = 1 } END { exit bad }'
}
check "a list of 60 columns" width
no_color() {
	"$tcpshadow" list --color always "$captures/textbook.pcap" | grep -q "$(printf '\033')" &&
		! "$tcpshadow" list "$captures/textbook.pcap" | grep -q "$(printf '\033')"
}
check "colours only when asked for or on a terminal" no_color

check "doc/tcpshadow.1 is up to date" sh -c \
	"'$tcpshadow' --man-page | diff '$top_srcdir/doc/tcpshadow.1' -"
plan
