/* SPDX-License-Identifier: MIT */
/*
 * sessions - rows of the sessions screen: filter, order, marks.
 *
 * While a capture is being read the rows are put in order anew a few times a second, never more, and less often the
 * more there are and while keys are typed: an order of 100,000 rows costs more than a key may wait.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tui/sessions.h"

#define PACE      (NS_PER_SEC / 2)
#define ROW_PACE  INT64_C(20000) /* in addition, for each row: some fifty times what it costs */
#define LIVE_PACE NS_PER_SEC
/* For so long after a key nothing moves, so that Enter opens what was under the eye. */
#define KEY_PEACE (2 * NS_PER_SEC)

static int compare(const void *a, const void *b)
{
	const struct column_key *x = a, *y = b;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static bool has_text(const struct sessions *s, const struct column_cell *cell)
{
	struct buf text = BUF_INIT;
	bool found;

	column_row_text(&text, cell);
	found = strcasestr(text.data, s->filter.data) != NULL;
	buf_release(&text);
	return found;
}

static bool is_wanted(const struct sessions *s, const struct column_cell *cell)
{
	if (cell->row->is_forgotten)
		return false;
	if (s->filter.len == 0)
		return true;
	if (s->only_marked && !sessions_is_marked(s, cell->index))
		return false;
	if (s->where)
		return store_matches(cell->ui->store, s->where, cell->index);
	return s->only_marked || has_text(s, cell);
}

static void order(struct sessions *s, struct column_key *keys)
{
	qsort(keys, s->nshown, sizeof(*keys), compare);
	for (size_t i = 0; i < s->nshown; i++) {
		size_t from = s->descending ? s->nshown - 1 - i : i;

		s->shown[i] = keys[from].index;
	}
}

/* In descending order, rows that are equal stay in order of their numbers. */
static void collect(struct sessions *s, const struct ui *ui)
{
	uint32_t n = ui->snap.nsessions;
	struct column_key *keys = mem_alloc(n ? n : 1, sizeof(*keys));
	struct store_session row;

	s->nshown = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct column_cell cell = { ui, &row, i };

		store_session(ui->store, i, &row);
		if (!is_wanted(s, &cell))
			continue;
		keys[s->nshown] = column_key(&cell, s->sort);
		if (s->descending)
			keys[s->nshown].index = UINT32_MAX - i;
		s->nshown++;
	}
	if (n > s->cap_shown) {
		s->cap_shown = n + n / 2;
		s->shown = mem_resize(s->shown, s->cap_shown, sizeof(*s->shown));
	}
	order(s, keys);
	for (size_t i = 0; s->descending && i < s->nshown; i++)
		s->shown[i] = UINT32_MAX - s->shown[i];
	free(keys);
}

/* The cursor stays on its session, or on its row when that is not shown any more. */
static void keep_cursor(struct sessions *s, struct ui *ui)
{
	if (!s->has_moved)
		s->list.cursor = 0;
	else if (s->follows)
		s->list.cursor = s->nshown ? s->nshown - 1 : 0;
	else if (ui->session != STORE_NONE && sessions_go(s, ui, ui->session))
		return;
	if (s->list.cursor >= s->nshown)
		s->list.cursor = s->nshown ? s->nshown - 1 : 0;
	ui->session = s->nshown ? s->shown[s->list.cursor] : STORE_NONE;
}

/* Once a second: how many bytes came since the last time. */
static void sample(struct sessions *s, struct ui *ui)
{
	uint32_t n = ui->snap.nsessions;
	int64_t passed = ui->now - s->sampled_at;
	struct store_session row;

	if (!ui->options->is_live || passed < NS_PER_SEC)
		return;
	s->sampled_at = ui->now;
	s->sampled = mem_resize(s->sampled, n + 1, sizeof(*s->sampled));
	s->rates = mem_resize(s->rates, n + 1, sizeof(*s->rates));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t bytes, before = i < s->nsampled ? s->sampled[i] : 0;

		store_session(ui->store, i, &row);
		bytes = row.sides[0].bytes + row.sides[1].bytes;
		s->rates[i] = (uint64_t)((double)(bytes - before) * 1e9 / (double)passed);
		s->sampled[i] = bytes;
	}
	s->nsampled = ui->nrates = n;
	ui->rates = s->rates;
}

/* Time between two orders of a file that is being read. */
static int64_t pace(const struct sessions *s, const struct ui *ui)
{
	bool is_typing = ui->key_at && ui->now - ui->key_at < KEY_PEACE;

	return (PACE + ROW_PACE * (int64_t)s->nshown) * (is_typing ? 2 : 1);
}

static bool is_due(const struct sessions *s, const struct ui *ui)
{
	if (s->nshown == 0 || ui->snap.is_done)
		return s->generation != ui->snap.generation;
	if (!ui->options->is_live)
		return s->generation != ui->snap.generation &&
		       ui->now - s->ordered_at >= pace(s, ui);
	return !ui->is_paused && !ui->is_asking && ui->now - s->ordered_at >= LIVE_PACE &&
	       (s->follows || ui->now - ui->key_at >= KEY_PEACE);
}

/* Nothing more comes before somebody looks. */
static bool is_typed(const struct ui *ui)
{
	return ui->is_drawing || !ui->is_asking;
}

void sessions_update(struct sessions *s, struct ui *ui, bool at_once)
{
	sample(s, ui);
	if (!at_once && !(s->is_stale && is_typed(ui)) && !is_due(s, ui))
		return;
	s->is_stale = false;
	s->generation = ui->snap.generation;
	s->ordered_at = ui->now;
	collect(s, ui);
	keep_cursor(s, ui);
}

bool sessions_go(struct sessions *s, struct ui *ui, uint32_t index)
{
	for (size_t i = 0; i < s->nshown; i++) {
		if (s->shown[i] != index)
			continue;
		s->list.cursor = i;
		ui->session = index;
		return true;
	}
	return false;
}

bool sessions_is_marked(const struct sessions *s, uint32_t index)
{
	return index / 8 < s->nmarks_bytes && (s->marks[index / 8] & 1u << index % 8);
}

void sessions_mark(struct sessions *s, uint32_t index, bool on)
{
	size_t need = index / 8 + 1;

	if (sessions_is_marked(s, index) == on)
		return;
	if (need > s->nmarks_bytes) {
		s->marks = mem_resize(s->marks, need * 2, 1);
		memset(s->marks + s->nmarks_bytes, 0, need * 2 - s->nmarks_bytes);
		s->nmarks_bytes = need * 2;
	}
	s->marks[index / 8] ^= (uint8_t)(1u << index % 8);
	s->nmarked += on ? 1 : -1u;
}

/* The word, with a blank behind it. */
static bool has_word(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at && at[strlen(word)] == ' ';
}

bool sessions_is_expression(const char *text)
{
	static const char *const words[] = { " and ", " or ", "not " };

	if (strpbrk(text, "=<>~!()"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(text, words[i]))
			return true;
	for (size_t i = 0; i < where_keyword_count(); i++)
		if (has_word(text, where_keyword_at(i).word))
			return true;
	return false;
}

const char *sessions_filter_rest(const char *text, bool *only_marked)
{
	static const char marked[] = "marked", and[] = " and ";
	size_t n = sizeof(marked) - 1;

	*only_marked = strncmp(text, marked, n) == 0 &&
	               (text[n] == '\0' || strncmp(text + n, and, sizeof(and) - 1) == 0);
	if (!*only_marked)
		return text;
	return text[n] ? text + n + sizeof(and) - 1 : text + n;
}

/* Behind `marked and`, which does not bind the whole of `A or B` in the language. */
static struct where *refuse_or(struct where *where, struct where_error *e)
{
	size_t at = where ? where_outer_or(where) : SIZE_MAX;

	if (at == SIZE_MAX)
		return where;
	where_free(where);
	e->at = at;
	e->len = 2;
	(void)err_set(&e->what, "'and' goes before 'or': marked and (A or B)");
	return NULL;
}

struct where *sessions_compile(const struct sessions *s, const char *text, struct where_error *e)
{
	bool only_marked;
	const char *rest = sessions_filter_rest(text, &only_marked);
	struct where *where = *rest ? where_compile(rest, s->utc, e) : NULL;

	if (only_marked)
		where = refuse_or(where, e);
	e->at += (size_t)(rest - text);
	return where;
}

bool sessions_type_filter(struct sessions *s, const char *text, struct where_error *e)
{
	bool only_marked;
	const char *rest = sessions_filter_rest(text, &only_marked);
	struct where *where = sessions_compile(s, text, e);

	if (!where && *rest && (only_marked || sessions_is_expression(text)))
		return false;
	where_free(s->where);
	s->where = where;
	s->only_marked = only_marked;
	buf_reset(&s->filter);
	buf_addstr(&s->filter, text);
	s->is_stale = true;
	return true;
}

bool sessions_set_filter(struct sessions *s, struct ui *ui, const char *text, struct where_error *e)
{
	if (!sessions_type_filter(s, text, e))
		return false;
	sessions_update(s, ui, true);
	return true;
}
