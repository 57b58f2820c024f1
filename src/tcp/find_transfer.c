/* SPDX-License-Identifier: MIT */
/*
 * find_transfer - data sent again, late or reported twice; acknowledgments and windows that hold it up.
 *
 * Input:  what retransmit.c and metrics.c made of each segment; the finished connection.
 * Output: findings.
 * Spec:   RFC 9293 3.8; 5681, 6298, 6675, 8985; 2018 and 2883 (SACK); 3522 (Eifel).
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

enum {
	EXCESSIVE_SEGMENTS = 10,
	EXCESSIVE_PERCENT = 5,
	EXHAUSTED_TRIES = 3,
	KEEPALIVES_LOST = 2, /* without an answer */
	FREQUENT_MIN = 2,    /* keepalives soon after another */
	HELD_MIN = 3,        /* small writes that waited for a delayed ACK */
};

/* Part of the duration that a full window must have cost: one in so many. */
#define LIMITED_SHARE 5
#define STALL_MIN     (NS_PER_SEC / 5) /* a closed window that nobody notices is no stall (ns) */
#define LIMITED_MIN   (NS_PER_SEC / 10)

static bool is_note(const struct step *st, enum segment_note n)
{
	return st->notes & 1u << n;
}

/* Time that no other retransmission has counted. */
static void add_cost(struct step *st, struct finding *f, int64_t gap)
{
	struct loss *l = st->self->transfer.loss;
	int64_t from = st->time - gap;

	if (l->counted_until > from)
		from = l->counted_until;
	if (f && st->time > from)
		f->cost += st->time - from;
	if (st->time > l->counted_until)
		l->counted_until = st->time;
}

/* FINDING_COUNT: has a finding elsewhere, or none. */
static enum finding_id finding_of(enum retransmission_kind k)
{
	switch (k) {
	case RETRANSMISSION_FAST:
		return FINDING_RETRANSMISSION_FAST;
	case RETRANSMISSION_SACK_RECOVERY:
		return FINDING_RETRANSMISSION_SACK_RECOVERY;
	case RETRANSMISSION_RACK:
		return FINDING_RETRANSMISSION_RACK;
	case RETRANSMISSION_RTO:
	case RETRANSMISSION_GO_BACK_N:
		return FINDING_RETRANSMISSION_RTO;
	case RETRANSMISSION_TLP:
		return FINDING_TAIL_LOSS_PROBE;
	case RETRANSMISSION_SPURIOUS:
		return FINDING_RETRANSMISSION_SPURIOUS;
	case RETRANSMISSION_OTHER:
		return FINDING_RETRANSMISSION;
	case RETRANSMISSION_NONE:
	case RETRANSMISSION_SYN:
	case RETRANSMISSION_FIN:
	case RETRANSMISSION_COUNT:
		break;
	}
	return FINDING_COUNT;
}

/* What the acknowledgments asked for is seen, and that they had come; a timer is not. */
static enum confidence how_sure(enum retransmission_kind kind, const struct sent *old)
{
	bool is_seen =
	    kind == RETRANSMISSION_SPURIOUS || retransmission_class(kind) == RETRANSMISSION_FAST;

	return is_seen && old && !(old->flags & SENT_UNTIMED) ? CONFIDENCE_CERTAIN
	                                                      : CONFIDENCE_LIKELY;
}

static void raise_max(struct finding *f, uint64_t a)
{
	if (f && a > f->a)
		f->a = a;
}

/* The timer ran out for these bytes before (a loss probe has a timer of its own). */
static bool backs_off(const struct sent *old)
{
	return old && old->tries >= 1 && !(old->flags & SENT_WAS_PROBE && old->tries == 1);
}

static void again_and_again(struct step *st, const struct sent *old, int64_t gap)
{
	enum retransmission_kind class =
	    retransmission_class((enum retransmission_kind)st->transfer.kind);
	struct finding *f;

	if (st->transfer.kind == RETRANSMISSION_RTO && backs_off(old)) {
		f = find_segment(
		    st, FINDING_RETRANSMISSION_RTO_BACKOFF, BY_SELF, CONFIDENCE_CERTAIN);
		raise_max(f, old->tries + 1u);
		if (f)
			f->cost += gap;
	}
	if (class == RETRANSMISSION_FAST && backs_off(old))
		(void)find_segment(
		    st, FINDING_RETRANSMISSION_LOST_AGAIN, BY_SELF, CONFIDENCE_LIKELY);
	if (class == RETRANSMISSION_RTO && old && old->flags & SENT_SACKED)
		(void)find_segment(
		    st, FINDING_RETRANSMISSION_GO_BACK_N, BY_SELF, CONFIDENCE_CERTAIN);
}

static bool is_recut(const struct step *st, const struct sent *old)
{
	uint32_t mss = st->peer->offer.has_mss ? st->peer->offer.mss : 0;

	return old && st->seg->len && !(old->flags & SENT_RUN) && old->len <= mss &&
	       !(st->seg->flags & TCP_SYN) &&
	       (st->seq != old->seq || st->end != old->seq + old->len);
}

void find_recut(struct step *st, const struct sent *old)
{
	if (is_recut(st, old))
		(void)find_segment(
		    st, FINDING_RETRANSMISSION_REPACKETISED, BY_SELF, CONFIDENCE_CERTAIN);
}

static void dropped_data(struct step *st)
{
	struct transfer *t = &st->peer->transfer;
	struct finding *f;

	if (!t->dropped_from || st->seq > t->dropped_from || st->end <= t->dropped_from)
		return;
	f = find_segment(st, FINDING_RECEIVER_DATA_DROPPED, BY_PEER, CONFIDENCE_LIKELY);
	raise_max(f, t->dropped_to - t->dropped_from);
	t->dropped_from = 0;
}

void find_again(struct step *st, const struct sent *old, int64_t gap, bool fills)
{
	enum retransmission_kind kind = (enum retransmission_kind)st->transfer.kind;
	enum finding_id id = finding_of(kind);

	/* (A path that is too small for it has a finding of its own.) */
	if (kind == RETRANSMISSION_OTHER && st->self->path_mtu && old &&
	    old->first <= st->self->path_mtu_time && retransmit_was_too_large(st, old))
		id = FINDING_COUNT;
	if (id != FINDING_COUNT)
		add_cost(st, find_segment(st, id, BY_SELF, how_sure(kind, old)), gap);
	again_and_again(st, old, gap);
	dropped_data(st);
	if (kind == RETRANSMISSION_SYN || kind == RETRANSMISSION_SPURIOUS)
		return;
	if (fills)
		(void)find_segment(st, FINDING_LOSS_UPSTREAM, BY_SELF, CONFIDENCE_LIKELY);
	else if (old)
		(void)find_segment(st, FINDING_LOSS_DOWNSTREAM, BY_SELF, CONFIDENCE_CERTAIN);
}

void find_revised(struct step *st, const struct sent *old)
{
	struct finding *f;

	find_withdraw(st->conn, FINDING_TAIL_LOSS_PROBE, st->dir, old->again);
	f = find_conn(st->conn, FINDING_RETRANSMISSION_RTO, st->dir, CONFIDENCE_LIKELY, old->again,
	    old->last);
	if (f)
		f->cost += old->last - old->first;
}

/* (Of a SYN sent again no loss is told.) */
void find_not_lost(struct step *st, const struct sent *s)
{
	if (s->seq == st->peer->iss)
		return;
	if (s->again)
		find_withdraw(st->conn, FINDING_LOSS_DOWNSTREAM, !st->dir, s->again);
	else
		find_withdraw(st->conn, FINDING_LOSS_UPSTREAM, !st->dir, s->packet);
}

void find_late(struct step *st)
{
	struct finding *f = find_segment(st, FINDING_OUT_OF_ORDER, BY_SELF, CONFIDENCE_LIKELY);

	raise_max(f, st->self->snd_nxt - st->end);
}

/* --- selective acknowledgments --- */

static bool is_duplicate_block(const struct tcp_options *o, uint32_t ack)
{
	const struct sack_block *b = o->sack;

	if (seq_le(b->right, ack))
		return true;
	return o->nsack > 1 && seq_le(b[1].left, b->left) && seq_le(b->right, b[1].right);
}

/* All that may have been sent: a capture that lacks packets may lack the highest ones. */
static uint64_t highest_sent(const struct step *st)
{
	uint64_t captured = st->peer->snd_nxt, offered = st->self->right_edge;

	return (st->conn->traps & TRAP_DROP) && offered > captured ? offered : captured;
}

static bool is_impossible(const struct step *st, const struct sack_block *b)
{
	const struct endpoint *from = st->peer;

	if (!seq_lt(b->left, b->right))
		return true;
	return from->has_seq && !from->unseen_ack && !st->acks_unsent &&
	       seq_unwrap(st->ack, b->right) > highest_sent(st);
}

static void look_at_duplicate(struct step *st)
{
	struct sent *s =
	    sent_find(&st->peer->transfer.sent, seq_unwrap(st->ack, st->seg->opt.sack[0].left));

	st->notes |= 1u << SEGMENT_NOTE_DSACK;
	(void)find_segment(st, FINDING_DSACK, BY_SELF, CONFIDENCE_CERTAIN);
	if (!s || !s->tries || s->flags & SENT_UNNEEDED)
		return;
	retransmit_unneeded(st, s, 1);
	(void)find_segment(st, FINDING_RETRANSMISSION_SPURIOUS_DSACK, BY_PEER, CONFIDENCE_CERTAIN);
}

void find_sack(struct step *st)
{
	const struct tcp_options *o = &st->seg->opt;
	const struct syn_offer *a = &st->self->offer, *b = &st->peer->offer;

	if (a->seen && b->seen && !(a->sack_permitted && b->sack_permitted))
		(void)find_segment(st, FINDING_SACK_NOT_PERMITTED, BY_SELF, CONFIDENCE_CERTAIN);
	for (unsigned i = 0; i < o->nsack; i++) {
		if (!is_impossible(st, &o->sack[i]))
			continue;
		(void)find_segment(st, FINDING_SACK_INVALID, BY_SELF, CONFIDENCE_CERTAIN);
		return;
	}
	if (is_duplicate_block(o, st->seg->ack))
		look_at_duplicate(st);
}

/* A bare acknowledgment without the blocks that must still be there. */
static void look_at_reneging(struct step *st)
{
	const struct endpoint *e = st->self;
	struct finding *f;

	if (st->seg->opt.nsack || !st->has_ack || st->end != st->seq || st->ack != e->rcv_nxt ||
	    e->sack_edge <= st->ack || e->sack_edge > st->peer->snd_nxt ||
	    st->seg->flags & (TCP_SYN | TCP_RST))
		return;
	f = find_segment(st, FINDING_SACK_RENEGED, BY_SELF, CONFIDENCE_LIKELY);
	raise_max(f, e->sack_edge - st->ack);
}

/* --- windows --- */

void find_window_change(struct step *st, bool closed)
{
	struct transfer *t = &st->self->transfer;
	int64_t time = st->time - t->window_closed_at;
	struct finding *f;

	if (closed) {
		(void)find_segment(st, FINDING_ZERO_WINDOW, BY_SELF, CONFIDENCE_CERTAIN);
		return;
	}
	f = find_have(st->conn, FINDING_ZERO_WINDOW, st->dir);
	if (f)
		f->cost += time;
	if (st->peer->transfer.probes == t->probes_at_close || time < STALL_MIN)
		return;
	f = find_segment(st, FINDING_ZERO_WINDOW_STALL, BY_SELF, CONFIDENCE_CERTAIN);
	if (f)
		f->cost += time;
}

static void look_at_probes(struct step *st)
{
	if (is_note(st, SEGMENT_NOTE_WINDOW_PROBE))
		(void)find_segment(st, FINDING_ZERO_WINDOW_PROBE, BY_SELF, CONFIDENCE_CERTAIN);
	if (is_note(st, SEGMENT_NOTE_KEEPALIVE))
		(void)find_segment(st, FINDING_KEEPALIVE, BY_SELF, CONFIDENCE_LIKELY);
	if (is_note(st, SEGMENT_NOTE_KEEPALIVE_ACK))
		(void)find_segment(st, FINDING_KEEPALIVE_ACK, BY_SELF, CONFIDENCE_LIKELY);
	if (is_note(st, SEGMENT_NOTE_PROBE_ACK) && !st->seg->window)
		(void)find_segment(st, FINDING_ZERO_WINDOW_PROBE_ACK, BY_SELF, CONFIDENCE_CERTAIN);
}

static void look_at_duplicates(struct step *st)
{
	struct finding *f = find_segment(st, FINDING_DUPLICATE_ACK, BY_SELF, CONFIDENCE_CERTAIN);

	raise_max(f, st->transfer.dup_ack);
	if (st->transfer.dup_ack == 3)
		(void)find_segment(st, FINDING_DUPLICATE_ACK_TRIPLE, BY_SELF, CONFIDENCE_CERTAIN);
}

void find_transfer(struct step *st)
{
	const uint32_t probes = 1u << SEGMENT_NOTE_WINDOW_PROBE | 1u << SEGMENT_NOTE_KEEPALIVE |
	                        1u << SEGMENT_NOTE_KEEPALIVE_ACK | 1u << SEGMENT_NOTE_PROBE_ACK;

	if (st->is_weak)
		return;
	if (st->self->sack_edge)
		look_at_reneging(st);
	if (!st->notes)
		return;
	if (st->notes & probes)
		look_at_probes(st);
	if (st->transfer.dup_ack)
		look_at_duplicates(st);
	if (is_note(st, SEGMENT_NOTE_WINDOW_UPDATE))
		(void)find_segment(st, FINDING_WINDOW_UPDATE, BY_SELF, CONFIDENCE_CERTAIN);
	if (is_note(st, SEGMENT_NOTE_WINDOW_FULL))
		(void)find_segment(st, FINDING_WINDOW_FULL, BY_SELF, CONFIDENCE_CERTAIN);
}

/* --- at the end --- */

static struct finding *tell(
    struct conn *c, enum finding_id id, unsigned dir, enum confidence confidence)
{
	const struct endpoint *e = &c->ends[dir];

	return find_conn(c, id, dir, confidence, e->last_packet, e->last_time);
}

static void tell_number(struct conn *c, enum finding_id id, unsigned dir, uint64_t a, uint64_t b)
{
	struct finding *f = tell(c, id, dir, CONFIDENCE_CERTAIN);

	if (!f)
		return;
	f->a = a;
	f->b = b;
}

static void look_back_at_loss(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	const struct loss *l = e->transfer.loss;
	uint64_t percent;

	if (!l)
		return;
	percent = e->packets ? l->again.packets_seen * UINT64_C(100) / e->packets : 0;
	if (l->again.segments >= EXCESSIVE_SEGMENTS && percent >= EXCESSIVE_PERCENT)
		tell_number(c, FINDING_RETRANSMISSION_EXCESSIVE, dir, l->again.segments, percent);
	if (e->transfer.unanswered >= EXHAUSTED_TRIES && peer->packets && !c->is_over &&
	    e->state >= TCPS_ESTABLISHED && c->watched - e->last_time > 2 * l->last_gap)
		tell_number(c, FINDING_RETRANSMISSION_EXHAUSTED, dir, e->transfer.unanswered, 0);
}

static void look_back_at_window(struct conn *c, unsigned dir)
{
	const struct transfer *t = &c->ends[dir].transfer;
	struct finding *f = t->window_closed ? find_have(c, FINDING_ZERO_WINDOW, dir) : NULL;
	int64_t full = c->ends[!dir].transfer.measures.window_full_time;

	if (f)
		f->cost += c->end - t->window_closed_at;
	if (f && c->ends[!dir].transfer.probes > t->probes_at_close) {
		f = tell(c, FINDING_ZERO_WINDOW_STALL, dir, CONFIDENCE_CERTAIN);
		if (f)
			f->cost += c->end - t->window_closed_at;
	}
	if (full > LIMITED_MIN && full > c->end / LIMITED_SHARE) {
		f = tell(c, FINDING_RECEIVER_LIMITED, dir, CONFIDENCE_LIKELY);
		if (f)
			f->cost = full;
	}
}

static void look_back_at_habits(struct conn *c, unsigned dir)
{
	const struct transfer *t = &c->ends[dir].transfer;
	struct finding *f;

	if (t->keepalives_open >= KEEPALIVES_LOST && c->ends[!dir].packets)
		tell_number(c, FINDING_KEEPALIVE_UNANSWERED, dir, t->keepalives_open, 0);
	if (t->frequent >= FREQUENT_MIN) {
		tell_number(c, FINDING_KEEPALIVE_AGGRESSIVE, dir,
		    (uint64_t)(KEEPALIVE_FREQUENT / NS_PER_SEC), 0);
		f = find_have(c, FINDING_KEEPALIVE_AGGRESSIVE, dir);
		if (f)
			f->count = t->frequent;
	}
	if (t->held_writes >= HELD_MIN) {
		f = tell(c, FINDING_NAGLE_DELACK_STALL, dir, CONFIDENCE_LIKELY);
		if (f) {
			f->count = t->held_writes;
			f->cost = t->held_time;
		}
	}
}

void find_transfer_end(struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned dir = i == 0 ? c->client : !c->client;

		look_back_at_loss(c, dir);
		look_back_at_window(c, dir);
		look_back_at_habits(c, dir);
	}
}
