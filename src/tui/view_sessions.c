/* SPDX-License-Identifier: MIT */
/*
 * view_sessions - the table of connections.
 */
#include "config.h"

#include "tui/view.h"

struct sessions {
	struct view view;
	struct list list;
};

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct head head = { .title = "tcpshadow", .right = "no capture" };
	struct pen p;

	(void)v;
	(void)ui;
	frame_head(g, &r, &head);
	p = rect_pen(g, r, 0, ROLE_DIM);
	grid_puts(&p, "no connections");
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct sessions *s = (struct sessions *)(void *)v;

	return list_action(&s->list, a, 0, ui->page);
}

const struct view_ops view_sessions = {
	.size = sizeof(struct sessions),
	.draw = draw,
	.action = action,
};
