/* SPDX-License-Identifier: MIT */
/*
 * para - breaks text between words.
 */
#include "config.h"

#include <string.h>

#include "tui/para.h"

/* Bytes of the words that fit into w columns; at least one word. */
static size_t line_of(const struct grid *g, const char *text, int w)
{
	size_t end = strcspn(text, " ");

	while (text[end]) {
		size_t next = end + 1 + strcspn(text + end + 1, " ");

		if (grid_measure(g->tier, text, next) > w)
			break;
		end = next;
	}
	return end;
}

void para_draw(struct grid *g, struct rect *r, enum role role, const char *text)
{
	while (*text && r->h > 0) {
		struct pen p = rect_pen(g, rect_take_top(r, 1), 0, role);
		size_t n = line_of(g, text, r->w);

		grid_put(&p, text, r->h > 0 ? n : strlen(text));
		text += n + (text[n] == ' ');
	}
}
