#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Streams and packets in files: what follow, extract and -w write is what the capture holds, exactly; nothing
# hostile reaches a terminal; nothing is overwritten.

: "${top_srcdir:=.}" "${top_builddir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
captures=$top_srcdir/captures
storytool=$top_builddir/tests/storytool

# each FUNCTION: call it for all captures
each() {
	for file in "$captures"/*.pcap*; do
		rm -rf "$tmp/x"
		"$1" "$file" || { echo "$file" && return 1; }
	done
}

# ---- bytes

# What list says of the streams against the files of extract and what follow prints.  (One process for all captures.)
cat >"$tmp/bytes.py" <<'END'
import hashlib, json, os, shutil, subprocess, sys
program, folder, *captures = sys.argv[1:]
def run(*command):
	return subprocess.run([program, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
for capture in captures:
	print(capture)
	shutil.rmtree(folder, ignore_errors=True)
	records = run("list", "--json", "--digest", capture).splitlines()
	assert json.loads(records[-1])["type"] == "capture"
	run("extract", "-o", folder, capture)
	rows = {(r["id"], r["side"]): r for r in map(json.loads, open(folder + "/index.json"))}
	table = open(folder + "/index.tsv").read().splitlines()
	assert len(table) == len(rows) + 1
	files = {"index.json", "index.tsv"} | {r["file"] for r in rows.values() if "file" in r}
	assert set(os.listdir(folder)) == files, os.listdir(folder)
	for record in map(json.loads, records):
		if record["type"] != "connection":
			continue
		for side in "client", "server":
			stream = record["streams"][side]
			row = rows.get((record["id"], side), {"written": 0})
			raw = run("follow", str(record["id"]), "--raw", "-q", "--" + side, capture)
			assert len(raw) == row["written"] >= stream["bytes"]
			assert hashlib.sha256(raw[:stream["bytes"]]).hexdigest() == stream.get("sha256", hashlib.sha256().hexdigest())
			if "file" in row:
				assert open(f"{folder}/{row['file']}", "rb").read() == raw
				for key in "bytes", "missing", "gaps", "conflicts", "ambiguous", "sha256":
					assert row[key] == stream[key], key
END
check "follow --raw and extract write what the digests are of" \
	python3 "$tmp/bytes.py" "$tcpshadow" "$tmp/x" "$captures"/*.pcap*

# shellcheck disable=SC2002 # a pipe on purpose
both_ways() {
	"$tcpshadow" follow 1 "$captures/normal.pcap" >"$tmp/file" &&
		"$tcpshadow" follow 1 "$captures/normal.pcap.gz" >"$tmp/gz" &&
		"$tcpshadow" follow 1 "$captures/normal.pcap.zst" >"$tmp/zst" &&
		"$tcpshadow" follow packet:4 - <"$captures/normal.pcap" >"$tmp/stdin" &&
		cat "$captures/normal.pcap" | "$tcpshadow" follow 1 >"$tmp/pipe" || return 1
	for way in gz zst stdin pipe; do
		cmp "$tmp/file" "$tmp/$way" || return 1
	done
}
check "follow: plain, gzip, zstd, standard input, a pipe" both_ways

sides() {
	"$tcpshadow" follow 1 --raw "$captures/normal.pcap" >"$tmp/both"
	"$tcpshadow" follow 1 --raw --client "$captures/normal.pcap" >"$tmp/one"
	"$tcpshadow" follow 1 --raw --server "$captures/normal.pcap" >>"$tmp/one"
	cmp "$tmp/both" "$tmp/one"
}
check "one side, then the other" sides

# The hex dump and the arrays, read back.
read_back() {
	"$tcpshadow" follow 1 --raw "$captures/textbook.pcap" >"$tmp/raw"
	"$tcpshadow" follow 1 --hex "$captures/textbook.pcap" |
		sed -nE 's/^ *[0-9a-f]{8}  (.{48}).*/\1/p' >"$tmp/hex"
	"$tcpshadow" follow 1 --c-array "$captures/textbook.pcap" | sed -n 's/^	//p' >"$tmp/array"
	python3 -c 'import re, sys
raw = open(sys.argv[1], "rb").read()
assert raw and bytes.fromhex(open(sys.argv[2]).read()) == raw
assert bytes(int(x, 16) for x in re.findall("0x(..)", open(sys.argv[3]).read())) == raw' \
		"$tmp/raw" "$tmp/hex" "$tmp/array"
}
check "--hex and --c-array hold the same bytes" read_back

if command -v cc >/dev/null 2>&1; then
	compiles() {
		"$tcpshadow" follow 1 --c-array "$1" >"$tmp/array.c" 2>/dev/null
		cc -std=c99 -fsyntax-only "$tmp/array.c"
	}
	check "--c-array is C" each compiles
else
	skip "--c-array is C" "no compiler"
fi

status "--raw: warnings go to standard error" 0 \
	"$tcpshadow" follow 1 --raw --server "$captures/tap-loss.pcap"
matches "and say what is missing" '1,000 bytes are missing in 1 gap' "$tmp/err"
status "two forms at a time: exit 2" 2 "$tcpshadow" follow 1 --raw --hex "$captures/normal.pcap"

# ---- escaping

# hostile.pcap: a capture whose client sends escape sequences, controls of 8 bits and hidden marks
cat >"$tmp/hostile.py" <<'END'
import struct, sys
payload = (b"red \x1b[31m title \x1b]0;gone\x07 \x9b2J back\x08\x08 \xe2\x80\xae mirrored \xe6\x9b\x9b\n"
	b"\xc2\x9b31m and \xff\xfe text that is long enough to be one\n") + bytes(range(256)) * 2
def packet(flags, seq, ack, data, mine):
	a, b = (b"\x0a\0\0\1", b"\x0a\0\0\2") if mine else (b"\x0a\0\0\2", b"\x0a\0\0\1")
	ports = (40000, 80) if mine else (80, 40000)
	def total(x):
		n = sum(struct.unpack(f">{len(x + b'0' * (len(x) % 2)) // 2}H", x + b"\0" * (len(x) % 2)))
		while n >> 16:
			n = (n & 0xffff) + (n >> 16)
		return 0xffff ^ n
	tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0)
	tcp = tcp[:16] + struct.pack(">H", total(a + b + struct.pack(">HH", 6, 20 + len(data)) + tcp + data)) + tcp[18:]
	ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0) + a + b
	return ip[:10] + struct.pack(">H", total(ip)) + ip[12:] + tcp + data
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
for t, p in enumerate([packet(2, 99, 0, b"", 1), packet(18, 299, 100, b"", 0), packet(16, 100, 300, b"", 1),
		packet(24, 100, 300, payload, 1), packet(16, 300, 100 + len(payload), b"", 0)]):
	out.write(struct.pack("<IIII", 1, t * 1000, len(p), len(p)) + p)
open(sys.argv[2], "wb").write(payload)
END
python3 "$tmp/hostile.py" "$tmp/hostile.pcap" "$tmp/payload"

# harmless LOCALE OPTIONS...: the output has no control but the end of a line
harmless() {
	harmless_locale=$1
	shift
	LC_ALL=$harmless_locale "$tcpshadow" follow 1 "$@" "$tmp/hostile.pcap" >"$tmp/text" || return 1
	python3 -c 'import sys, unicodedata
text = open(sys.argv[1], "rb").read()
if sys.argv[2] == "C":
	assert not [c for c in text if c != 10 and not 32 <= c < 127]
for c in text.decode():
	assert c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"), hex(ord(c))' \
		"$tmp/text" "$harmless_locale"
}
check "escape sequences do not get through, ASCII" harmless C
check "escape sequences do not get through, UTF-8" harmless C.UTF-8
check "nor through --hex" harmless C.UTF-8 --hex
"$tcpshadow" follow 1 "$tmp/hostile.pcap" >"$tmp/text"
matches "they can be read" 'red \\x1b\[31m title' "$tmp/text"
"$tcpshadow" follow 1 --raw "$tmp/hostile.pcap" >"$tmp/raw"
check "--raw changes nothing" cmp "$tmp/raw" "$tmp/payload"
width() {
	COLUMNS=80 "$tcpshadow" follow 1 "$tmp/hostile.pcap" | awk 'length($0) > 80 { bad = 1 } END { exit bad }' &&
		COLUMNS=80 "$tcpshadow" follow 1 --hex "$tmp/hostile.pcap" |
		awk 'length($0) > 80 { bad = 1 } END { exit bad }'
}
check "lines of 80 columns" width

# ---- packets

# All packets are those of the input: the same capture to the program, the same bytes where it is a pcap.
all_packets() {
	"$tcpshadow" list -q -w "$tmp/w" "$1" >/dev/null 2>&1
	"$tcpshadow" list --json "$1" 2>/dev/null | sed '$d' >"$tmp/before"
	"$tcpshadow" list --json "$tmp/w" | sed '$d' >"$tmp/after"
	cmp "$tmp/before" "$tmp/after" || return 1
	case $1 in
	*/cut-short.pcap | *.pcapng | *.gz | *.zst) ;;
	*) tail -c +25 "$1" >"$tmp/a" && tail -c +25 "$tmp/w" >"$tmp/b" && cmp "$tmp/a" "$tmp/b" ;;
	esac
}
check "-w writes all packets" each all_packets

chosen_packets() {
	"$tcpshadow" list -w "$tmp/w" --where 'id = 2' "$captures/timewait-reuse.pcap" >/dev/null &&
		"$tcpshadow" list -w - --where 'id = 2' <"$captures/timewait-reuse.pcap" >"$tmp/pipe" &&
		cmp "$tmp/w" "$tmp/pipe" &&
		"$tcpshadow" list --json "$captures/timewait-reuse.pcap" >"$tmp/before" &&
		"$tcpshadow" list --json "$tmp/w" >"$tmp/after" &&
		python3 -c 'import json, sys
old, new = ([r for r in map(json.loads, open(f)) if r["type"] == "connection"] for f in sys.argv[1:])
assert len(new) == 1
old = [r for r in old if r["id"] == 2][0]
for key in "client", "server", "start", "end", "packets", "wire_bytes", "streams", "close":
	assert old[key] == new[0][key], key' "$tmp/before" "$tmp/after"
}
check "-w with --where writes those of the connections that match" chosen_packets
"$storytool" -w "$tmp/fragments.pcap" "$top_srcdir/tests/script/fragments.pkt"
fragments() {
	"$tcpshadow" list -w "$tmp/w" --where 'port = 80' "$tmp/fragments.pcap" >/dev/null &&
		cmp "$tmp/w" "$tmp/fragments.pcap"
}
check "all fragments of a segment are written" fragments
status "-w to an input: exit 2" 2 "$tcpshadow" list -w "$tmp/fragments.pcap" "$tmp/fragments.pcap"
check "which is unharmed" cmp "$tmp/w" "$tmp/fragments.pcap"
status "-w - and JSON: exit 2" 2 "$tcpshadow" list --json -w - "$captures/normal.pcap"

# A capture of one connection alone says the same of it, but for its numbers.
cat >"$tmp/record.py" <<'END'
import json, shutil, subprocess, sys
program, folder, *captures = sys.argv[1:]
def run(*command):
	return subprocess.run([program, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
def plain(v):
	if isinstance(v, dict):
		return {k: plain(x) for k, x in v.items()
			if k not in ("packet", "proved_by", "answers") and not (k == "packets" and isinstance(x, list))}
	# a new SYN is in a capture of its own
	return [plain(x) for x in v if "a new SYN" not in str(x)] if isinstance(v, list) else v
for capture in captures:
	print(capture)
	shutil.rmtree(folder, ignore_errors=True)
	records = run("list", "--json", capture).stdout.splitlines()
	assert json.loads(records[-1])["type"] == "capture"
	run("extract", "--pcap", "-o", folder, capture)
	files = {r["id"]: r["file"] for r in map(json.loads, open(folder + "/index.json"))}
	for old in map(json.loads, records):
		if old["type"] != "connection":
			continue
		alone = run("list", "--json", f"{folder}/{files[old['id']]}")
		assert alone.returncode == 0
		out = alone.stdout.splitlines()
		assert len(out) == 2
		new = json.loads(out[0])
		other = [k for k in ("client", "server", "start", "end", "packets", "wire_bytes", "states", "handshake",
			"close", "resets", "streams", "icmp") if plain(old.get(k)) != plain(new.get(k))]
		assert not other, (other, old, new)
END
check "extract --pcap: each connection alone says the same" \
	python3 "$tmp/record.py" "$tcpshadow" "$tmp/x" "$captures"/*.pcap*

# ---- files

status "extract to a new directory" 0 "$tcpshadow" extract -o "$tmp/new" "$captures/normal.pcap"
cp "$tmp/new/index.tsv" "$tmp/index"
status "again: exit 4" 4 "$tcpshadow" extract -o "$tmp/new" "$captures/textbook.pcap"
matches "the message says what is in the way" 'index.tsv exists already; --force' "$tmp/err"
check "nothing was touched" cmp "$tmp/new/index.tsv" "$tmp/index"
status "--force replaces" 0 "$tcpshadow" extract --force -o "$tmp/new" "$captures/normal.pcap"
mkdir "$tmp/taken"
echo mine >"$tmp/taken/00001-10.0.0.1.40000-10.0.0.2.80-client.bin"
status "a file of that name: exit 4" 4 "$tcpshadow" extract -o "$tmp/taken" "$captures/normal.pcap"
matches "it stays" mine "$tmp/taken/00001-10.0.0.1.40000-10.0.0.2.80-client.bin"
[ -z "$(find "$tmp/taken" -name '*.part')" ]
ok "nothing unfinished is left"
mkdir "$tmp/links"
for name in 00001-0.part 00001-1.part; do
	ln -s "$tmp/outside" "$tmp/links/$name"
done
status "a symbolic link in the way: exit 4" 4 "$tcpshadow" extract -o "$tmp/links" "$captures/normal.pcap"
[ ! -e "$tmp/outside" ]
ok "it is not followed"
status "a directory that cannot be made: exit 4" 4 \
	"$tcpshadow" extract -o "$tmp/index/sub" "$captures/normal.pcap"
status "extract without -o: exit 2" 2 "$tcpshadow" extract "$captures/normal.pcap"
status "--where chooses" 0 "$tcpshadow" extract -o "$tmp/none" --where 'port = 1' "$captures/normal.pcap"
[ "$(find "$tmp/none" -type f | wc -l)" -eq 2 ]
ok "nothing matched: an index and no more"

# More connections than files may be open.
many() {
	python3 "$tmp/many.py" "$tmp/many.pcap" && (
		# shellcheck disable=SC3045 # not in POSIX, but in all shells there are
		ulimit -n 40
		"$tcpshadow" extract -o "$tmp/many" "$tmp/many.pcap"
	) && [ "$(find "$tmp/many" -name '*.bin' | wc -l)" -eq 600 ] &&
		[ "$(cat "$tmp"/many/*.bin | sort -u)" = "first
second" ]
}
cat >"$tmp/many.py" <<'END'
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
def send(port, flags, seq, data):
	def total(x):
		n = sum(struct.unpack(f">{len(x) // 2 + len(x) % 2}H", x + b"\0" * (len(x) % 2)))
		while n >> 16:
			n = (n & 0xffff) + (n >> 16)
		return 0xffff ^ n
	a, b = b"\x0a\0\0\1", b"\x0a\0\0\2"
	tcp = struct.pack(">HHIIBBHHH", port, 80, seq, 1, 0x50, flags, 65535, 0, 0)
	tcp = tcp[:16] + struct.pack(">H", total(a + b + struct.pack(">HH", 6, 20 + len(data)) + tcp + data)) + tcp[18:]
	ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0) + a + b
	p = ip[:10] + struct.pack(">H", total(ip)) + ip[12:] + tcp + data
	out.write(struct.pack("<IIII", 1, 0, len(p), len(p)) + p)
for seq, data in (100, b"first\n"), (106, b"second\n"):
	for port in range(10000, 10600):
		send(port, 24, seq, data)
END
check "600 streams with 40 open files" many

if [ -c /dev/full ]; then
	full() {
		"$@" >/dev/full 2>"$tmp/err"
		[ $? -eq 4 ] && grep -q 'No space left' "$tmp/err"
	}
	check "follow to a full disk: exit 4" full "$tcpshadow" follow 1 "$captures/normal.pcap"
	check "follow --raw to a full disk: exit 4" full "$tcpshadow" follow 1 --raw "$captures/normal.pcap"
	check "-w - to a full disk: exit 4" full "$tcpshadow" list -w - "$captures/normal.pcap"
	status "-w /dev/full: exit 4" 4 "$tcpshadow" list -w /dev/full "$captures/normal.pcap"
	matches "the message names the file" '/dev/full: No space left' "$tmp/err"
else
	skip "follow and -w to a full disk" "no /dev/full"
fi
# A limit on the size of files is a disk that fills up.
too_large() {
	(
		trap '' XFSZ
		ulimit -f 4
		"$tcpshadow" extract -o "$tmp/large" "$captures/zero-window.pcap" 2>"$tmp/err"
		[ $? -eq 4 ]
	) && grep -q "$tmp/large/00001-" "$tmp/err" && [ -z "$(ls "$tmp/large")" ]
}
check "extract to a full disk: exit 4, the file is named, nothing half is left" too_large

# ---- the ladder on the screen

export_first() { # FILE NAME: e on the ladder of connection 1, in 80 columns
	printf 'keys Enter e ^U\ntype %s\nkeys Enter\ntext\n' "$2" >"$tmp/keys"
	"$tcpshadow" browse --ascii --utc --where 'id = 1' --script "$tmp/keys" "$1" >"$tmp/screen" 2>/dev/null
}
as_shown() {
	mkdir "$tmp/x"
	for form in txt: json:--json mmd:--mermaid; do
		export_first "$1" "$tmp/x/session.${form%%:*}"
		# shellcheck disable=SC2086 # it may be none
		COLUMNS=80 "$tcpshadow" show 1 --ascii --utc ${form#*:} "$1" >"$tmp/show" 2>/dev/null
		[ -s "$tmp/show" ] && cmp "$tmp/x/session.${form%%:*}" "$tmp/show" || return 1
	done
}
check "e on the ladder writes what show prints" each as_shown
echo mine >"$tmp/mine.txt"
export_first "$captures/normal.pcap" "$tmp/mine.txt"
grep -q 'replace .*mine.txt? y/n' "$tmp/screen" && [ "$(cat "$tmp/mine.txt")" = mine ]
ok "and replaces no file without a yes"
export_first "$captures/normal.pcap" "$tmp/ladder.doc"
grep -q 'must end in .txt, .json or .mmd' "$tmp/screen" && [ ! -e "$tmp/ladder.doc" ]
ok "a name that says no form is refused"

plan
