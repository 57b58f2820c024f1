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

static bool has_any(const struct conn *c, enum finding_id id)
{
	for (unsigned dir = 0; dir <= BY_NOBODY; dir++)
		if (find_have(c, id, dir))
			return true;
	return false;
}

/* What is on the right leaves nothing to say for what is on the left. */
static bool is_explained(const struct conn *c, unsigned id)
{
	static const struct {
		uint16_t id, cause; /* enum finding_id */
	} explained[] = {
		/* of course it was not closed: the capture ended while it was busy */
		{ FINDING_NEVER_CLOSED, FINDING_CAPTURE_ENDS_MID },
		/* the highest bytes may be among those that the capture lacks */
		{ FINDING_SACK_INVALID, FINDING_CAPTURE_GAP_ACKED },
		/* and the acknowledgments that moved the window */
		{ FINDING_SEQ_RIGHT_OF_WINDOW, FINDING_CAPTURE_GAP_ACKED },
		{ FINDING_WINDOW_EXCEEDED, FINDING_CAPTURE_GAP_ACKED },
		/* the card or the host puts segments together: sizes are not the sender's */
		{ FINDING_MSS_EXCEEDED, FINDING_OFFLOAD_SUPER_SEGMENTS },
		/* acknowledgments that are written in the wrong order step back */
		{ FINDING_ACK_REGRESSED, FINDING_CLOCK_STEP_BACK },
		{ FINDING_ACK_REGRESSED, FINDING_REORDERED_AT_TAP },
	};

	for (size_t i = 0; i < ARRAY_LEN(explained); i++)
		if (explained[i].id == id && has_any(c, (enum finding_id)explained[i].cause))
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
		if (is_explained(c, c->findings[i].id))
			find_drop(c, &c->findings[i]);
	for (unsigned i = 0; i < c->nfindings; i++)
		finding_doubt(&c->findings[i], traps);
}
