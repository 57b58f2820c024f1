/* SPDX-License-Identifier: MIT */
/*
 * confirm - asks before something is lost: a file that would be replaced, packets that are recorded nowhere.
 */
#ifndef TUI_CONFIRM_H
#define TUI_CONFIRM_H

#include "tui/app.h"

/* True: the action waits for an answer, or was refused; it is not to be done now. */
bool confirm_first(struct app *a, const struct act *act);
/* ^C: true = quit at once; otherwise it is asked, and the next one is a yes. */
bool confirm_interrupt(struct app *a);
bool confirm_is_open(const struct app *a);
/* The answer: what was asked about is done, or not. */
void confirm_key(struct app *a, uint32_t key);
void confirm_draw(struct app *a, struct rect line);

#endif
