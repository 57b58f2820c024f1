/* SPDX-License-Identifier: MIT */
/*
 * pump - see pump.h for the contract.
 */
#include "config.h"

#include <string.h>

#include "engine/pump.h"
#include "engine/thread.h"

static void *run(void *arg)
{
	cap_pump(arg);
	return NULL;
}

int pump_start(struct pump *p, struct cap *cap, struct err *e)
{
	int error;

	*p = (struct pump){ .cap = cap };
	if (!cap_facts(cap)->is_live)
		return 0;
	error = thread_start(&p->thread, run, cap);
	if (error)
		return err_set(e, "cannot start a thread: %s", strerror(error));
	p->is_running = true;
	return 0;
}

void pump_end(struct pump *p)
{
	if (!p->is_running)
		return;
	cap_interrupt(p->cap);
	(void)pthread_join(p->thread, NULL);
	p->is_running = false;
}
