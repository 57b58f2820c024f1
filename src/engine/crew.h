/* SPDX-License-Identifier: MIT */
/*
 * crew - threads that share the tasks of one job.
 *
 * Input:  a job that knows which of its tasks can be run now.
 * Output: its tasks run, each by one thread, several at a time.
 * Does not: know what the tasks are.  With one thread nothing is locked and no thread is made.
 */
#ifndef ENGINE_CREW_H
#define ENGINE_CREW_H

#include <stdbool.h>

enum {
	CREW_MAX = 64,  /* threads */
	CREW_WAIT = -1, /* nothing can be run until another task is done */
	CREW_END = -2,  /* nothing will have to be run any more */
};

struct crew_job {
	/*
	 * A task for this one of so many threads (from 0) that is to be run now and is not handed out again; or
	 * CREW_WAIT, CREW_END.
	 */
	int (*pick)(void *ctx, unsigned thread, unsigned threads);
	/* Runs the task; several at a time, without the lock. */
	void (*run)(void *ctx, int task);
	/* The task was run. */
	void (*done)(void *ctx, int task);
	void *ctx;
};

/*
 * Returns when pick() said CREW_END and every task is done.  The caller is one of the threads; where the system
 * gives fewer than were asked for, those there are do the work.  pick() and done() are called one at a time.
 */
void crew_run(const struct crew_job *job, unsigned threads);

#endif
