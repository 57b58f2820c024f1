/* SPDX-License-Identifier: MIT */
/*
 * ladder - what a ladder diagram of a connection shows, line by line, before it is drawn; or of several in one.
 *
 * Input:  packets by number, in order of capture, from a session or from a store; the records of their connections.
 * Output: items: runs of segments with a line each, runs of plain segments folded into one line, gaps in time,
 *         segments that must have been sent and were never captured, states left by a timer.
 * Memory: an item for what breaks a run, not for a packet.  Any line is found in logarithmic time.
 * Does not: draw.
 */
#ifndef TCPSHADOW_LADDER_H
#define TCPSHADOW_LADDER_H

#include "tcpshadow/capture.h"
#include "tcpshadow/session.h"

enum ladder_kind {
	LADDER_SEGMENT, /* packets first..last, a line each */
	LADDER_FOLD,    /* packets first..last in one line */
	LADDER_GAP,     /* the time between packets first - 1 and first */
	LADDER_TIMER,   /* records[conn].sides[side].states[entry] */
	LADDER_UNSEEN,  /* `bytes` of sequence space that `side` sent before packet `first` */
};

struct ladder_item {
	uint8_t kind; /* enum ladder_kind */
	uint8_t side;
	uint8_t
	    lines; /* LADDER_GAP: how many it deserves, 1 to 3; LADDER_UNSEEN: 0 = it was captured late */
	uint16_t
	    conn; /* of LADDER_GAP: whose packet ended it; of LADDER_SEGMENT, LADDER_FOLD: not set */
	uint32_t entry;
	uint32_t seq, bytes; /* LADDER_UNSEEN: its first number, as on the wire */
	size_t first, last;
	int64_t gap;       /* ns */
	const char *label; /* LADDER_GAP: who waits for what; NULL = see ladder_gap_label() */
	uint64_t line;     /* of its first line, from 0 */
};

struct ladder {
	struct ladder_item *items;
	size_t nitems, cap;
	uint64_t lines;
};

/* What the layout needs to know of a packet. */
struct ladder_peek {
	uint64_t packet; /* ordinal */
	int64_t time;    /* ns since ladder_source.start */
	uint32_t len, seq, ack;
	uint32_t notes;
	uint16_t flags;
	uint16_t conn; /* which of the connections */
	uint8_t side;
	bool is_icmp, has_sack;
};

/* Where the packets come from; `peek` may be called in any order. */
struct ladder_source {
	size_t n;
	void (*peek)(const void *ctx, size_t i, struct ladder_peek *out);
	const void *ctx;
	const struct conn_record *records;
	size_t nrecords;
	int64_t start; /* what the packets' times count from, ns since the epoch */
};

enum ladder_gaps { LADDER_GAPS_LOG, LADDER_GAPS_LINEAR, LADDER_GAPS_OFF };

enum { LADDER_FOLD_MIN = 4 };

/* Packets first..last by ordinal. */
struct ladder_span {
	uint64_t first, last;
};

struct ladder_options {
	bool fold;
	uint32_t fold_min;                /* shortest run that is folded; 0 = LADDER_FOLD_MIN */
	uint8_t gaps;                     /* enum ladder_gaps */
	bool brief;                       /* a gap has one line, however long it was */
	const struct ladder_span *opened; /* runs that begin in one of these are not folded */
	size_t nopened;
};

void ladder_build(
    struct ladder *l, const struct ladder_source *src, const struct ladder_options *o);
/* Of a session, with labels. */
void ladder_init(struct ladder *l, const struct session *s, bool fold);
void ladder_release(struct ladder *l);

/* The item that holds a line < l->lines. */
size_t ladder_at(const struct ladder *l, uint64_t line);
/* The packet a line is about: that of the line, the first of a fold, the one behind a gap; src->n = none follows. */
size_t ladder_packet(const struct ladder *l, uint64_t line);
/* The line that shows packet i. */
uint64_t ladder_line_of(const struct ladder *l, size_t i);

/* Who waited for what in the gap before this row. */
const char *ladder_gap_label(const struct session_row *after);

/* What a folded run holds. */
struct ladder_fold {
	uint64_t data[2], bytes[2], acks[2],
	    dups[2]; /* [enum side]: segments with payload, their bytes, without, duplicate ACKs among those */
	int64_t from, to; /* times of its first and last segment */
	uint64_t conns;   /* bits: whose segments they are, of the first 64 connections */
};
struct ladder_fold ladder_fold_of(const struct ladder_source *src, const struct ladder_item *it);
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
/* "371001+1400": of what was never captured before the row's packet, in its numbers. */
void ladder_unseen_text(
    struct buf *out, const struct ladder_item *it, const struct session_row *row, bool absolute);
/* What there is to say about a segment: "SACK recovery of #402, zero window", "rtt 11.8 ms". */
void ladder_notes_text(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct cap_facts *facts);
/* The same for ears: "warning: zero window". */
void ladder_notes_words(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct cap_facts *facts);

#endif
