/* SPDX-License-Identifier: MIT */
/*
 * loaded - all connections of a capture, with rows, streams as the analysis delivered them, and a map of them.
 */
#ifndef TESTS_LOADED_H
#define TESTS_LOADED_H

#include "tcpshadow/engine.h"
#include "tcpshadow/streammap.h"

struct loaded_conn {
	struct session *session;
	struct streammap *map;
	struct buf bytes;    /* both streams in order of delivery */
	struct buf sides[2]; /* [enum side] */
};

struct loaded {
	struct cap *cap;
	struct loaded_conn *conns; /* [id - 1] */
	size_t nconns, cap_conns;
	uint64_t *owners; /* [ordinal - 1]: id, 0 = nobody */
	size_t nowners;
};

/* False when it is no capture at all. */
bool loaded_open(struct loaded *l, const char *file);
void loaded_close(struct loaded *l);
struct stream_source loaded_source(struct loaded *l);

#endif
