/* SPDX-License-Identifier: MIT */
/*
 * err - fill the sentence that says what went wrong.
 *
 * Limits: sentences longer than the field are cut.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "tcpshadow/err.h"

int err_set(struct err *e, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return -1;
	va_start(args, fmt);
	if (vsnprintf(e->text, sizeof(e->text), fmt, args) < 0)
		e->text[0] = '\0';
	va_end(args);
	return -1;
}
