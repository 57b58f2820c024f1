/* SPDX-License-Identifier: MIT */
/*
 * role - what a piece of the screen means; themes make colours of it.
 */
#ifndef TUI_ROLE_H
#define TUI_ROLE_H

#include "tcpshadow/finding.h"

enum role {
#define ROLE(id, letter, name, d256, d8, l256, l8, attr, mono, contrast) ROLE_##id,
#include "tui/role.def"
#undef ROLE
	ROLE_COUNT
};

/* Attributes: of a role, or added to a cell (ATTR_SELECTED and ATTR_UNDERLINE only). */
enum attr {
	ATTR_BOLD = 1u << 0,
	ATTR_DIM = 1u << 1,
	ATTR_REVERSE = 1u << 2,
	ATTR_UNDERLINE = 1u << 3,
	ATTR_SELECTED = 1u << 4, /* turns reverse on, or off where the role has it */
};

/* In the order of the words of the setting. */
enum theme {
	THEME_DARK,          /* colours for a dark background */
	THEME_LIGHT,         /* and for a light one */
	THEME_MONO,          /* no colours, as on a terminal that has none */
	THEME_HIGH_CONTRAST, /* nothing but the terminal's own colours, nothing dim */
	THEME_COUNT
};

/* Those of color_8: 0 to 7. */
enum { ROLE_COLORS_8 = 8 };

/* How a role looks: the colours of the text, behind which the background is the terminal's own. */
struct role_look {
	int16_t color_256, color_8; /* -1 = the terminal's own; the second also with 16 colours */
	uint8_t attr, mono;         /* enum attr: with colours, without */
};

char role_letter(enum role r);
const char *role_name(enum role r);
struct role_look role_look(enum theme t, enum role r);
/* Of what a finding is said in; a plain fact is said in `fact`. */
enum role role_of_severity(unsigned severity, enum role fact);

#endif
