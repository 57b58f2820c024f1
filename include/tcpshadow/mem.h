/* SPDX-License-Identifier: MIT */
/*
 * mem - small control allocations that never fail, and pools with a cap for the data plane.
 *
 * mem_* abort with a message when the system has no memory: they are for set-up and reports.
 * What grows with traffic comes from a `pool`, whose exhaustion is a normal, counted result; pools may take their
 * memory from a `region`, in large pages.
 */
#ifndef TCPSHADOW_MEM_H
#define TCPSHADOW_MEM_H

#include "tcpshadow/util.h"

/* Zeroed memory for n objects of `size` bytes; never NULL; free with free(). */
void *mem_alloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
/* Like reallocarray, never NULL for n * size > 0.  New bytes are not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);
/* A copy of n objects of `size` bytes, to be freed with free(); NULL of none. */
void *mem_copy(const void *objects, size_t n, size_t size);
char *mem_strdup(const char *s) __attribute__((returns_nonnull, malloc));

/*
 * Make room for one more element in a growing array: returns `array`, perhaps moved, with *cap > used.
 * Capacity doubles, so a sequence of appends costs linear time.
 */
void *mem_grow(void *array, size_t used, size_t *cap, size_t size);

/*
 * Bytes that are all given back at once.  arena_take never returns NULL; what it returns stays where it is
 * until arena_reset, which keeps the memory for the next time.
 */
struct arena_block;
struct arena {
	struct arena_block *blocks; /* newest first */
	struct arena_block *spare;
};

void *arena_take(struct arena *a, size_t n);
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

/*
 * Memory for what lives as long as the analysis, in large pages where the system has them (Linux: transparent huge
 * pages).  With small ones nearly every access to a connection that has waited a while begins with a walk through page
 * tables.  Thread-safe.
 */
struct region;

struct region *region_new(void);
void region_free(struct region *r); /* NULL is fine; all that was taken is gone with it */
/* `bytes` of indeterminate memory, aligned to a cache line; NULL when the system has none. */
void *region_take(struct region *r, size_t bytes) TS_NODISCARD;
/* Zeroed memory for n objects of `size` bytes; never NULL.  Without a region like mem_alloc(). */
void *region_table(struct region *r, size_t n, size_t size) __attribute__((returns_nonnull));

/*
 * A pool of equal objects.  Memory comes in chunks and goes back only with the pool, or with its region; freed
 * objects are reused first.  Not thread-safe: one pool belongs to one shard.
 */
struct pool;

/* cap = most objects alive at once; 0 = unlimited.  region: where its memory comes from; NULL = the heap. */
struct pool *pool_new(size_t object_size, size_t cap, struct region *region);
void pool_free(struct pool *p); /* NULL is fine; all objects are gone with it */
/* Zeroed object, or NULL when the cap (or the system's memory) is reached. */
void *pool_get(struct pool *p);
/* The same, with indeterminate bytes. */
void *pool_get_dirty(struct pool *p);
void pool_put(struct pool *p, void *object);
size_t pool_live(const struct pool *p); /* objects handed out now */
/* An object is taken soon: have its first bytes at hand.  (One that was never handed out is nowhere yet.) */
void pool_prefetch(const struct pool *p, size_t bytes);
void pool_prefetch_write(const struct pool *p, size_t bytes); /* see util_prefetch_write() */

#endif
