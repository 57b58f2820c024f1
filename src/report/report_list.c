/* SPDX-License-Identifier: MIT */
/*
 * report_list - `list`: one line per connection, in columns.
 *
 * Memory: the lines are held until the end, when the widths are known; see sorter.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "report/outcome.h"
#include "report/place.h"
#include "report/sorter.h"
#include "report/table.h"
#include "report/tally.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"
#include "tcpshadow/text.h"

#define WIDE       110 /* columns from which on words are written out */
#define FILE_BRIEF 16  /* columns of a file's name below that */

/* Non-ASCII names of files take more bytes than columns: nothing may stand behind them. */
static const struct table_column columns[] = {
	{ .title = "H", .styled = true }, { .title = "ID", .right = true },
	{ .title = "CLIENT", .can_cut = true }, { .title = "SERVER", .can_cut = true },
	{ .title = "OUTCOME", .styled = true }, { .title = "C-STATE", .rank = 1 },
	{ .title = "S-STATE", .rank = 2 }, { .title = "PKTS", .right = true, .rank = 5 },
	{ .title = "BYTES", .right = true, .rank = 4 },
	{ .title = "TIME", .right = true, .rank = 3 }, { .title = "START", .rank = 6 },
	{ .title = "FILE", .can_cut = true }, /* only where there are several */
};

struct list_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct tally tally;
	struct sorter *sorter;
	struct table table;
	struct buf line;
};

static void end_cell(struct buf *b)
{
	buf_addch(b, TABLE_END);
}

static void identity_cells(struct buf *b, const struct conn_record *r, bool brief)
{
	char health = finding_text_health(r->findings, r->nfindings);

	buf_addch(b, health);
	end_cell(b);
	buf_addch(b, health);
	end_cell(b);
	buf_add_u64(b, r->id);
	end_cell(b);
	endpoint_text(b, &r->sides[SIDE_CLIENT].addr);
	end_cell(b);
	endpoint_text(b, &r->sides[SIDE_SERVER].addr);
	end_cell(b);
	outcome_text(b, r, brief);
	end_cell(b);
}

static void volume_cells(struct buf *b, const struct conn_record *r, bool utc)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	text_count(b, c->packets + s->packets);
	end_cell(b);
	text_bytes(b, c->wire_bytes + s->wire_bytes);
	end_cell(b);
	text_duration(b, r->end - r->start);
	end_cell(b);
	text_date(b, r->start, utc);
	end_cell(b);
}

/* Without its folders; on a narrow terminal no more of it than its beginning and its end. */
static void file_cell(struct buf *b, const char *name, bool brief)
{
	const char *base = place_base(name);
	struct buf text = BUF_INIT;

	text_escape(&text, base, strlen(base));
	if (brief && text.len > FILE_BRIEF)
		table_cut(b, text.data, text.len, FILE_BRIEF, false);
	else
		buf_add(b, text.data, text.len);
	end_cell(b);
	buf_release(&text);
}

static void make_row(struct buf *b, const struct conn_record *r, const struct report_options *o)
{
	bool brief = o->width && o->width < WIDE;

	buf_reset(b);
	identity_cells(b, r, brief);
	for (int side = 0; side < 2; side++) {
		outcome_state(b, &r->sides[side], brief);
		end_cell(b);
	}
	volume_cells(b, r, o->utc);
	if (o->facts->nfiles > 1)
		file_cell(b, o->facts->files[r->file].name, brief);
}

static int list_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct list_sink *ls = (struct list_sink *)s;
	const struct conn_record *r = ev->u.record;
	bool matched;

	if (ev->type != EVENT_RECORD)
		return 0;
	matched = where_match(ls->o->where, r);
	tally_add(&ls->tally, r, matched);
	if (!matched)
		return 0;
	make_row(&ls->line, r, ls->o);
	table_measure(&ls->table, ls->line.data);
	return sorter_add(ls->sorter, r, ls->line.data, ls->line.len, e);
}

/* Said instead of an empty table. */
static void explain_nothing(struct buf *out, const struct tally *t, const struct run_summary *sum)
{
	if (t->connections) {
		buf_addstr(out, "None of ");
		text_count(out, t->connections);
		buf_addstr(out, " connections matches.\n");
		return;
	}
	buf_addstr(out, "No TCP connection in ");
	text_count(out, sum->capture->packets);
	buf_addstr(out, " packets.\n");
}

static int list_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct list_sink *ls = (struct list_sink *)s;
	struct report_out *out = ls->o->out;

	if (sorter_count(ls->sorter) == 0) {
		explain_nothing(&out->buf, &ls->tally, sum);
		return report_out_flush(out, e);
	}
	sorter_sort(ls->sorter);
	table_fit(&ls->table, ls->o->width);
	table_title(&ls->table, &out->buf, ls->o->color);
	for (size_t i = 0; i < sorter_count(ls->sorter); i++) {
		if (sorter_line(ls->sorter, i, &ls->line, e) < 0)
			return -1;
		table_row(&ls->table, &out->buf, ls->line.data, ls->o->color, ls->o->utf8);
		if (report_out_commit(out, e) < 0)
			return -1;
	}
	return report_out_flush(out, e);
}

static void list_free(struct sink *s)
{
	struct list_sink *ls = (struct list_sink *)s;

	sorter_free(ls->sorter);
	buf_release(&ls->line);
	free(ls);
}

static const struct sink_ops list_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = list_event,
	.finish = list_finish,
	.free = list_free,
};

struct sink *report_list_new(const struct report_options *o)
{
	struct list_sink *ls = mem_alloc(1, sizeof(*ls));
	bool sorted = o->sort != REPORT_SORT_COUNT;

	ls->sink.ops = &list_ops;
	ls->o = o;
	ls->sorter = sorter_new(sorted ? o->sort : REPORT_SORT_START, o->sort_descending);
	table_init(&ls->table, columns, ARRAY_LEN(columns) - (o->facts->nfiles < 2));
	buf_init(&ls->line);
	return &ls->sink;
}
