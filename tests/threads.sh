#!/bin/sh
# SPDX-License-Identifier: MIT
#
# However many threads there are, the output is the same to the byte.  Small batches make many frames of the
# small captures, so that every task waits for others.

: "${top_srcdir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"

reports() { # THREADS BATCH FILE...
	threads=$1 batch=$2
	shift 2
	"$tcpshadow" list --json --digest --threads "$threads" --batch "$batch" "$@" 2>/dev/null
	"$tcpshadow" findings --all --threads "$threads" --batch "$batch" "$@" 2>/dev/null
	"$tcpshadow" summary --threads "$threads" --batch "$batch" "$@" 2>/dev/null
	"$tcpshadow" extract -o "$tmp/streams.$threads" --force --threads "$threads" --batch "$batch" "$@" 2>/dev/null
	cat "$tmp/streams.$threads"/*
	rm -rf "$tmp/streams.$threads"
}

same() { # THREADS BATCH FILE...: as with one thread
	reports "$@" >"$tmp/many"
	shift
	reports 1 "$@" >"$tmp/one"
	[ "$(wc -c <"$tmp/one")" -gt 500 ] && cmp "$tmp/one" "$tmp/many"
}

each_capture() {
	for file in "$top_srcdir"/captures/*.pcap*; do
		same 3 5 "$file" || { echo "$file" && return 1; }
	done
}

check "every capture, 3 threads, batches of 5" each_capture
for threads in 2 3 8; do
	check "all captures as one, $threads threads, batches of 7" \
		same "$threads" 7 "$top_srcdir"/captures/*.pcap*
done
# More connections than the memory holds: who leaves early does not depend on who runs.
full() { # THREADS
	"$tcpshadow" list --json --memory 1M --threads "$1" --batch 9 "$tmp/full.pcap" 2>/dev/null
}
who_leaves() {
	python3 "$top_srcdir/tests/lib/many_connections.py" 4000 "$tmp/full.pcap" || return 1
	full 1 >"$tmp/one"
	full 3 >"$tmp/many"
	[ "$(grep -c '"evicted":true' "$tmp/one")" -gt 1000 ] && cmp "$tmp/one" "$tmp/many"
}
check "too little memory, 3 threads" who_leaves
status "too many threads" 2 "$tcpshadow" list --threads 65 "$top_srcdir/captures/textbook.pcap"
status "no threads" 2 "$tcpshadow" list --threads 0 "$top_srcdir/captures/textbook.pcap"
status "half a thread" 2 "$tcpshadow" list --threads 1.5 "$top_srcdir/captures/textbook.pcap"
plan
