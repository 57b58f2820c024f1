/* SPDX-License-Identifier: MIT */
/*
 * report_summary - `summary`: the capture as a whole, for people or as one JSON object.
 */
#include "config.h"

#include <stdlib.h>

#include "report/outcome.h"
#include "report/place.h"
#include "report/quality.h"
#include "report/record_json.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"
#include "tcpshadow/text.h"

#define LABEL_WIDTH  14
#define COMMENTS_MAX 10 /* comments of the capture that are shown */
#define KINDS_MAX    12 /* kinds of findings that are shown */

struct summary_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct tally tally;
	struct buf
	    examples[VERDICT_COUNT]; /* of each kind, the sentence of the first that was over */
	uint64_t example_ids[VERDICT_COUNT];
	bool json;
};

static void label(struct buf *out, const char *text)
{
	size_t start = out->len;

	buf_addstr(out, text);
	buf_pad(out, ' ', LABEL_WIDTH - (out->len - start));
}

static void file_line(struct buf *out, const struct cap_file_facts *f)
{
	label(out, f->interfaces && strcmp(f->format, "live") == 0 ? "interface" : "file");
	text_escape(out, f->name, strlen(f->name));
	if (f->format)
		buf_addf(out, "  %s", f->format);
	if (f->compression && strcmp(f->compression, "none") != 0)
		buf_addf(out, " (%s)", f->compression);
	buf_addstr(out, ", ");
	text_count(out, f->packets);
	buf_addstr(out, " packets");
	if (f->size) {
		buf_addstr(out, ", ");
		text_bytes(out, f->size);
		buf_addstr(out, " bytes");
	}
	if (f->interfaces > 1)
		buf_addf(out, ", %u interfaces", (unsigned)f->interfaces);
	buf_addch(out, '\n');
	if (f->is_broken) {
		label(out, "  broken");
		text_escape(out, f->error.text, strlen(f->error.text));
		buf_addch(out, '\n');
	}
}

static void time_lines(struct buf *out, const struct cap_facts *c, bool utc)
{
	if (c->packets == 0)
		return;
	label(out, "from");
	text_date(out, c->first_ts, utc);
	buf_addch(out, '\n');
	label(out, "to");
	text_date(out, c->last_ts, utc);
	buf_addstr(out, " (");
	text_duration(out, c->last_ts - c->first_ts);
	buf_addstr(out, ")\n");
}

static void volume_lines(struct buf *out, const struct cap_facts *c)
{
	label(out, "packets");
	text_count(out, c->packets);
	buf_addstr(out, ", ");
	text_bytes(out, c->wire_bytes);
	buf_addstr(out, " bytes on the wire, ");
	text_bytes(out, c->bytes);
	buf_addstr(out, " captured\n");
	if (c->nlinks)
		label(out, "link type");
	for (size_t i = 0; i < c->nlinks; i++) {
		const char *name = cap_link_name(c->links[i].linktype);

		buf_addstr(out, i ? ", " : "");
		if (name)
			buf_addstr(out, name);
		else
			buf_addf(out, "%u", (unsigned)c->links[i].linktype);
		if (c->nlinks > 1) {
			buf_addstr(out, " (");
			text_count(out, c->links[i].packets);
			buf_addch(out, ')');
		}
	}
	if (c->nlinks)
		buf_addch(out, '\n');
}

struct count_row {
	uint64_t count;
	const char *what;
};

/* A line for each count that is not 0; the label stands before the first. */
static void count_lines(struct buf *out, const char *name, const struct count_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].count)
			continue;
		label(out, name);
		name = "";
		text_count(out, rows[i].count);
		buf_addf(out, " %s\n", rows[i].what);
	}
}

static void quality_lines(struct buf *out, const struct run_summary *s, const struct tally *t)
{
	const struct cap_facts *c = s->capture;
	const struct count_row rows[] = {
		{ c->dropped_kernel, "packets lost by the capturing kernel" },
		{ c->dropped_interface, "packets lost by the interface" },
		{ c->dropped_queue, "packets lost because the analysis did not keep up" },
		{ c->unrecorded, "packets analysed that could not be recorded" },
		{ c->truncated, "packets cut by the capture length" },
		{ c->time_steps_back, "times the clock went back" },
		{ t->missing_bytes, "bytes that were acknowledged but not captured" },
		{ t->one_sided, "connections of which one direction was captured" },
		{ t->midstream, "connections older than the capture" },
		{ t->duplicate_frames, "frames captured twice" },
		{ t->bad_checksums, "segments with a wrong checksum" },
		{ s->decode->fragments, "IP fragments of TCP segments" },
		{ s->decode->fragments_evicted, "of them never put together" },
		{ s->decode->fragments_overlapping, "of them overlapping" },
		{ s->icmp_unmatched, "ICMP errors about unknown connections" },
		{ s->evicted, "connections given up early for lack of memory" },
		{ s->half_open_rolled_up, "unanswered SYNs only counted for lack of memory" },
	};

	count_lines(out, "quality", rows, ARRAY_LEN(rows));
	if (c->drops_known && !c->dropped_kernel && !c->dropped_interface && !c->dropped_queue) {
		label(out, "drops");
		buf_addstr(out, c->is_live ? "none\n" : "none, by the capture's own statistics\n");
	}
}

static void skipped_lines(struct buf *out, const struct run_summary *s)
{
	struct count_row rows[DECODE_REASON_COUNT + 1];

	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++)
		rows[i] = (struct count_row){ s->decode->skipped[i], decode_reason_text(i) };
	rows[DECODE_REASON_COUNT] =
	    (struct count_row){ s->capture->filtered, "rejected by the filter" };
	count_lines(out, "skipped", rows, ARRAY_LEN(rows));
}

static void outcome_line(struct buf *out, const char *name, uint64_t count, const char *word)
{
	label(out, name);
	text_count(out, count);
	buf_addch(out, ' ');
	outcome_words(out, word);
	buf_addch(out, '\n');
}

static void outcome_lines(struct buf *out, const struct tally *t)
{
	const char *name;

	buf_addch(out, '\n');
	label(out, "connections");
	text_count(out, t->connections);
	if (t->matched != t->connections) {
		buf_addstr(out, ", of them match ");
		text_count(out, t->matched);
	}
	buf_addch(out, '\n');
	name = "  handshake";
	for (unsigned i = 0; i <= HANDSHAKE_MIDSTREAM; i++) {
		if (!t->handshakes[i])
			continue;
		outcome_line(out, name, t->handshakes[i], handshake_word(i));
		name = "";
	}
	name = "  close";
	for (unsigned i = 0; i <= CLOSE_RESET; i++) {
		if (!t->closes[i])
			continue;
		outcome_line(out, name, t->closes[i], close_word(i));
		name = "";
	}
}

/* How many connections went how. */
static void verdict_line(struct buf *out, const struct tally *t)
{
	uint64_t outcomes[OUTCOME_COUNT] = { 0 };
	const char *sep = "";

	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		outcomes[verdict_outcome((enum verdict_kind)i)] += t->verdicts[i].count;
	label(out, "verdicts");
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		if (!outcomes[i])
			continue;
		buf_addstr(out, sep);
		text_count(out, outcomes[i]);
		buf_addf(out, " %s", outcome_word((enum outcome)i));
		sep = ", ";
	}
	buf_addch(out, '\n');
}

/* Is x more worth a look than y?  By severity, by how many there are, by what they cost. */
static bool is_verdict_before(const struct tally *t, unsigned x, unsigned y)
{
	unsigned a = verdict_severity((enum verdict_kind)x);
	unsigned b = verdict_severity((enum verdict_kind)y);
	const struct verdict_tally *p = &t->verdicts[x], *q = &t->verdicts[y];

	if (a != b)
		return a > b;
	if (p->count != q->count)
		return p->count > q->count;
	return p->cost != q->cost ? p->cost > q->cost : x < y;
}

/* The kind after `last`, the one most worth a look first; VERDICT_COUNT before and behind all. */
static unsigned next_verdict(const struct tally *t, unsigned last)
{
	unsigned next = VERDICT_COUNT;

	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		if (t->verdicts[i].count &&
		    verdict_severity((enum verdict_kind)i) > SEVERITY_INFO &&
		    (last == VERDICT_COUNT || is_verdict_before(t, last, i)) &&
		    (next == VERDICT_COUNT || is_verdict_before(t, i, next)))
			next = i;
	return next;
}

static void verdict_item(struct buf *out, const struct summary_sink *ss, unsigned kind)
{
	const struct verdict_tally *v = &ss->tally.verdicts[kind];
	struct buf text = BUF_INIT;

	label(out, "");
	outcome_letter(out, outcome_mark(verdict_severity((enum verdict_kind)kind)), ss->o);
	text_count(&text, v->count);
	buf_addch(&text, ' ');
	outcome_words(&text, verdict_word((enum verdict_kind)kind));
	if (v->cost) {
		buf_addstr(&text, ", cost ");
		text_duration(&text, v->cost);
	}
	buf_addf(&text, v->count > 1 ? ", such as #" : ": #");
	buf_add_u64(&text, ss->example_ids[kind]);
	buf_addstr(&text, v->count > 1 ? ": " : " ");
	buf_addstr(&text, ss->examples[kind].data);
	wrap_text(out, text.data, ss->o->width, LABEL_WIDTH + 2, LABEL_WIDTH + 2);
	buf_release(&text);
}

static void verdict_lines(struct buf *out, const struct summary_sink *ss)
{
	unsigned kind = VERDICT_COUNT;

	if (ss->tally.matched == 0)
		return;
	verdict_line(out, &ss->tally);
	while ((kind = next_verdict(&ss->tally, kind)) != VERDICT_COUNT)
		verdict_item(out, ss, kind);
}

static void severities_line(struct buf *out, const struct tally *t)
{
	const char *sep = "";

	label(out, "findings");
	for (unsigned i = SEVERITY_COUNT; i-- > 0;) {
		if (!t->severities[i])
			continue;
		buf_addstr(out, sep);
		text_count(out, t->severities[i]);
		buf_addf(out, " %s", severity_word((enum severity)i));
		sep = ", ";
	}
	if (!t->with_findings)
		buf_addstr(out, "none");
	buf_addstr(out, t->with_findings ? " in " : "");
	if (t->with_findings)
		text_count(out, t->with_findings);
	buf_addstr(out, t->with_findings == 0   ? "\n"
	                : t->with_findings == 1 ? " connection\n"
	                                        : " connections\n");
}

/* Does kind x come before kind y?  By severity, then by the connections that have it. */
static bool is_kind_before(const struct tally *t, unsigned x, unsigned y)
{
	unsigned a = finding_info((enum finding_id)x)->severity;
	unsigned b = finding_info((enum finding_id)y)->severity;

	if (a != b)
		return a > b;
	return t->findings[x] != t->findings[y] ? t->findings[x] > t->findings[y] : x < y;
}

/* The kind after `last` when the worst come first; FINDING_COUNT before the first and behind the last. */
static unsigned next_kind(const struct tally *t, unsigned last)
{
	unsigned next = FINDING_COUNT;

	for (unsigned i = 0; i < FINDING_COUNT; i++)
		if (t->findings[i] && (last == FINDING_COUNT || is_kind_before(t, last, i)) &&
		    (next == FINDING_COUNT || is_kind_before(t, i, next)))
			next = i;
	return next;
}

static void kind_line(
    struct buf *out, const struct tally *t, unsigned id, const struct report_options *o)
{
	const struct finding_info *info = finding_info((enum finding_id)id);
	struct buf text = BUF_INIT;

	label(out, "");
	outcome_letter(out, outcome_mark((enum severity)info->severity), o);
	text_count(&text, t->findings[id]);
	buf_addf(&text, " %s: %s", info->name, info->title);
	wrap_text(out, text.data, o->width, LABEL_WIDTH + 2, LABEL_WIDTH + 2);
	buf_release(&text);
}

/* How many connections have each kind of finding, the worst kinds first. */
static void finding_lines(struct buf *out, const struct tally *t, const struct report_options *o)
{
	unsigned id = FINDING_COUNT, shown = 0, left = 0;

	if (t->matched)
		severities_line(out, t);
	while ((id = next_kind(t, id)) != FINDING_COUNT) {
		if (shown == KINDS_MAX) {
			left++;
			continue;
		}
		kind_line(out, t, id, o);
		shown++;
	}
	if (!left)
		return;
	label(out, "");
	buf_addf(out, "and %u more kinds; 'tcpshadow findings' shows all\n", left);
}

/* What is wrong with the capture as a whole. */
static void capture_finding_lines(
    struct buf *out, const struct run_summary *s, const struct report_options *o)
{
	const struct finding *f = NULL;
	const char *name = "capture";

	while ((f = finding_text_next(s->findings, s->nfindings, f))) {
		label(out, name);
		finding_text_item(out, f, o, LABEL_WIDTH);
		name = "";
	}
}

static void comment_lines(struct buf *out, const struct cap_facts *c)
{
	for (size_t i = 0; i < c->ncomments && i < COMMENTS_MAX; i++) {
		label(out, i == 0 ? "comments" : "");
		if (c->comments[i].ordinal) {
			buf_addstr(out, "packet ");
			buf_add_u64(out, place_number(c, c->comments[i].ordinal));
			buf_addstr(out, ": ");
		}
		text_escape(out, c->comments[i].text, strlen(c->comments[i].text));
		buf_addch(out, '\n');
	}
	if (c->comments_seen > COMMENTS_MAX) {
		label(out, "");
		buf_addstr(out, "and ");
		text_count(out, c->comments_seen - COMMENTS_MAX);
		buf_addstr(out, " more\n");
	}
}

static void summary_text(
    struct buf *out, const struct summary_sink *ss, const struct run_summary *s)
{
	for (size_t i = 0; i < s->capture->nfiles; i++)
		file_line(out, &s->capture->files[i]);
	time_lines(out, s->capture, ss->o->utc);
	volume_lines(out, s->capture);
	quality_vantage_line(out, s->quality, LABEL_WIDTH);
	quality_lines(out, s, &ss->tally);
	skipped_lines(out, s);
	capture_finding_lines(out, s, ss->o);
	comment_lines(out, s->capture);
	outcome_lines(out, &ss->tally);
	verdict_lines(out, ss);
	finding_lines(out, &ss->tally, ss->o);
	if (s->interrupted)
		buf_addstr(out, "\nThe run was interrupted: the rest was not read.\n");
}

static int summary_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct summary_sink *ss = (struct summary_sink *)s;

	const struct conn_record *r = ev->u.record;
	bool matched;

	(void)e;
	if (ev->type != EVENT_RECORD)
		return 0;
	matched = where_match(ss->o->where, r, s->began);
	if (matched && ss->tally.verdicts[r->verdict.kind].count == 0) {
		ss->example_ids[r->verdict.kind] = r->id;
		verdict_sentence(&ss->examples[r->verdict.kind], r);
	}
	tally_add(&ss->tally, r, matched);
	return 0;
}

static int summary_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct summary_sink *ss = (struct summary_sink *)s;
	struct buf *out = &ss->o->out->buf;

	if (ss->json)
		capture_json(out, sum, &ss->tally);
	else
		summary_text(out, ss, sum);
	return report_out_flush(ss->o->out, e);
}

static void summary_free(struct sink *s)
{
	struct summary_sink *ss = (struct summary_sink *)s;

	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		buf_release(&ss->examples[i]);
	free(ss);
}

static const struct sink_ops summary_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = summary_event,
	.finish = summary_finish,
	.free = summary_free,
};

struct sink *report_summary_new(const struct report_options *o, bool json)
{
	struct summary_sink *ss = mem_alloc(1, sizeof(*ss));

	ss->sink.ops = &summary_ops;
	ss->o = o;
	ss->json = json;
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		buf_init(&ss->examples[i]);
	return &ss->sink;
}
