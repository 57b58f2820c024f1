/* SPDX-License-Identifier: MIT */
/*
 * table - column arithmetic.
 */
#include "config.h"

#include <string.h>

#include "report/outcome.h"
#include "report/table.h"

#define GAP     2 /* blanks between cells; 1 when that helps */
#define CUT_MIN 9 /* columns that a cut cell keeps at least */

void table_init(struct table *t, const struct table_column *columns, size_t ncolumns)
{
	BUG_ON(ncolumns > TABLE_COLUMNS);
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->ncolumns = ncolumns;
	t->gap = GAP;
	for (size_t i = 0; i < ncolumns; i++)
		t->width[i] = strlen(columns[i].title);
}

/* The cell at *row; goes on to the next. */
static const char *next_cell(const char **row, size_t *len)
{
	const char *cell = *row, *end = strchr(cell, TABLE_END);

	BUG_ON(!end);
	*len = (size_t)(end - cell);
	*row = end + 1;
	return cell;
}

void table_measure(struct table *t, const char *row)
{
	size_t len;

	(void)next_cell(&row, &len);
	for (size_t i = 0; i < t->ncolumns; i++) {
		(void)next_cell(&row, &len);
		if (len > t->width[i])
			t->width[i] = len;
	}
}

static size_t total_width(const struct table *t)
{
	size_t total = 0;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->width[i])
			total += t->width[i] + (total ? t->gap : 0);
	return total;
}

/* The shown column that matters least; ncolumns = all that are left must stay. */
static size_t least_important(const struct table *t)
{
	size_t found = t->ncolumns;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->width[i] && t->columns[i].rank &&
		    (found == t->ncolumns || t->columns[i].rank > t->columns[found].rank))
			found = i;
	return found;
}

static size_t widest_cuttable(const struct table *t)
{
	size_t found = t->ncolumns;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].can_cut && t->width[i] > CUT_MIN &&
		    (found == t->ncolumns || t->width[i] > t->width[found]))
			found = i;
	return found;
}

void table_fit(struct table *t, unsigned limit)
{
	size_t i;

	if (limit == 0)
		return;
	if (total_width(t) > limit)
		t->gap = 1;
	while (total_width(t) > limit && (i = least_important(t)) < t->ncolumns)
		t->width[i] = 0;
	while (total_width(t) > limit && (i = widest_cuttable(t)) < t->ncolumns)
		t->width[i]--;
}

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void table_cut(struct buf *out, const char *cell, size_t len, size_t width, bool utf8)
{
	size_t tail = len - (width - 1) / 2, head = width - 1 - (width - 1) / 2;

	while (is_inside_character(cell[tail]))
		tail++;
	while (head && is_inside_character(cell[head]))
		head--;
	buf_add(out, cell, head);
	buf_addstr(out, utf8 ? "\xe2\x80\xa6" : "~");
	buf_add(out, cell + tail, len - tail);
}

static void add_cell(struct buf *out, const char *cell, size_t len, size_t width, bool utf8)
{
	if (len <= width)
		buf_add(out, cell, len);
	else
		table_cut(out, cell, len, width, utf8);
}

void table_title(const struct table *t, struct buf *out, bool color)
{
	size_t owed = 0; /* blanks due before the next cell, so that no line ends with any */

	if (color)
		buf_addstr(out, "\033[1m");
	for (size_t i = 0; i < t->ncolumns; i++) {
		size_t len = strlen(t->columns[i].title);
		size_t fill = t->width[i] > len ? t->width[i] - len : 0;

		if (!t->width[i])
			continue;
		buf_pad(out, ' ', owed + (t->columns[i].right ? fill : 0));
		buf_addstr(out, t->columns[i].title);
		owed = t->gap + (t->columns[i].right ? 0 : fill);
	}
	if (color)
		buf_addstr(out, "\033[0m");
	buf_addch(out, '\n');
}

void table_row(const struct table *t, struct buf *out, const char *row, bool color, bool utf8)
{
	const char *style = color ? outcome_color(row[0]) : NULL;
	size_t owed = 0, len;

	(void)next_cell(&row, &len);
	for (size_t i = 0; i < t->ncolumns; i++) {
		const char *cell = next_cell(&row, &len);
		bool styled = t->columns[i].styled && style;
		size_t fill = t->width[i] > len ? t->width[i] - len : 0;

		if (!t->width[i])
			continue;
		buf_pad(out, ' ', owed + (t->columns[i].right ? fill : 0));
		if (styled)
			buf_addstr(out, style);
		if (t->columns[i].styled && len == 1)
			outcome_sign(out, *cell, utf8);
		else
			add_cell(out, cell, len, t->width[i], utf8);
		if (styled)
			buf_addstr(out, "\033[0m");
		owed = t->gap + (t->columns[i].right ? 0 : fill);
	}
	buf_addch(out, '\n');
}
