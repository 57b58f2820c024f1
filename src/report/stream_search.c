/* SPDX-License-Identifier: MIT */
/*
 * stream_search - finds bytes in the streams, forwards and backwards, turn by turn and block by block.
 *
 * A block holds the places where a match may begin; what is before and behind it is read too, so that a match may
 * reach over its edges.  A longer one than OVERLAP is found only when it begins far enough from an edge.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>

#include "report/streammap_parts.h"
#include "tcpshadow/mem.h"

enum {
	BLOCK = 64 << 10,
	OVERLAP = 4 << 10,
	BEFORE = 256,
	REGEX_EFFORT = 100000, /* steps of a match before it is given up */
};

struct stream_search {
	pcre2_code *regex;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	struct buf bytes;
};

static bool has_capital(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isupper((unsigned char)text[i]))
			return true;
	return false;
}

struct stream_search *stream_search_new(const char *pattern, size_t n, bool is_regex, struct err *e)
{
	struct stream_search *s = mem_alloc(1, sizeof(*s));
	uint32_t options = is_regex ? PCRE2_MULTILINE : PCRE2_LITERAL;
	PCRE2_UCHAR why[128] = "";
	PCRE2_SIZE at;
	int code;

	if (!has_capital(pattern, n))
		options |= PCRE2_CASELESS;
	buf_init(&s->bytes);
	s->regex = pcre2_compile((PCRE2_SPTR)pattern, n, options, &code, &at, NULL);
	if (!s->regex) {
		(void)pcre2_get_error_message(code, why, sizeof(why));
		(void)err_set(e, "%s, at character %zu", (const char *)why, (size_t)at + 1);
		stream_search_free(s);
		return NULL;
	}
	(void)pcre2_jit_compile(s->regex, PCRE2_JIT_COMPLETE);
	s->match = pcre2_match_data_create_from_pattern(s->regex, NULL);
	s->limits = pcre2_match_context_create(NULL);
	BUG_ON(!s->match || !s->limits);
	(void)pcre2_set_match_limit(s->limits, REGEX_EFFORT);
	return s;
}

void stream_search_free(struct stream_search *s)
{
	if (!s)
		return;
	pcre2_match_context_free(s->limits);
	pcre2_match_data_free(s->match);
	pcre2_code_free(s->regex);
	buf_release(&s->bytes);
	free(s);
}

/* Where we look: places [from, to) of a turn. */
struct look {
	const struct streammap *m;
	const struct stream_source *src;
	const struct stream_turn *turn;
	uint64_t from, to;
	int step;
};

/* The bytes around a block; false when they cannot be had. */
static bool load(struct stream_search *s, const struct look *l, uint64_t from, uint64_t to)
{
	buf_reset(&s->bytes);
	while (from < to) {
		size_t n = (size_t)(to - from);
		struct err e = { "" };
		const uint8_t *bytes = stream_piece(l->m, l->src, from, &n, &e);

		if (!bytes)
			return false;
		buf_add(&s->bytes, bytes, n);
		from += n;
	}
	return true;
}

/* The first or last match that begins at [from, to) of the turn; they are in one block. */
static bool find_in_block(
    struct stream_search *s, const struct look *l, const uint64_t place[2], uint64_t found[2])
{
	const struct stream_turn *t = l->turn;
	uint64_t first = place[0] - t->at > BEFORE ? place[0] - BEFORE : t->at;
	uint64_t end = place[1] + OVERLAP < t->at + t->n ? place[1] + OVERLAP : t->at + t->n;
	PCRE2_SIZE start = (PCRE2_SIZE)(place[0] - first);
	bool is_found = false;

	if (!load(s, l, first, end))
		return false;
	while (first + start < place[1]) {
		const PCRE2_SIZE *match;

		if (pcre2_match(s->regex, (PCRE2_SPTR)s->bytes.data, s->bytes.len, start,
		        PCRE2_NOTEMPTY, s->match, s->limits) < 0)
			break;
		match = pcre2_get_ovector_pointer(s->match);
		if (first + match[0] >= place[1])
			break;
		found[0] = first + match[0];
		found[1] = first + match[1];
		is_found = true;
		if (l->step > 0)
			break;
		start = match[0] + 1;
	}
	return is_found;
}

static bool find_in_turn(struct stream_search *s, const struct look *l, uint64_t found[2])
{
	uint64_t from = l->from, to = l->to;

	while (from < to) {
		uint64_t place[2] = { from, to };

		if (l->step > 0 && to - from > BLOCK)
			place[1] = from + BLOCK;
		if (l->step < 0 && to - from > BLOCK)
			place[0] = to - BLOCK;
		if (find_in_block(s, l, place, found))
			return true;
		if (l->step > 0)
			from = place[1];
		else
			to = place[0];
	}
	return false;
}

bool stream_search_find(struct stream_search *s, const struct streammap *m,
    const struct stream_source *src, const struct stream_range *r, int step, uint64_t found[2])
{
	for (size_t k = 0; k < m->nturns; k++) {
		const struct stream_turn *t = &m->turns[step > 0 ? k : m->nturns - 1 - k];
		struct look l = { m, src, t, t->at, t->at + t->n, step };

		if (t->kind != STREAM_DATA || !(r->sides & 1u << t->side))
			continue;
		l.from = l.from > r->from ? l.from : r->from;
		l.to = l.to < r->to ? l.to : r->to;
		if (l.from < l.to && find_in_turn(s, &l, found))
			return true;
	}
	return false;
}
