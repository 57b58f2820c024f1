/* SPDX-License-Identifier: MIT */
/*
 * follow_text - streams as text, one line per line.
 *
 *     > 0         0.012433  GET / HTTP/1.1
 *     >                     Host: example.org
 *     ---- 1.81 s: server thinking ----
 *     < 0         1.836901  HTTP/1.1 200 OK
 *
 * Offset and time stand where another packet's bytes begin a line; `?` behind the arrow: behind a gap.
 * Everything that is not printable is escaped.  Long binary data is only counted, after its first bytes.
 * Memory: a line of LINE_BYTES.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/follow_form.h"
#include "tcpshadow/text.h"

enum {
	LINE_BYTES = 2048, /* a longer line is broken */
	OFFSET_WIDTH = 9,
	TIME_WIDTH = 11,
	MARGIN = 2 + OFFSET_WIDTH + 1 + TIME_WIDTH + 2,
	ROOM_MIN = 20,     /* columns; in less, lines are not broken */
	BINARY_MIN = 8,    /* bytes of a line that can be called binary */
	BINARY_LEAVE = 24, /* bytes of text that end binary data */
	BINARY_SHOWN = 24, /* of a run that is counted */
	BINARY_WHOLE = 64, /* bytes of a run that is shown */
};

/* Where bytes came from. */
struct origin {
	uint64_t offset, packet;
	int64_t time;
};

struct text {
	struct buf line; /* raw bytes, without the end of the line */
	struct origin from;
	struct buf binary; /* the first bytes of a run */
	struct origin binary_from;
	uint64_t binary_n;
	uint64_t shown_packet; /* whose offset and time were shown last */
	struct buf escaped;
};

static void text_begin(struct follow *f)
{
	struct text *t = f->state;
	const struct conn_record *r = &f->session->record;
	struct buf *out = &f->o->out->buf;

	buf_init(&t->line);
	buf_init(&t->binary);
	buf_init(&t->escaped);
	follow_title(f, out);
	buf_addstr(out, "\nclient sent ");
	text_bytes(out, r->sides[SIDE_CLIENT].stream.delivered);
	buf_addstr(out, " bytes, server ");
	text_bytes(out, r->sides[SIDE_SERVER].stream.delivered);
	buf_addch(out, '\n');
	follow_show_doubts(f, "", "\n");
}

/* --- what a line looks like --- */

static void margin(struct follow *f, const struct origin *from)
{
	struct text *t = f->state;
	struct buf *out = &f->o->out->buf;
	size_t start;

	buf_addstr(out, follow_color(f, f->side));
	if (f->o->utf8)
		buf_addstr(out, f->side == SIDE_CLIENT ? "\xe2\x86\x92" : "\xe2\x86\x90");
	else
		buf_addch(out, f->side == SIDE_CLIENT ? '>' : '<');
	buf_addch(out, f->behind_gap[f->side] ? '?' : ' ');
	start = out->len;
	if (from && from->packet != t->shown_packet) {
		buf_addf(out, "%-*" PRIu64 " %*.6f", OFFSET_WIDTH, from->offset, TIME_WIDTH,
		    (double)from->time / (double)NS_PER_SEC);
		t->shown_packet = from->packet;
	}
	if (out->len - start < MARGIN - 2)
		buf_pad(out, ' ', MARGIN - 2 - (out->len - start));
}

/* Characters beyond ASCII may be two columns wide: all are taken to be. */
static size_t fitting(const char *text, size_t n, size_t room)
{
	size_t columns = 0, i = 0;

	for (; i < n; i++) {
		uint8_t c = (uint8_t)text[i];

		if ((c & 0xc0) == 0x80)
			continue;
		columns += c < 0x80 ? 1 : 2;
		if (columns > room)
			break;
	}
	return i;
}

/* t->escaped, in lines as wide as the terminal. */
static void print_escaped(struct follow *f, const struct origin *from, bool is_ended)
{
	struct text *t = f->state;
	struct buf *out = &f->o->out->buf;
	size_t width = f->o->width, at = 0, n;
	size_t room = width >= MARGIN + ROOM_MIN ? width - MARGIN - 1 : SIZE_MAX;

	do {
		n = fitting(t->escaped.data + at, t->escaped.len - at, room);
		margin(f, at ? NULL : from);
		while (t->escaped.len == 0 && out->data[out->len - 1] == ' ')
			out->data[--out->len] = '\0';
		buf_add(out, t->escaped.data + at, n);
		at += n;
		if (at == t->escaped.len && is_ended && f->o->utf8)
			buf_addf(out, "%s\xe2\x8f\x8e", follow_dim(f));
		buf_addf(out, "%s\n", follow_plain(f));
	} while (at < t->escaped.len);
}

/*
 * Bytes of a terminal that does not know UTF-8 may mean anything, above all controls: there only ASCII is
 * shown as it is.
 */
static void escape(struct follow *f, struct buf *out, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t run = 0;

		while (run < n && bytes[run] != '\t' && (f->o->utf8 || !(bytes[run] & 0x80)))
			run++;
		text_escape(out, bytes, run);
		if (run < n && bytes[run] == '\t')
			buf_addstr(out, "    ");
		else if (run < n)
			buf_addf(out, "\\x%02x", (uint8_t)bytes[run]);
		run += run < n;
		bytes += run;
		n -= run;
	}
}

static void print_text(
    struct follow *f, const struct buf *raw, const struct origin *from, bool is_ended)
{
	struct text *t = f->state;

	buf_reset(&t->escaped);
	escape(f, &t->escaped, raw->data, raw->len);
	print_escaped(f, from, is_ended);
}

/* --- binary data --- */

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

static bool is_binary(const struct text *t)
{
	size_t n = t->line.len;

	if (t->binary_n)
		return n < BINARY_LEAVE || 16 * count_unprintable(&t->line) > n;
	return n >= BINARY_MIN && 4 * count_unprintable(&t->line) > n;
}

static void add_binary(struct text *t)
{
	size_t room = BINARY_WHOLE - t->binary.len;

	if (t->binary_n == 0)
		t->binary_from = t->from;
	t->binary_n += t->line.len;
	buf_add(&t->binary, t->line.data, t->line.len < room ? t->line.len : room);
}

static void flush_binary(struct follow *f)
{
	struct text *t = f->state;

	if (t->binary_n == 0)
		return;
	if (t->binary_n <= BINARY_WHOLE) {
		print_text(f, &t->binary, &t->binary_from, false);
	} else {
		buf_reset(&t->escaped);
		for (size_t i = 0; i < BINARY_SHOWN; i++) {
			uint8_t c = (uint8_t)t->binary.data[i];

			buf_addch(&t->escaped, c >= 0x20 && c < 0x7f ? (char)c : '.');
		}
		buf_addstr(&t->escaped, f->o->utf8 ? "\xe2\x80\xa6 " : "... ");
		text_count(&t->escaped, t->binary_n);
		buf_addstr(&t->escaped, " bytes binary (--hex)");
		print_escaped(f, &t->binary_from, false);
	}
	buf_reset(&t->binary);
	t->binary_n = 0;
}

/* --- from bytes to lines --- */

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

static void take_line(struct follow *f, bool is_ended)
{
	struct text *t = f->state;

	if (is_binary(t)) {
		if (is_ended)
			buf_addch(&t->line, '\n');
		add_binary(t);
	} else {
		flush_binary(f);
		if (is_ended && t->line.len && t->line.data[t->line.len - 1] == '\r')
			t->line.data[--t->line.len] = '\0';
		print_text(f, &t->line, &t->from, is_ended);
	}
	buf_reset(&t->line);
}

/* Keep what begins a character for the next line. */
static void break_line(struct follow *f)
{
	struct text *t = f->state;
	size_t n = unfinished_character(&t->line);
	struct origin next = t->from;
	char rest[4];

	memcpy(rest, t->line.data + t->line.len - n, n);
	t->line.len -= n;
	next.offset += t->line.len;
	take_line(f, false);
	t->from = next;
	buf_add(&t->line, rest, n);
}

static void text_turn(struct follow *f, const struct event_data *d)
{
	struct text *t = f->state;

	(void)d;
	t->shown_packet = 0;
}

static void text_data(struct follow *f, const struct event_data *d)
{
	struct text *t = f->state;
	size_t at = 0;

	while (at < d->n) {
		const uint8_t *p = d->bytes + at;
		size_t room = LINE_BYTES - t->line.len;
		size_t n = d->n - at < room ? d->n - at : room;
		const uint8_t *newline = memchr(p, '\n', n);

		if (newline)
			n = (size_t)(newline - p);
		if (t->line.len == 0)
			t->from = (struct origin){ d->offset + at, d->packet, d->time };
		buf_add(&t->line, p, n);
		at += n + (newline != NULL);
		if (newline)
			take_line(f, true);
		else if (t->line.len == LINE_BYTES)
			break_line(f);
	}
}

static void text_turn_end(struct follow *f)
{
	struct text *t = f->state;

	if (t->line.len)
		take_line(f, false);
	flush_binary(f);
}

/* --- between turns --- */

static void text_gap(struct follow *f, const struct follow_gap *g)
{
	struct buf text = BUF_INIT;

	follow_gap_text(&text, g);
	follow_rule(f, text.data, true);
	buf_release(&text);
}

static void text_pause(struct follow *f, int64_t ns, const char *label)
{
	struct buf text = BUF_INIT;

	text_duration(&text, ns);
	buf_addf(&text, ": %s", label);
	follow_rule(f, text.data, false);
	buf_release(&text);
}

static void text_end(struct follow *f)
{
	if (f->turns[0] + f->turns[1] == 0)
		buf_addstr(&f->o->out->buf, "No bytes.\n");
	follow_show_doubts(f, "\n", "");
}

static void text_release(struct follow *f)
{
	struct text *t = f->state;

	buf_release(&t->line);
	buf_release(&t->binary);
	buf_release(&t->escaped);
}

const struct follow_form_ops follow_text = {
	.state_size = sizeof(struct text),
	.begin = text_begin,
	.turn = text_turn,
	.bytes = text_data,
	.turn_end = text_turn_end,
	.gap = text_gap,
	.pause = text_pause,
	.end = text_end,
	.release = text_release,
};
