/* SPDX-License-Identifier: MIT */
/*
 * message - standard error.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "tcpshadow/text.h"

static void print_lines(const char *text)
{
	struct buf line = BUF_INIT;
	const char *prefix = "tcpshadow: ";

	while (*text) {
		size_t n = strcspn(text, "\n");

		buf_reset(&line);
		buf_addstr(&line, prefix);
		text_escape(&line, text, n);
		(void)fprintf(stderr, "%s\n", line.data);
		text += n + (text[n] == '\n');
		prefix = "";
	}
	buf_release(&line);
}

void message_error(const char *text)
{
	print_lines(text);
}

void message_note(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_lines(text);
}

int message_usage(const char *text)
{
	print_lines(text);
	(void)fprintf(stderr, "Try 'tcpshadow --help'.\n");
	return EXIT_USAGE;
}
