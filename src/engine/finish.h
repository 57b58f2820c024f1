/* SPDX-License-Identifier: MIT */
/*
 * finish - the connections left at the end of a capture, told in the order in which they began.
 *
 * Input:  shards that will get no more packets.
 * Output: what each has to tell of each connection, one connection after the other.
 * Threads: shards finish theirs at the same time, a few ahead of their turn; telling goes in order.
 * Does not: know who is told.
 */
#ifndef ENGINE_FINISH_H
#define ENGINE_FINISH_H

#include "tcpshadow/shard.h"

struct finish {
	struct shard *const *shards; /* SHARD_COUNT of them */
	/* The next connection's n entries.  Not 0 = enough: no more will be told. */
	int (*tell)(void *ctx, struct log_entry *entries, size_t n);
	void *ctx;
};

/* 0, or what tell() gave up with. */
int finish_run(const struct finish *f, unsigned threads);

#endif
