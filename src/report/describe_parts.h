/* SPDX-License-Identifier: MIT */
/*
 * describe_parts - what the files of describe share.
 */
#ifndef REPORT_DESCRIBE_PARTS_H
#define REPORT_DESCRIBE_PARTS_H

#include "tcpshadow/describe.h"

/* A new line; its text is what is added to d->text until the next. */
struct describe_line *describe_begin(struct describe *d, enum describe_section section);
void describe_end(struct describe *d);

/* The TCP header, or what an ICMP error quotes of one. */
void describe_tcp(struct describe *d, const struct describe_source *s);
/* IP and link. */
void describe_below(struct describe *d, const struct describe_source *s);

#endif
