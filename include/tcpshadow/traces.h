/* SPDX-License-Identifier: MIT */
/*
 * traces - the packets of several connections of a store as one list, in order of capture.
 *
 * Input:  the store, which may still grow; the capture.
 * Output: packets and rows by number, from 0; the records; what a ladder of all of them is laid out from.
 * Memory: a trace for each connection; 8 bytes a packet, but nothing for one connection alone.
 * Limits: TRACES_CONNS connections, and of several together the first TRACES_PACKETS packets; what is left out is counted.
 */
#ifndef TCPSHADOW_TRACES_H
#define TCPSHADOW_TRACES_H

#include "tcpshadow/ladder.h"
#include "tcpshadow/trace.h"

enum {
	TRACES_CONNS = 32,
	TRACES_PACKETS = 200000,
};

struct traces;

/* Of the connections in the list the first TRACES_CONNS. */
struct traces *traces_new(
    const struct store *s, const struct cap *cap, const uint32_t *sessions, size_t n);
void traces_free(struct traces *t);
/* Take notice of what was published since.  True when there is anything new. */
bool traces_refresh(struct traces *t);

size_t traces_conns(const struct traces *t);
uint32_t traces_session(const struct traces *t, size_t conn);
struct trace *traces_trace(const struct traces *t, size_t conn);
/* As many as there are connections; valid until the next traces_refresh(). */
const struct conn_record *traces_records(struct traces *t);

uint32_t traces_count(const struct traces *t);
uint64_t traces_left_out(
    const struct traces *t); /* packets, all behind those that are in the list */

/* Packet `k` of connection `conn`. */
struct traces_place {
	uint32_t k;
	uint16_t conn;
};
/* i < traces_count() here and below. */
struct traces_place traces_at(const struct traces *t, uint32_t i);
void traces_packet(const struct traces *t, uint32_t i, struct store_packet *out);
/* Valid until the next call about the same connection. */
const struct session_row *traces_row(const struct traces *t, uint32_t i);
/* The first packet with this ordinal or a later one; traces_count() = none. */
uint32_t traces_from(const struct traces *t, uint64_t ordinal);
/* For ladder_build(); valid until the next traces_refresh(). */
struct ladder_source traces_source(struct traces *t);

#endif
