/* SPDX-License-Identifier: MIT */
/*
 * bind - which key does what on which screen: keybind.def, and what the user bound.
 */
#ifndef TUI_BIND_H
#define TUI_BIND_H

#include "tui/view.h"

enum bind_argument {
	BIND_NONE,
	BIND_CHAR,
	BIND_TEXT,
	BIND_MENU, /* as TEXT, but chosen from what the view offers */
};

struct bind_row {
	const char *name;
	uint8_t argument; /* enum bind_argument */
	const char *keys; /* names with blanks between them; NULL = only by its name */
	unsigned screens; /* bits: 1u << enum screen */
	const char *bar;  /* NULL = not in the key bar */
	const char *help;
};

const struct bind_row *bind_row(enum action a);
const char *screen_name(enum screen s); /* "sessions" */
/* ACTION_COUNT = the key does nothing there. */
enum action bind_find(enum screen s, uint32_t key);
/* The same on the screen that is shown, with what the user bound. */
enum action bind_lookup(const struct ui *ui, uint32_t key);
/* The action of a name of n bytes, or ACTION_COUNT. */
enum action bind_by_name(const char *name, size_t n);
/* The name of the first key of an action; empty when it has none. */
void bind_first_key(struct buf *out, enum action a);

#endif
