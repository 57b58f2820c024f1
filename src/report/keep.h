/* SPDX-License-Identifier: MIT */
/*
 * keep - a record that outlives its event.
 */
#ifndef REPORT_KEEP_H
#define REPORT_KEEP_H

#include "tcpshadow/mem.h"
#include "tcpshadow/record.h"

/* A copy with all that the record points to, in one piece. */
struct conn_record *keep_record(struct arena *a, const struct conn_record *r);

#endif
