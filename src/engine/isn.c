/* SPDX-License-Identifier: MIT */
/*
 * isn - initial sequence numbers that the next connection's can be guessed from.
 *
 * Spec: RFC 9293 3.4.1, RFC 6528: a secret part per connection, so that the numbers of two connections have
 *       nothing to do with each other.  Six in a row that fit one rule are no chance.
 */
#include "config.h"

#include "engine/crowd.h"

enum {
	ISN_ROW = 5,         /* steps in a row: six numbers */
	ISN_NS = 4000,       /* one number, in the clock of RFC 9293 3.4.1 */
	ISN_SLACK = 2000,    /* numbers: what the capture's clock and the way blur */
	ISN_SLACK_PART = 64, /* and one part in so many */
};

static bool fits_clock(uint32_t step, int64_t apart)
{
	uint64_t due = (uint64_t)apart / ISN_NS;
	int32_t off = (int32_t)(step - (uint32_t)due);
	uint64_t far = (uint64_t)(off < 0 ? -(int64_t)off : off);

	/* (After an hour any number fits, and within milliseconds as well.) */
	if (apart <= 0 || due <= ISN_SLACK || due >= UINT32_MAX / ISN_SLACK_PART)
		return false;
	return far <= ISN_SLACK + due / ISN_SLACK_PART;
}

static void decide(struct isn_watch *w)
{
	enum isn_habit habit = ISN_RANDOM;

	if (w->clock_steps >= ISN_ROW)
		habit = ISN_CLOCK;
	else if (w->same_steps >= ISN_ROW)
		habit = w->step ? ISN_STEPS : ISN_CONSTANT;
	if (habit == ISN_RANDOM || w->found != ISN_RANDOM)
		return;
	w->found = (uint8_t)habit;
	w->found_step = w->step;
}

void isn_watch(struct isn_watch *w, uint32_t isn, uint16_t port, int64_t time)
{
	uint32_t step = isn - w->isn;

	/* (The same ports again may well count on: RFC 6528 3.) */
	if (w->has_isn && port != w->port) {
		w->same_steps =
		    step == w->step || w->same_steps == 0 ? (uint8_t)(w->same_steps + 1) : 1;
		w->clock_steps =
		    fits_clock(step, time - w->time) ? (uint8_t)(w->clock_steps + 1) : 0;
		w->step = step;
		if (w->same_steps > ISN_ROW)
			w->same_steps = ISN_ROW;
		if (w->clock_steps > ISN_ROW)
			w->clock_steps = ISN_ROW;
		decide(w);
	}
	w->has_isn = true;
	w->isn = isn;
	w->port = port;
	w->time = time;
}
