/* SPDX-License-Identifier: MIT */
/*
 * sessions_head - the two lines over the sessions table: the capture and how much of it was read, filter and order.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/text.h"
#include "tui/sessions.h"

const struct cap_file_facts *sessions_broken_file(const struct ui *ui)
{
	const struct cap_facts *facts;

	if (!ui->snap.is_done)
		return NULL;
	facts = cap_facts(ui->options->cap);
	for (size_t i = 0; i < facts->nfiles; i++)
		if (facts->files[i].is_broken)
			return &facts->files[i];
	return NULL;
}

/* A word that a sign draws the eye to. */
static void add_signed(struct buf *out, const struct ui *ui, enum glyph g, const char *word)
{
	if (!ui_is_linear(ui))
		buf_addf(out, "%s ", ui_glyph(ui, g));
	buf_addstr(out, word);
}

static void add_read(struct buf *out, const struct ui *ui)
{
	const struct store_snapshot *now = &ui->snap;

	if (now->is_done)
		add_signed(out, ui, GLYPH_DONE, "read");
	else if (now->per_mille >= 0)
		buf_addf(out, "reading %d %%", now->per_mille / 10);
	else
		buf_addstr(out, "reading");
}

static void counts(struct buf *out, const struct ui *ui)
{
	if (ui->options->is_live) {
		text_count(out, ui->snap.nsessions - ui->snap.nover);
		buf_addstr(out, " open  ");
	}
	text_count(out, ui->snap.nsessions);
	buf_addstr(out, ui->snap.nsessions == 1 ? " session  " : " sessions  ");
	text_bytes(out, ui->snap.packets);
	buf_addstr(out, " packets  ");
}

/* What a live capture has lost so far; in any case, so that it can be trusted. */
static uint64_t lost(struct buf *out, const struct ui *ui)
{
	struct cap_counters c;
	uint64_t sum;

	cap_counters(ui->options->cap, &c);
	sum = c.dropped_kernel + c.dropped_interface + c.dropped_queue;
	buf_addstr(out, "lost ");
	text_count(out, sum);
	if (c.unrecorded) {
		buf_addstr(out, "  not recorded ");
		text_count(out, c.unrecorded);
	}
	return sum + c.unrecorded;
}

/* True when it tells of trouble. */
static bool title_right(struct buf *out, const struct ui *ui)
{
	const struct cap_file_facts *broken = sessions_broken_file(ui);

	if (broken) {
		buf_addstr(out, "! broken after ");
		text_count(out, broken->packets);
		buf_addstr(out, " packets  ");
	}
	counts(out, ui);
	if (ui->options->is_live)
		return lost(out, ui) > 0 || broken;
	add_read(out, ui);
	return broken != NULL;
}

/* Name of the capture without its folders. */
static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/* FOLLOW, or PAUSED and how much came since. */
static void mode_text(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	struct store_snapshot now;

	if (ui->is_paused) {
		store_snapshot(ui->store, &now);
		buf_addf(out, "  PAUSED +%u new", now.nsessions - ui->snap.nsessions);
	} else if (s->follows) {
		buf_addstr(out, "  ");
		add_signed(out, ui, GLYPH_MARKED, "FOLLOW");
	}
}

static void title_left(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	buf_addf(out, "tcpshadow  %s%s", ui->options->is_live ? "live " : "",
	    base_name(ui->options->name));
	if (ui->options->filter)
		buf_addf(out, "  %s", ui->options->filter);
	if (ui->options->recording)
		buf_addf(out, "  to %s", base_name(ui->options->recording));
	mode_text(out, s, ui);
}

static void status_right(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	if (s->nmarked)
		buf_addf(out, "%u marked   ", s->nmarked);
	buf_addf(out, "sort: %s %s   ", column_row(s->sort)->name,
	    ui_glyph(ui, s->descending ? GLYPH_SORT_DOWN : GLYPH_SORT_UP));
	text_count(out, s->nshown);
	buf_addstr(out, " of ");
	text_count(out, ui->snap.nsessions - ui->snap.nforgotten);
}

void sessions_draw_head(const struct sessions *s, struct ui *ui, struct grid *g, struct rect *r)
{
	struct buf title = BUF_INIT, right = BUF_INIT, status = BUF_INIT, order = BUF_INIT;
	struct head head = { 0 };

	title_left(&title, s, ui);
	head.is_warning = title_right(&right, ui);
	buf_addf(&status, "filter: %s", s->filter.len ? s->filter.data : "-");
	status_right(&order, s, ui);
	head.title = title.data;
	head.right = right.data;
	head.status = status.data;
	head.status_right = order.data;
	frame_head(g, r, &head);
	buf_release(&title);
	buf_release(&right);
	buf_release(&status);
	buf_release(&order);
}
