/* SPDX-License-Identifier: MIT */
/*
 * history - the lines typed before, of one kind of prompt; newest first.
 *
 * File: one line each, `KIND TEXT`, oldest first.
 */
#ifndef TUI_HISTORY_H
#define TUI_HISTORY_H

#include "tcpshadow/util.h"

struct history {
	char **lines; /* oldest first */
	size_t n, cap;
};

size_t history_count(const struct history *h);
const char *history_at(const struct history *h, size_t i); /* 0 = the newest */
/* A line that is there already becomes the newest; empty ones are left out. */
void history_add(struct history *h, const char *line);
void history_release(struct history *h);

/* Several histories in one file.  Reading what is not there or not readable leaves them empty. */
struct history_kind {
	const char *name;
	struct history *history;
};
void history_load(const struct history_kind *kinds, size_t n, const char *file);
/* -1 = it could not be written. */
int history_save(const struct history_kind *kinds, size_t n, const char *file);

#endif
