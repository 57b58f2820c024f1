/* SPDX-License-Identifier: MIT */
/*
 * zeek - what Zeek would say of a connection: conn_state, history, sizes of its conn.log.
 *
 * Input:  each captured segment, copies and ignored ones too, before the shadow machine sees it.
 * Output: struct zeek_facts.
 * Memory: fixed; letters that do not fit are counted.
 * Spec:   Zeek's own rules (doc/INTEROP.md), which are not those of RFC 9293: this is for comparison
 *         with its logs and decides nothing else.
 */
#ifndef TCP_ZEEK_H
#define TCP_ZEEK_H

#include "tcpshadow/record.h"

struct conn;
struct step;

/* One end.  Numbers count from `start`. */
struct zeek_end {
	uint8_t state, previous; /* enum end_state of zeek.c */
	bool is_closed;          /* a FIN or RST of it was processed */
	uint16_t seen;           /* bits: letters that are said once */
	uint16_t nfins;
	uint32_t start;         /* its SYN as on the wire, or one less than its first number */
	uint32_t syn, fin, rst; /* of its latest such segment */
	uint32_t repeats, zero_windows, gaps, bad_checksums;
	uint64_t last, acked; /* highest sent, highest acknowledged */
	uint64_t packets, ip_bytes;
};

struct zeek {
	struct zeek_end ends[2]; /* by direction bit */
	int64_t last_time;       /* ns since the connection's start; later packets do not count */
	uint8_t originator;      /* direction bit */
	bool has_begun;
	bool is_flipped; /* its first packet is taken for one of the responder */
	uint8_t nletters;
	uint32_t letters_lost;
	uint8_t letters[ZEEK_HISTORY_MAX]; /* upper case; direction bit in bit 7 */
};

void zeek_segment(struct step *st);
/* The same of the next plain segment, of ends that the machine has open and without gaps: see express.c. */
void zeek_plain(struct step *st);
/* What repeats other facts of the connection, out and in again: its own inverse. */
void zeek_squeeze(struct conn *c);
/* *out is cleared before. */
void zeek_fill(struct zeek_facts *out, const struct zeek *z, uint8_t client);

#endif
