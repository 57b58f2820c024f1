/* SPDX-License-Identifier: MIT */
/*
 * sparse - see sparse.h for the contract.
 */
#include "config.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "tcp/sparse.h"
#include "tcpshadow/util.h"

#define WORD sizeof(uint32_t)

/* Four words. */
typedef uint32_t quad __attribute__((vector_size(16)));

enum {
	QUADS = SPARSE_GROUP / 16,
};

_Static_assert(sizeof(quad[QUADS]) == SPARSE_GROUP, "a group is whole quads");

/* Bits of the words that are not zero, without a branch for each: none could be predicted. */
static unsigned words_set(const quad words[QUADS])
{
	static const quad bits[QUADS] = { { 1, 1 << 1, 1 << 2, 1 << 3 },
		{ 1 << 4, 1 << 5, 1 << 6, 1 << 7 }, { 1 << 8, 1 << 9, 1 << 10, 1 << 11 },
		{ 1 << 12, 1 << 13, 1 << 14, 1 << 15 } };
	quad set = { 0 };

#pragma GCC unroll 4
	for (unsigned i = 0; i < QUADS; i++)
		set |= (quad)(words[i] != 0) & bits[i];
	return set[0] | set[1] | set[2] | set[3];
}

static uint8_t *put_plain(
    uint8_t *masks, uint8_t *at, const uint8_t *in, const uint8_t *base, size_t groups)
{
	for (; groups > 0; groups--, in += SPARSE_GROUP, base += SPARSE_GROUP) {
		quad words[QUADS], others[QUADS];
		uint16_t mask;

		memcpy(words, in, sizeof(words));
		memcpy(others, base, sizeof(others));
#pragma GCC unroll 4
		for (unsigned i = 0; i < QUADS; i++)
			words[i] ^= others[i];
		mask = (uint16_t)words_set(words);
		memcpy(masks, &mask, SPARSE_MASK);
		masks += SPARSE_MASK;
		for (unsigned set = mask; set; set &= set - 1, at += WORD)
			memcpy(at, (uint8_t *)words + WORD * (unsigned)__builtin_ctz(set), WORD);
	}
	return at;
}

static const uint8_t *get_plain(
    const uint8_t *masks, const uint8_t *at, uint8_t *out, const uint8_t *base, size_t groups)
{
	for (; groups > 0; groups--, out += SPARSE_GROUP, base += SPARSE_GROUP) {
		uint32_t words[SPARSE_GROUP / WORD], other;
		uint16_t mask;

		memcpy(&mask, masks, SPARSE_MASK);
		masks += SPARSE_MASK;
		memcpy(words, base, SPARSE_GROUP);
		for (unsigned set = mask; set; set &= set - 1, at += WORD) {
			memcpy(&other, at, WORD);
			words[__builtin_ctz(set)] ^= other;
		}
		memcpy(out, words, SPARSE_GROUP);
	}
	return at;
}

const struct sparse_way sparse_plain = { put_plain, get_plain };

#ifdef __x86_64__
#define WIDE __attribute__((target("avx512f,popcnt")))

/* A group at once: how many words it has cannot be predicted, and each loop over them would miss its end. */
WIDE static uint8_t *put_wide(
    uint8_t *masks, uint8_t *at, const uint8_t *in, const uint8_t *base, size_t groups)
{
	for (size_t i = 0; i < groups; i++) {
		__m512i words = _mm512_xor_si512(_mm512_loadu_si512(in + i * SPARSE_GROUP),
		    _mm512_loadu_si512(base + i * SPARSE_GROUP));
		uint16_t mask = _mm512_test_epi32_mask(words, words);

		memcpy(masks + i * SPARSE_MASK, &mask, SPARSE_MASK);
		_mm512_storeu_si512(at, _mm512_maskz_compress_epi32(mask, words));
		at += WORD * (unsigned)__builtin_popcount(mask);
	}
	return at;
}

/* (No byte behind the last word is read.) */
WIDE static const uint8_t *get_wide(
    const uint8_t *masks, const uint8_t *at, uint8_t *out, const uint8_t *base, size_t groups)
{
	for (size_t i = 0; i < groups; i++) {
		uint16_t mask;
		unsigned n;
		__m512i words;

		memcpy(&mask, masks + i * SPARSE_MASK, SPARSE_MASK);
		n = (unsigned)__builtin_popcount(mask);
		words = _mm512_maskz_loadu_epi32((__mmask16)((1u << n) - 1), at);
		words = _mm512_maskz_expand_epi32(mask, words);
		_mm512_storeu_si512(out + i * SPARSE_GROUP,
		    _mm512_xor_si512(words, _mm512_loadu_si512(base + i * SPARSE_GROUP)));
		at += WORD * n;
	}
	return at;
}

static const struct sparse_way sparse_wide = { put_wide, get_wide };

const struct sparse_way *sparse_best(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt")
	           ? &sparse_wide
	           : &sparse_plain;
}
#else
const struct sparse_way *sparse_best(void)
{
	return &sparse_plain;
}
#endif

uint8_t *sparse_put(
    const struct sparse_way *way, uint8_t *out, const void *bytes, const void *base, size_t n)
{
	size_t groups = n / SPARSE_GROUP, whole = groups * SPARSE_GROUP, left = n - whole;
	uint8_t last[SPARSE_GROUP] = { 0 }, other[SPARSE_GROUP] = { 0 };
	uint8_t *words = out + SPARSE_MASK * (groups + (left > 0));

	words = way->put(out, words, bytes, base, groups);
	if (left == 0)
		return words;
	memcpy(last, (const uint8_t *)bytes + whole, left);
	memcpy(other, (const uint8_t *)base + whole, left);
	return way->put(out + SPARSE_MASK * groups, words, last, other, 1);
}

const uint8_t *sparse_get(
    const struct sparse_way *way, const uint8_t *in, void *bytes, const void *base, size_t n)
{
	size_t groups = n / SPARSE_GROUP, whole = groups * SPARSE_GROUP, left = n - whole;
	uint8_t last[SPARSE_GROUP], other[SPARSE_GROUP] = { 0 };
	const uint8_t *words = in + SPARSE_MASK * (groups + (left > 0));

	words = way->get(in, words, bytes, base, groups);
	if (left == 0)
		return words;
	memcpy(other, (const uint8_t *)base + whole, left);
	words = way->get(in + SPARSE_MASK * groups, words, last, other, 1);
	memcpy((uint8_t *)bytes + whole, last, left);
	return words;
}
