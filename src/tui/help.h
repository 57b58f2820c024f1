/* SPDX-License-Identifier: MIT */
/*
 * help - all keys of a screen, from the table of keys; what is typed narrows it down.
 */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include "tui/bind.h"

struct help {
	bool is_open;
	struct buf search;
	struct list list; /* over the rows that match; only its top is seen */
};

/* A key while it is open. */
void help_key(struct help *h, const struct ui *ui, uint32_t key);
void help_draw(const struct help *h, const struct ui *ui, struct grid *g, struct rect r);

#endif
