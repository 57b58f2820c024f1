/* SPDX-License-Identifier: MIT */
/*
 * describe - one packet of a connection, field by field, for people.
 *
 * Input:  the frame and what was decoded of it, the row of the connection, its record.
 * Output: lines in sections, each with the bytes of the frame it tells of.
 */
#ifndef TCPSHADOW_DESCRIBE_H
#define TCPSHADOW_DESCRIBE_H

#include "tcpshadow/decode.h"
#include "tcpshadow/session.h"

enum describe_section {
	DESCRIBE_FRAME,
	DESCRIBE_WHY,   /* findings that name the packet */
	DESCRIBE_STATE, /* both endpoints after the packet */
	DESCRIBE_TCP,
	DESCRIBE_IP,
	DESCRIBE_LINK,
	DESCRIBE_BYTES,
	DESCRIBE_SECTIONS
};

struct describe_line {
	uint8_t section;   /* enum describe_section */
	bool is_head;      /* first of its section */
	uint8_t severity;  /* DESCRIBE_WHY: enum severity of its finding */
	uint32_t from, to; /* bytes of the frame; equal = none */
	size_t at, len;    /* in describe.text */
};

struct describe {
	struct buf text;
	struct describe_line *lines;
	size_t n, cap;
};

struct describe_source {
	const struct packet *packet; /* NULL = it cannot be read again */
	const struct segment *seg;   /* NULL = it cannot be decoded by itself */
	const struct session_row *row;
	const struct conn_record *record;
	const struct cap_facts *facts;
	uint64_t number; /* of the packet in its file */
	int64_t origin;  /* what its time counts from, ns since the epoch */
	bool utc;
};

void describe_init(struct describe *d);
void describe_release(struct describe *d);
/* All lines anew; `hex` bytes to a line of DESCRIBE_BYTES, 0 = without that section. */
void describe_packet(struct describe *d, const struct describe_source *s, unsigned hex);
/* "0010  05 a0 11 45 ...  ..E." of the frame's bytes from `from` on; exactly one line. */
void describe_hex_line(struct buf *out, const struct packet *p, size_t from, unsigned bytes);
/* What the row proves or causes: "client ESTABLISHED: SYN-ACK received (RFC 9293 3.10.7.3), proved by packet 3". */
void describe_states(
    struct buf *out, const struct conn_record *r, uint64_t packet, const struct cap_facts *facts);

#endif
