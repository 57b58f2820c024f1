/* SPDX-License-Identifier: MIT */
/*
 * command - the command line: every action by its name.
 */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include "tui/choices.h"
#include "tui/view.h"

/* "sort rate", "123": the action that it means on the screen.  -1 and a sentence; the argument points into text. */
TS_NODISCARD int command_parse(const struct ui *ui, const char *text, struct act *a, struct err *e);
/* What could stand at the end of a text. */
void command_choices(struct ui *ui, const char *typed, struct choices *out);

#endif
