/* SPDX-License-Identifier: MIT */
/*
 * live_spool - the latest packets of an interface, to be read again.
 *
 * Input:  packets in order, from one thread.
 * Output: the same by position, to any other.
 * Limits: keeps as many bytes as the spool may have; older packets give way to newer ones.
 */
#ifndef TCPSHADOW_CAPTURE_LIVE_SPOOL_H
#define TCPSHADOW_CAPTURE_LIVE_SPOOL_H

#include <stdatomic.h>

#include "capture/live_ring.h"
#include "capture/spool.h"
#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"

struct live_spool {
	struct spool *spool;      /* NULL = keeps nothing */
	struct buf waiting;       /* added, not yet written */
	_Atomic uint64_t written; /* position behind all that was written */
	_Atomic uint64_t broken;  /* from here on nothing could be written; UINT64_MAX = all well */
};

void live_spool_init(struct live_spool *s, struct spool *spool);
void live_spool_release(struct live_spool *s);

/* The packet's position. */
uint64_t live_spool_add(struct live_spool *s, const struct ring_packet *p);
/* What was added can be read again from now on. */
void live_spool_flush(struct live_spool *s);
/* Bytes that were added and cannot be read again any more. */
uint64_t live_spool_lost(const struct live_spool *s);

TS_NODISCARD int live_spool_get(struct live_spool *s, uint64_t at, uint8_t **bytes, size_t *cap,
    struct packet *p, struct err *e);

#endif
