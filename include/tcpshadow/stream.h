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

struct reasm_options {
	uint8_t policy;   /* enum overlap_policy */
	size_t max_bytes; /* most bytes that wait in one direction */
	bool digest;      /* SHA-256 over what is delivered up to the first gap */
};

struct stream_facts {
	uint64_t bytes;     /* delivered in order, up to the first gap */
	uint64_t delivered; /* all delivered, behind gaps too */
	uint64_t missing;   /* bytes in gaps */
	uint64_t dropped;   /* waiting bytes given up at a bound */
	uint32_t gaps;
	uint32_t conflicts;       /* overlaps with other bytes */
	uint64_t conflict_packet; /* of the first conflict */
	bool
	    ambiguous; /* the receiver may have read something else, and nothing in the capture tells */
	bool has_sha256;
	uint8_t sha256[32]; /* over `bytes` bytes */
};

#endif
