/* SPDX-License-Identifier: MIT */
/*
 * track - numbers, windows and timestamps of both directions, and what a receiver must ignore.
 *
 * Input:  a segment and the two endpoints.
 * Output: unwrapped numbers, notes, and the endpoints' edges moved, by accepted segments only.
 * Limits: HOLES_MAX holes per direction are remembered; when there are more, one is forgotten (hole_forget).
 * Spec:   RFC 9293 3.4, 3.10.7.4; RFC 7323 (scaling, PAWS); RFC 5961 5.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

/* First numbers sit one wrap above zero, so that 0 can mean "not known" and differences never underflow. */
#define SEQ_BASE (UINT64_C(1) << 32)

/* Bytes a server does not send before the client has acknowledged its SYN-ACK. */
#define FAR (UINT64_C(1) << 20)

/* Any of these makes a host drop the packet before TCP looks at it. */
#define NOTES_HOST_DROPS                                                                           \
	(SEG_HEADER_LENGTH_BAD | SEG_IP_OPTIONS_BAD | SEG_IP_VERSION_BAD | SEG_IP_TRUNCATED |      \
	    SEG_SOURCE_ROUTED | SEG_EXT_HEADER_BAD | SEG_FRAGMENT_KILLED)

static uint64_t unwrap_near(
    bool has_edge, uint64_t edge, bool has_other, uint64_t other, uint32_t wire)
{
	if (has_edge)
		return seq_unwrap(edge, wire);
	if (has_other)
		return seq_unwrap(other, wire);
	return SEQ_BASE + wire;
}

/* A RST to a SYN has the number 0, whatever its sender has sent (RFC 9293 3.5.2). */
static void place_answer(struct step *st)
{
	if (!reset_answers_syn(st))
		return;
	st->seq = st->self->snd_nxt;
	st->end = st->seq + segment_seq_len(st->seg);
}

void track_numbers(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	const struct segment *s = st->seg;

	st->has_ack = s->flags & TCP_ACK;
	st->seq = unwrap_near(self->has_seq, self->snd_nxt, peer->has_ack, peer->rcv_nxt, s->seq);
	st->end = st->seq + segment_seq_len(s);
	st->ack = st->has_ack ? unwrap_near(peer->has_seq, peer->snd_nxt, self->has_ack,
	                            self->rcv_nxt, s->ack)
	                      : 0;
	if (self->state == TCPS_TIME_WAIT)
		place_answer(st);
}

static void note(struct step *st, enum segment_note n)
{
	st->notes |= 1u << n;
}

/*
 * A checksum is only held against a side that was seen to send good ones: otherwise its network card
 * computes them after the capture point.
 */
static bool has_bad_checksum(const struct step *st)
{
	return st->seg->checksum_state == CHECKSUM_BAD && st->self->good_checksums > 0;
}

/* Likewise: a capture whose addresses were rewritten has no good ones. */
static bool has_bad_ip_checksum(const struct step *st)
{
	return (st->seg->notes & SEG_IP_CHECKSUM_BAD) && st->self->has_good_ip_checksum;
}

/* PAWS, RFC 7323 5.2-5.3: a RST is exempt. */
static bool is_old_timestamp(const struct step *st)
{
	return (st->seg->opt.seen & OPT_TIMESTAMPS) && st->peer->has_ts_recent &&
	       !(st->seg->flags & (TCP_RST | TCP_SYN)) &&
	       seq_lt(st->seg->opt.tsval, st->peer->ts_recent);
}

/*
 * Right edge of what the peer offered.  What it acknowledged beyond the captured numbers counts when the sender is
 * there itself.
 */
static uint64_t offered_edge(const struct step *st)
{
	const struct endpoint *self = st->self, *to = st->peer;
	uint64_t edge = self->unseen_ack + to->last_window;
	bool is_beyond = st->end > to->right_edge && st->seq >= self->unseen_ack;

	return self->unseen_ack && is_beyond && edge > to->right_edge ? edge : to->right_edge;
}

/* Without its scale a window may have been the largest that there can be. */
#define WINDOW_MAX (UINT64_C(65535) << 14)

static bool is_right_of_window(const struct step *st)
{
	const struct endpoint *to = st->peer;

	if (!to->has_ack || (st->seg->flags & TCP_SYN))
		return false;
	if (!to->scale_known)
		return st->seq > to->right_edge + WINDOW_MAX;
	return st->seq > offered_edge(st);
}

/* RFC 5961 5.2: older than SND.UNA less the largest window the peer was ever offered. */
static bool is_too_old_ack(const struct step *st)
{
	const struct endpoint *self = st->self;
	uint64_t window = self->scale_known ? self->max_window : WINDOW_MAX;

	return st->has_ack && self->has_ack && !(st->seg->flags & (TCP_SYN | TCP_RST)) &&
	       st->ack + window < self->rcv_nxt;
}

/* The last that an end may acknowledge of what it offered to take.  (Where its peer is not captured it goes on from there.) */
static uint64_t acknowledgeable_edge(const struct step *st)
{
	const struct endpoint *self = st->self;
	uint64_t seen = st->peer->unseen_ack + self->last_window;

	if (self->scale_known)
		return self->right_edge + 1;
	return (self->right_edge > seen ? self->right_edge : seen) + WINDOW_MAX;
}

/*
 * RFC 9293 3.10.7.4, fifth check; RFC 5961 5.2.  The capture may have missed what is acknowledged, so only
 * what the end never offered to receive is impossible.
 */
static bool is_unacceptable_ack(const struct step *st, bool is_old)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!st->has_ack || !peer->has_seq || (st->seg->flags & (TCP_SYN | TCP_RST)))
		return false;
	if (peer->iss && st->ack <= peer->iss)
		return true;
	if (st->ack > peer->snd_nxt && !self->has_ack)
		return peer->synack_sent && self->offer.seen && st->ack > peer->snd_nxt + FAR;
	if (st->ack > peer->snd_nxt)
		return self->has_ack && st->ack > acknowledgeable_edge(st);
	return is_old;
}

/* A SYN or SYN-ACK with other numbers in a synchronised state draws a challenge ACK (RFC 5961 4.2). */
static bool is_stray_syn(const struct step *st)
{
	return (st->seg->flags & TCP_SYN) && st->conn->handshake_done && st->self->iss &&
	       st->seg->seq != st->self->isn;
}

/*
 * Linux, in SYN-RECEIVED: an echo newer than the SYN-ACK's own timestamp was not drawn by the SYN-ACK, and a
 * number left of the window was not drawn by this SYN.
 */
static bool is_refused_handshake(const struct step *st)
{
	const struct endpoint *to = st->peer;

	if (to->state != TCPS_SYN_RECEIVED || !to->synack_sent ||
	    (st->seg->flags & (TCP_SYN | TCP_RST)))
		return false;
	if (to->has_ack && st->end < to->rcv_nxt)
		return true;
	return to->uses_timestamps && (st->seg->opt.seen & OPT_TIMESTAMPS) &&
	       seq_lt(to->synack_tsval, st->seg->opt.tsecr);
}

static bool lacks_ack_flag(const struct step *st)
{
	return !(st->seg->flags & (TCP_ACK | TCP_SYN | TCP_RST));
}

static bool has_unexpected_md5(const struct step *st)
{
	return (st->seg->opt.seen & OPT_MD5) && st->self->offer.seen && !st->self->uses_md5 &&
	       !(st->seg->flags & TCP_SYN);
}

/*
 * A RST that its alleged sender did not make: another hop limit than its other segments; or, on a connection
 * with timestamps, neither the RST of a live socket (timestamps; macOS: ACK and its own next number) nor that of
 * no socket (window 0).
 */
static bool looks_foreign(const struct step *st)
{
	const struct endpoint *self = st->self;

	if (self->ttl && st->seg->ttl != self->ttl)
		return true;
	if (st->has_ack && self->has_seq && st->seq == self->snd_nxt)
		return false;
	return self->uses_timestamps && st->peer->uses_timestamps && st->seg->window != 0 &&
	       !(st->seg->opt.seen & OPT_TIMESTAMPS);
}

/* The segment is what its receiver takes: what it shows of the window and the numbers holds. */
static void accept_edges(struct step *st)
{
	st->peer->right_edge = offered_edge(st);
	if (st->self->far_ack | st->peer->far_ack)
		resync_settle(st);
}

void track_validity(struct step *st)
{
	bool refused = is_refused_handshake(st);
	bool bad_sum = has_bad_checksum(st), old_ts = is_old_timestamp(st);
	bool right = is_right_of_window(st), old_ack = is_too_old_ack(st);
	bool bad_ack = is_unacceptable_ack(st, old_ack), others;

	if (bad_ack && !bad_sum && st->ack > st->peer->snd_nxt && st->peer->has_seq)
		resync_hear(st);
	st->is_old_ack = old_ack;
	st->is_weak = is_stray_syn(st) || refused || bad_sum || old_ts || lacks_ack_flag(st) ||
	              has_unexpected_md5(st) || has_bad_ip_checksum(st) ||
	              (st->seg->notes & NOTES_HOST_DROPS);
	others = st->is_weak;
	/* (Only what is right otherwise shows that both ends have gone on.) */
	if (!others && (right | bad_ack) && resync_closes(st))
		right = bad_ack = false;
	st->acks_unsent = st->has_ack && st->peer->has_seq && st->ack > st->peer->snd_nxt;
	st->is_weak |= bad_ack;
	if (right && !st->is_weak)
		right = !resync_agrees(st);
	st->is_far = (right | bad_ack) && !others;
	st->is_weak |= right;
	if (bad_sum)
		note(st, SEGMENT_NOTE_BAD_CHECKSUM);
	if (old_ts)
		note(st, SEGMENT_NOTE_PAWS);
	if (right || refused)
		note(st, SEGMENT_NOTE_OUT_OF_WINDOW);
	if (bad_ack)
		note(st, SEGMENT_NOTE_NOT_ACCEPTABLE_ACK);
	if (st->is_weak)
		note(st, SEGMENT_NOTE_IGNORED);
	else
		accept_edges(st);
	st->edge_before = st->peer->right_edge;
	st->is_foreign = (st->seg->flags & TCP_RST) && looks_foreign(st);
}

/* Makes room: of an acknowledged hole all that counts is counted, so it goes first; of each sort the oldest. */
static void hole_forget(struct endpoint *e)
{
	unsigned i = 0;

	while (i < e->nholes && !e->holes[i].acked)
		i++;
	if (i == e->nholes) {
		i = 0;
		e->holes_lost++;
	}
	e->nholes--;
	memmove(&e->holes[i], &e->holes[i + 1], (e->nholes - i) * sizeof(e->holes[0]));
}

/* [left, right) in place of `h`, or of a part of it. */
static void hole_add(struct endpoint *e, const struct hole *h, uint64_t left, uint64_t right)
{
	if (!e->holes)
		e->holes = mem_alloc(HOLES_MAX, sizeof(*e->holes));
	if (e->nholes == HOLES_MAX)
		hole_forget(e);
	e->holes[e->nholes++] = (struct hole){
		.left = left,
		.right = right & HOLE_END,
		.acked = h->acked,
		.time = h->time,
	};
}

/* The part of a hole that captured bytes [left, right) leave open comes back as one or two holes. */
static void hole_shrink(struct endpoint *e, const struct hole *h, uint64_t left, uint64_t right)
{
	if (left > h->left)
		hole_add(e, h, h->left, left);
	if (right < h->right)
		hole_add(e, h, right, h->right);
}

/* Captured bytes [left, right): true if they fill (part of) a hole.  (Apart, as it needs room on the stack.) */
static __attribute__((noinline)) bool hole_fill(
    struct conn *c, struct endpoint *e, uint64_t left, uint64_t right)
{
	struct hole holes[HOLES_MAX];
	unsigned n = e->nholes;
	bool filled = false;

	if (n)
		memcpy(holes, e->holes, n * sizeof(holes[0]));
	e->nholes = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct hole *h = &holes[i];
		uint64_t from = left > h->left ? left : h->left,
		         to = right < h->right ? right : h->right;

		if (to <= from) {
			hole_add(e, h, h->left, h->right);
			continue;
		}
		filled = true;
		if (h->acked) {
			e->missing -= to - from;
			c->acked_before_seen = true;
		}
		hole_shrink(e, h, left, right);
	}
	return filled;
}

/* The peer acknowledged up to `ack`: holes below it were sent, received and not captured. */
static void hole_acknowledge(struct endpoint *e, uint64_t ack)
{
	for (unsigned i = e->nholes; i-- > 0;) {
		struct hole h = e->holes[i];

		if (h.acked || h.left >= ack)
			continue;
		e->missing += (h.right < ack ? h.right : ack) - h.left;
		if (h.right <= ack) {
			e->holes[i].acked = true;
			continue;
		}
		e->holes[i].left = ack;
		h.acked = true;
		hole_add(e, &h, h.left, ack);
	}
}

/*
 * The peer acknowledged more than was captured.  The sender confirms that by being there itself; when it
 * still goes on below, a round trip later, the acknowledgment was not true.
 */
static void settle_unseen(struct step *st)
{
	struct endpoint *e = st->self;

	if (e->snd_nxt >= e->unseen_ack) {
		if (st->seq < e->unseen_ack)
			st->conn->acked_before_seen = true;
		if (st->peer->rcv_nxt < e->unseen_ack)
			st->peer->rcv_nxt = e->unseen_ack;
		e->unseen_ack = 0;
	} else if (st->time - e->unseen_time > arrival_round_trip(st->conn, e)) {
		e->unseen_ack = 0;
		e->may_have_fin = false;
	}
}

/* Nothing refuted it: what was acknowledged was sent. */
void track_finish(struct endpoint *e)
{
	if (e->unseen_ack > e->snd_nxt)
		e->missing += e->unseen_ack - e->snd_nxt;
}

uint64_t track_contiguous(const struct endpoint *e)
{
	uint64_t edge = e->snd_nxt;

	for (unsigned i = 0; i < e->nholes; i++)
		if (!e->holes[i].acked && e->holes[i].left < edge)
			edge = e->holes[i].left;
	return edge;
}

/* Space that was passed before: a hole filled late, or sent again.  A probe is neither. */
static void note_old_space(struct step *st)
{
	const uint32_t probe = 1u << SEGMENT_NOTE_KEEPALIVE | 1u << SEGMENT_NOTE_WINDOW_PROBE;
	bool first_synack =
	    (st->seg->flags & TCP_SYN) && st->conn->both_syn && !st->self->synack_sent;

	if (hole_fill(st->conn, st->self, st->seq, st->end))
		retransmit_note(st, true);
	else if (!(st->notes & probe) && !first_synack)
		retransmit_note(st, false);
}

bool track_repeats_last(const struct step *st)
{
	const struct endpoint *e = st->self, *peer = st->peer;

	if (st->seg->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return false;
	if (e->has_seq)
		return st->seq + 1 == e->snd_nxt && st->seg->len <= 1;
	/* (Of an end that was not captured before, what was acknowledged was sent.) */
	return peer->has_ack && st->seq + 1 == peer->rcv_nxt && !st->seg->len;
}

/* The sender's side of a segment that takes sequence space or shows where its sender is. */
static void advance_sent(struct step *st)
{
	struct endpoint *e = st->self;
	bool takes_space = st->end > st->seq;

	if (!e->has_seq) {
		uint64_t from = track_repeats_last(st) ? st->seq + 1 : st->seq;

		e->has_seq = true;
		e->base = st->seq;
		e->snd_nxt = e->cap_nxt = from;
	}
	if (st->seq > e->snd_nxt) {
		hole_add(e, &(struct hole){ .time = st->time }, e->snd_nxt, st->seq);
		if (e->unseen_ack)
			hole_acknowledge(e, e->unseen_ack < st->seq ? e->unseen_ack : st->seq);
		e->may_have_fin = !takes_space;
		note(st, SEGMENT_NOTE_GAP_BEFORE);
	} else if (takes_space && st->seq < e->snd_nxt) {
		note_old_space(st);
	}
	if (takes_space) {
		transfer_sent(st);
		if (st->end > e->snd_nxt)
			e->may_have_fin = false;
	}
	if (st->end > e->cap_nxt)
		e->cap_nxt = st->end;
	if (st->end > e->snd_nxt || st->seq > e->snd_nxt)
		e->snd_nxt = st->end;
	if (e->unseen_ack)
		settle_unseen(st);
}

/* A SYN-ACK that does not acknowledge the SYN (RFC 9293 3.10.7.3, first check) tells nothing of the peer. */
static bool is_wrong_synack(const struct step *st)
{
	const struct endpoint *peer = st->peer;

	return (st->seg->flags & TCP_SYN) && peer->offer.seen &&
	       (st->ack <= peer->iss || st->ack > peer->snd_nxt);
}

/* Of an end never captured: any progress may be its FIN, and so may the first acknowledgment, but for that of its SYN. */
static bool may_cover_fin(const struct step *st)
{
	const struct endpoint *self = st->self;

	if (self->has_ack)
		return st->ack > self->rcv_nxt;
	return self->iss && (st->seq > self->iss + 1 || (st->seg->flags & TCP_FIN));
}

/* The acknowledgment: what the sender has of the peer's stream, and what it offers to take. */
static void advance_acked(struct step *st)
{
	struct endpoint *self = st->self, *peer = st->peer;
	uint64_t ack = st->ack, edge;

	if (is_wrong_synack(st))
		return;
	if (peer->has_seq && ack > peer->snd_nxt) {
		if (!peer->unseen_ack)
			peer->unseen_time = st->time;
		peer->unseen_ack = ack;
		peer->may_have_fin = !peer->fin_seen;
		note(st, SEGMENT_NOTE_ACKS_UNSEEN);
		ack = peer->snd_nxt;
	}
	if (!peer->has_seq && may_cover_fin(st))
		peer->may_have_fin = true;
	if (peer->nholes)
		hole_acknowledge(peer, ack);
	transfer_acked(st, ack);
	if (!self->has_ack || ack > self->rcv_nxt)
		self->rcv_nxt = ack;
	self->has_ack = true;
	self->wire_window = st->seg->window;
	self->last_window =
	    (uint64_t)st->seg->window
	    << (self->scale_known && !(st->seg->flags & TCP_SYN) ? self->wscale : 0);
	if (self->last_window > self->max_window)
		self->max_window = self->last_window;
	edge = ack + self->last_window;
	if (edge > self->right_edge)
		self->right_edge = edge;
	for (unsigned i = 0; i < st->seg->opt.nsack; i++) {
		uint64_t right = seq_unwrap(st->ack, st->seg->opt.sack[i].right);

		if (right > self->sack_edge)
			self->sack_edge = right;
	}
}

/*
 * TS.Recent is taken from a segment that spans the last acknowledgment sent (RFC 7323 4.3); what lies before
 * it altogether is not acceptable, and its timestamp does not count.
 */
static void advance_timestamps(struct step *st)
{
	struct endpoint *self = st->self, *to = st->peer;
	uint32_t tsval = st->seg->opt.tsval;

	if (!self->has_tsval || seq_lt(self->tsval, tsval))
		self->tsval = tsval;
	self->has_tsval = true;
	if (to->has_ack && (st->seq > to->rcv_nxt || st->end < to->rcv_nxt))
		return;
	if (!to->has_ts_recent || seq_le(to->ts_recent, tsval))
		to->ts_recent = tsval;
	to->has_ts_recent = true;
}

void track_advance(struct step *st)
{
	if (st->seg->flags & TCP_RST)
		return;
	transfer_segment(st);
	advance_sent(st);
	if (st->has_ack)
		advance_acked(st);
	if (st->seg->opt.seen & OPT_TIMESTAMPS)
		advance_timestamps(st);
	st->self->ttl = st->seg->ttl;
}
