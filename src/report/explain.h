/* SPDX-License-Identifier: MIT */
/*
 * explain - shared by the parts of `show --explain`: explain_kind.c finds what a segment is, explain_text.c fills
 * the words of explain.def in, explain.c puts them in order.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "tcpshadow/report.h"
#include "tcpshadow/session.h"

enum says {
#define SAYS(id, name, text) SAYS_##id,
#define CONCEPT(id, title, rfc, text)
#define MEANING(state, text)
#include "report/explain.def"
#undef SAYS
#undef CONCEPT
#undef MEANING
	SAYS_COUNT
};

enum concept {
#define SAYS(id, name, text)
#define CONCEPT(id, title, rfc, text) CONCEPT_##id,
#define MEANING(state, text)
#include "report/explain.def"
#undef SAYS
#undef CONCEPT
#undef MEANING
	CONCEPT_COUNT
};

struct says_row {
	const char *name, *text;
};

struct concept_row {
	const char *title, *rfc, *text;
};

const struct says_row *explain_says(enum says s);
const struct concept_row *explain_concept(enum concept c);
const char *explain_meaning(enum tcp_state s); /* what an end does in it */

/* What must be remembered from row to row. */
struct explain_past {
	bool has_base[2];                       /* [enum side]: some of its numbers are known */
	uint32_t base[2];                       /* what is called 0 of them, as on the wire */
	bool syn[2], synack[2], fin[2], rst[2]; /* it has sent one */
	uint32_t isn[2];                        /* raw, with syn or synack */
	uint64_t fin_number[2];
	bool handshake_acked; /* the third step was seen */
	bool fin_acked[2];    /* the FIN of that side was acknowledged */
};

/* A row with what it needs to be told. */
struct explain_row {
	const struct session *s;
	const struct session_row *row;
	size_t index;
	enum says says;
	uint32_t base;  /* what is called 0 of the peer's numbers, as on the wire; 0 = not known */
	uint64_t fresh; /* bytes that its ACK acknowledges and no ACK before */
	unsigned segments; /* that brought them; capped */
	int64_t waited;    /* from the newest of them to this ACK, ns */
	int64_t since;     /* since the same was sent first, ns; 0 = not known */
	uint64_t concepts; /* 1 << enum concept: what it may need explained */
};

_Static_assert(CONCEPT_COUNT <= 64, "a bit for each concept");

void explain_past_init(struct explain_past *p, const struct session *s);
/* Find out what rows[index] is, and remember it in *past. */
void explain_row_init(
    struct explain_row *r, struct explain_past *past, const struct session *s, size_t index);
/* Its number relative to the sender's first, or as on the wire where that is not known. */
uint64_t explain_seq(const struct explain_row *r);
uint64_t explain_ack(const struct explain_row *r);
/* Sequence space it takes: payload, SYN and FIN. */
uint64_t explain_space(const struct session_row *row);

/* Append `text` with what stands in braces filled in. */
void explain_fill(struct buf *out, const char *text, const struct explain_row *r);

#endif
