/* SPDX-License-Identifier: MIT */
/*
 * sessions - the sessions screen: which rows it has in which order, and what it knows of them.
 */
#ifndef TUI_SESSIONS_H
#define TUI_SESSIONS_H

#include "tui/column.h"
#include "tui/pane.h"

struct sessions {
	struct view view; /* first */
	uint32_t *shown;  /* indices into the store, in order */
	size_t nshown, cap_shown;
	struct list list; /* over shown */
	enum column sort;
	bool descending;
	struct buf filter;   /* as typed; empty = all */
	struct where *where; /* of the filter, NULL = it is plain text or `marked` */
	bool utc;            /* its dates and times of day are in UTC */
	bool only_marked;    /* it is `marked`, or begins with `marked and` */
	uint8_t *marks;      /* a bit for each session */
	size_t nmarks_bytes;
	uint32_t nmarked;
	bool has_moved;          /* the user did: until then the cursor stays on the first row */
	bool follows;            /* the cursor stays on the newest */
	enum column sort_before; /* TOP: to go back to */
	uint64_t *sampled,
	    *rates; /* live: bytes of each session at the last sample, and a second since the one before */
	uint32_t nsampled;
	int64_t sampled_at;  /* ns */
	uint64_t generation; /* of the snapshot that was ordered last */
	int64_t ordered_at;  /* ns */
	uint32_t chosen;     /* columns, bits; 0 = by width */
	unsigned scroll;     /* columns scrolled off to the left */
	uint32_t columns;    /* those that were drawn last */
	struct rect body;    /* rows of the table as drawn last, for clicks */
	bool is_end_told;    /* the user was told of a broken input */
	bool is_stale;       /* the filter was typed and did not take effect yet */
	bool is_alone;       /* without the detail box */
	struct pane pane;    /* the detail box */
};

/* Bring rows up to date with the store; `now` for the pace of it, `at_once` when filter or order have changed. */
void sessions_update(struct sessions *s, struct ui *ui, bool at_once);
/* False, *e and nothing changed: the text looks like an expression and is none. */
bool sessions_set_filter(
    struct sessions *s, struct ui *ui, const char *text, struct where_error *e);
/* The same for a text that is still typed: it takes effect with the next drawing, for keys come in bunches. */
bool sessions_type_filter(struct sessions *s, const char *text, struct where_error *e);
/* What of a filter is an expression or text: behind `marked and`.  *only_marked: it begins so. */
const char *sessions_filter_rest(const char *text, bool *only_marked);
/* NULL = it is none; where it is wrong is told within the whole. */
struct where *sessions_compile(const struct sessions *s, const char *text, struct where_error *e);
/* Does somebody who types this mean an expression and not plain text? */
bool sessions_is_expression(const char *text);
bool sessions_is_marked(const struct sessions *s, uint32_t index);
void sessions_mark(struct sessions *s, uint32_t index, bool on);
/* Put the cursor on a session; false = it is not shown. */
bool sessions_go(struct sessions *s, struct ui *ui, uint32_t index);

/* What the action's menu has, or what completes the text typed for it. */
void sessions_choices(struct sessions *s, enum action a, const char *typed, struct choices *out);
/* A filter while it is typed. */
void sessions_typing(struct sessions *s, const char *text, struct prompt_error *e);
/* To the clipboard: "row", "addresses" and so on; false = none of them. */
bool sessions_copy(
    struct ui *ui, const struct column_cell *cell, enum column sort, const char *what);

/* Write what is marked, or all that is shown, to a new file; its name says the form.  Says what came of it. */
void sessions_export(struct sessions *s, struct ui *ui, const char *name);

struct sessions_layout {
	enum column column[COLUMN_COUNT];
	int x[COLUMN_COUNT], w[COLUMN_COUNT];
	size_t n;
};

/* Columns for the rows in r; remembers in s which they are. */
void sessions_layout(
    struct sessions_layout *l, struct sessions *s, const struct ui *ui, struct rect r);
/* Takes its lines off r. */
void sessions_draw_head(const struct sessions *s, struct ui *ui, struct grid *g, struct rect *r);
/* The first input that is broken; NULL = all is well, so far. */
const struct cap_file_facts *sessions_broken_file(const struct ui *ui);

/* What is known of one session, in r. */
void sessions_draw_detail(
    struct sessions *s, struct ui *ui, struct grid *g, struct rect r, uint32_t index);

/* sessions_linear.c */
/* The row in words: the columns of the layout. */
void sessions_linear_row(struct buf *out, const struct sessions_layout *l,
    const struct column_cell *cell, bool is_marked);
/* What is known of one session, a fact a line. */
void sessions_linear_detail(struct ui *ui, struct grid *g, struct rect r, uint32_t index);

#endif
