# SPDX-License-Identifier: MIT
#
# tap.sh - sourced by shell tests: results as TAP, a scratch folder that is removed at the end.
#
#   ok "what"            the last command decides:  some command; ok "it works"
#   check "what" CMD...  run CMD; passes if it succeeds
#   status "what" N CMD...  run CMD, output to $tmp/out and $tmp/err; passes if it ends with status N
#   matches "what" PATTERN FILE  passes if a line of FILE matches the extended regular expression
#   skip "what" "why"
#   plan                 at the end: how many tests there were
# shellcheck shell=sh

tests_done=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/tcpshadow-test.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# The shim of a version manager takes ten times as long to start as the interpreter behind it.
tap_python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
if [ -x "$tap_python" ] && [ "$tap_python" != "$(command -v python3)" ]; then
	mkdir "$tmp/python"
	ln -s "$tap_python" "$tmp/python/python3"
	PATH=$tmp/python:$PATH
fi

result() { # 0 or not, what
	tests_done=$((tests_done + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests_done - $2"
	else
		echo "not ok $tests_done - $2"
	fi
}

ok() {
	result "$?" "$1"
}

check() {
	tap_what=$1
	shift
	"$@" >"$tmp/log" 2>&1
	tap_status=$?
	[ "$tap_status" -eq 0 ] || sed 's/^/# /' "$tmp/log"
	result "$tap_status" "$tap_what"
}

status() {
	tap_what=$1 tap_want=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	tap_status=$?
	if [ "$tap_status" -eq "$tap_want" ]; then
		result 0 "$tap_what"
	else
		echo "# status $tap_status instead of $tap_want; on stderr:"
		sed 's/^/# /' "$tmp/err"
		result 1 "$tap_what"
	fi
}

matches() {
	if grep -qE -e "$2" "$3"; then
		result 0 "$1"
	else
		echo "# no line matches: $2"
		sed 's/^/# /' "$3"
		result 1 "$1"
	fi
}

skip() {
	tests_done=$((tests_done + 1))
	echo "ok $tests_done - $1 # SKIP $2"
}

plan() {
	echo "1..$tests_done"
}
