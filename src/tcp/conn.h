/* SPDX-License-Identifier: MIT */
/*
 * conn - one incarnation of a 4-tuple: two shadow endpoints and what was learnt about them.
 *
 * Input:  the segments of both directions in capture order (struct step carries one through).
 * Memory: fixed size; lists are capped and counted.
 * Spec:   RFC 9293 3.3, 3.10; see segarrives.c, arrival.c and fsm.def.
 * Does not: know flow tables, files or output.
 *
 * Sequence numbers are unwrapped to 64 bits per direction; 0 = not known.  Times are ns since the first
 * packet, packets are ordinals.  `self` is the sender of the segment at hand, `peer` the other end:
 * nothing exists once per direction.
 */
#ifndef TCP_CONN_H
#define TCP_CONN_H

#include "tcp/attack.h"
#include "tcp/fsm.h"
#include "tcp/reasm.h"
#include "tcp/reset.h"
#include "tcp/transfer.h"
#include "tcp/zeek.h"
#include "tcpshadow/finding.h"
#include "tcpshadow/replay.h"
#include "tcpshadow/segment.h"
#include "tcpshadow/stream.h"

enum {
	HISTORY_MAX = 10, /* an orderly life has at most 7 entries */
	ARRIVALS_MAX = 6,
	ICMP_MAX = 3,
	HOLES_MAX = 12,
	ECN_CE = 3,         /* of the TOS byte, RFC 3168 5 */
	ID_STEP_BACK = 16,  /* more is another way of making IP IDs, or a jump */
	TS_SLACK = 1 << 28, /* ticks: 268 s of the fastest clock there is, one per microsecond */
	FRAMES_MAX = 4,     /* latest frames of a side that a copy is compared with */
};

/*
 * So long after its last packet a connection that is over keeps its streams and what is on its way (ns): in the
 * analysis (shard.c) as in a replay (conn.c), which otherwise would know more.
 */
#define CONN_LINGER (2 * NS_PER_SEC)

/* What a captured segment means to the end it is going to; waits until its arrival is proved. */
struct arrival {
	uint64_t packet;
	int64_t time;
	uint64_t seq, end, ack; /* unwrapped; ack 0 = no ACK flag */
	int64_t doubted_at; /* when the receiver last showed that it had not got this, 0 = never */
	uint32_t tsval;
	uint16_t flags; /* enum tcp_flag; 0 = ICMP error */
	uint8_t doubts; /* how often it showed that */
	bool has_tsval : 1;
	bool again : 1; /* FIN: another copy was captured before */
	bool
	    unsure : 1; /* the receiver sent something after it: nobody knows whether that crossed */
	bool
	    early : 1; /* FIN: it waits for bytes before it, which take effect first (RFC 9293 3.10.7.4) */
	bool far : 1;   /* weak for nothing but where its numbers lie: resync.c */
	bool weak : 1;  /* the receiver should have ignored it: counts only when acknowledged */
	bool exact : 1; /* RST: its number was one the receiver must obey (RFC 5961 3.2) */
};

#define HOLE_END (UINT64_MAX >> 1) /* the greatest end of a hole */

/* Sequence space that was jumped over: [left, right). */
struct hole {
	uint64_t left;
	uint64_t right : 63;
	uint64_t acked : 1; /* the peer has it: counted as missing, unless it is captured late */
	int64_t time;       /* of the segment that jumped over it */
};

struct stream_env;

/* What tells a copy of a frame from a segment sent again. */
struct frame_print {
	int64_t time;
	uint32_t hash; /* of what the sender chose, 0 = none */
	uint32_t path; /* where it was captured: duplicate.c */
};

/* The answer an end is expected to give to something out of place. */
enum owed {
	OWES_NOTHING,
	OWES_CHALLENGE, /* to a SYN, an inexact RST, an impossible acknowledgment: RFC 5961 */
	OWES_OLD_ACK,   /* to a SYN while in TIME-WAIT */
	OWES_FIN_ACK,   /* to a FIN that it had acknowledged before */
};

/* What findings must remember of what one end sent. */
struct end_memory {
	uint64_t close_ack; /* acknowledgment of its first FIN or RST, 0 = none */
	uint64_t probe_end; /* number behind its data beyond a closed window, 0 = none */
	uint32_t
	    synack_ack; /* of its first SYN-ACK, or of the bare ACK in its place; as on the wire */
	uint32_t syn_tsval;     /* timestamp of its latest SYN or SYN-ACK, with offer.timestamps */
	uint32_t ecn_tsval;     /* likewise of its latest SYN that asked for ECN */
	uint16_t syn_len;       /* payload of its latest SYN or SYN-ACK, bytes */
	uint8_t owes;           /* enum owed */
	uint8_t syn_changes;    /* SYNs with another initial number than the one before */
	uint8_t synack_changes; /* likewise SYN-ACKs */
	uint8_t deaf_syns;      /* SYNs that it sent again behind the peer's SYN-ACK */
	bool sent_syn;          /* without ACK */
	bool syn_cut;           /* options of its SYN not all captured */
	bool close_in_order;    /* its first FIN or RST was captured where its stream ended */
	bool knew_fin;          /* its first FIN is surely an answer to the peer's */
};

/* How the connection before this one on the same ports was left. */
enum previous_end {
	PREVIOUS_NONE,
	PREVIOUS_UNANSWERED, /* nobody had answered its SYN */
	PREVIOUS_OPEN,
	PREVIOUS_RESET,
	PREVIOUS_CLOSED,
	PREVIOUS_TIME_WAIT, /* the target of the new SYN was in TIME-WAIT */
};

struct previous {
	int64_t gap;    /* from its last packet to the new SYN, ns */
	uint8_t end;    /* enum previous_end */
	bool was_whole; /* it was opened and closed, and seen from the SYN on */
	bool was_stale; /* one end knew nothing of it any more: RFC 9293 3.5.1 */
};

/*
 * In the order of how often it is touched: the first lines of the cache by each segment, the next by segments
 * that take a second look, the last at the beginning and the end of a connection.
 */
struct endpoint {
	/* each segment: numbers and window */
	uint64_t
	    snd_nxt; /* highest number known to be sent (captured, or acknowledged by the peer) */
	uint64_t cap_nxt;     /* highest number captured */
	uint64_t rcv_nxt;     /* highest acknowledgment it sent: in the peer's numbers */
	uint64_t right_edge;  /* highest ack + window it offered: in the peer's numbers */
	uint64_t last_window; /* window of its last segment, scaled */
	uint64_t max_window;  /* largest it offered, scaled */
	uint64_t unseen_ack;  /* the peer acknowledged so much, beyond what was captured; 0 = no */
	uint32_t tsval;       /* newest accepted TSval it sent */
	uint32_t ts_recent;   /* TS.Recent of RFC 7323 as this end must hold it (peer's TSval) */

	uint8_t state; /* enum tcp_state, as applied so far */
	uint8_t narrivals;
	uint8_t nholes;
	uint8_t wscale;    /* of its own SYN; applies to the windows it sends */
	bool has_seq;      /* snd_nxt is valid */
	bool has_ack;      /* rcv_nxt is valid */
	bool scale_known;  /* both SYNs were seen, or its windows are known to be unscaled */
	bool may_have_fin; /* it may have sent a FIN that the capture lacks */
	bool fin_seen;
	bool rst_seen; /* it sent a RST that closes */
	bool has_tsval;
	bool has_ts_recent;
	bool uses_timestamps; /* its SYN carried the option */
	bool has_good_ip_checksum;
	bool stream_closed;
	uint8_t ttl;          /* of its latest segment without RST; 0 = none */
	uint8_t data_ttl;     /* of its latest data; 0 = none */
	uint8_t next_frame;   /* of frames[] */
	uint16_t wire_window; /* window of its last segment as on the wire */
	uint16_t ip_id;       /* of its latest packet that has one */
	uint32_t good_checksums;
	struct syn_offer offer;
	uint64_t packets, wire_bytes, payload_bytes;
	int64_t last_time;    /* of its latest segment */
	uint64_t last_packet; /* likewise */
	struct reasm *stream; /* heap, owned: what it sent, put in order (stream.c); NULL before the
	                         first byte and after the end */
	struct frame_print frames[FRAMES_MAX]; /* a ring */
	struct transfer transfer;
	struct reset_memory reset;

	/* segments with something about them */
	struct attack_end attack;
	struct end_memory memory;
	uint8_t nhistory;
	bool is_presumed;    /* the last history entry is presumed: so are all that follow */
	bool syn_data_acked; /* Fast Open: the peer's SYN-ACK covered data of its SYN */
	bool synack_sent;
	bool owes_challenge; /* it was sent something that draws a challenge ACK (RFC 5961) */
	bool uses_md5;
	bool has_other_ttl;              /* its data came with different TTLs */
	bool synack_repeated;            /* its SYN-ACK, although the tap had seen the answer */
	uint8_t resets_refuted;          /* RSTs to it after which it went on */
	bool offered_md5, offered_plain; /* its SYNs were signed (RFC 2385), were not */
	bool exact_rst_sent;             /* a RST that the peer had to obey was captured from it */
	bool fin_was_next;               /* its FIN came right behind what was captured before */
	bool leaves_checksums;    /* an ordinary segment of it left its checksum to the card */
	bool is_offer_cut;        /* the capture lacks options of its SYN */
	bool offers_accurate_ecn; /* its SYN asked for RFC 9768 */
	bool offers_mptcp;        /* its SYN was MP_CAPABLE */
	uint8_t far_rounds;       /* times that it spoke from far_ack on */
	bool far_is_new;          /* it has not done so yet from this one on */
	bool gave_up_ecn;         /* its SYN asked for ECN, and was sent again without */
	uint8_t stuck_times;      /* copies of the large segment that is not acknowledged */
	bool small_arrived;       /* what went behind it did arrive, and is smaller */
	uint16_t path_mtu;        /* as an ICMP error told it, 0 = none */
	uint32_t stuck_len;       /* its payload bytes */
	uint32_t isn;
	uint64_t iss;     /* its ISN, 0 = not known */
	uint64_t base;    /* relative numbers count from here: iss, or the first byte seen */
	uint64_t fin_end; /* number behind its FIN */
	uint64_t
	    last_fin_end;   /* the same of its latest FIN: an earlier one may have been refuted */
	uint64_t sack_edge; /* right edge of the rightmost SACK block it sent */
	uint64_t missing;   /* bytes acknowledged and not captured */
	uint32_t synack_tsval; /* of its latest SYN-ACK */
	uint32_t bad_checksums;
	uint32_t copies; /* of `packets`: captured again, not sent */
	uint32_t history_lost;
	uint32_t holes_lost;    /* open ones forgotten because there were more */
	int64_t rst_time;       /* of its latest RST that ends the connection */
	int64_t first_rst_time; /* of the first of them, with rst_seen */
	int64_t unseen_time;    /* when unseen_ack was first set */
	uint64_t far_ack;       /* the peer acknowledged so much, beyond all that it had offered to
	                           take: resync.c; 0 = no */
	int64_t far_time;       /* when it first did */
	int64_t path_mtu_time;
	uint64_t stuck_seq, stuck_packet;
	int64_t stuck_time;           /* of the first copy, then of the third */
	uint64_t urgent_edge;         /* highest number its urgent pointer named */
	uint64_t bad_checksum_packet; /* its first bad checksum before any good one, 0 = none */
	int64_t bad_checksum_time;
	struct stream_facts facts;

	struct hole *holes; /* sent, not captured, not acknowledged; unordered; heap, owned:
	                       HOLES_MAX of them, NULL before the first */

	/*
	 * Lists: what is behind the counts is indeterminate, never written (but for the arrival that is being made) and
	 * never packed.
	 */
	struct arrival
	    arrivals[ARRIVALS_MAX + 1]; /* captured, on the way to this end; oldest first */
	struct state_entry history[HISTORY_MAX];
};

#define ENDPOINT_FIXED offsetof(struct endpoint, arrivals) /* bytes before the lists */

struct conn {
	struct endpoint ends[2]; /* by direction bit of the flow key */
	uint64_t uid;            /* ordinal of the first packet */
	int64_t start;           /* ns since the epoch */
	int64_t end;             /* time of the last packet, ns since start */
	int64_t gap;             /* longest between two packets, ns */
	int64_t
	    watched; /* so long the capture goes on at least, ns since start; set before conn_finish() */
	uint8_t client; /* which of ends[] */
	uint8_t opener; /* enum opener */
	uint8_t ip_version;
	bool both_syn; /* each end sent a SYN without ACK */
	bool is_midstream;
	bool is_over; /* reset, refused, or both FINs acknowledged */
	bool is_closing_simultaneously;
	bool refused; /* a RST answered the SYN */
	bool icmp_refused;
	bool handshake_done;    /* the client answered a SYN-ACK */
	bool acked_before_seen; /* an acknowledgment was captured before what it acknowledges */
	bool is_reuse;          /* the ports were used by another connection before */
	bool was_cut_off;       /* the capture ended, or memory did, before the connection */
	bool ids_went_back; /* a sender's IP IDs show that its packets were captured out of order */
	uint16_t traps;     /* enum trap: what was seen of them while segments passed */
	uint16_t traps_told;     /* of them told to the other connections */
	bool is_calm, is_smooth; /* these lanes are open: express.c */
	uint16_t opening; /* enum tcp_flag of the first packet, whose sender is ends[opening_dir] */
	uint8_t opening_dir;
	uint8_t storm;         /* acknowledgments of nothing, by turns: find_attack.c */
	uint16_t signs;        /* enum conn_sign */
	uint16_t signs_told;   /* of them told to the other connections */
	int64_t late_span;     /* with SIGN_LATE_ACK: how late, ns */
	bool is_stale;         /* one end reset what the other said of this connection */
	bool has_odd_arrivals; /* some arrival is, or was, far or early */
	bool was_told;         /* EVENT_CLOSED was logged after its last packet */
	bool is_self_connect;  /* one address and port at both ends */
	struct previous previous;
	struct spent spent;
	uint16_t vlan;
	uint16_t file;
	uint32_t tunnel;
	uint32_t syns, synacks;
	uint32_t truncated, duplicates;
	int64_t syn_time, synack_time, ack_time; /* last before the next step, -1 = none */
	int64_t synack_first;                    /* before any was sent again, -1 = none */
	uint8_t nfin_order;
	uint8_t fin_order[2]; /* direction bits */
	struct finding
	    *findings; /* heap, owned; NULL = none so far; `by` holds the direction bit */
	uint16_t nfindings, findings_cap;
	uint32_t findings_lost;
	uint32_t nresets, resets_seen;
	uint32_t nicmp, icmp_seen;
	struct reset_record
	    *resets; /* heap, owned; `by` holds the direction bit until the record */
	uint16_t resets_cap;
	struct icmp_record *icmp;      /* likewise; ICMP_MAX of them; its `about`, too */
	struct endpoint_addr addrs[2]; /* by direction bit */
	uint8_t completeness;          /* bits of enum completeness */
	struct zeek zeek;
};

/* One segment on its way through the machine. */
struct step {
	struct conn *conn;
	struct endpoint *self, *peer;
	const struct segment *seg;
	uint8_t dir;
	bool has_ack;
	bool is_weak; /* the receiver should ignore it, and it proves nothing about its sender */
	bool is_far; /* it should for nothing but where the numbers lie: beyond what was captured */
	bool is_foreign;        /* RST that looks as if another host had made it */
	bool is_copy;           /* the same frame captured again: it changes nothing */
	bool repeats_ignored;   /* likewise, but the first was to be ignored */
	bool is_old_ack;        /* older than the largest window allows (RFC 5961 5.2) */
	bool acks_unsent;       /* acknowledges what was not captured */
	bool conflicts;         /* its bytes differ from others for the same numbers */
	uint8_t usual_ttl;      /* of the sender before this segment, 0 = none */
	uint64_t edge_before;   /* right edge of the window it was sent into */
	uint64_t seq, end, ack; /* unwrapped */
	int64_t time;
	struct stream_env *env; /* NULL: no streams */
	uint32_t notes;         /* bits of enum segment_note */
	struct transfer_step transfer;
};

/* A segment of the connection comes soon; then, when that is at hand, what it points to. */
void conn_prefetch(const struct conn *c);
void conn_prefetch_streams(const struct conn *c);
/* Frees what the connection owns. */
void conn_release(struct conn *c);
/* Give back what it can do without until it needs it again. */
void conn_trim(struct conn *c);
/* *to becomes a connection of its own that knows all but the streams, which it will not follow. */
void conn_copy(struct conn *to, const struct conn *from);
/* Begin a connection with its first segment, which is not applied yet.  dir: the sender's direction bit. */
void conn_init(struct conn *c, const struct segment *s, uint8_t dir);
/* Apply one segment.  Fills `step`, whose notes and numbers serve the replay. */
void conn_segment(struct conn *c, const struct segment *s, uint8_t dir, struct stream_env *env,
    struct step *step);
/* The FIN that ends[dir] sent, and that the peer was thought to ignore, was taken, after all. */
void conn_take_fin(struct conn *c, const struct arrival *a, uint8_t dir);
/* An ICMP error about a segment that ends[dir] sent. */
void conn_icmp(struct conn *c, const struct segment *s, uint8_t dir);
/* No more segments will come: decide what is still open.  reused: a new SYN took over the ports. */
void conn_finish(struct conn *c, struct stream_env *env, bool reused, bool time_wait_expired);

/*
 * pack.c: a closed connection made small: what differs from another one, the mould, which must stay as it is and may
 * be all zero.  Packing spoils *c; `out` has room for CONN_PACKED_MAX bytes.
 */
enum {
	CONN_PACKED_MAX = 4352,
};
size_t conn_pack(struct conn *c, const struct conn *mould, uint8_t *out);
void conn_unpack(struct conn *c, const struct conn *mould, const uint8_t *in);
/* What no connection was packed with becomes a mould for others like this one, which packing has spoilt. */
void conn_mould(struct conn *mould, const struct conn *spoilt);

/*
 * aside.c: what a connection that is over holds for late packets only, apart from it.  Nothing is left to decide of it,
 * unless such a packet comes.
 */
struct aside {
	struct reasm_rest streams[2]; /* of ends[] */
	struct sent_ring sent[2];
};
/* The connection is closed then, but can be taken back.  False = something about it is still open; nothing changed. */
bool conn_set_aside(struct conn *c, struct aside *a);
void conn_take_back(struct conn *c, const struct aside *a);
/* No late packet came. */
void aside_release(struct aside *a);

/* What the SYN would be: part of this connection, the start of a new one, or perhaps one. */
enum syn_fate {
	SYN_BELONGS,
	SYN_STARTS_NEW,
	SYN_PENDING,
};
/* A SYN-ACK of the next connection, whose SYN the capture lacks, into one that is over. */
bool conn_synack_is_new(const struct conn *c, const struct segment *s, uint8_t dir);
enum syn_fate conn_syn_fate(const struct conn *c, const struct segment *s, uint8_t dir);

/* state.c: history */
struct cause {
	uint64_t packet;
	int64_t time;
	uint64_t proved_by; /* 0 = not proved */
};
void state_begin(struct endpoint *e, enum tcp_state s);
/* Feed one stimulus.  False when the table has no cell for it. */
bool state_stimulus(struct endpoint *e, enum fsm_stimulus stimulus, const struct cause *cause);
/* Take back the last change: it was drawn from a segment the endpoint did not send. */
void state_undo(struct endpoint *e);

/* arrival.c */
void arrival_queue(struct step *st);
void arrival_prove(struct step *st);
void arrival_settle(struct step *st);
void arrival_obey_reset(struct step *st);
void arrival_finish(struct conn *c, struct endpoint *e);
/* Time from the tap to the end and back, as the handshake shows it: an upper bound of the path's own, ns; -1 = not known. */
int64_t arrival_handshake_time(const struct conn *c, const struct endpoint *e);
/* The same with a margin; known or not. */
int64_t arrival_round_trip(const struct conn *c, const struct endpoint *e);

/* segarrives.c: the checks of RFC 9293 3.10.7, run when an arrival is applied */
void segarrives(
    struct endpoint *e, const struct endpoint *from, const struct arrival *a, uint64_t proved_by);

/* replay.c: one that begins behind the segments the connection has seen */
struct replay *replay_of(const struct conn *c);

/* express.c: segments that need no second look */
enum lane {
	LANE_LONG,
	LANE_CALM,    /* no check fails, and nothing but the teardown can be remarked on */
	LANE_EXPRESS, /* nor does any state change */
};
/* The connection has changed: which lanes are open to its next segments? */
void express_learn(struct conn *c);
/* Where this one goes. */
enum lane express_lane(const struct step *st);
/* In place of the checks and findings, on the calm lane. */
void express_accept(struct step *st);
/* All that is to be done on the express lane but for counting it. */
void express_segment(struct step *st);

/* sign.c: what the connection shows beyond itself, after a segment was applied */
void sign_segment(struct step *st);
/* An acknowledgment that comes seconds late, before it is applied. */
void sign_late_ack(struct step *st);

/* vantage.c: where the tap is, as far as this connection shows it; *marks: enum vantage_mark */
enum vantage vantage_of(const struct conn *c, uint8_t *marks);

/* duplicate.c: sets is_copy and its note, and counts it */
void duplicate_check(struct step *st);
/* Then, with is_weak known: a copy of what was to be ignored is one only if it is to be ignored itself. */
void duplicate_judged(struct step *st);
/* Likewise: does it repeat, much later, a packet of its sender?  Then its bytes are all that is to be looked at. */
bool duplicate_is_late(const struct step *st);
void duplicate_late(struct step *st);
/* For a segment that cannot be a copy: later ones may be copies of it. */
void duplicate_remember(struct step *st);
/* Latest frames that no later one can be a copy of are forgotten. */
void duplicate_trim(struct conn *c);

/* track.c: numbers, windows, timestamps */
void track_numbers(struct step *st);
void track_validity(struct step *st);
void track_advance(struct step *st);
/* It has at most the octet before what its sender sends next. */
bool track_repeats_last(const struct step *st);
void track_finish(struct endpoint *e);
/* All that e sent up to this number was captured or acknowledged. */
uint64_t track_contiguous(const struct endpoint *e);

/* resync.c: with segments that their receiver must ignore, as far as is known */
/* It acknowledges what nobody offered to take. */
void resync_hear(struct step *st);
/* It comes from beyond the window: do both ends agree on that?  Then it does not any more. */
bool resync_agrees(struct step *st);
/*
 * It acknowledges a FIN that acknowledged a FIN of its sender, and comes from behind that; all three lie where the capture
 * knows nothing.  Then both FINs were taken, and so is this.
 */
bool resync_closes(struct step *st);
/* A segment was taken as it is: the numbers that are known are right. */
void resync_settle(struct step *st);

/* record.c */
/* Resolves the roles inside the connection as well: call once, last. */
void record_fill(struct conn_record *r, struct conn *c);

/* A small step back of a sender's IP IDs: this packet was sent before the last. */
static inline bool conn_id_went_back(uint16_t last, uint16_t id)
{
	return last != 0 && id != 0 && (uint16_t)(last - id - 1) < ID_STEP_BACK;
}

/* Packets that it sent itself. */
static inline uint64_t conn_sent(const struct endpoint *e)
{
	return e->packets - e->copies;
}

static inline uint8_t conn_dir(const struct conn *c, const struct endpoint *e)
{
	return e == &c->ends[1];
}

#endif
