/* SPDX-License-Identifier: MIT */
/*
 * util - the few macros that every layer may use.
 *
 * BUG_ON is for broken invariants of our own only: a packet can never trigger it.
 */
#ifndef TCPSHADOW_UTIL_H
#define TCPSHADOW_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a)         (sizeof(a) / sizeof((a)[0]))

#define TS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TS_NODISCARD         __attribute__((warn_unused_result))
#define TS_NORETURN          __attribute__((noreturn))

/* Print where and what, then abort.  Ends the process in all builds. */
TS_NORETURN void util_bug(const char *file, int line, const char *what);

/*
 * Zero bytes.  For large structs, of which a compiler that knows the size would make a string instruction that takes
 * long to begin.
 */
void util_clear(void *at, size_t bytes);

#define BUG_ON(cond) ((cond) ? util_bug(__FILE__, __LINE__, #cond) : (void)0)

#define NS_PER_SEC   INT64_C(1000000000)

enum {
	CACHE_LINE = 64, /* bytes */
};

/* These bytes are needed soon: nothing waits for them, and any address will do. */
static inline void util_prefetch(const void *at, size_t bytes)
{
/* (As many instructions as lines: the loop would take twice as many.) */
#pragma GCC unroll 16
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *)at + i);
}

/* The same for what will be written: the line is taken from the core that used it last. */
static inline void util_prefetch_write(const void *at, size_t bytes)
{
#pragma GCC unroll 16
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch((const char *)at + i, 1);
}

#endif
