/* SPDX-License-Identifier: MIT */
/*
 * ladder - one connection line by line, or several in one, and the packet the cursor is on in detail.
 */
#ifndef TUI_LADDER_H
#define TUI_LADDER_H

#include "tcpshadow/describe.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/lifelines.h"
#include "tcpshadow/traces.h"
#include "tui/view.h"

enum {
	LADDER_DECIMALS = 6, /* of seconds */
	LADDER_NARROW = 60,  /* columns of a line; below: no times, no notes */
};

enum ladder_place {
	LADDER_PANE_BELOW,
	LADDER_PANE_RIGHT,
};

struct ladder_view {
	struct view view;       /* first */
	uint32_t session;       /* that it is of, on the screen of one; STORE_NONE = none yet */
	struct traces *traces;  /* NULL = there is nothing to show */
	struct lifelines lines; /* of several: their hosts */
	uint32_t
	    first_host; /* of several: the lifeline to the left, as far as there are enough behind it */
	int64_t laid_out_at; /* ns */
	struct ladder_source source;
	struct ladder ladder;
	struct ladder_span *opened; /* folds that were opened */
	size_t nopened, opened_cap;
	uint32_t fold_min;
	uint8_t fold, gaps, linear; /* settings of the layout at hand */
	struct ladder_mark {
		bool is_set;
		uint32_t packet; /* its number in the traces */
		uint64_t number; /* in the file */
		int64_t time;    /* ns */
	} mark;                  /* what others are compared with */
	uint64_t *problems;      /* ordinals of evidence of notes and worse, ascending */
	size_t nproblems;
	struct list list;              /* cursor: a line */
	struct rect body;              /* where the lines were drawn last, for clicks */
	bool pane_is_chosen, has_pane; /* otherwise by the height of the screen */
	bool in_pane;                  /* it has the focus */
	uint8_t place;                 /* enum ladder_place */
	struct list pane;              /* cursor: a visible line of the detail */
	uint32_t closed;               /* bits 1 << section: only its head is shown */
};

/* Is it the ladder of all sessions that are marked? */
static inline bool ladder_is_merged(const struct ladder_view *v)
{
	return v->view.screen == SCREEN_MERGED;
}
bool ladder_has_pane(const struct ladder_view *v, int height);
/* The packet under the cursor, by its number in the traces. */
uint32_t ladder_cursor_packet(const struct ladder_view *v);

/* ladder_rows.c */
void ladder_draw_rows(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r);
/* The same from line `top` on, on a grid of its own. */
void ladder_draw_page(
    struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r, size_t top);
void ladder_draw_strip(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r);
/* What the line of a packet says, for searching and copying. */
void ladder_line_text(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t i);
/* A packet's row, with its numbers as they are set. */
struct session_row ladder_row(const struct ladder_view *v, const struct ui *ui, uint32_t i);

/* ladder_line.c */
void ladder_time_text(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t i, int decimals);

/* ladder_linear.c */
/* A line in words; where they would take more than w columns, less is said of window and options. */
void ladder_linear_text(
    struct buf *out, struct ladder_view *v, const struct ui *ui, uint64_t line, int w);

/* ladder_export.c */
/* Write the connection to a new file; its name says the form.  Says what came of it. */
void ladder_export(struct ladder_view *v, struct ui *ui, const char *name);
void ladder_export_lines(struct ladder_view *v, struct ui *ui, const char *name);

/* ladder_merged.c */
/* How many lifelines there is room for on lines `w` wide. */
uint32_t ladder_merged_shown(const struct ladder_view *v, const struct ui *ui, int w);
/* Sessions and hosts, with what is not shown, on lines `w` wide. */
void ladder_merged_title(struct buf *out, const struct ladder_view *v, const struct ui *ui, int w);
/* Of the line the cursor is on: both states, where they are not on the lines. */
void ladder_merged_states(struct buf *out, const struct ladder_view *v);
/* Its connection, on the rule r below the lines. */
void ladder_merged_rule(
    struct grid *g, struct rect r, const struct ladder_view *v, const struct ui *ui);

/* ladder_detail.c */
/* Two lines about the line the cursor is on. */
void ladder_draw_brief(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r);
void ladder_draw_pane(struct ladder_view *v, struct ui *ui, struct grid *g, struct rect r);
/* Visible lines of the pane. */
size_t ladder_pane_lines(struct ladder_view *v, const struct ui *ui);
/* Open or close the section under the pane's cursor. */
void ladder_pane_toggle(struct ladder_view *v, const struct ui *ui);

#endif
