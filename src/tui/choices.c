/* SPDX-License-Identifier: MIT */
/*
 * choices - lists to choose from, and the box that shows them.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tui/choices.h"

enum { GLOSS_GAP = 2 };

void choices_clear(struct choices *c)
{
	c->n = 0;
	c->from = 0;
	c->are_flags = false;
	arena_reset(&c->texts);
}

void choices_release(struct choices *c)
{
	free(c->items);
	arena_release(&c->texts);
	*c = (struct choices){ 0 };
}

static const char *keep(struct choices *c, const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(arena_take(&c->texts, n), text, n);
}

void choices_add(struct choices *c, const char *text, const char *gloss, bool is_on)
{
	c->items = mem_grow(c->items, c->n, &c->cap, sizeof(*c->items));
	c->items[c->n++] = (struct choice){ keep(c, text), keep(c, gloss ? gloss : ""), is_on };
}

static int widest_text(const struct choices *c)
{
	int most = 0;

	for (size_t i = 0; i < c->n; i++)
		if ((int)strlen(c->items[i].text) > most)
			most = (int)strlen(c->items[i].text);
	return most;
}

static int widest_gloss(const struct choices *c)
{
	int most = 0;

	for (size_t i = 0; i < c->n; i++)
		if ((int)strlen(c->items[i].gloss) > most)
			most = (int)strlen(c->items[i].gloss);
	return most;
}

struct rect choices_box(const struct choices *c, struct rect room)
{
	int gloss = widest_gloss(c);
	int w = widest_text(c) + 6 + (gloss ? gloss + GLOSS_GAP : 0);
	int h = c->n > 100 ? 102 : (int)c->n + 2;

	return (struct rect){ room.y, room.x, h < room.h ? h : room.h, w < room.w ? w : room.w };
}

static void draw_choice(const struct choices *c, struct pen *p, const struct choice *item)
{
	int text = p->x + widest_text(c) + 2;

	if (item->is_on)
		grid_put_glyph(p, c->are_flags ? GLYPH_DONE : GLYPH_MARKED);
	grid_pad_to(p, p->start + 2);
	grid_puts(p, item->text);
	if (!*item->gloss)
		return;
	grid_pad_to(p, text + GLOSS_GAP);
	p->role = ROLE_DIM;
	grid_puts(p, item->gloss);
}

void choices_draw(const struct choices *c, struct grid *g, struct rect r, size_t at)
{
	struct rect inner = { r.y + 1, r.x + 1, r.h - 2, r.w - 2 };
	size_t top = at < c->n ? list_top(0, at, c->n, inner.h) : 0;

	grid_box(g, r);
	for (int row = 0; row < inner.h && top + (size_t)row < c->n; row++) {
		size_t i = top + (size_t)row;
		struct pen p = rect_pen(g, inner, row, ROLE_NORMAL);

		draw_choice(c, &p, &c->items[i]);
		if (i == at)
			grid_add_attr(
			    g, (struct rect){ inner.y + row, inner.x, 1, inner.w }, ATTR_SELECTED);
	}
}
