/* SPDX-License-Identifier: MIT */
/*
 * stable - chunks that double.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/stable.h"

void stable_init(struct stable *s, size_t object_size)
{
	s->size = object_size;
	for (unsigned i = 0; i < STABLE_CHUNKS; i++)
		atomic_init(&s->chunks[i], NULL);
}

void stable_release(struct stable *s)
{
	for (unsigned i = 0; i < STABLE_CHUNKS; i++)
		free(atomic_load_explicit(&s->chunks[i], memory_order_relaxed));
	stable_init(s, s->size);
}

/* Chunk c begins with object STABLE_FIRST * (2^c - 1). */
static unsigned chunk_of(uint64_t i, uint64_t *within)
{
	uint64_t v = i + STABLE_FIRST;
	unsigned top = 63u - (unsigned)__builtin_clzll(v);

	*within = v - (UINT64_C(1) << top);
	return top - STABLE_FIRST_BITS;
}

void *stable_at(const struct stable *s, uint64_t i)
{
	uint64_t within;
	unsigned c = chunk_of(i, &within);
	char *chunk = atomic_load_explicit(&s->chunks[c], memory_order_acquire);

	return chunk ? chunk + within * s->size : NULL;
}

void *stable_reach(struct stable *s, uint64_t i)
{
	uint64_t within;
	unsigned c = chunk_of(i, &within);
	char *chunk = atomic_load_explicit(&s->chunks[c], memory_order_relaxed);

	if (!chunk) {
		chunk = mem_alloc((size_t)STABLE_FIRST << c, s->size);
		atomic_store_explicit(&s->chunks[c], chunk, memory_order_release);
	}
	return chunk + within * s->size;
}
