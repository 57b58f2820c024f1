/* SPDX-License-Identifier: MIT */
/*
 * sent - the segments of one end, in order of their numbers: when each was first sent, and again.
 *
 * Memory: SENT_MIN entries from a pool, where there is one; doubled as the flight grows, up to SENT_MAX, on the heap;
 *         then two neighbours become one.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcpshadow/mem.h"

static struct sent *at(const struct sent_ring *r, uint64_t i)
{
	return &r->list[i & (r->cap - 1)];
}

static uint64_t lowest(const struct sent_ring *r)
{
	return r->tail > r->cap ? r->tail - r->cap : 0;
}

static uint64_t end_of(const struct sent *s)
{
	return s->seq + s->len;
}

/* The entries are numbered from 0 in the new place. */
static void move_to(struct sent_ring *r, uint32_t cap)
{
	struct sent_ring new = { .list = mem_alloc(cap, sizeof(*new.list)), .cap = cap };
	uint64_t low = r->cap ? lowest(r) : 0;

	for (uint64_t i = low; i < r->tail; i++)
		new.list[new.tail++] = *at(r, i);
	new.head = r->head - low;
	sent_release(r);
	*r = new;
}

static void begin(struct sent_ring *r, struct pool *pool)
{
	struct sent *list = pool ? pool_get_dirty(pool) : NULL;

	if (list)
		*r = (struct sent_ring){ .list = list, .pool = pool, .cap = SENT_MIN };
	else
		move_to(r, SENT_MIN);
}

/* b comes right behind a. */
static void join(struct sent *a, const struct sent *b)
{
	uint32_t len = (uint32_t)(end_of(b) - a->seq);
	uint64_t seq = a->seq;
	uint8_t tries = a->tries > b->tries ? a->tries : b->tries;
	uint8_t flags = (uint8_t)((a->flags & b->flags & SENT_SACKED) | SENT_RUN |
	                          ((a->flags | b->flags) & SENT_UNTIMED));

	*a = *b;
	a->seq = seq;
	a->len = len;
	a->tries = tries;
	a->flags = flags;
}

/* Half the entries, each twice as long; what is acknowledged is forgotten. */
static void thin(struct sent_ring *r)
{
	uint64_t to = r->head, from = r->head;

	for (; from + 1 < r->tail; from += 2, to++) {
		*at(r, to) = *at(r, from);
		join(at(r, to), at(r, from + 1));
	}
	if (from < r->tail)
		*at(r, to++) = *at(r, from);
	for (from = to; from < r->tail; from++)
		*at(r, from) = (struct sent){ 0 };
	r->tail = to;
}

static void make_room(struct sent_ring *r)
{
	if (r->cap < SENT_MAX)
		move_to(r, 2 * r->cap);
	else
		thin(r);
}

struct sent *sent_push(struct sent_ring *r, struct pool *pool)
{
	if (!r->list)
		begin(r, pool);
	if (r->tail - r->head == r->cap)
		make_room(r);
	return at(r, r->tail++);
}

void sent_insert(struct sent_ring *r, const struct sent *s)
{
	uint64_t i;

	if (!r->list)
		begin(r, NULL);
	if (r->tail - r->head == r->cap)
		make_room(r);
	if (r->head > lowest(r) && at(r, r->head - 1)->seq > s->seq)
		return;
	i = r->tail++;
	for (; i > r->head && at(r, i - 1)->seq > s->seq; i--)
		*at(r, i) = *at(r, i - 1);
	*at(r, i) = *s;
}

/* How many of the entries begin at or below the number: the index behind them. */
static uint64_t upper(const struct sent_ring *r, uint64_t seq)
{
	uint64_t low = lowest(r), high = r->tail;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (at(r, mid)->seq <= seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sent *sent_find(const struct sent_ring *r, uint64_t seq)
{
	uint64_t i;
	struct sent *s;

	if (!r->list)
		return NULL;
	i = upper(r, seq);
	if (i == lowest(r))
		return NULL;
	s = at(r, i - 1);
	return seq < end_of(s) ? s : NULL;
}

struct sent *sent_above(const struct sent_ring *r, uint64_t seq)
{
	uint64_t i;

	if (!r->list)
		return NULL;
	i = seq ? upper(r, seq - 1) : lowest(r);
	return i < r->tail ? at(r, i) : NULL;
}

static uint64_t index_of(const struct sent_ring *r, const struct sent *s)
{
	uint64_t place = (uint64_t)(s - r->list), low = lowest(r);

	return low + ((place - low) & (r->cap - 1));
}

void sent_cut(struct sent_ring *r, uint64_t seq)
{
	struct sent *s = sent_find(r, seq), right;

	if (!s || s->seq == seq || index_of(r, s) < r->head)
		return;
	right = *s;
	right.seq = seq;
	right.len = (uint32_t)(end_of(s) - seq);
	s->len -= right.len;
	sent_insert(r, &right);
}

struct sent *sent_next(const struct sent_ring *r, const struct sent *s)
{
	uint64_t i = index_of(r, s) + 1;

	return i < r->tail ? at(r, i) : NULL;
}

uint32_t sent_count_from(const struct sent_ring *r, const struct sent *s)
{
	uint64_t i = index_of(r, s);

	return (uint32_t)(r->tail - (i < r->head ? r->head : i));
}

void sent_prefetch(const struct sent_ring *r)
{
	if (!r->list)
		return;
	__builtin_prefetch(at(r, r->head));
	__builtin_prefetch(at(r, r->tail), 1);
}

void sent_own(struct sent_ring *r)
{
	if (r->list)
		r->list = mem_copy(r->list, r->cap, sizeof(*r->list));
	r->pool = NULL;
}

void sent_release(struct sent_ring *r)
{
	if (!r->list)
		return;
	if (r->pool)
		pool_put(r->pool, r->list);
	else
		free(r->list);
	*r = (struct sent_ring){ 0 };
}
