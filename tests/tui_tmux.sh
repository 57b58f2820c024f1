#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The screens in tmux, as people use them: keys, another size, and the end of the terminal.

: "${top_srcdir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"

command -v tmux >/dev/null 2>&1 || {
	skip "the screens in tmux" "no tmux"
	plan
	exit
}

case $tcpshadow in
/*) ;;
*) tcpshadow=$PWD/$tcpshadow ;;
esac
server=tcpshadow-test-$$
tm() {
	TMUX='' tmux -L "$server" -f /dev/null "$@" 2>/dev/null
}
trap 'tm kill-server; rm -rf "$tmp"' EXIT

# await PATTERN: until a line of the screen matches, at most 10 s
await() {
	for _ in $(seq 1 100); do
		tm capture-pane -p >"$tmp/screen"
		grep -qE -e "$1" "$tmp/screen" && return 0
		sleep 0.1
	done
	sed 's/^/# /' "$tmp/screen"
	return 1
}

# (The leak sanitizer stops the program to look at it; the SIGCONT of a terminal that goes lets it run again, and
# both wait for ever.)
start() {
	tm new-session -d -x 80 -y 24 "HOME='$tmp' ASAN_OPTIONS=detect_leaks=0 LC_ALL=C.UTF-8 '$tcpshadow' '$top_srcdir/captures/tap-loss.pcap'; echo ended with \$?; sleep 60"
	tm set-option -g window-size manual
}

if ! start; then
	skip "the screens in tmux" "tmux does not start"
	plan
	exit
fi
await 'tap-loss.pcap.*read$'
ok "without a command the screens open on a terminal"
tm send-keys '?'
await 'show only what matches'
ok "a key is answered"
tm send-keys Escape
tm resize-window -x 40 -y 12
await '^H SERVER +STATE'
ok "a narrow terminal gets fewer columns"
tm resize-window -x 80 -y 24
await '^H +# CLIENT'
ok "and back"
tm send-keys Q
await '^ended with 0$'
ok "Q ends it, and the terminal is as before"
tm kill-server

# The same file with other packets, then another file of the same name: below the folder it may be opened.
server=$server-again
cp "$top_srcdir/captures/normal.pcap" "$tmp/again.pcap"
tm new-session -d -x 80 -y 24 "cd '$tmp' && HOME='$tmp' ASAN_OPTIONS=detect_leaks=0 LC_ALL=C.UTF-8 '$tcpshadow' again.pcap; sleep 60"
await '1 session  11 packets.*read$'
tm send-keys / closed Enter
cat "$top_srcdir/captures/timeout.pcap" >"$tmp/again.pcap"
tm send-keys Enter C-r
await '1 session  16 packets.*read$' && await '^filter: closed'
ok "^R reads the file again and keeps the filter"
cp "$top_srcdir/captures/proxy.pcap" "$tmp/other.pcap"
mv "$tmp/other.pcap" "$tmp/again.pcap"
tm send-keys C-r
await '2 sessions  37 packets.*read$'
ok "and another file that took its name"
echo no capture >"$tmp/again.pcap"
tm send-keys C-r
await '^again.pcap: not a pcap' && await '2 sessions  37 packets.*read$'
ok "what is no capture leaves the screen as it was"
tm kill-server

server=$server-second # the first may not be gone yet
start
await 'tap-loss.pcap.*read$'
pid=$(pgrep -f "^$tcpshadow $top_srcdir/captures/tap-loss.pcap" | head -n 1)
# who has ended may wait for its parent a while
alive() {
	[ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status"
}
tm kill-server
# (a busy machine needs longer than the second that it takes)
for _ in $(seq 1 200); do
	alive || break
	sleep 0.05
done
[ -n "$pid" ] && ! alive
ok "when the terminal is killed the program ends"
plan
