#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What reports promise: valid JSON, CSV that a reader of CSV understands, order, filters, findings, --fail-on.

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
n = [sum(r["payload_bytes"].values()) for r in rows[:-1]]
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

"$top_builddir/tests/storytool" -w "$tmp/below.pcap" "$top_srcdir/tests/script/sack-below-first-number.pkt"
below() { # TEXT OPTIONS...: of show, blanks and line ends as one
	below_text=$1
	shift
	"$tcpshadow" show 1 --color never "$@" "$tmp/below.pcap" | tr -s ' \n' ' ' >"$tmp/out"
	grep -qe "$below_text" "$tmp/out" && ! grep -q 18446744 "$tmp/out"
}
check "numbers before the first one are negative" below 'ACK 11 SACK -10-1'
check "those of a segment, too" below 'RETX -10+11 ack 1'
check "and in the JSON" below '"seq":-10,"ack":1,' --json
check "and so they are in words" below '-10 to 0 arrived a second time' --explain

"$tcpshadow" catalogue --fields >"$tmp/fields"
check "--where knows what the JSON has by its path" json '
import re
known = set()
for line in open(sys.argv[1].replace("json", "fields")):
    name = re.match(r"\| ([a-z*][^ ]*) ", line)
    known |= {re.sub("[*+]", side, name[1]) for side in ("client", "server")} if name else set()
known |= {"type", "schema", "verdict.sentence", "zeek.originator", "capture.vantage_by"}
def paths(value, at=""):
    if isinstance(value, dict):
        return {p for k in value for p in paths(value[k], at + "." + k)}
    return {at[1:]}
missing = {p for r in rows[:-1] for p in paths(r)} - known
missing -= {"retransmissions.client.packets", "retransmissions.server.packets"}
assert not missing, missing' \
	list --json "$captures/reset-unread-data.pcap"
check "also a few things of lists" json '
assert len(rows) == 2' list --json --where 'resets.cause = unread_data_on_close and resets.by = server' \
	"$captures/reset-unread-data.pcap"
check "and of ICMP errors" json '
assert len(rows) == 2' list --json --where 'icmp.kind = port_unreachable or icmp.kind = admin_prohibited' \
	"$captures/refused-icmp.pcap"

"$top_builddir/tests/storytool" -w "$tmp/reused.pcap" "$top_srcdir/tests/script/find-tuple-reused-early.pkt"
check "a SYN that begins the next connection does not prolong the old one" json '
rows = {r["id"]: r for r in rows[:-1]}
assert rows[1]["duration"] < 0.1 and sum(rows[1]["packets"].values()) == 5
early, = [f for f in rows[2]["findings"] if f["id"] == "tuple-reused-early"]
assert " 1,000 ms after " in early["sentence"]' list --json "$tmp/reused.pcap"

"$top_builddir/tests/storytool" -w "$tmp/flood.pcap" "$top_srcdir/tests/script/find-syn-flood.pkt"
flood_head() {
	"$tcpshadow" findings --color never "$tmp/flood.pcap" | tr '\n' ' ' | grep -q 'syn-flood: [^(]*(31 connections)'
}
check "what the capture says of a kind is not added to what its connections say" flood_head

check "windows in units that are not known are not told" json '
assert all("window_max" in m for m in rows[1]["metrics"].values())
assert not any("window_max" in m or "window_min" in m for m in rows[0]["metrics"].values())
assert rows[0]["metrics"]["client"]["zero_windows"] == 0' list --json "$captures/one-sided.pcap" "$captures/normal.pcap"

# Every moment of a connection goes into one thing, and every repetition has one reason.
sums() {
	for path in "$captures"/*.pcap*; do
		json '
from decimal import Decimal
rows = [json.loads(line, parse_float=Decimal) for line in open(sys.argv[1])]
for r in rows[:-1]:
	assert sum(r["time_spent"].values()) == r["duration"], (r["time_spent"], r["duration"])
	for again in r["retransmissions"].values():
		assert sum(v for k, v in again.items() if k not in ("segments", "bytes", "packets", "packets_seen")) \
		    == again["segments"]' list --json "$path" || return 1
	done
}
check "time_spent adds up to the duration, kinds to the segments sent again" sums

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

# ---- findings

set -- "$captures/refused-port.pcap" "$captures/unanswered.pcap" "$captures/timewait-reuse.pcap" \
	"$captures/tap-loss.pcap"
"$tcpshadow" list --json "$@" >"$tmp/listed"
check "findings --json says what list --json says, and the capture counts them" json '
found = [r for r in rows if r["type"] == "finding"]
listed = [json.loads(line) for line in open("'"$tmp/listed"'")]
own = ("type", "schema", "connection", "client", "server", "file")
assert [{k: v for k, v in f.items() if k not in own} for f in found] == \
	[f for r in listed[:-1] for f in r["findings"]]
assert [f["connection"] for f in found] == [r["id"] for r in listed[:-1] for f in r["findings"]]
end = rows[-1]
assert end["type"] == "capture" and sum(end["severities"].values()) == len(found)
assert set(end["finding_counts"]) == {f["id"] for f in found} and end["findings"] == []' \
	findings --json "$@"
check "--where chooses whose findings are told" json '
assert {r["connection"] for r in rows[:-1]} == {rows[0]["connection"]} and rows[0]["server"]["port"] == 81
assert sum(rows[-1]["severities"].values()) == len(rows) - 1' findings --json --where 'port = 81' "$@"

sorted_shown() { # KEY TITLE
	COLUMNS=70 "$tcpshadow" list --sort "$1" "$captures/textbook.pcap" | sed -n 1p | grep -q " $2"
}
check "what lines are sorted by is shown in narrow tables too" eval \
	'sorted_shown -rtt RTT && sorted_shown -retx RETX && sorted_shown bytes BYTES'

# The letters of the kinds, in the order of the output, must be in this order too.
worst_first() {
	"$tcpshadow" findings "$@" | sed -n 's/^\([X!~.]\) [a-z].*/\1/p' >"$tmp/marks"
	"$tcpshadow" list --sort health "$@" | sed -n '2,$s/^\(.\).*/\1/p' >"$tmp/health"
	for file in "$tmp/marks" "$tmp/health"; do
		tr 'X!0~?.' 123456 <"$file" | sort -c && [ "$(sort -u "$file" | wc -l)" -ge 3 ] || return 1
	done
}
check "the worst kinds come first, and the worst connections with --sort health" worst_first "$@"

all=$*
many() {
	for name in normal ipv6 keepalive nanoseconds server-close; do
		set -- "$@" "$captures/$name.pcap"
	done
	"$tcpshadow" findings "$@" >"$tmp/few" && "$tcpshadow" findings --all "$@" >"$tmp/all" &&
		grep -q '^    and 2 more (--all shows them)$' "$tmp/few" &&
		grep -q '^[.] close-initiator: .* (5 connections)$' "$tmp/few" &&
		! grep -q 'shows them' "$tmp/all" &&
		[ "$(grep -c '^    #' "$tmp/all")" -eq $(($(grep -c '^    #' "$tmp/few") + 2)) ]
}
check "a few of each kind, all with --all" many
check "several files: list has their names" sh -c \
	"'$tcpshadow' list $all | grep -q ' FILE$' && '$tcpshadow' list $all | grep -q ' unanswered.pcap$'"
check "text of 60 columns" sh -c \
	"for how in '' --by-connection; do COLUMNS=60 '$tcpshadow' findings \$how $all |
		awk 'length(\$0) > 60 { print; bad = 1 } END { exit bad }' || exit 1; done"
nothing() {
	"$tcpshadow" findings --where 'port = 1' "$captures/textbook.pcap" >"$tmp/out" &&
		grep -q '^None of 1 connection matches' "$tmp/out"
}
check "findings of nothing" nothing

# ---- --fail-on

refused=$captures/refused-port.pcap
for how in list summary findings; do
	status "$how --fail-on a severity: exit 1" 1 "$tcpshadow" "$how" --fail-on error "$refused"
done
matches "and what matched" '#1 10.*syn-rejected-rst: ' "$tmp/err"
status "a worse one matches too" 1 "$tcpshadow" list --fail-on info "$refused"
status "a milder one does not" 0 "$tcpshadow" list --fail-on warn "$captures/normal.pcap"
status "--fail-on a finding" 1 "$tcpshadow" list --fail-on syn-rejected-rst "$refused"
status "--fail-on another finding" 0 "$tcpshadow" list --fail-on syn-unanswered "$refused"
status "--fail-on an expression" 1 "$tcpshadow" list --fail-on 'refused and port = 81' "$refused"
status "--fail-on an expression nothing matches" 0 "$tcpshadow" list --fail-on 'port = 82' "$refused"
status "--fail-on sees what passes --where" 0 \
	"$tcpshadow" list --where 'port = 82' --fail-on error "$refused"
status "--fail-on with -q: exit 1" 1 "$tcpshadow" list -q --fail-on error "$refused"
[ ! -s "$tmp/err" ]
ok "and no message"
status "a broken input beats --fail-on" 3 \
	"$tcpshadow" list --fail-on error "$refused" "$captures/cut-short.pcap"
matches "which is told all the same" 'syn-rejected-rst' "$tmp/err"
status "a wrong --fail-on: exit 2" 2 "$tcpshadow" list --fail-on 'refused or prt = 1' "$refused"
matches "and the wrong word underlined" '^ {13}\^~~$' "$tmp/err"
status "a mistyped finding: exit 2" 2 "$tcpshadow" list --fail-on syn-unanswerd "$refused"
matches "and the one that was meant" "did you mean 'syn-unanswered'" "$tmp/err"

# ---- catalogue

check "catalogue --json has every finding" json '
import re
rowed = re.findall(r"FINDING\(\s*[A-Z0-9_]+,\s*\"([a-z0-9-]+)\"", open("'"$top_srcdir"'/include/tcpshadow/finding.def").read())
assert [r["id"] for r in rows] == rowed and all(r["explanation"] for r in rows)' catalogue --json
check "catalogue ID has one" json 'assert [r["id"] for r in rows] == ["one-sided"]' \
	catalogue --json one-sided
status "catalogue of no finding: exit 2" 2 "$tcpshadow" catalogue one-sidde
matches "and the one that was meant" "did you mean 'one-sided'" "$tmp/err"

# ---- a filter that takes all: packets are then read one by one, else many at a time

one_by_one() {
	for file in "$captures"/*.pcap "$top_srcdir"/tests/fuzz/corpus/capture/*; do
		"$tcpshadow" list --json --batch 7 "$file" >"$tmp/run" 2>"$tmp/run.err"
		"$tcpshadow" list --json --batch 7 -f 'greater 0 or less 0' "$file" >"$tmp/single" 2>"$tmp/single.err"
		! grep -q 'unknown data link type' "$tmp/single.err" || continue # libpcap has no filter for it
		if ! cmp "$tmp/run" "$tmp/single" || ! cmp "$tmp/run.err" "$tmp/single.err"; then
			echo "$file"
			return 1
		fi
	done
}
check "packets read one by one are the same" one_by_one
plan
