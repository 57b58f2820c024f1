/* SPDX-License-Identifier: MIT */
/*
 * live_ring - the bounded queue between the thread that captures and the one that reads.
 *
 * Input:  packets, from one thread.
 * Output: the same, in order, to one other thread.  Nobody waits: a full ring refuses, an empty one has none.
 * Memory: as many bytes as it was made with.
 */
#ifndef TCPSHADOW_CAPTURE_LIVE_RING_H
#define TCPSHADOW_CAPTURE_LIVE_RING_H

#include <stdatomic.h>

#include "tcpshadow/util.h"

struct ring {
	uint8_t *bytes;
	uint64_t size;         /* a power of two */
	_Atomic uint64_t head; /* bytes ever put; the writer's */
	_Atomic uint64_t tail; /* bytes ever taken; the reader's */
	uint64_t next_tail;    /* the reader's: behind the packet it was given */
};

struct ring_packet {
	int64_t ts; /* ns since the epoch */
	uint32_t caplen, wire_len;
	const uint8_t *data; /* caplen bytes */
};

void ring_init(struct ring *r, uint64_t size);
void ring_release(struct ring *r);

/* The writer: false when there is no room. */
bool ring_put(struct ring *r, const struct ring_packet *p);

/* The reader: the next packet, whose bytes stay until ring_done().  False when there is none. */
bool ring_get(struct ring *r, struct ring_packet *p);
void ring_done(struct ring *r);

/* Either: bytes in use. */
uint64_t ring_used(const struct ring *r);

#endif
