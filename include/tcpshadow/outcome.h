/* SPDX-License-Identifier: MIT */
/*
 * outcome - how a connection went, in a few words for people.
 */
#ifndef TCPSHADOW_OUTCOME_H
#define TCPSHADOW_OUTCOME_H

#include "tcpshadow/record.h"

/* How it stands or has ended, in one word: the rows of standing.def. */
enum standing {
#define STANDING(id, word, also, text, brief) STANDING_##id,
#include "tcpshadow/standing.def"
#undef STANDING
	STANDING_COUNT
};

enum standing outcome_standing(const struct conn_record *r);
const char *standing_word(enum standing s);
const char *standing_also(enum standing s); /* another word for it, NULL = none */
/* The same with its details: "closed", "reset by server", "mid-stream, open"; brief: "RST server". */
void outcome_text(struct buf *out, const struct conn_record *r, bool brief);
/*
 * Round trip between the two ends, ns: that of the handshake, or else the shortest of each half of the way; -1 = the tap
 * saw neither.  One half alone counts where the capture was taken at the end it leaves from.
 */
int64_t outcome_round_trip(const struct conn_record *r);
/* Payload of both sides, bytes a second over its life; 0 = none, or it lasted no time. */
uint64_t outcome_rate(const struct conn_record *r);
/* The letter of a severity: X error, ! warn, ~ note, . info. */
char outcome_mark(enum severity s);
/* The column H: that letter, but 0 when it was never answered, ? when it began before the capture and has no problem. */
char outcome_health(enum severity s, enum handshake_outcome h);
/* Health in order: the worse, the more. */
unsigned outcome_health_rank(char letter);
const char *outcome_mark_word(enum severity s); /* "error", "warning", "note", "fine" */
/* The last state of a side, with ? while it is only presumed. */
void outcome_state(struct buf *out, const struct side_record *s, bool brief);
/* "port unreachable" for port_unreachable. */
void outcome_words(struct buf *out, const char *word);

#endif
