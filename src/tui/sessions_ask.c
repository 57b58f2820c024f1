/* SPDX-License-Identifier: MIT */
/*
 * sessions_ask - what the prompts and menus of the sessions screen offer.
 */
#include "config.h"

#include <string.h>

#include "tui/choices.h"
#include "tui/prompt.h"
#include "tui/sessions.h"

enum { HINTS_MAX = 60 };

static void offer(void *ctx, const char *word, const char *gloss)
{
	struct choices *out = ctx;

	if (out->n < HINTS_MAX)
		choices_add(out, word, gloss, false);
}

static void filter_choices(const char *typed, struct choices *out)
{
	size_t n = strlen(typed), from = where_complete(typed, n, offer, out);

	out->from = from;
	if (from == 0 && n && strncmp("marked", typed, n) == 0)
		choices_add(out, "marked", "what was marked with Space; marked and EXPR", false);
	if (out->n == 1 && strcmp(out->items[0].text, typed + from) == 0)
		choices_clear(out);
}

static void column_choices(
    const struct sessions *s, enum action a, const char *typed, struct choices *out)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		const struct column_row *row = column_row((enum column)c);
		bool on = a == ACTION_SORT ? s->sort == c : (s->columns & 1u << c) != 0;

		if (strncmp(row->name, typed, strlen(typed)) == 0)
			choices_add(out, row->name, row->help, on);
	}
	out->are_flags = a == ACTION_COLUMNS;
	if (a == ACTION_COLUMNS && strncmp("auto", typed, strlen(typed)) == 0)
		choices_add(out, "auto", "by the width of the screen", s->chosen == 0);
}

static void copy_choices(struct choices *out)
{
	choices_add(out, "addresses", "client and server", false);
	choices_add(out, "row", "the row as text", false);
	choices_add(out, "cell", "of the column that they are ordered by", false);
	choices_add(out, "wireshark", "a display filter", false);
	choices_add(out, "bpf", "a capture filter, as for tcpdump", false);
	choices_add(out, "filter", "an expression for the filter and for --where", false);
}

void sessions_choices(struct sessions *s, enum action a, const char *typed, struct choices *out)
{
	switch ((int)a) {
	case ACTION_FILTER:
		filter_choices(typed, out);
		break;
	case ACTION_SORT:
	case ACTION_COLUMNS:
		column_choices(s, a, typed, out);
		break;
	case ACTION_COPY:
		copy_choices(out);
		break;
	}
}

static void count_hint(void *ctx, const char *word, const char *gloss)
{
	size_t *n = ctx;

	(void)word;
	(void)gloss;
	++*n;
}

/* It may become an expression: words of the filter language begin like it. */
static bool may_grow(const char *text)
{
	size_t n = 0;

	(void)where_complete(text, strlen(text), count_hint, &n);
	return n > 0;
}

/* What is right takes effect while it is typed; the last that was right stays. */
void sessions_typing(struct sessions *s, const char *text, struct prompt_error *e)
{
	struct where_error wrong = { 0 };
	struct where *where = sessions_compile(s, text, &wrong);
	bool only_marked;
	const char *rest = sessions_filter_rest(text, &only_marked);

	e->is_wrong = !where && *rest && (only_marked || sessions_is_expression(text));
	e->at = wrong.at;
	e->len = wrong.len;
	e->what = wrong.what;
	if (where || *text == '\0' || (!e->is_wrong && !may_grow(text)))
		(void)sessions_type_filter(s, text, &wrong);
	where_free(where);
}

static void put_both(
    struct buf *out, const struct store_session *row, const char *ip, const char *port)
{
	for (int side = 0; side < 2; side++) {
		const struct endpoint_addr *a = &row->sides[side].addr;

		buf_addf(out, "%s%s", side ? " and " : "", ip);
		addr_text(out, &a->ip, a->version);
		buf_addf(out, " and %s%u", port, a->port);
	}
}

static void wireshark(struct buf *out, const struct store_session *row)
{
	for (int side = 0; side < 2; side++) {
		const struct endpoint_addr *a = &row->sides[side].addr;

		buf_addf(
		    out, "%s%s == ", side ? " && " : "", a->version == 4 ? "ip.addr" : "ipv6.addr");
		addr_text(out, &a->ip, a->version);
		buf_addf(out, " && tcp.port == %u", a->port);
	}
}

static void row_text(struct buf *out, const struct column_cell *cell)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_ACTIVITY)
			continue;
		buf_addstr(out, c ? "\t" : "");
		column_text(out, cell, (enum column)c);
	}
}

bool sessions_copy(
    struct ui *ui, const struct column_cell *cell, enum column sort, const char *what)
{
	const struct store_session *row = cell->row;
	struct buf text = BUF_INIT;
	bool known;

	if (strcmp(what, "row") == 0)
		row_text(&text, cell);
	else if (strcmp(what, "wireshark") == 0)
		wireshark(&text, row);
	else if (strcmp(what, "bpf") == 0)
		put_both(&text, row, "host ", "port ");
	else if (strcmp(what, "filter") == 0)
		buf_addf(&text, "id = %u", cell->index + 1);
	else if (strcmp(what, "cell") == 0)
		column_text(&text, cell, sort);
	if (strcmp(what, "addresses") == 0) {
		endpoint_text(&text, &row->sides[SIDE_CLIENT].addr);
		buf_addch(&text, ' ');
		endpoint_text(&text, &row->sides[SIDE_SERVER].addr);
	}
	known = text.len > 0;
	if (known)
		ui_copy(ui, text.data, text.len);
	buf_release(&text);
	return known;
}
