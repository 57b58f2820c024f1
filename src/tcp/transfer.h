/* SPDX-License-Identifier: MIT */
/*
 * transfer - what is remembered of the data one end sent until it is acknowledged, and measured on the way.
 *
 * Input:  accepted segments, before they move the edges: called by track.c.
 * Output: notes, kinds of retransmission, samples in step.transfer; counts and sums per end.
 * Memory: a ring of SENT_MIN to SENT_MAX entries per end, from its first segment until its stream is over;
 *         when more is on the way, neighbours become one entry.  What loss needs, from the first
 *         retransmission on.  Both are owned by the endpoint.
 * Spec:   RFC 6298 (round trips, timer), 5681, 6675, 8985 (recovery, loss probe), 2883 (D-SACK), 3522 (Eifel).
 * Does not: judge; find_transfer.c does that.
 */
#ifndef TCP_TRANSFER_H
#define TCP_TRANSFER_H

#include "tcpshadow/transfer.h"

/* Keepalives closer together are frequent (ns): Linux sends them every 75 s once the peer does not answer. */
#define KEEPALIVE_FREQUENT (15 * NS_PER_SEC)

/* The greatest retransmission timeout there is, and the longest between two probes of a closed window (ns): Linux. */
#define TIMEOUT_MAX (120 * NS_PER_SEC)

/* Paths take larger packets than that (bytes), through tunnels, too: for segments of a size nobody has told. */
#define FULL_UNKNOWN 1200

enum {
	SENT_MIN = 8, /* powers of two */
	SENT_MAX = 256,
};

enum sent_flag {
	SENT_SACKED = 1u << 0,
	SENT_RUN = 1u << 1,       /* several segments: `packet` and times are those of the last */
	SENT_UNTIMED = 1u << 2,   /* when it was first sent is not known: no sample */
	SENT_UNNEEDED = 1u << 3,  /* the receiver said that it got it twice */
	SENT_WAS_PROBE = 1u << 4, /* its last repetition was taken for a tail loss probe */
	SENT_IN_VAIN = 1u << 5,   /* it had been acknowledged before its last repetition */
};

/* A segment, as first sent. */
struct sent {
	uint64_t seq;         /* unwrapped */
	uint64_t packet;      /* ordinal of the first time, 0 = not captured */
	uint64_t again;       /* of the last time it was sent again, 0 = never */
	int64_t first;        /* ns since the connection's start */
	int64_t last;         /* when it was sent last */
	uint32_t len;         /* sequence space */
	uint32_t tsval;       /* of the first time */
	uint32_t tsval_again; /* of the last */
	uint16_t ip_id;
	uint8_t tries; /* times it was sent again */
	uint8_t flags; /* enum sent_flag */
};

/* Ordered by sequence number.  What is acknowledged stays until its place is needed. */
struct sent_ring {
	struct sent *list; /* NULL before the first segment and after the end */
	struct pool *pool; /* that it is from; NULL = the heap */
	uint64_t head;     /* first that is not acknowledged; counts on, modulo `cap` */
	uint64_t tail;
	uint32_t cap; /* power of two */
};

/* The first repetition brings this into being. */
struct loss {
	struct retransmission_record again;
	uint64_t recovery_end; /* what was sent when recovery began, 0 = not in recovery */
	int64_t last_gap;      /* between the last two times the same bytes were sent */
	int64_t counted_until; /* time that some retransmission's cost has counted */
	uint8_t kind;          /* of the one that began recovery: enum retransmission_kind */
};

/* Sums and extremes that are only reported. */
struct measures {
	uint64_t flight_max;
	uint64_t window_min, window_max; /* that it offered, but for its SYN */
	uint64_t reorder_bytes;          /* farthest that a segment came late */
	int64_t reorder_time;
	int64_t zero_window_time, window_full_time; /* its window closed; it filled the peer's */
	int64_t idle_max;                           /* between two of its packets */
	int64_t data_first, data_last;              /* times of its payload; data_first -1 = none */
	uint32_t reordered, reorder_packets;
	uint32_t zero_windows, windows_full;
	uint32_t dup_acks, delayed_acks, stretch_acks;
	uint32_t largest_segment, unneeded;
	bool has_window, has_data;
};

struct rtt {
	uint32_t samples;
	int64_t min, max, sum;
	int64_t smoothed, variation; /* SRTT, RTTVAR of RFC 6298 */
};

/* What one end sent, and how it went.  Embedded in struct endpoint. */
struct transfer {
	struct sent_ring sent;
	struct loss *loss; /* heap, NULL = nothing was sent again */
	struct rtt rtt;    /* of what this end sent */
	struct measures measures;

	/* facts about the end of the connection */
	uint16_t
	    unanswered; /* times something was sent again since the peer acknowledged anything new */
	uint16_t keepalives_open; /* keepalives since the peer sent anything */
	uint16_t probes_open;     /* zero-window probes since the peer sent anything */
	uint16_t dup_acks;        /* duplicate ACKs it sent in a row */
	uint32_t keepalives, probes;
	int64_t unanswered_since; /* when the first of them was first sent */
	int64_t keepalive_time;   /* of the last one */
	int64_t keepalive_gap;    /* between the last two, 0 = there was one */
	int64_t window_closed_at; /* with window_closed */
	bool window_closed;       /* its last window was 0 */
	bool is_closed;           /* the connection is over: `sent` was given back */
	uint8_t tries_open;       /* at the end: times it repeated what the peer still waits for */

	/* what findings must remember */
	bool probed_last;         /* the last thing it sent was a window probe */
	uint16_t small_updates;   /* window updates of little use, in a row */
	uint16_t frequent;        /* keepalives soon after the one before */
	uint16_t held_writes;     /* small writes that left with a delayed ACK */
	uint32_t largest_acked;   /* of what it sent in one segment */
	uint32_t probes_at_close; /* the peer's, when its window last closed or opened */
	int64_t held_time;        /* that they waited, ns */
	int64_t ack_delay;        /* of its last ACK, of a small segment, ns */
	uint64_t dropped_from; /* number it took back from its window with data there, 0 = none */
	uint64_t dropped_to;
};

/* What the time went into.  Embedded in struct conn. */
struct spent {
	int64_t time[SPENT_COUNT]; /* ns; their sum is `mark` */
	int64_t mark;              /* so far, ns since the connection's start */
	int64_t quiet;             /* of time[SPENT_IDLE]: since the last payload */
	int64_t pause;             /* longest that its sender made since the other end's last one */
	uint8_t now;               /* how things stand: spent.c */
	uint8_t last;              /* enum wait of the last interval */
	uint8_t talker;            /* direction bit of the last payload; 2 = there was none */
	bool was_full; /* that was as much as a segment takes: more may have had to wait */
	bool was_opening;
};

struct step;
struct endpoint;
struct conn;
struct pool;

/* sent.c */
/* Room for one more entry behind all others, to be filled.  pool: of SENT_MIN entries each, for the first; or NULL. */
struct sent *sent_push(struct sent_ring *r, struct pool *pool);
/* One more entry, below what was sent before (and not acknowledged: otherwise nothing happens). */
void sent_insert(struct sent_ring *r, const struct sent *s);
/* The entry that holds this number, acknowledged or not; NULL = none. */
struct sent *sent_find(const struct sent_ring *r, uint64_t seq);
/* The first entry at or behind this number; NULL = none. */
struct sent *sent_above(const struct sent_ring *r, uint64_t seq);
/* No entry that is not acknowledged goes across this number any more; moves entries. */
void sent_cut(struct sent_ring *r, uint64_t seq);
/* The one behind it, or NULL. */
struct sent *sent_next(const struct sent_ring *r, const struct sent *s);
/* The oldest that is not completely acknowledged; NULL = none. */
static inline struct sent *sent_head(const struct sent_ring *r)
{
	return r->head < r->tail ? &r->list[r->head & (r->cap - 1)] : NULL;
}

/* The one sent last, acknowledged or not; NULL = none. */
static inline const struct sent *sent_newest(const struct sent_ring *r)
{
	return r->tail ? &r->list[(r->tail - 1) & (r->cap - 1)] : NULL;
}

/* If `ack` acknowledges it completely, it leaves the flight; NULL = it does not. */
static inline struct sent *sent_take(struct sent_ring *r, uint64_t ack)
{
	struct sent *s = sent_head(r);

	if (!s || s->seq + s->len > ack)
		return NULL;
	r->head++;
	return s;
}

/* Entries not acknowledged at or behind `s`. */
uint32_t sent_count_from(const struct sent_ring *r, const struct sent *s);
/* It is needed soon. */
void sent_prefetch(const struct sent_ring *r);
void sent_own(struct sent_ring *r);
void sent_release(struct sent_ring *r);

/* find_transfer.c */
/* The segment repeats `old` (NULL = not captured), `gap` ns after it was sent last; before that is marked. */
/* The segment repeats bytes of `old`, as that was first sent. */
void find_recut(struct step *st, const struct sent *old);
void find_again(struct step *st, const struct sent *old, int64_t gap, bool fills);
/* The last repetition of `old` was no loss probe: the timer sent it. */
void find_revised(struct step *st, const struct sent *old);
/* The receiver had `s` when it was sent again last: it was not lost. */
void find_not_lost(struct step *st, const struct sent *s);
void find_late(struct step *st);
void find_sack(struct step *st);
/* Its window is 0, or is not any more. */
void find_window_change(struct step *st, bool closed);
void find_transfer(struct step *st);
void find_transfer_end(struct conn *c);

/* retransmit.c */
/* Space that was passed before, and is neither a probe nor the first SYN-ACK.  fills: nobody has seen it. */
void retransmit_note(struct step *st, bool fills);
/* Its header tells that it was sent before what was captured of its sender's later bytes. */
bool retransmit_was_overtaken(const struct step *st);
/* Time from a packet at the tap to the end's answer to it, as short as it was seen, ns; -1 = not known. */
int64_t retransmit_loop(const struct endpoint *e);
/* `old`, which is sent again, was larger when it was sent first than the path takes, as an ICMP error told. */
bool retransmit_was_too_large(const struct step *st, const struct sent *old);
/* The sender of the segment at hand tells that it had `s` when that was sent again, the last so many times. */
void retransmit_unneeded(struct step *st, struct sent *s, unsigned times);
/* The timer had run too early, and its sender knows that now. */
void retransmit_undone(struct transfer *t);

/* metrics.c */
/* Most payload bytes in one segment from `from`, by MSS and timestamps; 0 = not known. */
uint32_t transfer_full_segment(const struct endpoint *from, const struct endpoint *to);
/*
 * There may be more that has to wait: with all up to `ack` acknowledged something is on the way, and the last of it fills a
 * segment; or the window has no room for one.
 */
bool transfer_waits(const struct endpoint *from, const struct endpoint *to, uint64_t ack);
/* Before an accepted segment moves the edges. */
void transfer_segment(struct step *st);
/* It takes sequence space; it has an acceptable ACK. */
void transfer_sent(struct step *st);
void transfer_acked(struct step *st, uint64_t ack);
/* Nothing more will be measured. */
void transfer_close(struct conn *c);
/* Likewise, unless it is taken back; the rings are the caller's until then. */
void transfer_set_aside(struct conn *c, struct sent_ring sent[2]);
void transfer_take_back(struct conn *c, const struct sent_ring sent[2]);
/* A copy of another end's gets a copy of what that owns. */
void transfer_own(struct transfer *t);
void transfer_release(struct endpoint *e);
/* *r is cleared before. */
void transfer_record(struct transfer_record *r, const struct endpoint *e, int64_t end);

/* spent.c */
/* Its interval ends with this segment, which the machine has taken. */
void spent_segment(struct step *st);
void spent_finish(struct conn *c);

#endif
