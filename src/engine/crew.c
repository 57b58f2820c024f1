/* SPDX-License-Identifier: MIT */
/*
 * crew - see crew.h for the contract.
 *
 * One lock guards the job's books; tasks are long against the time it is held (tens of microseconds against
 * tens of nanoseconds), so nothing finer is needed.
 */
#include "config.h"

#include <pthread.h>

#include "engine/crew.h"
#include "engine/thread.h"
#include "tcpshadow/util.h"

struct crew {
	const struct crew_job *job;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a task is done */
	unsigned waiting;
	unsigned come; /* threads so far */
};

static void *work(void *arg)
{
	struct crew *crew = arg;
	const struct crew_job *job = crew->job;
	unsigned self;
	int task;

	(void)pthread_mutex_lock(&crew->lock);
	self = crew->come++;
	while ((task = job->pick(job->ctx, self, crew->come)) != CREW_END) {
		if (task == CREW_WAIT) {
			crew->waiting++;
			(void)pthread_cond_wait(&crew->changed, &crew->lock);
			crew->waiting--;
			continue;
		}
		(void)pthread_mutex_unlock(&crew->lock);
		job->run(job->ctx, task);
		(void)pthread_mutex_lock(&crew->lock);
		job->done(job->ctx, task);
		if (crew->waiting)
			(void)pthread_cond_broadcast(&crew->changed);
	}
	if (crew->waiting)
		(void)pthread_cond_broadcast(&crew->changed);
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static void run_alone(const struct crew_job *job)
{
	int task;

	while ((task = job->pick(job->ctx, 0, 1)) != CREW_END) {
		BUG_ON(task == CREW_WAIT);
		job->run(job->ctx, task);
		job->done(job->ctx, task);
	}
}

static unsigned start(struct crew *crew, pthread_t *threads, unsigned n)
{
	unsigned started = 0;

	while (started < n && thread_start(&threads[started], work, crew) == 0)
		started++;
	return started;
}

void crew_run(const struct crew_job *job, unsigned threads)
{
	struct crew crew = { .job = job };
	pthread_t others[CREW_MAX];
	unsigned n;

	if (threads < 2) {
		run_alone(job);
		return;
	}
	(void)pthread_mutex_init(&crew.lock, NULL);
	(void)pthread_cond_init(&crew.changed, NULL);
	n = start(&crew, others, (threads < CREW_MAX ? threads : CREW_MAX) - 1);
	(void)work(&crew);
	while (n > 0)
		(void)pthread_join(others[--n], NULL);
	(void)pthread_cond_destroy(&crew.changed);
	(void)pthread_mutex_destroy(&crew.lock);
}
