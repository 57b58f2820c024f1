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

/* What came in fragments is known as far as the index knows it. */
static struct session *read_session(struct trace *t)
{
	struct session *s = session_new(trace_record(t));
	struct packet p;
	struct segment seg;
	struct err e;

	for (uint32_t k = 0; k < trace_session(t)->npackets; k++) {
		if (trace_segment(t, k, &p, &seg, &e) < 0)
			trace_index_segment(t, k, &seg);
		session_add(s, &seg);
	}
	return s;
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
	struct session *s = read_session(traces_trace(x->v->traces, 0));
	int rc = x->report(s, &o, e);

	session_free(s);
	return rc;
}

void ladder_export(struct ladder_view *v, struct ui *ui, const char *name)
{
	struct export x = { .v = v, .ui = ui, .report = report_of(name) };
	struct err e = { "" };

	if (!x.report)
		ui_complain(ui, "the name must end in .txt, .json or .mmd");
	else if (!ui->snap.is_done)
		ui_complain(ui, "the capture is still being read: wait until it is done");
	else if (traces_count(v->traces) > PACKETS_MOST)
		ui_complain(ui, "more than %d packets; 'tcpshadow show' prints them", PACKETS_MOST);
	else if (save_report(name, write_report, &x, &e) < 0)
		ui_complain(ui, "%s", e.text);
	else
		ui_say(ui, "wrote session %u to %s", v->session + 1, name);
}
