/* SPDX-License-Identifier: MIT */
/*
 * finding_text - findings as people read them, and which of them is worse.
 */
#ifndef TCPSHADOW_FINDING_TEXT_H
#define TCPSHADOW_FINDING_TEXT_H

#include "tcpshadow/report.h"

/*
 * The finding that follows `last` when the worst come first (severity, then confidence, then cost, then
 * the order of the list); NULL = it was the last.  last NULL: the worst of all.
 */
const struct finding *finding_text_next(
    const struct finding *list, size_t n, const struct finding *last);
/* How much a connection is worth a look: the severity of its worst finding, or of its verdict when that is worse. */
enum severity finding_text_severity(const struct conn_record *r);
/* The same as the letter of the column H. */
char finding_text_health(const struct conn_record *r);

/* How often a kind of finding happened, from sums of counts: what the capture as a whole says of it counts that of its connections, too. */
static inline uint64_t finding_text_times(uint64_t of_connections, uint64_t of_capture)
{
	return of_capture > of_connections ? of_capture : of_connections;
}

/* "likely; capture drop or proxy not excluded" */
void finding_text_confidence(struct buf *out, const struct finding *f);
/* "packets 2, 3, 4 ... 19"; nothing when there are none */
void finding_text_packets(struct buf *out, const struct finding *f, const struct cap_facts *facts);
/* What happened, and in parentheses how sure that is and what it cost. */
void finding_text_story(struct buf *out, const struct finding *f, const struct cap_facts *facts);
/* One finding with everything, on a line that has `column` columns already, and as many more as it needs. */
void finding_text_item(
    struct buf *out, const struct finding *f, const struct report_options *o, size_t column);

#endif
