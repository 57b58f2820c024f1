/* SPDX-License-Identifier: MIT */
/*
 * ladder_merged - the shape of a ladder of several connections: a lifeline for each host.
 *
 *     PKT     t (s) SESS 10.0.0.1          10.0.0.2          10.0.0.3   NOTES
 *       5  0.012090 #1   |<-------- ACK 79 -|                 |
 *       6  0.012490 #2   |                  |- SYN 0 -------->| SYNSNT|SYNRCV
 *
 * States that change stand before the notes, to the left and to the right of a bar as their ends do; - = it stays.
 * What goes to or comes from a host that is scrolled off the screen is told in words.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/ladder_line.h"

enum {
	SESSION_MIN = 4, /* "SESS" */
	PITCH_MIN = 14,
	PITCH_MAX = 66,
	NOTES_MIN = 14,
	LISTED_MAX = 6, /* connections that the title names */
};

/* ---- columns ---- */

/* "#12", and + behind it for more than one. */
static int session_width(const struct ladder_view *v, int w)
{
	uint32_t last = 0;
	int width;

	for (size_t i = 0; i < traces_conns(v->traces); i++)
		if (traces_session(v->traces, i) > last)
			last = traces_session(v->traces, i);
	width = (int)text_digits(last + UINT64_C(1)) + 2;
	return width < SESSION_MIN && w >= LADDER_NARROW ? SESSION_MIN : width;
}

/* Columns from the first lifeline to the last, of `rest`: seven tenths, or more for lifelines that need it. */
static int room_for_lifelines(const struct ladder_view *v, int rest, bool has_notes)
{
	int need = ((int)v->lines.n - 1) * PITCH_MIN + 1, most = rest - NOTES_MIN - 1;
	int room = rest * 7 / 10;

	if (!has_notes)
		return rest;
	if (room < need)
		room = need < most ? need : most;
	return room;
}

static struct ladder_columns columns(const struct ladder_view *v, const struct ui *ui, int w)
{
	struct ladder_columns c = { .state = session_width(v, w) };
	int n = (int)v->lines.n, shown, gaps, at, room;

	ladder_lead_columns(&c, v, ui, w);
	at = ladder_lead_width(&c) + c.state + 1; /* of the first lifeline */
	room = room_for_lifelines(v, w - at, w >= LADDER_NARROW);
	shown = 1 + (room - 1) / PITCH_MIN;
	shown = shown < 2 ? 2 : shown;
	shown = shown > n ? n : shown;
	gaps = shown > 1 ? shown - 1 : 1;
	c.pitch = (room - 1) / gaps;
	c.pitch = c.pitch > PITCH_MAX ? PITCH_MAX : c.pitch;
	c.shown = (uint16_t)shown;
	c.first = (uint16_t)((int)v->first_host < n - shown ? (int)v->first_host : n - shown);
	c.arrows = at + 1;
	c.arrow = c.pitch * gaps - 1;
	if (w >= LADDER_NARROW) {
		c.notes_at = c.arrows + c.arrow + 2;
		c.notes = w - c.notes_at;
	}
	return c;
}

/* ---- where a line goes ---- */

static int lifeline_at(const struct ladder_line *l, unsigned host)
{
	return l->c.arrows - 1 + ((int)host - l->c.first) * l->c.pitch;
}

static bool is_shown(const struct ladder_columns *c, unsigned host)
{
	return host >= c->first && host < (unsigned)c->first + c->shown;
}

static void aim_all(struct ladder_line *l, uint64_t conns)
{
	l->conns = conns;
	l->from = l->c.arrows;
	l->span = l->c.arrow;
	l->is_turned = false;
}

static void aim(struct ladder_line *l, uint16_t conn)
{
	const uint16_t *ends = l->v->lines.ends[conn];
	unsigned left = ends[SIDE_CLIENT], right = ends[SIDE_SERVER];

	aim_all(l, UINT64_C(1) << conn);
	l->conn = conn;
	l->is_turned = left > right;
	if (!is_shown(&l->c, left) || !is_shown(&l->c, right))
		return;
	if (l->is_turned) {
		left = ends[SIDE_SERVER];
		right = ends[SIDE_CLIENT];
	}
	l->from = lifeline_at(l, left) + 1;
	l->span = lifeline_at(l, right) - l->from;
}

/* ---- parts ---- */

static void put_lifelines(const struct ladder_line *l)
{
	for (unsigned i = 0; i < l->c.shown; i++) {
		struct pen p = ladder_pen(l, l->c.arrows - 1 + (int)i * l->c.pitch, 1, ROLE_DIM);

		grid_put_glyph(&p, GLYPH_VLINE);
	}
}

/* "#1 #2": whose line it is. */
static void sessions_text(struct buf *out, const struct ladder_view *v, uint64_t conns)
{
	for (size_t i = 0; i < traces_conns(v->traces); i++)
		if (conns >> i & 1u)
			buf_addf(
			    out, "%s#%u", out->len ? " " : "", traces_session(v->traces, i) + 1);
}

/* The first of them to the left; where there are more, all of them in the notes. */
static void frame(struct ladder_line *l)
{
	struct pen p = ladder_pen(l, ladder_lead_width(&l->c), l->c.state, ROLE_NORMAL);
	uint64_t first = l->conns & (~l->conns + 1);
	struct buf text = BUF_INIT;

	put_lifelines(l);
	sessions_text(&text, l->v, first);
	grid_puts(&p, text.data ? text.data : "");
	if (l->conns != first) {
		grid_puts(&p, "+");
		buf_reset(&text);
		sessions_text(&text, l->v, l->conns);
		p = ladder_notes_pen(l, ROLE_DIM);
		if (l->c.notes > 0)
			grid_puts(&p, text.data);
		l->used += (int)text.len + 1;
	}
	buf_release(&text);
}

/* "... ACK 518 >" */
static void aside_text(
    struct buf *out, const struct ladder_line *l, const char *words, bool to_right)
{
	buf_addf(out, "%s %s %s", ui_glyph(l->ui, to_right ? GLYPH_ELLIPSIS : GLYPH_HEAD_LEFT),
	    words, ui_glyph(l->ui, to_right ? GLYPH_HEAD_RIGHT : GLYPH_ELLIPSIS));
}

/* An end of it is not on the screen: "10.0.0.7 > 10.0.0.9  SYN 0", without names where there is no room for them. */
static void put_aside(
    const struct ladder_line *l, const char *words, bool to_server, enum role role)
{
	const uint16_t *ends = l->v->lines.ends[l->conn];
	struct buf text = BUF_INIT;

	lifelines_name(&text, &l->v->lines.hosts[ends[to_server ? SIDE_CLIENT : SIDE_SERVER]]);
	buf_addf(&text, " %s ", ui_glyph(l->ui, GLYPH_HEAD_RIGHT));
	lifelines_name(&text, &l->v->lines.hosts[ends[to_server ? SIDE_SERVER : SIDE_CLIENT]]);
	buf_addf(&text, "  %s", words);
	if (grid_measure(l->g->tier, text.data, text.len) > l->span) {
		buf_reset(&text);
		aside_text(&text, l, words, to_server != l->is_turned);
	}
	ladder_put_centred(l, text.data, role);
	buf_release(&text);
}

static void arrow(const struct ladder_line *l, const char *words, bool to_server, enum role role)
{
	const uint16_t *ends = l->v->lines.ends[l->conn];

	if (is_shown(&l->c, ends[SIDE_CLIENT]) && is_shown(&l->c, ends[SIDE_SERVER]))
		ladder_put_arrow(l, words, to_server != l->is_turned, role);
	else
		put_aside(l, words, to_server, role);
}

static void put_state(struct pen *p, const struct state_entry *e)
{
	grid_puts(p, e ? tcp_state_brief(e->state) : "-");
	if (e && e->certainty == PRESUMED)
		grid_puts(p, "?");
}

static void states(struct ladder_line *l, const struct state_entry *const e[2])
{
	struct pen p = ladder_notes_pen(l, ROLE_STATE);

	if (l->c.notes <= 0 || (!e[SIDE_CLIENT] && !e[SIDE_SERVER]))
		return;
	put_state(&p, e[l->is_turned ? SIDE_SERVER : SIDE_CLIENT]);
	grid_puts(&p, "|");
	put_state(&p, e[l->is_turned ? SIDE_CLIENT : SIDE_SERVER]);
	l->used = p.x + 1 - (l->x + l->c.notes_at);
}

/* ---- titles ---- */

/* Over its lifeline as far as its neighbours leave room; with notes there is some behind the last one. */
static int put_host(const struct ladder_line *l, int i)
{
	int room = l->c.notes ? l->c.pitch : (l->c.arrow + 2) / l->c.shown;
	int from = l->c.arrows - 1 + i * room, at = l->c.arrows - 1 + i * l->c.pitch;
	struct buf name = BUF_INIT;
	struct pen p;
	int w;

	lifelines_name(&name, &l->v->lines.hosts[l->c.first + i]);
	w = (int)name.len < room - 1 ? (int)name.len : room - 1;
	at -= w / 2;
	at = at > from + room - w ? from + room - w : at;
	at = at < from ? from : at;
	p = ladder_pen(l, at, w, ROLE_HEAD);
	grid_put_middle(&p, name.data);
	buf_release(&name);
	return at + w;
}

static void titles(const struct ladder_line *l)
{
	struct pen p = ladder_pen(l, ladder_lead_width(&l->c), l->c.state, ROLE_HEAD);
	int end = 0;

	if (l->c.state >= SESSION_MIN)
		grid_puts(&p, "SESS");
	for (int i = 0; i < l->c.shown; i++)
		end = put_host(l, i);
	end = end + 2 > l->c.notes_at ? end + 2 : l->c.notes_at;
	p = ladder_pen(l, end, l->w - end, ROLE_HEAD);
	if (l->c.notes && l->w - end >= 5)
		grid_puts(&p, "NOTES");
}

const struct ladder_shape ladder_shape_merged = {
	.columns = columns,
	.aim = aim,
	.aim_all = aim_all,
	.frame = frame,
	.arrow = arrow,
	.states = states,
	.titles = titles,
};

/* ---- around the lines ---- */

static void hosts_text(struct buf *out, const struct ladder_view *v, const struct ladder_columns *c,
    const struct ui *ui)
{
	if (c->shown < v->lines.n && !ui_is_linear(ui))
		buf_addf(out, "hosts %u-%u of %zu", c->first + 1u, (unsigned)c->first + c->shown,
		    v->lines.n);
	else
		buf_addf(out, "%zu hosts", v->lines.n);
}

uint32_t ladder_merged_shown(const struct ladder_view *v, const struct ui *ui, int w)
{
	return columns(v, ui, w).shown;
}

void ladder_merged_title(struct buf *out, const struct ladder_view *v, const struct ui *ui, int w)
{
	struct ladder_columns c = columns(v, ui, w);
	size_t n = traces_conns(v->traces);

	if (n < ui->nmerged)
		buf_addf(out, "%zu of %zu sessions", n, ui->nmerged);
	else if (n > LISTED_MAX)
		buf_addf(out, "%zu sessions", n);
	else
		sessions_text(out, v, UINT64_MAX);
	buf_addstr(out, ", ");
	hosts_text(out, v, &c, ui);
	if (traces_left_out(v->traces)) {
		buf_addstr(out, ", ");
		text_count(out, traces_left_out(v->traces));
		buf_addstr(out, " packets left out");
	}
}

void ladder_merged_states(struct buf *out, const struct ladder_view *v)
{
	uint32_t i = ladder_cursor_packet(v);
	uint16_t conn = traces_at(v->traces, i).conn;
	const struct session_row *row = traces_row(v->traces, i);

	buf_addf(out, "#%u", traces_session(v->traces, conn) + 1);
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e =
		    session_state(&v->source.records[conn].sides[side], row);

		if (e)
			buf_addf(out, " %s %s%s", side_word(side), tcp_state_brief(e->state),
			    e->certainty == PRESUMED ? "?" : "");
	}
}

void ladder_merged_rule(
    struct grid *g, struct rect r, const struct ladder_view *v, const struct ui *ui)
{
	uint16_t conn = traces_at(v->traces, ladder_cursor_packet(v)).conn;
	const struct conn_record *rec = &v->source.records[conn];
	struct pen p = grid_pen(g, r.y, r.x + 2, r.w - 4, ROLE_NORMAL);
	struct buf text = BUF_INIT;

	buf_addf(&text, " #%u  ", traces_session(v->traces, conn) + 1);
	endpoint_text(&text, &rec->sides[SIDE_CLIENT].addr);
	buf_addf(&text, " %s ", ui_glyph(ui, GLYPH_BETWEEN));
	endpoint_text(&text, &rec->sides[SIDE_SERVER].addr);
	buf_addstr(&text, "  ");
	outcome_text(&text, rec, false);
	buf_addch(&text, ' ');
	grid_puts(&p, text.data);
	buf_release(&text);
}
