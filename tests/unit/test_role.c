/* SPDX-License-Identifier: MIT */
/*
 * test_role - the rules of colours, for all themes, roles and depths.
 */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "tui/config_file.h"
#include "tui/settings.h"

enum { DEPTHS = 4, CUBE = 16, GREYS = 232 };

static const int depths[DEPTHS] = { 0, 8, 16, 256 };

/* What the terminal is asked for: a colour, -1 = its own, and attributes. */
struct shown {
	int color;
	uint8_t attr;
};

static struct shown shown(unsigned theme, unsigned role, int depth)
{
	struct role_look look = role_look((enum theme)theme, (enum role)role);

	if (depth == 0)
		return (struct shown){ -1, look.mono };
	return (struct shown){ depth == 256 ? look.color_256 : look.color_8, look.attr };
}

/* Of a channel of a colour, as WCAG 2 counts. */
static double linear(int value)
{
	double v = value / 255.0;

	return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static int step(int digit)
{
	return digit ? 55 + 40 * digit : 0;
}

static double luminance(int color)
{
	int c = color - CUBE, grey = 8 + 10 * (color - GREYS);

	if (color >= GREYS)
		return linear(grey);
	return 0.2126 * linear(step(c / 36)) + 0.7152 * linear(step(c / 6 % 6)) +
	       0.0722 * linear(step(c % 6));
}

static bool is_green(int depth, int color)
{
	int c = color - CUBE;

	if (depth != 256)
		return color == 2;
	return color >= CUBE && color < GREYS && c / 6 % 6 > c / 36 && c / 6 % 6 > c % 6;
}

/* Vermilion too, but not orange. */
static bool is_red(int depth, int color)
{
	int c = color - CUBE;

	if (depth != 256)
		return color == 1;
	return color >= CUBE && color < GREYS && c / 36 > 3 * (c / 6 % 6) && c / 36 > c % 6;
}

START_TEST(eight_colors_can_be_read)
{
	for (unsigned t = 0; t < THEME_COUNT; t++)
		for (unsigned r = 0; r < ROLE_COUNT; r++) {
			int color = shown(t, r, 8).color;

			ck_assert_msg(color >= -1 && color < 8, "%s", role_name((enum role)r));
			ck_assert_msg(color != 0 && color != 4 && color != 7,
			    "%s: black, blue and white are not for text", role_name((enum role)r));
			ck_assert_msg(t != THEME_LIGHT || color != 3, "%s: yellow on white",
			    role_name((enum role)r));
		}
}
END_TEST

/* Reversed it is the same contrast. */
START_TEST(colors_stand_out_from_the_background)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		int dark = shown(THEME_DARK, r, 256).color,
		    light = shown(THEME_LIGHT, r, 256).color;

		ck_assert_int_eq(dark < 0, light < 0);
		if (dark < 0)
			continue;
		ck_assert_int_ge(dark, CUBE);
		ck_assert_int_ge(light, CUBE);
		ck_assert_msg(
		    (luminance(dark) + 0.05) / 0.05 >= 4.5, "%s on black", role_name((enum role)r));
		ck_assert_msg(1.05 / (luminance(light) + 0.05) >= 4.5, "%s on white",
		    role_name((enum role)r));
	}
}
END_TEST

START_TEST(red_and_green_are_no_pair)
{
	for (unsigned t = 0; t < THEME_COUNT; t++)
		for (unsigned d = 0; d < DEPTHS; d++)
			for (unsigned a = 0; a < ROLE_COUNT; a++)
				for (unsigned b = 0; b < ROLE_COUNT; b++) {
					struct shown x = shown(t, a, depths[d]);
					struct shown y = shown(t, b, depths[d]);

					if (is_red(depths[d], x.color) &&
					    is_green(depths[d], y.color))
						ck_assert_msg(x.attr != y.attr, "%s, %s",
						    role_name((enum role)a),
						    role_name((enum role)b));
				}
}
END_TEST

static void check_apart(unsigned t, int depth, enum role a, enum role b)
{
	struct shown x = shown(t, a, depth), y = shown(t, b, depth);

	ck_assert_msg(x.attr != y.attr || x.color != y.color, "%s, %s: theme %u, %d colours",
	    role_name(a), role_name(b), t, depth);
}

START_TEST(what_matters_looks_different_everywhere)
{
	static const enum role pairs[][2] = {
		{ ROLE_ERROR, ROLE_NORMAL },
		{ ROLE_ERROR, ROLE_WARN },
		{ ROLE_WARN, ROLE_NORMAL },
		{ ROLE_WARN, ROLE_NOTE },
		{ ROLE_STATE, ROLE_NORMAL },
		{ ROLE_HEAD, ROLE_NORMAL },
		{ ROLE_MATCH, ROLE_NORMAL },
		{ ROLE_TITLE, ROLE_NORMAL },
		{ ROLE_TITLE, ROLE_TITLE_WARN },
		{ ROLE_KEY, ROLE_BAR },
	};

	for (unsigned t = 0; t < THEME_COUNT; t++)
		for (unsigned d = 0; d < DEPTHS; d++)
			for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
				check_apart(t, depths[d], pairs[i][0], pairs[i][1]);
}
END_TEST

START_TEST(without_colors_there_are_none)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned d = 0; d < DEPTHS; d++) {
			struct shown mono = shown(THEME_MONO, r, depths[d]);
			struct shown high = shown(THEME_HIGH_CONTRAST, r, depths[d]);

			ck_assert_int_eq(mono.color, -1);
			ck_assert_uint_eq(mono.attr, shown(THEME_DARK, r, 0).attr);
			ck_assert_int_eq(high.color, -1);
			ck_assert_uint_eq(high.attr & ATTR_DIM, 0);
		}
}
END_TEST

/* The order of the words is that of enum theme. */
START_TEST(themes_have_their_names)
{
	static const char *const names[THEME_COUNT] = { "dark", "light", "mono", "high-contrast" };
	struct buf word = BUF_INIT;

	for (unsigned t = 0; t < THEME_COUNT; t++) {
		buf_reset(&word);
		settings_word(&word, SETTING_THEME, t);
		ck_assert_str_eq(word.data, names[t]);
	}
	buf_reset(&word);
	settings_word(&word, SETTING_THEME, THEME_COUNT);
	ck_assert_uint_eq(word.len, 0);
	buf_release(&word);
}
END_TEST

START_TEST(the_user_has_the_last_word)
{
	const char *top = getenv("top_srcdir");
	struct tui_options options = { .store = NULL };
	struct buf name = BUF_INIT;
	struct err e = { "" };
	struct ui ui;

	ui_init(&ui, &options);
	buf_addf(&name, "%s/tests/tui/right.config", top ? top : ".");
	ck_assert_msg(config_file_read(&ui, name.data, &e) == 0, "%s", e.text);
	ck_assert_int_eq(settings_set(&ui, "theme light", &e), 0);
	ck_assert_int_eq(ui.looks[ROLE_CLIENT].color_256, 33);
	ck_assert_uint_eq(ui.looks[ROLE_CLIENT].attr, ATTR_BOLD);
	ck_assert_int_eq(ui.looks[ROLE_NOTE].color_256, 33);
	ck_assert_int_eq(ui.looks[ROLE_NOTE].color_8, role_look(THEME_LIGHT, ROLE_NOTE).color_8);
	ck_assert_int_eq(ui.looks[ROLE_WARN].color_8, 3);
	ck_assert_int_eq(
	    ui.looks[ROLE_SERVER].color_256, role_look(THEME_LIGHT, ROLE_SERVER).color_256);
	ck_assert_int_eq(settings_set(&ui, "theme dark", &e), 0);
	ck_assert_int_eq(ui.looks[ROLE_CLIENT].color_256, 33);
	ck_assert_int_eq(
	    ui.looks[ROLE_SERVER].color_256, role_look(THEME_DARK, ROLE_SERVER).color_256);
	ck_assert_int_eq(ui.looks[ROLE_NOTE].color_8, role_look(THEME_DARK, ROLE_NOTE).color_8);
	ck_assert_int_lt(settings_set(&ui, "theme pink", &e), 0);
	ui_release(&ui);
	buf_release(&name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("role");
	TCase *tc = tcase_create("role");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, eight_colors_can_be_read);
	tcase_add_test(tc, colors_stand_out_from_the_background);
	tcase_add_test(tc, red_and_green_are_no_pair);
	tcase_add_test(tc, what_matters_looks_different_everywhere);
	tcase_add_test(tc, without_colors_there_are_none);
	tcase_add_test(tc, themes_have_their_names);
	tcase_add_test(tc, the_user_has_the_last_word);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
