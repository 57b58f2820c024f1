/* SPDX-License-Identifier: MIT */
/*
 * test_tui - what holds for all screens, whatever is typed.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tui/app.h"
#include "tui/escape.h"
#include "tui/script.h"

enum {
	KEYS = 12000,
	SIZES = 200,
};

static struct cap *cap;
static struct engine_options engine;
static struct store *store;
static struct tui_options options;
static struct app app;
static uint64_t random_state;

static void publish(void *ctx, int per_mille, uint64_t packets)
{
	store_publish(ctx, per_mille, packets);
}

enum {
	FILES = 7,
};

/* Kept until the capture is closed. */
static struct buf paths[FILES];
static const char *files[FILES];

static void path_of(struct buf *out, const char *name)
{
	const char *top = getenv("top_srcdir");

	buf_addf(out, "%s/captures/%s", top ? top : ".", name);
}

static void setup(void)
{
	static const char *const names[FILES] = { "timewait-reuse.pcap", "refused-port.pcap",
		"tap-loss.pcap", "unanswered.pcap", "midstream.pcap", "reset-unread-data.pcap",
		"ipv6.pcap" };
	struct cap_options co = { .files = files, .nfiles = FILES };
	struct sink *sink;
	struct err e;

	for (size_t i = 0; i < FILES; i++) {
		buf_init(&paths[i]);
		path_of(&paths[i], names[i]);
		files[i] = paths[i].data;
	}
	cap = cap_open(&co, &e);
	ck_assert_ptr_nonnull(cap);
	store = store_new(cap_facts(cap));
	engine = (struct engine_options){ .progress = publish, .progress_ctx = store };
	sink = store_sink(store);
	ck_assert_int_eq(engine_run(cap, &engine, &sink, 1, &e), 0);
	options = (struct tui_options){ .store = store,
		.cap = cap,
		.engine = &engine,
		.name = "a\033]0;b\a\x9b",
		.utc = true };
	app_init(&app, &options, 80, 24);
	random_state = 1;
}

static void teardown(void)
{
	app_release(&app);
	store_free(store);
	cap_close(cap);
	for (size_t i = 0; i < FILES; i++)
		buf_release(&paths[i]);
}

static uint32_t any(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static void event(struct app_event ev)
{
	app_event(&app, &ev);
	app_draw(&app);
}

static bool is_control(char32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e);
}

static bool is_sound(const struct cell *c)
{
	if (c->width == 0)
		return true;
	for (size_t i = 0; i < CELL_CHARS && c->ch[i]; i++)
		if (is_control(c->ch[i]))
			return false;
	return c->width <= 2 && c->role < ROLE_COUNT && c->ch[0] != 0;
}

/* An assertion for each cell would take most of the time. */
static void check_grid(void)
{
	const struct grid *g = &app.grid;

	for (int y = 0; y < g->h; y++) {
		int sum = 0;
		bool sound = true;

		for (int x = 0; x < g->w; x++) {
			sound = sound && is_sound(grid_at(g, y, x));
			sum += grid_at(g, y, x)->width;
		}
		ck_assert(sound);
		ck_assert_int_eq(sum, g->w);
	}
	ck_assert(g->cursor_y < g->h && g->cursor_x <= g->w);
}

static void resize(int w, int h)
{
	event((struct app_event){ .type = APP_RESIZE, .w = w, .h = h });
	check_grid();
}

static void any_size(void)
{
	resize((int)any(200) + 1, (int)any(70) + 1);
}

/* Keys that move and open more often than letters; none that writes a file. */
static uint32_t any_key(void)
{
	static const uint32_t often[] = { TUI_KEY_DOWN, TUI_KEY_UP, TUI_KEY_ENTER, TUI_KEY_ESCAPE,
		TUI_KEY_TAB, TUI_KEY_PAGE_DOWN, TUI_KEY_PAGE_UP, TUI_KEY_END, TUI_KEY_HOME,
		TUI_KEY_LEFT, TUI_KEY_RIGHT, TUI_KEY_BACKSPACE, 'j', 'k', 'n', 'q', '/', ':', '?',
		's' };
	uint32_t key;

	if (any(2))
		return often[any(ARRAY_LEN(often))];
	key = any(8) ? 0x20 + any(0x60) : any(0x110100 + 30);
	return key == 'e' || key == 'w' || key == TUI_KEY_F9 ? 'j' : key;
}

static void again(void)
{
	app_release(&app);
	app_init(&app, &options, 80, 24);
}

START_TEST(any_keys_do_no_harm)
{
	for (int i = 0; i < KEYS; i++) {
		event((struct app_event){
		    .type = APP_KEY, .key = any_key(), .now = i * INT64_C(30000000) });
		if (i % 8 == 0)
			check_grid();
		if (any(50) == 0)
			any_size();
		if (app.ui.is_over)
			again();
	}
}
END_TEST

static void remember(struct buf *out)
{
	buf_reset(out);
	app_draw(&app);
	script_dump(out, &app.grid, "");
}

START_TEST(a_size_comes_back_as_it_was)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	for (int i = 0; i < SIZES; i++) {
		event((struct app_event){ .type = APP_KEY, .key = any_key() });
		if (app.ui.is_over)
			again();
		resize(80, 24);
		remember(&before);
		any_size();
		any_size();
		resize(80, 24);
		remember(&after);
		ck_assert_str_eq(before.data, after.data);
	}
	buf_release(&before);
	buf_release(&after);
}
END_TEST

START_TEST(clicks_anywhere_do_no_harm)
{
	for (int i = 0; i < 1000; i++) {
		event((struct app_event){ .type = APP_CLICK,
		    .y = (int)any(80) - 5,
		    .x = (int)any(220) - 5,
		    .is_double = any(4) == 0 });
		check_grid();
		if (any(20) == 0)
			any_size();
	}
}
END_TEST

static void count_hint(void *ctx, const char *word, const char *gloss)
{
	size_t *n = ctx;

	ck_assert(*word && *gloss);
	++*n;
}

/* How many words are offered at the end of an expression, and where the word begins. */
static void expect_hints(const char *expr, size_t from, size_t at_least)
{
	size_t n = 0;

	ck_assert_uint_eq(where_complete(expr, strlen(expr), count_hint, &n), from);
	ck_assert_msg(n >= at_least && (at_least > 0 || n == 0), "%s: %zu", expr, n);
}

START_TEST(expressions_are_completed)
{
	expect_hints("", 0, 20);
	expect_hints("dur", 0, 1);
	expect_hints("duration ", 9, 7);
	expect_hints("duration > ", 11, 0);
	expect_hints("duration > 1s ", 14, 2);
	expect_hints("port 80 and serv", 12, 2);
	expect_hints("states.client = ", 16, 10);
	expect_hints("states.client=fin", 14, 2);
	expect_hints("findings.severity >= w", 21, 1);
	expect_hints("state = reset|", 14, 10);
	expect_hints("state=reset|open|hal", 17, 2);
	expect_hints("state = reset|open ", 19, 2);
	expect_hints("(", 1, 20);
	expect_hints("host ", 5, 0);
}
END_TEST

/* The key that these bytes behind an Esc are; all of them belong to it. */
static uint32_t key_behind_escape(const char *bytes)
{
	struct escape e = { 0 };
	size_t i = 0;

	while (bytes[i] && escape_add(&e, (uint8_t)bytes[i]))
		i++;
	ck_assert_msg(bytes[i] && !bytes[i + 1], "%s ends at %zu", bytes, i);
	return escape_key(&e);
}

START_TEST(sequences_are_one_key_or_none)
{
	static const struct {
		const char *bytes;
		uint32_t key;
	} cases[] = {
		{ "[1~", TUI_KEY_HOME },
		{ "[4~", TUI_KEY_END },
		{ "[7~", TUI_KEY_HOME },
		{ "[8~", TUI_KEY_END },
		{ "[H", TUI_KEY_HOME },
		{ "[F", TUI_KEY_END },
		{ "OH", TUI_KEY_HOME },
		{ "[1;5H", TUI_KEY_HOME },
		{ "[A", TUI_KEY_UP },
		{ "OD", TUI_KEY_LEFT },
		{ "[3~", TUI_KEY_DELETE },
		{ "[6;2~", TUI_KEY_PAGE_DOWN },
		{ "[11~", TUI_KEY_F1 },
		{ "[14~", TUI_KEY_F4 },
		{ "[24~", TUI_KEY_F12 },
		{ "[[B", TUI_KEY_F2 },
		{ "OS", TUI_KEY_F4 },
		{ "[I", 0 },
		{ "[200~", 0 },
		{ "[99999999999999~", 0 },
		{ "[16~", 0 },
		{ "[?1;2c", 0 },
		{ "[P", 0 },
		{ "x", 0 },
		{ "q", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(key_behind_escape(cases[i].bytes) == cases[i].key, "Esc %s: %x",
		    cases[i].bytes, key_behind_escape(cases[i].bytes));
}
END_TEST

START_TEST(half_a_sequence_is_no_key)
{
	struct escape e = { 0 };

	ck_assert_uint_eq(escape_key(&e), 0);
	ck_assert(escape_add(&e, '['));
	ck_assert_uint_eq(escape_key(&e), 0);
	ck_assert(escape_add(&e, '1'));
	ck_assert_uint_eq(escape_key(&e), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tui");
	TCase *tc = tcase_create("tui");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, any_keys_do_no_harm);
	tcase_add_test(tc, a_size_comes_back_as_it_was);
	tcase_add_test(tc, clicks_anywhere_do_no_harm);
	tcase_add_test(tc, expressions_are_completed);
	tcase_add_test(tc, sequences_are_one_key_or_none);
	tcase_add_test(tc, half_a_sequence_is_no_key);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
