/* SPDX-License-Identifier: MIT */
/*
 * replay - run one known connection again and look at both endpoints after each of its segments.
 *
 * Input:  the segments of one connection, in order, decoded again by the caller.
 * Output: after each, a snapshot of both shadow endpoints.
 * Spec:   the same machine as the analysis: tcp/segarrives.c, fsm.def.
 */
#ifndef TCPSHADOW_REPLAY_H
#define TCPSHADOW_REPLAY_H

#include "tcpshadow/record.h"

/* What a segment was, seen from the connection: bits of replay_step.notes, for show's last column. */
enum segment_note {
#define SEGMENT_NOTE(id, word, brief) SEGMENT_NOTE_##id,
#include "tcpshadow/segment_note.def"
#undef SEGMENT_NOTE
	SEGMENT_NOTE_COUNT
};

const char *segment_note_word(enum segment_note n);  /* "out_of_order" */
const char *segment_note_brief(enum segment_note n); /* "out of order" */

struct end_snapshot {
	uint8_t state; /* as proved or observed after this segment: enum tcp_state */
	bool snd_known, rcv_known;
	uint64_t snd_una,
	    snd_nxt;      /* relative to its own ISN (mid-stream: to its first byte seen) */
	uint64_t rcv_nxt; /* relative to the peer's ISN */
	uint64_t snd_wnd; /* bytes the peer offered it last, scaled; as proved to have arrived */
	uint64_t rcv_wnd; /* bytes it offered last, scaled */
};

struct replay_step {
	uint8_t side; /* enum side that sent it */
	uint64_t rel_seq,
	    rel_ack;        /* relative to the ISNs, modulo 2^64: an old segment is below 0; rel_ack
	                                only with the ACK flag */
	uint64_t window;    /* scaled where the scale is known */
	bool window_scaled; /* the scale is known */
	bool has_conflict;  /* its bytes differ from others for the same numbers */
	uint32_t notes;     /* 1u << SEGMENT_NOTE_x */
	struct end_snapshot ends[2]; /* [enum side] */
	struct transfer_step transfer;
};

/* Bytes of a stream as the receiver read them. */
struct replay_data {
	uint8_t end;   /* 0: sent by who sent the first segment fed, 1: by the other */
	bool is_mixed; /* versions of these bytes differed: they need not be those of the packet */
	uint64_t offset; /* of the first byte in its stream, from 0 */
	uint64_t seq;    /* its sequence number, unwrapped */
	const uint8_t *bytes;
	size_t n;
	uint64_t packet; /* that brought them */
	int64_t time;    /* of that packet, ns since the connection's start */
};

struct replay_gap {
	uint8_t end;  /* as in replay_data */
	uint8_t kind; /* enum stream_gap */
	uint64_t offset, n;
	int64_t time;
};

/* Takes what is delivered of both streams, in order. */
struct replay_streams {
	void (*data)(void *ctx, const struct replay_data *d);
	void (*gap)(void *ctx, const struct replay_gap *g);
	void *ctx;
};

struct replay;

struct replay *replay_new(void);
void replay_free(struct replay *r);
/* One that has seen the same segments and goes on without streams. */
struct replay *replay_copy(const struct replay *r);
/* Before the first segment.  `to` is borrowed. */
void replay_watch(struct replay *r, const struct replay_streams *to, enum overlap_policy policy);
/* Feed the next segment of the connection. */
void replay_segment(struct replay *r, const struct segment *s, struct replay_step *out);
/*
 * No more segments, and packet time had reached `second` of the epoch: the final record, as in the analysis.
 * Borrowed until replay_free.
 */
const struct conn_record *replay_finish(struct replay *r, int64_t second);

#endif
