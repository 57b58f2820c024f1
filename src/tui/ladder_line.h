/* SPDX-License-Identifier: MIT */
/*
 * ladder_line - one line of a ladder on its way to the grid, and the parts of it.
 *
 * From left to right: cursor, packet number, times; then what the shape of the ladder makes of the room, with the
 * arrows in it; then notes.
 */
#ifndef TUI_LADDER_LINE_H
#define TUI_LADDER_LINE_H

#include "tui/ladder.h"

enum {
	LADDER_WIDE = 120,     /* from here on: the time since the line before as well */
	LADDER_ARROW_ENDS = 4, /* columns of an arrow around its words */
};

/* Widths, 0 = not shown; places count from the line's first column. */
struct ladder_columns {
	int number, time, delta;
	int state;  /* of an end, or of the number of the connection */
	int arrows; /* place of the first column behind the first lifeline's */
	int arrow;  /* width of all arrows together */
	int notes_at, notes;
	int pitch;             /* from one lifeline to the next */
	uint16_t first, shown; /* lifelines that there is room for */
};

struct ladder_line {
	struct ladder_view *v;
	struct ui *ui;
	struct grid *g;
	const struct ladder_shape *shape;
	struct ladder_columns c;
	int y, x; /* of the line, and of its first column */
	int w;
	uint16_t conn;  /* whose line it is */
	uint64_t conns; /* bits: the same, where there may be several */
	/* Where its arrow goes: between the two ends, without their lifelines. */
	int from, span;
	bool is_turned; /* the client stands to the right */
	int used;       /* columns of the notes that are taken */
};

/* How a ladder stands on the screen: with two ends, or with as many hosts as there are. */
struct ladder_shape {
	struct ladder_columns (*columns)(const struct ladder_view *v, const struct ui *ui, int w);
	/* The line is about this connection. */
	void (*aim)(struct ladder_line *l, uint16_t conn);
	/* It is about all that the bits say, and has the room of all arrows. */
	void (*aim_all)(struct ladder_line *l, uint64_t conns);
	/* What stands on every line: lifelines, whose line it is. */
	void (*frame)(struct ladder_line *l);
	void (*arrow)(
	    const struct ladder_line *l, const char *words, bool to_server, enum role role);
	/* The states that stand on the line, by enum side; NULL = none. */
	void (*states)(struct ladder_line *l, const struct state_entry *const e[2]);
	void (*titles)(const struct ladder_line *l);
};

extern const struct ladder_shape ladder_shape_pair, ladder_shape_merged;

/* Number and times. */
void ladder_lead_columns(
    struct ladder_columns *c, const struct ladder_view *v, const struct ui *ui, int w);
/* Where the shape's own columns begin. */
int ladder_lead_width(const struct ladder_columns *c);
struct pen ladder_pen(const struct ladder_line *l, int at, int w, enum role role);
struct pen ladder_notes_pen(const struct ladder_line *l, enum role role);
void ladder_put_ordinal(const struct ladder_line *l, uint64_t ordinal);
void ladder_put_number(const struct ladder_line *l, const char *text, enum role role);
void ladder_put_time(const struct ladder_line *l, const char *text, enum role role);
void ladder_put_delta(const struct ladder_line *l, const char *text, enum role role);
/* Words alone in the middle between the ends. */
void ladder_put_centred(const struct ladder_line *l, const char *words, enum role role);
void ladder_put_arrow(
    const struct ladder_line *l, const char *words, bool to_right, enum role role);
void ladder_put_lead_titles(const struct ladder_line *l);

#endif
