/* SPDX-License-Identifier: MIT */
/*
 * filter - does a packet match an expression in libpcap's language?
 *
 * The expression is compiled once per link type, when it is first met.
 */
#ifndef TCPSHADOW_CAPTURE_FILTER_H
#define TCPSHADOW_CAPTURE_FILTER_H

#include "tcpshadow/capture.h"

struct filter;

/* The text is borrowed.  NULL expression: everything matches, and NULL is returned. */
struct filter *filter_new(const char *expression);
void filter_free(struct filter *f); /* NULL is fine */

/* -1 and *e when the expression is wrong for packets of this link type. */
TS_NODISCARD int filter_compile(struct filter *f, uint16_t linktype, struct err *e);
/* A packet whose link type the expression cannot be about does not match. */
bool filter_match(struct filter *f, const struct packet *p);

#endif
