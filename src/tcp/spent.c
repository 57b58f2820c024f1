/* SPDX-License-Identifier: MIT */
/*
 * spent - what the time of a connection went into: for every interval between two of its packets, who waited
 * for what.
 *
 * Input:  each segment after the machine took it; how things stood after the segment before.
 * Output: step.transfer.wait; sums in conn.spent that add up to the time from the first to the last packet.
 *
 * The segment that ends an interval tells what was waited for.  Where data was on the way and the answer is
 * data, the round trip is taken off: only the rest was thinking.  So it is where a sender may have waited for the
 * acknowledgment of full segments.  When data ends a silence, what was idle in it (between keepalives) was thinking, too.
 */
#include "config.h"

#include "tcp/conn.h"

/* How things stand between two segments: bits of spent.now, shifted by direction. */
enum standing {
	OUTSTANDING = 1u << 0,   /* it waits for an acknowledgment */
	CLOSED_WINDOW = 1u << 2, /* its receive window is closed */
	FULL_WINDOW = 1u << 4,   /* it has filled the peer's window */
	RECOVERING = 1u << 6,    /* what it sent is being repaired */
};

/* A full window is waited for when it takes longer than this many round trips. */
#define FULL_ROUND_TRIPS 2

/* It limits its sender when that waits for more than one such part of a round trip. */
#define LIMITED_PARTS 2

/* What an acknowledgment lets go comes up to a quarter later than the shortest round trip. */
#define CLOCK_FOURTHS 5

/* Where neither a handshake nor data of the receiver shows the round trip it may be that long (ns). */
#define LOOP_UNKNOWN (NS_PER_SEC / 5)

/* Who waits for an answer waits so long, and longer than he paused between his words by this factor. */
#define WAITS_AT_LEAST NS_PER_SEC
#define WAITS_LONGER   3

/* What fits one segment may be a question to a server that has not said anything yet; more is an upload. */
#define QUESTION_MAX 1460

static const uint8_t wait_classes[] = {
#define WAIT(id, label, spent) SPENT_##spent,
#include "tcpshadow/wait.def"
#undef WAIT
};

enum time_spent wait_class(enum wait w)
{
	BUG_ON(w >= WAIT_COUNT);
	return (enum time_spent)wait_classes[w];
}

static bool stands(const struct spent *s, enum standing what, unsigned dir)
{
	return s->now & (unsigned)what << dir;
}

static bool stands_either(const struct spent *s, enum standing what)
{
	return stands(s, what, 0) || stands(s, what, 1);
}

static inline unsigned standing_of(const struct endpoint *e, const struct endpoint *peer)
{
	const struct loss *l = e->transfer.loss;
	bool outstanding = e->has_seq & peer->has_ack & (e->snd_nxt > peer->rcv_nxt);
	bool full = outstanding & peer->scale_known & (e->snd_nxt >= peer->right_edge);
	bool recovering = l && l->recovery_end > peer->rcv_nxt;

	/* (No branches: they would go now this way, now that.) */
	return outstanding * OUTSTANDING | e->transfer.window_closed * CLOSED_WINDOW |
	       full * FULL_WINDOW | recovering * RECOVERING;
}

static bool is_opening(const struct conn *c)
{
	const struct endpoint *client = &c->ends[c->client], *server = &c->ends[!c->client];
	/* (Of a client that is not captured the server tells whether it has opened.) */
	const struct endpoint *e = client->packets ? client : server;

	return !c->is_midstream && e->state <= TCPS_SYN_RECEIVED && !client->rst_seen;
}

static enum wait thinks(const struct step *st)
{
	return st->dir == st->conn->client ? WAIT_CLIENT_THINKS : WAIT_SERVER_THINKS;
}

static enum wait repeats(const struct step *st)
{
	switch ((enum retransmission_kind)st->transfer.kind) {
	case RETRANSMISSION_SYN:
		return WAIT_SYN_TIMER;
	case RETRANSMISSION_TLP:
		return WAIT_LOSS_PROBE;
	case RETRANSMISSION_FAST:
	case RETRANSMISSION_SACK_RECOVERY:
	case RETRANSMISSION_RACK:
	case RETRANSMISSION_GO_BACK_N:
		return WAIT_RECOVERY;
	case RETRANSMISSION_NONE:
	case RETRANSMISSION_RTO:
	case RETRANSMISSION_FIN:
	case RETRANSMISSION_SPURIOUS:
	case RETRANSMISSION_OTHER:
	case RETRANSMISSION_COUNT:
		break;
	}
	return WAIT_RTO;
}

/*
 * The peer had filled the window of the segment's sender.  Who sends a window at once and then has nothing to do for
 * most of the round trip is limited by it; longer than the path's round trips its receiver held it up.
 */
static enum wait full_wait(const struct step *st, const struct spent *s, int64_t gap)
{
	struct transfer *t = &st->peer->transfer;

	if (!t->rtt.samples || stands(s, RECOVERING, !st->dir))
		return WAIT_NONE;
	if (gap * LIMITED_PARTS > t->rtt.min)
		t->measures.window_full_time += gap;
	return gap > FULL_ROUND_TRIPS * t->rtt.min ? WAIT_FULL_WINDOW : WAIT_NONE;
}

static enum wait window_wait(const struct step *st, const struct spent *s, int64_t gap)
{
	/* (It has said that there is room again, and the sender has not heard that.) */
	if ((st->notes & 1u << SEGMENT_NOTE_WINDOW_PROBE) && !st->peer->transfer.window_closed &&
	    st->peer->last_window)
		return WAIT_RECOVERY;
	if ((st->notes & 1u << SEGMENT_NOTE_WINDOW_PROBE) || stands_either(s, CLOSED_WINDOW))
		return WAIT_ZERO_WINDOW;
	return stands(s, FULL_WINDOW, !st->dir) ? full_wait(st, s, gap) : WAIT_NONE;
}

/*
 * The client had asked, the server did not answer, and the client closes.  (Where the server closes it may
 * have waited for more; and a client that only tells, now and then, closes after another of its pauses.)
 */
static bool gives_up(const struct step *st, const struct spent *s, int64_t gap)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	bool is_end = st->seg->flags & TCP_RST ? !self->fin_seen : st->seg->flags & TCP_FIN;
	bool has_asked = peer->payload_bytes || self->payload_bytes <= QUESTION_MAX;
	int64_t silence = gap + s->quiet;

	/* (Probes without an answer: the other end is not there.) */
	if (self->transfer.keepalives_open)
		return false;
	return is_end && st->dir == st->conn->client && s->talker == st->dir && !peer->fin_seen &&
	       has_asked && silence >= WAITS_AT_LEAST && silence > WAITS_LONGER * s->pause;
}

/*
 * The receiver has acknowledged all, and that took a full segment at last: its sender may have had to wait for that
 * acknowledgment, which is on its way from the tap for so long, and what it lets go (ns).  0 where the tap is there.
 */
static int64_t clock_way(const struct step *st, const struct spent *s)
{
	const struct rtt *rtt = &st->peer->transfer.rtt;
	bool was_answered = st->peer->last_time == s->mark && !stands(s, OUTSTANDING, st->dir);

	if (s->talker != st->dir || !s->was_full || !was_answered)
		return 0;
	if (!rtt->samples)
		return st->conn->is_midstream ? LOOP_UNKNOWN : 0;
	return rtt->min;
}

/* It told its peer what it has behind a hole, and the hole is there still: all that it waited was for that. */
static bool has_asked_for_hole(const struct endpoint *self)
{
	return self->has_ack && self->sack_edge > self->rcv_nxt;
}

/* Nothing is wrong: the applications' time, and the path's. */
static enum wait ordinary_wait(const struct step *st, const struct spent *s, int64_t gap)
{
	bool waited_for = stands(s, OUTSTANDING, !st->dir), waits = stands(s, OUTSTANDING, st->dir);

	if (!st->peer->packets)
		return WAIT_UNKNOWN;
	if (st->notes & 1u << SEGMENT_NOTE_KEEPALIVE)
		return WAIT_IDLE;
	/* (Nobody waits any more where the other end had reset the connection.) */
	if (st->seg->len && s->talker != st->dir)
		return st->peer->rst_seen ? WAIT_IDLE : thinks(st);
	if (st->seg->len)
		return waits || gap * 4 <= clock_way(st, s) * CLOCK_FOURTHS ? WAIT_TRANSFER
		                                                            : thinks(st);
	if (st->seg->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
		if (waited_for && has_asked_for_hole(st->self))
			return WAIT_RECOVERY;
		if (waited_for || waits)
			return WAIT_TRANSFER;
		return gives_up(st, s, gap) ? WAIT_SERVER_THINKS : WAIT_IDLE;
	}
	if (waited_for)
		return st->dir == st->conn->client ? WAIT_CLIENT_ACK : WAIT_SERVER_ACK;
	return waits ? WAIT_TRANSFER : WAIT_IDLE;
}

/* Its sender has talked since the first one: this copy is late, and nobody waited for it. */
static bool is_stray_synack(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	return st->transfer.kind == RETRANSMISSION_SYN && self->iss && peer->iss &&
	       (self->snd_nxt > self->iss + 1 || self->rcv_nxt > peer->iss + 1);
}

static enum wait wait_of(const struct step *st, const struct spent *s, int64_t gap)
{
	enum wait w;

	if (st->transfer.kind && !is_stray_synack(st))
		return repeats(st);
	if (s->was_opening)
		return WAIT_HANDSHAKE;
	w = window_wait(st, s, gap);
	if (w != WAIT_NONE)
		return w;
	if (stands_either(s, RECOVERING))
		return WAIT_RECOVERY;
	return ordinary_wait(st, s, gap);
}

/* The part of an interval in which data and its acknowledgment crossed; the rest was thinking. */
static int64_t crossing(const struct step *st, const struct spent *s, int64_t gap)
{
	const struct rtt *rtt = &st->peer->transfer.rtt;
	int64_t way = clock_way(st, s);

	if (stands(s, OUTSTANDING, !st->dir) && rtt->samples)
		way = rtt->min;
	return way < gap ? way : gap;
}

static void spend(struct spent *s, enum wait w, int64_t time)
{
	s->time[wait_class(w)] += time;
}

/* Somebody speaks, or has waited in vain: what was idle since the last word was spent on waiting for him. */
static void end_silence(struct spent *s, enum wait w)
{
	if (s->quiet == 0)
		return;
	s->time[SPENT_IDLE] -= s->quiet;
	s->time[wait_class(w)] += s->quiet;
	s->quiet = 0;
}

static void note_word(struct spent *s, const struct step *st, int64_t silence)
{
	const struct syn_offer *offer = &st->peer->offer;

	/* (Where no SYN was captured, what is as long as any so far.) */
	if (offer->has_mss)
		s->was_full = st->seg->len + st->seg->header_len - 20u >= offer->mss;
	else
		s->was_full = st->seg->len >= FULL_UNKNOWN &&
		              st->seg->len == st->self->transfer.measures.largest_segment;
	if (s->talker != st->dir)
		s->pause = 0;
	else if (silence > s->pause)
		s->pause = silence;
	s->talker = st->dir;
	s->quiet = 0;
}

void spent_segment(struct step *st)
{
	struct conn *c = st->conn;
	struct spent *s = &c->spent;
	int64_t gap = c->end - s->mark, way = 0, silence = 0;
	enum wait w = wait_of(st, s, gap);

	st->transfer.wait = (uint8_t)w;
	st->transfer.waited = gap;
	if (w == WAIT_CLIENT_THINKS || w == WAIT_SERVER_THINKS) {
		silence = gap + s->quiet;
		way = crossing(st, s, gap);
		end_silence(s, w);
	}
	if (way)
		spend(s, WAIT_TRANSFER, way);
	spend(s, w, gap - way);
	if (w == WAIT_IDLE)
		s->quiet += gap;
	s->last = (uint8_t)w;
	s->mark = c->end;
	s->now = (uint8_t)(standing_of(&c->ends[0], &c->ends[1]) |
	                   standing_of(&c->ends[1], &c->ends[0]) << 1);
	s->was_opening = is_opening(c);
	if (st->seg->len && !st->transfer.kind && !(st->notes & 1u << SEGMENT_NOTE_KEEPALIVE))
		note_word(s, st, silence);
}

/*
 * Behind the last segment there are only copies of frames and ICMP errors.  (A SYN that turned out to begin the
 * next connection is taken out again.)
 */
void spent_finish(struct conn *c)
{
	struct spent *s = &c->spent;
	enum wait w = s->was_opening ? WAIT_HANDSHAKE : WAIT_UNKNOWN;

	spend(s, c->end < s->mark ? (enum wait)s->last : w, c->end - s->mark);
	s->mark = c->end;
}
