/* SPDX-License-Identifier: MIT */
/*
 * stream - which captured bytes the receiver can have read, and when it shows that it did.
 *
 * Input:  each segment after the machine has judged it; the receiver's acknowledgments.
 * Output: pieces for the reassembler; the `ambiguous` mark where stacks differ and nothing shows.
 * Spec:   RFC 9293 3.10.7.4; what real hosts ignore: see the rows of the table in stream.c.
 */
#ifndef TCP_STREAM_H
#define TCP_STREAM_H

#include "tcp/conn.h"
#include "tcp/reasm.h"

/* What the streams of a shard share; lives as long as the shard. */
struct stream_env {
	struct reasm_options options;
	struct pool *flights; /* places for what is on its way: transfer.h */
	struct reasm_out out; /* its ctx is told which end by `end` before each call */
	uint8_t end;
	uint64_t uid; /* of the connection at hand, and the slot that caused it */
	uint32_t slot;
};

void stream_segment(struct step *st);
/* Of a segment on the express lane: the next bytes, a new acknowledgment, and no doubt about either. */
void stream_plain(struct step *st);
/* The connection looks over: late packets may come, and repetitions. */
void stream_settle(struct conn *c);
/* The connection is over: deliver what is left, keep the facts, free the rest. */
void stream_close(struct conn *c, struct stream_env *env);

#endif
