/* SPDX-License-Identifier: MIT */
/*
 * follow_code - streams for programs: the bytes alone, or C arrays, one a turn.
 */
#include "config.h"

#include <inttypes.h>

#include "report/follow_form.h"
#include "report/place.h"
#include "tcpshadow/text.h"

enum {
	ROW_BYTES = 12, /* of an array, in 80 columns */
};

static void raw_nothing(struct follow *f)
{
	(void)f;
}

static void raw_turn(struct follow *f, const struct event_data *d)
{
	(void)f;
	(void)d;
}

static void raw_data(struct follow *f, const struct event_data *d)
{
	buf_add(&f->o->out->buf, d->bytes, d->n);
}

static void raw_gap(struct follow *f, const struct follow_gap *g)
{
	(void)f;
	(void)g;
}

const struct follow_form_ops follow_raw = {
	.begin = raw_nothing,
	.turn = raw_turn,
	.bytes = raw_data,
	.turn_end = raw_nothing,
	.gap = raw_gap,
	.end = raw_nothing,
};

/* The array at hand. */
struct carray {
	uint64_t n, first_packet, last_packet;
	int64_t last_time;
};

static void carray_begin(struct follow *f)
{
	struct buf *out = &f->o->out->buf;
	struct buf doubts = BUF_INIT;

	buf_addstr(out, "/*\n * ");
	follow_title(f, out);
	buf_addstr(out, "\n");
	follow_doubts(&doubts, f->session, f->o, f->f);
	for (size_t i = 0; i < doubts.len; i++) {
		if (i == 0 || doubts.data[i - 1] == '\n')
			buf_addstr(out, " * ");
		buf_addch(out, doubts.data[i]);
	}
	buf_addstr(out, " */\n");
	buf_release(&doubts);
}

static void carray_turn(struct follow *f, const struct event_data *d)
{
	struct carray *c = f->state;
	const char *side = side_word(f->side);

	*c = (struct carray){ .first_packet = d->packet };
	buf_addf(&f->o->out->buf,
	    "\n/* %s, from offset %" PRIu64 "%s, %.6f s */\n"
	    "static const unsigned char %s_%u[] = {",
	    side, d->offset, f->behind_gap[f->side] ? " (behind a gap)" : "",
	    (double)d->time / (double)NS_PER_SEC, side, f->turns[f->side]);
}

static void carray_data(struct follow *f, const struct event_data *d)
{
	struct carray *c = f->state;
	struct buf *out = &f->o->out->buf;

	for (size_t i = 0; i < d->n; i++)
		buf_addf(out, "%s0x%02x,", c->n++ % ROW_BYTES ? " " : "\n\t", d->bytes[i]);
	c->last_packet = d->packet;
	c->last_time = d->time;
}

static void carray_turn_end(struct follow *f)
{
	struct carray *c = f->state;
	const struct cap_facts *facts = f->o->facts;
	struct buf *out = &f->o->out->buf;

	buf_addstr(out, "\n}; /* ");
	text_count(out, c->n);
	buf_addf(out, " byte%s, packet %" PRIu64, c->n == 1 ? "" : "s",
	    place_number(facts, c->first_packet));
	if (c->last_packet != c->first_packet)
		buf_addf(out, " to %" PRIu64 ", until %.6f s", place_number(facts, c->last_packet),
		    (double)c->last_time / (double)NS_PER_SEC);
	buf_addstr(out, " */\n");
}

static void carray_gap(struct follow *f, const struct follow_gap *g)
{
	struct buf *out = &f->o->out->buf;

	buf_addstr(out, "\n/* gap: ");
	follow_gap_text(out, g);
	buf_addstr(out, " */\n");
}

const struct follow_form_ops follow_carray = {
	.state_size = sizeof(struct carray),
	.begin = carray_begin,
	.turn = carray_turn,
	.bytes = carray_data,
	.turn_end = carray_turn_end,
	.gap = carray_gap,
	.end = raw_nothing,
};
