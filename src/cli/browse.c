/* SPDX-License-Identifier: MIT */
/*
 * browse - the capture into a store, and the screens over it.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/browse.h"
#include "cli/crash.h"
#include "cli/message.h"
#include "cli/run.h"
#include "tcpshadow/tui.h"

enum { SCRIPT_MAX = 1 << 20 }; /* bytes */

struct browse {
	const struct options *o;
	struct settings *s;
	struct cap *cap;
	struct store *store;
	struct tui_options tui;
};

static int read_script(struct buf *out, const char *name, struct err *e)
{
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f)
		return err_set(e, "%s: %s", name, strerror(errno));
	buf_reserve(out, SCRIPT_MAX);
	n = fread(out->data, 1, SCRIPT_MAX, f);
	out->len = n;
	out->data[n] = '\0';
	(void)fclose(f);
	return 0;
}

static void published(void *ctx, int per_mille, uint64_t packets)
{
	struct browse *b = ctx;

	store_publish(b->store, per_mille, packets);
}

/* Keys from a file, when all was read: for tests. */
static int run_script(struct browse *b, struct err *e)
{
	struct sink *sink = store_sink(b->store);
	struct tui_size size = { 80, 24 };
	const char *wanted = b->o->value[OPTION_SIZE];
	struct buf script = BUF_INIT;
	int rc;

	if (wanted && !tui_parse_size(wanted, strlen(wanted), &size))
		return err_set(e, "--size: '%s' is not WIDTHxHEIGHT", wanted);
	b->s->engine.progress = published;
	b->s->engine.progress_ctx = b;
	rc = read_script(&script, b->o->value[OPTION_SCRIPT], e);
	if (rc == 0)
		rc = engine_run(b->cap, &b->s->engine, &sink, 1, e);
	if (rc == 0)
		rc = tui_script(&b->tui, size, script.data, &b->s->out.buf, e);
	buf_release(&script);
	return rc;
}

/* Keys come from the terminal even where the capture comes from standard input. */
static FILE *open_keys(struct err *e)
{
	FILE *f;

	if (isatty(STDIN_FILENO))
		return stdin;
	f = fopen("/dev/tty", "r");
	if (!f)
		(void)err_set(e, "there is no terminal for keys: /dev/tty: %s", strerror(errno));
	return f;
}

/* The screens while the capture is read in another thread. */
static int run_screens(struct browse *b, struct tui_terminal *t, struct err *e)
{
	struct sink *sink = store_sink(b->store);
	int end_signal = 0, rc;

	b->s->engine.progress = published;
	b->s->engine.progress_ctx = b;
	t->task = task_start(b->cap, &b->s->engine, &sink, 1, e);
	if (!t->task)
		return -1;
	crash_guard(t->in);
	rc = tui_run(&b->tui, t, &end_signal, e);
	crash_unguard();
	task_free(t->task);
	return rc < 0 ? -1 : end_signal;
}

static int browse(struct browse *b)
{
	struct tui_terminal t = {
		.out = stdout, .color = b->s->color, .mouse = b->o->given[OPTION_MOUSE]
	};
	struct err e = { "" };
	int rc = -1;

	if (!isatty(STDOUT_FILENO))
		return message_usage("browse needs a terminal; 'tcpshadow list' prints the "
		                     "connections as text");
	t.in = open_keys(&e);
	if (t.in) {
		b->tui.ascii = !b->s->report.utf8;
		t.signals = tui_open_signals();
		rc = run_screens(b, &t, &e);
		if (t.in != stdin)
			(void)fclose(t.in);
	}
	if (rc < 0)
		return message_usage(e.text);
	return rc ? EXIT_SIGNALLED + rc : run_input_code(cap_facts(b->cap));
}

static int test(struct browse *b)
{
	struct err e = { "" };

	if (run_script(b, &e) < 0)
		return message_usage(e.text);
	if (report_out_flush(&b->s->out, &e) < 0)
		return run_output_failed(&b->s->out, &e);
	return run_input_code(cap_facts(b->cap));
}

int browse_run(const struct options *o, struct settings *s)
{
	struct browse b = { .o = o, .s = s };
	struct err e = { "" };
	int code;

	s->cap.spool_bytes = s->spool;
	b.cap = cap_open(&s->cap, &e);
	if (!b.cap)
		return run_input_failed(&e);
	b.store = store_new(cap_facts(b.cap));
	b.tui = (struct tui_options){
		.store = b.store,
		.cap = b.cap,
		.engine = &s->engine,
		.name = o->nfiles == 1 ? o->files[0] : "several captures",
		.where = o->value[OPTION_WHERE],
		.utc = s->report.utc,
		.ascii = o->given[OPTION_ASCII],
	};
	code = o->given[OPTION_SCRIPT] ? test(&b) : browse(&b);
	store_free(b.store);
	cap_close(b.cap);
	return code;
}
