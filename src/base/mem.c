/* SPDX-License-Identifier: MIT */
/*
 * mem - allocation that never fails for set-up, and capped pools for what grows with traffic.
 *
 * Memory: a pool takes chunks that double from CHUNK_MIN to CHUNK_MAX bytes.  Freed objects are listed apart, not
 *         linked through their own bytes: those have often left the cache by then, and again when they are reused.
 * Limits: pool objects are aligned to 8 bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/mem.h"

#define OBJECT_ALIGN sizeof(uint64_t)
#define CHUNK_MIN    ((size_t)4096)
#define CHUNK_MAX    ((size_t)1 << 20)
#define GROW_MIN     ((size_t)8)

struct chunk {
	struct chunk *next;
	uint64_t objects[]; /* the bytes of the objects, suitably aligned */
};

struct pool {
	struct chunk *chunks; /* newest first */
	void **free;          /* objects that were put back, the latest last; has room for all */
	size_t nfree;
	size_t objects; /* in all chunks */
	uint8_t *fresh; /* objects of the newest chunk that were never handed out */
	size_t fresh_count;
	size_t object_size; /* bytes, a multiple of OBJECT_ALIGN */
	size_t chunk_bytes; /* size of the next chunk's objects */
	size_t cap;         /* objects, 0 = unlimited */
	size_t live;        /* objects handed out */
	size_t bytes;       /* held from the system */
};

TS_NORETURN static void no_memory(void)
{
	static const char text[] = "tcpshadow: the system has no memory left\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

void *mem_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		no_memory();
	return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
	if (n == 0 || size == 0)
		n = size = 1;
	p = reallocarray(p, n, size);
	if (!p)
		no_memory();
	return p;
}

void *mem_copy(const void *objects, size_t n, size_t size)
{
	void *copy;

	if (n == 0)
		return NULL;
	copy = mem_resize(NULL, n, size);
	memcpy(copy, objects, n * size);
	return copy;
}

char *mem_strdup(const char *s)
{
	return mem_copy(s, strlen(s) + 1, 1);
}

void *mem_grow(void *array, size_t used, size_t *cap, size_t size)
{
	size_t bigger = *cap < GROW_MIN ? GROW_MIN : *cap;

	if (used < *cap)
		return array;
	while (bigger <= used) {
		if (bigger > SIZE_MAX / 2)
			no_memory();
		bigger *= 2;
	}
	array = mem_resize(array, bigger, size);
	*cap = bigger;
	return array;
}

struct pool *pool_new(size_t object_size, size_t cap)
{
	struct pool *p = mem_alloc(1, sizeof(*p));

	BUG_ON(object_size == 0 || object_size > SIZE_MAX / 2);
	p->object_size = (object_size + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;
	p->chunk_bytes = CHUNK_MIN;
	p->cap = cap;
	p->bytes = sizeof(*p);
	return p;
}

void pool_free(struct pool *p)
{
	struct chunk *c, *next;

	if (!p)
		return;
	for (c = p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p->free);
	free(p);
}

static bool pool_extend(struct pool *p)
{
	size_t count = p->chunk_bytes / p->object_size;
	struct chunk *c;

	if (count == 0)
		count = 1;
	if (p->cap && count > p->cap - p->live)
		count = p->cap - p->live;
	c = malloc(sizeof(*c) + count * p->object_size);
	if (!c)
		return false;
	c->next = p->chunks;
	p->chunks = c;
	p->fresh = (uint8_t *)c->objects;
	p->fresh_count = count;
	p->objects += count;
	p->free = mem_resize(p->free, p->objects, sizeof(*p->free));
	p->bytes += sizeof(*c) + count * (p->object_size + sizeof(*p->free));
	if (p->chunk_bytes < CHUNK_MAX)
		p->chunk_bytes *= 2;
	return true;
}

void *pool_get(struct pool *p)
{
	void *object = pool_get_dirty(p);

	return object ? memset(object, 0, p->object_size) : NULL;
}

void *pool_get_dirty(struct pool *p)
{
	void *object;

	if (p->cap && p->live >= p->cap)
		return NULL;
	if (p->nfree) {
		object = p->free[--p->nfree];
		if (p->nfree) /* it will be needed next */
			__builtin_prefetch(p->free[p->nfree - 1], 1);
	} else {
		if (p->fresh_count == 0 && !pool_extend(p))
			return NULL;
		object = p->fresh;
		p->fresh += p->object_size;
		p->fresh_count--;
	}
	p->live++;
	return object;
}

void pool_put(struct pool *p, void *object)
{
	BUG_ON(p->live == 0);
	p->free[p->nfree++] = object;
	p->live--;
}

size_t pool_live(const struct pool *p)
{
	return p->live;
}

size_t pool_bytes(const struct pool *p)
{
	return p->bytes;
}

/* --- arena --- */

enum {
	ARENA_BLOCK = 256 << 10,
};

struct arena_block {
	struct arena_block *next;
	size_t size, used; /* bytes at `bytes` */
	unsigned char bytes[];
};

static struct arena_block *arena_block_new(struct arena *a, size_t n)
{
	struct arena_block *b = a->spare;

	if (b && n <= b->size) {
		a->spare = b->next;
		b->used = 0;
		return b;
	}
	n = n > ARENA_BLOCK ? n : ARENA_BLOCK;
	b = mem_alloc(1, sizeof(*b) + n);
	b->size = n;
	return b;
}

void *arena_take(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;

	if (!b || b->size - b->used < n) {
		b = arena_block_new(a, n);
		b->next = a->blocks;
		a->blocks = b;
	}
	b->used += n;
	return b->bytes + (b->used - n);
}

/* Ordinary blocks wait for the next use, large ones go. */
void arena_reset(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		if (b->size > ARENA_BLOCK) {
			free(b);
			continue;
		}
		b->next = a->spare;
		a->spare = b;
	}
	a->blocks = NULL;
}

void arena_release(struct arena *a)
{
	struct arena_block *next;

	arena_reset(a);
	for (struct arena_block *b = a->spare; b; b = next) {
		next = b->next;
		free(b);
	}
	a->spare = NULL;
}
