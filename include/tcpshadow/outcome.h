/* SPDX-License-Identifier: MIT */
/*
 * outcome - how a connection went, in a few words for people.
 */
#ifndef TCPSHADOW_OUTCOME_H
#define TCPSHADOW_OUTCOME_H

#include "tcpshadow/record.h"

/* "closed", "refused", "no answer", "reset by server", "mid-stream, open"; brief: "RST server". */
void outcome_text(struct buf *out, const struct conn_record *r, bool brief);
/* The letter of a severity: X error, ! warn, ~ note, . info. */
char outcome_mark(enum severity s);
const char *outcome_mark_word(enum severity s); /* "error", "warning", "note", "fine" */
/* The last state of a side, with ? while it is only presumed. */
void outcome_state(struct buf *out, const struct side_record *s, bool brief);
/* "port unreachable" for port_unreachable. */
void outcome_words(struct buf *out, const char *word);

#endif
