/* SPDX-License-Identifier: MIT */
/*
 * reasm - put the bytes one end sent into the order in which the other end read them.
 *
 * Input:  pieces (sequence number, bytes) in capture order; they may overlap, repeat, be missing.  For each,
 *         whether the receiver takes it; and what the receiver acknowledged.
 * Output: data and gaps in sequence order, each byte once; counts; whether the receiver may have read
 *         something else.
 * Memory: nothing before the first byte; then a window of what was delivered, for comparison, and pieces
 *         that wait, bounded in bytes by the options, and in number.  At a bound the oldest gap is
 *         declared, and counted.
 * Spec:   RFC 9293 3.4, 3.10.7.4 (seventh check).  Overlaps: the host's policy (Novak and Sturges 2007).
 * Does not: know connections, flags or timers.
 *
 * In order, nothing is held: bytes go out as they come.  A receiver never takes back what it has read, so
 * the policy matters only for pieces that wait behind a gap.
 */
#ifndef TCP_REASM_H
#define TCP_REASM_H

#include "tcpshadow/digest.h"
#include "tcpshadow/stream.h"
#include "tcpshadow/util.h"

enum {
	REASM_WINDOW_FIRST = 512, /* bytes: enough for many a request */
	REASM_WINDOW_MIN =
	    2048, /* bytes: of so many delivered last a copy is kept at least, until all is read */
	REASM_WINDOW_LARGE =
	    16384,              /* bytes: what is sent before the first acknowledgment (RFC 6928) */
	REASM_WINDOW_LEFT = 64, /* bytes: kept of a stream that was read to its end */
	REASM_HELD_MAX = 8,     /* pieces that the receiver should ignore, kept until it answers */
};

struct piece {
	uint64_t seq, end;
	uint8_t *bytes; /* end - seq of them, owned; NULL = sent, but cut off by the capture */
	uint64_t packet;
	int64_t time;
};

/* Where a waiting segment began and ended as it came: what overlap policies go by. */
struct extent {
	uint64_t seq, end;
};

/* Bytes as they came; they stay the caller's. */
struct reasm_input {
	uint64_t seq;
	const uint8_t *bytes; /* NULL = sent, but cut off by the capture */
	size_t n;
	uint64_t packet;
	int64_t time;
};

/* Where delivered data goes; either may be NULL. */
struct reasm_out {
	void (*data)(void *ctx, uint64_t offset, const struct reasm_input *in);
	void (*gap)(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time);
	void *ctx;
};

struct reasm {
	const struct reasm_options *o;
	uint64_t base;  /* number of the first byte */
	uint64_t next;  /* number of the next byte to deliver */
	uint64_t acked; /* highest acknowledgment by the receiver; 0 = none */
	uint64_t fin;   /* number of the accepted FIN, 0 = none: nothing at or behind it is data */
	uint64_t counted;  /* number behind the last byte that entered facts.bytes and the digest */
	bool counting;     /* no gap so far */
	int64_t last_time; /* of the latest delivered byte */
	uint8_t *window; /* the latest delivered bytes: a ring of `window_size`, ending at `next` */
	size_t window_size; /* power of two; 0 = none */
	size_t window_used;
	size_t
	    flight; /* most bytes that were not settled at once: of so many a copy is kept, too */
	struct piece *waiting; /* behind a gap: in sequence order, not overlapping */
	size_t nwaiting, waiting_cap;
	size_t waiting_bytes;
	struct extent *extents; /* of the waiting pieces, in order of arrival; may overlap */
	size_t nextents, extents_cap;
	int64_t
	    gap_since; /* when the receiver acknowledged what is not here, INT64_MIN = it has not */
	struct piece *held; /* REASM_HELD_MAX of them, in capture order; NULL before the first */
	unsigned nheld;
	struct stream_facts facts;
	struct digest digest[]; /* one with options->digest, or else none */
};

/* Of one struct reasm: the size of objects in options->reasms. */
size_t reasm_bytes(const struct reasm_options *o);
/* first: number of the first byte (ISN + 1, or the first seen mid-stream). */
struct reasm *reasm_new(const struct reasm_options *o, uint64_t first);
void reasm_free(struct reasm *r);

/* It is needed soon. */
void reasm_prefetch(const struct reasm *r);
/* A piece that the receiver takes if it arrives. */
void reasm_add(struct reasm *r, const struct reasm_input *in, const struct reasm_out *out);
/* A piece that it should ignore: it counts only if nothing else explains what it acknowledges. */
void reasm_hold(struct reasm *r, const struct reasm_input *in);
/* The receiver acknowledged everything below `ack`. */
void reasm_ack(struct reasm *r, uint64_t ack, int64_t time, const struct reasm_out *out);
/* The receiver took the FIN with this number: nothing at or behind it is data. */
void reasm_fin(struct reasm *r, uint64_t fin);
/*
 * Little will come any more: of what was read REASM_WINDOW_MIN bytes are kept; or REASM_WINDOW_LEFT, where all was read
 * up to the FIN, and nothing that comes can matter.
 */
void reasm_settle(struct reasm *r);

/* A stream of which nothing is left to find out, but for its facts. */
struct reasm_rest {
	const struct reasm_options *o; /* NULL: there was none */
	uint64_t base, next;
	int64_t last_time;
	uint8_t used; /* of the bytes, which are the latest */
	uint8_t bytes[REASM_WINDOW_LEFT];
};
/* True: it is read up to its FIN, settled, and leaves no more than that.  (A digest is not finished.) */
bool reasm_is_done(const struct reasm *r);
/* Of one that is done; it is gone then. */
void reasm_squeeze(struct reasm *r, struct reasm_rest *rest);
/* The stream again, as it was. */
struct reasm *reasm_revive(const struct reasm_rest *rest, const struct stream_facts *facts);
/*
 * No more pieces: what waits is delivered behind declared gaps.  refused: the receiver has not got what it
 * did not acknowledge; such bytes are not counted.
 */
void reasm_end(struct reasm *r, int64_t time, bool refused, const struct reasm_out *out);

#endif
