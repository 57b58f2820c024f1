/* SPDX-License-Identifier: MIT */
/*
 * buf - a growable byte buffer, as in git's strbuf: `data` is never NULL and always NUL-terminated
 * behind `len`; NUL bytes inside are allowed.  Writers of text and JSON append here and flush at once.
 */
#ifndef TCPSHADOW_BUF_H
#define TCPSHADOW_BUF_H

#include <stdarg.h>
#include <string.h>

#include "tcpshadow/util.h"

struct buf {
	char *data;   /* NUL-terminated; the shared empty string before the first append */
	size_t len;   /* bytes, without the NUL */
	size_t alloc; /* bytes owned; 0 = data is not ours */
};

extern char buf_empty[1];
#define BUF_INIT                                                                                   \
	{                                                                                          \
		.data = buf_empty, .len = 0, .alloc = 0                                            \
	}

void buf_init(struct buf *b);
void buf_release(struct buf *b);               /* frees the contents and re-initialises */
void buf_reset(struct buf *b);                 /* empty, memory kept */
void buf_reserve(struct buf *b, size_t extra); /* room for `extra` more bytes */
void buf_addf(struct buf *b, const char *fmt, ...) TS_PRINTF(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list args) TS_PRINTF(2, 0);
void buf_add_u64(struct buf *b, uint64_t v); /* decimal; much faster than buf_addf */
void buf_add_i64(struct buf *b, int64_t v);
void buf_add_padded(
    struct buf *b, uint32_t v, size_t digits); /* leading zeros to at most 9 places */
void buf_pad(struct buf *b, char c, size_t n); /* n times c */

static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	if (n >= b->alloc - b->len)
		buf_reserve(b, n);
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

/* Somebody wrote into the reserved room, up to end. */
static inline void buf_end_at(struct buf *b, char *end)
{
	b->len = (size_t)(end - b->data);
	BUG_ON(b->len >= b->alloc);
	*end = '\0';
}

static inline void buf_addstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_addch(struct buf *b, char c)
{
	if (b->alloc - b->len < 2)
		buf_reserve(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

#endif
