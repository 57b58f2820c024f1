/* SPDX-License-Identifier: MIT */
/*
 * find_flags - combinations of flags that no sound host sends, and fields set without their flag.
 *
 * Spec: RFC 9293 3.1 (flags and fields), 3.8.5 (urgent pointer), 3.10.7 (what a receiver does with
 *       them).
 */
#include "config.h"

#include "tcp/find.h"

/* The flags of RFC 793; ECE and CWR come and go with congestion and say nothing here. */
#define SIX (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG)

struct combination {
	uint16_t mask, value;
	uint16_t id; /* enum finding_id */
};

/* Each of these that is there is told. */
static const struct combination together[] = {
	{ TCP_SYN | TCP_FIN, TCP_SYN | TCP_FIN, FINDING_FLAGS_SYN_FIN },
	{ TCP_SYN | TCP_RST, TCP_SYN | TCP_RST, FINDING_FLAGS_SYN_RST },
	{ TCP_SYN | TCP_FIN | TCP_RST, TCP_FIN | TCP_RST, FINDING_FLAGS_FIN_RST },
	{ TCP_SYN | TCP_URG, TCP_SYN | TCP_URG, FINDING_FLAGS_SYN_URG },
};

/* Of these only the first, which says most. */
static const struct combination without_ack[] = {
	{ SIX, 0, FINDING_FLAGS_NULL },
	{ SIX, TCP_FIN | TCP_PSH | TCP_URG, FINDING_FLAGS_XMAS },
	{ TCP_SYN | TCP_RST | TCP_ACK | TCP_FIN, TCP_FIN, FINDING_FLAGS_FIN_NO_ACK },
	{ TCP_SYN | TCP_RST | TCP_ACK, 0, FINDING_FLAGS_NO_ACK },
};

static void tell(struct step *st, unsigned id)
{
	(void)find_segment(st, (enum finding_id)id, BY_SELF, find_header_confidence(st));
}

static void look_at_combinations(struct step *st)
{
	uint16_t flags = st->seg->flags;

	for (size_t i = 0; i < ARRAY_LEN(together); i++)
		if ((flags & together[i].mask) == together[i].value)
			tell(st, together[i].id);
	for (size_t i = 0; i < ARRAY_LEN(without_ack); i++)
		if ((flags & without_ack[i].mask) == without_ack[i].value) {
			tell(st, without_ack[i].id);
			break;
		}
	if (flags & TCP_RESERVED)
		tell(st, FINDING_FLAGS_RESERVED_SET);
}

/*
 * Beyond what the receiver offers to take, or moving back while the point it named is still ahead.
 * A window update that the capture lacks can make a good pointer look bad.
 */
static bool is_pointer_bad(const struct step *st, uint64_t edge)
{
	const struct endpoint *self = st->self, *peer = st->peer;

	if (peer->has_ack && peer->scale_known && edge > peer->right_edge + 1)
		return true;
	return self->has_seq && st->seq >= self->snd_nxt && edge < self->urgent_edge;
}

static void look_at_urgent(struct step *st)
{
	const struct segment *s = st->seg;
	uint64_t edge = st->seq + s->urgent;

	if (!(s->flags & TCP_URG)) {
		if (s->urgent)
			tell(st, FINDING_URG_POINTER_WITHOUT_FLAG);
		return;
	}
	if (s->flags & (TCP_SYN | TCP_RST))
		return;
	if (s->len)
		tell(st, FINDING_URGENT_DATA);
	if (st->is_weak)
		return;
	if (is_pointer_bad(st, edge))
		(void)find_segment(st, FINDING_URGENT_POINTER_BAD, BY_SELF, CONFIDENCE_LIKELY);
	if (edge > st->self->urgent_edge)
		st->self->urgent_edge = edge;
}

/* A SYN, a SYN-ACK, what follows them, a FIN: there is no row for these. */
static bool is_common(uint16_t flags)
{
	switch (flags & ~(unsigned)(TCP_PSH | TCP_ECE | TCP_CWR)) {
	case TCP_SYN:
	case TCP_SYN | TCP_ACK:
	case TCP_ACK:
	case TCP_ACK | TCP_FIN:
		return true;
	default:
		return false;
	}
}

void find_flags(struct step *st)
{
	const struct segment *s = st->seg;

	if (is_common(s->flags) && s->urgent == 0 && ((s->flags & TCP_ACK) || s->ack == 0))
		return;
	look_at_combinations(st);
	if (!(s->flags & TCP_ACK) && s->ack)
		tell(st, FINDING_ACK_FIELD_WITHOUT_FLAG);
	look_at_urgent(st);
}
