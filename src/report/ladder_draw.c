/* SPDX-License-Identifier: MIT */
/*
 * ladder_draw - numbers, times, both states, arrows and notes in columns.
 *
 *     PKT     t (s) CLIENT  |10.0.0.1:40000       10.0.0.2:80| SERVER  NOTES
 *       1  0.000000 SYNSNT  |- SYN 0 win 64240 ------------->| SYNRCV
 *
 * A state stands on the line of the packet that caused it, with ? while nothing proves it.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "report/ladder_draw.h"
#include "report/place.h"
#include "tcpshadow/text.h"

enum {
	WIDTH_MIN = 80,
	WIDTH_DEFAULT = 100, /* output that is not a terminal */
	STATE_WIDTH = 8,     /* "LASTACK?" */
	ARROW_MIN = 31,
	ARROW_MAX = 64,
	TIME_MAX = 11, /* columns; a longer time loses decimals */
};

/* Everything drawn that is not a letter. */
struct glyphs {
	const char *line, *left, *right, *bar, *double_line, *gap, *shade, *fold, *cross;
};

static const struct glyphs ascii_glyphs = { "-", "<", ">", "|", "=", ":", "#", "+", "x" };
static const struct glyphs utf8_glyphs = { "\xe2\x94\x80", "\xe2\x97\x80", "\xe2\x96\xb6",
	"\xe2\x94\x82", "\xe2\x95\x90", "\xe2\x94\x86", "\xe2\x96\x92", "\xe2\x8a\x9e",
	"\xe2\x9c\x95" };

enum style {
	STYLE_PLAIN,
	STYLE_CLIENT, /* an arrow to the right */
	STYLE_SERVER,
	STYLE_STATE,
	STYLE_NOTE,
	STYLE_DIM,
};

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_CLIENT] = "\033[36m",
	[STYLE_SERVER] = "\033[33m",
	[STYLE_STATE] = "\033[1m",
	[STYLE_NOTE] = "\033[1;35m",
	[STYLE_DIM] = "\033[2m",
};

struct drawing {
	const struct session *s;
	const struct report_options *o;
	const struct glyphs *g;
	struct buf *out;
	size_t number_width, time_width, arrow_width, notes_width;
	int decimals;
	struct buf text, notes; /* of the line at hand */
};

/* One line in its parts; empty ones are blank. */
struct line {
	char number[48]; /* of the packet, or of the first and last of a folded run */
	int64_t time;    /* ns, -1 = none */
	const struct state_entry *states[2];
	enum style style;
};

static void repeat(struct buf *out, const char *glyph, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addstr(out, glyph);
}

static void begin_style(struct drawing *d, enum style style)
{
	if (d->o->color)
		buf_addstr(d->out, style_codes[style]);
}

static void end_style(struct drawing *d, enum style style)
{
	if (d->o->color && style != STYLE_PLAIN)
		buf_addstr(d->out, "\033[0m");
}

static void add_time(struct drawing *d, int64_t time)
{
	if (time < 0)
		buf_pad(d->out, ' ', d->time_width);
	else
		buf_addf(d->out, "%*.*f", (int)d->time_width, d->decimals,
		    (double)time / (double)NS_PER_SEC);
}

static void add_state(struct drawing *d, const struct state_entry *e)
{
	size_t start;

	begin_style(d, STYLE_STATE);
	start = d->out->len;
	if (e) {
		buf_addstr(d->out, tcp_state_brief(e->state));
		if (e->certainty == PRESUMED)
			buf_addch(d->out, '?');
	}
	if (d->out->len - start < STATE_WIDTH)
		buf_pad(d->out, ' ', STATE_WIDTH - (d->out->len - start));
	end_style(d, STYLE_STATE);
}

/* Columns of text whose characters are one column each. */
static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Bytes that the first `columns` characters take. */
static size_t bytes_of(const char *text, size_t columns)
{
	size_t n = 0;

	for (; text[n]; n++)
		if ((text[n] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return n;
}

/* Bytes of the notes that go on this line: whole words, or parts up to a hyphen. */
static size_t notes_fitting(const struct drawing *d, const char *notes)
{
	size_t most = bytes_of(notes, d->notes_width), n = most;

	if (notes[most] == '\0')
		return most;
	while (n > 0 && notes[n] != ' ' && notes[n - 1] != '-')
		n--;
	return n ? n : most;
}

static void trim(struct buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
}

/* Number and time; the number of a folded run may need the room of both. */
static void add_number_and_time(struct drawing *d, const struct line *l)
{
	size_t columns = columns_of(l->number), room = d->number_width + 1 + d->time_width;

	if (columns > d->number_width) {
		buf_addstr(d->out, l->number);
		buf_pad(d->out, ' ', columns < room ? room - columns : 0);
		return;
	}
	buf_pad(d->out, ' ', d->number_width - columns);
	buf_addstr(d->out, l->number);
	buf_addch(d->out, ' ');
	add_time(d, l->time);
}

/* What stands between the bars is already in d->text, arrow_width columns wide. */
static void add_line(struct drawing *d, const struct line *l)
{
	struct buf *out = d->out;

	add_number_and_time(d, l);
	buf_addch(out, ' ');
	add_state(d, l->states[SIDE_CLIENT]);
	buf_addstr(out, d->g->bar);
	begin_style(d, l->style);
	buf_add(out, d->text.data, d->text.len);
	end_style(d, l->style);
	buf_addstr(out, d->g->bar);
	add_state(d, l->states[SIDE_SERVER]);
	buf_addch(out, ' ');
	begin_style(d, STYLE_NOTE);
	buf_add(out, d->notes.data, notes_fitting(d, d->notes.data));
	end_style(d, STYLE_NOTE);
	trim(out);
	buf_addch(out, '\n');
}

/* The line, and as many more as its notes need. */
static void add_lines(struct drawing *d, struct line *l)
{
	size_t n;

	add_line(d, l);
	for (;;) {
		struct line more = { .number = "", .time = -1 };
		struct buf rest = BUF_INIT;

		n = notes_fitting(d, d->notes.data);
		if (n >= d->notes.len)
			return;
		buf_addstr(&rest, d->notes.data + n + (d->notes.data[n] == ' '));
		buf_release(&d->notes);
		d->notes = rest;
		buf_reset(&d->text);
		buf_pad(&d->text, ' ', d->arrow_width);
		add_line(d, &more);
	}
}

/* -- words ------->  or  <------- words -- */
static void draw_arrow(struct drawing *d, const struct buf *words, bool to_server)
{
	size_t rest = d->arrow_width - 4 - words->len;

	buf_reset(&d->text);
	buf_addstr(&d->text, to_server ? d->g->line : d->g->left);
	if (!to_server)
		repeat(&d->text, d->g->line, rest);
	buf_addch(&d->text, ' ');
	buf_add(&d->text, words->data, words->len);
	buf_addch(&d->text, ' ');
	if (to_server)
		repeat(&d->text, d->g->line, rest);
	buf_addstr(&d->text, to_server ? d->g->right : d->g->line);
}

/* Words alone in the middle. */
static void draw_centred(struct drawing *d, const char *words)
{
	size_t columns = columns_of(words);
	size_t left = columns < d->arrow_width ? (d->arrow_width - columns) / 2 : 0;

	buf_reset(&d->text);
	buf_pad(&d->text, ' ', left);
	buf_addstr(&d->text, words);
	if (left + columns < d->arrow_width)
		buf_pad(&d->text, ' ', d->arrow_width - left - columns);
}

static void draw_segment(struct drawing *d, const struct session_row *row)
{
	const struct conn_record *r = &d->s->record;
	struct line l = { .time = row->time < 0 ? 0 : row->time };
	struct buf words = BUF_INIT;
	bool to_server = row->side == SIDE_CLIENT;

	if (row->is_icmp)
		to_server = !to_server; /* an error goes back to the sender of what it quotes */
	(void)snprintf(
	    l.number, sizeof(l.number), "%" PRIu64, place_number(d->o->facts, row->packet));
	for (int side = 0; side < 2; side++)
		l.states[side] = session_caused(&r->sides[side], row->packet);
	ladder_segment_text(&words, row, d->arrow_width - 4);
	if (words.len > d->arrow_width - 4)
		words.len = d->arrow_width - 4;
	draw_arrow(d, &words, to_server);
	l.style = to_server ? STYLE_CLIENT : STYLE_SERVER;
	ladder_notes_text(&d->notes, &d->s->record, row, d->o->facts);
	add_lines(d, &l);
	buf_release(&words);
}

/* <= 264 data 369.6k / 132 ack => */
static void fold_words(struct drawing *d, const struct ladder_fold *f, struct buf *out)
{
	struct buf client = BUF_INIT, server = BUF_INIT;

	ladder_fold_text(&client, f, SIDE_CLIENT);
	ladder_fold_text(&server, f, SIDE_SERVER);
	buf_reset(out);
	if (server.len)
		buf_addf(out, "%s%s %s", d->g->left, d->g->double_line, server.data);
	if (server.len && client.len)
		buf_addstr(out, " / ");
	if (client.len)
		buf_addf(out, "%s %s%s", client.data, d->g->double_line, d->g->right);
	buf_release(&client);
	buf_release(&server);
}

/* Where data flows both ways acknowledgments go without saying when they do not fit. */
static void draw_fold_words(struct drawing *d, const struct ladder_fold *f)
{
	struct ladder_fold less = *f;
	struct buf words = BUF_INIT;

	fold_words(d, &less, &words);
	for (int side = 0; side < 2; side++) {
		if (columns_of(words.data) <= d->arrow_width || !f->data[side])
			continue;
		less.acks[side] = 0;
		fold_words(d, &less, &words);
	}
	draw_centred(d, words.data);
	buf_release(&words);
}

static void draw_fold(struct drawing *d, const struct ladder_item *it)
{
	struct ladder_fold f = ladder_fold_sum(d->s, it);
	struct line l = { .time = f.to, .style = STYLE_DIM };
	uint64_t bytes = f.bytes[SIDE_CLIENT] + f.bytes[SIDE_SERVER];
	const struct session_row *rows = d->s->rows;

	(void)snprintf(l.number, sizeof(l.number), "%s%" PRIu64 "-%" PRIu64, d->g->fold,
	    place_number(d->o->facts, rows[it->first].packet),
	    place_number(d->o->facts, rows[it->last].packet));
	draw_fold_words(d, &f);
	if (bytes && f.to > f.from) {
		double rate = (double)bytes * (double)NS_PER_SEC / (double)(f.to - f.from);

		text_bytes(&d->notes, (uint64_t)rate);
		buf_addstr(&d->notes, "B/s");
	}
	add_lines(d, &l);
}

static void gap_line(struct drawing *d, const char *words)
{
	struct line l = { .number = "", .time = -1, .style = STYLE_DIM };

	draw_centred(d, words);
	add_lines(d, &l);
}

/* A longer wait takes more room: 1 + log10(gap / threshold) lines. */
static void draw_gap(struct drawing *d, const struct ladder_item *it)
{
	struct buf words = BUF_INIT;

	if (it->lines > 1)
		gap_line(d, d->g->gap);
	buf_addstr(&words, d->g->gap);
	buf_addch(&words, ' ');
	text_duration(&words, it->gap);
	buf_addf(&words, "  %s %s", it->label, d->g->gap);
	repeat(&d->notes, d->g->shade, (size_t)it->lines * 3);
	gap_line(d, words.data);
	buf_reset(&d->notes);
	if (it->lines > 2)
		gap_line(d, d->g->gap);
	buf_release(&words);
}

/* x . . 371001+1400 never captured . . */
static void draw_unseen(struct drawing *d, const struct ladder_item *it)
{
	struct line l = { .number = "-", .time = -1, .style = STYLE_DIM };
	struct buf words = BUF_INIT;

	buf_addf(&words, "%s ", d->g->cross);
	ladder_unseen_text(&words, it, &d->s->rows[it->first], false);
	buf_addstr(&words, " never captured");
	if (columns_of(words.data) > d->arrow_width) {
		buf_reset(&words);
		ladder_unseen_text(&words, it, &d->s->rows[it->first], false);
	}
	draw_centred(d, words.data);
	buf_addf(&d->notes, "sent by the %s", side_word(it->side));
	add_lines(d, &l);
	buf_release(&words);
}

static void draw_timer(struct drawing *d, const struct ladder_item *it)
{
	const struct state_entry *e = &d->s->record.sides[it->side].states[it->entry];
	struct line l = { .time = e->time, .style = STYLE_DIM };
	const char *why = fsm_rule_at(e->rule)->why;

	l.number[0] = '-';
	l.states[it->side] = e;
	draw_centred(d, why);
	add_lines(d, &l);
}

static void draw_item(struct drawing *d, const struct ladder_item *it, size_t row)
{
	buf_reset(&d->notes);
	switch ((enum ladder_kind)it->kind) {
	case LADDER_SEGMENT:
		draw_segment(d, &d->s->rows[row]);
		break;
	case LADDER_FOLD:
		draw_fold(d, it);
		break;
	case LADDER_GAP:
		draw_gap(d, it);
		break;
	case LADDER_TIMER:
		draw_timer(d, it);
		break;
	case LADDER_UNSEEN:
		if (it->lines)
			draw_unseen(d, it);
		break;
	}
}

/* A run of segments line by line. */
static int draw_all_of(struct drawing *d, const struct ladder_item *it, struct err *e)
{
	size_t last = it->kind == LADDER_SEGMENT ? it->last : it->first;
	int rc = 0;

	for (size_t row = it->first; row <= last && rc == 0; row++) {
		draw_item(d, it, row);
		rc = report_out_commit(d->o->out, e);
	}
	return rc;
}

static void choose_widths(struct drawing *d)
{
	const struct session *s = d->s;
	size_t width = d->o->width ? d->o->width : WIDTH_DEFAULT, fixed, rest, seconds;
	uint64_t last = s->nrows ? s->rows[s->nrows - 1].packet : 0;
	int64_t span = s->record.end - s->record.start;

	if (width < WIDTH_MIN)
		width = WIDTH_MIN;
	d->number_width = text_digits(place_number(d->o->facts, last));
	if (d->number_width < 5)
		d->number_width = 5;
	seconds = text_digits(span > 0 ? (uint64_t)(span / NS_PER_SEC) : 0);
	d->decimals = 6;
	while (d->decimals > 3 && seconds + 1 + (size_t)d->decimals > TIME_MAX)
		d->decimals--;
	d->time_width = seconds + 1 + (size_t)d->decimals;
	fixed = d->number_width + 1 + d->time_width + 1 + (size_t)2 * (STATE_WIDTH + 1) + 1;
	rest = width > fixed + ARROW_MIN + 1 ? width - fixed : ARROW_MIN + 1;
	d->arrow_width = rest * 7 / 10;
	if (d->arrow_width < ARROW_MIN)
		d->arrow_width = ARROW_MIN;
	if (d->arrow_width > ARROW_MAX)
		d->arrow_width = ARROW_MAX;
	d->notes_width = rest > d->arrow_width ? rest - d->arrow_width : 1;
}

/* Both endpoints above the ends of the arrows; only their ports where there is no room for more. */
static void draw_endpoints(struct drawing *d)
{
	const struct side_record *sides = d->s->record.sides;
	struct buf client = BUF_INIT, server = BUF_INIT;

	endpoint_text(&client, &sides[SIDE_CLIENT].addr);
	endpoint_text(&server, &sides[SIDE_SERVER].addr);
	if (client.len + server.len >= d->arrow_width) {
		buf_reset(&client);
		buf_reset(&server);
		buf_addf(&client, "port %u", (unsigned)sides[SIDE_CLIENT].addr.port);
		buf_addf(&server, "port %u", (unsigned)sides[SIDE_SERVER].addr.port);
	}
	buf_add(d->out, client.data, client.len);
	buf_pad(d->out, ' ', d->arrow_width - client.len - server.len);
	buf_add(d->out, server.data, server.len);
	buf_release(&client);
	buf_release(&server);
}

static void draw_header(struct drawing *d)
{
	buf_addf(d->out, "%*s %*s %-*s%s", (int)d->number_width, "PKT", (int)d->time_width, "t (s)",
	    STATE_WIDTH, "CLIENT", d->g->bar);
	draw_endpoints(d);
	buf_addf(d->out, "%s%-*s NOTES\n", d->g->bar, STATE_WIDTH, "SERVER");
}

int ladder_draw(const struct session *s, const struct report_options *o, struct err *e)
{
	struct drawing d = { .s = s, .o = o, .out = &o->out->buf };
	struct ladder ladder;
	int rc = 0;

	d.g = o->utf8 ? &utf8_glyphs : &ascii_glyphs;
	buf_init(&d.text);
	buf_init(&d.notes);
	choose_widths(&d);
	draw_header(&d);
	ladder_init(&ladder, s, o->fold);
	for (size_t i = 0; i < ladder.nitems && rc == 0; i++)
		rc = draw_all_of(&d, &ladder.items[i], e);
	ladder_release(&ladder);
	buf_release(&d.text);
	buf_release(&d.notes);
	return rc;
}
