/* SPDX-License-Identifier: MIT */
/*
 * guard - bytes that end at a page nobody may touch: one read too far ends the test.
 */
#include "config.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "lib/guard.h"

void guard_init(struct guard *g, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	g->usable = (n / page + 1) * page;
	g->map = mmap(
	    NULL, g->usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	BUG_ON(g->map == MAP_FAILED);
	BUG_ON(mprotect(g->map + g->usable, page, PROT_NONE) != 0);
}

void guard_release(struct guard *g)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)munmap(g->map, g->usable + page);
}

const uint8_t *guard_put(struct guard *g, const void *bytes, size_t n)
{
	uint8_t *at = g->map + g->usable - n;

	BUG_ON(n > g->usable);
	memcpy(at, bytes, n);
	return at;
}
