/* SPDX-License-Identifier: MIT */
/*
 * loop - keys, signals and the growth of the store, until the end.
 *
 * A key is answered at once.  Growth of the store is drawn at most ten times a second, and its last state
 * always: the clock draws, not the change.
 */
#include "config.h"

#include <sys/signalfd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tui/app.h"
#include "tui/term.h"

#define FRAME (NS_PER_SEC / 10)

struct loop {
	struct app app;
	struct term *term;
	const struct tui_terminal *given;
	int end_signal;
	bool has_grown; /* since it was drawn */
	int64_t drawn_at;
};

static int64_t now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH };

int tui_open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		(void)sigaddset(&set, watched[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void event(struct loop *l, struct app_event ev)
{
	ev.now = now();
	app_event(&l->app, &ev);
}

static void take_size(struct loop *l)
{
	struct app_event ev = { .type = APP_RESIZE };

	term_size(l->term, &ev.w, &ev.h);
	event(l, ev);
}

static void draw(struct loop *l)
{
	app_draw(&l->app);
	term_show(l->term, &l->app.grid);
	l->drawn_at = now();
	l->has_grown = false;
}

/* As the terminal's own ^Z does, but with the screen given back before. */
static void suspend(struct loop *l)
{
	term_leave(l->term);
	(void)kill(getpid(), SIGSTOP);
	term_return(l->term);
	take_size(l);
}

static void take_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->given->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTSTP:
			suspend(l);
			break;
		case SIGWINCH:
			take_size(l);
			break;
		case SIGCONT:
			term_forget(l->term);
			break;
		default:
			l->end_signal = (int)info.ssi_signo;
		}
	}
}

static void take_mouse(struct loop *l, const struct term_mouse *m)
{
	struct app_event move = { .type = APP_KEY,
		.key = m->wheel < 0 ? TUI_KEY_UP : TUI_KEY_DOWN };

	for (int i = 0; i < (m->wheel < 0 ? -m->wheel : m->wheel); i++)
		event(l, move);
	if (m->wheel == 0)
		event(l, (struct app_event){
		             .type = APP_CLICK, .y = m->y, .x = m->x, .is_double = m->is_double });
}

static void take_keys(struct loop *l)
{
	struct app_event ev = { .type = APP_KEY };
	struct term_mouse mouse;
	enum term_input in;

	while (!l->app.ui.is_over && (in = term_read(l->term, &ev.key, &mouse)) != TERM_NOTHING) {
		if (in == TERM_GONE) {
			l->end_signal = SIGHUP;
			return;
		}
		if (in == TERM_KEY)
			event(l, ev);
		else
			take_mouse(l, &mouse);
	}
}

/* What the app wants of the terminal. */
static void serve(struct loop *l)
{
	struct ui *ui = &l->app.ui;

	if (ui->copied.len) {
		if (!term_copy(l->term, ui->copied.data, ui->copied.len))
			ui_complain(ui, "too long for the clipboard of a terminal");
		buf_reset(&ui->copied);
	}
	if (ui->wants_redraw)
		term_forget(l->term);
	ui->wants_redraw = false;
}

/* Milliseconds until growth is to be drawn; -1 = there is none. */
static int wait_for(const struct loop *l)
{
	int64_t left = l->drawn_at + FRAME - now();

	if (!l->has_grown)
		return -1;
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

static void take_growth(struct loop *l)
{
	task_heard(l->given->task);
	l->has_grown = true;
}

/* One wait and what came of it; true = draw. */
static bool step(struct loop *l)
{
	struct pollfd fds[] = {
		{ .fd = fileno(l->given->in), .events = POLLIN },
		{ .fd = l->given->signals, .events = POLLIN },
		{ .fd = task_fd(l->given->task), .events = POLLIN },
	};
	int n = poll(fds, ARRAY_LEN(fds), wait_for(l));

	if (n < 0 && errno != EINTR)
		l->end_signal = SIGHUP;
	if (n <= 0)
		return l->has_grown;
	if (fds[1].revents)
		take_signals(l);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		l->end_signal = SIGHUP;
	if (fds[2].revents)
		take_growth(l);
	if (fds[0].revents & POLLIN)
		take_keys(l);
	serve(l);
	return (fds[0].revents | fds[1].revents) || wait_for(l) == 0;
}

int tui_run(
    const struct tui_options *o, const struct tui_terminal *t, int *end_signal, struct err *e)
{
	struct loop l = { .given = t };
	int w = 80, h = 24;

	l.term = term_open(t, e);
	if (!l.term)
		return -1;
	term_size(l.term, &w, &h);
	app_init(&l.app, o, w, h);
	draw(&l);
	while (!l.app.ui.is_over && l.end_signal == 0) {
		if (!step(&l))
			continue;
		if (l.has_grown)
			event(&l, (struct app_event){ .type = APP_GREW });
		draw(&l);
	}
	app_release(&l.app);
	term_close(l.term);
	*end_signal = l.end_signal;
	return 0;
}
