/* SPDX-License-Identifier: MIT */
/*
 * config_file - reads the user's settings.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/bind.h"
#include "tui/config_file.h"
#include "tui/settings.h"

enum { LINE_BYTES = 1000 };

/* Cuts the next word off *rest; empty = there is none. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t n = strcspn(word, " \t");

	*rest = word + n;
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static int run_bind(struct ui *ui, char *rest, struct err *e)
{
	char *name = next_word(&rest), *to = next_word(&rest);
	uint32_t key = key_by_name(name, strlen(name));
	enum action a = bind_by_name(to, strlen(to));

	if (key == 0)
		return err_set(e, "no key is called '%s'", name);
	if (a == ACTION_COUNT)
		return err_set(e, "no action is called '%s'", to);
	if (ui->nkeys == UI_KEYS_MAX)
		return err_set(e, "more than %d keys", UI_KEYS_MAX);
	ui->keys[ui->nkeys++] = (struct user_key){ key, a };
	return 0;
}

static int attribute(const char *word, uint8_t *attr, struct err *e)
{
	static const struct {
		const char *word;
		uint8_t attr;
	} table[] = {
		{ "bold", ATTR_BOLD },
		{ "dim", ATTR_DIM },
		{ "reverse", ATTR_REVERSE },
		{ "underline", ATTR_UNDERLINE },
		{ "plain", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].word, word) != 0)
			continue;
		*attr |= table[i].attr;
		return 0;
	}
	return err_set(e, "'%s' is not bold, dim, reverse, underline or plain", word);
}

static enum role role_by_name(const char *name)
{
	unsigned r = 0;

	while (r < ROLE_COUNT && strcmp(role_name((enum role)r), name) != 0)
		r++;
	return (enum role)r;
}

static int run_role(struct ui *ui, char *rest, struct err *e)
{
	char *name = next_word(&rest), *number = next_word(&rest), *end, *word;
	long color = strtol(number, &end, 10);
	enum role r = role_by_name(name);
	uint8_t attr = 0;

	if (r == ROLE_COUNT)
		return err_set(e, "no role is called '%s'", name);
	if (*end || end == number || color < -1 || color > 255)
		return err_set(e, "'%s' is not a colour from -1 to 255", number);
	while (*(word = next_word(&rest)))
		if (attribute(word, &attr, e) < 0)
			return -1;
	ui->looks[r].color_256 = (int16_t)color;
	ui->looks[r].color_8 = (int16_t)(color < ROLE_COLORS_8 ? color : ui->looks[r].color_8);
	ui->looks[r].attr = ui->looks[r].mono = attr;
	ui->is_own_look[r] = true;
	return 0;
}

static int run_set(struct ui *ui, char *rest, struct err *e)
{
	return settings_set(ui, rest, e);
}

static int run_line(struct ui *ui, char *line, struct err *e)
{
	static const struct {
		const char *name;
		int (*run)(struct ui *ui, char *rest, struct err *e);
	} commands[] = {
		{ "set", run_set },
		{ "bind", run_bind },
		{ "role", run_role },
	};
	char *rest = line, *word;

	line[strcspn(line, "#\n")] = '\0';
	for (size_t n = strlen(line); n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'); n--)
		line[n - 1] = '\0';
	word = next_word(&rest);
	if (!*word)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, word) == 0)
			return commands[i].run(ui, rest, e);
	return err_set(e, "'%s' is not set, bind or role", word);
}

int config_file_read(struct ui *ui, const char *file, struct err *e)
{
	FILE *f = fopen(file, "r");
	char line[LINE_BYTES];
	struct err cause;
	unsigned number = 0;
	int rc = 0;

	if (!f)
		return errno == ENOENT || errno == ENOTDIR
		           ? 0
		           : err_set(e, "%s: %s", file, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		number++;
		if (run_line(ui, line, &cause) < 0)
			rc = err_set(e, "%s:%u: %s", file, number, cause.text);
	}
	(void)fclose(f);
	return rc;
}
