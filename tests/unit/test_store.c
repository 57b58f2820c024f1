/* SPDX-License-Identifier: MIT */
/*
 * test_store - the store says of every capture what the events said.
 *
 * Input: captures/ of the source.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stored.h"
#include "report/publish.h"
#include "tcpshadow/findlist.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/stable.h"

/* ---- a run with the store, and a second sink that remembers the packets in a plain list ---- */

struct heard {
	uint64_t id;
	struct event_segment segment;
};

struct listener {
	struct sink sink; /* first */
	struct heard *heard;
	size_t n, cap;
	size_t records;
};

static int listen_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct listener *l = (struct listener *)s;

	(void)e;
	if (ev->type == EVENT_RECORD) {
		l->records++;
		return 0;
	}
	l->heard = mem_grow(l->heard, l->n, &l->cap, sizeof(*l->heard));
	l->heard[l->n++] = (struct heard){ ev->id, ev->u.segment };
	return 0;
}

static int listen_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static const struct sink_ops listen_ops = {
	.wants = EVENT_BIT(EVENT_SEGMENT) | EVENT_BIT(EVENT_RECORD),
	.event = listen_event,
	.finish = listen_finish,
};

struct run {
	struct stored stored;
	struct store *store;
	struct listener listener;
};

static void run_files(struct run *r, const char *const *files, size_t n, size_t batch)
{
	struct engine_options o = { .batch_packets = batch };

	memset(r, 0, sizeof(*r));
	r->listener.sink.ops = &listen_ops;
	ck_assert(stored_open(&r->stored, files, n, &o, &r->listener.sink));
	r->store = r->stored.store;
}

static void run_release(struct run *r)
{
	stored_close(&r->stored);
	free(r->listener.heard);
}

/* ---- tests ---- */

/* A packet may count for two connections: a SYN that turned out to begin the next. */
static void check_owner(const struct run *r, uint64_t ordinal)
{
	uint32_t owner = store_owner(r->store, ordinal);
	struct store_session row;
	struct store_packet p;

	ck_assert_uint_ne(owner, STORE_NONE);
	store_session(r->store, owner, &row);
	store_packet(&row, store_packet_from(&row, ordinal), &p);
	ck_assert_uint_eq(p.ordinal, ordinal);
}

static void check_packet(
    const char *name, const struct run *r, uint32_t *next, const struct heard *h)
{
	uint32_t index = (uint32_t)h->id - 1;
	struct store_session row;
	struct store_packet p;

	store_session(r->store, index, &row);
	ck_assert_uint_lt(next[index], row.npackets);
	ck_assert_uint_eq(store_packet_from(&row, h->segment.packet), next[index]);
	store_packet(&row, next[index]++, &p);
	ck_assert_uint_eq(p.ordinal, h->segment.packet);
	ck_assert_uint_eq(p.offset, h->segment.offset);
	ck_assert_uint_eq(p.file, h->segment.file);
	ck_assert_int_eq(p.time, h->segment.time);
	ck_assert_uint_eq(p.len, h->segment.len);
	ck_assert_uint_eq(p.flags, h->segment.flags);
	ck_assert_uint_eq(p.notes, h->segment.notes);
	ck_assert_uint_eq(p.is_icmp, h->segment.is_icmp);
	ck_assert_uint_eq(p.has_sack, h->segment.has_sack);
	ck_assert_msg(p.side == (h->segment.end ^ row.client_end), "%s", name);
	for (unsigned side = 0; side < 2; side++)
		ck_assert_uint_eq(p.states[side], h->segment.states[side ^ row.client_end]);
	check_owner(r, h->segment.packet);
}

static void check_record(const struct store_session *row, uint32_t index)
{
	const struct conn_record *rec = row->record;

	ck_assert_ptr_nonnull(rec);
	ck_assert_uint_eq(rec->id, index + 1);
	ck_assert_int_eq(rec->start, row->start);
	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *s = &rec->sides[side];

		ck_assert_uint_eq(s->packets, row->sides[side].packets);
		ck_assert_mem_eq(&s->addr, &row->sides[side].addr, sizeof(s->addr));
		if (s->nstates)
			ck_assert_uint_eq(s->states[s->nstates - 1].state, row->sides[side].state);
	}
}

static void check_rows(const struct run *r, const struct store_snapshot *now)
{
	uint32_t nfindings = 0;

	for (uint32_t i = 0; i < now->nsessions; i++) {
		struct store_session row;
		unsigned touched = 0;

		store_session(r->store, i, &row);
		check_record(&row, i);
		ck_assert_int_le(row.gap, row.end - row.start);
		nfindings += row.record->nfindings;
		for (unsigned k = 0; k < STORE_ACTIVITY; k++)
			touched += row.activity[k] != 0;
		ck_assert_uint_gt(touched, 0);
		ck_assert_uint_le(touched, row.npackets);
	}
	ck_assert_uint_eq(now->nfindings, nfindings);
	ck_assert_uint_eq(now->nsuperseded, 0);
	for (uint32_t i = 0; i < nfindings; i++)
		ck_assert_uint_lt(store_finding(r->store, i).session, now->nsessions);
}

static void check_capture(const char *name, size_t batch)
{
	struct store_snapshot now;
	struct run r;
	uint32_t *next;

	run_files(&r, &name, 1, batch);
	store_snapshot(r.store, &now);
	ck_assert_msg(now.is_done && now.per_mille == 1000, "%s", name);
	ck_assert_uint_eq(now.packets, cap_facts(r.stored.cap)->packets);
	ck_assert_uint_eq(now.ntcp, r.listener.n);
	ck_assert_uint_eq(now.nover, r.listener.records);
	ck_assert_uint_eq(now.nsessions, r.listener.records);
	next = mem_alloc(now.nsessions + 1, sizeof(*next));
	for (size_t i = 0; i < r.listener.n; i++)
		check_packet(name, &r, next, &r.listener.heard[i]);
	check_rows(&r, &now);
	ck_assert_ptr_nonnull(store_summary(r.store));
	free(next);
	run_release(&r);
}

static unsigned captures_checked;

static void check_both(const char *name)
{
	captures_checked += 2;
	check_capture(name, 0);
	check_capture(name, 1); /* every packet is published by itself */
}

START_TEST(test_captures)
{
	stored_for_captures(check_both);
	ck_assert_uint_gt(captures_checked, 60);
}
END_TEST

/* Packets of the second file are numbered from 1 again. */
START_TEST(test_two_files)
{
	const char *files[2];
	char first[4096], second[4096];
	struct store_packet p;
	struct store_session row;
	struct run r;
	uint64_t n;
	uint16_t file;

	stored_path(first, "normal.pcap");
	stored_path(second, "textbook.pcap");
	files[0] = first;
	files[1] = second;
	run_files(&r, files, 2, 0);
	n = cap_facts(r.stored.cap)->files[0].packets;
	ck_assert_uint_eq(store_number(r.store, n, &file), n);
	ck_assert_uint_eq(file, 0);
	ck_assert_uint_eq(store_number(r.store, n + 1, &file), 1);
	ck_assert_uint_eq(file, 1);
	ck_assert_uint_eq(store_ordinal(r.store, 1, 1), n + 1);
	ck_assert_uint_eq(store_ordinal(r.store, 1, 0), 0);
	ck_assert_uint_eq(store_ordinal(r.store, 0, n + 1), 0);
	store_session(r.store, store_owner(r.store, n + 1), &row);
	store_packet(&row, 0, &p);
	ck_assert_uint_eq(p.file, 1);
	ck_assert_uint_eq(store_owner(r.store, 0), STORE_NONE);
	ck_assert_uint_eq(store_owner(r.store, 1000000), STORE_NONE);
	run_release(&r);
}
END_TEST

static void tell_segment(struct store *s, uint64_t packet, int64_t time, uint16_t flags)
{
	struct event ev = { .type = EVENT_SEGMENT, .id = 1 };

	ev.u.segment = (struct event_segment){
		.packet = packet, .time = time, .flags = flags, .from_client = true, .end = 0
	};
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
}

/* A SYN is told of the connection that had its ports; its record knows that it began the next one. */
START_TEST(test_taken_back)
{
	struct cap_facts facts = { 0 };
	struct store *s = store_new(&facts);
	struct conn_record record = { .id = 1, .start = 100, .end = 150 };
	struct event ev = { .type = EVENT_OPEN, .id = 1 };
	struct store_session row;
	struct store_snapshot now;

	ev.u.open.time = 100;
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	tell_segment(s, 1, 100, TCP_SYN);
	tell_segment(s, 2, 130, TCP_ACK);
	tell_segment(s, 3, 150, TCP_ACK);
	tell_segment(s, 4, 9000, TCP_SYN);
	record.sides[0].packets = 3;
	record.sides[1].end = 1;
	ev = (struct event){ .type = EVENT_RECORD, .id = 1, .u.record = &record };
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	store_publish(s, 0, 4);
	store_session(s, 0, &row);
	store_snapshot(s, &now);
	ck_assert_uint_eq(row.npackets, 3);
	ck_assert_uint_eq(now.ntcp, 3);
	ck_assert_int_eq(row.gap, 30);
	ck_assert_uint_eq(row.gap_at, 1);
	ck_assert_int_eq(row.end, 150);
	store_free(s);
}
END_TEST

static struct findlist *findings;

/* Only those of the record that the connection has now, in the list of findings too. */
static void check_findings(
    const struct store *s, const struct store_session *row, const struct store_snapshot *now)
{
	const struct findlist_options options = { .by = FINDLIST_FLAT };
	uint32_t wanted = row->record ? row->record->nfindings : 0, n = 0;

	for (uint32_t i = 0; i < now->nfindings; i++)
		n += store_finding(s, i).record == row->record;
	ck_assert_uint_eq(n, wanted);
	ck_assert_uint_eq(now->nfindings - now->nsuperseded, wanted);
	(void)findlist_update(findings, s, now, &options);
	ck_assert_uint_eq(findlist_findings(findings), wanted);
	ck_assert_uint_eq(findlist_rows(findings), wanted);
}

static void check_stand(struct store *s, bool has_record, uint8_t severity, uint64_t packets)
{
	struct store_session row;
	struct store_snapshot now;

	store_publish(s, 0, 4);
	store_session(s, 0, &row);
	store_snapshot(s, &now);
	ck_assert(!row.record == !has_record);
	ck_assert_uint_eq(now.nover, has_record);
	ck_assert_uint_eq(row.severity, severity);
	ck_assert_uint_eq((uint64_t)row.sides[0].packets + row.sides[1].packets, packets);
	check_findings(s, &row, &now);
}

/* Live a connection that looks over has its record at once, and none when it goes on after all. */
START_TEST(test_looks_over)
{
	struct cap_facts facts = { .is_live = true };
	struct store *s = store_new(&facts);
	struct finding refused = { .id = FINDING_SYN_REJECTED_RST };
	struct conn_record record = { .id = 1, .start = 100, .end = 120 };
	struct event ev = { .type = EVENT_OPEN, .id = 1 };

	findings = findlist_new();
	ck_assert_uint_ne(store_sink(s)->ops->wants & EVENT_BIT(EVENT_CLOSED), 0);
	ev.u.open.time = 100;
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	tell_segment(s, 1, 100, TCP_SYN);
	check_stand(s, false, 0, 1);
	record.sides[0].packets = 1;
	record.sides[1].end = 1;
	record.findings = &refused;
	record.nfindings = 1;
	ev = (struct event){ .type = EVENT_CLOSED, .id = 1, .u.record = &record };
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	check_stand(s, true, SEVERITY_ERROR, 1);
	tell_segment(s, 2, 9000, TCP_SYN);
	check_stand(s, false, 0, 2);
	record.sides[0].packets = 2;
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	check_stand(s, true, SEVERITY_ERROR, 2);
	record.nfindings = 0;
	ev.type = EVENT_RECORD;
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	check_stand(s, true, 0, 2);
	findlist_free(findings);
	store_free(s);
	facts.is_live = false;
	s = store_new(&facts);
	ck_assert_uint_eq(store_sink(s)->ops->wants & EVENT_BIT(EVENT_CLOSED), 0);
	store_free(s);
}
END_TEST

/* As in the record: the first SYN-ACK answers the SYN, repeated ones tell how long the ACK took. */
START_TEST(test_first_synack)
{
	struct cap_facts facts = { 0 };
	struct store *s = store_new(&facts);
	struct event ev = { .type = EVENT_OPEN, .id = 1 };
	struct store_session row;

	ev.u.open.time = 100;
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	tell_segment(s, 1, 100, TCP_SYN);
	tell_segment(s, 2, 130, TCP_SYN | TCP_ACK);
	tell_segment(s, 3, 1130, TCP_SYN | TCP_ACK);
	store_publish(s, 0, 3);
	store_session(s, 0, &row);
	ck_assert_int_eq(row.syn_to_synack, 30);
	store_free(s);
}
END_TEST

/* The cursor stays on its finding when the record is made anew, also where both ends have the same one. */
START_TEST(test_both_ends)
{
	const struct findlist_options options = { .by = FINDLIST_FLAT };
	struct cap_facts facts = { .is_live = true };
	struct store *s = store_new(&facts);
	struct finding both[2] = { { .id = FINDING_SYN_REJECTED_RST, .by = SIDE_CLIENT },
		{ .id = FINDING_SYN_REJECTED_RST, .by = SIDE_SERVER } };
	struct finding anew[2] = { both[0], both[1] };
	struct conn_record record = { .id = 1, .findings = both, .nfindings = 2 };
	struct event ev = { .type = EVENT_OPEN, .id = 1 };
	struct store_snapshot now;
	struct findlist_row rows[2];

	findings = findlist_new();
	ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
	tell_segment(s, 1, 100, TCP_SYN);
	record.sides[1].end = 1;
	ev = (struct event){ .type = EVENT_CLOSED, .id = 1, .u.record = &record };
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(store_sink(s)->ops->event(store_sink(s), &ev, NULL), 0);
		store_publish(s, 0, 1);
		store_snapshot(s, &now);
		(void)findlist_update(findings, s, &now, &options);
		ck_assert_uint_eq(findlist_rows(findings), 2);
		for (size_t k = 0; k < 2 && i == 0; k++)
			rows[k] = findlist_row(findings, k);
		record.findings = anew;
	}
	for (size_t k = 0; k < 2; k++)
		ck_assert_uint_eq(
		    findlist_row(findings, findlist_row_like(findings, &rows[k])).worst.finding->by,
		    rows[k].worst.finding->by);
	findlist_free(findings);
	store_free(s);
}
END_TEST

START_TEST(test_stable)
{
	struct stable s;
	uint64_t *first;

	stable_init(&s, sizeof(uint64_t));
	ck_assert_ptr_null(stable_at(&s, 0));
	first = stable_reach(&s, 0);
	for (uint64_t i = 0; i < 100000; i++)
		*(uint64_t *)stable_reach(&s, i) = i;
	ck_assert_ptr_eq(first, stable_at(&s, 0));
	for (uint64_t i = 0; i < 100000; i++)
		ck_assert_uint_eq(*(uint64_t *)stable_at(&s, i), i);
	ck_assert_ptr_null(stable_at(&s, 1000000));
	stable_release(&s);
}
END_TEST

START_TEST(test_publish)
{
	char in[13] = "twelve bytes", out[13] = "";
	publish_word words[1 + PUBLISH_WORDS(sizeof(in))] = { 0 };

	publish_get(words, out, sizeof(out));
	ck_assert_int_eq(out[0], 0);
	publish_put(words, in, sizeof(in));
	publish_get(words, out, sizeof(out));
	ck_assert_str_eq(in, out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = tcase_create("store");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, test_taken_back);
	tcase_add_test(tc, test_looks_over);
	tcase_add_test(tc, test_first_synack);
	tcase_add_test(tc, test_both_ends);
	tcase_add_test(tc, test_stable);
	tcase_add_test(tc, test_publish);
	tcase_add_test(tc, test_captures);
	tcase_add_test(tc, test_two_files);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
