/* SPDX-License-Identifier: MIT */
/*
 * find_icmp - what routers and hosts said about segments, and large segments that vanish.
 *
 * Anybody can send an ICMP error: what it quotes must have been sent (RFC 5927 4.1).  Who reports
 * is the peer when the error has its address, otherwise somebody on the way.
 *
 * Spec: RFC 9293 3.9.2.2, RFC 792, RFC 4443, RFC 1191, RFC 8201, RFC 2923, RFC 5927.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

enum {
	LARGE = 500, /* payload bytes: smaller segments fit every path */
	STUCK_CLEAR =
	    3, /* copies of a large segment that vanished before a smaller one was tried */
	STUCK_AT_END = 4, /* copies that vanished, and nothing was tried */
	MTU_MIN = 68,     /* RFC 791 3.2 */
};

#define PATH_MTU_LIFE                                                                              \
	(600 * NS_PER_SEC) /* RFC 1191 6.3: after ten minutes a larger size may be tried again */

enum kind {
	KIND_OTHER,
	KIND_UNREACHABLE,
	KIND_TOO_BIG,
	KIND_TTL,
};

static enum kind kind_of(unsigned version, uint8_t type, uint8_t code)
{
	if (version == 6)
		return type == 1   ? KIND_UNREACHABLE
		       : type == 2 ? KIND_TOO_BIG
		       : type == 3 ? KIND_TTL
		                   : KIND_OTHER;
	if (type == 3)
		return code == 4 ? KIND_TOO_BIG : KIND_UNREACHABLE;
	return type == 11 ? KIND_TTL : KIND_OTHER;
}

/* RFC 9293 3.9.2.2: these should abort the connection; the others must not. */
static bool is_hard(const struct icmp_record *r)
{
	if (r->ip_version == 6)
		return r->type == 1 && (r->code == 1 || r->code == 4);
	return r->type == 3 && (r->code == 2 || r->code == 3);
}

/*
 * Can the quoted segment have been sent?  Not before the SYN, and not beyond what the peer offered
 * to take.
 */
static bool can_be_sent(const struct conn *c, const struct segment *s, uint8_t dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	uint64_t seq, edge = e->snd_nxt;

	if (!e->has_seq || (s->flags & TCP_RST))
		return true;
	seq = seq_unwrap(e->snd_nxt, s->seq);
	if (e->iss && seq < e->iss)
		return false;
	if (peer->has_ack && !peer->scale_known)
		return true;
	if (peer->has_ack && peer->right_edge > edge)
		edge = peer->right_edge;
	return seq <= edge;
}

static bool is_about_syn(const struct conn *c, const struct segment *s, uint8_t dir)
{
	return c->ends[dir].iss && s->seq == c->ends[dir].isn && !c->handshake_done;
}

static unsigned reporter(const struct conn *c, const struct segment *s, uint8_t dir)
{
	const struct addr *peer = &c->addrs[!dir].ip;

	return memcmp(peer->b, s->icmp_from.b, sizeof(peer->b)) == 0 ? !dir : BY_NOBODY;
}

static enum finding_id id_of(const struct conn *c, const struct segment *s, uint8_t dir)
{
	switch (kind_of(s->ip_version, s->icmp_type, s->icmp_code)) {
	case KIND_UNREACHABLE:
		return FINDING_ICMP_UNREACHABLE;
	case KIND_TOO_BIG:
		return s->ip_version == 6 ? FINDING_PACKET_TOO_BIG : FINDING_ICMP_FRAG_NEEDED;
	case KIND_TTL:
		return is_about_syn(c, s, dir) ? FINDING_SYN_TTL_EXCEEDED
		                               : FINDING_ICMP_TTL_EXCEEDED;
	case KIND_OTHER:
		break;
	}
	return FINDING_COUNT;
}

static void learn_path_mtu(struct conn *c, const struct segment *s, uint8_t dir)
{
	struct endpoint *e = &c->ends[dir];

	if (s->icmp_mtu < MTU_MIN)
		return;
	e->path_mtu = s->icmp_mtu;
	e->path_mtu_time = s->ts - c->start;
}

bool find_icmp(struct conn *c, const struct segment *s, uint8_t dir)
{
	int64_t time = s->ts - c->start;
	enum finding_id id = id_of(c, s, dir);
	struct finding *f;

	if (s->checksum_state == CHECKSUM_BAD)
		return false;
	if (id == FINDING_COUNT)
		return true;
	if (!can_be_sent(c, s, dir)) {
		(void)find_conn(c, FINDING_ICMP_QUOTE_INVALID, reporter(c, s, dir),
		    CONFIDENCE_LIKELY, s->packet, time);
		return false;
	}
	f = find_conn(c, id, reporter(c, s, dir), CONFIDENCE_CERTAIN, s->packet, time);
	if (id != FINDING_PACKET_TOO_BIG && id != FINDING_ICMP_FRAG_NEEDED)
		return true;
	learn_path_mtu(c, s, dir);
	if (f)
		f->a = s->icmp_mtu;
	return true;
}

/* --- large segments --- */

static uint32_t packet_size(const struct segment *s)
{
	return (s->ip_version == 6 ? 40u : 20u) + s->header_len + s->len;
}

/*
 * Larger than the path takes, and time enough to have heard of it.  What a card splits later is no
 * evidence.
 */
static bool ignores_path_mtu(const struct step *st)
{
	const struct endpoint *e = st->self;
	int64_t age = st->time - e->path_mtu_time;

	if (!e->path_mtu || packet_size(st->seg) <= e->path_mtu)
		return false;
	return (st->seg->dont_fragment || st->seg->ip_version == 6) &&
	       st->seg->checksum_state == CHECKSUM_GOOD && age < PATH_MTU_LIFE &&
	       age > NS_PER_SEC + arrival_round_trip(st->conn, e);
}

/*
 * What went behind the large one did arrive (SACK), and is smaller: all of it together is.  (It may have arrived before
 * the path died; where one as large got through, that is likelier.)
 */
static bool has_small_behind(const struct endpoint *e)
{
	uint64_t arrived = 0;

	if (e->transfer.largest_acked >= e->stuck_len)
		return false;
	for (const struct sent *s = sent_find(&e->transfer.sent, e->stuck_seq); s;
	     s = sent_next(&e->transfer.sent, s))
		if (s->flags & SENT_SACKED)
			arrived += s->len;
	return arrived && arrived < e->stuck_len;
}

/* Counts the copies of one large segment; true when a smaller one takes its place at last. */
static bool is_unstuck(struct step *st)
{
	struct endpoint *e = st->self;
	uint32_t len = st->seg->len;

	if (e->stuck_times && st->seq == e->stuck_seq) {
		bool is_smaller = len < e->stuck_len;

		if (len == e->stuck_len && e->stuck_times < UINT8_MAX &&
		    ++e->stuck_times == STUCK_CLEAR)
			e->stuck_time = st->time;
		if (e->stuck_times >= STUCK_AT_END)
			e->small_arrived = has_small_behind(e);
		return is_smaller && e->stuck_times >= STUCK_CLEAR;
	}
	if (len < LARGE)
		return false;
	e->stuck_seq = st->seq;
	e->stuck_len = len;
	e->stuck_times = 1;
	e->stuck_packet = st->seg->packet;
	e->stuck_time = st->time;
	return false;
}

void find_path_mtu(struct step *st)
{
	struct finding *f = NULL;

	if (!st->seg->len || st->is_weak || (st->seg->flags & (TCP_SYN | TCP_RST)))
		return;
	if (ignores_path_mtu(st))
		f = find_segment(st, FINDING_PMTU_BLACKHOLE, BY_SELF, CONFIDENCE_LIKELY);
	else if (st->seq < st->self->snd_nxt && is_unstuck(st))
		f = find_segment(st, FINDING_PMTU_BLACKHOLE, BY_SELF, CONFIDENCE_LIKELY);
	if (!f)
		return;
	f->a = st->self->stuck_len ? st->self->stuck_len : st->seg->len;
	st->self->stuck_times = 0;
}

/*
 * Never acknowledged, although the peer was there and had acknowledged what came before.  When the peer repeats
 * what had been acknowledged, the small segments do not get through either.
 */
static void look_for_blackhole(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir], *peer = &c->ends[!dir];
	struct finding *f;

	if (e->stuck_times < STUCK_AT_END || !c->handshake_done || !peer->has_ack)
		return;
	if (peer->rcv_nxt > e->stuck_seq || peer->rst_seen)
		return;
	if (peer->last_time <= e->stuck_time && !e->small_arrived)
		return;
	if (find_have(c, FINDING_RETRANSMISSION_SPURIOUS, !dir))
		return;
	f = find_conn(
	    c, FINDING_PMTU_BLACKHOLE, dir, CONFIDENCE_POSSIBLE, e->stuck_packet, e->stuck_time);
	if (f)
		f->a = e->stuck_len;
}

static void look_for_ignored(struct conn *c, const struct icmp_record *r)
{
	const struct endpoint *e = &c->ends[r->about];

	if (!is_hard(r) || e->last_time <= r->time + arrival_round_trip(c, e))
		return;
	(void)find_conn(c, FINDING_ICMP_IGNORED, r->about, CONFIDENCE_LIKELY, r->packet, r->time);
}

/* Nobody ever answered the SYN but the one who reported. */
static void look_for_rejection(struct conn *c, unsigned by)
{
	const struct finding *f = find_have(c, FINDING_ICMP_UNREACHABLE, by);
	struct finding *rejected;
	uint32_t count;

	if (!f || !c->syns || c->synacks || c->handshake_done || c->is_midstream)
		return;
	count = f->count;
	rejected =
	    find_conn(c, FINDING_SYN_REJECTED_ICMP, by, CONFIDENCE_CERTAIN, f->packets[0], f->time);
	if (rejected)
		rejected->count = count;
}

void find_icmp_end(struct conn *c)
{
	for (unsigned i = 0; i < c->nicmp; i++)
		look_for_ignored(c, &c->icmp[i]);
	for (unsigned by = 0; by <= BY_NOBODY && c->nicmp; by++)
		look_for_rejection(c, by);
	for (unsigned dir = 0; dir < 2; dir++)
		look_for_blackhole(c, dir);
}
