/* SPDX-License-Identifier: MIT */
/*
 * frame - what is around every view: the lines on top, the key bar at the bottom.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui/view.h"

/* The last line: the key bar, or a message. */
void frame_bottom(struct grid *g, struct rect r, const struct ui *ui);

#endif
