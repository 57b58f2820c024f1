/* SPDX-License-Identifier: MIT */
/*
 * save - new captures and files out of old captures: -w and `extract`.
 */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include <stdio.h>

#include "cli/settings.h"

/*
 * -w: opened before anything is read, then filled from another reading of the inputs.  Those that return
 * an exit code have told the user.
 */
struct save {
	const char *name; /* NULL = there is no -w */
	FILE *file;
	struct report_out out;
};

int save_open(struct save *w, const struct options *o, const struct settings *s);
/*
 * cap: read to its end, NULL = the reading failed.  code: of the command so far; returns it, or that of a
 * failure.
 */
int save_packets(struct save *w, const struct cap *cap, struct settings *s, int code);
/* As save_packets(). */
int save_close(struct save *w, int code);

int extract_run(const struct options *o, struct settings *s);

#endif
