/* SPDX-License-Identifier: MIT */
/*
 * completeness - flags and payload of each segment as bits; nothing is checked.
 */
#include "config.h"

#include "tcp/completeness.h"

static bool is_first(const struct conn *c)
{
	return c->ends[0].packets + c->ends[1].packets == 0;
}

/* A SYN counts only as the first packet. */
static unsigned syn_bits(const struct step *st)
{
	if (st->has_ack)
		return COMPLETE_SYN_ACK;
	if (!is_first(st->conn))
		return 0;
	return COMPLETE_SYN | (st->seg->len ? COMPLETE_DATA : 0u);
}

static unsigned end_bits(const struct step *st)
{
	unsigned bits = st->seg->flags & TCP_RST ? COMPLETE_RST : 0;

	return bits | ((st->seg->flags & TCP_FIN) && st->has_ack ? COMPLETE_FIN : 0u);
}

void completeness_segment(struct step *st)
{
	uint16_t flags = st->seg->flags;
	unsigned bits = 0;

	if (flags & TCP_SYN)
		bits = syn_bits(st);
	else if (st->has_ack)
		bits = st->seg->len ? COMPLETE_DATA : COMPLETE_ACK;
	if (flags & (TCP_FIN | TCP_RST))
		bits |= end_bits(st);
	st->conn->completeness |= (uint8_t)bits;
}

/* Of a lone packet that is no SYN, tshark never shows what it adds. */
uint8_t completeness_of(const struct conn *c)
{
	bool is_lone = c->ends[0].packets + c->ends[1].packets == 1;

	return is_lone && !(c->completeness & COMPLETE_SYN) ? 0 : c->completeness;
}
