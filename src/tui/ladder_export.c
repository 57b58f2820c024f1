/* SPDX-License-Identifier: MIT */
/*
 * ladder_export - writes the connection to a file, as `show` prints it.
 *
 * Output: by the name's ending: .txt for people, as wide as the screen, .json, .mmd a Mermaid diagram.
 * Memory: a row for each packet while it is written (session.h); limited.
 * Does not: replace a file that exists.
 */
#include "config.h"

#include "tui/ladder.h"
#include "tui/save.h"

enum { PACKETS_MOST = 200000 }; /* more keep the screen waiting for too long */

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

/* Without its record the file would tell of an end that has not come. */
static bool is_over(const struct ladder_view *v)
{
	return trace_session(traces_trace(v->traces, 0))->record != NULL;
}

static void complain_of_open(const struct ladder_view *v, struct ui *ui)
{
	if (ui->options->is_live)
		ui_complain(ui, "session %u is still open: wait until it is over", v->session + 1);
	else
		ui_complain(ui, "the capture is still being read: wait until it is done");
}

void ladder_export(struct ladder_view *v, struct ui *ui, const char *name)
{
	struct export x = { .v = v, .ui = ui, .report = report_of(name) };
	struct err e = { "" };

	if (!x.report)
		ui_complain(ui, "the name must end in .txt, .json or .mmd");
	else if (!is_over(v))
		complain_of_open(v, ui);
	else if (traces_count(v->traces) > PACKETS_MOST)
		ui_complain(ui, "more than %d packets; 'tcpshadow show' prints them", PACKETS_MOST);
	else if (save_report(ui, name, write_report, &x, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "wrote session %u to %s", v->session + 1, name);
}
