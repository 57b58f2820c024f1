/* SPDX-License-Identifier: MIT */
/*
 * store_model - the insides of the store, for its writer (store.c) and its readers (store_read.c).
 */
#ifndef REPORT_STORE_MODEL_H
#define REPORT_STORE_MODEL_H

#include "report/publish.h"
#include "tcpshadow/stable.h"
#include "tcpshadow/store.h"

/* A packet as it is kept.  Written once, before the row that counts it is published. */
struct store_cell {
	uint64_t place;       /* offset << 16 | file */
	int64_t time;         /* ns since the epoch */
	uint64_t ordinal_len; /* ordinal << 24 | payload bytes (at most CELL_LEN_MAX) */
	uint32_t seq, ack;    /* as on the wire */
	uint32_t notes;
	uint16_t window; /* as on the wire */
	uint16_t flags;  /* TCP flags and enum cell_flag */
	uint8_t states;  /* of end 0 in the low half, of end 1 in the high */
};

enum cell_flag {
	CELL_TCP_FLAGS = 0xfff,
	CELL_END = 0x1000, /* sent by end 1 */
	CELL_ICMP = 0x2000,
	CELL_SACK = 0x4000,
};

#define CELL_LEN_MAX 0xffffffu

_Static_assert(sizeof(struct store_cell) <= 48, "the index takes at most 48 bytes a packet");

/*
 * The cells of a connection lie in blocks of 4, 8, 16 ... BLOCK_MAX, BLOCK_MAX ... cells: a short one takes little, a
 * long one wastes little.
 */
enum {
	BLOCK_FIRST = 4,
	BLOCK_DOUBLINGS = 8,
	BLOCK_MAX = BLOCK_FIRST << BLOCK_DOUBLINGS,
	BLOCKS_GROWING =
	    BLOCK_FIRST * ((1 << BLOCK_DOUBLINGS) - 1), /* cells before the first of full size */
};

/* Where cell k is; *size = cells of its block. */
static inline uint32_t store_block_of(uint32_t k, uint32_t *within, uint32_t *size)
{
	unsigned n;

	if (k >= BLOCKS_GROWING) {
		*size = BLOCK_MAX;
		*within = (k - BLOCKS_GROWING) % BLOCK_MAX;
		return BLOCK_DOUBLINGS + (k - BLOCKS_GROWING) / BLOCK_MAX;
	}
	n = 31u - (unsigned)__builtin_clz(k / BLOCK_FIRST + 1);
	*size = (uint32_t)BLOCK_FIRST << n;
	*within = k - BLOCK_FIRST * ((1u << n) - 1);
	return n;
}

struct store_row {
	publish_word words[1 + PUBLISH_WORDS(sizeof(struct store_session))];
};

/* What the writer knows of a connection that has no record yet.  Sides are by end until they are published. */
struct store_open {
	struct store_session row;
	struct store_cell **blocks;
	uint32_t nblocks, blocks_cap;
	struct store_mark *marks;
	uint32_t marks_cap;
	uint32_t index;
	uint32_t touched;               /* bits: parts[i] had a segment */
	uint64_t parts[STORE_ACTIVITY]; /* bytes */
	int64_t syn_time, synack_time;  /* ns since the epoch, -1 = none yet */
	uint8_t synack_end;
	bool is_dirty;
	bool is_measured; /* the round trip is known, or never will be */
};

struct store {
	struct sink sink; /* first */
	const struct cap_facts *facts;

	/* shared */
	struct stable rows;     /* struct store_row by index */
	struct stable owners;   /* _Atomic uint32_t: id by ordinal - 1, 0 = none */
	struct stable findings; /* struct store_finding */
	publish_word status[1 + PUBLISH_WORDS(sizeof(struct store_snapshot))];

	/* the writer's */
	struct store_snapshot now;
	struct store_open **open; /* by index; NULL = over */
	size_t nopen, open_cap;
	uint32_t *dirty;
	size_t ndirty, dirty_cap;
	struct pool *opens;
	void **kept; /* to be freed with the store: blocks, lists of blocks, records */
	size_t nkept, kept_cap;
	struct replay **replays; /* likewise */
	size_t nreplays, replays_cap;
	struct run_summary summary; /* read after is_done */
	struct decode_counts decode;
	struct capture_quality quality;
	struct finding *run_findings;
};

#endif
