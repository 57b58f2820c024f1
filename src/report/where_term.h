/* SPDX-License-Identifier: MIT */
/*
 * where_term - one comparison of the filter language.
 */
#ifndef REPORT_WHERE_TERM_H
#define REPORT_WHERE_TERM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "report/where_field.h"

enum where_op {
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_REGEX,
	OP_NET,     /* the address is in a network */
	OP_OUTCOME, /* the word is the outcome of handshake, close or all, or the kind of verdict */
	OP_FINDING, /* there is a finding of this id */
	OP_NONE
};

struct where_term {
	const struct where_field *field; /* NULL with OP_OUTCOME and OP_FINDING */
	unsigned sides;
	enum where_op op;
	int64_t number;        /* OP_FINDING: enum finding_id */
	bool is_clock, is_utc; /* number is a time of day, ns since midnight; there, or in UTC */
	const char *word;      /* one of the type's own */
	char text[TEXT_SIZE];  /* TYPE_TEXT */
	struct endpoint_addr addr; /* the port is not used */
	unsigned bits;             /* OP_NET: length of the prefix */
	pcre2_code *regex;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

/* Each fills *t from the text of a value; -1 and a sentence when it is wrong. */
TS_NODISCARD int term_value(struct where_term *t, const char *text, struct err *e);
TS_NODISCARD int term_net(struct where_term *t, const char *text, struct err *e);
/* An outcome or the id of a finding. */
TS_NODISCARD int term_word_alone(struct where_term *t, const char *word);
void term_release(struct where_term *t);
bool term_match(const struct where_term *t, const struct conn_record *r, int64_t began);

#endif
