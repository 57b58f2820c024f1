/* SPDX-License-Identifier: MIT */
/*
 * term - a real terminal: shows grids, reads keys.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "tcpshadow/tui.h"
#include "tui/grid.h"

struct term;

enum term_input {
	TERM_NOTHING,
	TERM_UNKNOWN, /* something came, but no key that is known */
	TERM_KEY,
	TERM_MOUSE,
};

struct term_mouse {
	int y, x;
	bool is_double;
	int wheel; /* lines, negative = up; 0 = a click */
};

/* NULL and *e: unknown or unfit terminal. */
struct term *term_open(const struct tui_terminal *t, struct err *e);
void term_close(struct term *t);                /* NULL is fine */
void term_size(struct term *t, int *w, int *h); /* asks the terminal */
/* Show the grid; only what has changed since the last time is sent. */
void term_show(struct term *t, const struct grid *g);
void term_forget(struct term *t); /* the screen may be spoiled: send everything the next time */
/* The next key or click that waits; never blocks. */
enum term_input term_read(struct term *t, uint32_t *key, struct term_mouse *mouse);
/* Colours as wished, as far as the terminal has them; looks: one for each role. */
void term_set_color(struct term *t, enum tui_color color, const struct role_look *looks);
void term_set_mouse(struct term *t, bool on);
void term_leave(struct term *t);  /* give the terminal back for a while */
void term_return(struct term *t); /* and take it again */
/* Put text into the clipboard; false = it is too long for terminals. */
bool term_copy(struct term *t, const void *bytes, size_t n);

#endif
