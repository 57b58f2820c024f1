/* SPDX-License-Identifier: MIT */
/*
 * json - writes JSON straight into a buffer; commas come by themselves.
 *
 * Every function takes the key of the member, or NULL for an element of an array.  Keys and words
 * are the program's own and need no escaping; text from elsewhere goes through json_text().
 *
 * Spec: RFC 8259.  A comma is due unless the text ends with an opening bracket, colon or newline.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <string.h>

#include "tcpshadow/text.h"

enum {
	JSON_BEGIN_ROOM = 8, /* comma, quotes, colon, and what a value begins with */
};

/*
 * The comma that is due, and the key.  Inline, like what follows: keys are literals, and their length is then
 * known where they are written.
 */
static inline void json_begin(struct buf *out, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char last = out->len ? out->data[out->len - 1] : '\n';
	char *p;

	if (out->alloc - out->len < n + JSON_BEGIN_ROOM)
		buf_reserve(out, n + JSON_BEGIN_ROOM);
	p = out->data + out->len;
	if (last != '{' && last != '[' && last != ':' && last != '\n')
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	*p = '\0';
	out->len = (size_t)(p - out->data);
}

static inline void json_object(struct buf *out, const char *key)
{
	json_begin(out, key);
	buf_addch(out, '{');
}

static inline void json_array(struct buf *out, const char *key)
{
	json_begin(out, key);
	buf_addch(out, '[');
}

static inline void json_end_object(struct buf *out)
{
	buf_addch(out, '}');
}

static inline void json_end_array(struct buf *out)
{
	buf_addch(out, ']');
}

static inline void json_u64(struct buf *out, const char *key, uint64_t v)
{
	json_begin(out, key);
	if (v < 10)
		buf_addch(out, (char)('0' + v));
	else
		buf_add_u64(out, v);
}

/* Seconds, nine decimals. */
static inline void json_ns(struct buf *out, const char *key, int64_t ns)
{
	json_begin(out, key);
	if (ns == 0)
		buf_add(out, "0.000000000", 11);
	else
		text_ns(out, ns);
}

/* A string whose safe content the caller appends in between. */
static inline void json_string(struct buf *out, const char *key)
{
	json_begin(out, key);
	buf_addch(out, '"');
}

static inline void json_end_string(struct buf *out)
{
	buf_addch(out, '"');
}

/* json_ns() as a string. */
static inline void json_epoch(struct buf *out, const char *key, int64_t ns)
{
	json_string(out, key);
	text_ns(out, ns);
	json_end_string(out);
}

static inline void json_bool(struct buf *out, const char *key, bool v)
{
	json_begin(out, key);
	if (v)
		buf_add(out, "true", 4);
	else
		buf_add(out, "false", 5);
}

static inline void json_null(struct buf *out, const char *key)
{
	json_begin(out, key);
	buf_add(out, "null", 4);
}

static inline void json_word(struct buf *out, const char *key, const char *word)
{
	json_string(out, key);
	buf_addstr(out, word);
	json_end_string(out);
}

static inline void json_text(struct buf *out, const char *key, const char *text)
{
	json_begin(out, key);
	text_json_string(out, text, strlen(text));
}

#endif
