/* SPDX-License-Identifier: MIT */
/*
 * find_gate - holds the findings of a finished connection against what is wrong with its capture.
 *
 * Input:  the connection with all its findings; each row of finding.def names the traps that can fake it.
 * Output: finding.traps, confidence one step lower where a trap is there; findings that a trap explains
 *         wholly are gone: the capture's own finding says what there is to say.
 * Does not: touch findings about the capture.
 */
#include "config.h"

#include "tcp/find.h"

/* What had not come by then, ns, would not have come had the capture gone on. */
#define SILENCE (3 * NS_PER_SEC)

static bool is_swapped_handshake(const struct conn *c)
{
	return c->syns > 0 && c->synack_time >= 0 && c->syn_time < 0;
}

unsigned find_traps(const struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];
	unsigned traps = c->traps & ~(unsigned)TRAP_DROP;

	/* (What came late after all was not lost.) */
	if (a->missing || b->missing || a->nholes || b->nholes)
		traps |= TRAP_DROP;
	if (c->acked_before_seen || c->ids_went_back || is_swapped_handshake(c) ||
	    (traps & TRAP_CLOCK))
		traps |= TRAP_REORDER;
	if (c->is_midstream)
		traps |= TRAP_MIDSTREAM;
	if (find_capture_is_one_sided(c))
		traps |= TRAP_ONE_SIDED;
	if (c->was_cut_off && !c->is_over && c->watched - c->end < SILENCE)
		traps |= TRAP_END;
	return traps;
}

/* What was missing, so long before or after, may have moved what the finding is about (ns). */
#define OUTAGE_MAX (2 * NS_PER_SEC)

/* (Of many times only the first is known.) */
static bool is_at_hand(const struct finding *cause, const struct finding *f)
{
	int64_t apart = cause->time - f->time;

	return cause->count > 1 || (apart <= OUTAGE_MAX && apart >= -OUTAGE_MAX);
}

static bool has_cause(const struct conn *c, const struct finding *f, enum finding_id id, bool near)
{
	for (unsigned dir = 0; dir <= BY_NOBODY; dir++) {
		const struct finding *cause = find_have(c, id, dir);

		if (cause && (!near || is_at_hand(cause, f)))
			return true;
	}
	return false;
}

/* What is on the right, at any time or near, leaves nothing to say for what is on the left. */
static bool is_explained(const struct conn *c, const struct finding *f)
{
	static const struct {
		uint16_t id, cause; /* enum finding_id */
		bool near;
	} explained[] = {
		/* of course it was not closed: the capture ended while it was busy */
		{ FINDING_NEVER_CLOSED, FINDING_CAPTURE_ENDS_MID, false },
		/* the highest bytes may be among those that the capture lacks */
		{ FINDING_SACK_INVALID, FINDING_CAPTURE_GAP_ACKED, true },
		/* and the acknowledgments that moved the window */
		{ FINDING_SEQ_RIGHT_OF_WINDOW, FINDING_CAPTURE_GAP_ACKED, true },
		{ FINDING_WINDOW_EXCEEDED, FINDING_CAPTURE_GAP_ACKED, true },
		/* the card or the host puts segments together: sizes are not the sender's */
		{ FINDING_MSS_EXCEEDED, FINDING_OFFLOAD_SUPER_SEGMENTS, false },
		/* acknowledgments that are written in the wrong order step back */
		{ FINDING_ACK_REGRESSED, FINDING_CLOCK_STEP_BACK, false },
		{ FINDING_ACK_REGRESSED, FINDING_REORDERED_AT_TAP, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(explained); i++)
		if (explained[i].id == f->id &&
		    has_cause(c, f, (enum finding_id)explained[i].cause, explained[i].near))
			return true;
	return false;
}

void find_gate(struct conn *c)
{
	unsigned traps;

	if (!c->nfindings)
		return;
	traps = find_traps(c);
	for (unsigned i = c->nfindings; i-- > 0;)
		if (is_explained(c, &c->findings[i]))
			find_drop(c, &c->findings[i]);
	for (unsigned i = 0; i < c->nfindings; i++)
		finding_doubt(&c->findings[i], traps);
}
