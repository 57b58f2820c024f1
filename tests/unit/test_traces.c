/* SPDX-License-Identifier: MIT */
/*
 * test_traces - packets of several connections in order of capture, and hosts in order of who calls whom.
 *
 * Input: captures/ of the source.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stored.h"
#include "tcpshadow/lifelines.h"
#include "tcpshadow/traces.h"

enum { SESSIONS_MAX = 64 };

static unsigned mixed_seen; /* neighbours of two connections */

/* ---- packets ---- */

static void check_order(const struct traces *t)
{
	struct store_packet p, before = { .ordinal = 0 };
	uint32_t next[TRACES_CONNS] = { 0 };

	for (uint32_t i = 0; i < traces_count(t); i++) {
		struct traces_place at = traces_at(t, i);

		traces_packet(t, i, &p);
		ck_assert_uint_gt(p.ordinal, before.ordinal);
		ck_assert_uint_eq(at.k, next[at.conn]++);
		ck_assert_uint_eq(traces_row(t, i)->packet, p.ordinal);
		ck_assert_uint_eq(traces_from(t, p.ordinal), i);
		mixed_seen += i && at.conn != traces_at(t, i - 1).conn;
		before = p;
	}
	for (size_t c = 0; c < traces_conns(t); c++)
		ck_assert_uint_eq(next[c], trace_session(traces_trace(t, c))->npackets);
	ck_assert_uint_eq(traces_from(t, before.ordinal + 1), traces_count(t));
	ck_assert_uint_eq(traces_left_out(t), 0);
}

/* Every line of a ladder of all of them is found again. */
static void check_ladder(struct traces *t)
{
	struct ladder_source src = traces_source(t);
	struct ladder l;

	ck_assert_uint_eq(src.nrecords, traces_conns(t));
	ladder_build(&l, &src, &(struct ladder_options){ .fold = true });
	for (size_t i = 0; i < src.n; i++) {
		const struct ladder_item *it = &l.items[ladder_at(&l, ladder_line_of(&l, i))];

		ck_assert(i >= it->first && i <= it->last);
	}
	ladder_release(&l);
}

static void check_capture(const char *name)
{
	uint32_t sessions[SESSIONS_MAX], n;
	struct store_snapshot now;
	struct stored s;
	struct traces *t;

	ck_assert(stored_open(&s, &name, 1, &(struct engine_options){ 0 }, NULL));
	store_snapshot(s.store, &now);
	for (n = 0; n < now.nsessions && n < SESSIONS_MAX; n++)
		sessions[n] = n;
	if (n) {
		t = traces_new(s.store, s.cap, sessions, n);
		ck_assert_uint_eq(traces_conns(t), n < TRACES_CONNS ? n : TRACES_CONNS);
		ck_assert(!traces_refresh(t));
		check_order(t);
		check_ladder(t);
		traces_free(t);
	}
	stored_close(&s);
}

START_TEST(test_captures)
{
	stored_for_captures(check_capture);
	ck_assert_uint_gt(mixed_seen, 10);
}
END_TEST

/* ---- a store that grows: one packet and one look at a time ---- */

struct watcher {
	struct sink sink; /* first */
	struct stored *stored;
	struct traces *traces;
	uint32_t grown;
};

static int watch(struct sink *s, const struct event *ev, struct err *e)
{
	struct watcher *w = (struct watcher *)s;
	struct store_snapshot now;

	(void)e;
	store_publish(w->stored->store, -1, ev->u.segment.packet);
	store_snapshot(w->stored->store, &now);
	if (!w->traces && now.nsessions == 2)
		w->traces = traces_new(w->stored->store, w->stored->cap, (uint32_t[2]){ 0, 1 }, 2);
	else if (w->traces)
		w->grown += traces_refresh(w->traces);
	if (w->traces) {
		check_order(w->traces);
		check_ladder(w->traces);
	}
	return 0;
}

static int finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static const struct sink_ops watch_ops = {
	.wants = EVENT_BIT(EVENT_SEGMENT),
	.event = watch,
	.finish = finish,
};

START_TEST(test_growth)
{
	struct engine_options o = { .batch_packets = 1, .threads = 1 };
	struct watcher w = { .sink = { .ops = &watch_ops } };
	char path[4096];
	const char *file = path;
	struct stored s;

	stored_path(path, "proxy.pcap");
	w.stored = &s;
	ck_assert(stored_open(&s, &file, 1, &o, &w.sink));
	ck_assert_uint_gt(w.grown, 20);
	ck_assert(traces_refresh(w.traces)); /* the records */
	check_order(w.traces);
	traces_free(w.traces);
	stored_close(&s);
}
END_TEST

/* ---- more than there is room for ---- */

enum { LEFT_OUT = 100 };

/* What is left out is counted, and all of it comes later than what is there. */
START_TEST(test_limits)
{
	char path[] = "/tmp/test-traces-XXXXXX";
	const char *file = path;
	FILE *f = fdopen(mkstemp(path), "w");
	uint32_t sessions[TRACES_CONNS + 1] = { 0, 1 };
	struct store_packet last;
	struct traces *t;
	struct stored s;

	ck_assert_ptr_nonnull(f);
	ck_assert(stored_write_acks(f, TRACES_PACKETS + LEFT_OUT, 2, NULL, 0));
	ck_assert_int_eq(fclose(f), 0);
	ck_assert(stored_open(&s, &file, 1, &(struct engine_options){ 0 }, NULL));
	t = traces_new(s.store, s.cap, sessions, 2);
	ck_assert_uint_eq(traces_count(t), TRACES_PACKETS);
	ck_assert_uint_eq(traces_left_out(t), LEFT_OUT);
	traces_packet(t, TRACES_PACKETS - 1, &last);
	ck_assert_uint_eq(last.ordinal, TRACES_PACKETS);
	traces_free(t);
	t = traces_new(s.store, s.cap, sessions, TRACES_CONNS + 1);
	ck_assert_uint_eq(traces_conns(t), TRACES_CONNS);
	traces_free(t);
	stored_close(&s);
	unlink(path);
}
END_TEST

/* ---- lifelines ---- */

/* "1.1000 > 2.80": the last byte of the address, and the port. */
static struct lifelines_call call(uint8_t from, uint8_t to, uint16_t port)
{
	return (
	    struct lifelines_call){ .ends = {
		                        { .ip = { { 10, 0, 0, from } },
		                            .port = 40000,
		                            .version = 4 },
		                        { .ip = { { 10, 0, 0, to } }, .port = port, .version = 4 },
		                    } };
}

/* The hosts as text, with blanks between them, and each call's ends among them. */
static void check_lines(const struct lifelines_call *calls, size_t n, const char *expected)
{
	struct buf text = BUF_INIT;
	struct lifelines l;

	lifelines_init(&l, calls, n);
	for (size_t i = 0; i < l.n; i++) {
		buf_addstr(&text, i ? " " : "");
		lifelines_name(&text, &l.hosts[i]);
	}
	ck_assert_str_eq(text.data, expected);
	for (size_t i = 0; i < n; i++) {
		for (unsigned side = 0; side < 2; side++) {
			const struct lifelines_host *host = &l.hosts[l.ends[i][side]];

			ck_assert(addr_equal(&host->addr.ip, &calls[i].ends[side].ip));
			ck_assert(!host->is_service || host->addr.port == calls[i].ends[side].port);
		}
		ck_assert_uint_ne(l.ends[i][0], l.ends[i][1]);
	}
	lifelines_release(&l);
	buf_release(&text);
}

#define CHECK_LINES(expected, ...)                                                                 \
	do {                                                                                       \
		const struct lifelines_call calls[] = { __VA_ARGS__ };                             \
		check_lines(calls, sizeof(calls) / sizeof(calls[0]), expected);                    \
	} while (0)

START_TEST(test_lifelines)
{
	CHECK_LINES("10.0.0.1 10.0.0.2", call(1, 2, 80), call(1, 2, 80), call(1, 2, 443));
	/* client, proxy, server, whichever was seen first */
	CHECK_LINES("10.0.0.1 10.0.0.2 10.0.0.3", call(1, 2, 80), call(2, 3, 80));
	CHECK_LINES("10.0.0.1 10.0.0.2 10.0.0.3", call(2, 3, 80), call(1, 2, 80));
	/* all clients to the left, in order of their connections */
	CHECK_LINES(
	    "10.0.0.7 10.0.0.5 10.0.0.2 10.0.0.3", call(7, 2, 80), call(2, 3, 80), call(5, 3, 80));
	/* the proxy's own name server does not push the others around */
	CHECK_LINES(
	    "10.0.0.1 10.0.0.2 10.0.0.4 10.0.0.3", call(1, 2, 80), call(2, 4, 53), call(2, 3, 80));
	/* the longest way counts */
	CHECK_LINES("10.0.0.1 10.0.0.2 10.0.0.3", call(1, 3, 80), call(1, 2, 80), call(2, 3, 80));
	/* groups that have nothing to do with each other */
	CHECK_LINES("10.0.0.1 10.0.0.2 10.0.0.5 10.0.0.3 10.0.0.4", call(1, 2, 80), call(3, 4, 80),
	    call(2, 5, 80));
	/* circles: as seen */
	CHECK_LINES("10.0.0.2 10.0.0.1", call(2, 1, 80), call(1, 2, 80));
	CHECK_LINES("10.0.0.3 10.0.0.1 10.0.0.2", call(3, 1, 80), call(1, 2, 80), call(2, 3, 80));
	CHECK_LINES("10.0.0.9 10.0.0.2 10.0.0.1", call(2, 1, 80), call(1, 2, 80), call(9, 2, 80));
}
END_TEST

/* A host that calls itself: its services stand by themselves, and others meet the same ones. */
START_TEST(test_loopback)
{
	CHECK_LINES("10.0.0.1 10.0.0.1:80", call(1, 1, 80));
	CHECK_LINES("10.0.0.1 10.0.0.1:3128 10.0.0.1:80", call(1, 1, 3128), call(1, 1, 80));
	CHECK_LINES("10.0.0.2 10.0.0.1 10.0.0.1:80", call(2, 1, 80), call(1, 1, 80));
	/* port 0 is a port as any other */
	CHECK_LINES("10.0.0.1 10.0.0.1:0", call(1, 1, 0));
	CHECK_LINES(
	    "10.0.0.3 10.0.0.1 10.0.0.1:0 10.0.0.2", call(3, 1, 80), call(1, 1, 0), call(1, 2, 80));
	CHECK_LINES(
	    "10.0.0.2 10.0.0.1 10.0.0.1:80", call(2, 1, 443), call(2, 1, 80), call(1, 1, 80));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("traces");
	TCase *tc = tcase_create("traces");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, test_captures);
	tcase_add_test(tc, test_growth);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_lifelines);
	tcase_add_test(tc, test_loopback);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
