/* SPDX-License-Identifier: MIT */
/*
 * graph - a small picture of a session, for other screens.
 */
#ifndef TUI_GRAPH_H
#define TUI_GRAPH_H

#include "tui/view.h"

/* What the side that sent more sent over time; nothing when no data was sent, or too much to be quick. */
void graph_preview(const struct ui *ui, struct grid *g, struct rect r, uint32_t session);

#endif
