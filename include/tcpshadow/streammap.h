/* SPDX-License-Identifier: MIT */
/*
 * streammap - both byte streams of one connection in order of delivery, to walk about in.
 *
 * Input:  the session with its rows; its segments once more, in order.
 * Output: parts: delivered bytes, what is missing, pauses.  Lines of text, hex and C, by number.
 * Memory: a hundred bytes for a part and a packet, and a mark for 32 lines.  The payload stays in the file;
 *         kept are only bytes that no single packet of the file has (fragments, mixed versions), up to a
 *         bound, and beyond it they are shown as not kept.
 * Does not: know how wide a line is drawn.
 */
#ifndef TCPSHADOW_STREAMMAP_H
#define TCPSHADOW_STREAMMAP_H

#include "tcpshadow/capture.h"
#include "tcpshadow/session.h"

/* Reads a packet again: as cap_reread(). */
struct stream_source {
	int (*read)(void *ctx, uint16_t file, uint64_t offset, struct packet *p, struct err *e);
	void *ctx;
};

enum stream_part_kind {
	STREAM_DATA,
	STREAM_GAP,
	STREAM_PAUSE,
};

enum stream_part_flag {
	STREAM_OWN = 1u << 0,    /* the bytes are kept here */
	STREAM_LOST = 1u << 1,   /* the bytes could not be kept */
	STREAM_FILLS = 1u << 2,  /* what comes next waited for these bytes */
	STREAM_WAITED = 1u << 3, /* came before the bytes that stand before it */
	STREAM_BEHIND_GAP = 1u << 4,
};

struct stream_part {
	uint64_t at;     /* bytes of both sides that were delivered before it */
	uint64_t offset; /* in its side's stream */
	uint64_t n;      /* bytes delivered or missing; of a pause: ns */
	uint32_t packet; /* data: index for streammap_packet() */
	uint32_t skip;   /* data: bytes of the packet's payload before it, or of what is kept */
	uint8_t side;    /* of a pause: of the bytes that follow */
	uint8_t kind;
	uint8_t why; /* gap: enum stream_gap */
	uint8_t flags;
	const char *label; /* pause */
};

struct stream_packet {
	uint64_t packet; /* ordinal */
	uint64_t offset; /* in the file */
	int64_t time;    /* ns since the connection's start */
	uint32_t seq;    /* of its first payload byte, as on the wire */
	uint32_t skip;   /* frame bytes before the payload */
	uint32_t len;    /* captured payload bytes */
	uint16_t file;
	uint8_t side;
	bool is_whole; /* the file has its payload in one piece */
};

/* A packet that brought other bytes for numbers that came already. */
struct stream_clash {
	uint32_t packet; /* index */
	uint8_t side;
	uint64_t offset, n; /* the packet's bytes in the stream */
};

struct streammap;

/* `s` has its rows and is borrowed until streammap_finish(). */
struct streammap *streammap_new(const struct session *s, enum overlap_policy policy);
void streammap_free(struct streammap *m);
/* `p` is the packet that completed the segment. */
void streammap_add(struct streammap *m, const struct packet *p, const struct segment *s);
void streammap_finish(struct streammap *m);

size_t streammap_nparts(const struct streammap *m);
const struct stream_part *streammap_part(const struct streammap *m, size_t i);
const struct stream_packet *streammap_packet(const struct streammap *m, uint32_t i);
const struct stream_clash *streammap_clashes(const struct streammap *m, size_t *n);
uint64_t streammap_bytes(const struct streammap *m, unsigned sides); /* bits 1 << side */
/* The data part that holds this place; the last one when it is behind the end.  There are bytes. */
size_t streammap_find(const struct streammap *m, uint64_t at);
/* Where the bytes stand that this packet brought, or the last before it. */
uint64_t streammap_place(const struct streammap *m, uint64_t packet);
/*
 * The bytes of a data part, valid until the next call; NULL and *e when they cannot be had.
 */
const uint8_t *streammap_read(
    const struct streammap *m, size_t part, const struct stream_source *src, struct err *e);
/* The payload of a packet, likewise. */
const uint8_t *streammap_payload(
    const struct streammap *m, uint32_t packet, const struct stream_source *src, struct err *e);
/* Takes bytes; a negative result ends what gives them, and is returned. */
struct stream_taker {
	int (*take)(void *ctx, const uint8_t *bytes, size_t n, struct err *e);
	void *ctx;
};

/* Places [from, to) of these sides. */
struct stream_range {
	unsigned sides; /* bits 1 << side */
	uint64_t from, to;
};

/* Exact bytes in order of delivery, piece by piece. */
TS_NODISCARD int streammap_copy(const struct streammap *m, const struct stream_source *src,
    const struct stream_range *r, const struct stream_taker *to, struct err *e);

/* --- as lines --- */

enum stream_form { STREAM_TEXT, STREAM_HEX, STREAM_CODE, STREAM_FORM_COUNT };

enum stream_line_kind {
	STREAM_LINE_TEXT,
	STREAM_LINE_BINARY, /* a run, of which the first bytes are given */
	STREAM_LINE_GAP,
	STREAM_LINE_PAUSE,
	STREAM_LINE_TURN, /* hex, C: a turn begins */
	STREAM_LINE_ROW,  /* hex, C: some bytes */
	STREAM_LINE_END,  /* C: the turn ends */
};

enum {
	STREAM_HEX_ROW = 16, /* bytes */
	STREAM_CODE_ROW = 12,
};

struct stream_line {
	uint8_t kind, side;
	bool is_ended;        /* text: by a newline */
	uint64_t at;          /* place of its first byte */
	uint64_t n;           /* bytes of the stream it stands for; of a turn: all of it */
	size_t part;          /* of its first byte, or itself */
	size_t bytes, nbytes; /* in stream_page.bytes */
	unsigned turn;        /* C: number of the turn among its side's, from 0 */
};

struct stream_page {
	struct stream_line *lines;
	size_t nlines, cap;
	struct buf bytes;
	struct err err; /* why bytes are missing; "" = none are */
};

void stream_page_release(struct stream_page *p);

/* How many lines there are of these sides in this form. */
uint64_t streammap_lines(const struct streammap *m, enum stream_form form, unsigned sides);
/* Lines first .. first + n - 1 as far as they exist; the page is emptied before. */
void streammap_page(const struct streammap *m, const struct stream_source *src,
    enum stream_form form, unsigned sides, const uint64_t range[2], struct stream_page *page);
/* The number of the line that shows this place. */
uint64_t streammap_line_at(const struct streammap *m, const struct stream_source *src,
    enum stream_form form, unsigned sides, uint64_t at);

/* --- searching --- */

struct stream_search;

/* NULL and *e: not a regular expression.  Case is ignored unless the pattern has a capital letter. */
struct stream_search *stream_search_new(
    const char *pattern, size_t n, bool is_regex, struct err *e);
void stream_search_free(struct stream_search *s);
/*
 * The next match in r->sides that begins in [r->from, r->to), or the last one there (step -1); false = there is
 * none.  A match lies within one turn.
 */
bool stream_search_find(struct stream_search *s, const struct streammap *m,
    const struct stream_source *src, const struct stream_range *r, int step, uint64_t found[2]);

#endif
