/* SPDX-License-Identifier: MIT */
/*
 * test_growth - screens while the capture grows under them: the cursor stays on what it is on, and a pause is one.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stored.h"
#include "tui/app.h"
#include "tui/script.h"

enum { FILES = 5 };

struct growth {
	struct tui_options o;
	struct app app;
	bool is_open;
	unsigned drawn, moved; /* times; that the row under the cursor had another place */
	int y;
	struct buf row, screen;
};

static void key(struct growth *w, const char *keys)
{
	for (; *keys; keys++)
		app_event(&w->app, &(struct app_event){ .type = APP_KEY,
		                       .key = *keys == '\n' ? TUI_KEY_ENTER : (uint8_t)*keys });
}

static void grow(struct growth *w)
{
	app_event(&w->app, &(struct app_event){ .type = APP_GREW });
	app_draw(&w->app);
}

/* The line with the cursor. */
static void selected(struct buf *out, const struct growth *w)
{
	struct buf text = BUF_INIT;
	const char *line;

	script_text(&text, &w->app.grid);
	line = text.data;
	for (int y = 0; y < w->app.grid.cursor_y; y++)
		line = strchr(line, '\n') + 1;
	buf_reset(out);
	buf_add(out, line, strcspn(line, "\n"));
	buf_release(&text);
}

static void check_cursor(struct growth *w)
{
	struct buf now = BUF_INIT;

	selected(&now, w);
	ck_assert_str_eq(now.data, w->row.data);
	w->moved += w->app.grid.cursor_y != w->y;
	w->y = w->app.grid.cursor_y;
	buf_release(&now);
}

/* Once there are three findings the cursor goes to the second, and stays on it. */
static void look_at_findings(void *ctx, int per_mille, uint64_t packets)
{
	struct growth *w = ctx;
	struct store_snapshot now;

	store_publish(w->o.store, per_mille, packets);
	store_snapshot(w->o.store, &now);
	if (now.nfindings < 3)
		return;
	if (!w->is_open) {
		key(w, "a:group none\n:sort severity\nj");
		app_draw(&w->app);
		selected(&w->row, w);
		w->y = w->app.grid.cursor_y;
		w->is_open = true;
		return;
	}
	grow(w);
	check_cursor(w);
	w->drawn++;
}

/* Below the title. */
static void screen_text(struct buf *out, const struct growth *w)
{
	struct buf text = BUF_INIT;

	script_text(&text, &w->app.grid);
	buf_reset(out);
	buf_addstr(out, strchr(text.data, '\n'));
	buf_release(&text);
}

static void look_while_paused(void *ctx, int per_mille, uint64_t packets)
{
	struct growth *w = ctx;
	struct store_snapshot now;
	struct buf text = BUF_INIT;

	store_publish(w->o.store, per_mille, packets);
	store_snapshot(w->o.store, &now);
	if (now.nsessions < 2)
		return;
	if (!w->is_open) {
		grow(w);
		key(w, "p");
		app_draw(&w->app);
		screen_text(&w->screen, w);
		w->is_open = true;
		return;
	}
	grow(w);
	screen_text(&text, w);
	ck_assert_str_eq(text.data, w->screen.data);
	w->drawn++;
	buf_release(&text);
}

static void run(struct growth *w, void (*look)(void *, int, uint64_t))
{
	static const char *const names[FILES] = { "normal.pcap", "zero-window.pcap",
		"reset-unread-data.pcap", "data-lost.pcap", "tap-loss.pcap" };
	char paths[FILES][4096];
	const char *files[FILES];
	struct cap_options co = { .files = files, .nfiles = FILES };
	struct engine_options engine = {
		.threads = 1, .batch_packets = 1, .progress = look, .progress_ctx = w
	};
	struct sink *sink;
	struct err e = { "" };

	for (size_t i = 0; i < FILES; i++) {
		stored_path(paths[i], names[i]);
		files[i] = paths[i];
	}
	w->o = (struct tui_options){ .name = "test", .utc = true, .engine = &engine };
	w->o.cap = cap_open(&co, &e);
	ck_assert_msg(w->o.cap != NULL, "%s", e.text);
	w->o.store = store_new(cap_facts(w->o.cap));
	app_init(&w->app, &w->o, 100, 30);
	sink = store_sink(w->o.store);
	ck_assert_int_eq(engine_run(w->o.cap, &engine, &sink, 1, &e), 0);
	grow(w);
}

static void end(struct growth *w)
{
	app_release(&w->app);
	store_free(w->o.store);
	cap_close(w->o.cap);
	buf_release(&w->row);
	buf_release(&w->screen);
}

START_TEST(the_cursor_stays_on_its_finding)
{
	struct growth w = { .is_open = false };

	run(&w, look_at_findings);
	check_cursor(&w);
	ck_assert(w.is_open && w.drawn > 5 && w.moved > 0);
	end(&w);
}
END_TEST

START_TEST(a_pause_keeps_the_screen)
{
	struct growth w = { .is_open = false };
	struct buf title = BUF_INIT, text = BUF_INIT;

	run(&w, look_while_paused);
	ck_assert(w.is_open && w.drawn > 20);
	script_text(&title, &w.app.grid);
	ck_assert_msg(strstr(title.data, "PAUSED +3 new") != NULL, "%s", title.data);
	key(&w, "a");
	app_draw(&w.app);
	script_text(&text, &w.app.grid);
	ck_assert_msg(strstr(text.data, "1 finding in 1 session so far") != NULL, "%s", text.data);
	key(&w, "p");
	app_draw(&w.app);
	buf_reset(&text);
	script_text(&text, &w.app.grid);
	ck_assert_ptr_null(strstr(text.data, "so far"));
	ck_assert_ptr_nonnull(strstr(text.data, " sessions\n"));
	buf_release(&title);
	buf_release(&text);
	end(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("growth");
	TCase *tc = tcase_create("growth");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_cursor_stays_on_its_finding);
	tcase_add_test(tc, a_pause_keeps_the_screen);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
