/* SPDX-License-Identifier: MIT */
/*
 * test_trace - rows by number are what one replay of the whole connection gives.
 *
 * Input: captures/ of the source.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "lib/stored.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/trace.h"

static unsigned rows_compared;

static void same_end(const struct end_snapshot *a, const struct end_snapshot *b)
{
	ck_assert_uint_eq(a->state, b->state);
	ck_assert_uint_eq(a->snd_known, b->snd_known);
	ck_assert_uint_eq(a->rcv_known, b->rcv_known);
	ck_assert_uint_eq(a->snd_una, b->snd_una);
	ck_assert_uint_eq(a->snd_nxt, b->snd_nxt);
	ck_assert_uint_eq(a->rcv_nxt, b->rcv_nxt);
	ck_assert_uint_eq(a->snd_wnd, b->snd_wnd);
	ck_assert_uint_eq(a->rcv_wnd, b->rcv_wnd);
}

static void same_row(const struct session_row *a, const struct session_row *b)
{
	ck_assert_uint_eq(a->packet, b->packet);
	ck_assert_int_eq(a->time, b->time);
	ck_assert_uint_eq(a->side, b->side);
	ck_assert_uint_eq(a->flags, b->flags);
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_uint_eq(a->raw_seq, b->raw_seq);
	ck_assert_uint_eq(a->raw_ack, b->raw_ack);
	ck_assert_uint_eq(a->step.rel_seq, b->step.rel_seq);
	ck_assert_uint_eq(a->step.rel_ack, b->step.rel_ack);
	ck_assert_uint_eq(a->step.window, b->step.window);
	ck_assert_uint_eq(a->step.notes, b->step.notes);
	ck_assert_int_eq(a->step.transfer.rtt, b->step.transfer.rtt);
	ck_assert_uint_eq(a->step.transfer.kind, b->step.transfer.kind);
	ck_assert_uint_eq(a->step.transfer.repeats, b->step.transfer.repeats);
	ck_assert_uint_eq(a->step.transfer.flight, b->step.transfer.flight);
	for (unsigned side = 0; side < 2; side++)
		same_end(&a->step.ends[side], &b->step.ends[side]);
	rows_compared++;
}

/* All rows in order from one replay, by a trace that knows no checkpoints. */
static struct session_row *all_rows(const struct stored *plain, uint32_t i, uint32_t n)
{
	struct trace *t = trace_new(plain->store, plain->cap, i);
	struct session_row *rows = mem_alloc(n, sizeof(*rows));

	ck_assert_uint_eq(trace_session(t)->npackets, n);
	ck_assert_uint_eq(trace_session(t)->nmarks, 0);
	for (uint32_t k = 0; k < n; k++)
		rows[k] = *trace_row(t, k);
	trace_free(t);
	return rows;
}

static void check_session(const struct stored *plain, const struct stored *marked, uint32_t i)
{
	struct trace *t = trace_new(marked->store, marked->cap, i);
	uint32_t n = trace_session(t)->npackets, step = n / 7 | 1;
	struct session_row *rows = all_rows(plain, i, n);
	struct packet p;
	struct err e;

	for (uint32_t k = 0, at = n - 1; k < n; k++, at = (at + step) % n)
		same_row(trace_row(t, at), &rows[at]);
	for (uint32_t k = n; k-- > 0;)
		same_row(trace_row(t, k), &rows[k]);
	ck_assert_int_eq(trace_frame(t, n / 2, &p, &e), 0);
	ck_assert_uint_eq(p.ordinal, rows[n / 2].packet);
	ck_assert_ptr_eq(trace_record(t), trace_session(t)->record);
	ck_assert(!trace_refresh(t));
	free(rows);
	trace_free(t);
}

static void check_capture(const char *name)
{
	struct stored plain, marked;
	struct store_snapshot now;

	ck_assert(stored_open(&plain, &name, 1, &(struct engine_options){ 0 }, NULL));
	ck_assert(
	    stored_open(&marked, &name, 1, &(struct engine_options){ .checkpoint = 3 }, NULL));
	store_snapshot(plain.store, &now);
	for (uint32_t i = 0; i < now.nsessions; i++)
		check_session(&plain, &marked, i);
	stored_close(&plain);
	stored_close(&marked);
}

START_TEST(test_captures)
{
	stored_for_captures(check_capture);
	ck_assert_uint_gt(rows_compared, 1000);
}
END_TEST

/* ---- a connection that has no record yet ---- */

struct watcher {
	struct sink sink; /* first */
	struct stored *stored;
	uint32_t seen, open_states;
};

/* At each packet: what would be said of its connection if this were the last. */
static int watch(struct sink *s, const struct event *ev, struct err *e)
{
	struct watcher *w = (struct watcher *)s;
	struct store_session row;
	struct trace *t;
	const struct conn_record *r;

	(void)e;
	store_publish(w->stored->store, -1, ev->u.segment.packet);
	store_session(w->stored->store, (uint32_t)ev->id - 1, &row);
	t = trace_new(w->stored->store, w->stored->cap, (uint32_t)ev->id - 1);
	r = trace_record(t);
	w->seen++;
	ck_assert_uint_eq(r->sides[0].packets + r->sides[1].packets, row.npackets);
	ck_assert_int_eq(r->start, row.start);
	w->open_states += r->is_open;
	for (unsigned side = 0; side < 2; side++)
		ck_assert_mem_eq(
		    &r->sides[side].addr, &row.sides[side].addr, sizeof(struct endpoint_addr));
	trace_free(t);
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

START_TEST(test_open)
{
	struct engine_options o = { .batch_packets = 1, .threads = 1, .checkpoint = 4 };
	struct stored s;
	struct watcher w = { { .ops = &watch_ops }, &s, 0, 0 };
	char path[4096];
	const char *file = path;

	stored_path(path, "data-lost.pcap");
	ck_assert(stored_open(&s, &file, 1, &o, &w.sink));
	ck_assert_uint_gt(w.seen, 10);
	ck_assert_uint_gt(w.open_states, 10);
	stored_close(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tc = tcase_create("trace");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, test_captures);
	tcase_add_test(tc, test_open);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
