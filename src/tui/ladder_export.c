/* SPDX-License-Identifier: MIT */
/*
 * ladder_export - writes the connection to a file, as `show` prints it.
 *
 * Output: by the name's ending: .txt for people, as wide as the screen, .json, .mmd a Mermaid diagram.  Of several
 *         connections, and of one that is still open: .txt, the lines as they are drawn.
 * Memory: a row for each packet while it is written (session.h); limited.  Of several: a grid of PAGE lines.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/outcome.h"
#include "tui/ladder.h"
#include "tui/save.h"
#include "tui/script.h"

enum {
	PACKETS_MOST = 200000, /* more keep the screen waiting for too long */
	PAGE = 200,            /* lines */
	WIDTH = 140,           /* columns at least: there is room for notes */
	WIDTH_MOST = 1000,
};

typedef int report_fn(const struct session *s, const struct report_options *o, struct err *e);

struct export
{
	struct ladder_view *v;
	struct ui *ui;
	report_fn *report;
};

static report_fn *report_of(const char *name)
{
	static const struct {
		const char *ending;
		report_fn *report;
	} table[] = {
		{ ".txt", report_show },
		{ ".json", report_show_json },
		{ ".mmd", report_mermaid },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (save_ends(name, table[i].ending))
			return table[i].report;
	return NULL;
}

/*
 * What came in fragments is known as far as the index knows it.  A frame that cannot be read again is an error: without
 * its options the windows of all that follow would be wrong.
 */
static int add_packet(struct session *s, struct trace *t, uint32_t k, struct err *e)
{
	struct packet p;
	struct segment seg;

	if (trace_frame(t, k, &p, e) < 0)
		return -1;
	if (!trace_decode(t, &p, &seg))
		trace_index_segment(t, k, &seg);
	session_add(s, &seg);
	return 0;
}

static int write_report(void *ctx, struct report_out *out, struct err *e)
{
	const struct export *x = ctx;
	const struct report_options o = {
		.out = out,
		.facts = cap_facts(x->ui->options->cap),
		.width = (unsigned)x->ui->width,
		.utf8 = x->ui->tier != TIER_ASCII,
		.utc = x->ui->options->utc,
		.fold = x->ui->setting[SETTING_FOLD] == FOLD_ON,
	};
	struct trace *t = traces_trace(x->v->traces, 0);
	struct session *s = session_new(trace_record(t));
	int rc = 0;

	for (uint32_t k = 0; k < trace_session(t)->npackets && rc == 0; k++)
		rc = add_packet(s, t, k, e);
	if (rc == 0)
		rc = x->report(s, &o, e);
	session_free(s);
	return rc;
}

/* So wide that no lifeline is left out. */
static int width_of_all(const struct ladder_view *v, const struct ui *ui)
{
	int w = ui->width > WIDTH ? ui->width : WIDTH;

	while (ladder_is_merged(v) && w < WIDTH_MOST && ladder_merged_shown(v, ui, w) < v->lines.n)
		w += PAGE / 10;
	return w;
}

static void add_sessions(struct buf *out, const struct ladder_view *v, const struct ui *ui)
{
	const struct conn_record *r = traces_records(v->traces);

	for (size_t i = 0; i < traces_conns(v->traces); i++) {
		buf_addf(out, "#%u  ", traces_session(v->traces, i) + 1);
		endpoint_text(out, &r[i].sides[SIDE_CLIENT].addr);
		buf_addf(out, " %s ", ui_glyph(ui, GLYPH_BETWEEN));
		endpoint_text(out, &r[i].sides[SIDE_SERVER].addr);
		buf_addstr(out, "  ");
		outcome_text(out, &r[i], false);
		buf_addch(out, '\n');
	}
	if (traces_left_out(v->traces))
		buf_addf(
		    out, "%" PRIu64 " packets more are left out\n", traces_left_out(v->traces));
	buf_addch(out, '\n');
}

/* Its lines from `top` on; the titles of the columns stand above the first ones only. */
static void add_page(
    struct buf *out, struct ladder_view *v, struct ui *ui, struct grid *g, size_t top)
{
	struct rect r = grid_rect(g);
	struct buf text = BUF_INIT;
	size_t from = 0;

	if ((size_t)r.h - 1 > v->ladder.lines - top)
		r.h = (int)(v->ladder.lines - top) + 1;
	grid_clear(g);
	ladder_draw_page(v, ui, g, r, top);
	script_text(&text, g);
	if (top)
		from = strcspn(text.data, "\n") + 1;
	while (
	    text.len > from && text.data[text.len - 1] == '\n' && text.data[text.len - 2] == '\n')
		text.len--;
	buf_add(out, text.data + from, text.len - from);
	buf_release(&text);
}

static int write_lines(void *ctx, struct report_out *out, struct err *e)
{
	const struct export *x = ctx;
	struct ladder_view *v = x->v;
	const struct ladder_view before = *v;
	struct grid g;
	int rc = 0;

	v->first_host = 0;
	v->list.cursor = SIZE_MAX;
	grid_init(&g, width_of_all(v, x->ui), PAGE + 1, x->ui->tier);
	g.is_linear = ui_is_linear(x->ui);
	add_sessions(&out->buf, v, x->ui);
	for (size_t top = 0; rc == 0 && top < v->ladder.lines; top += PAGE) {
		add_page(&out->buf, v, x->ui, &g, top);
		rc = report_out_commit(out, e);
	}
	grid_release(&g);
	v->first_host = before.first_host;
	v->list = before.list;
	return rc;
}

static void say_written(const struct ladder_view *v, struct ui *ui, const char *name)
{
	if (ladder_is_merged(v))
		ui_say(ui, "wrote %zu sessions to %s", traces_conns(v->traces), name);
	else
		ui_say(ui, "wrote session %u as it stands to %s", v->session + 1, name);
}

void ladder_export_lines(struct ladder_view *v, struct ui *ui, const char *name)
{
	struct export x = { .v = v, .ui = ui };
	struct err e = { "" };

	if (!save_is_text(ui, name))
		return;
	if (save_report(ui, name, write_lines, &x, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		say_written(v, ui, name);
}

/* Without its record the file would tell of an end that has not come. */
static bool is_over(const struct ladder_view *v)
{
	return trace_session(traces_trace(v->traces, 0))->record != NULL;
}

static void complain_of_open(const struct ladder_view *v, struct ui *ui)
{
	if (ui_is_endless(ui))
		ui_complain(
		    ui, "session %u is still open: only .txt has it so far", v->session + 1);
	else
		ui_complain(ui, "the capture is still being read: wait until it is done");
}

void ladder_export(struct ladder_view *v, struct ui *ui, const char *name)
{
	struct export x = { .v = v, .ui = ui, .report = report_of(name) };
	struct err e = { "" };

	if (!x.report)
		ui_complain(ui, "the name must end in .txt, .json or .mmd");
	else if (!is_over(v) && ui_is_endless(ui) && x.report == report_show)
		ladder_export_lines(v, ui, name);
	else if (!is_over(v))
		complain_of_open(v, ui);
	else if (traces_count(v->traces) > PACKETS_MOST)
		ui_complain(ui, "more than %d packets; 'tcpshadow show' prints them", PACKETS_MOST);
	else if (save_report(ui, name, write_report, &x, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "wrote session %u to %s", v->session + 1, name);
}
