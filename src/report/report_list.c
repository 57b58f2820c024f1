/* SPDX-License-Identifier: MIT */
/*
 * report_list - `list`: one line per connection, in columns.
 *
 * Memory: the lines are held until the end, when the widths are known; see sorter.  Live they are shown at once, in
 *         columns that grow as they must, or held for a while and shown as a table.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/outcome.h"
#include "report/place.h"
#include "report/sorter.h"
#include "report/table.h"
#include "report/tally.h"
#include "tcpshadow/finding_text.h"
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
	{ .title = "RTX", .right = true, .rank = 7 }, { .title = "RTT", .right = true, .rank = 8 },
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
	/* live */
	bool is_titled;
	int64_t shown_at; /* wall time of the last table */
	uint64_t shown;   /* connections in tables so far */
};

static struct sorter *new_sorter(const struct report_options *o)
{
	bool sorted = o->sort != REPORT_SORT_COUNT;

	return sorter_new(sorted ? o->sort : REPORT_SORT_START, o->sort_descending, o->spill_fd);
}

/* What a connection of IPv4 needs, so that the columns of the first lines are seldom too narrow. */
static const char usual_row[] =
    ".\t.\t9999\t192.168.100.100:65535\t192.168.100.100:65535\trefused\t"
    "ESTABLISHED\tESTABLISHED\t9,999\t999.9k\t999\t999.9 ms\t999.9 ms\t2026-01-01 "
    "00:00:00.000000\t.\t";

static void init_table(struct list_sink *ls)
{
	table_init(&ls->table, columns, ARRAY_LEN(columns) - (ls->o->facts->nfiles < 2));
	if (ls->o->live && !ls->o->every)
		table_measure(&ls->table, usual_row);
}

static void end_cell(struct buf *b)
{
	buf_addch(b, TABLE_END);
}

static void identity_cells(struct buf *b, const struct conn_record *r, bool brief)
{
	char health = finding_text_health(r);

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

/* From end to end: the tap sees a part of the way in either direction. */
static void rtt_cell(struct buf *b, const struct conn_record *r)
{
	const struct rtt_record *c = &r->sides[SIDE_CLIENT].transfer.rtt;
	const struct rtt_record *s = &r->sides[SIDE_SERVER].transfer.rtt;

	if (c->samples || s->samples)
		text_duration(b, c->min + s->min);
	else
		buf_addch(b, '-');
	end_cell(b);
}

static void volume_cells(struct buf *b, const struct conn_record *r, bool utc)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	text_count(b, c->packets + s->packets);
	end_cell(b);
	text_bytes(b, c->wire_bytes + s->wire_bytes);
	end_cell(b);
	text_count(b, (uint64_t)c->transfer.again.segments + s->transfer.again.segments);
	end_cell(b);
	rtt_cell(b, r);
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

/* Live: what the row needs the following ones get too. */
static int show_row(struct list_sink *ls, struct err *e)
{
	struct report_out *out = ls->o->out;
	struct table fitted = ls->table;

	table_fit(&fitted, ls->o->width);
	if (!ls->is_titled)
		table_title(&fitted, &out->buf, ls->o->color);
	ls->is_titled = true;
	ls->shown++;
	table_row(&fitted, &out->buf, ls->line.data, ls->o->color, ls->o->utf8);
	return report_out_commit(out, e);
}

static int list_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct list_sink *ls = (struct list_sink *)s;
	const struct conn_record *r = ev->u.record;
	bool matched;

	if (ev->type != EVENT_RECORD && ev->type != EVENT_CLOSED)
		return 0;
	matched = where_match(ls->o->where, r);
	if (ev->type == EVENT_RECORD)
		tally_add(&ls->tally, r, matched);
	if (!matched || r->was_told)
		return 0;
	make_row(&ls->line, r, ls->o);
	table_measure(&ls->table, ls->line.data);
	if (ls->o->live && !ls->o->every)
		return show_row(ls, e);
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

/* All lines that are held. */
static int write_table(struct list_sink *ls, struct err *e)
{
	struct report_out *out = ls->o->out;

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
	return 0;
}

/* "12,345 packets, 20 connections; lost: none" */
static void live_line(struct buf *out, uint64_t connections, const struct cap_counters *c)
{
	text_count(out, c->packets);
	buf_addstr(out, c->packets == 1 ? " packet, " : " packets, ");
	text_count(out, connections);
	buf_addstr(out, connections == 1 ? " connection; lost: " : " connections; lost: ");
	if (!c->dropped_kernel && !c->dropped_interface && !c->dropped_queue) {
		buf_addstr(out, "none\n");
		return;
	}
	cap_lost_text(out, c);
	buf_addch(out, '\n');
}

/* --every: what has ended since the last table; the widths of its columns are its own. */
static int show_table(struct list_sink *ls, const struct engine_pulse *p, struct err *e)
{
	struct report_out *out = ls->o->out;

	ls->shown_at = p->now;
	if (sorter_count(ls->sorter) && write_table(ls, e) < 0)
		return -1;
	ls->shown += sorter_count(ls->sorter);
	live_line(&out->buf, p->connections, &p->capture);
	buf_addch(&out->buf, '\n');
	sorter_free(ls->sorter);
	ls->sorter = new_sorter(ls->o);
	init_table(ls);
	return report_out_flush(out, e);
}

static int list_pulse(struct sink *s, const struct engine_pulse *p, struct err *e)
{
	struct list_sink *ls = (struct list_sink *)s;

	if (!ls->o->every)
		return report_out_show(ls->o->out, e);
	if (!ls->shown_at)
		ls->shown_at = p->now;
	return p->now - ls->shown_at < ls->o->every ? 0 : show_table(ls, p, e);
}

static int list_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct list_sink *ls = (struct list_sink *)s;
	const struct cap_facts *c = sum->capture;
	struct report_out *out = ls->o->out;

	if (sorter_count(ls->sorter) && write_table(ls, e) < 0)
		return -1;
	if (!ls->shown && !sorter_count(ls->sorter))
		explain_nothing(&out->buf, &ls->tally, sum);
	if (ls->o->live)
		live_line(&out->buf, sum->connections,
		    &(struct cap_counters){ c->packets, c->dropped_kernel, c->dropped_interface,
		        c->dropped_queue, 0, 0, false });
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

/* Live, a line comes when a connection looks over, and again only if more packets came. */
static const struct sink_ops live_ops = {
	.wants = EVENT_BIT(EVENT_RECORD) | EVENT_BIT(EVENT_CLOSED),
	.event = list_event,
	.pulse = list_pulse,
	.finish = list_finish,
	.free = list_free,
};

struct sink *report_list_new(const struct report_options *o)
{
	struct list_sink *ls = mem_alloc(1, sizeof(*ls));

	ls->sink.ops = o->live ? &live_ops : &list_ops;
	ls->o = o;
	ls->sorter = new_sorter(o);
	init_table(ls);
	buf_init(&ls->line);
	return &ls->sink;
}
