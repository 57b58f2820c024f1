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
	const char *name;                    /* of the capture, for the title */
	const char *where;                   /* filter to begin with, NULL = none */
	bool utc;
	bool ascii;
};

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
	FILE *in, *out;    /* a terminal each */
	int signals;       /* of tui_open_signals() */
	struct task *task; /* fills the store */
	uint8_t color;     /* enum tui_color */
	bool mouse;
};

/*
 * Blocks the signals that end, suspend and resize, in this thread and in those it makes from now on, and
 * returns a descriptor that tells of them.  -1 = the system cannot.
 */
int tui_open_signals(void);

/*
 * Until the user leaves, the terminal is lost or a signal ends it: *end_signal is that signal, SIGHUP when the
 * terminal is gone, or 0.  -1 and *e when the terminal cannot show screens.
 */
TS_NODISCARD int tui_run(
    const struct tui_options *o, const struct tui_terminal *t, int *end_signal, struct err *e);

#endif
