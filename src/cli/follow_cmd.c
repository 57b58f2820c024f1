/* SPDX-License-Identifier: MIT */
/*
 * follow_cmd - finds the connection, reads its packets, then its streams.
 *
 * The packets are only needed to name the pauses; raw bytes and arrays go without.
 */
#include "config.h"

#include "cli/follow_cmd.h"
#include "cli/message.h"
#include "cli/run.h"
#include "cli/search.h"
#include "tcpshadow/follow.h"

static void choose(struct follow_options *f, const struct options *o, const struct settings *s)
{
	bool client = o->given[OPTION_CLIENT], server = o->given[OPTION_SERVER];

	f->form = FOLLOW_TEXT;
	if (o->given[OPTION_HEX])
		f->form = FOLLOW_HEX;
	if (o->given[OPTION_RAW])
		f->form = FOLLOW_RAW;
	if (o->given[OPTION_C_ARRAY])
		f->form = FOLLOW_C_ARRAY;
	f->sides[SIDE_CLIENT] = client || !server;
	f->sides[SIDE_SERVER] = server || !client;
	f->overlap_policy = s->engine.overlap_policy;
}

/* Raw bytes leave no room for words among them. */
static void warn(
    const struct session *session, const struct settings *s, const struct follow_options *f)
{
	struct buf text = BUF_INIT;

	follow_doubts(&text, session, &s->report, f);
	if (text.len && !s->quiet)
		message_error(text.data);
	buf_release(&text);
}

static int print(struct search *f, const struct session *session)
{
	struct follow_options fo;
	struct err e = { "" };
	struct sink *sink;
	int code = EXIT_DONE;

	choose(&fo, f->o, f->s);
	if (search_reopen(f) < 0)
		return f->code;
	if (fo.form == FOLLOW_RAW)
		warn(session, f->s, &fo);
	sink = follow_new(session, &f->s->report, &fo);
	if (run_engine(f->cap, f->s, sink, &e) < 0)
		code = run_output_failed(&f->s->out, &e);
	report_sink_free(sink);
	return code;
}

static int follow_found(struct search *f)
{
	struct session *session = find_take_session(f->finder);
	int code = run_input_code(cap_facts(f->cap));
	bool wants_rows = !f->o->given[OPTION_RAW] && !f->o->given[OPTION_C_ARRAY];

	if (!wants_rows || search_read_rows(f, session) == 0)
		f->code = print(f, session);
	session_free(session);
	return f->code != EXIT_DONE ? f->code : code;
}

int follow_cmd_run(const struct options *o, struct settings *s)
{
	struct search f = { .o = o, .s = s, .code = EXIT_DONE };

	if (search_which(&f) == 0)
		f.code = follow_found(&f);
	search_release(&f);
	return f.code;
}
