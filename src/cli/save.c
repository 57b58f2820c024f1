/* SPDX-License-Identifier: MIT */
/*
 * save - the readings that copying takes.
 *
 * With --where the first reading tells which connections match.  The packets that belong to them are
 * found in the second and copied in the third, because the first fragment of a segment comes before
 * anyone knows whose it is.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/message.h"
#include "cli/rewind.h"
#include "cli/run.h"
#include "cli/save.h"
#include "tcpshadow/gather.h"

static int output_failed(const char *name, int error)
{
	struct err e;

	(void)err_set(&e, "cannot write %s: %s", name, strerror(error));
	message_error(e.text);
	return EXIT_OUTPUT;
}

static int reopen(struct cap **cap, struct settings *s)
{
	struct err e = { "" };

	*cap = NULL;
	if (rewind_inputs(s, &e) == 0)
		*cap = cap_open(&s->cap, &e);
	if (!*cap)
		return run_input_failed(&e);
	s->report.facts = cap_facts(*cap);
	return EXIT_DONE;
}

/* --- -w --- */

static bool is_an_input(const struct stat *st, const struct settings *s)
{
	struct stat input;

	for (size_t i = 0; i < s->cap.nfiles; i++) {
		bool is_stdin = strcmp(s->cap.files[i], "-") == 0;
		int rc = is_stdin ? fstat(STDIN_FILENO, &input) : stat(s->cap.files[i], &input);

		if (rc == 0 && input.st_dev == st->st_dev && input.st_ino == st->st_ino &&
		    S_ISREG(input.st_mode))
			return true;
	}
	return false;
}

static int open_named(struct save *w, const struct settings *s)
{
	struct stat st;
	int fd;

	if (stat(w->name, &st) == 0 && is_an_input(&st, s)) {
		message_error("-w: the output would replace an input");
		return EXIT_USAGE;
	}
	fd = open(w->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	w->file = fd < 0 ? NULL : fdopen(fd, "wb");
	return w->file ? EXIT_DONE : output_failed(w->name, errno);
}

int save_open(struct save *w, const struct options *o, const struct settings *s)
{
	struct err e = { "" };
	int code;

	*w = (struct save){ .name = o->value[OPTION_WRITE] };
	report_out_init(&w->out, NULL);
	if (!w->name)
		return EXIT_DONE;
	if (strcmp(w->name, "-") != 0) {
		code = open_named(w, s);
		if (code != EXIT_DONE)
			return code;
	} else if (isatty(STDOUT_FILENO)) {
		return message_usage("-w -: a capture is nothing for a terminal");
	} else {
		w->file = stdout;
		w->name = "standard output";
	}
	report_out_init(&w->out, w->file);
	if (rewind_prepare(s, &e) < 0 || rewind_inputs(s, &e) < 0)
		return run_input_failed(&e);
	return EXIT_DONE;
}

static int write_failed(const struct save *w, const struct err *e)
{
	if (!w->out.error) {
		message_error(e->text);
		return EXIT_OUTPUT;
	}
	return w->out.error == EPIPE ? EXIT_DONE : output_failed(w->name, w->out.error);
}

static int copy(
    struct save *w, const struct gather *g, const struct pcapout *format, struct settings *s)
{
	struct err e = { "" };
	struct cap *cap;
	int code = reopen(&cap, s);

	if (code == EXIT_DONE && gather_save(g, cap, format, &w->out, &e) < 0)
		code = write_failed(w, &e);
	cap_close(cap);
	return code;
}

/* Which packets belong to the connections that matched. */
static int find_packets(struct gather *g, struct settings *s)
{
	struct err e = { "" };
	struct cap *cap;
	int code = reopen(&cap, s);

	if (code == EXIT_DONE && run_again(cap, s, gather_sink(g), &e) < 0)
		code = EXIT_OUTPUT;
	cap_close(cap);
	return code;
}

/* What a reading teaches: the link types, and which connections match. */
static int learn(struct pcapout *format, struct settings *s)
{
	struct pick *all = s->pick ? NULL : pick_new(NULL);
	struct err e = { "" };
	struct cap *cap;
	int code = reopen(&cap, s);

	if (code == EXIT_DONE && run_again(cap, s, pick_sink(all ? all : s->pick), &e) < 0)
		code = EXIT_OUTPUT;
	if (code == EXIT_DONE)
		pcapout_init(format, cap_facts(cap));
	pick_free(all);
	cap_close(cap);
	return code;
}

static int copy_matching(struct save *w, const struct pcapout *format, struct settings *s)
{
	struct gather *g = s->pick ? gather_new(s->pick, false) : NULL;
	int code = g ? find_packets(g, s) : EXIT_DONE;

	if (code == EXIT_DONE)
		code = copy(w, g, format, s);
	gather_free(g);
	return code;
}

int save_packets(struct save *w, const struct cap *cap, struct settings *s, int code)
{
	struct pcapout format = { .nlinks = 0 };
	int failed = EXIT_DONE;

	if (run_is_stopped()) {
		message_error("-w: interrupted before the packets were copied");
		return EXIT_OUTPUT;
	}
	if (cap)
		pcapout_init(&format, cap_facts(cap));
	else
		failed = learn(&format, s);
	if (failed == EXIT_DONE)
		failed = copy_matching(w, &format, s);
	pcapout_release(&format);
	return failed != EXIT_DONE ? failed : code;
}

int save_close(struct save *w, int code)
{
	report_out_release(&w->out);
	if (w->file && w->file != stdout && fclose(w->file) != 0)
		return output_failed(w->name, errno);
	return code;
}

/* --- extract --- */

static int extract_failed(const struct err *e)
{
	message_error(e->text);
	return EXIT_OUTPUT;
}

static int extract_streams(const struct extract_options *x, struct settings *s, struct cap *cap)
{
	struct err e = { "" };
	struct sink *sink;
	int code = EXIT_DONE;

	s->engine.digest = true;
	sink = extract_new(x, &e);
	if (!sink)
		return extract_failed(&e);
	if (run_again(cap, s, sink, &e) < 0)
		code = extract_failed(&e);
	report_sink_free(sink);
	return code == EXIT_DONE ? run_input_code(cap_facts(cap)) : code;
}

static int split(struct gather *g, const struct extract_options *x, const struct pcapout *format,
    struct settings *s)
{
	struct err e = { "" };
	struct cap *cap;
	int code = reopen(&cap, s);

	if (code == EXIT_DONE && gather_split(g, cap, format, x, &e) < 0)
		code = extract_failed(&e);
	cap_close(cap);
	return code;
}

static int extract_captures(const struct extract_options *x, struct settings *s, struct cap *cap)
{
	struct gather *g = gather_new(x->pick, true);
	struct pcapout format;
	struct err e = { "" };
	int code, input;

	if (run_again(cap, s, gather_sink(g), &e) < 0) {
		gather_free(g);
		return extract_failed(&e);
	}
	input = run_input_code(cap_facts(cap));
	pcapout_init(&format, cap_facts(cap));
	code = split(g, x, &format, s);
	pcapout_release(&format);
	gather_free(g);
	return code == EXIT_DONE ? input : code;
}

int extract_run(const struct options *o, struct settings *s)
{
	struct extract_options x = {
		.dir = o->value[OPTION_OUTPUT],
		.force = o->given[OPTION_FORCE],
		.pick = s->pick,
	};
	struct pcapout format = { .nlinks = 0 };
	struct err e = { "" };
	struct cap *cap;
	int code;

	if (rewind_prepare(s, &e) < 0)
		return run_input_failed(&e);
	code = confine_reading(s, x.dir);
	if (code != EXIT_DONE)
		return code;
	code = s->pick ? learn(&format, s) : EXIT_DONE;
	pcapout_release(&format);
	if (code != EXIT_DONE)
		return code;
	code = reopen(&cap, s);
	if (code == EXIT_DONE)
		code = o->given[OPTION_PCAP] ? extract_captures(&x, s, cap)
		                             : extract_streams(&x, s, cap);
	cap_close(cap);
	return code;
}
