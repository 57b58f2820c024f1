/* SPDX-License-Identifier: MIT */
/*
 * follow_cmd - `follow`.
 */
#ifndef CLI_FOLLOW_CMD_H
#define CLI_FOLLOW_CMD_H

#include "cli/settings.h"

int follow_cmd_run(const struct options *o, struct settings *s);

#endif
