/* SPDX-License-Identifier: MIT */
/*
 * session - gathers the rows of one connection.
 *
 * The record comes from the analysis of the whole capture, which knows how the connection ended
 * (its ports reused, TIME-WAIT over); the replay serves for what a segment was and for the
 * variables.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/session.h"

struct session *session_new(const struct conn_record *r)
{
	struct session *s = mem_alloc(1, sizeof(*s));

	s->record = *r;
	for (int i = 0; i < 2; i++)
		s->record.sides[i].states =
		    mem_copy(r->sides[i].states, r->sides[i].nstates, sizeof(struct state_entry));
	s->record.resets = mem_copy(r->resets, r->nresets, sizeof(*r->resets));
	s->record.icmp = mem_copy(r->icmp, r->nicmp, sizeof(*r->icmp));
	s->record.findings = mem_copy(r->findings, r->nfindings, sizeof(*r->findings));
	s->replay = replay_new();
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	replay_free(s->replay);
	for (int i = 0; i < 2; i++)
		free((void *)(uintptr_t)s->record.sides[i].states);
	free((void *)(uintptr_t)s->record.resets);
	free((void *)(uintptr_t)s->record.icmp);
	free((void *)(uintptr_t)s->record.findings);
	free(s->rows);
	free(s);
}

/* Sides by the record: while a connection runs, its client may not be known yet. */
static uint8_t sender(const struct conn_record *r, const struct segment *seg)
{
	const struct endpoint_addr *c = &r->sides[SIDE_CLIENT].addr;

	return addr_equal(&c->ip, &seg->src) && c->port == seg->sport ? SIDE_CLIENT : SIDE_SERVER;
}

static void swap_ends(struct replay_step *step)
{
	struct end_snapshot tmp = step->ends[0];

	step->ends[0] = step->ends[1];
	step->ends[1] = tmp;
	step->side = !step->side;
}

/* Why a segment was sent again may only show at the next time. */
static void revise(struct session *s, const struct transfer_step *t)
{
	for (size_t i = s->nrows; t->revised && i-- > 0 && s->rows[i].packet >= t->revised;)
		if (s->rows[i].packet == t->revised)
			s->rows[i].step.transfer.kind = t->revised_kind;
}

static uint64_t relative_sack(const struct session_row *row, const struct segment *seg, uint32_t n)
{
	int64_t distance = (int32_t)(n - seg->ack);

	return row->step.rel_ack + (uint64_t)distance;
}

void session_fill(struct session_row *row, const struct conn_record *r, const struct segment *seg,
    struct replay *replay)
{
	*row = (struct session_row){
		.packet = seg->packet,
		.time = seg->ts - r->start,
		.side = sender(r, seg),
		.is_icmp = seg->kind == SEG_ICMP,
		.icmp_type = seg->icmp_type,
		.icmp_code = seg->icmp_code,
		.ip_version = seg->ip_version,
		.icmp_from = seg->icmp_from,
		.flags = seg->flags,
		.len = seg->len,
		.raw_seq = seg->seq,
		.raw_ack = seg->ack,
		.raw_window = seg->window,
		.options = seg->opt.seen,
		.mss = seg->opt.mss,
		.wscale = seg->opt.wscale,
		.nsack = seg->opt.nsack,
	};
	replay_segment(replay, seg, &row->step);
	if (row->step.side != row->side)
		swap_ends(&row->step);
	if (row->nsack) {
		row->sack_left = relative_sack(row, seg, seg->opt.sack[0].left);
		row->sack_right = relative_sack(row, seg, seg->opt.sack[0].right);
	}
}

void session_add(struct session *s, const struct segment *seg)
{
	s->rows = mem_grow(s->rows, s->nrows, &s->cap_rows, sizeof(*s->rows));
	session_fill(&s->rows[s->nrows++], &s->record, seg, s->replay);
	revise(s, &s->rows[s->nrows - 1].step.transfer);
}

/*
 * The packet on whose line an entry stands: its cause, but never above the entry before.  A FIN
 * that crossed ours is older than our own and changes our state later.
 */
const struct state_entry *session_caused(const struct side_record *s, uint64_t packet)
{
	const struct state_entry *last = NULL;
	uint64_t line = 0;

	for (uint32_t i = 0; i < s->nstates; i++) {
		const struct state_entry *e = &s->states[i];

		if (e->rule == FSM_RULE_NONE || !e->packet)
			continue;
		if (e->packet > line)
			line = e->packet;
		if (line == packet)
			last = e;
	}
	return last;
}

const struct state_entry *session_state(const struct side_record *s, const struct session_row *row)
{
	const struct state_entry *last = s->nstates ? &s->states[0] : NULL;

	for (uint32_t i = 1; i < s->nstates; i++) {
		const struct state_entry *e = &s->states[i];

		if (e->packet ? e->packet > row->packet : e->time > row->time)
			break;
		last = e;
	}
	return last;
}

bool session_has_marks(const struct finding *f)
{
	const struct finding_info *info = finding_info(f->id);

	return info->class != CLASS_CAPTURE || info->severity > SEVERITY_INFO;
}

bool session_is_evidence(const struct finding *f, uint64_t packet)
{
	for (unsigned i = 0; i < f->npackets; i++)
		if (f->packets[i] == packet)
			return true;
	return false;
}
