/* SPDX-License-Identifier: MIT */
/*
 * transfer - how the data of one side got across: what was sent again and why, round trips, windows, waits.
 *
 * Made by tcp, read by report.  Times are nanoseconds; a value whose `known` or count says no is 0.
 */
#ifndef TCPSHADOW_TRANSFER_H
#define TCPSHADOW_TRANSFER_H

#include "tcpshadow/util.h"

enum retransmission_kind {
#define RETRANSMISSION_KIND(id, word, brief, class) RETRANSMISSION_##id,
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
	RETRANSMISSION_COUNT
};

const char *retransmission_word(enum retransmission_kind k);  /* "sack_recovery" */
const char *retransmission_brief(enum retransmission_kind k); /* "SACK recovery" */
/* The kind under which it is counted in the JSON: "fast" for SACK recovery. */
enum retransmission_kind retransmission_class(enum retransmission_kind k);

enum time_spent {
#define TIME_SPENT(id, word, help) SPENT_##id,
#include "tcpshadow/time_spent.def"
#undef TIME_SPENT
	SPENT_COUNT
};

const char *time_spent_word(enum time_spent t);

/* Who waited for what before a segment. */
enum wait {
#define WAIT(id, label, spent) WAIT_##id,
#include "tcpshadow/wait.def"
#undef WAIT
	WAIT_COUNT
};

const char *wait_label(enum wait w); /* "server thinking" */
enum time_spent wait_class(enum wait w);

/* What one segment was to the transfer, for rows and graphs. */
struct transfer_step {
	int64_t rtt;     /* since what it acknowledges was sent, ns; -1 = no sample */
	uint64_t flight; /* bytes its sender has on the way after it: sent and not acknowledged */
	uint64_t
	    repeats; /* packet (ordinal) that carried its bytes first, 0 = none or not captured */
	uint64_t revised; /* packet whose kind turned out to be `revised_kind`, 0 = none */
	int64_t waited;   /* time since the packet before, ns */
	int64_t again; /* time since its bytes were sent last, ns; 0 = new bytes, or not captured */
	uint8_t kind;  /* enum retransmission_kind */
	uint8_t tries; /* how often its bytes were sent again, this time included */
	uint8_t revised_kind;
	uint8_t wait;     /* enum wait: what that time was spent on */
	uint16_t dup_ack; /* number of the duplicate ACK in its row, from 1; 0 = it is none */
};

enum {
	RETRANSMISSION_PACKETS = 16, /* the first ones are kept */
};

/* What one side sent again. */
struct retransmission_record {
	uint32_t segments; /* of them all; larger captured ones count as what goes on the wire */
	uint64_t bytes;    /* of payload */
	uint32_t kinds[RETRANSMISSION_COUNT]; /* segments; [RETRANSMISSION_NONE] is 0 */
	uint32_t in_vain;                /* of the segments: had arrived before, as far as shown */
	uint32_t npackets, packets_seen; /* kept, captured */
	uint64_t packets[RETRANSMISSION_PACKETS];
};

struct rtt_record {
	uint32_t samples;
	int64_t min, mean, max, smoothed;
};

enum metric {
#define METRIC(id, name, type, known, value, help) METRIC_##id,
#include "tcpshadow/metric.def"
#undef METRIC
	METRIC_COUNT
};

#define METRIC_UNKNOWN UINT64_MAX

struct transfer_record {
	struct retransmission_record again;
	struct rtt_record rtt; /* of what this side sent */
	uint32_t window_probes, keepalives;
	uint64_t metrics[METRIC_COUNT]; /* METRIC_UNKNOWN = not known */
};

#endif
