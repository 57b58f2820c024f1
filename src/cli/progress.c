/* SPDX-License-Identifier: MIT */
/*
 * progress - how far the reading is.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"
#include "tcpshadow/text.h"

#define INTERVAL (NS_PER_SEC / 5)

int64_t progress_now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

void progress_init(struct progress *p, bool enabled)
{
	p->enabled = enabled && isatty(STDERR_FILENO);
	p->shown = false;
	p->started = p->last = progress_now();
}

void progress_update(void *ctx, int per_mille, uint64_t packets)
{
	struct progress *p = ctx;
	struct buf text = BUF_INIT;
	int64_t t;

	if (!p->enabled)
		return;
	t = progress_now();
	if (t - p->started < NS_PER_SEC || t - p->last < INTERVAL)
		return;
	p->last = t;
	p->shown = true;
	text_count(&text, packets);
	if (per_mille >= 0)
		(void)fprintf(
		    stderr, "\r%3d.%d %%  %s packets ", per_mille / 10, per_mille % 10, text.data);
	else
		(void)fprintf(stderr, "\r%s packets ", text.data);
	buf_release(&text);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		(void)fprintf(stderr, "\r\033[K");
	p->shown = false;
}
