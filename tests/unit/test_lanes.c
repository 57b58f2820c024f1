/* SPDX-License-Identifier: MIT */
/*
 * test_lanes - the lanes of express.c give what the long way gives.
 *
 * Input:  conversations with fixed seeds, most of them orderly, with a few segments spoiled: lost, repeated,
 *         exchanged, with other flags, numbers, windows, options, TTLs and times.
 * Checks: two connections get the same segments, and one of them never learns that a lane is open: notes,
 *         states and the record must be the same.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "report/json.h"
#include "report/record_json.h"
#include "tcp/conn.h"
#include "tcp/stream.h"

enum {
	TALKS = 10000,
	SEGMENTS_MAX = 256,
	MSS = 1460,
	LETTERS = 4096,
};

struct talk {
	uint64_t seed;
	bool has_timestamps;
	uint32_t spoils; /* one segment of so many is spoiled; 0 = none */
	int64_t now;     /* ns */
	uint32_t next[2], acked[2], clock[2], echo[2];
	uint16_t id[2];
	struct segment segments[SEGMENTS_MAX];
	uint8_t ends[SEGMENTS_MAX]; /* who sent it */
	unsigned count;
};

/* The same connection twice; the lanes are closed to the second. */
struct pair {
	struct conn conns[2];
	struct stream_env envs[2];
	uint64_t on_lanes;
};

static uint8_t letters[2][LETTERS];

static uint32_t below(struct talk *t, uint32_t n)
{
	t->seed = t->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(t->seed >> 33) % n;
}

/* ---- conversations ---- */

static void set_options(struct talk *t, struct segment *s, unsigned end)
{
	s->header_len = 20;
	if (s->flags & TCP_SYN) {
		s->opt.seen |= OPT_MSS | OPT_WSCALE | OPT_SACK_PERMITTED;
		s->opt.mss = MSS;
		s->opt.wscale = 7;
		s->header_len = 32;
	}
	if (t->has_timestamps) {
		s->opt.seen |= OPT_TIMESTAMPS | OPT_NOP;
		s->opt.tsval = t->clock[end] + (uint32_t)(t->now / 1000000);
		s->opt.tsecr = t->echo[end];
		t->echo[!end] = s->opt.tsval;
		s->header_len = (uint8_t)(s->header_len + 12);
	}
}

static void put(struct talk *t, unsigned end, const struct segment *s)
{
	if (t->count == SEGMENTS_MAX)
		return;
	t->ends[t->count] = (uint8_t)end;
	t->segments[t->count++] = *s;
}

static void say(struct talk *t, unsigned end, unsigned flags, uint32_t len)
{
	static const int64_t pauses[] = { 10000, 200000, 5000000, 25000000 };
	struct segment s = {
		.kind = SEG_TCP,
		.ip_version = 4,
		.sport = (uint16_t)(end ? 80 : 40000),
		.dport = (uint16_t)(end ? 40000 : 80),
		.seq = t->next[end],
		.ack = flags & TCP_ACK ? t->acked[end] : 0,
		.flags = (uint16_t)flags,
		.window = 8192,
		.ttl = (uint8_t)(end ? 57 : 64),
		.ip_id = t->id[end]++,
		.len = len,
		.caplen = len,
		.data = letters[0] + t->next[end] % (LETTERS / 2),
	};

	t->now += pauses[below(t, 4)];
	s.ts = t->now;
	s.src.b[0] = s.dst.b[0] = 10;
	s.src.b[3] = (uint8_t)end;
	s.dst.b[3] = (uint8_t)!end;
	set_options(t, &s, end);
	s.checksum = (uint16_t)(s.seq ^ s.ack ^ s.ack >> 16 ^ s.len ^ s.ip_id);
	s.ip_len = 20u + s.header_len + len;
	s.wire_len = 14 + s.ip_len;
	t->next[end] += segment_seq_len(&s);
	put(t, end, &s);
}

static void acknowledge(struct talk *t, unsigned end)
{
	t->acked[end] = t->next[!end];
	say(t, end, TCP_ACK, 0);
}

/* Bytes one by one, or acknowledgments of nothing by turns: enough for a finding, or nearly. */
static void ramble(struct talk *t)
{
	bool is_storm = below(t, 2);
	unsigned end = below(t, 2);

	for (unsigned n = 8 + below(t, 28); n > 0; n--) {
		if (is_storm)
			say(t, n % 2, TCP_ACK, 0);
		else
			say(t, end, TCP_ACK | TCP_PSH, 1);
	}
}

static void exchange(struct talk *t)
{
	static const uint32_t sizes[] = { 1, 2, 3, 100, MSS - 12, MSS };
	unsigned end = below(t, 4) == 0;

	for (unsigned turns = below(t, 6); turns > 0; turns--, end = !end) {
		t->acked[end] = t->next[!end];
		for (unsigned n = 1 + below(t, 4); n > 0; n--)
			say(t, end, TCP_ACK | (below(t, 2) ? TCP_PSH : 0), sizes[below(t, 6)]);
		if (below(t, 2))
			acknowledge(t, !end);
		if (below(t, 16) == 0)
			ramble(t);
		if (below(t, 8) == 0)
			t->now += NS_PER_SEC * (1 + below(t, 4));
	}
}

static void part(struct talk *t)
{
	unsigned end = below(t, 2), how = below(t, 8);

	if (how == 0)
		return;
	if (how == 1) {
		say(t, end, TCP_RST | (below(t, 2) ? TCP_ACK : 0), 0);
		return;
	}
	say(t, end, TCP_FIN | TCP_ACK, below(t, 4) ? 0 : 100);
	t->acked[!end] = t->next[end];
	if (below(t, 3) == 0)
		acknowledge(t, !end);
	if (below(t, 4) == 0) {
		say(t, !end, TCP_ACK, 100);
		acknowledge(t, end);
	}
	say(t, !end, TCP_FIN | TCP_ACK, 0);
	acknowledge(t, end);
}

/* ---- what can go wrong ---- */

static void spoil_numbers(struct talk *t, struct segment *s)
{
	static const uint32_t steps[] = { 1, 100, 1u << 20, 1u << 31 };
	uint32_t step = steps[below(t, 4)];
	uint32_t *const fields[] = { &s->seq, &s->ack, &s->opt.tsval, &s->opt.tsecr };
	uint32_t *field = fields[below(t, 4)];

	*field += below(t, 2) ? step : 0 - step;
}

static void spoil_header(struct talk *t, struct segment *s)
{
	switch (below(t, 9)) {
	case 0:
		s->flags ^= (uint16_t)(1u << below(t, 8));
		break;
	case 1:
		s->window = (uint16_t)below(t, 3);
		break;
	case 2:
		s->ttl = (uint8_t)below(t, 70);
		break;
	case 3:
		s->ip_id = (uint16_t)(s->ip_id - below(t, 4));
		break;
	case 4:
		s->checksum_state = CHECKSUM_BAD;
		break;
	case 5:
		s->tos = (uint8_t)below(t, 4);
		break;
	case 6:
		s->urgent = 1;
		break;
	case 7:
		s->opt.seen ^= below(t, 2) ? OPT_TIMESTAMPS : OPT_MD5;
		break;
	default:
		s->data = letters[1];
		break;
	}
}

/* Once more, later, with another ID; or the frame again; or the last octet, as a keepalive; or an empty one. */
static struct segment repeated(struct talk *t, const struct segment *s)
{
	struct segment again = *s;

	again.ts += below(t, 2) ? 100000 : NS_PER_SEC / 2;
	switch (below(t, 4)) {
	case 0:
		break;
	case 1:
		again.ip_id++;
		break;
	case 2:
		again.seq += s->len - 1;
		again.len = again.caplen = 0;
		break;
	default:
		again.seq += s->len;
		again.len = again.caplen = 0;
		again.flags = TCP_ACK;
		break;
	}
	return again;
}

static void remove_at(struct talk *t, unsigned i)
{
	t->count--;
	for (; i < t->count; i++) {
		t->segments[i] = t->segments[i + 1];
		t->ends[i] = t->ends[i + 1];
	}
}

static void insert_at(struct talk *t, unsigned i, const struct segment *s, uint8_t end)
{
	put(t, end, s);
	for (unsigned k = t->count - 1; k > i; k--) {
		t->segments[k] = t->segments[k - 1];
		t->ends[k] = t->ends[k - 1];
	}
	t->segments[i] = *s;
	t->ends[i] = end;
}

static void exchange_with_next(struct talk *t, unsigned i)
{
	const struct segment s = t->segments[i];
	uint8_t end = t->ends[i];

	if (i + 1 == t->count)
		return;
	remove_at(t, i);
	insert_at(t, i + 1, &s, end);
}

static void spoil(struct talk *t, unsigned i)
{
	struct segment again;

	switch (below(t, 8)) {
	case 0:
		remove_at(t, i);
		break;
	case 1:
		exchange_with_next(t, i);
		break;
	case 2:
	case 3:
		again = repeated(t, &t->segments[i]);
		if (t->count < SEGMENTS_MAX)
			insert_at(t, i + 1 + below(t, t->count - i), &again, t->ends[i]);
		break;
	case 4:
	case 5:
		spoil_numbers(t, &t->segments[i]);
		break;
	default:
		spoil_header(t, &t->segments[i]);
		break;
	}
}

static void make(struct talk *t, uint64_t seed)
{
	static const uint32_t rates[] = { 0, 50, 20, 8, 3 };

	memset(t, 0, sizeof(*t));
	t->seed = seed * 1000003;
	t->has_timestamps = below(t, 2);
	t->spoils = rates[below(t, 5)];
	t->now = NS_PER_SEC;
	for (unsigned i = 0; i < 2; i++) {
		t->next[i] = below(t, 4) ? below(t, UINT32_MAX) : UINT32_MAX - below(t, 300);
		t->clock[i] = below(t, UINT32_MAX);
		t->id[i] = (uint16_t)below(t, 60000);
	}
	say(t, 0, TCP_SYN, 0);
	t->acked[1] = t->next[0];
	say(t, 1, TCP_SYN | TCP_ACK, 0);
	t->acked[0] = t->next[1];
	if (below(t, 5))
		say(t, 0, TCP_ACK, 0);
	exchange(t);
	part(t);
	for (unsigned i = 0; t->spoils && i < t->count; i++)
		if (below(t, t->spoils) == 0)
			spoil(t, i);
}

/* ---- both ways ---- */

/* As the shard does it; `lanes`: may any be used? */
static void feed(struct conn *c, struct stream_env *env, const struct segment *s, uint8_t end,
    struct step *step, bool lanes)
{
	if (!lanes)
		c->is_calm = c->is_smooth = false;
	conn_segment(c, s, end, env, step);
	c->traps_told = c->traps;
	c->signs_told = c->signs;
}

static void feed_both(struct pair *p, const struct segment *s, uint8_t end, uint64_t seed)
{
	struct step steps[2];

	for (unsigned i = 0; i < 2; i++)
		feed(&p->conns[i], &p->envs[i], s, end, &steps[i], i == 0);
	p->on_lanes += p->conns[0].is_smooth;
	ck_assert_msg(steps[0].notes == steps[1].notes, "talk %ju, segment %ju: notes %x, not %x",
	    (uintmax_t)seed, (uintmax_t)s->packet, steps[0].notes, steps[1].notes);
	ck_assert_uint_eq(steps[0].transfer.wait, steps[1].transfer.wait);
	ck_assert_int_eq(steps[0].transfer.rtt, steps[1].transfer.rtt);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_msg(p->conns[0].ends[i].state == p->conns[1].ends[i].state,
		    "talk %ju, segment %ju: another state", (uintmax_t)seed, (uintmax_t)s->packet);
}

static void tell(struct buf *out, struct conn *c, struct stream_env *env)
{
	static const struct cap_facts facts;
	struct conn_record r = { 0 };

	c->watched = c->end + NS_PER_SEC;
	conn_finish(c, env, false, false);
	record_fill(&r, c);
	record_json_begin(out, &r, &facts);
	record_json_findings(out, r.findings, r.nfindings, &facts);
	json_end_object(out);
	conn_release(c);
}

/* Messages have to be short: from where the two differ. */
static void compare(const struct buf *a, const struct buf *b, uint64_t seed)
{
	size_t same = 0;

	while (same < a->len && same < b->len && a->data[same] == b->data[same])
		same++;
	same = same > 40 ? same - 40 : 0;
	ck_assert_msg(a->len == b->len && memcmp(a->data, b->data, a->len) == 0,
	    "talk %ju: %.90s, not %.90s", (uintmax_t)seed, a->data + same, b->data + same);
}

/* How often the lane was open. */
static uint64_t run(struct talk *t, uint64_t seed)
{
	struct buf told[2] = { BUF_INIT, BUF_INIT };
	struct pair p = { .on_lanes = 0 };

	make(t, seed);
	for (unsigned i = 0; i < 2 && t->count; i++) {
		p.envs[i].options.max_bytes = 1 << 20;
		conn_init(&p.conns[i], &t->segments[0], t->ends[0]);
	}
	for (unsigned i = 0; i < t->count; i++) {
		t->segments[i].packet = i + 1;
		feed_both(&p, &t->segments[i], t->ends[i], seed);
	}
	for (unsigned i = 0; i < 2 && t->count; i++)
		tell(&told[i], &p.conns[i], &p.envs[i]);
	if (t->count)
		compare(&told[0], &told[1], seed);
	buf_release(&told[0]);
	buf_release(&told[1]);
	return p.on_lanes;
}

START_TEST(test_same)
{
	static struct talk t;
	uint64_t on_lanes = 0;

	for (unsigned i = 0; i < LETTERS; i++) {
		letters[0][i] = (uint8_t)('a' + i % 26);
		letters[1][i] = 'Z';
	}
	for (uint64_t seed = 1; seed <= TALKS; seed++)
		on_lanes += run(&t, seed);
	/* (Otherwise nothing was compared.) */
	ck_assert_uint_gt(on_lanes, 4 * TALKS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lanes");
	TCase *tc = tcase_create("lanes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_same);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
