/* SPDX-License-Identifier: MIT */
/*
 * app - events, actions, drawing.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/app.h"
#include "tui/config_file.h"
#include "tui/confirm.h"
#include "tui/frame.h"
#include "tui/para.h"
#include "tui/settings.h"

enum {
	MIN_WIDTH = 20,
	MIN_HEIGHT = 5,
	COUNT_LIMIT = 1000000000,
};

static void take_size(struct app *a)
{
	a->ui.page = a->grid.h - 1;
	a->ui.width = a->grid.w;
}

void app_init(struct app *a, const struct tui_options *o, int w, int h)
{
	struct err e;

	*a = (struct app){ .waits = ACTION_COUNT };
	ui_init(&a->ui, o);
	buf_init(&a->prompt.text);
	buf_init(&a->prompt.draft);
	buf_init(&a->prompt_before);
	buf_init(&a->help.search);
	buf_init(&a->question.text);
	buf_init(&a->question.arg);
	grid_init(&a->grid, w, h, a->ui.tier);
	take_size(a);
	store_snapshot(a->ui.store, &a->ui.snap);
	ui_open(&a->ui, (enum screen)0);
	ask_load_history(a);
	if (o->config && config_file_read(&a->ui, o->config, &e) < 0)
		ui_complain(&a->ui, "%s", e.text);
	if (o->linear)
		a->ui.setting[SETTING_LINEAR] = 1;
}

void app_release(struct app *a)
{
	ask_save_history(a);
	for (unsigned i = 0; i < APP_HISTORIES; i++)
		history_release(&a->histories[i]);
	prompt_release(&a->prompt);
	choices_release(&a->menu.choices);
	buf_release(&a->prompt_before);
	buf_release(&a->help.search);
	buf_release(&a->question.text);
	buf_release(&a->question.arg);
	ui_release(&a->ui);
	grid_release(&a->grid);
	free(a->kept);
}

/* m a, ' a */
static void bookmark(struct ui *ui, const struct act *act)
{
	char letter = act->arg ? act->arg[0] : '\0';
	struct bookmark *b = &ui->bookmarks[letter >= 'a' && letter <= 'z' ? letter - 'a' : 0];

	if (letter < 'a' || letter > 'z') {
		ui_complain(ui, "places have the letters a to z");
	} else if (act->id == ACTION_SET_BOOKMARK) {
		*b = (struct bookmark){ true, ui->session, ui->packet };
		ui_say(ui, "this place is '%c' now", letter);
	} else if (b->is_set) {
		ui->session = b->session;
		ui->packet = b->packet;
	} else {
		ui_complain(ui, "no place is called '%c'", letter);
	}
}

static void set(struct ui *ui, const char *text)
{
	struct err e;

	if (!text)
		ui_complain(ui, "set what? Tab shows the settings");
	else if (settings_set(ui, text, &e) < 0)
		ui_complain(ui, "%s", e.text);
}

static void help(struct app *a)
{
	buf_reset(&a->help.search);
	a->help.list = (struct list){ 0 };
	a->help.is_open = true;
}

/* What is searched for from now on; nothing drops it. */
static void search(struct app *a, const char *text)
{
	struct view *v = ui_top(&a->ui);

	buf_reset(&a->ui.find);
	buf_addstr(&a->ui.find, text ? text : "");
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

/* (Reading is not broken off for it: where the files cannot be read again, what was read must be whole.) */
static void reload(struct ui *ui)
{
	struct store_snapshot now;

	store_snapshot(ui->store, &now);
	if (!ui->options->can_reload)
		ui_say(ui, "%s cannot be read again",
		    ui->options->is_live ? "an interface" : "standard input");
	else if (!now.is_done)
		ui_say(ui, "still reading; then it can be read again");
	else
		ui->wants_reload = true;
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
	case ACTION_BACK:
		ui_back(&a->ui);
		return true;
	case ACTION_QUIT:
		a->ui.is_over = true;
		return true;
	case ACTION_REDRAW:
		a->ui.wants_redraw = true;
		return true;
	case ACTION_RELOAD:
		reload(&a->ui);
		return true;
	case ACTION_HELP:
		help(a);
		return true;
	case ACTION_PAUSE:
		a->ui.is_paused = !a->ui.is_paused;
		return true;
	case ACTION_SET:
		set(&a->ui, act->arg);
		return true;
	case ACTION_FIND:
		search(a, act->arg);
		return true;
	case ACTION_SET_BOOKMARK:
	case ACTION_GO_BOOKMARK:
		bookmark(&a->ui, act);
		return true;
	}
	return false;
}

/* The next match is found by the view's hook; without a search, the next problem is the view's affair. */
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

/* "~/x" is in the home folder. */
static void expand_name(struct buf *out, const struct ui *ui, const char *name)
{
	buf_reset(out);
	if (name[0] == '~' && (name[1] == '/' || name[1] == '\0') && ui->options->home) {
		buf_addstr(out, ui->options->home);
		name++;
	}
	buf_addstr(out, name);
}

static void perform(struct app *a, const struct act *act)
{
	struct view *v = ui_top(&a->ui);

	if (!find(a, act) && !v->ops->action(v, &a->ui, act) && !act_of_frame(a, act))
		ui_say(&a->ui, "%s: nothing to do here", bind_row(act->id)->name);
}

void app_act(struct app *a, const struct act *act)
{
	struct act taken = *act;
	struct buf name = BUF_INIT;

	if (act->arg && (act->id == ACTION_EXPORT || act->id == ACTION_SAVE)) {
		expand_name(&name, &a->ui, act->arg);
		taken.arg = name.data;
	}
	if (a->ui.is_sure || !confirm_first(a, &taken))
		perform(a, &taken);
	buf_release(&name);
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

/* Esc drops a search before it leaves the screen. */
static bool drops_search(struct app *a, uint32_t k)
{
	if (k != TUI_KEY_ESCAPE || a->waits != ACTION_COUNT || a->ui.find.len == 0)
		return false;
	buf_reset(&a->ui.find);
	return true;
}

/* On the first screen it drops the filter before it ends the program. */
static bool drops_filter(struct app *a, uint32_t k)
{
	struct view *v = ui_top(&a->ui);
	struct buf filter = BUF_INIT;
	bool has_filter;

	if (k != TUI_KEY_ESCAPE || a->waits != ACTION_COUNT || a->ui.nstack > 1 || !v->ops->prompt)
		return false;
	v->ops->prompt(v, &a->ui, ACTION_FILTER, &filter);
	has_filter = filter.len > 0;
	buf_release(&filter);
	if (!has_filter)
		return false;
	app_act(a, &(struct act){ .id = ACTION_CLEAR_FILTER });
	ui_say(&a->ui, "the filter is dropped");
	return true;
}

/* A key that other screens have says so, rather than nothing. */
static void miss(struct app *a, uint32_t k)
{
	enum action id = ACTION_COUNT;

	for (unsigned s = 0; s < SCREEN_COUNT && id == ACTION_COUNT; s++)
		id = bind_find((enum screen)s, k);
	if (id != ACTION_COUNT)
		ui_say(&a->ui, "%s: not on this screen", bind_row(id)->name);
}

static void screen_key(struct app *a, uint32_t k)
{
	enum action id = bind_lookup(&a->ui, k);

	if (a->waits != ACTION_COUNT) {
		argument(a, k);
	} else if (id == ACTION_COUNT && k >= '0' && k <= '9') {
		if (a->count < COUNT_LIMIT)
			a->count = a->count * 10 + (k - '0');
	} else if (id == ACTION_COUNT) {
		a->count = 0;
		miss(a, k);
	} else if (bind_row(id)->argument == BIND_CHAR) {
		a->waits = id;
	} else if (bind_row(id)->argument == BIND_NONE || !ask_open(a, id)) {
		run(a, id, NULL);
	}
}

static void key(struct app *a, uint32_t k)
{
	buf_reset(&a->ui.message);
	a->ui.key_at = a->ui.now;
	if (confirm_is_open(a))
		confirm_key(a, k);
	else if (a->help.is_open)
		help_key(&a->help, &a->ui, k);
	else if (ask_is_open(a))
		ask_key(a, k);
	else if (!drops_search(a, k) && !drops_filter(a, k))
		screen_key(a, k);
}

/* What the store has by now. */
static void update(struct app *a)
{
	struct view *v = ui_top(&a->ui);

	if (!a->ui.is_paused)
		store_snapshot(a->ui.store, &a->ui.snap);
	a->ui.is_asking = ask_is_open(a) || a->help.is_open || confirm_is_open(a);
	if (v->ops->update)
		v->ops->update(v, &a->ui);
}

static void click(struct app *a, const struct app_event *ev)
{
	struct view *v = ui_top(&a->ui);

	buf_reset(&a->ui.message);
	if (a->help.is_open || ask_is_open(a) || confirm_is_open(a))
		return;
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
		take_size(a);
		break;
	case APP_CLICK:
		click(a, ev);
		break;
	case APP_GREW:
	case APP_TICK:
		return;
	}
	a->has_grown = false;
}

static void draw_too_small(struct grid *g)
{
	struct rect r = grid_rect(g);
	struct buf text = BUF_INIT;

	buf_addf(&text, "needs %dx%d, has %dx%d", MIN_WIDTH, MIN_HEIGHT, g->w, g->h);
	para_draw(g, &r, ROLE_NORMAL, text.data);
	buf_release(&text);
}

static size_t cells_below_title(const struct grid *g)
{
	return g->h > 1 ? (size_t)(g->h - 1) * (size_t)g->w : 0;
}

static void draw(struct app *a)
{
	struct grid *g = &a->grid;
	struct rect r = grid_rect(g), bottom = rect_take_bottom(&r, 1);
	struct view *v = ui_top(&a->ui);

	a->ui.is_drawing = true;
	update(a);
	a->ui.is_drawing = false;
	g->tier = a->ui.tier;
	g->is_linear = ui_is_linear(&a->ui);
	grid_clear(g);
	if (g->w < MIN_WIDTH || g->h < MIN_HEIGHT) {
		draw_too_small(g);
		return;
	}
	v->ops->draw(v, &a->ui, g, r);
	frame_bottom(g, bottom, &a->ui);
	if (confirm_is_open(a))
		confirm_draw(a, bottom);
	else if (a->help.is_open)
		help_draw(&a->help, &a->ui, g, r);
	else
		ask_draw(a, grid_rect(g));
}

/* While it is paused growth changes the title only, which counts it. */
void app_draw(struct app *a)
{
	struct grid *g = &a->grid;
	size_t n = cells_below_title(g);
	bool keeps = a->ui.is_paused && a->has_grown && a->kept;
	int y = g->cursor_y, x = g->cursor_x;

	draw(a);
	a->has_grown = true;
	if (keeps) {
		memcpy(g->cells + g->w, a->kept, n * sizeof(*g->cells));
		g->cursor_y = y;
		g->cursor_x = x;
		return;
	}
	free(a->kept);
	a->kept = a->ui.is_paused && n ? mem_copy(g->cells + g->w, n, sizeof(*g->cells)) : NULL;
}
