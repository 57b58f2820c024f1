/* SPDX-License-Identifier: MIT */
/*
 * store - what the terminal interface shows: every connection and every TCP packet of a capture, in memory, while it
 *         is still being read.
 *
 * Input:  the events of one run.
 * Output: rows and packets by index, records of connections that are over, findings across connections.
 * Memory: 40 bytes a TCP packet and 4 a captured packet; about 300 bytes a connection and its record; a checkpoint
 *         of some 4 KB for 4,096 packets of a connection.  Payload is read again from the file by offset.
 * Threads: one writer (whoever calls engine_run() with the sink), any number of readers, no locks.  Readers see what
 *         store_publish() has published, batch by batch; what they were given once stays where it is until
 *         store_free().
 *
 * Connections are named by index, from 0 in order of their first packet: their number (id) is index + 1.
 */
#ifndef TCPSHADOW_STORE_H
#define TCPSHADOW_STORE_H

#include "tcpshadow/engine.h"
#include "tcpshadow/where.h"

enum {
	STORE_ACTIVITY = 32, /* parts of a connection's life in store_session.activity */
};

#define STORE_NONE UINT32_MAX /* no connection, no packet */

struct store;
struct store_cell; /* a packet as it is kept */

/* The connection behind its packet k - 1: where a replay can begin. */
struct store_mark {
	uint32_t k;
	const struct replay *replay;
};

/* What has been published. */
struct store_snapshot {
	uint64_t generation;       /* another number when anything has changed */
	uint32_t nsessions;        /* rows, forgotten ones included */
	uint32_t nforgotten;       /* half-open connections dropped to keep memory bounded */
	uint32_t nover;            /* connections that have a record */
	uint32_t nfindings;        /* for store_finding() */
	uint32_t nsuperseded;      /* of them, those that do not count any more */
	uint64_t ntcp;             /* packets that belong to connections */
	uint64_t packets;          /* of the capture, so far */
	int64_t first_ts, last_ts; /* of packets that belong to connections; 0 = there are none */
	int per_mille;             /* of the input that was read, -1 = not known (a pipe) */
	bool is_done; /* nothing more will come; store_summary() and cap_facts() may be read */
};

struct store_side {
	struct endpoint_addr addr;
	uint8_t state;    /* enum tcp_state: after its last packet, or at its end */
	bool is_presumed; /* the state is not proved: shown with ? */
	uint32_t packets;
	uint32_t retransmissions; /* segments sent again */
	uint32_t zero_windows;    /* times it closed its window */
	uint64_t bytes;           /* payload, repeated bytes included */
};

/* One connection as it stands; a plain value. */
struct store_session {
	/* NULL while it is open; live there is one when it looks over, and another at last; stays until store_free() */
	const struct conn_record *record;
	struct store_cell *const *blocks; /* for store_packet() */
	const struct store_mark *marks;   /* `nmarks`, in order */
	uint32_t nmarks;
	int64_t start, end;                   /* ns since the epoch */
	int64_t syn_to_synack, synack_to_ack; /* ns, -1 = not known; while there is no record */
	int64_t gap;                          /* longest time between two of its packets, ns */
	int64_t cost;                         /* of its findings, ns; 0 while it is open */
	uint32_t gap_at;                      /* index of the packet behind that gap */
	uint32_t npackets;
	struct store_side sides[2]; /* [enum side] */
	uint8_t client_end;         /* direction bit of the client, as known now */
	uint8_t severity;  /* enum severity: see finding_text_severity; 0 while it is open */
	uint8_t outcome;   /* enum handshake_outcome, with a record */
	bool is_midstream; /* its SYN was not captured */
	bool is_forgotten; /* it is not to be shown: only counted */
	/*
	 * Payload in equal parts of its life, 1 << activity_shift ns each: 0 = nothing was sent, 1 = only empty segments,
	 * otherwise 2 + 8 * log2(bytes) (at most 255).
	 */
	uint8_t activity_shift;
	uint8_t activity[STORE_ACTIVITY];
};

struct store_packet {
	uint64_t ordinal;
	uint64_t offset;   /* for cap_reread() */
	int64_t time;      /* ns since the epoch */
	uint32_t len;      /* payload bytes on the wire */
	uint32_t seq, ack; /* as on the wire */
	uint16_t window;   /* likewise */
	uint32_t notes;    /* 1u << SEGMENT_NOTE_x, by the analysis */
	uint16_t file;
	uint16_t flags;    /* bits of enum tcp_flag */
	uint8_t side;      /* enum side that sent it; ICMP: that sent what it quotes */
	uint8_t states[2]; /* [enum side], after it: as proved or observed by then */
	bool is_icmp;
	bool has_sack;
};

/*
 * Live a connection that looks over has findings, and others when it goes on or its TIME-WAIT is over: those whose record
 * is not that of the session do not count any more.
 */
struct store_finding {
	uint32_t session;
	const struct finding *finding;    /* of its record */
	const struct conn_record *record; /* NULL = of the capture as a whole */
};

/* `facts` of the capture that will be read; borrowed. */
struct store *store_new(const struct cap_facts *facts);
void store_free(struct store *s);

/* ---- the writer ---- */

struct sink *store_sink(struct store *s); /* belongs to the store */
/*
 * Let readers see what the events so far brought; after each batch.  per_mille, packets: as engine_options.progress
 * is told.
 */
void store_publish(struct store *s, int per_mille, uint64_t packets);

/* ---- readers ---- */

void store_snapshot(const struct store *s, struct store_snapshot *out);
/* i < nsessions of a snapshot; consistent in itself, and at least as new as the snapshot. */
void store_session(const struct store *s, uint32_t i, struct store_session *out);
/* Its packet k < row->npackets, in order of capture. */
void store_packet(const struct store_session *row, uint32_t k, struct store_packet *out);
/* Index of the first packet of the connection with this ordinal or a later one; row->npackets = none. */
uint32_t store_packet_from(const struct store_session *row, uint64_t ordinal);
/* The connection that this packet of the capture belongs to, or STORE_NONE. */
uint32_t store_owner(const struct store *s, uint64_t ordinal);
/* i < nfindings of a snapshot; in order of the ends of their connections. */
struct store_finding store_finding(const struct store *s, uint32_t i);
/* The number of the packet in its own file, and with `file` which that is (may be NULL). */
uint64_t store_number(const struct store *s, uint64_t ordinal, uint16_t *file);
/* The ordinal of packet `number` of a file; 0 = there is none yet. */
uint64_t store_ordinal(const struct store *s, uint16_t file, uint64_t number);
/* Does the connection match?  While it is open, by what is known of it.  w NULL matches all. */
bool store_matches(const struct store *s, const struct where *w, uint32_t i);
/* Its record; while it has none, what is known of it as one, made in *made. */
struct store_made {
	struct conn_record record;
	struct state_entry states[2];
};
const struct conn_record *store_record(
    const struct store_session *row, uint32_t index, struct store_made *made);
/* The letter of the column H: outcome_health(). */
char store_health(const struct store_session *row);
/* Facts about the whole run: NULL until is_done. */
const struct run_summary *store_summary(const struct store *s);

#endif
