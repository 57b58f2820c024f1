/* SPDX-License-Identifier: MIT */
/*
 * store_model - the insides of the store, for its writer (store.c) and its readers (store_read.c).
 */
#ifndef REPORT_STORE_MODEL_H
#define REPORT_STORE_MODEL_H

#include "report/publish.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/stable.h"
#include "tcpshadow/store.h"

/* A packet as it is kept.  Written once, before the row that counts it is published. */
struct store_cell {
	uint64_t place;    /* offset << 16 | file */
	int64_t time;      /* ns since the epoch */
	uint64_t numbers;  /* ordinal << 28 | payload bytes << 8 | state of end 1 << 4 | of end 0 */
	uint32_t seq, ack; /* as on the wire */
	uint32_t notes;
	uint16_t window; /* as on the wire */
	uint16_t flags;  /* TCP flags and enum cell_flag */
};

enum cell_flag {
	CELL_TCP_FLAGS = 0xfff,
	CELL_END = 0x1000, /* sent by end 1 */
	CELL_ICMP = 0x2000,
	CELL_SACK = 0x4000,
};

#define CELL_LEN_MAX 0xfffffu /* bytes: more are told as so many */

_Static_assert(sizeof(struct store_cell) == 40, "the index takes 40 bytes a packet");

static inline uint64_t store_cell_ordinal(const struct store_cell *c)
{
	return c->numbers >> 28;
}

/*
 * The cells of a connection lie in blocks: four of 4 cells, four of 8, and so on up to BLOCK_MAX, from there on all of
 * BLOCK_MAX.  A short connection takes little, a long one wastes at most a fifth.
 */
enum {
	BLOCK_FIRST_BITS = 2,
	BLOCK_MAX_BITS = 10,
	BLOCK_MAX = 1 << BLOCK_MAX_BITS,
	BLOCKS_GROWING = 4 * (BLOCK_MAX_BITS - BLOCK_FIRST_BITS), /* blocks smaller than that */
};

/* Where cell k is; *size = cells of its block. */
static inline uint32_t store_block_of(uint32_t k, uint32_t *within, uint32_t *size)
{
	uint64_t v =
	    (uint64_t)k + (4u << BLOCK_FIRST_BITS); /* a quarter of its highest bit is the size */
	unsigned bits = 61u - (unsigned)__builtin_clzll(v);

	if (bits >= BLOCK_MAX_BITS) {
		v -= 4u << BLOCK_MAX_BITS;
		*size = BLOCK_MAX;
		*within = (uint32_t)v % BLOCK_MAX;
		return BLOCKS_GROWING + (uint32_t)(v / BLOCK_MAX);
	}
	*size = 1u << bits;
	*within = (uint32_t)v & (*size - 1);
	return 4 * (bits - BLOCK_FIRST_BITS) + (uint32_t)(v >> bits & 3u);
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
	bool was_zero[2]; /* [end]: its last segment closed its window */
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
	struct arena kept;       /* blocks, lists, records: what readers may hold on to */
	struct replay **replays; /* likewise */
	size_t nreplays, replays_cap;
	struct run_summary summary; /* read after is_done */
	struct decode_counts decode;
	struct capture_quality quality;
	struct finding *run_findings;
};

#endif
