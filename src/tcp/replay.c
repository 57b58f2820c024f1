/* SPDX-License-Identifier: MIT */
/*
 * replay - one connection once more through the same machine, with a look inside after each segment.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcp/stream.h"
#include "tcpshadow/mem.h"

struct replay {
	bool has_begun;
	struct conn conn;
	struct stream_env env;
	struct conn_record record;
	const struct replay_streams *streams; /* NULL = nobody watches */
};

/* As in the analysis: most bytes that wait for a gap to be filled. */
#define MAX_WAITING ((size_t)2 << 20)

struct replay *replay_new(void)
{
	struct replay *r = mem_alloc(1, sizeof(*r));

	r->env.options.max_bytes = MAX_WAITING;
	return r;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	conn_release(&r->conn);
	free(r);
}

struct replay *replay_of(const struct conn *c)
{
	struct replay *r = replay_new();

	r->has_begun = true;
	conn_copy(&r->conn, c);
	return r;
}

struct replay *replay_copy(const struct replay *from)
{
	return from->has_begun ? replay_of(&from->conn) : replay_new();
}

static void pass_data(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	struct replay *r = ctx;
	const struct reasm *stream = r->conn.ends[r->env.end].stream;
	struct replay_data d = {
		.end = r->env.end,
		.is_mixed = stream->facts.conflicts > 0,
		.offset = offset,
		.seq = in->seq,
		.bytes = in->bytes,
		.n = in->n,
		.packet = in->packet,
		.time = in->time,
	};

	r->streams->data(r->streams->ctx, &d);
}

static void pass_gap(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time)
{
	struct replay *r = ctx;
	struct replay_gap g = { r->env.end, (uint8_t)kind, offset, n, time };

	r->streams->gap(r->streams->ctx, &g);
}

void replay_watch(struct replay *r, const struct replay_streams *to, enum overlap_policy policy)
{
	r->streams = to;
	r->env.options.policy = (uint8_t)policy;
	r->env.out = (struct reasm_out){ pass_data, pass_gap, r };
}

static uint64_t origin(const struct endpoint *e)
{
	return e->iss ? e->iss : e->base;
}

/* What an end has sent and received does not lie below the origin. */
static uint64_t relative(uint64_t n, uint64_t from)
{
	return n > from ? n - from : 0;
}

static uint64_t snd_una(const struct endpoint *e, const struct endpoint *peer)
{
	return peer->has_ack ? relative(peer->rcv_nxt, origin(e)) : 0;
}

static void snapshot(
    struct end_snapshot *out, const struct endpoint *e, const struct endpoint *peer)
{
	*out = (struct end_snapshot){
		.state = e->state,
		.snd_known = e->has_seq,
		.rcv_known = e->has_ack,
		.snd_una = snd_una(e, peer),
		.snd_nxt = e->has_seq ? relative(e->snd_nxt, origin(e)) : 0,
		.rcv_nxt = e->has_ack ? relative(e->rcv_nxt, origin(peer)) : 0,
		.snd_wnd = peer->last_window,
		.rcv_wnd = e->last_window,
	};
}

/* Without SYN and FIN it is bytes; they are on the way alone. */
static uint64_t flight(const struct endpoint *e, const struct endpoint *peer)
{
	return e->has_seq && peer->has_ack && e->snd_nxt > peer->rcv_nxt
	           ? e->snd_nxt - peer->rcv_nxt
	           : 0;
}

static uint8_t direction(const struct conn *c, const struct segment *s)
{
	const struct endpoint_addr *a = &c->addrs[0];

	return !(addr_equal(&a->ip, &s->src) && a->port == s->sport);
}

void replay_segment(struct replay *r, const struct segment *s, struct replay_step *out)
{
	struct conn *c = &r->conn;
	struct step st = { .conn = c, .transfer.rtt = -1 };
	uint8_t dir;

	if (!r->has_begun)
		conn_init(c, s, 0);
	r->has_begun = true;
	dir = direction(c, s);
	st.self = &c->ends[dir];
	st.peer = &c->ends[!dir];
	if (s->kind == SEG_ICMP)
		conn_icmp(c, s, dir);
	else
		conn_segment(c, s, dir, &r->env, &st);
	*out = (struct replay_step){
		.side = dir == c->client ? SIDE_CLIENT : SIDE_SERVER,
		.rel_seq = st.seq - origin(st.self),
		.rel_ack = st.has_ack ? st.ack - origin(st.peer) : 0,
		.window = s->kind == SEG_ICMP ? 0 : st.self->last_window,
		.window_scaled = st.self->scale_known,
		.has_conflict = st.conflicts,
		.notes = st.notes,
		.transfer = st.transfer,
	};
	out->transfer.flight = flight(st.self, st.peer);
	for (unsigned i = 0; i < 2; i++)
		snapshot(&out->ends[i == c->client ? SIDE_CLIENT : SIDE_SERVER], &c->ends[i],
		    &c->ends[!i]);
}

const struct conn_record *replay_finish(struct replay *r, int64_t second)
{
	r->conn.watched = second * NS_PER_SEC - r->conn.start;
	conn_finish(&r->conn, &r->env, false, false);
	record_fill(&r->record, &r->conn);
	return &r->record;
}
