/* SPDX-License-Identifier: MIT */
/*
 * err - one sentence saying what went wrong with the environment (files, memory, options).
 *
 * Filled once, where it happens, with object and position:
 *   x.pcap: record 17 at byte 4096: length 70000 exceeds 65535
 * Lower case, no newline, no program name.  Only cli prints it.  Odd packets are findings, never errors.
 */
#ifndef TCPSHADOW_ERR_H
#define TCPSHADOW_ERR_H

#include "tcpshadow/util.h"

struct err {
	char text[1024]; /* NUL-terminated; "" = no error; longer sentences are cut */
};

/* Always returns -1, so that `return err_set(e, ...)` reads well.  e may be NULL. */
int err_set(struct err *e, const char *fmt, ...) TS_PRINTF(2, 3);

#endif
