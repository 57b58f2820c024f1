/* SPDX-License-Identifier: MIT */
/*
 * stable - an array that grows at its end and never moves, so that one thread may read what another has published.
 *
 * Memory: chunk i holds STABLE_FIRST << i objects; large ones are touched by the system only as they fill.
 */
#ifndef TCPSHADOW_STABLE_H
#define TCPSHADOW_STABLE_H

#include <stdatomic.h>

#include "tcpshadow/util.h"

enum {
	STABLE_FIRST_BITS = 8,
	STABLE_FIRST = 1 << STABLE_FIRST_BITS, /* objects */
	STABLE_CHUNKS = 40,
};

struct stable {
	size_t size; /* of an object */
	_Atomic(void *) chunks[STABLE_CHUNKS];
};

void stable_init(struct stable *s, size_t object_size);
void stable_release(struct stable *s);
/* The writer: object i, zeroed when it is reached for the first time. */
void *stable_reach(struct stable *s, uint64_t i);
/* A reader: object i, or NULL when nobody reached its neighbourhood. */
void *stable_at(const struct stable *s, uint64_t i);

#endif
