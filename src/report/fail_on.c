/* SPDX-License-Identifier: MIT */
/*
 * fail_on - counts the connections for which a run is to fail, and keeps what the first of them was.
 *
 * A severity and a finding's id also match the findings about the capture as a whole.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/outcome.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

struct fail_on {
	struct sink sink; /* first */
	const struct report_options *o;
	unsigned severity;    /* this or a worse one; SEVERITY_COUNT = not asked for */
	enum finding_id id;   /* FINDING_COUNT = not asked for */
	struct where *where;  /* NULL = one of the above */
	uint64_t connections; /* that match */
	bool is_capture;      /* the capture as a whole matches */
	struct buf first;
};

/* The finding that matches, the worst first; NULL = none does. */
static const struct finding *matching(const struct fail_on *f, const struct finding *list, size_t n)
{
	const struct finding *at = NULL;

	while ((at = finding_text_next(list, n, at)))
		if (f->id == FINDING_COUNT ? finding_info(at->id)->severity >= f->severity
		                           : at->id == f->id)
			return at;
	return NULL;
}

static void tell_finding(struct fail_on *f, const struct finding *found)
{
	buf_addf(&f->first, ": %s: ", finding_info(found->id)->name);
	finding_text_story(&f->first, found, f->o->facts);
}

static void tell_connection(struct fail_on *f, const struct conn_record *r)
{
	buf_addch(&f->first, '#');
	buf_add_u64(&f->first, r->id);
	buf_addch(&f->first, ' ');
	endpoint_text(&f->first, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(&f->first, " <-> ");
	endpoint_text(&f->first, &r->sides[SIDE_SERVER].addr);
	buf_addstr(&f->first, ", ");
	outcome_text(&f->first, r, false);
}

static int fail_on_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct fail_on *f = (struct fail_on *)s;
	const struct conn_record *r = ev->u.record;
	const struct finding *found = NULL;

	(void)e;
	if (ev->type != EVENT_RECORD || !where_match(f->o->where, r, s->began))
		return 0;
	if (!f->where)
		found = matching(f, r->findings, r->nfindings);
	if (f->where ? !where_match(f->where, r, s->began) : !found)
		return 0;
	if (f->connections++)
		return 0;
	tell_connection(f, r);
	if (found)
		tell_finding(f, found);
	return 0;
}

static int fail_on_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct fail_on *f = (struct fail_on *)s;
	const struct finding *found = NULL;

	(void)e;
	if (!f->where)
		found = matching(f, sum->findings, sum->nfindings);
	f->is_capture = found != NULL;
	if (found && !f->connections) {
		buf_addstr(&f->first, "the capture as a whole");
		tell_finding(f, found);
	}
	return 0;
}

static void fail_on_free_sink(struct sink *s)
{
	struct fail_on *f = (struct fail_on *)s;

	where_free(f->where);
	buf_release(&f->first);
	free(f);
}

static const struct sink_ops fail_on_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = fail_on_event,
	.finish = fail_on_finish,
	.free = fail_on_free_sink,
};

static unsigned severity_of(const char *word)
{
	unsigned i = 0;

	while (i < SEVERITY_COUNT && strcmp(word, severity_word((enum severity)i)) != 0)
		i++;
	return i;
}

struct fail_on *fail_on_new(const char *text, const struct report_options *o, struct where_error *e)
{
	struct fail_on *f = mem_alloc(1, sizeof(*f));

	f->sink.ops = &fail_on_ops;
	f->o = o;
	buf_init(&f->first);
	f->severity = severity_of(text);
	f->id = finding_by_name(text, strlen(text));
	if (f->severity < SEVERITY_COUNT || f->id != FINDING_COUNT)
		return f;
	f->where = where_compile(text, o->utc, e);
	if (f->where)
		return f;
	fail_on_free_sink(&f->sink);
	return NULL;
}

struct sink *fail_on_sink(struct fail_on *f)
{
	return &f->sink;
}

bool fail_on_matched(const struct fail_on *f)
{
	return f->connections > 0 || f->is_capture;
}

void fail_on_text(struct buf *out, const struct fail_on *f)
{
	if (f->connections > 1) {
		text_count(out, f->connections);
		buf_addstr(out, " connections, the first of them ");
	}
	buf_add(out, f->first.data, f->first.len);
}
