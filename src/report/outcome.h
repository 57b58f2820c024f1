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
/* The letter as it is shown, and a blank. */
void outcome_letter(struct buf *out, char mark, const struct report_options *o);

#endif
