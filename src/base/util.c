/* SPDX-License-Identifier: MIT */
/*
 * util - clearing memory, and the end of a program that found itself broken.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/util.h"

/* Async-signal-safe apart from snprintf; uses no stream, whose lock may be what is broken. */
void util_bug(const char *file, int line, const char *what)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "tcpshadow: bug at %s:%d: %s\n", file, line, what);
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		abort();
	abort();
}

void util_clear(void *at, size_t bytes)
{
	memset(at, 0, bytes);
}
