/* SPDX-License-Identifier: MIT */
/*
 * help - usage texts and the manual page, made from command.def and option.def.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/options.h"
#include "tcpshadow/buf.h"

/* One command's help, or with COMMAND_COUNT that of the program. */
void help_text(struct buf *out, enum command c);
void help_version(struct buf *out); /* and what was built in */
void help_man_page(struct buf *out);

#endif
