/* SPDX-License-Identifier: MIT */
/*
 * para - running text in a rect, broken between words.
 */
#ifndef TUI_PARA_H
#define TUI_PARA_H

#include "tui/grid.h"

/* Bytes of the words that fit into w columns; at least one word. */
size_t para_line(enum glyph_tier tier, const char *text, size_t n, int w);
/* Lines of w columns that it takes; at least one. */
int para_lines(enum glyph_tier tier, const char *text, size_t n, int w);
/* From the pen on, and over lines taken off `below`, each behind the same indent; cut where there are no more. */
void para_put(struct pen *p, struct rect *below, const char *text, size_t n);
/* Takes the lines it fills off r; what has no room is cut with a mark.  Words longer than a line are cut. */
void para_draw(struct grid *g, struct rect *r, enum role role, const char *text);

#endif
