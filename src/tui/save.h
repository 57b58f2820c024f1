/* SPDX-License-Identifier: MIT */
/*
 * save - what a screen shows, as a file.
 *
 * Does not: replace a file that exists, unless that was asked (ui->is_sure).
 */
#ifndef TUI_SAVE_H
#define TUI_SAVE_H

#include "tui/view.h"

/* Write what `write` puts out to a new file; of what fails nothing is left, and what it should replace stays.  -1 and *e. */
typedef int save_write(void *ctx, struct report_out *out, struct err *e);
TS_NODISCARD int save_report(
    const struct ui *ui, const char *name, save_write *write, void *ctx, struct err *e);
/* Write the bytes to a new file, and say what came of it. */
void save_bytes(struct ui *ui, const char *name, const struct buf *bytes);
/* What the view draws on a screen of w by h, as plain lines. */
void save_view(struct ui *ui, struct view *v, int w, int h, const char *name);
/* Screens are written as text: false and said why, when the name is none of a text. */
bool save_is_text(struct ui *ui, const char *name);
/* Does the name end so? */
bool save_ends(const char *name, const char *ending);

#endif
