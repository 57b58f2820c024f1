/* SPDX-License-Identifier: MIT */
/*
 * shard_table - flows by their key, in lists by what can still happen to them; see shard_own.h.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/shard_own.h"

struct flow *table_find(
    const struct shard *s, const struct segment *seg, uint64_t hash, uint8_t *dir)
{
	for (struct flow *f = *bucket_of(s, hash); f; f = f->chain) {
		if (f->hash != hash)
			continue;
		*dir = flow_key_dir(&f->key, seg);
		if (flow_key_fits(&f->key, seg, *dir))
			return f;
	}
	*dir = flow_dir(seg);
	return NULL;
}

void shard_prefetch(const struct shard *s, uint64_t hash, enum shard_ahead ahead)
{
	const struct flow *f;

	if (ahead == SHARD_AHEAD_TABLES) {
		__builtin_prefetch(bucket_of(s, hash));
		halfopen_prefetch(s->halfopen, hash);
		return;
	}
	f = *bucket_of(s, hash);
	if (ahead == SHARD_AHEAD_FLOW) {
		if (f)
			util_prefetch(f, sizeof(*f));
	} else if (!f) {
		pool_prefetch(s->conns, sizeof(struct conn));
		pool_prefetch(s->env.flights, sizeof(struct sent));
	} else if (f->conn) {
		conn_prefetch(f->conn);
	}
}

static void chain_in(struct flow **bucket, struct flow *f)
{
	f->chain = *bucket;
	f->link = bucket;
	if (f->chain)
		f->chain->link = &f->chain;
	*bucket = f;
}

static void table_double(struct shard *s)
{
	struct flow **old = s->buckets;
	size_t n = s->nbuckets;

	s->nbuckets = 2 * n;
	s->buckets = mem_alloc(s->nbuckets, sizeof(*s->buckets));
	for (size_t i = 0; i < n; i++) {
		for (struct flow *f = old[i], *next; f; f = next) {
			struct flow **b = bucket_of(s, f->hash);

			next = f->chain;
			chain_in(b, f);
		}
	}
	free(old);
}

void table_add(struct shard *s, struct flow *f)
{
	if (s->nflows >= s->nbuckets)
		table_double(s);
	chain_in(bucket_of(s, f->hash), f);
	s->nflows++;
}

void table_remove(struct shard *s, struct flow *f)
{
	*f->link = f->chain;
	if (f->chain)
		f->chain->link = f->link;
	s->nflows--;
}

/* ---- lists of lives ---- */

void life_leave(struct shard *s, struct flow *f)
{
	struct life_list *l = &s->lives[f->life];

	l->n--;
	*(f->prev ? &f->prev->next : &l->head) = f->next;
	*(f->next ? &f->next->prev : &l->tail) = f->prev;
}

void life_enter(struct shard *s, struct flow *f, enum life life)
{
	struct life_list *l = &s->lives[life];

	l->n++;
	f->life = (uint8_t)life;
	f->looked_at = f->last;
	f->next = NULL;
	f->prev = l->tail;
	*(l->tail ? &l->tail->next : &l->head) = f;
	l->tail = f;
}

struct flow *life_idlest(struct shard *s, enum life life)
{
	struct flow *f = s->lives[life].head;

	while (f && f->last > f->looked_at) {
		life_leave(s, f);
		life_enter(s, f, life);
		f = s->lives[life].head;
	}
	return f;
}

struct flow *life_due(struct shard *s, enum life life, int64_t timeout, int64_t now)
{
	struct flow *f;

	while ((f = s->lives[life].head) != NULL && f->looked_at + timeout <= now) {
		if (f->last <= f->looked_at)
			return f;
		life_leave(s, f);
		life_enter(s, f, life);
	}
	return NULL;
}
