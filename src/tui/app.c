/* SPDX-License-Identifier: MIT */
/*
 * app - events, actions, drawing.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/app.h"
#include "tui/bind.h"
#include "tui/frame.h"

enum {
	MIN_WIDTH = 20,
	MIN_HEIGHT = 5,
	COUNT_LIMIT = 1000000000,
};

void app_init(struct app *a, const struct tui_options *o, int w, int h)
{
	*a = (struct app){ .waits = ACTION_COUNT };
	ui_init(&a->ui, o);
	grid_init(&a->grid, w, h, a->ui.tier);
	a->ui.page = h - 1;
	store_snapshot(a->ui.store, &a->ui.snap);
	ui_open(&a->ui, (enum screen)0);
}

void app_release(struct app *a)
{
	ui_release(&a->ui);
	grid_release(&a->grid);
}

/* Look for a text from here on; nothing = no longer. */
static void start_find(struct app *a, const char *what)
{
	struct view *v = ui_top(&a->ui);

	buf_reset(&a->ui.find);
	buf_addstr(&a->ui.find, what ? what : "");
	if (a->ui.find.len && v->ops->find && !v->ops->find(v, &a->ui, 1))
		ui_say(&a->ui, "not found: %s", a->ui.find.data);
}

/* A key opens its screen, and on that screen goes back. */
static void toggle(struct app *a, enum screen s)
{
	if (ui_top(&a->ui)->screen == s)
		ui_back(&a->ui);
	else
		ui_open(&a->ui, s);
}

static bool act_of_frame(struct app *a, const struct act *act)
{
	switch ((int)act->id) {
	case ACTION_STREAM:
		toggle(a, SCREEN_STREAM);
		return true;
	case ACTION_GRAPH:
		toggle(a, SCREEN_GRAPH);
		return true;
	case ACTION_FINDINGS:
		toggle(a, SCREEN_FINDINGS);
		return true;
	case ACTION_FIND:
		start_find(a, act->arg);
		return true;
	case ACTION_BACK:
		ui_back(&a->ui);
		return true;
	case ACTION_QUIT:
		a->ui.is_over = true;
		return true;
	case ACTION_REDRAW:
		a->ui.wants_redraw = true;
		return true;
	}
	return false;
}

/* The next problem is the view's affair; the next match too, but by its find hook. */
static bool find(struct app *a, const struct act *act)
{
	struct view *v = ui_top(&a->ui);

	if (a->ui.find.len == 0 || !v->ops->find)
		return false;
	if (act->id != ACTION_NEXT && act->id != ACTION_PREVIOUS)
		return false;
	if (!v->ops->find(v, &a->ui, act->id == ACTION_NEXT ? 1 : -1))
		ui_say(&a->ui, "not found: %s", a->ui.find.data);
	return true;
}

void app_act(struct app *a, const struct act *act)
{
	struct view *v = ui_top(&a->ui);

	if (!find(a, act) && !v->ops->action(v, &a->ui, act) && !act_of_frame(a, act))
		ui_say(&a->ui, "%s: nothing to do here", bind_row(act->id)->name);
}

static void run(struct app *a, enum action id, const char *arg)
{
	struct act act = { id, a->count, arg };

	a->count = 0;
	app_act(a, &act);
}

/* The key after one that takes an argument. */
static void argument(struct app *a, uint32_t key)
{
	char text[8] = "";
	enum action id = a->waits;

	a->waits = ACTION_COUNT;
	if (key_is_text(key)) {
		text[text_utf8_encode(text, key)] = '\0';
		run(a, id, text);
	}
}

static void key(struct app *a, uint32_t k)
{
	enum action id = bind_find(ui_top(&a->ui)->screen, k);

	buf_reset(&a->ui.message);
	if (a->waits != ACTION_COUNT) {
		argument(a, k);
	} else if (id == ACTION_COUNT && k >= '0' && k <= '9') {
		if (a->count < COUNT_LIMIT)
			a->count = a->count * 10 + (k - '0');
	} else if (id == ACTION_COUNT) {
		a->count = 0;
	} else if (bind_row(id)->argument == BIND_CHAR) {
		a->waits = id;
	} else {
		run(a, id, NULL);
	}
}

/* What the store has by now. */
static void update(struct app *a)
{
	struct view *v = ui_top(&a->ui);

	store_snapshot(a->ui.store, &a->ui.snap);
	if (v->ops->update)
		v->ops->update(v, &a->ui);
}

static void click(struct app *a, const struct app_event *ev)
{
	struct view *v = ui_top(&a->ui);

	buf_reset(&a->ui.message);
	if (v->ops->click && v->ops->click(v, &a->ui, ev->y, ev->x) && ev->is_double)
		run(a, ACTION_OPEN, NULL);
}

void app_event(struct app *a, const struct app_event *ev)
{
	a->ui.now = ev->now;
	update(a);
	switch (ev->type) {
	case APP_KEY:
		key(a, ev->key);
		break;
	case APP_RESIZE:
		grid_resize(&a->grid, ev->w < 1 ? 1 : ev->w, ev->h < 1 ? 1 : ev->h);
		a->ui.page = a->grid.h - 1;
		break;
	case APP_CLICK:
		click(a, ev);
		break;
	case APP_GREW:
	case APP_TICK:
		break;
	}
}

static void draw_too_small(struct grid *g)
{
	struct pen p = grid_pen(g, 0, 0, g->w, ROLE_NORMAL);

	grid_putf(&p, "needs %dx%d, has %dx%d", MIN_WIDTH, MIN_HEIGHT, g->w, g->h);
}

void app_draw(struct app *a)
{
	struct grid *g = &a->grid;
	struct rect r = grid_rect(g), bottom = rect_take_bottom(&r, 1);
	struct view *v = ui_top(&a->ui);

	update(a);
	g->tier = a->ui.tier;
	grid_clear(g);
	if (g->w < MIN_WIDTH || g->h < MIN_HEIGHT) {
		draw_too_small(g);
		return;
	}
	v->ops->draw(v, &a->ui, g, r);
	frame_bottom(g, bottom, &a->ui);
}
