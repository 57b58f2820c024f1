/* SPDX-License-Identifier: MIT */
/*
 * report_list - `list`: one line per connection, in columns.
 *
 * Memory: the lines are held until the end, when the widths are known; see sorter.  Live they are shown at once, in
 *         columns that grow as they must, or held for a while and shown as a table.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "report/outcome.h"
#include "report/place.h"
#include "report/sorter.h"
#include "report/table.h"
#include "report/tally.h"
#include "tcpshadow/column.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"
#include "tcpshadow/text.h"

#define WIDE       110 /* columns from which on words are written out */
#define FILE_BRIEF 16  /* columns of a file's name below that */

#define FILE_TITLE "FILE" /* behind the columns of column.def, only where there are several */

/* In order of the table; a column that `list` does not have has no title. */
static const struct {
	const char *title;
	bool right;
	unsigned rank;
} rows[COLUMN_COUNT] = {
#define LEFT   false
#define RIGHT  true
#define ABSENT UINT_MAX
#define COLUMN(id, name, title, side, width, priority, from, to, descending, list, help)           \
	{ title, side, list },
#include "tcpshadow/column.def"
#undef COLUMN
};

struct list_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct tally tally;
	struct sorter *sorter;
	struct table_column columns[TABLE_COLUMNS];
	size_t ncolumns;
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
    ".\t.\t9999\t2026-01-01 "
    "00:00:00.000000\t192.168.100.100:65535\t192.168.100.100:65535\trefused\t"
    "ESTABLISHED\tESTABLISHED\t999.9k\t9,999\t999.9 ms\t999\t999.9 ms\t.\t";

static bool is_in_list(enum column c)
{
	return rows[c].rank != ABSENT;
}

/* The column that shows what lines are put in order by; COLUMN_COUNT = none does. */
static enum column sorted_column(const struct report_options *o)
{
	static const enum column columns[REPORT_SORT_COUNT + 1] = {
		[REPORT_SORT_START] = COLUMN_START,
		[REPORT_SORT_END] = COLUMN_COUNT,
		[REPORT_SORT_DURATION] = COLUMN_DURATION,
		[REPORT_SORT_PACKETS] = COLUMN_PACKETS,
		[REPORT_SORT_BYTES] = COLUMN_BYTES,
		[REPORT_SORT_RETX] = COLUMN_RETX,
		[REPORT_SORT_RTT] = COLUMN_RTT,
		[REPORT_SORT_CLIENT] = COLUMN_CLIENT,
		[REPORT_SORT_SERVER] = COLUMN_SERVER,
		[REPORT_SORT_STATE] = COLUMN_STATE,
		[REPORT_SORT_CLOSE] = COLUMN_STATE,
		[REPORT_SORT_HEALTH] = COLUMN_HEALTH,
		[REPORT_SORT_COUNT] = COLUMN_COUNT,
	};

	return columns[o->sort];
}

/* Non-ASCII names of files take more bytes than columns: nothing may stand behind them. */
static void choose_columns(struct list_sink *ls)
{
	enum column sorted = sorted_column(ls->o);

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (is_in_list((enum column)c))
			ls->columns[ls->ncolumns++] = (struct table_column){
				.title = rows[c].title,
				.right = rows[c].right,
				.rank = c == sorted ? 0 : rows[c].rank,
				.can_cut = c == COLUMN_CLIENT || c == COLUMN_SERVER,
				.styled = c == COLUMN_HEALTH || c == COLUMN_STATE,
			};
	if (ls->o->facts->nfiles > 1)
		ls->columns[ls->ncolumns++] =
		    (struct table_column){ .title = FILE_TITLE, .can_cut = true };
}

static void init_table(struct list_sink *ls)
{
	table_init(&ls->table, ls->columns, ls->ncolumns);
	if (ls->o->live && !ls->o->every)
		table_measure(&ls->table, usual_row);
}

static void end_cell(struct buf *b)
{
	buf_addch(b, TABLE_END);
}

static void round_trip_text(struct buf *b, const struct conn_record *r)
{
	int64_t ns = outcome_round_trip(r);

	if (ns >= 0)
		text_duration(b, ns);
	else
		buf_addch(b, '-');
}

static void volume_text(struct buf *b, const struct conn_record *r, enum column column)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	if (column == COLUMN_BYTES)
		text_bytes(b, c->payload_bytes + s->payload_bytes);
	else if (column == COLUMN_PACKETS)
		text_count(b, c->packets + s->packets);
	else
		text_count(b, (uint64_t)c->transfer.again.segments + s->transfer.again.segments);
}

static void cell_text(
    struct buf *b, const struct conn_record *r, enum column c, const struct report_options *o)
{
	bool brief = o->width && o->width < WIDE;

	switch ((int)c) {
	case COLUMN_HEALTH:
		buf_addch(b, finding_text_health(r));
		break;
	case COLUMN_ID:
		buf_add_u64(b, r->id);
		break;
	case COLUMN_START:
		text_date(b, r->start, o->utc);
		break;
	case COLUMN_CLIENT:
	case COLUMN_SERVER:
		endpoint_text(b, &r->sides[c == COLUMN_SERVER].addr);
		break;
	case COLUMN_STATE:
		outcome_text(b, r, brief);
		break;
	case COLUMN_CLIENT_STATE:
	case COLUMN_SERVER_STATE:
		outcome_state(b, &r->sides[c == COLUMN_SERVER_STATE], brief);
		break;
	case COLUMN_RTT:
		round_trip_text(b, r);
		break;
	case COLUMN_DURATION:
		text_duration(b, r->end - r->start);
		break;
	default:
		volume_text(b, r, c);
		break;
	}
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
	buf_reset(b);
	buf_addch(b, finding_text_health(r));
	end_cell(b);
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (!is_in_list((enum column)c))
			continue;
		cell_text(b, r, (enum column)c, o);
		end_cell(b);
	}
	if (o->facts->nfiles > 1)
		file_cell(b, o->facts->files[r->file].name, o->width && o->width < WIDE);
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
	matched = where_match(ls->o->where, r, s->began);
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
	choose_columns(ls);
	init_table(ls);
	buf_init(&ls->line);
	return &ls->sink;
}
