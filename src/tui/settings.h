/* SPDX-License-Identifier: MIT */
/*
 * settings - what can be set while the screens are shown: setting.def.
 */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include "tui/choices.h"
#include "tui/view.h"

/* The word of a value; empty when there is none so high. */
void settings_word(struct buf *out, enum setting s, unsigned value);
/* "NAME VALUE".  -1 and a sentence. */
TS_NODISCARD int settings_set(struct ui *ui, const char *text, struct err *e);
/* What could stand behind `set`. */
void settings_choices(const struct ui *ui, const char *typed, struct choices *out);

#endif
