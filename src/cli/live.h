/* SPDX-License-Identifier: MIT */
/*
 * live - what is special about capturing from an interface: recording, counters, messages on the way.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli/settings.h"
#include "tcpshadow/recorder.h"

/* Those that return an exit code have told the user. */
int live_list_interfaces(void);
/* A report on an interface until a signal ends it. */
int live_run(const struct options *o, struct settings *s);

/* The interface, and the recorder that -w wants, which may be made even so; NULL and *code: it cannot be. */
struct cap *live_start(struct settings *s, struct recorder **r, int *code);
/* At the end, for those who had no place to tell of it earlier: packets that were not recorded make another code. */
int live_recorded_code(const struct cap *cap, const struct recorder *r, int code);

#endif
