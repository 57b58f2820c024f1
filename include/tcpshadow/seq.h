/* SPDX-License-Identifier: MIT */
/*
 * seq - arithmetic on 32-bit sequence numbers and timestamps modulo 2^32 (RFC 9293 3.4, RFC 7323 5.2),
 * and their unwrapping to 64 bits.  A raw `<` between wire sequence numbers is a defect.
 */
#ifndef TCPSHADOW_SEQ_H
#define TCPSHADOW_SEQ_H

#include "tcpshadow/util.h"

/* a - b as a signed distance, in bytes; right while the true distance is below 2^31. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

static inline bool seq_le(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) <= 0;
}

/* The 64-bit number nearest to `edge` whose low 32 bits are `wire`.  `edge` is at least 2^31. */
static inline uint64_t seq_unwrap(uint64_t edge, uint32_t wire)
{
	return edge + (uint64_t)(int64_t)seq_diff(wire, (uint32_t)edge);
}

#endif
