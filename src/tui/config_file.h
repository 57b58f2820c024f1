/* SPDX-License-Identifier: MIT */
/*
 * config_file - the user's settings.
 *
 * Lines; # begins a comment:
 *
 *     set NAME VALUE       as on the command line of the screens
 *     bind KEY ACTION      a key by its name, an action by its name
 *     role NAME COLOR [ATTRIBUTES]   0 to 255 or -1; bold, dim, reverse, underline; wins over any theme
 */
#ifndef TUI_CONFIG_FILE_H
#define TUI_CONFIG_FILE_H

#include "tui/view.h"

/* A file that is not there is fine.  -1 and the first line that is wrong; those before it hold. */
TS_NODISCARD int config_file_read(struct ui *ui, const char *file, struct err *e);

#endif
