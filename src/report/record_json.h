/* SPDX-License-Identifier: MIT */
/*
 * record_json - a connection and a capture as JSON.
 *
 * Fields may be added; a field never changes its meaning without a new `schema`.
 */
#ifndef REPORT_RECORD_JSON_H
#define REPORT_RECORD_JSON_H

#include "report/tally.h"
#include "tcpshadow/engine.h"

/* The object of a connection, left open for further members: end it with json_end_object(). */
void record_json_begin(struct buf *out, const struct conn_record *r, const struct cap_facts *facts);
/* The member "findings". */
void record_json_findings(
    struct buf *out, const struct finding *list, size_t n, const struct cap_facts *facts);
/* {"type":"finding",...}: one of the record's findings, with the connection it is about, as a line. */
void record_json_finding(struct buf *out, const struct conn_record *r, const struct finding *f,
    const struct cap_facts *facts);
/* {"type":"capture",...}, as a line. */
void capture_json(struct buf *out, const struct run_summary *s, const struct tally *t);

#endif
