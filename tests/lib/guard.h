/* SPDX-License-Identifier: MIT */
/*
 * guard - bytes that end at a page nobody may touch: one read too far ends the test.
 */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include "tcpshadow/util.h"

struct guard {
	uint8_t *map;
	size_t usable; /* bytes before the forbidden page */
};

/* Room for up to n bytes; aborts when the system gives none. */
void guard_init(struct guard *g, size_t n);
void guard_release(struct guard *g);
/* A copy of the bytes that ends at the forbidden page; valid until the next call. */
const uint8_t *guard_put(struct guard *g, const void *bytes, size_t n);

#endif
