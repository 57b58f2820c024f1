/* SPDX-License-Identifier: MIT */
/*
 * live_ring - records of a head and the packet's bytes, each in one piece.
 *
 * A record that would run over the end of the memory begins at its start again; a head that says so stands in the
 * place it leaves.  Records are multiples of a head, so there is always room for one.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "capture/live_ring.h"
#include "tcpshadow/mem.h"

struct head {
	int64_t ts;
	uint32_t caplen; /* SKIP = go on at the start */
	uint32_t wire_len;
};

#define SKIP UINT32_MAX

_Static_assert(sizeof(struct head) == 16, "records are aligned to heads");

void ring_init(struct ring *r, uint64_t size)
{
	BUG_ON(size < sizeof(struct head) || (size & (size - 1)));
	memset(r, 0, sizeof(*r));
	r->size = size;
	r->bytes = mem_alloc(size, 1);
}

void ring_release(struct ring *r)
{
	free(r->bytes);
	r->bytes = NULL;
}

static uint64_t record_size(uint32_t caplen)
{
	const uint64_t unit = sizeof(struct head);

	return unit + (caplen + unit - 1) / unit * unit;
}

static void put_head(struct ring *r, uint64_t at, const struct head *h)
{
	memcpy(r->bytes + (at & (r->size - 1)), h, sizeof(*h));
}

bool ring_put(struct ring *r, const struct ring_packet *p)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint64_t need = record_size(p->caplen), to_end = r->size - (head & (r->size - 1));
	uint64_t skip = to_end < need ? to_end : 0;

	if (head + skip + need - tail > r->size)
		return false;
	if (skip)
		put_head(r, head, &(struct head){ .caplen = SKIP });
	head += skip;
	put_head(r, head, &(struct head){ p->ts, p->caplen, p->wire_len });
	if (p->caplen)
		memcpy(r->bytes + (head & (r->size - 1)) + sizeof(struct head), p->data, p->caplen);
	/* Sequentially consistent, with the reader's flag that it waits: see live.c. */
	atomic_store(&r->head, head + need);
	return true;
}

bool ring_get(struct ring *r, struct ring_packet *p)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint64_t head = atomic_load(&r->head);
	struct head h;

	if (tail == head)
		return false;
	memcpy(&h, r->bytes + (tail & (r->size - 1)), sizeof(h));
	if (h.caplen == SKIP) {
		tail += r->size - (tail & (r->size - 1));
		memcpy(&h, r->bytes, sizeof(h));
	}
	*p = (struct ring_packet){ h.ts, h.caplen, h.wire_len,
		r->bytes + (tail & (r->size - 1)) + sizeof(h) };
	r->next_tail = tail + record_size(h.caplen);
	return true;
}

void ring_done(struct ring *r)
{
	atomic_store_explicit(&r->tail, r->next_tail, memory_order_release);
}

uint64_t ring_used(const struct ring *r)
{
	uint64_t tail = atomic_load(&r->tail);

	return atomic_load(&r->head) - tail;
}
