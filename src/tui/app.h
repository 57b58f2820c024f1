/* SPDX-License-Identifier: MIT */
/*
 * app - from events to actions, and from the state of the screens to a grid.
 *
 * Input:  keys, sizes, ticks, growth of the store.
 * Output: a grid.
 * Does not: know a terminal or a clock; the time is in the events.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "tui/bind.h"
#include "tui/help.h"
#include "tui/history.h"
#include "tui/menu.h"
#include "tui/prompt.h"

enum app_event_type {
	APP_KEY,
	APP_RESIZE,
	APP_CLICK,
	APP_GREW, /* the store has more */
	APP_TICK, /* time has passed */
};

struct app_event {
	enum app_event_type type;
	uint32_t key;
	int w, h;       /* APP_RESIZE */
	int y, x;       /* APP_CLICK */
	bool is_double; /* APP_CLICK: the second one in a short time */
	int64_t now;    /* ns, monotonic */
};

/* Histories: of filters, of what was searched, of commands and other lines. */
enum app_history { APP_FILTERS, APP_SEARCHES, APP_COMMANDS, APP_HISTORIES };

/* Something would be lost: the action is done after a yes. */
struct question {
	struct buf text; /* empty = there is none */
	enum action id;
	struct buf arg;
};

struct app {
	struct ui ui;
	struct grid grid;
	uint64_t count;    /* digits typed so far */
	enum action waits; /* for the key that is its argument; ACTION_COUNT = none */
	enum action asks;  /* whose prompt or menu is open */
	struct prompt prompt;
	struct buf prompt_before; /* the prompt's text as it opened */
	struct menu menu;
	struct help help;
	struct question question;
	struct cell *kept; /* while it is paused: the screen as it was, but for its title */
	bool has_grown;    /* nothing but that has happened since it was drawn */
	struct history histories[APP_HISTORIES];
};

void app_init(struct app *a, const struct tui_options *o, int w, int h);
void app_release(struct app *a);
void app_event(struct app *a, const struct app_event *ev);
/* An action by its id, as if its key had been typed. */
void app_act(struct app *a, const struct act *act);
void app_draw(struct app *a);

/* ---- ask.c: prompts and menus ---- */

bool ask_is_open(const struct app *a);
/* The action's prompt, or its menu; false = the view offers nothing. */
bool ask_open(struct app *a, enum action id);
void ask_key(struct app *a, uint32_t key);
void ask_draw(struct app *a, struct rect r);
void ask_load_history(struct app *a);
void ask_save_history(struct app *a);

#endif
