/* SPDX-License-Identifier: MIT */
/*
 * idmap - open addressing with linear probing; removal closes the gap, so there are no tombstones.
 */
#include "config.h"

#include <stdlib.h>

#include "engine/bits.h"
#include "engine/idmap.h"
#include "tcpshadow/mem.h"

enum {
	BLOCK_BITS = 6,
};

#define SINGLE (UINT64_C(1) << 63) /* in the key: of one uid */

void idmap_init(struct idmap *m)
{
	m->nslots = 256;
	m->used = 0;
	m->slots = mem_alloc(m->nslots, sizeof(*m->slots));
}

void idmap_release(struct idmap *m)
{
	free(m->slots);
	m->slots = NULL;
}

static uint64_t block_key(uint64_t uid)
{
	return (uid >> BLOCK_BITS) + 1;
}

static uint64_t block_bit(uint64_t uid)
{
	return UINT64_C(1) << (uid & ((1u << BLOCK_BITS) - 1));
}

/* Keys follow each other: an odd multiplier spreads them (Fibonacci hashing). */
static size_t home_of(const struct idmap *m, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (m->nslots - 1);
}

/* Where the key is, or the free slot where it would be. */
static size_t find(const struct idmap *m, uint64_t key)
{
	size_t i = home_of(m, key);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->nslots - 1);
	return i;
}

static void grow(struct idmap *m)
{
	struct idmap_slot *old = m->slots;
	size_t n = m->nslots;

	m->nslots = 2 * n;
	m->slots = mem_alloc(m->nslots, sizeof(*m->slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].key)
			m->slots[find(m, old[i].key)] = old[i];
	free(old);
}

/* How many uids of the block were opened before the one of this bit. */
static unsigned opened_before(const struct idmap_slot *s, uint64_t bit)
{
	return bits_count(s->opened & (bit - 1));
}

static void add(struct idmap *m, struct idmap_slot new)
{
	if (m->used * 2 >= m->nslots)
		grow(m);
	m->slots[find(m, new.key)] = new;
	m->used++;
}

void idmap_put(struct idmap *m, uint64_t uid, uint64_t id)
{
	uint64_t key = block_key(uid), bit = block_bit(uid);
	struct idmap_slot *block = &m->slots[find(m, key)];

	if (!block->key) {
		add(m, (struct idmap_slot){ key, id, bit, bit });
	} else if (block->opened < bit && block->id + opened_before(block, bit) == id) {
		block->opened |= bit;
		block->alive |= bit;
	} else {
		add(m, (struct idmap_slot){ uid | SINGLE, id, 1, 1 });
	}
}

/* Its slot, NULL = it is not in the map; its bit there. */
static struct idmap_slot *slot_of(const struct idmap *m, uint64_t uid, uint64_t *bit)
{
	struct idmap_slot *s = &m->slots[find(m, block_key(uid))];

	*bit = block_bit(uid);
	if (s->alive & *bit)
		return s;
	*bit = 1;
	s = &m->slots[find(m, uid | SINGLE)];
	return s->key ? s : NULL;
}

uint64_t idmap_get(const struct idmap *m, uint64_t uid)
{
	uint64_t bit;
	const struct idmap_slot *s = slot_of(m, uid, &bit);

	return s ? s->id + opened_before(s, bit) : 0;
}

static void remove_at(struct idmap *m, size_t hole)
{
	size_t mask = m->nslots - 1;

	m->used--;
	for (size_t i = (hole + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = home_of(m, m->slots[i].key);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct idmap_slot){ 0 };
}

uint64_t idmap_take(struct idmap *m, uint64_t uid)
{
	uint64_t bit, id;
	struct idmap_slot *s = slot_of(m, uid, &bit);

	if (!s)
		return 0;
	id = s->id + opened_before(s, bit);
	s->alive &= ~bit;
	if (!s->alive)
		remove_at(m, (size_t)(s - m->slots));
	return id;
}

void idmap_prefetch(const struct idmap *m, uint64_t uid)
{
	__builtin_prefetch(&m->slots[home_of(m, block_key(uid))], 1);
}
