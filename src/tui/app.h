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

#include "tui/view.h"

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

struct app {
	struct ui ui;
	struct grid grid;
	uint64_t count;    /* digits typed so far */
	enum action waits; /* for the key that is its argument; ACTION_COUNT = none */
};

void app_init(struct app *a, const struct tui_options *o, int w, int h);
void app_release(struct app *a);
void app_event(struct app *a, const struct app_event *ev);
/* An action by its id, as if its key had been typed. */
void app_act(struct app *a, const struct act *act);
void app_draw(struct app *a);

#endif
