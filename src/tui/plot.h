/* SPDX-License-Identifier: MIT */
/*
 * plot - a series as a picture of characters: braille dots, or ASCII where there is no braille.
 *
 * Memory: the dots of the rect, while it is drawn.
 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tcpshadow/series.h"
#include "tui/grid.h"

struct plot {
	struct rect r;  /* all of it: values to the left, times below */
	int64_t cursor; /* ns since the session's start; -1 = none */
	bool has_gaps;  /* a line below for the longest waits */
	/* Who waited for what; NULL = nobody says so. */
	const char *(*wait_label)(void *ctx, const struct series_wait *w);
	void *ctx;
	bool is_small; /* no room for scales: the picture alone, with its largest value */
};

/* How many columns of values the rect has room for, at least 1. */
unsigned plot_columns(enum glyph_tier tier, struct rect r, bool is_small);
/* `s` was made for so many columns. */
void plot_draw(struct grid *g, const struct plot *p, const struct series *s);
/* The same as an SVG document; `title` is XML. */
void plot_svg(struct buf *out, const struct series *s, const char *title);
/* What the lines and letters mean, with what is not to be seen. */
void plot_legend(struct pen *p, const struct series *s);

#endif
