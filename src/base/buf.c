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
#include "tcpshadow/mem.h"

#define ALLOC_MIN     ((size_t)64)
#define U64_DIGITS    20 /* of 2^64 - 1 */
#define PADDED_DIGITS 9

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

/* Two digits at a time: a division by 100 costs no more than one by 10. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

void buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[U64_DIGITS];
	size_t at = sizeof(digits);

	for (; v >= 100; v /= 100) {
		at -= 2;
		memcpy(digits + at, pairs + v % 100 * 2, 2);
	}
	if (v >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + v * 2, 2);
	} else {
		digits[--at] = (char)('0' + v);
	}
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_padded(struct buf *b, uint32_t v, size_t digits)
{
	char text[PADDED_DIGITS];
	size_t at = digits;

	for (; at >= 2; v /= 100) {
		at -= 2;
		memcpy(text + at, pairs + (size_t)2 * (v % 100), 2);
	}
	if (at)
		text[0] = (char)('0' + v % 10);
	buf_add(b, text, digits);
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
