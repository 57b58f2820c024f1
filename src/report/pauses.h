/* SPDX-License-Identifier: MIT */
/*
 * pauses - the gaps in time that a ladder would draw, for those who walk along the bytes.
 *
 * A pause is shown before bytes when such a gap lies between them and the bytes before, and has the name of
 * the longest one.
 */
#ifndef REPORT_PAUSES_H
#define REPORT_PAUSES_H

#include "tcpshadow/session.h"

struct pauses {
	struct pause *list; /* in order of time */
	size_t n, next;
	int64_t now; /* the latest time of bytes, ns since the start; -1 = none */
};

/* Without rows there are none. */
void pauses_init(struct pauses *p, const struct session *s);
void pauses_release(struct pauses *p);
/* The next bytes came at `time`.  Who waited for what since the last ones, and how long; NULL = no pause. */
const char *pauses_before(struct pauses *p, int64_t time, int64_t *waited);

#endif
