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

/* How much the right half of the title says: counts go first, what is wrong stays. */
enum title_size { TITLE_ALL, TITLE_SESSIONS, TITLE_NO_COUNTS, TITLE_SHORT, TITLE_LEAST };

static void counts(struct buf *out, const struct ui *ui, enum title_size size)
{
	if (size >= TITLE_NO_COUNTS)
		return;
	if (ui->options->is_live) {
		text_count(out, ui->snap.nsessions - ui->snap.nover);
		buf_addstr(out, " open  ");
	}
	text_count(out, ui->snap.nsessions);
	buf_addstr(out, ui->snap.nsessions == 1 ? " session  " : " sessions  ");
	if (size > TITLE_ALL)
		return;
	text_bytes(out, ui->snap.packets);
	buf_addstr(out, ui->snap.packets == 1 ? " packet  " : " packets  ");
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

/* Name of the capture without its folders. */
static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

static void broken_text(
    struct buf *out, const struct ui *ui, const struct cap_file_facts *first, enum title_size size)
{
	const struct cap_facts *facts = cap_facts(ui->options->cap);
	size_t n = 0;

	for (size_t i = 0; i < facts->nfiles; i++)
		n += facts->files[i].is_broken;
	if (facts->nfiles > 1) {
		buf_addf(out, "! %zu of %zu files broken", n, facts->nfiles);
		if (size < TITLE_SHORT)
			buf_addf(out, "%s: %s", n > 1 ? ", the first" : "", base_name(first->name));
		buf_addstr(out, "  ");
		return;
	}
	buf_addstr(out, "! broken after ");
	text_count(out, first->packets);
	buf_addstr(out, first->packets == 1 ? " packet  " : " packets  ");
}

/* What the table does not have.  True when there is any. */
static bool missing(struct buf *out, const struct ui *ui, enum title_size size)
{
	const struct cap_file_facts *broken = sessions_broken_file(ui);

	if (broken && size == TITLE_LEAST)
		buf_addstr(out, "! broken  ");
	else if (broken)
		broken_text(out, ui, broken, size);
	if (ui->snap.nforgotten) {
		buf_addstr(out, "! ");
		text_count(out, ui->snap.nforgotten);
		buf_addstr(out, " only counted  ");
	}
	return broken || ui->snap.nforgotten;
}

/* True when it tells of trouble. */
static bool title_right(struct buf *out, const struct ui *ui, enum title_size size)
{
	bool is_trouble = missing(out, ui, size);

	counts(out, ui, size);
	if (ui->options->is_live)
		is_trouble = lost(out, ui) > 0 || is_trouble;
	else if (!is_trouble || size < TITLE_SHORT)
		add_read(out, ui);
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	return is_trouble;
}

/* FOLLOW, or PAUSED and how much came since. */
static void mode_text(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	struct store_snapshot now;

	if (ui->is_paused) {
		store_snapshot(ui->store, &now);
		buf_addf(out, "PAUSED +%u new  ", now.nsessions - ui->snap.nsessions);
	} else if (s->follows) {
		add_signed(out, ui, GLYPH_MARKED, "FOLLOW");
		buf_addstr(out, "  ");
	}
}

/* Returns the bytes up to the name: they are to be seen, what is behind them gives way. */
static size_t title_left(struct buf *out, const struct sessions *s, const struct ui *ui)
{
	size_t wanted;

	buf_addstr(out, "tcpshadow  ");
	mode_text(out, s, ui);
	buf_addf(out, "%s%s", ui->options->is_live ? "live " : "", base_name(ui->options->name));
	wanted = out->len;
	if (ui->options->filter)
		buf_addf(out, "  %s", ui->options->filter);
	if (ui->options->recording)
		buf_addf(out, "  to %s", base_name(ui->options->recording));
	return wanted;
}

/* The most that leaves `room` columns.  True when it tells of trouble. */
static bool fit_right(struct buf *out, const struct ui *ui, const struct grid *g, int room)
{
	bool is_trouble = false;

	for (int size = TITLE_ALL; size <= TITLE_LEAST; size++) {
		buf_reset(out);
		is_trouble = title_right(out, ui, (enum title_size)size);
		if (grid_measure(g->tier, out->data, out->len) <= room)
			break;
	}
	return is_trouble;
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
	size_t wanted = title_left(&title, s, ui);
	int room = r->w - grid_measure(g->tier, title.data, wanted) - 2;

	head.is_warning = fit_right(&right, ui, g, room);
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
