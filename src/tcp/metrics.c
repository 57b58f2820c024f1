/* SPDX-License-Identifier: MIT */
/*
 * metrics - what is measured while data crosses: round trips, flight, windows, duplicate acknowledgments.
 *
 * Input:  accepted segments, before they move the edges.
 * Output: struct transfer of both ends; step.transfer.
 * Spec:   RFC 6298 2 and 3 (Karn's rule), 7323 4.1 (with timestamps each transmission has its own answer),
 *         3522 (Eifel), 2018, 2883.
 *
 * Nearly every segment is new data in order or an acknowledgment of it: those two ways are kept short.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

static bool is_note(const struct step *st, enum segment_note n)
{
	return st->notes & 1u << n;
}

static void remember(struct step *st, uint64_t from)
{
	const struct segment *s = st->seg;

	sent_push(&st->self->transfer.sent, &(struct sent){
	                                        .seq = from,
	                                        .packet = s->packet,
	                                        .first = st->time,
	                                        .last = st->time,
	                                        .len = (uint32_t)(st->end - from),
	                                        .tsval = s->opt.tsval,
	                                        .tsval_again = s->opt.tsval,
	                                        .ip_id = s->ip_id,
	                                    });
}

static void note_probe(struct step *st)
{
	struct transfer *t = &st->self->transfer;

	if (is_note(st, SEGMENT_NOTE_WINDOW_PROBE)) {
		t->probes++;
		if (t->probes_open < UINT16_MAX)
			t->probes_open++;
	}
	if (!is_note(st, SEGMENT_NOTE_KEEPALIVE))
		return;
	t->keepalive_gap = t->keepalives_open ? st->time - t->keepalive_time : 0;
	t->keepalive_time = st->time;
	t->keepalives++;
	if (t->keepalives_open < UINT16_MAX)
		t->keepalives_open++;
}

void transfer_segment(struct step *st)
{
	if (st->notes & (1u << SEGMENT_NOTE_WINDOW_PROBE | 1u << SEGMENT_NOTE_KEEPALIVE))
		note_probe(st);
	st->peer->transfer.keepalives_open = 0;
	st->peer->transfer.probes_open = 0;
}

void transfer_sent(struct step *st)
{
	const struct endpoint *e = st->self;
	uint64_t from = st->seq > e->snd_nxt ? st->seq : e->snd_nxt;

	if (st->end > from && !e->transfer.is_closed)
		remember(st, from);
}

/* RFC 6298 2. */
static void sample(struct rtt *r, int64_t rtt)
{
	int64_t off;

	if (rtt < 0)
		return;
	if (!r->samples) {
		*r = (struct rtt){ 1, rtt, rtt, rtt, rtt, rtt / 2 };
		return;
	}
	r->samples++;
	r->sum += rtt;
	if (rtt < r->min)
		r->min = rtt;
	if (rtt > r->max)
		r->max = rtt;
	off = rtt - r->smoothed;
	r->smoothed += off / 8;
	r->variation += ((off < 0 ? -off : off) - r->variation) / 4;
}

/* The first of what an acknowledgment covers is what its timestamp answers (RFC 7323 4.3). */
static int64_t by_timestamp(const struct step *st, const struct sent *s)
{
	if (!(st->seg->opt.seen & OPT_TIMESTAMPS) || s->tsval == s->tsval_again ||
	    (s->flags & SENT_UNTIMED))
		return -1;
	if (st->seg->opt.tsecr == s->tsval_again)
		return st->time - s->last;
	return st->seg->opt.tsecr == s->tsval ? st->time - s->first : -1;
}

/*
 * Karn's rule: what was sent again tells nothing, unless the timestamp tells which copy is answered; nor does
 * what waited behind a hole.
 */
static void take_acknowledged(struct step *st, uint64_t ack)
{
	struct sent_ring *r = &st->peer->transfer.sent;
	const struct sent *first = sent_take(r, ack), *last = first, *s;
	bool is_clear = st->self->transfer.dup_acks == 0;

	if (!first)
		return;
	for (s = first; s; s = sent_take(r, ack)) {
		if (s->tries || (s->flags & (SENT_UNTIMED | SENT_SACKED)))
			is_clear = false;
		last = s;
	}
	st->transfer.rtt = is_clear ? st->time - last->first : by_timestamp(st, first);
	if (st->transfer.rtt >= 0)
		sample(&st->peer->transfer.rtt, st->transfer.rtt);
}

static void mark_sacked(struct step *st)
{
	struct sent_ring *r = &st->peer->transfer.sent;

	for (unsigned i = 0; i < st->seg->opt.nsack; i++) {
		uint64_t left = seq_unwrap(st->ack, st->seg->opt.sack[i].left);
		uint64_t right = seq_unwrap(st->ack, st->seg->opt.sack[i].right);

		for (struct sent *s = left > st->ack ? sent_above(r, left) : NULL;
		     s && s->seq + s->len <= right; s = sent_next(r, s))
			s->flags |= SENT_SACKED;
	}
}

static void note_duplicate(struct step *st)
{
	struct transfer *t = &st->self->transfer;

	if (!is_note(st, SEGMENT_NOTE_DUPLICATE_ACK))
		return;
	if (t->dup_acks < UINT16_MAX)
		t->dup_acks++;
	st->transfer.dup_ack = t->dup_acks;
}

static void note_window(struct step *st)
{
	struct transfer *t = &st->self->transfer;
	bool closed = st->seg->window == 0;

	if (closed == t->window_closed)
		return;
	t->window_closed = closed;
	t->window_closed_at = st->time;
}

void transfer_acked(struct step *st, uint64_t ack)
{
	struct endpoint *self = st->self, *peer = st->peer;

	if (self->has_ack && ack > self->rcv_nxt) {
		take_acknowledged(st, ack);
		self->transfer.dup_acks = 0;
		peer->transfer.unanswered = 0;
	} else {
		note_duplicate(st);
	}
	if (!self->has_ack)
		take_acknowledged(st, ack);
	if (st->seg->opt.nsack)
		mark_sacked(st);
	note_window(st);
}

void transfer_close(struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		sent_release(&c->ends[i].transfer.sent);
		c->ends[i].transfer.is_closed = true;
	}
}

void transfer_own(struct transfer *t)
{
	const struct loss *l = t->loss;

	sent_own(&t->sent);
	if (!l)
		return;
	t->loss = mem_alloc(1, sizeof(*t->loss));
	*t->loss = *l;
}

void transfer_release(struct endpoint *e)
{
	sent_release(&e->transfer.sent);
	free(e->transfer.loss);
	e->transfer.loss = NULL;
}

void transfer_record(struct transfer_record *r, const struct endpoint *e)
{
	const struct transfer *t = &e->transfer;

	*r = (struct transfer_record){
		.rtt = { .samples = t->rtt.samples,
		    .min = t->rtt.min,
		    .mean = t->rtt.samples ? t->rtt.sum / t->rtt.samples : 0,
		    .max = t->rtt.max,
		    .smoothed = t->rtt.smoothed },
		.window_probes = t->probes,
		.keepalives = t->keepalives,
	};
	if (t->loss)
		r->again = t->loss->again;
}
