/* SPDX-License-Identifier: MIT */
/*
 * frag - a bounded table of IP fragments.
 *
 * Input:  fragments in capture order.
 * Output: whole datagrams, as a Linux host would put them together.
 * Memory: at most `max_bytes`; the datagram that began first leaves first.  Whole datagrams stay valid until
 *         frag_batch_done().
 * Spec:   RFC 791 3.2, RFC 8200 4.5, RFC 5722.  An inexact overlap discards the datagram; a fragment that lies
 *         within what already came in one piece is ignored, even with other bytes.  Of a discarded datagram
 *         that began with a TCP header this header is told, once.
 * Does not: know IP headers.
 */
#ifndef DECODE_FRAG_H
#define DECODE_FRAG_H

#include "tcpshadow/addr.h"

struct frag_key {
	struct addr src, dst;
	uint32_t id;
	uint32_t tunnel;
	uint8_t version;
	uint8_t protocol; /* 0 for IPv6: the identification alone counts */
	uint16_t zero;    /* always 0: the key has no indeterminate bytes */
};

/* The fields of the first fragment's header that its datagram goes on with. */
struct frag_head {
	uint8_t ttl;
	uint8_t tos;
	bool dont_fragment;
	uint8_t protocol; /* of the payload */
	uint32_t flow_label;
};

struct frag_piece {
	struct frag_key key;
	uint64_t packet; /* ordinal */
	int64_t ts;      /* packet time, ns */
	struct frag_head head;
	uint16_t notes;      /* bits of enum seg_note, of this fragment's packet */
	bool is_last;        /* no more fragments flag */
	uint32_t offset;     /* bytes */
	uint32_t len;        /* bytes by the IP header */
	uint32_t caplen;     /* of them captured */
	uint32_t wire_len;   /* of the frame */
	const uint8_t *data; /* caplen bytes, borrowed for the call */
};

struct frag_whole {
	const uint8_t *data; /* caplen bytes, valid until frag_batch_done() */
	uint32_t len, caplen;
	uint64_t wire_len; /* of all its frames that were not told of before */
	struct frag_head head;
	const uint64_t *packets; /* that brought its fragments; valid until the next frag_add() */
	size_t npackets;
	uint16_t notes; /* of all fragments */
	bool has_conflict;
};

enum frag_result {
	FRAG_HELD,
	FRAG_DROPPED, /* a host discards it, or already has its bytes */
	FRAG_WHOLE,   /* *whole is filled */
	FRAG_KILLED, /* *whole is what is known of a discarded datagram, until the next frag_add() */
};

struct frag_table;

struct frag_table *frag_table_new(size_t max_bytes);
void frag_table_free(struct frag_table *t);
enum frag_result frag_add(
    struct frag_table *t, const struct frag_piece *p, struct frag_whole *whole);
void frag_batch_done(struct frag_table *t);
/* The same in two steps: what is whole stays in use until it is given back. */
struct datagram *frag_batch_take(struct frag_table *t);
void frag_batch_give(struct frag_table *t, struct datagram *taken);
uint64_t frag_evicted(const struct frag_table *t);     /* fragments that left incomplete */
uint64_t frag_overlapping(const struct frag_table *t); /* fragments that overlapped */
size_t frag_bytes(const struct frag_table *t);         /* memory held for incomplete datagrams */

#endif
