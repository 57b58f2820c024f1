/* SPDX-License-Identifier: MIT */
/*
 * test_grid - what reaches the screen: safe, measured, cut with a mark, never beyond its columns.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/bind.h"
#include "tui/script.h"
#include "tui/width.h"

static struct grid grid;

static void setup(void)
{
	grid_init(&grid, 20, 3, TIER_BLOCKS);
}

static void teardown(void)
{
	grid_release(&grid);
}

static void expect_line(int y, const char *expected)
{
	struct buf text = BUF_INIT;
	char *line;

	script_text(&text, &grid);
	line = text.data;
	while (y-- > 0)
		line = strchr(line, '\n') + 1;
	*strchr(line, '\n') = '\0';
	ck_assert_str_eq(line, expected);
	buf_release(&text);
}

/* Every row is as wide as the grid, and no cell holds a control. */
static void check_rows(void)
{
	for (int y = 0; y < grid.h; y++) {
		int sum = 0;

		for (int x = 0; x < grid.w; x++) {
			const struct cell *c = grid_at(&grid, y, x);

			sum += c->width;
			ck_assert(c->width == 0 || c->ch[0] >= 0x20);
			ck_assert(c->ch[0] != 0x7f && (c->ch[0] < 0x80 || c->ch[0] >= 0xa0));
			ck_assert(c->width != 2 || grid_at(&grid, y, x + 1)->width == 0);
		}
		ck_assert_int_eq(sum, grid.w);
	}
}

static void put(int x, int w, const char *text)
{
	struct pen p = grid_pen(&grid, 0, x, w, ROLE_NORMAL);

	grid_puts(&p, text);
	check_rows();
}

START_TEST(text_is_made_safe)
{
	put(0, 20, "a\033[31m\t\x9b\xc2\x9b\x7f");
	expect_line(0, "a^[[31m^I\\x9b<U+009\u2026");
	put(0, 20, "\xe2\x80\xae|\xef\xbb\xbf.....");
	expect_line(0, "<U+202E>|<U+FEFF>..\u2026");
	grid.tier = TIER_ASCII;
	put(0, 20, "\xe2\x86\x92 eins zwei drei vier");
	expect_line(0, "\\xe2\\x86\\x92 eins z~");
}
END_TEST

START_TEST(what_has_no_room_is_cut_with_a_mark)
{
	put(0, 5, "123456");
	expect_line(0, "1234\u2026");
	put(0, 5, "12345");
	expect_line(0, "12345");
	put(18, 50, "xyz");
	expect_line(0, "12345             x\u2026");
	put(0, 0, "nothing");
	expect_line(0, "12345             x\u2026");
}
END_TEST

START_TEST(pens_go_on_where_they_were)
{
	struct pen p = grid_pen(&grid, 1, 2, 6, ROLE_NORMAL);

	grid_puts(&p, "abc");
	grid_puts(&p, "def");
	expect_line(1, "  abcdef");
	grid_puts(&p, "g");
	expect_line(1, "  abcde\u2026");
	grid_puts(&p, "h");
	expect_line(1, "  abcde\u2026");
	check_rows();
}
END_TEST

START_TEST(wide_characters_are_never_halved)
{
	put(0, 5, "\u65e5\u672c\u8a9e");
	expect_line(0, "\u65e5\u672c\u2026");
	grid_clear(&grid);
	put(0, 4, "\u65e5\u672c\u8a9e");
	expect_line(0, "\u65e5 \u2026");
	put(1, 1, "x");
	expect_line(0, " x \u2026");
	put(0, 20, "e\u0301\u0302\u0303.");
	expect_line(0, "e\u0301\u0302<U+0303>.");
	put(0, 20, "\u0301 alone     ");
	expect_line(0, "<U+0301> alone");
}
END_TEST

START_TEST(addresses_are_cut_in_the_middle)
{
	struct pen p = grid_pen(&grid, 0, 0, 12, ROLE_NORMAL);

	grid_put_middle(&p, "[2001:db8::1234:5678]:443");
	expect_line(0, "[2001:\u2026]:443");
	p = grid_pen(&grid, 1, 0, 12, ROLE_NORMAL);
	grid_put_right(&p, "42");
	expect_line(1, "          42");
	p = grid_pen(&grid, 2, 0, 3, ROLE_NORMAL);
	grid_put_right(&p, "12345");
	expect_line(2, "12\u2026");
}
END_TEST

START_TEST(every_byte_is_safe_at_every_place)
{
	for (int byte = 0; byte < 256; byte++) {
		char text[6] = { 'a', (char)byte, 'b', (char)byte, 'c', '\0' };
		struct pen p = grid_pen(&grid, 0, byte % 20, byte % 23, ROLE_NORMAL);

		grid_put(&p, text, 5);
		check_rows();
		p = grid_pen(&grid, 1, 19 - byte % 19, 6, ROLE_NORMAL);
		grid_put(&p, text + 1, 1);
		check_rows();
	}
}
END_TEST

START_TEST(random_bytes_are_safe)
{
	static const uint8_t wide[3] = { 0xe6, 0x97, 0xa5 }; /* a character of two columns */
	uint64_t state = 1;
	uint8_t bytes[32];

	for (int round = 0; round < 20000; round++) {
		struct pen p;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
			bytes[i] = (uint8_t)(state >> 56);
			if (bytes[i] & 1 && i + 3 < sizeof(bytes) && state >> 40 & 1) {
				memcpy(bytes + i, wide, sizeof(wide));
				i += 2;
			}
		}
		p = grid_pen(&grid, bytes[0] % 4, bytes[1] % 25 - 2, bytes[2] % 25, ROLE_NORMAL);
		grid_put(&p, bytes + 3, sizeof(bytes) - 3);
		if (round % 16 == 0)
			check_rows();
	}
}
END_TEST

START_TEST(widths)
{
	ck_assert_int_eq(width_of('a'), 1);
	ck_assert_int_eq(width_of(0x301), 0);
	ck_assert_int_eq(width_of(0x65e5), 2);
	ck_assert_int_eq(width_of(0x1f600), 2);
	ck_assert_int_eq(width_of(0x2500), 1);
	ck_assert_int_eq(width_of(0x10ffff), 1);
}
END_TEST

START_TEST(glyphs_are_one_column_wide)
{
	for (unsigned t = 0; t < TIER_COUNT; t++)
		for (unsigned i = 0; i < GLYPH_COUNT; i++) {
			const char *text = glyph_text((enum glyph_tier)t, (enum glyph)i);

			ck_assert_int_eq(grid_measure((enum glyph_tier)t, text, strlen(text)), 1);
		}
}
END_TEST

START_TEST(roles_have_letters_of_their_own)
{
	for (unsigned a = 0; a < ROLE_COUNT; a++)
		for (unsigned b = 0; b < a; b++)
			ck_assert_int_ne(role_letter((enum role)a), role_letter((enum role)b));
}
END_TEST

/* All keys that are bound anywhere. */
static void check_keys(const char *keys, unsigned screens, enum action owner)
{
	while (keys && *keys) {
		size_t n = strcspn(keys, " ");
		uint32_t key = key_by_name(keys, n);

		ck_assert_msg(key != 0, "%.*s", (int)n, keys);
		for (unsigned s = 0; s < SCREEN_COUNT; s++)
			if (screens & 1u << s)
				ck_assert_msg(
				    bind_find((enum screen)s, key) == owner, "%.*s", (int)n, keys);
		keys += n;
		keys += strspn(keys, " ");
	}
}

START_TEST(no_two_actions_share_a_key)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		const struct bind_row *row = bind_row((enum action)a);

		check_keys(row->keys, row->screens, (enum action)a);
		ck_assert(strlen(row->help) > 0);
		ck_assert(bind_by_name(row->name, strlen(row->name)) == (enum action)a);
	}
}
END_TEST

START_TEST(lists_scroll_no_further_than_needed)
{
	ck_assert_uint_eq(list_top(0, 0, 100, 10), 0);
	ck_assert_uint_eq(list_top(0, 9, 100, 10), 0);
	ck_assert_uint_eq(list_top(0, 10, 100, 10), 1);
	ck_assert_uint_eq(list_top(50, 20, 100, 10), 20);
	ck_assert_uint_eq(list_top(95, 99, 100, 10), 90);
	ck_assert_uint_eq(list_top(5, 3, 4, 10), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("grid");
	TCase *tc = tcase_create("grid");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, text_is_made_safe);
	tcase_add_test(tc, what_has_no_room_is_cut_with_a_mark);
	tcase_add_test(tc, pens_go_on_where_they_were);
	tcase_add_test(tc, wide_characters_are_never_halved);
	tcase_add_test(tc, addresses_are_cut_in_the_middle);
	tcase_add_test(tc, every_byte_is_safe_at_every_place);
	tcase_add_test(tc, random_bytes_are_safe);
	tcase_add_test(tc, widths);
	tcase_add_test(tc, glyphs_are_one_column_wide);
	tcase_add_test(tc, roles_have_letters_of_their_own);
	tcase_add_test(tc, no_two_actions_share_a_key);
	tcase_add_test(tc, lists_scroll_no_further_than_needed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
