/* SPDX-License-Identifier: MIT */
/*
 * decode - from a captured frame to the TCP segment (or ICMP error) inside it.
 *
 * Input:  packets with their link type, any bytes.
 * Output: struct segment, or a counted reason why there is none.
 * Limits: at most 8 nested headers of tunnels; a bounded table of IP fragments (oldest leave first, counted).
 * Spec:   RFC 791, 8200, 9293 3.1; link layers by tcpdump.org/linktypes.
 * Does not: know connections.  One decoder serves one capture, in order.
 */
#ifndef TCPSHADOW_DECODE_H
#define TCPSHADOW_DECODE_H

#include "tcpshadow/capture.h"
#include "tcpshadow/segment.h"

/* One row per reason: DECODE_REASON(name, json word, sentence).  See decode_reason.def. */
enum decode_reason {
#define DECODE_REASON(id, word, text) DECODE_##id,
#include "tcpshadow/decode_reason.def"
#undef DECODE_REASON
	DECODE_REASON_COUNT
};

/* The word of a reason for JSON ("not_tcp"), and its sentence for people. */
const char *decode_reason_word(enum decode_reason r);
const char *decode_reason_text(enum decode_reason r);

struct decode_counts {
	uint64_t packets;                      /* decode_packet() calls */
	uint64_t segments;                     /* TCP segments found */
	uint64_t icmp_errors;                  /* ICMP errors that quote TCP */
	uint64_t skipped[DECODE_REASON_COUNT]; /* by reason */
	uint64_t fragments;                    /* IP fragments of TCP seen */
	uint64_t fragments_evicted;            /* left the table before the datagram was whole */
	uint64_t fragments_overlapping;
};

struct decoder;

struct decode_options {
	size_t max_fragment_bytes; /* most bytes of fragments held; 0 = 4 MiB */
	bool verify_checksums;
};

struct decoder *decoder_new(const struct decode_options *o);
void decoder_free(struct decoder *d);

enum decode_result {
	DECODED_SEGMENT, /* *out is filled */
	DECODED_NOTHING, /* counted in skipped[] */
	DECODED_HELD,    /* a fragment of TCP, kept until its datagram is whole */
};

/*
 * *out is written only with DECODED_SEGMENT.  Its `data` points into the packet, or into the decoder for
 * reassembled fragments: in that case it is valid until `decoder_batch_done()`.  A datagram whose fragments
 * make a host drop it gives one segment without data (SEG_FRAGMENT_KILLED), when its TCP header is known.
 */
enum decode_result decode_packet(struct decoder *d, const struct packet *p, struct segment *out);
/*
 * Ordinals of the packets that brought the fragments of the segment decoded last, in order: for segments with
 * SEG_FRAGMENTED, until the next decode_packet().
 */
const uint64_t *decoder_fragments(const struct decoder *d, size_t *n);
/* The segments decoded so far are no longer used: memory of finished datagrams may be reused. */
void decoder_batch_done(struct decoder *d);
/*
 * Where several batches are on their way: the memory of the segments decoded since the last call (NULL = none
 * needs any), to be given back when they are no longer used.
 */
struct datagram;
struct datagram *decoder_batch_take(struct decoder *d);
void decoder_batch_give(struct decoder *d, struct datagram *taken);
const struct decode_counts *decoder_counts(const struct decoder *d);

#endif
