/* SPDX-License-Identifier: MIT */
/*
 * choices - what can be chosen from: in a menu, or to complete a word that is being typed.
 */
#ifndef TUI_CHOICES_H
#define TUI_CHOICES_H

#include "tcpshadow/mem.h"
#include "tui/grid.h"

struct choice {
	const char *text, *gloss; /* in the arena */
	bool is_on;               /* chosen now */
};

struct choices {
	struct choice *items;
	size_t n, cap;
	size_t from;    /* completion: where the word begins that they replace */
	bool are_flags; /* each is on or off; otherwise one is chosen */
	struct arena texts;
};

void choices_clear(struct choices *c);
void choices_release(struct choices *c);
void choices_add(struct choices *c, const char *text, const char *gloss, bool is_on);
/* A box of at most `rows` of them in r, with the cursor's row selected; at >= n: none. */
void choices_draw(const struct choices *c, struct grid *g, struct rect r, size_t at);
/* Columns and rows (with its frame) that the box needs, limited to what is given. */
struct rect choices_box(const struct choices *c, struct rect room);

#endif
