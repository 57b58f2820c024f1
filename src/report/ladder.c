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

/* What is known of one connection on the way down. */
struct builder_conn {
	const struct conn_record *record;
	int64_t offset;    /* from its own times to those of the packets */
	uint32_t timer[2]; /* next entry of states that may be due to a timer */
	uint32_t edge[2];  /* behind the highest number captured of a side */
	bool has_edge[2];
	bool was_dup[2];  /* the last segment of the side was a duplicate ACK */
	bool was_zero[2]; /* it closed the window */
	size_t holes[HOLES_OPEN];
	size_t nholes; /* counts on */
};

struct builder {
	struct ladder *ladder;
	const struct ladder_source *src;
	const struct ladder_options *o;
	struct builder_conn *conns; /* as the records */
	int64_t threshold;          /* shortest gap worth drawing */
	int64_t smallest;           /* the shortest of the GAPS_MAX longest */
	uint64_t *special; /* ordinals of packets that stand on lines of their own, ascending */
	size_t nspecial, at_special;
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

/* Of several connections the slowest counts: for it a shorter wait is nothing special. */
static int64_t gap_threshold(const struct ladder_source *src)
{
	int64_t threshold = GAP_FLOOR;

	for (size_t i = 0; i < src->nrecords; i++) {
		const struct conn_record *r = &src->records[i];
		int64_t rtt = r->syn_to_synack + r->synack_to_ack;

		if (r->has_syn_to_synack && 4 * rtt > threshold)
			threshold = 4 * rtt;
	}
	return threshold;
}

static void choose_gaps(struct builder *b)
{
	struct longest longest = { .n = 0 };
	int64_t before = 0;

	b->threshold = gap_threshold(b->src);
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

/* Among several connections, in front of the first packet of one nobody had begun to wait. */
const char *ladder_gap_label(const struct session_row *after)
{
	const struct transfer_step *t = &after->step.transfer;

	return wait_label(t->wait && t->waited == 0 ? WAIT_IDLE : (enum wait)t->wait);
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

static void add_gap(struct builder *b, size_t i, int64_t gap, uint16_t conn)
{
	struct ladder_item *it = add_item(b->ladder, LADDER_GAP, i);

	it->conn = conn;
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

/* The next state of a side that a timer brought before `time`; NULL = there is none. */
static const struct state_entry *next_timer(struct builder_conn *c, unsigned side, int64_t time)
{
	const struct side_record *sr = &c->record->sides[side];

	for (; c->timer[side] < sr->nstates; c->timer[side]++) {
		const struct state_entry *e = &sr->states[c->timer[side]];

		if (e->rule != FSM_RULE_NONE && !e->packet)
			return e->time + c->offset < time ? e : NULL;
	}
	return NULL;
}

/* The first of all that are due; false = there is none. */
static bool first_timer(struct builder *b, int64_t time, uint16_t *conn, uint8_t *side)
{
	bool is_due = false;

	for (uint16_t i = 0; i < b->src->nrecords; i++) {
		for (uint8_t k = 0; k < 2; k++) {
			const struct state_entry *e = next_timer(&b->conns[i], k, time);

			if (!e)
				continue;
			time = e->time + b->conns[i].offset;
			*conn = i;
			*side = k;
			is_due = true;
		}
	}
	return is_due;
}

/* States that a timer changed before `time`. */
static void add_timers(struct builder *b, int64_t time)
{
	uint16_t conn;
	uint8_t side;

	while (first_timer(b, time, &conn, &side)) {
		struct ladder_item *it = add_item(b->ladder, LADDER_TIMER, b->run);

		it->conn = conn;
		it->side = side;
		it->entry = b->conns[conn].timer[side]++;
	}
}

/* ---- which packets have a line of their own ---- */

static int by_ordinal(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t most_special(const struct conn_record *r)
{
	return r->nfindings * (size_t)FINDING_PACKETS + r->sides[0].nstates + r->sides[1].nstates;
}

/* Evidence of findings and causes of states. */
static void add_special(struct builder *b, const struct conn_record *r)
{
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
}

/* A packet is of one connection, so that one list serves for all. */
static void collect_special(struct builder *b)
{
	size_t most = 0;

	for (size_t i = 0; i < b->src->nrecords; i++)
		most += most_special(&b->src->records[i]);
	b->special = mem_alloc(most, sizeof(*b->special));
	for (size_t i = 0; i < b->src->nrecords; i++)
		add_special(b, &b->src->records[i]);
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
	struct builder_conn *c = &b->conns[p->conn];
	bool is_dup = (p->notes & NOTE(DUPLICATE_ACK)) != 0, was_dup = c->was_dup[p->side];
	bool opens = p->notes & NOTE(WINDOW_UPDATE) && c->was_zero[p->side];

	c->was_dup[p->side] = is_dup;
	c->was_zero[p->side] = (p->notes & NOTE(ZERO_WINDOW)) != 0;
	if (is_special(b, p->packet) || opens || p->is_icmp || p->notes & ~NOTES_FOLDED)
		return false;
	if (is_dup ? !was_dup : p->has_sack)
		return false;
	return !(p->flags & ~(unsigned)(TCP_ACK | TCP_PSH));
}

/* ---- what was never captured ---- */

static void add_unseen(struct builder *b, size_t i, uint16_t conn, unsigned side, uint32_t end)
{
	struct builder_conn *c = &b->conns[conn];
	struct ladder_item *it = add_item(b->ladder, LADDER_UNSEEN, i);

	it->conn = conn;
	it->side = (uint8_t)side;
	it->seq = c->edge[side];
	it->bytes = end - c->edge[side];
	it->lines = 1;
	c->holes[c->nholes++ % HOLES_OPEN] = b->ladder->nitems - 1;
}

/* It was not lost: it came late, at least in part. */
static void fill_holes(struct builder *b, const struct ladder_peek *p)
{
	const struct builder_conn *c = &b->conns[p->conn];
	size_t from = c->nholes > HOLES_OPEN ? c->nholes - HOLES_OPEN : 0;

	for (size_t i = from; i < c->nholes; i++) {
		struct ladder_item *it = &b->ladder->items[c->holes[i % HOLES_OPEN]];

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
	struct builder_conn *c = &b->conns[p->conn];
	unsigned peer = !p->side;

	if (p->notes & NOTE(GAP_BEFORE) && c->has_edge[p->side] && seq_lt(c->edge[p->side], p->seq))
		add_unseen(b, i, p->conn, p->side, p->seq);
	if (p->notes & NOTE(ACKS_UNSEEN) && c->has_edge[peer] && seq_lt(c->edge[peer], p->ack)) {
		add_unseen(b, i, p->conn, peer, p->ack);
		c->edge[peer] = p->ack;
	}
	if (p->notes & NOTE(OUT_OF_ORDER))
		fill_holes(b, p);
}

static void advance_edge(struct builder_conn *c, const struct ladder_peek *p)
{
	uint32_t end = end_of(p);

	if (p->is_icmp || p->flags & TCP_RST || p->notes & NOTE(IGNORED))
		return;
	if (!c->has_edge[p->side] || seq_lt(c->edge[p->side], end))
		c->edge[p->side] = end;
	c->has_edge[p->side] = true;
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
	uint16_t conn;
	uint8_t side;

	b->src->peek(b->src->ctx, i, &p);
	gap = i ? p.time - b->run_to : 0;
	plain = is_plain(b, &p);
	is_gap = is_drawn_gap(b, gap);
	if (!plain || is_gap || first_timer(b, p.time, &conn, &side))
		end_run(b, i);
	add_timers(b, p.time);
	if (is_gap)
		add_gap(b, i, gap, p.conn);
	if (!p.is_icmp)
		look_for_unseen(b, i, &p);
	advance_edge(&b->conns[p.conn], &p);
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

static struct builder_conn *conns_of(const struct ladder_source *src)
{
	struct builder_conn *conns = mem_alloc(src->nrecords, sizeof(*conns));

	for (size_t i = 0; i < src->nrecords; i++) {
		conns[i].record = &src->records[i];
		conns[i].offset = src->records[i].start - src->start;
	}
	return conns;
}

void ladder_build(struct ladder *l, const struct ladder_source *src, const struct ladder_options *o)
{
	struct builder b = { .ladder = l, .src = src, .o = o, .conns = conns_of(src) };

	*l = (struct ladder){ 0 };
	choose_gaps(&b);
	collect_special(&b);
	for (size_t i = 0; i < src->n; i++)
		add_packet(&b, i);
	end_run(&b, src->n);
	add_timers(&b, INT64_MAX);
	number_lines(l);
	free(b.special);
	free(b.conns);
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
		f.conns |= p.conn < 64 ? UINT64_C(1) << p.conn : 0;
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
	return (struct ladder_source){
		.n = s->nrows,
		.peek = peek_row,
		.ctx = s,
		.records = &s->record,
		.nrecords = 1,
		.start = s->record.start,
	};
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
