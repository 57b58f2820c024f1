/* SPDX-License-Identifier: MIT */
/*
 * live - capturing from an interface until a signal or a limit ends it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/live.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "tcpshadow/text.h"

#define SHOW_INTERVAL (NS_PER_SEC / 2) /* between two states of the line of counters */

/* ---- -D */

static const char *state_of(const struct cap_interface *i)
{
	if (!i->is_up)
		return "down";
	return i->is_running && !i->is_disconnected ? "up" : "no link";
}

/* Sources of other things than network packets. */
static bool has_no_tcp(const struct cap_interface *i)
{
	static const char *const others[] = { "bluetooth", "dbus", "nflog", "nfqueue", "usbmon" };

	for (size_t k = 0; k < ARRAY_LEN(others); k++)
		if (strncmp(i->name, others[k], strlen(others[k])) == 0)
			return true;
	return false;
}

static void interface_line(struct buf *out, const struct cap_interface *i, size_t width)
{
	const char *what = i->description;
	struct buf more = BUF_INIT;

	if (!what && i->is_loopback)
		what = "loopback";
	if (!what && i->is_wireless)
		what = "wireless";
	for (size_t k = 0; k < i->naddresses; k++)
		buf_addf(&more, "%s%s", k ? ", " : "  ", i->addresses[k]);
	if (what)
		buf_addf(&more, "%s(%s)", i->naddresses ? " " : "  ", what);
	buf_addf(
	    out, "%-*s  %-*s%s\n", (int)width, i->name, more.len ? 7 : 0, state_of(i), more.data);
	buf_release(&more);
}

int live_list_interfaces(void)
{
	struct cap_interface *list;
	struct buf text = BUF_INIT;
	struct err e = { "" };
	size_t n, width = 0;

	if (cap_interfaces(&list, &n, &e) < 0) {
		message_error(e.text);
		return EXIT_INPUT;
	}
	for (size_t i = 0; i < n; i++)
		if (!has_no_tcp(&list[i]) && strlen(list[i].name) > width)
			width = strlen(list[i].name);
	for (size_t i = 0; i < n; i++)
		if (!has_no_tcp(&list[i]))
			interface_line(&text, &list[i], width);
	cap_interfaces_free(list, n);
	return run_print(&text);
}

/* ---- on the way */

struct watch {
	const struct settings *s;
	struct cap *cap;
	struct recorder *recorder;
	bool shows; /* a line of counters on the terminal */
	bool is_shown, told_trouble, told_down;
	int64_t shown_at;
};

/* "12,345 packets; lost: 3 by the kernel, 0 by the interface, 0 by tcpshadow" */
static void counters_text(struct buf *out, const struct cap_counters *c)
{
	text_count(out, c->packets);
	buf_addstr(out, c->packets == 1 ? " packet" : " packets");
	buf_addstr(out, "; lost: ");
	cap_lost_text(out, c);
	if (!c->unrecorded)
		return;
	buf_addstr(out, "; not recorded: ");
	text_count(out, c->unrecorded);
}

static void clear_line(struct watch *w)
{
	if (w->is_shown)
		(void)fprintf(stderr, "\r\033[K");
	w->is_shown = false;
}

static void tell_counters(struct watch *w, const struct cap_counters *c)
{
	struct buf text = BUF_INIT;

	clear_line(w);
	counters_text(&text, c);
	message_note("%s", text.data);
	buf_release(&text);
}

static void tell_changes(struct watch *w, const struct cap_counters *c)
{
	if (c->is_interface_down != w->told_down && !w->s->quiet) {
		clear_line(w);
		message_note(c->is_interface_down ? "%s is down; waiting for it" : "%s is up again",
		    w->s->cap.live.interface);
	}
	w->told_down = c->is_interface_down;
	if (c->unrecorded && !w->told_trouble) {
		const char *why = recorder_trouble(w->recorder);

		clear_line(w);
		message_note("%s; the analysis goes on", why ? why : "packets are not recorded");
		w->told_trouble = true;
	}
}

static void show_counters(struct watch *w, const struct cap_counters *c)
{
	int64_t now = progress_now();
	struct buf text = BUF_INIT;

	if (w->is_shown && now - w->shown_at < SHOW_INTERVAL)
		return;
	counters_text(&text, c);
	(void)fprintf(stderr, "\r%s\033[K", text.data);
	buf_release(&text);
	w->is_shown = true;
	w->shown_at = now;
}

static void update(void *ctx, int per_mille, uint64_t packets)
{
	struct watch *w = ctx;
	struct cap_counters c;

	(void)per_mille;
	(void)packets;
	cap_counters(w->cap, &c);
	if (run_takes_counters())
		tell_counters(w, &c);
	tell_changes(w, &c);
	if (w->shows)
		show_counters(w, &c);
}

/* ---- beginning and end */

static void tell_start(const struct watch *w)
{
	const struct cap_file_facts *f = &cap_facts(w->cap)->files[0];

	if (w->s->verbose || (!w->s->quiet && isatty(STDERR_FILENO)))
		message_note("capturing on %s, at most %u bytes of a packet; Ctrl-C ends", f->name,
		    (unsigned)f->snaplen);
}

static void tell_end(struct watch *w)
{
	struct cap_counters c;

	cap_counters(w->cap, &c);
	c.packets = cap_facts(w->cap)->packets;
	tell_changes(w, &c);
	clear_line(w);
	if (w->s->verbose || (!w->s->quiet && (c.dropped_kernel || c.dropped_interface ||
	                                          c.dropped_queue || c.unrecorded)))
		tell_counters(w, &c);
}

static int report(const struct options *o, struct settings *s, struct watch *w)
{
	bool is_silent = s->record.name && strcmp(s->record.name, "-") == 0;
	struct sink *sink = is_silent ? NULL : run_new_sink(o, s);
	struct err e = { "" };
	int code;

	s->engine.progress = update;
	s->engine.progress_ctx = w;
	run_catch_counters();
	tell_start(w);
	if (run_engine(w->cap, s, sink, &e) < 0)
		code = run_output_failed(&s->out, &e);
	else
		code = run_input_code(cap_facts(w->cap));
	tell_end(w);
	code = run_fail_on_code(o, s, code);
	report_sink_free(sink);
	return cap_facts(w->cap)->unrecorded ? EXIT_OUTPUT : code;
}

/* The table on a terminal and a line of counters would be in each other's way. */
static bool can_show(const struct options *o, const struct settings *s)
{
	return !s->quiet && isatty(STDERR_FILENO) &&
	       (o->command == COMMAND_SUMMARY || !isatty(STDOUT_FILENO));
}

static int cannot_start(const struct settings *s, const struct recorder *r, const struct err *e)
{
	bool is_output = r ? recorder_trouble(r) != NULL
	                   : strncmp(e->text, "cannot write", strlen("cannot write")) == 0;

	if (!is_output && !r && s->record.name)
		return message_usage(e->text);
	if (!is_output)
		return run_input_failed(e);
	message_error(e->text);
	return EXIT_OUTPUT;
}

struct cap *live_start(struct settings *s, struct recorder **r, int *code)
{
	struct err e = { "" };
	struct cap *cap = NULL;

	*r = s->record.name ? recorder_new(&s->record, &e) : NULL;
	s->cap.live.recorder = *r;
	if (*r || !s->record.name)
		cap = cap_open(&s->cap, &e);
	*code = cap ? EXIT_DONE : cannot_start(s, *r, &e);
	return cap;
}

int live_recorded_code(const struct cap *cap, const struct recorder *r, int code)
{
	uint64_t n = cap_facts(cap)->unrecorded;

	if (n == 0)
		return code;
	message_note("%llu packet%s not recorded: %s", (unsigned long long)n, n == 1 ? "" : "s",
	    recorder_trouble(r) ? recorder_trouble(r) : "they could not be written");
	return EXIT_OUTPUT;
}

int live_run(const struct options *o, struct settings *s)
{
	struct watch w = { .s = s, .shows = can_show(o, s) };
	int code;

	if (s->record.name && strcmp(s->record.name, "-") == 0 && isatty(STDOUT_FILENO))
		return message_usage("-w -: a capture is nothing for a terminal");
	w.cap = live_start(s, &w.recorder, &code);
	if (w.cap) {
		s->report.facts = cap_facts(w.cap);
		code = confine_capture(s, w.recorder);
		if (code == EXIT_DONE)
			code = report(o, s, &w);
	}
	cap_close(w.cap);
	recorder_free(w.recorder);
	return code;
}
