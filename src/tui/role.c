/* SPDX-License-Identifier: MIT */
/*
 * role - the table of colour roles, and how they look in each theme.
 */
#include "config.h"

#include "tui/role.h"

#define BOLD      ATTR_BOLD
#define DIM       ATTR_DIM
#define REVERSE   ATTR_REVERSE
#define UNDERLINE ATTR_UNDERLINE

static const struct {
	char letter;
	const char *name;
	struct {
		int16_t color_256, color_8;
	} dark, light;
	uint8_t attr, mono, contrast;
} rows[ROLE_COUNT] = {
#define ROLE(id, letter, name, d256, d8, l256, l8, attr, mono, contrast)                           \
	{ letter, name, { d256, d8 }, { l256, l8 }, attr, mono, contrast },
#include "tui/role.def"
#undef ROLE
};

char role_letter(enum role r)
{
	return rows[r].letter;
}

const char *role_name(enum role r)
{
	return rows[r].name;
}

struct role_look role_look(enum theme t, enum role r)
{
	struct role_look look = { -1, -1, rows[r].mono, rows[r].mono };

	switch (t) {
	case THEME_DARK:
		look.color_256 = rows[r].dark.color_256;
		look.color_8 = rows[r].dark.color_8;
		look.attr = rows[r].attr;
		break;
	case THEME_LIGHT:
		look.color_256 = rows[r].light.color_256;
		look.color_8 = rows[r].light.color_8;
		look.attr = rows[r].attr;
		break;
	case THEME_HIGH_CONTRAST:
		look.attr = look.mono = rows[r].contrast;
		break;
	case THEME_MONO:
	case THEME_COUNT:
		break;
	}
	return look;
}

enum role role_of_severity(unsigned severity, enum role fact)
{
	switch ((enum severity)severity) {
	case SEVERITY_ERROR:
		return ROLE_ERROR;
	case SEVERITY_WARN:
		return ROLE_WARN;
	case SEVERITY_NOTE:
		return ROLE_NOTE;
	case SEVERITY_INFO:
	case SEVERITY_COUNT:
		break;
	}
	return fact;
}
