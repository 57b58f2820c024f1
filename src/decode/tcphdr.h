/* SPDX-License-Identifier: MIT */
/*
 * tcphdr - what both ways to a TCP header share: the steps of walk.h, and plain.h.
 *
 * Spec: RFC 9293 3.1; RFC 1624 (0xffff).
 */
#ifndef DECODE_TCPHDR_H
#define DECODE_TCPHDR_H

#include "decode/checksum.h"
#include "decode/proto.h"
#include "tcpshadow/rd.h"
#include "tcpshadow/segment.h"

/* Header bytes by the data offset of the TCP_HEADER bytes at p. */
static inline uint8_t tcphdr_len(const uint8_t *p)
{
	return (uint8_t)(p[12] >> 4 << 2);
}

/* The fields in the TCP_HEADER bytes at p. */
static inline void tcphdr_fixed(struct segment *out, const uint8_t *p)
{
	out->sport = rd_at16(p);
	out->dport = rd_at16(p + 2);
	out->seq = rd_at32(p + 4);
	out->ack = rd_at32(p + 8);
	out->header_len = tcphdr_len(p);
	out->flags = rd_at16(p + 12) & 0xfff;
	out->window = rd_at16(p + 14);
	out->checksum = rd_at16(p + 16);
	out->urgent = rd_at16(p + 18);
}

/* The sum over the whole segment with its pseudo-header is right. */
static inline uint8_t tcphdr_right(uint16_t field)
{
	return field == 0xffff ? CHECKSUM_ZERO_FFFF : CHECKSUM_GOOD;
}

/*
 * The checksum of `len` bytes of TCP is not right, or nobody knows: CHECKSUM_PARTIAL, or else what the caller says.
 * Everything else of *out that concerns it is filled.
 */
uint8_t tcphdr_partial(const struct segment *out, uint32_t len, enum checksum_state other);

#endif
