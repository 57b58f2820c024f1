/* SPDX-License-Identifier: MIT */
/*
 * settings - the table of settings.
 */
#include "config.h"

#include <string.h>

#include "tui/settings.h"

static const struct tui_setting rows[SETTING_COUNT] = {
#define SETTING(id, name, words, help) { name, words, help },
#include "tui/setting.def"
#undef SETTING
};

size_t tui_setting_count(void)
{
	return SETTING_COUNT;
}

struct tui_setting tui_setting_at(size_t i)
{
	return rows[i];
}

void settings_word(struct buf *out, enum setting s, unsigned value)
{
	const char *word = rows[s].words;

	while (value-- > 0) {
		word += strcspn(word, " ");
		word += *word == ' ';
	}
	buf_add(out, word, strcspn(word, " "));
}

static enum setting find(const char *name, size_t n)
{
	for (unsigned s = 0; s < SETTING_COUNT; s++)
		if (strlen(rows[s].name) == n && memcmp(rows[s].name, name, n) == 0)
			return (enum setting)s;
	return SETTING_COUNT;
}

/* The value that a word stands for; -1 = none. */
static int value_of(enum setting s, const char *text)
{
	struct buf word = BUF_INIT;
	int value = -1;

	for (unsigned i = 0; value < 0; i++) {
		buf_reset(&word);
		settings_word(&word, s, i);
		if (word.len == 0)
			break;
		if (strcmp(word.data, text) == 0)
			value = (int)i;
	}
	buf_release(&word);
	return value;
}

static int apply(struct ui *ui, enum setting s, int value, struct err *e)
{
	if (s == SETTING_GLYPHS && value > 1 && ui->options->ascii)
		return err_set(e, "the terminal shows ASCII only");
	ui->setting[s] = (uint8_t)value;
	if (s == SETTING_GLYPHS && value == 0)
		ui->tier = ui->options->ascii ? TIER_ASCII : TIER_BLOCKS;
	else if (s == SETTING_GLYPHS)
		ui->tier = (enum glyph_tier)(value - 1);
	else if (s == SETTING_THEME)
		ui_take_theme(ui);
	return 0;
}

int settings_set(struct ui *ui, const char *text, struct err *e)
{
	size_t n = strcspn(text, " ");
	enum setting s = find(text, n);
	const char *word = text + n + strspn(text + n, " ");
	int value;

	if (s == SETTING_COUNT)
		return err_set(e, "set what? there is no setting '%.*s'", (int)n, text);
	value = value_of(s, word);
	if (value < 0)
		return err_set(e, "%s: '%s' is not one of: %s", rows[s].name, word, rows[s].words);
	return apply(ui, s, value, e);
}

static void values(const struct ui *ui, enum setting s, const char *typed, struct choices *out)
{
	struct buf word = BUF_INIT;

	for (unsigned i = 0;; i++) {
		buf_reset(&word);
		settings_word(&word, s, i);
		if (word.len == 0)
			break;
		if (strncmp(word.data, typed, strlen(typed)) == 0)
			choices_add(out, word.data, NULL, ui->setting[s] == i);
	}
	buf_release(&word);
}

void settings_choices(const struct ui *ui, const char *typed, struct choices *out)
{
	const char *value = strchr(typed, ' ');

	if (value) {
		enum setting s = find(typed, (size_t)(value - typed));

		out->from = (size_t)(value + 1 - typed);
		if (s != SETTING_COUNT)
			values(ui, s, value + 1, out);
		return;
	}
	for (unsigned s = 0; s < SETTING_COUNT; s++)
		if (strncmp(rows[s].name, typed, strlen(typed)) == 0)
			choices_add(out, rows[s].name, rows[s].help, false);
}
