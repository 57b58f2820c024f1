/* SPDX-License-Identifier: MIT */
/*
 * shard - a part of all connections: their table, their memory and the log of what happened to them.
 *
 * Input:  the segments of the shard's flows, in order, and whole seconds of packet time.
 * Output: a log of events, in the order of the slots that caused them.
 * Memory: bounded; when full, first half-open connections go (oldest first, counted, without a record), then
 *         closed ones, then the open one that has been idle longest (with their records).
 * Does not: know other shards, files, threads or the clock on the wall.
 */
#ifndef TCPSHADOW_SHARD_H
#define TCPSHADOW_SHARD_H

#include "tcpshadow/event.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/stream.h"

enum {
	SHARD_COUNT = 8, /* fixed: limits and eviction are per shard, so output depends on it */
};

struct shard_options {
	uint64_t hash_key;   /* for buckets only */
	int64_t time_wait;   /* ns */
	uint64_t memory;     /* bytes, for this shard */
	bool wants_segments; /* log EVENT_SEGMENT */
	uint64_t
	    checkpoint; /* with segments: so many packets of a connection between two checkpoints; 0 = none */
	bool pack_all;     /* connections that are over, however few */
	bool wants_closed; /* log EVENT_CLOSED */
	bool wants_data;   /* log EVENT_DATA and EVENT_GAP */
	struct reasm_options streams;
	struct region
	    *region; /* where its memory comes from; NULL = the heap.  Outlives the shard */
};

struct shard_counts {
	uint64_t evicted;        /* records written early */
	uint64_t rolled_up;      /* half-open connections dropped without a record */
	uint64_t icmp_unmatched; /* ICMP errors about no known connection */
};

/* The log is the merge's until it goes back: it gives events and records their numbers.  A record lives as long as it. */
struct log_entry {
	struct event event;
	struct conn_record *record;
};

/*
 * What a shard had to tell of one batch.  Records and copied bytes in it are the shard's: only its shard may
 * give them back, so a log that was read goes to shard_log_swap() or shard_log_reset().
 */
struct ended;
struct shard_log {
	struct log_entry *entries;
	size_t n, cap;
	struct ended **ended; /* its records with all that they point to */
	size_t nended, ended_cap;
	struct replay **checkpoints; /* that its events point to */
	size_t ncheckpoints, checkpoints_cap;
	struct arena bytes; /* of data events */
};

struct shard;

struct shard *shard_new(const struct shard_options *o);
void shard_free(struct shard *s);

/* Where a segment belongs; the same for both directions. */
struct shard_place {
	uint64_t hash;  /* of its flow, keyed: its bucket */
	unsigned shard; /* 0 .. SHARD_COUNT - 1, by a fixed hash */
};
struct shard_place shard_place(const struct segment *seg, uint64_t hash_key);

/* hash: of its place, with the key of the shard's options. */
void shard_segment(struct shard *s, const struct segment *seg, uint64_t hash, uint32_t slot);
/* How far ahead of its turn a segment is, in segments of its shard: each step needs what the one before fetched. */
enum shard_ahead {
	SHARD_AHEAD_CONN = 1,
	SHARD_AHEAD_FLOW,
	SHARD_AHEAD_TABLES,
};
/* A segment of this flow comes soon: have the memory at hand that it will need. */
void shard_prefetch(const struct shard *s, uint64_t hash, enum shard_ahead ahead);
/* Packet time has reached this second; expire what is due. */
void shard_tick(struct shard *s, int64_t second, uint32_t slot);

/*
 * No packet has come for a while and none older than `now` (ns since the epoch) will: what is done for those that look
 * closed, which packets from then on would do first.  Nothing expires: that takes packets.
 */
void shard_quiet(struct shard *s, int64_t now);

/* The capture is over: the connections left, one at a time, in order of uid. */
void shard_finish_begin(struct shard *s);
uint64_t shard_finish_peek(const struct shard *s); /* uid of the next, 0 = none left */
void shard_finish_next(struct shard *s, uint32_t slot);

/* Forget what is in the log: what its events point to is gone. */
void shard_log_reset(struct shard *s, struct shard_log *log);
/* Empty *log and exchange it for what was logged since the last exchange. */
void shard_log_swap(struct shard *s, struct shard_log *log);
void shard_log_release(struct shard *s, struct shard_log *log); /* before shard_free() */
const struct shard_counts *shard_counts(const struct shard *s);

#endif
