/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum (RFC 1071), 64 bytes at a time.
 *
 * A partial sum is a 64-bit ones' complement sum in the machine's own byte order.  Pieces are added in any
 * order, but every piece except the last must have an even number of bytes.
 */
#ifndef DECODE_CHECKSUM_H
#define DECODE_CHECKSUM_H

#include "tcpshadow/addr.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n);

enum {
	CHECKSUM_BLOCK = 64, /* bytes */
};

/* How it sums whole blocks on machines for which there is nothing better. */
uint64_t checksum_blocks(const uint8_t *p, size_t blocks);

/* One word more. */
static inline uint64_t checksum_carry(uint64_t sum, uint64_t word)
{
	uint64_t s = sum + word;

	return s + (s < word);
}

static inline uint64_t checksum_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t checksum_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A 16-bit number as it would be loaded from a packet, and back. */
static inline uint16_t checksum_native(uint16_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(n);
#else
	return n;
#endif
}

/* Halves added with the carry coming round end up in the upper half of what this gives (RFC 1071 2 (C)). */
static inline uint64_t checksum_halve64(uint64_t sum)
{
	return sum + (sum << 32 | sum >> 32);
}

static inline uint32_t checksum_halve32(uint32_t sum)
{
	return sum + (sum << 16 | sum >> 16);
}

/* The sum as the 16-bit number a header field would hold, not inverted; 0xffff over a correct packet. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)(checksum_halve64(sum) >> 32);

	return checksum_native((uint16_t)(checksum_halve32(half) >> 16));
}

/* Pseudo-header of RFC 9293 3.1 (version 4) or RFC 8200 8.1 (version 6). */
struct checksum_pseudo {
	const struct addr *src, *dst;
	uint32_t len; /* of the upper-layer packet, bytes */
	uint8_t version;
	uint8_t protocol;
};
uint64_t checksum_pseudo(const struct checksum_pseudo *ph);

#endif
