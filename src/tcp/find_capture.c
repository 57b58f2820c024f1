/* SPDX-License-Identifier: MIT */
/*
 * find_capture - signs that the capture does not show what happened: lost, cut, repeated and exchanged
 * packets, segments that never were on a wire, one direction, no beginning, no end.
 *
 * Input:  each segment before it moves the edges; the connection at its end.
 * Output: findings of class capture, and conn.traps for the gate and for the other connections.
 * Does not: blame an end.
 */
#include "config.h"

#include "tcp/find.h"

enum {
	ORDINARY_PACKET = 1500, /* most bytes behind the IP header's 20 that an Ethernet carries */
	ONE_SIDED_AFTER = 3,    /* packets with acknowledgments of an end that was not seen */
};

static struct finding *tell(struct step *st, enum finding_id id, unsigned who, unsigned trap)
{
	st->conn->traps |= (uint16_t)trap;
	return find_segment(st, id, who, CONFIDENCE_CERTAIN);
}

static void look_at_clock(struct step *st)
{
	uint64_t back;
	struct finding *f;

	if (st->time >= st->conn->end)
		return;
	back = (uint64_t)(st->conn->end - st->time) / 1000;
	f = tell(st, FINDING_CLOCK_STEP_BACK, BY_NOBODY, TRAP_CLOCK);
	if (f && back > f->a)
		f->a = back;
}

static void look_at_truncation(struct step *st)
{
	if (st->seg->notes & (SEG_TRUNCATED | SEG_HEADER_TRUNCATED))
		(void)tell(st, FINDING_SNAPLEN_TRUNCATED, BY_NOBODY, TRAP_SNAPLEN);
}

static void look_at_vlan(struct step *st)
{
	if (st->seg->vlan != st->conn->vlan && st->self->packets == 1 && st->peer->packets > 0)
		(void)tell(st, FINDING_VLAN_SPLIT_DIRECTIONS, BY_NOBODY, 0);
}

/*
 * More than the receiver takes at once, in a form that no wire carries: as the sender's card was given it, or
 * as the receiver's put it together.  A single segment that is whole and too large is its sender's doing.
 */
static void look_at_size(struct step *st)
{
	const struct segment *s = st->seg;
	const struct syn_offer *offer = &st->peer->offer;
	uint32_t size = s->len + s->header_len - 20u;
	struct finding *f;

	if (!offer->has_mss || size <= offer->mss)
		return;
	if (size <= ORDINARY_PACKET && s->checksum_state != CHECKSUM_PARTIAL &&
	    s->checksum_state != CHECKSUM_BAD)
		return;
	f = tell(st, FINDING_OFFLOAD_SUPER_SEGMENTS, BY_SELF, TRAP_OFFLOAD);
	if (f && s->len > f->a) {
		f->a = s->len;
		f->b = offer->mss;
	}
}

/* Was space that the segment takes acknowledged before it was captured? */
static bool was_acknowledged(const struct step *st)
{
	const struct endpoint *e = st->self;

	for (unsigned i = 0; i < e->nholes; i++) {
		const struct hole *h = &e->holes[i];

		if (h->acked && st->seq < h->right && st->end > h->left)
			return true;
	}
	return e->unseen_ack > st->seq &&
	       st->time - e->unseen_time <= arrival_round_trip(st->conn, e);
}

/* Taken back at the end if it turns out that the acknowledgment was not true. */
static void look_at_order(struct step *st)
{
	if (was_acknowledged(st))
		(void)tell(st, FINDING_REORDERED_AT_TAP, BY_SELF, 0);
}

static bool covers_hole(const struct endpoint *e, uint64_t ack)
{
	for (unsigned i = 0; i < e->nholes; i++)
		if (!e->holes[i].acked && e->holes[i].left < ack)
			return true;
	return false;
}

/* What is acknowledged was sent and has arrived.  Taken back at the end if it was captured after all. */
static void look_at_gap(struct step *st)
{
	const struct endpoint *peer = st->peer;
	bool is_passed;

	if (!st->has_ack || !peer->has_seq || (st->seg->flags & (TCP_SYN | TCP_RST)))
		return;
	is_passed = peer->nholes && covers_hole(peer, st->ack);
	if (is_passed)
		st->conn->traps |= TRAP_DROP;
	if (is_passed || st->ack > peer->snd_nxt)
		(void)find_segment(st, FINDING_CAPTURE_GAP_ACKED, BY_PEER, CONFIDENCE_CERTAIN);
}

/* Its sender went on behind what is missing: it will not come any more. */
static void look_past_gap(struct step *st)
{
	if (st->self->missing > 0 && st->end > st->self->snd_nxt)
		st->conn->traps |= TRAP_DROP;
}

/* Most senders count their packets: a small step back shows that this one was sent before the last. */
static void look_at_ids(struct step *st)
{
	uint16_t id = st->seg->ip_id, last = st->self->ip_id;

	/* (SYNs may have been kept without their ID: halfopen.c.) */
	if (id == 0 || (st->seg->flags & TCP_SYN))
		return;
	if (conn_id_went_back(last, id))
		st->conn->ids_went_back = true;
	st->self->ip_id = id;
}

static void look_at_sides(struct step *st)
{
	if (st->peer->packets == 0 && st->self->packets == ONE_SIDED_AFTER && st->self->has_ack)
		st->conn->traps |= TRAP_ONE_SIDED;
}

void find_capture(struct step *st)
{
	if (st->conn->acked_before_seen)
		st->conn->traps |= TRAP_REORDER;
	look_at_clock(st);
	look_at_truncation(st);
	look_at_vlan(st);
	look_at_sides(st);
	look_at_ids(st);
	if (st->is_weak)
		return;
	sign_late_ack(st);
	look_at_gap(st);
	if (st->end == st->seq)
		return;
	look_at_size(st);
	look_past_gap(st);
	if (st->self->nholes || st->self->unseen_ack)
		look_at_order(st);
}

bool find_capture_is_one_sided(const struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	return (!a->packets && b->has_ack) || (!b->packets && a->has_ack);
}

bool find_capture_is_clean(const struct conn *c)
{
	static const uint16_t spoilt =
	    TRAP_DROP | TRAP_DUPLICATE | TRAP_REORDER | TRAP_ONE_SIDED | TRAP_CLOCK | TRAP_SNAPLEN;
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	if (c->is_midstream || !c->handshake_done || !a->offer.seen || !b->offer.seen)
		return false;
	return !(c->traps & spoilt) && !a->nholes && !b->nholes && !a->missing && !b->missing &&
	       !c->acked_before_seen && !c->ids_went_back;
}

static void tell_at_end(struct conn *c, enum finding_id id)
{
	(void)find_conn(c, id, BY_NOBODY, CONFIDENCE_CERTAIN, c->uid, 0);
}

/*
 * How much is missing in the end: late packets may have filled the gap, and an acknowledgment of bytes that
 * did not exist is no gap.  Where the sender was not seen behind it there is only the acknowledgment's word.
 */
static void settle_gap(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir];
	uint64_t claimed = e->unseen_ack > e->snd_nxt ? e->unseen_ack - e->snd_nxt : 0;
	struct finding *f = find_have(c, FINDING_REORDERED_AT_TAP, dir);

	if (f && !c->acked_before_seen)
		find_drop(c, f);
	f = find_have(c, FINDING_CAPTURE_GAP_ACKED, dir);
	if (!f)
		return;
	f->a = e->missing;
	if (e->missing <= claimed)
		f->confidence = CONFIDENCE_LIKELY;
	if (f->a == 0)
		find_drop(c, f);
}

/* Windows of an end that uses scaling mean nothing without the factor, which only SYNs tell. */
static bool lacks_scale(const struct endpoint *e)
{
	return e->has_ack && !e->scale_known && e->packets > 1;
}

/* Something was going on: a handshake, data on the way, a close half done. */
static bool is_in_progress(const struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	if (c->is_over || (!a->has_ack && !b->has_ack))
		return false;
	return c->nfin_order > 0 || (!c->is_midstream && !c->handshake_done) ||
	       (a->has_seq && a->cap_nxt > b->rcv_nxt) || (b->has_seq && b->cap_nxt > a->rcv_nxt);
}

static bool was_limited(const struct conn *c)
{
	return c->findings_lost || c->ends[0].history_lost || c->ends[1].history_lost ||
	       c->ends[0].holes_lost || c->ends[1].holes_lost;
}

void find_capture_end(struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	if (c->nfindings) {
		settle_gap(c, 0);
		settle_gap(c, 1);
	}
	if (c->is_midstream && (a->packets || b->packets))
		tell_at_end(c, FINDING_MIDSTREAM_START);
	if (find_capture_is_one_sided(c))
		tell_at_end(c, FINDING_ONE_SIDED);
	if (lacks_scale(a) || lacks_scale(b))
		tell_at_end(c, FINDING_WINDOW_SCALE_UNKNOWN);
	if (c->was_cut_off && is_in_progress(c))
		(void)find_conn(c, FINDING_CAPTURE_ENDS_MID, BY_NOBODY, CONFIDENCE_CERTAIN,
		    a->last_packet > b->last_packet ? a->last_packet : b->last_packet, c->end);
	if (was_limited(c))
		tell_at_end(c, FINDING_ANALYSIS_LIMITED);
}
