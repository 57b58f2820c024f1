/* SPDX-License-Identifier: MIT */
/*
 * thread - a new thread inherits which signals are blocked, so they are blocked while it is made.
 */
#include "config.h"

#include <signal.h>

#include "engine/thread.h"

int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
