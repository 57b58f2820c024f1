/* SPDX-License-Identifier: MIT */
/*
 * settings - the options turned into what the layers below take.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/options.h"
#include "tcpshadow/recorder.h"
#include "tcpshadow/report.h"
#include "tcpshadow/tui.h"

struct settings {
	struct cap_options cap;
	struct engine_options engine;
	struct report_options report;
	struct report_out out; /* standard output; report.out points here */
	struct where *where;
	struct fail_on *fail_on;        /* NULL = nothing */
	struct pick *pick;              /* with -w or extract: what --where matches; NULL = all */
	uint64_t spool;                 /* most bytes of standard input kept for a second reading */
	uint8_t color;                  /* browse: enum tui_color */
	struct recorder_options record; /* -w with -i */
	const char *user;               /* -Z, or NULL */
	/* of confine_reading() */
	int *fds;
	struct filter *filter;
	bool quiet, verbose;
	bool no_sandbox; /* with files: valgrind and other debuggers need what the sandbox takes */
};

/* Checks every value.  -1 and a sentence (of several lines for --where) when one is wrong. */
TS_NODISCARD int settings_init(struct settings *s, const struct options *o, struct err *e);
void settings_release(struct settings *s);

#endif
