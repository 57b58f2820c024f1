/* SPDX-License-Identifier: MIT */
/*
 * spool - a temporary file that keeps the bytes of inputs which cannot be sought.
 *
 * Output: the bytes again, by position.
 * Limits: keeps the first `max` bytes it is given; what comes later is counted, not kept.
 */
#ifndef TCPSHADOW_CAPTURE_SPOOL_H
#define TCPSHADOW_CAPTURE_SPOOL_H

#include "tcpshadow/err.h"
#include "tcpshadow/util.h"

struct spool {
	int fd;            /* an unlinked file; -1 = not opened, keeps nothing */
	bool is_full;      /* nothing more is kept from now on */
	uint64_t len;      /* bytes kept */
	uint64_t max;      /* most bytes kept */
	uint64_t overflow; /* bytes given that were not kept */
};

void spool_init(struct spool *s, uint64_t max);
void spool_release(struct spool *s);

/* Creates the file in $TMPDIR, /var/tmp or /tmp.  Does nothing when it is open or max is 0. */
TS_NODISCARD int spool_open(struct spool *s, struct err *e);
/* Returns how many of the n bytes were kept: n, or fewer when the spool (or the disk) is full. */
size_t spool_append(struct spool *s, const uint8_t *bytes, size_t n);

#endif
