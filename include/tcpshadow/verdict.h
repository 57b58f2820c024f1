/* SPDX-License-Identifier: MIT */
/*
 * verdict - how a connection went, and whose doing it was, in one row and one sentence.
 *
 * The kinds have their rows in verdict.def.
 */
#ifndef TCPSHADOW_VERDICT_H
#define TCPSHADOW_VERDICT_H

#include "tcpshadow/finding.h"

enum verdict_kind {
#define VERDICT(id, kind, outcome, party, severity, sentence) VERDICT_##id,
#include "tcpshadow/verdict.def"
#undef VERDICT
	VERDICT_COUNT
};

enum outcome {
	OUTCOME_OK,
	OUTCOME_REFUSED,
	OUTCOME_UNANSWERED,
	OUTCOME_RESET,
	OUTCOME_STALLED,
	OUTCOME_ABORTED,
	OUTCOME_INCOMPLETE,
	OUTCOME_UNKNOWN,
	OUTCOME_COUNT
};

enum party {
	PARTY_CLIENT,
	PARTY_SERVER,
	PARTY_NETWORK,
	PARTY_MIDDLEBOX,
	PARTY_CAPTURE,
	PARTY_NONE,
	PARTY_COUNT,
	PARTY_BY, /* in the table only */
	PARTY_PEER,
};

struct verdict {
	uint8_t kind;       /* enum verdict_kind */
	uint8_t confidence; /* enum confidence */
	uint8_t by;         /* enum side it is about, BY_NOBODY = neither */
	uint16_t traps;     /* enum trap: what about the capture speaks against it */
	uint32_t count;     /* probes, repetitions, SYNs: the kind's */
	uint64_t bytes;
	int64_t time; /* ns, the kind's */
};

struct conn_record;
struct icmp_record;

const char *outcome_word(enum outcome o); /* "refused" */
const char *party_word(enum party p);     /* "middlebox" */
const char *verdict_word(enum verdict_kind k);
/* For the documentation: the sentence as in the table; "client", or "by" and "peer" for the ends it is about. */
const char *verdict_pattern(enum verdict_kind k);
const char *verdict_party_pattern(enum verdict_kind k);
enum outcome verdict_outcome(enum verdict_kind k);
enum severity verdict_severity(enum verdict_kind k);
enum party verdict_party(const struct verdict *v);
/* The verdict on a record that is complete otherwise.  traps: what is wrong with its capture. */
struct verdict verdict_on(const struct conn_record *r, unsigned traps);
/* The findings have what other connections show by now: the verdict follows what is likely there. */
void verdict_learn(struct conn_record *r);
/* Other connections show these traps as well: blame goes down one step. */
void verdict_doubt(struct verdict *v, unsigned traps);
/* The latest ICMP error that is kept, can be believed and says that what a side sent does not arrive; NULL = none. */
const struct icmp_record *verdict_icmp(const struct conn_record *r, unsigned side);
void verdict_sentence(struct buf *out, const struct conn_record *r);

#endif
