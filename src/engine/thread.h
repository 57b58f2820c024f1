/* SPDX-License-Identifier: MIT */
/*
 * thread - starts a thread that takes no signals: they are for the thread that began it all.
 */
#ifndef ENGINE_THREAD_H
#define ENGINE_THREAD_H

#include <pthread.h>

#include "tcpshadow/util.h"

/* As pthread_create(): 0, or the number of an error. */
TS_NODISCARD int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
