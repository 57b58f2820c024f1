/* SPDX-License-Identifier: MIT */
/*
 * rd - the only way to read bytes that came from outside.
 *
 * A reader is a pointer and an end.  Reading past the end returns 0 and sets `is_short` for good, so a
 * parser reads all its fields and checks once.  No alignment or byte order is assumed of the memory.
 */
#ifndef TCPSHADOW_RD_H
#define TCPSHADOW_RD_H

#include <string.h>

#include "tcpshadow/util.h"

struct rd {
	const uint8_t *p;   /* next byte */
	const uint8_t *end; /* one past the last byte */
	bool is_short;      /* a read went past the end; sticky */
};

static inline struct rd rd_make(const uint8_t *p, size_t len)
{
	return (struct rd){ .p = p, .end = p + len, .is_short = false };
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes, and moves past them; NULL (and is_short) when fewer are left. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (rd_left(r) < n) {
		r->is_short = true;
		r->p = r->end;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline void rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}

/* Numbers at p, for a caller that has made sure of their bytes. */
static inline uint16_t rd_at16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t rd_at32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rd_be16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p ? rd_at16(p) : 0;
}

static inline uint32_t rd_be32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? rd_at32(p) : 0;
}

static inline uint32_t rd_be24(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint16_t rd_le16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : 0;
}

static inline uint32_t rd_le32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

/* A reader over the next n bytes only (fewer, and is_short in both, when fewer are left); moves past. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	struct rd sub = { .p = r->p, .end = r->p, .is_short = rd_left(r) < n };

	sub.end = r->p + (sub.is_short ? rd_left(r) : n);
	rd_skip(r, n);
	return sub;
}

#endif
