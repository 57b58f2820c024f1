/* SPDX-License-Identifier: MIT */
/*
 * wrap - running text in lines of a width.
 */
#ifndef REPORT_WRAP_H
#define REPORT_WRAP_H

#include "tcpshadow/buf.h"

/*
 * Appends `text` and a newline, broken at blanks so that no line is wider than `width` columns (0 = one
 * line).  The first line has `used` columns already, the others begin with `indent` blanks.
 */
void wrap_text(struct buf *out, const char *text, size_t width, size_t used, size_t indent);

#endif
