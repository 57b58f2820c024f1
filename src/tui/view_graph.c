/* SPDX-License-Identifier: MIT */
/*
 * view_graph - one connection over time: sequence numbers, window, round trips, throughput.
 *
 * The cursor stands on a packet, the current one of all screens.  Left and right go to the nearest packet of another
 * column, up and down from packet to packet.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/replay.h"
#include "tcpshadow/text.h"
#include "tcpshadow/trace.h"
#include "tui/graph.h"
#include "tui/para.h"
#include "tui/plot.h"
#include "tui/save.h"
#include "tui/view.h"

enum {
	ROOM_FOR_SCALES = 36, /* columns */
	ROOM_FOR_TIMES = 7,   /* rows of the picture */
	ROOM_FOR_WAITS = 12,
	ROOM_FOR_LEGEND = 8,
	PAGE_COLUMNS = 10,
	SPAN_LEAST = 1000, /* ns */
	SVG_COLUMNS = 850,
	EXPORT_WIDTH = 120,
	EXPORT_HEIGHT = 40,
	PREVIEW_MAX = 200000, /* packets: more of them would make the table slow */
};

struct graph {
	struct view view; /* first */
	enum series_graph graph;
	uint8_t side;
	bool is_small;
	int64_t from, to; /* shown; to = 0: all */
	/* What was drawn last, so that it need not be made again. */
	struct series series;
	const char *labels[SERIES_WAITS_MAX]; /* of its waits */
	uint32_t session, npackets;
	bool has_series;
};

static struct graph *graph_of(struct view *v)
{
	return (struct graph *)(void *)v;
}

static bool has_session(const struct ui *ui, struct store_session *row)
{
	if (ui->session == STORE_NONE || ui->session >= ui->snap.nsessions)
		return false;
	store_session(ui->store, ui->session, row);
	return row->npackets > 0;
}

static void forget(struct graph *gr)
{
	if (gr->has_series)
		series_release(&gr->series);
	gr->has_series = false;
}

static void close_graph(struct view *v)
{
	forget(graph_of(v));
}

/* The current packet, or the first one that follows it. */
static uint32_t current(const struct ui *ui, const struct store_session *row)
{
	uint32_t k = ui->packet ? store_packet_from(row, ui->packet) : 0;

	return k < row->npackets ? k : row->npackets - 1;
}

static int64_t time_of(const struct store_session *row, uint32_t k)
{
	struct store_packet p;

	store_packet(row, k, &p);
	return p.time - row->start;
}

/* --- the series --- */

/* Who waited for what: the packets that ended the waits are replayed. */
static void name_waits(struct graph *gr, const struct ui *ui)
{
	struct trace *t = trace_new(ui->store, ui->options->cap, ui->session);

	for (size_t i = 0; i < gr->series.nwaits; i++) {
		const struct session_row *row = trace_row(t, (uint32_t)gr->series.waits[i].row);

		gr->labels[i] = wait_label((enum wait)row->step.transfer.wait);
	}
	trace_free(t);
}

static const char *label_of(void *ctx, const struct series_wait *w)
{
	const struct graph *gr = ctx;

	return gr->labels[w - gr->series.waits];
}

static void make_series(
    struct graph *gr, const struct ui *ui, const struct store_session *row, unsigned columns)
{
	const struct series_options o = { gr->graph, gr->side, gr->from, gr->to, columns };
	const struct series_options *had = &gr->series.o;
	bool is_whole = gr->to <= gr->from;
	struct series_store from;
	struct series_input in;

	if (gr->has_series && gr->session == ui->session && gr->npackets == row->npackets &&
	    had->graph == o.graph && had->side == o.side && had->columns == columns &&
	    (is_whole ? had->from == 0 && had->to == row->end - row->start
	              : had->from == o.from && had->to == o.to))
		return;
	forget(gr);
	in = series_of_store(&from, row);
	series_init(&gr->series, &in, &o);
	gr->has_series = true;
	gr->session = ui->session;
	gr->npackets = row->npackets;
	name_waits(gr, ui);
}

/* --- texts --- */

static void title_text(struct buf *out, const struct graph *gr, const struct ui *ui)
{
	if (ui->session == STORE_NONE) {
		buf_addstr(out, series_graph_word(gr->graph));
		return;
	}
	buf_addf(out, "#%u %s  ", ui->session + 1, series_graph_word(gr->graph));
	if (!ui_is_linear(ui))
		buf_addf(out, "%s ",
		    ui_glyph(ui, gr->side == SIDE_CLIENT ? GLYPH_TO_SERVER : GLYPH_TO_CLIENT));
	buf_addf(out, "%s to %s", side_word(gr->side), side_word(!gr->side));
}

static void tabs_text(struct buf *out, const struct graph *gr)
{
	for (unsigned i = 0; i < SERIES_GRAPH_COUNT; i++)
		buf_addf(out, i == gr->graph ? " [%u %s]" : "  %u %s ", i + 1,
		    series_graph_brief((enum series_graph)i));
}

/* What is known of a side's data at a packet, as the packets so far tell. */
struct at {
	struct series_row row;
	uint64_t sent, acked, window;
};

static struct at look_at(const struct graph *gr, const struct store_session *row, uint32_t k)
{
	struct series_store from;
	struct series_input in = series_of_store(&from, row);
	struct at at = { .sent = 0 };

	for (uint32_t i = 0; i <= k; i++) {
		struct series_row *r = &at.row;
		bool is_own;

		in.next(in.ctx, r);
		is_own = r->side == gr->side;
		if (r->is_icmp)
			continue;
		if (is_own && r->len && r->seq + r->len > at.sent)
			at.sent = r->seq + r->len;
		if (!is_own && r->flags & TCP_ACK && !(r->flags & TCP_RST)) {
			at.acked = r->ack > at.acked ? r->ack : at.acked;
			at.window = r->window;
		}
	}
	return at;
}

static void put_bytes(struct pen *p, const char *word, uint64_t n)
{
	struct buf text = BUF_INIT;

	text_bytes(&text, n);
	grid_putf(p, "  %s %s", word, text.data);
	buf_release(&text);
}

static void draw_cursor_line(
    const struct graph *gr, const struct ui *ui, const struct store_session *row, struct pen *p)
{
	uint32_t k = current(ui, row);
	struct at at = look_at(gr, row, k);
	struct store_packet packet;
	struct buf text = BUF_INIT;

	store_packet(row, k, &packet);
	text_duration(&text, at.row.time);
	grid_putf(p, "packet %" PRIu64 "  %s  ", store_number(ui->store, packet.ordinal, NULL),
	    at.row.time ? text.data : "0 s");
	p->role = at.row.side == SIDE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
	grid_put_glyph(p, at.row.side == SIDE_CLIENT ? GLYPH_TO_SERVER : GLYPH_TO_CLIENT);
	p->role = ROLE_NORMAL;
	buf_reset(&text);
	text_count(&text, at.row.seq);
	grid_putf(p, " seq %s+%u", text.data, at.row.len);
	if (at.row.notes & 1u << SEGMENT_NOTE_RETRANSMISSION)
		grid_puts(p, " sent again");
	put_bytes(p, "in flight", at.sent > at.acked ? at.sent - at.acked : 0);
	put_bytes(p, "window", at.window);
	buf_release(&text);
}

/* --- drawing --- */

static void draw_head(const struct graph *gr, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf title = BUF_INIT, tabs = BUF_INIT;
	struct head head = { .title = NULL };

	title_text(&title, gr, ui);
	tabs_text(&tabs, gr);
	head.title = title.data;
	head.right = tabs.data;
	frame_head(g, r, &head);
	buf_release(&title);
	buf_release(&tabs);
}

/* Has the other side what this graph shows? */
static bool other_has(const struct graph *gr, const struct store_session *row)
{
	if (gr->graph == SERIES_RTT && row->record)
		return row->record->sides[!gr->side].transfer.rtt.samples > 0;
	return row->sides[!gr->side].bytes > 0;
}

static void nothing_text(struct buf *out, const struct graph *gr, const struct store_session *row)
{
	bool is_rtt = gr->graph == SERIES_RTT;

	if (gr->to > gr->from) {
		buf_addstr(out, "nothing in this part; 0 shows all");
		return;
	}
	buf_addstr(out, is_rtt ? "no round trip was measured" : "no data");
	if (other_has(gr, row))
		buf_addstr(out, " from this side; d shows the other");
	else
		buf_addstr(out, is_rtt ? ": it takes data and its acknowledgment" : " was sent");
}

static void draw_nothing(
    const struct graph *gr, const struct store_session *row, struct grid *g, struct rect r)
{
	struct buf text = BUF_INIT;
	int w, before;

	nothing_text(&text, gr, row);
	w = grid_measure(g->tier, text.data, text.len);
	before = w < r.w ? (r.w - w) / 2 : 0;
	(void)rect_take_top(&r, r.h / 2);
	(void)rect_take_left(&r, before);
	para_draw(g, &r, ROLE_HEAD, text.data);
	buf_release(&text);
}

/* Without anything to show there are no axes either; of a part of the time they say which. */
static void draw_picture(struct graph *gr, const struct ui *ui, const struct store_session *row,
    struct grid *g, struct rect r)
{
	struct plot plot = {
		.r = r,
		.cursor = time_of(row, current(ui, row)),
		.has_gaps = r.h >= ROOM_FOR_WAITS,
		.wait_label = label_of,
		.ctx = gr,
		.is_small = r.w < ROOM_FOR_SCALES || r.h < ROOM_FOR_TIMES,
	};

	make_series(gr, ui, row, plot_columns(g->tier, r, plot.is_small));
	if (!gr->series.is_empty || gr->to > gr->from)
		plot_draw(g, &plot, &gr->series);
	if (gr->series.is_empty)
		draw_nothing(gr, row, g, r);
}

/* --- in words --- */

/* The column before says the same already. */
static bool is_known(const struct series_track *t, unsigned column)
{
	const struct series_column *c = &t->columns[column], *before = c - 1;

	return column && before->has && c->low == c->high && before->low == c->low &&
	       before->high == c->high;
}

static void add_range(struct buf *out, const struct series *s, unsigned track, unsigned column)
{
	const struct series_column *c = &s->tracks[track].columns[column];
	struct buf low = BUF_INIT, high = BUF_INIT;

	if (!c->has || is_known(&s->tracks[track], column))
		return;
	series_value_text(&low, (enum series_unit)s->unit, c->low);
	series_value_text(&high, (enum series_unit)s->unit, c->high);
	buf_addf(
	    out, ", %s %s", series_track_word((enum series_track_id)s->tracks[track].id), low.data);
	if (strcmp(low.data, high.data) != 0)
		buf_addf(out, " to %s", high.data);
	buf_release(&low);
	buf_release(&high);
}

static void add_events(struct buf *out, const struct graph *gr, unsigned column)
{
	const struct series *s = &gr->series;

	for (unsigned i = SERIES_MARK_COUNT; i-- > 0;)
		if (s->marks[column] & 1u << i)
			buf_addf(out, ", %s", series_mark_word((enum series_mark)(1u << i)));
	for (size_t i = 0; i < s->nwaits; i++) {
		if (series_column_of(s, s->waits[i].from) != (int)column)
			continue;
		buf_addstr(out, ", then ");
		text_duration(out, s->waits[i].ns);
		buf_addf(out, " %s", gr->labels[i]);
	}
}

/* "10.2 ms, data 1 to 1449, window 65.2k, retransmission": only what changes; false = nothing does. */
static bool words_of(struct buf *out, const struct graph *gr, unsigned column)
{
	const struct series *s = &gr->series;
	int64_t at = s->o.from + (s->o.to - s->o.from) * column / s->o.columns;
	size_t time;

	if (at)
		text_duration(out, at);
	else
		buf_addstr(out, "0 s");
	time = out->len;
	for (unsigned i = s->ntracks; i-- > 0;)
		add_range(out, s, i, column);
	add_events(out, gr, column);
	return out->len > time;
}

/* How many lines the words take: those that say something, and that of the cursor in any case. */
static int count_words(const struct graph *gr, int cursor)
{
	struct buf text = BUF_INIT;
	int n = 0;

	for (int i = 0; i < (int)gr->series.o.columns; i++) {
		buf_reset(&text);
		n += words_of(&text, gr, (unsigned)i) || i == cursor;
	}
	buf_release(&text);
	return n;
}

/* "packet 4, 15.4 ms, client seq 1+45, in flight 0, window 65.2k" */
static void cursor_words(
    struct buf *out, const struct graph *gr, const struct ui *ui, const struct store_session *row)
{
	uint32_t k = current(ui, row);
	struct at at = look_at(gr, row, k);
	struct store_packet packet;

	store_packet(row, k, &packet);
	buf_addf(out, "packet %" PRIu64 ", ", store_number(ui->store, packet.ordinal, NULL));
	if (at.row.time)
		text_duration(out, at.row.time);
	else
		buf_addstr(out, "0 s");
	buf_addf(out, ", %s seq ", side_word(at.row.side));
	text_count(out, at.row.seq);
	buf_addf(out, "+%u", at.row.len);
	if (at.row.notes & 1u << SEGMENT_NOTE_RETRANSMISSION)
		buf_addstr(out, ", sent again");
	buf_addstr(out, ", in flight ");
	text_bytes(out, at.sent > at.acked ? at.sent - at.acked : 0);
	buf_addstr(out, ", window ");
	text_bytes(out, at.window);
}

static void select_lines(struct grid *g, struct rect lines)
{
	grid_add_attr(g, lines, ATTR_SELECTED);
	g->cursor_y = lines.y;
	g->cursor_x = lines.x;
}

/*
 * A line for each part of the time in which something changes instead of a picture; what is left of the room goes to
 * those that need more.  The cursor is on that of the current packet.
 */
static void draw_words(struct graph *gr, const struct ui *ui, const struct store_session *row,
    struct grid *g, struct rect r)
{
	struct buf text = BUF_INIT;
	int at, spare;

	if (r.h < 1)
		return;
	make_series(gr, ui, row, (unsigned)r.h);
	at = series_column_of(&gr->series, time_of(row, current(ui, row)));
	spare = r.h - count_words(gr, at);
	for (int i = 0; i < (int)gr->series.o.columns && !gr->series.is_empty; i++) {
		struct rect lines = { r.y, r.x, 1 + spare, r.w }, rest = lines;

		buf_reset(&text);
		if (!words_of(&text, gr, (unsigned)i) && i != at)
			continue;
		para_draw(g, &rest, ROLE_NORMAL, text.data);
		lines.h -= rest.h;
		spare -= lines.h - 1;
		(void)rect_take_top(&r, lines.h);
		if (i == at)
			select_lines(g, lines);
	}
	buf_release(&text);
}

/* The packet is told of below, in two lines where it takes them. */
static void draw_linear(struct graph *gr, const struct ui *ui, const struct store_session *row,
    struct grid *g, struct rect r)
{
	struct buf text = BUF_INIT;
	struct rect below;

	(void)rect_take_top(&r, r.h >= ROOM_FOR_LEGEND ? 1 : 0);
	cursor_words(&text, gr, ui, row);
	below = rect_take_bottom(&r, text.len > (size_t)r.w && r.h > 2 ? 2 : 1);
	draw_words(gr, ui, row, g, r);
	if (gr->series.is_empty)
		draw_nothing(gr, row, g, r);
	para_draw(g, &below, ROLE_NORMAL, text.data);
	buf_release(&text);
}

static void draw_plot(struct graph *gr, const struct ui *ui, const struct store_session *row,
    struct grid *g, struct rect r)
{
	struct rect legend = rect_take_top(&r, r.h >= ROOM_FOR_LEGEND ? 1 : 0);
	struct rect line = rect_take_bottom(&r, 1);
	struct pen p;

	draw_picture(gr, ui, row, g, r);
	p = rect_pen(g, legend, 0, ROLE_NORMAL);
	if (!gr->series.is_empty)
		plot_legend(&p, &gr->series);
	p = rect_pen(g, line, 0, ROLE_NORMAL);
	draw_cursor_line(gr, ui, row, &p);
}

static void draw(struct view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct graph *gr = graph_of(v);
	struct store_session row;
	struct pen p;

	draw_head(gr, ui, g, &r);
	if (!has_session(ui, &row)) {
		p = rect_pen(g, r, 0, ROLE_DIM);
		grid_puts(&p, "no session");
		return;
	}
	if (ui_is_linear(ui))
		draw_linear(gr, ui, &row, g, r);
	else
		draw_plot(gr, ui, &row, g, r);
}

/* --- actions --- */

static void go(struct graph *gr, struct ui *ui, const struct store_session *row, uint32_t k)
{
	struct store_packet p;
	int64_t span = gr->to - gr->from, time, whole = row->end - row->start;

	store_packet(row, k, &p);
	ui->packet = p.ordinal;
	time = p.time - row->start;
	if (gr->to <= gr->from || (time >= gr->from && time <= gr->to))
		return;
	gr->from = time - span / 2 > 0 ? time - span / 2 : 0;
	if (gr->from > whole - span)
		gr->from = whole - span;
	gr->to = gr->from + span;
}

static void open_graph(struct view *v, struct ui *ui)
{
	struct graph *gr = graph_of(v);
	struct store_session row;

	if (!has_session(ui, &row))
		return;
	gr->side =
	    row.sides[SIDE_SERVER].bytes > row.sides[SIDE_CLIENT].bytes ? SIDE_SERVER : SIDE_CLIENT;
	go(gr, ui, &row, current(ui, &row));
}

/* The nearest packet that is so many columns away, or the last one there is. */
static void go_columns(struct graph *gr, struct ui *ui, const struct store_session *row, int n)
{
	uint32_t k = current(ui, row);
	int64_t span = gr->to > gr->from ? gr->to - gr->from : row->end - row->start;
	int64_t column = span / (gr->has_series ? gr->series.o.columns : 80);
	int64_t start = time_of(row, k), least = (n < 0 ? -n : n) * column;

	while (n < 0 ? k > 0 : k + 1 < row->npackets) {
		int64_t distance;

		k = n < 0 ? k - 1 : k + 1;
		distance = time_of(row, k) - start;
		if ((distance < 0 ? -distance : distance) >= least)
			break;
	}
	go(gr, ui, row, k);
}

static void zoom(struct graph *gr, const struct ui *ui, const struct store_session *row, bool in)
{
	int64_t whole = row->end - row->start, at = time_of(row, current(ui, row));
	int64_t span = gr->to > gr->from ? gr->to - gr->from : whole;

	span = in ? span / 2 : span * 2;
	if (span >= whole || span < SPAN_LEAST) {
		gr->from = span >= whole ? 0 : gr->from;
		gr->to = span >= whole ? 0 : gr->to;
		return;
	}
	gr->from = at - span / 2 > 0 ? at - span / 2 : 0;
	if (gr->from > whole - span)
		gr->from = whole - span;
	gr->to = gr->from + span;
}

/* The next (step 1) or previous packet that a finding of the session names. */
static void go_problem(struct graph *gr, struct ui *ui, const struct store_session *row, int step)
{
	uint64_t best = 0;

	for (uint32_t i = 0; row->record && i < row->record->nfindings; i++) {
		const struct finding *f = &row->record->findings[i];

		for (unsigned k = 0; k < f->npackets; k++) {
			uint64_t packet = f->packets[k];

			if (step > 0 ? packet > ui->packet && (!best || packet < best)
			             : packet < ui->packet && packet > best)
				best = packet;
		}
	}
	if (best)
		go(gr, ui, row, store_packet_from(row, best));
	else
		ui_say(ui, "no %s problem in this session", step > 0 ? "further" : "earlier");
}

/* The waits that are named in the picture. */
static void go_wait(struct graph *gr, struct ui *ui, const struct store_session *row, int step)
{
	uint32_t k = current(ui, row), best = UINT32_MAX;

	for (size_t i = 0; gr->has_series && i < gr->series.nwaits; i++) {
		uint32_t at = (uint32_t)gr->series.waits[i].row;

		if (step > 0 ? at > k && (best == UINT32_MAX || at < best)
		             : at < k && (best == UINT32_MAX || at > best))
			best = at;
	}
	if (best != UINT32_MAX)
		go(gr, ui, row, best);
	else
		ui_say(ui, "no %s long wait in the picture", step > 0 ? "further" : "earlier");
}

static void go_step(struct graph *gr, struct ui *ui, const struct store_session *row, int64_t by)
{
	int64_t k = (int64_t)current(ui, row) + by;

	k = k < 0 ? 0 : k >= row->npackets ? row->npackets - 1 : k;
	go(gr, ui, row, (uint32_t)k);
}

static bool move_action(
    struct graph *gr, struct ui *ui, const struct store_session *row, const struct act *a)
{
	int n = a->count && a->count < 1000 ? (int)a->count : 1;

	switch ((int)a->id) {
	case ACTION_LEFT:
	case ACTION_RIGHT:
		go_columns(gr, ui, row, a->id == ACTION_LEFT ? -n : n);
		return true;
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		go_columns(gr, ui, row, a->id == ACTION_PAGE_UP ? -PAGE_COLUMNS : PAGE_COLUMNS);
		return true;
	case ACTION_UP:
	case ACTION_DOWN:
		go_step(gr, ui, row, a->id == ACTION_UP ? -n : n);
		return true;
	case ACTION_FIRST:
	case ACTION_LAST:
		go(gr, ui, row, a->id == ACTION_FIRST ? 0 : row->npackets - 1);
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		go_problem(gr, ui, row, a->id == ACTION_NEXT ? 1 : -1);
		return true;
	case ACTION_NEXT_GAP:
	case ACTION_PREVIOUS_GAP:
		go_wait(gr, ui, row, a->id == ACTION_NEXT_GAP ? 1 : -1);
		return true;
	}
	return false;
}

static void copy(const struct graph *gr, struct ui *ui, const struct store_session *row)
{
	uint32_t k = current(ui, row);
	struct store_packet p;
	struct buf text = BUF_INIT;

	(void)gr;
	store_packet(row, k, &p);
	buf_addf(&text, "frame.number == %" PRIu64, store_number(ui->store, p.ordinal, NULL));
	ui_copy(ui, text.data, text.len);
	buf_release(&text);
}

/* A picture by the name's ending, otherwise what is on the screen as text. */
static void export(struct view *v, struct ui *ui, const struct store_session *row, const char *name)
{
	struct graph *gr = graph_of(v);
	struct buf out = BUF_INIT, title = BUF_INIT;

	if (!name || (!save_ends(name, ".svg") && !save_ends(name, ".txt"))) {
		ui_complain(ui, "the name must end in .svg or .txt");
		return;
	}
	if (save_ends(name, ".txt")) {
		save_view(ui, v, EXPORT_WIDTH, EXPORT_HEIGHT, name);
		return;
	}
	make_series(gr, ui, row, SVG_COLUMNS);
	buf_addf(&title, "#%u %s, data of the %s", ui->session + 1, series_graph_word(gr->graph),
	    side_word(gr->side));
	plot_svg(&out, &gr->series, title.data);
	save_bytes(ui, name, &out);
	buf_release(&out);
	buf_release(&title);
}

static bool show_action(
    struct graph *gr, struct ui *ui, const struct store_session *row, const struct act *a)
{
	switch ((int)a->id) {
	case ACTION_GRAPH_SEQUENCE:
	case ACTION_GRAPH_WINDOW:
	case ACTION_GRAPH_RTT:
	case ACTION_GRAPH_RATE:
		gr->graph = (enum series_graph)(a->id - ACTION_GRAPH_SEQUENCE);
		return true;
	case ACTION_DIRECTION:
		gr->side = !gr->side;
		return true;
	case ACTION_MORE:
	case ACTION_LESS:
		zoom(gr, ui, row, a->id == ACTION_MORE);
		return true;
	case ACTION_FIT:
		gr->from = gr->to = 0;
		return true;
	case ACTION_COPY:
		copy(gr, ui, row);
		return true;
	case ACTION_OPEN:
		ui->packet = ui->packet ? ui->packet : 1;
		ui_open(ui, SCREEN_LADDER);
		return true;
	}
	return false;
}

static bool action(struct view *v, struct ui *ui, const struct act *a)
{
	struct graph *gr = graph_of(v);
	struct store_session row;

	if (!has_session(ui, &row))
		return false;
	if (a->id == ACTION_EXPORT) {
		export(v, ui, &row, a->arg);
		return true;
	}
	return move_action(gr, ui, &row, a) || show_action(gr, ui, &row, a);
}

static void prompt(struct view *v, struct ui *ui, enum action a, struct buf *text)
{
	if (a == ACTION_EXPORT && ui->session != STORE_NONE)
		buf_addf(text, "session-%u-%s.svg", ui->session + 1,
		    series_graph_brief(graph_of(v)->graph));
}

const struct view_ops view_graph = {
	.size = sizeof(struct graph),
	.open = open_graph,
	.close = close_graph,
	.draw = draw,
	.action = action,
	.prompt = prompt,
};

/* --- beside the sessions --- */

static void say_no_data(struct grid *g, struct rect r)
{
	struct pen p = rect_pen(g, r, r.h / 2, ROLE_DIM);

	grid_pad_to(&p, r.x + r.w / 3);
	grid_puts(&p, "no data was sent");
}

void graph_preview(const struct ui *ui, struct grid *g, struct rect r, uint32_t session)
{
	struct store_session row;
	struct series_store from;
	struct series_options o = { .graph = SERIES_SEQUENCE };
	struct plot plot = { .r = r, .cursor = -1, .is_small = r.h < ROOM_FOR_TIMES };
	struct series_input in;
	struct series s;

	store_session(ui->store, session, &row);
	if (row.npackets == 0 || row.npackets > PREVIEW_MAX || r.h < 1 || r.w < 1)
		return;
	o.side =
	    row.sides[SIDE_SERVER].bytes > row.sides[SIDE_CLIENT].bytes ? SIDE_SERVER : SIDE_CLIENT;
	o.columns = plot_columns(g->tier, r, plot.is_small);
	in = series_of_store(&from, &row);
	series_init(&s, &in, &o);
	if (s.is_empty)
		say_no_data(g, r);
	else
		plot_draw(g, &plot, &s);
	series_release(&s);
}
