/* SPDX-License-Identifier: MIT */
/*
 * pump - signals are left to the other threads, which know what they mean.
 */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "engine/pump.h"

static void *run(void *arg)
{
	cap_pump(arg);
	return NULL;
}

int pump_start(struct pump *p, struct cap *cap, struct err *e)
{
	sigset_t all, before;
	int error;

	*p = (struct pump){ .cap = cap };
	if (!cap_facts(cap)->is_live)
		return 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&p->thread, NULL, run, cap);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
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
