/* SPDX-License-Identifier: MIT */
/*
 * para - running text in a rect, broken between words.
 */
#ifndef TUI_PARA_H
#define TUI_PARA_H

#include "tui/grid.h"

/* Takes the lines it fills off r; what has no room is cut with a mark.  Words longer than a line are cut. */
void para_draw(struct grid *g, struct rect *r, enum role role, const char *text);

#endif
