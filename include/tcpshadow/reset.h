/* SPDX-License-Identifier: MIT */
/*
 * reset - why a RST was sent: ranked causes and the evidence for them.
 *
 * Causes and evidence have their rows in reset_cause.def and reset_evidence.def.
 */
#ifndef TCPSHADOW_RESET_H
#define TCPSHADOW_RESET_H

#include "tcpshadow/finding.h"

enum reset_cause {
#define CAUSE(id, word, ceiling, text) CAUSE_##id,
#include "tcpshadow/reset_cause.def"
#undef CAUSE
	CAUSE_COUNT
};

enum reset_evidence {
#define EVIDENCE(id, text, ...) EVIDENCE_##id,
#include "tcpshadow/reset_evidence.def"
#undef EVIDENCE
	EVIDENCE_COUNT
};

_Static_assert(EVIDENCE_COUNT <= 64, "evidence is a set of 64 bits");

enum {
	RESET_GUESSES = 3, /* the cause and two alternatives */
};

struct reset_guess {
	uint8_t cause;      /* enum reset_cause */
	uint8_t confidence; /* enum confidence */
};

struct reset_record {
	uint64_t packet;
	int64_t time;
	uint64_t answers;  /* packet it answers, 0 = none found */
	uint64_t evidence; /* bits 1 << enum reset_evidence */
	uint64_t bytes;    /* that its sender had received since it last sent data */
	uint64_t ack;      /* what its sender had received; 0 = not known */
	int64_t wait;      /* ns, since what it answers, or since data last came */
	int64_t silence;   /* ns, of both ends, before what it answers */
	uint32_t seq;      /* as on the wire */
	uint16_t count;    /* probes or repetitions of its sender that nobody answered */
	uint8_t by;        /* enum side */
	int8_t obeyed;     /* 1 = the target stopped, 0 = it went on, -1 = cannot be known */
	uint8_t nguesses;  /* in guesses[] */
	bool ends_sender;  /* it means the end of its sender's connection */
	struct reset_guess guesses[RESET_GUESSES]; /* best first */
};

/* "closed_port" */
const char *reset_cause_word(enum reset_cause c);
/* Completes "the server sent a reset because ...". */
const char *reset_cause_text(enum reset_cause c);
/* The most confidence that a passive observer can have in it. */
enum confidence reset_cause_ceiling(enum reset_cause c);
enum finding_id reset_cause_finding(enum reset_cause c);
/* Points that a piece of evidence gives to a cause; negative: it speaks against it. */
int reset_weight(enum reset_evidence e, enum reset_cause c);
/* Its text as in the table, placeholders and all. */
const char *reset_evidence_pattern(enum reset_evidence e);
/* One piece of evidence as a sentence about this reset. */
void reset_evidence_text(struct buf *out, const struct reset_record *r, enum reset_evidence e);
/*
 * The evidence that speaks for its first cause, strongest first: call with the one before, EVIDENCE_COUNT to
 * begin.  EVIDENCE_COUNT = no more.
 */
enum reset_evidence reset_evidence_next(const struct reset_record *r, enum reset_evidence last);
/* Fills the guesses from the evidence. */
void reset_rank(struct reset_record *r);

#endif
