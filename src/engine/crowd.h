/* SPDX-License-Identifier: MIT */
/*
 * crowd - what only many connections together show: floods, scans, backscatter, listeners that do not accept,
 * numbers that can be guessed.
 *
 * Input:  first packets, signs and records of connections, in order of packets.
 * Output: findings about the capture with the address they are about; the same on the records they concern.
 * Memory: a census of listeners (address and port) and one of probers (address and kind of first packet): fixed
 *         tables, see census.h for who leaves.  SYNs that the shards forget were counted before.
 * Limits: a record knows what came before it, so that the order of packets alone decides.
 * Does not: know the packets of a connection.
 */
#ifndef ENGINE_CROWD_H
#define ENGINE_CROWD_H

#include "engine/census.h"
#include "tcpshadow/engine.h"
#include "tcpshadow/segment.h"

/* What a first packet is, seen as a probe. */
enum probe {
	PROBE_SYN,
	PROBE_FIN,
	PROBE_NULL,
	PROBE_XMAS,
	PROBE_ACK,
	PROBE_MAIMON, /* FIN and ACK */
	PROBE_ANSWER, /* no probe: an answer to one that was not captured */
	PROBE_NONE
};

/* Initial sequence numbers of one host, one after the other. */
struct isn_watch {
	int64_t time; /* of the latest, ns since the epoch */
	uint32_t isn, step;
	uint16_t port;                   /* of the connection, to tell it from the next */
	uint8_t same_steps, clock_steps; /* in a row */
	bool has_isn;
	uint8_t found; /* enum isn_habit */
	uint32_t found_step;
};

enum isn_habit {
	ISN_RANDOM,
	ISN_CONSTANT,
	ISN_STEPS,
	ISN_CLOCK, /* one every 4 us: RFC 9293 3.4.1 without the secret of RFC 6528 */
};

struct prober {
	struct endpoint_addr addr; /* port 0 */
	uint8_t kind;              /* enum probe */
	uint8_t port_step;         /* between the latest source ports */
	uint16_t port, port_run;   /* latest source port; steps of the same small size in a row */
	uint32_t attempts;
	uint32_t real;           /* of them turned out to be no probes */
	uint32_t opened;         /* of the others had their handshake completed */
	uint32_t refused;        /* were reset */
	uint32_t plain;          /* SYNs without the options that kernels send */
	uint32_t closed_windows; /* handshakes completed with a window of 0 */
	struct sketch ports, hosts;
	uint64_t first, last; /* packets */
	uint64_t last_closed; /* packet that completed the latest such handshake */
	int64_t first_time,
	    ripe; /* ns since the epoch; ripe: since when there are enough of them, 0 = never */
	struct isn_watch isn;
};

/* Attempts of ten seconds. */
struct flood_window {
	int64_t since, ripe;
	uint32_t attempts, ended; /* ended: opened, refused, or its SYN repeated as kernels do */
	struct sketch sources;
	uint64_t first, last;
};

struct flood {
	bool seen;
	int64_t from, until; /* ns since the epoch */
	uint64_t count, first, last;
	struct sketch sources;
};

enum { TOOK_BUCKETS = 32 }; /* powers of two, us */

struct listener {
	struct endpoint_addr addr;
	uint32_t attempts, opened, repeated, refused, scaled;
	uint32_t deaf, deaf_now, opened_now; /* now: in the window of deaf_since */
	int64_t deaf_since;
	uint64_t deaf_first, deaf_last;
	bool is_overflowing;
	uint16_t steady;        /* attempts in a row at the same distance */
	int64_t attempt, pause; /* the latest, and the time before it */
	int64_t opened_first;   /* when a connection was opened, 0 = never */
	int64_t opened_last;
	uint64_t first, last; /* packets */
	struct sketch sources;
	struct flood_window window;
	struct flood flood;
	uint16_t took[TOOK_BUCKETS]; /* SYN to SYN-ACK */
	struct isn_watch isn;
};

struct crowd {
	struct census of_listeners, of_probers;
	struct listener *listeners; /* by place; NULL until the first one */
	size_t latest;              /* place of the listener met last */
	struct prober *probers;
	struct addr target; /* of the attempt before, with its hash; 0 = none yet */
	uint64_t target_hash;
	int64_t now;          /* ns since the epoch */
	struct finding *list; /* the record's findings with the new ones */
	size_t list_cap;
};

void crowd_init(struct crowd *c);
void crowd_release(struct crowd *c);
/* A connection begins with this segment. */
void crowd_opened(struct crowd *c, const struct segment *s);
void crowd_sign(struct crowd *c, const struct event_sign *sign, uint64_t packet, int64_t time);
/* Adds what concerns the record; its list of findings is then valid until the next one. */
void crowd_record(struct crowd *c, struct conn_record *r);
/* Hands over each finding about the capture, in the order of the tables. */
void crowd_tell(struct crowd *c, void (*tell)(void *ctx, const struct finding *f), void *ctx);

/* ---- between the files of the crowd ---- */

enum probe crowd_probe_of(uint16_t flags, uint32_t len);
struct prober *crowd_prober(
    const struct crowd *c, const struct endpoint_addr *addr, enum probe kind);
struct listener *crowd_listener(const struct crowd *c, const struct endpoint_addr *addr);
void isn_watch(struct isn_watch *w, uint32_t isn, uint16_t port, int64_t time);
/* What the prober does, or FINDING_COUNT. */
enum finding_id prober_verdict(const struct prober *p, int64_t now);
/* The listener's floods up to now. */
struct flood listener_flood(const struct listener *l, int64_t now);

#endif
