/* SPDX-License-Identifier: MIT */
/*
 * streammap_parts - the inside of a streammap, for the files that make it.
 */
#ifndef REPORT_STREAMMAP_PARTS_H
#define REPORT_STREAMMAP_PARTS_H

#include "report/lines.h"
#include "report/pauses.h"
#include "tcpshadow/streammap.h"

enum {
	SIDES_MAX = 3,     /* sets of sides: client, server, both */
	LINES_A_MARK = 32, /* lines that are made again to reach one */
	RUN_LONG =
	    4096, /* a binary run of so many bytes has marks of its own: it is never read whole */
	ROW_FORMS = 2, /* hex, C */
};

/* Where a line of text begins, so that lines can be made from there. */
struct stream_mark {
	uint64_t line, at;
	uint64_t run; /* the line is a long binary run of so many bytes, 0 = it is not */
	uint32_t part;
};

/* The lines of a set of sides. */
struct stream_index {
	struct stream_mark *marks;
	size_t nmarks, cap;
	uint64_t nlines;
	bool is_due; /* the next line has a mark */
};

/* What one side sends until the other's bytes come; or a gap, a pause. */
struct stream_turn {
	uint64_t at, n;
	uint32_t part, number;              /* number among its side's */
	uint8_t side, kind;                 /* enum stream_part_kind */
	uint64_t row[ROW_FORMS][SIDES_MAX]; /* rows before it */
};

struct streammap {
	const struct session *session; /* while it is made */
	struct replay *replay;
	struct replay_streams watch;
	struct pauses pauses;
	struct lines lines;
	uint64_t line_at;          /* place of the next line */
	const struct segment *now; /* being added */
	const uint8_t *now_frame;  /* its payload when the file has it in one piece */
	bool has_begun;
	uint8_t end_sides[2]; /* side of a replay's end */

	struct stream_part *parts;
	size_t nparts, parts_cap;
	struct stream_packet *packets; /* those with payload, in order */
	size_t npackets, packets_cap;
	struct stream_clash *clashes;
	size_t nclashes, clashes_cap;
	struct stream_turn *turns;
	size_t nturns, turns_cap;
	bool in_turn;
	struct buf own;
	uint64_t bytes[2];     /* [side] delivered */
	uint64_t next[2];      /* [side] offset behind what was delivered or missing */
	uint32_t base[2];      /* [side] sequence number of offset 0 */
	uint64_t newest[2];    /* [side] last packet of those whose bytes were delivered */
	uint32_t nturns_of[2]; /* [side] */
	bool behind_gap[2];    /* [side] */
	struct stream_index index[SIDES_MAX]; /* [sides - 1] */
	uint64_t nrows[ROW_FORMS][SIDES_MAX];
};

/* While the map is made: the part that was added last, with its bytes; the end of a turn. */
void stream_index_part(struct streammap *m, const uint8_t *bytes);
void stream_index_turn_end(struct streammap *m);
void stream_index_line(void *ctx, const struct line *l); /* for struct lines */

/* Bytes of both sides at a place, at most n and within the turn; NULL when they cannot be had. */
const uint8_t *stream_piece(const struct streammap *m, const struct stream_source *src, uint64_t at,
    size_t *n, struct err *e);

#endif
