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
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/follow_form.h"
#include "report/lines.h"
#include "tcpshadow/text.h"

enum {
	OFFSET_WIDTH = 9,
	TIME_WIDTH = 11,
	MARGIN = 2 + OFFSET_WIDTH + 1 + TIME_WIDTH + 2,
	ROOM_MIN = 20,     /* columns; in less, lines are not broken */
	BINARY_SHOWN = 24, /* of a run that is counted */
};

struct text {
	struct lines lines;
	uint64_t shown_packet; /* whose offset and time were shown last */
	struct buf escaped;
};

static void print_line(void *ctx, const struct line *l);

static void text_begin(struct follow *f)
{
	struct text *t = f->state;
	const struct conn_record *r = &f->session->record;
	struct buf *out = &f->o->out->buf;

	lines_init(&t->lines, print_line, f);
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

static void margin(struct follow *f, const struct line_origin *from)
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
static void print_escaped(struct follow *f, const struct line_origin *from, bool is_ended)
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

static void print_count(struct follow *f, const struct line *l)
{
	struct text *t = f->state;

	for (size_t i = 0; i < BINARY_SHOWN; i++) {
		uint8_t c = (uint8_t)l->bytes[i];

		buf_addch(&t->escaped, c >= 0x20 && c < 0x7f ? (char)c : '.');
	}
	buf_addstr(&t->escaped, f->o->utf8 ? "\xe2\x80\xa6 " : "... ");
	text_count(&t->escaped, l->total);
	buf_addstr(&t->escaped, " bytes binary (--hex)");
}

static void print_line(void *ctx, const struct line *l)
{
	struct follow *f = ctx;
	struct text *t = f->state;

	buf_reset(&t->escaped);
	if (l->is_binary && l->total > LINES_BINARY)
		print_count(f, l);
	else
		escape(f, &t->escaped, l->bytes, l->n);
	print_escaped(f, &l->from, l->is_ended);
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
	struct line_origin from = { d->offset, d->packet, d->time };

	lines_add(&t->lines, &from, d->bytes, d->n);
}

static void text_turn_end(struct follow *f)
{
	struct text *t = f->state;

	lines_end(&t->lines);
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

	lines_release(&t->lines);
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
