/* SPDX-License-Identifier: MIT */
/*
 * idmap - the numbers of the connections that are alive: uid -> id.
 *
 * Memory: 64 bytes or so per 64 packets that began a connection which is alive, at most as much per connection.
 *
 * Uids are packet numbers, and ids are given in their order: of the connections that began among 64 neighbouring
 * packets the first one's id and a bit for each tell all ids.  So those that come and go together share a line of
 * the cache.  The few that are opened out of order (a SYN that was held back) have an entry of their own.
 */
#ifndef ENGINE_IDMAP_H
#define ENGINE_IDMAP_H

#include "tcpshadow/util.h"

struct idmap_slot {
	uint64_t key;           /* of a block of uids, or of one uid; 0 = free */
	uint64_t id;            /* of the first of them */
	uint64_t opened, alive; /* bits: of the block's uids */
};

struct idmap {
	struct idmap_slot *slots; /* open addressing */
	size_t nslots;            /* power of two */
	size_t used;
};

void idmap_init(struct idmap *m);
void idmap_release(struct idmap *m);
void idmap_put(struct idmap *m, uint64_t uid, uint64_t id); /* uid > 0 and not in the map */
uint64_t idmap_get(const struct idmap *m, uint64_t uid);    /* 0 = not there */
uint64_t idmap_take(struct idmap *m, uint64_t uid);         /* get and remove; 0 = not there */
/* It will soon be asked for. */
void idmap_prefetch(const struct idmap *m, uint64_t uid);

#endif
