/* SPDX-License-Identifier: MIT */
/*
 * ladder_line - the parts that lines of a ladder are made of.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tcpshadow/text.h"
#include "tui/ladder_line.h"

enum {
	NUMBER_MIN = 5,
	DELTA_WIDTH = 9,
	CLOCK_WIDTH = 15,    /* 10:04:11.000000 */
	SIDE_SEARCH = 10000, /* packets looked at for the last of the same side */
};

/* ---- columns ---- */

static int64_t last_end(const struct ladder_view *v)
{
	int64_t end = INT64_MIN;

	for (size_t i = 0; i < traces_conns(v->traces); i++) {
		const struct store_session *s = trace_session(traces_trace(v->traces, i));

		end = s->end > end ? s->end : end;
	}
	return end;
}

static int time_width(const struct ladder_view *v, const struct ui *ui)
{
	int64_t end = last_end(v), span = end - v->source.start;

	switch ((enum setting_time)ui->setting[SETTING_TIME]) {
	case TIME_DAY_UTC:
	case TIME_DAY_LOCAL:
		return CLOCK_WIDTH;
	case TIME_EPOCH:
		return (int)text_digits((uint64_t)end / NS_PER_SEC) + 1 + LADDER_DECIMALS;
	case TIME_START:
	case TIME_DELTA:
	case TIME_DELTA_SIDE:
		break;
	}
	return (int)text_digits(span > 0 ? (uint64_t)span / NS_PER_SEC : 0) + 1 + LADDER_DECIMALS;
}

void ladder_lead_columns(
    struct ladder_columns *c, const struct ladder_view *v, const struct ui *ui, int w)
{
	struct store_packet last;

	traces_packet(v->traces, traces_count(v->traces) - 1, &last);
	c->number = (int)text_digits(store_number(ui->store, last.ordinal, NULL));
	if (w < LADDER_NARROW)
		return;
	if (c->number < NUMBER_MIN)
		c->number = NUMBER_MIN;
	c->time = time_width(v, ui);
	c->delta = w >= LADDER_WIDE ? DELTA_WIDTH : 0;
}

int ladder_lead_width(const struct ladder_columns *c)
{
	return 1 + c->number + 1 + (c->time ? c->time + 1 : 0) + (c->delta ? c->delta + 1 : 0);
}

struct pen ladder_pen(const struct ladder_line *l, int at, int w, enum role role)
{
	return grid_pen(l->g, l->y, l->x + at, w, role);
}

struct pen ladder_notes_pen(const struct ladder_line *l, enum role role)
{
	return ladder_pen(l, l->c.notes_at + l->used, l->c.notes - l->used, role);
}

/* ---- numbers and times ---- */

static void put_right(struct pen p, const char *text)
{
	grid_put_right(&p, text);
}

void ladder_put_number(const struct ladder_line *l, const char *text, enum role role)
{
	put_right(ladder_pen(l, 1, l->c.number, role), text);
}

void ladder_put_ordinal(const struct ladder_line *l, uint64_t ordinal)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, store_number(l->ui->store, ordinal, NULL));
	ladder_put_number(l, text, ROLE_NORMAL);
}

void ladder_put_time(const struct ladder_line *l, const char *text, enum role role)
{
	if (l->c.time)
		put_right(ladder_pen(l, 1 + l->c.number + 1, l->c.time, role), text);
}

void ladder_put_delta(const struct ladder_line *l, const char *text, enum role role)
{
	if (l->c.delta)
		put_right(
		    ladder_pen(l, ladder_lead_width(&l->c) - 1 - l->c.delta, l->c.delta, role),
		    text);
}

void ladder_put_lead_titles(const struct ladder_line *l)
{
	static const char *const times[] = { "t (s)", "dt (s)", "dt (s)", "UTC", "local", "epoch" };

	ladder_put_number(l, l->c.number < 3 ? "#" : "PKT", ROLE_HEAD);
	ladder_put_time(l, times[l->ui->setting[SETTING_TIME]], ROLE_HEAD);
	ladder_put_delta(l, "gap", ROLE_HEAD);
}

static void clock_text(struct buf *out, int64_t ns, bool utc)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	struct tm tm;

	if (utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm))
		buf_addf(out, "%02d:%02d:%02d.%06d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)(ns % NS_PER_SEC / 1000));
}

/* Of the packet before it from the same end of the same connection. */
static int64_t last_of_side(const struct traces *t, uint32_t i, const struct store_packet *p)
{
	struct traces_place at = traces_at(t, i);
	const struct store_session *s = trace_session(traces_trace(t, at.conn));
	struct store_packet before;

	for (uint32_t k = 1; k <= at.k && k <= SIDE_SEARCH; k++) {
		store_packet(s, at.k - k, &before);
		if (before.side == p->side)
			return before.time;
	}
	return p->time;
}

void ladder_time_text(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t i, int decimals)
{
	struct store_packet p, before;
	int64_t from = v->source.start;

	traces_packet(v->traces, i, &p);
	switch ((enum setting_time)ui->setting[SETTING_TIME]) {
	case TIME_DAY_UTC:
	case TIME_DAY_LOCAL:
		clock_text(out, p.time, ui->setting[SETTING_TIME] == TIME_DAY_UTC);
		return;
	case TIME_EPOCH:
		from = 0;
		break;
	case TIME_DELTA:
		traces_packet(v->traces, i ? i - 1 : 0, &before);
		from = before.time;
		break;
	case TIME_DELTA_SIDE:
		from = last_of_side(v->traces, i, &p);
		break;
	case TIME_START:
		break;
	}
	buf_addf(out, "%.*f", decimals, (double)(p.time - from) / (double)NS_PER_SEC);
}

/* ---- between the ends ---- */

void ladder_put_centred(const struct ladder_line *l, const char *words, enum role role)
{
	int w = grid_measure(l->g->tier, words, strlen(words));
	int left = w < l->span ? (l->span - w) / 2 : 0;
	struct pen p = ladder_pen(l, l->from + left, l->span - left, role);

	grid_puts(&p, words);
}

/* -- words ------->  or  <------- words -- */
void ladder_put_arrow(const struct ladder_line *l, const char *words, bool to_right, enum role role)
{
	struct pen p = ladder_pen(l, l->from, l->span, role);
	int w = grid_measure(l->g->tier, words, strlen(words)), most = l->span - LADDER_ARROW_ENDS;
	int rest = w < most ? most - w : 0;

	if (most < 0)
		return;
	grid_put_glyph(&p, to_right ? GLYPH_HLINE : GLYPH_HEAD_LEFT);
	if (!to_right)
		grid_repeat(&p, GLYPH_HLINE, rest);
	grid_puts(&p, " ");
	p.end -= 2;
	grid_puts(&p, words);
	p.end += 2;
	p.is_cut = false;
	grid_puts(&p, " ");
	if (to_right)
		grid_repeat(&p, GLYPH_HLINE, rest);
	grid_put_glyph(&p, to_right ? GLYPH_HEAD_RIGHT : GLYPH_HLINE);
}
