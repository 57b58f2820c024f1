/* SPDX-License-Identifier: MIT */
/*
 * column - the columns of the sessions table: what they show, and how they are ordered.
 */
#ifndef TUI_COLUMN_H
#define TUI_COLUMN_H

#include "tcpshadow/column.h"
#include "tui/view.h"

struct column_row {
	const char *name, *title;
	int width, priority, from, to;
	bool descending, is_right;
	const char *help;
};

const struct column_row *column_row(enum column c);
/* Of a name of n bytes; COLUMN_COUNT = none. */
enum column column_by_name(const char *name, size_t n);

/* One session as a row. */
struct column_cell {
	const struct ui *ui;
	const struct store_session *row;
	uint32_t index;
};

/* Fills the pen's columns. */
void column_draw(struct pen *p, const struct column_cell *cell, enum column c);
void column_draw_title(struct pen *p, enum column c);
/* What the cell says, as text. */
void column_text(struct buf *out, const struct column_cell *cell, enum column c);
/* All that the row says of itself, for a search in the text. */
void column_row_text(struct buf *out, const struct column_cell *cell);
/* An expression of the filter language that matches rows with this value; nothing when there is none. */
void column_expression(struct buf *out, const struct column_cell *cell, enum column c);

/* Rows in ascending order have ascending keys. */
struct column_key {
	uint64_t high, low;
	uint32_t index;
};

struct column_key column_key(const struct column_cell *cell, enum column c);

/* The role that goes with the letter of store_health(). */
enum role column_health_role(char letter);

#endif
