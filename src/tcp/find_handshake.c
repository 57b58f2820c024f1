/* SPDX-License-Identifier: MIT */
/*
 * find_handshake - what is odd about how a connection opens: SYN, SYN-ACK and the third packet, wherever in
 * the connection they come.
 *
 * Input:  segments before they move the edges; the finished connection.
 * Output: findings.  What needs a later packet to be sure is raised when that packet comes.
 * Spec:   RFC 9293 3.5, 3.10.7; RFC 5961 4.2 (SYN in an open connection); RFC 7413 (Fast Open);
 *         RFC 6191 (reuse of TIME-WAIT).
 * Does not: say anything about ICMP errors, options, or what the capture lacks.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

enum {
	EXCESS = 5,           /* different initial numbers of one end that are too many */
	FAR = 1u << 20,       /* bytes no host sends before the handshake is complete */
	EARLY = 5,            /* s after the close within which ports should not be used again */
	DEAF_SYNS = 2,        /* SYNs behind the SYN-ACK: that does not arrive */
	HALF_OPEN_COPIES = 3, /* SYN-ACKs without an answer: the server was repeating them */
};

/* The slowest first timer of a SYN (RFC 1122 4.2.3.1): what comes later than that, ns, is late. */
#define ANSWER_MAX (3 * NS_PER_SEC)

static uint16_t kind_of(const struct segment *s)
{
	return s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
}

static bool is_bare_ack(const struct segment *s)
{
	return kind_of(s) == TCP_ACK && s->len == 0;
}

static uint16_t payload_of(const struct segment *s)
{
	return (uint16_t)(s->len > UINT16_MAX ? UINT16_MAX : s->len);
}

/* Bytes of a SYN-ACK's acknowledgment beyond the peer's ISN; 1 = the SYN alone. */
static uint32_t acked_of_syn(const struct step *st)
{
	return st->seg->ack - st->peer->isn;
}

/* --- the first SYN --- */

static bool is_loopback(const struct addr *a, unsigned version)
{
	static const struct addr loopback6 = { .b = { [15] = 1 } };

	return version == 4 ? a->b[0] == 127 : addr_equal(a, &loopback6);
}

static void look_for_self_connect(struct step *st)
{
	const struct segment *s = st->seg;

	if (s->sport != s->dport || !addr_equal(&s->src, &s->dst))
		return;
	st->conn->is_self_connect = true;
	if (is_loopback(&s->src, s->ip_version))
		find_segment(st, FINDING_SELF_CONNECT, BY_SELF, find_header_confidence(st));
	else
		find_segment(st, FINDING_LAND, BY_SELF, CONFIDENCE_LIKELY);
}

/* With timestamps a port may be used again after a second (RFC 6191 2). */
static bool is_too_early(const struct step *st)
{
	int64_t pause = (st->seg->opt.seen & OPT_TIMESTAMPS) ? 1 : EARLY;

	return st->conn->previous.gap < pause * NS_PER_SEC;
}

static void look_at_previous(struct step *st)
{
	const struct previous *p = &st->conn->previous;
	struct finding *f;
	bool early = p->end == PREVIOUS_OPEN || (p->end == PREVIOUS_CLOSED && is_too_early(st));

	if (p->end == PREVIOUS_NONE)
		return;
	if (p->end == PREVIOUS_UNANSWERED) {
		find_segment(st, FINDING_SYN_ISN_CHANGED, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	find_segment(st, FINDING_TUPLE_REUSED, BY_SELF,
	    p->was_whole ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY);
	f = early ? find_segment(st, FINDING_TUPLE_REUSED_EARLY, BY_SELF, CONFIDENCE_LIKELY) : NULL;
	if (f)
		f->a = (uint64_t)p->gap / 1000000;
}

/* Of a SYN or a SYN-ACK. */
static void look_at_syn_payload(struct step *st)
{
	const struct segment *s = st->seg;
	struct finding *f;

	if ((s->opt.seen & OPT_FAST_OPEN) && s->opt.tfo_cookie_len == 0 && !(s->flags & TCP_ACK))
		find_segment(st, FINDING_TFO_COOKIE_REQUEST, BY_SELF, CONFIDENCE_CERTAIN);
	if (s->len == 0 || (s->notes & SEG_HEADER_TRUNCATED) || (s->opt.seen & OPT_FAST_OPEN) ||
	    st->peer->offer.fast_open)
		return;
	f = find_segment(st, FINDING_SYN_WITH_DATA, BY_SELF, find_header_confidence(st));
	if (f)
		f->a = s->len;
}

/* The SYN comes after packets that follow from it, or does not fit to them. */
static void look_at_late_syn(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	bool was_answered = peer->synack_sent && peer->memory.synack_ack == st->seg->seq + 1;

	if (was_answered || (self->has_seq && (uint32_t)self->base == st->seg->seq + 1))
		find_segment(
		    st, FINDING_HANDSHAKE_OUT_OF_ORDER_AT_TAP, BY_NOBODY, CONFIDENCE_CERTAIN);
	else if (st->conn->is_midstream && (self->has_seq || peer->has_seq))
		find_segment(st, FINDING_SYN_AFTER_MIDSTREAM, BY_SELF, CONFIDENCE_LIKELY);
}

static void first_syn(struct step *st)
{
	if (st->self->packets + st->peer->packets == 1) {
		look_for_self_connect(st);
		look_at_previous(st);
	} else {
		look_at_late_syn(st);
	}
	look_at_syn_payload(st);
}

/* --- more SYNs --- */

static bool offers_differ(const struct syn_offer *o, const struct segment *s)
{
	const struct tcp_options *opt = &s->opt;
	bool ecn = (s->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);

	return o->has_mss != !!(opt->seen & OPT_MSS) ||
	       o->has_wscale != !!(opt->seen & OPT_WSCALE) ||
	       o->sack_permitted != !!(opt->seen & OPT_SACK_PERMITTED) ||
	       o->timestamps != !!(opt->seen & OPT_TIMESTAMPS) ||
	       o->fast_open != !!(opt->seen & OPT_FAST_OPEN) || o->ecn != ecn ||
	       (o->has_mss && o->mss != opt->mss);
}

static bool is_open(const struct step *st)
{
	return st->conn->handshake_done || st->self->state == TCPS_ESTABLISHED ||
	       st->peer->state == TCPS_ESTABLISHED;
}

static bool is_closing(const struct step *st)
{
	return st->self->fin_seen || st->peer->fin_seen;
}

static bool was_reset(const struct step *st)
{
	return st->self->rst_seen || st->peer->rst_seen || st->conn->refused;
}

static void expect_answer(struct step *st)
{
	bool in_time_wait = st->conn->is_over && is_closing(st);

	st->peer->memory.owes = in_time_wait ? OWES_OLD_ACK : OWES_CHALLENGE;
}

/* Of the sender's SYNs, as far as it is known. */
static int64_t first_syn_time(const struct step *st)
{
	const struct conn *c = st->conn;

	if ((c->opening & TCP_SYN) && c->opening_dir == st->dir)
		return 0;
	return c->syn_time >= 0 ? c->syn_time : st->time;
}

/* The answer came from an older connection, and was reset just now: the next SYN goes to nobody who knows one. */
static bool has_cleared_way(const struct step *st)
{
	const struct conn *c = st->conn;

	return c->is_stale && c->nresets && c->resets[c->nresets - 1].by == st->dir &&
	       c->resets[c->nresets - 1].packet == st->self->last_packet;
}

/* The SYN that was sent before. */
static void same_syn(struct step *st)
{
	struct finding *f;

	if (was_reset(st)) {
		find_segment(st, FINDING_SYN_AFTER_RESET, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (is_closing(st) || is_open(st)) {
		expect_answer(st);
		find_segment(st,
		    is_closing(st) ? FINDING_SYN_DURING_CLOSE : FINDING_SYN_IN_ESTABLISHED, BY_SELF,
		    CONFIDENCE_POSSIBLE);
		return;
	}
	if (has_cleared_way(st))
		return;
	if (st->peer->synack_sent && st->self->memory.deaf_syns < UINT8_MAX)
		st->self->memory.deaf_syns++;
	f = find_segment(st, FINDING_SYN_RETRANSMITTED, BY_SELF, CONFIDENCE_LIKELY);
	if (f && f->cost < st->time - first_syn_time(st))
		f->cost = st->time - first_syn_time(st);
	if (!st->self->memory.syn_cut && !(st->seg->notes & SEG_HEADER_TRUNCATED) &&
	    offers_differ(&st->self->offer, st->seg))
		find_segment(st, FINDING_SYN_OPTIONS_CHANGED, BY_SELF, find_header_confidence(st));
}

static void count_change(struct step *st, uint8_t *changes, enum finding_id id)
{
	struct finding *f;

	if (*changes < UINT8_MAX)
		++*changes;
	if (*changes < EXCESS)
		return;
	f = find_segment(st, id, BY_SELF, CONFIDENCE_LIKELY);
	if (f)
		f->a = *changes + 1u;
}

/* A SYN with another number than this end had. */
static void other_syn(struct step *st)
{
	expect_answer(st);
	if (is_closing(st))
		find_segment(st, FINDING_SYN_DURING_CLOSE, BY_SELF, CONFIDENCE_LIKELY);
	else if (is_open(st))
		find_segment(st, FINDING_SYN_IN_ESTABLISHED, BY_SELF, CONFIDENCE_LIKELY);
	else if (st->conn->is_midstream)
		find_segment(st, FINDING_SYN_AFTER_MIDSTREAM, BY_SELF, CONFIDENCE_LIKELY);
	else if (st->self->memory.sent_syn)
		find_segment(st, FINDING_SYN_ISN_CHANGED, BY_SELF, CONFIDENCE_LIKELY);
	count_change(st, &st->self->memory.syn_changes, FINDING_SYN_EXCESS);
}

static void syn(struct step *st)
{
	struct end_memory *m = &st->self->memory;

	if (m->sent_syn && st->self->isn == st->seg->seq)
		same_syn(st);
	else if (m->sent_syn || (st->self->iss && st->self->isn != st->seg->seq && is_open(st)))
		other_syn(st);
	else
		first_syn(st);
	if (st->is_weak)
		return;
	m->sent_syn = true;
	m->syn_len = payload_of(st->seg);
	m->syn_cut = st->seg->notes & SEG_HEADER_TRUNCATED;
}

/* --- SYN-ACK --- */

static void synack_again(struct step *st)
{
	const struct endpoint *self = st->self;

	if (self->isn != st->seg->seq) {
		st->peer->memory.owes = OWES_CHALLENGE;
		find_segment(st, FINDING_SYNACK_ISN_CHANGED, BY_SELF, CONFIDENCE_LIKELY);
		count_change(st, &st->self->memory.synack_changes, FINDING_SYNACK_EXCESS);
	} else if (self->memory.synack_ack != st->seg->ack) {
		find_segment(st, FINDING_SYNACK_ACK_CHANGED, BY_SELF, CONFIDENCE_LIKELY);
	} else if (!st->conn->handshake_done) {
		find_segment(st, FINDING_SYNACK_RETRANSMITTED, BY_SELF, CONFIDENCE_LIKELY);
	} else if (self->cap_nxt > self->iss + 1) {
		find_segment(st, FINDING_SYNACK_IN_ESTABLISHED, BY_SELF, CONFIDENCE_LIKELY);
	} else {
		find_segment(
		    st, FINDING_SYNACK_RETRANSMITTED_AFTER_ACK, BY_SELF, CONFIDENCE_LIKELY);
	}
}

/* Did the SYN-ACK take the data that came with the SYN? */
static void look_at_fast_open(struct step *st)
{
	const struct end_memory *m = &st->peer->memory;
	uint32_t acked = acked_of_syn(st);
	struct finding *f = NULL;

	if (!m->syn_len || !st->peer->offer.fast_open || st->self->synack_sent)
		return;
	if (acked > 1 && acked <= m->syn_len + 1u)
		f = find_segment(
		    st, FINDING_TFO_DATA_ACCEPTED, BY_SELF, find_header_confidence(st));
	else if (acked == 1 && st->conn->syns == 1)
		f = find_segment(st, FINDING_TFO_DATA_IGNORED, BY_SELF, CONFIDENCE_LIKELY);
	if (f)
		f->a = acked > 1 ? acked - 1 : m->syn_len;
}

static void look_at_attempts(struct step *st)
{
	struct conn *c = st->conn;
	struct finding *f;

	if (c->syns < 2 || st->self->synack_sent || c->syn_time <= 0)
		return;
	f = find_segment(st, FINDING_SYN_RETRY_SCHEDULE, BY_PEER, CONFIDENCE_LIKELY);
	if (f) {
		f->a = c->syns;
		f->cost = c->syn_time;
	}
}

/* What the peer sent before this SYN-ACK was captured: did it know the number in it? */
static void look_at_earlier_data(struct step *st)
{
	const struct endpoint *peer = st->peer;

	if (st->self->synack_sent || !peer->has_ack || !peer->memory.sent_syn)
		return;
	if (seq_lt(st->seg->seq, (uint32_t)peer->rcv_nxt))
		find_segment(
		    st, FINDING_HANDSHAKE_OUT_OF_ORDER_AT_TAP, BY_NOBODY, CONFIDENCE_LIKELY);
	else if (peer->payload_bytes > peer->memory.syn_len)
		find_segment(st, FINDING_DATA_BEFORE_HANDSHAKE, BY_PEER, CONFIDENCE_LIKELY);
}

static void look_at_synack_of_syn(struct step *st)
{
	uint32_t acked = acked_of_syn(st);

	if (!st->peer->memory.sent_syn || st->self->memory.sent_syn)
		return;
	if (acked == 0 || acked > st->peer->memory.syn_len + 1u) {
		find_segment(st, FINDING_SYNACK_ACK_INVALID, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (st->conn->previous.end == PREVIOUS_TIME_WAIT && !st->self->synack_sent)
		find_segment(st, FINDING_TIME_WAIT_REOPENED, BY_SELF, CONFIDENCE_LIKELY);
	look_at_attempts(st);
	look_at_fast_open(st);
	look_at_earlier_data(st);
}

static void synack(struct step *st)
{
	struct endpoint *self = st->self;

	if (self->memory.sent_syn && !st->peer->memory.sent_syn && !self->synack_sent)
		find_segment(st, FINDING_SYNACK_WRONG_DIRECTION, BY_SELF, CONFIDENCE_LIKELY);
	if (self->synack_sent)
		synack_again(st);
	look_at_synack_of_syn(st);
	look_at_syn_payload(st);
	if (st->is_weak || self->synack_sent)
		return;
	self->memory.synack_ack = st->seg->ack;
	self->memory.syn_len = payload_of(st->seg);
}

/* --- the other packets of the handshake --- */

/* Numbers that no packet the capture may have lost could explain. */
static bool acks_nothing_of(const struct endpoint *e, uint64_t ack)
{
	return ack <= e->iss || ack > e->snd_nxt + FAR;
}

/* The answer to a SYN that is none: the end still has an older connection. */
static void answer_to_syn(struct step *st)
{
	if (!is_bare_ack(st->seg) || !acks_nothing_of(st->peer, st->ack))
		return;
	st->self->memory.synack_ack = st->seg->ack;
	find_segment(st, FINDING_SYN_ANSWERED_BY_ACK, BY_SELF, CONFIDENCE_LIKELY);
}

static void refusal(struct step *st)
{
	bool acks_syn = st->has_ack && acked_of_syn(st) == st->peer->memory.syn_len + 1u;

	if (st->self->synack_sent || st->self->memory.sent_syn || !acks_syn)
		return;
	find_segment(st, FINDING_SYN_REJECTED_RST, BY_SELF,
	    st->seg->seq == 0 ? find_header_confidence(st) : CONFIDENCE_LIKELY);
	if (st->conn->previous.end == PREVIOUS_TIME_WAIT)
		find_segment(st, FINDING_TIME_WAIT_SYN_REFUSED, BY_SELF, CONFIDENCE_LIKELY);
}

/* A RST at the number that the peer acknowledged: it knows nothing of what the peer thinks. */
static void disowning_rst(struct step *st)
{
	struct conn *c = st->conn;
	bool was_answered = find_have(c, FINDING_SYN_ANSWERED_BY_ACK, !st->dir) != NULL;
	uint32_t acked = was_answered ? st->peer->memory.synack_ack : (uint32_t)st->peer->rcv_nxt;
	struct finding *f;

	if (st->has_ack || c->is_stale || !st->self->memory.sent_syn || st->seg->seq != acked ||
	    st->self->fin_seen)
		return;
	if (!was_answered && !find_have(c, FINDING_CHALLENGE_ACK, !st->dir))
		return;
	c->is_stale = true;
	f = find_segment(st, FINDING_SYN_ANSWERED_BY_ACK, BY_PEER, find_header_confidence(st));
	if (f && was_answered)
		f->count--; /* this is the proof, not another one */
}

/* The client resets what the SYN-ACK acknowledged: it never sent that SYN. */
static void disowned_synack(struct step *st)
{
	struct finding *f = find_have(st->conn, FINDING_SYNACK_ACK_INVALID, !st->dir);

	if (f && !st->has_ack && st->seg->seq == st->peer->memory.synack_ack)
		f->confidence = CONFIDENCE_CERTAIN;
}

static void from_client(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!st->has_ack) {
		if (st->seg->len && self->memory.sent_syn)
			find_segment(st, FINDING_DATA_BEFORE_HANDSHAKE, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (peer->packets == 0) {
		if (st->seq <= self->iss || st->seq > self->snd_nxt + FAR)
			find_segment(
			    st, FINDING_ASYNC_HANDSHAKE_MISMATCH, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (!peer->synack_sent)
		return;
	if (acks_nothing_of(peer, st->ack) || st->seq <= self->iss) {
		find_segment(st, FINDING_HANDSHAKE_ACK_INVALID, BY_SELF, CONFIDENCE_LIKELY);
		return;
	}
	if (st->ack == peer->iss + 1 && peer->payload_bytes > peer->memory.syn_len &&
	    !self->syn_data_acked)
		find_segment(st, FINDING_DATA_BEFORE_HANDSHAKE, BY_PEER, CONFIDENCE_POSSIBLE);
}

static void from_server(struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!self->synack_sent) {
		if (!self->memory.sent_syn && peer->state == TCPS_SYN_SENT)
			answer_to_syn(st);
		return;
	}
	if (is_bare_ack(st->seg) && st->seq == self->iss + 1 && peer->memory.sent_syn &&
	    st->seg->ack == self->memory.synack_ack && st->conn->syns == conn_sent(peer))
		find_segment(
		    st, FINDING_HANDSHAKE_ACK_WRONG_DIRECTION, BY_SELF, CONFIDENCE_POSSIBLE);
}

static void opening(struct step *st)
{
	const struct conn *c = st->conn;

	if (st->seg->flags & TCP_RST) {
		if (st->peer->memory.sent_syn && st->peer->state == TCPS_SYN_SENT)
			refusal(st);
		disowned_synack(st);
		disowning_rst(st);
	} else if (st->self->memory.sent_syn && !st->peer->memory.sent_syn &&
	           st->dir == c->client) {
		from_client(st);
	} else if (st->peer->memory.sent_syn && !st->self->memory.sent_syn) {
		from_server(st);
	}
}

/* --- answers to SYNs out of place --- */

static void challenge(struct step *st)
{
	struct endpoint *self = st->self;

	self->memory.owes = OWES_NOTHING;
	if (is_bare_ack(st->seg) && self->has_ack && st->ack == self->rcv_nxt &&
	    st->seq == self->snd_nxt)
		find_segment(st, FINDING_CHALLENGE_ACK, BY_SELF, CONFIDENCE_LIKELY);
}

static void old_ack(struct step *st)
{
	bool is_answer =
	    (st->seg->flags & TCP_RST) || (is_bare_ack(st->seg) && st->ack == st->self->rcv_nxt);

	st->self->memory.owes = OWES_NOTHING;
	if (is_answer)
		find_segment(st, FINDING_TIME_WAIT_SYN_REFUSED, BY_SELF, CONFIDENCE_LIKELY);
}

void find_handshake(struct step *st)
{
	struct conn *c = st->conn;
	uint16_t kind = kind_of(st->seg);

	if (c->is_self_connect || (st->notes & 1u << SEGMENT_NOTE_DUPLICATE_FRAME))
		return;
	if (st->self->memory.owes == OWES_OLD_ACK)
		old_ack(st);
	else if (st->self->memory.owes == OWES_CHALLENGE)
		challenge(st);
	if (kind == TCP_SYN)
		syn(st);
	else if (kind == (TCP_SYN | TCP_ACK))
		synack(st);
	else if (!c->handshake_done && !c->is_midstream)
		opening(st);
	else if (st->seg->flags & TCP_RST)
		disowning_rst(st);
}

/* --- at the end --- */

/* All that the opener ever sent were SYNs. */
static bool sent_only_syns(const struct conn *c, const struct endpoint *e)
{
	return e->memory.sent_syn && conn_sent(e) == c->syns;
}

static void raise_at_end(struct conn *c, enum finding_id id, unsigned dir, uint64_t a)
{
	const struct endpoint *e = &c->ends[dir == BY_NOBODY ? c->client : dir];
	struct finding *f = find_conn(c, id, dir, a > 1 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
	    e->last_packet, e->last_time);

	if (f)
		f->a = a;
}

/* Was the SYN repeated, or the capture long enough for the answer to come? */
static bool is_watched(const struct conn *c)
{
	return c->syns > 1 || c->watched - c->end >= ANSWER_MAX;
}

static void unfinished(struct conn *c)
{
	const struct endpoint *client = &c->ends[c->client], *server = &c->ends[!c->client];

	if (c->handshake_done || !sent_only_syns(c, client) || server->memory.sent_syn)
		return;
	if (server->packets == 0) {
		if (c->nicmp)
			return;
		if (is_watched(c))
			raise_at_end(c, FINDING_SYN_UNANSWERED, c->client, c->syns);
		else if (c->was_cut_off)
			find_conn(c, FINDING_CAPTURE_ENDS_MID, BY_NOBODY, CONFIDENCE_CERTAIN,
			    client->last_packet, c->end);
		return;
	}
	/* A server that lacks the acknowledgment repeats its SYN-ACK: otherwise it is the capture that lacks it. */
	if (!server->synack_sent || server->payload_bytes || c->synacks < 2)
		return;
	/* (Once the SYN may have crossed its answer, but not again.) */
	if (client->memory.deaf_syns >= DEAF_SYNS)
		raise_at_end(c, FINDING_SYNACK_UNDELIVERED, !c->client, c->synacks);
	else
		raise_at_end(c, FINDING_HANDSHAKE_ACK_MISSING, c->client, c->synacks);
	if (c->synacks >= HALF_OPEN_COPIES)
		raise_at_end(c, FINDING_HALF_OPEN_TIMEOUT, !c->client, c->synacks);
}

static unsigned resets_by(const struct conn *c, unsigned dir)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->nresets; i++)
		n += c->resets[i].by == dir;
	return n;
}

/* SYN-ACKs and nothing else from one end, nothing but resets from the other. */
static void unsolicited(struct conn *c)
{
	const struct endpoint *server = &c->ends[!c->client], *client = &c->ends[c->client];
	unsigned resets = resets_by(c, c->client);

	if (!server->synack_sent || client->memory.sent_syn || client->packets != resets ||
	    server->packets != c->synacks)
		return;
	find_conn(c, FINDING_SYNACK_UNSOLICITED, !c->client,
	    resets ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE, c->uid, 0);
}

/* SYNs both ways: who acknowledged the other's with a SYN-ACK tells the two kinds apart. */
static void two_syns(struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	if (!c->both_syn || !a->memory.sent_syn || !b->memory.sent_syn)
		return;
	if (!a->has_ack || !b->has_ack)
		return;
	find_conn(c, FINDING_SIMULTANEOUS_OPEN, BY_NOBODY, CONFIDENCE_CERTAIN, c->uid, 0);
	if (a->synack_sent != b->synack_sent)
		find_conn(c, FINDING_SPLIT_HANDSHAKE, a->synack_sent, CONFIDENCE_LIKELY, c->uid, 0);
}

/* Opened and then closed, both by the rules, or aborted by the client. */
static bool was_only_opened(const struct conn *c)
{
	const struct endpoint *client = &c->ends[c->client], *server = &c->ends[!c->client];
	bool was_closed =
	    client->fin_seen || (server->fin_seen && !server->rst_seen) || client->rst_seen;

	return was_closed && client->payload_bytes + server->payload_bytes == 0 &&
	       client->missing + server->missing == 0 &&
	       !find_have(c, FINDING_HANDSHAKE_ACK_INVALID, c->client);
}

static void opened(struct conn *c)
{
	const struct finding *f;

	if (was_only_opened(c))
		find_conn(c, FINDING_CONNECT_AND_CLOSE, BY_NOBODY, CONFIDENCE_LIKELY, c->uid, 0);
	f = c->is_stale ? find_have(c, FINDING_SYN_ANSWERED_BY_ACK, !c->client) : NULL;
	if (c->previous.was_stale || (f && f->time < c->ack_time))
		find_conn(c, FINDING_HALF_OPEN_RECOVERED, c->client, CONFIDENCE_CERTAIN, c->uid, 0);
}

void find_handshake_end(struct conn *c)
{
	if (c->is_midstream || c->is_self_connect)
		return;
	if (c->handshake_done)
		opened(c);
	else
		unfinished(c);
	if (c->synacks)
		unsolicited(c);
	two_syns(c);
}

/* --- from one connection to the next on the same ports --- */

/* What the capture shows before the SYN may be what followed it: a RST or SYN-ACK, or its own numbers. */
static bool may_follow(const struct conn *old, const struct segment *syn, uint8_t dir)
{
	const struct endpoint *from = &old->ends[dir], *to = &old->ends[!dir];

	if (from->packets == 0 && to->packets == old->resets_seen)
		return true;
	if (from->packets == 0 && to->iss && (uint32_t)to->rcv_nxt - (syn->seq + 1) <= syn->len)
		return true;
	if (from->iss && from->isn == syn->seq)
		return true;
	return old->is_midstream && from->has_seq && (uint32_t)from->base == syn->seq + 1;
}

static enum previous_end previous_end_of(const struct conn *old, uint8_t dir)
{
	const struct endpoint *from = &old->ends[dir], *to = &old->ends[!dir];

	if (to->packets == 0 && from->memory.sent_syn && !from->has_ack)
		return PREVIOUS_UNANSWERED;
	if (from->rst_seen || to->rst_seen || old->refused)
		return PREVIOUS_RESET;
	if (!old->is_over)
		return PREVIOUS_OPEN;
	return old->fin_order[0] == dir ? PREVIOUS_CLOSED : PREVIOUS_TIME_WAIT;
}

struct previous find_previous(const struct conn *old, const struct segment *syn, uint8_t dir)
{
	int64_t gap = syn->ts - old->start - old->end;

	return (struct previous){
		.gap = gap > 0 ? gap : 0,
		.end =
		    may_follow(old, syn, dir) ? PREVIOUS_NONE : (uint8_t)previous_end_of(old, dir),
		.was_whole = old->is_over && old->handshake_done && old->ends[dir].memory.sent_syn,
		.was_stale = old->is_stale,
	};
}
