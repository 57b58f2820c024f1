/* SPDX-License-Identifier: MIT */
/*
 * mem - allocation that never fails for set-up, and capped pools for what grows with traffic.
 *
 * Memory: a region takes blocks that grow from BLOCK_FIRST to BLOCK_MAX bytes, of which only the pages that are
 *         used cost memory; a pool chunks that double from CHUNK_MIN to CHUNK_MAX bytes, or in a region to
 *         REGION_CHUNK_MAX.  Freed objects are listed apart, not linked through their own bytes: those have
 *         often left the cache by then, and again when they are reused.
 * Limits: pool objects are aligned to 8 bytes.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/mem.h"

/* So that the address sanitizer sees who touches an object that was put back. */
#if defined(__SANITIZE_ADDRESS__)
#define MEM_POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_POISONED 1
#endif
#endif
#ifdef MEM_POISONED
#include <sanitizer/asan_interface.h>
#define HIDE(at, n) ASAN_POISON_MEMORY_REGION(at, n)
#define SHOW(at, n) ASAN_UNPOISON_MEMORY_REGION(at, n)
#else
#define HIDE(at, n) ((void)(at))
#define SHOW(at, n) ((void)(at))
#endif

#define OBJECT_ALIGN sizeof(uint64_t)
#define CHUNK_MIN    ((size_t)4096)
#define CHUNK_MAX    ((size_t)1 << 20)
#define GROW_MIN     ((size_t)8)
/* Of a region, whose unused rest of a large page costs memory. */
#define REGION_CHUNK_MAX ((size_t)1 << 14)
#define HUGE_PAGE        ((size_t)2 << 20)
#define BLOCK_FIRST      ((size_t)1 << 17) /* enough for many a capture */
#define BLOCK_MAX        (16 * HUGE_PAGE)

struct chunk {
	struct chunk *next;
	uint64_t objects[]; /* the bytes of the objects, suitably aligned */
};

struct pool {
	struct region *region;
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

/* --- region --- */

struct block {
	struct block *next;
	size_t size;         /* bytes from here */
	_Atomic size_t used; /* of them; more than `size` when some asked for too much */
};

struct region {
	_Atomic(struct block *) blocks; /* newest first */
};

struct region *region_new(void)
{
	struct region *r = mem_alloc(1, sizeof(*r));

	atomic_init(&r->blocks, NULL);
	return r;
}

void region_free(struct region *r)
{
	struct block *b, *next;

	if (!r)
		return;
	for (b = atomic_load(&r->blocks); b; b = next) {
		next = b->next;
		SHOW(b, b->size);
		free(b);
	}
	free(r);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* What it begins with is followed by room for `bytes`.  (Where there are no large pages, madvise() fails: so be it.) */
static struct block *block_new(size_t bytes, const struct block *before)
{
	size_t size = BLOCK_FIRST;
	struct block *b;

	if (before)
		size = before->size < BLOCK_MAX ? round_up(2 * before->size, HUGE_PAGE) : BLOCK_MAX;
	if (size < bytes + CACHE_LINE)
		size = round_up(bytes + CACHE_LINE, HUGE_PAGE);
	b = aligned_alloc(size < HUGE_PAGE ? CACHE_LINE : HUGE_PAGE, size);
	if (!b)
		return NULL;
	if (size >= HUGE_PAGE)
		(void)madvise(b, size, MADV_HUGEPAGE);
	b->next = NULL;
	b->size = size;
	atomic_init(&b->used, CACHE_LINE);
	return b;
}

static void *block_take(struct block *b, size_t bytes)
{
	size_t at = atomic_fetch_add(&b->used, bytes);

	return at <= b->size && bytes <= b->size - at ? (uint8_t *)b + at : NULL;
}

void *region_take(struct region *r, size_t bytes)
{
	struct block *b = atomic_load(&r->blocks), *new;
	void *at;

	if (bytes > SIZE_MAX / 4)
		return NULL;
	bytes = round_up(bytes, CACHE_LINE);
	while (!b || !(at = block_take(b, bytes))) {
		new = block_new(bytes, b);
		if (!new)
			return NULL;
		new->next = b;
		/* Another thread may have been faster: then b is the block it made. */
		if (!atomic_compare_exchange_strong(&r->blocks, &b, new))
			free(new);
		else
			b = new;
	}
	return at;
}

void *region_table(struct region *r, size_t n, size_t size)
{
	void *at;

	if (!r)
		return mem_alloc(n, size);
	at = region_take(r, n * size);
	if (!at)
		no_memory();
	return memset(at, 0, n * size);
}

/* --- pool --- */

struct pool *pool_new(size_t object_size, size_t cap, struct region *region)
{
	struct pool *p = mem_alloc(1, sizeof(*p));

	BUG_ON(object_size == 0 || object_size > SIZE_MAX / 2);
	p->object_size = (object_size + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;
	p->region = region;
	p->chunk_bytes = CHUNK_MIN;
	p->cap = cap;
	return p;
}

void pool_free(struct pool *p)
{
	struct chunk *c, *next;

	if (!p)
		return;
	for (c = p->region ? NULL : p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p->free);
	free(p);
}

static bool pool_extend(struct pool *p)
{
	size_t count = p->chunk_bytes / p->object_size;
	size_t most = p->region ? REGION_CHUNK_MAX : CHUNK_MAX, bytes;
	struct chunk *c;

	if (count == 0)
		count = 1;
	if (p->cap && count > p->cap - p->live)
		count = p->cap - p->live;
	bytes = sizeof(*c) + count * p->object_size;
	c = p->region ? region_take(p->region, bytes) : malloc(bytes);
	if (!c)
		return false;
	c->next = p->chunks;
	p->chunks = c;
	p->fresh = (uint8_t *)c->objects;
	p->fresh_count = count;
	p->objects += count;
	p->free = mem_resize(p->free, p->objects, sizeof(*p->free));
	if (p->chunk_bytes < most)
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
	} else {
		if (p->fresh_count == 0 && !pool_extend(p))
			return NULL;
		object = p->fresh;
		p->fresh += p->object_size;
		p->fresh_count--;
	}
	p->live++;
	SHOW(object, p->object_size);
	return object;
}

void pool_put(struct pool *p, void *object)
{
	BUG_ON(p->live == 0);
	p->free[p->nfree++] = object;
	p->live--;
	HIDE(object, p->object_size);
}

size_t pool_live(const struct pool *p)
{
	return p->live;
}

void pool_prefetch(const struct pool *p, size_t bytes)
{
	if (p->nfree)
		util_prefetch(p->free[p->nfree - 1], bytes);
}

void pool_prefetch_write(const struct pool *p, size_t bytes)
{
	if (p->nfree)
		util_prefetch_write(p->free[p->nfree - 1], bytes);
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
