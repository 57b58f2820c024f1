/* SPDX-License-Identifier: MIT */
/*
 * role - the table of colour roles.
 */
#include "config.h"

#include "tui/role.h"

#define BOLD    ATTR_BOLD
#define DIM     ATTR_DIM
#define REVERSE ATTR_REVERSE

const struct role_row *role_row(enum role r)
{
	static const struct role_row rows[ROLE_COUNT] = {
#define ROLE(id, letter, name, c256, c8, attr, mono) { letter, name, c256, c8, attr, mono },
#include "tui/role.def"
#undef ROLE
	};

	return &rows[r];
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
