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

static bool is_swapped_handshake(const struct conn *c)
{
	return c->syns > 0 && c->synack_time >= 0 && c->syn_time < 0;
}

static unsigned traps_of(const struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];
	unsigned traps = c->traps;

	if (a->missing || b->missing || a->nholes || b->nholes)
		traps |= TRAP_DROP;
	if (c->acked_before_seen || c->ids_went_back || is_swapped_handshake(c) ||
	    (traps & TRAP_CLOCK))
		traps |= TRAP_REORDER;
	if (c->is_midstream)
		traps |= TRAP_MIDSTREAM;
	if (find_capture_is_one_sided(c))
		traps |= TRAP_ONE_SIDED;
	if (c->was_cut_off && !c->is_over)
		traps |= TRAP_END;
	return traps;
}

void find_gate(struct conn *c)
{
	unsigned traps = traps_of(c);

	for (unsigned i = 0; i < c->nfindings; i++)
		finding_doubt(&c->findings[i], traps);
}
