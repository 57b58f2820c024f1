/* SPDX-License-Identifier: MIT */
/*
 * escape - the bytes behind an Esc that terminfo has no key for.
 *
 * Terminals send other sequences than their terminfo says (PuTTY's Home, keypads, reports of focus): such a sequence is
 * one key or none, never an Esc and then letters.
 * Spec: ECMA-48 5.4 (control sequences), the VT220's keys, the Linux console's ESC [ [ A.
 */
#ifndef TUI_ESCAPE_H
#define TUI_ESCAPE_H

#include "tui/key.h"

struct escape {
	uint32_t
	    kind; /* '[' = control sequence, 'O' = SS3, anything else = Alt and that key; 0 = nothing came yet */
	unsigned number; /* its first parameter */
	bool has_number; /* that is complete */
	bool is_console; /* ESC [ [ */
	uint32_t last;   /* the character that ends it; 0 = none yet */
};

/* The next character behind the Esc; true = more belongs to the sequence. */
bool escape_add(struct escape *e, uint32_t c);
/* What key that was; 0 = none that is known. */
uint32_t escape_key(const struct escape *e);

#endif
