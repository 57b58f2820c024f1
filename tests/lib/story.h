/* SPDX-License-Identifier: MIT */
/*
 * story - packet stories: a small language for TCP exchanges with expectations.
 *
 * A story is turned into the bytes of a capture and goes through the real reader, decoder and engine;
 * then its expectations are compared with the records.  tests/script/README.md describes the language.
 *
 * Sequence numbers in a story are plain numbers; each end has a `base` that is added when bytes are
 * made.  Tests move the bases to show that initial sequence numbers do not matter.
 */
#ifndef TESTS_LIB_STORY_H
#define TESTS_LIB_STORY_H

#include "tcpshadow/engine.h"
#include "tcpshadow/replay.h"

enum {
	STORY_NAMED = 8,         /* most flows that a story names */
	STORY_FLOWS = 256,       /* with those that `again` makes */
	STORY_PATH = 24,         /* most states of one `path` */
	STORY_OPTION_BYTES = 40, /* RFC 9293 3.1: what the data offset leaves */
};

struct story_end {
	char letter; /* 'A': unique in the story */
	struct endpoint_addr addr;
	uint32_t base;    /* added to its sequence numbers on the wire */
	uint16_t next_id; /* IP ID of its next packet */
};

struct story_flow {
	struct story_end ends[2]; /* as the `flow` line names them */
};

enum story_kind {
	STORY_TCP,
	STORY_ICMP,
};

struct story_packet {
	int line;          /* in the story's file, from 1 */
	int64_t ts;        /* ns since the epoch */
	uint8_t kind;      /* enum story_kind */
	uint8_t flow, end; /* who sent it; ICMP: the end on whose side the error arises */
	bool missed;       /* it happened, but the tap did not see it */

	uint16_t flags; /* bits of enum tcp_flag, and more with flags-raw */
	uint32_t seq;   /* without the base */
	uint32_t len;   /* payload bytes */
	uint32_t ack;   /* without the peer's base */
	bool has_ack;   /* `ack` was given; the ACK flag is apart */
	bool raw_seq;   /* seq goes on the wire as it stands */
	uint16_t window, urgent;
	uint8_t options[STORY_OPTION_BYTES];
	uint8_t noptions; /* bytes, before padding */
	uint8_t sack_at;  /* offset of the first SACK block in options */
	uint8_t nsack;
	char *text;   /* payload, `len` bytes; NULL = letters made from seq */
	bool altered; /* other letters than the sequence number gives */

	bool bad_checksum, dont_fragment;
	bool partial_checksum; /* the pseudo-header's sum only, as before offload */
	bool ffff_checksum;    /* payload made so that the checksum is 0, written as 0xffff */
	bool bad_ip_checksum, ip_length_zero, source_route;
	bool overlap;        /* the first fragment comes a second time with other bytes */
	uint8_t data_offset; /* words, 0 = right */
	uint8_t ip_version;  /* as written, 0 = right */
	uint16_t ip_longer;  /* bytes that the IP length claims in excess */
	uint8_t ttl, tos;
	uint16_t ip_id;
	uint16_t vlan;     /* 0 = none */
	uint32_t caplen;   /* frame bytes captured, 0 = all */
	uint16_t fragment; /* IP payload bytes of each fragment, 0 = whole */

	uint8_t icmp_type, icmp_code;
	uint16_t icmp_mtu;
	bool has_icmp_from;
	struct addr icmp_from; /* who reports; the end itself unless has_icmp_from */
	size_t icmp_quotes;    /* index of the packet it quotes */
};

struct story_state {
	uint8_t state; /* enum tcp_state */
	bool presumed; /* written with '?' */
};

struct story_expect_row;

struct story_expect {
	int line;
	const struct story_expect_row *row;
	size_t after;  /* packets of the story before it */
	uint64_t conn; /* id of the connection it speaks of */
	uint8_t flow, end;
	uint8_t end2;
	bool no_end;  /* "none" in place of an end */
	bool negate;  /* note !word */
	bool is_tail; /* path ...: only the last states */
	uint64_t number;
	int64_t cost;       /* of a finding, ns, 0 = any */
	uint16_t finding;   /* enum finding_id */
	uint8_t confidence; /* enum confidence, CONFIDENCE_COUNT = any */
	char word[32];
	size_t nstates;
	struct story_state states[STORY_PATH];
};

struct story {
	char *name; /* file, for messages */
	struct story_flow flows[STORY_FLOWS];
	size_t nflows;
	struct story_packet *packets;
	size_t npackets, packets_cap;
	struct story_expect *expects;
	size_t nexpects, expects_cap;
	bool has_two_interfaces;
	bool is_crowd;       /* `again` made flows of it that have no letters */
	uint32_t drops;      /* packets that the capture says it lost */
	int64_t clock;       /* time of the last packet */
	uint64_t connection; /* expectations below speak of this one */
};

/* NULL and *e ("file:line: ...") when the text is wrong.  Free with story_free. */
struct story *story_parse(const char *name, const char *text, struct err *e);
struct story *story_load(const char *path, struct err *e);
struct story *story_copy(const struct story *st);
void story_free(struct story *st);

/* ---- story_frame.c: bytes ---- */

/* The story as a pcap file (nanoseconds, Ethernet), appended to *out. */
void story_pcap(const struct story *st, struct buf *out);
/* The same as pcapng, with st->drops in its statistics. */
void story_pcapng(const struct story *st, struct buf *out);
/* How many frames the packet takes in the capture: 0 when missed, several when fragmented. */
size_t story_frames_of(const struct story *st, size_t packet);
/* RFC 1071: the sum over all bytes, an odd last byte padded with zero; `sum` starts it. */
uint32_t story_sum(uint32_t sum, const uint8_t *p, size_t n);

/* ---- story_mutate.c: the same story, but ... (in place; packet indices from 0) ---- */

void story_drop(struct story *st, size_t i); /* the tap misses packet i */
void story_swap(struct story *st, size_t i); /* packets i and i + 1 change places, times stay */
void story_duplicate(struct story *st, size_t i); /* the tap sees packet i twice */
void story_cut(
    struct story *st, size_t i, uint32_t caplen); /* the capture holds only these bytes */
void story_mirror(struct story *st);              /* both ends of every flow swap addresses */
void story_shift(struct story *st, unsigned end, uint32_t by); /* that end's ISN in every flow */

/* ---- story_result.c: through the real pipeline ---- */

struct story_step {
	uint64_t packet; /* ordinal in the capture */
	size_t conn;     /* index in story_result.conns */
	bool has_step;
	struct replay_step step;
	struct endpoint_addr sender; /* end that step.side means */
};

struct story_conn {
	struct conn_record record;   /* owned copy, lists included */
	struct conn_record replayed; /* the same from replay_finish() */
};

struct story_result {
	struct story_conn *conns; /* in order of id */
	size_t nconns, conns_cap;
	struct story_step *steps; /* in order of packets */
	size_t nsteps, steps_cap;
	uint64_t skipped; /* frames that gave no segment */
	uint64_t icmp_unmatched;
	struct finding findings[64]; /* about the capture as a whole */
	size_t nfindings;
};

/* Zero is the default of each. */
struct story_options {
	size_t batch_packets;
	uint64_t hash_key;
	bool reverse_shards, pack_all;
	bool no_replay; /* records only */
};

/* NULL and *e when the pipeline refused.  Free with story_result_free. */
struct story_result *story_run(
    const struct story *st, const struct story_options *o, struct err *e);
void story_result_free(struct story_result *r);

/* All that a record says, by client and server, as text: for comparing bytes. */
void story_dump_record(struct buf *out, const struct conn_record *r);
/* The same by the names of the story's ends, without addresses and ISNs. */
void story_dump_by_end(struct buf *out, const struct story *st, const struct conn_record *r);
/* The record's side that is this end of the story, or -1. */
int story_side_of(const struct story *st, unsigned flow, unsigned end, const struct conn_record *r);

struct story_scan;

/* ---- story_again.c ---- */

/* Parses the rest of an `again` line and tells the packets of its flow again. */
TS_NODISCARD int story_again_parse(struct story_scan *sc);

/* ---- story_expect.c ---- */

/* Parses the expectation `word`, the rest of its line is in *sc.  -1 and the scan's error. */
TS_NODISCARD int story_expect_parse(struct story_scan *sc, const char *word);
/* Number of expectations not met; each appends one line to *out. */
size_t story_check(const struct story *st, const struct story_result *r, struct buf *out);

#endif
