/* SPDX-License-Identifier: MIT */
/*
 * follow - from the events of one connection to turns, gaps and pauses.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/follow_form.h"
#include "report/outcome.h"
#include "report/place.h"
#include "report/wrap.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

static const struct follow_form_ops *const forms[FOLLOW_FORM_COUNT] = {
	[FOLLOW_TEXT] = &follow_text,
	[FOLLOW_HEX] = &follow_hex,
	[FOLLOW_RAW] = &follow_raw,
	[FOLLOW_C_ARRAY] = &follow_carray,
};

/* --- words --- */

static void count_of(struct buf *out, uint64_t n, const char *one)
{
	text_count(out, n);
	buf_addf(out, " %s%s", one, n == 1 ? "" : "s");
}

void follow_gap_text(struct buf *out, const struct follow_gap *g)
{
	static const char *const why[] = {
		[GAP_NOT_CAPTURED] = "acknowledged, not captured",
		[GAP_NOT_ACKED] = "neither captured nor acknowledged",
		[GAP_CUT] = "cut off by the capture (snaplen)",
	};

	count_of(out, g->n, "byte");
	buf_addf(out, " of the %s missing: %s", side_word(g->side), why[g->kind]);
}

static void begin_doubt(struct buf *out, unsigned side)
{
	buf_addf(out, "! %s: ", side_word(side));
}

static void ambiguity(struct buf *out, const struct stream_facts *s, unsigned side)
{
	const char *sep = "";

	begin_doubt(out, side);
	buf_addstr(out, "the receiver may have read other bytes (");
	for (unsigned i = 0; i < DOUBT_COUNT; i++) {
		if (!(s->ambiguous & 1u << i))
			continue;
		buf_addf(out, "%s%s", sep, stream_doubt_text(i));
		sep = "; ";
	}
	buf_addstr(out, ")\n");
}

static void side_doubts(struct buf *out, const struct follow_options *f,
    const struct report_options *o, const struct stream_facts *s, unsigned side)
{
	if (s->gaps) {
		begin_doubt(out, side);
		count_of(out, s->missing, "byte");
		buf_addstr(out, s->missing == 1 ? " is missing in " : " are missing in ");
		count_of(out, s->gaps, "gap");
		buf_addch(out, '\n');
	}
	if (s->conflicts) {
		begin_doubt(out, side);
		count_of(out, s->conflicts, "overlap");
		buf_addf(out, " with other bytes, first in packet %llu; shown is what %s keeps\n",
		    (unsigned long long)place_number(o->facts, s->conflict.packet),
		    overlap_policy_word(f->overlap_policy));
	}
	if (s->ambiguous)
		ambiguity(out, s, side);
	if (!s->gaps && s->delivered > s->bytes) {
		begin_doubt(out, side);
		buf_addstr(out, "the last ");
		count_of(out, s->delivered - s->bytes, "byte");
		buf_addstr(out, " did not reach the receiver: never acknowledged\n");
	}
}

void follow_doubts(struct buf *out, const struct session *s, const struct report_options *o,
    const struct follow_options *f)
{
	for (unsigned side = 0; side < 2; side++)
		if (f->sides[side])
			side_doubts(out, f, o, &s->record.sides[side].stream, side);
}

void follow_show_doubts(struct follow *f, const char *before, const char *after)
{
	struct buf *out = &f->o->out->buf;
	struct buf doubts = BUF_INIT;
	char *rest, *line;

	follow_doubts(&doubts, f->session, f->o, f->f);
	rest = doubts.data;
	buf_addstr(out, doubts.len ? before : "");
	while ((line = strsep(&rest, "\n")) && *line)
		wrap_text(out, line, f->o->width, 0, 2);
	buf_addstr(out, after);
	buf_release(&doubts);
}

void follow_title(struct follow *f, struct buf *out)
{
	const struct conn_record *r = &f->session->record;

	buf_addch(out, '#');
	buf_add_u64(out, r->id);
	buf_addstr(out, "  ");
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(out, f->o->utf8 ? " \xe2\x87\x84 " : " <-> ");
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
}

/* --- style --- */

const char *follow_color(const struct follow *f, unsigned side)
{
	static const char *const codes[] = { "\033[36m", "\033[33m" };

	return f->o->color ? codes[side] : "";
}

const char *follow_dim(const struct follow *f)
{
	return f->o->color ? "\033[2m" : "";
}

const char *follow_plain(const struct follow *f)
{
	return f->o->color ? "\033[0m" : "";
}

void follow_rule(struct follow *f, const char *text, bool is_gap)
{
	struct buf *out = &f->o->out->buf;
	const char *glyph = is_gap ? "x" : "-";

	if (f->o->utf8)
		glyph = is_gap ? "\xe2\x96\x9a" : "\xe2\x94\x84";
	buf_addstr(out, is_gap && f->o->color ? "\033[1;35m" : follow_dim(f));
	for (int i = 0; i < 3; i++)
		buf_addstr(out, glyph);
	buf_addf(out, " %s ", text);
	for (int i = 0; i < 3; i++)
		buf_addstr(out, glyph);
	buf_addf(out, "%s\n", follow_plain(f));
}

/* --- turns --- */

static void end_turn(struct follow *f)
{
	if (f->in_turn)
		f->form->turn_end(f);
	f->in_turn = false;
}

static void flush_gap(struct follow *f)
{
	struct follow_gap g = f->gap;

	if (g.n == 0)
		return;
	f->gap.n = 0;
	end_turn(f);
	f->form->gap(f, &g);
	f->behind_gap[g.side] = true;
}

static void show_pause(struct follow *f, int64_t time)
{
	int64_t waited;
	const char *label = pauses_before(&f->pauses, time, &waited);

	if (!label || !f->form->pause)
		return;
	end_turn(f);
	f->form->pause(f, waited, label);
}

/* --- events --- */

static unsigned side_of(const struct follow *f, uint8_t end)
{
	return f->session->record.sides[SIDE_CLIENT].end == end ? SIDE_CLIENT : SIDE_SERVER;
}

static void on_data(struct follow *f, const struct event_data *d)
{
	uint8_t side = (uint8_t)side_of(f, d->end);

	if (side != f->side)
		end_turn(f);
	f->side = side;
	if (!f->f->sides[side])
		return;
	flush_gap(f);
	show_pause(f, d->time);
	if (!f->in_turn) {
		f->in_turn = true;
		f->form->turn(f, d);
		f->turns[side]++;
	}
	f->form->bytes(f, d);
}

/* Gaps that follow each other directly are one. */
static void on_gap(struct follow *f, const struct event_gap *g)
{
	struct follow_gap now = { (uint8_t)side_of(f, g->end), g->kind, g->offset, g->n };
	struct follow_gap *last = &f->gap;

	if (!f->f->sides[now.side])
		return;
	if (last->n && last->side == now.side && last->kind == now.kind &&
	    last->offset + last->n == now.offset) {
		last->n += now.n;
		return;
	}
	flush_gap(f);
	*last = now;
}

static int follow_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct follow *f = (struct follow *)s;

	if (ev->uid != f->session->record.uid)
		return 0;
	if (ev->type == EVENT_DATA)
		on_data(f, &ev->u.data);
	if (ev->type == EVENT_GAP)
		on_gap(f, &ev->u.gap);
	return report_out_commit(f->o->out, e);
}

static int follow_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct follow *f = (struct follow *)s;

	(void)sum;
	end_turn(f);
	flush_gap(f);
	f->form->end(f);
	return report_out_flush(f->o->out, e);
}

static void follow_free(struct sink *s)
{
	struct follow *f = (struct follow *)s;

	if (f->form->release)
		f->form->release(f);
	free(f->state);
	pauses_release(&f->pauses);
	free(f);
}

static const struct sink_ops follow_ops = {
	.wants = EVENT_BIT(EVENT_DATA) | EVENT_BIT(EVENT_GAP),
	.event = follow_event,
	.finish = follow_finish,
	.free = follow_free,
};

struct sink *follow_new(
    const struct session *s, const struct report_options *o, const struct follow_options *f)
{
	struct follow *fo = mem_alloc(1, sizeof(*fo));

	fo->sink.ops = &follow_ops;
	fo->session = s;
	fo->o = o;
	fo->f = f;
	fo->form = forms[f->form];
	fo->state = mem_alloc(1, fo->form->state_size + 1);
	pauses_init(&fo->pauses, s);
	fo->form->begin(fo);
	return &fo->sink;
}
