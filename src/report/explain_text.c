/* SPDX-License-Identifier: MIT */
/*
 * explain_text - the rows of explain.def, with the numbers of a segment filled in.
 */
#include "config.h"

#include <inttypes.h>

#include "report/explain.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/pattern.h"
#include "tcpshadow/text.h"

static const struct says_row says_rows[] = {
#define SAYS(id, name, text) { name, text },
#define CONCEPT(id, title, rfc, text)
#define MEANING(state, text)
#include "report/explain.def"
#undef SAYS
#undef CONCEPT
#undef MEANING
};

static const struct concept_row concept_rows[] = {
#define SAYS(id, name, text)
#define CONCEPT(id, title, rfc, text) { title, rfc, text },
#define MEANING(state, text)
#include "report/explain.def"
#undef SAYS
#undef CONCEPT
#undef MEANING
};

static const char *const meanings[TCPS_COUNT] = {
#define SAYS(id, name, text)
#define CONCEPT(id, title, rfc, text)
#define MEANING(state, text) [TCPS_##state] = (text),
#include "report/explain.def"
#undef SAYS
#undef CONCEPT
#undef MEANING
};

const struct says_row *explain_says(enum says s)
{
	BUG_ON(s >= SAYS_COUNT);
	return &says_rows[s];
}

const struct concept_row *explain_concept(enum concept c)
{
	BUG_ON(c >= CONCEPT_COUNT);
	return &concept_rows[c];
}

const char *explain_meaning(enum tcp_state s)
{
	BUG_ON(s >= TCPS_COUNT);
	return meanings[s];
}

/* [from, to) as people count */
/* (What lies before the first number is negative.) */
static void range(struct buf *out, uint64_t from, uint64_t to)
{
	buf_addf(out, "%" PRId64, (int64_t)from);
	if ((int64_t)to > (int64_t)from + 1)
		buf_addf(out, " to %" PRId64, (int64_t)to - 1);
}

static void self(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_addstr(out, side_word(r->row->side));
}

static void peer(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_addstr(out, side_word(!r->row->side));
}

static void seq(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_i64(out, (int64_t)explain_seq(r));
}

static void ack(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_i64(out, (int64_t)explain_ack(r));
}

/* "Bytes 1 to 45", "Byte 7" */
static void bytes(struct buf *out, const void *about)
{
	const struct explain_row *r = about;
	uint64_t first = explain_seq(r);

	buf_addstr(out, r->row->len == 1 ? "Byte " : "Bytes ");
	range(out, first, first + r->row->len);
}

static void next(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_i64(out, (int64_t)(explain_seq(r) + explain_space(r->row)));
}

static void raw_seq(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_u64(out, r->row->raw_seq);
}

static void fin(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_i64(out, (int64_t)(explain_seq(r) + r->row->len));
}

static void raw_fin(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_u64(out, (uint32_t)(r->row->raw_seq + r->row->len));
}

static void window(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	text_count(out, r->row->step.window);
}

static void fresh(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	text_count(out, r->fresh);
}

static void segments(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_u64(out, r->segments);
}

static void since(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	if (r->since)
		text_duration(out, r->since);
	else
		buf_addstr(out, "some time");
}

static void sack(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	range(out, r->row->sack_left, r->row->sack_right);
}

static void port(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	buf_add_u64(out, r->s->record.sides[r->row->side].addr.port);
}

static void icmp(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	outcome_words(
	    out, icmp_kind_word(r->row->ip_version, r->row->icmp_type, r->row->icmp_code));
}

static void from(struct buf *out, const void *about)
{
	const struct explain_row *r = about;

	addr_text(out, &r->row->icmp_from, r->row->ip_version);
}

/* The notes of a segment that its receiver must ignore. */
static void why(struct buf *out, const void *about)
{
	const struct explain_row *r = about;
	size_t start = out->len;

	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++)
		if (r->row->step.notes & 1u << i && i != SEGMENT_NOTE_IGNORED)
			buf_addf(out, "%s%s", out->len > start ? ", " : "",
			    segment_note_brief((enum segment_note)i));
	if (out->len == start)
		buf_addstr(out, "its numbers do not fit");
}

static const struct pattern_value values[] = {
	{ "self", self, NULL },
	{ "peer", peer, NULL },
	{ "seq", seq, NULL },
	{ "ack", ack, NULL },
	{ "bytes", bytes, NULL },
	{ "next", next, NULL },
	{ "rawseq", raw_seq, NULL },
	{ "fin", fin, NULL },
	{ "rawfin", raw_fin, NULL },
	{ "window", window, NULL },
	{ "new", fresh, NULL },
	{ "segments", segments, NULL },
	{ "since", since, NULL },
	{ "sack", sack, NULL },
	{ "port", port, NULL },
	{ "icmp", icmp, NULL },
	{ "from", from, NULL },
	{ "why", why, NULL },
};

void explain_fill(struct buf *out, const char *text, const struct explain_row *r)
{
	pattern_fill(out, text, values, ARRAY_LEN(values), r);
}
