/* SPDX-License-Identifier: MIT */
/*
 * live - what is special about capturing from an interface: recording, counters, messages on the way.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli/settings.h"

/* Those that return an exit code have told the user. */
int live_list_interfaces(void);
/* A report on an interface until a signal ends it. */
int live_run(const struct options *o, struct settings *s);

#endif
