/* SPDX-License-Identifier: MIT */
/*
 * show - the command that shows one connection.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/settings.h"

int show_run(const struct options *o, struct settings *s);

#endif
