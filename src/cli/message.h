/* SPDX-License-Identifier: MIT */
/*
 * message - what people are told on standard error, escaped and with the program's name.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "tcpshadow/util.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_MATCHED = 1, /* --fail-on */
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,
	EXIT_OUTPUT = 4,
	EXIT_SIGNALLED = 128, /* plus the signal that ended it */
};

/* `text` may hold untrusted bytes; newlines in it are kept. */
void message_error(const char *text);
void message_note(const char *fmt, ...) TS_PRINTF(1, 2);
/* The error, then where to find help.  Returns EXIT_USAGE. */
int message_usage(const char *text);

#endif
