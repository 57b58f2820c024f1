/* SPDX-License-Identifier: MIT */
/*
 * record_check - what must hold for every record, whatever the packets were.
 */
#ifndef TESTS_LIB_RECORD_CHECK_H
#define TESTS_LIB_RECORD_CHECK_H

#include "tcpshadow/record.h"

/* Number of broken rules; each appends one line to *out. */
size_t record_check(const struct conn_record *r, struct buf *out);

#endif
