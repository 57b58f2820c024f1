/* SPDX-License-Identifier: MIT */
/*
 * reset - see reset.h for the contract: from packets to evidence.
 *
 * Each of the small functions below sees one kind of evidence; reset_rank.c adds it up.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcp/find.h"
#include "tcp/reset.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

/* A host that knows nothing of a connection answers at once: what takes longer is no answer (ns). */
#define ANSWER_MAX (NS_PER_SEC / 10)
/* An application that has what it wanted aborts within this (ns). */
#define PROMPT_MAX (NS_PER_SEC / 5)
/* Likewise one that serves and has read that no more is wanted; all other decisions of it may come at any time. */
#define PROMPT_SERVER (NS_PER_SEC / 50)
/* No host remembers a closed connection that long: FIN-WAIT-2 and TIME-WAIT end after a minute (ns). */
#define MEMORY_MAX (60 * NS_PER_SEC)
/* A host that has just spoken takes longer than this to be up again (ns). */
#define RESTART_MIN (NS_PER_SEC / 10)
/* What was acknowledged longer ago is asked for by nothing on its way, but where round trips take longer (ns). */
#define ASKED_MIN NS_PER_SEC
/* Two that come in this are one burst (ns). */
#define BURST (NS_PER_SEC / 100)

enum {
	ID_STEP = 16,    /* IP IDs of one socket go up by less */
	ID_FAR = 4096,   /* and those of one host hardly by more between two of its packets */
	ID_HABIT = 2,    /* steps that show how a sender counts */
	ID_JUMPS = 3,    /* in their place: it went up by much once, or back */
	EVEN_PART = 16,  /* of an interval, that another may differ by */
	PROBES_MIN = 2,  /* unanswered keepalives that kill a connection */
	REPEATS_MIN = 3, /* repetitions that look like giving up */
	FULL_SEGMENT = 1448,
};

/* ---- every segment ---- */

static enum reset_query query_of(const struct segment *s)
{
	if (s->flags & TCP_SYN)
		return s->flags & TCP_ACK ? QUERY_SYNACK : QUERY_SYN;
	if (s->flags & TCP_FIN)
		return QUERY_FIN;
	return s->len ? QUERY_DATA : QUERY_ACK;
}

static void count_up(uint8_t *n)
{
	if (*n < UINT8_MAX)
		++*n;
}

static void notice_id(struct reset_memory *m, const struct segment *s)
{
	uint16_t step = (uint16_t)(s->ip_id - m->ip_id);

	if (s->ip_version == 6)
		m->flow_label = s->flow_label;
	if (s->ip_id == 0 || (s->flags & TCP_SYN))
		return;
	if (m->ip_id && (step == 0 || step > ID_STEP))
		m->id_steps = ID_JUMPS;
	else if (m->ip_id && m->id_steps < ID_HABIT)
		m->id_steps++;
	m->ip_id = s->ip_id;
}

/* So long after a segment has passed the tap a host without a socket may still answer it, ns. */
static int64_t answer_time(const struct conn *c, const struct endpoint *who)
{
	return ANSWER_MAX + arrival_round_trip(c, who);
}

/*
 * The peer of one that repeated something in vain is heard.  What it sends right after that may be on its way before a
 * RST could have come.  (What answers a probe of a closed window with a closed window is not what the prober waits for.)
 */
static void notice_answer(struct step *st)
{
	struct reset_memory *other = &st->peer->reset;
	bool still_closed = (st->notes & 1u << SEGMENT_NOTE_PROBE_ACK) && st->seg->window == 0;
	int64_t apart = st->time - st->self->reset.spoke_at;

	if (other->repeats || apart > answer_time(st->conn, st->peer))
		other->gave_up = other->repeats;
	if (!still_closed)
		other->repeats = 0;
}

static void notice_unanswered(struct step *st)
{
	const uint32_t again = 1u << SEGMENT_NOTE_RETRANSMISSION | 1u << SEGMENT_NOTE_WINDOW_PROBE;
	struct reset_memory *mine = &st->self->reset, *other = &st->peer->reset;

	if (other->repeats | other->gave_up)
		notice_answer(st);
	mine->gave_up = other->probes = 0;
	if (st->notes & 1u << SEGMENT_NOTE_KEEPALIVE)
		count_up(&mine->probes);
	else if (st->notes & again)
		count_up(&mine->repeats);
}

/* New data that was under way when the other end sent its RST.  (Apart, as few connections have one.) */
static __attribute__((noinline)) void notice_late_data(struct step *st)
{
	struct conn *c = st->conn;

	for (unsigned i = 0; i < c->nresets; i++) {
		struct reset_record *r = &c->resets[i];

		if (r->by != st->dir && r->bytes && st->end > r->ack &&
		    st->time - r->time < arrival_round_trip(c, st->peer))
			r->evidence |= UINT64_C(1) << EVIDENCE_MORE_COMING;
	}
}

/*
 * A host without a socket answers each segment with what that acknowledges, and a round trip later the peer has
 * acknowledged more: what it acknowledged at two marks, the older of them longer ago than any answer takes.
 */
static void notice_acked(struct step *st)
{
	struct reset_memory *m = &st->self->reset;
	uint32_t acked = (uint32_t)st->self->rcv_nxt;
	int64_t age = st->time - m->marked;

	if (m->has_mark && (age < ASKED_MIN || age < answer_time(st->conn, st->peer)))
		return;
	m->acked_before = m->has_mark ? m->acked_mark : acked;
	m->acked_mark = acked;
	m->marked = st->time;
	m->has_mark = true;
}

void reset_notice(struct step *st)
{
	struct reset_memory *m = &st->self->reset;
	const struct segment *s = st->seg;
	int64_t before =
	    m->spoke_at > st->peer->reset.spoke_at ? m->spoke_at : st->peer->reset.spoke_at;

	notice_id(m, s);
	notice_unanswered(st);
	m->quiet = st->time - before;
	m->spoke_at = st->time;
	m->query = query_of(s) & QUERY_MASK;
	if (st->self->has_ack)
		notice_acked(st);
	m->has_last_ack = st->has_ack;
	m->last_ack = s->ack;
	if (m->query == QUERY_SYNACK)
		m->bad_echo = (s->opt.seen & OPT_TIMESTAMPS) && st->peer->offer.timestamps &&
		              s->opt.tsecr != st->peer->memory.syn_tsval;
	if (s->len == 0 || (st->notes & 1u << SEGMENT_NOTE_WINDOW_PROBE))
		return;
	m->data_time = st->time;
	m->heard = st->has_ack ? st->ack : m->heard;
	if (st->conn->nresets)
		notice_late_data(st);
}

/* ---- evidence: what the RST looks like ---- */

#define BIT(id) (UINT64_C(1) << EVIDENCE_##id)

static uint64_t when(bool yes, uint64_t bits)
{
	return yes ? bits : 0;
}

static bool uses_timestamps(const struct step *st)
{
	return st->self->uses_timestamps && st->peer->uses_timestamps;
}

static uint64_t look_of_id(const struct step *st)
{
	const struct reset_memory *m = &st->self->reset;
	uint16_t id = st->seg->ip_id, step = (uint16_t)(id - m->ip_id);

	if (st->seg->ip_version == 6)
		return m->flow_label == 0                     ? 0
		       : m->flow_label == st->seg->flow_label ? BIT(FLOW_LABEL_SAME)
		                                              : BIT(FLOW_LABEL_OTHER);
	if (m->ip_id == 0)
		return 0;
	if (id == 0)
		return BIT(ID_ZERO);
	if (step >= 1 && step <= ID_STEP)
		return BIT(ID_CONTINUES);
	return when(step > ID_FAR && m->id_steps == ID_HABIT, BIT(ID_FOREIGN));
}

static uint64_t look_of(const struct step *st)
{
	const struct segment *s = st->seg;
	bool has_ts = s->opt.seen & OPT_TIMESTAMPS;
	uint64_t seen = look_of_id(st);

	if (has_ts && st->self->has_tsval && seq_lt(s->opt.tsval, st->self->tsval))
		seen |= BIT(OLD_TIMESTAMP);
	if (uses_timestamps(st)) {
		seen |= has_ts ? BIT(HAS_TIMESTAMPS) : BIT(LACKS_TIMESTAMPS);
		seen |= when(!has_ts && s->window != 0 && !st->has_ack, BIT(NEITHER_SHAPE));
	}
	seen |= s->window ? BIT(WINDOW) : BIT(NO_WINDOW);
	return seen | when(st->self->ttl && s->ttl != st->self->ttl, BIT(TTL_FOREIGN));
}

/* Sooner than two thirds of what the handshake took to the sender and back. */
static bool is_too_fast(const struct step *st, int64_t wait)
{
	int64_t shown = arrival_handshake_time(st->conn, st->self);

	return shown > NS_PER_SEC / 500 && wait * 3 < shown * 2;
}

/* The peer has acknowledged it so lately that what did so may just have reached a host without a socket. */
static bool was_just_acked(const struct step *st)
{
	const struct reset_memory *asked = &st->peer->reset;
	uint32_t seq = st->seg->seq;

	return asked->has_mark && seq_le(asked->acked_before, seq) &&
	       seq_le(seq, (uint32_t)st->peer->rcv_nxt);
}

/*
 * A SYN-ACK was sent again because the first answer was long on its way: so may be the answer to the last one, which
 * finds the client gone by then.
 */
static bool answers_repeated_synack(const struct step *st)
{
	const struct conn *c = st->conn;
	int64_t round_trip = c->ack_time - c->syn_time;

	return c->synacks > 1 && c->syn_time >= 0 && c->ack_time >= 0 && st->dir == c->client &&
	       st->seg->seq == st->self->isn + 1 &&
	       st->time - c->synack_time < ANSWER_MAX + round_trip * 3 / 2;
}

/* Does it carry the number that a late segment of the peer asks a host without a socket to use? */
static bool is_echo(const struct step *st, int64_t wait)
{
	const struct reset_memory *asked = &st->peer->reset;

	if (st->has_ack)
		return false;
	if (answers_repeated_synack(st))
		return true;
	if (wait > answer_time(st->conn, st->self))
		return false;
	return (asked->has_last_ack && asked->last_ack == st->seg->seq) || was_just_acked(st);
}

/* Only what the latest segment asks for can come too soon after it. */
static uint64_t echo_of(const struct step *st, int64_t wait)
{
	bool is_latest = st->peer->reset.last_ack == st->seg->seq;

	return BIT(ECHO) | when(is_latest && is_too_fast(st, wait), BIT(TOO_FAST));
}

static uint64_t numbers_of(const struct step *st, int64_t wait)
{
	const struct endpoint *self = st->self;
	bool has_asked = st->peer->reset.query != QUERY_NONE;

	if (has_asked && is_echo(st, wait))
		return echo_of(st, wait);
	if (!self->has_seq)
		return when(!has_asked, BIT(ALONE));
	if (!has_asked && self->reset.has_last_ack && !st->has_ack)
		return BIT(ONE_SIDED);
	if (st->has_ack && st->seq >= self->snd_nxt)
		return BIT(OWN_NUMBERS);
	return st->has_ack || st->seq != self->snd_nxt ? BIT(WRONG_NUMBER) : BIT(UNPROMPTED);
}

static const struct reset_record *latest_by(const struct conn *c, unsigned dir)
{
	for (unsigned i = c->nresets; i-- > 0;)
		if (c->resets[i].by == dir)
			return &c->resets[i];
	return NULL;
}

/*
 * (One acknowledgment after the other asks for higher and higher numbers, too.  And one more is no step through the
 * window: a FIN makes that difference.)
 */
static uint64_t burst_of(const struct step *st, uint64_t seen)
{
	const struct reset_record *last = latest_by(st->conn, st->dir);

	return when(last && last->answers == st->peer->last_packet &&
	                st->time - last->time < BURST && (int32_t)(st->seg->seq - last->seq) > 1 &&
	                !(seen & last->evidence & BIT(ECHO)) && !(seen & BIT(ONE_SIDED)),
	    BIT(STEPPED));
}

/* ---- evidence: what it answers ---- */

/* An earlier RST of its own, or one that it did not survive. */
static uint64_t earlier_resets(const struct step *st)
{
	const uint64_t others = BIT(TTL_FOREIGN) | BIT(NEITHER_SHAPE);
	const struct conn *c = st->conn;

	for (unsigned i = 0; i < c->nresets; i++) {
		const struct reset_record *r = &c->resets[i];
		bool went_on = st->self->reset.spoke_at > r->time;

		if (went_on)
			continue;
		if (r->by != st->dir && (r->ends_sender || r->seq == (uint32_t)st->self->rcv_nxt))
			return BIT(AFTER_PEER_RESET);
		if (r->by == st->dir && r->ends_sender && !(r->evidence & others))
			return BIT(AFTER_OWN_RESET);
	}
	return 0;
}

/* Before the connection is open, at the end that asked for it. */
static uint64_t answer_in_syn_sent(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint32_t covered = peer->reset.last_ack - self->isn;
	bool is_good = covered >= 1 && covered <= (uint32_t)(self->snd_nxt - self->iss);

	if (peer->reset.query == QUERY_NONE)
		return BIT(CANCELLED);
	if (peer->reset.query == QUERY_SYN)
		return 0;
	if (!is_good)
		return BIT(BAD_ACK) | when(peer->reset.query == QUERY_ACK, BIT(OLD_CONNECTION));
	return BIT(ANSWERS_SYNACK) | when(peer->reset.bad_echo, BIT(BAD_ECHO));
}

/* Likewise, at the end that has sent nothing but its SYN-ACK. */
static uint64_t answer_in_syn_received(const struct step *st)
{
	const struct conn *c = st->conn;
	const struct endpoint *self = st->self, *peer = st->peer;

	if (peer->reset.query == QUERY_SYN)
		return when(peer->isn != 0 && c->syns > 1, BIT(SECOND_SYN));
	if (earlier_resets(st))
		return earlier_resets(st);
	if (peer->reset.last_ack != self->isn + 1)
		return BIT(BAD_ACK);
	return when(c->ack_time == peer->last_time, BIT(ANSWERS_THIRD_ACK));
}

static bool is_only_opening(const struct endpoint *e)
{
	return e->synack_sent && e->snd_nxt == e->iss + 1 && !e->fin_seen && !e->payload_bytes;
}

static uint64_t answer_in_handshake(const struct step *st)
{
	const struct endpoint *self = st->self;
	bool has_spoken = self->offer.seen || self->has_seq;

	if (!has_spoken && st->peer->reset.query == QUERY_SYN)
		return BIT(ANSWERS_SYN);
	if (!has_spoken && st->peer->reset.query == QUERY_SYNACK)
		return BIT(UNKNOWN_SYNACK);
	if (self->state == TCPS_TIME_WAIT && st->peer->reset.query == QUERY_SYN)
		return BIT(SYN_TO_TIME_WAIT);
	/* A new SYN, and the peer answers from the connection before it. */
	if (self->reset.query == QUERY_SYN && self->state >= TCPS_ESTABLISHED && !st->has_ack &&
	    st->peer->reset.query == QUERY_ACK)
		return BIT(BAD_ACK) | BIT(OLD_CONNECTION);
	if (self->state == TCPS_SYN_SENT && !st->has_ack)
		return answer_in_syn_sent(st);
	if (self->state == TCPS_SYN_SENT && st->peer->reset.query == QUERY_NONE)
		return BIT(CANCELLED);
	return !st->has_ack && is_only_opening(self) ? answer_in_syn_received(st) : 0;
}

/* The peer's stream goes on behind what this end had acknowledged. */
static bool is_data_outstanding(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint64_t end = peer->fin_seen ? peer->fin_end - 1 : peer->snd_nxt;

	return self->has_ack && peer->has_seq && end > self->rcv_nxt;
}

static uint64_t answer_after_fin(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	bool is_old = st->time - self->reset.spoke_at > MEMORY_MAX;
	bool has_data = peer->reset.query == QUERY_DATA || peer->reset.query == QUERY_FIN;

	if (peer->fin_seen && peer->rcv_nxt >= self->fin_end && self->rcv_nxt >= peer->fin_end)
		return BIT(AFTER_CLOSE);
	if (has_data && is_data_outstanding(st))
		return BIT(LATE_DATA) | when(is_old, BIT(FORGOTTEN));
	return BIT(LATE_PACKET);
}

/*
 * Its latest word was a probe of a closed window, and the next should have come long ago: probes are twice as far
 * apart each time (RFC 9293 3.8.6.1), so none by more than it has waited since its last data.
 */
static bool is_probe_overdue(const struct step *st)
{
	const struct reset_memory *m = &st->self->reset;
	int64_t gap = m->spoke_at - m->data_time;

	return st->time - m->spoke_at > 2 * (gap < TIMEOUT_MAX ? gap : TIMEOUT_MAX);
}

/*
 * Data came to it while it had to wait with data of its own (RFC 9293 3.10.4: close, and the FIN waits, too), and it can have
 * sent the RST.
 */
static bool may_hold_back_fin(const struct step *st, uint64_t seen)
{
	uint8_t query = st->peer->reset.query;

	return (seen & BIT(SPOKE_JUST_BEFORE)) && !(seen & (BIT(TOO_FAST) | BIT(TTL_FOREIGN))) &&
	       (query == QUERY_DATA || query == QUERY_FIN) &&
	       transfer_waits(st->self, st->peer, st->peer->rcv_nxt);
}

/* What a host without a socket was asked. */
static uint64_t answer_of(const struct step *st)
{
	const struct endpoint *self = st->self;
	uint64_t seen = earlier_resets(st);
	uint64_t open = st->conn->is_midstream ? BIT(MIDSTREAM) : BIT(NEVER_ENDED);

	if (seen)
		return seen;
	if (self->fin_seen)
		return answer_after_fin(st);
	if (self->reset.gave_up >= REPEATS_MIN && !self->transfer.probed_last)
		return BIT(GAVE_UP) | open;
	if (self->reset.gave_up >= REPEATS_MIN && is_probe_overdue(st))
		return BIT(STOPPED_PROBING) | open;
	if (st->conn->is_midstream)
		return open;
	return BIT(NEVER_ENDED) |
	       when(st->time - self->reset.spoke_at < RESTART_MIN, BIT(SPOKE_JUST_BEFORE));
}

/* ---- evidence: what its application did ---- */

/* What it has of the peer's stream, without the FIN. */
static uint64_t received(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint64_t edge = st->ack > self->rcv_nxt ? st->ack : self->rcv_nxt;

	return peer->fin_seen && edge >= peer->fin_end ? edge - 1 : edge;
}

static bool is_prompt(const struct step *st, int64_t wait)
{
	int64_t round_trip = arrival_handshake_time(st->conn, st->self);

	if (st->dir == st->conn->client)
		return wait < PROMPT_MAX;
	return wait - (round_trip > 0 ? round_trip : 0) < PROMPT_SERVER;
}

static uint64_t application_of(const struct step *st, const struct reset_record *r)
{
	const struct endpoint *self = st->self;
	uint64_t seen;

	if (r->bytes && self->transfer.window_closed)
		return BIT(WINDOW_CLOSED);
	if (r->bytes == 0)
		return self->payload_bytes && st->peer->payload_bytes ? BIT(OWN_DATA_LAST)
		                                                      : BIT(NOTHING_RECEIVED);
	if (!self->payload_bytes)
		seen = BIT(NEVER_ANSWERED);
	else
		seen = is_prompt(st, r->wait) ? BIT(PROMPT) : BIT(LATE);
	return seen | when(r->bytes >= FULL_SEGMENT &&
	                       ((uint64_t)st->seg->window << self->wscale) + FULL_SEGMENT <
	                           self->max_window,
	                  BIT(WINDOW_SHRUNK));
}

/*
 * With the other end not captured, keepalives look like probes of a closed window; but they come, and so does the end,
 * at even intervals.
 */
static bool has_probed_in_vain(const struct step *st)
{
	const struct endpoint *self = st->self;
	int64_t gap = self->transfer.keepalive_gap, wait = st->time - self->transfer.keepalive_time;
	bool is_even = wait - gap <= gap / EVEN_PART && gap - wait <= gap / EVEN_PART;

	return self->reset.probes >= PROBES_MIN && (st->peer->packets || is_even);
}

static uint64_t unanswered_of(const struct step *st, struct reset_record *r)
{
	const struct endpoint *self = st->self;

	if (has_probed_in_vain(st)) {
		r->count = self->reset.probes;
		return BIT(PROBES);
	}
	if (self->transfer.probed_last)
		return 0;
	r->count = self->reset.repeats;
	return when(self->reset.repeats >= REPEATS_MIN, BIT(REPEATS));
}

static void live_socket(const struct step *st, struct reset_record *r)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	uint64_t begin = peer->iss ? peer->iss + 1 : peer->base;
	/* (Behind a closed window lies what it has answered, too.) */
	bool is_answered = self->reset.heard && !self->transfer.window_closed;
	uint64_t first = is_answered ? self->reset.heard : begin;

	if (peer->has_seq && peer->payload_bytes && received(st) > first)
		r->bytes = received(st) - first;
	r->wait = st->time - peer->reset.data_time;
	r->evidence |= unanswered_of(st, r);
	if (r->evidence & (BIT(PROBES) | BIT(REPEATS)))
		return;
	r->evidence |= application_of(st, r);
	/* (Near the peer it was captured before the RST, near the sender it comes later: notice_late_data().) */
	r->evidence |=
	    when(r->bytes && peer->has_seq && peer->cap_nxt > received(st) && !peer->fin_seen,
	        BIT(MORE_COMING));
}

static void no_socket(const struct step *st, struct reset_record *r)
{
	r->evidence |= answer_of(st);
	r->evidence |= when(may_hold_back_fin(st, r->evidence), BIT(HELD_BACK));
	r->count = st->self->reset.gave_up;
	r->silence = st->peer->reset.quiet;
	r->evidence |= when(r->silence > IDLE_MIN, BIT(LONG_SILENCE));
}

static struct reset_record *append(struct conn *c)
{
	size_t cap = c->resets_cap;

	if (c->nresets == RESETS_MAX)
		return NULL;
	c->resets = mem_grow(c->resets, c->nresets, &cap, sizeof(*c->resets));
	c->resets_cap = (uint16_t)cap;
	return &c->resets[c->nresets++];
}

bool reset_answers_syn(const struct step *st)
{
	return (st->seg->flags & TCP_RST) && st->has_ack && st->seg->seq == 0 &&
	       st->peer->reset.query == QUERY_SYN;
}

bool reset_is_echo(const struct step *st)
{
	return is_echo(st, st->time - st->peer->last_time);
}

bool reset_answers_data(const struct step *st, uint64_t number)
{
	const struct reset_memory *asked = &st->peer->reset;
	/* (So does a FIN behind data that did not arrive.) */
	bool is_fin_behind = asked->query == QUERY_FIN && is_data_outstanding(st) &&
	                     seq_le((uint32_t)number, asked->last_ack);

	return st->seq >= number && (asked->heard >= number || is_fin_behind);
}

static void count_late_answer(struct step *st, uint64_t seen)
{
	struct reset_memory *m = &st->self->reset;

	if (seen & BIT(ECHO) && st->seq < st->peer->rcv_nxt && m->late_answers < UINT16_MAX)
		m->late_answers++;
}

void reset_note(struct step *st, bool ends_sender)
{
	struct reset_record r = {
		.packet = st->seg->packet,
		.time = st->time,
		.answers = st->peer->last_packet,
		.ack = st->ack > st->self->rcv_nxt ? st->ack : st->self->rcv_nxt,
		.wait = st->time - st->peer->last_time,
		.seq = st->seg->seq,
		.by = st->dir,
		.obeyed = -1,
		.ends_sender = ends_sender,
	};
	const uint64_t to_syn = BIT(ANSWERS_SYN) | BIT(SYN_TO_TIME_WAIT) | BIT(SECOND_SYN);
	const struct reset_record *last = latest_by(st->conn, st->dir);
	struct reset_record *kept;

	r.evidence = look_of(st) | answer_in_handshake(st);
	if (!(r.evidence & to_syn))
		r.evidence |= numbers_of(st, r.wait);
	r.evidence |= burst_of(st, r.evidence);
	count_late_answer(st, r.evidence);
	if (r.evidence & BIT(OWN_NUMBERS))
		live_socket(st, &r);
	else if ((r.evidence & (BIT(ECHO) | BIT(ONE_SIDED))) &&
	         st->conn->handshake_done | st->conn->is_midstream &&
	         !(r.evidence & (BIT(BAD_ACK) | BIT(ANSWERS_THIRD_ACK))))
		no_socket(st, &r);
	/* Nothing came since its latest one: the same again, or a copy.  (A host without a socket answers copies, too.) */
	if (last && last->answers == r.answers && last->seq == r.seq &&
	    !((last->evidence ^ r.evidence) & (BIT(OWN_NUMBERS) | BIT(NO_WINDOW))))
		r.evidence = last->evidence;
	st->conn->resets_seen++;
	kept = append(st->conn);
	if (kept)
		*kept = r;
}

/* ---- at the end ---- */

static uint64_t hindsight(const struct conn *c, const struct reset_record *r)
{
	const struct endpoint *self = &c->ends[r->by];
	bool was_asked = r->evidence & (BIT(BAD_ACK) | BIT(SECOND_SYN));
	int64_t later = self->reset.spoke_at - r->time;

	/* (One that nobody took, with a wrong number, counts too: its sender had not lost the connection.) */
	bool was_open = r->ends_sender || r->evidence & BIT(NEVER_ENDED);

	return when(
	    was_open && !was_asked && later > arrival_round_trip(c, self), BIT(SENDER_WENT_ON));
}

/* The first of several that go up through the window. */
static bool leads_burst(const struct conn *c, const struct reset_record *r)
{
	const struct reset_record *next = r + 1;

	return next < c->resets + c->nresets && next->by == r->by && next->evidence & BIT(STEPPED);
}

static bool has_twin(const struct conn *c, const struct reset_record *r)
{
	for (unsigned i = 0; i < c->nresets; i++) {
		int64_t apart = c->resets[i].time - r->time;

		if (c->resets[i].by != r->by && apart < NS_PER_SEC / 1000 &&
		    -apart < NS_PER_SEC / 1000)
			return true;
	}
	return false;
}

/* Stacks send more than that; a program that writes its SYN itself seldom bothers. */
static bool is_bare_syn(const struct syn_offer *o)
{
	return o->seen && !o->has_wscale && !o->sack_permitted && !o->timestamps;
}

/*
 * Does not fit its sender.  (A host without the socket numbers its packets as it likes: the IP IDs of one say nothing of
 * an answer in its name.)
 */
static bool is_strange(const struct reset_record *r)
{
	const uint64_t foreign = BIT(TTL_FOREIGN) | BIT(NEITHER_SHAPE) | BIT(STEPPED) |
	                         BIT(LEADS_BURST) | BIT(SENDER_WENT_ON);

	return r->evidence & foreign ||
	       (r->evidence & BIT(ID_FOREIGN) && !(r->evidence & BIT(ECHO)));
}

static enum finding_id relative_of(const struct conn *c, const struct reset_record *r)
{
	const uint64_t open = BIT(NEVER_ENDED) | BIT(MIDSTREAM);

	if (r->evidence & BIT(ALONE))
		return FINDING_RST_WITHOUT_SESSION;
	if (r->evidence & BIT(ANSWERS_SYNACK) && is_bare_syn(&c->ends[r->by].offer))
		return FINDING_RST_SYN_SCAN_CLEANUP;
	if (r->evidence & (BIT(ANSWERS_SYNACK) | BIT(CANCELLED)))
		return FINDING_RST_CONNECT_CANCELLED;
	if (r->evidence & BIT(OLD_TIMESTAMP))
		return FINDING_RST_OLD_TIMESTAMP;
	if (r->evidence & (BIT(GAVE_UP) | BIT(STOPPED_PROBING)))
		return FINDING_RST_USER_TIMEOUT_LATE;
	if (r->evidence & BIT(LONG_SILENCE) && r->evidence & open)
		return FINDING_RST_IDLE_TIMEOUT_MIDDLEBOX;
	if (is_strange(r) && r->guesses[0].cause != CAUSE_FORGED &&
	    r->guesses[0].cause != CAUSE_FIREWALL_REJECT)
		return FINDING_RST_INJECTED_SUSPECTED;
	return FINDING_COUNT;
}

static void raise_finding(struct conn *c, const struct reset_record *r, enum finding_id id)
{
	enum confidence confidence = (enum confidence)r->guesses[0].confidence;
	struct finding *f = find_conn(c, id, r->by, confidence, r->packet, r->time);

	if (!f || f->count > 1)
		return;
	f->a = r->bytes;
	f->b = r->count;
	if (id == FINDING_RST_IDLE_TIMEOUT_MIDDLEBOX)
		f->cost = r->silence;
}

static void raise_findings(struct conn *c, const struct reset_record *r)
{
	enum finding_id relative = relative_of(c, r);

	raise_finding(c, r, reset_cause_finding((enum reset_cause)r->guesses[0].cause));
	if (relative != FINDING_COUNT)
		raise_finding(c, r, relative);
}

void reset_end(struct conn *c)
{
	for (unsigned i = 0; i < c->nresets; i++) {
		struct reset_record *r = &c->resets[i];

		r->evidence |= hindsight(c, r) | when(has_twin(c, r), BIT(BOTH_ENDS)) |
		               when(leads_burst(c, r), BIT(LEADS_BURST));
		reset_rank(r);
		if (r->guesses[0].confidence == CONFIDENCE_CERTAIN && !find_capture_is_clean(c))
			r->guesses[0].confidence = CONFIDENCE_LIKELY;
	}
	for (unsigned i = 0; i < c->nresets; i++)
		raise_findings(c, &c->resets[i]);
}
