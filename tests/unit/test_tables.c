/* SPDX-License-Identifier: MIT */
/*
 * test_tables - the tables that a flood goes through (idmap, halfopen), against plain lists; and words and
 * connections packed and unpacked.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "engine/idmap.h"
#include "tcp/conn.h"
#include "tcp/flow.h"
#include "tcp/halfopen.h"
#include "tcp/sparse.h"
#include "tcpshadow/mem.h"

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
	s.ttl = (uint8_t)(63 + any(2));
	s.wire_len = 54 + any(2);
	s.opt.seen = any(4) * OPT_MSS | any(2) * OPT_TIMESTAMPS;
	s.opt.mss = (s.opt.seen & OPT_MSS) ? 1460 : 0;
	s.opt.wscale = (s.opt.seen & OPT_WSCALE) ? 7 : 0;
	s.opt.tsval = (s.opt.seen & OPT_TIMESTAMPS) ? any(UINT32_MAX) : 0;
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
	ck_assert_uint_eq(got->flags, wanted->flags);
	ck_assert_uint_eq(got->ttl, wanted->ttl);
	ck_assert_uint_eq(got->wire_len, wanted->wire_len);
	ck_assert_uint_eq(got->opt.seen, wanted->opt.seen);
	ck_assert_uint_eq(got->opt.mss, wanted->opt.mss);
	ck_assert_uint_eq(got->opt.wscale, wanted->opt.wscale);
	ck_assert_uint_eq(got->opt.tsval, wanted->opt.tsval);
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

/* On the heap, then at full size in a region. */
START_TEST(test_syns)
{
	static struct held l;
	struct region *region = _i ? region_new() : NULL;
	struct halfopen *h = halfopen_new(PLACES, 7, region);

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
	region_free(region);
}
END_TEST

/* ---- packed connections ---- */

/* One word in `sparse` is not zero, and of these some are small. */
static void scatter(void *bytes, size_t n, uint32_t sparse)
{
	for (size_t i = 0; i + sizeof(uint32_t) <= n; i += sizeof(uint32_t)) {
		uint32_t word = any(sparse) ? 0 : 1 + any(any(2) ? 200 : UINT32_MAX - 1);

		memcpy((uint8_t *)bytes + i, &word, sizeof(word));
	}
}

enum {
	WORDS_BYTES = 3 * SPARSE_GROUP + SPARSE_GROUP / 4,
};

/* Both ways give the same, and neither reads behind the end (the address sanitizer looks on). */
static void check_ways(const uint8_t *bytes, const uint8_t *base, size_t n)
{
	const struct sparse_way *best = sparse_best();
	uint8_t out[2 * WORDS_BYTES], other[2 * WORDS_BYTES];
	size_t packed = (size_t)(sparse_put(&sparse_plain, out, bytes, base, n) - out);
	uint8_t *exact = mem_copy(out, packed, 1), *back = mem_alloc(n, 1);

	ck_assert_uint_eq((size_t)(sparse_put(best, other, bytes, base, n) - other), packed);
	ck_assert(memcmp(out, other, packed) == 0);
	for (unsigned i = 0; i < 2; i++) {
		const struct sparse_way *way = i ? best : &sparse_plain;

		memset(back, 0xee, n);
		ck_assert(sparse_get(way, exact, back, base, n) == exact + packed);
		ck_assert(memcmp(back, bytes, n) == 0);
	}
	free(exact);
	free(back);
}

/* What does not differ takes its bit and nothing else. */
static void check_same(const uint8_t *bytes)
{
	uint8_t out[2 * WORDS_BYTES];
	const uint8_t *end = sparse_put(sparse_best(), out, bytes, bytes, WORDS_BYTES);

	ck_assert_uint_eq((size_t)(end - out), 2 * (WORDS_BYTES / SPARSE_GROUP + 1));
}

START_TEST(test_sparse)
{
	uint8_t bytes[WORDS_BYTES], base[WORDS_BYTES];

	for (uint32_t round = 0; round < 4000; round++) {
		size_t n = sizeof(uint32_t) * (1 + any(WORDS_BYTES / sizeof(uint32_t)));

		scatter(bytes, sizeof(bytes), 1 + round % 20);
		scatter(base, sizeof(base), 1 + round % 7);
		check_ways(bytes, base, n);
		check_same(bytes);
	}
}
END_TEST

/* Any bytes, but counts that are in range and times that can be subtracted. */
static void make_conn(struct conn *c, uint32_t sparse)
{
	scatter(c, sizeof(*c), sparse);
	c->end = (int64_t)any(1000000);
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		e->narrivals = (uint8_t)any(ARRIVALS_MAX + 1);
		e->nhistory = (uint8_t)any(HISTORY_MAX + 1);
		for (unsigned k = 0; k < FRAMES_MAX; k++)
			e->frames[k].time = (int64_t)any(1000000);
	}
}

static void check_conn(const struct conn *got, const struct conn *wanted)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *a = &got->ends[i], *b = &wanted->ends[i];

		ck_assert_mem_eq(a, b, ENDPOINT_FIXED);
		ck_assert_mem_eq(a->arrivals, b->arrivals, b->narrivals * sizeof(b->arrivals[0]));
		ck_assert_mem_eq(a->history, b->history, b->nhistory * sizeof(b->history[0]));
	}
	ck_assert_mem_eq(&got->uid, &wanted->uid, sizeof(*got) - offsetof(struct conn, uid));
}

START_TEST(test_pack)
{
	static struct conn c, wanted, mould;
	static uint8_t packed[CONN_PACKED_MAX];

	for (uint32_t round = 0; round < 2000; round++) {
		uint32_t sparse = 1 + round % 20;

		make_conn(&wanted, sparse);
		memcpy(&c, &wanted, sizeof(c));
		ck_assert_uint_le(conn_pack(&c, &mould, packed), sizeof(packed) - SPARSE_GROUP);
		if (round == 500)
			conn_mould(&mould, &c);
		memset(&c, 0xee, sizeof(c));
		if (round == 500)
			continue;
		conn_unpack(&c, &mould, packed);
		check_conn(&c, &wanted);
	}
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
	tcase_add_loop_test(t, test_syns, 0, 2);
	tcase_add_test(t, test_sparse);
	tcase_add_test(t, test_pack);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
