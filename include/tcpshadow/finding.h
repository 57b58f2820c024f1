/* SPDX-License-Identifier: MIT */
/*
 * finding - what is wrong (or worth knowing) about a connection, and the packets that show it.
 *
 * Everything that has a name has its row in finding.def; enum, JSON, catalogue, help and documentation come
 * from the rows.  Ids are for ever: a row may be added, its id never changes or is used again.
 */
#ifndef TCPSHADOW_FINDING_H
#define TCPSHADOW_FINDING_H

#include "tcpshadow/addr.h"

enum finding_class {
	CLASS_ENDPOINT, /* one of the hosts did it */
	CLASS_NETWORK,  /* the path between them */
	CLASS_CAPTURE,  /* the capture itself: never anybody's fault */
	CLASS_SECURITY, /* hostile, or looks so */
	CLASS_COUNT
};

enum severity {
	SEVERITY_INFO,  /* a fact */
	SEVERITY_NOTE,  /* unusual, usually harmless */
	SEVERITY_WARN,  /* costs time or data */
	SEVERITY_ERROR, /* the connection failed or stalled, or the protocol was broken */
	SEVERITY_COUNT
};

enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN, CONFIDENCE_COUNT };

/* What about a capture can fake a finding: bits. */
enum trap {
	TRAP_DROP = 1u << 0,      /* the capture lost packets */
	TRAP_DUPLICATE = 1u << 1, /* frames captured twice */
	TRAP_REORDER = 1u << 2,   /* packets out of order in the capture */
	TRAP_OFFLOAD = 1u << 3,   /* captured before segmentation or after reassembly by the card */
	TRAP_MIDSTREAM = 1u << 4, /* began before the capture */
	TRAP_ONE_SIDED = 1u << 5, /* one direction only */
	TRAP_KEEPALIVE = 1u << 6, /* a keepalive looks like it */
	TRAP_CLOCK = 1u << 7,     /* clock steps, two clocks */
	TRAP_SNAPLEN = 1u << 8,   /* packets cut */
	TRAP_PROXY = 1u << 9,     /* proxy, NAT, load balancer in between */
	TRAP_REUSE = 1u << 10,    /* the 4-tuple was used again */
	TRAP_END = 1u << 11,      /* the capture ended, or was filtered */
	TRAP_COUNT = 12
};

enum finding_id {
#define FINDING(id, name, class, severity, rfc, traps, title, sentence, explanation) FINDING_##id,
#include "tcpshadow/finding.def"
#undef FINDING
	FINDING_COUNT
};

struct finding_info {
	const char *name;        /* "syn-retransmitted" */
	uint8_t class, severity; /* enum finding_class, enum severity */
	uint16_t traps;          /* enum trap: what can fake it */
	const char *rfc;         /* "9293 3.10.7.4" */
	const char *title;       /* a few words for lists */
	const char *sentence;    /* says why; placeholders: see finding_sentence() */
	const char *explanation; /* two to four sentences for people who meet it the first time */
};

const struct finding_info *finding_info(enum finding_id id);
/* The id of a name, FINDING_COUNT when there is none. */
enum finding_id finding_by_name(const char *name, size_t len);
const char *finding_class_word(enum finding_class c);
const char *severity_word(enum severity s);
const char *confidence_word(enum confidence c);
/* Of the bit with this number, 0 .. TRAP_COUNT - 1: "capture_drop", "the capture lost packets". */
const char *trap_word(unsigned bit);
const char *trap_text(unsigned bit);

enum {
	FINDING_PACKETS = 4, /* the first three and the last */
	BY_NOBODY = 2,       /* finding.by where neither side did it */
};

struct finding {
	uint16_t id;        /* enum finding_id */
	uint8_t confidence; /* enum confidence */
	uint8_t by;         /* enum side of the one who did it, or BY_NOBODY */
	uint8_t npackets;   /* in packets[] */
	uint16_t traps;     /* those of its row that the capture does not exclude */
	uint32_t count;     /* how often, exactly */
	int64_t time;       /* of the first, ns since the connection's start */
	int64_t cost;       /* time it cost, ns; 0 = none or not known */
	uint64_t a, b;      /* two numbers for the sentence; their meaning is the row's */
	uint64_t packets[FINDING_PACKETS]; /* ordinals; packets[npackets - 1] is the last */
	struct endpoint_addr
	    subject; /* of the capture: what it is about; port 0 = a host, version 0 = none */
};

/*
 * The capture shows these traps (bits): those of the row are noted, and with the first of them the confidence
 * goes down one step.  What is said of the capture itself stays.
 */
void finding_doubt(struct finding *f, unsigned traps);

/*
 * One plain sentence.  Placeholders of the row's text: {by} "client" or "server", {peer} the other one,
 * {host} and {target} what the finding is about, or else "the" {by} or {peer}, {count} with separators, {a} {b} the numbers, {time} {cost} as durations, {packet} the first packet's number
 * as people know it (the caller's `number`); {count|word|words}, likewise a and b: the word that fits it.
 */
void finding_sentence(struct buf *out, const struct finding *f, uint64_t number);

#endif
