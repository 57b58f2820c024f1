/* SPDX-License-Identifier: MIT */
/*
 * view_stream - what both sides of a session sent, in order of delivery, as text, hex or C.
 *
 * The session's packets are read once when the screen opens; from then on what is shown is read again from the file.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/follow.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/para.h"
#include "tui/save.h"
#include "tui/stream.h"

enum {
	PAUSES_MAX = 200000, /* packets: with more of them pauses have no names */
	DOUBT_LINES = 4,     /* most lines for what is wrong with the bytes */
	GROWING_MAX = 5000,  /* packets: streams of a longer session are not followed live */
	EXPORT_WIDTH = 100,
	EXPORT_ROWS = 100000,
	EXPORT_AROUND = 6,   /* rows of head and doubts */
	COPY_MAX = 64 << 10, /* bytes for the clipboard */
};

static struct stream_view *stream_of(struct view *v)
{
	return (struct stream_view *)(void *)v;
}

/* --- making the map --- */

/* Most rows are of the packet that was read last. */
static int read_again(void *ctx, uint16_t file, uint64_t offset, struct packet *p, struct err *e)
{
	struct stream_view *s = ctx;

	if (!s->has_last || s->last.file != file || s->last_offset != offset) {
		s->has_last = false;
		if (cap_reader_read(s->reader, file, offset, &s->last, e) < 0)
			return -1;
		s->has_last = true;
		s->last.file = file;
		s->last_offset = offset;
	}
	*p = s->last;
	return 0;
}

static void forget(struct stream_view *s)
{
	streammap_free(s->map);
	session_free(s->rows);
	trace_free(s->trace);
	cap_reader_free(s->reader);
	s->map = NULL;
	s->rows = NULL;
	s->trace = NULL;
	s->reader = NULL;
	s->has_last = false;
	s->session = STORE_NONE;
}

/* What came in fragments has no bytes that could be read again. */
static void read_segment(struct stream_view *s, uint32_t k, struct packet *p, struct segment *seg)
{
	struct store_packet at;
	struct err e;

	if (trace_segment(s->trace, k, p, seg, &e) == 0)
		return;
	store_packet(trace_session(s->trace), k, &at);
	trace_index_segment(s->trace, k, seg);
	*p = (struct packet){ .ordinal = at.ordinal, .offset = at.offset, .file = at.file };
	s->unread++;
}

static void read_rows(struct stream_view *s)
{
	struct packet p;
	struct segment seg;

	s->rows = session_new(trace_record(s->trace));
	s->no_pauses = s->npackets > PAUSES_MAX;
	for (uint32_t k = 0; k < s->npackets && !s->no_pauses; k++) {
		read_segment(s, k, &p, &seg);
		session_add(s->rows, &seg);
	}
	s->unread = 0;
}

static void load(struct stream_view *s, const struct ui *ui)
{
	struct packet p;
	struct segment seg;

	forget(s);
	s->session = ui->session;
	s->trace = trace_new(ui->store, ui->options->cap, ui->session);
	s->reader = cap_reader_new(ui->options->cap);
	s->source = (struct stream_source){ read_again, s };
	s->npackets = trace_session(s->trace)->npackets;
	read_rows(s);
	s->map = streammap_new(s->rows, (enum overlap_policy)ui->options->engine->overlap_policy);
	for (uint32_t k = 0; k < s->npackets; k++) {
		read_segment(s, k, &p, &seg);
		streammap_add(s->map, &p, &seg);
	}
	streammap_finish(s->map);
}

static uint64_t nlines(const struct stream_view *s)
{
	return s->map ? streammap_lines(s->map, s->form, s->sides) : 0;
}

/* --- places --- */

/* The place of the bytes that the cursor is on. */
static uint64_t place_of_cursor(struct stream_view *s, const struct ui *ui)
{
	struct stream_rows rows;

	if (!nlines(s) || !stream_rows_of(s, ui, s->cursor.line, &rows))
		return 0;
	return rows.line->at + (rows.line->kind == STREAM_LINE_TEXT && s->cursor.row < rows.n
	                               ? rows.rows[s->cursor.row].from
	                               : 0);
}

static void go_place(struct stream_view *s, uint64_t at)
{
	s->cursor = (struct stream_place){ 0, 0 };
	if (streammap_bytes(s->map, s->sides))
		s->cursor.line = streammap_line_at(s->map, &s->source, s->form, s->sides, at);
}

/* To the line of a part, which may have no bytes. */
static void go_part(struct stream_view *s, const struct ui *ui, size_t part)
{
	struct stream_rows rows;

	go_place(s, streammap_part(s->map, part)->at);
	while (s->cursor.line > 0 && stream_rows_of(s, ui, s->cursor.line, &rows) &&
	       rows.line->part > part)
		s->cursor.line--;
}

static bool is_data(const struct stream_part *p)
{
	return p->kind == STREAM_DATA;
}

/* The packet of the line is the current one of all screens. */
static void take_packet(struct stream_view *s, struct ui *ui)
{
	struct stream_rows rows;
	const struct stream_part *part;

	if (nlines(s) && stream_rows_of(s, ui, s->cursor.line, &rows)) {
		part = streammap_part(s->map, rows.line->part);
		if (is_data(part))
			ui->packet = streammap_packet(s->map, part->packet)->packet;
	}
	s->seen_packet = ui->packet;
}

static unsigned height(struct stream_view *s, const struct ui *ui, uint64_t line)
{
	struct stream_rows rows;

	return stream_rows_of(s, ui, line, &rows) ? rows.n : 1;
}

/* On a wider screen a line has fewer rows. */
static struct stream_place within(
    struct stream_view *s, const struct ui *ui, const struct stream_place *p)
{
	unsigned rows = height(s, ui, p->line);

	return (struct stream_place){ p->line, p->row < rows ? p->row : rows - 1 };
}

static bool step(struct stream_view *s, const struct ui *ui, struct stream_place *p, int by)
{
	if (by > 0) {
		if (p->row + 1 < height(s, ui, p->line)) {
			p->row++;
			return true;
		}
		if (p->line + 1 >= nlines(s))
			return false;
		*p = (struct stream_place){ p->line + 1, 0 };
		return true;
	}
	if (p->row > 0) {
		p->row--;
		return true;
	}
	if (p->line == 0)
		return false;
	p->line--;
	p->row = height(s, ui, p->line) - 1;
	return true;
}

static bool is_before(const struct stream_place *a, const struct stream_place *b)
{
	return a->line != b->line ? a->line < b->line : a->row < b->row;
}

/* The first row shown, so that the cursor is visible: scrolled no further than needed. */
static struct stream_place top_of(struct stream_view *s, const struct ui *ui, int h)
{
	struct stream_place top = s->cursor, p;

	if (is_before(&s->cursor, &s->top))
		return s->cursor;
	for (int i = 1; i < h; i++) {
		if (top.line == s->top.line && top.row == s->top.row)
			return top;
		if (!step(s, ui, &top, -1))
			return top;
	}
	p = s->top;
	return is_before(&top, &p) ? p : top;
}

/* No blank rows at the end while there is something above. */
static struct stream_place fill_page(
    struct stream_view *s, const struct ui *ui, struct stream_place top, int h)
{
	struct stream_place end = top;
	int rows = 1;

	while (rows < h && step(s, ui, &end, 1))
		rows++;
	while (rows++ < h && step(s, ui, &top, -1))
		;
	return top;
}

static void settle(struct stream_view *s, struct ui *ui)
{
	s->top = fill_page(s, ui, top_of(s, ui, s->h), s->h);
	take_packet(s, ui);
}

/* While the session goes on its streams are mapped again: those of a long one when it is over. */
static bool has_grown(const struct stream_view *s, const struct ui *ui)
{
	struct store_session row;

	if (ui->is_paused)
		return false;
	store_session(ui->store, ui->session, &row);
	if (row.record != trace_session(s->trace)->record)
		return true;
	return row.npackets != s->npackets && row.npackets <= GROWING_MAX;
}

/* Another screen may have moved the current packet, or chosen another session. */
static void update(struct view *v, struct ui *ui)
{
	struct stream_view *s = stream_of(v);

	if (ui->session == STORE_NONE || ui->session >= ui->snap.nsessions)
		return;
	if (s->session == ui->session && has_grown(s, ui))
		load(s, ui);
	if (s->session != ui->session) {
		load(s, ui);
		s->seen_packet = 0;
		s->has_selection = false;
		s->found[0] = s->found[1] = 0;
		s->top = s->cursor = (struct stream_place){ 0, 0 };
	}
	if (s->seen_packet != ui->packet && ui->packet) {
		go_place(s, streammap_place(s->map, ui->packet));
		s->top = top_of(s, ui, s->h);
		s->seen_packet = ui->packet;
	}
}

static void open_stream(struct view *v, struct ui *ui)
{
	struct stream_view *s = stream_of(v);

	s->session = STORE_NONE;
	s->sides = 3;
	s->w = 80;
	s->h = ui->page > 3 ? ui->page - 3 : 1;
	buf_init(&s->pattern);
	update(v, ui);
	if (store_owner(ui->store, ui->packet) != ui->session)
		take_packet(s, ui);
}

static void close_stream(struct view *v)
{
	struct stream_view *s = stream_of(v);

	forget(s);
	stream_page_release(&s->page);
	stream_search_free(s->search);
	buf_release(&s->pattern);
}

/* --- drawing --- */

static void title_text(struct buf *out, const struct stream_view *s, const struct ui *ui)
{
	const struct store_session *row = trace_session(s->trace);

	buf_addf(out, "#%u stream  ", ui->session + 1);
	endpoint_text(out, &row->sides[SIDE_CLIENT].addr);
	buf_addf(out, " %s ", ui_glyph(ui, GLYPH_BETWEEN));
	endpoint_text(out, &row->sides[SIDE_SERVER].addr);
}

static void right_text(struct buf *out, const struct stream_view *s)
{
	static const char *const sides[] = { "", "client", "server", "both" };
	static const char *const forms[] = { "text", "hex", "C" };

	buf_addf(out, "%s  %s  ", sides[s->sides], forms[s->form]);
	text_bytes(out, streammap_bytes(s->map, s->sides));
}

static void status_text(struct buf *out, const struct stream_view *s, const struct ui *ui)
{
	buf_addf(out, "find: %s", ui->find.len ? ui->find.data : "-");
	if (s->has_selection)
		buf_addstr(out, "   selecting: w saves, Space drops");
}

static void status_right(struct buf *out, struct stream_view *s, const struct ui *ui)
{
	uint64_t all = streammap_bytes(s->map, 3), at = place_of_cursor(s, ui);

	if (!ui->snap.is_done && !trace_session(s->trace)->record)
		buf_addstr(out, "so far  ");
	buf_addf(out, "%" PRIu64 "%% of ", all ? at * 100 / all : 100);
	text_bytes(out, all);
}

static void draw_head(struct stream_view *s, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf title = BUF_INIT, right = BUF_INIT, status = BUF_INIT, place = BUF_INIT;
	struct head head = { .title = NULL };

	title_text(&title, s, ui);
	right_text(&right, s);
	status_text(&status, s, ui);
	status_right(&place, s, ui);
	head.title = title.data;
	head.right = right.data;
	head.status = status.data;
	head.status_right = place.data;
	frame_head(g, r, &head);
	buf_release(&title);
	buf_release(&right);
	buf_release(&status);
	buf_release(&place);
}

/* What is missing or ambiguous, the first of it; or why bytes cannot be shown. */
static void doubt_text(struct buf *out, const struct stream_view *s, const struct ui *ui)
{
	const struct report_options ro = { .facts = cap_facts(ui->options->cap) };
	const struct follow_options fo = { .sides = { s->sides & 1, s->sides & 2 },
		.overlap_policy = ui->options->engine->overlap_policy };

	if (s->page.err.text[0])
		buf_addf(out, "! %s", s->page.err.text);
	else if (s->unread)
		buf_addf(out, "! %u segment%s came in IP fragments: the bytes are not shown",
		    s->unread, s->unread == 1 ? "" : "s");
	else
		follow_doubts(out, s->rows, &ro, &fo);
	if (out->len == 0 && s->no_pauses)
		buf_addstr(out, "too many packets to show pauses");
}

static void draw_doubts(
    const struct stream_view *s, const struct ui *ui, struct grid *g, struct rect *r)
{
	struct rect box = { r->y, r->x, r->h / 4 < DOUBT_LINES ? r->h / 4 : DOUBT_LINES, r->w };
	int lines = box.h;
	struct buf text = BUF_INIT;
	char *rest, *line;

	doubt_text(&text, s, ui);
	rest = text.data;
	while ((line = strsep(&rest, "\n")) && *line)
		para_draw(g, &box, ROLE_WARN, line);
	(void)rect_take_top(r, lines - box.h);
	buf_release(&text);
}

static bool is_selected(const struct stream_view *s, const struct stream_line *l, uint64_t cursor)
{
	uint64_t from = s->selected_from < cursor ? s->selected_from : cursor;
	uint64_t to = s->selected_from < cursor ? cursor : s->selected_from;

	return s->has_selection && l->at + l->n > from && l->at <= to;
}

static void draw_rows(struct stream_view *s, struct ui *ui, struct grid *g, struct rect r)
{
	uint64_t cursor = place_of_cursor(s, ui);
	struct stream_place at = top_of(s, ui, r.h);
	struct stream_rows rows;
	bool has = stream_rows_of(s, ui, at.line, &rows);

	rows.above = SIZE_MAX;
	for (int y = 0; y < r.h && has; y++) {
		struct pen p = rect_pen(g, r, y, ROLE_NORMAL);

		stream_draw_row(s, ui, &rows, at.row, &p);
		if (at.line == s->cursor.line && at.row == s->cursor.row) {
			grid_add_attr(g, (struct rect){ r.y + y, r.x, 1, r.w }, ATTR_SELECTED);
			g->cursor_y = r.y + y;
			g->cursor_x = r.x;
		} else if (is_selected(s, rows.line, cursor)) {
			grid_add_attr(g, (struct rect){ r.y + y, r.x, 1, r.w }, ATTR_UNDERLINE);
		}
		if (++at.row < rows.n)
			continue;
		rows.above = rows.line->part;
		at = (struct stream_place){ at.line + 1, 0 };
		has = stream_rows_of(s, ui, at.line, &rows);
	}
}

/* Where cursor and scroll position are stays: the screen may become as it was. */
static void draw_within(struct stream_view *s, struct ui *ui, struct grid *g, struct rect r)
{
	struct stream_place cursor = s->cursor, top = s->top;

	s->cursor = within(s, ui, &cursor);
	s->top = within(s, ui, &top);
	draw_rows(s, ui, g, r);
	s->cursor = cursor;
	s->top = top;
}

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct stream_view *s = stream_of(v);
	struct pen p;

	if (!s->map) {
		p = rect_pen(g, r, 0, ROLE_DIM);
		grid_puts(&p, "no session");
		return;
	}
	s->w = r.w;
	s->is_linear = ui_is_linear(ui);
	draw_head(s, ui, g, &r);
	draw_doubts(s, ui, g, &r);
	s->h = r.h;
	if (nlines(s) > 0) {
		draw_within(s, ui, g, r);
		return;
	}
	p = rect_pen(g, r, r.h > 2 ? 1 : 0, ROLE_DIM);
	grid_puts(
	    &p, s->sides == 3 ? "no bytes were sent" : "no bytes from this side; 3 shows both");
}

/* --- moving --- */

static void move(struct stream_view *s, struct ui *ui, int by)
{
	int n = by < 0 ? -by : by;

	s->cursor = within(s, ui, &s->cursor);
	while (n-- > 0 && step(s, ui, &s->cursor, by))
		;
	settle(s, ui);
}

static void go_last(struct stream_view *s, struct ui *ui)
{
	s->cursor.line = nlines(s) ? nlines(s) - 1 : 0;
	s->cursor.row = height(s, ui, s->cursor.line) - 1;
	settle(s, ui);
}

static void go_line(struct stream_view *s, struct ui *ui, uint64_t line)
{
	s->cursor = (struct stream_place){ line < nlines(s) ? line : nlines(s) - 1, 0 };
	settle(s, ui);
}

static bool move_action(struct stream_view *s, struct ui *ui, const struct act *a)
{
	int n = a->count && a->count < 100000 ? (int)a->count : 1;

	switch ((int)a->id) {
	case ACTION_UP:
	case ACTION_DOWN:
		move(s, ui, a->id == ACTION_UP ? -n : n);
		return true;
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		move(s, ui, a->id == ACTION_PAGE_UP ? -s->h : s->h);
		return true;
	case ACTION_HALF_UP:
	case ACTION_HALF_DOWN:
		move(s, ui, (a->id == ACTION_HALF_UP ? -1 : 1) * (s->h + 1) / 2);
		return true;
	case ACTION_FIRST:
		go_line(s, ui, a->count ? a->count - 1 : 0);
		return true;
	case ACTION_LAST:
		if (a->count)
			go_line(s, ui, a->count - 1);
		else
			go_last(s, ui);
		return true;
	}
	return false;
}

static bool is_gap(const struct stream_part *p)
{
	return p->kind != STREAM_DATA;
}

static bool is_problem(const struct stream_part *p)
{
	return p->kind == STREAM_GAP || p->flags & (STREAM_FILLS | STREAM_LOST);
}

/* The part that the cursor is on. */
static size_t current_part(struct stream_view *s, const struct ui *ui)
{
	struct stream_rows rows;

	return nlines(s) && stream_rows_of(s, ui, s->cursor.line, &rows) ? rows.line->part : 0;
}

/* To the next (step 1) or previous part that is such; false = there is none. */
static bool go_next(
    struct stream_view *s, struct ui *ui, int by, bool (*is_such)(const struct stream_part *p))
{
	size_t n = streammap_nparts(s->map);

	for (size_t i = current_part(s, ui) + (size_t)by; i < n; i += (size_t)by) {
		const struct stream_part *p = streammap_part(s->map, i);

		if (!is_such(p) || !(s->sides & 1u << p->side))
			continue;
		go_part(s, ui, i);
		settle(s, ui);
		return true;
	}
	return false;
}

/* --- searching --- */

static bool prepare_search(struct stream_view *s, struct ui *ui)
{
	bool is_regex = ui->find.len > 1 && ui->find.data[0] == '~';
	struct err e = { "" };

	if (s->search && s->pattern.len == ui->find.len &&
	    memcmp(s->pattern.data, ui->find.data, ui->find.len) == 0)
		return true;
	stream_search_free(s->search);
	s->search =
	    stream_search_new(ui->find.data + is_regex, ui->find.len - is_regex, is_regex, &e);
	buf_reset(&s->pattern);
	buf_add(&s->pattern, ui->find.data, ui->find.len);
	if (!s->search)
		ui_complain(ui, "%s", e.text);
	return s->search != NULL;
}

/* A run of binary data is on one line, which does not show what was found. */
static void say_where(struct stream_view *s, struct ui *ui)
{
	struct stream_rows rows;

	if (stream_rows_of(s, ui, s->cursor.line, &rows) && rows.line->kind == STREAM_LINE_BINARY)
		ui_say(ui, "found in binary data: x shows it");
}

static bool find(struct view *v, struct ui *ui, int by)
{
	struct stream_view *s = stream_of(v);
	struct stream_range r = { s->sides, 0, UINT64_MAX };
	uint64_t found[2];

	if (!s->map || !prepare_search(s, ui))
		return true;
	if (by > 0)
		r.from = s->found[1] > s->found[0] ? s->found[0] + 1 : place_of_cursor(s, ui);
	else
		r.to = s->found[1] > s->found[0] ? s->found[0] : place_of_cursor(s, ui);
	if (!stream_search_find(s->search, s->map, &s->source, &r, by, found)) {
		r = (struct stream_range){ s->sides, 0, UINT64_MAX };
		if (!stream_search_find(s->search, s->map, &s->source, &r, by, found))
			return false;
		ui_say(ui, by > 0 ? "from the beginning again" : "from the end again");
	}
	s->found[0] = found[0];
	s->found[1] = found[1];
	go_place(s, found[0]);
	settle(s, ui);
	say_where(s, ui);
	return true;
}

/* --- copying and saving --- */

static struct stream_range selection(struct stream_view *s, const struct ui *ui)
{
	struct stream_range r = { s->sides, 0, UINT64_MAX };
	uint64_t at = place_of_cursor(s, ui);
	struct stream_rows rows;

	if (!s->has_selection)
		return r;
	r.from = at < s->selected_from ? at : s->selected_from;
	r.to = at < s->selected_from ? s->selected_from : at;
	go_place(s, r.to);
	if (stream_rows_of(s, ui, s->cursor.line, &rows))
		r.to = rows.line->at + rows.line->n;
	go_place(s, at);
	return r;
}

static int put_bytes(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct report_out *out = ctx;

	buf_add(&out->buf, bytes, n);
	return report_out_commit(out, e);
}

struct copy {
	struct stream_view *s;
	struct stream_range range;
};

static int write_copy(void *ctx, struct report_out *out, struct err *e)
{
	struct copy *c = ctx;
	const struct stream_taker taker = { put_bytes, out };

	return streammap_copy(c->s->map, &c->s->source, &c->range, &taker, e);
}

static void save(struct stream_view *s, struct ui *ui, const char *name)
{
	struct copy c = { s, selection(s, ui) };
	struct err e = { "" };

	if (!name || !*name)
		ui_complain(ui, "to which file? :save NAME");
	else if (save_report(ui, name, write_copy, &c, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "saved %s", name);
}

/* All that is shown, in the form it is shown in. */
static void export(struct stream_view *s, struct ui *ui, const char *name)
{
	struct stream_place cursor = s->cursor, top = s->top, at = { 0, 0 };
	int w = s->w, h = s->h, rows = 1;

	if (name && (save_ends(name, ".c") || save_ends(name, ".h"))) {
		stream_export_code(s, ui, name);
		return;
	}
	if (!name || !save_ends(name, ".txt")) {
		ui_complain(ui, "the name must end in .txt, .c or .h");
		return;
	}
	s->w = EXPORT_WIDTH;
	while (rows <= EXPORT_ROWS && step(s, ui, &at, 1))
		rows++;
	if (rows > EXPORT_ROWS) {
		ui_complain(ui, "more than %d lines; w saves the bytes themselves", EXPORT_ROWS);
	} else {
		s->cursor = s->top = (struct stream_place){ 0, 0 };
		save_view(ui, &s->view, EXPORT_WIDTH, rows + EXPORT_AROUND, name);
	}
	s->w = w;
	s->h = h;
	s->cursor = cursor;
	s->top = top;
}

static int copy_bytes(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct buf *out = ctx;

	if (out->len + n > COPY_MAX)
		return err_set(e, "more than 64 KiB; w saves it to a file");
	buf_add(out, bytes, n);
	return 0;
}

/* The selection, or the line. */
static void copy(struct stream_view *s, struct ui *ui)
{
	bool had = s->has_selection;
	struct buf text = BUF_INIT;
	struct err e = { "" };
	struct stream_range r;

	if (!had)
		s->selected_from = place_of_cursor(s, ui);
	s->has_selection = true;
	r = selection(s, ui);
	s->has_selection = had;
	if (streammap_copy(
	        s->map, &s->source, &r, &(struct stream_taker){ copy_bytes, &text }, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_copy(ui, text.data, text.len);
	buf_release(&text);
}

/* --- actions --- */

/* Another form or other sides: the cursor stays on its bytes. */
static void show(struct stream_view *s, struct ui *ui, enum stream_form form, unsigned sides)
{
	uint64_t at = place_of_cursor(s, ui);

	s->form = form;
	s->sides = sides;
	go_place(s, at);
	s->top = s->cursor;
	(void)step(s, ui, &s->top, -1);
	settle(s, ui);
}

static bool show_action(struct stream_view *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_STREAM_TEXT:
	case ACTION_STREAM_HEX:
	case ACTION_STREAM_CODE:
		show(s, ui, (enum stream_form)(a->id - ACTION_STREAM_TEXT), s->sides);
		return true;
	case ACTION_ONLY_CLIENT:
	case ACTION_ONLY_SERVER:
	case ACTION_BOTH_SIDES:
		show(s, ui, s->form, (unsigned)(a->id - ACTION_ONLY_CLIENT) + 1);
		return true;
	}
	return false;
}

static bool byte_action(struct stream_view *s, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_SELECT:
		s->has_selection = !s->has_selection;
		s->selected_from = place_of_cursor(s, ui);
		return true;
	case ACTION_SAVE:
		save(s, ui, a->arg);
		return true;
	case ACTION_COPY:
		copy(s, ui);
		return true;
	case ACTION_EXPORT:
		export(s, ui, a->arg);
		return true;
	}
	return false;
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct stream_view *s = stream_of(v);

	if (!s->map)
		return false;
	switch ((int)a->id) {
	case ACTION_NEXT_GAP:
	case ACTION_PREVIOUS_GAP:
		if (!go_next(s, ui, a->id == ACTION_NEXT_GAP ? 1 : -1, is_gap))
			ui_say(ui, "no more pauses or gaps there");
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		if (!go_next(s, ui, a->id == ACTION_NEXT ? 1 : -1, is_problem))
			ui_say(ui, "no more gaps or late bytes there");
		return true;
	case ACTION_OPEN:
		ui_open(ui, SCREEN_LADDER);
		return true;
	}
	return move_action(s, ui, a) || show_action(s, ui, a) || byte_action(s, ui, a);
}

static void prompt(struct view *v, struct ui *ui, enum action a, struct buf *text)
{
	const struct stream_view *s = stream_of(v);
	const char *sides = s->sides == 3 ? "" : side_word(s->sides >> 1);

	(void)ui;
	if (a == ACTION_EXPORT)
		buf_addf(text, "session-%u%s%s.%s", s->session + 1, *sides ? "-" : "", sides,
		    s->form == STREAM_CODE ? "c" : "txt");
	else if (a == ACTION_SAVE)
		buf_addf(text, "session-%u%s%s.bin", s->session + 1, *sides ? "-" : "", sides);
}

const struct view_ops view_stream = {
	.size = sizeof(struct stream_view),
	.open = open_stream,
	.close = close_stream,
	.update = update,
	.draw = draw,
	.action = action,
	.prompt = prompt,
	.find = find,
};
