/* SPDX-License-Identifier: MIT */
/*
 * find_sequence - sequence numbers and acknowledgments that do not fit.
 *
 * Input:  segments before they move the edges, judged by track.c; the finished connection.
 * Output: findings.
 * Spec:   RFC 9293 3.4, 3.10.7.4 (first and fifth check); RFC 7323 5 (PAWS); RFC 5961 5.2.
 * Does not: tell kinds of retransmission apart, or judge FIN and RST.
 */
#include "config.h"

#include "tcp/find.h"

/* Bytes of one end without a packet of the other that are too many. */
#define MUCH      (UINT64_C(256) << 10)

#define TAP_ERROR (NS_PER_SEC / 1000)
/* Least time before a timer sends something again (ns). */
#define TIMER_MIN (NS_PER_SEC / 5)
/* What was lost has been sent again by then, at the first try (ns): RFC 6298 2.1. */
#define REPEATED_BY NS_PER_SEC

static bool is_note(const struct step *st, enum segment_note n)
{
	return st->notes & 1u << n;
}

/* From before the stream's beginning.  A keepalive may repeat the SYN's number. */
static bool is_before_stream(const struct step *st)
{
	return st->seq < st->self->iss && !(st->seg->flags & TCP_SYN);
}

/* A bare acknowledgment that later ones overtook: its timestamp is as old as itself. */
static bool is_overtaken(const struct step *st)
{
	return st->has_ack && st->end == st->seq && st->self->has_ack &&
	       st->ack <= st->self->rcv_nxt && st->seq <= st->self->snd_nxt;
}

/* What the receiver drops. */
static void rejected(struct step *st)
{
	bool is_fin = st->seg->flags & TCP_FIN;

	if (is_before_stream(st) && !is_note(st, SEGMENT_NOTE_BAD_CHECKSUM))
		find_segment(st, FINDING_SEQ_LEFT_OF_WINDOW, BY_SELF, find_header_confidence(st));
	if (is_note(st, SEGMENT_NOTE_OUT_OF_WINDOW) && st->seg->len && !is_fin)
		find_segment(st, FINDING_SEQ_RIGHT_OF_WINDOW, BY_SELF, CONFIDENCE_LIKELY);
	if (is_note(st, SEGMENT_NOTE_PAWS) && is_overtaken(st))
		find_segment(st, FINDING_ACK_REGRESSED, BY_SELF, CONFIDENCE_LIKELY);
	else if (is_note(st, SEGMENT_NOTE_PAWS) && retransmit_was_overtaken(st))
		find_late(st);
	else if (is_note(st, SEGMENT_NOTE_PAWS))
		find_segment(st, FINDING_PAWS_REJECTED, BY_SELF, CONFIDENCE_LIKELY);
	if (!is_note(st, SEGMENT_NOTE_NOT_ACCEPTABLE_ACK) || is_fin ||
	    st->peer->state == TCPS_SYN_SENT)
		return;
	/* (Who has gone on itself unseen may well have received what was not seen.) */
	find_segment(st, st->ack > st->peer->snd_nxt ? FINDING_ACK_OF_UNSENT : FINDING_ACK_TOO_OLD,
	    BY_SELF, st->seq > st->self->snd_nxt ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
}

static void window(struct step *st)
{
	struct endpoint *self = st->self;
	const struct endpoint *peer = st->peer;

	if (!peer->has_ack || !peer->scale_known || st->end <= peer->right_edge)
		return;
	if (st->seq < peer->right_edge)
		find_segment(st, FINDING_SEQ_STRADDLES_WINDOW, BY_SELF, CONFIDENCE_LIKELY);
	else if (st->seq == peer->right_edge && peer->last_window == 0 && st->end > self->snd_nxt)
		self->memory.probe_end = st->end;
}

static void acknowledgment(struct step *st)
{
	struct end_memory *probed = &st->peer->memory;

	if (st->ack < st->self->rcv_nxt) {
		if (!(st->seg->flags & TCP_SYN))
			find_segment(st, FINDING_ACK_REGRESSED, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (!probed->probe_end)
		return;
	if (st->ack == probed->probe_end)
		find_segment(st, FINDING_ACK_OF_PROBE_DATA, BY_SELF, CONFIDENCE_LIKELY);
	probed->probe_end = 0;
}

/*
 * The sender is still below what the peer has acknowledged before: the acknowledgment was a lie.  A tap that
 * swaps packets is wrong by less than TAP_ERROR; data may come again when a timer has run out.
 */
static void look_at_early_ack(struct step *st)
{
	int64_t late = st->time - st->self->unseen_time;
	bool may_be_repeat = st->seg->len && late >= TIMER_MIN;

	if ((st->seg->flags & TCP_RST) || st->seq != st->self->snd_nxt ||
	    st->seq >= st->self->unseen_ack)
		return;
	if (late > TAP_ERROR && late > arrival_round_trip(st->conn, st->self))
		find_segment(st, FINDING_ACK_OF_UNSENT, BY_PEER,
		    may_be_repeat ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
}

void find_sequence(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (self->unseen_ack && !st->is_weak)
		look_at_early_ack(st);
	if (!st->is_weak && st->ack >= self->rcv_nxt && st->end <= peer->right_edge &&
	    st->seq >= self->snd_nxt && !peer->memory.probe_end)
		return;
	if ((st->seg->flags & TCP_RST) || st->conn->is_self_connect ||
	    is_note(st, SEGMENT_NOTE_DUPLICATE_FRAME))
		return;
	if (st->is_weak) {
		rejected(st);
		return;
	}
	if (st->seg->len && !(st->seg->flags & TCP_SYN))
		window(st);
	if (is_before_stream(st))
		find_segment(st, FINDING_SEQ_LEFT_OF_WINDOW, BY_SELF, find_header_confidence(st));
	if (st->has_ack && self->has_ack)
		acknowledgment(st);
}

/* --- at the end --- */

/* One number that only an acknowledgment is behind: the FIN may have had it. */
static bool may_be_fin(const struct endpoint *e, const struct hole *h)
{
	return !e->fin_seen && h->right == h->left + 1 && h->right == e->snd_nxt;
}

/* The receiver spoke, and had not got it, when it would have been sent again. */
static bool is_lacked(const struct endpoint *peer, const struct hole *h)
{
	return peer->last_time - h->time >= REPEATED_BY && peer->memory.close_ack <= h->left;
}

struct lost find_lost(const struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	struct lost lost = { 0, 0 };

	if (!peer->packets || e->memory.syn_changes)
		return lost;
	for (unsigned i = 0; i < e->nholes; i++) {
		const struct hole *h = &e->holes[i];

		/* (Where the capture lost more than a window nothing is settled, but all this was acknowledged: resync.c.) */
		if (h->acked || may_be_fin(e, h) || e->far_ack >= h->right)
			continue;
		lost.bytes += h->right - h->left;
		if (is_lacked(peer, h))
			lost.lacked += h->right - h->left;
	}
	return lost;
}

static void look_back(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	struct lost lost = find_lost(c, dir);
	struct finding *f;

	if (lost.bytes) {
		f = find_conn(
		    c, FINDING_SEQUENCE_HOLE, dir, CONFIDENCE_LIKELY, e->last_packet, e->last_time);
		if (f)
			f->a = lost.bytes;
	}
	if (!peer->packets && e->payload_bytes > MUCH) {
		f = find_conn(c, FINDING_DATA_WITHOUT_ACKS, dir, CONFIDENCE_LIKELY, e->last_packet,
		    e->last_time);
		if (f)
			f->a = e->payload_bytes;
	}
	if (e->has_seq && e->base >> 32 != e->cap_nxt >> 32 && e->cap_nxt > e->base)
		find_conn(
		    c, FINDING_SEQ_WRAPPED, dir, CONFIDENCE_CERTAIN, e->last_packet, e->last_time);
}

/*
 * It acknowledged more than it could have got, again and again until the end, and nothing else: rather than inventing
 * that it goes on with an end of which nothing was captured any more.
 */
static void doubt_far_acks(struct conn *c, unsigned dir)
{
	static const enum finding_id blame[] = { FINDING_ACK_OF_UNSENT, FINDING_FIN_BAD_ACK };

	for (size_t i = 0; c->ends[dir].far_ack && i < ARRAY_LEN(blame); i++) {
		struct finding *f = find_have(c, blame[i], !dir);

		if (f && (f->count > 1 || i > 0))
			f->confidence = CONFIDENCE_POSSIBLE;
	}
}

/* May look_back() find something? */
static bool is_odd(const struct endpoint *e, const struct endpoint *peer)
{
	return e->nholes || !peer->packets || e->base >> 32 != e->cap_nxt >> 32;
}

void find_sequence_end(struct conn *c)
{
	doubt_far_acks(c, 0);
	doubt_far_acks(c, 1);
	if (!is_odd(&c->ends[0], &c->ends[1]) && !is_odd(&c->ends[1], &c->ends[0]))
		return;
	look_back(c, c->client);
	look_back(c, !c->client);
}
