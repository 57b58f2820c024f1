/* SPDX-License-Identifier: MIT */
/*
 * test_ladder - every packet has one line, every line is found, whatever is folded.
 *
 * Input: captures/ of the source.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stored.h"
#include "tcpshadow/ladder.h"

static void peek(const void *ctx, size_t i, struct ladder_peek *out)
{
	const struct store_session *s = ctx;
	struct store_packet p;

	store_packet(s, (uint32_t)i, &p);
	*out = (struct ladder_peek){ p.ordinal, p.time - s->start, p.len, p.seq, p.ack, p.notes,
		p.flags, 0, p.side, p.is_icmp, p.has_sack };
}

static unsigned folds_seen, unseen_seen, gaps_seen;

static void count_item(const struct ladder_item *it)
{
	folds_seen += it->kind == LADDER_FOLD;
	unseen_seen += it->kind == LADDER_UNSEEN && it->lines;
	gaps_seen += it->kind == LADDER_GAP;
}

/* Items in order of lines and packets, and each packet in exactly one of them. */
static void check_items(const struct ladder *l, const struct ladder_source *src)
{
	uint64_t line = 0;
	size_t next = 0;

	for (size_t i = 0; i < l->nitems; i++) {
		const struct ladder_item *it = &l->items[i];

		count_item(it);
		ck_assert_uint_eq(it->line, line);
		ck_assert_uint_le(it->first, src->n);
		if (it->kind == LADDER_SEGMENT || it->kind == LADDER_FOLD) {
			ck_assert_uint_eq(it->first, next);
			next = it->last + 1;
		} else {
			ck_assert_uint_eq(it->first, next);
		}
		line += it->kind == LADDER_SEGMENT ? it->last - it->first + 1
		        : it->kind == LADDER_GAP || it->kind == LADDER_UNSEEN ? it->lines
		                                                              : 1u;
	}
	ck_assert_uint_eq(next, src->n);
	ck_assert_uint_eq(line, l->lines);
}

static void check_lines(const struct ladder *l, size_t n)
{
	for (uint64_t line = 0; line < l->lines; line++) {
		const struct ladder_item *it = &l->items[ladder_at(l, line)];

		ck_assert_uint_ge(line, it->line);
		if (it->kind == LADDER_SEGMENT)
			ck_assert_uint_eq(ladder_line_of(l, ladder_packet(l, line)), line);
	}
	for (size_t i = 0; i < n; i++) {
		const struct ladder_item *it = &l->items[ladder_at(l, ladder_line_of(l, i))];

		ck_assert(it->kind == LADDER_SEGMENT || it->kind == LADDER_FOLD);
		ck_assert(i >= it->first && i <= it->last);
	}
}

static void check_layout(const struct ladder_source *src, const struct ladder_options *o)
{
	struct ladder l;

	ladder_build(&l, src, o);
	check_items(&l, src);
	check_lines(&l, src->n);
	if (!o->fold)
		ck_assert_uint_ge(l.lines, src->n);
	ladder_release(&l);
}

static void check_session(const struct store_session *s)
{
	struct ladder_source src = { s->npackets, peek, s, s->record, 1, s->start };
	struct ladder_span all = { 0, UINT64_MAX };

	for (unsigned gaps = LADDER_GAPS_LOG; gaps <= LADDER_GAPS_OFF; gaps++) {
		check_layout(
		    &src, &(struct ladder_options){ .fold = false, .gaps = (uint8_t)gaps });
		check_layout(&src, &(struct ladder_options){ .fold = true, .gaps = (uint8_t)gaps });
	}
	for (uint32_t least = 1; least < 20; least += 3)
		check_layout(&src, &(struct ladder_options){ .fold = true, .fold_min = least });
	check_layout(&src, &(struct ladder_options){ .fold = true, .opened = &all, .nopened = 1 });
}

static void check_capture(const char *name)
{
	struct stored stored;
	struct store_snapshot now;
	struct store_session row;

	ck_assert(stored_open(&stored, &name, 1, &(struct engine_options){ 0 }, NULL));
	store_snapshot(stored.store, &now);
	for (uint32_t i = 0; i < now.nsessions; i++) {
		store_session(stored.store, i, &row);
		check_session(&row);
	}
	stored_close(&stored);
}

START_TEST(test_captures)
{
	stored_for_captures(check_capture);
	ck_assert_uint_gt(folds_seen, 0);
	ck_assert_uint_gt(unseen_seen, 0);
	ck_assert_uint_gt(gaps_seen, 0);
}
END_TEST

/* ---- what was never captured ---- */

static void peek_list(const void *ctx, size_t i, struct ladder_peek *out)
{
	*out = ((const struct ladder_peek *)ctx)[i];
}

static struct ladder build_list(const struct ladder_peek *list, size_t n)
{
	static const struct conn_record none = { .one_sided = -1 };
	struct ladder_source src = { n, peek_list, list, &none, 1, 0 };
	struct ladder l;

	ladder_build(&l, &src, &(struct ladder_options){ .fold = false });
	return l;
}

#define GAP   (1u << SEGMENT_NOTE_GAP_BEFORE)
#define LATE  (1u << SEGMENT_NOTE_OUT_OF_ORDER)
#define AGAIN (1u << SEGMENT_NOTE_RETRANSMISSION)

/* Numbers pass 2^32 in the middle of what is missing. */
START_TEST(test_unseen)
{
	struct ladder_peek list[] = {
		{ .packet = 1, .seq = 0xfffffff0, .len = 10, .flags = TCP_ACK },
		{ .packet = 2, .time = 1, .seq = 20, .len = 10, .flags = TCP_ACK, .notes = GAP },
		{ .packet = 3,
		    .time = 2,
		    .seq = 0xfffffffa,
		    .len = 26,
		    .flags = TCP_ACK,
		    .notes = AGAIN },
	};
	struct ladder l = build_list(list, 3);

	ck_assert_uint_eq(l.nitems, 3);
	ck_assert_uint_eq(l.items[1].kind, LADDER_UNSEEN);
	ck_assert_uint_eq(l.items[1].seq, 0xfffffffa);
	ck_assert_uint_eq(l.items[1].bytes, 26);
	ck_assert_uint_eq(l.items[1].lines, 1);
	ladder_release(&l);
	list[2].notes = LATE; /* it was captured after all */
	l = build_list(list, 3);
	ck_assert_uint_eq(l.lines, 3);
	ladder_release(&l);
}
END_TEST

/* ---- several connections ---- */

static const struct state_entry timed_out[] = {
	{ .state = TCPS_TIME_WAIT, .rule = FSM_RULE_NONE },
	{ .state = TCPS_CLOSED, .time = 40 },
};

/* What a connection sent last says nothing about another one; their own times begin where they begin. */
START_TEST(test_two)
{
	struct ladder_peek list[] = {
		{ .packet = 1, .seq = 100, .len = 10, .flags = TCP_ACK },
		{ .packet = 2, .time = 5, .seq = 900, .len = 10, .flags = TCP_ACK, .conn = 1 },
		{ .packet = 3, .time = 30, .seq = 120, .len = 5, .flags = TCP_ACK, .notes = GAP },
		{ .packet = 4, .time = 60, .seq = 910, .len = 5, .flags = TCP_ACK, .conn = 1 },
	};
	struct conn_record records[2] = { { .one_sided = -1 }, { .one_sided = -1, .start = 5 } };
	struct ladder_source src = { 4, peek_list, list, records, 2, 0 };
	struct ladder_item fold = { .first = 0, .last = 3 };
	struct ladder l;

	records[0].sides[0].states = records[1].sides[1].states = timed_out;
	records[0].sides[0].nstates = records[1].sides[1].nstates = 2;
	ladder_build(&l, &src, &(struct ladder_options){ .fold = false });
	ck_assert_uint_eq(l.nitems, 6);
	ck_assert_uint_eq(l.items[1].kind, LADDER_UNSEEN);
	ck_assert_uint_eq(l.items[1].conn, 0);
	ck_assert_uint_eq(l.items[1].seq, 110);
	ck_assert_uint_eq(l.items[3].kind, LADDER_TIMER);
	ck_assert_uint_eq(l.items[3].conn, 0);
	ck_assert_uint_eq(l.items[4].kind, LADDER_TIMER);
	ck_assert_uint_eq(l.items[4].conn, 1);
	ck_assert_uint_eq(l.items[4].side, 1);
	ck_assert_uint_eq(ladder_fold_of(&src, &fold).conns, 3);
	ladder_release(&l);
}
END_TEST

/* The gap in front of a connection's first packet is no wait of its handshake. */
START_TEST(test_gap_label)
{
	struct session_row row = { .step.transfer.wait = WAIT_HANDSHAKE };

	ck_assert_str_eq(ladder_gap_label(&row), "idle");
	row.step.transfer.waited = 1;
	ck_assert_str_eq(ladder_gap_label(&row), "handshake");
	row.step.transfer.wait = WAIT_NONE;
	row.step.transfer.waited = 0;
	ck_assert_str_eq(ladder_gap_label(&row), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ladder");
	TCase *tc = tcase_create("ladder");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, test_captures);
	tcase_add_test(tc, test_unseen);
	tcase_add_test(tc, test_two);
	tcase_add_test(tc, test_gap_label);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
