/* SPDX-License-Identifier: MIT */
/*
 * frame - one batch of packets on its way through the pipeline, with all that is made of it.
 *
 * Input:  a capture and a decoder.
 * Output: segments by slot, each in the part of its shard; the whole seconds that began; a log of each shard.
 * Memory: reused from batch to batch.
 */
#ifndef ENGINE_FRAME_H
#define ENGINE_FRAME_H

#include "engine/tap.h"
#include "tcpshadow/decode.h"
#include "tcpshadow/shard.h"

#define NO_SLOT UINT32_MAX

/* A whole second begins at this slot. */
struct tick {
	uint32_t slot;
	int64_t second;
};

/* The slots of one shard, as a list through frame.next. */
struct part {
	uint32_t first, last;
};

/* The packets of a segment that came in fragments. */
struct pieces {
	uint32_t slot;
	size_t first, n; /* in frame.fragments */
};

struct frame {
	struct cap_batch batch;
	struct segment *segments; /* by slot */
	uint8_t *shard_at;        /* shard of the slot; SHARD_COUNT = no segment there */
	uint64_t *hashes;         /* of its flow, by slot */
	uint32_t *next;           /* next slot of the same shard */
	struct part parts[SHARD_COUNT];
	struct tick *ticks;
	size_t nticks;
	struct pieces *pieces; /* by slot */
	size_t npieces, pieces_cap;
	uint64_t *fragments;
	size_t nfragments, fragments_cap;
	struct datagram *datagrams; /* the decoder's: some segments lie in them */
	struct shard_log logs[SHARD_COUNT];
	int64_t
	    quiet; /* live, no packet came: all those before this time have (ns since the epoch); else 0 */
	unsigned left;    /* parts not run yet */
	int progress;     /* of the capture behind this batch, per mille, -1 = not known */
	uint64_t packets; /* of the capture so far */
};

/* What decoding carries from frame to frame. */
struct frame_maker {
	struct cap *cap;
	struct decoder *decoder;
	uint64_t hash_key;
	bool wants_pieces;
	int64_t second; /* latest that began */
	struct tap_clock clock;
};

void frame_init(struct frame *f, size_t max_packets, size_t max_bytes);
/* The logs have been released. */
void frame_release(struct frame *f, struct decoder *decoder);
/* Read and decode the next batch.  False at the end of the capture. */
bool frame_make(struct frame *f, struct frame_maker *m);
/* Give the shard its part of the frame, seconds included, and take its log. */
void frame_run_shard(struct frame *f, struct shard *s, unsigned shard);

#endif
