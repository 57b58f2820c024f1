/* SPDX-License-Identifier: MIT */
/*
 * json - writes JSON straight into a buffer; commas come by themselves.
 *
 * A comma is written behind each value; what ends an object, an array or a line takes the last one back.  Keys and
 * words are the program's own and need no escaping; text from elsewhere goes through json_text().
 *
 * There are two forms:
 *   json_u64(out, "bytes", n)           appends to a buf, whatever the length; key NULL = an element of an array.
 *   p = put_u64(p, KEY("bytes"), n)     writes at p and returns what is behind.  For the records, whose members are
 *                                       hundreds: json_room() is asked once for the members of an object,
 *                                       json_done() says where they end.  key "" = an element of an array.
 *
 * Spec: RFC 8259.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <string.h>

#include "tcpshadow/digits.h"
#include "tcpshadow/text.h"

enum {
	JSON_VALUE_ROOM = 64, /* a number, a bracket or a bare word, and what stands around it */
	JSON_ROOM = 4096,     /* what one function writes in one go: up to 60 members or elements */
};

/* A literal, so that its length is known where it is written. */
#define KEY(name) "\"" name "\":"

static inline char *json_room(struct buf *out, size_t n)
{
	if (out->alloc - out->len <= n)
		buf_reserve(out, n);
	return out->data + out->len;
}

static inline void json_done(struct buf *out, char *end)
{
	buf_end_at(out, end);
}

static inline char *put_bytes(char *p, const char *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static inline char *put_literal(char *p, const char *text)
{
	return put_bytes(p, text, strlen(text));
}

static inline char *put_object(char *p, const char *key)
{
	p = put_literal(p, key);
	*p = '{';
	return p + 1;
}

static inline char *put_array(char *p, const char *key)
{
	p = put_literal(p, key);
	*p = '[';
	return p + 1;
}

/* The bracket takes the place of the last comma, if there is one. */
static inline char *put_end(char *p, char bracket)
{
	p -= p[-1] == ',';
	p[0] = bracket;
	p[1] = ',';
	return p + 2;
}

static inline char *put_end_object(char *p)
{
	return put_end(p, '}');
}

static inline char *put_end_array(char *p)
{
	return put_end(p, ']');
}

static inline char *put_u64(char *p, const char *key, uint64_t v)
{
	p = put_literal(p, key);
	if (v < 10)
		*p++ = (char)('0' + v);
	else
		p = digits_u64(p, v);
	*p = ',';
	return p + 1;
}

/* Seconds, nine decimals. */
static inline char *put_ns(char *p, const char *key, int64_t ns)
{
	p = put_literal(p, key);
	if (ns == 0)
		return put_literal(p, "0.000000000,");
	p = digits_ns(p, ns);
	*p = ',';
	return p + 1;
}

/* put_ns() as a string. */
static inline char *put_epoch(char *p, const char *key, int64_t ns)
{
	p = put_literal(p, key);
	*p = '"';
	return put_literal(digits_ns(p + 1, ns), "\",");
}

static inline char *put_bool(char *p, const char *key, bool v)
{
	p = put_literal(p, key);
	return v ? put_literal(p, "true,") : put_literal(p, "false,");
}

static inline char *put_null(char *p, const char *key)
{
	return put_literal(put_literal(p, key), "null,");
}

/* A word is shorter than JSON_VALUE_ROOM. */
static inline char *put_word(char *p, const char *key, const char *word)
{
	p = put_literal(p, key);
	*p = '"';
	return put_literal(stpcpy(p + 1, word), "\",");
}

/* The key, and room for a value. */
static inline char *json_begin(struct buf *out, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char *p = json_room(out, n + JSON_VALUE_ROOM);

	if (!key)
		return p;
	*p = '"';
	return put_literal(put_bytes(p + 1, key, n), "\":");
}

static inline void json_object(struct buf *out, const char *key)
{
	json_done(out, put_object(json_begin(out, key), ""));
}

static inline void json_array(struct buf *out, const char *key)
{
	json_done(out, put_array(json_begin(out, key), ""));
}

static inline void json_end_object(struct buf *out)
{
	json_done(out, put_end_object(json_begin(out, NULL)));
}

static inline void json_end_array(struct buf *out)
{
	json_done(out, put_end_array(json_begin(out, NULL)));
}

/* Behind the outermost object. */
static inline void json_end_line(struct buf *out)
{
	BUG_ON(out->len == 0 || out->data[out->len - 1] != ',');
	out->data[out->len - 1] = '\n';
}

static inline void json_u64(struct buf *out, const char *key, uint64_t v)
{
	json_done(out, put_u64(json_begin(out, key), "", v));
}

static inline void json_i64(struct buf *out, const char *key, int64_t v)
{
	if (v < 0)
		json_done(out, put_u64(json_begin(out, key), "-", -(uint64_t)v));
	else
		json_done(out, put_u64(json_begin(out, key), "", (uint64_t)v));
}

static inline void json_ns(struct buf *out, const char *key, int64_t ns)
{
	json_done(out, put_ns(json_begin(out, key), "", ns));
}

static inline void json_epoch(struct buf *out, const char *key, int64_t ns)
{
	json_done(out, put_epoch(json_begin(out, key), "", ns));
}

static inline void json_bool(struct buf *out, const char *key, bool v)
{
	json_done(out, put_bool(json_begin(out, key), "", v));
}

static inline void json_null(struct buf *out, const char *key)
{
	json_done(out, put_null(json_begin(out, key), ""));
}

/* A string whose safe content the caller appends in between. */
static inline void json_string(struct buf *out, const char *key)
{
	json_done(out, put_literal(json_begin(out, key), "\""));
}

static inline void json_end_string(struct buf *out)
{
	json_done(out, put_literal(json_begin(out, NULL), "\","));
}

static inline void json_word(struct buf *out, const char *key, const char *word)
{
	json_string(out, key);
	buf_addstr(out, word);
	json_end_string(out);
}

static inline void json_text(struct buf *out, const char *key, const char *text)
{
	json_done(out, json_begin(out, key));
	text_json_string(out, text, strlen(text));
	buf_addch(out, ',');
}

#endif
