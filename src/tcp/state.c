/* SPDX-License-Identifier: MIT */
/*
 * state - the history of an endpoint: the only code that writes a state, and only as fsm.def says.
 *
 * Memory: a list of fixed length per endpoint; what no longer fits is counted, the state stays right.
 */
#include "config.h"

#include "tcp/conn.h"

/* False when the history has no room for an entry. */
static bool enter(struct endpoint *e, uint8_t s, uint8_t certainty)
{
	e->state = s;
	e->is_presumed = certainty == PRESUMED;
	if (e->nhistory < HISTORY_MAX)
		return true;
	e->history_lost++;
	return false;
}

void state_begin(struct endpoint *e, enum tcp_state s)
{
	if (e->nhistory == 0 && enter(e, (uint8_t)s, PROVED))
		e->history[e->nhistory++] = (struct state_entry){
			.state = (uint8_t)s,
			.certainty = PROVED,
			.rule = FSM_RULE_NONE,
		};
}

bool state_stimulus(struct endpoint *e, enum fsm_stimulus stimulus, const struct cause *cause)
{
	uint16_t rule = fsm_rule_find(e->state, stimulus);
	uint64_t proved_by;
	uint8_t to, certainty;

	if (rule == FSM_RULE_NONE)
		return false;
	state_begin(e, TCPS_UNKNOWN);
	to = fsm_rule_at(rule)->to;
	if (to == e->state)
		return true;
	proved_by = e->is_presumed ? 0 : cause->proved_by;
	certainty = proved_by ? PROVED : PRESUMED;
	if (enter(e, to, certainty))
		e->history[e->nhistory++] = (struct state_entry){
			.state = to,
			.certainty = certainty,
			.rule = rule,
			.packet = cause->packet,
			.proved_by = proved_by,
			.time = cause->time,
		};
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
