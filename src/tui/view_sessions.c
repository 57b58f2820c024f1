/* SPDX-License-Identifier: MIT */
/*
 * view_sessions - the table of connections.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/text.h"
#include "tui/sessions.h"

enum {
	DETAIL_LINES = 5, /* of the box under the table */
	DETAIL_LINES_TALL = 12,
	ROOM_FOR_DETAIL = 14, /* rows of the screen below which there is no box */
	TALL = 36,
	GROW_ADDRESS = 47, /* "[...]:65535" of IPv6 */
	GROW_ACTIVITY = STORE_ACTIVITY,
};

/* A view is the first member of its struct. */
static struct sessions *sessions_of(struct view *v)
{
	return (struct sessions *)(void *)v;
}

static void open_sessions(struct view *v, struct ui *ui)
{
	struct sessions *s = sessions_of(v);
	struct where_error e;

	buf_init(&s->filter);
	s->sort = COLUMN_HEALTH;
	s->descending = true;
	if (!ui->options->where || !sessions_set_filter(s, ui, ui->options->where, &e))
		sessions_update(s, ui, true);
}

static void close_sessions(struct view *v)
{
	struct sessions *s = sessions_of(v);

	free(s->shown);
	free(s->marks);
	where_free(s->where);
	buf_release(&s->filter);
}

/* The first input that is broken; NULL = all is well, so far. */
static const struct cap_file_facts *broken_file(const struct ui *ui)
{
	const struct cap_facts *facts;

	if (!ui->snap.is_done)
		return NULL;
	facts = cap_facts(ui->options->cap);
	for (size_t i = 0; i < facts->nfiles; i++)
		if (facts->files[i].is_broken)
			return &facts->files[i];
	return NULL;
}

static void update(struct view *v, struct ui *ui)
{
	struct sessions *s = sessions_of(v);

	sessions_update(s, ui, false);
	if (s->is_end_told || !ui->snap.is_done)
		return;
	s->is_end_told = true;
	if (broken_file(ui))
		ui_complain(ui, "%s", broken_file(ui)->error.text);
}

/* ---- layout ---- */

struct layout {
	enum column column[COLUMN_COUNT];
	int x[COLUMN_COUNT], w[COLUMN_COUNT];
	size_t n;
};

static int digits(uint64_t n)
{
	int count = 1;

	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

static int least_width(const struct ui *ui, enum column c, int screen)
{
	if (c == COLUMN_ID)
		return digits(ui->snap.nsessions) < 2 ? 2 : digits(ui->snap.nsessions);
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

/* Leave out the least important column that is in. */
static void drop_one(uint32_t *in)
{
	unsigned worst = COLUMN_COUNT;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (*in & 1u << c &&
		    (worst == COLUMN_COUNT || column_row((enum column)c)->priority >
		                                  column_row((enum column)worst)->priority))
			worst = c;
	*in &= ~(1u << worst);
}

static int width_of_all(const struct ui *ui, uint32_t in, int screen)
{
	int sum = -1;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (in & 1u << c)
			sum += least_width(ui, (enum column)c, screen) + 1;
	return sum;
}

/* Give what is left to one column, up to a width. */
static void grow(struct layout *l, enum column c, int most, int *left)
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

/* The widest address among the rows that can be seen. */
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

static void place(struct layout *l, int x)
{
	for (size_t i = 0; i < l->n; i++) {
		l->x[i] = x;
		x += l->w[i] + 1;
	}
}

static void make_layout(
    struct layout *l, const struct sessions *s, const struct ui *ui, struct rect r)
{
	uint32_t in = 0;
	int left;

	l->n = 0;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (is_chosen(s, (enum column)c, r.w))
			in |= 1u << c;
	while (in & (in - 1) && width_of_all(ui, in, r.w) > r.w)
		drop_one(&in);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (!(in & 1u << c))
			continue;
		l->column[l->n] = (enum column)c;
		l->w[l->n++] = least_width(ui, (enum column)c, r.w);
	}
	left = r.w - width_of_all(ui, in, r.w);
	grow(l, COLUMN_CLIENT, widest(s, ui, COLUMN_CLIENT, r.h), &left);
	grow(l, COLUMN_SERVER, widest(s, ui, COLUMN_SERVER, r.h), &left);
	grow(l, COLUMN_STATE, 13, &left);
	grow(l, COLUMN_ACTIVITY, GROW_ACTIVITY / 2, &left);
	grow(l, COLUMN_PROBLEM, 40, &left);
	grow(l, COLUMN_ACTIVITY, GROW_ACTIVITY, &left);
	place(l, r.x);
}

/* ---- drawing ---- */

static void add_read(struct buf *out, const struct ui *ui)
{
	const struct store_snapshot *now = &ui->snap;

	if (now->is_done)
		buf_addf(out, "%s read", ui_glyph(ui, GLYPH_DONE));
	else if (now->per_mille >= 0)
		buf_addf(out, "reading %d %%", now->per_mille / 10);
	else
		buf_addstr(out, "reading");
}

static void title_right(struct buf *out, const struct ui *ui)
{
	const struct cap_file_facts *broken = broken_file(ui);

	if (broken) {
		buf_addstr(out, "! broken after ");
		text_count(out, broken->packets);
		buf_addstr(out, " packets  ");
	}
	text_count(out, ui->snap.nsessions);
	buf_addstr(out, ui->snap.nsessions == 1 ? " session  " : " sessions  ");
	text_bytes(out, ui->snap.packets);
	buf_addstr(out, " packets  ");
	add_read(out, ui);
}

static void status_right(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	if (s->nmarked)
		buf_addf(out, "%u marked   ", s->nmarked);
	buf_addf(out, "sort: %s %s   ", column_row(s->sort)->name,
	    ui_glyph(ui, s->descending ? GLYPH_SORT_DOWN : GLYPH_SORT_UP));
	text_count(out, s->nshown);
	buf_addstr(out, " of ");
	text_count(out, ui->snap.nsessions - ui->snap.nforgotten);
}

/* Name of the capture without its folders. */
static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

static void draw_head(const struct sessions *s, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf title = BUF_INIT, right = BUF_INIT, status = BUF_INIT, order = BUF_INIT;
	struct head head = { .is_warning = broken_file(ui) != NULL };

	buf_addf(&title, "tcpshadow  %s", base_name(ui->options->name));
	title_right(&right, ui);
	buf_addf(&status, "filter: %s", s->filter.len ? s->filter.data : "-");
	status_right(&order, s, ui);
	head.title = title.data;
	head.right = right.data;
	head.status = status.data;
	head.status_right = order.data;
	frame_head(g, r, &head);
	buf_release(&title);
	buf_release(&right);
	buf_release(&status);
	buf_release(&order);
}

static void draw_titles(const struct layout *l, const struct sessions *s, struct grid *g, int y)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pen p = grid_pen(g, y, l->x[i], l->w[i], ROLE_HEAD);

		p.attr = l->column[i] == s->sort ? ATTR_UNDERLINE : 0;
		column_draw_title(&p, l->column[i]);
	}
}

static void draw_row(const struct layout *l, const struct column_cell *cell, struct grid *g, int y)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pen p = grid_pen(g, y, l->x[i], l->w[i], ROLE_NORMAL);

		column_draw(&p, cell, l->column[i]);
	}
}

static void draw_rows(struct sessions *s, struct ui *ui, struct grid *g, struct rect r)
{
	struct rect titles = r, body;
	struct layout l;
	size_t top;

	body = r;
	titles = rect_take_top(&body, 1);
	s->body = body;
	make_layout(&l, s, ui, body);
	draw_titles(&l, s, g, titles.y);
	top = list_top(s->list.top, s->list.cursor, s->nshown, body.h);
	for (int y = 0; y < body.h && top + (size_t)y < s->nshown; y++) {
		size_t i = top + (size_t)y;
		struct store_session row;
		struct column_cell cell = { ui, &row, s->shown[i] };

		store_session(ui->store, cell.index, &row);
		draw_row(&l, &cell, g, body.y + y);
		if (sessions_is_marked(s, cell.index)) {
			struct pen p = grid_pen(g, body.y + y, body.x + 1, 1, ROLE_MATCH);

			grid_put_glyph(&p, GLYPH_MARKED);
		}
		if (i != s->list.cursor)
			continue;
		grid_add_attr(g, (struct rect){ body.y + y, body.x, 1, body.w }, ATTR_SELECTED);
		g->cursor_y = body.y + y;
		g->cursor_x = body.x;
	}
}

/* Said where there are no rows. */
static void nothing_text(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	if (s->filter.len && ui->snap.nsessions) {
		buf_addf(
		    out, "none of %u sessions matches; \\ clears the filter", ui->snap.nsessions);
	} else if (!ui->snap.is_done) {
		buf_addstr(out, ui->snap.packets ? "no TCP yet" : "waiting for packets");
	} else if (ui->snap.packets == 0) {
		buf_addstr(out, "0 packets: there is nothing in the capture");
	} else {
		text_count(out, ui->snap.packets);
		buf_addstr(out, ui->snap.packets == 1 ? " packet, not TCP" : " packets, none TCP");
	}
}

static void draw_nothing(
    const struct sessions *s, const struct ui *ui, struct grid *g, struct rect r)
{
	struct pen p = rect_pen(g, r, r.h > 2 ? 1 : 0, ROLE_DIM);
	struct buf text = BUF_INIT;

	nothing_text(&text, s, ui);
	grid_puts(&p, text.data);
	buf_release(&text);
}

static int detail_lines(const struct sessions *s, const struct grid *g)
{
	if (s->is_alone || g->h < ROOM_FOR_DETAIL)
		return 0;
	return g->h >= TALL ? DETAIL_LINES_TALL : DETAIL_LINES;
}

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct sessions *s = sessions_of(v);
	int lines = detail_lines(s, g);
	struct rect box, rule;

	draw_head(s, ui, g, &r);
	if (s->nshown == 0) {
		draw_nothing(s, ui, g, r);
		return;
	}
	if (lines) {
		box = rect_take_bottom(&r, lines);
		rule = rect_take_bottom(&r, 1);
		grid_hline(g, rule.y, rule.x, rule.w);
		sessions_draw_detail(ui, g, box, s->shown[s->list.cursor]);
	}
	draw_rows(s, ui, g, r);
}

/* ---- actions ---- */

static int page(const struct sessions *s, const struct ui *ui)
{
	struct grid g = { .h = ui->page + 1 };
	int lines = detail_lines(s, &g), rows = ui->page - 2 - (g.h >= 8);

	return rows - (lines ? lines + 1 : 0) + 1;
}

static void set_sort(struct sessions *s, struct ui *ui, enum column c)
{
	s->descending = column_row(c)->descending;
	s->sort = c;
	sessions_update(s, ui, true);
}

/* The next (step 1) or previous row with a warning or worse; false = there is none. */
static bool go_problem(struct sessions *s, struct ui *ui, int step)
{
	size_t n = s->nshown;
	struct store_session row;

	for (size_t i = 1; i < n; i++) {
		size_t at = (s->list.cursor + (step > 0 ? i : n - i)) % n;

		store_session(ui->store, s->shown[at], &row);
		if (row.severity < SEVERITY_WARN)
			continue;
		s->list.cursor = at;
		return true;
	}
	return false;
}

static void mark_and_move(struct sessions *s, struct ui *ui)
{
	struct act down = { ACTION_DOWN, 0, NULL };
	uint32_t index = s->shown[s->list.cursor];

	sessions_mark(s, index, !sessions_is_marked(s, index));
	(void)list_action(&s->list, &down, s->nshown, page(s, ui));
}

static bool mark_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_MARK:
		if (s->nshown)
			mark_and_move(s, ui);
		return true;
	case ACTION_UNMARK:
		if (s->nshown)
			sessions_mark(s, s->shown[s->list.cursor], false);
		return true;
	case ACTION_UNMARK_ALL:
		memset(s->marks ? s->marks : (uint8_t[1]){ 0 }, 0, s->nmarks_bytes);
		s->nmarked = 0;
		sessions_update(s, ui, true);
		return true;
	}
	return false;
}

static bool order_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	enum column c;

	switch ((int)a->id) {
	case ACTION_SORT:
		c = a->arg ? column_by_name(a->arg, strlen(a->arg)) : COLUMN_COUNT;
		if (c == COLUMN_COUNT)
			ui_complain(ui, "sort by which column? no column is called '%s'",
			    a->arg ? a->arg : "");
		else
			set_sort(s, ui, c);
		return true;
	case ACTION_REVERSE:
		s->descending = !s->descending;
		sessions_update(s, ui, true);
		return true;
	case ACTION_SORT_LEFT:
		set_sort(s, ui, (enum column)((s->sort + COLUMN_COUNT - 1) % COLUMN_COUNT));
		return true;
	case ACTION_SORT_RIGHT:
		set_sort(s, ui, (enum column)((s->sort + 1) % COLUMN_COUNT));
		return true;
	}
	return false;
}

static bool filter_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	struct where_error e;

	switch ((int)a->id) {
	case ACTION_FILTER:
		if (!sessions_set_filter(s, ui, a->arg ? a->arg : "", &e))
			ui_complain(ui, "%s", e.what.text);
		return true;
	case ACTION_CLEAR_FILTER:
		(void)sessions_set_filter(s, ui, "", &e);
		return true;
	}
	return false;
}

static bool other_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_ZOOM:
		s->is_alone = !s->is_alone;
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		if (!go_problem(s, ui, a->id == ACTION_NEXT ? 1 : -1))
			ui_say(ui, "no other session has a problem");
		return true;
	}
	return false;
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct sessions *s = sessions_of(v);
	bool done;

	if (a->id == ACTION_OPEN && s->nshown) {
		ui->session = s->shown[s->list.cursor];
		ui_open(ui, SCREEN_LADDER);
		return true;
	}
	done = list_action(&s->list, a, s->nshown, page(s, ui)) || mark_action(s, ui, a) ||
	       order_action(s, ui, a) || filter_action(s, ui, a) || other_action(s, ui, a);

	if (s->nshown)
		ui->session = s->shown[s->list.cursor];
	return done;
}

/* The column at x of the screen; COLUMN_COUNT = none. */
static enum column column_at(const struct sessions *s, const struct ui *ui, int x)
{
	struct layout l;

	make_layout(&l, s, ui, s->body);
	for (size_t i = 0; i < l.n; i++)
		if (x >= l.x[i] && x <= l.x[i] + l.w[i])
			return l.column[i];
	return COLUMN_COUNT;
}

static bool click(struct view *v, struct ui *ui, int y, int x)
{
	struct sessions *s = sessions_of(v);
	size_t top = list_top(s->list.top, s->list.cursor, s->nshown, s->body.h);
	size_t at = top + (size_t)(y - s->body.y);
	enum column c = column_at(s, ui, x);

	if (s->nshown && y == s->body.y - 1 && c != COLUMN_COUNT) {
		if (c == s->sort)
			s->descending = !s->descending;
		else
			s->descending = column_row(c)->descending;
		s->sort = c;
		sessions_update(s, ui, true);
	}
	if (y < s->body.y || y >= s->body.y + s->body.h || at >= s->nshown)
		return false;
	s->list.cursor = at;
	ui->session = s->shown[at];
	return true;
}

const struct view_ops view_sessions = {
	.size = sizeof(struct sessions),
	.open = open_sessions,
	.close = close_sessions,
	.update = update,
	.draw = draw,
	.action = action,
	.click = click,
};
