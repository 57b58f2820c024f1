/* SPDX-License-Identifier: MIT */
/*
 * follow - the byte streams of one connection, in order of delivery, for people and for programs.
 *
 * Input:  the session, and the data and gaps of a second run over the same capture.
 * Output: text with directions, times and gaps; a hex dump; the bytes themselves; C arrays.
 * Memory: one line.
 */
#ifndef TCPSHADOW_FOLLOW_H
#define TCPSHADOW_FOLLOW_H

#include "tcpshadow/report.h"

enum follow_form { FOLLOW_TEXT, FOLLOW_HEX, FOLLOW_RAW, FOLLOW_C_ARRAY, FOLLOW_FORM_COUNT };

struct follow_options {
	enum follow_form form;
	bool sides[2]; /* [enum side]: which are shown */
	uint8_t overlap_policy;
};

/*
 * The session's rows serve to name the pauses; without rows none is shown.  All is borrowed until the
 * sink is freed with report_sink_free().
 */
struct sink *follow_new(
    const struct session *s, const struct report_options *o, const struct follow_options *f);
/* In words, a line each: what is missing, in conflict or ambiguous in the streams that are shown. */
void follow_doubts(struct buf *out, const struct session *s, const struct report_options *o,
    const struct follow_options *f);

#endif
