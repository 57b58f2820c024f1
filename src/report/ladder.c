/* SPDX-License-Identifier: MIT */
/*
 * ladder - decides what is drawn: which gaps, which folds.
 *
 * A gap is drawn when it is longer than a second, or longer than four handshake round trips (50 ms
 * at least) and among the GAPS_MAX longest.  A run of FOLD_MIN or more segments that carry only
 * data and acknowledgments, without a note, a change of state or a drawn gap, becomes one item.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/ladder.h"
#include "tcpshadow/mem.h"

#define GAPS_MAX  ((size_t)50)
#define FOLD_MIN  4
#define GAP_FLOOR (50 * NS_PER_SEC / 1000)

struct builder {
	struct ladder *ladder;
	const struct session *s;
	int64_t threshold; /* shortest gap worth drawing */
	int64_t smallest;  /* the shortest of the GAPS_MAX longest */
	uint32_t timer[2]; /* next entry of states that may be due to a timer */
	bool fold;
};

static int by_length(const void *a, const void *b)
{
	int64_t x, y;

	x = *(const int64_t *)a;
	y = *(const int64_t *)b;
	return x > y ? -1 : x < y;
}

static int64_t gap_before(const struct session *s, size_t i)
{
	return i ? s->rows[i].time - s->rows[i - 1].time : 0;
}

static void choose_gaps(struct builder *b)
{
	const struct conn_record *r = &b->s->record;
	int64_t *gaps = mem_alloc(b->s->nrows, sizeof(*gaps));
	size_t n = 0;

	b->threshold = GAP_FLOOR;
	if (r->has_syn_to_synack && 4 * (r->syn_to_synack + r->synack_to_ack) > b->threshold)
		b->threshold = 4 * (r->syn_to_synack + r->synack_to_ack);
	for (size_t i = 0; i < b->s->nrows; i++)
		if (gap_before(b->s, i) > b->threshold)
			gaps[n++] = gap_before(b->s, i);
	if (n)
		qsort(gaps, n, sizeof(*gaps), by_length);
	b->smallest = n > GAPS_MAX ? gaps[GAPS_MAX - 1] : 0;
	free(gaps);
}

static bool is_drawn_gap(const struct builder *b, size_t i)
{
	int64_t gap = gap_before(b->s, i);

	return gap > NS_PER_SEC || (gap > b->threshold && gap >= b->smallest);
}

static struct ladder_item *add_item(struct ladder *l, enum ladder_kind kind, size_t row)
{
	struct ladder_item *it;

	l->items = mem_grow(l->items, l->nitems, &l->cap, sizeof(*l->items));
	it = &l->items[l->nitems++];
	*it = (struct ladder_item){ .kind = (uint8_t)kind, .first = row, .last = row };
	return it;
}

static void add_gap(struct builder *b, size_t i)
{
	struct ladder_item *it = add_item(b->ladder, LADDER_GAP, i);
	int64_t limit = b->threshold;

	it->gap = gap_before(b->s, i);
	it->label = wait_label((enum wait)b->s->rows[i].step.transfer.wait);
	it->lines = 1;
	while (it->lines < 3 && limit < INT64_MAX / 10 && it->gap >= (limit *= 10))
		it->lines++;
}

/* States that a timer changed up to `time`. */
static void add_timers(struct builder *b, int64_t time)
{
	for (uint8_t side = 0; side < 2; side++) {
		const struct side_record *sr = &b->s->record.sides[side];

		for (; b->timer[side] < sr->nstates; b->timer[side]++) {
			const struct state_entry *e = &sr->states[b->timer[side]];
			struct ladder_item *it;

			if (e->packet || e->rule == FSM_RULE_NONE)
				continue;
			if (e->time > time)
				break;
			it = add_item(b->ladder, LADDER_TIMER, 0);
			it->side = side;
			it->entry = b->timer[side];
		}
	}
}

static bool is_evidence(const struct conn_record *r, uint64_t packet)
{
	for (uint32_t i = 0; i < r->nfindings; i++)
		if (session_is_evidence(&r->findings[i], packet))
			return true;
	return false;
}

static bool is_plain(const struct builder *b, size_t i)
{
	const struct session_row *row = &b->s->rows[i];
	const struct conn_record *r = &b->s->record;

	return !row->is_icmp && row->step.notes == 0 && row->nsack == 0 &&
	       !(row->flags & ~(unsigned)(TCP_ACK | TCP_PSH)) && !is_evidence(r, row->packet) &&
	       !session_caused(&r->sides[SIDE_CLIENT], row->packet) &&
	       !session_caused(&r->sides[SIDE_SERVER], row->packet);
}

/* Rows from i on that can be folded into one item. */
static size_t run_length(const struct builder *b, size_t i)
{
	size_t n = 0;

	if (!b->fold)
		return 0;
	while (i + n < b->s->nrows && is_plain(b, i + n) && (n == 0 || !is_drawn_gap(b, i + n)))
		n++;
	return n;
}

void ladder_init(struct ladder *l, const struct session *s, bool fold)
{
	struct builder b = { .ladder = l, .s = s, .fold = fold };
	size_t n;

	*l = (struct ladder){ 0 };
	choose_gaps(&b);
	for (size_t i = 0; i < s->nrows; i += n) {
		add_timers(&b, s->rows[i].time);
		if (is_drawn_gap(&b, i))
			add_gap(&b, i);
		n = run_length(&b, i);
		if (n >= FOLD_MIN) {
			add_item(l, LADDER_FOLD, i)->last = i + n - 1;
		} else {
			add_item(l, LADDER_SEGMENT, i);
			n = 1;
		}
	}
	add_timers(&b, INT64_MAX);
}

void ladder_release(struct ladder *l)
{
	free(l->items);
	*l = (struct ladder){ 0 };
}

struct ladder_fold ladder_fold_sum(const struct session *s, const struct ladder_item *it)
{
	struct ladder_fold f = { .from = s->rows[it->first].time, .to = s->rows[it->last].time };

	for (size_t i = it->first; i <= it->last; i++) {
		const struct session_row *row = &s->rows[i];

		if (row->len) {
			f.data[row->side]++;
			f.bytes[row->side] += row->len;
		} else {
			f.acks[row->side]++;
		}
	}
	return f;
}
