/* SPDX-License-Identifier: MIT */
/*
 * sessions_layout - which columns the sessions table has on a screen of some width, and how wide they are.
 *
 * Where room lacks, whole columns go, the least important first: a number is never cut.  Addresses go before the
 * numbers of wide screens, up to a share of the width.
 */
#include "config.h"

#include "tcpshadow/text.h"
#include "tui/sessions.h"

/* Columns that addresses would like to have. */
struct wish {
	int client, server;
};

enum {
	ADDRESS_SHARE = 4
}; /* the part of the screen that an address has before numbers are shown */

static int least_width(const struct ui *ui, enum column c, int screen)
{
	if (c == COLUMN_ID)
		return (int)text_digits(ui->snap.nsessions) < 2
		           ? 2
		           : (int)text_digits(ui->snap.nsessions);
	if (c == COLUMN_SERVER && screen >= 60)
		return column_row(COLUMN_CLIENT)->width;
	return column_row(c)->width;
}

static bool is_chosen(const struct sessions *s, enum column c, int screen)
{
	if (s->chosen)
		return (s->chosen & 1u << c) != 0;
	return screen >= column_row(c)->from && screen <= column_row(c)->to;
}

/* What the table is sorted by is shown at any width, unless the user took it away. */
static uint32_t wanted(const struct sessions *s, int screen)
{
	uint32_t in = s->chosen ? 0 : 1u << s->sort;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (is_chosen(s, (enum column)c, screen))
			in |= 1u << c;
	return in;
}

/* All columns but the first `scroll` ones behind health and number, which stay. */
static uint32_t scrolled(unsigned scroll)
{
	uint32_t in = (1u << COLUMN_COUNT) - 1;

	for (unsigned c = COLUMN_ID + 1; c < COLUMN_COUNT && scroll > 0; c++, scroll--)
		in &= ~(1u << c);
	return in;
}

/* Leave out the least important column that is in; or the rightmost. */
static void drop_one(uint32_t *in, bool rightmost, enum column kept)
{
	unsigned worst = COLUMN_COUNT;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (*in & 1u << c && c != kept &&
		    (worst == COLUMN_COUNT || rightmost ||
		        column_row((enum column)c)->priority >
		            column_row((enum column)worst)->priority))
			worst = c;
	*in &= ~(1u << worst);
}

/* The widest cell among the rows that can be seen. */
static int widest(const struct sessions *s, const struct ui *ui, enum column c, int rows)
{
	size_t top = list_top(s->list.top, s->list.cursor, s->nshown, rows);
	struct store_session row;
	struct buf text = BUF_INIT;
	int most = 0;

	for (size_t i = top; i < s->nshown && i < top + (size_t)rows; i++) {
		struct column_cell cell = { ui, &row, s->shown[i] };

		store_session(ui->store, s->shown[i], &row);
		buf_reset(&text);
		column_text(&text, &cell, c);
		if ((int)text.len > most)
			most = (int)text.len;
	}
	buf_release(&text);
	return most;
}

/* What the addresses on the screen take of their share beyond the least width. */
static int wanted_width(const struct wish *wish, enum column c)
{
	if (c == COLUMN_CLIENT)
		return wish->client;
	return c == COLUMN_SERVER ? wish->server : 0;
}

static int width_of_all(const struct ui *ui, uint32_t in, int screen, const struct wish *wish)
{
	int sum = -1;

	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		int least = least_width(ui, (enum column)c, screen);
		int more = wanted_width(wish, (enum column)c);

		if (in & 1u << c)
			sum += (more > least ? more : least) + 1;
	}
	return sum;
}

/* Give what is left to one column, up to a width. */
static void grow(struct sessions_layout *l, enum column c, int most, int *left)
{
	for (size_t i = 0; i < l->n; i++) {
		int more = most - l->w[i];

		if (l->column[i] != c || more <= 0)
			continue;
		if (more > *left)
			more = *left;
		l->w[i] += more;
		*left -= more;
	}
}

static void place(struct sessions_layout *l, int x)
{
	for (size_t i = 0; i < l->n; i++) {
		l->x[i] = x;
		x += l->w[i] + 1;
	}
}

/* Columns that a narrow screen has too: none of these goes for an address. */
static uint32_t numbers_of_wide(uint32_t in)
{
	uint32_t out = 0;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (column_row((enum column)c)->priority > column_row(COLUMN_ID)->priority)
			out |= in & 1u << c;
	return out;
}

static int within_share(int w, int screen)
{
	return w < screen / ADDRESS_SHARE ? w : screen / ADDRESS_SHARE;
}

/* Drop columns until the rest has room. */
static void fit(uint32_t *in, struct sessions *s, const struct ui *ui, struct rect r)
{
	const struct wish least = { 0, 0 };
	struct wish wish = { within_share(widest(s, ui, COLUMN_CLIENT, r.h), r.w),
		within_share(widest(s, ui, COLUMN_SERVER, r.h), r.w) };
	enum column kept = s->scroll ? COLUMN_COUNT : s->sort;

	while (!s->scroll && !s->chosen && numbers_of_wide(*in & ~(1u << kept)) &&
	       width_of_all(ui, *in, r.w, &wish) > r.w)
		drop_one(in, false, kept);
	while (*in & (*in - 1) && width_of_all(ui, *in, r.w, &least) > r.w)
		drop_one(in, s->scroll > 0, kept);
}

void sessions_layout(
    struct sessions_layout *l, struct sessions *s, const struct ui *ui, struct rect r)
{
	uint32_t in;
	int left, half;

	l->n = 0;
	in = s->scroll ? scrolled(s->scroll) : wanted(s, r.w);
	fit(&in, s, ui, r);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (!(in & 1u << c))
			continue;
		l->column[l->n] = (enum column)c;
		l->w[l->n++] = least_width(ui, (enum column)c, r.w);
	}
	s->columns = in;
	left = r.w - width_of_all(ui, in, r.w, &(struct wish){ 0, 0 });
	grow(l, COLUMN_STATE, widest(s, ui, COLUMN_STATE, r.h), &left);
	half = left / 2;
	left -= half;
	grow(l, COLUMN_CLIENT, widest(s, ui, COLUMN_CLIENT, r.h), &half);
	left += half;
	grow(l, COLUMN_SERVER, widest(s, ui, COLUMN_SERVER, r.h), &left);
	grow(l, COLUMN_CLIENT, widest(s, ui, COLUMN_CLIENT, r.h), &left);
	grow(l, COLUMN_STATE, 13, &left);
	grow(l, COLUMN_ACTIVITY, STORE_ACTIVITY / 2, &left);
	grow(l, COLUMN_PROBLEM, 40, &left);
	grow(l, COLUMN_ACTIVITY, STORE_ACTIVITY, &left);
	place(l, r.x);
}
