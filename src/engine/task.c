/* SPDX-License-Identifier: MIT */
/*
 * task - engine_run() behind a thread and an event descriptor.
 */
#include "config.h"

#include <sys/eventfd.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/thread.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/task.h"

struct task {
	struct cap *cap;
	struct engine_options options, given;
	struct sink *const *sinks;
	size_t nsinks;
	pthread_t thread;
	bool is_joined;
	int fd;
	_Atomic int stop;
	_Atomic bool is_over;
	int result;
	struct err error;
};

static void wake(const struct task *t)
{
	static const uint64_t one = 1;

	if (write(t->fd, &one, sizeof(one)) < 0)
		return; /* as many wake-ups wait as can be counted */
}

static void on_progress(void *ctx, int per_mille, uint64_t packets)
{
	struct task *t = ctx;

	if (t->given.progress)
		t->given.progress(t->given.progress_ctx, per_mille, packets);
	wake(t);
}

static void *run(void *ctx)
{
	struct task *t = ctx;

	t->result = engine_run(t->cap, &t->options, t->sinks, t->nsinks, &t->error);
	atomic_store(&t->is_over, true);
	wake(t);
	return NULL;
}

struct task *task_start(struct cap *cap, const struct engine_options *o, struct sink *const *sinks,
    size_t nsinks, struct err *e)
{
	struct task *t = mem_alloc(1, sizeof(*t));
	int rc;

	t->cap = cap;
	t->given = t->options = *o;
	t->options.progress = on_progress;
	t->options.progress_ctx = t;
	t->options.stop = &t->stop;
	t->sinks = sinks;
	t->nsinks = nsinks;
	t->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = t->fd < 0 ? -1 : thread_start(&t->thread, run, t);
	if (rc != 0) {
		(void)err_set(e, "cannot start a thread");
		if (t->fd >= 0)
			(void)close(t->fd);
		free(t);
		return NULL;
	}
	return t;
}

int task_fd(const struct task *t)
{
	return t->fd;
}

void task_heard(struct task *t)
{
	uint64_t count;

	if (read(t->fd, &count, sizeof(count)) < 0)
		return; /* nothing was said */
}

void task_stop(struct task *t)
{
	atomic_store(&t->stop, 1);
	cap_interrupt(t->cap);
}

bool task_is_over(const struct task *t)
{
	return atomic_load(&t->is_over);
}

int task_join(struct task *t, struct err *e)
{
	if (!t->is_joined)
		(void)pthread_join(t->thread, NULL);
	t->is_joined = true;
	*e = t->error;
	return t->result;
}

void task_free(struct task *t)
{
	struct err e;

	if (!t)
		return;
	if (!t->is_joined) {
		task_stop(t);
		(void)task_join(t, &e);
	}
	(void)close(t->fd);
	free(t);
}
