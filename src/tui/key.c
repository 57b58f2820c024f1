/* SPDX-License-Identifier: MIT */
/*
 * key - from names to keys and back.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/key.h"

static const char *const names[] = {
#define TUI_KEY(id, name) name,
#include "tui/key.def"
#undef TUI_KEY
};

static bool is_name(const char *name, const char *text, size_t n)
{
	return strlen(name) == n && memcmp(name, text, n) == 0;
}

uint32_t key_by_name(const char *name, size_t n)
{
	uint32_t c;

	if (n == 0)
		return 0;
	if (is_name("Space", name, n))
		return ' ';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_name(names[i], name, n))
			return (uint32_t)(TUI_KEY_BASE + 1 + i);
	if (n == 2 && name[0] == '^' && name[1] >= 'A' && name[1] <= 'Z')
		return (uint32_t)(name[1] - 'A' + 1);
	return text_utf8_decode((const uint8_t *)name, n, &c) == n && key_is_text(c) ? c : 0;
}

void key_text(struct buf *out, uint32_t key)
{
	char bytes[4];

	if (key == ' ')
		buf_addstr(out, "Space");
	else if (key > TUI_KEY_BASE && key < TUI_KEY_LIMIT)
		buf_addstr(out, names[key - TUI_KEY_BASE - 1]);
	else if (key >= 1 && key <= 26)
		buf_addf(out, "^%c", (char)(key + 'A' - 1));
	else if (key_is_text(key))
		buf_add(out, bytes, text_utf8_encode(bytes, key));
}

bool key_is_text(uint32_t key)
{
	return key >= 0x20 && key < TUI_KEY_BASE && text_is_printable(key);
}
