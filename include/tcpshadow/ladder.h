/* SPDX-License-Identifier: MIT */
/*
 * ladder - what a ladder diagram of a session shows, line by line, before it is drawn.
 *
 * Output: items: segments, runs of plain segments folded into one, gaps in time, states left by a
 *         timer.
 * Does not: draw.
 */
#ifndef TCPSHADOW_LADDER_H
#define TCPSHADOW_LADDER_H

#include "tcpshadow/session.h"

enum ladder_kind {
	LADDER_SEGMENT, /* rows[first] */
	LADDER_FOLD,    /* rows[first..last] */
	LADDER_GAP,     /* the time between rows[first - 1] and rows[first] */
	LADDER_TIMER,   /* record.sides[side].states[entry] */
};

struct ladder_item {
	uint8_t kind; /* enum ladder_kind */
	uint8_t side;
	uint8_t lines; /* LADDER_GAP: how many it deserves, 1 to 3 */
	uint32_t entry;
	size_t first, last;
	int64_t gap;       /* ns */
	const char *label; /* LADDER_GAP: who waits for what */
};

struct ladder {
	struct ladder_item *items;
	size_t nitems, cap;
};

void ladder_init(struct ladder *l, const struct session *s, bool fold);
void ladder_release(struct ladder *l);

/* What a folded run holds. */
struct ladder_fold {
	uint64_t data[2], bytes[2],
	    acks[2];      /* [enum side]: segments with payload, their bytes, without */
	int64_t from, to; /* times of its first and last segment */
};
struct ladder_fold ladder_fold_sum(const struct session *s, const struct ladder_item *it);
/* "264 data 369.6k, 132 ack"; nothing when the side sent nothing. */
void ladder_fold_text(struct buf *out, const struct ladder_fold *f, enum side side);

/*
 * "SYN+ACK 0 ack 1 win 28960 mss 1400": flags, relative numbers, window, options, as much of it as
 * fits into `room` columns; the first part always.
 */
void ladder_segment_text(struct buf *out, const struct session_row *row, size_t room);
/* The flags alone: "SYN+ACK", "PSH", "DATA", "none". */
void ladder_flags_text(struct buf *out, const struct session_row *row);
/* What there is to say about a segment: "retransmission, zero window". */
void ladder_notes_text(struct buf *out, const struct session *s, const struct session_row *row);

#endif
