/* SPDX-License-Identifier: MIT */
/*
 * tap - what packets and connections teach about the capture as a whole: where it was taken, what it lost at
 * once, what its clock did, what was filtered away.
 *
 * Input:  packets, signs, troubles and records, in order of packets.
 * Output: struct capture_quality; findings about the capture; the vantage of connections that do not show it.
 * Memory: a census of hosts, see census.h.
 */
#ifndef ENGINE_TAP_H
#define ENGINE_TAP_H

#include "engine/census.h"
#include "tcpshadow/engine.h"

/* Fine enough for any network (ns). */
#define TAP_UNIT_FINE UINT64_C(1000)

/* How often connections of this host showed that the tap is at it, or is not. */
struct nearness {
	struct endpoint_addr addr;
	uint32_t near, far;
};

/* What the times of packets show; kept by the reader. */
struct tap_clock {
	int64_t previous;   /* time of the latest packet, ns since the epoch */
	uint32_t interface; /* that it came from */
	uint16_t file;
	bool has_previous;
	uint64_t unit;          /* largest power of ten that divides all times, ns */
	uint64_t steps_back;    /* in time, within a file */
	uint64_t steps_between; /* of them from one interface to another */
	int64_t largest_step;   /* ns */
};

struct tap {
	struct census of_hosts;
	struct nearness *hosts; /* by place; NULL until the first one */

	int64_t burst_since; /* the second in which connections lost packets */
	uint32_t burst;      /* connections in it */
	uint64_t burst_packet;
	int64_t gap_from, gap_to; /* the latest long silence of the whole capture */
	uint64_t gap_packet;      /* that ended it */
	uint32_t gap_agree;       /* connections that went on across it as if it had not been */
	struct finding drop_burst, clock_jump; /* count 0 = none */

	uint64_t whole, talking; /* connections that were opened and closed; with payload */
	uint64_t hollow;         /* opened and closed, with bytes by number only */
	uint64_t one_sided;
	struct capture_quality quality;
};

void tap_init(struct tap *t);
void tap_release(struct tap *t);
void tap_clock_init(struct tap_clock *c);
void tap_clock_odd(struct tap_clock *c, const struct packet *p);
/* One more packet.  Nearly all of them only are later than the one before. */
static inline void tap_clock_packet(struct tap_clock *c, const struct packet *p)
{
	if (c->unit > TAP_UNIT_FINE || p->ts < c->previous)
		tap_clock_odd(c, p);
	c->has_previous = true;
	c->previous = p->ts;
	c->interface = p->interface;
	c->file = p->file;
}
/* A packet that comes so long after the one before it begins a new second. */
void tap_silence(struct tap *t, int64_t from, int64_t to, uint64_t packet);
void tap_trouble(struct tap *t, const struct event_trouble *trouble, uint64_t packet, int64_t time);
void tap_sign(struct tap *t, const struct event_sign *sign, int64_t time);
/* Settles the vantage of the record and counts it. */
void tap_record(struct tap *t, struct conn_record *r);
void tap_tell(struct tap *t, const struct tap_clock *clock, const struct cap_facts *facts,
    void (*tell)(void *ctx, const struct finding *f), void *ctx);

#endif
