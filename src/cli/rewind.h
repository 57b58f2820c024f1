/* SPDX-License-Identifier: MIT */
/*
 * rewind - makes the inputs readable more than once.
 *
 * Files can be opened again.  Standard input that is a pipe is copied to an unlinked temporary
 * file, which then takes its place.
 */
#ifndef CLI_REWIND_H
#define CLI_REWIND_H

#include "cli/settings.h"

/* Once, before anything is read.  -1 and *e when the copy cannot be made or exceeds s->spool. */
TS_NODISCARD int rewind_prepare(const struct settings *s, struct err *e);
/* Before each reading. */
TS_NODISCARD int rewind_inputs(const struct settings *s, struct err *e);

/* An empty file without a name, or -1. */
int rewind_temporary(struct err *e);

#endif
