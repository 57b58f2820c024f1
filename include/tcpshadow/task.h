/* SPDX-License-Identifier: MIT */
/*
 * task - a run of the engine in a thread of its own, for those who must not wait for it.
 *
 * Threads: sinks and the options' progress callback are called in threads of the run, one at a time.
 */
#ifndef TCPSHADOW_TASK_H
#define TCPSHADOW_TASK_H

#include "tcpshadow/engine.h"

struct task;

/* All that is given stays borrowed until task_free().  o->stop is the task's own. */
struct task *task_start(struct cap *cap, const struct engine_options *o, struct sink *const *sinks,
    size_t nsinks, struct err *e);
/* For poll(): readable after each call of the progress callback and at the end, until task_heard(). */
int task_fd(const struct task *t);
void task_heard(struct task *t);
/* Ask it to end early; does not wait. */
void task_stop(struct task *t);
bool task_is_over(const struct task *t);
/* Waits for the end.  What engine_run() returned. */
int task_join(struct task *t, struct err *e);
void task_free(struct task *t); /* stops and joins as needed; NULL is fine */

#endif
