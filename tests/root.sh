#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Capturing for real: `make check-root`.  Two namespaces of its own with a pair of interfaces between them, real
# connections through it.  Root only; nothing outside of the namespaces is touched.

: "${top_srcdir:=.}" "${top_builddir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"

[ "$(id -u)" -eq 0 ] || { skip "live capture" "not root" && plan && exit 0; }
a=tsa$$ b=tsb$$ # the client's and the server's namespace
make_pair() { ip link add va netns "$a" type veth peer name vb netns "$b"; }
if ! { ip netns add "$a" && ip netns add "$b" && make_pair; } 2>/dev/null; then
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
	skip "live capture" "no network namespaces or no veth here" && plan && exit 0
fi
pids=
clean_up() {
	for pid in $pids; do kill "$pid" 2>/dev/null; done
	TMUX='' tmux -L "tcpshadow-root-$$" kill-server 2>/dev/null
	ip netns del "$a" && ip netns del "$b"
	umount "$tmp/small" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT
ip -n "$a" addr add 10.77.0.1/24 dev va && ip -n "$b" addr add 10.77.0.2/24 dev vb
for n in "$a" "$b"; do ip -n "$n" link set lo up; done
ip -n "$a" link set va up && ip -n "$b" link set vb up
chmod 755 "$tmp"
install -d -m 777 "$tmp/rec" # where nobody, too, can make files

client() { ip netns exec "$a" python3 "$top_srcdir/tests/root_peer.py" "$@"; }

ip netns exec "$b" python3 "$top_srcdir/tests/root_peer.py" serve 10.77.0.2 80 >"$tmp/ready" &
pids="$pids $!"

# wait_for WHAT FILE: until a line of the file matches, at most 20 s
wait_for() {
	for _ in $(seq 200); do
		grep -qE "$1" "$2" 2>/dev/null && return 0
		sleep 0.1
	done
	echo "# $2 never had: $1"
	return 1
}
wait_for ready "$tmp/ready"

# start OPTIONS...: capture in the background; its process is $shadow
start() {
	: >"$tmp/err"
	ip netns exec "$b" "$tcpshadow" -v "$@" >"$tmp/out" 2>"$tmp/err" &
	shadow=$!
	pids="$pids $shadow"
	wait_for "capturing on" "$tmp/err"
}

# stop [SIGNAL]: end it; its exit code is $ended
stop() {
	sleep 0.3
	kill "-${1:-INT}" "$shadow"
	wait "$shadow"
	ended=$?
}

equals() { # WHAT GOT WANTED
	[ "$2" = "$3" ] || echo "# $2 instead of $3"
	[ "$2" = "$3" ]
	ok "$1"
}

json() { # EXPRESSION FILE: over connections c (a list) and the capture's object k
	python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[2])]
c, k = lines[:-1], lines[-1]
print(eval(sys.argv[1]))' "$1" "$2"
}

# ---- the same live and from the file

start list --json -i vb -f tcp --time-wait 3 -w "$tmp/rec/same.pcap"
client fetch 10.77.0.2 80 40 30000 >/dev/null
client refused 10.77.0.2 81 10 >/dev/null
client reset 10.77.0.2 80 10 >/dev/null
sleep 5
client fetch 10.77.0.2 80 2 3000000 >/dev/null
sleep 0.5
grep -c '"type":"connection"' "$tmp/out" >"$tmp/early"
stop
equals "SIGINT ends a capture well" "$ended" 0
[ "$(cat "$tmp/early")" -ge 60 ]
ok "connections are shown when they end"
equals "all connections are there" "$(json 'len(c)' "$tmp/out")" 62
equals "with their outcomes" "$(json 'sorted(sum(x["close"]["outcome"] == o for x in c) for o in ("four_way", "three_segment", "reset"))[-1] >= 10 and sum(x["handshake"]["outcome"] == "refused" for x in c)' "$tmp/out")" 10
"$tcpshadow" list --json --time-wait 3 "$tmp/rec/same.pcap" >"$tmp/again"
grep '"type":"connection"' "$tmp/out" >"$tmp/live.c" && grep '"type":"connection"' "$tmp/again" >"$tmp/file.c"
check "the recorded file gives the same to the byte" cmp "$tmp/live.c" "$tmp/file.c"
equals "and has the same packets" "$(json 'k["packets"], k["bytes"], k["start"], k["end"]' "$tmp/out")" \
	"$(json 'k["packets"], k["bytes"], k["start"], k["end"]' "$tmp/again")"
equals "drops are known" "$(json 'k["drops"]' "$tmp/out")" "{'kernel': 0, 'interface': 0, 'queue': 0}"

# ---- reports for people

start list -i vb -f tcp
client fetch 10.77.0.2 80 3 1000 >/dev/null
sleep 4.5
equals "a line for each connection soon after its end, though no packet comes" "$(grep -c '10.77.0.2:80 ' "$tmp/out")" 3
client fetch 10.77.0.2 80 1 1000 >/dev/null
sleep 4.5
kill -USR1 "$shadow"
wait_for '^tcpshadow: [0-9,]+ packets; lost: 0 by the kernel' "$tmp/err"
ok "SIGUSR1 shows the counters"
stop TERM
equals "SIGTERM ends it as well" "$ended" 0
equals "each of them once" "$(grep -c '10.77.0.2:80 ' "$tmp/out")" 4
matches "the closing line says what was lost" ' 4 connections; lost: none' "$tmp/out"

start list -i vb -f tcp --time-wait 1 --every 1
client fetch 10.77.0.2 80 3 1000 >/dev/null
sleep 3
client fetch 10.77.0.2 80 1 1000 >/dev/null
sleep 1.5
stop
[ "$(grep -c 'connections\?; lost: none' "$tmp/out")" -ge 3 ]
ok "--every shows a table again and again"

start findings -i vb -f tcp
client refused 10.77.0.2 81 1 >/dev/null
sleep 4.5
matches "findings are shown when they are final" 'syn-rejected-rst' "$tmp/out"
stop
start summary -i any -f "tcp port 80"
client fetch 10.77.0.2 80 5 1000 >/dev/null
stop
matches "all interfaces: summary" 'connections +5' "$tmp/out"
matches "with their link type" 'LINUX_SLL2' "$tmp/out"
start list --json -i vb -c 7 -f tcp
client fetch 10.77.0.2 80 5 1000 >/dev/null
wait "$shadow"
equals "-c ends the capture" "$? $(json 'k["packets"]' "$tmp/out")" "0 7"

# ---- privileges

start summary -i vb
status_of() { sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" "/proc/$shadow/task/"*/status | sort -u; }
equals "the capture is not root" "$(status_of Uid)" "$(id -u nobody)"
equals "nor of root's group" "$(status_of Gid)" "$(id -g nobody)"
equals "no thread has capabilities" "$(status_of CapEff)$(status_of CapPrm)" 00000000000000000000000000000000
equals "nor can it gain any" "$(status_of NoNewPrivs)" 1
if grep -q 'system calls limited' "$tmp/err"; then
	equals "every thread is filtered" "$(status_of Seccomp)" 2
else
	skip "every thread is filtered" "no seccomp"
fi
stop
start summary -i vb -Z daemon
equals "-Z names the user" "$(status_of Uid)" "$(id -u daemon)"
stop
mkdir "$tmp/try" && : >"$tmp/try/there"
"$top_builddir/tests/sandbox_try" live "$tmp/try" >"$tmp/log" 2>&1
equals "from inside the sandbox" "$(grep -c '^not ok' "$tmp/log") $(grep -c 'root has been given up' "$tmp/log")" "0 1"

if command -v setpriv >/dev/null && command -v setcap >/dev/null; then
	cp "$tcpshadow" "$tmp/rec/plain" && chmod 755 "$tmp/rec/plain"
	ip netns exec "$b" setpriv --reuid nobody --clear-groups "$tmp/rec/plain" -i vb >"$tmp/out" 2>"$tmp/err"
	equals "without rights: exit 3" "$?" 3
	matches "and what to do" 'sudo setcap cap_net_raw\+ep .*/rec/plain' "$tmp/err"
	setcap cap_net_raw+ep "$tmp/rec/plain"
	ip netns exec "$b" setpriv --reuid nobody --clear-groups --inh-caps=-all \
		"$tmp/rec/plain" list -v -i vb >"$tmp/out" 2>"$tmp/err" &
	shadow=$!
	pids="$pids $shadow"
	wait_for "capturing on" "$tmp/err"
	client fetch 10.77.0.2 80 2 1000 >/dev/null
	equals "with setcap it has none left" "$(status_of CapPrm)" 0000000000000000
	stop
	matches "and captures" ' 2 connections; lost' "$tmp/out"
else
	skip "setcap" "no setpriv or no setcap"
fi
(cd "$tmp" && ip netns exec "$b" "$tcpshadow" -i vb -w x.pcap -C 1 >"$tmp/out" 2>"$tmp/err")
matches "a folder where the user cannot make files" 'nobody.* cannot make files' "$tmp/err"

# ---- recording

start summary -i vb -f tcp -w "$tmp/rec/turn" -C 1 -W 3
client fetch 10.77.0.2 80 8 1000000 >/dev/null
stop
equals "-C and -W use files in turn" "$(cd "$tmp/rec" && echo turn*)" "turn0 turn1 turn2"
for f in "$tmp/rec/turn"?; do "$tcpshadow" -q list "$f" >/dev/null || echo broken; done >"$tmp/log"
equals "each of them is whole" "$(cat "$tmp/log")" ""
start summary -i vb -f tcp -w "$tmp/rec/killed.pcap"
client fetch 10.77.0.2 80 5 1000000 >/dev/null
sleep 0.3
kill -KILL "$shadow"
wait "$shadow" 2>/dev/null
status "a killed capture leaves a file that can be read" 0 "$tcpshadow" list "$tmp/rec/killed.pcap"
equals "with all connections" "$(grep -c ':80 ' "$tmp/out")" 5

# What the screens see is recorded.  It takes a terminal, and somebody at it.
screens() { TMUX='' tmux -L "tcpshadow-root-$$" -f /dev/null "$@" 2>/dev/null; }
shown() { # PATTERN: until a line of the screen has it, at most 10 s
	for _ in $(seq 100); do
		screens capture-pane -p >"$tmp/screen"
		grep -qE -e "$1" "$tmp/screen" && return 0
		sleep 0.1
	done
	sed 's/^/# /' "$tmp/screen"
	return 1
}
browse() { # OPTIONS...
	screens new-session -d -x 100 -y 24 "trap : INT; cd '$tmp/rec' && HOME='$tmp' ASAN_OPTIONS=detect_leaks=0 LC_ALL=C.UTF-8 ip netns exec $b \
		'$tcpshadow' browse -i vb -f 'tcp port 80' $*; echo ended with \$?; sleep 60"
}
if command -v tmux >/dev/null && browse -w seen.pcap; then
	shown 'live vb .* to seen.pcap'
	ok "browse -w says where it records"
	client fetch 10.77.0.2 80 3 1000 >/dev/null
	shown ' 3 sessions '
	screens send-keys Q
	shown '^ended with 0'
	ok "and ends well"
	"$tcpshadow" list "$tmp/rec/seen.pcap" >"$tmp/out"
	equals "the file has what was seen" "$(grep -c ':80 ' "$tmp/out")" 3
	screens kill-server
	sleep 0.5
	browse -w turning -C 1 -W 3
	shown 'live vb .* to turning'
	client fetch 10.77.0.2 80 8 1000000 >/dev/null
	shown ' 8 sessions '
	screens send-keys Q
	shown '^ended with 0'
	equals "with -C and -W files in turn" "$(cd "$tmp/rec" && echo turning*)" "turning0 turning1 turning2"
	screens kill-server
	sleep 0.5
	browse
	shown 'waiting for packets'
	screens send-keys q
	shown '^ended with 0'
	ok "browse without a packet ends at once"
	screens kill-server
	sleep 0.5
	browse
	shown 'waiting for packets'
	client fetch 10.77.0.2 80 4 1000 >/dev/null
	shown ' 4 sessions '
	screens send-keys q
	shown '^quit and lose [1-9][0-9]* packets\? y/n'
	screens send-keys n
	shown '^quit: not done'
	screens send-keys C-c
	shown '^quit and lose [1-9][0-9]* packets\? y/n'
	screens send-keys Escape
	shown '^quit: not done'
	ok "browse without -w asks before it loses packets"
	screens send-keys e C-u
	screens send-keys -l part.pcap
	screens send-keys Enter
	shown '^wrote 4 sessions to part.pcap'
	"$tcpshadow" list "$tmp/rec/part.pcap" >"$tmp/out"
	equals "what was captured by then can be exported" "$(grep -c ':80 ' "$tmp/out")" 4
	sleep 4 # looks over
	screens send-keys e C-u
	screens send-keys -l part.csv
	screens send-keys Enter
	shown '^wrote 4 sessions to part.csv'
	equals "and reports of it" "$(wc -l <"$tmp/rec/part.csv")" 5
	screens send-keys q
	shown '^ended with 0'
	ok "what was exported is not lost"
	screens kill-server
else
	skip "browse -w" "no tmux"
fi

mkdir "$tmp/small"
if mount -t tmpfs -o size=2m,mode=777 none "$tmp/small"; then
	start list --json -i vb -f tcp -w "$tmp/small/full.pcap"
	client fetch 10.77.0.2 80 20 1000000 >/dev/null
	stop
	equals "a full disk: exit 4" "$ended" 4
	matches "and it is said" 'No space left on device; the analysis goes on' "$tmp/err"
	equals "all connections are reported" "$(json 'len(c)' "$tmp/out")" 20
	cp "$tmp/out" "$tmp/full.json"
	status "what was recorded is whole" 0 "$tcpshadow" list --json "$tmp/small/full.pcap"
	equals "and the rest is counted" "$(json 'k["packets"] - k["limits"]["unrecorded"]' "$tmp/full.json")" \
		"$(json 'k["packets"]' "$tmp/out")"
	rm "$tmp/small/full.pcap"
	if command -v tmux >/dev/null && browse -w "$tmp/small/full.pcap"; then
		shown 'live vb'
		client fetch 10.77.0.2 80 5 1000000 >/dev/null
		shown 'not recorded [1-9]'
		ok "browse -w shows what it could not record"
		screens send-keys Q
		shown 'packets not recorded: cannot write' && shown '^ended with 4'
		ok "says so at the end: exit 4"
		screens kill-server
	fi
	umount "$tmp/small"
else
	skip "a full disk" "no tmpfs"
fi

# ---- the interface goes down, comes back, and goes away

start list --json -i vb -f tcp -w "$tmp/rec/gone.pcap"
client fetch 10.77.0.2 80 3 1000 >/dev/null
ip -n "$b" link set vb down
wait_for 'vb is down' "$tmp/err"
ok "an interface that goes down is told of"
ip -n "$b" link set vb up
wait_for 'vb is up again' "$tmp/err"
ok "and that it is up again"
sleep 1
client fetch 10.77.0.2 80 3 1000 >/dev/null
equals "capture goes on" "$(client fetch 10.77.0.2 80 3 1000)" 3
sleep 0.5
ip -n "$b" link del vb
wait "$shadow"
equals "an interface that is gone ends it: exit 3" "$?" 3
matches "with a message" 'vb: the interface is gone' "$tmp/err"
equals "and a whole report" "$(json 'len(c), k["files"][0]["error"] != ""' "$tmp/out")" "(9, True)"
status "and a whole file" 0 "$tcpshadow" list "$tmp/rec/gone.pcap"
make_pair
ip -n "$a" addr add 10.77.0.1/24 dev va && ip -n "$b" addr add 10.77.0.2/24 dev vb
ip -n "$a" link set va up && ip -n "$b" link set vb up
sleep 1

# ---- load

resident() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$shadow/status"; } # KiB
if command -v tcpreplay >/dev/null && [ -x "$top_builddir/bench/gen" ]; then
	# replay PACKETS-A-SECOND FILE: frames into the interface
	replay() { ip netns exec "$a" tcpreplay -q -K -i va --pps "$1" "$2" >"$tmp/replay" 2>&1; }
	sent() { sed -n 's/^Actual: \([0-9]*\) packets.*/\1/p' "$tmp/replay"; }

	"$top_builddir/bench/gen" web -n 8000 "$tmp/web.pcap" >/dev/null
	start summary --json -i vb -f 'net 10.1.0.0/16'
	replay 50000 "$tmp/web.pcap"
	stop
	equals "50,000 packets a second: all of them are seen or counted" \
		"$(json 'k["packets"] + sum(k["drops"].values())' "$tmp/out")" "$(sent)"
	equals "and none is lost by us" "$(json 'k["drops"]["queue"]' "$tmp/out")" 0

	# Nobody takes packets from the kernel: it loses them.
	start summary --json -i vb -f 'net 10.1.0.0/16' --buffer-size 1M
	kill -STOP "$shadow"
	replay 100000 "$tmp/web.pcap"
	kill -CONT "$shadow"
	stop
	equals "what the kernel lost is counted" \
		"$(json 'k["packets"] + k["drops"]["kernel"]' "$tmp/out")" "$(sent)"
	equals "and some was lost" "$(json 'k["drops"]["kernel"] > 0' "$tmp/out")" True
	matches "and told of" '"id":"capture-drops-reported"' "$tmp/out"

	# The analysis waits for a reader of its output, the capture does not.
	mkfifo "$tmp/fifo"
	(exec 3<"$tmp/fifo" && wait_for over "$tmp/over" && cat <&3 >"$tmp/out") &
	pids="$pids $!"
	reader=$!
	ip netns exec "$b" "$tcpshadow" list -v --json -i vb -f 'net 10.1.0.0/16' >"$tmp/fifo" 2>"$tmp/err" &
	shadow=$!
	pids="$pids $shadow"
	wait_for "capturing on" "$tmp/err"
	replay 50000 "$tmp/web.pcap" # the connections of one second end in the next
	replay 50000 "$tmp/web.pcap"
	echo over >"$tmp/over"
	sleep 1
	first=$(sent)
	stop
	wait "$reader"
	equals "what the queue had no room for is counted" \
		"$(json 'k["packets"] + sum(k["drops"].values())' "$tmp/out")" "$((2 * first))"

	"$top_builddir/bench/gen" flood -n 2000000 "$tmp/flood.pcap" >/dev/null
	start list --json -i vb -f tcp --memory 64M
	before=$(resident)
	replay 150000 "$tmp/flood.pcap" &
	flood=$!
	client fetch 10.77.0.2 80 200 20000 0.02 >"$tmp/log"
	wait "$flood"
	after=$(resident)
	stop
	equals "200 connections under a flood of SYNs" "$(cat "$tmp/log")" 200
	equals "are all reported" "$(json 'len([x for x in c if x["server"]["port"] == 80 and x["handshake"]["outcome"] == "complete" and x["streams"]["server"]["bytes"] == 20000])' "$tmp/out")" 200
	equals "the flood was 2 million SYNs" "$(json 'k["packets"] + sum(k["drops"].values()) >= 2000000' "$tmp/out")" True
	equals "all of them are counted, most of them only that" "$(json 'k["limits"]["half_open_rolled_up"] > 1500000' "$tmp/out")" True
	[ "$((after - before))" -lt 131072 ] || echo "# from $before to $after KiB"
	[ "$((after - before))" -lt 131072 ]
	ok "memory stays bounded"
else
	skip "load" "no tcpreplay, or bench/gen was not built"
fi

# ---- a minute of everything: memory that does not grow

start list --json -i vb -f tcp --time-wait 2
client mixed 10.77.0.2 80 60 >"$tmp/log" &
mixed=$!
sleep 25
before=$(resident)
sleep 32
after=$(resident)
wait "$mixed"
stop
[ "$((after - before))" -lt 4096 ] || echo "# from $before to $after KiB"
[ "$((after - before))" -lt 4096 ]
ok "a minute of mixed traffic: memory stays the same"
equals "and every connection is reported" "$(json 'len(c)' "$tmp/out")" "$(cat "$tmp/log")"
equals "none of them lost anything" "$(json 'sum(k["drops"].values())' "$tmp/out")" 0

plan
