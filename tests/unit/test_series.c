/* SPDX-License-Identifier: MIT */
/*
 * test_series - graphs from made-up transfers: nothing that stands out may be lost in few columns.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/replay.h"
#include "tcpshadow/series.h"

enum {
	ROUNDS = 20000, /* a segment and its acknowledgment */
	BYTES = 1000,
	WINDOW = 64000,
	SPIKE = 7777, /* the round whose acknowledgment is late */
};

#define MS (NS_PER_SEC / 1000)

struct rows {
	struct series_row *rows;
	size_t n, next;
};

static void next_row(void *ctx, struct series_row *out)
{
	struct rows *r = ctx;

	*out = r->rows[r->next++];
	r->next %= r->n;
}

static struct series_input input_of(struct rows *r)
{
	return (struct series_input){
		.nrows = r->n,
		.from = 0,
		.to = r->rows[r->n - 1].time,
		.handshake = { 7 * MS, -1 },
		.next = next_row,
		.ctx = r,
	};
}

/* One segment of the client every 10 ms, acknowledged after 1 ms, once after 9 ms. */
static struct rows ping_pong(void)
{
	struct rows r = { mem_alloc(2 * (size_t)ROUNDS, sizeof(*r.rows)), 0, 0 };

	for (uint64_t i = 0; i < ROUNDS; i++) {
		int64_t time = (int64_t)i * 10 * MS;
		int64_t rtt = i == SPIKE ? 9 * MS : MS;

		r.rows[r.n++] = (struct series_row){
			.time = time, .seq = 1 + i * BYTES, .len = BYTES, .flags = TCP_ACK, .ack = 1
		};
		r.rows[r.n++] = (struct series_row){ .time = time + rtt,
			.ack = 1 + (i + 1) * BYTES,
			.window = WINDOW,
			.flags = TCP_ACK,
			.side = SIDE_SERVER };
	}
	return r;
}

static struct series_column column_sum(const struct series *g, unsigned track)
{
	struct series_column sum = { .low = UINT64_MAX };

	for (unsigned i = 0; i < g->o.columns; i++) {
		const struct series_column *c = &g->tracks[track].columns[i];

		if (!c->has)
			continue;
		sum.has = true;
		sum.low = c->low < sum.low ? c->low : sum.low;
		sum.high = c->high > sum.high ? c->high : sum.high;
	}
	return sum;
}

/* One late answer among 20,000 shows in its column, in ten columns as in a thousand. */
START_TEST(test_spike)
{
	struct rows r = ping_pong();
	const struct series_input in = input_of(&r);
	const unsigned columns[] = { 10, 100, 1000 };
	const struct series_options o = { .graph = SERIES_RTT, .columns = columns[_i] };
	struct series g;
	int at;

	series_init(&g, &in, &o);
	at = series_column_of(&g, (int64_t)SPIKE * 10 * MS + 9 * MS);
	ck_assert_int_ge(at, 0);
	for (int i = 0; i < (int)g.o.columns; i++) {
		const struct series_column *c = &g.tracks[2].columns[i];

		ck_assert(c->has);
		ck_assert_uint_eq(c->high, i == at ? (uint64_t)(9 * MS) : (uint64_t)MS);
		ck_assert_uint_eq(c->low, (uint64_t)MS);
	}
	ck_assert_uint_eq(g.tracks[0].columns[5].low, (uint64_t)(7 * MS));
	ck_assert_uint_ge(g.high, (uint64_t)(9 * MS));
	ck_assert(!g.is_empty);
	series_release(&g);
	free(r.rows);
}
END_TEST

START_TEST(test_sequence)
{
	struct rows r = ping_pong();
	const struct series_input in = input_of(&r);
	struct series_options o = { .graph = SERIES_SEQUENCE, .columns = 50 };
	struct series g;

	series_init(&g, &in, &o);
	ck_assert_uint_eq(column_sum(&g, 2).low, 1);
	ck_assert_uint_eq(column_sum(&g, 2).high, 1 + (uint64_t)ROUNDS * BYTES);
	ck_assert_uint_eq(column_sum(&g, 1).high, 1 + (uint64_t)ROUNDS * BYTES);
	/* Zoomed: the acknowledgments before still are where the line comes from. */
	series_release(&g);
	o.from = 1000 * 10 * MS + 2 * MS;
	o.to = o.from + 5 * MS;
	series_init(&g, &in, &o);
	ck_assert(g.tracks[1].columns[0].has && !g.tracks[2].columns[0].has);
	ck_assert_uint_eq(g.tracks[1].columns[0].low, 1 + UINT64_C(1001) * BYTES);
	series_release(&g);
	/* The other side sent nothing. */
	o = (struct series_options){ .graph = SERIES_SEQUENCE, .side = SIDE_SERVER, .columns = 50 };
	series_init(&g, &in, &o);
	ck_assert(column_sum(&g, 2).has == false);
	series_release(&g);
	free(r.rows);
}
END_TEST

/* Sent again: no sample of it, a letter, and throughput above goodput. */
START_TEST(test_again)
{
	struct series_row rows[] = {
		{ .time = 0, .seq = 1, .len = 100, .flags = TCP_ACK },
		{ .time = 500 * MS,
		    .seq = 1,
		    .len = 100,
		    .flags = TCP_ACK,
		    .notes = 1u << SEGMENT_NOTE_RETRANSMISSION },
		{ .time = 510 * MS,
		    .ack = 101,
		    .flags = TCP_ACK,
		    .window = 0,
		    .side = SIDE_SERVER,
		    .notes = 1u << SEGMENT_NOTE_ZERO_WINDOW },
		{ .time = 1000 * MS, .flags = TCP_RST, .side = SIDE_SERVER },
	};
	struct rows r = { rows, ARRAY_LEN(rows), 0 };
	const struct series_input in = input_of(&r);
	struct series_options o = { .graph = SERIES_RTT, .columns = 100 };
	struct series g;

	series_init(&g, &in, &o);
	ck_assert(!column_sum(&g, 2).has);
	ck_assert_uint_eq(g.marks[50], SERIES_MARK_RETRANSMIT);
	ck_assert_uint_eq(g.marks[51], SERIES_MARK_ZERO_WINDOW);
	ck_assert_uint_eq(g.marks[99], SERIES_MARK_RST);
	ck_assert_int_eq(series_mark_letter(SERIES_MARK_RST), 'X');
	ck_assert_uint_eq(g.nwaits, 2);
	ck_assert(g.waits[0].from == 0 && g.waits[0].ns == 500 * MS && g.waits[0].row == 1);
	series_release(&g);
	o.graph = SERIES_RATE;
	series_init(&g, &in, &o);
	ck_assert_uint_eq(g.tracks[0].columns[1].high, 2500);
	ck_assert_uint_eq(g.tracks[0].columns[50].high, 2500);
	ck_assert_uint_eq(column_sum(&g, 1).high, 0);
	series_release(&g);
}
END_TEST

START_TEST(test_ticks)
{
	uint64_t t[8];

	ck_assert_uint_eq(series_ticks(0, 100, 6, t), 6);
	ck_assert(t[0] == 0 && t[1] == 20 && t[5] == 100);
	ck_assert_uint_eq(series_ticks(7, 23, 4, t), 3);
	ck_assert(t[0] == 10 && t[1] == 15 && t[2] == 20);
	ck_assert_uint_eq(series_ticks(5, 5, 4, t), 1);
	ck_assert_uint_ge(series_ticks(0, UINT64_MAX, 8, t), 1);
	ck_assert_uint_eq(series_ticks(UINT64_MAX - 1, UINT64_MAX, 8, t), 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("series");
	TCase *t = tcase_create("graphs");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_spike, 0, 3);
	tcase_add_test(t, test_sequence);
	tcase_add_test(t, test_again);
	tcase_add_test(t, test_ticks);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
