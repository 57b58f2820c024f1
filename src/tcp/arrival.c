/* SPDX-License-Identifier: MIT */
/*
 * arrival - seen at the tap is not received by the peer: when a captured segment takes effect.
 *
 * Each endpoint has a short queue of the segments on their way to it that can change its state.  When it
 * sends, the shortest prefix of the queue that explains its acknowledgment has arrived: that is proof.
 * What nobody ever acknowledges (a pure ACK, a RST, an ICMP error) is taken to have arrived unless the
 * endpoint's own segments show the opposite: it repeats what was acknowledged, it goes on after a RST.
 * At the end of the connection the rest is decided: silence where it would have had to speak is proof.
 *
 * Memory: ARRIVALS_MAX entries per endpoint; a repeated fact replaces its older copy.
 * Spec:   RFC 9293 3.4, 3.10.7; RFC 5961 3.2 (exact RST).
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcpshadow/seq.h"

enum fact {
	FACT_ACK, /* acknowledges our SYN or FIN, nothing in it needs an acknowledgment itself */
	FACT_SYN,
	FACT_FIN,
	FACT_RST,
	FACT_ICMP,
};

static enum fact fact_of(const struct arrival *a)
{
	if (a->flags == 0)
		return FACT_ICMP;
	if (a->flags & TCP_RST)
		return FACT_RST;
	if (a->flags & TCP_SYN)
		return FACT_SYN;
	return a->flags & TCP_FIN ? FACT_FIN : FACT_ACK;
}

static void remove_at(struct endpoint *e, unsigned i)
{
	e->narrivals--;
	for (; i < e->narrivals; i++)
		e->arrivals[i] = e->arrivals[i + 1];
}

static bool has_round_trip(const struct conn *c, const struct endpoint *e)
{
	return conn_dir(c, e) == c->client ? c->ack_time >= 0
	                                   : c->syn_time >= 0 && c->synack_time >= 0;
}

int64_t arrival_handshake_time(const struct conn *c, const struct endpoint *e)
{
	bool is_client = conn_dir(c, e) == c->client;
	int64_t from = is_client ? c->synack_time : c->syn_time;
	int64_t to = is_client ? c->ack_time : c->synack_first;

	return from < 0 || to < from ? -1 : to - from;
}

static int64_t round_trip(const struct conn *c, const struct endpoint *e)
{
	int64_t shown = arrival_handshake_time(c, e);

	return shown < 0 ? NS_PER_SEC / 5 : shown;
}

int64_t arrival_round_trip(const struct conn *c, const struct endpoint *e)
{
	return round_trip(c, e) * 3 / 2 + NS_PER_SEC / 10000;
}

static bool awaits_reset(const struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals; i++)
		if (fact_of(&e->arrivals[i]) == FACT_RST)
			return true;
	return false;
}

/* A SYN matters to an end that is not synchronised yet (a challenge ACK changes no state). */
static bool is_syn_fact(const struct step *st)
{
	switch ((enum tcp_state)st->peer->state) {
	case TCPS_UNKNOWN:
	case TCPS_LISTEN:
	case TCPS_SYN_SENT:
		return true;
	case TCPS_CLOSED:
		return !(st->seg->flags & TCP_ACK);
	case TCPS_SYN_RECEIVED:
		if (st->seg->flags & TCP_ACK)
			return st->conn->both_syn;
		return awaits_reset(st->peer);
	case TCPS_ESTABLISHED:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
	case TCPS_CLOSE_WAIT:
	case TCPS_CLOSING:
	case TCPS_LAST_ACK:
	case TCPS_TIME_WAIT:
	case TCPS_COUNT:
		return false;
	}
	return false;
}

/* Can this segment change a state of the end it goes to? */
static bool is_fact(const struct step *st)
{
	const struct endpoint *to = st->peer;

	if (st->seg->flags & TCP_SYN)
		return is_syn_fact(st);
	if (st->seg->flags & (TCP_FIN | TCP_RST))
		return true;
	if (!st->has_ack)
		return false;
	if (to->state == TCPS_SYN_RECEIVED)
		return st->ack > to->iss && (!to->has_seq || st->ack <= to->snd_nxt);
	return to->fin_seen && st->ack >= to->fin_end && to->state != TCPS_FIN_WAIT_2 &&
	       to->state != TCPS_TIME_WAIT && to->state != TCPS_CLOSED;
}

/* The same fact again: the SYN or FIN at the same place, the same acknowledgment, a RST there. */
static bool is_repeat(const struct arrival *a, const struct arrival *b)
{
	if (fact_of(a) != fact_of(b))
		return false;
	switch (fact_of(a)) {
	case FACT_ACK:
		return b->ack >= a->ack;
	case FACT_SYN:
		return ((a->flags ^ b->flags) & TCP_ACK) == 0;
	case FACT_FIN:
		/* The first copy stays beside the latest: which of them arrived is decided by the answer. */
		return a->end == b->end && a->again;
	case FACT_RST:
		return a->seq == b->seq || !b->exact;
	case FACT_ICMP:
		return true;
	}
	return false;
}

/* Which entry goes when the queue is full: a weak one, else the oldest ACK, else the oldest. */
static unsigned victim(const struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals; i++)
		if (e->arrivals[i].weak)
			return i;
	for (unsigned i = 0; i < e->narrivals; i++)
		if (fact_of(&e->arrivals[i]) == FACT_ACK)
			return i;
	return 0;
}

/* The first RST, and an acknowledgment that nothing speaks against, are what took effect; otherwise the latest. */
static bool stays(const struct arrival *old, const struct arrival *new)
{
	if (fact_of(new) == FACT_RST || (new->weak && !old->weak))
		return true;
	return fact_of(new) == FACT_ACK && !old->weak && !old->doubts;
}

/* Takes in the one behind the list. */
static void enqueue(struct endpoint *to)
{
	const struct arrival *a = &to->arrivals[to->narrivals];
	unsigned n = to->narrivals, gone = n;

	for (unsigned i = 0; i < n; i++) {
		if (fact_of(a) == FACT_FIN && fact_of(&to->arrivals[i]) == FACT_FIN)
			to->arrivals[n].again = true;
		if (!is_repeat(&to->arrivals[i], a))
			continue;
		if (stays(&to->arrivals[i], a))
			return;
		gone = i;
		break;
	}
	if (gone == n && n == ARRIVALS_MAX)
		gone = victim(to);
	to->narrivals++;
	if (gone < n)
		remove_at(to, gone);
}

/*
 * Would the end obey a RST with this number?  It must be its RCV.NXT, which lies between what it has
 * acknowledged and what was sent to it; or the right edge of its rightmost SACK block; or, once it has the
 * FIN, the FIN's own number.
 */
static bool rst_is_exact(const struct step *st)
{
	const struct endpoint *to = st->peer;

	if (to->state == TCPS_SYN_SENT)
		return st->has_ack && st->ack > to->iss && st->ack <= to->snd_nxt;
	if (!to->has_ack)
		return !st->self->has_seq || st->seq == st->self->snd_nxt;
	/* It has more than was captured, as it says. */
	if (st->seq < st->self->unseen_ack)
		return false;
	if (st->seq >= to->rcv_nxt && st->seq <= st->self->snd_nxt)
		return true;
	if (to->sack_edge > to->rcv_nxt && st->seq == to->sack_edge)
		return true;
	/* (Not in TIME-WAIT, where its own FIN is acknowledged, too.) */
	return st->self->fin_seen && st->seq + 1 == st->self->fin_end &&
	       !(to->fin_seen && st->self->rcv_nxt >= to->fin_end);
}

/* Both ends are still where the capture knows: what came from far beyond was none of theirs. */
static void forget_far(struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals;) {
		if (e->arrivals[i].far)
			remove_at(e, i);
		else
			i++;
	}
}

/* A FIN that its sender goes beyond was none: the receiver never got it, or had to ignore it. */
static void refute_fins(struct step *st)
{
	struct endpoint *to = st->peer;

	for (unsigned i = 0; i < to->narrivals;) {
		if (to->arrivals[i].weak && fact_of(&to->arrivals[i]) == FACT_FIN &&
		    st->end > st->seq && st->end > to->arrivals[i].end)
			remove_at(to, i);
		else
			i++;
	}
}

/*
 * Whether the peer's FIN came before or after the acknowledgment of ours decides between CLOSING and
 * FIN-WAIT-2: what follows is only presumed.
 */
static void doubt_order(struct endpoint *e)
{
	if (e->state == TCPS_FIN_WAIT_1)
		e->is_presumed = true;
}

/* The receiver has shown that it had the FIN and not the bytes before it; otherwise only the tap may have lacked them. */
static bool has_lacked(const struct endpoint *to, const struct arrival *fin)
{
	return fin->doubts || (to->sack_edge >= fin->end && to->rcv_nxt < fin->seq);
}

/* The bytes that a FIN waited for have come: it counts from here.  (Where the capture lacks them nobody knows.) */
static void settle_early_fin(struct step *st)
{
	struct endpoint *to = st->peer;

	for (unsigned i = 0; i < to->narrivals; i++) {
		struct arrival fin = to->arrivals[i];

		if (!fin.early || track_contiguous(st->self) < fin.end)
			continue;
		to->arrivals[i].early = false;
		if (!st->seg->len || st->seq >= fin.seq)
			continue;
		if (!has_lacked(to, &fin))
			doubt_order(to);
		remove_at(to, i--);
		fin.early = false;
		fin.doubts = 0;
		fin.doubted_at = 0;
		fin.packet = st->seg->packet;
		fin.time = st->time;
		to->arrivals[to->narrivals++] = fin;
	}
}

static void judge_rst(struct step *st, struct arrival *a)
{
	const struct endpoint *to = st->peer;

	a->weak |= to->resets_refuted > 1;
	a->exact = rst_is_exact(st);
	a->unsure = !st->self->has_seq && !to->has_ack && to->state != TCPS_SYN_SENT;
	if (a->exact && !a->weak)
		st->self->exact_rst_sent = true;
	if (!a->exact)
		st->notes |= 1u << SEGMENT_NOTE_RST_NOT_OBEYED;
}

/* (Member by member: a whole struct would be made elsewhere first, and copied from there before it is written.) */
static void queue_fact(struct step *st)
{
	const struct segment *s = st->seg;
	struct arrival *a = &st->peer->arrivals[st->peer->narrivals];

	a->packet = s->packet;
	a->time = st->time;
	a->seq = st->seq;
	a->end = st->end;
	a->ack = st->has_ack ? st->ack : 0;
	a->doubted_at = 0;
	a->tsval = s->opt.tsval;
	a->flags = s->flags;
	a->doubts = 0;
	a->has_tsval = s->opt.seen & OPT_TIMESTAMPS;
	a->again = a->unsure = a->exact = false;
	a->early = (s->flags & TCP_FIN) && !st->is_weak && track_contiguous(st->self) < st->end;
	a->weak = st->is_weak;
	a->far = st->is_far;
	st->conn->has_odd_arrivals |= a->far | a->early;
	if (s->flags & TCP_RST)
		judge_rst(st, a);
	enqueue(st->peer);
}

void arrival_queue(struct step *st)
{
	bool is_odd = st->conn->has_odd_arrivals && !st->is_weak;

	if (is_odd) {
		forget_far(st->self);
		forget_far(st->peer);
	}
	if (st->peer->narrivals && !st->is_weak)
		refute_fins(st);
	if (is_fact(st))
		queue_fact(st);
	if (is_odd)
		settle_early_fin(st);
}

/* The end has begun anew after a RST: it had obeyed it. */
void arrival_obey_reset(struct step *st)
{
	struct endpoint *e = st->self;

	for (unsigned i = 0; i < e->narrivals; i++) {
		const struct arrival a = e->arrivals[i];

		if (fact_of(&a) != FACT_RST || !a.exact || a.weak || a.unsure)
			continue;
		remove_at(e, i);
		segarrives(e, st->peer, &a, st->seg->packet);
		return;
	}
}

/* Did this acknowledgment, and none before it, cover the arrival? */
static bool is_acknowledged(const struct step *st, const struct arrival *a)
{
	const struct endpoint *e = st->self;
	/* Data on a SYN may be left unacknowledged (RFC 7413 3.1). */
	uint64_t needed = (a->flags & TCP_SYN) ? a->seq + 1 : a->end;

	if (!st->has_ack || a->end <= a->seq || (a->flags & TCP_RST) || st->ack < needed)
		return false;
	if (!e->has_ack || e->rcv_nxt < a->end || (a->flags & TCP_FIN))
		return true;
	return (a->flags & TCP_SYN) && e->state <= TCPS_SYN_SENT;
}

/* Would the answer to a duplicate show it? */
static bool answers_tell(const struct step *st)
{
	const struct endpoint *a = st->self, *b = st->peer;

	return (a->offer.sack_permitted && b->offer.sack_permitted) ||
	       (a->uses_timestamps && b->uses_timestamps);
}

/* A FIN is acknowledged at once; so late, it was another copy, not captured, that arrived (ns). */
#define LATE_ACK (NS_PER_SEC / 5)

static bool is_late(const struct step *st, const struct arrival *a)
{
	return fact_of(a) == FACT_FIN &&
	       st->time - a->time > arrival_round_trip(st->conn, st->self) + LATE_ACK;
}

/*
 * Two copies of a FIN are on the way and one is acknowledged.  The answer to a duplicate shows itself: it
 * carries a D-SACK (RFC 2883), or does not echo the duplicate's timestamp (RFC 7323 4.3).  Otherwise it was
 * the second copy that arrived.
 */
static void choose_copy(struct step *st)
{
	struct endpoint *e = st->self;
	const struct tcp_options *opt = &st->seg->opt;
	unsigned first = ARRIVALS_MAX, again = ARRIVALS_MAX;

	for (unsigned i = 0; i < e->narrivals; i++)
		if (fact_of(&e->arrivals[i]) == FACT_FIN && is_acknowledged(st, &e->arrivals[i]))
			*(e->arrivals[i].again ? &again : &first) = i;
	if (first == ARRIVALS_MAX || again == ARRIVALS_MAX)
		return;
	if (opt->nsack && seq_le(opt->sack[0].right, st->seg->ack))
		remove_at(e, again);
	else if ((opt->seen & OPT_TIMESTAMPS) && e->arrivals[again].has_tsval &&
	         seq_lt(opt->tsecr, e->arrivals[again].tsval))
		remove_at(e, again);
	else {
		/* Without either option nothing tells the first copy from the second. */
		if (!answers_tell(st))
			doubt_order(e);
		remove_at(e, first);
	}
}

/* How many arrivals from the head it takes to explain the acknowledgment; 0 = it acknowledges none of them. */
static unsigned prefix_that_explains(const struct step *st)
{
	const struct endpoint *e = st->self;
	uint64_t end = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < e->narrivals; i++) {
		if (!is_acknowledged(st, &e->arrivals[i]) || e->arrivals[i].end <= end)
			continue;
		end = e->arrivals[i].end;
		n = i + 1;
	}
	return n;
}

/* What acknowledges the FIN brings data that may have waited for the acknowledgment in it: segarrives.c. */
static bool brings_more(const struct step *st)
{
	return st->seg->len && !st->self->fin_seen && transfer_waits(st->self, st->peer, 0);
}

/*
 * Proof by acknowledgment: apply the shortest prefix of the queue that explains it.  A RST or an ICMP error
 * in that prefix was not obeyed, or the endpoint would not have gone on to acknowledge what follows.
 */
void arrival_prove(struct step *st)
{
	struct endpoint *e = st->self;
	unsigned n;

	/* A RST that answers a SYN acknowledges it without there being a connection (any more: it was refused). */
	if (reset_answers_syn(st)) {
		arrival_obey_reset(st);
		return;
	}
	if ((st->seg->flags & TCP_RST) && e->state <= TCPS_LISTEN)
		return;
	if (st->has_ack && e->narrivals > 1)
		choose_copy(st);
	for (n = prefix_that_explains(st); n > 0; n--) {
		const struct arrival *a = &e->arrivals[0];
		bool acked = is_acknowledged(st, a);

		if (acked && n == 1 && e->narrivals > 1 && is_late(st, a))
			doubt_order(e);
		if (acked || fact_of(a) == FACT_ACK)
			segarrives(e, st->peer, a,
			    fact_of(a) == FACT_FIN && brings_more(st) ? 0 : st->seg->packet);
		remove_at(e, 0);
	}
}

/* A keepalive repeats the last octet, acknowledged or not (RFC 9293 3.8.4). */
static bool is_probe(const struct step *st)
{
	return st->seg->len <= 1 && !(st->seg->flags & (TCP_SYN | TCP_FIN)) &&
	       st->seq + 1 == st->self->snd_nxt;
}

/*
 * It answers what was sent before the acknowledgment, or that itself, which a socket in FIN-WAIT-1 takes in silence, mostly
 * (with a TCP_LINGER2 below 0 Linux resets then).  So it did what was acknowledged longer ago than a round trip.
 */
static bool rst_answers_ack(const struct step *st, const struct arrival *a)
{
	if (st->has_ack || st->is_foreign || st->self->state != TCPS_FIN_WAIT_1)
		return false;
	/* (What came since may have asked for the older number.) */
	if (st->seq < a->ack)
		return st->peer->reset.last_ack != st->seg->seq;
	return !reset_answers_data(st, a->ack) &&
	       st->time - a->time <= arrival_round_trip(st->conn, st->self);
}

/* Does the segment show that its sender had not got the arrival, or had no connection any more when it got it? */
static bool is_doubted(const struct step *st, const struct arrival *a)
{
	switch (fact_of(a)) {
	case FACT_ACK:
		if (st->seg->flags & TCP_RST)
			return rst_answers_ack(st, a);
		return st->end > st->seq && st->seq < a->ack && !is_probe(st);
	case FACT_SYN:
	case FACT_FIN:
		return st->has_ack ? st->ack < a->end
		                   : (a->flags & TCP_SYN) && (st->seg->flags & TCP_SYN);
	case FACT_RST:
	case FACT_ICMP:
		return !(st->seg->flags & TCP_RST);
	}
	return false;
}

/* Was it sent before the arrival could have arrived? */
static bool crosses(const struct step *st, const struct arrival *a)
{
	return st->time - a->time < round_trip(st->conn, st->self);
}

/* Doubts within a round trip of the arrival are segments that crossed it. */
static void doubt_all(struct step *st)
{
	struct endpoint *e = st->self;
	int64_t latest = arrival_round_trip(st->conn, e);

	for (unsigned i = 0; i < e->narrivals; i++) {
		struct arrival *a = &e->arrivals[i];

		if (!is_doubted(st, a))
			continue;
		if (fact_of(a) == FACT_ACK && (st->seg->flags & TCP_RST) && st->seq >= a->ack)
			e->is_presumed = true;
		if (fact_of(a) != FACT_ACK && st->time - a->time <= latest) {
			a->unsure |= !has_round_trip(st->conn, e);
			continue;
		}
		a->doubts++;
		a->doubted_at = st->time;
	}
}

static void drop_refuted_resets(struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals;) {
		const struct arrival *a = &e->arrivals[i];

		if (!a->doubts || (fact_of(a) != FACT_RST && fact_of(a) != FACT_ICMP)) {
			i++;
			continue;
		}
		if (fact_of(a) == FACT_RST && a->exact && e->resets_refuted < UINT8_MAX)
			e->resets_refuted++;
		remove_at(e, i);
	}
}

/*
 * Of a socket that an application had, not of the request for one, when the acknowledgment had come.  (An application may
 * abort in SYN-RECEIVED, RFC 9293 3.10.5, where it has the socket before the handshake ends: Fast Open.)
 */
static bool aborts(const struct step *st, const struct arrival *a)
{
	return st->has_ack && st->seq == st->self->snd_nxt && st->seg->window && !st->is_foreign &&
	       !st->peer->syn_data_acked && !crosses(st, a);
}

/*
 * The endpoint is sending: what of its queue needs no acknowledgment has arrived before, unless this
 * segment shows the opposite.  In SYN-RECEIVED anything but the SYN-ACK again shows that the handshake
 * was completed (but for Fast Open, RFC 7413 4.2).
 */
void arrival_settle(struct step *st)
{
	struct endpoint *e = st->self;

	if (e->narrivals == 0)
		return;
	doubt_all(st);
	drop_refuted_resets(e);
	while (e->narrivals && fact_of(&e->arrivals[0]) == FACT_ACK) {
		const struct arrival *a = &e->arrivals[0];
		bool opening = e->state == TCPS_SYN_RECEIVED;

		/* A RST from SYN-RECEIVED refuses what came (a full accept queue, say). */
		if (a->weak || (opening && (st->seg->flags & TCP_RST) && !aborts(st, a)))
			break;
		if (opening ? (st->seg->flags & TCP_SYN) && a->doubts : a->doubts || crosses(st, a))
			break;
		segarrives(e, st->peer, a, st->seg->packet);
		remove_at(e, 0);
	}
}

/*
 * Silence as proof.  0 = it only may have arrived; UINT64_MAX = it must be left out.  (Of an end that the capture met
 * in the middle nobody knows whether it has sent a FIN; where it was silent afterwards that matters little.)
 */
static uint64_t proof_at_end(const struct conn *c, const struct endpoint *e,
    const struct endpoint *from, const struct arrival *a)
{
	if (a->weak || a->doubts)
		return UINT64_MAX;
	switch (fact_of(a)) {
	case FACT_ICMP:
	case FACT_RST:
		/* Its peer acknowledges what was not captured: it may have gone on. */
		if (!a->exact && a->flags)
			return UINT64_MAX;
		if (e->may_have_fin && !(c->is_midstream && e->state >= TCPS_ESTABLISHED))
			return UINT64_MAX;
		return a->unsure || e->may_have_fin ? 0 : a->packet;
	case FACT_ACK:
		if (e->state != TCPS_SYN_RECEIVED)
			return a->packet;
		return e->synack_repeated ? UINT64_MAX : 0;
	case FACT_SYN:
		return (a->flags & TCP_ACK) || e->state == TCPS_SYN_SENT ? 0 : UINT64_MAX;
	case FACT_FIN:
		return track_contiguous(from) >= a->end ? 0 : UINT64_MAX;
	}
	return UINT64_MAX;
}

void arrival_finish(struct conn *c, struct endpoint *e)
{
	const struct endpoint *from = &c->ends[!conn_dir(c, e)];

	for (unsigned i = 0; i < e->narrivals; i++) {
		const struct arrival *a = &e->arrivals[i];
		uint64_t proof = proof_at_end(c, e, from, a);

		if (proof != UINT64_MAX)
			segarrives(e, from, a, proof);
	}
	e->narrivals = 0;
}
