/* SPDX-License-Identifier: MIT */
/*
 * report_findings - `findings`: all of them by kind, the worst first, or by connection.
 *
 * Output: text, held until the end, when it is known which kind is the worst.  Live: by connection, as they end.
 * Memory: of each kind only the few worst findings are held, unless all are asked for; see sorter.
 */
#include "config.h"

#include <stdlib.h>

#include "report/outcome.h"
#include "report/place.h"
#include "report/record_json.h"
#include "report/sorter.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

enum {
	FEW = 3,          /* findings of a kind that are shown when not all are */
	WHO_COLUMN = 4,   /* where a connection begins below its kind */
	STORY_COLUMN = 6, /* where its finding begins */
};

/* Where a finding stands in its kind: the lower, the worse. */
struct ranked {
	uint64_t doubt;    /* confidence, then cost; both the other way round */
	uint64_t sequence; /* connection, then side */
};

/* All findings of one id. */
struct kind {
	unsigned id;
	uint64_t times, times_of_capture; /* sums of counts: of connections, of the capture */
	uint64_t found, held;             /* findings, and how many of them the sorter has */
	uint64_t connections;             /* that have it; the capture as a whole is none */
	uint64_t last_seen;               /* id of the last of them */
	struct ranked few[FEW];           /* the worst, the worst of all first */
};

static const char hint[] =
    "'tcpshadow catalogue ID' explains a finding, 'tcpshadow show N FILE...' shows a connection.";

struct findings_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	bool all, by_connection;
	struct tally tally;
	struct kind kinds[FINDING_COUNT];
	struct sorter *sorter;
	struct buf line;
};

static void who_text(struct buf *out, const struct conn_record *r, const struct report_options *o)
{
	buf_addch(out, '#');
	buf_add_u64(out, r->id);
	buf_addch(out, ' ');
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(out, o->utf8 ? " \xe2\x87\x84 " : " <-> ");
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
	if (o->facts->nfiles > 1) {
		const char *name = place_base(o->facts->files[r->file].name);

		buf_addstr(out, " in ");
		text_escape(out, name, strlen(name));
	}
}

/* ---- by kind */

static struct ranked ranked_of(const struct finding *f, uint64_t connection)
{
	const uint64_t most = (UINT64_C(1) << 62) - 1;
	uint64_t cost = f->cost > 0 ? (uint64_t)f->cost : 0;

	return (struct ranked){
		.doubt = (uint64_t)(CONFIDENCE_CERTAIN - f->confidence) << 62 |
		         (most - (cost < most ? cost : most)),
		.sequence = connection << 2 | f->by,
	};
}

static bool is_worse(const struct ranked *x, const struct ranked *y)
{
	return x->doubt != y->doubt ? x->doubt < y->doubt : x->sequence < y->sequence;
}

/* Takes its place among the few worst.  False when there is none for it. */
static bool take_place(struct kind *k, const struct ranked *s)
{
	size_t n = k->found < FEW ? (size_t)k->found : FEW, at = n;

	while (at > 0 && is_worse(s, &k->few[at - 1]))
		at--;
	if (at == FEW)
		return false;
	for (size_t i = n < FEW ? n : FEW - 1; i > at; i--)
		k->few[i] = k->few[i - 1];
	k->few[at] = *s;
	return true;
}

/* A finding of a connection, or with r NULL of the capture. */
static int add_finding(
    struct findings_sink *fs, const struct conn_record *r, const struct finding *f, struct err *e)
{
	struct kind *k = &fs->kinds[f->id];
	struct ranked s = ranked_of(f, r ? r->id : 0);
	bool is_shown = take_place(k, &s);
	uint64_t words[3] = { f->id, s.doubt, s.sequence };
	struct buf text = BUF_INIT;

	k->found++;
	*(r ? &k->times : &k->times_of_capture) += f->count;
	k->connections += r && k->last_seen != r->id;
	k->last_seen = r ? r->id : k->last_seen;
	if (!is_shown && !fs->all)
		return 0;
	k->held++;
	if (r)
		who_text(&text, r, fs->o);
	else
		buf_addstr(&text, "the capture as a whole");
	buf_addstr(&text, f->npackets ? ", " : "");
	finding_text_packets(&text, f, fs->o->facts);
	buf_reset(&fs->line);
	buf_pad(&fs->line, ' ', WHO_COLUMN);
	wrap_text(&fs->line, text.data, fs->o->width, WHO_COLUMN, STORY_COLUMN);
	buf_reset(&text);
	finding_text_story(&text, f, fs->o->facts);
	buf_pad(&fs->line, ' ', STORY_COLUMN);
	wrap_text(&fs->line, text.data, fs->o->width, STORY_COLUMN, STORY_COLUMN);
	buf_release(&text);
	return sorter_add_words(fs->sorter, words, fs->line.data, fs->line.len, e);
}

/* A kind stands where its worst finding does. */
static int compare_kinds(const void *a, const void *b)
{
	const struct kind *x = *(const struct kind *const *)a, *y = *(const struct kind *const *)b;
	unsigned sx = finding_info((enum finding_id)x->id)->severity;
	unsigned sy = finding_info((enum finding_id)y->id)->severity;

	if (sx != sy)
		return sx > sy ? -1 : 1;
	if (is_worse(&x->few[0], &y->few[0]) || is_worse(&y->few[0], &x->few[0]))
		return is_worse(&x->few[0], &y->few[0]) ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void plural(struct buf *out, uint64_t n, const char *word)
{
	text_count(out, n);
	buf_addf(out, " %s%s", word, n == 1 ? "" : "s");
}

static void kind_head(struct buf *out, const struct kind *k, const struct report_options *o)
{
	const struct finding_info *info = finding_info((enum finding_id)k->id);
	uint64_t times = finding_text_times(k->times, k->times_of_capture);
	struct buf text = BUF_INIT;

	outcome_letter(out, outcome_mark((enum severity)info->severity), o);
	buf_addf(out, "%s%s%s", o->color ? "\033[1m" : "", info->name, o->color ? "\033[0m" : "");
	buf_addf(&text, ": %s (", info->title);
	if (times > k->connections) {
		plural(&text, times, "time");
		buf_addstr(&text, k->connections ? " in " : "");
	}
	if (k->connections)
		plural(&text, k->connections, "connection");
	buf_addch(&text, ')');
	wrap_text(out, text.data, o->width, 2 + strlen(info->name), WHO_COLUMN);
	buf_release(&text);
}

/* `first`: the place in the sorter of the kind's first line. */
static int write_kind(struct findings_sink *fs, const struct kind *k, size_t first, struct err *e)
{
	struct report_out *out = fs->o->out;
	uint64_t shown = fs->all || k->held < FEW ? k->held : FEW;

	kind_head(&out->buf, k, fs->o);
	for (uint64_t i = 0; i < shown; i++) {
		if (sorter_line(fs->sorter, first + (size_t)i, &fs->line, e) < 0)
			return -1;
		buf_add(&out->buf, fs->line.data, fs->line.len);
		if (report_out_commit(out, e) < 0)
			return -1;
	}
	if (k->found > shown) {
		buf_pad(&out->buf, ' ', WHO_COLUMN);
		buf_addstr(&out->buf, "and ");
		text_count(&out->buf, k->found - shown);
		buf_addstr(&out->buf, " more (--all shows them)\n");
	}
	buf_addch(&out->buf, '\n');
	return 0;
}

static int write_kinds(struct findings_sink *fs, struct err *e)
{
	const struct kind *order[FINDING_COUNT] = { NULL };
	size_t first[FINDING_COUNT], n = 0, lines = 0;

	for (unsigned i = 0; i < FINDING_COUNT; i++) {
		fs->kinds[i].id = i;
		first[i] = lines;
		lines += (size_t)fs->kinds[i].held;
		if (fs->kinds[i].found)
			order[n++] = &fs->kinds[i];
	}
	sorter_sort(fs->sorter);
	qsort(order, n, sizeof(*order), compare_kinds);
	for (size_t i = 0; i < n; i++)
		if (write_kind(fs, order[i], first[order[i]->id], e) < 0)
			return -1;
	return 0;
}

/* ---- by connection */

static void add_items(
    struct buf *out, const struct finding *list, size_t n, const struct report_options *o)
{
	const struct finding *f = NULL;

	while ((f = finding_text_next(list, n, f))) {
		buf_addstr(out, "  ");
		finding_text_item(out, f, o, 2);
	}
	buf_addch(out, '\n');
}

static int add_connection(struct findings_sink *fs, const struct conn_record *r, struct err *e)
{
	const struct report_options *o = fs->o;
	const uint64_t words[3] = { r->id };
	struct buf text = BUF_INIT;

	if (!r->nfindings)
		return 0;
	buf_reset(&fs->line);
	who_text(&text, r, o);
	buf_addstr(&text, "  ");
	outcome_text(&text, r, false);
	buf_addstr(&fs->line, o->color ? "\033[1m" : "");
	wrap_text(&fs->line, text.data, o->width, 0, 2);
	buf_addstr(&fs->line, o->color ? "\033[0m" : "");
	add_items(&fs->line, r->findings, r->nfindings, o);
	buf_release(&text);
	if (!o->live)
		return sorter_add_words(fs->sorter, words, fs->line.data, fs->line.len, e);
	buf_add(&o->out->buf, fs->line.data, fs->line.len);
	return report_out_commit(o->out, e);
}

static void write_capture(struct findings_sink *fs, const struct run_summary *sum)
{
	struct buf *out = &fs->o->out->buf;

	if (!sum->nfindings)
		return;
	buf_addstr(out, fs->o->color ? "\033[1m" : "");
	buf_addstr(out, "the capture as a whole");
	buf_addstr(out, fs->o->color ? "\033[0m\n" : "\n");
	add_items(out, sum->findings, sum->nfindings, fs->o);
}

/* ---- both */

static void write_total(struct findings_sink *fs, const struct run_summary *sum)
{
	struct buf *out = &fs->o->out->buf;
	const struct tally *t = &fs->tally;
	uint64_t findings = 0;

	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		findings += t->severities[i];
	if (!t->matched && t->connections) {
		buf_addstr(out, "None of ");
		plural(out, t->connections, "connection");
		buf_addstr(out, " matches.\n");
	} else if (findings == 0) {
		buf_addstr(out, "No findings in ");
		plural(out, t->matched, "connection");
		buf_addstr(out, ".\n");
	} else {
		plural(out, findings, "finding");
		buf_addstr(out, " in ");
		text_count(out, t->with_findings);
		buf_addstr(out, " of ");
		plural(out, t->matched, "connection");
		buf_addstr(out, ".\n");
		if (fs->o->width)
			wrap_text(out, hint, fs->o->width, 0, 0);
	}
	if (sum->interrupted)
		buf_addstr(out, "The run was interrupted: the rest was not read.\n");
}

static int findings_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct findings_sink *fs = (struct findings_sink *)s;
	const struct conn_record *r = ev->u.record;
	bool matched;

	if (ev->type != EVENT_RECORD && ev->type != EVENT_CLOSED)
		return 0;
	matched = where_match(fs->o->where, r, s->began);
	if (ev->type == EVENT_RECORD)
		tally_add(&fs->tally, r, matched);
	if (!matched || r->was_told)
		return 0;
	if (fs->by_connection)
		return add_connection(fs, r, e);
	for (uint32_t i = 0; i < r->nfindings; i++)
		if (add_finding(fs, r, &r->findings[i], e) < 0)
			return -1;
	return 0;
}

static int findings_pulse(struct sink *s, const struct engine_pulse *p, struct err *e)
{
	(void)p;
	return report_out_show(((struct findings_sink *)s)->o->out, e);
}

static int findings_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct findings_sink *fs = (struct findings_sink *)s;
	int rc = 0;

	if (fs->by_connection) {
		write_capture(fs, sum);
		rc = sorter_write(fs->sorter, fs->o->out, e);
	} else {
		for (size_t i = 0; i < sum->nfindings && rc == 0; i++)
			rc = add_finding(fs, NULL, &sum->findings[i], e);
		if (rc == 0)
			rc = write_kinds(fs, e);
	}
	write_total(fs, sum);
	return rc < 0 ? -1 : report_out_flush(fs->o->out, e);
}

static void findings_free(struct sink *s)
{
	struct findings_sink *fs = (struct findings_sink *)s;

	sorter_free(fs->sorter);
	buf_release(&fs->line);
	free(fs);
}

static const struct sink_ops findings_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = findings_event,
	.finish = findings_finish,
	.free = findings_free,
};

/* Live, those of a connection come when it looks over, and again only if more packets came. */
static const struct sink_ops live_ops = {
	.wants = EVENT_BIT(EVENT_RECORD) | EVENT_BIT(EVENT_CLOSED),
	.event = findings_event,
	.pulse = findings_pulse,
	.finish = findings_finish,
	.free = findings_free,
};

struct sink *report_findings_new(const struct report_options *o, bool by_connection, bool all)
{
	struct findings_sink *fs = mem_alloc(1, sizeof(*fs));

	fs->sink.ops = o->live ? &live_ops : &findings_ops;
	fs->o = o;
	fs->by_connection = by_connection || o->live;
	fs->all = all;
	fs->sorter = sorter_new(REPORT_SORT_COUNT, false, o->spill_fd);
	buf_init(&fs->line);
	return &fs->sink;
}
