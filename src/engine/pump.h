/* SPDX-License-Identifier: MIT */
/*
 * pump - the thread that takes packets from an interface.
 */
#ifndef ENGINE_PUMP_H
#define ENGINE_PUMP_H

#include <pthread.h>

#include "tcpshadow/capture.h"

struct pump {
	struct cap *cap;
	pthread_t thread;
	bool is_running;
};

/* Does nothing for files. */
TS_NODISCARD int pump_start(struct pump *p, struct cap *cap, struct err *e);
/* Ends the thread, whatever it is doing. */
void pump_end(struct pump *p);

#endif
