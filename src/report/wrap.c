/* SPDX-License-Identifier: MIT */
/*
 * wrap - breaks text at blanks.
 */
#include "config.h"

#include <string.h>

#include "report/wrap.h"

#define WIDTH_MIN 40 /* columns below which breaking only makes it worse */

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of whole words that fit into `room` columns; the first word always does. */
static size_t fitting(const char *text, size_t room)
{
	size_t n = 0, columns = 0;

	for (size_t i = 0;; i++) {
		if (text[i] == ' ' || text[i] == '\0') {
			if (columns > room && n > 0)
				return n;
			n = i;
		}
		if (text[i] == '\0')
			return n;
		columns += !is_inside_character(text[i]);
	}
}

void wrap_text(struct buf *out, const char *text, size_t width, size_t used, size_t indent)
{
	size_t room = width < WIDTH_MIN ? SIZE_MAX : width;

	for (;;) {
		size_t n = fitting(text, room > used ? room - used : 0);

		buf_add(out, text, n);
		buf_addch(out, '\n');
		text += n;
		if (*text == '\0')
			return;
		text++;
		buf_pad(out, ' ', indent);
		used = indent;
	}
}
