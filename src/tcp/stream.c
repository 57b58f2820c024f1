/* SPDX-License-Identifier: MIT */
/*
 * stream - from judged segments to the two byte streams of a connection.
 *
 * A segment that the receiver must ignore by rule (checksum, malformed header, PAWS, no ACK flag) never
 * enters.  One that it will probably ignore, but whose bytes it may take (beyond the window, into a zero
 * window, on a SYN, behind a RST or a FIN), is held until an acknowledgment can only be explained by it.
 * Where stacks differ and no reply tells them apart, the stream is marked ambiguous.
 */
#include "config.h"

#include "tcp/stream.h"

/* Any of these makes every host drop the packet (the same list as in track.c, less the options). */
#define NOTE(n) (1u << SEGMENT_NOTE_##n)

static struct reasm *stream_of(struct step *st, struct endpoint *e)
{
	uint64_t first;

	if (e->stream || e->stream_closed)
		return e->stream;
	first = e->iss ? e->iss + 1 : st->seq + ((st->seg->flags & TCP_SYN) ? 1 : 0);
	e->stream = reasm_new(&st->env->options, first);
	return e->stream;
}

static void mark_ambiguous(struct endpoint *e, enum stream_doubt why)
{
	e->facts.ambiguous |= (uint32_t)why;
}

/* Both SYNs carried timestamps and this segment has none: RFC 7323 3.2 says drop, Linux takes it. */
static bool lacks_timestamp(const struct step *st)
{
	return st->self->uses_timestamps && st->peer->uses_timestamps && st->peer->offer.seen &&
	       !(st->seg->opt.seen & OPT_TIMESTAMPS) && !(st->seg->flags & (TCP_SYN | TCP_RST));
}

/* An urgent octet that is not the last of its segment: whether it stays in line is the application's choice. */
static bool has_urgent_inside(const struct segment *s)
{
	return (s->flags & TCP_URG) && s->urgent != s->len;
}

static bool runs_behind_fin(const struct step *st)
{
	return st->self->last_fin_end && st->end >= st->self->last_fin_end;
}

/*
 * SYNs with and without an MD5 signature (RFC 2385): a host without the key drops the signed ones, one that
 * does not know the option takes them.
 */
static bool mixes_signatures(struct step *st)
{
	struct endpoint *e = st->self;
	bool is_signed = st->seg->opt.seen & OPT_MD5;

	if (is_signed)
		e->offered_md5 = true;
	else
		e->offered_plain = true;
	return (e->offered_md5 && e->offered_plain) ||
	       (!is_signed && (st->seg->flags & TCP_ACK) && st->peer->offered_md5);
}

/* What one stack takes and another drops, without telling.  Honest hosts do not send these. */
static bool is_policy(struct step *st)
{
	const struct segment *s = st->seg;

	if (s->flags & TCP_SYN
	        ? mixes_signatures(st)
	        : (s->opt.seen & OPT_MD5) && !st->self->uses_md5 && st->self->offer.seen)
		return true;
	if (s->notes & SEG_FRAGMENT_CONFLICT)
		return true;
	if ((s->flags & (TCP_SYN | TCP_FIN)) == (TCP_SYN | TCP_FIN))
		return !st->conn->handshake_done;
	if (s->len == 0 || (s->flags & (TCP_SYN | TCP_RST)))
		return false;
	if (st->is_weak)
		return (st->is_old_ack && !runs_behind_fin(st)) || (s->notes & SEG_SOURCE_ROUTED);
	return (s->opt.odd & (OPT_ODD_LENGTH | OPT_ODD_OVERRUN)) || (s->flags & TCP_RESERVED) ||
	       (s->notes & SEG_IP_OPTIONS) || lacks_timestamp(st) || has_urgent_inside(s);
}

/* Begins inside the offered window and ends beyond it: trimmed, taken or dropped, as the stack likes. */
static bool straddles_window(const struct step *st)
{
	return st->peer->has_ack && st->peer->scale_known && !(st->seg->flags & TCP_SYN) &&
	       st->seq < st->edge_before && st->end > st->edge_before;
}

/* Bytes that the receiver takes only in some state of its own: its answer decides. */
static bool is_doubtful(const struct step *st)
{
	const struct endpoint *self = st->self;

	if ((st->seg->flags & TCP_SYN) || (st->notes & NOTE(WINDOW_PROBE)) || st->acks_unsent)
		return true;
	if (self->exact_rst_sent || st->peer->rst_seen)
		return true;
	return runs_behind_fin(st) && !(st->seg->flags & TCP_FIN);
}

static void add_data(struct step *st)
{
	struct endpoint *e = st->self;
	const struct segment *s = st->seg;
	struct reasm *r = stream_of(st, e);
	struct reasm_input in = {
		.seq = st->seq + ((s->flags & TCP_SYN) ? 1 : 0),
		.bytes = s->data,
		.n = s->caplen,
		.packet = s->packet,
		.time = st->time,
	};

	if (!r)
		return;
	if (st->is_weak ? (st->notes & NOTE(OUT_OF_WINDOW)) != 0 : is_doubtful(st)) {
		reasm_hold(r, &in);
		return;
	}
	if (st->is_weak)
		return;
	if (straddles_window(st))
		mark_ambiguous(e, DOUBT_WINDOW);
	reasm_add(r, &in, &st->env->out);
	if (s->caplen < s->len) {
		in = (struct reasm_input){ in.seq + s->caplen, NULL, s->len - s->caplen, s->packet,
			st->time };
		reasm_add(r, &in, &st->env->out);
	}
}

/*
 * The acknowledgment of the FIN's number and no more: from here on nothing is data.  An acknowledgment
 * beyond it: the receiver never had that FIN, if it could have taken it.
 */
static void settle_fin(struct step *st)
{
	struct endpoint *e = st->peer;

	if (!e->last_fin_end || !e->stream || e->stream->fin)
		return;
	if (st->ack == e->last_fin_end)
		reasm_fin(e->stream, e->last_fin_end - 1);
	else if (st->ack > e->last_fin_end && e->fin_was_next)
		mark_ambiguous(e, DOUBT_FIN);
}

/* Bytes accepted behind an exact RST: the receiver never saw it, and what else it did not see nobody knows. */
static void settle_reset(struct step *st, uint64_t before)
{
	struct endpoint *e = st->peer;

	if (e->exact_rst_sent && e->stream && e->stream->next > before)
		mark_ambiguous(e, DOUBT_RESET);
}

static void take_ack(struct step *st)
{
	struct endpoint *e = st->peer;
	uint64_t ack = st->ack, before;

	if (!e->stream)
		return;
	/* What goes beyond the captured bytes is believed when their sender shows that it sent them. */
	if (ack > e->cap_nxt)
		ack = e->cap_nxt;
	before = e->stream->next;
	settle_fin(st);
	if (e->stream->fin && ack > e->stream->fin)
		ack = e->stream->fin;
	st->env->end = conn_dir(st->conn, e);
	reasm_ack(e->stream, ack, st->time, &st->env->out);
	settle_reset(st, before);
}

/* The sender goes on where the receiver said it was: those bytes were sent. */
static void confirm_unseen(struct step *st)
{
	struct endpoint *e = st->self;

	if (e->stream && st->peer->rcv_nxt > e->stream->acked && !e->stream->fin)
		reasm_ack(e->stream, st->peer->rcv_nxt, st->time, &st->env->out);
}

static uint32_t conflicts_of(const struct endpoint *e)
{
	return e->stream ? e->stream->facts.conflicts : 0;
}

void stream_segment(struct step *st)
{
	const struct segment *s = st->seg;
	uint32_t conflicts;

	if (!st->env)
		return;
	conflicts = conflicts_of(st->self);
	st->env->end = st->dir;
	st->env->uid = st->conn->uid;
	if (is_policy(st))
		mark_ambiguous(st->self, DOUBT_POLICY);
	if (s->len && !(s->flags & TCP_RST))
		add_data(st);
	if (!st->is_weak && !(s->flags & TCP_RST))
		confirm_unseen(st);
	st->conflicts = conflicts_of(st->self) > conflicts;
	if (!st->is_weak && st->has_ack && !(s->flags & (TCP_RST | TCP_SYN)))
		take_ack(st);
	else if (!st->is_weak && (s->flags & TCP_SYN) && st->ack > st->peer->iss &&
	         !st->acks_unsent)
		take_ack(st);
}

void stream_plain(struct step *st)
{
	struct reasm *acked = st->peer->stream;

	if (!st->env)
		return;
	st->env->end = st->dir;
	st->env->uid = st->conn->uid;
	if (st->seg->len) {
		struct reasm_input in = {
			.seq = st->seq,
			.bytes = st->seg->data,
			.n = st->seg->caplen,
			.packet = st->seg->packet,
			.time = st->time,
		};

		reasm_add(stream_of(st, st->self), &in, &st->env->out);
	}
	/* (No more than was captured; no FIN or RST of its end was.) */
	if (acked) {
		st->env->end = !st->dir;
		reasm_ack(acked, st->ack, st->time, &st->env->out);
	}
}

/*
 * The receiver reset the connection, or spoke a round trip after the last bytes came without acknowledging
 * them: it has not got what it did not acknowledge.
 */
static bool was_refused(
    const struct conn *c, const struct endpoint *e, const struct endpoint *receiver)
{
	if (receiver->packets == 0)
		return false;
	return receiver->rst_seen ||
	       receiver->last_time > e->stream->last_time + arrival_round_trip(c, receiver);
}

static void close_side(struct conn *c, struct stream_env *env, unsigned dir)
{
	struct endpoint *e = &c->ends[dir], *receiver = &c->ends[!dir];
	struct reasm *r = e->stream;
	uint32_t doubts = e->facts.ambiguous;

	if (!r)
		return;
	env->end = (uint8_t)dir;
	env->uid = c->uid;
	if (e->unseen_ack > r->acked && !r->fin)
		r->acked = e->unseen_ack;
	/* One number more than the bytes, and nothing after it: a FIN that was not captured. */
	if (!r->fin && e->may_have_fin && r->acked == r->next + 1)
		reasm_fin(r, r->next);
	reasm_end(r, c->end, was_refused(c, e, receiver), &env->out);
	e->facts = r->facts;
	e->facts.ambiguous |= doubts;
	if (receiver->packets == 0 && e->facts.bytes > 0)
		mark_ambiguous(e, DOUBT_ONE_SIDED);
	reasm_free(r);
	e->stream = NULL;
	e->stream_closed = true;
}

void stream_settle(struct conn *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->ends[i].stream)
			reasm_settle(c->ends[i].stream);
}

void stream_close(struct conn *c, struct stream_env *env)
{
	for (unsigned i = 0; env && i < 2; i++)
		close_side(c, env, i);
}
