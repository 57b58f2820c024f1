/* SPDX-License-Identifier: MIT */
/*
 * ladder - decides what is drawn: which gaps, which folds, what is missing.
 *
 * A gap is drawn when it is longer than a second, or longer than four handshake round trips (50 ms
 * at least) and among the GAPS_MAX longest.  A run of FOLD_MIN or more segments that carry only
 * data and acknowledgments, without a note that matters, a change of state or a drawn gap, becomes one item.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/ladder.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

enum {
	GAPS_MAX = 50,
	HOLES_OPEN = 64, /* latest items of what is missing that a late packet may fill */
};
#define GAP_FLOOR (50 * NS_PER_SEC / 1000)

#define NOTE(id)  (1u << SEGMENT_NOTE_##id)
/* Notes that do not keep a segment out of a fold; a duplicate ACK only behind another, a window only if it was open. */
#define NOTES_FOLDED                                                                               \
	(NOTE(WINDOW_UPDATE) | NOTE(TRUNCATED) | NOTE(DUPLICATE_ACK) | NOTE(WINDOW_FULL))

struct builder {
	struct ladder *ladder;
	const struct ladder_source *src;
	const struct ladder_options *o;
	int64_t threshold; /* shortest gap worth drawing */
	int64_t smallest;  /* the shortest of the GAPS_MAX longest */
	uint32_t timer[2]; /* next entry of states that may be due to a timer */
	uint64_t *special; /* ordinals of packets that stand on lines of their own, ascending */
	size_t nspecial, at_special;
	uint32_t edge[2]; /* behind the highest number captured of a side */
	bool has_edge[2];
	bool was_dup[2];  /* the last segment of the side was a duplicate ACK */
	bool was_zero[2]; /* it closed the window */
	size_t holes[HOLES_OPEN];
	size_t nholes;  /* counts on */
	size_t run;     /* first packet of the run of plain ones at hand */
	int64_t run_to; /* time of the last packet */
};

/* ---- gaps ---- */

static int64_t time_of(const struct ladder_source *src, size_t i)
{
	struct ladder_peek p;

	src->peek(src->ctx, i, &p);
	return p.time;
}

/* The GAPS_MAX longest, as a heap whose first is the shortest of them. */
struct longest {
	int64_t gaps[GAPS_MAX];
	size_t n;
};

static void sink_down(struct longest *l)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		int64_t tmp;

		if (child >= l->n)
			return;
		if (child + 1 < l->n && l->gaps[child + 1] < l->gaps[child])
			child++;
		if (l->gaps[i] <= l->gaps[child])
			return;
		tmp = l->gaps[i];
		l->gaps[i] = l->gaps[child];
		l->gaps[child] = tmp;
		i = child;
	}
}

static void note_gap(struct longest *l, int64_t gap)
{
	size_t i = l->n;

	if (l->n == GAPS_MAX) {
		if (gap <= l->gaps[0])
			return;
		l->gaps[0] = gap;
		sink_down(l);
		return;
	}
	l->n++;
	for (; i > 0 && l->gaps[(i - 1) / 2] > gap; i = (i - 1) / 2)
		l->gaps[i] = l->gaps[(i - 1) / 2];
	l->gaps[i] = gap;
}

static void choose_gaps(struct builder *b)
{
	const struct conn_record *r = b->src->record;
	struct longest longest = { .n = 0 };
	int64_t before = 0;

	b->threshold = GAP_FLOOR;
	if (r->has_syn_to_synack && 4 * (r->syn_to_synack + r->synack_to_ack) > b->threshold)
		b->threshold = 4 * (r->syn_to_synack + r->synack_to_ack);
	for (size_t i = 0; i < b->src->n; i++) {
		int64_t time = time_of(b->src, i);

		if (i && time - before > b->threshold)
			note_gap(&longest, time - before);
		before = time;
	}
	b->smallest = longest.n == GAPS_MAX ? longest.gaps[0] : 0;
}

static bool is_drawn_gap(const struct builder *b, int64_t gap)
{
	if (b->o->gaps == LADDER_GAPS_OFF)
		return false;
	return gap > NS_PER_SEC || (gap > b->threshold && gap >= b->smallest);
}

const char *ladder_gap_label(const struct session_row *after)
{
	return wait_label((enum wait)after->step.transfer.wait);
}

/* ---- items ---- */

static struct ladder_item *add_item(struct ladder *l, enum ladder_kind kind, size_t row)
{
	struct ladder_item *it;

	l->items = mem_grow(l->items, l->nitems, &l->cap, sizeof(*l->items));
	it = &l->items[l->nitems++];
	*it = (struct ladder_item){ .kind = (uint8_t)kind, .first = row, .last = row };
	return it;
}

static uint8_t gap_lines(const struct builder *b, int64_t gap)
{
	int64_t limit = b->threshold;
	uint8_t lines = 1;

	if (b->o->brief)
		return 1;
	if (b->o->gaps == LADDER_GAPS_LINEAR)
		return (uint8_t)(gap / NS_PER_SEC < 2 ? 1 + gap / NS_PER_SEC : 3);
	while (lines < 3 && limit < INT64_MAX / 10 && gap >= (limit *= 10))
		lines++;
	return lines;
}

static void add_gap(struct builder *b, size_t i, int64_t gap)
{
	struct ladder_item *it = add_item(b->ladder, LADDER_GAP, i);

	it->gap = gap;
	it->lines = gap_lines(b, gap);
}

/* A segment by itself joins those before it that are by themselves too. */
static void add_segments(struct builder *b, size_t first, size_t last)
{
	struct ladder *l = b->ladder;
	struct ladder_item *it = l->nitems ? &l->items[l->nitems - 1] : NULL;

	if (it && it->kind == LADDER_SEGMENT && it->last + 1 == first)
		it->last = last;
	else
		add_item(l, LADDER_SEGMENT, first)->last = last;
}

/* States that a timer changed before `time`. */
static void add_timers(struct builder *b, int64_t time)
{
	for (uint8_t side = 0; side < 2; side++) {
		const struct side_record *sr = &b->src->record->sides[side];

		for (; b->timer[side] < sr->nstates; b->timer[side]++) {
			const struct state_entry *e = &sr->states[b->timer[side]];
			struct ladder_item *it;

			if (e->rule == FSM_RULE_NONE || e->packet)
				continue;
			if (e->time >= time)
				break;
			it = add_item(b->ladder, LADDER_TIMER, b->run);
			it->side = side;
			it->entry = b->timer[side];
		}
	}
}

/* Is the next state of a side one that a timer brought before then? */
static bool is_timer_due(const struct builder *b, int64_t time)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *sr = &b->src->record->sides[side];
		uint32_t i = b->timer[side];

		while (i < sr->nstates &&
		       (sr->states[i].rule == FSM_RULE_NONE || sr->states[i].packet))
			i++;
		if (i < sr->nstates && sr->states[i].time < time)
			return true;
	}
	return false;
}

/* ---- which packets have a line of their own ---- */

static int by_ordinal(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Evidence of findings and causes of states. */
static void collect_special(struct builder *b)
{
	const struct conn_record *r = b->src->record;
	size_t most =
	    r->nfindings * (size_t)FINDING_PACKETS + r->sides[0].nstates + r->sides[1].nstates;

	b->special = mem_alloc(most, sizeof(*b->special));
	for (uint32_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		for (unsigned k = 0; session_has_marks(f) && k < f->npackets; k++)
			b->special[b->nspecial++] = f->packets[k];
	}
	for (unsigned side = 0; side < 2; side++) {
		uint64_t line = 0;

		for (uint32_t i = 0; i < r->sides[side].nstates; i++) {
			const struct state_entry *e = &r->sides[side].states[i];

			if (e->rule == FSM_RULE_NONE || !e->packet)
				continue;
			line = e->packet > line ? e->packet : line; /* as session_caused() */
			b->special[b->nspecial++] = line;
		}
	}
	if (b->nspecial)
		qsort(b->special, b->nspecial, sizeof(*b->special), by_ordinal);
}

static bool is_special(struct builder *b, uint64_t packet)
{
	while (b->at_special < b->nspecial && b->special[b->at_special] < packet)
		b->at_special++;
	return b->at_special < b->nspecial && b->special[b->at_special] == packet;
}

static bool is_plain(struct builder *b, const struct ladder_peek *p)
{
	bool is_dup = (p->notes & NOTE(DUPLICATE_ACK)) != 0, was_dup = b->was_dup[p->side];

	bool opens = p->notes & NOTE(WINDOW_UPDATE) && b->was_zero[p->side];

	b->was_dup[p->side] = is_dup;
	b->was_zero[p->side] = (p->notes & NOTE(ZERO_WINDOW)) != 0;
	if (is_special(b, p->packet) || opens || p->is_icmp || p->notes & ~NOTES_FOLDED)
		return false;
	if (is_dup ? !was_dup : p->has_sack)
		return false;
	return !(p->flags & ~(unsigned)(TCP_ACK | TCP_PSH));
}

/* ---- what was never captured ---- */

static void add_unseen(struct builder *b, size_t i, unsigned side, uint32_t end)
{
	struct ladder_item *it;

	it = add_item(b->ladder, LADDER_UNSEEN, i);
	it->side = (uint8_t)side;
	it->seq = b->edge[side];
	it->bytes = end - b->edge[side];
	it->lines = 1;
	b->holes[b->nholes++ % HOLES_OPEN] = b->ladder->nitems - 1;
}

/* It was not lost: it came late, at least in part. */
static void fill_holes(struct builder *b, const struct ladder_peek *p)
{
	size_t from = b->nholes > HOLES_OPEN ? b->nholes - HOLES_OPEN : 0;

	for (size_t i = from; i < b->nholes; i++) {
		struct ladder_item *it = &b->ladder->items[b->holes[i % HOLES_OPEN]];

		if (it->side == p->side && seq_lt(p->seq, it->seq + it->bytes) &&
		    seq_lt(it->seq, p->seq + p->len))
			it->lines = 0;
	}
}

static uint32_t end_of(const struct ladder_peek *p)
{
	return p->seq + p->len + ((p->flags & TCP_SYN) != 0) + ((p->flags & TCP_FIN) != 0);
}

static void look_for_unseen(struct builder *b, size_t i, const struct ladder_peek *p)
{
	unsigned peer = !p->side;

	if (p->notes & NOTE(GAP_BEFORE) && b->has_edge[p->side] && seq_lt(b->edge[p->side], p->seq))
		add_unseen(b, i, p->side, p->seq);
	if (p->notes & NOTE(ACKS_UNSEEN) && b->has_edge[peer] && seq_lt(b->edge[peer], p->ack)) {
		add_unseen(b, i, peer, p->ack);
		b->edge[peer] = p->ack;
	}
	if (p->notes & NOTE(OUT_OF_ORDER))
		fill_holes(b, p);
}

static void advance_edge(struct builder *b, const struct ladder_peek *p)
{
	uint32_t end = end_of(p);

	if (p->is_icmp || p->flags & TCP_RST || p->notes & NOTE(IGNORED))
		return;
	if (!b->has_edge[p->side] || seq_lt(b->edge[p->side], end))
		b->edge[p->side] = end;
	b->has_edge[p->side] = true;
}

/* ---- the layout ---- */

static bool is_opened(const struct builder *b, size_t i)
{
	struct ladder_peek p;

	b->src->peek(b->src->ctx, i, &p);
	for (size_t k = 0; k < b->o->nopened; k++)
		if (p.packet >= b->o->opened[k].first && p.packet <= b->o->opened[k].last)
			return true;
	return false;
}

/* The run of plain packets before i is over. */
static void end_run(struct builder *b, size_t i)
{
	uint32_t least = b->o->fold_min ? b->o->fold_min : LADDER_FOLD_MIN;

	if (i > b->run) {
		if (b->o->fold && i - b->run >= least && !is_opened(b, b->run))
			add_item(b->ladder, LADDER_FOLD, b->run)->last = i - 1;
		else
			add_segments(b, b->run, i - 1);
	}
	b->run = i;
}

static void add_packet(struct builder *b, size_t i)
{
	struct ladder_peek p;
	int64_t gap;
	bool plain, is_gap;

	b->src->peek(b->src->ctx, i, &p);
	gap = i ? p.time - b->run_to : 0;
	plain = is_plain(b, &p);
	is_gap = is_drawn_gap(b, gap);
	if (!plain || is_gap || is_timer_due(b, p.time))
		end_run(b, i);
	add_timers(b, p.time);
	if (is_gap)
		add_gap(b, i, gap);
	if (!p.is_icmp)
		look_for_unseen(b, i, &p);
	advance_edge(b, &p);
	if (!plain) {
		add_segments(b, i, i);
		b->run = i + 1;
	}
	b->run_to = p.time;
}

static uint64_t lines_of(const struct ladder_item *it)
{
	switch ((enum ladder_kind)it->kind) {
	case LADDER_SEGMENT:
		return it->last - it->first + 1;
	case LADDER_GAP:
	case LADDER_UNSEEN:
		return it->lines;
	case LADDER_FOLD:
	case LADDER_TIMER:
		break;
	}
	return 1;
}

static void number_lines(struct ladder *l)
{
	l->lines = 0;
	for (size_t i = 0; i < l->nitems; i++) {
		l->items[i].line = l->lines;
		l->lines += lines_of(&l->items[i]);
	}
}

void ladder_build(struct ladder *l, const struct ladder_source *src, const struct ladder_options *o)
{
	struct builder b = { .ladder = l, .src = src, .o = o };

	*l = (struct ladder){ 0 };
	choose_gaps(&b);
	collect_special(&b);
	for (size_t i = 0; i < src->n; i++)
		add_packet(&b, i);
	end_run(&b, src->n);
	add_timers(&b, INT64_MAX);
	number_lines(l);
	free(b.special);
}

void ladder_release(struct ladder *l)
{
	free(l->items);
	*l = (struct ladder){ 0 };
}

size_t ladder_at(const struct ladder *l, uint64_t line)
{
	size_t from = 0, to = l->nitems;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (l->items[middle].line <= line)
			from = middle;
		else
			to = middle;
	}
	return from; /* items without lines stand before the one that has this line */
}

size_t ladder_packet(const struct ladder *l, uint64_t line)
{
	const struct ladder_item *it = &l->items[ladder_at(l, line)];

	return it->kind == LADDER_SEGMENT ? it->first + (size_t)(line - it->line) : it->first;
}

static bool holds(const struct ladder_item *it, size_t i)
{
	return (it->kind == LADDER_SEGMENT || it->kind == LADDER_FOLD) && i >= it->first &&
	       i <= it->last;
}

uint64_t ladder_line_of(const struct ladder *l, size_t i)
{
	size_t from = 0, to = l->nitems;

	/* Behind the last item that begins at or before packet i; what stands before a packet has its number. */
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (l->items[middle].first <= i)
			from = middle + 1;
		else
			to = middle;
	}
	while (from > 0) {
		const struct ladder_item *it = &l->items[--from];

		if (holds(it, i))
			return it->line + (it->kind == LADDER_SEGMENT ? i - it->first : 0);
	}
	return 0;
}

/* ---- folds ---- */

struct ladder_fold ladder_fold_of(const struct ladder_source *src, const struct ladder_item *it)
{
	struct ladder_fold f = { .from = time_of(src, it->first), .to = time_of(src, it->last) };

	for (size_t i = it->first; i <= it->last; i++) {
		struct ladder_peek p;

		src->peek(src->ctx, i, &p);
		if (p.len) {
			f.data[p.side]++;
			f.bytes[p.side] += p.len;
		} else {
			f.acks[p.side]++;
			f.dups[p.side] += (p.notes & NOTE(DUPLICATE_ACK)) != 0;
		}
	}
	return f;
}

/* ---- sessions ---- */

static void peek_row(const void *ctx, size_t i, struct ladder_peek *out)
{
	const struct session_row *row = &((const struct session *)ctx)->rows[i];

	*out = (struct ladder_peek){
		.packet = row->packet,
		.time = row->time,
		.len = row->len,
		.seq = row->raw_seq,
		.ack = row->raw_ack,
		.notes = row->step.notes,
		.flags = row->flags,
		.side = row->side,
		.is_icmp = row->is_icmp,
		.has_sack = row->nsack > 0,
	};
}

static struct ladder_source session_source(const struct session *s)
{
	return (struct ladder_source){ s->nrows, peek_row, s, &s->record };
}

void ladder_init(struct ladder *l, const struct session *s, bool fold)
{
	struct ladder_source src = session_source(s);
	struct ladder_options o = { .fold = fold };

	ladder_build(l, &src, &o);
	for (size_t i = 0; i < l->nitems; i++) {
		struct ladder_item *it = &l->items[i];

		if (it->kind == LADDER_GAP)
			it->label = ladder_gap_label(&s->rows[it->first]);
	}
}

struct ladder_fold ladder_fold_sum(const struct session *s, const struct ladder_item *it)
{
	struct ladder_source src = session_source(s);

	return ladder_fold_of(&src, it);
}
