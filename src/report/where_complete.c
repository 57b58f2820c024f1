/* SPDX-License-Identifier: MIT */
/*
 * where_complete - what could be typed next in an expression.
 *
 * Looks at the two words before the cursor only: what is further left may be wrong without harm.
 */
#include "config.h"

#include <string.h>

#include "report/where_field.h"
#include "tcpshadow/finding.h"
#include "tcpshadow/where.h"

static const char ends_word[] = " ()=<>!~|\"";
static const char operators[] = "=<>!~";

struct hints {
	const char *typed; /* of the word so far */
	size_t n;
	where_hint *hint;
	void *ctx;
};

/* A word of the expression. */
struct word {
	const char *at;
	size_t n;
};

static void offer(const struct hints *h, const char *word, const char *gloss)
{
	if (strncasecmp(word, h->typed, h->n) == 0)
		h->hint(h->ctx, word, gloss);
}

static bool is_any(char c, const char *set)
{
	return strchr(set, c) != NULL;
}

/* The word that ends before `end`, or one character that is none; n = 0: the beginning. */
static struct word word_before(const char *expr, const char *end)
{
	const char *at;

	while (end > expr && end[-1] == ' ')
		end--;
	at = end;
	while (at > expr && !is_any(at[-1], ends_word))
		at--;
	if (at == end && at > expr)
		at--;
	return (struct word){ at, (size_t)(end - at) };
}

static bool is_word(const struct word *w, const char *text)
{
	return strlen(text) == w->n && memcmp(w->at, text, w->n) == 0;
}

static const struct where_field *field_of(const struct word *w)
{
	struct buf name = BUF_INIT;
	const struct where_field *f;
	unsigned sides;

	buf_add(&name, w->at, w->n);
	f = where_field_find(name.data, &sides);
	buf_release(&name);
	return f;
}

static void offer_joints(const struct hints *h)
{
	offer(h, "and", "both hold");
	offer(h, "or", "one of them holds");
}

static void offer_operators(const struct hints *h)
{
	static const char *const table[][2] = {
		{ "=", "equal" },
		{ "!=", "not equal" },
		{ "<", "less" },
		{ "<=", "at most" },
		{ ">", "more" },
		{ ">=", "at least" },
		{ "~", "matches a regular expression" },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		offer(h, table[i][0], table[i][1]);
}

static void offer_values(const struct hints *h, const struct where_field *f)
{
	for (size_t i = 0; f && where_type_word(f->type, i); i++)
		offer(h, where_type_word(f->type, i), f->help);
	for (unsigned s = 0; f && f->type == TYPE_SEVERITY && s < SEVERITY_COUNT; s++)
		offer(h, severity_word((enum severity)s), f->help);
}

static void offer_path(const struct hints *h, const struct where_field *f, const char *side)
{
	struct buf name = BUF_INIT;

	where_field_spell(&name, f, side);
	offer(h, name.data, f->help);
	buf_release(&name);
}

static void offer_names(const struct hints *h)
{
	struct buf bare = BUF_INIT;

	for (size_t i = 0; i < where_name_count(); i++)
		for (size_t k = 0; where_field_bare(&bare, &where_fields[i], k); k++)
			if (bare.data[bare.len - 1] != '*')
				offer(h, bare.data, where_fields[i].help);
	buf_release(&bare);
	for (size_t i = 0; i < where_name_count(); i++) {
		if (!where_field_star(&where_fields[i])) {
			offer_path(h, &where_fields[i], NULL);
			continue;
		}
		offer_path(h, &where_fields[i], "client");
		offer_path(h, &where_fields[i], "server");
	}
}

static void offer_terms(const struct hints *h)
{
	offer_names(h);
	offer(h, "not", "the next does not hold");
	for (size_t i = 0; i < where_keyword_count(); i++)
		offer(h, where_keyword_at(i).word, where_keyword_at(i).help);
	for (size_t i = 0; where_type_word(TYPE_HANDSHAKE, i); i++)
		offer(h, where_type_word(TYPE_HANDSHAKE, i), "outcome of the handshake");
	for (size_t i = 0; where_type_word(TYPE_CLOSE, i); i++)
		offer(h, where_type_word(TYPE_CLOSE, i), "outcome of the close");
	for (unsigned id = 0; id < FINDING_COUNT; id++)
		offer(h, finding_info((enum finding_id)id)->name,
		    finding_info((enum finding_id)id)->title);
}

static bool is_keyword(const struct word *w)
{
	for (size_t i = 0; i < where_keyword_count(); i++)
		if (is_word(w, where_keyword_at(i).word))
			return true;
	return false;
}

static bool opens_term(const struct word *w)
{
	return w->n == 0 || is_word(w, "(") || is_word(w, "and") || is_word(w, "or") ||
	       is_word(w, "not");
}

/* The field that an operator ending before `end` belongs to. */
static const struct where_field *field_before(const char *expr, const char *end)
{
	struct word w;

	while (end > expr && is_any(end[-1], operators))
		end--;
	w = word_before(expr, end);
	return field_of(&w);
}

/* The same for one of several values, behind a bar. */
static const struct where_field *field_before_bar(const char *expr, const char *bar)
{
	struct word before;

	do {
		before = word_before(expr, word_before(expr, bar).at);
		bar = before.at;
	} while (is_word(&before, "|"));
	return before.n == 1 && is_any(*before.at, operators) ? field_before(expr, before.at + 1)
	                                                      : NULL;
}

size_t where_complete(const char *expr, size_t n, where_hint *hint, void *ctx)
{
	const char *at = expr + n;
	struct hints h = { .hint = hint, .ctx = ctx };
	struct word last, before;

	while (at > expr && !is_any(at[-1], ends_word))
		at--;
	h.typed = at;
	h.n = (size_t)(expr + n - at);
	last = word_before(expr, at);
	before = word_before(expr, last.at);
	if (opens_term(&last))
		offer_terms(&h);
	else if (is_any(*last.at, operators))
		offer_values(&h, field_before(expr, last.at + 1));
	else if (is_word(&last, "|"))
		offer_values(&h, field_before_bar(expr, last.at));
	else if (is_word(&last, ")") || is_keyword(&before) || is_word(&before, "|") ||
	         (before.n == 1 && is_any(*before.at, operators)))
		offer_joints(&h);
	else if (field_of(&last) && field_of(&last)->type != TYPE_FLAG)
		offer_operators(&h);
	else if (!is_keyword(&last))
		offer_joints(&h);
	return (size_t)(at - expr);
}
