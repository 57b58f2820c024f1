/* SPDX-License-Identifier: MIT */
/*
 * menu - choosing from a list.
 */
#include "config.h"

#include "tui/menu.h"

void menu_open(struct menu *m, const char *title)
{
	m->title = title;
	m->at = 0;
	for (size_t i = 0; i < m->choices.n && !m->choices.are_flags; i++)
		if (m->choices.items[i].is_on)
			m->at = i;
}

enum menu_result menu_key(struct menu *m, uint32_t key)
{
	size_t n = m->choices.n;

	switch (key) {
	case TUI_KEY_UP:
	case 'k':
		m->at = (m->at + n - 1) % n;
		return MENU_MOVED;
	case TUI_KEY_DOWN:
	case 'j':
		m->at = (m->at + 1) % n;
		return MENU_MOVED;
	case TUI_KEY_HOME:
	case 'g':
		m->at = 0;
		return MENU_MOVED;
	case TUI_KEY_END:
	case 'G':
		m->at = n - 1;
		return MENU_MOVED;
	case TUI_KEY_ENTER:
	case ' ':
		return MENU_TAKEN;
	case TUI_KEY_ESCAPE:
	case TUI_KEY_BACKSPACE:
	case 'q':
		return MENU_LEFT;
	}
	return MENU_MOVED;
}

void menu_draw(const struct menu *m, struct grid *g, struct rect r)
{
	struct rect box = choices_box(&m->choices, r);
	struct pen p;

	box.y = r.y + (r.h - box.h) / 2;
	box.x = r.x + (r.w - box.w) / 2;
	choices_draw(&m->choices, g, box, m->at);
	p = grid_pen(g, box.y, box.x + 2, box.w - 4, ROLE_HEAD);
	grid_putf(&p, " %s ", m->title);
	g->cursor_y = box.y + 1 + (int)(m->at - list_top(0, m->at, m->choices.n, box.h - 2));
	g->cursor_x = box.x + 1;
}
