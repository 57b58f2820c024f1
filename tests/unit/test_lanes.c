/* SPDX-License-Identifier: MIT */
/*
 * test_lanes - the lanes of express.c give what the long way gives.
 *
 * Input:  conversations with fixed seeds, most of them orderly, with a few segments spoiled: lost, repeated,
 *         moved, with other flags, numbers, windows, options, TTLs, times, places of capture and remarks of decoding.
 * Checks: two connections get the same segments, and one of them never learns that a lane is open: after each, all
 *         that they remember must be the same to the byte, and what they delivered; at the end their records.  The
 *         first is set aside and taken back, too, wherever it is over (aside.c), and at last once for all.
 */
#include "config.h"

#include <check.h>
#include <stddef.h>
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
	bool has_timestamps, has_digest;
	bool has_small_window, has_no_mss, is_one_sided; /* (timestamps) */
	uint32_t spoils; /* one segment of so many is spoiled; 0 = none */
	uint32_t jumps;  /* before one segment of so many a clock is set; 0 = none */
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
	uint64_t delivered[2]; /* a hash of all bytes and gaps so far */
};

/* Segments that took each lane; times that a connection could be set aside, and those for all. */
struct traffic {
	uint64_t express, calm, aside, closed;
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
		s->opt.seen |= OPT_WSCALE | OPT_SACK_PERMITTED | (t->has_no_mss ? 0 : OPT_MSS);
		s->opt.mss = MSS;
		s->opt.wscale = 7;
		s->header_len = 32;
	}
	if (t->has_timestamps && !(t->is_one_sided && end)) {
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
		.window = t->has_small_window ? 20 : 8192,
		.ttl = (uint8_t)(end ? 57 : 64),
		.ip_id = t->id[end]++,
		.len = len,
		.caplen = len,
		.data = letters[0] + t->next[end] % (LETTERS / 2),
	};

	t->now += pauses[below(t, 4)];
	if (t->jumps && below(t, t->jumps) == 0)
		t->now += below(t, 2) ? 4 * NS_PER_SEC : -4 * NS_PER_SEC;
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

/* Resets beyond both windows. */
static void attack(struct talk *t)
{
	const uint32_t far = 1u << 21;

	for (unsigned end = 0; end < 2; end++) {
		t->next[end] += far;
		say(t, end, TCP_RST, 0);
		t->next[end] -= far;
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
		if (below(t, 32) == 0)
			attack(t);
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

/* What is not in the TCP header. */
static void spoil_frame(struct talk *t, struct segment *s)
{
	static const uint16_t notes[] = { SEG_TRAILER, SEG_IP_CHECKSUM_BAD, SEG_IP_OPTIONS,
		SEG_FRAGMENTED, SEG_FRAGMENT_KILLED, SEG_SOURCE_ROUTED };

	switch (below(t, 5)) {
	case 0:
		s->vlan = 7;
		break;
	case 1:
		s->interface = 1;
		break;
	case 2:
		s->notes |= notes[below(t, 6)];
		break;
	case 3:
		s->ts += below(t, 2) ? 4 * NS_PER_SEC : -4 * NS_PER_SEC;
		break;
	default:
		s->checksum_state = (uint8_t)below(t, CHECKSUM_ZERO_FFFF + 1);
		break;
	}
}

static void spoil_close(struct talk *t, struct segment *s)
{
	s->flags = below(t, 2) ? TCP_RST : TCP_FIN | TCP_ACK;
	if (below(t, 2))
		s->seq += 1u << 21;
}

static void spoil_header(struct talk *t, struct segment *s)
{
	switch (below(t, 10)) {
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
	case 8:
		s->opt.seen |= OPT_SACK;
		s->opt.nsack = 1;
		s->opt.sack[0].left = s->ack + below(t, 3000) - 1000;
		s->opt.sack[0].right = s->opt.sack[0].left + below(t, 1500);
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
	again.vlan = below(t, 3) ? s->vlan : 9;
	again.ttl = (uint8_t)(s->ttl - (below(t, 4) == 0));
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

/* Some places back; captured late, or with a clock that is wrong. */
static void move(struct talk *t, unsigned i)
{
	struct segment s = t->segments[i];
	uint8_t end = t->ends[i];
	unsigned to = i + 1 + below(t, 4);

	if (to >= t->count)
		return;
	if (below(t, 2))
		s.ts = t->segments[to].ts;
	remove_at(t, i);
	insert_at(t, to, &s, end);
}

static void spoil(struct talk *t, unsigned i)
{
	struct segment again;

	switch (below(t, 11)) {
	case 0:
		remove_at(t, i);
		break;
	case 1:
		move(t, i);
		break;
	case 8:
	case 9:
		spoil_frame(t, &t->segments[i]);
		break;
	case 10:
		spoil_close(t, &t->segments[i]);
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
	t->has_digest = seed % 2;
	t->spoils = rates[below(t, 5)];
	t->jumps = below(t, 8) ? 0 : 4 + below(t, 12);
	t->has_small_window = below(t, 6) == 0;
	t->has_no_mss = below(t, 12) == 0;
	t->is_one_sided = below(t, 12) == 0;
	t->now = NS_PER_SEC;
	for (unsigned i = 0; i < 2; i++) {
		t->next[i] = below(t, 4) ? below(t, UINT32_MAX) : UINT32_MAX - below(t, 300);
		t->clock[i] = below(t, UINT32_MAX);
		t->id[i] = (uint16_t)below(t, 60000);
	}
	say(t, 0, TCP_SYN, below(t, 40) ? 0 : 100);
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

/* Of the bytes of a connection: those of lists and pointers differ, and the lanes do. */
static void forget(struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		e->stream = NULL;
		e->holes = NULL;
		e->transfer.loss = NULL;
		memset(&e->transfer.sent, 0, sizeof(e->transfer.sent));
		memset(e->arrivals, 0, sizeof(e->arrivals));
		memset(e->history, 0, sizeof(e->history));
	}
	c->findings = NULL;
	c->resets = NULL;
	c->icmp = NULL;
	c->findings_cap = 0;
	c->is_calm = c->is_smooth = false;
}

/* Where they differ, in bytes from the beginning of a connection; its size = nowhere. */
static size_t difference(const struct pair *p)
{
	static struct conn a, b;
	const unsigned char *x = (const unsigned char *)&a, *y = (const unsigned char *)&b;
	size_t i = 0;

	memcpy(&a, &p->conns[0], sizeof(a));
	memcpy(&b, &p->conns[1], sizeof(b));
	forget(&a);
	forget(&b);
	while (i < sizeof(a) && x[i] == y[i])
		i++;
	return i;
}

static void feed_both(struct pair *p, const struct segment *s, uint8_t end, uint64_t seed)
{
	struct step steps[2];
	size_t at;

	for (unsigned i = 0; i < 2; i++)
		feed(&p->conns[i], &p->envs[i], s, end, &steps[i], i == 0);
	at = difference(p);
	ck_assert_msg(at == sizeof(struct conn), "talk %ju, segment %ju: byte %zu of struct conn",
	    (uintmax_t)seed, (uintmax_t)s->packet, at);
	ck_assert_msg(steps[0].notes == steps[1].notes, "talk %ju, segment %ju: notes %x, not %x",
	    (uintmax_t)seed, (uintmax_t)s->packet, steps[0].notes, steps[1].notes);
	ck_assert_msg(p->delivered[0] == p->delivered[1], "talk %ju, segment %ju: other bytes",
	    (uintmax_t)seed, (uintmax_t)s->packet);
	ck_assert_uint_eq(steps[0].transfer.wait, steps[1].transfer.wait);
	ck_assert_int_eq(steps[0].transfer.rtt, steps[1].transfer.rtt);
}

static void mix(uint64_t *hash, uint64_t word)
{
	*hash = (*hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	*hash ^= *hash >> 32;
}

static void take_data(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	mix(ctx, offset);
	mix(ctx, in->packet);
	for (size_t i = 0; i < in->n; i++)
		mix(ctx, in->bytes[i]);
}

static void take_gap(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time)
{
	mix(ctx, offset);
	mix(ctx, n);
	mix(ctx, (uint64_t)kind);
	mix(ctx, (uint64_t)time);
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

static void begin(struct pair *p, const struct talk *t)
{
	for (unsigned i = 0; i < 2; i++) {
		p->envs[i].options.max_bytes = 1 << 20;
		p->envs[i].options.digest = t->has_digest;
		p->envs[i].out = (struct reasm_out){ take_data, take_gap, &p->delivered[i] };
		conn_init(&p->conns[i], &t->segments[0], t->ends[0]);
	}
}

/* What a connection that is over holds for late packets leaves it and comes back. */
static bool leaves_and_returns(struct conn *c)
{
	static struct conn before, after;
	struct aside aside;
	bool is_aside;

	memcpy(&before, c, sizeof(before));
	is_aside = conn_set_aside(c, &aside);
	if (is_aside)
		conn_take_back(c, &aside);
	memcpy(&after, c, sizeof(after));
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_ptr_eq(
		    before.ends[i].transfer.sent.list, after.ends[i].transfer.sent.list);
		ck_assert_int_eq(!before.ends[i].stream, !after.ends[i].stream);
		before.ends[i].stream = after.ends[i].stream = NULL;
	}
	ck_assert_mem_eq(&before, &after, sizeof(before));
	return is_aside;
}

/* Once for all: the same as closing it. */
static bool leaves(struct pair *p)
{
	struct aside aside;

	if (!conn_set_aside(&p->conns[0], &aside))
		return false;
	aside_release(&aside);
	stream_close(&p->conns[1], &p->envs[1]);
	transfer_close(&p->conns[1]);
	return true;
}

static void run(struct talk *t, uint64_t seed, struct traffic *on)
{
	static struct pair p;
	struct buf told[2] = { BUF_INIT, BUF_INIT };

	make(t, seed);
	if (t->count == 0)
		return;
	memset(&p, 0, sizeof(p));
	begin(&p, t);
	for (unsigned i = 0; i < t->count; i++) {
		const struct conn *c = &p.conns[0];

		on->express += c->is_smooth;
		on->calm += c->is_calm && !c->is_smooth;
		t->segments[i].packet = i + 1;
		feed_both(&p, &t->segments[i], t->ends[i], seed);
		on->aside += c->is_over && leaves_and_returns(&p.conns[0]);
	}
	on->closed += p.conns[0].is_over && leaves(&p);
	for (unsigned i = 0; i < 2; i++)
		tell(&told[i], &p.conns[i], &p.envs[i]);
	compare(&told[0], &told[1], seed);
	buf_release(&told[0]);
	buf_release(&told[1]);
}

START_TEST(test_same)
{
	static struct talk t;
	struct traffic on = { 0 };

	for (unsigned i = 0; i < LETTERS; i++) {
		letters[0][i] = (uint8_t)('a' + i % 26);
		letters[1][i] = 'Z';
	}
	for (uint64_t seed = 1; seed <= TALKS; seed++)
		run(&t, seed, &on);
	/* (Otherwise little was compared.) */
	ck_assert_uint_gt(on.express, 3 * TALKS);
	ck_assert_uint_gt(on.calm, TALKS / 2);
	ck_assert_uint_gt(on.aside, TALKS / 4);
	ck_assert_uint_gt(on.closed, TALKS / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lanes");
	TCase *tc = tcase_create("lanes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, test_same);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
