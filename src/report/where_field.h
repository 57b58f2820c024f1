/* SPDX-License-Identifier: MIT */
/*
 * where_field - the names of the filter language, how they are read and what they hold.
 */
#ifndef REPORT_WHERE_FIELD_H
#define REPORT_WHERE_FIELD_H

#include "tcpshadow/where.h"

/* Kinds of values.  From TYPE_OPENER to TYPE_ZEEK_STATE: words out of a fixed list. */
enum where_type {
	TYPE_COUNT,
	TYPE_BYTES,
	TYPE_DURATION, /* ns */
	TYPE_TIME,     /* ns since the epoch */
	TYPE_FLAG,     /* 0 or 1 */
	TYPE_SEVERITY, /* enum severity, -1 = no finding */
	TYPE_ADDRESS,
	TYPE_OPENER,
	TYPE_STANDING,
	TYPE_STATE,
	TYPE_HANDSHAKE,
	TYPE_CLOSE,
	TYPE_CAPTURE_START,
	TYPE_SIDE,
	TYPE_CAUSE,
	TYPE_VANTAGE,
	TYPE_VERDICT,
	TYPE_VERDICT_KIND,
	TYPE_PARTY,
	TYPE_CONFIDENCE,
	TYPE_ZEEK_STATE,
	TYPE_TEXT, /* any text; upper and lower case differ */
	TYPE_COUNT_OF_TYPES
};

enum {
	TEXT_SIZE = 40,
};

struct where_value {
	int64_t number;
	const char *word;
	char text[TEXT_SIZE]; /* TYPE_TEXT */
	const struct endpoint_addr *addr;
};

struct where_field {
	const char *path, *bare;
	enum where_type type;
	/* False when this connection does not have it. */
	bool (*get)(
	    const struct conn_record *r, const struct side_record *s, struct where_value *v);
	const char *help;
};

/* Bits of a side mask. */
enum {
	SIDES_CLIENT = 1,
	SIDES_SERVER = 2,
	SIDES_EITHER = 3,
};

extern const struct where_field where_fields[]; /* where_name_count() of them */

/* The field called `name`, and which sides it means; NULL when there is none. */
const struct where_field *where_field_find(const char *name, unsigned *sides);
/* A path without a side means both sides together, not either. */
bool where_field_sums(const struct where_field *f);
/* Where the word of a side stands in the path, NULL = nowhere. */
const char *where_field_star(const struct where_field *f);
/* Copies the field's i-th short name; false = it has no more. */
bool where_field_bare(struct buf *out, const struct where_field *f, size_t i);
/* Append the field's path with `side` in place of the star; NULL: without star and its dot. */
void where_field_spell(struct buf *out, const struct where_field *f, const char *side);
/* Replaces *out by the name most like a mistyped one, if any is. */
void where_field_near(struct buf *out, const char *name);
const char *where_type_name(enum where_type t);
/* The i-th word that a value of the type can be, NULL behind the last (and for other types). */
const char *where_type_word(enum where_type t, size_t i);
/* The same word for what is typed: a value of the type, whatever its case, or another word for one; NULL = neither. */
const char *where_type_match(enum where_type t, const char *text);
/* Read a value as typed.  -1 when it is not one. */
TS_NODISCARD int where_type_parse(enum where_type t, const char *text, int64_t *number);
/* For TYPE_TIME: a point in time, ns since the epoch.  -1 when it is none. */
TS_NODISCARD int where_type_time(const char *text, bool utc, int64_t *number);
/* A time of day: 10:05 or 10:05:30.25, ns since midnight.  -1 when it is none. */
TS_NODISCARD int where_type_clock(const char *text, int64_t *ns);
/* What a value looks like, for messages. */
void where_type_expected(struct buf *out, enum where_type t);

#endif
