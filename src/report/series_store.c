/* SPDX-License-Identifier: MIT */
/*
 * series_store - the packets of a store's connection as a series wants them.
 *
 * Sequence numbers are unwrapped against the largest so far of their side, and counted from its SYN, or from the
 * first seen.  Windows are scaled when the record knows the scale.
 */
#include "config.h"

#include "tcpshadow/replay.h"
#include "tcpshadow/series.h"
#include "tcpshadow/store.h"

#define NOTE(n) (1u << SEGMENT_NOTE_##n)

static uint64_t unwrap(struct series_edge *e, uint32_t wire, bool moves)
{
	int64_t distance;

	if (!e->is_known)
		*e = (struct series_edge){ .base = wire, .is_known = true };
	distance = (int32_t)(wire - (e->base + (uint32_t)e->edge));
	if (distance < 0 && (uint64_t)-distance > e->edge)
		return 0;
	if (moves && distance > 0)
		e->edge += (uint64_t)distance;
	return moves && distance > 0 ? e->edge : e->edge + (uint64_t)distance;
}

static uint64_t window_of(const struct series_store *x, const struct store_packet *p)
{
	const struct conn_record *r = x->row.record;
	bool is_scaled = r && !(p->flags & TCP_SYN) && r->sides[0].offer.has_wscale &&
	                 r->sides[1].offer.has_wscale;
	unsigned shift = is_scaled ? r->sides[p->side].offer.window_scale : 0;

	return (uint64_t)p->window << (shift > 14 ? 14 : shift);
}

static void next(void *ctx, struct series_row *out)
{
	struct series_store *x = ctx;
	struct store_packet p;
	bool is_sound;

	if (x->k == 0)
		x->edges[0] = x->edges[1] = (struct series_edge){ .is_known = false };
	store_packet(&x->row, x->k++, &p);
	x->k %= x->row.npackets;
	is_sound =
	    !p.is_icmp &&
	    !(p.notes & (NOTE(IGNORED) | NOTE(BAD_CHECKSUM) | NOTE(PAWS) | NOTE(OUT_OF_WINDOW)));
	*out = (struct series_row){
		.time = p.time - x->row.start,
		.seq = unwrap(&x->edges[p.side], p.seq, is_sound),
		.window = window_of(x, &p),
		.len = p.len,
		.notes = p.notes,
		.flags = p.flags,
		.side = p.side,
		.is_icmp = p.is_icmp,
		.has_sack = p.has_sack,
	};
	if (p.flags & TCP_ACK)
		out->ack = unwrap(&x->edges[!p.side], p.ack, is_sound && !(p.flags & TCP_RST));
}

struct series_input series_of_store(struct series_store *x, const struct store_session *s)
{
	const struct conn_record *r = s->record;

	*x = (struct series_store){ .row = *s };
	return (struct series_input){
		.nrows = s->npackets,
		.from = 0,
		.to = s->end - s->start,
		.handshake = { r && r->has_syn_to_synack ? r->syn_to_synack : -1,
		    r && r->has_synack_to_ack ? r->synack_to_ack : -1 },
		.next = next,
		.ctx = x,
	};
}
