/* SPDX-License-Identifier: MIT */
/*
 * find - the sink that finds the connection a person means, and the packets of one.
 *
 * Input:  "17", "10.0.0.1:80", "[2001:db8::1]:443", "packet:812".
 * Output: the connections that match (the first few are described, all are counted).
 */
#ifndef TCPSHADOW_FIND_H
#define TCPSHADOW_FIND_H

#include "tcpshadow/engine.h"
#include "tcpshadow/session.h"

enum find_kind {
	FIND_ID,
	FIND_ENDPOINT,
	FIND_PACKET,
};

struct find_query {
	enum find_kind kind;
	uint64_t number; /* FIND_ID, FIND_PACKET (the file's own number) */
	struct endpoint_addr endpoint;
};

/* -1 and a sentence when the text is none of the forms. */
TS_NODISCARD int find_parse(struct find_query *q, const char *text, struct err *e);

struct finder;

/* `facts` of the capture that is read. */
struct finder *find_new(const struct find_query *q, const struct cap_facts *facts);
void find_free(struct finder *f);
struct sink *find_sink(struct finder *f);

size_t find_count(const struct finder *f);
/* Lines that describe the matches, the first ten of them. */
void find_describe(const struct finder *f, struct buf *out);
uint64_t find_connections(const struct finder *f); /* in the whole capture */
uint64_t find_id(const struct finder *f);          /* of the first match */
/*
 * The session of the one match without rows yet, and the ordinals of its packets in ascending
 * order: only for FIND_ID.  The session is the caller's from then on.
 */
struct session *find_take_session(struct finder *f);
const uint64_t *find_packets(const struct finder *f, size_t *n);

#endif
