/* SPDX-License-Identifier: MIT */
/*
 * idmap - open addressing with linear probing; removal closes the gap, so there are no tombstones.
 */
#include "config.h"

#include <stdlib.h>

#include "engine/idmap.h"
#include "tcpshadow/mem.h"

void idmap_init(struct idmap *m)
{
	m->nslots = 1024;
	m->used = 0;
	m->slots = mem_alloc(m->nslots, sizeof(*m->slots));
}

void idmap_release(struct idmap *m)
{
	free(m->slots);
	m->slots = NULL;
}

/*
 * Uids are packet numbers: an odd multiplier spreads them (Fibonacci hashing), but four neighbours share a cache
 * line, because connections that open one after the other often end so too.
 */
static size_t home_of(const struct idmap *m, uint64_t uid)
{
	uint64_t line = (uid >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> 20;

	return (size_t)(line << 2 | (uid & 3)) & (m->nslots - 1);
}

static size_t find(const struct idmap *m, uint64_t uid)
{
	size_t i = home_of(m, uid);

	while (m->slots[i].uid && m->slots[i].uid != uid)
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
		if (old[i].uid)
			m->slots[find(m, old[i].uid)] = old[i];
	free(old);
}

void idmap_put(struct idmap *m, uint64_t uid, uint64_t id)
{
	if (m->used * 2 >= m->nslots)
		grow(m);
	m->slots[find(m, uid)] = (struct idmap_slot){ uid, id };
	m->used++;
}

uint64_t idmap_get(const struct idmap *m, uint64_t uid)
{
	return m->slots[find(m, uid)].id;
}

uint64_t idmap_take(struct idmap *m, uint64_t uid)
{
	size_t hole = find(m, uid), mask = m->nslots - 1;
	uint64_t id = m->slots[hole].id;

	if (!m->slots[hole].uid)
		return 0;
	m->used--;
	for (size_t i = (hole + 1) & mask; m->slots[i].uid; i = (i + 1) & mask) {
		size_t home = home_of(m, m->slots[i].uid);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct idmap_slot){ 0, 0 };
	return id;
}
