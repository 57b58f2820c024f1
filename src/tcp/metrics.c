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

#include "tcp/find.h"
#include "tcp/stream.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

enum {
	FEW_ACKS_SEGMENTS = 2, /* a receiver acknowledges every second one (RFC 9293 3.8.6.3) */
	SMALL_UPDATES_MIN = 3,
	SACK_LEN_MAX = 36,   /* bytes of a segment: RFC 2018 3 */
	TIMESTAMPS_LEN = 12, /* bytes of each segment, with padding: RFC 7323 appendix A */
};

/* Copies of a frame come sooner (ns). */
#define COPY_MAX (NS_PER_SEC / 100)
/* An ACK so much slower than the fastest was delayed (ns). */
#define DELAYED_ACK (NS_PER_SEC / 50)
/* A write that waits for such an ACK is worth counting; it leaves so soon after it. */
#define HELD_DELAY    (NS_PER_SEC * 3 / 100)
#define HELD_REACTION (NS_PER_SEC / 500)

static bool is_note(const struct step *st, enum segment_note n)
{
	return st->notes & 1u << n;
}

/* New numbers [from, end) of the segment at hand.  (Member by member: as for arrivals.) */
static void remember(struct step *st, uint64_t from)
{
	const struct segment *s = st->seg;
	struct pool *pool = st->env ? st->env->flights : NULL;
	struct sent *sent = sent_push(&st->self->transfer.sent, pool);

	sent->seq = from;
	sent->packet = s->packet;
	sent->again = 0;
	sent->first = sent->last = st->time;
	sent->len = (uint32_t)(st->end - from);
	sent->tsval = sent->tsval_again = s->opt.tsval;
	sent->ip_id = s->ip_id;
	sent->tries = 0;
	sent->flags = 0;
}

static bool is_pure_ack(const struct step *st)
{
	return st->has_ack && st->end == st->seq && !(st->seg->flags & (TCP_SYN | TCP_FIN));
}

static void count_up(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

static void note_probe(struct step *st)
{
	struct transfer *t = &st->self->transfer;

	if (is_note(st, SEGMENT_NOTE_WINDOW_PROBE)) {
		t->probes++;
		count_up(&t->probes_open);
	}
	if (!is_note(st, SEGMENT_NOTE_KEEPALIVE))
		return;
	if (t->keepalives++ && st->time - t->keepalive_time < KEEPALIVE_FREQUENT)
		count_up(&t->frequent);
	t->keepalive_gap = t->keepalives_open ? st->time - t->keepalive_time : 0;
	t->keepalive_time = st->time;
	count_up(&t->keepalives_open);
}

/* The answer to a probe is no duplicate ACK. */
static void note_answer(struct step *st)
{
	struct transfer *asked = &st->peer->transfer;

	if (!is_pure_ack(st))
		return;
	st->notes |=
	    asked->probes_open ? 1u << SEGMENT_NOTE_PROBE_ACK : 1u << SEGMENT_NOTE_KEEPALIVE_ACK;
	st->notes &= ~(1u << SEGMENT_NOTE_DUPLICATE_ACK);
}

/*
 * A window that opens in answer to a probe, by so much that the receiver would have said so before, or that it
 * did say so before and the sender probes on: the update was lost.
 */
static void note_lost_update(struct step *st)
{
	struct transfer *t = &st->self->transfer;
	uint64_t full = st->self->offer.has_mss ? 2u * st->self->offer.mss : 1072;
	struct finding *f = NULL;

	if (is_note(st, SEGMENT_NOTE_PROBE_ACK) && t->window_closed &&
	    ((uint64_t)st->seg->window << st->self->wscale) >= full)
		(void)find_segment(
		    st, FINDING_WINDOW_COLLAPSE_AFTER_UPDATE_LOST, BY_PEER, CONFIDENCE_POSSIBLE);
	else if (is_note(st, SEGMENT_NOTE_WINDOW_PROBE) && !st->peer->transfer.window_closed &&
	         st->peer->last_window)
		f = find_segment(
		    st, FINDING_WINDOW_COLLAPSE_AFTER_UPDATE_LOST, BY_SELF, CONFIDENCE_LIKELY);
	if (f)
		f->cost += st->time - st->conn->spent.mark;
}

void transfer_segment(struct step *st)
{
	struct transfer *asked = &st->peer->transfer;
	const uint32_t probes = 1u << SEGMENT_NOTE_WINDOW_PROBE | 1u << SEGMENT_NOTE_KEEPALIVE;

	st->self->transfer.probed_last = is_note(st, SEGMENT_NOTE_WINDOW_PROBE);
	if (!(st->notes & probes) && !asked->keepalives_open && !asked->probes_open)
		return;
	if (st->notes & probes)
		note_probe(st);
	else
		note_answer(st);
	note_lost_update(st);
	asked->keepalives_open = 0;
	asked->probes_open = 0;
}

/* Small data, sent at once when the peer's delayed ACK of small data came: it was held for that. */
static void note_held_write(struct step *st)
{
	struct transfer *t = &st->self->transfer, *acker = &st->peer->transfer;

	if (acker->ack_delay >= HELD_DELAY && st->conn->spent.talker == st->dir &&
	    st->self->snd_nxt == st->peer->rcv_nxt &&
	    st->time - st->peer->last_time <= retransmit_loop(st->peer) + HELD_REACTION) {
		count_up(&t->held_writes);
		t->held_time += acker->ack_delay;
	}
	acker->ack_delay = 0;
}

static void measure_data(struct step *st)
{
	struct measures *m = &st->self->transfer.measures;

	if (!m->has_data)
		m->data_first = st->time;
	m->has_data = true;
	m->data_last = st->time;
	if (st->seg->len > m->largest_segment)
		m->largest_segment = st->seg->len;
	if (st->peer->transfer.ack_delay)
		note_held_write(st);
	if (st->end == st->peer->right_edge && st->peer->scale_known && st->peer->has_ack &&
	    !is_note(st, SEGMENT_NOTE_WINDOW_PROBE)) {
		st->notes |= 1u << SEGMENT_NOTE_WINDOW_FULL;
		m->windows_full++;
	}
}

/* More than was offered: what begins beyond the window never comes here (track.c). */
static void note_excess(struct step *st)
{
	const struct endpoint *to = st->peer;
	struct finding *f;

	if (!to->scale_known || !to->has_ack || is_note(st, SEGMENT_NOTE_WINDOW_PROBE) ||
	    st->seg->flags & TCP_SYN || !to->last_window)
		return;
	f = find_segment(st, FINDING_WINDOW_EXCEEDED, BY_SELF, CONFIDENCE_POSSIBLE);
	if (f && st->end - to->right_edge > f->a)
		f->a = st->end - to->right_edge;
}

void transfer_sent(struct step *st)
{
	struct endpoint *e = st->self;
	struct measures *m = &e->transfer.measures;
	uint64_t from = st->seq > e->snd_nxt ? st->seq : e->snd_nxt;

	if (st->seg->len)
		measure_data(st);
	if (st->end <= from)
		return;
	if (!e->transfer.is_closed)
		remember(st, from);
	if (st->peer->has_ack && st->end - st->peer->rcv_nxt > m->flight_max &&
	    st->end > st->peer->rcv_nxt)
		m->flight_max = st->end - st->peer->rcv_nxt;
	if (st->end > st->peer->right_edge && st->seg->len)
		note_excess(st);
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

uint32_t transfer_full_segment(const struct endpoint *from, const struct endpoint *to)
{
	uint32_t options = from->uses_timestamps && to->uses_timestamps ? TIMESTAMPS_LEN : 0;

	return to->offer.has_mss && to->offer.mss > options ? to->offer.mss - options : 0;
}

bool transfer_waits(const struct endpoint *from, const struct endpoint *to, uint64_t ack)
{
	const struct sent *last = sent_newest(&from->transfer.sent);
	uint32_t full = transfer_full_segment(from, to);
	uint64_t end = last ? last->seq + last->len : 0, least;

	if (!last)
		return false;
	full = full ? full : FULL_UNKNOWN;
	/* A sender waits for room for a full segment or half the largest window: RFC 9293 3.8.6.2.1. */
	least = to->max_window / 2 < full ? to->max_window / 2 : full;
	if (to->has_ack && end + least > to->right_edge)
		return true;
	/* (Data may have SACK blocks with it.) */
	return end > ack && last->len + SACK_LEN_MAX >= full;
}

/* Neither a full segment nor as much as the window took: its sender had no more to send, or held more back. */
static bool is_small_write(const struct endpoint *from, const struct endpoint *to, uint64_t bytes)
{
	uint32_t full = transfer_full_segment(from, to);

	return bytes < full && to->last_window >= full;
}

/* What the ACK at hand says about the receiver's habits; nothing was lost or repeated. */
static void note_habits(struct step *st, uint64_t acked, unsigned segments)
{
	struct transfer *t = &st->self->transfer;
	const struct transfer *sender = &st->peer->transfer;
	int64_t delay = st->transfer.rtt - sender->rtt.min;
	struct finding *f;

	if (!is_pure_ack(st))
		return;
	if (segments > FEW_ACKS_SEGMENTS &&
	    acked > (uint64_t)FEW_ACKS_SEGMENTS * sender->measures.largest_segment) {
		t->measures.stretch_acks++;
		f = find_segment(st, FINDING_ACK_STRETCH, BY_SELF, CONFIDENCE_LIKELY);
		if (f && acked > f->a)
			f->a = acked;
	}
	if (sender->rtt.samples < 2 || delay < DELAYED_ACK)
		return;
	t->measures.delayed_acks++;
	if (delay > NS_PER_SEC / 2)
		(void)find_segment(st, FINDING_ACK_DELAYED_LONG, BY_SELF, CONFIDENCE_LIKELY);
	if (segments == 1 && is_small_write(st->peer, st->self, acked))
		t->ack_delay = delay;
}

/*
 * Eifel (RFC 3522): the first of what is acknowledged was sent again, and the echo is older than that.
 */
static void note_needless(struct step *st, struct sent *first)
{
	if (!first->tries || first->flags & (SENT_UNNEEDED | SENT_UNTIMED) ||
	    !(st->seg->opt.seen & OPT_TIMESTAMPS) || first->tsval_again == first->tsval ||
	    !seq_lt(st->seg->opt.tsecr, first->tsval_again) ||
	    seq_lt(st->seg->opt.tsecr, first->tsval))
		return;
	/* (The first one has arrived, so all the others were for nothing.) */
	retransmit_unneeded(st, first, first->tries);
	retransmit_undone(&st->peer->transfer);
	(void)find_segment(st, FINDING_RETRANSMISSION_SPURIOUS_EIFEL, BY_PEER, CONFIDENCE_CERTAIN);
}

/* Captured both times, too far apart for a copy of the frame, and neither SYN nor FIN alone. */
static bool is_data_again(const struct endpoint *e, const struct sent *s)
{
	return s->tries && !(s->flags & SENT_UNTIMED) && s->seq != e->iss &&
	       !(e->fin_seen && s->seq + 1 == e->fin_end) && s->last - s->first > COPY_MAX;
}

/*
 * Karn's rule: what was sent again tells nothing, unless the timestamp tells which copy is answered; nor does
 * what waited behind a hole.
 */
static void take_acknowledged(struct step *st, uint64_t ack)
{
	struct sent_ring *r = &st->peer->transfer.sent;
	struct sent *first = sent_take(r, ack), *s;
	const struct sent *last = first;
	bool is_clear = st->self->transfer.dup_acks == 0, is_repeated = false;
	unsigned segments = 0;

	if (!first)
		return;
	for (s = first; s; s = sent_take(r, ack), segments++) {
		if (s->tries || (s->flags & (SENT_UNTIMED | SENT_SACKED)))
			is_clear = false;
		is_repeated |= is_data_again(st->peer, s);
		if (s->len > st->peer->transfer.largest_acked)
			st->peer->transfer.largest_acked = s->len;
		last = s;
	}
	st->transfer.rtt = is_clear ? st->time - last->first : by_timestamp(st, first);
	if (st->transfer.rtt >= 0)
		sample(&st->peer->transfer.rtt, st->transfer.rtt);
	if (is_clear && first->seq != st->peer->iss)
		note_habits(st, last->seq + last->len - first->seq, segments);
	if (!is_repeated)
		return;
	(void)find_segment(st, FINDING_ACK_AMBIGUOUS, BY_SELF, CONFIDENCE_CERTAIN);
	note_needless(st, first);
}

static void note_partial(struct step *st, uint64_t ack)
{
	const struct sent *s = sent_head(&st->peer->transfer.sent);

	if (s && s->seq < ack && s->seq != st->peer->iss)
		(void)find_segment(st, FINDING_ACK_PARTIAL, BY_SELF, CONFIDENCE_CERTAIN);
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

/* Nothing new is acknowledged. */
static void note_repeated(struct step *st, uint64_t ack)
{
	struct transfer *t = &st->self->transfer;
	const uint32_t answers = 1u << SEGMENT_NOTE_PROBE_ACK | 1u << SEGMENT_NOTE_KEEPALIVE_ACK |
	                         1u << SEGMENT_NOTE_CHALLENGE_ACK | 1u << SEGMENT_NOTE_KEEPALIVE |
	                         1u << SEGMENT_NOTE_WINDOW_PROBE;

	if (is_note(st, SEGMENT_NOTE_DUPLICATE_ACK)) {
		count_up(&t->dup_acks);
		st->transfer.dup_ack = t->dup_acks;
		t->measures.dup_acks++;
		return;
	}
	if (is_pure_ack(st) && !st->acks_unsent && ack == st->self->rcv_nxt &&
	    st->peer->snd_nxt == ack && st->seq == st->self->snd_nxt &&
	    st->seg->window == st->self->wire_window && !(st->notes & answers) &&
	    st->conn->handshake_done && st->peer->packets)
		(void)find_segment(
		    st, FINDING_ACK_WITHOUT_OUTSTANDING_DATA, BY_SELF, CONFIDENCE_LIKELY);
}

/* Where the window ends now, against where it ended. */
static void note_right_edge(struct step *st, uint64_t ack, uint64_t window)
{
	struct endpoint *e = st->self;
	struct transfer *t = &e->transfer;
	uint64_t edge = ack + window, lost = e->right_edge > edge ? e->right_edge - edge : 0;
	struct finding *f;

	if (lost >> e->wscale == 0 || ack < e->rcv_nxt)
		return;
	if (st->acks_unsent && is_note(st, SEGMENT_NOTE_GAP_BEFORE)) {
		(void)find_segment(st, FINDING_WINDOW_UPDATE_HOSTILE, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	f = find_segment(st, FINDING_WINDOW_SHRUNK, BY_SELF, CONFIDENCE_CERTAIN);
	if (f && lost > f->a)
		f->a = lost;
	if (window == 0 && st->peer->snd_nxt > ack && !st->peer->nholes) {
		t->dropped_from = ack;
		t->dropped_to = st->peer->snd_nxt;
	}
}

/* RFC 9293 3.8.6.2.2: less than a segment and less than half the buffer, again and again. */
static void note_small_update(struct step *st, uint64_t window)
{
	struct transfer *t = &st->self->transfer;
	struct finding *f;

	if (!is_note(st, SEGMENT_NOTE_WINDOW_UPDATE) || !st->self->offer.has_mss)
		return;
	if (window == 0 || window >= st->self->offer.mss || window >= st->self->max_window / 2) {
		if (window)
			t->small_updates = 0;
		return;
	}
	count_up(&t->small_updates);
	if (t->small_updates < SMALL_UPDATES_MIN)
		return;
	f = find_segment(st, FINDING_SILLY_WINDOW, BY_SELF, CONFIDENCE_CERTAIN);
	if (!f)
		return;
	if (!f->a || window < f->a)
		f->a = window;
	f->count = t->small_updates;
}

static void note_closing_window(struct step *st, bool closed)
{
	struct transfer *t = &st->self->transfer;

	if (closed == t->window_closed)
		return;
	/* An end that closes has no use for more. */
	if (closed && (st->seg->flags & TCP_FIN || st->self->fin_seen))
		return;
	if (!closed)
		t->measures.zero_window_time += st->time - t->window_closed_at;
	else
		t->measures.zero_windows++;
	find_window_change(st, closed);
	t->window_closed = closed;
	t->window_closed_at = st->time;
	t->probes_at_close = st->peer->transfer.probes;
}

static void note_window(struct step *st, uint64_t ack)
{
	struct endpoint *e = st->self;
	struct measures *m = &e->transfer.measures;
	uint64_t window = (uint64_t)st->seg->window << (e->scale_known ? e->wscale : 0);

	if (!m->has_window || window < m->window_min)
		m->window_min = window;
	if (window > m->window_max)
		m->window_max = window;
	m->has_window = true;
	if (st->seg->window == e->wire_window && ack == e->rcv_nxt)
		return;
	note_closing_window(st, window == 0);
	if (!e->has_ack || !e->scale_known)
		return;
	if (ack + window < e->right_edge)
		note_right_edge(st, ack, window);
	note_small_update(st, window);
}

void transfer_acked(struct step *st, uint64_t ack)
{
	struct endpoint *self = st->self, *peer = st->peer;

	if (!self->has_ack || ack > self->rcv_nxt) {
		take_acknowledged(st, ack);
		note_partial(st, ack);
		self->transfer.dup_acks = 0;
		peer->transfer.unanswered = 0;
	} else {
		note_repeated(st, ack);
	}
	if (st->seg->opt.nsack) {
		find_sack(st);
		mark_sacked(st);
	}
	if (!(st->seg->flags & TCP_SYN))
		note_window(st, ack);
}

static uint8_t tries_open(const struct endpoint *e, const struct endpoint *peer)
{
	const struct sent *first = NULL;

	if (peer->has_ack && peer->rcv_nxt < e->snd_nxt)
		first = sent_find(&e->transfer.sent, peer->rcv_nxt);
	return first ? first->tries : 0;
}

void transfer_set_aside(struct conn *c, struct sent_ring sent[2])
{
	for (unsigned i = 0; i < 2; i++) {
		struct transfer *t = &c->ends[i].transfer;

		sent[i] = (struct sent_ring){ 0 };
		if (t->is_closed)
			continue;
		t->tries_open = tries_open(&c->ends[i], &c->ends[!i]);
		t->is_closed = true;
		sent[i] = t->sent;
		t->sent = (struct sent_ring){ 0 };
	}
}

void transfer_take_back(struct conn *c, const struct sent_ring sent[2])
{
	for (unsigned i = 0; i < 2; i++) {
		struct transfer *t = &c->ends[i].transfer;

		t->tries_open = 0;
		t->is_closed = false;
		t->sent = sent[i];
	}
}

void transfer_close(struct conn *c)
{
	struct sent_ring sent[2];

	transfer_set_aside(c, sent);
	sent_release(&sent[0]);
	sent_release(&sent[1]);
}

void transfer_own(struct transfer *t)
{
	sent_own(&t->sent);
	if (t->loss)
		t->loss = mem_copy(t->loss, 1, sizeof(*t->loss));
}

void transfer_release(struct endpoint *e)
{
	sent_release(&e->transfer.sent);
	free(e->transfer.loss);
	e->transfer.loss = NULL;
}

/* --- what is reported --- */

static int64_t span_of(const struct measures *m)
{
	return m->has_data && m->data_last > m->data_first ? m->data_last - m->data_first : 0;
}

/* Bytes per second. */
static uint64_t rate_of(uint64_t bytes, const struct measures *m)
{
	return (uint64_t)((double)bytes * (double)NS_PER_SEC / (double)span_of(m));
}

static uint64_t repeated_bytes(const struct endpoint *e)
{
	uint64_t n = e->transfer.loss ? e->transfer.loss->again.bytes : 0;

	return n < e->payload_bytes ? n : e->payload_bytes;
}

static int64_t closed_time(const struct endpoint *e, int64_t end)
{
	const struct transfer *t = &e->transfer;

	return t->measures.zero_window_time + (t->window_closed ? end - t->window_closed_at : 0);
}

static void fill_metrics(uint64_t *metrics, const struct endpoint *e, int64_t end)
{
	const struct measures *m = &e->transfer.measures;

#define METRIC(id, name, type, known, value, help)                                                 \
	metrics[METRIC_##id] = (known) ? (uint64_t)(value) : METRIC_UNKNOWN;
#include "tcpshadow/metric.def"
#undef METRIC
}

void transfer_record(struct transfer_record *r, const struct endpoint *e, int64_t end)
{
	const struct transfer *t = &e->transfer;

	if (t->rtt.samples)
		r->rtt = (struct rtt_record){
			.samples = t->rtt.samples,
			.min = t->rtt.min,
			.mean = t->rtt.sum / t->rtt.samples,
			.max = t->rtt.max,
			.smoothed = t->rtt.smoothed,
		};
	r->window_probes = t->probes;
	r->keepalives = t->keepalives;
	if (t->loss)
		r->again = t->loss->again;
	fill_metrics(r->metrics, e, end);
}
