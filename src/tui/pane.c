/* SPDX-License-Identifier: MIT */
/*
 * pane - the box of text under a list.
 */
#include "config.h"

#include <string.h>

#include "tui/pane.h"

enum { LINES_MOST = 80 }; /* of a text */

void pane_begin(struct grid *text, const struct grid *g, struct rect r)
{
	grid_init(text, r.w, r.h > LINES_MOST ? r.h : LINES_MOST, g->tier);
	text->is_linear = g->is_linear;
}

static bool is_blank(const struct grid *text, int y)
{
	for (int x = 0; x < text->w; x++) {
		char32_t c = grid_at(text, y, x)->ch[0];

		if (c != 0 && c != ' ')
			return false;
	}
	return true;
}

static int count_lines(const struct grid *text)
{
	int n = text->h;

	while (n > 0 && is_blank(text, n - 1))
		n--;
	return n;
}

static int last_top(const struct pane *p)
{
	return p->lines > p->h ? p->lines - p->h : 0;
}

static int top_of(const struct pane *p)
{
	if (p->about != p->shown)
		return 0;
	return p->top < last_top(p) ? p->top : last_top(p);
}

static bool has_focus(const struct pane *p)
{
	return p->has_focus && last_top(p) > 0;
}

/* In the rule, so that it costs no line. */
static void say_more(const struct pane *p, struct grid *g, struct rect r)
{
	int more = last_top(p) - top_of(p);
	struct buf text = BUF_INIT;
	struct rect rule = { r.y - 1, r.x, 1, r.w };
	struct pen pen;

	if (last_top(p) == 0 || r.y == 0)
		return;
	if (more > 0)
		buf_addf(&text, " %d more line%s%s ", more, more == 1 ? "" : "s",
		    has_focus(p) ? "" : ": Tab");
	else
		buf_addstr(&text, has_focus(p) ? " end, Tab: back " : " end ");
	(void)rect_take_left(&rule, rule.w - (int)text.len - 1);
	pen = rect_pen(g, rule, 0, has_focus(p) ? ROLE_HEAD : ROLE_DIM);
	grid_puts(&pen, text.data);
	buf_release(&text);
}

void pane_end(struct pane *p, struct grid *text, struct grid *g, struct rect r, uint64_t about)
{
	int top;

	p->shown = about;
	p->h = r.h;
	p->lines = count_lines(text);
	top = top_of(p);
	for (int y = 0; y < r.h; y++)
		memcpy(g->cells + (size_t)(r.y + y) * (size_t)g->w + r.x,
		    text->cells + (size_t)(top + y) * (size_t)text->w,
		    (size_t)text->w * sizeof(*text->cells));
	say_more(p, g, r);
	if (has_focus(p)) {
		g->cursor_y = r.y;
		g->cursor_x = r.x;
	}
	grid_release(text);
}

void pane_hide(struct pane *p)
{
	p->lines = 0;
	p->h = 0;
}

/* Lines to move by; 0 = it is no action that moves. */
static int step_of(const struct pane *p, const struct act *a)
{
	int times = a->count ? (int)a->count : 1;

	if (times > LINES_MOST)
		times = LINES_MOST;
	switch ((int)a->id) {
	case ACTION_UP:
		return -times;
	case ACTION_DOWN:
		return times;
	case ACTION_PAGE_UP:
	case ACTION_HALF_UP:
		return -p->h;
	case ACTION_PAGE_DOWN:
	case ACTION_HALF_DOWN:
		return p->h;
	case ACTION_FIRST:
		return -LINES_MOST;
	case ACTION_LAST:
		return LINES_MOST;
	}
	return 0;
}

bool pane_action(struct pane *p, struct ui *ui, const struct act *a)
{
	int step = step_of(p, a);

	if (a->id == ACTION_NEXT_PANE || a->id == ACTION_PREVIOUS_PANE) {
		if (last_top(p) == 0)
			ui_say(ui, "the box has no more than what is shown");
		else
			p->has_focus = !p->has_focus;
		return true;
	}
	if (a->id == ACTION_BACK && p->has_focus) {
		p->has_focus = false;
		return true;
	}
	if (!has_focus(p) || step == 0)
		return false;
	step += top_of(p);
	p->about = p->shown;
	p->top = step < 0 ? 0 : step < last_top(p) ? step : last_top(p);
	return true;
}
