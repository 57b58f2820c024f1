/* SPDX-License-Identifier: MIT */
/*
 * report - the consumers of the analysis: tables, JSON, CSV, summaries.
 *
 * Input:  events of engine_run(), facts about the capture.
 * Output: text in a struct report_out, written in big blocks.
 * Does not: know options, terminals or exit codes; cli fills struct report_options.
 */
#ifndef TCPSHADOW_REPORT_H
#define TCPSHADOW_REPORT_H

#include <stdio.h>

#include "tcpshadow/engine.h"
#include "tcpshadow/session.h"
#include "tcpshadow/where.h"

/* A stream for output.  Text waits in `buf` until it is worth a write. */
struct report_out {
	FILE *file; /* borrowed */
	struct buf buf;
	int error; /* errno of the first failed write, 0 = none; EPIPE = the reader left */
};

void report_out_init(struct report_out *o, FILE *file);
void report_out_release(struct report_out *o); /* what was not flushed is lost */
/* Write what waits when there is much of it. */
TS_NODISCARD int report_out_commit(struct report_out *o, struct err *e);
/* Write all that waits, if there is anything, so that it can be seen. */
TS_NODISCARD int report_out_show(struct report_out *o, struct err *e);
/* Write all that waits, through to the file. */
TS_NODISCARD int report_out_flush(struct report_out *o, struct err *e);

/* Keys of --sort: SORT(id, word). */
enum report_sort {
#define SORT(id, word) REPORT_SORT_##id,
#include "tcpshadow/sort.def"
#undef SORT
	REPORT_SORT_COUNT /* in order of completion */
};

const char *report_sort_word(enum report_sort s);

struct report_options {
	struct report_out *out;
	const struct cap_facts *facts; /* of the capture that is read; grows meanwhile */
	const struct where *where;     /* connections to report, NULL = all */
	enum report_sort sort;
	bool sort_descending;
	unsigned width; /* columns; 0 = as wide as needed */
	bool utf8;      /* glyphs beyond ASCII may be used */
	bool color;
	bool utc;
	int spill_fd; /* an empty temporary file for lines that are held, 0 = made when needed; borrowed */
	bool live; /* lists show what there is as it comes, not at the end */
	int64_t
	    every; /* live: a table of what ended every so many ns of wall time; 0 = each at once */
	bool fold; /* the ladder folds long runs of plain segments */
};

/* `o` is borrowed until the sink is freed.  Free with report_sink_free(). */
struct sink *report_list_new(const struct report_options *o);
struct sink *report_json_new(const struct report_options *o);
struct sink *report_csv_new(const struct report_options *o);
struct sink *report_zeek_new(const struct report_options *o); /* as Zeek's conn.log */
/* All findings by kind, the worst first; `all` of each kind and not just a few; or by connection. */
struct sink *report_findings_new(const struct report_options *o, bool by_connection, bool all);
struct sink *report_findings_json_new(const struct report_options *o);
struct sink *report_summary_new(const struct report_options *o, bool json);
void report_sink_free(struct sink *s); /* NULL is fine */

/* One connection: as a ladder for people, as JSON with its segments, as a Mermaid diagram. */
TS_NODISCARD int report_show(
    const struct session *s, const struct report_options *o, struct err *e);
TS_NODISCARD int report_show_json(
    const struct session *s, const struct report_options *o, struct err *e);
/* In plain words, for somebody who learns TCP. */
TS_NODISCARD int report_explain(
    const struct session *s, const struct report_options *o, struct err *e);
TS_NODISCARD int report_mermaid(
    const struct session *s, const struct report_options *o, struct err *e);

/*
 * What makes a run fail: a severity (that or a worse one), the id of a finding, or an expression of --where.
 * Only connections that pass o->where count.  NULL: see *e.  Free with report_sink_free(fail_on_sink(f)).
 */
struct fail_on;
struct fail_on *fail_on_new(
    const char *text, const struct report_options *o, struct where_error *e);
struct sink *fail_on_sink(struct fail_on *f);
bool fail_on_matched(const struct fail_on *f);
void fail_on_text(struct buf *out, const struct fail_on *f); /* what matched, the first in detail */

/* A row of the catalogue of findings; all of them as a page in Markdown. */
void report_catalogue_entry(struct buf *out, enum finding_id id, const struct report_options *o);
void report_catalogue_json(struct buf *out, enum finding_id id);
void report_catalogue_page(struct buf *out);
/* In Markdown: the state machine, the names of --where, other words of the output. */
void report_fsm(struct buf *out);
void report_fields(struct buf *out);
void report_words(struct buf *out);
void report_resets(struct buf *out);

#endif
