/* SPDX-License-Identifier: MIT */
/*
 * grid - cells, pens, and the one door for text.
 *
 * Spec: escapes as people know them: ^[ for controls, \x9b for other bytes that show nothing, <U+202E> for
 *       characters that do.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/grid.h"
#include "tui/width.h"

static const struct cell blank = { { U' ' }, 1, ROLE_NORMAL, 0 };

void grid_init(struct grid *g, int w, int h, enum glyph_tier tier)
{
	*g = (struct grid){ .tier = tier };
	grid_resize(g, w, h);
}

void grid_release(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){ 0 };
}

void grid_resize(struct grid *g, int w, int h)
{
	BUG_ON(w < 1 || h < 1);
	g->cells = mem_resize(g->cells, (size_t)w * (size_t)h, sizeof(*g->cells));
	g->w = w;
	g->h = h;
	grid_clear(g);
}

void grid_clear(struct grid *g)
{
	size_t n = (size_t)g->w * (size_t)g->h;

	for (size_t i = 0; i < n; i++)
		g->cells[i] = blank;
	g->cursor_y = g->cursor_x = -1;
}

static struct cell *cell_at(const struct grid *g, int y, int x)
{
	return &g->cells[(size_t)y * (size_t)g->w + (size_t)x];
}

const struct cell *grid_at(const struct grid *g, int y, int x)
{
	BUG_ON(y < 0 || y >= g->h || x < 0 || x >= g->w);
	return cell_at(g, y, x);
}

struct pen grid_pen(struct grid *g, int y, int x, int w, enum role role)
{
	struct pen p = { .grid = g, .y = y, .role = role };
	int end = x + (w > 0 ? w : 0);

	p.start = p.x = x < 0 ? 0 : x;
	p.end = end > g->w ? g->w : end;
	if (y < 0 || y >= g->h || p.end < p.start)
		p.end = p.start;
	p.is_cut = p.end == p.start;
	return p;
}

struct pen rect_pen(struct grid *g, struct rect r, int row, enum role role)
{
	return grid_pen(g, r.y + row, r.x, row >= 0 && row < r.h ? r.w : 0, role);
}

/* The columns [x, x + w) are about to change: no half of a wide character may stay. */
static void mend_halves(const struct grid *g, int y, int x, int w)
{
	struct cell *first = cell_at(g, y, x);

	if (first->width == 0) {
		first[-1].ch[0] = U' ';
		first[-1].ch[1] = first[-1].ch[2] = 0;
		first[-1].width = 1;
	}
	if (x + w < g->w && first[w].width == 0) {
		first[w].ch[0] = U' ';
		first[w].width = 1;
	}
}

/* One character of w columns, which fit. */
static void set_cell(struct pen *p, char32_t c, int w)
{
	struct cell *cell = cell_at(p->grid, p->y, p->x);

	mend_halves(p->grid, p->y, p->x, w);
	*cell = (struct cell){ { c }, (uint8_t)w, (uint8_t)p->role, p->attr };
	if (w == 2)
		cell[1] = (struct cell){ { 0 }, 0, (uint8_t)p->role, p->attr };
	p->x += w;
}

static char32_t ellipsis(enum glyph_tier tier)
{
	return tier == TIER_ASCII ? U'~' : U'\u2026';
}

/* There is more than fits: say so in the last column. */
static void cut(struct pen *p)
{
	if (p->is_cut)
		return;
	p->is_cut = true;
	if (p->x == p->end)
		p->x--;
	set_cell(p, ellipsis(p->grid->tier), 1);
	while (p->x < p->end)
		set_cell(p, U' ', 1);
}

static void put_char(struct pen *p, char32_t c, int w)
{
	if (p->is_cut)
		return;
	if (p->x + w > p->end)
		cut(p);
	else
		set_cell(p, c, w);
}

/* A mark that goes over the character before; false when there is no place for it. */
static bool put_mark(const struct pen *p, char32_t c)
{
	struct cell *cell;

	if (p->is_cut)
		return true;
	if (p->x == p->start)
		return false;
	cell = cell_at(p->grid, p->y, p->x - 1);
	if (cell->width == 0)
		cell--;
	for (size_t i = 1; i < CELL_CHARS; i++) {
		if (cell->ch[i])
			continue;
		cell->ch[i] = c;
		return true;
	}
	return false;
}

enum { ESCAPE_MAX = 16 }; /* "<U+10FFFF>" and its end */

/* The next character of a text: one to show, or its escape. */
struct piece {
	size_t bytes;
	char32_t c;
	int width; /* of c; -1 = the escape stands for it */
	char escape[ESCAPE_MAX];
};

/* Longhand instead of snprintf(): every cell of a hex view comes through here. */
static void escape_byte(struct piece *out, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	if (byte < 0x20 || byte == 0x7f) {
		out->escape[0] = '^';
		out->escape[1] = (char)(byte ^ 0x40);
		out->escape[2] = '\0';
		return;
	}
	out->escape[0] = '\\';
	out->escape[1] = 'x';
	out->escape[2] = digits[byte >> 4];
	out->escape[3] = digits[byte & 15];
	out->escape[4] = '\0';
}

static void escape_char(struct piece *out)
{
	struct buf text = BUF_INIT;

	out->width = -1;
	buf_addf(&text, "<U+%04X>", (unsigned)out->c);
	memcpy(out->escape, text.data, text.len + 1);
	buf_release(&text);
}

static void next_piece(struct piece *out, enum glyph_tier tier, const uint8_t *p, size_t n)
{
	uint32_t c;
	size_t len = text_utf8_decode(p, n, &c);

	out->bytes = 1;
	out->width = -1;
	out->escape[0] = '\0';
	if (len == 0 || (len > 1 && tier == TIER_ASCII) || c < 0x20 || c == 0x7f) {
		escape_byte(out, *p);
		return;
	}
	out->c = c;
	out->bytes = len;
	if (text_is_printable(c))
		out->width = width_of(c);
	else
		escape_char(out);
}

static void put_piece(struct pen *p, struct piece *piece)
{
	if (piece->width == 0 && put_mark(p, piece->c))
		return;
	if (piece->width == 0)
		escape_char(piece);
	if (piece->width > 0) {
		put_char(p, piece->c, piece->width);
		return;
	}
	for (const char *e = piece->escape; *e; e++)
		put_char(p, (char32_t)*e, 1);
}

void grid_put(struct pen *p, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	struct piece piece;

	while (n > 0 && !p->is_cut) {
		next_piece(&piece, p->grid->tier, at, n);
		put_piece(p, &piece);
		at += piece.bytes;
		n -= piece.bytes;
	}
}

int grid_measure(enum glyph_tier tier, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	struct piece piece;
	int columns = 0;

	while (n > 0) {
		next_piece(&piece, tier, at, n);
		columns += piece.width >= 0 ? piece.width : (int)strlen(piece.escape);
		at += piece.bytes;
		n -= piece.bytes;
	}
	return columns;
}

void grid_puts(struct pen *p, const char *text)
{
	grid_put(p, text, strlen(text));
}

void grid_putf(struct pen *p, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	grid_put(p, text.data, text.len);
	buf_release(&text);
}

void grid_put_glyph(struct pen *p, enum glyph g)
{
	grid_puts(p, glyph_text(p->grid->tier, g));
}

void grid_repeat(struct pen *p, enum glyph g, int n)
{
	if (p->grid->is_linear)
		grid_pad_to(p, p->x + n);
	while (n-- > 0 && p->x < p->end && !p->grid->is_linear)
		grid_put_glyph(p, g);
}

void grid_pad_to(struct pen *p, int x)
{
	while (p->x < x && p->x < p->end && !p->is_cut)
		set_cell(p, U' ', 1);
}

void grid_pad(struct pen *p)
{
	grid_pad_to(p, p->end);
}

void grid_put_right(struct pen *p, const char *text)
{
	int w = grid_measure(p->grid->tier, text, strlen(text));

	grid_pad_to(p, p->end - w);
	grid_puts(p, text);
}

/* Bytes of `text` that make at most `columns` columns, whole characters. */
static size_t fitting(const char *text, size_t n, enum glyph_tier tier, int columns)
{
	const uint8_t *at = (const uint8_t *)text;
	struct piece piece;
	size_t used = 0;

	while (used < n) {
		next_piece(&piece, tier, at + used, n - used);
		columns -= piece.width >= 0 ? piece.width : (int)strlen(piece.escape);
		if (columns < 0)
			break;
		used += piece.bytes;
	}
	return used;
}

void grid_put_middle(struct pen *p, const char *text)
{
	enum glyph_tier tier = p->grid->tier;
	size_t n = strlen(text), head, tail = 0;
	int room = p->end - p->x;

	if (grid_measure(tier, text, n) <= room || room < 5) {
		grid_put(p, text, n);
		return;
	}
	head = fitting(text, n, tier, room / 2);
	while (tail < n && grid_measure(tier, text + tail, n - tail) > room - room / 2 - 1)
		tail++;
	grid_put(p, text, head);
	grid_put_glyph(p, GLYPH_ELLIPSIS);
	grid_put(p, text + tail, n - tail);
}

void grid_fill(struct grid *g, struct rect r, enum role role)
{
	for (int row = 0; row < r.h; row++) {
		struct pen p = rect_pen(g, r, row, role);

		grid_pad(&p);
	}
}

void grid_hline(struct grid *g, int y, int x, int w)
{
	struct pen p = grid_pen(g, y, x, w, ROLE_DIM);

	grid_repeat(&p, GLYPH_HLINE, w);
}

void grid_vline(struct grid *g, int y, int x, int h)
{
	for (int i = 0; i < h && !g->is_linear; i++) {
		struct pen p = grid_pen(g, y + i, x, 1, ROLE_DIM);

		grid_put_glyph(&p, GLYPH_VLINE);
	}
}

static void box_edge(struct grid *g, struct rect r, int row, enum glyph left, enum glyph right)
{
	struct pen p = rect_pen(g, r, row, ROLE_DIM);

	grid_put_glyph(&p, left);
	grid_repeat(&p, GLYPH_HLINE, r.w - 2);
	grid_put_glyph(&p, right);
}

void grid_box(struct grid *g, struct rect r)
{
	if (r.h < 2 || r.w < 2)
		return;
	grid_fill(g, r, ROLE_NORMAL);
	if (g->is_linear)
		return;
	box_edge(g, r, 0, GLYPH_CORNER_TL, GLYPH_CORNER_TR);
	box_edge(g, r, r.h - 1, GLYPH_CORNER_BL, GLYPH_CORNER_BR);
	grid_vline(g, r.y + 1, r.x, r.h - 2);
	grid_vline(g, r.y + 1, r.x + r.w - 1, r.h - 2);
}

void grid_add_attr(struct grid *g, struct rect r, enum attr attr)
{
	for (int y = r.y < 0 ? 0 : r.y; y < r.y + r.h && y < g->h; y++)
		for (int x = r.x < 0 ? 0 : r.x; x < r.x + r.w && x < g->w; x++)
			cell_at(g, y, x)->attr |= (uint8_t)attr;
}

static int at_most(int n, int limit)
{
	if (n > limit)
		n = limit;
	return n > 0 ? n : 0;
}

struct rect rect_take_top(struct rect *r, int n)
{
	struct rect top = { r->y, r->x, at_most(n, r->h), r->w };

	r->y += top.h;
	r->h -= top.h;
	return top;
}

struct rect rect_take_bottom(struct rect *r, int n)
{
	struct rect bottom = { 0, r->x, at_most(n, r->h), r->w };

	r->h -= bottom.h;
	bottom.y = r->y + r->h;
	return bottom;
}

struct rect rect_take_left(struct rect *r, int n)
{
	struct rect left = { r->y, r->x, r->h, at_most(n, r->w) };

	r->x += left.w;
	r->w -= left.w;
	return left;
}

struct rect rect_take_right(struct rect *r, int n)
{
	struct rect right = { r->y, 0, r->h, at_most(n, r->w) };

	r->w -= right.w;
	right.x = r->x + r->w;
	return right;
}

size_t list_top(size_t top, size_t cursor, size_t total, int rows)
{
	size_t n = rows > 0 ? (size_t)rows : 1;

	if (cursor < top)
		top = cursor;
	if (cursor >= n && cursor - n + 1 > top)
		top = cursor - n + 1;
	if (total < n)
		return 0;
	return top > total - n ? total - n : top;
}
