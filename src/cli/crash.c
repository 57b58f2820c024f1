/* SPDX-License-Identifier: MIT */
/*
 * crash - the handler of fatal signals.
 *
 * It calls functions only that POSIX allows in handlers.  The sequences that it sends are those of
 * xterm, which every terminal with an alternate screen knows.
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/crash.h"
#include "tcpshadow/util.h"

/* A handler can reach nothing but globals. */
static struct termios modes;
static int terminal_fd = -1;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };

static void give_back(int signal_number)
{
	/* mouse off, ordinary keypad, attributes off, cursor on, main screen */
	static const char reset[] = "\033[?1000l\033[?1l\033>\033[0m\033[?25h\033[?1049l\r";

	if (write(terminal_fd, reset, sizeof(reset) - 1) >= 0)
		(void)tcsetattr(terminal_fd, TCSANOW, &modes);
	(void)raise(signal_number); /* SA_RESETHAND: the default action */
}

void crash_guard(FILE *terminal)
{
	struct sigaction action = { .sa_handler = give_back, .sa_flags = (int)SA_RESETHAND };
	int fd = fileno(terminal);

	if (tcgetattr(fd, &modes) < 0)
		return;
	terminal_fd = fd;
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		(void)sigaction(fatal[i], &action, NULL);
}

void crash_unguard(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		(void)signal(fatal[i], SIG_DFL);
}
