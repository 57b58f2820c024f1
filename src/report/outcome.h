/* SPDX-License-Identifier: MIT */
/*
 * outcome - the letter of a severity in the tables of the reports.
 */
#ifndef REPORT_OUTCOME_H
#define REPORT_OUTCOME_H

#include "tcpshadow/outcome.h"
#include "tcpshadow/report.h"

/* The escape sequence of a letter's colour; NULL = none. */
const char *outcome_color(char mark);
/* The letter as it is shown. */
void outcome_sign(struct buf *out, char mark, bool utf8);
/* That and a blank, in its colour. */
void outcome_letter(struct buf *out, char mark, const struct report_options *o);

#endif
