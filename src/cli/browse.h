/* SPDX-License-Identifier: MIT */
/*
 * browse - the command that looks around in a capture on the terminal.
 */
#ifndef CLI_BROWSE_H
#define CLI_BROWSE_H

#include "cli/settings.h"

int browse_run(const struct options *o, struct settings *s);

#endif
