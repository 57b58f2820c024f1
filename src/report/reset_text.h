/* SPDX-License-Identifier: MIT */
/*
 * reset_text - a connection's resets for people: who, why, and what shows it.
 */
#ifndef REPORT_RESET_TEXT_H
#define REPORT_RESET_TEXT_H

#include "tcpshadow/report.h"

/* Some lines for each reset; nothing without one. */
void reset_text_lines(struct buf *out, const struct conn_record *r, const struct report_options *o);

#endif
