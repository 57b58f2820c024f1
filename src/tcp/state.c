/* SPDX-License-Identifier: MIT */
/*
 * state - the history of an endpoint: the only code that writes a state, and only as fsm.def says.
 *
 * Memory: a list of fixed length per endpoint; what no longer fits is counted, the state stays right.
 */
#include "config.h"

#include "tcp/conn.h"

static void append(struct endpoint *e, const struct state_entry *entry)
{
	e->state = entry->state;
	e->is_presumed = entry->certainty == PRESUMED;
	if (e->nhistory == HISTORY_MAX) {
		e->history_lost++;
		return;
	}
	e->history[e->nhistory++] = *entry;
}

void state_begin(struct endpoint *e, enum tcp_state s)
{
	if (e->nhistory == 0)
		append(e, &(struct state_entry){
		              .state = (uint8_t)s, .certainty = PROVED, .rule = FSM_RULE_NONE });
}

bool state_stimulus(struct endpoint *e, enum fsm_stimulus stimulus, const struct cause *cause)
{
	uint16_t rule = fsm_rule_find(e->state, stimulus);
	struct state_entry entry;
	uint8_t to;

	if (rule == FSM_RULE_NONE)
		return false;
	state_begin(e, TCPS_UNKNOWN);
	to = fsm_rule_at(rule)->to;
	if (to == e->state)
		return true;
	entry = (struct state_entry){
		.state = to,
		.certainty = cause->proved_by && !e->is_presumed ? PROVED : PRESUMED,
		.rule = rule,
		.packet = cause->packet,
		.proved_by = e->is_presumed ? 0 : cause->proved_by,
		.time = cause->time,
	};
	append(e, &entry);
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
