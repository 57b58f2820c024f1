/* SPDX-License-Identifier: MIT */
/*
 * find_teardown - what is odd about how a connection ends: FINs, resets, and what follows them.
 *
 * Input:  segments before they move the edges; the finished connection.
 * Output: findings; resets as facts, tied to what they answer.
 * Spec:   RFC 9293 3.5.2, 3.5.3 (resets), 3.6 (closing), 3.10.7.4; RFC 5961 3.2; RFC 1337.
 * Does not: name the cause of a reset.
 *
 * Who closed first, and whether FINs crossed, is read from what the FINs acknowledge: their order in the
 * capture is the capture's.
 */
#include "config.h"

#include "tcp/find.h"

enum {
	STORM = 20,     /* FINs or RSTs of one end that are too many */
	LONG_HALF = 10, /* s that half a connection may stay open unremarked */
	LONG_IDLE = 30, /* s of them without a word: an application that does not close */
};

/* Least time before a timer sends something again (ns). */
#define TIMER_MIN (NS_PER_SEC / 5)

static bool is_note(const struct step *st, enum segment_note n)
{
	return st->notes & 1u << n;
}

/* --- FIN --- */

static void fin_in_handshake(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (self->state == TCPS_SYN_SENT && peer->packets == 0 && self->packets > 1)
		find_segment(st, FINDING_FIN_BEFORE_ESTABLISHED, BY_SELF,
		    st->has_ack ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
	else if (self->state == TCPS_SYN_RECEIVED && !st->conn->handshake_done && peer->iss &&
	         st->ack == peer->iss + 1 && st->conn->syns == conn_sent(peer))
		find_segment(st, FINDING_FIN_BEFORE_ESTABLISHED, BY_SELF, CONFIDENCE_POSSIBLE);
}

/* A FIN that the receiver must not act upon. */
static void invalid_fin(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (is_note(st, SEGMENT_NOTE_OUT_OF_WINDOW) ||
	    (!self->fin_seen && peer->has_ack && st->end <= peer->rcv_nxt))
		find_segment(st, FINDING_FIN_OUT_OF_WINDOW, BY_SELF, CONFIDENCE_LIKELY);
	if (is_note(st, SEGMENT_NOTE_NOT_ACCEPTABLE_ACK))
		find_segment(st, FINDING_FIN_BAD_ACK, BY_SELF, CONFIDENCE_LIKELY);
}

/* BSD stacks acknowledge the peer's FIN with their own, while that is not acknowledged: nothing was lost. */
static bool acknowledges_fin(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	return peer->fin_seen && st->ack >= peer->fin_end && self->rcv_nxt < peer->fin_end &&
	       st->time - peer->last_time < TIMER_MIN;
}

static void fin_again(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (st->end != self->fin_end) {
		find_segment(st, FINDING_FIN_SEQUENCE_CHANGED, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (acknowledges_fin(st))
		return;
	find_segment(st, FINDING_FIN_RETRANSMITTED, BY_SELF, CONFIDENCE_LIKELY);
	if (peer->rcv_nxt < self->fin_end)
		return;
	find_segment(st, FINDING_LAST_ACK_LOST, BY_SELF, CONFIDENCE_LIKELY);
	st->peer->memory.owes = OWES_FIN_ACK;
}

/*
 * Had it received the peer's FIN when it sent its own for the first time?  Either it said so before, or it
 * answers too soon for this to be a repetition of a FIN that was not captured.
 */
static bool knows_fin(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!peer->fin_seen || st->ack < peer->fin_end)
		return false;
	return self->rcv_nxt >= peer->fin_end || st->time - peer->last_time < TIMER_MIN;
}

void find_fin_taken(struct step *st)
{
	struct endpoint *self = st->self;

	self->memory.close_ack = st->ack;
	self->memory.knew_fin = knows_fin(st);
	self->memory.close_in_order = self->has_seq && st->seq <= self->snd_nxt &&
	                              st->end > self->snd_nxt &&
	                              !(st->seg->notes & SEG_HEADER_TRUNCATED);
}

static void fin(struct step *st)
{
	struct endpoint *self = st->self;

	if (st->conn->is_midstream && self->packets == 1 && st->peer->packets == 0)
		find_segment(st, FINDING_FIN_WITHOUT_SESSION, BY_SELF,
		    st->has_ack ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY);
	fin_in_handshake(st);
	invalid_fin(st);
	if (st->is_weak)
		return;
	if (self->fin_seen) {
		fin_again(st);
		return;
	}
	find_fin_taken(st);
}

/* --- data and acknowledgments while closing --- */

static void data_after_own_fin(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint64_t fin = self->fin_end - 1, end = st->seq + st->seg->len;

	/* A keepalive may carry one byte in the FIN's place. */
	if (st->seg->len == 1 && st->seq == fin)
		return;
	if (end > fin)
		find_segment(st, FINDING_DATA_BEYOND_FIN, BY_SELF, find_header_confidence(st));
	else if (peer->has_ack && peer->rcv_nxt > fin)
		find_segment(st, FINDING_CLOSEWAIT_RETRANSMISSION, BY_SELF, CONFIDENCE_LIKELY);
}

static void data_while_closing(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (self->fin_seen)
		data_after_own_fin(st);
	if (!st->is_weak && peer->fin_seen && st->ack >= peer->fin_end && st->end > self->snd_nxt &&
	    !self->fin_seen)
		find_segment(st, FINDING_DATA_AFTER_PEER_FIN, BY_SELF, CONFIDENCE_LIKELY);
}

static void numbers_while_closing(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	bool is_fin = st->seg->flags & TCP_FIN;

	if (!is_fin && ((self->fin_seen && !st->seg->len && st->seq > self->fin_end) ||
	                   is_note(st, SEGMENT_NOTE_OUT_OF_WINDOW)))
		find_segment(st, FINDING_TEARDOWN_BAD_SEQ, BY_SELF, CONFIDENCE_LIKELY);
	if (st->has_ack && ((peer->fin_seen && st->ack > peer->fin_end) ||
	                       (!is_fin && is_note(st, SEGMENT_NOTE_NOT_ACCEPTABLE_ACK))))
		find_segment(st, FINDING_TEARDOWN_BAD_ACK, BY_SELF, CONFIDENCE_LIKELY);
}

static void while_closing(struct step *st)
{
	struct endpoint *self = st->self;

	if (st->seg->len)
		data_while_closing(st);
	numbers_while_closing(st);
	if (self->memory.owes != OWES_FIN_ACK)
		return;
	self->memory.owes = OWES_NOTHING;
	if (st->has_ack && !st->seg->len && st->peer->fin_seen && st->ack == st->peer->fin_end)
		find_segment(st, FINDING_TIME_WAIT_FIN_ACK_REPLAY, BY_SELF, CONFIDENCE_LIKELY);
}

/* --- RST --- */

/*
 * What a host without a socket says to each segment that was on its way when the socket went: the number is what that
 * acknowledged (RFC 9293 3.5.2).
 */
static bool is_echo(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint64_t acked = peer->has_ack ? peer->rcv_nxt : self->snd_nxt;

	return (self->rst_seen || st->conn->is_over) && !st->has_ack && !st->is_foreign &&
	       self->has_seq && st->seq >= self->base && st->seq <= acked;
}

/* RFC 9293 3.5.3 and RFC 5961 3.2: is the number in the window, and is it the expected one? */
static void rst_sequence(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	bool at_fin = self->fin_seen && st->seq + 1 == self->fin_end;
	/* (Of an end that has sent nothing yet only what the other expects is known.) */
	uint64_t expected = self->has_seq ? self->snd_nxt : peer->rcv_nxt;

	if (!peer->has_ack || peer->state == TCPS_SYN_SENT || at_fin || is_echo(st))
		return;
	if (st->seq < peer->rcv_nxt || (peer->scale_known && st->seq > peer->right_edge))
		find_segment(st, FINDING_RST_OUT_OF_WINDOW, BY_SELF, CONFIDENCE_LIKELY);
	else if (st->seq > expected && st->seq != peer->sack_edge) {
		st->peer->memory.owes = OWES_CHALLENGE;
		find_segment(st, FINDING_RST_INEXACT, BY_SELF, CONFIDENCE_LIKELY);
	}
}

static void rst_acknowledgment(struct step *st)
{
	const struct endpoint *peer = st->peer;
	bool is_bad;

	if (!st->has_ack || !peer->has_seq)
		return;
	if (peer->state == TCPS_SYN_SENT)
		is_bad = st->ack <= peer->iss || st->ack > peer->snd_nxt;
	else
		is_bad =
		    st->ack > peer->snd_nxt ||
		    (st->self->has_ack && st->ack + (UINT64_C(65535) << 14) < st->self->rcv_nxt);
	if (is_bad)
		find_segment(st, FINDING_RST_BAD_ACK, BY_SELF, CONFIDENCE_LIKELY);
}

static bool knows_offer(const struct endpoint *e)
{
	return e->offer.seen && !e->is_offer_cut;
}

/* Another one of the same: once is enough. */
static bool was_told(const struct step *st)
{
	return is_echo(st) && find_have(st->conn, FINDING_FIN_THEN_RST, st->dir);
}

static void rst_after_fin(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	/* (Without both SYNs it is not known what a reset of this end must look like.) */
	bool is_behind = st->seq >= self->fin_end && knows_offer(self) && knows_offer(peer);

	if (!self->fin_seen || st->is_foreign || was_told(st))
		return;
	find_segment(st, FINDING_FIN_THEN_RST, BY_SELF,
	    is_behind ? find_header_confidence(st) : CONFIDENCE_LIKELY);
	/* FIN acknowledged, new data outstanding, reset without a socket: nobody is left to read. */
	if (!st->has_ack && !peer->fin_seen && peer->rcv_nxt >= self->fin_end &&
	    peer->cap_nxt > self->rcv_nxt)
		find_segment(st, FINDING_FIN_WAIT2_ORPHAN_RESET, BY_SELF,
		    is_behind ? find_header_confidence(st) : CONFIDENCE_LIKELY);
}

static unsigned resets_by(const struct conn *c, unsigned dir)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->nresets; i++)
		n += c->resets[i].by == dir;
	return n;
}

static void rst(struct step *st)
{
	struct finding *f = NULL;

	if (st->seg->len)
		f = find_segment(st, FINDING_RST_WITH_DATA, BY_SELF, find_header_confidence(st));
	if (f)
		f->a = st->seg->len;
	f = NULL;
	rst_sequence(st);
	rst_acknowledgment(st);
	if (resets_by(st->conn, st->dir))
		f = find_segment(st, FINDING_RST_REPEATED, BY_SELF, CONFIDENCE_LIKELY);
	if (f && is_echo(st))
		f->b++;
	if (st->is_weak)
		return;
	rst_after_fin(st);
	if (!st->has_ack || st->self->memory.close_ack || st->is_foreign)
		return;
	st->self->memory.close_ack = st->ack;
	st->self->memory.close_in_order = st->self->has_seq && st->seq == st->self->snd_nxt;
}

/* An end that has reset the connection goes on.  What crossed in the capture by a hair is no evidence. */
static void after_own_rst(struct step *st)
{
	const struct endpoint *self = st->self;
	bool is_late = st->time - self->rst_time > arrival_round_trip(st->conn, self);
	enum confidence confidence = is_late ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;

	if (st->seg->flags & TCP_SYN)
		return;
	if (st->seg->len)
		find_segment(st, FINDING_DATA_AFTER_RESET, BY_SELF, confidence);
	if (st->seg->flags & TCP_FIN)
		find_segment(st, FINDING_FIN_AFTER_RESET, BY_SELF, confidence);
}

void find_teardown(struct step *st)
{
	uint16_t flags = st->seg->flags;
	const struct conn *c = st->conn;
	bool is_closing = st->self->fin_seen || st->peer->fin_seen;

	if (!(flags & (TCP_FIN | TCP_RST)) && !is_closing && !c->resets_seen)
		return;
	if (c->is_self_connect || is_note(st, SEGMENT_NOTE_DUPLICATE_FRAME))
		return;
	if (flags & TCP_RST) {
		rst(st);
		return;
	}
	if (st->self->rst_seen)
		after_own_rst(st);
	if ((flags & (TCP_FIN | TCP_SYN)) == TCP_FIN)
		fin(st);
	if (is_closing && !(flags & TCP_SYN))
		while_closing(st);
}

/* --- at the end --- */

static const struct state_entry *entry_of(const struct endpoint *e, enum tcp_state s)
{
	for (unsigned i = 0; i < e->nhistory; i++)
		if (e->history[i].state == s)
			return &e->history[i];
	return NULL;
}

static void raise_at(struct conn *c, enum finding_id id, unsigned by, enum confidence confidence,
    const struct state_entry *entry)
{
	find_conn(c, id, by, confidence, entry ? entry->packet : 0, entry ? entry->time : c->end);
}

/* Did this end know of the other's FIN when it sent its own? */
static bool answers_fin(const struct endpoint *e, const struct endpoint *other)
{
	return e->fin_seen && other->fin_seen && e->memory.close_ack >= other->fin_end;
}

/*
 * One FIN, which the other end has acknowledged without one of its own: nothing of the other end is missing,
 * and no more of it was acknowledged than was captured.
 */
static bool is_only_fin(const struct endpoint *e, const struct endpoint *other)
{
	return !other->fin_seen && !other->may_have_fin && !other->nholes &&
	       other->rcv_nxt >= e->fin_end && e->memory.close_ack <= other->cap_nxt;
}

static uint64_t first_reset(const struct conn *c, unsigned dir)
{
	for (unsigned i = 0; i < c->nresets; i++)
		if (c->resets[i].by == dir)
			return c->resets[i].packet;
	return 0;
}

/* The one that ended the connection: the others had the wrong numbers, or came later. */
static uint64_t last_word(const struct conn *c, unsigned dir)
{
	for (unsigned i = 0; i < c->nresets; i++)
		if (c->resets[i].by == dir && c->resets[i].time >= c->ends[dir].first_rst_time)
			return c->resets[i].packet;
	return first_reset(c, dir);
}

/* The other end had aborted when this one sent its FIN: the reset did not arrive. */
static bool reset_before(const struct conn *c, unsigned dir)
{
	uint64_t reset = c->ends[!dir].rst_seen ? first_reset(c, !dir) : 0;
	const struct state_entry *fin = reset ? entry_of(&c->ends[dir], TCPS_FIN_WAIT_1) : NULL;

	return fin && reset < fin->packet;
}

static void closed_by_fin(struct conn *c)
{
	unsigned first = c->fin_order[0];
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];
	const struct state_entry *fin;
	bool is_known = true;

	if (answers_fin(a, b) && b->memory.close_in_order) {
		first = 1;
		is_known = a->memory.knew_fin && a->memory.close_in_order;
	} else if (answers_fin(b, a) && a->memory.close_in_order) {
		first = 0;
		is_known = b->memory.knew_fin && b->memory.close_in_order;
	} else { /* (A reset in answer may come from an end that had aborted before.) */
		is_known = is_only_fin(&c->ends[first], &c->ends[!first]) &&
		           !c->ends[!first].rst_seen && a->offer.seen && b->offer.seen &&
		           c->syns > 0;
	}
	if (reset_before(c, first))
		return;
	if (a->fin_seen && b->fin_seen && !answers_fin(a, b) && !answers_fin(b, a)) {
		raise_at(c, FINDING_SIMULTANEOUS_CLOSE, BY_NOBODY, CONFIDENCE_CERTAIN,
		    entry_of(&c->ends[!first], TCPS_FIN_WAIT_1));
		return;
	}
	fin = entry_of(&c->ends[first], TCPS_FIN_WAIT_1);
	/* A handshake behind the FIN: the next connection, whose SYN is missing. */
	if (find_have(c, FINDING_SYNACK_ISN_CHANGED, 0) ||
	    find_have(c, FINDING_SYNACK_ISN_CHANGED, 1) || (fin && c->synack_time > fin->time))
		is_known = false;
	if (!c->ends[first].memory.close_in_order)
		is_known = false;
	raise_at(c, FINDING_CLOSE_INITIATOR, first,
	    is_known ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY, fin);
}

static bool all_acknowledged(const struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *e = &c->ends[i], *peer = &c->ends[!i];

		uint64_t end = e->fin_seen ? e->fin_end - 1 : e->cap_nxt;

		if (end > peer->rcv_nxt && end > peer->memory.close_ack)
			return false;
	}
	return true;
}

/* Probes of a closed window: there was more to come. */
static bool is_held_up(const struct conn *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->ends[i].transfer.window_closed && c->ends[!i].transfer.probes)
			return true;
	return false;
}

static void outstanding(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	uint64_t acked =
	    peer->memory.close_ack > peer->rcv_nxt ? peer->memory.close_ack : peer->rcv_nxt;
	uint64_t end = e->fin_seen ? e->fin_end - 1 : e->cap_nxt;
	struct finding *f;

	if (!peer->has_ack || !e->payload_bytes || end <= acked)
		return;
	f = find_conn(c, FINDING_CLOSED_WITH_DATA_OUTSTANDING, dir, CONFIDENCE_LIKELY,
	    e->last_packet, e->last_time);
	if (f)
		f->a = end - acked;
}

/*
 * No decision to close: a reset in the name of the other end had come before, true or forged, or it is what a
 * host says that has lost the connection.
 */
static bool is_answer(const struct conn *c, unsigned dir, uint64_t packet)
{
	const uint64_t lost = UINT64_C(1) << EVIDENCE_ECHO | UINT64_C(1) << EVIDENCE_NEVER_ENDED;
	uint64_t before = first_reset(c, !dir);

	for (unsigned i = 0; i < c->nresets; i++)
		if (c->resets[i].packet == packet && (c->resets[i].evidence & lost) == lost)
			return true;
	return before && before < packet;
}

/* Likely at most: a FIN that crosses the reset may be missing, and nobody would tell. */
static void closed_by_reset(struct conn *c, unsigned dir)
{
	uint64_t packet = last_word(c, dir);
	int64_t time = c->ends[dir].first_rst_time;
	bool has_data = c->ends[0].payload_bytes + c->ends[1].payload_bytes > 0;
	bool is_open = c->handshake_done || c->is_midstream;
	bool had_fin = c->nfin_order && !reset_before(c, c->fin_order[0]);

	outstanding(c, c->client);
	outstanding(c, !c->client);
	if (!is_open || had_fin || is_answer(c, dir, packet))
		return;
	find_conn(c, FINDING_CLOSE_INITIATOR, dir, CONFIDENCE_LIKELY, packet, time);
	if (has_data && all_acknowledged(c) && !is_held_up(c))
		find_conn(c, FINDING_RST_INSTEAD_OF_FIN, dir, CONFIDENCE_LIKELY, packet, time);
}

/* It sat in CLOSE-WAIT from this entry on, until its FIN, the reset, or the last packet. */
static void half_closed(struct conn *c, unsigned dir, const struct state_entry *close_wait)
{
	const struct endpoint *e = &c->ends[dir];
	const struct state_entry *next = close_wait + 1;
	int64_t until = next < e->history + e->nhistory ? next->time : c->end;
	int64_t time = until - close_wait->time;
	struct finding *f;
	bool has_sent;

	if (time < LONG_HALF * NS_PER_SEC)
		return;
	has_sent = find_have(c, FINDING_DATA_AFTER_PEER_FIN, dir) != NULL;
	if (!has_sent && time < LONG_IDLE * NS_PER_SEC)
		return;
	f = find_conn(c, has_sent ? FINDING_HALF_CLOSE_LONG : FINDING_CLOSE_WAIT_STUCK, dir,
	    CONFIDENCE_LIKELY, e->last_packet, e->last_time);
	if (f)
		f->cost = time;
}

static void fin_fate(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	const struct finding *again = find_have(c, FINDING_FIN_RETRANSMITTED, dir);
	uint32_t sent = again ? again->count + 1 : 0;
	struct finding *f = NULL;

	if (!e->fin_seen || !again)
		return;
	if (peer->packets && peer->rcv_nxt < e->fin_end && !c->resets_seen)
		find_conn(c, FINDING_FIN_UNACKNOWLEDGED, dir, CONFIDENCE_LIKELY, e->last_packet,
		    e->last_time);
	if (sent >= STORM)
		f = find_conn(
		    c, FINDING_FIN_STORM, dir, CONFIDENCE_LIKELY, e->last_packet, e->last_time);
	if (f)
		f->a = sent;
}

static void reset_fate(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *target = &c->ends[!dir];
	struct finding *f = find_have(c, FINDING_RST_REPEATED, dir);
	uint32_t sent = f ? f->count + 1 : resets_by(c, dir);
	/* (No more of them can be answers than there were packets to answer.) */
	uint64_t asked = target->packets ? conn_sent(target) : UINT64_MAX;
	uint64_t echoes = f ? f->b : 0, answers = echoes < asked ? echoes : asked;

	if (f)
		f->a = sent;
	if (sent >= answers + STORM) {
		f = find_conn(
		    c, FINDING_RST_STORM, dir, CONFIDENCE_LIKELY, e->last_packet, e->last_time);
		if (f)
			f->a = sent;
	}
	if (sent && target->resets_refuted && !e->rst_seen &&
	    !find_have(c, FINDING_RST_INEXACT, dir) &&
	    !find_have(c, FINDING_RST_OUT_OF_WINDOW, dir) &&
	    !find_have(c, FINDING_RST_BAD_ACK, dir))
		find_conn(c, FINDING_RST_IGNORED, dir, CONFIDENCE_LIKELY, first_reset(c, dir),
		    e->last_time);
}

static void assassinated(struct conn *c, unsigned dir, const struct state_entry *time_wait)
{
	const struct endpoint *e = &c->ends[dir];
	const struct state_entry *next = time_wait + 1;

	if (next == &e->history[e->nhistory] || next->rule == FSM_RULE_NONE ||
	    fsm_rule_at(next->rule)->stimulus != RCV_RST)
		return;
	find_conn(
	    c, FINDING_TIME_WAIT_ASSASSINATED, !dir, CONFIDENCE_LIKELY, next->packet, next->time);
}

static bool is_open_still(const struct conn *c)
{
	return (c->handshake_done || c->is_midstream) && !c->is_over && !c->resets_seen &&
	       !c->ends[0].fin_seen && !c->ends[1].fin_seen;
}

/* Until its own FIN nothing shows that an end had not closed: the capture may lack the FIN. */
static bool is_unended(const struct conn *c, const struct finding *f)
{
	return (f->id == FINDING_CLOSE_WAIT_STUCK || f->id == FINDING_HALF_CLOSE_LONG) &&
	       !c->ends[f->by].fin_seen;
}

/* What only a packet that was not captured, or another order of packets, could explain otherwise. */
static void judge(struct conn *c)
{
	for (unsigned i = 0; i < c->nfindings; i++) {
		struct finding *f = &c->findings[i];

		switch (f->id) {
		case FINDING_CHALLENGE_ACK:
		case FINDING_CLOSE_WAIT_STUCK:
		case FINDING_DATA_AFTER_PEER_FIN:
		case FINDING_HALF_CLOSE_LONG:
		case FINDING_TIME_WAIT_SYN_REFUSED:
			if (!is_unended(c, f))
				f->confidence = CONFIDENCE_CERTAIN;
			break;
		default:
			break;
		}
	}
}

static void end_fate(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir];
	const struct state_entry *close_wait = NULL, *time_wait = NULL; /* the first of each */

	for (unsigned i = e->nhistory; i-- > 0;) {
		if (e->history[i].state == TCPS_CLOSE_WAIT)
			close_wait = &e->history[i];
		else if (e->history[i].state == TCPS_TIME_WAIT)
			time_wait = &e->history[i];
	}
	if (close_wait)
		half_closed(c, dir, close_wait);
	fin_fate(c, dir);
	if (c->resets_seen)
		reset_fate(c, dir);
	if (time_wait)
		assassinated(c, dir, time_wait);
}

static unsigned first_to_reset(const struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	return !a->rst_seen || (b->rst_seen && first_reset(c, 1) < first_reset(c, 0));
}

void find_teardown_end(struct conn *c)
{
	if (c->is_self_connect)
		return;
	if (is_open_still(c))
		find_conn(c, FINDING_NEVER_CLOSED, BY_NOBODY, CONFIDENCE_LIKELY, 0, c->end);
	if (c->nfin_order && (c->handshake_done || c->is_midstream))
		closed_by_fin(c);
	end_fate(c, c->client);
	end_fate(c, !c->client);
	if (c->ends[0].rst_seen || c->ends[1].rst_seen)
		closed_by_reset(c, first_to_reset(c));
	if (c->nfindings && find_capture_is_clean(c))
		judge(c);
}
