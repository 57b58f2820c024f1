/* SPDX-License-Identifier: MIT */
/*
 * ladder_detail - what there is to say about the line the cursor is on.
 *
 * In the pane: sections that open and close, and the bytes of the frame, those of the field under the cursor marked.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tui/ladder.h"
#include "tui/para.h"

enum {
	TWO_COLUMNS = 120, /* from this width on the bytes stand beside the fields */
	HEX_WIDTH = 74,    /* columns that 16 bytes need */
	HEX_BYTES = 16,
	HEX_NARROW = 8,
	ROOM_FOR_16 = 76, /* columns */
	HEAD_INDENT = 2,  /* columns before the words of a head, of a line below it */
	INDENT = 4,
	HEX_START = 6, /* column of the first byte of a line */
};

/* The detail of the current packet, and which of its lines are visible. */
struct detail {
	struct describe describe;
	struct packet packet;
	struct segment seg;
	bool has_packet, has_seg;
};

static void make_detail(struct detail *d, struct ladder_view *v, const struct ui *ui, unsigned hex)
{
	struct traces_place at = traces_at(v->traces, ladder_cursor_packet(v));
	struct trace *trace = traces_trace(v->traces, at.conn);
	struct describe_source s = {
		.row = trace_row(trace, at.k),
		.record = &v->source.records[at.conn],
		.facts = cap_facts(ui->options->cap),
		.origin = v->source.start, /* as on the lines */
		.utc = ui->options->utc,
	};
	struct err e;

	d->has_packet = trace_frame(trace, at.k, &d->packet, &e) == 0;
	d->has_seg = d->has_packet && trace_segment(trace, at.k, &d->packet, &d->seg, &e) == 0;
	s.number = store_number(ui->store, s.row->packet, NULL);
	s.packet = d->has_packet ? &d->packet : NULL;
	s.seg = d->has_seg ? &d->seg : NULL;
	describe_init(&d->describe);
	describe_packet(&d->describe, &s, hex);
}

static bool is_visible(const struct ladder_view *v, const struct describe_line *l)
{
	return l->is_head || !(v->closed & 1u << l->section);
}

/* The line of the detail that is visible line number `n`; describe.n = none. */
static size_t visible(const struct ladder_view *v, const struct describe *d, size_t n)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_visible(v, &d->lines[i]) && n-- == 0)
			return i;
	return d->n;
}

static size_t count_visible(const struct ladder_view *v, const struct describe *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += is_visible(v, &d->lines[i]);
	return n;
}

size_t ladder_pane_lines(struct ladder_view *v, const struct ui *ui)
{
	struct detail d;
	size_t n;

	make_detail(&d, v, ui, HEX_BYTES);
	n = count_visible(v, &d.describe);
	describe_release(&d.describe);
	return n;
}

void ladder_pane_toggle(struct ladder_view *v, const struct ui *ui)
{
	struct detail d;
	size_t i;

	make_detail(&d, v, ui, HEX_BYTES);
	i = visible(v, &d.describe, v->pane.cursor);
	if (i < d.describe.n) {
		uint8_t section = d.describe.lines[i].section;

		v->closed ^= 1u << section;
		while (i > 0 && !d.describe.lines[i].is_head)
			i--;
		v->pane.cursor = 0;
		for (size_t k = 0; k < i; k++)
			v->pane.cursor += is_visible(v, &d.describe.lines[k]);
	}
	describe_release(&d.describe);
}

/* ---- drawing ---- */

static bool has_more(const struct describe *d, size_t i)
{
	return i + 1 < d->n && !d->lines[i + 1].is_head;
}

/* Lines on the screen; what is said of the packet is not cut. */
static int height_of(const struct describe *d, size_t i, enum glyph_tier tier, int w)
{
	const struct describe_line *l = &d->lines[i];

	if (l->section == DESCRIBE_BYTES)
		return 1;
	return para_lines(
	    tier, d->text.data + l->at, l->len, w - (l->is_head ? HEAD_INDENT : INDENT));
}

static void draw_field(
    struct grid *g, const struct ladder_view *v, const struct describe *d, size_t i, struct rect r)
{
	const struct describe_line *l = &d->lines[i];
	struct rect below = r;
	struct pen p =
	    rect_pen(g, rect_take_top(&below, 1), 0, l->is_head ? ROLE_HEAD : ROLE_NORMAL);

	if (l->section == DESCRIBE_WHY) {
		p.role = role_of_severity(l->severity, ROLE_NORMAL);
	} else if (l->section == DESCRIBE_BYTES && !l->is_head) {
		p.role = ROLE_DIM;
	}
	if (l->is_head && has_more(d, i) && !g->is_linear)
		grid_put_glyph(&p, v->closed & 1u << l->section ? GLYPH_CLOSED : GLYPH_OPENED);
	else
		grid_puts(&p, " ");
	grid_puts(&p, l->is_head ? " " : "   ");
	para_put(&p, &below, d->text.data + l->at, l->len);
}

/* A visible line: which it is of all, and how many rows it takes. */
struct field {
	size_t i;
	int rows;
};

static struct field *fields_of(
    const struct ladder_view *v, const struct describe *d, const struct grid *g, int w, size_t *n)
{
	struct field *f = mem_alloc(d->n + 1, sizeof(*f));

	*n = 0;
	for (size_t i = 0; i < d->n; i++)
		if (is_visible(v, &d->lines[i]))
			f[(*n)++] = (struct field){ i, height_of(d, i, g->tier, w) };
	return f;
}

/* The one to begin with: all of the cursor's rows are on the screen, and no room is left at the end. */
static size_t top_of(const struct ladder_view *v, const struct field *f, size_t n, int height)
{
	size_t cursor = v->pane.cursor < n ? v->pane.cursor : n - 1, top = cursor, end;
	int rows = f[cursor].rows;

	while (top > 0 && top > v->pane.top && rows + f[top - 1].rows <= height)
		rows += f[--top].rows;
	for (end = cursor + 1; end < n && rows <= height; end++)
		rows += f[end].rows;
	while (end == n && top > 0 && rows + f[top - 1].rows <= height)
		rows += f[--top].rows;
	return top;
}

static void draw_fields(
    struct ladder_view *v, struct grid *g, const struct describe *d, struct rect r)
{
	size_t n;
	struct field *f = fields_of(v, d, g, r.w, &n);

	for (size_t at = n ? top_of(v, f, n, r.h) : 0; r.h > 0 && at < n; at++) {
		struct rect rows = rect_take_top(&r, f[at].rows);

		draw_field(g, v, d, f[at].i, rows);
		if (!v->in_pane || at != v->pane.cursor)
			continue;
		grid_add_attr(g, rows, ATTR_SELECTED);
		g->cursor_y = rows.y;
		g->cursor_x = rows.x;
	}
	free(f);
}

/* One line of bytes; those of the field are marked. */
static void draw_hex_line(struct grid *g, struct rect r, const struct detail *d, size_t at,
    const struct describe_line *field)
{
	struct buf text = BUF_INIT;
	struct pen p = rect_pen(g, r, 0, ROLE_DIM);

	describe_hex_line(&text, &d->packet, at, HEX_BYTES);
	grid_puts(&p, text.data);
	buf_release(&text);
	if (!field)
		return;
	for (unsigned i = 0; i < HEX_BYTES; i++) {
		if (at + i < field->from || at + i >= field->to)
			continue;
		p = grid_pen(g, r.y, r.x + HEX_START + (int)i * 3, 2, ROLE_MATCH);
		grid_putf(&p, "%02x", d->packet.data[at + i]);
	}
}

static void draw_hex(
    struct grid *g, struct rect r, const struct detail *d, const struct describe_line *field)
{
	size_t lines = (d->packet.caplen + (size_t)HEX_BYTES - 1) / HEX_BYTES, top = 0;
	struct pen p = rect_pen(g, r, 0, ROLE_HEAD);

	grid_puts(&p, "Bytes");
	if (field && field->from / HEX_BYTES + 2 > (uint32_t)r.h)
		top = field->from / HEX_BYTES;
	for (int y = 1; y < r.h && top + (size_t)y - 1 < lines; y++)
		draw_hex_line(g, (struct rect){ r.y + y, r.x, 1, r.w }, d,
		    (top + (size_t)y - 1) * HEX_BYTES, field);
}

void ladder_draw_pane(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	bool two = r.w >= TWO_COLUMNS;
	const struct describe_line *field = NULL;
	struct rect right;
	struct detail d;
	size_t i;

	make_detail(&d, v, ui, two ? 0 : r.w >= ROOM_FOR_16 ? HEX_BYTES : HEX_NARROW);
	if (two && d.has_packet) {
		right = rect_take_right(&r, HEX_WIDTH + 2);
		grid_vline(g, right.y, right.x, right.h);
		(void)rect_take_left(&right, 2);
		i = visible(v, &d.describe, v->pane.cursor);
		if (v->in_pane && i < d.describe.n && !d.describe.lines[i].is_head)
			field = &d.describe.lines[i];
		draw_hex(g, right, &d, field);
	}
	draw_fields(v, g, &d.describe, r);
	describe_release(&d.describe);
}

/* ---- without a pane ---- */

static const struct finding *worst_about(const struct conn_record *r, uint64_t packet)
{
	const struct finding *f = NULL;

	do
		f = finding_text_next(r->findings, r->nfindings, f);
	while (f && !session_is_evidence(f, packet));
	return f;
}

static void variables_text(struct buf *out, const struct session_row *row)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct end_snapshot *e = &row->step.ends[side];

		buf_addf(out, "%s%s", side ? "    " : "", side_word(side));
		if (e->snd_known)
			buf_addf(out, " una %" PRIu64 " nxt %" PRIu64, e->snd_una, e->snd_nxt);
		if (e->rcv_known && row->step.ends[!side].snd_known)
			buf_addf(out, " rcv %" PRIu64, e->rcv_nxt);
		if (e->rcv_known)
			buf_addf(out, " win %" PRIu64, e->rcv_wnd);
	}
}

static void unseen_text(
    struct buf *out, const struct ladder_item *it, const struct session_row *row)
{
	buf_addstr(out, "inferred: bytes ");
	ladder_unseen_text(out, it, row, false);
	buf_addf(out,
	    " were sent by the %s (what follows passes over them or acknowledges them) and never "
	    "captured here",
	    side_word(it->side));
}

static void packet_text(struct buf *out, const struct ladder_view *v, const struct ui *ui,
    const struct session_row *row, enum role *role)
{
	const struct conn_record *r =
	    &v->source.records[traces_at(v->traces, ladder_cursor_packet(v)).conn];
	const struct cap_facts *facts = cap_facts(ui->options->cap);
	const struct finding *f = worst_about(r, row->packet);

	if (f) {
		*role = role_of_severity(finding_info(f->id)->severity, ROLE_NORMAL);
		buf_addf(out, "%s: ", finding_info(f->id)->name);
		finding_text_story(out, f, facts);
		return;
	}
	describe_states(out, r, row->packet, facts);
	if (out->len == 0)
		variables_text(out, row);
}

void ladder_draw_brief(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r)
{
	const struct ladder_item *it;
	const struct session_row *row;
	struct buf text = BUF_INIT;
	enum role role = ROLE_NORMAL;

	if (v->ladder.lines == 0)
		return;
	it = &v->ladder.items[ladder_at(&v->ladder, v->list.cursor)];
	row = traces_row(v->traces, ladder_cursor_packet(v));
	switch ((enum ladder_kind)it->kind) {
	case LADDER_UNSEEN:
		unseen_text(&text, it, row);
		break;
	case LADDER_FOLD:
		buf_addstr(&text, "plain data and acknowledgments, folded: z opens them");
		break;
	case LADDER_GAP:
	case LADDER_TIMER:
	case LADDER_SEGMENT:
		packet_text(&text, v, ui, row, &role);
		break;
	}
	para_draw(g, &r, role, text.data ? text.data : "");
	buf_release(&text);
}
