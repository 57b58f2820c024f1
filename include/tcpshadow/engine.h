/* SPDX-License-Identifier: MIT */
/*
 * engine - run a capture through decode and tcp and hand the events to sinks, in order.
 *
 * Output is a pure function of file and options: the same for any batch size, order of shards and hash key.
 */
#ifndef TCPSHADOW_ENGINE_H
#define TCPSHADOW_ENGINE_H

#include "tcpshadow/capture.h"
#include "tcpshadow/decode.h"
#include "tcpshadow/event.h"
#include "tcpshadow/stream.h"

/* How good the capture is, as packets and connections show it. */
struct capture_quality {
	uint64_t connections;             /* with a record */
	uint64_t vantages[VANTAGE_COUNT]; /* of them, by vantage point */
	bool has_tap_host;
	struct endpoint_addr tap_host; /* the host at which it was taken; port 0 */
	uint64_t troubled[TRAP_COUNT]; /* connections by trap that showed while packets passed */
	uint64_t duplicate_frames;
	uint64_t clock_unit; /* times are multiples of this, ns; 0 = too few packets to tell */
	int64_t largest_step_back; /* in time, ns */
};

/* Facts about the whole run, complete when sinks are finished. */
struct run_summary {
	const struct cap_facts *capture;
	const struct decode_counts *decode;
	uint64_t connections;
	uint64_t evicted;        /* connections written early because a limit was reached */
	uint64_t icmp_unmatched; /* ICMP errors about no known connection */
	uint64_t
	    half_open_rolled_up; /* unanswered SYNs that were only counted because the limit was reached */
	uint64_t memory_limit; /* bytes */
	bool interrupted; /* a signal ended the run before its end; live there is no other end */
	const struct capture_quality *quality;
	const struct finding *findings; /* about the capture as a whole; `by` is BY_NOBODY */
	size_t nfindings;
};

/*
 * One consumer.  Called one at a time, in order of packets, not always by the same thread.  Non-zero results stop
 * the run.
 */
struct sink;

/* Live, so that what waits is shown although no packet comes. */
struct engine_pulse {
	int64_t now; /* a clock of the wall that never goes back, ns */
	uint64_t connections;
	struct cap_counters capture;
};

struct sink_ops {
	unsigned wants; /* EVENT_BIT()s */
	int (*event)(struct sink *s, const struct event *ev, struct err *e);
	/* Live, a few times a second; NULL = nothing to do. */
	int (*pulse)(struct sink *s, const struct engine_pulse *p, struct err *e);
	int (*finish)(struct sink *s, const struct run_summary *sum, struct err *e);
	void (*free)(struct sink *s);
};
struct sink {
	const struct sink_ops *ops; /* first member of every sink's own struct */
	int64_t began; /* time of the first packet, ns since the epoch; before any event */
};

struct engine_options {
	size_t batch_packets; /* 0 = default */
	size_t batch_bytes;   /* 0 = 256 KiB */
	uint64_t hash_key;    /* key of the flow tables; never influences output */
	bool
	    reverse_shards; /* visit shards in reverse order: for the test that it does not matter */
	bool pack_all;      /* connections that are over, however few: likewise */
	unsigned
	    checkpoint; /* packets of a connection between two checkpoints of EVENT_SEGMENT; 0 = default */
	unsigned threads;     /* 0 = as many as there are cores, at most 4, and 1 for small files */
	int64_t time_wait_ns; /* 0 = 60 s */
	uint64_t memory_bytes;  /* most memory for connections; 0 = default */
	uint8_t overlap_policy; /* enum overlap_policy */
	bool digest;            /* SHA-256 of every stream */
	/* Called now and then with 0..1000 per mille (-1 unknown) and packets so far; may be NULL. */
	void (*progress)(void *ctx, int per_mille, uint64_t packets);
	void *progress_ctx;
	/* Becomes non-zero to end the run early; may be NULL.  Live, it ends the capture. */
	const _Atomic int *stop;
};

/*
 * Reads `cap` to its end.  Returns 0, or -1 with *e when a sink failed.  Input errors are in the capture's facts.
 * sinks[i]->finish is called in any case but a sink's own failure.
 */
TS_NODISCARD int engine_run(struct cap *cap, const struct engine_options *o,
    struct sink *const *sinks, size_t nsinks, struct err *e);

#endif
