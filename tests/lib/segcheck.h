/* SPDX-License-Identifier: MIT */
/*
 * segcheck - what must hold of every decoded segment, whatever the packet was.
 */
#ifndef TESTS_SEGCHECK_H
#define TESTS_SEGCHECK_H

#include "tcpshadow/decode.h"

/* NULL, or what is wrong. */
const char *segcheck(const struct packet *p, const struct segment *s);
/* Every packet is a segment, an ICMP error, or skipped for exactly one reason. */
bool segcheck_counts(const struct decode_counts *c);

#endif
