/* SPDX-License-Identifier: MIT */
/*
 * stream_rows - one line of a stream as rows of the screen.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/text.h"
#include "tui/stream.h"

enum {
	OFFSET_WIDTH = 10,
	TIME_WIDTH = 11,
	SIDE_WIDTH = 2,
	SIDE_WIDTH_WORDS = 8, /* "server? " */
	ROOM_FOR_TIME = 60,   /* columns of the screen */
	ROOM_FOR_ALL = 79,    /* a row of 16 bytes in hex */
	ROOM_FOR_HALF = 39,   /* of 8 */
	ROOM_FOR_OFFSET = 40,
	TAB = 4,
	BINARY_SHOWN = 24,
	ROOM_FOR_BINARY = 56, /* columns for the bytes and all of the words */
	CLASH_SHOWN = 16,
};

/* Bytes of a row of hex or C. */
static int bytes_a_row(const struct stream_view *s)
{
	bool is_hex = s->form == STREAM_HEX;

	if (s->w >= ROOM_FOR_ALL)
		return is_hex ? STREAM_HEX_ROW : STREAM_CODE_ROW;
	if (s->w >= ROOM_FOR_HALF)
		return is_hex ? STREAM_HEX_ROW / 2 : STREAM_CODE_ROW / 2;
	return is_hex ? STREAM_HEX_ROW / 4 : STREAM_CODE_ROW / 6;
}

/* Hex has its times at the head of each turn. */
static bool has_time(const struct stream_view *s)
{
	return s->form == STREAM_TEXT && s->w >= ROOM_FOR_TIME;
}

static bool has_offset(const struct stream_view *s)
{
	if (s->form == STREAM_TEXT)
		return s->w >= ROOM_FOR_OFFSET;
	return s->w >= ROOM_FOR_HALF + OFFSET_WIDTH;
}

static int side_width(const struct stream_view *s)
{
	return s->is_linear ? SIDE_WIDTH_WORDS : SIDE_WIDTH;
}

/* Columns before the text. */
static int margin_width(const struct stream_view *s)
{
	return side_width(s) + (has_offset(s) ? OFFSET_WIDTH : 0) + (has_time(s) ? TIME_WIDTH : 0);
}

/* --- breaking --- */

/* Bytes from `at` that fill at most w columns; a tab is some blanks. */
static size_t fit(enum glyph_tier tier, const uint8_t *bytes, size_t n, int w)
{
	size_t used = 0;

	while (used < n) {
		size_t len = 1;
		int columns = TAB;

		if (bytes[used] != '\t') {
			uint32_t c;

			len = text_utf8_decode(bytes + used, n - used, &c);
			len = len && tier != TIER_ASCII ? len : 1;
			columns = grid_measure(tier, bytes + used, len);
		}
		if (columns > w && used > 0)
			break;
		w -= columns;
		used += len;
	}
	return used;
}

static void add_row(struct stream_rows *out, const struct stream_row *row)
{
	if (out->n < STREAM_ROWS_MAX)
		out->rows[out->n++] = *row;
}

static void add_marks(struct stream_view *s, struct stream_rows *out)
{
	const struct stream_line *l = out->line;
	uint64_t end = l->at + (l->n ? l->n : 1);
	size_t nclashes;
	const struct stream_clash *clashes = streammap_clashes(s->map, &nclashes);
	const struct stream_part *first = streammap_part(s->map, l->part);
	uint64_t offset = first->offset + (l->at - first->at);

	for (size_t i = l->part; i < streammap_nparts(s->map); i++) {
		const struct stream_part *p = streammap_part(s->map, i);

		if (p->at >= end)
			break;
		if (p->at >= l->at && p->flags & STREAM_FILLS)
			add_row(out, &(struct stream_row){ .kind = STREAM_ROW_LATE, .part = i });
	}
	for (size_t i = 0; i < nclashes; i++)
		if (clashes[i].side == l->side && clashes[i].offset < offset + l->n &&
		    clashes[i].offset + clashes[i].n > offset)
			add_row(out, &(struct stream_row){ .kind = STREAM_ROW_CLASH, .clash = i });
}

static void add_text(const struct stream_view *s, enum glyph_tier tier, struct stream_rows *out)
{
	size_t at = 0, n = out->line->nbytes;

	do {
		size_t part = fit(tier, out->bytes + at, n - at, s->w - margin_width(s) - 1);

		add_row(out, &(struct stream_row){ .from = at, .n = part });
		at += part;
	} while (at < n);
}

static void add_bytes(const struct stream_view *s, struct stream_rows *out)
{
	size_t per = (size_t)bytes_a_row(s);

	for (size_t at = 0; at < out->line->n; at += per) {
		size_t left = (size_t)out->line->n - at;

		add_row(out, &(struct stream_row){ .from = at, .n = left < per ? left : per });
	}
}

bool stream_rows_of(
    struct stream_view *s, const struct ui *ui, uint64_t line, struct stream_rows *out)
{
	const uint64_t range[2] = { line, 1 };

	out->n = 0;
	streammap_page(s->map, &s->source, s->form, s->sides, range, &s->page);
	if (s->page.nlines == 0)
		return false;
	out->line = &s->page.lines[0];
	out->bytes = (const uint8_t *)s->page.bytes.data;
	if (out->line->kind == STREAM_LINE_TEXT || out->line->kind == STREAM_LINE_BINARY ||
	    out->line->kind == STREAM_LINE_ROW)
		add_marks(s, out);
	if (out->line->kind == STREAM_LINE_TEXT)
		add_text(s, ui->tier, out);
	else if (out->line->kind == STREAM_LINE_ROW)
		add_bytes(s, out);
	else
		add_row(out, &(struct stream_row){ .from = 0, .n = out->line->nbytes });
	return true;
}

/* --- drawing --- */

static enum role side_role(uint8_t side)
{
	return side == SIDE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
}

static void put_time(struct pen *p, int64_t ns)
{
	grid_putf(p, "%.6f", (double)ns / (double)NS_PER_SEC);
}

static void put_side(const struct stream_view *s, uint8_t side, struct pen *p)
{
	p->role = side_role(side);
	if (s->is_linear)
		grid_puts(p, side_word(side));
	else
		grid_put_glyph(p, side == SIDE_CLIENT ? GLYPH_TO_SERVER : GLYPH_TO_CLIENT);
}

static void margin(const struct stream_view *s, const struct stream_rows *rows,
    const struct stream_row *row, struct pen *p)
{
	const struct stream_line *l = rows->line;
	const struct stream_part *part = streammap_part(s->map, l->part);
	uint64_t offset = part->offset + (l->at - part->at) + row->from;
	/* Where another packet's bytes begin a line. */
	bool is_first = s->form == STREAM_HEX || (row->from == 0 && rows->above != l->part);
	int start = p->x;

	put_side(s, l->side, p);
	grid_puts(p, part->flags & STREAM_BEHIND_GAP ? "?" : " ");
	grid_pad_to(p, start + side_width(s));
	p->role = ROLE_DIM;
	if (is_first && has_offset(s))
		grid_putf(p, s->form == STREAM_HEX ? "%08" PRIx64 : "%" PRIu64, offset);
	if (is_first && has_time(s)) {
		grid_pad_to(p, start + side_width(s) + OFFSET_WIDTH);
		put_time(p, streammap_packet(s->map, part->packet)->time);
	}
	grid_pad_to(p, start + margin_width(s));
	p->role = side_role(l->side);
}

static void put_tabs(struct pen *p, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		const uint8_t *tab = memchr(bytes, '\t', n);
		size_t run = tab ? (size_t)(tab - bytes) : n;

		grid_put(p, bytes, run);
		if (tab)
			grid_puts(p, "    ");
		bytes += run + (tab != NULL);
		n -= run + (tab != NULL);
	}
}

/* Bytes of the line [from, to), those that were found in another role. */
static void put_found(const struct stream_view *s, const struct stream_rows *rows,
    const struct stream_row *row, struct pen *p)
{
	uint64_t at = rows->line->at + row->from, end = at + row->n;
	uint64_t a = s->found[0] > at ? s->found[0] : at, b = s->found[1] < end ? s->found[1] : end;
	const uint8_t *bytes = rows->bytes + row->from;
	enum role role = p->role;

	if (a >= b) {
		put_tabs(p, bytes, row->n);
		return;
	}
	put_tabs(p, bytes, (size_t)(a - at));
	p->role = ROLE_MATCH;
	put_tabs(p, bytes + (a - at), (size_t)(b - a));
	p->role = role;
	put_tabs(p, bytes + (b - at), (size_t)(end - b));
}

/* The count is what must be seen; the bytes take what is left of the row. */
static void put_binary(const struct stream_rows *rows, struct pen *p)
{
	struct buf text = BUF_INIT, count = BUF_INIT;
	int room = p->end - p->x, shown;

	buf_addch(&count, ' ');
	text_count(&count, rows->line->n);
	buf_addstr(&count, room < ROOM_FOR_BINARY ? " bytes" : " bytes binary, x shows hex");
	shown = room - (int)count.len - 1;
	for (int i = 0; i < shown && i < BINARY_SHOWN && i < (int)rows->line->nbytes; i++) {
		uint8_t c = rows->bytes[i];

		buf_addch(&text, c >= 0x20 && c < 0x7f ? (char)c : '.');
	}
	grid_puts(p, text.data);
	grid_put_glyph(p, GLYPH_ELLIPSIS);
	p->role = ROLE_DIM;
	grid_puts(p, count.data);
	buf_release(&text);
	buf_release(&count);
}

static bool is_found(const struct stream_view *s, uint64_t at)
{
	return at >= s->found[0] && at < s->found[1];
}

static void put_hex(const struct stream_view *s, const struct stream_rows *rows,
    const struct stream_row *row, struct pen *p)
{
	const struct stream_line *l = rows->line;
	size_t per = (size_t)bytes_a_row(s), end = row->from + row->n;
	enum role role = p->role;

	end = end < l->nbytes ? end : l->nbytes;
	for (size_t i = 0; i < per; i++) {
		size_t at = row->from + i;

		grid_puts(p, i && i % (STREAM_HEX_ROW / 2) == 0 ? "  " : i ? " " : "");
		p->role = at < end && is_found(s, l->at + at) ? ROLE_MATCH : role;
		if (at < end)
			grid_putf(p, "%02x", rows->bytes[at]);
		else
			grid_puts(p, i < row->n ? "??" : "  ");
		p->role = role;
	}
	grid_puts(p, "  ");
	for (size_t at = row->from; at < end; at++) {
		char c =
		    rows->bytes[at] >= 0x20 && rows->bytes[at] < 0x7f ? (char)rows->bytes[at] : '.';

		p->role = is_found(s, l->at + at) ? ROLE_MATCH : role;
		grid_put(p, &c, 1);
	}
}

static void put_code(const struct stream_rows *rows, const struct stream_row *row, struct pen *p)
{
	grid_puts(p, "    ");
	for (size_t at = row->from; at < row->from + row->n && at < rows->line->nbytes; at++)
		grid_putf(p, "0x%02x,%s", rows->bytes[at], at + 1 < row->from + row->n ? " " : "");
}

/* --- rows that are not bytes --- */

/* Words alone for ears. */
static void put_before(struct pen *p, enum glyph g)
{
	if (p->grid->is_linear)
		return;
	grid_repeat(p, g, 3);
	grid_puts(p, " ");
}

static void rule(struct pen *p, enum glyph g, const char *text)
{
	put_before(p, g);
	grid_putf(p, "%s ", text);
	grid_repeat(p, g, p->end - p->x);
}

void stream_gap_text(struct buf *out, const struct stream_part *part)
{
	static const char *const why[] = {
		[GAP_NOT_CAPTURED] = "acknowledged, not captured",
		[GAP_NOT_ACKED] = "neither captured nor acknowledged",
		[GAP_CUT] = "cut off by the capture",
	};

	text_count(out, part->n);
	buf_addf(out, " byte%s of the %s missing: %s", part->n == 1 ? "" : "s",
	    side_word(part->side), why[part->why]);
}

static void put_gap(const struct stream_part *part, struct pen *p)
{
	struct buf text = BUF_INIT;

	stream_gap_text(&text, part);
	p->role = ROLE_WARN;
	rule(p, GLYPH_HOLE, text.data);
	buf_release(&text);
}

void stream_pause_text(struct buf *out, const struct stream_part *part)
{
	text_duration(out, (int64_t)part->n);
	buf_addf(out, ": %s", part->label);
}

static void put_pause(const struct stream_part *part, struct pen *p)
{
	struct buf text = BUF_INIT;

	stream_pause_text(&text, part);
	p->role = ROLE_GAP;
	rule(p, GLYPH_GAP_LINE, text.data);
	buf_release(&text);
}

static uint64_t number(const struct stream_view *s, const struct ui *ui, uint32_t packet)
{
	return store_number(ui->store, streammap_packet(s->map, packet)->packet, NULL);
}

/* The part filled a hole: what stands behind it had come before. */
static void put_late(const struct stream_view *s, const struct ui *ui, size_t i, struct pen *p)
{
	const struct stream_part *part = streammap_part(s->map, i);
	int64_t time = streammap_packet(s->map, part->packet)->time, first = time;
	struct buf text = BUF_INIT;
	uint64_t n = 0;

	for (size_t k = i + 1; k < streammap_nparts(s->map); k++) {
		const struct stream_part *w = streammap_part(s->map, k);

		if (w->side != part->side || !(w->flags & STREAM_WAITED))
			break;
		n += w->n;
		if (streammap_packet(s->map, w->packet)->time < first)
			first = streammap_packet(s->map, w->packet)->time;
	}
	text_count(&text, part->n);
	buf_addf(&text, " byte%s came late, in packet %" PRIu64 " at %.6f; ",
	    part->n == 1 ? "" : "s", number(s, ui, part->packet),
	    (double)time / (double)NS_PER_SEC);
	text_count(&text, n);
	buf_addstr(&text, " behind them waited ");
	text_duration(&text, time - first);
	p->role = ROLE_NOTE;
	put_before(p, GLYPH_HOLE);
	grid_puts(p, text.data);
	buf_release(&text);
}

/* What the packet had there, from the first byte that differs. */
static void put_clash(const struct stream_view *s, const struct ui *ui,
    const struct stream_rows *rows, size_t i, struct pen *p)
{
	size_t n;
	const struct stream_clash *c = &streammap_clashes(s->map, &n)[i];
	const struct stream_part *part = streammap_part(s->map, rows->line->part);
	uint64_t offset = part->offset + (rows->line->at - part->at);
	uint64_t from = c->offset > offset ? c->offset : offset;
	uint64_t to = c->offset + c->n < offset + rows->line->nbytes ? c->offset + c->n
	                                                             : offset + rows->line->nbytes;
	struct err e = { "" };
	const uint8_t *other = streammap_payload(s->map, c->packet, &s->source, &e);

	while (other && from < to && other[from - c->offset] == rows->bytes[from - offset])
		from++;
	p->role = ROLE_WARN;
	put_before(p, GLYPH_HOLE);
	grid_putf(p, "packet %" PRIu64 " at %.6f had other bytes", number(s, ui, c->packet),
	    (double)streammap_packet(s->map, c->packet)->time / (double)NS_PER_SEC);
	if (!other)
		grid_putf(p, " (%s)", e.text);
	else if (from < to) {
		grid_putf(p, " from %" PRIu64 ": ", from);
		grid_put(p, other + (from - c->offset),
		    (size_t)(to - from < CLASH_SHOWN ? to - from : CLASH_SHOWN));
		if (to - from > CLASH_SHOWN)
			grid_put_glyph(p, GLYPH_ELLIPSIS);
	} else {
		grid_puts(p, " than came before: these are its own");
	}
}

void stream_array_text(
    struct buf *out, const struct stream_view *s, const struct ui *ui, const struct stream_line *l)
{
	const struct stream_part *part = streammap_part(s->map, l->part);
	int64_t time = streammap_packet(s->map, part->packet)->time;

	buf_addf(out,
	    "static const unsigned char %s_%u[%" PRIu64 "] = { /* %.6f s, packet %" PRIu64 " */",
	    side_word(l->side), l->turn, l->n, (double)time / (double)NS_PER_SEC,
	    number(s, ui, part->packet));
}

static void put_array(
    const struct stream_view *s, const struct ui *ui, const struct stream_line *l, struct pen *p)
{
	struct buf text = BUF_INIT;

	stream_array_text(&text, s, ui, l);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_turn(
    const struct stream_view *s, const struct ui *ui, const struct stream_rows *rows, struct pen *p)
{
	const struct stream_line *l = rows->line;
	const struct stream_part *part = streammap_part(s->map, l->part);
	const char *side = side_word(l->side);
	int64_t time = streammap_packet(s->map, part->packet)->time;

	p->role = side_role(l->side);
	if (s->form == STREAM_CODE) {
		put_array(s, ui, l, p);
		return;
	}
	if (!s->is_linear) {
		grid_put_glyph(p, l->side == SIDE_CLIENT ? GLYPH_TO_SERVER : GLYPH_TO_CLIENT);
		grid_puts(p, " ");
	}
	grid_putf(p, "%s, %" PRIu64 " byte%s, %.6f s, packet %" PRIu64, side, l->n,
	    l->n == 1 ? "" : "s", (double)time / (double)NS_PER_SEC, number(s, ui, part->packet));
}

static void put_bytes(const struct stream_view *s, const struct ui *ui,
    const struct stream_rows *rows, unsigned i, struct pen *p)
{
	const struct stream_row *row = &rows->rows[i];

	margin(s, rows, row, p);
	switch (rows->line->kind) {
	case STREAM_LINE_BINARY:
		put_binary(rows, p);
		return;
	case STREAM_LINE_ROW:
		put_hex(s, rows, row, p);
		return;
	}
	put_found(s, rows, row, p);
	if (rows->line->is_ended && i + 1 == rows->n && !s->is_linear) {
		p->role = ROLE_DIM;
		grid_puts(p, ui_glyph(ui, GLYPH_LINE_END));
	}
}

static void draw_line_row(const struct stream_view *s, const struct ui *ui,
    const struct stream_rows *rows, unsigned i, struct pen *p)
{
	const struct stream_line *l = rows->line;

	switch (l->kind) {
	case STREAM_LINE_GAP:
		put_gap(streammap_part(s->map, l->part), p);
		return;
	case STREAM_LINE_PAUSE:
		put_pause(streammap_part(s->map, l->part), p);
		return;
	case STREAM_LINE_TURN:
		put_turn(s, ui, rows, p);
		return;
	case STREAM_LINE_END:
		p->role = side_role(l->side);
		grid_puts(p, "};");
		return;
	}
	if (l->kind == STREAM_LINE_ROW && s->form == STREAM_CODE) {
		p->role = side_role(l->side);
		put_code(rows, &rows->rows[i], p);
		return;
	}
	put_bytes(s, ui, rows, i, p);
}

void stream_draw_row(const struct stream_view *s, const struct ui *ui,
    const struct stream_rows *rows, unsigned i, struct pen *p)
{
	const struct stream_row *row = &rows->rows[i];

	if (row->kind == STREAM_ROW_LATE)
		put_late(s, ui, row->part, p);
	else if (row->kind == STREAM_ROW_CLASH)
		put_clash(s, ui, rows, row->clash, p);
	else
		draw_line_row(s, ui, rows, i, p);
}
