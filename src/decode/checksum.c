/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum (RFC 1071), 32 bytes at a time.
 *
 * Spec: RFC 1071 2 (B): the sum does not depend on the byte order it is computed in, so words are added
 *       as the machine loads them and only the folded result is put in network order.
 */
#include "config.h"

#include <string.h>

#include "decode/checksum.h"

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t s = a + b;

	return s + (s < b);
}

/* The last n < 8 bytes; absent ones count as zero. */
static uint64_t load_rest(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		memcpy((uint8_t *)&v + i, p + i, 1);
	return v;
}

/* Two 64-bit lanes; 32-bit halves are added into them, so that no carry is lost before 2^32 additions. */
typedef uint64_t lanes __attribute__((vector_size(16)));

static lanes load_lanes(const uint8_t *p)
{
	lanes v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t add_blocks(const uint8_t *p, size_t blocks)
{
	lanes low = { 0 }, high = { 0 }, low2 = { 0 }, high2 = { 0 };

	for (; blocks > 0; blocks--, p += 32) {
		lanes a = load_lanes(p), b = load_lanes(p + 16);

		low += a & UINT32_MAX;
		high += a >> 32;
		low2 += b & UINT32_MAX;
		high2 += b >> 32;
	}
	low += high + low2 + high2;
	return add_carry(low[0], low[1]);
}

uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	size_t blocks = n / 32;

	if (blocks > 0)
		sum = add_carry(sum, add_blocks(p, blocks));
	p += blocks * 32;
	for (n %= 32; n >= 8; n -= 8, p += 8)
		sum = add_carry(sum, load64(p));
	return n > 0 ? add_carry(sum, load_rest(p, n)) : sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	uint16_t native;
	uint8_t bytes[2];

	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	native = (uint16_t)sum;
	memcpy(bytes, &native, sizeof(bytes));
	return (uint16_t)((unsigned)bytes[0] << 8 | bytes[1]);
}

uint64_t checksum_pseudo(const struct checksum_pseudo *ph)
{
	size_t alen = ph->version == 4 ? 4 : 16;
	const uint8_t tail[8] = { (uint8_t)(ph->len >> 24), (uint8_t)(ph->len >> 16),
		(uint8_t)(ph->len >> 8), (uint8_t)ph->len, 0, 0, 0, ph->protocol };
	uint64_t sum = load64(tail);

	for (size_t i = 0; i < alen; i += 8) {
		sum = add_carry(sum, alen < 8 ? load_rest(ph->src->b, 4) : load64(ph->src->b + i));
		sum = add_carry(sum, alen < 8 ? load_rest(ph->dst->b, 4) : load64(ph->dst->b + i));
	}
	return sum;
}
