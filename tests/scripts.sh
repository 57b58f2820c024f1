#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The checks of this project find what they are for: each is run on a small tree with one planted breach.

: "${top_srcdir:=.}"
. "$top_srcdir/tests/lib/tap.sh"
scripts=$top_srcdir/scripts

# A fresh tree with one clean file.
fresh() {
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/include/tcpshadow" "$tmp/tree/tests"
	for layer in base capture decode tcp engine report tui cli; do
		mkdir -p "$tmp/tree/src/$layer"
	done
	file include/tcpshadow/util.h <<-END
		int util_one(void);
	END
	file src/base/util.c <<-END
		#include "tcpshadow/util.h"

		int util_one(void)
		{
		        return 1;
		}
	END
}

# file NAME: write standard input to it, behind the licence line.
file() {
	{
		echo '/* SPDX-License-Identifier: MIT */'
		cat
	} >"$tmp/tree/$1"
}

# breach WHAT PATTERN CHECK: the tree is refused, and the message says so.
breach() {
	status "$1: refused" 1 "$scripts/$3" "$tmp/tree"
	matches "$1: said" "$2" "$tmp/out"
	fresh
}

# planted WHAT PATTERN NAME: standard input in that file breaks the layers' rules.
planted() {
	file "$3"
	breach "$1" "$2" check-layers
}

fresh
status "clean tree passes the layer check" 0 "$scripts/check-layers" "$tmp/tree"
status "clean tree passes the size check" 0 "$scripts/function-metrics" "$tmp/tree"

planted "a layer to the right" "tcp may not include tcpshadow/engine.h" src/tcp/x.c <<-END
	#include "tcpshadow/engine.h"
END
planted "a layer to the right from a shared header" "base may not include" include/tcpshadow/text.h <<-END
	#include "tcpshadow/segment.h"
END
planted "another layer's private header" "private to tcp" src/report/x.c <<-END
	#include "tcp/conn.h"
END
planted "captures inside tcp" "knows segments only" src/tcp/x.c <<-END
	#include "tcpshadow/capture.h"
END
planted "an include without folder" "write" src/tcp/x.c <<-END
	#include "conn.h"
END
planted "a header without layer" "has no layer|belongs to no layer" include/tcpshadow/new.h <<-END
	int new_one(void);
END
planted "libpcap outside capture" "only for src/capture" src/decode/x.c <<-END
	#include <pcap/pcap.h>
END
planted "threads outside engine" "only for src/engine" src/tcp/x.c <<-END
	#include <pthread.h>
END
planted "stdio inside tcp" "stdio.h" src/tcp/x.c <<-END
	#include <stdio.h>
END
planted "a banned function" "strcpy.*banned" src/base/x.c <<-END
	void f(char *a, const char *b) { strcpy(a, b); }
END
planted "wall clock" "time.*banned" src/tcp/x.c <<-END
	long f(void) { return time(0); }
END
planted "printing outside cli" "only cli prints" src/report/x.c <<-END
	void f(void) { printf("x"); }
END
planted "stderr outside cli" "stderr.*only cli" src/engine/x.c <<-END
	void f(void) { fputs("x", stderr); }
END
planted "ending the process outside cli" "exit.*only cli" src/capture/x.c <<-END
	void f(void) { exit(1); }
END
planted "bytes cast to a struct" "wider pointer" src/decode/x.c <<-END
	int f(const unsigned char *p) { return ((const struct iphdr *)p)->ttl; }
END
planted "bytes cast to a wide integer" "wider pointer" src/decode/x.c <<-END
	int f(const unsigned char *p) { return *(const uint32_t *)p; }
END
planted "something unfinished" "unfinished" src/base/x.c <<-END
	/* $(printf 'TO%s' DO): later */
END
mkdir -p "$tmp/tree/src/base"
echo 'int x;' >"$tmp/tree/src/base/x.c"
breach "no licence line" "SPDX" check-layers

file src/base/x.c <<-END
	/* strcpy( in a comment, */ const char *x = "strcpy(a, b)"; /* and in a string */
END
status "words in comments and strings are no breach" 0 "$scripts/check-layers" "$tmp/tree"
fresh

{
	printf 'int long_one(void)\n{\n'
	yes '	step();' | head -n 60
	printf '}\n'
} | file src/base/x.c
breach "a long function" "long_one: 61 lines" function-metrics
{
	printf 'int deep(int a)\n{\n'
	printf '\tif (a) {\n\t\twhile (a) {\n\t\t\tfor (;;) {\n\t\t\t\tif (a) {\n\t\t\t\t\ta--;\n'
	printf '\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}\n'
} | file src/base/x.c
breach "deep nesting" "deep: .*nesting 4" function-metrics
file src/base/x.c <<-END
	int wide(int a, int b, int c, void (*d)(int, int),
	    int e, int f, int g)
	{
	        return a;
	}
END
breach "many parameters" "wide: .*7 parameters" function-metrics
{
	printf 'int table(void)\n{\n\tint a[2][2][2][2] = {\n\t\t{ { { 1 } } }\n\t};\n\treturn a[0][0][0][0];\n}\n'
} | file src/base/x.c
status "initialisers are no nesting" 0 "$scripts/function-metrics" "$tmp/tree"

if command -v cc >/dev/null && command -v objdump >/dev/null; then
	for planted in 'int counter = 1;' 'static int hidden; int *f(void); int *f(void) { return &hidden; }' \
	    '_Thread_local int mine;'; do
		echo "$planted" >"$tmp/g.c"
		(cd "$tmp" && rm -f g.a && cc -c g.c && ar cr g.a g.o)
		status "mutable data refused: $planted" 1 "$scripts/check-globals" "$tmp/g.a"
	done
	echo 'const char *const names[] = { "a", "b" }; const int n = 2;' >"$tmp/g.c"
	(cd "$tmp" && rm -f g.a && cc -c g.c && ar cr g.a g.o)
	status "constant tables pass" 0 "$scripts/check-globals" "$tmp/g.a"
else
	skip "mutable data refused" "no compiler named cc"
fi

# Findings and their stories: one row with both, then each of the two missing or saying nothing.
mkdir -p "$tmp/tree/tests/script"
findings_tree() {
	echo 'FINDING(SYN_LOST, "syn-lost", NETWORK, WARN, "-", 0, "a", "b", "c")' >"$tmp/tree/include/tcpshadow/finding.def"
	printf '\tfinding syn-lost A certain\n' >"$tmp/tree/tests/script/find-syn-lost.pkt"
	printf '\tno-finding syn-lost\n' >"$tmp/tree/tests/script/find-syn-lost-near.pkt"
}
findings_tree
status "a finding with both stories passes" 0 "$scripts/check-findings" "$tmp/tree"
printf '\tfinding syn-lost-twice\n' >"$tmp/tree/tests/script/find-syn-lost.pkt"
status "a story of something else is refused" 1 "$scripts/check-findings" "$tmp/tree"
matches "a missing story is named" '^not ok .*syn-lost has a story$' "$tmp/out"
findings_tree
rm "$tmp/tree/tests/script/find-syn-lost-near.pkt"
status "a missing near miss is refused" 1 "$scripts/check-findings" "$tmp/tree"
matches "a missing near miss is named" '^not ok .*syn-lost has a near miss$' "$tmp/out"
findings_tree
cp "$tmp/tree/tests/script/find-syn-lost.pkt" "$tmp/tree/tests/script/find-syn-gone.pkt"
status "a story without a row is refused" 1 "$scripts/check-findings" "$tmp/tree"
: >"$tmp/tree/include/tcpshadow/finding.def"
status "no findings at all are refused" 1 "$scripts/check-findings" "$tmp/tree"

# README: what a program prints today, and what another printed.
mkdir "$tmp/readme"
printf '#!/bin/sh\necho one\n' >"$tmp/readme/tcpshadow"
chmod +x "$tmp/readme/tcpshadow"
printf 'See:\n\n    $ tcpshadow list\n    one\n\nand\n\n    $ tcpshadow list\n    two\n' >"$tmp/readme/README.md"
shown() {
	top_srcdir=$tmp/readme "$scripts/check-readme" "$@" "$tmp/readme/tcpshadow"
}
status "README can be compared" 0 shown
matches "what is printed today passes" '^ok 1 ' "$tmp/out"
matches "what was printed once is refused" '^not ok 2 ' "$tmp/out"
status "README can be written anew" 0 shown --write
status "README is compared again" 0 shown
matches "and passes" '^ok 2 ' "$tmp/out"

# The closing line of `make check`.
printf ':test-result: PASS 1\n:test-result: PASS 2\n:test-result: SKIP 3\n' >"$tmp/a.trs"
printf ':test-result: FAIL 1 - x\n:test-result: PASS 2\n' >"$tmp/b.trs"
: >"$tmp/c.trs"
status "summary of passed tests" 0 "$scripts/test-summary" "$tmp/a.trs"
matches "summary counts passed and skipped" '^2 passed, 0 failed, 1 skipped$' "$tmp/out"
status "summary with a failure" 1 "$scripts/test-summary" "$tmp/a.trs" "$tmp/b.trs"
matches "summary counts failures" '^3 passed, 1 failed, 1 skipped$' "$tmp/out"
status "a test that never ran is a failure" 1 "$scripts/test-summary" "$tmp/a.trs" "$tmp/c.trs"
status "nothing passed is a failure" 1 "$scripts/test-summary"

# Scores against their floors.
echo 'print("""{"ran": [99, 100], "extra": [1, 2]}""")' >"$tmp/scorer.py"
printf '# floors\nran\t99\n' >"$tmp/low.tsv"
printf 'ran\t99.5\n' >"$tmp/high.tsv"
printf 'ran\t1\ngone\t1\n' >"$tmp/more.tsv"
status "scores above their floors pass" 0 "$scripts/check-scores" "$tmp/scorer.py" none "$tmp/low.tsv"
status "a score below its floor fails" 1 "$scripts/check-scores" "$tmp/scorer.py" none "$tmp/high.tsv"
status "a category that is gone fails" 1 "$scripts/check-scores" "$tmp/scorer.py" none "$tmp/more.tsv"
echo 'print("no scores")' >"$tmp/scorer.py"
status "no scores at all fails" 1 "$scripts/check-scores" "$tmp/scorer.py" none "$tmp/low.tsv"

# Replaying captures: a program made to end in each way.
mkdir "$tmp/captures"
: >"$tmp/captures/one.pcap"
program() { # body
	printf '#!/bin/sh\n%s\n' "$1" >"$tmp/program"
	chmod +x "$tmp/program"
}
program 'echo "{}"'
status "a program that reads passes" 0 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"
program 'echo broken >&2; exit 3'
status "an input error with a message passes" 0 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"
program 'exit 3'
status "an input error without one fails" 1 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"
program 'kill -SEGV $$'
status "a crash fails" 1 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"
program 'echo "{"'
status "output that is no JSON fails" 1 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"
rm "$tmp/captures/one.pcap"
status "no captures at all fails" 1 "$scripts/replay-captures" "$tmp/program" "$tmp/captures"

# Goldens: a row whose output is right, then one byte of it wrong.
mkdir -p "$tmp/golden/tests/lib" "$tmp/golden/tests/golden"
cp "$top_srcdir/tests/lib/tap.sh" "$tmp/golden/tests/lib/"
printf 'row\t-\trow.txt\tword\n' >"$tmp/golden/tests/golden/TESTLIST"
program 'echo "$@"; exit 3'
printf 'word\nexit status 3\n' >"$tmp/golden/tests/golden/row.txt"
golden() {
	env top_srcdir="$tmp/golden" tcpshadow="$tmp/program" sh "$top_srcdir/tests/golden.sh" "$@"
}
golden >"$tmp/golden.out"
matches "a golden that is right passes" '^ok 1 - golden row' "$tmp/golden.out"
printf 'worD\nexit status 3\n' >"$tmp/golden/tests/golden/row.txt"
golden >"$tmp/golden.out"
matches "a golden that differs fails" '^not ok 1 - golden row' "$tmp/golden.out"
golden regen row >"$tmp/golden.out"
matches "regen shows the change" '^\+word$' "$tmp/golden.out"
golden >"$tmp/golden.out"
matches "regen makes it right" '^ok 1 - golden row' "$tmp/golden.out"

plan
