/* SPDX-License-Identifier: MIT */
/*
 * reasm_slow - the reference: no pieces are cut or joined, every rule is applied to single bytes.
 */
#include "config.h"

#include <string.h>

#include "lib/reasm_slow.h"

#define PATIENCE NS_PER_SEC
#define NEVER    INT64_MIN

void slow_init(struct reasm_slow *s, const struct reasm_options *o)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->counting = true;
	s->gap_since = NEVER;
}

static bool is_there(const struct reasm_slow *s, uint64_t i)
{
	return s->cells[i].state == SLOW_WAITS || s->cells[i].state == SLOW_LACKS;
}

static void count(struct reasm_slow *s, uint64_t limit)
{
	if (s->counting && limit > s->bytes)
		s->bytes = limit;
}

static void give_gap(struct reasm_slow *s, enum stream_gap kind)
{
	count(s, s->next);
	s->counting = false;
	s->missing++;
	s->cells[s->next++] = (struct slow_cell){ SLOW_GAP, (uint8_t)kind };
	s->last_gap = s->next;
	s->gap_since = NEVER;
}

static void pull(struct reasm_slow *s)
{
	while (is_there(s, s->next)) {
		if (s->cells[s->next].state == SLOW_LACKS) {
			give_gap(s, GAP_CUT);
			continue;
		}
		s->cells[s->next++].state = SLOW_DATA;
		s->delivered++;
		s->gap_since = NEVER;
	}
}

/* The first that waits; 0 = none. */
static uint64_t first_waiting(const struct reasm_slow *s)
{
	for (uint64_t i = s->next; i < REASM_SLOW_BYTES; i++)
		if (is_there(s, i))
			return i;
	return 0;
}

static uint64_t count_waiting(const struct reasm_slow *s)
{
	uint64_t n = 0;

	for (uint64_t i = s->next; i < REASM_SLOW_BYTES; i++)
		n += is_there(s, i);
	return n;
}

/* What is acknowledged was there; what is not, perhaps not: two kinds of gap. */
static void declare_gap(struct reasm_slow *s)
{
	uint64_t to = first_waiting(s);
	bool is_acked = s->acked > s->next;

	if (to == 0 || (is_acked && s->acked < to))
		to = s->acked;
	while (s->next < to)
		give_gap(s, is_acked ? GAP_NOT_CAPTURED : GAP_NOT_ACKED);
	pull(s);
}

/* As Novak and Sturges describe the stacks: does a newer segment take what it shares with an older one? */
static bool newer_wins(uint8_t policy, const struct slow_piece *old, const struct slow_piece *new)
{
	bool same = new->from == old->from, before = new->from < old->from;

	switch ((enum overlap_policy)policy) {
	case OVERLAP_FIRST:
	case OVERLAP_WINDOWS:
		return false;
	case OVERLAP_LAST:
		return true;
	case OVERLAP_BSD:
		return before;
	case OVERLAP_LINUX:
		return before || (same && new->to > old->to);
	case OVERLAP_SOLARIS:
		return before || same ? new->to >= old->to : new->to > old->to;
	case OVERLAP_COUNT:
		break;
	}
	return false;
}

/* Of an older segment only what is not delivered counts. */
static bool older_keeps(const struct reasm_slow *s, const struct slow_piece *new, uint64_t i)
{
	for (size_t k = 0; k < s->npieces; k++) {
		struct slow_piece old = s->pieces[k];

		if (old.from < s->next)
			old.from = s->next;
		if (i >= old.from && i < old.to && !newer_wins(s->o->policy, &old, new))
			return true;
	}
	return false;
}

/* Bytes that were delivered come again.  A keepalive's single byte means nothing. */
static void compare(struct reasm_slow *s, uint64_t from, const uint8_t *bytes, uint64_t to)
{
	uint64_t end = to < s->next ? to : s->next;

	if (!bytes || from + 1 == s->next)
		return;
	for (uint64_t i = from; i < end; i++) {
		if (s->cells[i].state != SLOW_DATA || s->cells[i].byte == bytes[i - from])
			continue;
		if (i >= s->last_gap && i + REASM_WINDOW_MIN >= s->next)
			s->conflict = true;
		else
			s->old_conflict = true;
	}
}

static void store(struct reasm_slow *s, const struct slow_piece *p, const uint8_t *bytes)
{
	for (uint64_t i = p->from; i < p->to; i++) {
		struct slow_cell *c = &s->cells[i];
		uint8_t byte = bytes ? bytes[i - p->from] : 0;

		if (c->state == SLOW_WAITS && bytes && c->byte != byte)
			s->conflict = true;
		if (c->state == SLOW_WAITS && (!bytes || older_keeps(s, p, i)))
			continue;
		*c = (struct slow_cell){ bytes ? SLOW_WAITS : SLOW_LACKS, byte };
	}
}

void slow_add(struct reasm_slow *s, uint64_t from, const uint8_t *bytes, size_t n)
{
	struct slow_piece p = { .from = from, .to = from + n };

	if (s->fin && p.to > s->fin)
		p.to = s->fin;
	compare(s, from, bytes, p.to);
	if (p.from < s->next)
		p.from = s->next;
	if (p.from >= p.to)
		return;
	store(s, &p, bytes ? bytes + (p.from - from) : NULL);
	s->pieces[s->npieces++] = p;
	pull(s);
	while (count_waiting(s) > s->o->max_bytes) {
		s->dropped++;
		declare_gap(s);
	}
}

void slow_hold(struct reasm_slow *s, uint64_t from, uint8_t *bytes, size_t n)
{
	struct slow_piece p = { from, from + n, bytes };

	if (s->fin && p.to > s->fin)
		p.to = s->fin;
	if (p.to <= s->next || p.from >= p.to)
		return;
	if (s->nheld == REASM_HELD_MAX)
		memmove(&s->held[0], &s->held[1], --s->nheld * sizeof(s->held[0]));
	s->held[s->nheld++] = p;
}

static bool accept_held(struct reasm_slow *s, uint64_t ack)
{
	for (size_t i = 0; i < s->nheld; i++) {
		struct slow_piece p = s->held[i];

		if (p.to > ack)
			p.to = ack;
		if (p.from > s->next || p.to <= s->next)
			continue;
		slow_add(s, s->next, p.bytes + (s->next - p.from), (size_t)(p.to - s->next));
		return true;
	}
	return false;
}

void slow_ack(struct reasm_slow *s, uint64_t ack, int64_t time)
{
	size_t kept = 0;

	if (s->fin && ack > s->fin)
		ack = s->fin;
	if (ack > s->acked)
		s->acked = ack;
	count(s, ack < s->next ? ack : s->next);
	while (s->next < ack && accept_held(s, ack))
		;
	for (size_t i = 0; i < s->nheld; i++)
		if (s->held[i].to > s->next)
			s->held[kept++] = s->held[i];
	s->nheld = kept;
	if (s->next >= ack)
		return;
	if (s->gap_since == NEVER)
		s->gap_since = time;
	else if (time - s->gap_since > PATIENCE)
		declare_gap(s);
}

void slow_fin(struct reasm_slow *s, uint64_t fin)
{
	s->fin = fin;
	if (s->acked > fin)
		s->acked = fin;
	for (uint64_t i = fin; i < REASM_SLOW_BYTES; i++)
		s->cells[i].state = SLOW_EMPTY;
}

void slow_end(struct reasm_slow *s, bool refused)
{
	count(s, refused && s->acked < s->next ? s->acked : s->next);
	s->counting = s->counting && !refused;
	while (first_waiting(s))
		declare_gap(s);
	if (s->acked > s->next)
		declare_gap(s);
	count(s, s->next);
}
