/* SPDX-License-Identifier: MIT */
/*
 * script - the screens without a terminal: keys from a file, screens as text.
 *
 * Lines of a script; words are separated by blanks, # begins a comment:
 *
 *     keys j j Enter PgDn     as named in the help
 *     type server.port = 80   each character of the rest of the line is a key
 *     size 40x12              the terminal has another size now
 *     tick 500                milliseconds pass
 *     tier ascii              ascii, lines or blocks
 *     config FILE             read the user's settings from there
 *     dump WORDS              the screen as two planes: text, and the letter of each cell's role; the words are its title
 *     text                    the text alone
 */
#ifndef TUI_SCRIPT_H
#define TUI_SCRIPT_H

#include "tcpshadow/err.h"
#include "tui/app.h"

/* -1 and the line that is wrong. */
TS_NODISCARD int script_run(struct app *a, const char *script, struct buf *out, struct err *e);
/* Both planes and the cursor. */
void script_dump(struct buf *out, const struct grid *g, const char *title);
void script_text(struct buf *out, const struct grid *g);

#endif
