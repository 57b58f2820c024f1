/* SPDX-License-Identifier: MIT */
/*
 * buf - the growable byte buffer.
 *
 * Memory: capacity at least doubles, so a sequence of appends costs linear time.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/buf.h"
#include "tcpshadow/digits.h"
#include "tcpshadow/mem.h"

#define ALLOC_MIN ((size_t)64)

/* Never written to: an empty buf has alloc 0, and every append reserves first. */
char buf_empty[1];

void buf_init(struct buf *b)
{
	b->data = buf_empty;
	b->len = 0;
	b->alloc = 0;
}

void buf_release(struct buf *b)
{
	if (b->alloc)
		free(b->data);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->alloc)
		b->data[0] = '\0';
}

void buf_reserve(struct buf *b, size_t extra)
{
	size_t need, bigger;

	BUG_ON(extra > SIZE_MAX / 4 || b->len > SIZE_MAX / 4);
	need = b->len + extra + 1;
	if (need <= b->alloc)
		return;
	bigger = b->alloc * 2;
	if (bigger < need)
		bigger = need;
	if (bigger < ALLOC_MIN)
		bigger = ALLOC_MIN;
	b->data = mem_resize(b->alloc ? b->data : NULL, bigger, 1);
	b->alloc = bigger;
	b->data[b->len] = '\0';
}

/* Formats into the room there is; when that is too small, once more with enough. */
void buf_addv(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	size_t room;
	int n;

	buf_reserve(b, ALLOC_MIN);
	room = b->alloc - b->len;
	va_copy(again, args);
	n = vsnprintf(b->data + b->len, room, fmt, args);
	BUG_ON(n < 0);
	if ((size_t)n >= room) {
		buf_reserve(b, (size_t)n);
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_addv(b, fmt, args);
	va_end(args);
}

void buf_add_u64(struct buf *b, uint64_t v)
{
	buf_reserve(b, DIGITS_U64);
	buf_end_at(b, digits_u64(b->data + b->len, v));
}

void buf_add_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addch(b, '-');
	buf_add_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_add_padded(struct buf *b, uint32_t v, size_t digits)
{
	buf_reserve(b, digits);
	buf_end_at(b, digits_padded(b->data + b->len, v, digits));
}

void buf_pad(struct buf *b, char c, size_t n)
{
	buf_reserve(b, n);
	if (n == 0)
		return;
	memset(b->data + b->len, c, n);
	b->len += n;
	b->data[b->len] = '\0';
}
