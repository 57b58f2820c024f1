/* SPDX-License-Identifier: MIT */
/*
 * digits - three digits at a time, from a table; as many divisions, all by constants, as the number's length asks for.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/digits.h"
#include "tcpshadow/util.h"

#define TEN_6      1000000u
#define TEN_9      1000000000u
#define TEN_18     UINT64_C(1000000000000000000)

#define TEN(d)     d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
#define LOWER(d)   TEN(d "0") TEN(d "1") TEN(d "2") TEN(d "3") TEN(d "4")
#define UPPER(d)   TEN(d "5") TEN(d "6") TEN(d "7") TEN(d "8") TEN(d "9")
#define HUNDRED(d) LOWER(d) UPPER(d)

/* "000001002" to "999" */
static const char triples[] = HUNDRED("0") HUNDRED("1") HUNDRED("2") HUNDRED("3") HUNDRED("4")
    HUNDRED("5") HUNDRED("6") HUNDRED("7") HUNDRED("8") HUNDRED("9");

/* v < 1,000 */
static inline char *three(char *p, uint32_t v)
{
	memcpy(p, triples + (size_t)3 * v, 3);
	return p + 3;
}

/* The same where more is written behind: a copy of four bytes is one step, of three it is two. */
static inline char *three_of_more(char *p, uint32_t v)
{
	memcpy(p, triples + (size_t)3 * v, 4);
	return p + 3;
}

/* v < 10^6 */
static inline char *six(char *p, uint32_t v)
{
	return three(three_of_more(p, v / 1000), v % 1000);
}

/* v < 10^9 */
static inline char *nine(char *p, uint32_t v)
{
	return six(three_of_more(p, v / TEN_6), v % TEN_6);
}

/* v < 1,000, without leading zeros, as what follows. */
static inline char *up_to_three(char *p, uint32_t v)
{
	if (v >= 100)
		return three(p, v);
	if (v >= 10) {
		memcpy(p, triples + (size_t)3 * v + 1, 2);
		return p + 2;
	}
	*p = (char)('0' + v);
	return p + 1;
}

/* v < 10^9 */
static char *up_to_nine(char *p, uint32_t v)
{
	if (v < 1000)
		return up_to_three(p, v);
	if (v < TEN_6)
		return three(up_to_three(p, v / 1000), v % 1000);
	return six(up_to_three(p, v / TEN_6), v % TEN_6);
}

char *digits_u64(char *p, uint64_t v)
{
	if (v < TEN_9)
		return up_to_nine(p, (uint32_t)v);
	if (v >= TEN_18) {
		p = up_to_three(p, (uint32_t)(v / TEN_18));
		p = nine(p, (uint32_t)(v % TEN_18 / TEN_9));
	} else {
		p = up_to_nine(p, (uint32_t)(v / TEN_9));
	}
	return nine(p, (uint32_t)(v % TEN_9));
}

char *digits_padded(char *p, uint32_t v, size_t n)
{
	for (size_t at = n; at-- > 0; v /= 10)
		p[at] = (char)('0' + v % 10);
	return p + n;
}

char *digits_ns(char *p, int64_t ns)
{
	/* (right for INT64_MIN too) */
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	uint64_t seconds = v / (uint64_t)NS_PER_SEC;
	uint32_t fraction = (uint32_t)(v - seconds * (uint64_t)NS_PER_SEC);

	if (ns < 0)
		*p++ = '-';
	if (seconds < 10)
		*p++ = (char)('0' + seconds);
	else
		p = digits_u64(p, seconds);
	*p++ = '.';
	return nine(p, fraction);
}
