/* SPDX-License-Identifier: MIT */
/*
 * ladder_draw - a ladder as lines of text.
 */
#ifndef REPORT_LADDER_DRAW_H
#define REPORT_LADDER_DRAW_H

#include "tcpshadow/ladder.h"
#include "tcpshadow/report.h"

TS_NODISCARD int ladder_draw(
    const struct session *s, const struct report_options *o, struct err *e);

#endif
