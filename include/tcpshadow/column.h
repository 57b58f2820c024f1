/* SPDX-License-Identifier: MIT */
/*
 * column - the columns that tables of connections have, on the screen and in reports.
 */
#ifndef TCPSHADOW_COLUMN_H
#define TCPSHADOW_COLUMN_H

enum column {
#define COLUMN(id, ...) COLUMN_##id,
#include "tcpshadow/column.def"
#undef COLUMN
	COLUMN_COUNT
};

#endif
