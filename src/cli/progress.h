/* SPDX-License-Identifier: MIT */
/*
 * progress - one line on standard error that is rewritten while a long run goes on.
 *
 * Limits: only on a terminal, only after a second, at most five times a second.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "tcpshadow/util.h"

struct progress {
	bool enabled, shown;
	int64_t started, last; /* ns of the monotonic clock */
};

int64_t progress_now(void); /* ns, never goes back */

void progress_init(struct progress *p, bool enabled);
/* For engine_options.progress. */
void progress_update(void *ctx, int per_mille, uint64_t packets);
/* Wipes the line. */
void progress_end(struct progress *p);

#endif
