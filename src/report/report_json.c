/* SPDX-License-Identifier: MIT */
/*
 * report_json - `list --json`: one object per connection, then one for the capture.
 *
 * Output: in order of completion as it comes, or held and sorted.
 */
#include "config.h"

#include <stdlib.h>

#include "report/json.h"
#include "report/record_json.h"
#include "report/sorter.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"

struct json_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct tally tally;
	struct sorter *sorter; /* NULL = as they come */
	struct buf line;
};

static void write_line(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	record_json_begin(out, r, facts);
	json_end_object(out);
	json_end_line(out);
}

static int json_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct json_sink *js = (struct json_sink *)s;
	const struct conn_record *r = ev->u.record;
	bool matched;

	if (ev->type != EVENT_RECORD)
		return 0;
	matched = where_match(js->o->where, r, s->began);
	tally_add(&js->tally, r, matched);
	if (!matched)
		return 0;
	if (js->sorter) {
		buf_reset(&js->line);
		write_line(&js->line, r, js->o->facts);
		return sorter_add(js->sorter, r, js->line.data, js->line.len, e);
	}
	write_line(&js->o->out->buf, r, js->o->facts);
	return report_out_commit(js->o->out, e);
}

static int json_pulse(struct sink *s, const struct engine_pulse *p, struct err *e)
{
	(void)p;
	return report_out_show(((struct json_sink *)s)->o->out, e);
}

static int json_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct json_sink *js = (struct json_sink *)s;

	if (js->sorter && sorter_write(js->sorter, js->o->out, e) < 0)
		return -1;
	capture_json(&js->o->out->buf, sum, &js->tally);
	return report_out_flush(js->o->out, e);
}

static void json_free(struct sink *s)
{
	struct json_sink *js = (struct json_sink *)s;

	sorter_free(js->sorter);
	buf_release(&js->line);
	free(js);
}

static const struct sink_ops json_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = json_event,
	.pulse = json_pulse,
	.finish = json_finish,
	.free = json_free,
};

struct sink *report_json_new(const struct report_options *o)
{
	struct json_sink *js = mem_alloc(1, sizeof(*js));

	js->sink.ops = &json_ops;
	js->o = o;
	buf_init(&js->line);
	if (o->sort != REPORT_SORT_COUNT)
		js->sorter = sorter_new(o->sort, o->sort_descending, o->spill_fd);
	return &js->sink;
}
