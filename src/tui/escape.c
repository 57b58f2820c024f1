/* SPDX-License-Identifier: MIT */
/*
 * escape - where a sequence ends, and what it stands for.
 */
#include "config.h"

#include "tui/escape.h"

enum { NUMBER_MAX = 1000 };

static bool add_parameter(struct escape *e, uint32_t c)
{
	if (c < '0' || c > '9')
		e->has_number = true;
	else if (!e->has_number && e->number < NUMBER_MAX)
		e->number = e->number * 10 + (c - '0');
	return true;
}

bool escape_add(struct escape *e, uint32_t c)
{
	if (!e->kind) {
		e->kind = c;
		return c == '[' || c == 'O';
	}
	if (c >= 0x20 && c < 0x40)
		return add_parameter(e, c);
	if (e->kind == '[' && c == '[' && !e->is_console) {
		e->is_console = true;
		return true;
	}
	e->last = c;
	return false;
}

/* ESC [ 1 ~ */
static uint32_t numbered_key(unsigned number)
{
	static const uint32_t keys[] = {
		[1] = TUI_KEY_HOME,
		[2] = TUI_KEY_INSERT,
		[3] = TUI_KEY_DELETE,
		[4] = TUI_KEY_END,
		[5] = TUI_KEY_PAGE_UP,
		[6] = TUI_KEY_PAGE_DOWN,
		[7] = TUI_KEY_HOME,
		[8] = TUI_KEY_END,
		[11] = TUI_KEY_F1,
		[12] = TUI_KEY_F2,
		[13] = TUI_KEY_F3,
		[14] = TUI_KEY_F4,
		[15] = TUI_KEY_F5,
		[17] = TUI_KEY_F6,
		[18] = TUI_KEY_F7,
		[19] = TUI_KEY_F8,
		[20] = TUI_KEY_F9,
		[21] = TUI_KEY_F10,
		[23] = TUI_KEY_F11,
		[24] = TUI_KEY_F12,
	};

	return number < ARRAY_LEN(keys) ? keys[number] : 0;
}

/* ESC [ H and ESC O H; with a modifier ESC [ 1 ; 5 H. */
static uint32_t lettered_key(const struct escape *e)
{
	switch (e->last) {
	case 'A':
		return TUI_KEY_UP;
	case 'B':
		return TUI_KEY_DOWN;
	case 'C':
		return TUI_KEY_RIGHT;
	case 'D':
		return TUI_KEY_LEFT;
	case 'F':
		return TUI_KEY_END;
	case 'H':
		return TUI_KEY_HOME;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return e->kind == 'O' ? TUI_KEY_F1 + (e->last - 'P') : 0;
	case 'Z':
		return e->kind == '[' ? TUI_KEY_BACK_TAB : 0;
	case 'M':
		return e->kind == 'O' ? TUI_KEY_ENTER : 0;
	}
	return 0;
}

uint32_t escape_key(const struct escape *e)
{
	if (!e->last)
		return 0;
	if (e->is_console)
		return e->last >= 'A' && e->last <= 'E' ? TUI_KEY_F1 + (e->last - 'A') : 0;
	if (e->kind == '[' && e->last == '~')
		return numbered_key(e->number);
	return lettered_key(e);
}
