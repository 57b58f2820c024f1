/* SPDX-License-Identifier: MIT */
/*
 * event - what the tcp layer tells about connections, in order of packets.
 *
 * Few and closed: consumers switch over them without `default`, so that a new type breaks each of them
 * at compile time.  Nothing in an event outlives the call that delivers it.
 */
#ifndef TCPSHADOW_EVENT_H
#define TCPSHADOW_EVENT_H

#include "tcpshadow/hash.h"
#include "tcpshadow/record.h"

enum event_type {
	EVENT_OPEN,      /* a connection's first packet */
	EVENT_SEGMENT,   /* a packet that belongs to a connection (only if a sink wants them) */
	EVENT_RECORD,    /* a connection is over: its record */
	EVENT_DATA,      /* bytes of a stream, in order (only if a sink wants them) */
	EVENT_GAP,       /* bytes of a stream that are missing (likewise) */
	EVENT_FORGOTTEN, /* a half-open connection was dropped to keep memory bounded: only counted */
	EVENT_CLOSED, /* a connection looks over: its record as it stands, before the last one (only if a sink wants them) */
	EVENT_TROUBLE, /* a connection shows a fault of the capture for the first time: not for sinks */
	EVENT_SIGN, /* it shows for the first time what matters beyond it: not for sinks */
};

struct replay;

#define EVENT_BIT(type) (1u << (type))

/* Ends are direction bits: they name the same side of a connection in all events about it and in side_record. */
struct event_open {
	struct endpoint_addr addrs[2]; /* by end */
	int64_t time;                  /* ns since the epoch */
};

struct event_segment {
	uint64_t packet;
	uint64_t offset;   /* for cap_reread() */
	int64_t time;      /* ns since the epoch */
	uint32_t len;      /* payload bytes on the wire */
	uint32_t seq, ack; /* as on the wire */
	uint16_t window;   /* likewise */
	uint32_t notes;    /* 1u << SEGMENT_NOTE_x */
	uint16_t file;
	uint16_t flags;    /* bits of enum tcp_flag */
	uint8_t end;       /* of its sender; ICMP: of the sender of what it quotes */
	bool from_client;  /* roles as known at that packet */
	uint8_t states[2]; /* by end, after it: enum tcp_state */
	bool is_icmp;
	bool has_sack;             /* it carries SACK blocks */
	const uint64_t *fragments; /* packets that brought its IP fragments, itself too */
	size_t nfragments;         /* 0 = it came in one piece */
	/* Its connection behind it, now and then on a long one: for replay_copy().  NULL = not here. */
	const struct replay *checkpoint;
};

struct event_trouble {
	uint64_t hosts[2]; /* the two addresses, as event_host() */
	uint16_t traps;    /* enum trap: the new ones */
};

struct event_sign {
	struct endpoint_addr client, server; /* roles as known at that packet */
	uint16_t signs;                      /* enum conn_sign: the new ones */
	uint16_t opening;                    /* enum tcp_flag of the first packet */
	bool is_from_server;                 /* who sent that */
	bool
	    scales; /* with SIGN_OPENED: the client offered window scaling and the server took it */
	uint8_t vantage;     /* with SIGN_OPENED: enum vantage */
	uint32_t server_isn; /* with SIGN_OPENED */
	int64_t
	    span; /* ns; SIGN_OPENED: SYN to SYN-ACK, -1 = not known; SIGN_LATE_ACK: since the data */
};

/* A number for an address, never 0. */
static inline uint64_t event_host(const struct endpoint_addr *addr)
{
	return hash_fixed(&addr->ip, sizeof(addr->ip)) | 1;
}

struct event_data {
	uint8_t end;     /* of its sender, as in side_record: the roles may be learnt later */
	uint64_t offset; /* of the first byte in its stream, from 0 */
	const uint8_t *bytes;
	size_t n;
	uint64_t packet; /* that brought them */
	int64_t time;    /* of that packet, ns since the connection's start */
};

struct event_gap {
	uint8_t end;  /* as in event_data */
	uint8_t kind; /* enum stream_gap */
	uint64_t offset, n;
	int64_t time;
};

struct event {
	uint8_t type; /* enum event_type */
	uint32_t
	    slot; /* index of the causing packet in its batch; EVENT_RECORD by time: of the packet that told the time */
	uint64_t uid; /* connection: ordinal of its first packet */
	uint64_t id;  /* connection's number, filled by the merge */
	union {
		struct event_open open;
		struct event_segment segment;
		struct event_data data;
		struct event_gap gap;
		struct event_trouble trouble;
		struct event_sign sign;
		const struct conn_record *record;
	} u;
};

#endif
