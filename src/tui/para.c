/* SPDX-License-Identifier: MIT */
/*
 * para - breaks text between words.
 */
#include "config.h"

#include <string.h>

#include "tui/para.h"

size_t para_line(enum glyph_tier tier, const char *text, size_t n, int w)
{
	size_t end = 0, next;

	if (grid_measure(tier, text, n) <= w)
		return n;
	while (end < n && text[end] != ' ')
		end++;
	for (next = end; next < n; end = next) {
		next++;
		while (next < n && text[next] != ' ')
			next++;
		if (grid_measure(tier, text, next) > w)
			break;
	}
	return end;
}

int para_lines(enum glyph_tier tier, const char *text, size_t n, int w)
{
	int lines = 0;
	size_t take;

	do {
		take = para_line(tier, text, n, w);
		take += take < n;
		text += take;
		n -= take;
		lines++;
	} while (n > 0);
	return lines;
}

void para_put(struct pen *p, struct rect *below, const char *text, size_t n)
{
	int indent = p->x - p->start, w = p->end - p->x;

	while (n > 0) {
		size_t take = below->h > 0 ? para_line(p->grid->tier, text, n, w) : n;

		grid_put(p, text, take);
		take += take < n;
		text += take;
		n -= take;
		if (n == 0)
			return;
		*p = rect_pen(p->grid, rect_take_top(below, 1), 0, p->role);
		grid_pad_to(p, p->start + indent);
	}
}

void para_draw(struct grid *g, struct rect *r, enum role role, const char *text)
{
	struct pen p;

	if (!*text || r->h <= 0)
		return;
	p = rect_pen(g, rect_take_top(r, 1), 0, role);
	para_put(&p, r, text, strlen(text));
}
