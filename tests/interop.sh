#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `list` says in the words of Zeek and Wireshark.  The reference data, Zeek's own logs of its own captures, is
# not part of the source: without it that part is skipped.  (.ci/run compares with tshark too, which takes minutes.)

: "${top_srcdir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
captures=$top_srcdir/captures
shared=${TCPSHADOW_SHARED:-$top_srcdir/../shared}

# A reader of Zeek's logs: every row has the columns of the header, and says what the JSON says.
cat >"$tmp/read.py" <<'END'
import json, sys
lines = open(sys.argv[1]).read().splitlines()
head = dict(line[1:].split("\t", 1) for line in lines if line.startswith("#") and "\t" in line)
names, types = head["fields"].split("\t"), head["types"].split("\t")
assert lines[0] == r"#separator \x09" and lines[-1].startswith("#close\t") and len(names) == len(types) == 22
rows = [dict(zip(names, line.split("\t"))) for line in lines if not line.startswith("#")]
for connection, row in zip(map(json.loads, open(sys.argv[2])), rows):
	orig = connection["zeek"]["originator"]
	resp = "server" if orig == "client" else "client"
	assert row["conn_state"] == connection["zeek"]["conn_state"] and row["history"] == connection["zeek"]["history"]
	assert (row["id.orig_h"], row["id.resp_p"]) == (connection[orig]["ip"], str(connection[resp]["port"]))
	assert row["ts"] == connection["start"][:-3] and row["proto"] == "tcp" and row["ip_proto"] == "6"
	assert int(row["orig_pkts"]) == connection["packets"][orig]
assert len(rows) == int(sys.argv[3]) and len({row["uid"] for row in rows}) == len(rows)
END

log() { # CAPTURE CONNECTIONS
	"$tcpshadow" list --zeek --utc "$captures/$1" >"$tmp/log.tsv" &&
		"$tcpshadow" list --json "$captures/$1" >"$tmp/log.json" &&
		python3 "$tmp/read.py" "$tmp/log.tsv" "$tmp/log.json" "$2"
}
check "conn.log of one connection" log normal.pcap 1
check "conn.log of reused ports" log timewait-reuse.pcap 2
check "conn.log of IPv6" log ipv6.pcap 1
check "conn.log of a connection older than the capture" log midstream.pcap 1

status "conn.log of nothing" 0 "$tcpshadow" list --zeek --where 'port = 1' "$captures/normal.pcap"
check "it is a header and an end" test "$(wc -l <"$tmp/out")" -eq 9

selected() { # EXPRESSION: the normal capture has a connection like that
	[ "$("$tcpshadow" list --json --where "$1" "$captures/normal.pcap" | grep -c '"type":"connection"')" -eq 1 ]
}
check "by conn_state" selected 'conn_state = SF'
check "by history" selected 'history = ShADadfF or history = ShADadFf'
check "history tells upper and lower case" selected 'not history ~ "^s"'
check "by completeness" selected 'completeness = 31'
check "by community_id" selected "community_id = '1:$(python3 -c 'import base64, hashlib
print(base64.b64encode(hashlib.sha1(bytes([0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 6, 0, 156, 64, 0, 80])).digest()).decode())')'"
status "a conn_state that does not exist" 2 "$tcpshadow" list --where 'conn_state = S9' "$captures/normal.pcap"
matches "it tells those there are" 'expected one of S0, S1, SF, REJ' "$tmp/err"
status "a text too long to be one" 2 "$tcpshadow" list \
	--where "history = $(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0)" \
	"$captures/normal.pcap"

if [ -f "$shared/zeek/conn.tsv" ]; then
	check "what Zeek says of its own captures" "$top_srcdir/scripts/compare-interop" --zeek \
		"$tcpshadow" "$shared" "$top_srcdir/doc/INTEROP.md"
else
	skip "what Zeek says of its own captures" "no reference data at $shared"
fi

plan
