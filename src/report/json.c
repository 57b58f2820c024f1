/* SPDX-License-Identifier: MIT */
/*
 * json - the writer.
 *
 * Spec: RFC 8259.  A comma is due unless the text ends with an opening bracket, colon or newline.
 */
#include "config.h"

#include <string.h>

#include "report/json.h"
#include "tcpshadow/text.h"

static void comma(struct buf *out)
{
	char last = out->len ? out->data[out->len - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != '\n')
		buf_addch(out, ',');
}

static void begin(struct buf *out, const char *key)
{
	size_t n;

	comma(out);
	if (!key)
		return;
	n = strlen(key);
	buf_reserve(out, n + 3);
	out->data[out->len++] = '"';
	memcpy(out->data + out->len, key, n);
	out->len += n;
	out->data[out->len++] = '"';
	out->data[out->len++] = ':';
	out->data[out->len] = '\0';
}

void json_object(struct buf *out, const char *key)
{
	begin(out, key);
	buf_addch(out, '{');
}

void json_array(struct buf *out, const char *key)
{
	begin(out, key);
	buf_addch(out, '[');
}

void json_end_object(struct buf *out)
{
	buf_addch(out, '}');
}

void json_end_array(struct buf *out)
{
	buf_addch(out, ']');
}

void json_u64(struct buf *out, const char *key, uint64_t v)
{
	begin(out, key);
	buf_add_u64(out, v);
}

void json_ns(struct buf *out, const char *key, int64_t ns)
{
	begin(out, key);
	text_ns(out, ns);
}

void json_string(struct buf *out, const char *key)
{
	begin(out, key);
	buf_addch(out, '"');
}

void json_end_string(struct buf *out)
{
	buf_addch(out, '"');
}

void json_epoch(struct buf *out, const char *key, int64_t ns)
{
	json_string(out, key);
	text_ns(out, ns);
	json_end_string(out);
}

void json_bool(struct buf *out, const char *key, bool v)
{
	begin(out, key);
	buf_addstr(out, v ? "true" : "false");
}

void json_null(struct buf *out, const char *key)
{
	begin(out, key);
	buf_add(out, "null", 4);
}

void json_word(struct buf *out, const char *key, const char *word)
{
	json_string(out, key);
	buf_addstr(out, word);
	json_end_string(out);
}

void json_text(struct buf *out, const char *key, const char *text)
{
	begin(out, key);
	text_json_string(out, text, strlen(text));
}
