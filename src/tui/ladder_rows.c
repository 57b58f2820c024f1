/* SPDX-License-Identifier: MIT */
/*
 * ladder_rows - the lines of a ladder, whatever its shape.
 *
 * A state stands on the line of the packet that caused it, with ? while nothing proves it.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/ladder_line.h"

enum { NOTES_LEAST = 3 }; /* columns */

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

struct session_row ladder_row(const struct ladder_view *v, const struct ui *ui, uint32_t i)
{
	struct session_row row = *traces_row(v->traces, i);

	if (ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE)
		make_absolute(&row);
	return row;
}

static const struct conn_record *record_of(const struct ladder_line *l)
{
	return &l->v->source.records[l->conn];
}

/* Of what names the packet. */
static uint8_t worst_of(const struct conn_record *r, uint64_t packet)
{
	uint8_t worst = SEVERITY_INFO;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (finding_info(r->findings[i].id)->severity > worst &&
		    session_is_evidence(&r->findings[i], packet))
			worst = finding_info(r->findings[i].id)->severity;
	return worst;
}

/* Where there is no room for words, the letter alone, before the line. */
static void put_mark(const struct ladder_line *l, uint8_t worst)
{
	char mark[] = { outcome_mark((enum severity)worst), '\0' };
	struct pen p = ladder_pen(l, 0, 1, role_of_severity(worst, ROLE_DIM));

	if (worst >= SEVERITY_NOTE)
		grid_puts(&p, mark);
}

static void put_notes(const struct ladder_line *l, const struct session_row *row)
{
	uint8_t worst = worst_of(record_of(l), row->packet);
	struct pen p = ladder_notes_pen(l, role_of_severity(worst, ROLE_DIM));
	struct buf text = BUF_INIT;

	if (l->c.notes - l->used < NOTES_LEAST) {
		put_mark(l, worst);
		return;
	}
	ladder_notes_text(&text, record_of(l), row, cap_facts(l->ui->options->cap));
	grid_puts(&p, text.data);
	buf_release(&text);
}

static void put_times(const struct ladder_line *l, uint32_t i)
{
	struct store_packet p, before;
	struct buf text = BUF_INIT;

	ladder_time_text(&text, l->v, l->ui, i, LADDER_DECIMALS);
	ladder_put_time(l, text.data, ROLE_NORMAL);
	buf_reset(&text);
	if (l->c.delta && i) {
		traces_packet(l->v->traces, i, &p);
		traces_packet(l->v->traces, i - 1, &before);
		text_duration(&text, p.time - before.time);
		ladder_put_delta(l, text.data, ROLE_DIM);
	}
	buf_release(&text);
}

static void draw_segment(struct ladder_line *l, uint32_t i)
{
	struct session_row row = ladder_row(l->v, l->ui, i);
	const struct conn_record *r;
	bool to_server = row.side == SIDE_CLIENT;
	struct buf words = BUF_INIT;

	l->shape->aim(l, traces_at(l->v->traces, i).conn);
	r = record_of(l);
	if (row.is_icmp)
		to_server = !to_server; /* an error goes back to the sender of what it quotes */
	ladder_put_ordinal(l, row.packet);
	put_times(l, i);
	l->shape->frame(l);
	l->shape->states(
	    l, (const struct state_entry *[]){ session_caused(&r->sides[SIDE_CLIENT], row.packet),
	           session_caused(&r->sides[SIDE_SERVER], row.packet) });
	ladder_segment_text(&words, &row, (size_t)(l->span - LADDER_ARROW_ENDS));
	l->shape->arrow(l, words.data, to_server, to_server ? ROLE_CLIENT : ROLE_SERVER);
	put_notes(l, &row);
	buf_release(&words);
}

void ladder_line_text(struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t i)
{
	const struct conn_record *r = &v->source.records[traces_at(v->traces, i).conn];
	struct session_row row = ladder_row(v, ui, i);
	unsigned from = row.is_icmp ? !row.side : row.side;
	size_t start;

	if (ladder_is_merged(v))
		buf_addf(out, "#%" PRIu64 " ", r->id);
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

/* What comes from the right, then what goes there. */
static void fold_words(const struct ladder_line *l, const struct ladder_fold *f, struct buf *out)
{
	struct buf right = BUF_INIT, left = BUF_INIT;

	ladder_fold_text(&right, f, l->is_turned ? SIDE_SERVER : SIDE_CLIENT);
	ladder_fold_text(&left, f, l->is_turned ? SIDE_CLIENT : SIDE_SERVER);
	buf_reset(out);
	if (left.len)
		buf_addf(out, "%s%s %s", ui_glyph(l->ui, GLYPH_HEAD_LEFT),
		    ui_glyph(l->ui, GLYPH_DOUBLE), left.data);
	if (left.len && right.len)
		buf_addstr(out, " / ");
	if (right.len)
		buf_addf(out, "%s %s%s", right.data, ui_glyph(l->ui, GLYPH_DOUBLE),
		    ui_glyph(l->ui, GLYPH_HEAD_RIGHT));
	buf_release(&right);
	buf_release(&left);
}

/* Acknowledgments go without saying when there is no room for them. */
static void put_fold_words(const struct ladder_line *l, const struct ladder_fold *f)
{
	struct ladder_fold less = *f;
	struct buf words = BUF_INIT;

	fold_words(l, &less, &words);
	for (int i = 0; i < 4; i++) {
		int side = i % 2;

		if (grid_measure(l->g->tier, words.data, words.len) <= l->span)
			break;
		/* first those of who sent data as well, then those of the other */
		if (!f->data[side] && (i < 2 || !f->data[!side]))
			continue;
		less.acks[side] = less.dups[side] = 0;
		fold_words(l, &less, &words);
	}
	ladder_put_centred(l, words.data, ROLE_FOLD);
	buf_release(&words);
}

static void put_rate(const struct ladder_line *l, const struct ladder_fold *f)
{
	uint64_t bytes = f->bytes[SIDE_CLIENT] + f->bytes[SIDE_SERVER];
	struct pen p = ladder_notes_pen(l, ROLE_DIM);
	struct buf text = BUF_INIT;

	/* Of several it would count twice what a proxy hands on. */
	if (!bytes || f->to <= f->from || l->c.notes <= 0 || f->conns & (f->conns - 1))
		return;
	text_bytes(
	    &text, (uint64_t)((double)bytes * (double)NS_PER_SEC / (double)(f->to - f->from)));
	buf_addstr(&text, "B/s");
	grid_puts(&p, text.data);
	buf_release(&text);
}

/* When it ended and how long it took; x: where the packet numbers end. */
static void put_fold_time(
    const struct ladder_line *l, const struct ladder_item *it, const struct ladder_fold *f, int x)
{
	struct buf text = BUF_INIT;

	ladder_time_text(&text, l->v, l->ui, (uint32_t)it->last, LADDER_DECIMALS);
	if (x <= l->x + 1 + l->c.number)
		ladder_put_time(l, text.data, ROLE_FOLD);
	buf_reset(&text);
	text_duration(&text, f->to - f->from);
	ladder_put_delta(l, text.data, ROLE_FOLD);
	buf_release(&text);
}

/* "7-402" from the first column on; x: where it ends. */
static int put_fold_numbers(const struct ladder_line *l, const struct ladder_item *it)
{
	struct pen p = ladder_pen(l, 0, ladder_lead_width(&l->c) - 1, ROLE_FOLD);
	struct store_packet first, last;
	struct buf text = BUF_INIT;

	traces_packet(l->v->traces, (uint32_t)it->first, &first);
	traces_packet(l->v->traces, (uint32_t)it->last, &last);
	grid_put_glyph(&p, GLYPH_FOLDED);
	buf_addf(&text, "%" PRIu64 "-%" PRIu64, store_number(l->ui->store, first.ordinal, NULL),
	    store_number(l->ui->store, last.ordinal, NULL));
	if ((int)text.len > p.end - p.x)
		ladder_put_ordinal(l, first.ordinal);
	else
		grid_puts(&p, text.data);
	buf_release(&text);
	return p.x;
}

/* Of one connection between its ends, of several across all lifelines. */
static void aim_fold(struct ladder_line *l, uint64_t conns)
{
	uint16_t conn = 0;

	if (conns & (conns - 1)) {
		l->shape->aim_all(l, conns);
		return;
	}
	while (conn < TRACES_CONNS - 1 && !(conns >> conn & 1u))
		conn++;
	l->shape->aim(l, conn);
}

static void draw_fold(struct ladder_line *l, const struct ladder_item *it)
{
	struct ladder_fold f = ladder_fold_of(&l->v->source, it);

	aim_fold(l, f.conns);
	l->shape->frame(l);
	put_fold_words(l, &f);
	put_rate(l, &f);
	put_fold_time(l, it, &f, put_fold_numbers(l, it));
}

/* The time in seconds stands to the left as well, where there is no room for it here. */
static void gap_words(struct buf *out, const struct ladder_line *l, const struct ladder_item *it)
{
	const char *glyph = ui_glyph(l->ui, GLYPH_GAP);
	const char *label = ladder_gap_label(traces_row(l->v->traces, (uint32_t)it->first));

	buf_addf(out, "%s ", glyph);
	text_duration(out, it->gap);
	buf_addf(out, "  %s %s", label, glyph);
	if (grid_measure(l->g->tier, out->data, out->len) <= l->span)
		return;
	buf_reset(out);
	if (l->c.time)
		buf_addf(out, "%s %s %s", glyph, label, glyph);
	else
		text_duration(out, it->gap);
}

/* The words are on the middle line; the shade tells how long it was. */
static void draw_gap(struct ladder_line *l, const struct ladder_item *it, uint64_t line)
{
	unsigned at = (unsigned)(line - it->line), middle = it->lines / 2u;
	struct buf words = BUF_INIT;
	struct pen p;

	l->shape->aim_all(l, at == middle ? UINT64_C(1) << it->conn : 0);
	l->shape->frame(l);
	if (at != middle) {
		ladder_put_centred(l, ui_glyph(l->ui, GLYPH_GAP), ROLE_GAP);
		return;
	}
	gap_words(&words, l, it);
	ladder_put_centred(l, words.data, ROLE_GAP);
	p = ladder_notes_pen(l, ROLE_GAP);
	if (l->c.notes > 0)
		grid_repeat(&p, GLYPH_SHADE, it->lines * 3);
	buf_reset(&words);
	buf_addf(&words, "+%.3f", (double)it->gap / (double)NS_PER_SEC);
	ladder_put_time(l, words.data, ROLE_GAP);
	buf_release(&words);
}

static void draw_unseen(struct ladder_line *l, const struct ladder_item *it)
{
	const struct session_row *row = traces_row(l->v->traces, (uint32_t)it->first);
	struct buf words = BUF_INIT, bytes = BUF_INIT;
	struct pen p;

	l->shape->aim(l, it->conn);
	l->shape->frame(l);
	ladder_put_number(l, "-", ROLE_INFERRED);
	ladder_unseen_text(&bytes, it, row, l->ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE);
	buf_addf(&words, "%s %s never captured", ui_glyph(l->ui, GLYPH_CROSS), bytes.data);
	if (grid_measure(l->g->tier, words.data, words.len) > l->span) {
		buf_reset(&words);
		buf_addf(&words, "%s %s", ui_glyph(l->ui, GLYPH_CROSS), bytes.data);
	}
	ladder_put_centred(l, words.data, ROLE_INFERRED);
	p = ladder_notes_pen(l, ROLE_INFERRED);
	if (l->c.notes > 0)
		grid_putf(&p, "sent by %s", side_word(it->side));
	buf_release(&words);
	buf_release(&bytes);
}

static void draw_timer(struct ladder_line *l, const struct ladder_item *it)
{
	const struct state_entry *states[2] = { NULL, NULL }, *e;
	struct buf text = BUF_INIT;

	l->shape->aim(l, it->conn);
	l->shape->frame(l);
	e = states[it->side] = &record_of(l)->sides[it->side].states[it->entry];
	ladder_put_number(l, "-", ROLE_DIM);
	buf_addf(&text, "%.6f",
	    (double)(e->time + record_of(l)->start - l->v->source.start) / (double)NS_PER_SEC);
	if (l->ui->setting[SETTING_TIME] == TIME_START)
		ladder_put_time(l, text.data, ROLE_DIM);
	l->shape->states(l, states);
	ladder_put_centred(l, fsm_rule_at(e->rule)->why, ROLE_DIM);
	buf_release(&text);
}

/* ---- all lines ---- */

static void draw_words(const struct ladder_line *l, uint64_t at)
{
	struct pen p = ladder_pen(l, 0, l->w, ROLE_NORMAL);
	struct buf text = BUF_INIT;

	ladder_linear_text(&text, l->v, l->ui, at, l->w);
	grid_puts(&p, text.data);
	buf_release(&text);
}

static void draw_line(struct ladder_line *l, uint64_t at)
{
	const struct ladder_item *it = &l->v->ladder.items[ladder_at(&l->v->ladder, at)];

	l->used = 0;
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

/* The packet that others are compared with; linear, the line above says which it is. */
static void put_compared(const struct ladder_line *l, size_t at)
{
	const struct ladder_mark *m = &l->v->mark;
	struct pen p = ladder_pen(l, 0, 1, ROLE_MATCH);

	if (m->is_set && !ui_is_linear(l->ui) && ladder_line_of(&l->v->ladder, m->packet) == at)
		grid_put_glyph(&p, GLYPH_MARKED);
}

static void put_cursor(const struct ladder_line *l)
{
	struct pen p = ladder_pen(l, 0, 1, ROLE_HEAD);

	if (!l->v->in_pane)
		grid_add_attr(l->g, (struct rect){ l->y, l->x, 1, l->w }, ATTR_SELECTED);
	if (!ui_is_linear(l->ui))
		grid_put_glyph(&p, GLYPH_CURSOR);
	l->g->cursor_y = l->y;
	l->g->cursor_x = l->x;
}

void ladder_draw_page(
    struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r, size_t top)
{
	struct ladder_line l = { .v = v,
		.ui = ui,
		.g = g,
		.shape = ladder_is_merged(v) ? &ladder_shape_merged : &ladder_shape_pair,
		.x = r.x,
		.w = r.w };
	struct rect titles = rect_take_top(&r, 1);
	size_t total = (size_t)v->ladder.lines;

	l.c = l.shape->columns(v, ui, r.w);
	l.y = titles.y;
	if (!ui_is_linear(ui)) {
		ladder_put_lead_titles(&l);
		l.shape->titles(&l);
	}
	for (int y = 0; y < r.h && top + (size_t)y < total; y++) {
		l.y = r.y + y;
		if (ui_is_linear(ui))
			draw_words(&l, top + (size_t)y);
		else
			draw_line(&l, top + (size_t)y);
		put_compared(&l, top + (size_t)y);
		if (top + (size_t)y == v->list.cursor)
			put_cursor(&l);
	}
}

void ladder_draw_rows(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	size_t total = (size_t)v->ladder.lines;

	v->body = (struct rect){ r.y + 1, r.x, r.h - 1, r.w };
	ladder_draw_page(v, ui, g, r, list_top(v->list.top, v->list.cursor, total, r.h - 1));
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

/* " !2 ~1", in words " 2 warnings 1 note" */
static void count_findings(struct buf *out, const struct conn_record *r, bool in_words)
{
	uint64_t counts[SEVERITY_COUNT] = { 0 };

	for (uint32_t i = 0; i < r->nfindings; i++)
		counts[finding_info(r->findings[i].id)->severity] += r->findings[i].count;
	for (unsigned i = SEVERITY_COUNT; i-- > SEVERITY_NOTE;) {
		if (counts[i] && in_words)
			buf_addf(out, " %" PRIu64 " %s%s", counts[i],
			    outcome_mark_word((enum severity)i), counts[i] == 1 ? "" : "s");
		else if (counts[i])
			buf_addf(out, " %c%" PRIu64, outcome_mark((enum severity)i), counts[i]);
	}
}

void ladder_draw_strip(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	const struct store_session *s = trace_session(traces_trace(v->traces, 0));
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
	count_findings(&text, v->source.records, ui_is_linear(ui));
	buf_addch(&text, ' ');
	grid_put_right(&p, text.data);
	buf_release(&text);
}
