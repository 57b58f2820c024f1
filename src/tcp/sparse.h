/* SPDX-License-Identifier: MIT */
/*
 * sparse - bytes that are much like others, in a fraction of their size.
 *
 * Input:  any bytes, and as many others, the base, which must be the same for putting and getting.
 * Output: for each sixteen 4-byte words a mask of two bytes that says which of them differ from the base; behind
 *         all masks the differences (exclusive or).  Exact.
 * Memory: none of its own.
 * Does not: know what the bytes mean.  What is packed never leaves the process.
 */
#ifndef TCP_SPARSE_H
#define TCP_SPARSE_H

#include <stddef.h>
#include <stdint.h>

enum {
	SPARSE_GROUP = 64, /* bytes of a group; packed, two more at most */
	SPARSE_MASK = 2,   /* bytes */
};

/* One way to do it; all give the same. */
struct sparse_way {
	/* Both return where the words of the next group go, or are.  Room for one group more there may be written over. */
	uint8_t *(*put)(
	    uint8_t *masks, uint8_t *words, const uint8_t *in, const uint8_t *base, size_t groups);
	const uint8_t *(*get)(const uint8_t *masks, const uint8_t *words, uint8_t *out,
	    const uint8_t *base, size_t groups);
};

/* One that any machine can go. */
extern const struct sparse_way sparse_plain;
/* The quickest that this machine can. */
const struct sparse_way *sparse_best(void);

/* n need not be a multiple of a group.  Room for SPARSE_GROUP more at `out` may be written over. */
uint8_t *sparse_put(
    const struct sparse_way *way, uint8_t *out, const void *bytes, const void *base, size_t n);
const uint8_t *sparse_get(
    const struct sparse_way *way, const uint8_t *in, void *bytes, const void *base, size_t n);

#endif
