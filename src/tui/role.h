/* SPDX-License-Identifier: MIT */
/*
 * role - what a piece of the screen means; themes make colours of it.
 */
#ifndef TUI_ROLE_H
#define TUI_ROLE_H

#include "tcpshadow/finding.h"

enum role {
#define ROLE(id, letter, name, c256, c8, attr, mono) ROLE_##id,
#include "tui/role.def"
#undef ROLE
	ROLE_COUNT
};

/* Attributes: of a role's row, or added to a cell (ATTR_SELECTED and ATTR_UNDERLINE only). */
enum attr {
	ATTR_BOLD = 1u << 0,
	ATTR_DIM = 1u << 1,
	ATTR_REVERSE = 1u << 2,
	ATTR_UNDERLINE = 1u << 3,
	ATTR_SELECTED = 1u << 4, /* turns reverse on, or off where the role has it */
};

struct role_row {
	char letter;
	const char *name;
	int16_t color_256, color_8; /* -1 = the terminal's own */
	uint8_t attr, mono;         /* enum attr: with colours, without */
};

const struct role_row *role_row(enum role r);
/* Of what a finding is said in; a plain fact is said in `fact`. */
enum role role_of_severity(unsigned severity, enum role fact);

#endif
