/* SPDX-License-Identifier: MIT */
/*
 * ladder_rows - the lines of the ladder.
 *
 *     PKT     t (s) CLIENT  |10.0.0.1:40000       10.0.0.2:80| SERVER  NOTES
 *       1  0.000000 SYNSNT  |- SYN 0 win 64240 ------------->| SYNRCV
 *
 * A state stands on the line of the packet that caused it, with ? while nothing proves it.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/ladder.h"

enum {
	NARROW = 60,   /* below: no times, no notes */
	WIDE = 120,    /* from here on: the time since the line before as well */
	STATE_MIN = 6, /* "CLIENT" */
	NUMBER_MIN = 5,
	DELTA_WIDTH = 9,
	ARROW_MIN = 31,
	ARROW_MAX = 64,
	ARROW_ENDS = 4, /* columns of an arrow around its words */
	SECONDS_DECIMALS = 6,
	CLOCK_WIDTH = 15,    /* 10:04:11.000000 */
	SIDE_SEARCH = 10000, /* packets looked at for the last of the same side */
};

/* One line on its way to the grid. */
struct line {
	struct ladder_view *v;
	struct ui *ui;
	struct grid *g;
	struct ladder_columns c;
	int y, x; /* of the line, and of its first column */
	int w;
};

/* ---- columns ---- */

static int time_width(const struct ladder_view *v, const struct ui *ui)
{
	const struct store_session *s = trace_session(v->trace);
	int64_t span = s->end - s->start;

	switch ((enum setting_time)ui->setting[SETTING_TIME]) {
	case TIME_DAY_UTC:
	case TIME_DAY_LOCAL:
		return CLOCK_WIDTH;
	case TIME_EPOCH:
		return (int)text_digits((uint64_t)s->end / NS_PER_SEC) + 1 + SECONDS_DECIMALS;
	case TIME_START:
	case TIME_DELTA:
	case TIME_DELTA_SIDE:
		break;
	}
	return (int)text_digits(span > 0 ? (uint64_t)span / NS_PER_SEC : 0) + 1 + SECONDS_DECIMALS;
}

/* As wide as the widest state of this connection. */
static int state_width(const struct conn_record *r)
{
	int width = STATE_MIN;

	for (unsigned side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < r->sides[side].nstates; i++) {
			const struct state_entry *e = &r->sides[side].states[i];
			int n = (int)strlen(tcp_state_brief(e->state)) + (e->certainty == PRESUMED);

			width = n > width ? n : width;
		}
	}
	return width;
}

static struct ladder_columns columns_of(const struct ladder_view *v, const struct ui *ui, int w)
{
	const struct store_session *s = trace_session(v->trace);
	struct ladder_columns c = { .state = state_width(v->source.records) };
	struct store_packet last;
	int rest;

	store_packet(s, s->npackets - 1, &last);
	c.number = (int)text_digits(store_number(ui->store, last.ordinal, NULL));
	if (w < NARROW) {
		c.arrow = w - 1 - c.number - 1 - 2 * (c.state + 1);
		return c;
	}
	if (c.number < NUMBER_MIN)
		c.number = NUMBER_MIN;
	c.time = time_width(v, ui);
	c.delta = w >= WIDE ? DELTA_WIDTH : 0;
	rest = w - 1 - c.number - 1 - c.time - 1 - (c.delta ? c.delta + 1 : 0) - 2 * (c.state + 1);
	c.arrow = rest * 7 / 10;
	if (c.arrow < ARROW_MIN)
		c.arrow = ARROW_MIN;
	if (c.arrow > ARROW_MAX)
		c.arrow = ARROW_MAX;
	c.notes = rest - c.arrow - 1;
	return c;
}

static int state_x(const struct line *l)
{
	int x = l->x + 1 + l->c.number + 1;

	if (l->c.time)
		x += l->c.time + 1;
	return l->c.delta ? x + l->c.delta + 1 : x;
}

static int arrow_x(const struct line *l)
{
	return state_x(l) + l->c.state + 1;
}

static struct pen pen_at(const struct line *l, int x, int w, enum role role)
{
	return grid_pen(l->g, l->y, x, w, role);
}

/* ---- parts of a line ---- */

static void put_right(struct pen p, const char *text)
{
	grid_put_right(&p, text);
}

static void clock_text(struct buf *out, int64_t ns, bool utc)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	struct tm tm;

	if (utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm))
		buf_addf(out, "%02d:%02d:%02d.%06d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)(ns % NS_PER_SEC / 1000));
}

static int64_t last_of_side(const struct store_session *s, uint32_t k, const struct store_packet *p)
{
	struct store_packet before;

	for (uint32_t i = 1; i <= k && i <= SIDE_SEARCH; i++) {
		store_packet(s, k - i, &before);
		if (before.side == p->side)
			return before.time;
	}
	return p->time;
}

void ladder_time_text(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t k, int decimals)
{
	const struct store_session *s = trace_session(v->trace);
	struct store_packet p, before;
	int64_t from = s->start;

	store_packet(s, k, &p);
	switch ((enum setting_time)ui->setting[SETTING_TIME]) {
	case TIME_DAY_UTC:
	case TIME_DAY_LOCAL:
		clock_text(out, p.time, ui->setting[SETTING_TIME] == TIME_DAY_UTC);
		return;
	case TIME_EPOCH:
		from = 0;
		break;
	case TIME_DELTA:
		store_packet(s, k ? k - 1 : 0, &before);
		from = before.time;
		break;
	case TIME_DELTA_SIDE:
		from = last_of_side(s, k, &p);
		break;
	case TIME_START:
		break;
	}
	buf_addf(out, "%.*f", decimals, (double)(p.time - from) / (double)NS_PER_SEC);
}

static void put_time(const struct line *l, uint32_t k)
{
	struct buf text = BUF_INIT;

	if (l->c.time) {
		ladder_time_text(&text, l->v, l->ui, k, SECONDS_DECIMALS);
		put_right(pen_at(l, l->x + 1 + l->c.number + 1, l->c.time, ROLE_NORMAL), text.data);
	}
	buf_reset(&text);
	if (l->c.delta && k) {
		struct store_packet p, before;

		store_packet(trace_session(l->v->trace), k, &p);
		store_packet(trace_session(l->v->trace), k - 1, &before);
		text_duration(&text, p.time - before.time);
		put_right(pen_at(l, state_x(l) - l->c.delta - 1, l->c.delta, ROLE_DIM), text.data);
	}
	buf_release(&text);
}

static void put_bars(const struct line *l)
{
	struct pen p = pen_at(l, arrow_x(l) - 1, 1, ROLE_DIM);

	grid_put_glyph(&p, GLYPH_VLINE);
	p = pen_at(l, arrow_x(l) + l->c.arrow, 1, ROLE_DIM);
	grid_put_glyph(&p, GLYPH_VLINE);
}

static void put_state(const struct line *l, unsigned side, const struct state_entry *e)
{
	int x = side == SIDE_CLIENT ? state_x(l) : arrow_x(l) + l->c.arrow + 1;
	struct pen p = pen_at(l, x, l->c.state, ROLE_STATE);

	if (!e)
		return;
	grid_puts(&p, tcp_state_brief(e->state));
	if (e->certainty == PRESUMED)
		grid_puts(&p, "?");
}

static struct pen notes_pen(const struct line *l, enum role role)
{
	return pen_at(l, arrow_x(l) + l->c.arrow + 1 + l->c.state + 1, l->c.notes, role);
}

/* Words alone in the middle between the bars. */
static void put_centred(const struct line *l, const char *words, enum role role)
{
	int w = grid_measure(l->g->tier, words, strlen(words));
	int left = w < l->c.arrow ? (l->c.arrow - w) / 2 : 0;
	struct pen p = pen_at(l, arrow_x(l) + left, l->c.arrow - left, role);

	grid_puts(&p, words);
}

/* -- words ------->  or  <------- words -- */
static void put_arrow(const struct line *l, const char *words, bool to_server, enum role role)
{
	struct pen p = pen_at(l, arrow_x(l), l->c.arrow, role);
	int w = grid_measure(l->g->tier, words, strlen(words)), most = l->c.arrow - ARROW_ENDS;
	int rest = w < most ? most - w : 0;

	grid_put_glyph(&p, to_server ? GLYPH_HLINE : GLYPH_HEAD_LEFT);
	if (!to_server)
		grid_repeat(&p, GLYPH_HLINE, rest);
	grid_puts(&p, " ");
	p.end -= 2;
	grid_puts(&p, words);
	p.end += 2;
	p.is_cut = false;
	grid_puts(&p, " ");
	if (to_server)
		grid_repeat(&p, GLYPH_HLINE, rest);
	grid_put_glyph(&p, to_server ? GLYPH_HEAD_RIGHT : GLYPH_HLINE);
}

/* ---- segments ---- */

/* The numbers as on the wire. */
static void make_absolute(struct session_row *row)
{
	row->sack_left += row->raw_ack - row->step.rel_ack;
	row->sack_right += row->raw_ack - row->step.rel_ack;
	row->sack_left = (uint32_t)row->sack_left;
	row->sack_right = (uint32_t)row->sack_right;
	row->step.ends[0].snd_known = row->step.ends[1].snd_known = false;
}

struct session_row ladder_row(struct ladder_view *v, const struct ui *ui, uint32_t k)
{
	struct session_row row = *trace_row(v->trace, k);

	if (ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE)
		make_absolute(&row);
	return row;
}

static enum role note_role(const struct conn_record *r, uint64_t packet)
{
	uint8_t worst = SEVERITY_INFO;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (finding_info(r->findings[i].id)->severity > worst &&
		    session_is_evidence(&r->findings[i], packet))
			worst = finding_info(r->findings[i].id)->severity;
	return role_of_severity(worst, ROLE_DIM);
}

static void put_notes(const struct line *l, const struct session_row *row)
{
	struct pen p = notes_pen(l, note_role(l->v->source.records, row->packet));
	struct buf text = BUF_INIT;

	ladder_notes_text(&text, l->v->source.records, row, cap_facts(l->ui->options->cap));
	grid_puts(&p, text.data);
	buf_release(&text);
}

static void put_number(const struct line *l, uint64_t ordinal)
{
	struct pen p = pen_at(l, l->x + 1, l->c.number, ROLE_NORMAL);
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, store_number(l->ui->store, ordinal, NULL));
	grid_put_right(&p, text);
}

static void draw_segment(const struct line *l, uint32_t k)
{
	struct session_row row = ladder_row(l->v, l->ui, k);
	const struct conn_record *r = l->v->source.records;
	bool to_server = row.side == SIDE_CLIENT;
	struct buf words = BUF_INIT;

	if (row.is_icmp)
		to_server = !to_server; /* an error goes back to the sender of what it quotes */
	put_number(l, row.packet);
	put_time(l, k);
	for (unsigned side = 0; side < 2; side++)
		put_state(l, side, session_caused(&r->sides[side], row.packet));
	ladder_segment_text(&words, &row, (size_t)(l->c.arrow - ARROW_ENDS));
	put_arrow(l, words.data, to_server, to_server ? ROLE_CLIENT : ROLE_SERVER);
	put_bars(l);
	if (l->c.notes > 0)
		put_notes(l, &row);
	buf_release(&words);
}

void ladder_line_text(struct buf *out, struct ladder_view *v, const struct ui *ui, uint32_t k)
{
	struct line l = { .v = v };
	const struct conn_record *r = v->source.records;
	struct session_row row = *trace_row(v->trace, k);
	unsigned from = row.is_icmp ? !row.side : row.side;
	size_t start;

	if (ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE)
		make_absolute(&row);
	(void)l;
	endpoint_text(out, &r->sides[from].addr);
	buf_addstr(out, " > ");
	endpoint_text(out, &r->sides[!from].addr);
	buf_addstr(out, "  ");
	ladder_segment_text(out, &row, SIZE_MAX / 2);
	buf_addstr(out, "  ");
	start = out->len;
	ladder_notes_text(out, r, &row, cap_facts(ui->options->cap));
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e = session_caused(&r->sides[side], row.packet);

		if (e)
			buf_addf(out, "%s%s %s", out->len > start ? ", " : "",
			    side ? "server" : "client", tcp_state_name(e->state));
	}
}

/* ---- folds, gaps, what was not captured, timers ---- */

static void fold_words(const struct line *l, const struct ladder_fold *f, struct buf *out)
{
	struct buf client = BUF_INIT, server = BUF_INIT;

	ladder_fold_text(&client, f, SIDE_CLIENT);
	ladder_fold_text(&server, f, SIDE_SERVER);
	buf_reset(out);
	if (server.len)
		buf_addf(out, "%s%s %s", ui_glyph(l->ui, GLYPH_HEAD_LEFT),
		    ui_glyph(l->ui, GLYPH_DOUBLE), server.data);
	if (server.len && client.len)
		buf_addstr(out, " / ");
	if (client.len)
		buf_addf(out, "%s %s%s", client.data, ui_glyph(l->ui, GLYPH_DOUBLE),
		    ui_glyph(l->ui, GLYPH_HEAD_RIGHT));
	buf_release(&client);
	buf_release(&server);
}

/* Acknowledgments go without saying when there is no room for them. */
static void put_fold_words(const struct line *l, const struct ladder_fold *f)
{
	struct ladder_fold less = *f;
	struct buf words = BUF_INIT;

	fold_words(l, &less, &words);
	for (int i = 0; i < 4; i++) {
		int side = i % 2;

		if (grid_measure(l->g->tier, words.data, words.len) <= l->c.arrow)
			break;
		/* first those of who sent data as well, then those of the other */
		if (!f->data[side] && (i < 2 || !f->data[!side]))
			continue;
		less.acks[side] = less.dups[side] = 0;
		fold_words(l, &less, &words);
	}
	put_centred(l, words.data, ROLE_FOLD);
	buf_release(&words);
}

static void put_rate(const struct line *l, const struct ladder_fold *f)
{
	uint64_t bytes = f->bytes[SIDE_CLIENT] + f->bytes[SIDE_SERVER];
	struct pen p = notes_pen(l, ROLE_DIM);
	struct buf text = BUF_INIT;

	if (!bytes || f->to <= f->from || l->c.notes <= 0)
		return;
	text_bytes(
	    &text, (uint64_t)((double)bytes * (double)NS_PER_SEC / (double)(f->to - f->from)));
	buf_addstr(&text, "B/s");
	grid_puts(&p, text.data);
	buf_release(&text);
}

/* When it ended and how long it took; x: where the packet numbers end. */
static void put_fold_time(
    const struct line *l, const struct ladder_item *it, const struct ladder_fold *f, int x)
{
	struct buf text = BUF_INIT;

	if (l->c.time && x <= l->x + 1 + l->c.number) {
		ladder_time_text(&text, l->v, l->ui, (uint32_t)it->last, SECONDS_DECIMALS);
		put_right(pen_at(l, l->x + 1 + l->c.number + 1, l->c.time, ROLE_FOLD), text.data);
	}
	buf_reset(&text);
	text_duration(&text, f->to - f->from);
	if (l->c.delta)
		put_right(pen_at(l, state_x(l) - l->c.delta - 1, l->c.delta, ROLE_FOLD), text.data);
	buf_release(&text);
}

static void draw_fold(const struct line *l, const struct ladder_item *it)
{
	struct ladder_fold f = ladder_fold_of(&l->v->source, it);
	const struct store_session *s = trace_session(l->v->trace);
	struct pen p = pen_at(l, l->x, state_x(l) - l->x - 1, ROLE_FOLD);
	struct store_packet first, last;
	struct buf text = BUF_INIT;

	store_packet(s, (uint32_t)it->first, &first);
	store_packet(s, (uint32_t)it->last, &last);
	grid_put_glyph(&p, GLYPH_FOLDED);
	buf_addf(&text, "%" PRIu64 "-%" PRIu64, store_number(l->ui->store, first.ordinal, NULL),
	    store_number(l->ui->store, last.ordinal, NULL));
	if ((int)text.len > p.end - p.x)
		put_number(l, first.ordinal);
	else
		grid_puts(&p, text.data);
	put_fold_words(l, &f);
	put_rate(l, &f);
	put_bars(l);
	put_fold_time(l, it, &f, p.x);
	buf_release(&text);
}

/* The time in seconds stands to the left as well, where there is no room for it here. */
static void gap_words(struct buf *out, const struct line *l, const struct ladder_item *it)
{
	const char *glyph = ui_glyph(l->ui, GLYPH_GAP),
	           *label = ladder_gap_label(trace_row(l->v->trace, (uint32_t)it->first));

	buf_addf(out, "%s ", glyph);
	text_duration(out, it->gap);
	buf_addf(out, "  %s %s", label, glyph);
	if (grid_measure(l->g->tier, out->data, out->len) <= l->c.arrow)
		return;
	buf_reset(out);
	if (l->c.time)
		buf_addf(out, "%s %s %s", glyph, label, glyph);
	else
		text_duration(out, it->gap);
}

/* The words are on the middle line; the shade tells how long it was. */
static void draw_gap(const struct line *l, const struct ladder_item *it, uint64_t line)
{
	unsigned at = (unsigned)(line - it->line), middle = it->lines / 2u;
	struct buf words = BUF_INIT;
	struct pen p;

	put_bars(l);
	if (at != middle) {
		put_centred(l, ui_glyph(l->ui, GLYPH_GAP), ROLE_GAP);
		return;
	}
	gap_words(&words, l, it);
	put_centred(l, words.data, ROLE_GAP);
	p = notes_pen(l, ROLE_GAP);
	if (l->c.notes > 0)
		grid_repeat(&p, GLYPH_SHADE, it->lines * 3);
	if (l->c.time) {
		buf_reset(&words);
		buf_addf(&words, "+%.3f", (double)it->gap / (double)NS_PER_SEC);
		put_right(pen_at(l, l->x + 1 + l->c.number + 1, l->c.time, ROLE_GAP), words.data);
	}
	buf_release(&words);
}

static void draw_unseen(const struct line *l, const struct ladder_item *it)
{
	struct session_row row = *trace_row(l->v->trace, (uint32_t)it->first);
	struct buf words = BUF_INIT, bytes = BUF_INIT;
	struct pen p = notes_pen(l, ROLE_INFERRED);
	bool absolute = l->ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE;

	put_right(pen_at(l, l->x + 1, l->c.number, ROLE_INFERRED), "-");
	put_bars(l);
	ladder_unseen_text(&bytes, it, &row, absolute);
	buf_addf(&words, "%s %s never captured", ui_glyph(l->ui, GLYPH_CROSS), bytes.data);
	if (grid_measure(l->g->tier, words.data, words.len) > l->c.arrow) {
		buf_reset(&words);
		buf_addf(&words, "%s %s", ui_glyph(l->ui, GLYPH_CROSS), bytes.data);
	}
	put_centred(l, words.data, ROLE_INFERRED);
	if (l->c.notes > 0)
		grid_putf(&p, "sent by %s", it->side == SIDE_CLIENT ? "client" : "server");
	buf_release(&words);
	buf_release(&bytes);
}

static void draw_timer(const struct line *l, const struct ladder_item *it)
{
	const struct state_entry *e = &l->v->source.records->sides[it->side].states[it->entry];
	struct buf text = BUF_INIT;

	put_right(pen_at(l, l->x + 1, l->c.number, ROLE_DIM), "-");
	if (l->c.time && l->ui->setting[SETTING_TIME] == TIME_START) {
		buf_addf(&text, "%.6f", (double)e->time / (double)NS_PER_SEC);
		put_right(pen_at(l, l->x + 1 + l->c.number + 1, l->c.time, ROLE_DIM), text.data);
	}
	put_state(l, it->side, e);
	put_bars(l);
	put_centred(l, fsm_rule_at(e->rule)->why, ROLE_DIM);
	buf_release(&text);
}

/* ---- all lines ---- */

static void draw_words(const struct line *l, uint64_t at)
{
	struct pen p = pen_at(l, l->x, l->w, ROLE_NORMAL);
	struct buf text = BUF_INIT;

	ladder_linear_text(&text, l->v, l->ui, at, l->w);
	grid_puts(&p, text.data);
	buf_release(&text);
}

static void draw_line(const struct line *l, uint64_t at)
{
	const struct ladder_item *it = &l->v->ladder.items[ladder_at(&l->v->ladder, at)];

	switch ((enum ladder_kind)it->kind) {
	case LADDER_SEGMENT:
		draw_segment(l, (uint32_t)(it->first + (at - it->line)));
		break;
	case LADDER_FOLD:
		draw_fold(l, it);
		break;
	case LADDER_GAP:
		draw_gap(l, it, at);
		break;
	case LADDER_UNSEEN:
		draw_unseen(l, it);
		break;
	case LADDER_TIMER:
		draw_timer(l, it);
		break;
	}
}

static void put_cursor(const struct line *l)
{
	struct pen p = pen_at(l, l->x, 1, ROLE_HEAD);

	if (!l->v->in_pane)
		grid_add_attr(l->g, (struct rect){ l->y, l->x, 1, l->w }, ATTR_SELECTED);
	if (!ui_is_linear(l->ui))
		grid_put_glyph(&p, GLYPH_CURSOR);
	l->g->cursor_y = l->y;
	l->g->cursor_x = l->x;
}

/* Both endpoints over the ends of the arrows; their ports alone where there is no room. */
static void put_endpoints(const struct line *l)
{
	const struct side_record *sides = l->v->source.records->sides;
	struct pen p = pen_at(l, arrow_x(l), l->c.arrow, ROLE_HEAD);
	struct buf client = BUF_INIT, server = BUF_INIT;

	endpoint_text(&client, &sides[SIDE_CLIENT].addr);
	endpoint_text(&server, &sides[SIDE_SERVER].addr);
	if ((int)(client.len + server.len) >= l->c.arrow) {
		buf_reset(&client);
		buf_reset(&server);
		buf_addf(&client, "port %u", sides[SIDE_CLIENT].addr.port);
		buf_addf(&server, "port %u", sides[SIDE_SERVER].addr.port);
	}
	grid_puts(&p, client.data);
	grid_put_right(&p, server.data);
	buf_release(&client);
	buf_release(&server);
}

static void draw_titles(const struct line *l)
{
	static const char *const times[] = { "t (s)", "dt (s)", "dt (s)", "UTC", "local", "epoch" };
	struct pen p;

	put_right(pen_at(l, l->x + 1, l->c.number, ROLE_HEAD), l->c.number < 3 ? "#" : "PKT");
	if (l->c.time)
		put_right(pen_at(l, l->x + 1 + l->c.number + 1, l->c.time, ROLE_HEAD),
		    times[l->ui->setting[SETTING_TIME]]);
	if (l->c.delta)
		put_right(pen_at(l, state_x(l) - l->c.delta - 1, l->c.delta, ROLE_HEAD), "gap");
	p = pen_at(l, state_x(l), l->c.state, ROLE_HEAD);
	grid_puts(&p, "CLIENT");
	put_bars(l);
	put_endpoints(l);
	p = pen_at(l, arrow_x(l) + l->c.arrow + 1, l->c.state, ROLE_HEAD);
	grid_puts(&p, "SERVER");
	p = notes_pen(l, ROLE_HEAD);
	if (l->c.notes > 0)
		grid_puts(&p, "NOTES");
}

void ladder_draw_rows(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	struct line l = { .v = v, .ui = ui, .g = g, .x = r.x, .w = r.w };
	struct rect titles = rect_take_top(&r, 1);
	size_t total = (size_t)v->ladder.lines, top;

	v->body = r;
	l.c = columns_of(v, ui, r.w);
	l.y = titles.y;
	if (!ui_is_linear(ui))
		draw_titles(&l);
	top = list_top(v->list.top, v->list.cursor, total, r.h);
	for (int y = 0; y < r.h && top + (size_t)y < total; y++) {
		l.y = r.y + y;
		if (ui_is_linear(ui))
			draw_words(&l, top + (size_t)y);
		else
			draw_line(&l, top + (size_t)y);
		if (top + (size_t)y == v->list.cursor)
			put_cursor(&l);
	}
}

/* ---- the whole life on one line ---- */

static void put_sparks(struct pen *p, const struct store_session *s, int64_t now)
{
	unsigned most = 2, used = 1;
	int64_t width = INT64_C(1) << s->activity_shift;

	for (unsigned i = 0; i < STORE_ACTIVITY; i++) {
		most = s->activity[i] > most ? s->activity[i] : most;
		used = s->activity[i] ? i + 1 : used;
	}
	for (unsigned i = 0; i < used; i++) {
		unsigned h = s->activity[i] < 2 ? s->activity[i]
		                                : 1 + (s->activity[i] - 2u) * 7 / (most - 1);

		p->attr = now / width == (int64_t)i ? ATTR_SELECTED : 0;
		grid_put_glyph(p, (enum glyph)(GLYPH_SPARK_0 + h));
	}
	p->attr = 0;
}

static void count_findings(struct buf *out, const struct conn_record *r)
{
	uint64_t counts[SEVERITY_COUNT] = { 0 };

	for (uint32_t i = 0; i < r->nfindings; i++)
		counts[finding_info(r->findings[i].id)->severity] += r->findings[i].count;
	for (unsigned i = SEVERITY_COUNT; i-- > SEVERITY_NOTE;)
		if (counts[i])
			buf_addf(out, " %c%llu", outcome_mark((enum severity)i),
			    (unsigned long long)counts[i]);
}

void ladder_draw_strip(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	const struct store_session *s = trace_session(v->trace);
	struct pen p = rect_pen(g, r, 0, ROLE_NORMAL);
	struct buf text = BUF_INIT;
	struct store_packet at;
	uint64_t bytes = s->sides[0].bytes + s->sides[1].bytes;

	store_packet(s, ladder_cursor_packet(v), &at);
	grid_puts(&p, " ");
	if (!ui_is_linear(ui))
		put_sparks(&p, s, at.time - s->start);
	buf_addstr(&text, "  ");
	text_duration(&text, s->end - s->start);
	buf_addstr(&text, "  ");
	text_bytes(&text, bytes);
	buf_addstr(&text, "B   you are at ");
	text_duration(&text, at.time - s->start);
	grid_puts(&p, text.data);
	buf_reset(&text);
	count_findings(&text, v->source.records);
	buf_addch(&text, ' ');
	grid_put_right(&p, text.data);
	buf_release(&text);
}
