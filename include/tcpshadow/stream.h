/* SPDX-License-Identifier: MIT */
/*
 * stream - what is said about the bytes one side of a connection sent.
 */
#ifndef TCPSHADOW_STREAM_H
#define TCPSHADOW_STREAM_H

#include "tcpshadow/util.h"

enum overlap_policy {
	OVERLAP_LINUX,
	OVERLAP_BSD,
	OVERLAP_WINDOWS,
	OVERLAP_SOLARIS,
	OVERLAP_FIRST,
	OVERLAP_LAST,
	OVERLAP_COUNT
};

/* "linux"; OVERLAP_COUNT when the word is none of them. */
const char *overlap_policy_word(enum overlap_policy p);
enum overlap_policy overlap_policy_of(const char *word);

enum stream_gap {
	GAP_NOT_CAPTURED, /* acknowledged by the receiver, never captured */
	GAP_NOT_ACKED,    /* neither captured nor acknowledged */
	GAP_CUT,          /* captured without its bytes (snaplen) */
};
const char *stream_gap_word(enum stream_gap g);

struct pool;

enum {
	REASM_WINDOW_POOLS = 8, /* up to 64 KiB */
};

struct reasm_options {
	uint8_t policy;   /* enum overlap_policy */
	size_t max_bytes; /* most bytes that wait in one direction */
	/* Of reasm_bytes() bytes; of REASM_WINDOW_FIRST bytes, twice as many, and so on.  NULL = the heap. */
	struct pool *reasms, *windows[REASM_WINDOW_POOLS];
	/* So many windows of REASM_WINDOW_LARGE may be in use while others still begin with one, ahead of need. */
	size_t large_max;
	bool digest; /* SHA-256 over what is delivered up to the first gap */
};

/* Why the receiver may have read other bytes, with nothing in the capture to tell: bits. */
enum stream_doubt {
	DOUBT_CONFLICT = 1u << 0, /* two versions of bytes that were not acknowledged in between */
	DOUBT_POLICY = 1u << 1,   /* a segment that one stack takes and another drops */
	DOUBT_NOT_CAPTURED = 1u << 2, /* bytes the capture lacks */
	DOUBT_ONE_SIDED = 1u << 3,    /* no answer was captured at all */
	DOUBT_RESET = 1u << 4,        /* bytes taken behind a RST the receiver had to obey */
	DOUBT_FIN = 1u << 5,          /* bytes taken behind a FIN it had to obey */
	DOUBT_WINDOW = 1u << 6,       /* a segment that runs past the window */
	DOUBT_COUNT = 7
};
/* A few words for the bit with this number: "two versions of the same bytes". */
const char *stream_doubt_text(unsigned bit);

enum {
	CONFLICT_BYTES = 16,
};

/* Two versions of the same place; of each the first bytes from where they differ. */
struct stream_conflict {
	uint64_t packet; /* that brought the other version */
	uint64_t offset; /* of the first differing byte */
	uint32_t len;    /* bytes from there that came twice */
	uint8_t nbytes;  /* in kept[] and other[] */
	uint8_t kept[CONFLICT_BYTES], other[CONFLICT_BYTES];
};

struct stream_facts {
	uint64_t bytes;     /* delivered in order, up to the first gap */
	uint64_t delivered; /* all delivered, behind gaps too */
	uint64_t missing;   /* bytes in gaps */
	uint64_t dropped;   /* gaps given up at a bound */
	uint32_t gaps;
	uint32_t conflicts; /* overlaps with other bytes */
	uint32_t
	    ambiguous; /* why the receiver may have read something else: enum stream_doubt, 0 = it has not */
	bool has_sha256;
	struct stream_conflict conflict; /* the first */
	uint8_t sha256[32];              /* over `bytes` bytes */
};

#endif
