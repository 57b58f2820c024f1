/* SPDX-License-Identifier: MIT */
/*
 * quality - how good the capture is, for people and as an object of JSON.
 */
#ifndef REPORT_QUALITY_H
#define REPORT_QUALITY_H

#include "tcpshadow/engine.h"

/* Where it was taken, in one line behind a label of `width` columns; nothing where nothing is known. */
void quality_vantage_line(struct buf *out, const struct capture_quality *q, size_t width);
/* The member "quality". */
void quality_json(struct buf *out, const struct capture_quality *q);

#endif
