/* SPDX-License-Identifier: MIT */
/*
 * lines - from the bytes of a turn to lines of text and runs of binary data.
 *
 * Input:  bytes as they come, each piece with where it is from.
 * Output: lines, without what ends them; binary data as one run however long.
 * Memory: LINES_MAX bytes for a line, LINES_BINARY of a run.
 */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include "tcpshadow/buf.h"

enum {
	LINES_MAX = 2048,  /* a longer line is broken */
	LINES_BINARY = 64, /* bytes of a run that are kept; a shorter one is shown whole */
};

/* Where bytes came from. */
struct line_origin {
	uint64_t offset, packet;
	int64_t time;
};

struct line {
	struct line_origin from;
	const char *bytes; /* n of them: without the end of the line; of a run the first */
	size_t n;
	uint64_t total; /* bytes of the stream it stands for, the end of the line too */
	bool is_binary;
	bool is_ended; /* by a newline */
};

struct lines {
	struct buf line; /* raw bytes, without the end of the line */
	struct line_origin from;
	struct buf binary; /* the first bytes of a run */
	struct line_origin binary_from;
	uint64_t binary_n;
	void (*emit)(void *ctx, const struct line *l);
	void *ctx;
};

void lines_init(struct lines *l, void (*emit)(void *ctx, const struct line *l), void *ctx);
void lines_release(struct lines *l);
void lines_add(struct lines *l, const struct line_origin *from, const uint8_t *bytes, size_t n);
/* The turn is over. */
void lines_end(struct lines *l);
/* The bytes at hand are dropped. */
void lines_reset(struct lines *l);

#endif
