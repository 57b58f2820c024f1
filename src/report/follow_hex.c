/* SPDX-License-Identifier: MIT */
/*
 * follow_hex - offset, sixteen bytes in hex, and as ASCII; the server's indented.
 *
 *     > client, 0.012433 s, packet 4
 *     00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..
 *
 * A question mark behind the offset: behind a gap.
 */
#include "config.h"

#include <inttypes.h>

#include "report/follow_form.h"
#include "report/place.h"
#include "tcpshadow/text.h"

enum {
	ROW_BYTES = 16,
	INDENT = 4, /* the server's lines are then 80 columns */
};

struct hex {
	uint8_t row[ROW_BYTES];
	size_t n;
	uint64_t offset; /* of row[0] */
};

static void hex_begin(struct follow *f)
{
	struct buf *out = &f->o->out->buf;

	follow_title(f, out);
	buf_addch(out, '\n');
	follow_show_doubts(f, "", "\n");
}

static void indent(struct follow *f)
{
	struct buf *out = &f->o->out->buf;

	buf_addstr(out, follow_color(f, f->side));
	buf_pad(out, ' ', f->side == SIDE_SERVER ? INDENT : 0);
}

static void hex_turn(struct follow *f, const struct event_data *d)
{
	struct hex *h = f->state;
	struct buf *out = &f->o->out->buf;

	h->n = 0;
	indent(f);
	buf_addf(out, "%s, %.6f s, packet %" PRIu64 "%s\n",
	    f->side == SIDE_CLIENT ? "> client" : "< server", (double)d->time / (double)NS_PER_SEC,
	    place_number(f->o->facts, d->packet), follow_plain(f));
}

static void print_row(struct follow *f)
{
	struct hex *h = f->state;
	struct buf *out = &f->o->out->buf;

	indent(f);
	buf_addf(out, "%08" PRIx64 "%c", h->offset, f->behind_gap[f->side] ? '?' : ' ');
	for (size_t i = 0; i < ROW_BYTES; i++) {
		buf_addstr(out, i == ROW_BYTES / 2 ? "  " : " ");
		if (i < h->n)
			buf_addf(out, "%02x", h->row[i]);
		else
			buf_addstr(out, "  ");
	}
	buf_addstr(out, "  ");
	for (size_t i = 0; i < h->n; i++)
		buf_addch(out, h->row[i] >= 0x20 && h->row[i] < 0x7f ? (char)h->row[i] : '.');
	buf_addf(out, "%s\n", follow_plain(f));
	h->n = 0;
}

static void hex_data(struct follow *f, const struct event_data *d)
{
	struct hex *h = f->state;

	for (size_t i = 0; i < d->n; i++) {
		if (h->n == 0)
			h->offset = d->offset + i;
		h->row[h->n++] = d->bytes[i];
		if (h->n == ROW_BYTES)
			print_row(f);
	}
}

static void hex_turn_end(struct follow *f)
{
	struct hex *h = f->state;

	if (h->n)
		print_row(f);
}

static void hex_gap(struct follow *f, const struct follow_gap *g)
{
	follow_text.gap(f, g);
}

static void hex_pause(struct follow *f, int64_t ns, const char *label)
{
	follow_text.pause(f, ns, label);
}

static void hex_end(struct follow *f)
{
	follow_text.end(f);
}

const struct follow_form_ops follow_hex = {
	.state_size = sizeof(struct hex),
	.begin = hex_begin,
	.turn = hex_turn,
	.bytes = hex_data,
	.turn_end = hex_turn_end,
	.gap = hex_gap,
	.pause = hex_pause,
	.end = hex_end,
};
