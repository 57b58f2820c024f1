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

/* Bits of the words that are not zero, without a branch for each: none could be predicted. */
static unsigned words_set(const uint8_t *in)
{
	static const quad bits[] = { { 1, 1 << 1, 1 << 2, 1 << 3 },
		{ 1 << 4, 1 << 5, 1 << 6, 1 << 7 }, { 1 << 8, 1 << 9, 1 << 10, 1 << 11 },
		{ 1 << 12, 1 << 13, 1 << 14, 1 << 15 } };
	quad set = { 0 };

#pragma GCC unroll 4
	for (unsigned i = 0; i < ARRAY_LEN(bits); i++) {
		quad words;

		memcpy(&words, in + sizeof(words) * i, sizeof(words));
		set |= (quad)(words != 0) & bits[i];
	}
	return set[0] | set[1] | set[2] | set[3];
}

static uint8_t *put_plain(uint8_t *out, const uint8_t *in, size_t groups)
{
	for (; groups > 0; groups--, in += SPARSE_GROUP) {
		unsigned set = words_set(in);
		uint16_t mask = (uint16_t)set;

		memcpy(out, &mask, sizeof(mask));
		out += sizeof(mask);
		for (; set; set &= set - 1, out += WORD)
			memcpy(out, in + WORD * (unsigned)__builtin_ctz(set), WORD);
	}
	return out;
}

static const uint8_t *get_plain(const uint8_t *in, uint8_t *out, size_t groups)
{
	for (; groups > 0; groups--, out += SPARSE_GROUP) {
		uint16_t mask;

		memcpy(&mask, in, sizeof(mask));
		in += sizeof(mask);
		memset(out, 0, SPARSE_GROUP);
		for (unsigned set = mask; set; set &= set - 1, in += WORD)
			memcpy(out + WORD * (unsigned)__builtin_ctz(set), in, WORD);
	}
	return in;
}

const struct sparse_way sparse_plain = { put_plain, get_plain };

#ifdef __x86_64__
#define WIDE __attribute__((target("avx512f,popcnt")))

/* A group at once: how many words it has cannot be predicted, and each loop over them would miss its end. */
WIDE static uint8_t *put_wide(uint8_t *out, const uint8_t *in, size_t groups)
{
	for (; groups > 0; groups--, in += SPARSE_GROUP) {
		__m512i words = _mm512_loadu_si512(in);
		uint16_t mask = _mm512_test_epi32_mask(words, words);

		memcpy(out, &mask, sizeof(mask));
		out += sizeof(mask);
		_mm512_storeu_si512(out, _mm512_maskz_compress_epi32(mask, words));
		out += WORD * (unsigned)__builtin_popcount(mask);
	}
	return out;
}

/* (No byte behind the last word is read.) */
WIDE static const uint8_t *get_wide(const uint8_t *in, uint8_t *out, size_t groups)
{
	for (; groups > 0; groups--, out += SPARSE_GROUP) {
		uint16_t mask;
		unsigned n;
		__m512i words;

		memcpy(&mask, in, sizeof(mask));
		in += sizeof(mask);
		n = (unsigned)__builtin_popcount(mask);
		words = _mm512_maskz_loadu_epi32((__mmask16)((1u << n) - 1), in);
		_mm512_storeu_si512(out, _mm512_maskz_expand_epi32(mask, words));
		in += WORD * n;
	}
	return in;
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

uint8_t *sparse_put(const struct sparse_way *way, uint8_t *out, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	size_t groups = n / SPARSE_GROUP, left = n % SPARSE_GROUP;
	uint8_t last[SPARSE_GROUP] = { 0 };

	out = way->put(out, in, groups);
	if (left == 0)
		return out;
	memcpy(last, in + groups * SPARSE_GROUP, left);
	return way->put(out, last, 1);
}

const uint8_t *sparse_get(const struct sparse_way *way, const uint8_t *in, void *bytes, size_t n)
{
	uint8_t *out = bytes;
	size_t groups = n / SPARSE_GROUP, left = n % SPARSE_GROUP;
	uint8_t last[SPARSE_GROUP];

	in = way->get(in, out, groups);
	if (left == 0)
		return in;
	in = way->get(in, last, 1);
	memcpy(out + groups * SPARSE_GROUP, last, left);
	return in;
}
