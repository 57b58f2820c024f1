/* SPDX-License-Identifier: MIT */
/*
 * test_column - a column says the same on the screen, in `list` and in the filter language, in every capture.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stored.h"
#include "tcpshadow/report.h"
#include "tui/column.h"

static const struct engine_options engine = { .threads = 1 };

/* Columns whose cells are the same text in `list`; states are written out there, and packets counted exactly. */
static const struct {
	enum column column;
	unsigned place; /* of the cell in `list` */
} same[] = {
	{ COLUMN_HEALTH, 0 },
	{ COLUMN_ID, 1 },
	{ COLUMN_CLIENT, 3 },
	{ COLUMN_SERVER, 4 },
	{ COLUMN_BYTES, 8 },
	{ COLUMN_RTT, 10 },
	{ COLUMN_RETX, 11 },
	{ COLUMN_DURATION, 12 },
};

/* The n-th cell of a line: two blanks are between them. */
static void cell_of(struct buf *out, const char *line, unsigned n)
{
	buf_reset(out);
	for (; n > 0 && line; n--) {
		line = strstr(line, "  ");
		line = line ? line + strspn(line, " ") : NULL;
	}
	for (; line && *line && *line != '\n' && strncmp(line, "  ", 2) != 0; line++)
		buf_addch(out, *line);
}

static void check_line(const struct column_cell *cell, const char *line, const char *name)
{
	struct buf listed = BUF_INIT, shown = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		buf_reset(&shown);
		column_text(&shown, cell, same[i].column);
		cell_of(&listed, line, same[i].place);
		ck_assert_msg(strcmp(shown.data, listed.data) == 0, "%s #%u %s: '%s' but '%s'",
		    name, cell->index + 1, column_row(same[i].column)->name, shown.data,
		    listed.data);
	}
	buf_release(&listed);
	buf_release(&shown);
}

/* The lines of `list`, in order of connections. */
static void check_list(const struct stored *s, const struct buf *list, const char *name)
{
	struct ui ui = { .store = s->store };
	struct store_session row;
	struct store_snapshot now;
	const char *line = strchr(list->data, '\n');
	uint32_t seen = 0;

	store_snapshot(s->store, &now);
	for (; line && line[1] && now.nsessions > now.nforgotten; line = strchr(line + 1, '\n')) {
		struct buf id = BUF_INIT;
		struct column_cell cell = { &ui, &row, 0 };

		cell_of(&id, line + 1, 1);
		cell.index = (uint32_t)strtoul(id.data, NULL, 10) - 1;
		ck_assert_msg(cell.index < now.nsessions, "%s: %s", name, line);
		store_session(s->store, cell.index, &row);
		check_line(&cell, line + 1, name);
		buf_release(&id);
		seen++;
	}
	ck_assert_uint_eq(seen, now.nsessions - now.nforgotten);
}

static void list_and_compare(const char *name)
{
	char path[4096];
	const char *file = path;
	FILE *f = tmpfile();
	struct report_out out;
	struct report_options o = { .out = &out, .sort = REPORT_SORT_COUNT };
	struct cap_options co = { .files = &file, .nfiles = 1 };
	struct sink *sinks[2];
	struct buf list = BUF_INIT;
	struct stored s;
	struct err e;

	ck_assert_ptr_nonnull(f);
	stored_path(path, name);
	s.cap = cap_open(&co, &e);
	if (!s.cap)
		return;
	s.store = store_new(cap_facts(s.cap));
	report_out_init(&out, f);
	o.facts = cap_facts(s.cap);
	sinks[0] = store_sink(s.store);
	sinks[1] = report_list_new(&o);
	(void)!engine_run(s.cap, &engine, sinks, 2, &e);
	rewind(f);
	for (int c; (c = getc(f)) != EOF;)
		buf_addch(&list, (char)c);
	check_list(&s, &list, name);
	report_sink_free(sinks[1]);
	report_out_release(&out);
	(void)fclose(f);
	buf_release(&list);
	stored_close(&s);
}

START_TEST(the_list_says_the_same)
{
	stored_for_captures(list_and_compare);
}
END_TEST

static bool matches(const struct stored *s, const char *expr, uint32_t i, const char *name)
{
	struct where_error e;
	struct where *w = where_compile(expr, false, &e);
	bool found;

	ck_assert_msg(w != NULL, "%s: %s: %s", name, expr, e.what.text);
	found = store_matches(s->store, w, i);
	where_free(w);
	return found;
}

/* Do two rows say the same? */
static bool is_alike(const struct column_cell *a, const struct column_cell *b, enum column c)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same_text;

	column_text(&x, a, c);
	column_text(&y, b, c);
	same_text = strcmp(x.data, y.data) == 0;
	buf_release(&x);
	buf_release(&y);
	return same_text;
}

/* What `*` makes of a cell has its row, of the column H no row that says something else. */
static void check_expressions(const char *name)
{
	char path[4096];
	const char *file = path;
	struct stored s;
	struct store_snapshot now;
	struct store_session row, other;
	struct buf expr = BUF_INIT;

	stored_path(path, name);
	if (!stored_open(&s, &file, 1, &engine, NULL))
		return;
	store_snapshot(s.store, &now);
	for (uint32_t i = 0; i < now.nsessions && i < 40; i++) {
		struct ui ui = { .store = s.store };
		struct column_cell cell = { &ui, &row, i },
		                   next = { &ui, &other, (i + 1) % now.nsessions };

		store_session(s.store, i, &row);
		store_session(s.store, next.index, &other);
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			buf_reset(&expr);
			column_expression(&expr, &cell, (enum column)c);
			if (expr.len && !row.is_forgotten)
				ck_assert_msg(matches(&s, expr.data, i, name), "%s #%u: %s", name,
				    i + 1, expr.data);
		}
		buf_reset(&expr);
		column_expression(&expr, &cell, COLUMN_HEALTH);
		if (row.is_forgotten || other.is_forgotten || is_alike(&cell, &next, COLUMN_HEALTH))
			continue;
		ck_assert_msg(!matches(&s, expr.data, next.index, name), "%s #%u: %s", name,
		    next.index + 1, expr.data);
	}
	buf_release(&expr);
	stored_close(&s);
}

START_TEST(cells_become_filters)
{
	stored_for_captures(check_expressions);
}
END_TEST

/* How a connection stands whose record has not come. */
START_TEST(what_is_open_stands_somewhere)
{
	static const struct {
		uint8_t client, server;
		bool is_midstream;
		const char *state;
	} cases[] = {
		{ TCPS_SYN_SENT, TCPS_UNKNOWN, false, "half-open" },
		{ TCPS_SYN_SENT, TCPS_SYN_RECEIVED, false, "half-open" },
		{ TCPS_ESTABLISHED, TCPS_SYN_RECEIVED, false, "half-open" },
		{ TCPS_ESTABLISHED, TCPS_ESTABLISHED, false, "open" },
		{ TCPS_UNKNOWN, TCPS_ESTABLISHED, true, "mid, open" },
		{ TCPS_FIN_WAIT_1, TCPS_ESTABLISHED, false, "half-closed" },
		{ TCPS_FIN_WAIT_2, TCPS_CLOSE_WAIT, false, "half-closed" },
		{ TCPS_TIME_WAIT, TCPS_LAST_ACK, false, "closed" },
		{ TCPS_CLOSED, TCPS_TIME_WAIT, false, "closed" },
		{ TCPS_CLOSED, TCPS_CLOSED, false, "RST" },
		{ TCPS_CLOSED, TCPS_ESTABLISHED, false, "RST" },
	};
	struct ui ui = { .nrates = 0 };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct store_session row = { .is_midstream = cases[i].is_midstream };
		struct column_cell cell = { &ui, &row, 0 };

		row.sides[SIDE_CLIENT].state = cases[i].client;
		row.sides[SIDE_SERVER].state = cases[i].server;
		buf_reset(&text);
		column_text(&text, &cell, COLUMN_STATE);
		ck_assert_msg(strcmp(text.data, cases[i].state) == 0, "%zu: %s", i, text.data);
	}
	buf_release(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("column");
	TCase *tc = tcase_create("column");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_list_says_the_same);
	tcase_add_test(tc, cells_become_filters);
	tcase_add_test(tc, what_is_open_stands_somewhere);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
