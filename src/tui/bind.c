/* SPDX-License-Identifier: MIT */
/*
 * bind - the table of keys.
 */
#include "config.h"

#include <string.h>

#include "tui/bind.h"

#define ON(screen) (1u << SCREEN_##screen)
#define LADDERS    (ON(LADDER) | ON(MERGED))
#define ALL        ((1u << SCREEN_COUNT) - 1)
#define NONE       BIND_NONE
#define CHAR       BIND_CHAR
#define TEXT       BIND_TEXT
#define MENU       BIND_MENU

static const struct bind_row rows[ACTION_COUNT] = {
#define BIND(id, name, argument, keys, screens, bar, help)                                         \
	{ name, argument, keys, screens, bar, help },
#include "tui/keybind.def"
#undef BIND
};

const struct bind_row *bind_row(enum action a)
{
	return &rows[a];
}

size_t tui_action_count(void)
{
	return ACTION_COUNT;
}

struct tui_action tui_action_at(size_t i)
{
	return (struct tui_action){ rows[i].name, rows[i].keys, rows[i].help };
}

void tui_action_screens(struct buf *out, size_t i)
{
	const char *comma = "";

	if (rows[i].screens == ALL)
		return;
	for (unsigned s = 0; s < SCREEN_COUNT; s++) {
		if (!(rows[i].screens & 1u << s))
			continue;
		buf_addf(out, "%s%s", comma, screen_name((enum screen)s));
		comma = ", ";
	}
}

const char *screen_name(enum screen s)
{
	static const char *const names[SCREEN_COUNT] = {
#define SCREEN(id, view, name) name,
#include "tui/screen.def"
#undef SCREEN
	};

	return names[s];
}

/* The next of the names in *keys: its first byte, and its length; length 0 = there are no more. */
static size_t next_name(const char **keys)
{
	*keys += strspn(*keys, " ");
	return strcspn(*keys, " ");
}

static bool has_key(const char *keys, uint32_t key)
{
	size_t n;

	while (keys && (n = next_name(&keys)) > 0) {
		if (key_by_name(keys, n) == key)
			return true;
		keys += n;
	}
	return false;
}

enum action bind_find(enum screen s, uint32_t key)
{
	for (size_t a = 0; a < ACTION_COUNT; a++)
		if ((rows[a].screens & 1u << s) && has_key(rows[a].keys, key))
			return (enum action)a;
	return ACTION_COUNT;
}

enum action bind_lookup(const struct ui *ui, uint32_t key)
{
	enum screen s = ui_top(ui)->screen;

	for (size_t i = ui->nkeys; i-- > 0;)
		if (ui->keys[i].key == key && (rows[ui->keys[i].action].screens & 1u << s))
			return ui->keys[i].action;
	return bind_find(s, key);
}

enum action bind_by_name(const char *name, size_t n)
{
	for (size_t a = 0; a < ACTION_COUNT; a++)
		if (strlen(rows[a].name) == n && memcmp(rows[a].name, name, n) == 0)
			return (enum action)a;
	return ACTION_COUNT;
}

void bind_first_key(struct buf *out, enum action a)
{
	const char *keys = rows[a].keys;

	if (keys)
		buf_add(out, keys, next_name(&keys));
}
