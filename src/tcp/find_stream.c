/* SPDX-License-Identifier: MIT */
/*
 * find_stream - signs that somebody tries to make an observer read other bytes than the receiver.
 *
 * Input:  segments after stream.c has put them in order; at the end, the facts of both streams.
 * Spec:   Ptacek and Newsham 1998 (insertion, evasion); RFC 9293 3.10.7.4: bytes once received never change.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

#define NOTE(n) (1u << SEGMENT_NOTE_##n)

/* A capture that lacks packets is no attack: its own findings say so. */
#define DOUBTS_OF_CAPTURE (DOUBT_NOT_CAPTURED | DOUBT_ONE_SIDED)

/*
 * Bytes that the receiver has, or that others overtook and that are not older than the connection: held up
 * on the way, and their timestamp with them.
 */
static bool may_be_late(const struct step *st)
{
	const struct endpoint *e = st->self;

	if (st->end <= st->peer->rcv_nxt)
		return true;
	return st->end <= e->snd_nxt && e->offer.timestamps &&
	       seq_le(e->memory.syn_tsval, st->seg->opt.tsval);
}

/*
 * Data that the receiver drops by rule, with other bytes than the sender's real ones would have: what a
 * naive monitor takes in.  A checksum may also have been spoiled on the way.
 */
static void look_at_ignored(struct step *st)
{
	if (st->seg->len == 0 || !st->is_weak)
		return;
	if (st->notes & NOTE(BAD_CHECKSUM))
		(void)find_segment(
		    st, FINDING_INSERTION_BAD_CHECKSUM, BY_SELF, CONFIDENCE_POSSIBLE);
	if ((st->seg->opt.seen & OPT_MD5) && st->self->offer.seen && !st->self->uses_md5)
		(void)find_segment(st, FINDING_INSERTION_BAD_MD5, BY_SELF, CONFIDENCE_LIKELY);
	if ((st->notes & NOTE(PAWS)) && !may_be_late(st))
		(void)find_segment(st, FINDING_INSERTION_OLD_TIMESTAMP, BY_SELF, CONFIDENCE_LIKELY);
}

static bool has_other_ttl(const struct step *st)
{
	return st->usual_ttl && st->seg->ttl != st->usual_ttl;
}

static void look_at_ttl(struct step *st)
{
	struct endpoint *e = st->self;
	struct finding *f;

	if (st->seg->len) {
		e->has_other_ttl |= e->data_ttl && e->data_ttl != st->seg->ttl;
		e->data_ttl = st->seg->ttl;
	}
	if (!has_other_ttl(st))
		return;
	f = find_segment(st, FINDING_TTL_CHANGED_MIDSTREAM, BY_SELF, CONFIDENCE_CERTAIN);
	if (f && f->count == 1) {
		f->a = st->usual_ttl;
		f->b = st->seg->ttl;
	}
}

static void look_at_conflict(struct step *st)
{
	if (!st->conflicts)
		return;
	(void)find_segment(st, FINDING_OVERLAP_DIFFERENT_DATA, BY_SELF, CONFIDENCE_CERTAIN);
	if (!has_other_ttl(st) && !st->self->has_other_ttl)
		return;
	(void)find_segment(st, FINDING_INJECTION_DATA_SUSPECTED, BY_SELF, CONFIDENCE_LIKELY);
	if (has_other_ttl(st) && st->seg->ttl < st->usual_ttl)
		(void)find_segment(st, FINDING_INSERTION_LOW_TTL, BY_SELF, CONFIDENCE_LIKELY);
}

/* The packet that first made one of the streams ambiguous is the evidence. */
static void look_at_doubt(struct step *st)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		uint32_t doubts =
		    st->conn->ends[dir].facts.ambiguous & ~(uint32_t)DOUBTS_OF_CAPTURE;

		if (doubts && !find_have(st->conn, FINDING_STREAM_AMBIGUOUS, dir))
			(void)find_conn(st->conn, FINDING_STREAM_AMBIGUOUS, dir, CONFIDENCE_CERTAIN,
			    st->seg->packet, st->time);
	}
}

void find_stream(struct step *st)
{
	look_at_ignored(st);
	look_at_ttl(st);
	look_at_conflict(st);
	if (st->self->facts.ambiguous | st->peer->facts.ambiguous)
		look_at_doubt(st);
}

static void look_at_facts(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir];
	uint32_t doubts = e->facts.ambiguous & ~(uint32_t)DOUBTS_OF_CAPTURE;
	struct finding *f;

	if (doubts & DOUBT_FIN)
		(void)find_conn(
		    c, FINDING_INJECTION_FIN_SUSPECTED, dir, CONFIDENCE_LIKELY, 0, c->end);
	if (e->facts.dropped)
		(void)find_conn(c, FINDING_REASSEMBLY_LIMITED, dir, CONFIDENCE_CERTAIN, 0, c->end);
	if (!doubts)
		return;
	f = find_have(c, FINDING_STREAM_AMBIGUOUS, dir);
	if (!f)
		f = find_conn(c, FINDING_STREAM_AMBIGUOUS, dir, CONFIDENCE_CERTAIN,
		    e->facts.conflict.packet, c->end);
	if (!f)
		return;
	f->a = e->facts.conflict.offset;
	/* (Where data is missing, so may be the acknowledgment that moved the window.) */
	if (doubts == DOUBT_WINDOW && e->missing)
		f->confidence = CONFIDENCE_POSSIBLE;
}

void find_stream_end(struct conn *c)
{
	const struct stream_facts *a = &c->ends[0].facts, *b = &c->ends[1].facts;

	if (!a->ambiguous && !b->ambiguous && !a->dropped && !b->dropped)
		return;
	look_at_facts(c, c->client);
	look_at_facts(c, !c->client);
}
