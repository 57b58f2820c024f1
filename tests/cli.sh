#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The program as its users meet it: exit codes, messages, pipes that close, disks that are full.

: "${top_srcdir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
capture=$top_srcdir/captures/textbook.pcap

# ---- what works

status "list" 0 "$tcpshadow" list "$capture"
matches "list names the connection" '10\.|192\.|:80|:443' "$tmp/out"
status "list --json" 0 "$tcpshadow" list --json "$capture"
matches "JSON ends with the capture's object" '"type":"capture"' "$tmp/out"
status "list --csv" 0 "$tcpshadow" list --csv "$capture"
status "summary" 0 "$tcpshadow" summary "$capture"
status "summary --json" 0 "$tcpshadow" summary --json "$capture"
status "show" 0 "$tcpshadow" show 1 "$capture"
status "help" 0 "$tcpshadow" help
"$tcpshadow" --help >"$tmp/help"
check "help is --help" cmp "$tmp/help" "$tmp/out"
status "help of a command" 0 "$tcpshadow" help show
"$tcpshadow" show --help >"$tmp/help"
check "help COMMAND is COMMAND --help" cmp "$tmp/help" "$tmp/out"
status "the state table" 0 "$tcpshadow" catalogue --fsm
status "the causes of resets" 0 "$tcpshadow" catalogue --resets
status "no command is list" 0 "$tcpshadow" "$capture"
status "-r FILE" 0 "$tcpshadow" list -r "$capture"
status "help" 0 "$tcpshadow" --help
matches "help says how to use it" '^[Uu]sage' "$tmp/out"
status "version" 0 "$tcpshadow" --version
matches "version says who it is" '^tcpshadow [0-9]+\.[0-9]+' "$tmp/out"

"$tcpshadow" list --json "$capture" >"$tmp/file.json"
"$tcpshadow" list --json - <"$capture" >"$tmp/stdin.json"
"$tcpshadow" list --json --batch 1 "$capture" >"$tmp/batch.json"
strip_names() {
	sed -E 's/"(name|file|size|bytes_total)":("[^"]*"|[0-9]+),?//g' "$1"
}
strip_names "$tmp/file.json" >"$tmp/a" && strip_names "$tmp/stdin.json" >"$tmp/b"
check "standard input gives what the file gives" diff "$tmp/a" "$tmp/b"
check "one packet at a time gives the same" diff "$tmp/file.json" "$tmp/batch.json"

# ---- capturing, as far as it needs no rights

status "-D lists interfaces" 0 "$tcpshadow" -D
matches "the loopback interface is one" '^lo ' "$tmp/out"
status "no such interface" 3 "$tcpshadow" -i nosuch0
matches "and which there are" "no interface 'nosuch0'.*: .*lo" "$tmp/err"
status "an interface and a file" 2 "$tcpshadow" -i lo "$capture"
status "-s needs an interface" 2 "$tcpshadow" -s 100 "$capture"
matches "and says so" 'needs an interface' "$tmp/err"
status "-s with a word" 2 "$tcpshadow" -i lo -s many
status "-C without -w" 2 "$tcpshadow" -i lo -C 1
status "-G without a time in the name" 2 "$tcpshadow" -i nosuch0 -G 1 -w "$tmp/x.pcap"
matches "and what would happen" 'replace' "$tmp/err"
status "-w --where cannot be live" 2 "$tcpshadow" -i lo -w "$tmp/x.pcap" --where 'port 80'
matches "and what to do instead" 'record with -w alone' "$tmp/err"
status "browse -w needs an interface" 2 "$tcpshadow" browse -w "$tmp/x.pcap" "$capture"
matches "which is said" 'browse -w needs an interface' "$tmp/err"
status "browse -w - has no place to go" 2 "$tcpshadow" browse -i lo -w -
status "--sort of nothing" 2 "$tcpshadow" list --sort nothing "$capture"
matches "names all keys" 'retx, rtt, client' "$tmp/err"
status "--sort needs --every" 2 "$tcpshadow" -i lo --sort bytes
status "--every is for the table" 2 "$tcpshadow" -i lo --every 1 --json
status "a folder that is not there" 4 "$tcpshadow" -i lo -w "$tmp/none/x.pcap"
status "--time-stamp-precision" 2 "$tcpshadow" -i lo --time-stamp-precision milli
status "--buffer-size" 2 "$tcpshadow" -i lo --buffer-size 1

# ---- JSON by an independent reader

all_json() {
	for file in "$top_srcdir"/captures/*.pcap* "$tmp/cut.pcap" "$tmp/empty.pcap"; do
		"$tcpshadow" list --json "$file" 2>/dev/null |
			python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
types = [line["type"] for line in lines]
assert types[-1] == "capture" and types.count("capture") == 1, types
assert [x["id"] for x in sorted(lines[:-1], key=lambda c: c["id"])] == list(range(1, len(lines)))' ||
			{ echo "$file" && return 1; }
	done
}

# ---- inputs that are not what they should be

size=$(wc -c <"$capture")
head -c "$((size - 7))" "$capture" >"$tmp/cut.pcap"
head -c 24 "$capture" >"$tmp/empty.pcap"
head -c 13 "$capture" >"$tmp/short.pcap"
: >"$tmp/nothing.pcap"
echo "Received: from mail.example.org" >"$tmp/foreign.pcap"
dd if="$capture" bs=1 count=40 2>/dev/null >"$tmp/garbled.pcap"
printf '\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377' >>"$tmp/garbled.pcap"

# refused WHAT FILE: exit 3, and a message that names the file
refused() {
	status "$1: exit 3" 3 "$tcpshadow" list "$2"
	matches "$1: the message names the file" "$(basename "$2")" "$tmp/err"
}

refused "a missing file" "$tmp/no-such.pcap"
refused "a file of zero bytes" "$tmp/nothing.pcap"
refused "a text file" "$tmp/foreign.pcap"
refused "half a file header" "$tmp/short.pcap"
refused "a garbled record" "$tmp/garbled.pcap"
refused "a folder" "$tmp"
refused "a file cut inside a record" "$tmp/cut.pcap"
matches "what could be read is still reported" ':[0-9]' "$tmp/out"
status "a capture without packets is fine" 0 "$tcpshadow" list "$tmp/empty.pcap"
status "a bad file among good ones: exit 3" 3 "$tcpshadow" list "$tmp/foreign.pcap" "$capture"
matches "the good one is reported" ':[0-9]' "$tmp/out"
check "every JSON line is JSON, whatever the input" all_json

echo text >"$tmp/keys"
status "browse an empty capture" 0 "$tcpshadow" browse --script "$tmp/keys" "$tmp/empty.pcap"
matches "and see that it is empty" '0 packets: the capture is valid but empty' "$tmp/out"
status "an option of browse alone means browse" 0 "$tcpshadow" --linear --script "$tmp/keys" "$tmp/empty.pcap"
status "browse what is no capture" 3 "$tcpshadow" browse --script "$tmp/keys" "$tmp/foreign.pcap"

# ---- usage

# misused WHAT ARGUMENTS...: exit 2, a message, nothing on standard output
misused() {
	misused_what=$1
	shift
	status "$misused_what: exit 2" 2 "$tcpshadow" "$@"
	matches "$misused_what: a message" '.' "$tmp/err"
	[ ! -s "$tmp/out" ]
	ok "$misused_what: nothing on standard output"
}

misused "a sort key mistyped" list --sort helth "$capture"
matches "offers the one that was meant" "did you mean .health" "$tmp/err"
misused "a finding mistyped" catalogue retransmision-rto
matches "offers the nearest" "did you mean .retransmission-rto.?" "$tmp/err"
misused "an unknown option" list --no-such-option "$capture"
misused "an option without its value" list "$capture" --time-wait
misused "a number that is none" list --time-wait soon "$capture"
misused "a negative number" list -c -5 "$capture"
misused "an option of another command" catalogue --csv
misused "help of what is no command" help zebras
misused "help of two commands" help list show
misused "two outputs for standard output" list -w - --zeek "$capture"
misused "a filter that libpcap refuses" list -f 'no such filter' "$capture"
misused "two forms of show" show 1 --json --explain "$capture"
misused "show without saying which" show
misused "browse without a terminal" browse "$capture"
misused "a number of colours that no terminal has" list --color 7 "$capture"

# ---- output

many=$(for _ in $(seq 1 400); do printf '%s ' "$capture"; done)
# shellcheck disable=SC2086 # a list of words
{ "$tcpshadow" list --json $many 2>"$tmp/err"; echo $? >"$tmp/code"; } | head -n 1 >"$tmp/out"
[ ! -s "$tmp/err" ]
ok "a reader that leaves early: no message"
matches "a reader that leaves early: one line arrived" '^\{' "$tmp/out"

if [ -c /dev/full ]; then
	"$tcpshadow" list --json "$capture" >/dev/full 2>"$tmp/err"
	code=$?
	[ "$code" -eq 4 ]
	ok "a full disk: exit 4"
	matches "a full disk: a message" 'No space left' "$tmp/err"
	"$tcpshadow" --help >/dev/full 2>"$tmp/err"
	code=$?
	[ "$code" -eq 4 ]
	ok "a full disk under --help: exit 4"
else
	skip "a full disk: exit 4" "no /dev/full"
fi

plan
