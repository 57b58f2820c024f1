/* SPDX-License-Identifier: MIT */
/*
 * report_csv - `list --csv`: a column for every name in field.def, one for each side.
 *
 * Spec: RFC 4180.  No value holds a comma, a quote or a line end, so none is quoted; what is not
 *       known is empty.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/sorter.h"
#include "report/where_field.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

struct csv_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct sorter *sorter; /* NULL = as they come */
	struct buf line;
};

static unsigned sides_of(const struct where_field *f)
{
	return where_field_star(f) ? 2 : 1;
}

static void add_value(struct buf *out, enum where_type type, const struct where_value *v)
{
	if (v->word)
		buf_addstr(out, v->word);
	else if (v->addr)
		addr_text(out, &v->addr->ip, v->addr->version);
	else if (type == TYPE_TEXT)
		buf_addstr(out, v->text);
	else if (type == TYPE_SEVERITY)
		buf_addstr(out, v->number < 0 ? "" : severity_word((enum severity)v->number));
	else if (type == TYPE_DURATION || type == TYPE_TIME)
		text_ns(out, v->number);
	else
		buf_add_u64(out, (uint64_t)v->number);
}

static void add_header(struct buf *out)
{
	for (size_t i = 0; i < where_name_count(); i++) {
		for (unsigned side = 0; side < sides_of(&where_fields[i]); side++) {
			if (i + side)
				buf_addch(out, ',');
			where_field_spell(out, &where_fields[i], side_word(side));
		}
	}
	buf_addstr(out, "\r\n");
}

static void add_record(struct buf *out, const struct conn_record *r)
{
	for (size_t i = 0; i < where_name_count(); i++) {
		const struct where_field *f = &where_fields[i];

		for (unsigned side = 0; side < sides_of(f); side++) {
			struct where_value v = { 0 };

			if (i + side)
				buf_addch(out, ',');
			if (f->get(r, &r->sides[side], &v))
				add_value(out, f->type, &v);
		}
	}
	buf_addstr(out, "\r\n");
}

static int csv_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct csv_sink *cs = (struct csv_sink *)s;

	if (ev->type != EVENT_RECORD || !where_match(cs->o->where, ev->u.record, s->began))
		return 0;
	if (cs->sorter) {
		buf_reset(&cs->line);
		add_record(&cs->line, ev->u.record);
		return sorter_add(cs->sorter, ev->u.record, cs->line.data, cs->line.len, e);
	}
	add_record(&cs->o->out->buf, ev->u.record);
	return report_out_commit(cs->o->out, e);
}

static int csv_pulse(struct sink *s, const struct engine_pulse *p, struct err *e)
{
	(void)p;
	return report_out_show(((struct csv_sink *)s)->o->out, e);
}

static int csv_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct csv_sink *cs = (struct csv_sink *)s;

	(void)sum;
	if (cs->sorter && sorter_write(cs->sorter, cs->o->out, e) < 0)
		return -1;
	return report_out_flush(cs->o->out, e);
}

static void csv_free(struct sink *s)
{
	struct csv_sink *cs = (struct csv_sink *)s;

	sorter_free(cs->sorter);
	buf_release(&cs->line);
	free(cs);
}

static const struct sink_ops csv_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = csv_event,
	.pulse = csv_pulse,
	.finish = csv_finish,
	.free = csv_free,
};

struct sink *report_csv_new(const struct report_options *o)
{
	struct csv_sink *cs = mem_alloc(1, sizeof(*cs));

	cs->sink.ops = &csv_ops;
	cs->o = o;
	buf_init(&cs->line);
	if (o->sort != REPORT_SORT_COUNT)
		cs->sorter = sorter_new(o->sort, o->sort_descending, o->spill_fd);
	add_header(&o->out->buf);
	return &cs->sink;
}
