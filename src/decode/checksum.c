/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum (RFC 1071), eight bytes at a time.
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

uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint64_t s[4] = { sum, 0, 0, 0 };
	uint64_t carries = 0;

	/* Four independent chains, so that one addition need not wait for the other's carry. */
	for (; n >= 32; n -= 32, p += 32) {
		for (size_t i = 0; i < 4; i++) {
			uint64_t word = load64(p + 8 * i);

			s[i] += word;
			carries += s[i] < word;
		}
	}
	for (; n >= 8; n -= 8, p += 8)
		s[1] = add_carry(s[1], load64(p));
	s[2] = add_carry(s[2], load_rest(p, n));
	return add_carry(add_carry(add_carry(s[0], s[1]), add_carry(s[2], s[3])), carries);
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
