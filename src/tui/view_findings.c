/* SPDX-License-Identifier: MIT */
/*
 * view_findings - all that is wrong, by kind, one by one, or by session; the selected one explained.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/findlist.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/choices.h"
#include "tui/pane.h"
#include "tui/para.h"
#include "tui/save.h"
#include "tui/view.h"

enum {
	BOX_LINES = 6, /* of the explanation */
	BOX_LINES_TALL = 9,
	LIST_FRAME = 5,    /* head, titles, rule, keys */
	ROOM_FOR_BOX = 14, /* rows of the screen below which there is none */
	TALL = 36,
	SEVERITY_WIDTH = 4,
	COUNT_WIDTH = 7,
	COST_WIDTH = 9,
	KIND_LEAST = 14,
	KIND_SHARE = 60, /* percent of what is left, the rest is for the worst */
	WIDE = 60,
	EXPORT_WIDTH = 120,
	EXPORT_ROWS = 50000,
	EXPORT_AROUND = 14, /* rows of head and explanation */
};

struct findings {
	struct view view; /* first */
	struct findlist *list;
	struct list cursor;
	enum findlist_by by;
	enum findlist_sort sort;
	bool is_reversed, is_alone;
	bool has_moved; /* the cursor is where the user put it: at first it is on the top row */
	uint8_t severity;
	struct buf filter;
	struct pane pane; /* the explanation */
};

static struct findings *findings_of(struct view *v)
{
	return (struct findings *)(void *)v;
}

static bool current(const struct findings *f, struct findlist_row *row)
{
	size_t n = findlist_rows(f->list);

	if (n)
		*row = findlist_row(f->list, f->cursor.cursor < n ? f->cursor.cursor : n - 1);
	return n > 0;
}

/* The list is made anew: the cursor stays on its finding, and that where it is on the screen. */
static void update(struct view *v, struct ui *ui)
{
	struct findings *f = findings_of(v);
	const struct findlist_options o = { f->by, f->sort, f->is_reversed, f->severity,
		f->filter.data };
	size_t before = f->cursor.cursor, at;
	struct findlist_row row;
	bool has = f->has_moved && current(f, &row);

	if (!findlist_update(f->list, ui->store, &ui->snap, &o) || !has)
		return;
	at = findlist_row_like(f->list, &row);
	if (at == SIZE_MAX)
		return;
	f->cursor.cursor = at;
	f->cursor.top = f->cursor.top + at > before ? f->cursor.top + at - before : 0;
}

static void open_findings(struct view *v, struct ui *ui)
{
	struct findings *f = findings_of(v);

	f->list = findlist_new();
	buf_init(&f->filter);
	update(v, ui);
}

static void close_findings(struct view *v)
{
	struct findings *f = findings_of(v);

	findlist_free(f->list);
	buf_release(&f->filter);
}

/* --- texts --- */

static uint64_t number(const struct ui *ui, uint64_t packet)
{
	return store_number(ui->store, packet, NULL);
}

/* "#17 10.0.0.5:51512", with both ends when there is room for them. */
static void session_text(struct buf *out, const struct ui *ui, uint32_t session, bool both)
{
	struct store_session row;

	if (session == STORE_NONE) {
		buf_addstr(out, "the capture as a whole");
		return;
	}
	store_session(ui->store, session, &row);
	buf_addf(out, "#%u ", session + 1);
	endpoint_text(out, &row.sides[SIDE_CLIENT].addr);
	if (!both)
		return;
	buf_addf(out, " %s ", ui_glyph(ui, GLYPH_BETWEEN));
	endpoint_text(out, &row.sides[SIDE_SERVER].addr);
}

static void packets_text(struct buf *out, const struct ui *ui, const struct finding *f)
{
	for (unsigned i = 0; i < f->npackets; i++) {
		bool is_far = i + 1 == FINDING_PACKETS && f->count > FINDING_PACKETS;

		buf_addf(out, "%s%" PRIu64,
		    i == 0   ? ""
		    : is_far ? " ... "
		             : " ",
		    number(ui, f->packets[i]));
	}
}

static void cost_text(struct buf *out, int64_t cost)
{
	if (cost > 0)
		text_duration(out, cost);
	else
		buf_addch(out, '-');
}

/* Of a group: where it was worst. */
static void worst_text(struct buf *out, const struct ui *ui, const struct store_finding *f)
{
	if (f->session != STORE_NONE)
		buf_addf(out, "#%u", f->session + 1);
	if (f->finding->npackets)
		buf_addf(
		    out, "%spkt %" PRIu64, out->len ? " " : "", number(ui, f->finding->packets[0]));
	if (f->finding->cost > 0) {
		buf_addstr(out, "  ");
		text_duration(out, f->finding->cost);
	}
}

static const char *title_of(const struct findlist_row *row)
{
	return finding_info((enum finding_id)row->worst.finding->id)->title;
}

static void kind_text(
    struct buf *out, const struct findings *f, const struct ui *ui, const struct findlist_row *row)
{
	if (row->is_group) {
		if (!ui_is_linear(ui))
			buf_addf(
			    out, "%s ", ui_glyph(ui, row->is_open ? GLYPH_UNFOLDED : GLYPH_FOLDED));
		if (f->by == FINDLIST_BY_KIND)
			buf_addstr(out, title_of(row));
		else
			session_text(out, ui, row->worst.session, true);
		return;
	}
	if (f->by != FINDLIST_FLAT && !ui_is_linear(ui))
		buf_addf(
		    out, "  %s ", ui_glyph(ui, row->is_last ? GLYPH_CORNER_BL : GLYPH_TEE_RIGHT));
	if (f->by == FINDLIST_BY_KIND)
		session_text(out, ui, row->worst.session, false);
	else
		buf_addstr(out, title_of(row));
}

/* --- drawing --- */

struct columns {
	int kind, worst;     /* widths */
	bool sessions, cost; /* shown */
};

static struct columns columns_of(const struct findings *f, int w)
{
	struct columns c = { .sessions = w >= WIDE && f->by != FINDLIST_FLAT, .cost = w >= 36 };
	int left = w - SEVERITY_WIDTH - COUNT_WIDTH - (c.sessions ? COUNT_WIDTH : 0) -
	           (c.cost ? COST_WIDTH : 0);

	c.kind = w >= WIDE ? left * KIND_SHARE / 100 : left;
	if (c.kind < KIND_LEAST)
		c.kind = left;
	c.worst = left - c.kind - 2;
	return c;
}

static void put_right(struct pen *p, int w, const char *text)
{
	int end = p->end;

	p->end = p->x + w < end ? p->x + w : end;
	grid_put_right(p, text);
	p->end = end;
	p->is_cut = p->x >= end;
}

static void put_left(struct pen *p, int w, const char *text)
{
	int end = p->end;

	p->end = p->x + w < end ? p->x + w : end;
	grid_puts(p, text);
	grid_pad(p);
	p->x = p->end;
	p->end = end;
	p->is_cut = p->x >= end;
}

static void draw_titles(const struct findings *f, struct pen *p, const struct columns *c)
{
	put_left(p, SEVERITY_WIDTH, "SEV");
	put_left(p, c->kind, f->by == FINDLIST_BY_SESSION ? "SESSION" : "KIND");
	put_right(p, COUNT_WIDTH, "COUNT");
	if (c->sessions)
		put_right(p, COUNT_WIDTH, "SESS");
	if (c->cost)
		put_right(p, COST_WIDTH, "COST");
	if (c->worst > 0) {
		put_left(p, 2, "");
		put_left(p, c->worst, "WORST");
	}
}

static void draw_worst(const struct findings *f, const struct ui *ui, struct pen *p,
    const struct findlist_row *row, int w)
{
	struct buf text = BUF_INIT;

	if (row->is_group || f->by == FINDLIST_FLAT)
		worst_text(&text, ui, &row->worst);
	else
		packets_text(&text, ui, row->worst.finding);
	put_left(p, 2, "");
	put_left(p, w, text.data);
	buf_release(&text);
}

/* Behind a blank; what is longer than the column takes from the kind. */
static int number_width(const struct buf *text)
{
	int w = (int)text->len + 1;

	return w > COUNT_WIDTH ? w : COUNT_WIDTH;
}

static void draw_kind(const struct findings *f, const struct ui *ui, struct pen *p,
    const struct findlist_row *row, int w)
{
	struct buf text = BUF_INIT;

	kind_text(&text, f, ui, row);
	p->role = row->is_group ? ROLE_HEAD : ROLE_NORMAL;
	put_left(p, w, text.data);
	p->role = ROLE_NORMAL;
	buf_release(&text);
}

static void draw_severity(const struct ui *ui, struct pen *p, uint8_t severity)
{
	char mark[] = { outcome_mark((enum severity)severity), '\0' };
	struct buf text = BUF_INIT;

	buf_addf(&text, " %s", mark[0] == '.' ? ui_glyph(ui, GLYPH_FINE) : mark);
	p->role = role_of_severity(severity, ROLE_FINE);
	put_left(p, SEVERITY_WIDTH, text.data);
	buf_release(&text);
}

static void draw_row(const struct findings *f, const struct ui *ui, struct pen *p,
    const struct findlist_row *row, const struct columns *c)
{
	struct buf times = BUF_INIT, sessions = BUF_INIT, cost = BUF_INIT;
	int times_w, sessions_w;

	text_count(&times, row->times);
	if (row->is_group)
		text_count(&sessions, row->sessions);
	cost_text(&cost, row->cost);
	times_w = number_width(&times);
	sessions_w = c->sessions ? number_width(&sessions) : COUNT_WIDTH;
	draw_severity(ui, p, row->severity);
	draw_kind(f, ui, p, row, c->kind - (times_w + sessions_w - 2 * COUNT_WIDTH));
	put_right(p, times_w, times.data);
	if (c->sessions)
		put_right(p, sessions_w, sessions.data);
	if (c->cost)
		put_right(p, COST_WIDTH, cost.data);
	buf_release(&times);
	buf_release(&sessions);
	buf_release(&cost);
	if (c->worst > 0)
		draw_worst(f, ui, p, row, c->worst);
}

/* The row in words. */
static void draw_linear_row(
    const struct findings *f, const struct ui *ui, struct pen *p, const struct findlist_row *row)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s: ", severity_word((enum severity)row->severity));
	kind_text(&text, f, ui, row);
	buf_addf(&text, ", %" PRIu64 " time%s", row->times, row->times == 1 ? "" : "s");
	if (row->is_group && f->by == FINDLIST_BY_KIND)
		buf_addf(&text, " in %" PRIu64 " session%s", row->sessions,
		    row->sessions == 1 ? "" : "s");
	if (row->is_group)
		buf_addstr(&text, row->is_open ? ", open" : ", closed");
	if (row->cost > 0) {
		buf_addstr(&text, ", cost ");
		text_duration(&text, row->cost);
	}
	if (!row->is_group && row->worst.finding->npackets) {
		buf_addf(&text, ", packet%s ", row->worst.finding->npackets == 1 ? "" : "s");
		packets_text(&text, ui, row->worst.finding);
	}
	grid_puts(p, text.data);
	buf_release(&text);
}

static void rule_text(struct buf *out, const struct ui *ui, const struct finding *f)
{
	const struct finding_info *info = finding_info((enum finding_id)f->id);

	buf_addf(out, "%s. %s", info->name, f->npackets == 1 ? "Packet " : "Packets ");
	if (f->npackets == 0)
		buf_addstr(out, "none");
	packets_text(out, ui, f);
	if (strcmp(info->rfc, "-") != 0)
		buf_addf(out, ". Rule RFC %s", info->rfc);
	buf_addf(out, ". Class %s", finding_class_word((enum finding_class)info->class));
	buf_addch(out, '.');
}

static void draw_box(struct pane *pane, const struct ui *ui, struct grid *g, struct rect box,
    const struct store_finding *f)
{
	const struct finding_info *info = finding_info((enum finding_id)f->finding->id);
	struct buf text = BUF_INIT;
	struct grid lines;
	struct rect r;

	pane_begin(&lines, g, box);
	r = grid_rect(&lines);
	session_text(&text, ui, f->session, r.w >= WIDE);
	buf_addstr(&text, ": ");
	finding_text_story(&text, f->finding, cap_facts(ui->options->cap));
	para_draw(&lines, &r, ROLE_NORMAL, text.data);
	buf_reset(&text);
	rule_text(&text, ui, f->finding);
	para_draw(&lines, &r, ROLE_DIM, text.data);
	para_draw(&lines, &r, ROLE_NORMAL, info->explanation);
	buf_release(&text);
	pane_end(pane, &lines, g, box, (uint64_t)f->session << 16 | f->finding->id);
}

static void draw_head(const struct findings *f, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf right = BUF_INIT, status = BUF_INIT, order = BUF_INIT;
	struct head head = { .title = "findings" };

	text_count(&right, findlist_findings(f->list));
	buf_addstr(&right, findlist_findings(f->list) == 1 ? " finding in " : " findings in ");
	text_count(&right, findlist_sessions(f->list));
	buf_addstr(&right, findlist_sessions(f->list) == 1 ? " session" : " sessions");
	if (!ui->snap.is_done)
		buf_addstr(&right, " so far");
	buf_addf(&status, "filter: %s", f->filter.len ? f->filter.data : "-");
	if (f->severity)
		buf_addf(&status, "  %s and worse", severity_word((enum severity)f->severity));
	buf_addf(&order, "group: %s   sort: %s %s", findlist_by_word(f->by),
	    findlist_sort_word(f->sort),
	    ui_glyph(ui, f->is_reversed ? GLYPH_SORT_UP : GLYPH_SORT_DOWN));
	head.right = right.data;
	head.status = status.data;
	head.status_right = order.data;
	frame_head(g, r, &head);
	buf_release(&right);
	buf_release(&status);
	buf_release(&order);
}

static void draw_nothing(
    const struct findings *f, const struct ui *ui, struct grid *g, struct rect r)
{
	struct pen p = rect_pen(g, r, r.h > 2 ? 1 : 0, ROLE_DIM);

	if (f->filter.len || f->severity)
		grid_puts(&p, "nothing matches");
	else if (ui->snap.is_done && ui->snap.nsessions == 0)
		grid_puts(&p, "there is no TCP session that anything could be said of");
	else
		grid_puts(&p, ui->snap.is_done ? "nothing was found: all is well" : "nothing yet");
}

/* Taller where the list leaves room. */
static int box_lines(const struct findings *f, int h)
{
	int spare = h - LIST_FRAME - BOX_LINES_TALL;

	if (f->is_alone || h < ROOM_FOR_BOX)
		return 0;
	if (h >= TALL || (spare > 0 && findlist_rows(f->list) <= (size_t)spare))
		return BOX_LINES_TALL;
	return BOX_LINES;
}

static void draw_rows(const struct findings *f, const struct ui *ui, struct grid *g, struct rect r)
{
	struct columns c = columns_of(f, r.w);
	struct pen p = rect_pen(g, rect_take_top(&r, 1), 0, ROLE_HEAD);
	size_t n = findlist_rows(f->list);
	size_t cursor = f->cursor.cursor < n ? f->cursor.cursor : n - 1;
	size_t top = list_top(f->cursor.top, cursor, n, r.h);

	if (!ui_is_linear(ui))
		draw_titles(f, &p, &c);
	for (int y = 0; y < r.h && top + (size_t)y < n; y++) {
		struct findlist_row row = findlist_row(f->list, top + (size_t)y);

		p = rect_pen(g, r, y, ROLE_NORMAL);
		if (ui_is_linear(ui))
			draw_linear_row(f, ui, &p, &row);
		else
			draw_row(f, ui, &p, &row, &c);
		if (top + (size_t)y != cursor)
			continue;
		grid_add_attr(g, (struct rect){ r.y + y, r.x, 1, r.w }, ATTR_SELECTED);
		g->cursor_y = r.y + y;
		g->cursor_x = r.x;
	}
}

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct findings *f = findings_of(v);
	int lines = box_lines(f, g->h);
	struct findlist_row row;
	struct rect box;

	draw_head(f, ui, g, &r);
	if (!current(f, &row)) {
		draw_nothing(f, ui, g, r);
		return;
	}
	if (lines) {
		box = rect_take_bottom(&r, lines);
		grid_hline(g, rect_take_bottom(&r, 1).y, r.x, r.w);
	} else {
		pane_hide(&f->pane);
	}
	draw_rows(f, ui, g, r);
	if (lines)
		draw_box(&f->pane, ui, g, box, &row.worst);
}

/* --- actions --- */

static int page(const struct findings *f, const struct ui *ui)
{
	int lines = box_lines(f, ui->page + 1);

	return ui->page - 2 - (ui->page + 1 >= 8) - (lines ? lines + 1 : 0) + 1;
}

/* The order or the grouping changes: the cursor stays on its finding, the list comes to it. */
static void change(struct view *v, struct ui *ui)
{
	struct findings *f = findings_of(v);
	struct findlist_row row;
	bool has = current(f, &row);
	size_t at;

	f->has_moved = false;
	update(v, ui);
	f->has_moved = true;
	at = has ? findlist_row_like(f->list, &row) : SIZE_MAX;
	f->cursor.cursor = at == SIZE_MAX ? 0 : at;
	f->cursor.top =
	    list_top(f->cursor.top, f->cursor.cursor, findlist_rows(f->list), page(f, ui));
}

/* The next one in turn, or the one that is named; false = there is none of that name. */
static bool choose(unsigned *value, unsigned n, const char *name, const char *(*word)(unsigned))
{
	if (!name || !*name) {
		*value = (*value + 1) % n;
		return true;
	}
	for (unsigned i = 0; i < n; i++)
		if (strcmp(word(i), name) == 0) {
			*value = i;
			return true;
		}
	return false;
}

static const char *by_word(unsigned i)
{
	return findlist_by_word((enum findlist_by)i);
}

static const char *sort_word(unsigned i)
{
	return findlist_sort_word((enum findlist_sort)i);
}

static void set_order(struct view *v, struct ui *ui, const struct act *a)
{
	struct findings *f = findings_of(v);
	unsigned by = f->by, sort = f->sort;
	bool ok = a->id == ACTION_GROUP ? choose(&by, FINDLIST_BY_COUNT, a->arg, by_word)
	                                : choose(&sort, FINDLIST_SORT_COUNT, a->arg, sort_word);

	if (!ok) {
		ui_complain(ui, "not one of %s: %s",
		    a->id == ACTION_GROUP ? "kind, none, session" : "cost, severity, count, time",
		    a->arg);
		return;
	}
	f->by = (enum findlist_by)by;
	f->sort = (enum findlist_sort)sort;
	change(v, ui);
}

/* The next (step 1) or previous row that is a warning or worse. */
static bool go_problem(struct findings *f, int step)
{
	size_t n = findlist_rows(f->list);

	for (size_t i = 1; i < n; i++) {
		size_t at = (f->cursor.cursor + (step > 0 ? i : n - i)) % n;

		if (findlist_row(f->list, at).severity >= SEVERITY_WARN) {
			f->cursor.cursor = at;
			return true;
		}
	}
	return false;
}

static void toggle(struct findings *f, bool open)
{
	struct findlist_row row;

	if (!current(f, &row))
		return;
	if (row.is_group ? row.is_open != open : !open) {
		size_t at;

		findlist_toggle(f->list, f->cursor.cursor);
		at = findlist_find(f->list, &row.worst);
		if (!row.is_group && at != SIZE_MAX)
			f->cursor.cursor = at;
	}
}

static void go_evidence(struct findings *f, struct ui *ui)
{
	struct findlist_row row;

	if (!current(f, &row))
		return;
	if (row.worst.session == STORE_NONE) {
		ui_say(ui, "this is about the capture as a whole: no session shows it");
		return;
	}
	ui->session = row.worst.session;
	ui->packet = row.worst.finding->npackets ? row.worst.finding->packets[0] : 0;
	ui_open(ui, SCREEN_LADDER);
}

static void copy(struct findings *f, struct ui *ui)
{
	struct findlist_row row;
	struct buf text = BUF_INIT;

	if (!current(f, &row))
		return;
	session_text(&text, ui, row.worst.session, true);
	buf_addstr(&text, ": ");
	finding_text_story(&text, row.worst.finding, cap_facts(ui->options->cap));
	buf_addstr(&text, row.worst.finding->npackets ? ", packets " : "");
	packets_text(&text, ui, row.worst.finding);
	ui_copy(ui, text.data, text.len);
	buf_release(&text);
}

/* The whole list. */
static void export(struct view *v, struct ui *ui, const char *name)
{
	struct findings *f = findings_of(v);
	size_t rows = findlist_rows(f->list);

	if (!save_is_text(ui, name))
		return;
	if (rows > EXPORT_ROWS)
		ui_complain(ui, "more than %d rows; 'tcpshadow findings' prints them", EXPORT_ROWS);
	else
		save_view(ui, v, EXPORT_WIDTH, (int)rows + EXPORT_AROUND, name);
}

static void less(struct view *v, struct ui *ui, int step)
{
	struct findings *f = findings_of(v);

	if (step > 0 ? f->severity == SEVERITY_ERROR : f->severity == 0)
		return;
	f->severity = (uint8_t)(f->severity + step);
	change(v, ui);
}

/* The severity that the text begins with the word of; SEVERITY_COUNT = none. */
static enum severity severity_at(const char *text, size_t *n)
{
	unsigned s = 0;

	*n = strcspn(text, " ");
	while (s < SEVERITY_COUNT && (strlen(severity_word((enum severity)s)) != *n ||
	                                 strncmp(text, severity_word((enum severity)s), *n) != 0))
		s++;
	return (enum severity)s;
}

/* Takes "sev >= warn", and an "and" behind it, off the text.  False = it is an expression of another kind. */
static bool take_severity(struct findings *f, const char **text)
{
	static const char *const names[] = { "severity", "health", "sev" };
	const char *at = *text;
	size_t n = 0, i = 0;
	enum severity s;

	while (i < ARRAY_LEN(names) && strncmp(at, names[i], strlen(names[i])) != 0)
		i++;
	if (i == ARRAY_LEN(names) || !strpbrk(at, "<>="))
		return !strpbrk(at, "<>=");
	at += strlen(names[i]);
	at += strspn(at, " ");
	if (strncmp(at, ">=", 2) != 0)
		return false;
	at += 2 + strspn(at + 2, " ");
	s = severity_at(at, &n);
	at += n;
	if (s == SEVERITY_COUNT || (*at && strncmp(at, " and ", 5) != 0))
		return false;
	f->severity = (uint8_t)s;
	*text = *at ? at + 5 : at;
	return true;
}

static void set_filter(struct view *v, struct ui *ui, const char *text)
{
	struct findings *f = findings_of(v);

	if (!take_severity(f, &text) || strpbrk(text, "<>=")) {
		ui_complain(ui, "findings are filtered by text, and by severity >= info, note, "
		                "warn or error");
		return;
	}
	buf_reset(&f->filter);
	buf_addstr(&f->filter, text);
	change(v, ui);
}

static bool change_action(struct view *v, struct ui *ui, const struct act *a)
{
	struct findings *f = findings_of(v);

	switch ((int)a->id) {
	case ACTION_GROUP:
	case ACTION_SORT:
		set_order(v, ui, a);
		return true;
	case ACTION_REVERSE:
		f->is_reversed = !f->is_reversed;
		change(v, ui);
		return true;
	case ACTION_FILTER:
	case ACTION_CLEAR_FILTER:
		set_filter(v, ui, a->id == ACTION_FILTER && a->arg ? a->arg : "");
		return true;
	case ACTION_MORE:
	case ACTION_LESS:
		less(v, ui, a->id == ACTION_LESS ? 1 : -1);
		return true;
	}
	return false;
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct findings *f = findings_of(v);
	struct findlist_row row = { .is_open = false };

	f->has_moved = true;
	if (pane_action(&f->pane, ui, a))
		return true;
	switch ((int)a->id) {
	case ACTION_OPEN:
		go_evidence(f, ui);
		return true;
	case ACTION_EXPAND:
		toggle(f, !(current(f, &row) && (row.is_open || !row.is_group)));
		return true;
	case ACTION_LEFT:
	case ACTION_RIGHT:
		toggle(f, a->id == ACTION_RIGHT);
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		if (!go_problem(f, a->id == ACTION_NEXT ? 1 : -1))
			ui_say(ui, "no other warning or error");
		return true;
	case ACTION_ZOOM:
		f->is_alone = !f->is_alone;
		return true;
	case ACTION_COPY:
		copy(f, ui);
		return true;
	case ACTION_EXPORT:
		export(v, ui, a->arg);
		return true;
	}
	return change_action(v, ui, a) ||
	       list_action(&f->cursor, a, findlist_rows(f->list), page(f, ui));
}

static void choices(
    struct view *v, struct ui *ui, enum action a, const char *typed, struct choices *out)
{
	static const char *const by[] = { "what went wrong", "one by one", "where it went wrong" };
	static const char *const sort[] = { "time lost", "how bad", "how often", "when first" };
	const struct findings *f = findings_of(v);

	(void)ui;
	(void)typed;
	for (unsigned i = 0; a == ACTION_GROUP && i < FINDLIST_BY_COUNT; i++)
		choices_add(out, by_word(i), by[i], f->by == (enum findlist_by)i);
	for (unsigned i = 0; a == ACTION_SORT && i < FINDLIST_SORT_COUNT; i++)
		choices_add(out, sort_word(i), sort[i], f->sort == (enum findlist_sort)i);
}

static void prompt(struct view *v, struct ui *ui, enum action a, struct buf *text)
{
	const struct findings *f = findings_of(v);

	(void)ui;
	if (a == ACTION_FILTER && f->filter.len)
		buf_addstr(text, f->filter.data);
	else if (a == ACTION_EXPORT)
		buf_addstr(text, "findings.txt");
}

const struct view_ops view_findings = {
	.size = sizeof(struct findings),
	.open = open_findings,
	.close = close_findings,
	.is_kept = true,
	.update = update,
	.draw = draw,
	.action = action,
	.choices = choices,
	.prompt = prompt,
};
