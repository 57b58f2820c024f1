/* SPDX-License-Identifier: MIT */
/*
 * hash - XXH3 with and without a key.
 *
 * The fixed hash must give the same value on every machine: XXH3 is defined on bytes, not on words.
 */
#include "config.h"

#include <sys/random.h>

#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tcpshadow/hash.h"

uint64_t hash_keyed(const void *bytes, size_t len, uint64_t key)
{
	return XXH3_64bits_withSeed(bytes, len, key);
}

uint64_t hash_fixed(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

/* Without getrandom (an old kernel, a strict sandbox) the clock and the stack's address must do. */
static uint64_t weak_key(void)
{
	struct timespec now = { 0 };
	uint64_t parts[3];

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	parts[0] = (uint64_t)now.tv_sec;
	parts[1] = (uint64_t)now.tv_nsec;
	parts[2] = (uint64_t)(uintptr_t)&now;
	return hash_fixed(parts, sizeof(parts));
}

uint64_t hash_random_key(void)
{
	uint64_t key;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		key = weak_key();
	return key;
}
