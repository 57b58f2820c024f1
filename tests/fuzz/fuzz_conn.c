/* SPDX-License-Identifier: MIT */
/*
 * fuzz_conn - any bytes as the segments of a few connections.
 *
 * Input:  ten bytes a segment, see take_segment(): small steps around the numbers in use, so that most
 *         segments are near the window and all states can be reached.
 * Checks: every connection that was opened gets one record that keeps the rules of record_check.c, and the
 *         replay of the same segments ends.
 */
#include "config.h"

#include <string.h>

#include "lib/record_check.h"
#include "tcpshadow/rd.h"
#include "tcpshadow/replay.h"
#include "tcpshadow/seq.h"
#include "tcpshadow/shard.h"

enum {
	SEGMENT_BYTES = 10,
	FLOWS = 4,
	FIRST_PORT = 40000,
	MAX_SEGMENTS = 512,
};

/* What the maker of segments keeps of one flow; [0] sends from the higher port. */
struct talk {
	uint32_t next[2]; /* sequence number after what each end sent */
};

struct fuzz {
	struct shard *shard;
	struct shard_log log;
	struct replay *replay; /* of the first flow */
	struct talk flows[FLOWS];
	int64_t now;    /* ns */
	bool has_begun; /* the replay: an ICMP error begins no connection */
	uint64_t packets, opened, closed;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void set_ends(struct segment *s, unsigned flow, unsigned end)
{
	s->ip_version = 4;
	s->src.b[0] = s->dst.b[0] = 10;
	s->src.b[3] = end ? 2 : 1;
	s->dst.b[3] = end ? 1 : 2;
	s->sport = (uint16_t)(end ? 80 : FIRST_PORT + flow);
	s->dport = (uint16_t)(end ? FIRST_PORT + flow : 80);
}

static void set_options(struct segment *s, uint8_t choice, int64_t now)
{
	if (choice & 1) {
		s->opt.seen |= OPT_TIMESTAMPS;
		s->opt.tsval = (uint32_t)(now / 1000000) - ((choice & 2) ? 5000u : 0u);
	}
	if (choice & 4) {
		s->opt.seen |= OPT_WSCALE | OPT_MSS | OPT_SACK_PERMITTED;
		s->opt.wscale = choice >> 4;
		s->opt.mss = 1460;
	}
	if (choice & 8) {
		s->opt.seen |= OPT_SACK;
		s->opt.nsack = 1;
		s->opt.sack[0] = (struct sack_block){ s->ack + 100, s->ack + 200 };
	}
}

/* `step` is a signed byte: -128 .. 127 away. */
static uint32_t near(uint32_t number, uint8_t step)
{
	return number + step - ((step & 0x80) ? 256u : 0u);
}

/* flow and end, flags, seq step, ack step, length, window, options, time step */
static void take_segment(struct fuzz *f, struct rd *in, struct segment *s)
{
	uint8_t who = rd_u8(in);
	unsigned flow = (who >> 1) % FLOWS, end = who & 1;
	struct talk *t = &f->flows[flow];
	static const uint8_t payload[UINT8_MAX];

	memset(s, 0, sizeof(*s));
	set_ends(s, flow, end);
	s->kind = (who & 0xe0) == 0xe0 ? SEG_ICMP : SEG_TCP;
	s->icmp_type = 3;
	s->icmp_code = (uint8_t)(who >> 3) & 3;
	s->flags = rd_u8(in);
	s->seq = near(t->next[end], rd_u8(in));
	s->ack = near(t->next[1 - end], rd_u8(in));
	s->len = s->caplen = rd_u8(in);
	s->data = payload;
	s->window = rd_be16(in);
	f->now += (int64_t)rd_u8(in) * rd_u8(in) * 10000000;
	set_options(s, rd_u8(in), f->now);
	s->ts = f->now;
	s->packet = ++f->packets;
	s->wire_len = 54 + s->len;
	s->checksum_state = CHECKSUM_GOOD;
	if (s->kind == SEG_TCP && seq_lt(t->next[end], s->seq + segment_seq_len(s)))
		t->next[end] = s->seq + segment_seq_len(s);
}

static void check_record(const struct conn_record *r)
{
	struct buf broken = BUF_INIT;

	BUG_ON(r->end < r->start);
	if (record_check(r, &broken) > 0)
		util_bug(__FILE__, __LINE__, broken.data);
	for (int side = 0; side < 2; side++)
		BUG_ON(r->sides[side].nstates == 0);
	buf_release(&broken);
}

static void drain(struct fuzz *f)
{
	shard_log_swap(f->shard, &f->log);
	for (size_t i = 0; i < f->log.n; i++) {
		const struct event *ev = &f->log.entries[i].event;

		if (ev->type == EVENT_OPEN)
			f->opened++;
		if (ev->type == EVENT_RECORD) {
			f->closed++;
			check_record(ev->u.record);
		}
	}
	shard_log_reset(f->shard, &f->log);
}

static void run_segments(struct fuzz *f, struct rd *in)
{
	struct segment s;
	struct replay_step step;
	int64_t second = 0;

	while (rd_left(in) >= SEGMENT_BYTES && f->packets < MAX_SEGMENTS) {
		take_segment(f, in, &s);
		while (second < s.ts / NS_PER_SEC)
			shard_tick(f->shard, ++second, 0);
		shard_segment(f->shard, &s, shard_place(&s, 0).hash, 0);
		drain(f);
		if (s.sport != FIRST_PORT && s.dport != FIRST_PORT)
			continue;
		f->has_begun = f->has_begun || s.kind == SEG_TCP;
		if (f->has_begun)
			replay_segment(f->replay, &s, &step);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct shard_options o = {
		.time_wait = 60 * NS_PER_SEC, .memory = 1 << 20, .wants_segments = true
	};
	struct fuzz f = { .shard = shard_new(&o), .replay = replay_new() };
	struct rd in = rd_make(bytes, n);

	run_segments(&f, &in);
	shard_finish_begin(f.shard);
	while (shard_finish_peek(f.shard)) {
		shard_finish_next(f.shard, 0);
		drain(&f);
	}
	drain(&f);
	BUG_ON(f.opened != f.closed + shard_counts(f.shard)->rolled_up);
	(void)replay_finish(f.replay, 0);
	replay_free(f.replay);
	shard_log_release(f.shard, &f.log);
	shard_free(f.shard);
	return 0;
}
