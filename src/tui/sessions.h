/* SPDX-License-Identifier: MIT */
/*
 * sessions - the sessions screen: which rows it has in which order, and what it knows of them.
 */
#ifndef TUI_SESSIONS_H
#define TUI_SESSIONS_H

#include "tui/column.h"

enum { SESSIONS_BOOKMARKS = 26 };

struct sessions {
	struct view view; /* first */
	uint32_t *shown;  /* indices into the store, in order */
	size_t nshown, cap_shown;
	struct list list; /* over shown */
	enum column sort;
	bool descending;
	struct buf filter;   /* as typed; empty = all */
	struct where *where; /* of the filter, NULL = it is plain text or `marked` */
	uint8_t *marks;      /* a bit for each session */
	size_t nmarks_bytes;
	uint32_t nmarked;
	uint64_t generation;                    /* of the snapshot that was ordered last */
	int64_t ordered_at;                     /* ns */
	uint32_t chosen;                        /* columns, bits; 0 = by width */
	struct rect body;                       /* rows of the table as drawn last, for clicks */
	bool is_end_told;                       /* the user was told of a broken input */
	bool is_alone;                          /* without the detail box */
	uint32_t bookmarks[SESSIONS_BOOKMARKS]; /* session index + 1 */
};

/* Bring rows up to date with the store; `now` for the pace of it, `at_once` when filter or order have changed. */
void sessions_update(struct sessions *s, struct ui *ui, bool at_once);
/* False, *e and nothing changed: the text looks like an expression and is none. */
bool sessions_set_filter(
    struct sessions *s, struct ui *ui, const char *text, struct where_error *e);
bool sessions_is_marked(const struct sessions *s, uint32_t index);
void sessions_mark(struct sessions *s, uint32_t index, bool on);
/* Put the cursor on a session; false = it is not shown. */
bool sessions_go(struct sessions *s, struct ui *ui, uint32_t index);

/* What is known of one session, in the lines of r. */
void sessions_draw_detail(struct ui *ui, struct grid *g, struct rect r, uint32_t index);

#endif
