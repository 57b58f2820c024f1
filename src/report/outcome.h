/* SPDX-License-Identifier: MIT */
/*
 * outcome - how a connection went, in a few words for people.
 */
#ifndef REPORT_OUTCOME_H
#define REPORT_OUTCOME_H

#include "tcpshadow/buf.h"
#include "tcpshadow/record.h"

/* "closed", "refused", "no answer", "reset by server", "mid-stream, open"; brief: "RST server". */
void outcome_text(struct buf *out, const struct conn_record *r, bool brief);
/* How bad that is: 'X' failed, '!' ended badly, '~' not seen whole, '.' fine. */
char outcome_style(const struct conn_record *r);
/* The letter of a severity: X error, ! warn, ~ note, . info. */
char outcome_mark(enum severity s);
/* The last state of a side, with ? while it is only presumed. */
void outcome_state(struct buf *out, const struct side_record *s, bool brief);
/* "port unreachable" for port_unreachable. */
void outcome_words(struct buf *out, const char *word);

#endif
