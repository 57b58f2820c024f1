/* SPDX-License-Identifier: MIT */
/*
 * sign - what one connection shows that only means something beside others: it was opened, it is more than a
 * probe, its server does not listen, its clock stood still.
 *
 * Input:  each segment, after it was applied.
 * Output: conn.signs, which the shard tells to the engine once each.
 * Does not: judge; see crowd.h.
 */
#include "config.h"

#include "tcp/conn.h"

/* No host delays an acknowledgment so long (RFC 9293 3.8.6.3: 0.5 s), and every sender would repeat (ns). */
#define LATE_ACK (3 * NS_PER_SEC)

enum {
	TALK_PACKETS = 3, /* of one end alone: more than a probe and its repetition */
};

/* Data; or, where the beginning is not known, both ends without a reset, or one of them again and again. */
static bool is_talk(const struct step *st)
{
	if (st->seg->len > 0 && !(st->seg->flags & (TCP_SYN | TCP_RST)))
		return true;
	if (!st->conn->is_midstream || (st->seg->flags & TCP_RST))
		return false;
	return st->peer->ttl != 0 || st->self->packets >= TALK_PACKETS;
}

/* The third packet was captured, and the client has to send its first bytes again, or gets the SYN-ACK again. */
static bool is_deaf(const struct step *st)
{
	const struct conn *c = st->conn;
	bool is_repeated = st->notes & 1u << SEGMENT_NOTE_RETRANSMISSION;

	if (!c->handshake_done || !is_repeated)
		return false;
	if (st->dir != c->client)
		return st->seg->flags & TCP_SYN;
	/* (What was on the SYN may be sent again for other reasons: RFC 7413.) */
	if (st->self->memory.syn_len)
		return false;
	return st->seg->len > 0 && st->seq == st->self->iss + 1 &&
	       conn_sent(st->peer) == c->synacks;
}

static void look_at_opening(struct step *st)
{
	struct conn *c = st->conn;
	unsigned signs = 0;

	if (c->handshake_done && !(c->signs & SIGN_OPENED)) {
		signs |= SIGN_OPENED;
		if (st->seg->window == 0 && st->seg->len == 0)
			signs |= SIGN_NO_WINDOW;
	}
	if (c->syns > 1 && !c->synacks)
		signs |= SIGN_REPEATED;
	if (c->refused)
		signs |= SIGN_REFUSED;
	c->signs |= (uint16_t)signs;
}

void sign_segment(struct step *st)
{
	struct conn *c = st->conn;

	if (!(c->signs & SIGN_TALKED) && is_talk(st))
		c->signs |= SIGN_TALKED;
	if (!(c->signs & SIGN_OPENED) && !c->is_midstream)
		look_at_opening(st);
	if (st->notes && !(c->signs & SIGN_DEAF) && is_deaf(st))
		c->signs |= SIGN_DEAF;
}

void sign_late_ack(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	int64_t late = st->time - peer->last_time;

	if (late < LATE_ACK || !st->has_ack || !self->has_ack || (st->conn->signs & SIGN_LATE_ACK))
		return;
	/* (Its sender was the last to send, and what is acknowledged now was on the way.) */
	if (st->ack <= self->rcv_nxt || st->ack > peer->snd_nxt ||
	    self->last_packet > peer->last_packet)
		return;
	st->conn->signs |= SIGN_LATE_ACK;
	st->conn->late_span = late;
}
