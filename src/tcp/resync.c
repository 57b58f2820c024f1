/* SPDX-License-Identifier: MIT */
/*
 * resync - the capture lacks more than a window of one end's bytes: both ends have gone on where it knows nothing.
 *
 * Input:  segments that their receiver must ignore, as far as the capture tells: acknowledgments of what nobody
 *         offered to take, and data from beyond the window.
 * Output: the numbers to go on with, and how much is missing.
 * Limits: what was captured until then counts as missing, too: at most ROUNDS windows.
 * Spec:   RFC 9293 3.4: an acknowledgment is of what was sent, and data is sent into the window.
 *
 * One of the two alone may be wrong, or a forgery.  But where one end acknowledges and the other speaks from there on, in
 * turn ROUNDS times, and nothing comes at the numbers that were known, these two talk with each other, and it is the
 * capture that was not there.  So they do, likely, where one's FIN acknowledges the other's FIN, and is acknowledged from
 * there, and nothing comes at the known numbers in between.
 */
#include "config.h"

#include "tcp/find.h"

enum {
	ROUNDS = 3,
	WINDOW_WIRE_MAX = 65535,
};

void resync_hear(struct step *st)
{
	struct endpoint *from = st->peer;

	if (!from->far_ack || st->ack < from->far_ack) {
		from->far_rounds = 0;
		from->far_time = st->time;
	}
	from->far_ack = st->ack;
	from->far_is_new = true;
}

/* The end that acknowledged so far may have offered to take this. */
static bool is_wanted(const struct step *st)
{
	const struct endpoint *self = st->self, *to = st->peer;

	return !(st->seg->flags & (TCP_SYN | TCP_RST)) && st->seq >= self->far_ack &&
	       st->end <= self->far_ack + ((uint64_t)WINDOW_WIRE_MAX << to->wscale);
}

/* What was held against an end because the capture did not know better. */
static void take_back(struct conn *c, enum finding_id id, unsigned dir, int64_t from)
{
	struct finding *f = find_have(c, id, dir);

	if (f && f->time >= from)
		find_drop(c, f);
}

/* It was the capture that had not seen what ends[dir] sent. */
static void tell(struct step *st, unsigned dir, enum confidence confidence)
{
	struct conn *c = st->conn;
	int64_t from = c->ends[dir].far_time - arrival_round_trip(c, &c->ends[!dir]);

	take_back(c, FINDING_ACK_OF_UNSENT, !dir, from);
	take_back(c, FINDING_FIN_BAD_ACK, !dir, from);
	take_back(c, FINDING_SEQ_RIGHT_OF_WINDOW, dir, from);
	take_back(c, FINDING_FIN_OUT_OF_WINDOW, dir, from);
	c->traps |= TRAP_DROP;
	(void)find_segment(
	    st, FINDING_CAPTURE_GAP_ACKED, dir == st->dir ? BY_SELF : BY_PEER, confidence);
}

bool resync_agrees(struct step *st)
{
	struct endpoint *self = st->self, *to = st->peer;

	if (!self->far_ack || !is_wanted(st))
		return false;
	self->far_rounds += self->far_is_new;
	self->far_is_new = false;
	if (self->far_rounds < ROUNDS)
		return false;
	tell(st, st->dir, CONFIDENCE_CERTAIN);
	/* What lies between is acknowledged and missing as soon as the segment is taken: settle_unseen(). */
	self->unseen_ack = self->far_ack;
	self->unseen_time = st->time;
	to->right_edge = self->far_ack + to->max_window;
	if (to->right_edge < st->end)
		to->right_edge = st->end;
	self->far_ack = 0;
	return true;
}

/* The FIN that e was sent and seemed to ignore: it ends at `end`. */
static struct arrival *ignored_fin(struct endpoint *e, uint64_t end)
{
	for (unsigned i = 0; i < e->narrivals; i++) {
		struct arrival *a = &e->arrivals[i];

		if (a->far && (a->flags & (TCP_SYN | TCP_FIN | TCP_RST)) == TCP_FIN &&
		    a->end == end)
			return a;
	}
	return NULL;
}

/* ends[dir] sent it, and the other end took it. */
static void take(struct conn *c, struct arrival *fin, uint8_t dir)
{
	struct endpoint *to = &c->ends[!dir];

	if (to->right_edge < fin->end)
		to->right_edge = fin->end;
	/* (Three packets are soon forged.) */
	c->ends[dir].is_presumed = to->is_presumed = true;
	fin->weak = fin->far = false;
	conn_take_fin(c, fin, dir);
}

bool resync_closes(struct step *st)
{
	struct endpoint *self = st->self, *peer = st->peer;
	struct arrival *answer = st->has_ack ? ignored_fin(self, st->ack) : NULL;
	struct arrival *first = answer ? ignored_fin(peer, answer->ack) : NULL;

	if (!first || st->seq != first->end)
		return false;
	tell(st, self->far_ack ? st->dir : !st->dir, CONFIDENCE_LIKELY);
	self->far_ack = peer->far_ack = 0;
	take(st->conn, first, st->dir);
	answer = ignored_fin(self, st->ack); /* (the queue may have moved) */
	if (answer)
		take(st->conn, answer, !st->dir);
	return true;
}

void resync_settle(struct step *st)
{
	if (st->end > st->self->snd_nxt)
		st->self->far_ack = 0;
	if (st->has_ack && st->ack > st->self->rcv_nxt)
		st->peer->far_ack = 0;
}
