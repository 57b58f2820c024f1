/* SPDX-License-Identifier: MIT */
/*
 * session - one connection with all its segments, replayed, to be looked at.
 *
 * Input:  its record and its segments in order.
 * Output: rows: what was sent, and both endpoints after it.
 * Memory: about 250 bytes a segment; payload is not kept.
 */
#ifndef TCPSHADOW_SESSION_H
#define TCPSHADOW_SESSION_H

#include "tcpshadow/replay.h"

struct session_row {
	uint64_t packet; /* ordinal */
	int64_t time;    /* ns since the connection's start */
	uint8_t side;    /* enum side: who sent it; ICMP: who sent what it quotes */
	bool is_icmp;
	uint8_t icmp_type, icmp_code, ip_version;
	uint16_t flags;            /* bits of enum tcp_flag */
	uint32_t len;              /* payload bytes on the wire */
	uint32_t raw_seq, raw_ack; /* as on the wire */
	uint16_t raw_window;
	uint32_t options; /* bits of enum tcp_option_bit */
	uint16_t mss;
	uint8_t wscale;
	uint8_t nsack;
	uint64_t sack_left, sack_right; /* the first block, relative as rel_ack; may be below 0 */
	struct addr icmp_from;
	struct replay_step step;
};

struct session {
	struct conn_record record; /* what it points to is owned */
	struct session_row *rows;
	size_t nrows, cap_rows;
	struct replay *replay;
};

/* Takes a copy of the record. */
struct session *session_new(const struct conn_record *r);
void session_free(struct session *s);
void session_add(struct session *s, const struct segment *seg);
/* A row by itself: the next segment of a connection with this record, which `replay` is fed. */
void session_fill(struct session_row *row, const struct conn_record *r, const struct segment *seg,
    struct replay *replay);

/* The state that belongs on this packet's line, the last of several; NULL = none. */
const struct state_entry *session_caused(const struct side_record *s, uint64_t packet);
/* Is the packet among those that a finding names? */
bool session_is_evidence(const struct finding *f, uint64_t packet);
/* Is it said on the lines of its packets?  What the capture always does (offload, say) would be on most of them. */
bool session_has_marks(const struct finding *f);
/* The state a side was in once this packet had arrived, by the record. */
const struct state_entry *session_state(const struct side_record *s, const struct session_row *row);

#endif
