/* SPDX-License-Identifier: MIT */
/*
 * grid - the screen as cells.  What a view draws goes here; a back end shows it.
 *
 * grid_put() is the only way for text: it makes bytes safe (controls, bidirectional and zero-width marks and
 * what is not UTF-8 become visible escapes), measures them, and cuts with an ellipsis what has no room, so
 * that a number or an address is never cut without a mark.  It cannot write outside of its pen's columns.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include <uchar.h>

#include "tcpshadow/buf.h"
#include "tui/glyph.h"
#include "tui/role.h"

enum { CELL_CHARS = 3 }; /* one base character and two marks */

struct cell {
	char32_t ch[CELL_CHARS]; /* 0 = none */
	uint8_t width;           /* 1, 2; 0 = the right half of the cell before */
	uint8_t role;            /* enum role */
	uint8_t attr;            /* enum attr, added to the role's */
};

struct grid {
	int w, h;
	struct cell *cells;     /* h rows of w */
	int cursor_y, cursor_x; /* the terminal's cursor; -1 = hidden */
	enum glyph_tier tier;
	bool is_linear; /* for screen readers: frames, rules and shades stay blank */
};

struct rect {
	int y, x, h, w;
};

void grid_init(struct grid *g, int w, int h, enum glyph_tier tier);
void grid_release(struct grid *g);
void grid_resize(struct grid *g, int w, int h); /* and clear */
void grid_clear(struct grid *g);
const struct cell *grid_at(const struct grid *g, int y, int x);
static inline struct rect grid_rect(const struct grid *g)
{
	return (struct rect){ 0, 0, g->h, g->w };
}

/* Writes from `x` to the right, not beyond `end`; all that does not lie on the grid is left out. */
struct pen {
	struct grid *grid;
	int y, x, start, end;
	enum role role; /* it and attr may be changed between writes */
	uint8_t attr;
	bool is_cut; /* nothing more fits */
};

/* `w` columns of row y from x; columns that are not on the grid or not in the rect are taken off. */
struct pen grid_pen(struct grid *g, int y, int x, int w, enum role role);
struct pen rect_pen(struct grid *g, struct rect r, int row, enum role role); /* a row of r */

void grid_put(struct pen *p, const void *bytes, size_t n);
void grid_puts(struct pen *p, const char *text);
void grid_putf(struct pen *p, const char *format, ...) TS_PRINTF(2, 3);
void grid_put_glyph(struct pen *p, enum glyph g);
void grid_repeat(struct pen *p, enum glyph g, int n);
void grid_pad_to(struct pen *p, int x); /* blanks up to column x of the grid */
void grid_pad(struct pen *p);           /* to the pen's end */
/* Text at the right end of what the pen has left; the columns before it become blank. */
void grid_put_right(struct pen *p, const char *text);
/* Cut in the middle rather than at the end: for addresses. */
void grid_put_middle(struct pen *p, const char *text);

/* Columns that grid_put() would need for all of it. */
int grid_measure(enum glyph_tier tier, const void *bytes, size_t n);

void grid_fill(struct grid *g, struct rect r, enum role role); /* with blanks */
void grid_hline(struct grid *g, int y, int x, int w);
void grid_vline(struct grid *g, int y, int x, int h);
void grid_box(struct grid *g, struct rect r); /* a frame along the edge, blanks inside */
void grid_add_attr(struct grid *g, struct rect r, enum attr attr);

/* The first n rows of r as a rect of their own; r keeps the rest. */
struct rect rect_take_top(struct rect *r, int n);
struct rect rect_take_bottom(struct rect *r, int n);
struct rect rect_take_left(struct rect *r, int n);
struct rect rect_take_right(struct rect *r, int n);

/*
 * First row of a list to show so that the cursor is visible, with the list scrolled no further than needed from
 * `top`: pure, so that a list drawn smaller for a moment comes back as it was.
 */
size_t list_top(size_t top, size_t cursor, size_t total, int rows);

#endif
