/* SPDX-License-Identifier: MIT */
/*
 * reset - what must be remembered of each end to say later why it sent a RST.
 *
 * Input:  every segment (reset_notice), each RST before it changes its sender's state (reset_note), the finished
 *         connection (reset_end).
 * Output: conn.resets: evidence, ranked causes, whether the target obeyed; findings rst-CAUSE and relatives.
 * Memory: one struct per end; a heap list of at most RESETS_MAX entries for connections with a RST.
 * Spec:   RFC 9293 3.5.2, 3.5.3; RFC 5961 3.2; how real stacks differ: reset_evidence.def.
 */
#ifndef TCP_RESET_H
#define TCP_RESET_H

#include "tcpshadow/reset.h"

enum {
	RESETS_MAX = 16, /* kept of a connection; all are counted */
};

/* What the latest segment of an end was, for the reset that answers it. */
enum reset_query {
	QUERY_NONE,
	QUERY_SYN,
	QUERY_SYNACK,
	QUERY_ACK,
	QUERY_DATA,
	QUERY_FIN,
	QUERY_MASK = 7,
};

/* Middleboxes forget idle connections after a minute or more (ns). */
#define IDLE_MIN (55 * NS_PER_SEC)

struct reset_memory {
	int64_t data_time; /* when it last sent payload */
	int64_t spoke_at;  /* when it last sent anything but a RST */
	int64_t quiet;     /* silence of both ends before its latest segment, ns */
	uint64_t heard;    /* the peer's data that it had acknowledged when it last sent payload */
	int64_t marked;    /* when acked_mark was taken */
	uint32_t acked_mark;   /* what it had acknowledged then */
	uint32_t acked_before; /* and at the mark before: answers to older ones have come */
	uint32_t last_ack;     /* acknowledgment of its latest segment, as on the wire */
	uint32_t flow_label;   /* likewise its IPv6 flow label, 0 = none */
	uint16_t ip_id;        /* of its latest packet that has one */
	uint16_t
	    late_answers; /* RSTs it sent with a number that the peer has left behind since it asked */
	uint8_t probes; /* keepalives that it sent since the peer was heard */
	uint8_t
	    repeats; /* likewise repetitions, or probes of the peer's window since that was closed */
	uint8_t gave_up;   /* of them when the peer was heard again, and it was not since */
	uint8_t query : 3; /* enum reset_query */
	uint8_t
	    id_steps : 2; /* how often its IP ID went up by a little, up to ID_HABIT; or ID_JUMPS */
	bool has_last_ack : 1;
	bool has_mark : 1; /* of the marks: it has acknowledged something */
	bool bad_echo : 1; /* its SYN-ACK echoes a timestamp that was not sent */
};

struct step;
struct conn;

/* Any segment but a RST, after it was applied. */
void reset_notice(struct step *st);
/* A RST, before it is applied to its sender. */
void reset_note(struct step *st, bool ends_sender);
/* A RST to a SYN: its number 0 has nothing to do with what its sender has sent (RFC 9293 3.5.2). */
bool reset_answers_syn(const struct step *st);
/*
 * A RST without ACK: may it answer data that acknowledged all below `number`?  (Its own number is the acknowledgment that it
 * answers, RFC 9293 3.5.2.)  A live socket answers nothing else.
 */
bool reset_answers_data(const struct step *st, uint64_t number);
/* It may be the answer of a host without the socket to something that has come from the peer lately. */
bool reset_is_echo(const struct step *st);
/* No more segments will come: rank the causes, raise the findings. */
void reset_end(struct conn *c);

#endif
