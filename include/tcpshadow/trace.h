/* SPDX-License-Identifier: MIT */
/*
 * trace - the packets of one connection of a store, with both endpoints after each of them, by number.
 *
 * Input:  the store, which may still grow; the capture, whose packets are read and decoded again.
 * Output: rows as session.h has them, the frames themselves.
 * Memory: a window of rows and the replay behind it, whatever the length of the connection: a row costs the replay
 *         from the nearest checkpoint at most.
 * Limits: the numbers of a segment that came in IP fragments need the fragments before it: they are taken from the index.
 */
#ifndef TCPSHADOW_TRACE_H
#define TCPSHADOW_TRACE_H

#include "tcpshadow/decode.h"
#include "tcpshadow/session.h"
#include "tcpshadow/store.h"

struct trace;

/* Both are borrowed. */
struct trace *trace_new(const struct store *s, const struct cap *cap, uint32_t session);
void trace_free(struct trace *t);

/* Take notice of what was published since.  True when there is anything new. */
bool trace_refresh(struct trace *t);
/* As of the last refresh. */
const struct store_session *trace_session(const struct trace *t);
/*
 * The connection's record; while it is open, what the record would be if the capture ended here.  Valid until
 * the next trace_refresh().
 */
const struct conn_record *trace_record(struct trace *t);

/* Row k < trace_session(t)->npackets; valid until the next call about another row or a refresh. */
const struct session_row *trace_row(struct trace *t, uint32_t k);
/* The frame of packet k; valid until the next call of this kind.  -1 and *e when it cannot be read again. */
TS_NODISCARD int trace_frame(struct trace *t, uint32_t k, struct packet *p, struct err *e);
/* The same, decoded; false when it came in IP fragments.  seg->data points into the frame. */
bool trace_decode(struct trace *t, const struct packet *p, struct segment *seg);
/* Both in one; seg->data points into the frame. */
TS_NODISCARD int trace_segment(
    struct trace *t, uint32_t k, struct packet *p, struct segment *seg, struct err *e);
/* What the index knows of packet k, for segments that cannot be decoded by themselves: no payload, no options. */
void trace_index_segment(const struct trace *t, uint32_t k, struct segment *seg);

#endif
