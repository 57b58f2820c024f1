/* SPDX-License-Identifier: MIT */
/*
 * state - the history of an endpoint: the only code that writes a state, and only as fsm.def says.
 *
 * Memory: a list of fixed length per endpoint; what no longer fits is counted, the state stays right.
 */
#include "config.h"

#include "tcp/conn.h"

/* The entry for it, to be filled: all 0, its padding too, which is packed with it.  NULL when there is no room. */
static struct state_entry *enter(struct endpoint *e, uint8_t s, uint8_t certainty)
{
	struct state_entry *entry;

	e->state = s;
	e->is_presumed = certainty == PRESUMED;
	if (e->nhistory == HISTORY_MAX) {
		e->history_lost++;
		return NULL;
	}
	entry = &e->history[e->nhistory++];
	memset(entry, 0, sizeof(*entry));
	entry->state = s;
	entry->certainty = certainty;
	return entry;
}

void state_begin(struct endpoint *e, enum tcp_state s)
{
	struct state_entry *entry = e->nhistory == 0 ? enter(e, (uint8_t)s, PROVED) : NULL;

	if (entry)
		entry->rule = FSM_RULE_NONE;
}

bool state_stimulus(struct endpoint *e, enum fsm_stimulus stimulus, const struct cause *cause)
{
	uint16_t rule = fsm_rule_find(e->state, stimulus);
	struct state_entry *entry;
	uint64_t proved_by;
	uint8_t to;

	if (rule == FSM_RULE_NONE)
		return false;
	state_begin(e, TCPS_UNKNOWN);
	to = fsm_rule_at(rule)->to;
	if (to == e->state)
		return true;
	proved_by = e->is_presumed ? 0 : cause->proved_by;
	entry = enter(e, to, proved_by ? PROVED : PRESUMED);
	if (!entry)
		return true;
	entry->rule = rule;
	entry->packet = cause->packet;
	entry->proved_by = proved_by;
	entry->time = cause->time;
	return true;
}

void state_undo(struct endpoint *e)
{
	const struct state_entry *last;

	if (e->nhistory < 2 || e->history_lost)
		return;
	last = &e->history[--e->nhistory - 1];
	e->state = last->state;
	e->is_presumed = last->certainty == PRESUMED;
}
