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
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tcpshadow/mem.h"
#include "tui/app.h"
#include "tui/confirm.h"
#include "tui/term.h"

#define FRAME (NS_PER_SEC / 10)

enum { EMPTY_READS_MAX = 20 };

struct tui {
	struct app app;
	struct term *term;
	const struct tui_terminal *given;
	struct task *task;
	int end_signal;
	unsigned empty_reads;        /* in a row */
	uint8_t color, theme, mouse; /* settings that the terminal has */
	bool has_grown;              /* since it was drawn */
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

static void event(struct tui *l, struct app_event ev)
{
	ev.now = now();
	app_event(&l->app, &ev);
}

static void take_size(struct tui *l)
{
	struct app_event ev = { .type = APP_RESIZE };

	term_size(l->term, &ev.w, &ev.h);
	event(l, ev);
}

static void draw(struct tui *l)
{
	app_draw(&l->app);
	term_show(l->term, &l->app.grid);
	l->drawn_at = now();
	l->has_grown = false;
}

/* As the terminal's own ^Z does, but with the screen given back before. */
static void suspend(struct tui *l)
{
	term_leave(l->term);
	(void)kill(getpid(), SIGSTOP);
	term_return(l->term);
	take_size(l);
}

static void take_signals(struct tui *l)
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
		case SIGINT:
			/* Typed, it asks before packets are lost; who sends it knows. */
			if (info.ssi_code != SI_KERNEL || confirm_interrupt(&l->app))
				l->end_signal = SIGINT;
			break;
		default:
			l->end_signal = (int)info.ssi_signo;
		}
	}
}

static void take_mouse(struct tui *l, const struct term_mouse *m)
{
	struct app_event move = { .type = APP_KEY,
		.key = m->wheel < 0 ? TUI_KEY_UP : TUI_KEY_DOWN };

	for (int i = 0; i < (m->wheel < 0 ? -m->wheel : m->wheel); i++)
		event(l, move);
	if (m->wheel == 0)
		event(l, (struct app_event){
		             .type = APP_CLICK, .y = m->y, .x = m->x, .is_double = m->is_double });
}

/* A terminal that is readable again and again and gives nothing is at its end. */
static void take_keys(struct tui *l)
{
	struct app_event ev = { .type = APP_KEY };
	struct term_mouse mouse;
	enum term_input in;

	l->empty_reads++;

	while (!l->app.ui.is_over && (in = term_read(l->term, &ev.key, &mouse)) != TERM_NOTHING) {
		l->empty_reads = 0;
		if (in == TERM_KEY)
			event(l, ev);
		else if (in == TERM_MOUSE)
			take_mouse(l, &mouse);
	}
	if (l->empty_reads > EMPTY_READS_MAX)
		l->end_signal = SIGHUP;
}

/* What the app wants of the terminal. */
static void serve(struct tui *l)
{
	struct ui *ui = &l->app.ui;

	if (ui->copied.len) {
		if (!term_copy(l->term, ui->copied.data, ui->copied.len))
			ui_complain(ui, "too long for the clipboard of a terminal");
		buf_reset(&ui->copied);
	}
	if (ui->setting[SETTING_COLOR] != l->color || ui->setting[SETTING_THEME] != l->theme)
		term_set_color(l->term, (enum tui_color)ui->setting[SETTING_COLOR], ui->looks);
	if (ui->setting[SETTING_MOUSE] != l->mouse)
		term_set_mouse(l->term, ui->setting[SETTING_MOUSE]);
	l->color = ui->setting[SETTING_COLOR];
	l->theme = ui->setting[SETTING_THEME];
	l->mouse = ui->setting[SETTING_MOUSE];
	if (ui->wants_redraw)
		term_forget(l->term);
	ui->wants_redraw = false;
}

/* The command line goes before the configuration. */
static void take_options(struct tui *l)
{
	uint8_t *setting = l->app.ui.setting;

	if (l->given->color != TUI_COLOR_AUTO)
		setting[SETTING_COLOR] = l->given->color;
	if (l->given->mouse)
		setting[SETTING_MOUSE] = 1;
	l->color = UINT8_MAX;
	serve(l);
}

/* Milliseconds until growth is to be drawn, or the clock of a live capture; -1 = there is none. */
static int wait_for(const struct tui *l)
{
	bool ticks = l->app.ui.options->is_live && !l->app.ui.snap.is_done;
	int64_t left = l->drawn_at + (l->has_grown ? FRAME : NS_PER_SEC) - now();

	if (!l->has_grown && !ticks)
		return -1;
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

static void take_growth(struct tui *l)
{
	task_heard(l->task);
	l->has_grown = true;
}

/* One wait and what came of it; true = draw. */
static bool step(struct tui *l)
{
	struct pollfd fds[] = {
		{ .fd = fileno(l->given->in), .events = POLLIN },
		{ .fd = l->given->signals, .events = POLLIN },
		{ .fd = task_fd(l->task), .events = POLLIN },
	};
	int n = poll(fds, ARRAY_LEN(fds), wait_for(l));

	if (n < 0 && errno != EINTR)
		l->end_signal = SIGHUP;
	if (n <= 0)
		return n == 0;
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

struct tui *tui_open(const struct tui_options *o, const struct tui_terminal *t, struct err *e)
{
	struct tui *l = mem_alloc(1, sizeof(*l));
	int w = 80, h = 24;

	l->given = t;
	l->term = term_open(t, e);
	if (!l->term) {
		free(l);
		return NULL;
	}
	term_size(l->term, &w, &h);
	app_init(&l->app, o, w, h);
	take_options(l);
	draw(l);
	return l;
}

int tui_run(struct tui *l, struct task *task)
{
	l->task = task;
	while (!l->app.ui.is_over && !l->app.ui.wants_reload && l->end_signal == 0) {
		if (!step(l))
			continue;
		event(l, (struct app_event){ .type = l->has_grown ? APP_GREW : APP_TICK });
		draw(l);
	}
	return l->app.ui.wants_reload && l->end_signal == 0 ? TUI_RELOAD : l->end_signal;
}

void tui_drop(struct tui *l)
{
	ui_drop(&l->app.ui);
}

void tui_take(struct tui *l)
{
	ui_take(&l->app.ui);
	draw(l);
}

void tui_complain(struct tui *l, const char *text)
{
	l->app.ui.wants_reload = false;
	ui_complain(&l->app.ui, "%s", text);
	draw(l);
}

void tui_leave(struct tui *l)
{
	term_close(l->term);
	l->term = NULL;
}

void tui_close(struct tui *l)
{
	if (!l)
		return;
	app_release(&l->app);
	term_close(l->term);
	free(l);
}
