/* SPDX-License-Identifier: MIT */
/*
 * show - one connection as a ladder, as JSON or as a diagram.
 */
#include "config.h"

#include "cli/message.h"
#include "cli/run.h"
#include "cli/search.h"
#include "cli/show.h"

static int print(const struct options *o, const struct session *session, struct settings *s)
{
	struct err e = { "" };
	int rc;

	if (o->given[OPTION_JSON])
		rc = report_show_json(session, &s->report, &e);
	else if (o->given[OPTION_EXPLAIN])
		rc = report_explain(session, &s->report, &e);
	else if (o->given[OPTION_MERMAID])
		rc = report_mermaid(session, &s->report, &e);
	else
		rc = report_show(session, &s->report, &e);
	return rc < 0 ? run_output_failed(&s->out, &e) : EXIT_DONE;
}

static int show_found(struct search *f)
{
	struct session *session = find_take_session(f->finder);
	int code = run_input_code(cap_facts(f->cap));

	if (search_read_rows(f, session) == 0)
		f->code = print(f->o, session, f->s);
	session_free(session);
	return f->code != EXIT_DONE ? f->code : code;
}

int show_run(const struct options *o, struct settings *s)
{
	struct search f = { .o = o, .s = s, .code = EXIT_DONE };

	if (search_which(&f) == 0)
		f.code = show_found(&f);
	search_release(&f);
	return f.code;
}
