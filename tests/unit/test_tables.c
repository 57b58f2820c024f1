/* SPDX-License-Identifier: MIT */
/*
 * test_tables - the tables that a flood goes through (idmap, halfopen), against plain lists.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "engine/idmap.h"
#include "tcp/flow.h"
#include "tcp/halfopen.h"

enum {
	UIDS = 3000,
	PLACES = 100,
	SYNS = 20000,
	HELD_MAX = 256,
};

static uint64_t random_state;

static uint32_t any(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static void setup(void)
{
	random_state = 1;
}

/* ---- idmap ---- */

/* Opens some uids that are not open yet, most of them in order; closes some at random. */
static void churn(struct idmap *m, uint64_t *ids, uint64_t *last_id, uint64_t uid)
{
	uint64_t late = uid > 200 ? uid - any(200) : uid, victim = 1 + any((uint32_t)uid);

	if (any(3) && !ids[uid])
		idmap_put(m, uid, ids[uid] = ++*last_id);
	if (!any(10) && !ids[late])
		idmap_put(m, late, ids[late] = ++*last_id);
	if (any(2)) {
		ck_assert_uint_eq(idmap_take(m, victim), ids[victim]);
		ids[victim] = 0;
	}
}

static void check_all(const struct idmap *m, const uint64_t *ids)
{
	for (uint64_t uid = 1; uid <= UIDS; uid++)
		ck_assert_uint_eq(idmap_get(m, uid), ids[uid]);
}

START_TEST(test_ids)
{
	static uint64_t ids[UIDS + 1];
	struct idmap m;
	uint64_t last_id = 0;

	idmap_init(&m);
	memset(ids, 0, sizeof(ids));
	for (uint64_t uid = 1; uid <= UIDS; uid++) {
		churn(&m, ids, &last_id, uid);
		if (uid % 500 == 0)
			check_all(&m, ids);
	}
	for (uint64_t uid = UIDS; uid > 0; uid--)
		ck_assert_uint_eq(idmap_take(&m, uid), ids[uid]);
	ck_assert_uint_eq(m.used, 0);
	idmap_release(&m);
}
END_TEST

/* ---- halfopen ---- */

struct held {
	struct segment syns[HELD_MAX]; /* oldest first */
	size_t n;
};

static void drop(struct held *l, size_t i)
{
	l->n--;
	memmove(&l->syns[i], &l->syns[i + 1], (l->n - i) * sizeof(l->syns[0]));
}

static struct segment syn(uint64_t packet)
{
	struct segment s = { .packet = packet, .ts = (int64_t)packet * 1000, .kind = SEG_TCP };

	s.ip_version = 4;
	s.flags = TCP_SYN;
	s.src.b[3] = (uint8_t)any(20);
	s.dst.b[3] = (uint8_t)(100 + any(2));
	s.sport = (uint16_t)any(20);
	s.dport = 80;
	s.seq = any(UINT32_MAX);
	s.window = (uint16_t)any(3);
	return s;
}

static bool is_same_pair(const struct segment *a, const struct segment *b)
{
	return a->src.b[3] == b->src.b[3] && a->dst.b[3] == b->dst.b[3] && a->sport == b->sport;
}

static void check_syn(const struct segment *got, const struct segment *wanted)
{
	ck_assert_uint_eq(got->packet, wanted->packet);
	ck_assert_int_eq(got->ts, wanted->ts);
	ck_assert_uint_eq(got->seq, wanted->seq);
	ck_assert_uint_eq(got->window, wanted->window);
	ck_assert(is_same_pair(got, wanted));
}

/* An answered one leaves from the middle: its place counts until the tail has passed it. */
static void take(struct halfopen *h, struct held *l, const struct segment *s)
{
	struct segment got;
	size_t i = 0;

	while (i < l->n && !is_same_pair(&l->syns[i], s))
		i++;
	ck_assert(halfopen_take(h, s, flow_hash(s, 7), &got) == (i < l->n));
	if (i == l->n)
		return;
	check_syn(&got, &l->syns[i]);
	drop(l, i);
}

static void put(struct halfopen *h, struct held *l, const struct segment *s)
{
	uint64_t gone;

	ck_assert(halfopen_put(h, s, flow_hash(s, 7), &gone));
	if (gone) {
		ck_assert_uint_gt(l->n, 0);
		ck_assert_uint_eq(gone, l->syns[0].packet);
		drop(l, 0);
	}
	l->syns[l->n++] = *s;
	ck_assert_uint_le(l->n, PLACES);
}

static void expire(struct halfopen *h, struct held *l, int64_t until)
{
	struct segment got;

	while (halfopen_take_oldest(h, until, &got)) {
		ck_assert_uint_gt(l->n, 0);
		check_syn(&got, &l->syns[0]);
		drop(l, 0);
	}
	ck_assert(l->n == 0 || l->syns[0].ts > until);
}

START_TEST(test_syns)
{
	static struct held l;
	struct halfopen *h = halfopen_new(PLACES, 7, NULL);

	l.n = 0;
	for (uint64_t packet = 1; packet <= SYNS; packet++) {
		struct segment s = syn(packet);

		take(h, &l, &s);
		put(h, &l, &s);
		if (!any(50))
			expire(h, &l, s.ts - 1000 * (int64_t)any(PLACES));
		ck_assert_uint_eq(halfopen_count(h), l.n);
		ck_assert_uint_eq(halfopen_oldest(h), l.n ? l.syns[0].packet : 0);
	}
	expire(h, &l, INT64_MAX);
	ck_assert_uint_eq(halfopen_count(h), 0);
	halfopen_free(h);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tables");
	TCase *t = tcase_create("tables");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, test_ids);
	tcase_add_test(t, test_syns);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
