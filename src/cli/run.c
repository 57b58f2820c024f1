/* SPDX-License-Identifier: MIT */
/*
 * run - wiring: inputs, engine, sinks, exit codes.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/browse.h"
#include "cli/confine.h"
#include "cli/follow_cmd.h"
#include "cli/live.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "cli/save.h"
#include "cli/show.h"
#include "tcpshadow/gather.h"
#include "tcpshadow/near.h"
#include "tcpshadow/text.h"

/* Set by the handler of SIGINT and SIGTERM; a handler can reach nothing but a global. */
static _Atomic int stop_requested;

/* Set by the handler of SIGUSR1. */
static _Atomic int counters_requested;

static void request_counters(int signal_number)
{
	(void)signal_number;
	counters_requested = 1;
}

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

/* The first signal ends the reading, the second the program. */
void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = request_stop, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	action.sa_flags = 0;
	(void)sigaction(SIGPIPE, &action, NULL);
}

void run_catch_counters(void)
{
	struct sigaction action = { .sa_handler = request_counters, .sa_flags = SA_RESTART };

	(void)sigaction(SIGUSR1, &action, NULL);
}

bool run_takes_counters(void)
{
	bool wanted = counters_requested;

	counters_requested = 0;
	return wanted;
}

bool run_is_stopped(void)
{
	return stop_requested != 0;
}

int run_output_failed(const struct report_out *out, const struct err *e)
{
	if (out->error == EPIPE)
		return EXIT_DONE;
	message_error(e->text);
	return EXIT_OUTPUT;
}

int run_print(struct buf *text)
{
	struct report_out out;
	struct err e;
	int code = EXIT_DONE;

	report_out_init(&out, stdout);
	buf_add(&out.buf, text->data, text->len);
	if (report_out_flush(&out, &e) < 0)
		code = run_output_failed(&out, &e);
	report_out_release(&out);
	buf_release(text);
	return code;
}

int run_input_failed(const struct err *e)
{
	if (strncmp(e->text, "filter ", strlen("filter ")) == 0)
		return message_usage(e->text);
	message_error(e->text);
	return EXIT_INPUT;
}

/* Tell what was wrong with the inputs. */
int run_input_code(const struct cap_facts *f)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < f->nfiles; i++) {
		if (!f->files[i].is_broken)
			continue;
		message_error(f->files[i].error.text);
		code = EXIT_INPUT;
	}
	return code;
}

static int run_sinks(
    struct cap *cap, struct settings *s, struct sink *const *sinks, size_t n, struct err *e)
{
	struct progress progress;
	int rc;

	progress_init(&progress, !s->quiet);
	s->report.facts = cap_facts(cap);
	if (!s->report.live) {
		s->engine.progress = progress_update;
		s->engine.progress_ctx = &progress;
	}
	s->engine.stop = &stop_requested;
	rc = engine_run(cap, &s->engine, sinks, n, e);
	progress_end(&progress);
	return rc;
}

int run_engine(struct cap *cap, struct settings *s, struct sink *sink, struct err *e)
{
	struct sink *sinks[3];
	size_t n = 0;

	if (sink)
		sinks[n++] = sink;
	if (s->pick)
		sinks[n++] = pick_sink(s->pick);
	if (s->fail_on)
		sinks[n++] = fail_on_sink(s->fail_on);
	return run_sinks(cap, s, sinks, n, e);
}

int run_again(struct cap *cap, struct settings *s, struct sink *sink, struct err *e)
{
	return run_sinks(cap, s, &sink, 1, e);
}

static void tell_what_was_read(const struct cap_facts *f)
{
	struct buf text = BUF_INIT;

	text_count(&text, f->packets);
	buf_addstr(&text, " packets, ");
	text_bytes(&text, f->wire_bytes);
	message_note("read %s bytes on the wire", text.data);
	buf_release(&text);
}

struct sink *run_new_sink(const struct options *o, const struct settings *s)
{
	if (o->command == COMMAND_SUMMARY)
		return report_summary_new(&s->report, o->given[OPTION_JSON]);
	if (o->command == COMMAND_FINDINGS && o->given[OPTION_JSON])
		return report_findings_json_new(&s->report);
	if (o->command == COMMAND_FINDINGS)
		return report_findings_new(
		    &s->report, o->given[OPTION_BY_CONNECTION], o->given[OPTION_ALL_FINDINGS]);
	if (o->given[OPTION_JSON])
		return report_json_new(&s->report);
	if (o->given[OPTION_CSV])
		return report_csv_new(&s->report);
	if (o->given[OPTION_ZEEK])
		return report_zeek_new(&s->report);
	return report_list_new(&s->report);
}

/* Inputs that could not be read matter more than what --fail-on found in the rest. */
int run_fail_on_code(const struct options *o, const struct settings *s, int code)
{
	struct buf text = BUF_INIT;

	if (!s->fail_on || !fail_on_matched(s->fail_on))
		return code;
	buf_addf(&text, "--fail-on %s: ", o->value[OPTION_FAIL_ON]);
	fail_on_text(&text, s->fail_on);
	if (!s->quiet)
		message_error(text.data);
	buf_release(&text);
	return code == EXIT_DONE ? EXIT_MATCHED : code;
}

static int report(const struct options *o, struct settings *s, struct save *w)
{
	struct err e = { "" };
	struct cap *cap = cap_open(&s->cap, &e);
	struct sink *sink;
	bool is_read;
	int code;

	if (!cap)
		return run_input_failed(&e);
	s->report.facts = cap_facts(cap);
	sink = w->file == stdout ? NULL : run_new_sink(o, s);
	is_read = run_engine(cap, s, sink, &e) == 0;
	code = is_read ? run_input_code(cap_facts(cap)) : run_output_failed(&s->out, &e);
	if (s->verbose)
		tell_what_was_read(cap_facts(cap));
	code = run_fail_on_code(o, s, code);
	report_sink_free(sink);
	if (w->file)
		code = save_packets(w, is_read ? cap : NULL, s, code);
	cap_close(cap);
	return code;
}

static int run_report(const struct options *o, struct settings *s)
{
	struct save w;
	int code;

	if (s->report.live)
		return live_run(o, s);
	code = save_open(&w, o, s);
	if (code == EXIT_DONE)
		code = confine_reading(s, NULL);
	if (code == EXIT_DONE)
		code = report(o, s, &w);
	return save_close(&w, code);
}

static int unknown_finding(const char *name)
{
	struct buf text = BUF_INIT;
	const char *near = NULL;
	int code;

	for (unsigned i = 0; i < FINDING_COUNT; i++)
		near = near_best(name, finding_info((enum finding_id)i)->name, near);
	buf_addf(&text, "no finding is called '%s'", name);
	if (near)
		buf_addf(&text, "; did you mean '%s'?", near);
	else
		buf_addstr(&text, "; 'tcpshadow catalogue' explains all there are");
	code = message_usage(text.data);
	buf_release(&text);
	return code;
}

/* All findings, or the one that was asked for. */
static int explain_findings(const struct options *o, struct settings *s)
{
	unsigned from = 0, to = FINDING_COUNT;

	if (o->which) {
		from = finding_by_name(o->which, strlen(o->which));
		to = from + 1;
	}
	if (from == FINDING_COUNT)
		return unknown_finding(o->which);
	for (unsigned id = from; id < to; id++) {
		if (o->given[OPTION_JSON]) {
			report_catalogue_json(&s->out.buf, (enum finding_id)id);
			continue;
		}
		buf_addstr(&s->out.buf, id > from ? "\n" : "");
		report_catalogue_entry(&s->out.buf, (enum finding_id)id, &s->report);
	}
	return EXIT_DONE;
}

static int run_catalogue(const struct options *o, struct settings *s)
{
	struct err e;
	int code = EXIT_DONE;

	if (o->given[OPTION_FSM])
		report_fsm(&s->out.buf);
	else if (o->given[OPTION_FIELDS])
		report_fields(&s->out.buf);
	else if (o->given[OPTION_RESETS])
		report_resets(&s->out.buf);
	else if (o->given[OPTION_WORDS])
		report_words(&s->out.buf);
	else if (o->given[OPTION_MARKDOWN])
		report_catalogue_page(&s->out.buf);
	else
		code = explain_findings(o, s);
	if (report_out_flush(&s->out, &e) < 0)
		return run_output_failed(&s->out, &e);
	return code;
}

int run_command(const struct options *o, struct settings *s)
{
	switch (o->command) {
	case COMMAND_BROWSE:
		return browse_run(o, s);
	case COMMAND_LIST:
	case COMMAND_SUMMARY:
	case COMMAND_FINDINGS:
		return run_report(o, s);
	case COMMAND_SHOW:
		return show_run(o, s);
	case COMMAND_FOLLOW:
		return follow_cmd_run(o, s);
	case COMMAND_EXTRACT:
		return extract_run(o, s);
	case COMMAND_CATALOGUE:
		return run_catalogue(o, s);
	case COMMAND_HELP: /* main() has answered it */
	case COMMAND_COUNT:
		break;
	}
	return EXIT_USAGE;
}
