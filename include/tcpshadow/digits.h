/* SPDX-License-Identifier: MIT */
/*
 * digits - numbers as decimal digits, written where the caller has made room; no NUL behind them.
 *
 * The lowest step of everything that is written: a record of `list --json` has a hundred numbers.
 */
#ifndef TCPSHADOW_DIGITS_H
#define TCPSHADOW_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum {
	DIGITS_U64 = 20, /* of 2^64 - 1 */
	DIGITS_NS = 21,  /* of INT64_MIN: sign, ten digits, point, nine digits */
	DIGITS_PADDED = 9,
};

/* Each returns what is behind its last digit. */
char *digits_u64(char *p, uint64_t v);
/* The last n <= DIGITS_PADDED places of v, leading zeros included. */
char *digits_padded(char *p, uint32_t v, size_t n);
/* Nanoseconds as seconds with nine decimals: -1.000000001, 1795198003.409614123. */
char *digits_ns(char *p, int64_t ns);

#endif
