/* SPDX-License-Identifier: MIT */
/*
 * lines - breaks bytes into lines and tells text from binary data.
 *
 * A line is binary when a quarter of it cannot be printed; short lines between binary ones are too.
 */
#include "config.h"

#include <string.h>

#include "report/lines.h"

enum {
	BINARY_MIN = 8,    /* bytes of a line that can be called binary */
	BINARY_LEAVE = 24, /* bytes of text that end binary data */
};

void lines_init(struct lines *l, void (*emit)(void *ctx, const struct line *l), void *ctx)
{
	*l = (struct lines){ .emit = emit, .ctx = ctx };
	buf_init(&l->line);
	buf_init(&l->binary);
}

void lines_release(struct lines *l)
{
	buf_release(&l->line);
	buf_release(&l->binary);
}

void lines_reset(struct lines *l)
{
	buf_reset(&l->line);
	buf_reset(&l->binary);
	l->binary_n = 0;
}

static bool is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
}

/* Controls, and bytes beyond ASCII that stand alone: those of UTF-8 come in pairs and more. */
static size_t count_unprintable(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++) {
		uint8_t c = (uint8_t)b->data[i];
		uint8_t next = i + 1 < b->len ? (uint8_t)b->data[i + 1] : 0;
		uint8_t before = i ? (uint8_t)b->data[i - 1] : 0;

		n += is_control(c) || (c >= 0xc0 && (next & 0xc0) != 0x80) ||
		     ((c & 0xc0) == 0x80 && before < 0x80);
	}
	return n;
}

static bool is_binary(const struct lines *l)
{
	size_t n = l->line.len;

	if (l->binary_n)
		return n < BINARY_LEAVE || 16 * count_unprintable(&l->line) > n;
	return n >= BINARY_MIN && 4 * count_unprintable(&l->line) > n;
}

static void add_binary(struct lines *l)
{
	size_t room = LINES_BINARY - l->binary.len;

	if (l->binary_n == 0)
		l->binary_from = l->from;
	l->binary_n += l->line.len;
	buf_add(&l->binary, l->line.data, l->line.len < room ? l->line.len : room);
}

static void flush_binary(struct lines *l)
{
	struct line run = {
		.from = l->binary_from,
		.bytes = l->binary.data,
		.n = l->binary.len,
		.total = l->binary_n,
		.is_binary = true,
	};

	if (l->binary_n == 0)
		return;
	l->emit(l->ctx, &run);
	buf_reset(&l->binary);
	l->binary_n = 0;
}

/* The bytes at the end of a broken line that begin a character of UTF-8. */
static size_t unfinished_character(const struct buf *line)
{
	for (size_t n = 1; n <= 3 && n < line->len; n++) {
		uint8_t c = (uint8_t)line->data[line->len - n];

		if ((c & 0xc0) != 0x80)
			return c >= 0xc0 ? n : 0;
	}
	return 0;
}

static void emit_text(struct lines *l, bool is_ended)
{
	struct line text = {
		.from = l->from,
		.bytes = l->line.data,
		.n = l->line.len,
		.total = l->line.len + is_ended,
		.is_ended = is_ended,
	};

	if (is_ended && text.n && text.bytes[text.n - 1] == '\r')
		text.n--;
	l->emit(l->ctx, &text);
}

static void take_line(struct lines *l, bool is_ended)
{
	if (is_binary(l)) {
		if (is_ended)
			buf_addch(&l->line, '\n');
		add_binary(l);
	} else {
		flush_binary(l);
		emit_text(l, is_ended);
	}
	buf_reset(&l->line);
}

/* Keep what begins a character for the next line. */
static void break_line(struct lines *l)
{
	size_t n = unfinished_character(&l->line);
	struct line_origin next = l->from;
	char rest[4];

	memcpy(rest, l->line.data + l->line.len - n, n);
	l->line.len -= n;
	next.offset += l->line.len;
	take_line(l, false);
	l->from = next;
	buf_add(&l->line, rest, n);
}

void lines_add(struct lines *l, const struct line_origin *from, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const uint8_t *p = bytes + at;
		size_t room = LINES_MAX - l->line.len;
		size_t part = n - at < room ? n - at : room;
		const uint8_t *newline = memchr(p, '\n', part);

		if (newline)
			part = (size_t)(newline - p);
		if (l->line.len == 0)
			l->from =
			    (struct line_origin){ from->offset + at, from->packet, from->time };
		buf_add(&l->line, p, part);
		at += part + (newline != NULL);
		if (newline)
			take_line(l, true);
		else if (l->line.len == LINES_MAX)
			break_line(l);
	}
}

void lines_end(struct lines *l)
{
	if (l->line.len)
		take_line(l, false);
	flush_binary(l);
}
