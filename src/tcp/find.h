/* SPDX-License-Identifier: MIT */
/*
 * find - raising findings about one connection.
 *
 * Input:  facts noticed while segments pass, or at the end of the connection.
 * Output: a list per connection, one entry per finding and side, with an exact count and a few packets.
 * Memory: nothing for a connection without findings; at most FINDINGS_MAX entries, more are counted.
 * Does not: judge the capture; find_gate() does that when the connection is over.
 */
#ifndef TCP_FIND_H
#define TCP_FIND_H

#include "tcp/conn.h"
#include "tcpshadow/finding.h"

enum {
	FINDINGS_MAX = 48,
	BY_SELF = 0, /* the sender of the segment at hand */
	BY_PEER = 1, /* its receiver */
};

/*
 * A finding about the segment at hand.  `who`: BY_SELF, BY_PEER or BY_NOBODY.  Returns the entry for more to
 * be said (a, b, cost), or NULL when the list is full; it is valid until the next finding is raised.
 */
struct finding *find_segment(
    struct step *st, enum finding_id id, unsigned who, enum confidence confidence);
/* A finding about the connection: dir = direction bit of who did it, or BY_NOBODY; packet 0 = none. */
struct finding *find_conn(struct conn *c, enum finding_id id, unsigned dir,
    enum confidence confidence, uint64_t packet, int64_t time);
/* The entry raised before, or NULL.  (Most connections are asked for many and have none.) */
struct finding *find_among(const struct conn *c, enum finding_id id, unsigned dir);
static inline struct finding *find_have(const struct conn *c, enum finding_id id, unsigned dir)
{
	return c->nfindings ? find_among(c, id, dir) : NULL;
}
/* Take an entry back.  Others may move: pointers to entries are void after it. */
void find_drop(struct conn *c, struct finding *f);
/* Take back what was raised at that packet, if it was.  Likewise. */
void find_withdraw(struct conn *c, enum finding_id id, unsigned dir, uint64_t packet);

/* The latest packet turned out to belong to another connection. */
void find_forget(struct conn *c, uint64_t packet);

/*
 * What one header shows of its sender: certain where its checksum fits, or was left to the sender's card;
 * otherwise it may have been damaged on the way.
 */
enum confidence find_header_confidence(const struct step *st);

/* The first FIN of its sender was taken: what is to be remembered of it, before it moves the edges. */
void find_fin_taken(struct step *st);

/* Groups: each looks at a segment before it moves the edges (st->self and st->peer are as before it). */
void find_flags(struct step *st);   /* flag combinations, urgent pointer */
void find_options(struct step *st); /* TCP options */
void find_wire(struct step *st);    /* checksums, lengths, IP */
void find_handshake(
    struct step *st); /* SYN, SYN-ACK, third ACK, simultaneous and split handshakes */
void find_teardown(struct step *st); /* FIN, RST, what follows them */
void find_sequence(struct step *st); /* sequence and acknowledgment validity */
void find_stream(struct step *st);  /* conflicts, insertions; after stream.c has seen the segment */
void find_capture(struct step *st); /* signs that the capture is at fault */
void find_attack(struct step *st);  /* the connection as a weapon */
void find_path_mtu(struct step *st); /* large segments that vanish */
/* Can it be believed? */
bool find_icmp(struct conn *c, const struct segment *s, uint8_t dir);

/* Groups: at the end of the connection, before the gate. */
void find_handshake_end(struct conn *c);
void find_teardown_end(struct conn *c);
void find_sequence_end(struct conn *c);
void find_attack_end(struct conn *c); /* after the groups whose findings it counts */
void find_stream_end(struct conn *c);
void find_capture_end(struct conn *c);
void find_options_end(struct conn *c);
void find_wire_end(struct conn *c);
void find_icmp_end(struct conn *c);

/* Nothing was lost, cut, repeated or exchanged, as far as a capture can show that. */
bool find_capture_is_clean(const struct conn *c);
/* Acknowledgments show a second end, of which nothing was captured. */
bool find_capture_is_one_sided(const struct conn *c);

/* Bytes of ends[dir] that were jumped over, and neither captured later nor acknowledged. */
struct lost {
	uint64_t bytes;
	uint64_t lacked; /* of them: the receiver spoke much later, and had not got them */
};
struct lost find_lost(const struct conn *c, unsigned dir);

/* What is wrong with the capture of this connection: bits of enum trap. */
unsigned find_traps(const struct conn *c);
/* Lower the confidence of what the capture could have faked, drop what it explains wholly. */
void find_gate(struct conn *c);

/* How the connection `old` is left when a SYN opens the next one on its ports. */
struct previous find_previous(const struct conn *old, const struct segment *syn, uint8_t dir);

#endif
