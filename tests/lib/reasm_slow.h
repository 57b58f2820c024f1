/* SPDX-License-Identifier: MIT */
/*
 * reasm_slow - what tcp/reasm.c must do, one byte at a time: an array with a cell for each number.
 *
 * Input:  as for reasm, with numbers from 0.
 * Limits: numbers below REASM_SLOW_BYTES, pieces below REASM_SLOW_PIECES.
 */
#ifndef TESTS_LIB_REASM_SLOW_H
#define TESTS_LIB_REASM_SLOW_H

#include "tcp/reasm.h"

enum {
	REASM_SLOW_BYTES = 1 << 15,
	REASM_SLOW_PIECES = 1024,
};

enum slow_state {
	SLOW_EMPTY,
	SLOW_WAITS, /* a byte that waits */
	SLOW_LACKS, /* sent, but cut off by the capture */
	SLOW_DATA,  /* delivered */
	SLOW_GAP,   /* declared missing */
};

struct slow_cell {
	uint8_t state; /* enum slow_state */
	uint8_t byte;  /* of a gap: enum stream_gap */
};

struct slow_piece {
	uint64_t from, to;
	uint8_t *bytes; /* of a held one, borrowed */
};

struct reasm_slow {
	const struct reasm_options *o;
	struct slow_cell cells[REASM_SLOW_BYTES];
	struct slow_piece pieces[REASM_SLOW_PIECES]; /* that were added, as they came */
	size_t npieces;
	struct slow_piece held[REASM_HELD_MAX];
	size_t nheld;
	uint64_t next, acked, fin, last_gap;
	int64_t gap_since;
	bool counting;
	uint64_t bytes, delivered, missing, dropped;
	bool conflict, old_conflict; /* old: with bytes that reasm may have forgotten */
};

void slow_init(struct reasm_slow *s, const struct reasm_options *o);
/* bytes NULL = cut off */
void slow_add(struct reasm_slow *s, uint64_t from, const uint8_t *bytes, size_t n);
/* The bytes are borrowed for good. */
void slow_hold(struct reasm_slow *s, uint64_t from, uint8_t *bytes, size_t n);
void slow_ack(struct reasm_slow *s, uint64_t ack, int64_t time);
void slow_fin(struct reasm_slow *s, uint64_t fin);
void slow_end(struct reasm_slow *s, bool refused);

#endif
