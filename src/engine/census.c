/* SPDX-License-Identifier: MIT */
/*
 * census - see census.h for the contract.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/bits.h"
#include "engine/census.h"
#include "tcpshadow/mem.h"

void census_init(struct census *c)
{
	*c = (struct census){ 0 };
}

void census_release(struct census *c)
{
	free(c->keys);
	census_init(c);
}

static size_t set_of(uint64_t key)
{
	return (size_t)(key >> 8) % CENSUS_SETS * CENSUS_WAYS;
}

size_t census_find(const struct census *c, uint64_t key)
{
	size_t first = set_of(key);

	if (!c->keys)
		return CENSUS_NONE;
	for (size_t i = first; i < first + CENSUS_WAYS; i++)
		if (c->keys[i].key == key)
			return i;
	return CENSUS_NONE;
}

/* Where the key is, or may be put: a free place, or else the lightest one. */
static size_t seek(const struct census *c, uint64_t key)
{
	size_t first = set_of(key), best = first;

	for (size_t i = first; i < first + CENSUS_WAYS; i++) {
		if (c->keys[i].key == key || c->keys[i].key == 0)
			return i;
		if (c->keys[i].weight < c->keys[best].weight)
			best = i;
	}
	return best;
}

size_t census_meet(struct census *c, uint64_t key, bool *is_new)
{
	struct census_key *k;
	size_t place;

	if (!c->keys)
		c->keys = mem_alloc(CENSUS_MAX, sizeof(*c->keys));
	place = seek(c, key);
	k = &c->keys[place];
	*is_new = k->key != key;
	if (!*is_new) {
		census_met(c, place);
		return place;
	}
	if (k->key != 0) {
		if (--k->weight > 0)
			return CENSUS_NONE;
		c->crowded_out++;
	}
	*k = (struct census_key){ key, 1 };
	return place;
}

void sketch_join(struct sketch *s, const struct sketch *other)
{
	s->set = 0;
	for (unsigned i = 0; i < ARRAY_LEN(s->bits); i++) {
		s->bits[i] |= other->bits[i];
		s->set += bits_count(s->bits[i]);
	}
}
