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
 * capture that was not there.
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
static void take_back(struct step *st, enum finding_id id, unsigned dir)
{
	struct finding *f = find_have(st->conn, id, dir);
	int64_t from = st->self->far_time - arrival_round_trip(st->conn, st->peer);

	if (f && f->time >= from)
		find_drop(st->conn, f);
}

static void tell(struct step *st)
{
	take_back(st, FINDING_ACK_OF_UNSENT, !st->dir);
	take_back(st, FINDING_SEQ_RIGHT_OF_WINDOW, st->dir);
	st->conn->traps |= TRAP_DROP;
	(void)find_segment(st, FINDING_CAPTURE_GAP_ACKED, BY_SELF, CONFIDENCE_CERTAIN);
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
	tell(st);
	/* What lies between is acknowledged and missing as soon as the segment is taken: settle_unseen(). */
	self->unseen_ack = self->far_ack;
	self->unseen_time = st->time;
	to->right_edge = self->far_ack + to->max_window;
	if (to->right_edge < st->end)
		to->right_edge = st->end;
	self->far_ack = 0;
	return true;
}

void resync_settle(struct step *st)
{
	if (st->end > st->self->snd_nxt)
		st->self->far_ack = 0;
	if (st->has_ack && st->ack > st->self->rcv_nxt)
		st->peer->far_ack = 0;
}
