/* SPDX-License-Identifier: MIT */
/*
 * census - bounded tables of the hosts and listeners that matter most in a capture.
 *
 * Input:  keys in order of packets; each is one sighting.
 * Output: the place of a key, 0 .. CENSUS_MAX - 1: the caller keeps what it knows of it in arrays of its own.
 * Memory: CENSUS_SETS sets of CENSUS_WAYS places.  A key that finds its set full takes one from the weight of
 *         the lightest there, and its place once that weighs nothing (Misra and Gries 1982): whoever is seen
 *         often stays, whatever number of others is seen once.
 * Limits: which keys share a set follows from a fixed hash, so the order of packets alone decides who leaves.
 */
#ifndef ENGINE_CENSUS_H
#define ENGINE_CENSUS_H

#include "tcpshadow/util.h"

enum {
	CENSUS_WAYS = 4,
	CENSUS_SETS = 256, /* power of two */
	CENSUS_MAX = CENSUS_WAYS * CENSUS_SETS,
	CENSUS_WEIGHT_MAX = 4096, /* so that who was busy once can leave at last */
};

#define CENSUS_NONE SIZE_MAX

struct census_key {
	uint64_t key; /* 0 = free */
	uint64_t weight;
};

struct census {
	struct census_key *keys; /* NULL until the first one */
	uint64_t crowded_out;    /* keys that had to leave */
};

void census_init(struct census *c);
void census_release(struct census *c);
/* The place of the key, or CENSUS_NONE. */
size_t census_find(const struct census *c, uint64_t key);
/* One more sighting: its place, or CENSUS_NONE where it has none (yet).  *is_new: others had it before. */
size_t census_meet(struct census *c, uint64_t key, bool *is_new);
/* The same for a place that is known to be the key's. */
static inline void census_met(struct census *c, size_t place)
{
	c->keys[place].weight += c->keys[place].weight < CENSUS_WEIGHT_MAX;
}

static inline bool census_is_taken(const struct census *c, size_t place)
{
	return c->keys && c->keys[place].key != 0;
}

/* How many different things were seen at least, in 256 bits: two of them may share a bit. */
struct sketch {
	uint64_t bits[4];
	unsigned set; /* of the bits: asked for far more often than added to */
};

static inline void sketch_add(struct sketch *s, uint64_t hash)
{
	uint64_t *word = &s->bits[hash >> 6 & 3], bit = UINT64_C(1) << (hash & 63);

	s->set += !(*word & bit);
	*word |= bit;
}

/* At least so many. */
static inline unsigned sketch_least(const struct sketch *s)
{
	return s->set;
}

void sketch_join(struct sketch *s, const struct sketch *other);

#endif
