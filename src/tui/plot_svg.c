/* SPDX-License-Identifier: MIT */
/*
 * plot_svg - a series as a picture for documents.
 *
 * Tracks differ by dashes as well as by colour; the letters of events stand on the axis, as on the screen.
 */
#include "config.h"

#include "tcpshadow/text.h"
#include "tui/plot.h"

enum {
	WIDTH = 960,
	HEIGHT = 480,
	LEFT = 90, /* of the picture */
	TOP = 60,
	RIGHT = 20,
	BOTTOM = 60,
	TICKS_MAX = 16,
};

struct svg {
	struct buf *out;
	const struct series *s;
};

struct stroke {
	const char *color, *dash;
};

static const struct stroke strokes[SERIES_TRACK_COUNT] = {
	[SERIES_DATA] = { "#d55e00", "" },
	[SERIES_ACKED] = { "#0072b2", "" },
	[SERIES_CEILING] = { "#999999", "2 4" },
	[SERIES_FLIGHT] = { "#d55e00", "" },
	[SERIES_OFFERED] = { "#999999", "2 4" },
	[SERIES_SAMPLES] = { "#d55e00", "" },
	[SERIES_SMOOTHED] = { "#009e73", "6 2" },
	[SERIES_HANDSHAKE] = { "#999999", "2 4" },
	[SERIES_THROUGHPUT] = { "#999999", "2 2" },
	[SERIES_GOODPUT] = { "#d55e00", "" },
};

static double x_of(const struct svg *v, double column)
{
	return LEFT + column / v->s->o.columns * (WIDTH - LEFT - RIGHT);
}

/* Values above the scale end at its edge. */
static double y_of(const struct svg *v, uint64_t value)
{
	double part = ((double)value - (double)v->s->low) / (double)(v->s->high - v->s->low);

	part = part > 1 ? 1 : part < 0 ? 0 : part;
	return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM);
}

static void text(struct svg *v, double x, double y, const char *anchor, const char *words)
{
	buf_addf(v->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
	    words);
}

static void values(struct svg *v)
{
	uint64_t ticks[TICKS_MAX];
	size_t n = series_ticks(v->s->low, v->s->high, 8, ticks);
	struct buf words = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		double y = y_of(v, ticks[i]);

		buf_addf(v->out,
		    "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", LEFT,
		    y, WIDTH - RIGHT, y);
		buf_reset(&words);
		series_value_text(&words, (enum series_unit)v->s->unit, ticks[i]);
		text(v, LEFT - 8, y + 4, "end", words.data);
	}
	buf_release(&words);
}

static void times(struct svg *v)
{
	const struct series_options *o = &v->s->o;
	uint64_t ticks[TICKS_MAX], from = o->from > 0 ? (uint64_t)o->from : 0;
	size_t n = series_ticks(from, (uint64_t)o->to, 10, ticks);
	struct buf words = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		double part = (double)(ticks[i] - from) / (double)(o->to - o->from);

		buf_reset(&words);
		series_value_text(&words, SERIES_NS, ticks[i]);
		text(v, x_of(v, part * o->columns), HEIGHT - BOTTOM + 32, "middle", words.data);
	}
	buf_release(&words);
}

static void marks(struct svg *v)
{
	double last = 0;

	for (unsigned i = 0; i < v->s->o.columns; i++) {
		double x = x_of(v, i);
		char letter[2] = "";

		for (unsigned m = 0; m < SERIES_MARK_COUNT; m++)
			if (v->s->marks[i] & 1u << m)
				letter[0] = series_mark_letter((enum series_mark)(1u << m));
		if (!letter[0] || x < last + 9)
			continue;
		text(v, x, HEIGHT - BOTTOM + 15, "middle", letter);
		last = x;
	}
}

static void steps(struct svg *v, const struct series_track *t)
{
	bool is_drawn = false;

	buf_addf(v->out, "<path fill=\"none\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"",
	    strokes[t->id].color, strokes[t->id].dash);
	for (unsigned i = 0; i < v->s->o.columns; i++) {
		const struct series_column *c = &t->columns[i];

		if (!c->has) {
			is_drawn = false;
			continue;
		}
		buf_addf(
		    v->out, "%c%.1f %.1f", is_drawn ? 'L' : 'M', x_of(v, i), y_of(v, c->first));
		if (c->low != c->high)
			buf_addf(v->out, "V%.1f V%.1f", y_of(v, c->low), y_of(v, c->high));
		buf_addf(v->out, "V%.1f ", y_of(v, c->last));
		is_drawn = true;
	}
	buf_addstr(v->out, "\"/>\n");
}

/* Each column from its smallest to its largest value, at least a dot high. */
static void points(struct svg *v, const struct series_track *t)
{
	buf_addf(v->out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"",
	    strokes[t->id].color);
	for (unsigned i = 0; i < v->s->o.columns; i++) {
		const struct series_column *c = &t->columns[i];

		if (c->has)
			buf_addf(v->out, "M%.1f %.1fV%.1f ", x_of(v, i), y_of(v, c->low) + 1,
			    y_of(v, c->high) - 1);
	}
	buf_addstr(v->out, "\"/>\n");
}

static void legend(struct svg *v)
{
	double x = LEFT;

	for (unsigned i = v->s->ntracks; i-- > 0;) {
		const struct series_track *t = &v->s->tracks[i];

		buf_addf(v->out,
		    "<line x1=\"%.1f\" y1=\"42\" x2=\"%.1f\" y2=\"42\" stroke=\"%s\" "
		    "stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n",
		    x, x + 24, strokes[t->id].color, strokes[t->id].dash);
		text(v, x + 30, 46, "start", series_track_word((enum series_track_id)t->id));
		x += 140;
	}
	for (unsigned m = 0; m < SERIES_MARK_COUNT; m++) {
		enum series_mark mark = (enum series_mark)(1u << m);
		struct buf words = BUF_INIT;

		buf_addf(&words, "%c %s", series_mark_letter(mark), series_mark_word(mark));
		text(v, x, 46, "start", words.data);
		x += 95;
		buf_release(&words);
	}
}

void plot_svg(struct buf *out, const struct series *s, const char *title)
{
	struct svg v = { out, s };

	buf_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	    "font-family=\"sans-serif\" font-size=\"12\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	    WIDTH, HEIGHT);
	text(&v, LEFT, 24, "start", title);
	legend(&v);
	values(&v);
	times(&v);
	for (unsigned i = 0; i < s->ntracks; i++) {
		if (s->tracks[i].style == SERIES_POINTS)
			points(&v, &s->tracks[i]);
		else
			steps(&v, &s->tracks[i]);
	}
	buf_addf(out, "<path fill=\"none\" stroke=\"black\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP,
	    HEIGHT - BOTTOM, WIDTH - RIGHT);
	marks(&v);
	buf_addstr(out, "</svg>\n");
}
