/* SPDX-License-Identifier: MIT */
/*
 * table - fits columns into a width: the least important ones go first, digits never.
 *
 * A row is a line of cells, each ended by TABLE_END; its first cell is not shown: it is the letter
 * (see outcome_mark) whose colour the styled columns take.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "tcpshadow/buf.h"

#define TABLE_END     '\t'
#define TABLE_COLUMNS 14 /* most columns of a table */

struct table_column {
	const char *title;
	bool right;    /* numbers */
	bool can_cut;  /* may be shortened in its middle when nothing else helps */
	bool styled;   /* coloured by the row's style */
	unsigned rank; /* the highest rank goes first when width lacks; 0 = never */
};

struct table {
	const struct table_column *columns;
	size_t ncolumns;
	size_t gap;                  /* blanks between cells */
	size_t width[TABLE_COLUMNS]; /* widest cell so far, then as shown; 0 = left out */
};

void table_init(struct table *t, const struct table_column *columns, size_t ncolumns);
/* Widen the columns for a row that will be shown. */
void table_measure(struct table *t, const char *row);
/* All rows were measured: leave out and cut what does not fit.  0 = no limit. */
void table_fit(struct table *t, unsigned limit);
void table_title(const struct table *t, struct buf *out, bool color);
/* `width` columns (at least 2) of a longer text, which loses its middle. */
void table_cut(struct buf *out, const char *cell, size_t len, size_t width, bool utf8);
void table_row(const struct table *t, struct buf *out, const char *row, bool color, bool utf8);

#endif
