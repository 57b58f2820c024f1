/* SPDX-License-Identifier: MIT */
/*
 * confine - open what a command will need, then enter the sandbox.
 */
#ifndef CLI_CONFINE_H
#define CLI_CONFINE_H

#include "cli/sandbox.h"
#include "cli/settings.h"

/*
 * Before the first packet is read: opens all inputs, so that cap_open() works as often as it is called, and looks up
 * names in the filter.  dir: the folder that outputs will be made in, made if it is not there; NULL = none.
 * Returns an exit code; the user was told.
 */
int confine_reading(struct settings *s, const char *dir);
/* The first of that alone. */
void confine_open_inputs(struct settings *s);
/*
 * Inputs that have been replaced by other files of the same name are opened anew, where the sandbox allows it.  -1: it
 * does not.
 */
TS_NODISCARD int confine_refresh_inputs(struct settings *s, struct err *e);
/* Once the interface and the file of -w are open. */
int confine_capture(struct settings *s, const struct recorder *r);
/* Once the terminal and the capture are open.  dirs: what the user may write to, n of them; r: of -w, or NULL. */
int confine_browsing(
    struct settings *s, const struct recorder *r, const char *const *dirs, size_t n);
/* For those who need more: a sandbox of their own.  Tells with -v what was done. */
int confine(const struct settings *s, const struct sandbox *wanted);
void confine_release(struct settings *s);

#endif
