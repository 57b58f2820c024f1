/* SPDX-License-Identifier: MIT */
/*
 * find_options - what the TCP options of a segment say, lack, or get wrong.
 *
 * What one header shows is certain; what two SYNs show together becomes certain at the end, when
 * the capture turns out to have missed nothing.
 *
 * Spec: RFC 9293 3.1, 3.2, 3.7.1; RFC 2018, 2385, 3168, 5925, 6994, 7323, 8684, 9768.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

enum {
	WSCALE_LIMIT = 14,      /* RFC 7323 2.3 */
	MSS_TINY = 216,         /* less than a path of 256 bytes leaves */
	ORDINARY_PACKET = 1500, /* IP bytes; longer ones may have been put together by a card */
	ECN_MASK = 3,
};

static struct finding *tell(struct step *st, enum finding_id id)
{
	return find_segment(st, id, BY_SELF, find_header_confidence(st));
}

static void tell_kind(struct step *st, enum finding_id id, uint8_t kind)
{
	struct finding *f = tell(st, id);

	if (f && f->count == 1)
		f->a = kind;
}

/* All options could be read: what is not among them was not sent. */
static bool is_readable(const struct tcp_options *o)
{
	return !(o->odd & (OPT_ODD_LENGTH | OPT_ODD_OVERRUN | OPT_ODD_TRUNCATED));
}

static void look_at_oddities(struct step *st)
{
	const struct tcp_options *o = &st->seg->opt;

	if (o->odd & OPT_ODD_LENGTH)
		tell_kind(st, FINDING_OPTION_LENGTH_BAD, o->bad_kind);
	if (o->odd & OPT_ODD_OVERRUN)
		tell_kind(st, FINDING_OPTION_OVERRUNS_HEADER, o->bad_kind);
	if (o->odd & OPT_ODD_DUPLICATE)
		tell_kind(st, FINDING_OPTION_DUPLICATE, o->bad_kind);
	if (o->odd & OPT_ODD_AFTER_EOL)
		tell(st, FINDING_OPTION_AFTER_EOL_NONZERO);
	if (o->odd & OPT_ODD_NOPS)
		(void)find_segment(
		    st, FINDING_OPTION_STRIPPED_SUSPECTED, BY_SELF, CONFIDENCE_POSSIBLE);
}

/* --- kinds that are worth a word wherever they come --- */

static const struct kind {
	uint32_t bit; /* of enum tcp_option_bit */
	uint16_t id;  /* enum finding_id */
} kinds[] = {
	{ OPT_MD5, FINDING_TCP_MD5 },
	{ OPT_AO, FINDING_TCP_AO },
	{ OPT_SNACK, FINDING_SNACK },
	{ OPT_USER_TIMEOUT, FINDING_OPTION_USER_TIMEOUT },
};

/* RFC 8684 3: subtypes of the MPTCP option. */
static const struct subtype {
	uint8_t subtype;
	bool on_syn; /* worth a word on a SYN only */
	uint16_t id; /* enum finding_id */
} subtypes[] = {
	{ 0, true, FINDING_MPTCP_CAPABLE },
	{ 1, true, FINDING_MPTCP_JOIN },
	{ 6, false, FINDING_MPTCP_FAIL },
	{ 7, false, FINDING_MPTCP_FASTCLOSE },
};

static void look_at_mptcp(struct step *st)
{
	for (size_t i = 0; i < ARRAY_LEN(subtypes); i++) {
		if (!(st->seg->opt.mptcp_subtypes & 1u << subtypes[i].subtype))
			continue;
		if (!subtypes[i].on_syn || (st->seg->flags & TCP_SYN))
			tell(st, (enum finding_id)subtypes[i].id);
	}
	if (st->seg->opt.mptcp_subtypes & 1u << MPTCP_TCPRST && st->seg->flags & TCP_RST)
		tell_kind(st, FINDING_MPTCP_RESET_REASON, st->seg->opt.mptcp_reason);
}

static void look_at_kinds(struct step *st)
{
	const struct tcp_options *o = &st->seg->opt;
	bool is_syn = st->seg->flags & TCP_SYN;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (o->seen & kinds[i].bit)
			tell(st, (enum finding_id)kinds[i].id);
	if (o->seen & OPT_UNKNOWN)
		tell_kind(st, FINDING_OPTION_UNKNOWN, o->unknown_kind);
	if ((o->seen & (OPT_EXPERIMENTAL | OPT_FAST_OPEN)) == OPT_EXPERIMENTAL)
		tell(st, FINDING_OPTION_EXPERIMENTAL);
	if ((o->seen & OPT_MSS) && !is_syn)
		tell(st, FINDING_MSS_ON_NON_SYN);
	if ((o->seen & OPT_SACK_PERMITTED) && !is_syn)
		tell(st, FINDING_SACK_PERMITTED_ON_NON_SYN);
	if ((o->seen & OPT_WSCALE) && !is_syn)
		tell(st, FINDING_WSCALE_ON_NON_SYN);
	if (o->seen & OPT_MPTCP)
		look_at_mptcp(st);
}

/* --- SYN and SYN-ACK --- */

static void look_at_values(struct step *st)
{
	const struct tcp_options *o = &st->seg->opt;
	struct finding *f;

	if ((o->seen & OPT_WSCALE) && o->wscale > WSCALE_LIMIT) {
		f = tell(st, FINDING_WSCALE_OVER_14);
		if (f)
			f->a = o->wscale;
	}
	if ((o->seen & OPT_MSS) && o->mss < MSS_TINY) {
		f = tell(st, FINDING_MSS_TINY);
		if (f)
			f->a = o->mss;
	}
}

/* A SYN-ACK may only take up what the SYN offered (RFC 2018 2). */
static bool may_permit_sack(const struct step *st)
{
	if (!(st->seg->flags & TCP_ACK))
		return true;
	return st->peer->offer.seen && st->peer->offer.sack_permitted;
}

static void look_at_absent(struct step *st)
{
	const struct tcp_options *o = &st->seg->opt;

	if (st->conn->handshake_done)
		return;
	if (!(o->seen & OPT_MSS))
		tell(st, FINDING_MSS_MISSING);
	if (!(o->seen & OPT_SACK_PERMITTED) && may_permit_sack(st))
		tell(st, FINDING_SACK_PERMITTED_MISSING);
}

/* One of the two SYNs has the option, the other has not: it is off, and that one decided it. */
static void compare(struct step *st, enum finding_id id, uint32_t bit, bool peer_has)
{
	bool self_has = st->seg->opt.seen & bit;

	if (self_has != peer_has)
		(void)find_segment(st, id, self_has ? BY_PEER : BY_SELF, CONFIDENCE_LIKELY);
}

/* RFC 9768 3.1.1, table 2: the answers to an accurate SYN that agree to some kind of ECN. */
static bool agrees_to_ecn(uint16_t synack)
{
	uint16_t bits = synack & (TCP_AE | TCP_CWR | TCP_ECE);

	return bits != 0 && bits != (TCP_AE | TCP_CWR | TCP_ECE);
}

static bool is_ecn_on(const struct step *st)
{
	const struct endpoint *peer = st->peer;
	uint16_t bits = st->seg->flags & (TCP_ECE | TCP_CWR);

	if (!peer->offer.ecn)
		return false;
	return peer->offers_accurate_ecn ? agrees_to_ecn(st->seg->flags) : bits == TCP_ECE;
}

/* It answers the SYN that asked for ECN: a SYN without is never answered with these bits, nor with an earlier time. */
static bool answers_ecn_syn(const struct step *st)
{
	const struct end_memory *asked = &st->peer->memory;
	const struct tcp_options *o = &st->seg->opt;
	bool has_time = (o->seen & OPT_TIMESTAMPS) && asked->ecn_tsval != asked->syn_tsval;

	return (st->seg->flags & (TCP_AE | TCP_CWR | TCP_ECE)) ||
	       (has_time && o->tsecr == asked->ecn_tsval);
}

/* A SYN-ACK and the SYN it answers, side by side. */
static void look_at_pair(struct step *st)
{
	const struct endpoint *peer = st->peer;

	if (st->conn->handshake_done || !peer->offer.seen || peer->is_offer_cut)
		return;
	if (st->ack <= peer->iss || st->is_weak)
		return;
	if (st->self->offer.seen && st->self->isn == st->seg->seq)
		return;
	compare(st, FINDING_WSCALE_ONE_SIDED, OPT_WSCALE, peer->offer.has_wscale);
	compare(st, FINDING_TIMESTAMPS_ONE_SIDED, OPT_TIMESTAMPS, peer->offer.timestamps);
	if (peer->offers_mptcp && !(st->seg->opt.seen & OPT_MPTCP))
		(void)find_segment(st, FINDING_MPTCP_FALLBACK, BY_SELF, CONFIDENCE_LIKELY);
	if (is_ecn_on(st))
		(void)find_segment(
		    st, FINDING_ECN_NEGOTIATED, BY_NOBODY, find_header_confidence(st));
	if (peer->gave_up_ecn && !answers_ecn_syn(st))
		(void)find_segment(st, FINDING_ECN_BLACKHOLE, BY_NOBODY, CONFIDENCE_POSSIBLE);
}

/* What of a SYN is asked for later and is not in its offer. */
static void remember_syn(struct step *st)
{
	struct endpoint *e = st->self;
	const struct segment *s = st->seg;
	bool asks_ecn = (s->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);

	if (!(s->flags & TCP_ACK))
		e->gave_up_ecn = e->offer.seen && e->isn == s->seq && !asks_ecn &&
		                 (e->offer.ecn || e->gave_up_ecn);
	e->is_offer_cut = !is_readable(&s->opt);
	e->memory.syn_tsval = s->opt.tsval;
	if (asks_ecn)
		e->memory.ecn_tsval = s->opt.tsval;
	e->offers_accurate_ecn = asks_ecn && (s->flags & TCP_AE);
	e->offers_mptcp = s->opt.mptcp_subtypes & 1u;
	e->urgent_edge = 0;
}

static void look_at_syn(struct step *st)
{
	look_at_values(st);
	if (is_readable(&st->seg->opt)) {
		look_at_absent(st);
		if (st->has_ack)
			look_at_pair(st);
	}
	if (!st->is_weak)
		remember_syn(st);
}

/* --- segments of an open connection --- */

static bool have_both(const struct step *st)
{
	return st->self->offer.seen && st->peer->offer.seen && !st->self->is_offer_cut &&
	       !st->peer->is_offer_cut;
}

/* RFC 7323 3.2: once agreed, in every segment but a RST. */
static void look_for_dropped_timestamps(struct step *st)
{
	if (!have_both(st) || st->ack <= st->peer->iss || !is_readable(&st->seg->opt))
		return;
	if (st->self->offer.timestamps && st->peer->offer.timestamps)
		(void)find_segment(st, FINDING_TIMESTAMPS_DROPPED, BY_SELF, CONFIDENCE_LIKELY);
}

/* Sent later, as its place in the stream shows, with an earlier time. */
static bool is_tsval_regressed(const struct step *st)
{
	const struct endpoint *e = st->self;
	bool is_later =
	    st->seg->len ? st->seq >= e->snd_nxt : st->seq >= e->snd_nxt && st->ack > e->rcv_nxt;

	if (!e->has_seq || !e->has_ack || !e->has_tsval || !is_later)
		return false;
	return seq_lt(st->seg->opt.tsval, e->tsval);
}

/*
 * An echo that no clock can explain: farther from all that the peer sent than the whole connection
 * has lasted, and more.  What the capture missed lies within that.
 */
static bool is_tsecr_invalid(const struct step *st)
{
	const struct endpoint *peer = st->peer;
	int64_t allowed = TS_SLACK + st->time / (NS_PER_SEC / 1000000);
	int64_t ahead = (int32_t)(st->seg->opt.tsecr - peer->tsval);

	if (!peer->iss || !peer->has_tsval || st->seg->opt.tsecr == 0 || !st->has_ack)
		return false;
	return ahead > allowed || -ahead > allowed;
}

static void look_at_timestamps(struct step *st)
{
	uint32_t others = st->notes & ~(1u << SEGMENT_NOTE_PAWS | 1u << SEGMENT_NOTE_IGNORED);

	if (st->seg->flags & (TCP_SYN | TCP_RST))
		return;
	if (!(st->seg->opt.seen & OPT_TIMESTAMPS)) {
		if (!st->is_weak)
			look_for_dropped_timestamps(st);
		return;
	}
	if (st->is_weak && (others || !(st->notes & 1u << SEGMENT_NOTE_PAWS)))
		return;
	if (is_tsval_regressed(st))
		(void)find_segment(st, FINDING_TSVAL_REGRESSED, BY_SELF, CONFIDENCE_LIKELY);
	if (is_tsecr_invalid(st))
		tell(st, FINDING_TSECR_INVALID);
}

/* Does ECE here mean what RFC 3168 says?  An agreement that was not captured counts as yes. */
static bool has_classic_ecn(const struct step *st)
{
	const struct syn_offer *a = &st->self->offer, *b = &st->peer->offer;

	return (!a->seen || a->ecn) && (!b->seen || b->ecn);
}

static void look_at_congestion(struct step *st)
{
	uint16_t flags = st->seg->flags;

	if ((st->seg->tos & ECN_MASK) == ECN_CE)
		tell(st, FINDING_ECN_CE);
	if (!(flags & (TCP_ECE | TCP_CWR)) || (flags & (TCP_SYN | TCP_RST)) || !has_classic_ecn(st))
		return;
	if (flags & TCP_ECE)
		tell(st, FINDING_ECN_ECHO);
	if (flags & TCP_CWR)
		tell(st, FINDING_ECN_CWR);
}

/*
 * RFC 9293 3.7.1: options are part of the MSS.  A full checksum shows that the segment is as its
 * sender's card made it; what offload splits or joins carries none of its own.
 */
static void look_at_size(struct step *st)
{
	const struct segment *s = st->seg;
	const struct syn_offer *offer = &st->peer->offer;
	uint32_t size = s->len + s->header_len - 20u;
	struct finding *f;

	if (!offer->has_mss || size <= offer->mss || st->is_weak)
		return;
	if (s->checksum_state != CHECKSUM_GOOD || size > ORDINARY_PACKET)
		return;
	f = tell(st, FINDING_MSS_EXCEEDED);
	if (f && size > f->a) {
		f->a = size;
		f->b = offer->mss;
	}
}

void find_options(struct step *st)
{
	static const uint32_t of_syns = OPT_MSS | OPT_SACK_PERMITTED | OPT_WSCALE;
	static const uint32_t rare = OPT_MD5 | OPT_AO | OPT_SNACK | OPT_UNKNOWN | OPT_EXPERIMENTAL |
	                             OPT_MPTCP | OPT_USER_TIMEOUT;
	bool is_syn = st->seg->flags & TCP_SYN;

	if (st->seg->notes & SEG_HEADER_LENGTH_BAD)
		return;
	if (st->seg->opt.odd)
		look_at_oddities(st);
	if (st->seg->opt.seen & (is_syn ? rare : rare | of_syns))
		look_at_kinds(st);
	if (is_syn)
		look_at_syn(st);
	look_at_timestamps(st);
	look_at_congestion(st);
	if (st->seg->len)
		look_at_size(st);
}

/*
 * Nothing is missing, so what the two SYNs and the order of segments show is so.  Where the TTL changes
 * somebody else may have made the segment.
 */
void find_options_end(struct conn *c)
{
	static const uint16_t pairs[] = { FINDING_WSCALE_ONE_SIDED, FINDING_TIMESTAMPS_ONE_SIDED,
		FINDING_TIMESTAMPS_DROPPED, FINDING_TSVAL_REGRESSED };

	if (!c->nfindings || !find_capture_is_clean(c))
		return;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		for (unsigned dir = 0; dir < 2; dir++) {
			struct finding *f = find_have(c, (enum finding_id)pairs[i], dir);

			if (f && !find_have(c, FINDING_TTL_CHANGED_MIDSTREAM, dir))
				f->confidence = CONFIDENCE_CERTAIN;
		}
	}
}
