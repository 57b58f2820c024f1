/* SPDX-License-Identifier: MIT */
/*
 * command - from a line to an action.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/near.h"
#include "tui/bind.h"
#include "tui/command.h"
#include "tui/settings.h"

enum { DIGITS_MAX = 15 };

static int unknown(const char *name, size_t n, struct err *e)
{
	struct buf word = BUF_INIT;
	const char *near = NULL;

	buf_add(&word, name, n);
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		near = near_best(word.data, bind_row((enum action)a)->name, near);
	buf_release(&word);
	if (near)
		return err_set(
		    e, "no command is called '%.*s'; did you mean '%s'?", (int)n, name, near);
	return err_set(e, "no command is called '%.*s'; Tab shows all there are", (int)n, name);
}

static bool is_here(const struct ui *ui, enum action a)
{
	return (bind_row(a)->screens & 1u << ui_top(ui)->screen) != 0;
}

int command_parse(const struct ui *ui, const char *text, struct act *a, struct err *e)
{
	size_t digits = strspn(text, "0123456789"), n = strcspn(text, " ");

	*a = (struct act){ .id = ACTION_LAST };
	if (digits && digits == strlen(text) && digits < DIGITS_MAX) {
		for (size_t i = 0; i < digits; i++)
			a->count = a->count * 10 + (uint64_t)(text[i] - '0');
		return 0;
	}
	a->id = bind_by_name(text, n);
	if (a->id == ACTION_COUNT)
		return unknown(text, n, e);
	if (!is_here(ui, a->id))
		return err_set(e, "%s: not on this screen", bind_row(a->id)->name);
	text += n + strspn(text + n, " ");
	a->arg = *text ? text : NULL;
	return 0;
}

static void names(const struct ui *ui, const char *typed, struct choices *out)
{
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		if (is_here(ui, (enum action)a) &&
		    strncmp(bind_row((enum action)a)->name, typed, strlen(typed)) == 0)
			choices_add(out, bind_row((enum action)a)->name,
			    bind_row((enum action)a)->help, false);
}

void command_choices(struct ui *ui, const char *typed, struct choices *out)
{
	const char *arg = strchr(typed, ' ');
	struct view *v = ui_top(ui);
	enum action a;

	if (!arg) {
		names(ui, typed, out);
		return;
	}
	a = bind_by_name(typed, (size_t)(arg - typed));
	if (a == ACTION_SET)
		settings_choices(ui, arg + 1, out);
	else if (a != ACTION_COUNT && v->ops->choices)
		v->ops->choices(v, ui, a, arg + 1, out);
	out->from += (size_t)(arg + 1 - typed);
}
