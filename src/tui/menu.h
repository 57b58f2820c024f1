/* SPDX-License-Identifier: MIT */
/*
 * menu - a box of choices for an action.
 */
#ifndef TUI_MENU_H
#define TUI_MENU_H

#include "tui/choices.h"
#include "tui/key.h"

struct menu {
	const char *title; /* NULL = it is closed */
	struct choices choices;
	size_t at;
};

enum menu_result {
	MENU_MOVED,
	MENU_TAKEN,
	MENU_LEFT,
};

/* The choices are in it already: the cursor goes to the first that is on. */
void menu_open(struct menu *m, const char *title);
enum menu_result menu_key(struct menu *m, uint32_t key);
void menu_draw(const struct menu *m, struct grid *g, struct rect r);

#endif
