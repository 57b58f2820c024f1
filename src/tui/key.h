/* SPDX-License-Identifier: MIT */
/*
 * key - the keys of a keyboard, and their names.
 *
 * A key is the code point it types, 1 to 26 for Ctrl and a letter (without those that have a name: Enter, Tab),
 * or one of enum tui_key.
 */
#ifndef TUI_KEY_H
#define TUI_KEY_H

#include "tcpshadow/buf.h"

enum tui_key {
	TUI_KEY_BASE = 0x110000, /* behind the last code point */
#define TUI_KEY(id, name) TUI_KEY_##id,
#include "tui/key.def"
#undef TUI_KEY
	TUI_KEY_LIMIT
};

/* "j", "^F", "PgDn", "Space"; 0 = the n bytes name no key. */
uint32_t key_by_name(const char *name, size_t n);
void key_text(struct buf *out, uint32_t key);
bool key_is_text(uint32_t key); /* it types a character */

#endif
