/* SPDX-License-Identifier: MIT */
/*
 * story_dump - records as text, for comparing two runs byte by byte.
 */
#include "config.h"

#include <inttypes.h>

#include "lib/story.h"

static void dump_states(struct buf *b, const struct side_record *s)
{
	for (uint32_t i = 0; i < s->nstates; i++) {
		const struct state_entry *n = &s->states[i];

		buf_addf(b,
		    "  %s%s packet %" PRIu64 " proved %" PRIu64 " time %" PRId64 " rule %u\n",
		    tcp_state_name((enum tcp_state)n->state), n->certainty == PROVED ? "" : "?",
		    n->packet, n->proved_by, n->time, n->rule);
	}
	buf_addf(b, "  states lost %u\n", s->states_lost);
}

static void dump_side(struct buf *b, const struct side_record *s)
{
	const struct syn_offer *o = &s->offer;

	buf_addf(b,
	    "  packets %" PRIu64 " wire %" PRIu64 " payload %" PRIu64 " missing %" PRIu64 "\n",
	    s->packets, s->wire_bytes, s->payload_bytes, s->missing_bytes);
	buf_addf(b, "  offer %d mss %d %u wscale %d %u sack %d ts %d fo %d ecn %d\n", o->seen,
	    o->has_mss, o->mss, o->has_wscale, o->window_scale, o->sack_permitted, o->timestamps,
	    o->fast_open, o->ecn);
	dump_states(b, s);
}

/* What does not name a side. */
static void dump_common(struct buf *b, const struct conn_record *r)
{
	buf_addf(
	    b, "uid %" PRIu64 " start %" PRId64 " end %" PRId64 "\n", r->uid, r->start, r->end);
	buf_addf(b, "handshake %s close %s syns %u synacks %u\n",
	    handshake_word((enum handshake_outcome)r->handshake),
	    close_word((enum close_outcome)r->close), r->syns, r->synacks);
	buf_addf(b, "syn_to_synack %d %" PRId64 " synack_to_ack %d %" PRId64 "\n",
	    r->has_syn_to_synack, r->has_syn_to_synack ? r->syn_to_synack : 0, r->has_synack_to_ack,
	    r->has_synack_to_ack ? r->synack_to_ack : 0);
	buf_addf(b, "midstream %d open %d evicted %d vlan %u truncated %u duplicates %u bad %u\n",
	    r->is_midstream, r->is_open, r->is_evicted, r->vlan, r->truncated_packets,
	    r->duplicate_frames, r->bad_checksums);
}

static void dump_findings(struct buf *b, const struct conn_record *r, const char *const names[2])
{
	for (uint32_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		/* The only one that depends on the initial sequence numbers. */
		if (f->id == FINDING_SEQ_WRAPPED)
			continue;
		buf_addf(b, "finding %s by %s confidence %u traps %x count %u",
		    finding_info((enum finding_id)f->id)->name,
		    f->by == BY_NOBODY ? "-" : names[f->by], f->confidence, f->traps, f->count);
		buf_addf(b, " time %" PRId64 " cost %" PRId64 " a %" PRIu64 " b %" PRIu64, f->time,
		    f->cost, f->a, f->b);
		for (unsigned k = 0; k < f->npackets; k++)
			buf_addf(b, " %" PRIu64, f->packets[k]);
		buf_addch(b, '\n');
	}
	buf_addf(b, "findings lost %u\n", r->findings_lost);
}

/* names[side]: what to call it. */
static void dump_sided(struct buf *b, const struct conn_record *r, const char *const names[2])
{
	buf_addstr(b, "order");
	for (unsigned i = 0; i < r->nclose_order; i++)
		buf_addf(b, " %s", names[r->close_order[i]]);
	buf_addf(b, "\none-sided %s\n", r->one_sided < 0 ? "-" : names[r->one_sided]);
	for (uint32_t i = 0; i < r->nresets; i++)
		buf_addf(b, "reset packet %" PRIu64 " by %s obeyed %d answers %" PRIu64 "\n",
		    r->resets[i].packet, names[r->resets[i].by], r->resets[i].obeyed,
		    r->resets[i].answers);
	for (uint32_t i = 0; i < r->nicmp; i++)
		buf_addf(b, "icmp packet %" PRIu64 " type %u code %u about %s\n", r->icmp[i].packet,
		    r->icmp[i].type, r->icmp[i].code, names[r->icmp[i].about]);
	buf_addf(b, "resets %u icmp %u\n", r->resets_seen, r->icmp_seen);
	dump_findings(b, r, names);
}

void story_dump_record(struct buf *b, const struct conn_record *r)
{
	static const char *const names[2] = { "client", "server" };

	buf_addf(b, "tunnel %u opener %s\n", r->tunnel, opener_word((enum opener)r->opener));
	dump_common(b, r);
	dump_sided(b, r, names);
	for (unsigned side = 0; side < 2; side++) {
		buf_addf(b, "%s ", names[side]);
		endpoint_text(b, &r->sides[side].addr);
		buf_addf(b, " isn %u\n", r->sides[side].offer.seen ? r->sides[side].isn : 0);
		dump_side(b, &r->sides[side]);
	}
}

/* The flow of the story whose ends the record's are; side of its first end in *first. */
static const struct story_flow *flow_of(
    const struct story *st, const struct conn_record *r, int *first)
{
	for (unsigned i = 0; i < st->nflows; i++) {
		*first = story_side_of(st, i, 0, r);
		if (*first >= 0)
			return &st->flows[i];
	}
	return NULL;
}

void story_dump_by_end(struct buf *b, const struct story *st, const struct conn_record *r)
{
	int first = 0;
	const struct story_flow *f = flow_of(st, r, &first);
	char letters[2][2] = { "?", "?" };
	const char *const names[2] = { letters[0], letters[1] };

	if (!f) {
		buf_addstr(b, "no flow of the story\n");
		return;
	}
	letters[first][0] = f->ends[0].letter;
	letters[1 - first][0] = f->ends[1].letter;
	dump_common(b, r);
	dump_sided(b, r, names);
	for (int i = 0; i < 2; i++) {
		const int side = i == 0 ? first : 1 - first;

		buf_addf(b, "end %s\n", names[side]);
		dump_side(b, &r->sides[side]);
	}
}
