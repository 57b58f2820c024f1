/* SPDX-License-Identifier: MIT */
/*
 * view_sessions - the table of connections.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/prompt.h"
#include "tui/sessions.h"

enum {
	DETAIL_LINES = 7,     /* of the box under the table */
	DETAIL_LINES_LOW = 5, /* on a screen with few rows */
	DETAIL_LINES_TALL = 14,
	LOW = 20,
	DETAIL_LINES_MOST = 20, /* where the table leaves them free */
	TABLE_FRAME = 5,        /* head, titles, rule, keys */
	ROOM_FOR_DETAIL = 14,   /* rows of the screen below which there is no box */
	TALL = 36,
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
	s->utc = ui->options->utc;
	s->descending = true;
	if (!ui->options->where || !sessions_set_filter(s, ui, ui->options->where, &e))
		sessions_update(s, ui, true);
}

static void close_sessions(struct view *v)
{
	struct sessions *s = sessions_of(v);

	free(s->shown);
	free(s->marks);
	free(s->sampled);
	free(s->rates);
	where_free(s->where);
	buf_release(&s->filter);
}

static bool keeps_back(const struct view *v)
{
	return ((const struct sessions *)(const void *)v)->pane.has_focus;
}

static void renew(struct view *v, struct ui *ui)
{
	struct sessions *s = sessions_of(v);

	free(s->marks);
	s->marks = NULL;
	s->nmarks_bytes = 0;
	s->nmarked = 0;
	s->nshown = 0;
	s->list = (struct list){ 0 };
	s->has_moved = s->follows = s->is_end_told = false;
	sessions_update(s, ui, true);
}

/* Without the folders before its name, for which there is seldom room. */
static void complain_of_file(struct ui *ui, const struct cap_file_facts *f)
{
	const char *text = f->error.text, *slash = strrchr(f->name, '/');

	if (slash && slash[1] && strncmp(text, f->name, strlen(f->name)) == 0)
		text += slash + 1 - f->name;
	ui_complain(ui, "%s", text);
}

static void update(struct view *v, struct ui *ui)
{
	struct sessions *s = sessions_of(v);

	/* Another screen went to another session. */
	if (s->nshown && ui->session != STORE_NONE && ui->session != s->shown[s->list.cursor])
		s->has_moved = true;
	sessions_update(s, ui, false);
	if (s->nshown && ui->session != s->shown[s->list.cursor] &&
	    !sessions_go(s, ui, ui->session))
		ui->session = s->shown[s->list.cursor];
	if (s->is_end_told || !ui->snap.is_done)
		return;
	s->is_end_told = true;
	if (sessions_broken_file(ui))
		complain_of_file(ui, sessions_broken_file(ui));
}

/* ---- drawing ---- */

static void draw_titles(
    const struct sessions_layout *l, const struct sessions *s, struct grid *g, int y)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pen p = grid_pen(g, y, l->x[i], l->w[i], ROLE_HEAD);

		p.attr = l->column[i] == s->sort ? ATTR_UNDERLINE : 0;
		column_draw_title(&p, l->column[i]);
	}
}

static void draw_linear_row(const struct sessions *s, const struct sessions_layout *l,
    const struct column_cell *cell, struct pen p)
{
	struct buf text = BUF_INIT;

	sessions_linear_row(&text, l, cell, sessions_is_marked(s, cell->index));
	grid_puts(&p, text.data);
	buf_release(&text);
}

static void draw_row(const struct sessions *s, const struct sessions_layout *l,
    const struct column_cell *cell, struct grid *g, int y)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pen p = grid_pen(g, y, l->x[i], l->w[i], ROLE_NORMAL);

		column_draw(&p, cell, l->column[i]);
	}
	if (sessions_is_marked(s, cell->index)) {
		struct pen p = grid_pen(g, y, l->x[0] + 1, 1, ROLE_MATCH);

		grid_put_glyph(&p, GLYPH_MARKED);
	}
}

static void draw_rows(struct sessions *s, struct ui *ui, struct grid *g, struct rect r)
{
	struct rect titles, body;
	struct sessions_layout l;
	size_t top;

	body = r;
	titles = rect_take_top(&body, 1);
	s->body = body;
	sessions_layout(&l, s, ui, body);
	if (!ui_is_linear(ui))
		draw_titles(&l, s, g, titles.y);
	top = list_top(s->list.top, s->list.cursor, s->nshown, body.h);
	for (int y = 0; y < body.h && top + (size_t)y < s->nshown; y++) {
		size_t i = top + (size_t)y;
		struct store_session row;
		struct column_cell cell = { ui, &row, s->shown[i] };

		store_session(ui->store, cell.index, &row);
		if (ui_is_linear(ui))
			draw_linear_row(s, &l, &cell, rect_pen(g, body, y, ROLE_NORMAL));
		else
			draw_row(s, &l, &cell, g, body.y + y);
		if (i != s->list.cursor)
			continue;
		grid_add_attr(g, (struct rect){ body.y + y, body.x, 1, body.w }, ATTR_SELECTED);
		g->cursor_y = body.y + y;
		g->cursor_x = body.x;
	}
}

static void none_tcp(struct buf *out, const struct ui *ui)
{
	const struct cap_facts *facts = cap_facts(ui->options->cap);
	uint64_t packets = ui->snap.packets, passed = packets - facts->filtered;

	if (packets && passed == 0) {
		buf_addstr(out, "none of ");
		text_count(out, packets);
		buf_addf(out, " packet%s passed the filter", packets == 1 ? "" : "s");
		return;
	}
	text_count(out, passed);
	buf_addstr(out, passed == 1 ? " packet" : " packets");
	if (facts->filtered) {
		buf_addstr(out, " of ");
		text_count(out, packets);
		buf_addstr(out, " passed the filter");
	}
	buf_addstr(out, passed == 1 ? ", not TCP" : ", none TCP");
}

/* Said where there are no rows. */
static void nothing_text(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	if (s->filter.len && ui->snap.nsessions) {
		buf_addstr(out, "none of ");
		text_count(out, ui->snap.nsessions);
		buf_addstr(out, " sessions matches; \\ clears the filter");
	} else if (!ui->snap.is_done) {
		buf_addstr(out, ui->snap.packets ? "no TCP yet" : "waiting for packets");
		if (ui->options->is_live)
			buf_addf(out, " on %s", ui->options->name);
	} else if (ui->snap.packets == 0) {
		buf_addstr(out, "0 packets: the capture is valid but empty");
	} else {
		none_tcp(out, ui);
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

/* More than it has to have when all rows are known and there is room below them. */
static int detail_lines(const struct sessions *s, const struct ui *ui, int height)
{
	int least = height >= TALL ? DETAIL_LINES_TALL
	            : height < LOW ? DETAIL_LINES_LOW
	                           : DETAIL_LINES;
	int spare = height - TABLE_FRAME;

	if (s->is_alone || height < ROOM_FOR_DETAIL)
		return 0;
	if (!ui->snap.is_done || s->nshown > (size_t)(spare - least))
		return least;
	spare -= (int)s->nshown;
	return spare < DETAIL_LINES_MOST ? spare : DETAIL_LINES_MOST;
}

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct sessions *s = sessions_of(v);
	int lines = detail_lines(s, ui, g->h);
	struct rect box, rule;

	sessions_draw_head(s, ui, g, &r);
	if (s->nshown == 0) {
		draw_nothing(s, ui, g, r);
		return;
	}
	if (lines) {
		box = rect_take_bottom(&r, lines);
		rule = rect_take_bottom(&r, 1);
		grid_hline(g, rule.y, rule.x, rule.w);
	} else {
		pane_hide(&s->pane);
	}
	draw_rows(s, ui, g, r);
	if (lines)
		sessions_draw_detail(s, ui, g, box, s->shown[s->list.cursor]);
}

/* ---- actions ---- */

static int page(const struct sessions *s, const struct ui *ui)
{
	int height = ui->page + 1, lines = detail_lines(s, ui, height);
	int rows = ui->page - 2 - (height >= 8);

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

/* The column beside the one that is sorted by, of those on the screen. */
static enum column next_shown(const struct sessions *s, unsigned step)
{
	unsigned c = s->sort;

	do
		c = (c + step) % COLUMN_COUNT;
	while (c != s->sort && s->columns && !(s->columns & 1u << c));
	return (enum column)c;
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
		set_sort(s, ui, next_shown(s, COLUMN_COUNT - 1));
		return true;
	case ACTION_SORT_RIGHT:
		set_sort(s, ui, next_shown(s, 1));
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

/* A column on or off; "auto" gives the choice back to the width. */
static void choose_column(struct sessions *s, struct ui *ui, const char *name)
{
	enum column c = column_by_name(name, strlen(name));

	if (strcmp(name, "auto") == 0) {
		s->chosen = 0;
	} else if (c == COLUMN_COUNT) {
		ui_complain(ui, "no column is called '%s'", name);
	} else {
		s->chosen = (s->chosen ? s->chosen : s->columns) ^ 1u << c;
		s->columns = s->chosen;
	}
}

/* Narrow the filter by the value that the row has in the sort column. */
static void filter_by_cell(struct sessions *s, struct ui *ui, bool exclude)
{
	struct buf expr = BUF_INIT, all = BUF_INIT;
	struct store_session row;
	struct column_cell cell = { ui, &row, s->shown[s->list.cursor] };
	struct where_error e;
	bool only_marked;
	const char *rest = sessions_filter_rest(s->filter.len ? s->filter.data : "", &only_marked);

	store_session(ui->store, cell.index, &row);
	column_expression(&expr, &cell, s->sort);
	buf_addstr(&all, only_marked ? "marked and " : "");
	if (s->where)
		buf_addf(&all, "(%s) and ", rest);
	buf_addf(&all, exclude ? "not (%s)" : "%s", expr.data);
	if (expr.len == 0)
		ui_say(ui, "the filter language has no name for this cell: sort by another column");
	else if (!sessions_set_filter(s, ui, all.data, &e))
		ui_complain(ui, "%s", e.what.text);
	buf_release(&expr);
	buf_release(&all);
}

static void copy(const struct sessions *s, struct ui *ui, const char *what)
{
	struct store_session row;
	struct column_cell cell = { ui, &row, s->shown[s->list.cursor] };

	store_session(ui->store, cell.index, &row);
	if (!sessions_copy(ui, &cell, s->sort, what))
		ui_complain(ui, "copy what? addresses, row, cell, wireshark, bpf or filter");
}

static bool row_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_EXPORT:
		sessions_export(s, ui, a->arg ? a->arg : "");
		return true;
	case ACTION_COLUMNS:
		choose_column(s, ui, a->arg ? a->arg : "");
		return true;
	case ACTION_FILTER_CELL:
	case ACTION_EXCLUDE_CELL:
		if (s->nshown)
			filter_by_cell(s, ui, a->id == ACTION_EXCLUDE_CELL);
		return true;
	case ACTION_COPY:
		if (s->nshown)
			copy(s, ui, a->arg ? a->arg : "addresses");
		return true;
	}
	return false;
}

static void choices(
    struct view *v, struct ui *ui, enum action a, const char *typed, struct choices *out)
{
	(void)ui;
	sessions_choices(sessions_of(v), a, typed, out);
}

static void prompt(struct view *v, struct ui *ui, enum action a, struct buf *text)
{
	(void)ui;
	if (a == ACTION_FILTER)
		buf_addstr(text, sessions_of(v)->filter.data);
	else if (a == ACTION_EXPORT)
		buf_addstr(text, "tcpshadow.pcap");
}

static void typing(
    struct view *v, struct ui *ui, enum action a, const char *text, struct prompt_error *e)
{
	(void)ui;
	if (a == ACTION_FILTER)
		sessions_typing(sessions_of(v), text, e);
}

static void follow(struct sessions *s, struct ui *ui)
{
	s->follows = !s->follows;
	s->has_moved = true;
	if (!s->follows)
		return;
	s->sort = COLUMN_ID;
	s->descending = false;
	sessions_update(s, ui, true);
}

/* By rate, or back to the order before. */
static void top(struct sessions *s, struct ui *ui)
{
	enum column before = s->sort;

	s->follows = false;
	if (s->sort == COLUMN_RATE) {
		set_sort(s, ui, s->sort_before);
		return;
	}
	s->sort_before = before;
	set_sort(s, ui, COLUMN_RATE);
}

static bool other_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_FOLLOW:
		follow(s, ui);
		return true;
	case ACTION_TOP:
		top(s, ui);
		return true;
	case ACTION_ZOOM:
		s->is_alone = !s->is_alone;
		return true;
	case ACTION_LEFT:
		s->scroll -= s->scroll > 0;
		return true;
	case ACTION_RIGHT:
		s->scroll += s->scroll < COLUMN_COUNT - 3;
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		if (!go_problem(s, ui, a->id == ACTION_NEXT ? 1 : -1))
			ui_say(ui, "no other session has a problem");
		return true;
	}
	return false;
}

static void open_row(struct sessions *s, struct ui *ui)
{
	ui->session = s->shown[s->list.cursor];
	s->has_moved = true;
	ui_open(ui, SCREEN_LADDER);
}

/* Those that the filter hides as well, as it is with their export. */
static void open_marked(struct sessions *s, struct ui *ui)
{
	if (s->nmarked < 2) {
		ui_say(ui, "mark two sessions or more for a ladder of them: Space");
		return;
	}
	free(ui->merged);
	ui->merged = mem_alloc(s->nmarked, sizeof(*ui->merged));
	ui->nmerged = 0;
	for (uint32_t i = 0; ui->nmerged < s->nmarked; i++)
		if (sessions_is_marked(s, i))
			ui->merged[ui->nmerged++] = i;
	s->has_moved = true;
	ui_open(ui, SCREEN_MERGED);
}

static bool open_action(struct sessions *s, struct ui *ui, const struct act *a)
{
	if (a->id == ACTION_MERGE || (a->id == ACTION_OPEN && s->nmarked > 1))
		open_marked(s, ui);
	else if ((a->id == ACTION_OPEN || a->id == ACTION_OPEN_ALONE) && s->nshown)
		open_row(s, ui);
	else
		return false;
	return true;
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct sessions *s = sessions_of(v);
	bool moved, done;

	if (pane_action(&s->pane, ui, a) || open_action(s, ui, a))
		return true;
	moved = list_action(&s->list, a, s->nshown, page(s, ui));
	done = moved || mark_action(s, ui, a) || order_action(s, ui, a) ||
	       filter_action(s, ui, a) || row_action(s, ui, a) || other_action(s, ui, a);

	if (moved)
		s->follows = ui->options->is_live && a->id == ACTION_LAST && s->sort == COLUMN_ID &&
		             !s->descending;
	s->has_moved = s->has_moved || done;
	if (s->nshown)
		ui->session = s->shown[s->list.cursor];
	return done;
}

/* The column at x of the screen; COLUMN_COUNT = none. */
static enum column column_at(struct sessions *s, const struct ui *ui, int x)
{
	struct sessions_layout l;

	sessions_layout(&l, s, ui, s->body);
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
	s->has_moved = true;
	s->pane.has_focus = false;
	ui->session = s->shown[at];
	return true;
}

const struct view_ops view_sessions = {
	.size = sizeof(struct sessions),
	.open = open_sessions,
	.close = close_sessions,
	.keeps_back = keeps_back,
	.renew = renew,
	.update = update,
	.draw = draw,
	.action = action,
	.click = click,
	.choices = choices,
	.prompt = prompt,
	.typing = typing,
};
