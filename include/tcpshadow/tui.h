/* SPDX-License-Identifier: MIT */
/*
 * tui - the screens, on a terminal or without one.
 */
#ifndef TCPSHADOW_TUI_H
#define TCPSHADOW_TUI_H

#include "tcpshadow/report.h"
#include "tcpshadow/store.h"

/* Borrowed for as long as the screens are shown. */
struct tui_options {
	struct store *store;
	struct cap *cap;                     /* for cap_reread() */
	const struct engine_options *engine; /* as the store is filled */
	const char *name;                    /* of the capture, for the title */
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

#endif
