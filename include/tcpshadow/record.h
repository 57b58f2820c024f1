/* SPDX-License-Identifier: MIT */
/*
 * record - everything the analysis says about one connection, written once when it is over.
 *
 * Made by tcp, read by report.  A record and what it points to belong to the event log that carries it
 * and live until the sinks were called; a sink that keeps something copies it.
 * Times are nanoseconds since `start`; packets are ordinals; 0 = none (timers have no packet).
 */
#ifndef TCPSHADOW_RECORD_H
#define TCPSHADOW_RECORD_H

#include "tcpshadow/addr.h"
#include "tcpshadow/finding.h"
#include "tcpshadow/reset.h"
#include "tcpshadow/segment.h"
#include "tcpshadow/stream.h"
#include "tcpshadow/transfer.h"
#include "tcpshadow/verdict.h"

enum tcp_state {
#define STATE(id, name, brief) TCPS_##id,
#include "tcpshadow/state.def"
#undef STATE
	TCPS_COUNT
};

const char *tcp_state_name(enum tcp_state s);  /* "FIN-WAIT-1" */
const char *tcp_state_brief(enum tcp_state s); /* "FINWT1" */

/* One arrow of the state diagram, as printed by `catalogue --fsm`. */
struct fsm_rule {
	uint8_t from, stimulus, to; /* enum tcp_state, enum fsm_stimulus, enum tcp_state */
	const char *rfc;            /* section of RFC 9293 ("3.10.7.4"), another RFC, or "EXT" */
	const char *why;            /* "sent SYN" */
};

size_t fsm_rule_count(void);
const struct fsm_rule *fsm_rule_at(size_t i);    /* i < fsm_rule_count() */
const char *fsm_stimulus_name(uint8_t stimulus); /* "SND_SYN" */

enum side {
	SIDE_CLIENT,
	SIDE_SERVER,
};

const char *side_word(unsigned side); /* "client", "server" */

enum certainty {
	PRESUMED,
	PROVED,
};

struct state_entry {
	uint8_t state;      /* enum tcp_state */
	uint8_t certainty;  /* enum certainty */
	uint16_t rule;      /* index for fsm_rule_at(); FSM_RULE_NONE for the first entry */
	uint64_t packet;    /* cause, 0 = none (first entry, timer) */
	uint64_t proved_by; /* packet, 0 = not proved or nothing to prove */
	int64_t time;
};

#define FSM_RULE_NONE UINT16_MAX

enum handshake_outcome {
	HANDSHAKE_COMPLETE,
	HANDSHAKE_SIMULTANEOUS,
	HANDSHAKE_REFUSED,
	HANDSHAKE_UNANSWERED,
	HANDSHAKE_ICMP_ERROR,
	HANDSHAKE_UNFINISHED,
	HANDSHAKE_MIDSTREAM,
};

enum close_outcome {
	CLOSE_NONE,
	CLOSE_FOUR_WAY,
	CLOSE_THREE_SEGMENT,
	CLOSE_SIMULTANEOUS,
	CLOSE_HALF_CLOSED,
	CLOSE_RESET,
};

enum opener {
	OPENER_CLIENT,
	OPENER_BOTH,
	OPENER_UNKNOWN,
};

/* The words of JSON: "complete", "four_way", "both". */
const char *handshake_word(enum handshake_outcome h);
const char *close_word(enum close_outcome c);
const char *opener_word(enum opener o);

/* What one side offered on its SYN or SYN-ACK. */
struct syn_offer {
	bool seen; /* its SYN was captured: the fields below are known */
	bool has_mss, has_wscale, sack_permitted, timestamps, fast_open, ecn;
	uint16_t mss;
	uint8_t window_scale;
};

/* Where the capture was taken: at (or near) one of the ends, or well between them. */
enum vantage { VANTAGE_UNKNOWN, VANTAGE_CLIENT, VANTAGE_SERVER, VANTAGE_MIDDLE, VANTAGE_COUNT };
const char *vantage_word(enum vantage v);

/* How that is known: bits. */
enum vantage_mark {
	MARK_CHECKSUMS = 1u << 0, /* one end's packets have no checksum yet: its card adds it */
	MARK_TIMES = 1u << 1, /* one end answers in the handshake much sooner, or neither does */
	MARK_TTL = 1u << 2,   /* one end's packets, or neither's, have passed no router */
	MARK_HOST = 1u << 3,  /* other connections of one of the ends show it */
	MARK_COUNT = 4
};
/* Of the bit with this number: "checksum_offload". */
const char *vantage_mark_word(unsigned bit);

/* What a connection shows of itself that matters beyond it: bits. */
enum conn_sign {
	SIGN_OPENED = 1u << 0,    /* the handshake was completed */
	SIGN_TALKED = 1u << 1,    /* it is more than an attempt or a probe */
	SIGN_REPEATED = 1u << 2,  /* its SYN was sent again before anybody answered */
	SIGN_REFUSED = 1u << 3,   /* a reset answered the SYN */
	SIGN_DEAF = 1u << 4,      /* the server behaves as if the third packet had not come */
	SIGN_NO_WINDOW = 1u << 5, /* the third packet offers no window */
	SIGN_LATE_ACK =
	    1u << 6, /* data was acknowledged seconds later, and not sent again meanwhile */
};

struct icmp_record {
	uint64_t packet;
	int64_t time;
	struct addr from;
	uint8_t ip_version, type, code;
	uint8_t about;    /* enum side: whose segment it quotes */
	bool is_doubtful; /* it quotes what was never sent, or is damaged */
};

/* Word of an ICMP error: "port_unreachable", "fragmentation_needed", "time_exceeded", ... */
const char *icmp_kind_word(unsigned ip_version, unsigned type, unsigned code);

/* Bits of Wireshark's tcp.completeness. */
enum completeness {
	COMPLETE_SYN = 1,
	COMPLETE_SYN_ACK = 2,
	COMPLETE_ACK = 4,
	COMPLETE_DATA = 8,
	COMPLETE_FIN = 16,
	COMPLETE_RST = 32,
};

/* Zeek's conn_state, in the order of its documentation; words in words.c. */
enum zeek_conn_state {
	ZEEK_S0,
	ZEEK_S1,
	ZEEK_SF,
	ZEEK_REJ,
	ZEEK_S2,
	ZEEK_S3,
	ZEEK_RSTO,
	ZEEK_RSTR,
	ZEEK_RSTOS0,
	ZEEK_RSTRH,
	ZEEK_SH,
	ZEEK_SHR,
	ZEEK_OTH,
	ZEEK_STATE_COUNT
};

const char *zeek_state_word(enum zeek_conn_state s); /* "RSTOS0" */

enum {
	ZEEK_HISTORY_MAX = 30, /* letters; real connections have 4 to 14 */
};

/* What Zeek would say.  Arrays: its originator, its responder. */
struct zeek_facts {
	uint8_t state;      /* enum zeek_conn_state */
	uint8_t originator; /* enum side that Zeek takes for it */
	uint32_t letters_lost;
	int64_t duration; /* ns, to the packet that closed it */
	uint64_t sizes[2], packets[2], ip_bytes[2];
	char history[ZEEK_HISTORY_MAX + 2];
};

struct side_record {
	struct endpoint_addr addr;
	uint8_t end; /* 0 or 1: names this side in events while the roles are not known */
	uint64_t packets;
	uint64_t wire_bytes;    /* frame bytes as on the wire */
	uint64_t payload_bytes; /* sum of payload lengths, repeated ones included */
	uint64_t missing_bytes; /* sequence space the peer acknowledged and the capture lacks */
	uint64_t lost_bytes;    /* that was jumped over, neither captured nor acknowledged */
	uint64_t lacked_bytes;  /* of lost_bytes: the peer spoke much later, and had not got them */
	const struct state_entry *states; /* oldest first; [0] is where it began */
	uint32_t nstates;
	uint32_t states_lost; /* entries that did not fit the list */
	uint32_t isn;         /* valid when offer.seen */
	struct syn_offer offer;
	struct stream_facts stream; /* of what this side sent */
	bool fin_sent;
	bool fin_open;                   /* all that it sent was acknowledged but its FIN */
	struct transfer_record transfer; /* likewise */
	uint16_t unanswered; /* repetitions that it sent last, and nobody acknowledged */
	int64_t
	    unanswered_since; /* of them: when the first was first sent, ns since the start; -1 = unknown */
	int64_t last_data;   /* when it last sent any, ns since the start; only if it did */
	int64_t silence;     /* before that the peer had last been heard, ns; 0 = no */
	bool window_closed;  /* it offered no window when last seen, and had not closed */
	int64_t closed_time; /* with window_closed: for so long, ns */
};

struct conn_record {
	uint64_t uid; /* ordinal of its first packet: unique */
	uint64_t id;  /* from 1 in order of first packet; set by the engine */
	uint32_t tunnel;
	uint16_t vlan;
	uint16_t file;          /* input of its first packet */
	int64_t start;          /* time of the first packet, ns since the epoch */
	int64_t end;            /* time of the last */
	int64_t gap;            /* longest between two of its packets, ns */
	uint8_t opener;         /* enum opener */
	uint8_t handshake;      /* enum handshake_outcome */
	uint8_t close;          /* enum close_outcome */
	uint8_t nclose_order;   /* how many of close_order are set */
	uint8_t close_order[2]; /* enum side, in order of first FIN */
	uint32_t syns, synacks; /* counted as captured, repeated ones included */
	bool has_syn_to_synack, has_synack_to_ack;
	int64_t syn_to_synack, synack_to_ack; /* ns */
	struct side_record sides[2];          /* [enum side] */
	int64_t time_spent[SPENT_COUNT];      /* ns; adds up to end - start */
	const struct reset_record *resets;    /* the first few */
	uint32_t nresets, resets_seen;        /* kept, counted */
	const struct icmp_record *icmp;
	uint32_t nicmp, icmp_seen;
	struct finding *findings; /* confidence may be lowered until sinks see them */
	uint32_t nfindings;
	uint32_t findings_lost; /* kinds that did not fit the list */

	uint16_t opening;      /* enum tcp_flag of the first packet */
	uint8_t opening_by;    /* enum side: who sent it */
	uint16_t signs;        /* enum conn_sign */
	uint8_t vantage;       /* enum vantage; may be settled until sinks see it */
	uint8_t vantage_marks; /* enum vantage_mark */

	struct verdict verdict;
	bool is_midstream; /* no SYN was captured */
	bool is_open;      /* it was still open when the capture ended or it was evicted */
	bool is_evicted;
	bool was_told;    /* EVENT_CLOSED had all that is in it */
	int8_t one_sided; /* enum side that was seen, -1 = both */
	uint32_t truncated_packets;
	uint32_t duplicate_frames;
	uint32_t bad_checksums;
	uint32_t completeness; /* bits of enum completeness */
	struct zeek_facts zeek;
};

#endif
