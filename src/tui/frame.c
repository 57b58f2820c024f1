/* SPDX-License-Identifier: MIT */
/*
 * frame - what is around every view: the lines on top, the key bar at the bottom.
 */
#include "config.h"

#include <string.h>

#include "tui/bind.h"
#include "tui/frame.h"

/* Below this height the second line of the head gives its place to the view. */
enum { ROOM_FOR_STATUS = 8 };

static void head_line(
    struct grid *g, struct rect r, const char *left, const char *right, enum role role)
{
	struct pen p = rect_pen(g, r, 0, role);
	int w = right ? grid_measure(g->tier, right, strlen(right)) : 0;
	int end = p.end;

	if (w > 0 && w + 8 < r.w)
		p.end = end - w - 1;
	if (left)
		grid_puts(&p, left);
	grid_pad(&p);
	if (p.end == end)
		return;
	p.end = end;
	p.is_cut = false;
	grid_put_right(&p, right);
}

void frame_head(struct grid *g, struct rect *r, const struct head *h)
{
	bool has_status = (h->status || h->status_right) && g->h >= ROOM_FOR_STATUS;

	head_line(g, rect_take_top(r, 1), h->title, h->right,
	    h->is_warning ? ROLE_TITLE_WARN : ROLE_TITLE);
	if (has_status)
		head_line(g, rect_take_top(r, 1), h->status, h->status_right, ROLE_NORMAL);
}

/* " Enter Open"; false = there is no room for it. */
static bool bar_word(struct pen *p, enum action a)
{
	struct buf key = BUF_INIT;
	const char *word = bind_row(a)->bar;
	bool fits;

	bind_first_key(&key, a);
	fits = key.len + strlen(word) + 3 <= (size_t)(p->end - p->x);
	if (fits) {
		p->role = ROLE_BAR;
		grid_puts(p, " ");
		p->role = ROLE_KEY;
		grid_puts(p, key.data);
		p->role = ROLE_BAR;
		grid_putf(p, " %s", word);
	}
	buf_release(&key);
	return fits;
}

static void key_bar(struct pen *p, enum screen s)
{
	for (size_t a = 0; a < ACTION_COUNT; a++) {
		const struct bind_row *row = bind_row((enum action)a);

		if (row->bar && (row->screens & 1u << s))
			(void)bar_word(p, (enum action)a);
	}
}

/* At the right end; the sessions say it in their title, with how much is new. */
static void put_paused(struct pen *p, const struct ui *ui)
{
	static const char text[] = " PAUSED ";
	struct pen right = *p;

	if (!ui->is_paused || ui_top(ui)->screen == SCREEN_SESSIONS)
		return;
	p->end -= (int)sizeof(text) - 1;
	right.x = p->end;
	right.role = ROLE_TITLE_WARN;
	grid_puts(&right, text);
}

void frame_bottom(struct grid *g, struct rect r, const struct ui *ui)
{
	struct pen p = rect_pen(g, r, 0, ROLE_BAR);

	if (ui->message.len == 0) {
		put_paused(&p, ui);
		key_bar(&p, ui_top(ui)->screen);
	} else {
		p.role = ui->message_is_error ? ROLE_ERROR : ROLE_NORMAL;
		grid_put(&p, ui->message.data, ui->message.len);
	}
	p.role = ROLE_BAR;
	grid_pad(&p);
}
