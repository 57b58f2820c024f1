/* SPDX-License-Identifier: MIT */
/*
 * stream_export - the streams as C arrays in a file, one for each turn, for tests that replay them.
 *
 * Memory: lines are made and written PAGE at a time.
 */
#include "config.h"

#include <inttypes.h>

#include "tcpshadow/text.h"
#include "tui/save.h"
#include "tui/stream.h"

enum {
	PAGE = 512,            /* lines */
	BYTES_MOST = 16 << 20, /* more keep the screen waiting for too long */
};

struct export
{
	struct stream_view *s;
	const struct ui *ui;
	struct stream_page page;
};

static void add_row(struct buf *out, const struct stream_line *l, const uint8_t *bytes)
{
	buf_addch(out, '\t');
	for (size_t i = 0; i < l->nbytes; i++)
		buf_addf(out, "%s0x%02x,", i ? " " : "", bytes[i]);
	if (l->nbytes < l->n)
		buf_addf(out, " /* %" PRIu64 " more were not kept */", l->n - l->nbytes);
	buf_addch(out, '\n');
}

static void add_line(struct buf *out, const struct export *x, const struct stream_line *l)
{
	const struct stream_part *part = streammap_part(x->s->map, l->part);

	switch (l->kind) {
	case STREAM_LINE_TURN:
		stream_array_text(out, x->s, x->ui, l);
		buf_addch(out, '\n');
		break;
	case STREAM_LINE_ROW:
		add_row(out, l, (const uint8_t *)x->page.bytes.data + l->bytes);
		break;
	case STREAM_LINE_END:
		buf_addstr(out, "};\n");
		break;
	case STREAM_LINE_GAP:
	case STREAM_LINE_PAUSE:
		buf_addstr(out, "/* ");
		if (l->kind == STREAM_LINE_GAP)
			stream_gap_text(out, part);
		else
			stream_pause_text(out, part);
		buf_addstr(out, " */\n");
		break;
	}
}

static void add_head(struct buf *out, const struct export *x)
{
	const struct conn_record *r = &x->s->rows->record;
	size_t nclashes;

	buf_addf(out, "/* #%u  ", x->s->session + 1);
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(out, " to ");
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
	(void)streammap_clashes(x->s->map, &nclashes);
	if (nclashes)
		buf_addf(out, "; %zu packet%s brought other bytes for the same numbers", nclashes,
		    nclashes == 1 ? "" : "s");
	buf_addstr(out, " */\n");
}

static int write_code(void *ctx, struct report_out *out, struct err *e)
{
	struct export *x = ctx;
	const struct stream_view *s = x->s;
	uint64_t total = streammap_lines(s->map, STREAM_CODE, s->sides), range[2];
	int rc = 0;

	add_head(&out->buf, x);
	for (range[0] = 0; rc == 0 && range[0] < total; range[0] += PAGE) {
		range[1] = range[0] + PAGE - 1;
		streammap_page(s->map, &s->source, STREAM_CODE, s->sides, range, &x->page);
		if (x->page.err.text[0])
			return err_set(e, "%s", x->page.err.text);
		for (size_t i = 0; i < x->page.nlines; i++)
			add_line(&out->buf, x, &x->page.lines[i]);
		rc = report_out_commit(out, e);
	}
	return rc;
}

void stream_export_code(struct stream_view *s, struct ui *ui, const char *name)
{
	struct export x = { .s = s, .ui = ui };
	struct err e = { "" };

	if (streammap_bytes(s->map, s->sides) > BYTES_MOST)
		ui_complain(ui, "more than 16 MB; 'tcpshadow follow --c-array' writes them");
	else if (save_report(ui, name, write_code, &x, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "saved %s", name);
	stream_page_release(&x.page);
}
