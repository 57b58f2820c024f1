/* SPDX-License-Identifier: MIT */
/*
 * story_scan - reading one line of a story: words, numbers, ends.
 *
 * Functions return 0, or -1 with the error filled ("file:line: ...").
 */
#ifndef TESTS_LIB_STORY_SCAN_H
#define TESTS_LIB_STORY_SCAN_H

#include "lib/story.h"

struct story_scan {
	const char *p; /* rest of the line, NUL-terminated, comment removed */
	struct story *st;
	int line;
	struct err *e;
};

int story_scan_fail(struct story_scan *sc, const char *fmt, ...) TS_PRINTF(2, 3);
void story_scan_space(struct story_scan *sc);
bool story_scan_done(struct story_scan *sc);
/* The next word, up to white space or a comma; "" at the end of the line. */
void story_scan_word(struct story_scan *sc, char *out, size_t cap);
/* Moves past the character if it comes next. */
bool story_scan_char(struct story_scan *sc, char c);
TS_NODISCARD int story_scan_number(struct story_scan *sc, uint64_t max, uint64_t *out);
/* 2, .5, 10ms, 20us, 1s; in ns. */
TS_NODISCARD int story_scan_span(struct story_scan *sc, int64_t *ns);
/* A letter that a `flow` line named. */
TS_NODISCARD int story_scan_end(struct story_scan *sc, uint8_t *flow, uint8_t *end);
TS_NODISCARD int story_scan_address(
    struct story_scan *sc, const char *text, struct addr *out, uint8_t *version);

#endif
