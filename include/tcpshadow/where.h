/* SPDX-License-Identifier: MIT */
/*
 * where - the filter language over connections: `port = 443 and not (refused or duration < 1s)`.
 *
 * Input:  an expression typed by a person; records.
 * Output: does a record match; or which token is wrong and what was expected there.
 * Limits: WHERE_MAX_TERMS terms, WHERE_MAX_DEPTH open parentheses and nots.
 * Spec:   names are JSON paths; every one has a row in field.def.
 *
 *     EXPR  = TERM { ("and" | "or") TERM }         and binds tighter than or
 *     TERM  = "not" TERM | "(" EXPR ")" | NAME OP VALUE | NAME ("=" | "!=") VALUE { "|" VALUE }
 *           | FLAG | COUNT | OUTCOME | FINDING       a count alone: it is not 0
 *           | "host" ADDRESS | "port" NUMBER | "net" ADDRESS "/" BITS | "since" TIME | "until" TIME
 *     OP    = "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "~"
 *
 * A name with a side (packets.client) that is given without it (packets) means both sides together where they add
 * up, otherwise either side.  What is not known of a connection matches no comparison.
 */
#ifndef TCPSHADOW_WHERE_H
#define TCPSHADOW_WHERE_H

#include "tcpshadow/err.h"
#include "tcpshadow/record.h"

enum {
	WHERE_MAX_TERMS = 500,
	WHERE_MAX_DEPTH = 100,
};

struct where;

struct where_error {
	size_t at, len;  /* bytes of the expression that are wrong; len 0 = its end */
	struct err what; /* one sentence, with what was expected */
};

/* NULL: see *e.  Dates and times of day without a Z are those of here, or with `utc` those of UTC, too. */
struct where *where_compile(const char *expr, bool utc, struct where_error *e);
/* Where in the expression its last `or` outside parentheses was, SIZE_MAX = there is none. */
size_t where_outer_or(const struct where *w);
void where_free(struct where *w);
/*
 * w NULL matches all.  began: time of the capture's first packet (ns since the epoch); a time of day is that of the day
 * on which that was, or of the next where it would be more than half a day before.
 */
bool where_match(const struct where *w, const struct conn_record *r, int64_t began);
/* The words that take a value without an operator. */
struct where_keyword {
	const char *word, *help;
};
size_t where_keyword_count(void);
struct where_keyword where_keyword_at(size_t i);
/* The expression with the wrong token underlined: two lines, each after `indent` spaces. */
void where_underline(struct buf *out, const char *expr, const struct where_error *e, size_t indent);

/* One name of the language, for help and completion. */
struct where_name {
	const char *
	    path; /* a star or a plus stands for a side: without it, either side or both together */
	const char *bare; /* shorter names, with blanks between them; NULL = none */
	const char *type; /* "count", "duration", "word", ... */
	const char *help;
};

/* What could stand at the end of the first n bytes: called for each word, the likelier ones first. */
typedef void where_hint(void *ctx, const char *word, const char *gloss);
/* Returns where the word begins that is being typed; only words that begin like it are told. */
size_t where_complete(const char *expr, size_t n, where_hint *hint, void *ctx);

size_t where_name_count(void);
struct where_name where_name_at(size_t i);

#endif
