/* SPDX-License-Identifier: MIT */
/*
 * checksum - the Internet checksum (RFC 1071), 64 bytes at a time.
 *
 * Spec: RFC 1071 2 (B): the sum does not depend on the byte order it is computed in, so words are added
 *       as the machine loads them and only the folded result is put in network order.
 */
#include "config.h"

#include <string.h>

#include "decode/checksum.h"

enum {
	IS_LITTLE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
};

/* The last n bytes before `end`, 0 < n < 8, where at least 8 can be read; absent ones count as zero. */
static uint64_t load_last(const uint8_t *end, size_t n)
{
	uint64_t v = checksum_load64(end - 8);
	size_t absent = 64 - 8 * n;

	return IS_LITTLE ? v >> absent : v << absent;
}

/* Likewise of n bytes that stand alone. */
static uint64_t load_few(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (i < n ? p[i] : 0);
	return IS_LITTLE ? __builtin_bswap64(v) : v;
}

/* Four sums that do not wait for each other's carry. */
uint64_t checksum_blocks(const uint8_t *p, size_t blocks)
{
	uint64_t s[4] = { 0, 0, 0, 0 };

	for (; blocks > 0; blocks--, p += CHECKSUM_BLOCK) {
		s[0] = checksum_carry(s[0], checksum_load64(p));
		s[1] = checksum_carry(s[1], checksum_load64(p + 8));
		s[2] = checksum_carry(s[2], checksum_load64(p + 16));
		s[3] = checksum_carry(s[3], checksum_load64(p + 24));
		s[0] = checksum_carry(s[0], checksum_load64(p + 32));
		s[1] = checksum_carry(s[1], checksum_load64(p + 40));
		s[2] = checksum_carry(s[2], checksum_load64(p + 48));
		s[3] = checksum_carry(s[3], checksum_load64(p + 56));
	}
	return checksum_carry(checksum_carry(s[0], s[1]), checksum_carry(s[2], s[3]));
}

#ifdef __x86_64__
typedef uint64_t lanes __attribute__((vector_size(32)));

/*
 * The same with 32 bytes for an instruction.  Lanes tell of no carry, so the high halves of words are added once more
 * apart, which does not overflow within 2^32 words.  What they are in the sum of all, taken off again, leaves the sum
 * of the low halves.
 */
__attribute__((target("avx2"))) static uint64_t add_wide(const uint8_t *p, size_t blocks)
{
	lanes all = { 0 }, high = { 0 }, all2 = { 0 }, high2 = { 0 }, v;

	for (; blocks > 0; blocks--, p += CHECKSUM_BLOCK) {
		memcpy(&v, p, sizeof(v));
		all += v;
		high += v >> 32;
		memcpy(&v, p + sizeof(v), sizeof(v));
		all2 += v;
		high2 += v >> 32;
	}
	high += high2;
	all += all2 + high - (high << 32);
	return checksum_carry(checksum_carry(all[0], all[1]), checksum_carry(all[2], all[3]));
}

static uint64_t add_many(const uint8_t *p, size_t blocks)
{
	return __builtin_cpu_supports("avx2") ? add_wide(p, blocks) : checksum_blocks(p, blocks);
}
#else
static uint64_t add_many(const uint8_t *p, size_t blocks)
{
	return checksum_blocks(p, blocks);
}
#endif

/* What is less than a block, where at least 8 bytes end with it. */
static inline uint64_t add_rest(uint64_t sum, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	if (n & 32) {
		sum = checksum_carry(sum, checksum_load64(p));
		sum = checksum_carry(sum, checksum_load64(p + 8));
		sum = checksum_carry(sum, checksum_load64(p + 16));
		sum = checksum_carry(sum, checksum_load64(p + 24));
		p += 32;
	}
	if (n & 16) {
		sum = checksum_carry(sum, checksum_load64(p));
		sum = checksum_carry(sum, checksum_load64(p + 8));
		p += 16;
	}
	if (n & 8)
		sum = checksum_carry(sum, checksum_load64(p));
	return n & 7 ? checksum_carry(sum, load_last(end, n & 7)) : sum;
}

__attribute__((noinline)) static uint64_t add_long(uint64_t sum, const uint8_t *p, size_t n)
{
	size_t whole = n & ~(size_t)(CHECKSUM_BLOCK - 1);

	sum = checksum_carry(sum, add_many(p, n / CHECKSUM_BLOCK));
	return add_rest(sum, p + whole, n - whole);
}

uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	if (n >= CHECKSUM_BLOCK)
		return add_long(sum, p, n);
	return n >= 8 ? add_rest(sum, p, n) : checksum_carry(sum, load_few(p, n));
}

uint64_t checksum_pseudo(const struct checksum_pseudo *ph)
{
	const uint8_t *src = ph->src->b, *dst = ph->dst->b;
	uint64_t sum = checksum_native((uint16_t)(ph->len >> 16));

	sum += checksum_native((uint16_t)ph->len);
	sum += checksum_native(ph->protocol);
	if (ph->version == 4)
		return sum + checksum_load32(src) + checksum_load32(dst);
	sum = checksum_carry(sum, checksum_load64(src));
	sum = checksum_carry(sum, checksum_load64(src + 8));
	sum = checksum_carry(sum, checksum_load64(dst));
	return checksum_carry(sum, checksum_load64(dst + 8));
}
