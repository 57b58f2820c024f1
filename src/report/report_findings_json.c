/* SPDX-License-Identifier: MIT */
/*
 * report_findings_json - `findings --json`: one object per finding as they come, then the capture's.
 */
#include "config.h"

#include <stdlib.h>

#include "report/record_json.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"

struct findings_json_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct tally tally;
};

static int findings_json_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct findings_json_sink *fs = (struct findings_json_sink *)s;
	const struct conn_record *r = ev->u.record;
	struct buf *out = &fs->o->out->buf;
	bool matched;

	if (ev->type != EVENT_RECORD)
		return 0;
	matched = where_match(fs->o->where, r, s->began);
	tally_add(&fs->tally, r, matched);
	if (!matched)
		return 0;
	for (uint32_t i = 0; i < r->nfindings; i++)
		record_json_finding(out, r, &r->findings[i], fs->o->facts);
	return report_out_commit(fs->o->out, e);
}

static int findings_json_pulse(struct sink *s, const struct engine_pulse *p, struct err *e)
{
	(void)p;
	return report_out_show(((struct findings_json_sink *)s)->o->out, e);
}

static int findings_json_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct findings_json_sink *fs = (struct findings_json_sink *)s;

	capture_json(&fs->o->out->buf, sum, &fs->tally);
	return report_out_flush(fs->o->out, e);
}

static void findings_json_free(struct sink *s)
{
	free(s);
}

static const struct sink_ops findings_json_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = findings_json_event,
	.pulse = findings_json_pulse,
	.finish = findings_json_finish,
	.free = findings_json_free,
};

struct sink *report_findings_json_new(const struct report_options *o)
{
	struct findings_json_sink *fs = mem_alloc(1, sizeof(*fs));

	fs->sink.ops = &findings_json_ops;
	fs->o = o;
	return &fs->sink;
}
