/* SPDX-License-Identifier: MIT */
/*
 * tui - the screens, on a terminal or without one.
 */
#ifndef TCPSHADOW_TUI_H
#define TCPSHADOW_TUI_H

#include "tcpshadow/report.h"
#include "tcpshadow/store.h"
#include "tcpshadow/task.h"

/* Borrowed for as long as the screens are shown. */
struct tui_options {
	struct store *store;
	struct cap *cap;                     /* for cap_reread() */
	const struct engine_options *engine; /* as the store is filled */
	const char *filter;                  /* of the capture (-f), NULL = none */
	bool is_live;                        /* an interface: it grows until it is stopped */
	bool can_reload;                     /* tui_run() may return TUI_RELOAD */
	const char *name;                    /* of the capture, for the title */
	const char *recording;        /* the file that a live capture is written to, NULL = none */
	const char *home;             /* folder that ~ stands for in names of files, NULL = none */
	const char *where;            /* filter to begin with, NULL = none */
	const char *config, *history; /* the user's files, NULL = none */
	bool utc;
	bool ascii;
	bool linear; /* plain lines, whatever the configuration says */
};

/* What can be set while the screens are shown, and in the user's file. */
struct tui_setting {
	const char *name, *words, *help; /* words: its values, the default first */
};
size_t tui_setting_count(void);
struct tui_setting tui_setting_at(size_t i);

/* What can be done on the screens: keys with blanks between them, NULL = by its name only. */
struct tui_action {
	const char *name, *keys, *help;
};
size_t tui_action_count(void);
struct tui_action tui_action_at(size_t i);
/* The names of the screens that have it, with commas; nothing where all do. */
void tui_action_screens(struct buf *out, size_t i);

struct tui_size {
	int w, h;
};

/*
 * Without a terminal, for tests: the keys of a script (its language: src/tui/script.h), and what it wants to be
 * written.  -1 and the line that is wrong.
 */
TS_NODISCARD int tui_script(const struct tui_options *o, struct tui_size size, const char *script,
    struct buf *out, struct err *e);
/* "80x24"; false = it is no size. */
bool tui_parse_size(const char *text, size_t n, struct tui_size *size);

enum tui_color {
	TUI_COLOR_AUTO, /* what the terminal can, unless NO_COLOR is set */
	TUI_COLOR_NEVER,
	TUI_COLOR_8,
	TUI_COLOR_16,
	TUI_COLOR_256,
};

struct tui_terminal {
	FILE *in, *out; /* a terminal each */
	int signals;    /* of tui_open_signals() */
	uint8_t color;  /* enum tui_color */
	bool mouse;
};

/*
 * Blocks the signals that end, suspend and resize, in this thread and in those it makes from now on, and
 * returns a descriptor that tells of them.  -1 = the system cannot.
 */
int tui_open_signals(void);

struct tui;

/* Shows the first screen.  NULL and *e when the terminal cannot show any.  o and t are borrowed. */
struct tui *tui_open(const struct tui_options *o, const struct tui_terminal *t, struct err *e);
/*
 * Until the user leaves, the terminal is lost or a signal ends it: returns that signal, SIGHUP when the terminal is
 * gone, or 0; or TUI_RELOAD, and can be called again.  task: fills the store.
 */
int tui_run(struct tui *t, struct task *task);
enum { TUI_RELOAD = -2 };
/* Between them store and cap of the options can be replaced by others. */
void tui_drop(struct tui *t);
void tui_take(struct tui *t);
void tui_complain(struct tui *t, const char *text); /* on the last line */
void tui_leave(struct tui *t);                      /* gives the terminal back */
void tui_close(struct tui *t);                      /* likewise; NULL is fine */

#endif
