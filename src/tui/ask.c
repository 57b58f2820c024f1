/* SPDX-License-Identifier: MIT */
/*
 * ask - prompts and menus of actions: what they offer, what is wrong with what was typed, what is done with it.
 */
#include "config.h"

#include <string.h>

#include "tui/app.h"
#include "tui/command.h"

enum { FILTER_ROW = 1, ROOM_FOR_STATUS = 8 };

bool ask_is_open(const struct app *a)
{
	return a->prompt.label || a->menu.title;
}

static enum app_history history_of(enum action id)
{
	if (id == ACTION_FILTER)
		return APP_FILTERS;
	return id == ACTION_FIND ? APP_SEARCHES : APP_COMMANDS;
}

static const char *label_of(enum action id)
{
	switch ((int)id) {
	case ACTION_COMMAND:
		return ":";
	case ACTION_FIND:
		return "find: ";
	case ACTION_FILTER:
		return "filter: ";
	case ACTION_EXPORT:
		return "export to file: ";
	case ACTION_SAVE:
		return "save bytes to file: ";
	case ACTION_SET:
		return "set: ";
	}
	return "> ";
}

/* What could stand at the cursor, and what is wrong with the whole. */
static void examine(struct app *a)
{
	struct view *v = ui_top(&a->ui);
	struct prompt *p = &a->prompt;
	struct buf typed = BUF_INIT;

	choices_clear(&p->choices);
	p->chosen = SIZE_MAX;
	p->error.is_wrong = false;
	buf_add(&typed, p->text.data, p->at);
	if (a->asks == ACTION_COMMAND)
		command_choices(&a->ui, typed.data, &p->choices);
	else if (v->ops->choices)
		v->ops->choices(v, &a->ui, a->asks, typed.data, &p->choices);
	if (v->ops->typing)
		v->ops->typing(v, &a->ui, a->asks, p->text.data, &p->error);
	buf_release(&typed);
}

static void open_prompt(struct app *a, enum action id)
{
	struct view *v = ui_top(&a->ui);

	buf_reset(&a->prompt_before);
	if (v->ops->prompt)
		v->ops->prompt(v, &a->ui, id, &a->prompt_before);
	prompt_open(&a->prompt, label_of(id), a->prompt_before.data, &a->histories[history_of(id)]);
	examine(a);
}

static bool open_menu(struct app *a, enum action id)
{
	struct view *v = ui_top(&a->ui);

	choices_clear(&a->menu.choices);
	if (v->ops->choices)
		v->ops->choices(v, &a->ui, id, "", &a->menu.choices);
	if (a->menu.choices.n == 0)
		return false;
	menu_open(&a->menu, bind_row(id)->name);
	return true;
}

bool ask_open(struct app *a, enum action id)
{
	a->asks = id;
	if (bind_row(id)->argument == BIND_MENU)
		return open_menu(a, id);
	open_prompt(a, id);
	return true;
}

static void run_command(struct app *a, const char *text)
{
	struct act act;
	struct err e;

	if (*text == '\0')
		return;
	if (command_parse(&a->ui, text, &act, &e) < 0)
		ui_complain(&a->ui, "%s", e.text);
	else if (!act.arg && bind_row(act.id)->argument >= BIND_TEXT && ask_open(a, act.id))
		return;
	else
		app_act(a, &act);
}

/*
 * Enter: what is wrong stays open, with what is wrong with it.  Otherwise the text is taken over first, for the action
 * may open another prompt.
 */
static void take(struct app *a)
{
	struct buf text = BUF_INIT;
	struct act act = { .id = a->asks };

	examine(a); /* a choice may have changed it */
	if (a->prompt.error.is_wrong) {
		choices_clear(&a->prompt.choices);
		return;
	}
	buf_addstr(&text, a->prompt.text.data);
	history_add(&a->histories[history_of(a->asks)], text.data);
	prompt_close(&a->prompt);
	act.arg = text.data;
	if (a->asks == ACTION_COMMAND)
		run_command(a, text.data);
	else
		app_act(a, &act);
	buf_release(&text);
}

/* Esc: what took effect while it was typed is undone. */
static void leave(struct app *a)
{
	struct view *v = ui_top(&a->ui);

	prompt_close(&a->prompt);
	if (v->ops->typing)
		v->ops->typing(v, &a->ui, a->asks, a->prompt_before.data, &a->prompt.error);
}

static void take_choice(struct app *a)
{
	struct buf text = BUF_INIT;
	struct act act = { .id = a->asks };
	bool stays = a->menu.choices.are_flags;
	size_t at = a->menu.at;

	buf_addstr(&text, a->menu.choices.items[at].text);
	a->menu.title = NULL;
	act.arg = text.data;
	app_act(a, &act);
	if (stays && open_menu(a, act.id))
		a->menu.at = at < a->menu.choices.n ? at : 0;
	buf_release(&text);
}

static void menu(struct app *a, uint32_t key)
{
	switch (menu_key(&a->menu, key)) {
	case MENU_MOVED:
		break;
	case MENU_TAKEN:
		take_choice(a);
		break;
	case MENU_LEFT:
		a->menu.title = NULL;
		break;
	}
}

void ask_key(struct app *a, uint32_t key)
{
	if (a->menu.title) {
		menu(a, key);
		return;
	}
	switch (prompt_key(&a->prompt, key)) {
	case PROMPT_IGNORED:
	case PROMPT_MOVED:
		break;
	case PROMPT_EDITED:
		examine(a);
		break;
	case PROMPT_TAKEN:
		take(a);
		break;
	case PROMPT_LEFT:
		leave(a);
		break;
	}
}

/* A filter is typed where it is shown, everything else on the last line. */
void ask_draw(struct app *a, struct rect r)
{
	bool on_top = a->asks == ACTION_FILTER && r.h >= ROOM_FOR_STATUS;

	if (a->menu.title)
		menu_draw(&a->menu, &a->grid, r);
	else if (a->prompt.label)
		prompt_draw(&a->prompt, &a->grid, r, on_top ? FILTER_ROW : r.y + r.h - 1);
}

static void kinds_of(struct app *a, struct history_kind kinds[APP_HISTORIES])
{
	static const char *const names[APP_HISTORIES] = { "filter", "find", "command" };

	for (unsigned i = 0; i < APP_HISTORIES; i++)
		kinds[i] = (struct history_kind){ names[i], &a->histories[i] };
}

void ask_load_history(struct app *a)
{
	struct history_kind kinds[APP_HISTORIES];

	kinds_of(a, kinds);
	if (a->ui.options->history)
		history_load(kinds, APP_HISTORIES, a->ui.options->history);
}

void ask_save_history(struct app *a)
{
	struct history_kind kinds[APP_HISTORIES];

	kinds_of(a, kinds);
	if (a->ui.options->history)
		(void)history_save(kinds, APP_HISTORIES, a->ui.options->history);
}
