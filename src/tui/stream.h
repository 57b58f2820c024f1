/* SPDX-License-Identifier: MIT */
/*
 * stream - the streams of a session on the screen: what its view knows, and the rows it is drawn from.
 *
 * A line of the map takes several rows: long text is wrapped, and marks stand above the bytes they are about.
 */
#ifndef TUI_STREAM_H
#define TUI_STREAM_H

#include "tcpshadow/streammap.h"
#include "tcpshadow/trace.h"
#include "tui/view.h"

struct stream_place {
	uint64_t line;
	unsigned row; /* within the line */
};

struct stream_view {
	struct view view; /* first */
	uint32_t session; /* that the map is of; STORE_NONE = none */
	uint32_t npackets;
	struct trace *trace;
	struct cap_reader *reader;
	struct session *rows; /* for the names of pauses */
	struct streammap *map;
	struct stream_source source;
	struct packet last; /* read, and from where */
	uint64_t last_offset;
	bool has_last;
	struct stream_page page; /* the line at hand */
	enum stream_form form;
	unsigned sides; /* shown: bits 1 << side */
	struct stream_place cursor, top;
	int w, h;             /* of the text, when it was drawn last */
	uint64_t seen_packet; /* ui->packet when the cursor was set */
	bool has_selection;
	uint64_t selected_from; /* place */
	struct buf pattern;     /* that `search` was made for */
	struct stream_search *search;
	uint64_t found[2]; /* places; equal = nothing */
	uint32_t unread;   /* segments that came in IP fragments */
	bool no_pauses;    /* too many packets to name them */
	bool is_linear;    /* as drawn last: sides in words */
};

enum { STREAM_ROWS_MAX = 512 };

/* A row of a line. */
struct stream_row {
	enum { STREAM_ROW_BYTES, STREAM_ROW_LATE, STREAM_ROW_CLASH } kind;
	size_t from, n; /* bytes of the line */
	size_t part;    /* LATE: the one that filled the hole */
	size_t clash;   /* CLASH: which */
};

struct stream_rows {
	const struct stream_line *line;
	const uint8_t *bytes;
	struct stream_row rows[STREAM_ROWS_MAX];
	unsigned n;
	size_t above; /* part of the line above on the screen, SIZE_MAX = none */
};

/* The rows of a line, in w columns of text; the line is read again. */
bool stream_rows_of(
    struct stream_view *s, const struct ui *ui, uint64_t line, struct stream_rows *out);
/* What is said of a gap, of a pause; the beginning of a turn as a C array. */
void stream_gap_text(struct buf *out, const struct stream_part *part);
void stream_pause_text(struct buf *out, const struct stream_part *part);
void stream_array_text(
    struct buf *out, const struct stream_view *s, const struct ui *ui, const struct stream_line *l);
/* Writes what is shown as C arrays to a file, and says what came of it. */
void stream_export_code(struct stream_view *s, struct ui *ui, const char *name);
/* Draws row `i` of them. */
void stream_draw_row(const struct stream_view *s, const struct ui *ui,
    const struct stream_rows *rows, unsigned i, struct pen *p);

#endif
