/* SPDX-License-Identifier: MIT */
/*
 * browse - the capture into a store, and the screens over it.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/browse.h"
#include "cli/confine.h"
#include "cli/crash.h"
#include "cli/live.h"
#include "cli/message.h"
#include "cli/run.h"
#include "cli/userfile.h"
#include "tcpshadow/tui.h"

enum {
	SCRIPT_MAX = 1 << 20, /* bytes */
	WAIT_MS = 300,
};

struct browse {
	const struct options *o;
	struct settings *s;
	struct cap *cap;
	struct recorder *recorder; /* of -w, or NULL */
	struct store *store;
	struct sink *sink; /* the store's */
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

/* The user's own files, and what the screens may write to. */
struct places {
	struct buf config, history, folder;
};

static void find_places(struct places *p, struct tui_options *o)
{
	const char *slash;

	buf_init(&p->config);
	buf_init(&p->history);
	buf_init(&p->folder);
	userfile_path(&p->config, "XDG_CONFIG_HOME", ".config", "config");
	userfile_path(&p->history, "XDG_STATE_HOME", ".local/state", "history");
	o->config = p->config.len ? p->config.data : NULL;
	o->history = p->history.len ? p->history.data : NULL;
	if (!o->history)
		return;
	userfile_make_folders(o->history);
	slash = strrchr(o->history, '/');
	buf_add(&p->folder, o->history, (size_t)(slash - o->history));
}

static void release_places(struct places *p)
{
	buf_release(&p->config);
	buf_release(&p->history);
	buf_release(&p->folder);
}

/* The capture is read in another thread, which is made when the sandbox is closed. */
static struct task *start_reading(struct browse *b, struct err *e)
{
	b->sink = store_sink(b->store);
	b->s->engine.progress = published;
	b->s->engine.progress_ctx = b;
	return task_start(b->cap, &b->s->engine, &b->sink, 1, e);
}

/* The same files from their beginning, which may have changed meanwhile; what is wrong with them, the user is told. */
static struct task *reload(struct browse *b, struct tui *tui, struct task *task, struct err *e)
{
	struct err ignored;
	struct cap *again = NULL;

	task_stop(task);
	(void)task_join(task, &ignored);
	if (confine_refresh_inputs(b->s, e) == 0)
		again = cap_open(&b->s->cap, e);
	if (!again) {
		tui_complain(tui, e->text);
		return task;
	}
	tui_drop(tui);
	task_free(task);
	store_free(b->store);
	cap_close(b->cap);
	b->cap = again;
	b->store = store_new(cap_facts(again));
	b->tui.cap = b->cap;
	b->tui.store = b->store;
	tui_take(tui);
	return start_reading(b, e);
}

static int run_screens(struct browse *b, struct tui *tui, struct err *e)
{
	struct task *task = start_reading(b, e);
	int end_signal = TUI_RELOAD;

	while (task && (end_signal = tui_run(tui, task)) == TUI_RELOAD)
		task = reload(b, tui, task, e);
	if (!task)
		return -1;
	tui_leave(tui); /* the end of the reading may take a while */
	task_free(task);
	return end_signal;
}

/* Returns as run_screens(). */
static int open_screens(struct browse *b, struct tui_terminal *t, struct err *e)
{
	struct places places;
	struct tui *tui;
	const char *dirs[2] = { ".", NULL };
	int rc = -1;

	find_places(&places, &b->tui);
	dirs[1] = places.folder.data;
	crash_guard(t->in);
	tui = tui_open(&b->tui, t, e);
	if (tui &&
	    confine_browsing(b->s, b->recorder, dirs, places.folder.len ? 2 : 1) == EXIT_DONE)
		rc = run_screens(b, tui, e);
	tui_close(tui);
	crash_unguard();
	release_places(&places);
	return rc;
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
		rc = open_screens(b, &t, &e);
		if (t.in != stdin)
			(void)fclose(t.in);
	}
	if (rc < 0)
		return message_usage(e.text);
	rc = rc ? EXIT_SIGNALLED + rc : run_input_code(cap_facts(b->cap));
	return live_recorded_code(b->cap, b->recorder, rc);
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

static const char *name_of(const struct options *o)
{
	if (o->given[OPTION_INTERFACE])
		return o->value[OPTION_INTERFACE];
	if (o->nfiles != 1)
		return "several captures";
	return strcmp(o->files[0], "-") == 0 ? "standard input" : o->files[0];
}

static bool has_stdin(const struct options *o)
{
	for (size_t i = 0; i < o->nfiles; i++)
		if (strcmp(o->files[i], "-") == 0)
			return true;
	return false;
}

/* Standard input that is silent: without its first bytes there is nothing to show. */
static void tell_waiting(const struct options *o)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	if (o->nfiles != 1 || strcmp(o->files[0], "-") != 0 || !isatty(STDERR_FILENO))
		return;
	if (poll(&in, 1, WAIT_MS) == 0)
		message_note("waiting for a capture on standard input; Ctrl-C ends");
}

static int open_capture(struct browse *b)
{
	struct err e = { "" };
	int code = EXIT_DONE;

	if (b->s->report.live)
		b->cap = live_start(b->s, &b->recorder, &code);
	if (b->s->report.live)
		return code;
	confine_open_inputs(b->s);
	if (!(b->cap = cap_open(&b->s->cap, &e)))
		code = run_input_failed(&e);
	return code;
}

int browse_run(const struct options *o, struct settings *s)
{
	struct browse b = { .o = o, .s = s };
	int code;

	s->cap.spool_bytes = s->spool;
	s->quiet = true; /* nothing but the screens on the terminal */
	tell_waiting(o);
	code = open_capture(&b);
	if (!b.cap) {
		recorder_free(b.recorder);
		return code;
	}
	b.store = store_new(cap_facts(b.cap));
	b.tui = (struct tui_options){
		.store = b.store,
		.cap = b.cap,
		.engine = &s->engine,
		.name = name_of(o),
		.filter = s->cap.bpf,
		.is_live = s->report.live,
		.can_reload = !s->report.live && !has_stdin(o),
		.recording = s->record.name,
		.home = getenv("HOME"),
		.where = o->value[OPTION_WHERE],
		.utc = s->report.utc,
		.ascii = o->given[OPTION_ASCII],
		.linear = o->given[OPTION_LINEAR],
	};
	code = o->given[OPTION_SCRIPT] ? test(&b) : browse(&b);
	store_free(b.store);
	cap_close(b.cap);
	recorder_free(b.recorder);
	return code;
}
