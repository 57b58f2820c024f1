/* SPDX-License-Identifier: MIT */
/*
 * flow - one simulated connection: request, response, close, seen half-way between the ends.
 *
 * The server sends its response in rounds of at most `window` segments, and the client acknowledges
 * every second segment, or each one while some are missing, with SACK blocks.  What is lost in one
 * round is sent again in the next.
 *
 * Output: one packet per flow_step(), in the order of the tap; the caller interleaves many flows by
 *         their `due` time.
 * Does not: lose anything but data; do congestion control.
 */
#ifndef TCPSHADOW_BENCH_FLOW_H
#define TCPSHADOW_BENCH_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

enum { FLOW_WINDOW_MAX = 32 }; /* segments in flight */

/* A generator of pseudo-random numbers whose whole state is one word (splitmix64). */
struct prng {
	uint64_t state;
};

uint64_t prng_next(struct prng *r);

/* In [low, high]. */
uint32_t prng_between(struct prng *r, uint32_t low, uint32_t high);

enum flow_phase {
	FLOW_SYN,
	FLOW_SYN_ACK,
	FLOW_ACK,
	FLOW_REQUEST,
	FLOW_DATA,
	FLOW_DATA_ACKS,
	FLOW_SERVER_FIN,
	FLOW_CLIENT_FIN,
	FLOW_LAST_ACK,
	FLOW_DONE,
};

struct flow_plan {
	struct wire_end client, server;
	int64_t start_us;
	uint32_t client_isn, server_isn;
	uint32_t request_len; /* bytes, at most WIRE_MSS */
	uint32_t segments;    /* of the response, at least 1 */
	uint32_t last_len;    /* bytes of the last one */
	uint32_t window;      /* segments in flight, at most FLOW_WINDOW_MAX */
	uint32_t think_us;    /* from request to response */
	uint32_t rtt_us;      /* between tap and either end, and back */
	uint32_t loss;        /* one data segment of so many; 0 = none */
};

struct flow_sender {
	struct wire_end end;
	uint32_t ts_base; /* added to the time in ms */
	uint32_t ts_recent;
	uint16_t ip_id;
};

struct flow {
	struct flow_plan plan;
	int64_t due; /* when the next packet passes the tap, us */
	enum flow_phase phase;
	struct flow_sender client, server;
	uint32_t next;                   /* first segment never sent */
	uint32_t delivered;              /* the client has all before it */
	uint32_t latest;                 /* the segment that arrived last */
	uint64_t beyond;                 /* bit i: it also has segment delivered + i */
	uint32_t round[FLOW_WINDOW_MAX]; /* what is sent in this round, then what arrived of it */
	uint32_t arrived_ts[FLOW_WINDOW_MAX];
	uint32_t round_len, round_at, arrived;
	uint32_t unacked; /* in-order segments since the last ACK */
};

void flow_start(struct flow *f, const struct flow_plan *plan, struct prng *r);

/* Writes the packet that is due and advances `due` and `phase`; nothing is left at FLOW_DONE. */
void flow_step(struct flow *f, struct wire *w, struct prng *r);

#endif
