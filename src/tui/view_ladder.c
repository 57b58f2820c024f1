/* SPDX-License-Identifier: MIT */
/*
 * view_ladder - one connection, a line a segment; or all that are marked, in order of capture.
 *
 * The cursor is on a line; the packet it is about is the current packet of all views, its connection the current one.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/ladder.h"

enum {
	BRIEF_LINES = 2,
	ROOM_FOR_BRIEF = 14, /* rows of the screen */
	ROOM_FOR_PANE = 40,
	ROOM_FOR_STRIP = 30,
	WIDTH_OF_STRIP = 120,
	FIND_MOST = TRACES_PACKETS, /* packets looked at by one search */
};

/* Between two layouts of several connections that grow, for each packet: some five times what it costs. */
#define MERGED_PACE INT64_C(2500)

static struct ladder_view *ladder_of(struct view *v)
{
	return (struct ladder_view *)(void *)v;
}

static uint32_t count(const struct ladder_view *v)
{
	return v->traces ? traces_count(v->traces) : 0;
}

static uint64_t last_packet(const struct ladder_view *v)
{
	struct store_packet p;

	traces_packet(v->traces, count(v) - 1, &p);
	return p.ordinal;
}

/* The records tell of more than a list that is cut: packets behind this one have no line and get none. */
static uint64_t horizon(const struct ladder_view *v)
{
	return traces_left_out(v->traces) ? last_packet(v) : UINT64_MAX;
}

/* ---- what is shown ---- */

static int by_ordinal(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void add_problems(struct ladder_view *v, const struct finding *f, uint64_t last)
{
	if (finding_info(f->id)->severity < SEVERITY_NOTE)
		return;
	for (unsigned k = 0; k < f->npackets; k++)
		if (f->packets[k] <= last)
			v->problems[v->nproblems++] = f->packets[k];
}

static void collect_problems(struct ladder_view *v)
{
	const struct conn_record *r = v->source.records;
	uint64_t last = horizon(v);
	size_t most = 0;

	for (size_t i = 0; i < v->source.nrecords; i++)
		most += r[i].nfindings * (size_t)FINDING_PACKETS;
	free(v->problems);
	v->problems = mem_alloc(most, sizeof(*v->problems));
	v->nproblems = 0;
	for (size_t i = 0; i < v->source.nrecords; i++)
		for (uint32_t k = 0; k < r[i].nfindings; k++)
			add_problems(v, &r[i].findings[k], last);
	if (v->nproblems)
		qsort(v->problems, v->nproblems, sizeof(*v->problems), by_ordinal);
}

/*
 * A wait is drawn over several lines that are about no packet: the cursor passes over them, forward or back.  Read out
 * it is one line like any other.
 */
static size_t passed_gap(const struct ladder_view *v, size_t line, bool back)
{
	const struct ladder_item *it;

	if (v->ladder.lines == 0 || v->linear)
		return line;
	it = &v->ladder.items[ladder_at(&v->ladder, line)];
	if (it->kind != LADDER_GAP)
		return line;
	if (back && it->line > 0)
		return (size_t)it->line - 1;
	line = (size_t)it->line + it->lines;
	return line < v->ladder.lines ? line : (size_t)v->ladder.lines - 1;
}

/* The line of the current packet; where it is on one already, the cursor stays. */
static void follow_packet(struct ladder_view *v, const struct ui *ui)
{
	uint32_t n = count(v), k;

	if (v->ladder.lines == 0)
		return;
	if (v->list.cursor >= v->ladder.lines)
		v->list.cursor = (size_t)v->ladder.lines - 1;
	k = traces_from(v->traces, ui->packet);
	if (k >= n)
		k = n - 1;
	if (ladder_cursor_packet(v) != k)
		v->list.cursor = (size_t)ladder_line_of(&v->ladder, k);
	v->list.cursor = passed_gap(v, v->list.cursor, false);
}

/* Who stands where. */
static void place_hosts(struct ladder_view *v)
{
	struct lifelines_call *calls = mem_alloc(v->source.nrecords, sizeof(*calls));

	for (size_t i = 0; i < v->source.nrecords; i++)
		for (unsigned side = 0; side < 2; side++)
			calls[i].ends[side] = v->source.records[i].sides[side].addr;
	lifelines_release(&v->lines);
	lifelines_init(&v->lines, calls, v->source.nrecords);
	free(calls);
}

static void lay_out(struct ladder_view *v, struct ui *ui)
{
	struct ladder_options o = {
		.fold = ui->setting[SETTING_FOLD] == FOLD_ON,
		.fold_min = v->fold_min,
		.gaps = ui->setting[SETTING_GAPS],
		.brief = ui_is_linear(ui),
		.opened = v->opened,
		.nopened = v->nopened,
	};

	v->fold = ui->setting[SETTING_FOLD];
	v->gaps = ui->setting[SETTING_GAPS];
	v->linear = ui->setting[SETTING_LINEAR];
	v->source = traces_source(v->traces);
	ladder_release(&v->ladder);
	ladder_build(&v->ladder, &v->source, &o);
	v->laid_out_at = ui->now;
	if (ladder_is_merged(v))
		place_hosts(v);
	collect_problems(v);
	follow_packet(v, ui);
}

/* The worst that names a packet up to this one. */
static const struct finding *worst_of(const struct conn_record *r, uint64_t last)
{
	const struct finding *f = NULL;

	do
		f = finding_text_next(r->findings, r->nfindings, f);
	while (f && (!f->npackets || f->packets[0] > last));
	return f;
}

/* Where a reader begins: at the worst problem, else at the first packet. */
static uint64_t first_packet(struct ladder_view *v)
{
	const struct conn_record *r = traces_records(v->traces);
	uint64_t last = horizon(v);
	uint8_t worst = SEVERITY_WARN - 1;
	struct store_packet p;

	traces_packet(v->traces, 0, &p);
	for (size_t i = 0; i < traces_conns(v->traces); i++) {
		const struct finding *f = worst_of(&r[i], last);

		if (!f || finding_info(f->id)->severity <= worst)
			continue;
		worst = finding_info(f->id)->severity;
		p.ordinal = f->packets[0];
	}
	return p.ordinal;
}

/* Is the packet of one of the connections? */
static bool is_ours(const struct ladder_view *v, const struct ui *ui, uint64_t packet)
{
	uint32_t owner = store_owner(ui->store, packet);

	for (size_t i = 0; i < traces_conns(v->traces); i++)
		if (traces_session(v->traces, i) == owner)
			return true;
	return false;
}

/* The packet under the cursor and its connection become the current ones. */
static void moved(struct ladder_view *v, struct ui *ui)
{
	uint32_t i = ladder_cursor_packet(v);
	struct store_packet p;

	traces_packet(v->traces, i, &p);
	ui->packet = p.ordinal;
	ui->session = traces_session(v->traces, traces_at(v->traces, i).conn);
	v->pane = (struct list){ 0 };
}

static void show_session(struct ladder_view *v, struct ui *ui)
{
	traces_free(v->traces);
	v->traces = traces_new(ui->store, ui->options->cap, &ui->session, 1);
	v->session = ui->session;
	v->nopened = 0;
	v->list = (struct list){ 0 };
	v->mark.is_set = false;
	if (!is_ours(v, ui, ui->packet))
		ui->packet = first_packet(v);
	lay_out(v, ui);
}

static bool has_other_settings(const struct ladder_view *v, const struct ui *ui)
{
	return v->fold != ui->setting[SETTING_FOLD] || v->gaps != ui->setting[SETTING_GAPS] ||
	       v->linear != ui->setting[SETTING_LINEAR];
}

static void update(struct view *view, struct ui *ui)
{
	struct ladder_view *v = ladder_of(view);

	if (ui->session == STORE_NONE)
		return;
	if (v->session != ui->session)
		show_session(v, ui);
	else if ((!ui->is_paused && traces_refresh(v->traces)) || has_other_settings(v, ui))
		lay_out(v, ui);
	else
		follow_packet(v, ui);
}

static void open_ladder(struct view *view, struct ui *ui)
{
	struct ladder_view *v = ladder_of(view);

	v->session = STORE_NONE;
	v->fold_min = LADDER_FOLD_MIN;
	update(view, ui);
}

bool ladder_has_pane(const struct ladder_view *v, int height)
{
	return v->pane_is_chosen ? v->has_pane : height >= ROOM_FOR_PANE;
}

static bool has_pane_beside(const struct ladder_view *v, int height, int width)
{
	return ladder_has_pane(v, height) && v->place == LADDER_PANE_RIGHT &&
	       width >= WIDTH_OF_STRIP;
}

static int pane_width(int width)
{
	return width * 2 / 5;
}

static int lines_width(const struct ladder_view *v, int height, int width)
{
	return has_pane_beside(v, height, width) ? width - pane_width(width) : width;
}

/* Lifelines that can be scrolled off to the left. */
static uint32_t most_hidden(const struct ladder_view *v, const struct ui *ui)
{
	int w = lines_width(v, ui->page + 1, ui->width);

	return (uint32_t)v->lines.n - ladder_merged_shown(v, ui, w);
}

/* After a jump both ends of the line's connection are to be seen, if there is room for them. */
static void show_hosts(struct ladder_view *v, const struct ui *ui)
{
	const uint16_t *ends = v->lines.ends[traces_at(v->traces, ladder_cursor_packet(v)).conn];
	uint32_t left = ends[0] < ends[1] ? ends[0] : ends[1], right = ends[0] + ends[1] - left;
	uint32_t shown = (uint32_t)v->lines.n - most_hidden(v, ui);

	if (right >= v->first_host + shown)
		v->first_host = right - shown + 1;
	if (left < v->first_host)
		v->first_host = left;
}

static bool is_new(struct ladder_view *v, const struct ui *ui)
{
	int64_t pace = MERGED_PACE * count(v);
	bool is_due = !ui->is_paused && (ui->snap.is_done || ui->now - v->laid_out_at >= pace);

	return (is_due && traces_refresh(v->traces)) || has_other_settings(v, ui);
}

static void say_missing(const struct ladder_view *v, struct ui *ui, uint64_t ordinal)
{
	ui_say(ui, "packet %llu %s", (unsigned long long)store_number(ui->store, ordinal, NULL),
	    traces_left_out(v->traces) ? "is left out" : "has no line yet");
}

/*
 * Another screen may have gone to a packet that is of none of the connections: the next one is.  One behind the last
 * line becomes the last, as it is that line which is seen.
 */
static void update_merged(struct view *view, struct ui *ui)
{
	struct ladder_view *v = ladder_of(view);
	bool is_missing;

	if (is_new(v, ui))
		lay_out(v, ui);
	else
		follow_packet(v, ui);
	is_missing = ui->packet > last_packet(v);
	if (is_missing && is_ours(v, ui, ui->packet))
		say_missing(v, ui, ui->packet);
	if (is_missing || !is_ours(v, ui, ui->packet) ||
	    store_owner(ui->store, ui->packet) != ui->session)
		moved(v, ui);
}

static void say_what_is_left_out(const struct ladder_view *v, struct ui *ui)
{
	if (traces_conns(v->traces) < ui->nmerged)
		ui_say(ui, "the first %zu of %zu marked sessions: a ladder takes no more",
		    traces_conns(v->traces), ui->nmerged);
	else if (traces_left_out(v->traces))
		ui_say(ui, "the first %u packets: those behind them are left out",
		    traces_count(v->traces));
}

static void open_merged(struct view *view, struct ui *ui)
{
	struct ladder_view *v = ladder_of(view);

	v->session = STORE_NONE;
	v->fold_min = LADDER_FOLD_MIN;
	v->traces = traces_new(ui->store, ui->options->cap, ui->merged, ui->nmerged);
	if (!is_ours(v, ui, ui->packet))
		ui->packet = first_packet(v);
	lay_out(v, ui);
	show_hosts(v, ui);
	moved(v, ui);
	say_what_is_left_out(v, ui);
}

static void close_ladder(struct view *view)
{
	struct ladder_view *v = ladder_of(view);

	traces_free(v->traces);
	ladder_release(&v->ladder);
	lifelines_release(&v->lines);
	free(v->opened);
	free(v->problems);
}

uint32_t ladder_cursor_packet(const struct ladder_view *v)
{
	size_t k;

	if (v->ladder.lines == 0)
		return 0;
	k = ladder_packet(&v->ladder, v->list.cursor);
	return k < count(v) ? (uint32_t)k : count(v) - 1;
}

/* ---- drawing ---- */

/* Of what is marked something is missing. */
static bool is_cut(const struct ladder_view *v, const struct ui *ui)
{
	return traces_conns(v->traces) < ui->nmerged || traces_left_out(v->traces);
}

static void title_text(struct buf *out, const struct ladder_view *v, const struct ui *ui)
{
	const struct conn_record *r = v->source.records;

	buf_addf(out, "#%u  ", v->session + 1);
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addf(out, " %s ", ui_glyph(ui, GLYPH_BETWEEN));
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
	buf_addstr(out, "  ");
	outcome_text(out, r, false);
}

static const char *word_of(const struct ui *ui, enum setting s)
{
	static const char *const times[] = { "since start", "since the line before",
		"since the same side's last", "UTC", "local time", "epoch" };
	static const char *const numbers[] = { "relative", "absolute" };
	static const char *const folds[] = { "on", "off" };

	if (s == SETTING_TIME)
		return times[ui->setting[s]];
	return s == SETTING_NUMBERS ? numbers[ui->setting[s]] : folds[ui->setting[s]];
}

static void put_mark(struct ladder_view *v, struct ui *ui)
{
	uint32_t i = ladder_cursor_packet(v);
	struct store_packet p;

	if (v->mark.is_set && v->mark.packet == i) {
		v->mark.is_set = false;
		ui_say(ui, "nothing is compared any more");
		return;
	}
	traces_packet(v->traces, i, &p);
	v->mark = (struct ladder_mark){ true, i, store_number(ui->store, p.ordinal, NULL), p.time };
}

/* "1.81 s and 14 packets after #5" */
static void compare_text(struct buf *out, const struct ladder_view *v)
{
	const struct ladder_mark *m = &v->mark;
	uint32_t i = ladder_cursor_packet(v), n = i > m->packet ? i - m->packet : m->packet - i;
	struct store_packet p;

	traces_packet(v->traces, i, &p);
	if (n == 0) {
		buf_addf(out, "compared with #%" PRIu64, m->number);
		return;
	}
	text_duration(out, p.time > m->time ? p.time - m->time : m->time - p.time);
	buf_addf(out, " and %u packet%s %s #%" PRIu64, n, n == 1 ? "" : "s",
	    i > m->packet ? "after" : "before", m->number);
}

/* Below a certain width the time of the packet stands here, and what else its line has no room for. */
static void status_text(struct buf *out, const struct ladder_view *v, const struct ui *ui, int w)
{
	if (ui->find.len) {
		buf_addf(out, "find: %s", ui->find.data);
	} else if (v->mark.is_set) {
		compare_text(out, v);
	} else if (w < LADDER_NARROW) {
		ladder_time_text(out, v, ui, ladder_cursor_packet(v), LADDER_DECIMALS);
		buf_addstr(out, ladder_is_merged(v) ? " " : "");
		if (ladder_is_merged(v))
			ladder_merged_states(out, v);
	}
}

static void draw_head(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf title = BUF_INIT, right = BUF_INIT, status = BUF_INIT, modes = BUF_INIT;

	if (ladder_is_merged(v))
		ladder_merged_title(&title, v, ui, lines_width(v, g->h, r->w));
	else
		title_text(&title, v, ui);
	buf_addstr(&right, ladder_is_merged(v) ? "merged  " : "ladder  ");
	text_count(&right, ladder_cursor_packet(v) + 1);
	buf_addstr(&right, " of ");
	text_count(&right, count(v));
	status_text(&status, v, ui, r->w);
	buf_addf(&modes, "t: %s   seq: %s   fold: %s", word_of(ui, SETTING_TIME),
	    word_of(ui, SETTING_NUMBERS), word_of(ui, SETTING_FOLD));
	frame_head(g, r,
	    &(struct head){ .title = title.data,
	        .right = right.data,
	        .status = status.data,
	        .status_right = modes.data,
	        .is_warning = ladder_is_merged(v) && is_cut(v, ui) });
	buf_release(&title);
	buf_release(&right);
	buf_release(&status);
	buf_release(&modes);
}

static int pane_lines(int height)
{
	return height * 2 / 5;
}

static void draw_rule(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect *below)
{
	struct rect rule = rect_take_top(below, 1);

	grid_hline(g, rule.y, rule.x, rule.w);
	if (ladder_is_merged(v))
		ladder_merged_rule(g, rule, v, ui);
}

static void draw_with_pane(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct rect pane;

	if (has_pane_beside(v, g->h, r.w)) {
		pane = rect_take_right(&r, pane_width(r.w));
		grid_vline(g, pane.y, pane.x, pane.h);
		(void)rect_take_left(&pane, 1);
	} else {
		pane = rect_take_bottom(&r, pane_lines(r.h));
		draw_rule(v, ui, g, &pane);
	}
	ladder_draw_rows(v, ui, g, r);
	ladder_draw_pane(v, ui, g, pane);
}

/* The life of one connection on a line; of several there is none. */
static bool has_strip(const struct ladder_view *v, int height)
{
	return height >= ROOM_FOR_STRIP && !ladder_is_merged(v);
}

static void draw(struct view *view, struct ui *ui, struct grid *g, struct rect r)
{
	struct ladder_view *v = ladder_of(view);
	struct rect brief;

	if (!v->traces)
		return;
	draw_head(v, ui, g, &r);
	if (has_strip(v, g->h) && r.w >= WIDTH_OF_STRIP)
		ladder_draw_strip(v, ui, g, rect_take_top(&r, 1));
	if (ladder_has_pane(v, g->h)) {
		draw_with_pane(v, ui, g, r);
		return;
	}
	if (g->h >= ROOM_FOR_BRIEF) {
		brief = rect_take_bottom(&r, BRIEF_LINES + 1);
		draw_rule(v, ui, g, &brief);
		ladder_draw_brief(v, ui, g, brief);
	}
	ladder_draw_rows(v, ui, g, r);
}

/* ---- actions ---- */

/* Lines of the ladder on the screen. */
static int page(const struct ladder_view *v, const struct ui *ui)
{
	int h = ui->page + 1, rows = ui->page - 2 - (h >= 8);

	if (has_strip(v, h))
		rows--;
	if (ladder_has_pane(v, h))
		return v->place == LADDER_PANE_RIGHT ? rows : rows - pane_lines(rows + 1);
	return h >= ROOM_FOR_BRIEF ? rows - BRIEF_LINES - 1 : rows;
}

static void go_line(struct ladder_view *v, struct ui *ui, uint64_t line)
{
	v->list.cursor = passed_gap(v, (size_t)line, false);
	v->list.top = list_top(v->list.top, v->list.cursor, (size_t)v->ladder.lines, page(v, ui));
	if (ladder_is_merged(v))
		show_hosts(v, ui);
	moved(v, ui);
}

static void go_packet(struct ladder_view *v, struct ui *ui, uint64_t ordinal)
{
	uint32_t k = traces_from(v->traces, ordinal);

	go_line(v, ui, ladder_line_of(&v->ladder, k < count(v) ? k : count(v) - 1));
}

/* 123G: the packet with this number in the file of the connection, of several in that of the current packet. */
static void go_number(struct ladder_view *v, struct ui *ui, uint64_t number)
{
	struct store_packet near;
	uint64_t ordinal;
	uint32_t owner;

	traces_packet(v->traces, ladder_is_merged(v) ? ladder_cursor_packet(v) : 0, &near);
	ordinal = store_ordinal(ui->store, near.file, number);
	owner = store_owner(ui->store, ordinal);
	if (ordinal == 0)
		ui_say(ui, "there is no packet %llu", (unsigned long long)number);
	else if (owner == STORE_NONE)
		ui_say(ui, "packet %llu is no TCP", (unsigned long long)number);
	else if (!is_ours(v, ui, ordinal))
		ui_say(
		    ui, "packet %llu is of connection %u", (unsigned long long)number, owner + 1);
	else if (ordinal > last_packet(v))
		say_missing(v, ui, ordinal);
	else
		go_packet(v, ui, ordinal);
}

static void say_no_problem(const struct ladder_view *v, struct ui *ui)
{
	if (traces_left_out(v->traces))
		ui_say(ui, "no problem was found in the first %u packets", count(v));
	else
		ui_say(ui, "no problem was found in %s",
		    ladder_is_merged(v) ? "these connections" : "this connection");
}

/* The first behind the current packet, or the last before it; at an end, from the other end. */
static void go_problem(struct ladder_view *v, struct ui *ui, int step)
{
	size_t n = v->nproblems, i = 0;

	if (n == 0) {
		say_no_problem(v, ui);
		return;
	}
	if (step > 0) {
		while (i < n && v->problems[i] <= ui->packet)
			i++;
		i %= n;
	} else {
		while (i < n && v->problems[i] < ui->packet)
			i++;
		i = (i + n - 1) % n;
	}
	go_packet(v, ui, v->problems[i]);
}

/* Where the cursor is when it comes to a wait: behind it, or read out, on it. */
static uint64_t line_of_gap(const struct ladder_view *v, const struct ladder_item *gap)
{
	return v->linear ? gap->line : gap->line + gap->lines;
}

static void go_gap(struct ladder_view *v, struct ui *ui, int step)
{
	const struct ladder *l = &v->ladder;
	size_t at = l->lines ? ladder_at(l, v->list.cursor) : 0;

	for (size_t i = 1; i <= l->nitems; i++) {
		size_t k = step > 0 ? at + i : at - i;
		const struct ladder_item *gap;

		if (k >= l->nitems)
			break;
		gap = &l->items[k];
		if (gap->kind != LADDER_GAP || line_of_gap(v, gap) == v->list.cursor)
			continue;
		go_line(v, ui, line_of_gap(v, gap));
		if (v->list.top > gap->line)
			v->list.top = (size_t)gap->line;
		return;
	}
	ui_say(ui, step > 0 ? "no gap below" : "no gap above");
}

/* Ranges that were opened and hold this packet are closed again; false = there are none. */
static bool close_fold(struct ladder_view *v, uint64_t packet)
{
	size_t kept = 0, n = v->nopened;

	for (size_t i = 0; i < n; i++)
		if (packet < v->opened[i].first || packet > v->opened[i].last)
			v->opened[kept++] = v->opened[i];
	v->nopened = kept;
	return kept < n;
}

static void toggle_fold(struct ladder_view *v, struct ui *ui)
{
	const struct ladder_item *it = &v->ladder.items[ladder_at(&v->ladder, v->list.cursor)];
	struct ladder_peek first, last;

	if (it->kind == LADDER_FOLD) {
		v->source.peek(v->source.ctx, it->first, &first);
		v->source.peek(v->source.ctx, it->last, &last);
		v->opened = mem_grow(v->opened, v->nopened, &v->opened_cap, sizeof(*v->opened));
		v->opened[v->nopened++] = (struct ladder_span){ first.packet, last.packet };
	} else if (!close_fold(v, ui->packet)) {
		ui_say(ui, "nothing is folded here");
		return;
	}
	lay_out(v, ui);
	go_packet(v, ui, ui->packet);
}

static void change_fold_min(struct ladder_view *v, struct ui *ui, bool more)
{
	v->fold_min = more ? v->fold_min * 2 : v->fold_min / 2;
	if (v->fold_min < 2)
		v->fold_min = 2;
	if (v->fold_min > 1u << 20)
		v->fold_min = 1u << 20;
	lay_out(v, ui);
	go_packet(v, ui, ui->packet);
	ui_say(ui, "runs of %u plain segments and more are folded", v->fold_min);
}

static void next_word(struct ui *ui, enum setting s, unsigned words)
{
	ui->setting[s] = (uint8_t)((ui->setting[s] + 1u) % words);
}

static bool act_on_layout(struct ladder_view *v, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_FOLD:
		toggle_fold(v, ui);
		return true;
	case ACTION_FOLD_ALL:
		next_word(ui, SETTING_FOLD, 2);
		v->nopened = 0;
		lay_out(v, ui);
		go_packet(v, ui, ui->packet);
		return true;
	case ACTION_FOLD_MORE:
	case ACTION_FOLD_LESS:
		change_fold_min(v, ui, a->id == ACTION_FOLD_LESS);
		return true;
	case ACTION_NUMBERS:
		next_word(ui, SETTING_NUMBERS, 2);
		return true;
	case ACTION_TIME:
		next_word(ui, SETTING_TIME, TIME_EPOCH + 1);
		return true;
	}
	return false;
}

static bool act_on_place(struct ladder_view *v, struct ui *ui, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		go_problem(v, ui, a->id == ACTION_NEXT ? 1 : -1);
		return true;
	case ACTION_NEXT_GAP:
	case ACTION_PREVIOUS_GAP:
		go_gap(v, ui, a->id == ACTION_NEXT_GAP ? 1 : -1);
		return true;
	case ACTION_LAST:
		if (a->count == 0)
			return false;
		go_number(v, ui, a->count);
		return true;
	}
	return false;
}

static void show_pane(struct ladder_view *v, bool shown, bool focus)
{
	v->pane_is_chosen = true;
	v->has_pane = shown;
	v->in_pane = shown && focus;
}

/* From several connections to the one the line is of, else to its packet in detail. */
static void open_line(struct ladder_view *v, struct ui *ui)
{
	if (v->in_pane)
		ladder_pane_toggle(v, ui);
	else if (ladder_is_merged(v))
		ui_open(ui, SCREEN_LADDER);
	else
		show_pane(v, true, true);
}

static bool act_on_pane(struct ladder_view *v, struct ui *ui, const struct act *a)
{
	bool has = ladder_has_pane(v, ui->page + 1);

	switch ((int)a->id) {
	case ACTION_OPEN:
		open_line(v, ui);
		return true;
	case ACTION_NEXT_PANE:
	case ACTION_PREVIOUS_PANE:
		show_pane(v, true, !v->in_pane);
		return true;
	case ACTION_ZOOM:
		show_pane(v, !has, false);
		return true;
	case ACTION_MOVE_PANE:
		v->place = !v->place;
		show_pane(v, true, v->in_pane);
		return true;
	case ACTION_BACK:
		if (!v->in_pane)
			return false;
		v->in_pane = false;
		return true;
	}
	return false;
}

/* Sideways, where there are more hosts than room. */
static bool scroll_hosts(struct ladder_view *v, const struct ui *ui, const struct act *a)
{
	uint32_t most;

	if (!ladder_is_merged(v) || (a->id != ACTION_LEFT && a->id != ACTION_RIGHT))
		return false;
	most = most_hidden(v, ui);
	if (v->first_host > most)
		v->first_host = most;
	if (a->id == ACTION_LEFT)
		v->first_host -= v->first_host > 0;
	else
		v->first_host += v->first_host < most;
	return true;
}

static void copy_line(struct ladder_view *v, struct ui *ui)
{
	struct buf text = BUF_INIT;
	uint32_t i = ladder_cursor_packet(v);
	struct store_packet p;
	uint64_t number;

	traces_packet(v->traces, i, &p);
	number = store_number(ui->store, p.ordinal, NULL);
	buf_addf(&text, "packet %llu  ", (unsigned long long)number);
	ladder_line_text(&text, v, ui, i);
	buf_addf(&text, "  (Wireshark: frame.number == %llu)", (unsigned long long)number);
	ui_copy(ui, text.data, text.len);
	buf_release(&text);
}

static bool action(struct view *view, struct ui *ui, const struct act *a)
{
	struct ladder_view *v = ladder_of(view);
	size_t before = v->list.cursor;

	if (!v->traces || v->ladder.lines == 0)
		return false;
	if (act_on_pane(v, ui, a))
		return true;
	if (v->in_pane)
		return list_action(
		    &v->pane, a, ladder_pane_lines(v, ui), pane_lines(ui->page - 2) - 1);
	if (a->id == ACTION_COMPARE) {
		put_mark(v, ui);
		return true;
	}
	if (act_on_place(v, ui, a) || act_on_layout(v, ui, a) || scroll_hosts(v, ui, a))
		return true;
	if (a->id == ACTION_COPY) {
		copy_line(v, ui);
		return true;
	}
	if (a->id == ACTION_EXPORT) {
		(ladder_is_merged(v) ? ladder_export_lines : ladder_export)(
		    v, ui, a->arg ? a->arg : "");
		return true;
	}
	if (!list_action(&v->list, a, (size_t)v->ladder.lines, page(v, ui)))
		return false;
	v->list.cursor = passed_gap(v, v->list.cursor, v->list.cursor < before);
	v->list.top = list_top(v->list.top, v->list.cursor, (size_t)v->ladder.lines, page(v, ui));
	moved(v, ui);
	return true;
}

static void prompt(struct view *view, struct ui *ui, enum action a, struct buf *text)
{
	(void)ui;
	if (a == ACTION_EXPORT && ladder_is_merged(ladder_of(view)))
		buf_addstr(text, "sessions.txt");
	else if (a == ACTION_EXPORT)
		buf_addf(text, "session-%u.txt", ladder_of(view)->session + 1);
}

/* True = there are more than were looked at. */
static bool say_where_it_is_not(const struct ladder_view *v, struct ui *ui)
{
	if (count(v) > FIND_MOST)
		ui_say(ui, "not found within %d packets: %s", FIND_MOST, ui->find.data);
	else if (traces_left_out(v->traces))
		ui_say(ui, "not found in the first %u packets: %s", count(v), ui->find.data);
	else
		return false;
	return true;
}

static bool find(struct view *view, struct ui *ui, int step)
{
	struct ladder_view *v = ladder_of(view);
	uint32_t n = count(v), at = ladder_cursor_packet(v);
	struct buf text = BUF_INIT;
	bool found = false;

	for (uint32_t i = 1; i <= n && i <= FIND_MOST && !found; i++) {
		uint32_t k = (uint32_t)((at + (step > 0 ? (uint64_t)i : (uint64_t)n * 2 - i)) % n);
		struct store_packet p;

		buf_reset(&text);
		ladder_line_text(&text, v, ui, k);
		found = ui_is_found(ui, text.data, text.len);
		if (!found)
			continue;
		traces_packet(v->traces, k, &p);
		go_packet(v, ui, p.ordinal);
	}
	buf_release(&text);
	return found || say_where_it_is_not(v, ui);
}

static bool click(struct view *view, struct ui *ui, int y, int x)
{
	struct ladder_view *v = ladder_of(view);
	const struct rect *r = &v->body;
	size_t total = (size_t)v->ladder.lines, at;

	at = list_top(v->list.top, v->list.cursor, total, r->h) + (size_t)(y - r->y);
	if (y < r->y || y >= r->y + r->h || x < r->x || x >= r->x + r->w || at >= total)
		return false;
	v->in_pane = false;
	go_line(v, ui, at);
	return true;
}

const struct view_ops view_merged = {
	.size = sizeof(struct ladder_view),
	.open = open_merged,
	.close = close_ladder,
	.update = update_merged,
	.draw = draw,
	.action = action,
	.prompt = prompt,
	.find = find,
	.click = click,
};

const struct view_ops view_ladder = {
	.size = sizeof(struct ladder_view),
	.open = open_ladder,
	.close = close_ladder,
	.update = update,
	.draw = draw,
	.action = action,
	.prompt = prompt,
	.find = find,
	.click = click,
};
