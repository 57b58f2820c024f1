/* SPDX-License-Identifier: MIT */
/*
 * plot - scales, lines, dots, letters on the axis.
 *
 * Tracks differ by what they are drawn with, not by colour alone: data solid, acknowledgments a thin line, windows
 * and the handshake dashes.  In ASCII each has a character of its own.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/plot.h"

enum {
	SCALE_WIDTH = 9, /* columns of the values to the left, the axis too */
	TICK_ROWS = 3,   /* a value on every third row or so */
	TICK_COLUMNS = 11,
	TICKS_MAX = 32,
	DOT_W = 2, /* dots of a cell in braille */
	DOT_H = 4,
	MARK_PRIORITIES = SERIES_MARK_COUNT,
};

struct look {
	char sign;          /* in ASCII */
	uint8_t on, off;    /* dots: of a dashed line */
	const char *sample; /* for the legend, in braille */
};

static const struct look looks[SERIES_TRACK_COUNT] = {
	[SERIES_DATA] = { '#', 1, 0, "\u28ff" },
	[SERIES_ACKED] = { '.', 1, 0, "\u2812" },
	[SERIES_CEILING] = { '-', 1, 2, "\u2804\u2802" },
	[SERIES_FLIGHT] = { '#', 1, 0, "\u28ff" },
	[SERIES_OFFERED] = { '-', 1, 2, "\u2804\u2802" },
	[SERIES_SAMPLES] = { 'o', 1, 0, "\u2836" },
	[SERIES_SMOOTHED] = { '.', 1, 0, "\u2812" },
	[SERIES_HANDSHAKE] = { '-', 1, 2, "\u2804\u2802" },
	[SERIES_THROUGHPUT] = { '.', 1, 1, "\u2804\u2804" },
	[SERIES_GOODPUT] = { '#', 1, 0, "\u28ff" },
};

/* The dots of the picture. */
struct canvas {
	int w, h;       /* dots */
	int cols, rows; /* cells */
	bool braille;
	uint8_t *bits;  /* by cell: dots; in ASCII the sign */
	uint8_t *roles; /* by cell */
	const struct series *s;
};

static enum role role_of(const struct series *s, unsigned track)
{
	switch ((int)s->tracks[track].id) {
	case SERIES_ACKED:
		return s->o.side == SIDE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;
	case SERIES_CEILING:
	case SERIES_OFFERED:
	case SERIES_HANDSHAKE:
	case SERIES_THROUGHPUT:
		return ROLE_NOTE;
	case SERIES_SMOOTHED:
		return ROLE_FINE;
	}
	return s->o.side == SIDE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
}

/* --- dots --- */

static void dot(struct canvas *c, int x, int y, char sign, enum role role)
{
	static const uint8_t masks[DOT_H][DOT_W] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 },
		{ 0x40, 0x80 } };
	int cell;

	if (x < 0 || x >= c->w || y < 0 || y >= c->h)
		return;
	if (!c->braille) {
		cell = y * c->cols + x;
		c->bits[cell] = (uint8_t)sign;
	} else {
		cell = y / DOT_H * c->cols + x / DOT_W;
		c->bits[cell] |= masks[y % DOT_H][x % DOT_W];
	}
	c->roles[cell] = (uint8_t)role;
}

/* From the top; outside of the picture for values outside of the scale. */
static int dot_row(const struct canvas *c, uint64_t value)
{
	double span = (double)(c->s->high - c->s->low);
	double at = ((double)value - (double)c->s->low) / span;

	if (at > 1)
		return -1;
	return at < 0 ? c->h : c->h - 1 - (int)(at * (c->h - 1) + 0.5);
}

static void vertical(struct canvas *c, int x, const uint64_t range[2], unsigned track)
{
	char sign = looks[c->s->tracks[track].id].sign;
	int top = dot_row(c, range[1]), bottom = dot_row(c, range[0]);

	top = top < 0 ? 0 : top;
	bottom = bottom >= c->h ? c->h - 1 : bottom;
	if (dot_row(c, range[0]) < 0 || dot_row(c, range[1]) >= c->h)
		return;
	for (int y = top; y <= bottom; y++)
		dot(c, x, y, sign, role_of(c->s, track));
}

static bool is_dash(const struct series_track *t, int x)
{
	const struct look *l = &looks[t->id];

	return x % (l->on + l->off) < l->on;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void steps(struct canvas *c, unsigned track)
{
	const struct series_track *t = &c->s->tracks[track];

	for (int x = 0; x < c->w; x++) {
		const struct series_column *col = &t->columns[x];
		const uint64_t range[2] = { least(col->low, col->first),
			most(col->high, col->first) };

		if (col->has && (is_dash(t, x) || range[0] != range[1]))
			vertical(c, x, range, track);
	}
}

/* The smallest and the largest of a column; bytes in between are sent too, other values are not. */
static void points(struct canvas *c, unsigned track)
{
	const struct series_track *t = &c->s->tracks[track];

	for (int x = 0; x < c->w; x++) {
		const struct series_column *col = &t->columns[x];

		if (!col->has)
			continue;
		if (t->id == SERIES_DATA) {
			vertical(c, x, (uint64_t[]){ col->low, col->high }, track);
			continue;
		}
		vertical(c, x, (uint64_t[]){ col->low, col->low }, track);
		vertical(c, x, (uint64_t[]){ col->high, col->high }, track);
	}
}

static void line(struct canvas *c, unsigned track)
{
	const struct series_track *t = &c->s->tracks[track];
	int before = -1;

	for (int x = 0; x < c->w; x++) {
		if (!t->columns[x].has)
			continue;
		for (int i = before + 1; before >= 0 && i < x; i++) {
			double from = (double)t->columns[before].last;
			double to = (double)t->columns[x].first;
			uint64_t v = (uint64_t)(from + (to - from) * (i - before) / (x - before));

			vertical(c, i, (uint64_t[]){ v, v }, track);
		}
		vertical(c, x, (uint64_t[]){ t->columns[x].low, t->columns[x].high }, track);
		before = x;
	}
}

static void canvas_draw(struct canvas *c)
{
	for (unsigned i = 0; i < c->s->ntracks; i++) {
		if (c->s->tracks[i].style == SERIES_STEPS)
			steps(c, i);
		else if (c->s->tracks[i].style == SERIES_POINTS)
			points(c, i);
		else
			line(c, i);
	}
}

static void canvas_init(
    struct canvas *c, const struct series *s, struct rect r, enum glyph_tier tier)
{
	bool braille = tier == TIER_BLOCKS;

	*c = (struct canvas){ .s = s, .cols = r.w, .rows = r.h, .braille = braille };
	c->w = braille ? r.w * DOT_W : r.w;
	c->h = braille ? r.h * DOT_H : r.h;
	if (c->w > (int)s->o.columns)
		c->w = (int)s->o.columns;
	c->bits = mem_alloc((size_t)(r.w * r.h) + 1, 1);
	c->roles = mem_alloc((size_t)(r.w * r.h) + 1, 1);
}

static void cell_text(char out[4], const struct canvas *c, int cell)
{
	uint8_t bits = c->bits[cell];

	if (!c->braille) {
		out[0] = bits ? (char)bits : ' ';
		out[1] = '\0';
		return;
	}
	out[text_utf8_encode(out, bits ? 0x2800u + bits : ' ')] = '\0';
}

static void canvas_show(const struct canvas *c, struct grid *g, struct rect r)
{
	for (int y = 0; y < r.h; y++) {
		struct pen p = rect_pen(g, r, y, ROLE_NORMAL);

		for (int x = 0; x < r.w; x++) {
			char text[8];

			p.role = c->roles[y * c->cols + x];
			cell_text(text, c, y * c->cols + x);
			grid_puts(&p, text);
		}
	}
}

/* --- scales --- */

static void axis_text(struct buf *out, const struct series *s, uint64_t value)
{
	buf_reset(out);
	series_value_text(out, (enum series_unit)s->unit, value);
}

static void value_axis(struct grid *g, struct rect r, const struct canvas *c)
{
	uint64_t ticks[TICKS_MAX];
	size_t n = series_ticks(
	    c->s->low, c->s->high, (size_t)(r.h / TICK_ROWS < 1 ? 1 : r.h / TICK_ROWS), ticks);
	struct buf text = BUF_INIT;

	grid_vline(g, r.y, r.x + r.w - 1, r.h);
	for (size_t i = 0; i < n; i++) {
		int row = dot_row(c, ticks[i]) / (c->braille ? DOT_H : 1);
		struct pen p = grid_pen(g, r.y + row, r.x, r.w, ROLE_DIM);

		axis_text(&text, c->s, ticks[i]);
		p.end--;
		grid_put_right(&p, text.data);
		p = grid_pen(g, r.y + row, r.x + r.w - 1, 1, ROLE_DIM);
		grid_put_glyph(&p, GLYPH_AXIS_LEFT);
	}
	buf_release(&text);
}

static int cell_of(const struct canvas *c, int64_t time)
{
	int column = series_column_of(c->s, time);

	return column < 0 ? -1 : column / (c->braille ? DOT_W : 1);
}

static void put_mark(struct grid *g, int y, int x, unsigned marks)
{
	struct pen p = grid_pen(g, y, x, 1, ROLE_WARN);
	char letter[2] = "";

	for (unsigned i = 0; i < MARK_PRIORITIES; i++)
		if (marks & 1u << i)
			letter[0] = series_mark_letter((enum series_mark)(1u << i));
	if (letter[0] == 'F' || letter[0] == 'S')
		p.role = ROLE_HEAD;
	grid_puts(&p, letter);
}

/* The letters stand on the axis itself. */
static void time_axis(struct grid *g, struct rect r, const struct canvas *c)
{
	int dots = c->braille ? DOT_W : 1;
	struct pen p = rect_pen(g, r, 0, ROLE_DIM);

	grid_pad_to(&p, r.x + SCALE_WIDTH - 1);
	grid_put_glyph(&p, GLYPH_CORNER_BL);
	grid_repeat(&p, GLYPH_HLINE, p.end - p.x);
	for (int x = 0; x < c->cols; x++) {
		unsigned marks = 0;

		for (int i = 0; i < dots && x * dots + i < c->w; i++)
			marks |= c->s->marks[x * dots + i];
		put_mark(g, r.y, r.x + SCALE_WIDTH + x, marks);
	}
}

static void time_labels(struct grid *g, struct rect r, const struct canvas *c)
{
	const struct series_options *o = &c->s->o;
	uint64_t ticks[TICKS_MAX];
	uint64_t from = o->from > 0 ? (uint64_t)o->from : 0;
	size_t most_ticks = (size_t)(r.w / TICK_COLUMNS < 1 ? 1 : r.w / TICK_COLUMNS);
	size_t n = series_ticks(
	    from, (uint64_t)o->to, most_ticks > TICKS_MAX ? TICKS_MAX : most_ticks, ticks);
	struct buf text = BUF_INIT;
	struct pen p = rect_pen(g, r, 0, ROLE_DIM);

	for (size_t i = 0; i < n; i++) {
		int x = cell_of(c, (int64_t)ticks[i]);

		buf_reset(&text);
		if (ticks[i] == 0)
			buf_addstr(&text, "0");
		else
			text_duration(&text, (int64_t)ticks[i]);
		if (x < 0 || SCALE_WIDTH + x + (int)text.len > r.w)
			continue;
		grid_pad_to(&p, r.x + SCALE_WIDTH + x);
		grid_puts(&p, text.data);
	}
	buf_release(&text);
}

/* --- the longest waits --- */

static void wait_text(struct buf *out, const struct series_wait *w, const char *label)
{
	buf_reset(out);
	text_duration(out, w->ns);
	if (label)
		buf_addf(out, " %s", label);
}

static void wait_line(
    struct grid *g, const struct plot *plot, const struct canvas *c, struct rect r)
{
	struct pen p = rect_pen(g, r, 0, ROLE_GAP);
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < c->s->nwaits; i++) {
		const struct series_wait *w = &c->s->waits[i];
		int x = r.x + SCALE_WIDTH + cell_of(c, w->from), next = p.end;

		if (i + 1 < c->s->nwaits)
			next = r.x + SCALE_WIDTH + cell_of(c, c->s->waits[i + 1].from);
		wait_text(&text, w, plot->wait_label ? plot->wait_label(plot->ctx, w) : NULL);
		if (x < p.x || next - x < 10)
			continue;
		grid_pad_to(&p, x);
		grid_put_glyph(&p, GLYPH_CORNER_BL);
		p.end = next - 1;
		if (grid_measure(g->tier, text.data, text.len) + 1 > p.end - p.x)
			wait_text(&text, w, NULL);
		grid_putf(&p, " %s", text.data);
		p.end = r.x + r.w;
		p.is_cut = false;
	}
	buf_release(&text);
}

/* --- all of it --- */

static void cursor_line(struct grid *g, struct rect r, int x)
{
	for (int y = 0; y < r.h; y++) {
		struct pen p = grid_pen(g, r.y + y, r.x + x, 1, ROLE_GAP);

		if (grid_at(g, r.y + y, r.x + x)->ch[0] == U' ')
			grid_put_glyph(&p, GLYPH_GAP);
		else
			grid_add_attr(g, (struct rect){ r.y + y, r.x + x, 1, 1 }, ATTR_SELECTED);
	}
}

static struct rect picture(struct rect r, const struct plot *p)
{
	if (p->is_small)
		return r;
	rect_take_left(&r, SCALE_WIDTH);
	rect_take_bottom(&r, p->has_gaps ? 3 : 2);
	return r;
}

unsigned plot_columns(enum glyph_tier tier, struct rect r, bool is_small)
{
	int w = is_small ? r.w : r.w - SCALE_WIDTH;

	if (w < 1)
		w = 1;
	return (unsigned)(tier == TIER_BLOCKS ? w * DOT_W : w);
}

static void draw_scales(struct grid *g, const struct plot *p, const struct canvas *c)
{
	struct rect r = p->r;
	struct rect waits = rect_take_bottom(&r, p->has_gaps ? 1 : 0);
	struct rect labels = rect_take_bottom(&r, 1), axis = rect_take_bottom(&r, 1);

	value_axis(g, rect_take_left(&r, SCALE_WIDTH), c);
	time_axis(g, axis, c);
	time_labels(g, labels, c);
	if (p->has_gaps)
		wait_line(g, p, c, waits);
}

void plot_draw(struct grid *g, const struct plot *p, const struct series *s)
{
	struct rect r = picture(p->r, p);
	struct canvas c;
	int x;

	if (r.w < 1 || r.h < 1)
		return;
	canvas_init(&c, s, r, g->tier);
	canvas_draw(&c);
	canvas_show(&c, g, r);
	if (!p->is_small)
		draw_scales(g, p, &c);
	x = p->cursor >= 0 ? cell_of(&c, p->cursor) : -1;
	if (x >= 0 && x < r.w)
		cursor_line(g, r, x);
	free(c.bits);
	free(c.roles);
}

static void legend_track(struct pen *p, const struct series *s, unsigned track)
{
	const struct series_track *t = &s->tracks[track];
	const struct look *l = &looks[t->id];

	p->role = (uint8_t)role_of(s, track);
	if (p->grid->tier == TIER_BLOCKS)
		grid_puts(p, l->sample);
	else
		grid_put(p, &l->sign, 1);
	p->role = ROLE_NORMAL;
	grid_putf(p, " %s", series_track_word((enum series_track_id)t->id));
	if (t->is_above) {
		struct buf text = BUF_INIT;

		series_value_text(&text, (enum series_unit)s->unit, t->most);
		grid_putf(p, " (above: %s)", text.data);
		buf_release(&text);
	}
	grid_puts(p, "  ");
}

void plot_legend(struct pen *p, const struct series *s)
{
	unsigned marks = 0;

	for (unsigned i = s->ntracks; i-- > 0;)
		legend_track(p, s, i);
	for (unsigned i = 0; i < s->o.columns; i++)
		marks |= s->marks[i];
	for (unsigned i = SERIES_MARK_COUNT; i-- > 0;) {
		if (!(marks & 1u << i))
			continue;
		p->role = i < 2 ? ROLE_HEAD : ROLE_WARN;
		grid_putf(p, "%c ", series_mark_letter((enum series_mark)(1u << i)));
		p->role = ROLE_NORMAL;
		grid_putf(p, "%s  ", series_mark_word((enum series_mark)(1u << i)));
	}
}
