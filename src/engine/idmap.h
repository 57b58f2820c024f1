/* SPDX-License-Identifier: MIT */
/*
 * idmap - the numbers of the connections that are alive: uid -> id.
 *
 * Memory: 16 bytes or so per living connection.
 */
#ifndef ENGINE_IDMAP_H
#define ENGINE_IDMAP_H

#include "tcpshadow/util.h"

struct idmap_slot {
	uint64_t uid; /* 0 = free */
	uint64_t id;
};

struct idmap {
	struct idmap_slot *slots;
	size_t nslots; /* power of two */
	size_t used;
};

void idmap_init(struct idmap *m);
void idmap_release(struct idmap *m);
void idmap_put(struct idmap *m, uint64_t uid, uint64_t id); /* uid > 0 and not in the map */
uint64_t idmap_get(const struct idmap *m, uint64_t uid);    /* 0 = not there */
uint64_t idmap_take(struct idmap *m, uint64_t uid);         /* get and remove; 0 = not there */

#endif
