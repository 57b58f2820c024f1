/* SPDX-License-Identifier: MIT */
/*
 * test_where - the filter language: names, values, precedence, and where errors point.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/where.h"

/* A connection with a different value in every field. */
struct sample {
	struct state_entry client[2], server[2];
	struct finding findings[2];
	struct conn_record r;
};

static void fill_sides(struct sample *s)
{
	struct side_record *c = &s->r.sides[SIDE_CLIENT], *v = &s->r.sides[SIDE_SERVER];

	s->client[1] = (struct state_entry){ .state = TCPS_TIME_WAIT, .rule = 0, .packet = 9 };
	s->server[1] = (struct state_entry){ .state = TCPS_CLOSED, .rule = 0, .packet = 9 };
	*c = (struct side_record){
		.addr = { .ip = { { 10, 0, 0, 1 } }, .port = 40000, .version = 4 },
		.packets = 7,
		.wire_bytes = 4000,
		.payload_bytes = 300,
		.missing_bytes = 5,
		.transfer = { .again.segments = 1, .rtt = { .samples = 1, .min = 11000000 } },
		.states = s->client,
		.nstates = 2,
		.offer = { .seen = true,
		    .has_mss = true,
		    .mss = 1460,
		    .sack_permitted = true,
		    .has_wscale = true,
		    .window_scale = 7,
		    .ecn = true },
	};
	*v = (struct side_record){
		.addr = { .ip = { { 192, 168, 200, 2 } }, .port = 443, .version = 4 },
		.packets = 5,
		.wire_bytes = 90000,
		.payload_bytes = 80000,
		.missing_bytes = 0,
		.transfer = { .again.segments = 2, .rtt = { .samples = 1, .min = 1000000 } },
		.states = s->server,
		.nstates = 2,
	};
}

static void sample_init(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	fill_sides(s);
	s->r.id = 17;
	s->r.start = INT64_C(1795198003250000000);
	s->r.end = s->r.start + INT64_C(1500000000);
	s->r.gap = 700000000;
	s->r.opener = OPENER_CLIENT;
	s->r.handshake = HANDSHAKE_COMPLETE;
	s->r.close = CLOSE_FOUR_WAY;
	s->r.syns = 2;
	s->r.synacks = 1;
	s->r.has_syn_to_synack = true;
	s->r.syn_to_synack = 11800000;
	s->r.resets_seen = 0;
	s->r.icmp_seen = 3;
	s->r.one_sided = -1;
	s->r.truncated_packets = 4;
	s->r.duplicate_frames = 6;
	s->r.bad_checksums = 8;
	s->r.vlan = 12;
	s->r.is_open = true;
	s->findings[0].id = FINDING_MIDSTREAM_START;
	s->findings[1].id = FINDING_SYN_RETRANSMITTED;
	s->r.findings = s->findings;
	s->r.nfindings = 2;
}

static bool matches(const struct conn_record *r, const char *expr)
{
	struct where_error e;
	struct where *w = where_compile(expr, false, &e);
	bool found;

	ck_assert_msg(w != NULL, "%s: %s", expr, e.what.text);
	found = where_match(w, r, r->start);
	where_free(w);
	return found;
}

static const char *const true_ones[] = {
	/* every name */
	"id = 17",
	"client.ip = 10.0.0.1 and server.ip = 192.168.200.2",
	"ip = 192.168.200.2 and ip = 10.0.0.1",
	"client.port = 40000 and server.port = 443 and port = 443",
	"vlan = 12",
	"opener = client",
	"start = 1795198003.25 and start >= 2026-11-20 and start < 2026-11-22T00:00Z",
	"end = 1795198004.75",
	"duration = 1.5 and duration = 1500ms and duration > 1s and duration < 1m",
	"packets.client = 7 and server.packets = 5 and packets = 12 and pkts != 7",
	"gap = 0.7 and gap > 500ms and rate = 53533 and rate > 50k",
	"wire_bytes.server = 90k and wire_bytes.client < 4Ki and wire_bytes = 94k",
	"payload_bytes.server = 80000 and bytes = 80300 and payload > 80k and bytes.client = 300",
	"states.client = time-wait and states.server = CLOSED and state = TIME-WAIT",
	"state.client = TIME-WAIT and server.state = CLOSED and state ~ -wait and state ~ ^closed$",
	"handshake.outcome = complete and handshake = complete",
	"handshake.syns = 2 and syns > 1 and handshake.synacks = 1 and synacks = 1",
	"handshake.syn_to_synack = 11.8ms and syn_to_synack > 11ms",
	"handshake.options.client.mss = 1460 and mss > 1k and mss.client = 1460",
	"handshake.options.client.window_scale = 7 and window_scale = 7",
	"handshake.options.client.sack_permitted and sack_permitted",
	"handshake.options.client.timestamps = false and not timestamps",
	"not fast_open and ecn and handshake.options.ecn",
	"close.outcome = four_way and close = four_way",
	"states = CLOSED and state = closed and state = fin",
	"state = closed and state != reset and state = rst|closed",
	"outcome = ok and verdict = ok and health = warn and health = warning",
	"round_trip = 12ms and rtt = 12ms and rtt < 50ms and dur = 1.5s",
	/* several values, and counts alone */
	"port = 80|443 and port != 80|81 and server.ip = ::1|192.168.200.2",
	"retx and not rto and not zwin and retransmissions = 3 and retx.client = 1",
	"resets = 0 and icmp = 3",
	"capture.start = handshake",
	"capture.duplicate_frames = 6 and duplicate_frames = 6",
	"capture.missing_bytes = 5 and missing_bytes > 0",
	"capture.truncated_packets = 4 and capture.bad_checksums = 8",
	"capture.open_at_end and open and not evicted and open = yes and evicted != true",
	"findings = 2 and findings.severity = warn and severity >= note and severity != error",
	"syn-retransmitted and midstream-start and not syn-unanswered",
	/* either side; != says it of neither */
	"port != 80",
	"ip != 10.0.0.2",
	"not (port = 80)",
	/* what is not known matches nothing, not even != */
	"not (synack_to_ack >= 0) and not (synack_to_ack != 1) and not (mss.server != 1)",
	"not (one_sided = client) and not (one_sided != client)",
	/* keywords and outcomes */
	"host 10.0.0.1 and port 443",
	"net 10.0.0.0/8 and net 192.168.192.0/18 and not net 192.168.0.0/18",
	"net 0.0.0.0/0 and net 10.0.0.1/32 and not net ::/0",
	"complete",
	"four_way and not reset and not simultaneous",
	/* text */
	"ip ~ '^10\\.' and ip ~ \"200\\.2$\" and handshake ~ ^COMP and close ~ way",
	"not ip ~ ^11",
	/* and before or, not before both, parentheses before all */
	"complete or refused and refused",
	"(complete or refused) and not refused",
	"not refused and complete",
	"not not complete",
	"not (refused or unanswered)",
	"refused or unanswered or complete",
	"((((complete))))",
	/* spelling */
	"server.port==443 and(complete)",
	"server.port\t=\n443",
	"duration>=1.5",
};

START_TEST(test_true)
{
	struct sample s;

	sample_init(&s);
	ck_assert_msg(matches(&s.r, true_ones[_i]), "%s", true_ones[_i]);
}
END_TEST

static const char *const false_ones[] = {
	"id = 18",
	"port = 80",
	"port != 443",
	"server.port = 40000",
	"refused",
	"reset or half_closed",
	"not complete",
	"complete and refused or refused",
	"complete and (refused or unanswered)",
	"duration < 1s",
	"ip = ::1",
	"host 10.0.0.3",
	"states.server = TIME-WAIT",
	"opener != client",
	"start < 1795198003.25",
	"evicted",
	"severity = note",
	"severity > warn",
	"port != 80|443",
	"port = 80|81",
	"packets = 7",
	"rto or zwin",
	"state = open|refused",
	"state = closing",
	"syn-unanswered",
};

START_TEST(test_false)
{
	struct sample s;

	sample_init(&s);
	ck_assert_msg(!matches(&s.r, false_ones[_i]), "%s", false_ones[_i]);
}
END_TEST

/* The expression, the wrong bytes in it, and a word of what is said. */
static const struct {
	const char *expr;
	size_t at, len;
	const char *says;
} errors[] = {
	{ "", 0, 0, "expected a name" },
	{ "   ", 3, 0, "expected a name" },
	{ "prot = 80", 0, 4, "did you mean 'port'" },
	{ "packets.clint = 1", 0, 13, "did you mean 'packets.client'" },
	{ "complete and zebras_in_zoos", 13, 14, "catalogue --fields" },
	{ "port", 4, 0, "expected a value" },
	{ "duration", 8, 0, "expected one of =" },
	{ "duration 5", 9, 1, "expected one of =" },
	{ "duration >", 10, 0, "expected a time" },
	{ "duration > 5x", 11, 2, "50ms" },
	{ "packets > many", 10, 4, "a number such as" },
	{ "bytes > 5q", 8, 2, "a size such as" },
	{ "start > yesterday", 8, 9, "2026-08-21T10:04:39Z" },
	{ "handshake = fine", 12, 4, "complete, simultaneous, refused" },
	{ "state = SYNSENT", 8, 7, "such as TIME-WAIT" },
	{ "port = 80|", 7, 3, "a number such as" },
	{ "port = 80|x", 7, 4, "a number such as" },
	{ "port > 80|90", 7, 5, "a number such as" },
	{ "id", 2, 0, "expected one of =" },
	{ "ip = 10.0.0", 5, 6, "an IP address" },
	{ "host example.com", 5, 11, "an IP address" },
	{ "net 10.0.0.0", 4, 8, "10.0.0.0/8" },
	{ "net 10.0.0.0/33", 4, 11, "from 0 to 32" },
	{ "net", 3, 0, "a network" },
	{ "open = maybe", 7, 5, "true or false" },
	{ "severity > bad", 11, 3, "info, note, warn or error" },
	{ "severity ~ warn", 9, 1, "compares text" },
	{ "not syn-unanswerd", 4, 13, "did you mean 'syn-unanswered'" },
	{ "ip ~ '('", 5, 3, "regular expression" },
	{ "ip < 10.0.0.1", 3, 1, "has no order" },
	{ "packets ~ 5", 8, 1, "compares text" },
	{ "complete refused", 9, 7, "expected 'and' or 'or'" },
	{ "(complete refused", 10, 7, "or ')'" },
	{ "complete and", 12, 0, "expected a name" },
	{ "and complete", 0, 3, "expected a name" },
	{ "complete or and refused", 12, 3, "expected a name" },
	{ "(complete", 0, 1, "never closed" },
	{ "complete)", 8, 1, "never opened" },
	{ "()", 1, 1, "expected a name" },
	{ "not", 3, 0, "expected a name" },
	{ "ip = \"10.0.0.1", 5, 9, "never closed" },
	{ "! complete", 0, 1, "write 'not'" },
	{ "= 5", 0, 1, "expected a name" },
	{ "none", 0, 4, "unknown name" },
};

START_TEST(test_error)
{
	struct where_error e;
	struct where *w = where_compile(errors[_i].expr, false, &e);

	ck_assert_msg(w == NULL, "%s", errors[_i].expr);
	ck_assert_msg(e.at == errors[_i].at, "%s: at %zu: %s", errors[_i].expr, e.at, e.what.text);
	ck_assert_msg(
	    e.len == errors[_i].len, "%s: len %zu: %s", errors[_i].expr, e.len, e.what.text);
	ck_assert_msg(strstr(e.what.text, errors[_i].says) != NULL, "%s: says %s", errors[_i].expr,
	    e.what.text);
}
END_TEST

/* Without a finding there is no severity, which is milder than all. */
START_TEST(test_no_findings)
{
	struct sample s;

	sample_init(&s);
	s.r.nfindings = 0;
	ck_assert(matches(&s.r, "severity < info and severity != note and findings = 0"));
	ck_assert(!matches(&s.r, "severity >= info"));
}
END_TEST

START_TEST(test_underline)
{
	struct where_error e;
	struct buf out = BUF_INIT;
	const char *expr = "port = 80 and duration > 5x";

	ck_assert_ptr_null(where_compile(expr, false, &e));
	where_underline(&out, expr, &e, 2);
	ck_assert_str_eq(out.data, "  port = 80 and duration > 5x\n"
	                           "                           ^~");
	buf_release(&out);
}
END_TEST

/* n times `piece`, then `last`. */
static char *repeated(const char *piece, size_t n, const char *last)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addstr(&b, piece);
	buf_addstr(&b, last);
	return b.data;
}

static void assert_compiles(const char *piece, size_t n, const char *last, bool expected)
{
	struct where_error e;
	char *expr = repeated(piece, n, last);
	struct where *w = where_compile(expr, false, &e);

	ck_assert_msg((w != NULL) == expected, "%zu times '%s': %s", n, piece, e.what.text);
	where_free(w);
	free(expr);
}

START_TEST(test_limits)
{
	struct sample s;
	char *deep = repeated("not ", WHERE_MAX_DEPTH, "refused");
	char *wide = repeated("refused or ", WHERE_MAX_TERMS - 1, "complete");

	sample_init(&s);
	ck_assert(!matches(&s.r, deep));
	ck_assert(matches(&s.r, wide));
	free(deep);
	free(wide);
	assert_compiles("not ", WHERE_MAX_DEPTH + 1, "refused", false);
	assert_compiles("(", WHERE_MAX_DEPTH + 1, "refused", false);
	assert_compiles("(", 100000, "refused", false);
	assert_compiles("refused or ", WHERE_MAX_TERMS, "complete", false);
	/* operands pile up: a or (b and (a or (b and ... */
	assert_compiles("refused or (complete and (", WHERE_MAX_DEPTH / 4, "refused", false);
}
END_TEST

START_TEST(test_deep_operands)
{
	struct sample s;
	struct buf b = BUF_INIT;

	sample_init(&s);
	for (int i = 0; i < WHERE_MAX_DEPTH / 4; i++)
		buf_addstr(&b, "refused or (complete and (");
	buf_addstr(&b, "port = 1|2|443");
	buf_pad(&b, ')', (size_t)WHERE_MAX_DEPTH / 4 * 2);
	ck_assert(matches(&s.r, b.data));
	buf_release(&b);
}
END_TEST

/* A pattern that backtracks without end gives up instead. */
START_TEST(test_hostile_regex)
{
	struct sample s;

	sample_init(&s);
	ck_assert(!matches(&s.r, "handshake ~ '^(([a-z]*)*)*$1'"));
}
END_TEST

/* Times of day are those of the day on which the capture began, or of the next: never long before it. */
START_TEST(test_clock)
{
	static const struct {
		int hours; /* from the beginning of the capture to the connection, which begins at 18:06:43 */
		const char *expr;
		bool matches;
	} rows[] = {
		{ 0, "since 18:06Z", true },
		{ 0, "since 18:06:44.7Z", true }, /* it had packets then */
		{ 0, "since 18:06:44.8Z", false },
		{ 0, "until 18:06:43.25Z and start = 18:06:43.25Z", true },
		{ 0, "until 18:06:43Z", false },
		{ 0, "not since 18:07Z and start > 08:00Z", true },
		{ 0, "since 06:00Z", false }, /* the next day */
		{ 12, "since 06:00Z and start > 06:00Z", true },
		{ 20, "since 23:00Z", true }, /* began at 22:06 the day before */
		{ 20, "since 19:00Z", true }, /* of the day before, three hours before it began */
		{ 20, "since 2026-11-19T19:00Z and not since 2026-11-20T19:00Z", true },
	};
	struct sample s;
	struct where_error e;
	struct where *utc;

	sample_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct where *w = where_compile(rows[i].expr, false, &e);
		int64_t began = s.r.start - rows[i].hours * 3600 * NS_PER_SEC;

		ck_assert_msg(w != NULL, "%s: %s", rows[i].expr, e.what.text);
		ck_assert_msg(where_match(w, &s.r, began) == rows[i].matches, "%d %s",
		    rows[i].hours, rows[i].expr);
		where_free(w);
	}
	/* With --utc all are in UTC. */
	(void)setenv("TZ", "XXX-5", 1);
	utc = where_compile("since 18:06:44 and start < 2026-11-20T18:07", true, &e);
	ck_assert(where_match(utc, &s.r, s.r.start));
	where_free(utc);
}
END_TEST

/* Every name that help shows is one that the parser knows. */
START_TEST(test_names)
{
	for (size_t i = 0; i < where_name_count(); i++) {
		struct where_name n = where_name_at(i);
		const char *names[2] = { n.path, n.bare };

		ck_assert_ptr_nonnull(n.help);
		ck_assert_ptr_nonnull(n.type);
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			struct where_error e;
			struct buf expr = BUF_INIT;

			if (!names[k])
				continue;
			for (const char *c = names[k]; *c; c++) {
				if (*c == ' ')
					buf_addstr(&expr, " = 1 or ");
				else if (*c == '*' || *c == '+')
					buf_addstr(&expr, "server");
				else
					buf_addch(&expr, *c);
			}
			buf_addstr(&expr, " =");
			ck_assert_ptr_null(where_compile(expr.data, false, &e));
			ck_assert_msg(strstr(e.what.text, "unknown name") == NULL, "%s: %s",
			    expr.data, e.what.text);
			buf_release(&expr);
		}
	}
}
END_TEST

START_TEST(test_null)
{
	struct sample s;

	sample_init(&s);
	ck_assert(where_match(NULL, &s.r, 0));
	where_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("where");
	TCase *t = tcase_create("where");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_true, 0, (int)ARRAY_LEN(true_ones));
	tcase_add_loop_test(t, test_false, 0, (int)ARRAY_LEN(false_ones));
	tcase_add_loop_test(t, test_error, 0, (int)ARRAY_LEN(errors));
	tcase_add_test(t, test_no_findings);
	tcase_add_test(t, test_underline);
	tcase_add_test(t, test_limits);
	tcase_add_test(t, test_deep_operands);
	tcase_add_test(t, test_hostile_regex);
	tcase_add_test(t, test_clock);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_null);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
