/* SPDX-License-Identifier: MIT */
/*
 * live - packets from an interface: a thread that captures, a queue, and reading from it.
 *
 * Input:  an interface, through live_device.
 * Output: batches; a copy of everything for the recorder and for the spool.
 * Memory: the queue; with a spool, 64 KiB more.
 */
#ifndef TCPSHADOW_CAPTURE_LIVE_H
#define TCPSHADOW_CAPTURE_LIVE_H

#include "capture/facts.h"
#include "capture/spool.h"

struct live;

/* The spool is borrowed: with it packets can be read again, the latest max bytes of them. */
struct live *live_open(
    const struct cap_options *o, struct facts *facts, struct spool *spool, struct err *e);
void live_close(struct live *l); /* NULL is fine */

size_t live_read(struct live *l, struct cap_batch *b);
bool live_is_over(const struct live *l);
TS_NODISCARD int live_reread(
    struct live *l, uint64_t offset, uint8_t **bytes, size_t *cap, struct packet *p, struct err *e);

/* See cap_pump() and others. */
void live_pump(struct live *l);
void live_stop(struct live *l);
void live_counters(const struct live *l, struct cap_counters *out);

#endif
