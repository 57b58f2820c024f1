/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum (RFC 1071), 32 bytes at a time.
 *
 * A partial sum is a 64-bit ones' complement sum in the machine's own byte order.  Pieces are added in any
 * order, but every piece except the last must have an even number of bytes.
 */
#ifndef DECODE_CHECKSUM_H
#define DECODE_CHECKSUM_H

#include "tcpshadow/addr.h"

uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n);
/* The sum as the 16-bit number a header field would hold, not inverted; 0xffff over a correct packet. */
uint16_t checksum_fold(uint64_t sum);

/* Pseudo-header of RFC 9293 3.1 (version 4) or RFC 8200 8.1 (version 6). */
struct checksum_pseudo {
	const struct addr *src, *dst;
	uint32_t len; /* of the upper-layer packet, bytes */
	uint8_t version;
	uint8_t protocol;
};
uint64_t checksum_pseudo(const struct checksum_pseudo *ph);

#endif
