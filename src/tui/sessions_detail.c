/* SPDX-License-Identifier: MIT */
/*
 * sessions_detail - the box that explains the selected session: how it stands, what is wrong, where the time went.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tcpshadow/transfer.h"
#include "tui/graph.h"
#include "tui/para.h"
#include "tui/sessions.h"

enum {
	ROOM_FOR_PREVIEW = 100, /* columns */
	ROWS_FOR_ALL = 7,
	ROWS_FOR_PREVIEW = 8,
	ROWS_FOR_BARS = 12,
	SPENT_SHOWN = 3,
	SPENT_LEAST = 3, /* percent; less is a crumb */
	BAR_MOST = 20,   /* columns of 100 % */
	FACT_LINES = 3,  /* handshake, volume, time */
	MARK_WIDTH = 2,  /* the letter before a verdict or a finding */
};

struct detail {
	struct ui *ui;
	struct grid *grid;
	struct rect r; /* what is left */
	int rows;      /* of the box */
	int who_lines;
	struct store_session row;
	uint32_t index;
};

static struct pen next_line(struct detail *d, enum role role)
{
	struct rect line = rect_take_top(&d->r, 1);

	return rect_pen(d->grid, line, 0, role);
}

static void put_duration(struct pen *p, int64_t ns)
{
	struct buf text = BUF_INIT;

	text_duration(&text, ns);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_bytes(struct pen *p, uint64_t n)
{
	struct buf text = BUF_INIT;

	text_bytes(&text, n);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_count(struct pen *p, uint64_t n)
{
	struct buf text = BUF_INIT;

	text_count(&text, n);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_endpoint(struct pen *p, const struct store_side *side)
{
	struct buf text = BUF_INIT;

	endpoint_text(&text, &side->addr);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_state(struct pen *p, const char *before, const char *state, bool is_presumed)
{
	p->role = ROLE_NORMAL;
	grid_puts(p, before);
	p->role = ROLE_STATE;
	grid_puts(p, state);
	grid_puts(p, is_presumed ? "?" : "");
}

/* Both; where there is little room as the ladder has them, the client's first. */
static void put_states(struct pen *p, const struct store_side sides[2])
{
	const struct store_side *c = &sides[SIDE_CLIENT], *s = &sides[SIDE_SERVER];
	const char *client = tcp_state_name((enum tcp_state)c->state);
	const char *server = tcp_state_name((enum tcp_state)s->state);
	size_t need = strlen("  client ") + strlen(client) + c->is_presumed + strlen("  server ") +
	              strlen(server) + s->is_presumed;

	if ((int)need <= p->end - p->x) {
		put_state(p, "  client ", client, c->is_presumed);
		put_state(p, "  server ", server, s->is_presumed);
		return;
	}
	put_state(p, "  ", tcp_state_brief((enum tcp_state)c->state), c->is_presumed);
	put_state(p, "/", tcp_state_brief((enum tcp_state)s->state), s->is_presumed);
}

static int brief_width(const struct store_side *side)
{
	return (int)strlen(tcp_state_brief((enum tcp_state)side->state)) + side->is_presumed;
}

/* Columns that both addresses and the states in brief need on one line. */
static int who_width(const struct detail *d)
{
	const struct store_side *sides = d->row.sides;
	struct buf text = BUF_INIT;
	int w;

	buf_addf(&text, "#%u ", d->index + 1);
	endpoint_text(&text, &sides[SIDE_CLIENT].addr);
	buf_addstr(&text, " = ");
	endpoint_text(&text, &sides[SIDE_SERVER].addr);
	buf_addstr(&text, "  /");
	w = (int)text.len + brief_width(&sides[SIDE_CLIENT]) + brief_width(&sides[SIDE_SERVER]);
	buf_release(&text);
	return w;
}

/* Here addresses are whole, for the table may have shortened them: on two lines if need be. */
static void who_line(struct detail *d)
{
	struct pen p = next_line(d, ROLE_HEAD);

	d->who_lines = 1;
	grid_putf(&p, "#%u ", d->index + 1);
	put_endpoint(&p, &d->row.sides[SIDE_CLIENT]);
	grid_puts(&p, " ");
	grid_put_glyph(&p, GLYPH_BETWEEN);
	grid_puts(&p, " ");
	if (who_width(d) > d->r.w) {
		d->who_lines = 2;
		p = next_line(d, ROLE_HEAD);
		grid_puts(&p, "  ");
	}
	put_endpoint(&p, &d->row.sides[SIDE_SERVER]);
	put_states(&p, d->row.sides);
}

static int lines_of(const struct detail *d, const struct buf *text)
{
	return para_lines(d->grid->tier, text->data, text->len, d->r.w - MARK_WIDTH);
}

/* "MSS 1460/1400": what the client offered and what the server did. */
static void put_pair(
    struct detail *d, struct pen *p, const char *name, const char *client, const char *server)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "  %s %s/%s", name, client, server);
	if ((int)text.len > p->end - p->x)
		*p = next_line(d, ROLE_NORMAL);
	grid_puts(p, text.data);
	buf_release(&text);
}

static void put_offers(struct detail *d, struct pen *p)
{
	const struct conn_record *r = d->row.record;
	const struct syn_offer *c = &r->sides[SIDE_CLIENT].offer, *s = &r->sides[SIDE_SERVER].offer;
	const struct syn_offer *both[2] = { c, s };
	struct buf mss[2] = { BUF_INIT, BUF_INIT }, scale[2] = { BUF_INIT, BUF_INIT };
	const char *sack[2], *ts[2];

	for (int i = 0; i < 2; i++) {
		buf_addf(&mss[i], both[i]->has_mss ? "%u" : "-", both[i]->mss);
		buf_addf(&scale[i], both[i]->has_wscale ? "%u" : "-", both[i]->window_scale);
		sack[i] = !both[i]->seen ? "?" : both[i]->sack_permitted ? "yes" : "no";
		ts[i] = !both[i]->seen ? "?" : both[i]->timestamps ? "yes" : "no";
	}
	put_pair(d, p, "MSS", mss[0].data, mss[1].data);
	put_pair(d, p, "WS", scale[0].data, scale[1].data);
	put_pair(d, p, "SACK", sack[0], sack[1]);
	put_pair(d, p, "TS", ts[0], ts[1]);
	for (int i = 0; i < 2; i++) {
		buf_release(&mss[i]);
		buf_release(&scale[i]);
	}
}

static void handshake_line(struct detail *d)
{
	struct pen p = next_line(d, ROLE_NORMAL);
	const struct conn_record *r = d->row.record;

	if (r && r->has_syn_to_synack) {
		grid_puts(&p, "SYN");
		grid_put_glyph(&p, GLYPH_TO_SERVER);
		grid_puts(&p, "SYN+ACK ");
		put_duration(&p, r->syn_to_synack);
	} else if (d->row.is_midstream) {
		grid_puts(&p, "began before the capture");
	} else if (r) {
		grid_putf(&p, "%u SYN, %u SYN+ACK", r->syns, r->synacks);
	} else {
		grid_puts(&p, "not over yet");
	}
	if (r && (r->sides[0].offer.seen || r->sides[1].offer.seen))
		put_offers(d, &p);
}

static void put_side_volume(struct pen *p, const struct detail *d, enum side side)
{
	const struct store_side *s = &d->row.sides[side];

	p->role = side == SIDE_CLIENT ? ROLE_CLIENT : ROLE_SERVER;
	grid_put_glyph(p, side == SIDE_CLIENT ? GLYPH_TO_SERVER : GLYPH_TO_CLIENT);
	grid_puts(p, " ");
	put_bytes(p, s->bytes);
	grid_puts(p, " in ");
	put_count(p, s->packets);
	grid_puts(p, s->packets == 1 ? " packet   " : " packets   ");
	p->role = ROLE_NORMAL;
}

static void volume_line(struct detail *d)
{
	struct pen p = next_line(d, ROLE_NORMAL);
	const struct store_side *c = &d->row.sides[SIDE_CLIENT], *s = &d->row.sides[SIDE_SERVER];
	uint32_t again = c->retransmissions + s->retransmissions;
	uint32_t packets = c->packets + s->packets;
	struct buf trouble = BUF_INIT;

	put_side_volume(&p, d, SIDE_CLIENT);
	put_side_volume(&p, d, SIDE_SERVER);
	if (again)
		buf_addf(&trouble, "retx %u (%.1f%%)  ", again, 100.0 * again / packets);
	if (c->zero_windows + s->zero_windows)
		buf_addf(&trouble, "zero window %u", c->zero_windows + s->zero_windows);
	if ((int)trouble.len > p.end - p.x) {
		p = next_line(d, ROLE_NORMAL);
		grid_puts(&p, "  ");
	}
	grid_puts(&p, trouble.len ? trouble.data : "");
	buf_release(&trouble);
}

static void put_finding(struct detail *d, const struct finding *f)
{
	const struct finding_info *info = finding_info((enum finding_id)f->id);
	struct pen p = next_line(d, ROLE_NORMAL);
	struct buf text = BUF_INIT;
	char mark = outcome_mark((enum severity)info->severity);

	p.role = column_health_role(mark);
	grid_putf(&p, "%c", mark);
	p.role = ROLE_NORMAL;
	grid_puts(&p, " ");
	finding_text_story(&text, f, cap_facts(d->ui->options->cap));
	para_put(&p, &d->r, text.data, text.len);
	buf_release(&text);
}

/* How it went and whose doing it was, in one sentence. */
static void verdict_lines(struct detail *d)
{
	const struct verdict *v;
	struct buf text = BUF_INIT;
	struct pen p;
	char mark;

	if (!d->row.record || d->r.h == 0)
		return;
	v = &d->row.record->verdict;
	mark = outcome_mark(verdict_severity((enum verdict_kind)v->kind));
	p = next_line(d, column_health_role(mark));
	if (mark == '.')
		grid_put_glyph(&p, GLYPH_FINE);
	else
		grid_putf(&p, "%c", mark);
	p.role = ROLE_HEAD;
	grid_puts(&p, " ");
	verdict_sentence(&text, d->row.record);
	para_put(&p, &d->r, text.data, text.len);
	buf_release(&text);
}

/* The worst findings that matter. */
static void finding_lines(struct detail *d)
{
	const struct conn_record *r = d->row.record;
	const struct finding *f = NULL;

	while (r && d->r.h > 0 && (f = finding_text_next(r->findings, r->nfindings, f))) {
		if (finding_info((enum finding_id)f->id)->severity < SEVERITY_NOTE)
			break;
		put_finding(d, f);
	}
}

/* What took most of the time, SPENT_COUNT = nothing. */
static enum time_spent most_spent(const struct conn_record *r, unsigned taken)
{
	enum time_spent most = SPENT_COUNT;

	for (unsigned t = 0; t < SPENT_COUNT; t++)
		if (!(taken & 1u << t) && r->time_spent[t] > 0 &&
		    (most == SPENT_COUNT || r->time_spent[t] > r->time_spent[most]))
			most = (enum time_spent)t;
	return most;
}

struct share {
	char word[40];
	int percent;
};

/* What took most of its time, the most first, without crumbs. */
static int shares_of(const struct conn_record *r, struct share out[SPENT_SHOWN])
{
	int64_t total = r->end - r->start;
	unsigned taken = 0;
	struct buf word = BUF_INIT;
	int n = 0;

	for (; n < SPENT_SHOWN && total > 0; n++) {
		enum time_spent t = most_spent(r, taken);
		int percent = t == SPENT_COUNT ? 0 : (int)(r->time_spent[t] * 100 / total);

		if (percent < SPENT_LEAST)
			break;
		taken |= 1u << t;
		buf_reset(&word);
		outcome_words(&word, time_spent_word(t));
		(void)snprintf(out[n].word, sizeof(out[n].word), "%s", word.data);
		out[n].percent = percent;
	}
	buf_release(&word);
	return n;
}

static void gap_text(struct buf *out, const struct detail *d)
{
	struct store_packet packet;

	if (d->row.gap <= 0 || d->row.gap_at >= d->row.npackets)
		return;
	store_packet(&d->row, d->row.gap_at, &packet);
	buf_addstr(out, "   silence ");
	text_duration(out, d->row.gap);
	buf_addf(out, " before #%llu",
	    (unsigned long long)store_number(d->ui->store, packet.ordinal, NULL));
}

static void put_bar(struct pen *p, int percent)
{
	int n = (percent * BAR_MOST + 50) / 100;

	grid_puts(p, " ");
	for (int i = 0; i < (n ? n : 1); i++)
		grid_put_glyph(p, GLYPH_SPARK_8);
}

/* A line for each share. */
static void bar_lines(struct detail *d, const struct share *shares, int n)
{
	int widest = 0;

	for (int i = 0; i < n; i++)
		if ((int)strlen(shares[i].word) > widest)
			widest = (int)strlen(shares[i].word);
	for (int i = 0; i < n; i++) {
		struct pen p = next_line(d, ROLE_NORMAL);

		grid_putf(&p, "%s%-*s %3d%%", i ? "            " : "time spent  ", widest,
		    shares[i].word, shares[i].percent);
		p.role = ROLE_STATE;
		put_bar(&p, shares[i].percent);
	}
}

/* "server thinking 71%, transfer 20%": as many as leave room for what comes behind them. */
static void put_spent(struct pen *p, const struct share *shares, int n, int room)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < n; i++) {
		size_t before = text.len;

		buf_addf(&text, "%s%s %d%%", i ? ", " : ": ", shares[i].word, shares[i].percent);
		if (i == 0 || (int)text.len <= room)
			grid_puts(p, text.data + before);
	}
	buf_release(&text);
}

static void time_lines(struct detail *d)
{
	bool has_bars = d->rows >= ROWS_FOR_BARS;
	struct pen p = next_line(d, ROLE_NORMAL);
	struct share shares[SPENT_SHOWN];
	int n = d->row.record ? shares_of(d->row.record, shares) : 0;
	struct buf gap = BUF_INIT;

	gap_text(&gap, d);
	grid_puts(&p, "lasted ");
	put_duration(&p, d->row.end - d->row.start);
	if (!has_bars)
		put_spent(&p, shares, n, p.end - p.x - (int)gap.len);
	grid_puts(&p, gap.len ? gap.data : "");
	if (has_bars)
		bar_lines(d, shares, n);
	buf_release(&gap);
}

/* Where there is room, a picture of what was sent takes the right half. */
static struct rect draw_preview(struct ui *ui, struct grid *g, struct rect r, uint32_t index)
{
	struct rect right;

	if (r.w < ROOM_FOR_PREVIEW || r.h < ROWS_FOR_PREVIEW)
		return r;
	right = rect_take_right(&r, r.w / 2);
	grid_vline(g, right.y, right.x, right.h);
	(void)rect_take_left(&right, 2);
	graph_preview(ui, g, right, index);
	return r;
}

/* Does what is wrong with it have room under all the rest? */
static bool is_roomy(const struct detail *d)
{
	const struct conn_record *r = d->row.record;
	const struct finding *f = r ? finding_text_next(r->findings, r->nfindings, NULL) : NULL;
	struct buf text = BUF_INIT;
	int need = d->who_lines + FACT_LINES;

	if (d->rows < ROWS_FOR_ALL)
		return false;
	if (r) {
		verdict_sentence(&text, r);
		need += lines_of(d, &text);
	}
	if (f && finding_info((enum finding_id)f->id)->severity >= SEVERITY_NOTE) {
		buf_reset(&text);
		finding_text_story(&text, f, cap_facts(d->ui->options->cap));
		need += lines_of(d, &text);
	}
	buf_release(&text);
	return d->rows >= ROWS_FOR_BARS || need <= d->rows;
}

static void draw_facts(struct detail *d)
{
	who_line(d);
	if (!is_roomy(d)) { /* first what matters most */
		time_lines(d);
		verdict_lines(d);
		finding_lines(d);
		volume_line(d);
		handshake_line(d);
		return;
	}
	handshake_line(d);
	volume_line(d);
	time_lines(d);
	verdict_lines(d);
	finding_lines(d);
}

void sessions_draw_detail(
    struct sessions *s, struct ui *ui, struct grid *g, struct rect r, uint32_t index)
{
	struct grid text;
	struct detail d = { .ui = ui, .grid = &text, .index = index, .rows = r.h };

	if (!ui_is_linear(ui))
		r = draw_preview(ui, g, r, index);
	pane_begin(&text, g, r);
	d.r = grid_rect(&text);
	store_session(ui->store, index, &d.row);
	if (ui_is_linear(ui))
		sessions_linear_detail(ui, &text, d.r, index);
	else
		draw_facts(&d);
	pane_end(&s->pane, &text, g, r, index);
}
