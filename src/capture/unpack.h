/* SPDX-License-Identifier: MIT */
/*
 * unpack - decompress a stream of gzip members or zstd frames.
 *
 * Input:  compressed bytes in pieces of any size.
 * Output: the bytes they stand for.
 * Memory: the window of the format: 32 KB for gzip, at most 128 MB for zstd.
 * Spec:   RFC 1952, RFC 8878.
 */
#ifndef TCPSHADOW_CAPTURE_UNPACK_H
#define TCPSHADOW_CAPTURE_UNPACK_H

#include "tcpshadow/err.h"
#include "tcpshadow/util.h"

enum unpack_kind {
	UNPACK_NONE,
	UNPACK_GZIP,
	UNPACK_ZSTD,
};

struct unpack {
	enum unpack_kind kind;
	bool is_between; /* at the start, or just behind a whole member or frame */
	void *state;     /* of the library */
};

/* One step: takes bytes from in, puts bytes to out, and says how many of each. */
struct unpack_step {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
	size_t taken, put; /* results */
};

/* What a library offers; without the library only the name. */
struct unpack_codec {
	const char *name;
	void *(*open)(void);
	void (*close)(void *state);
	int (*run)(struct unpack *u, struct unpack_step *s, struct err *cause);
};

extern const struct unpack_codec unpack_gzip;
extern const struct unpack_codec unpack_zstd;

/* By the first bytes of a file. */
enum unpack_kind unpack_recognise(const uint8_t *bytes, size_t n);
/* "none", "gzip", "zstd" */
const char *unpack_name(enum unpack_kind kind);

/* -1 and *cause when the program was built without the library. */
TS_NODISCARD int unpack_init(struct unpack *u, enum unpack_kind kind, struct err *cause);
void unpack_release(struct unpack *u);
/*
 * Returns -1 and *cause when the data is corrupt; what was put before that is good.  A step without input
 * gives what is still held back from earlier input.
 */
TS_NODISCARD int unpack_run(struct unpack *u, struct unpack_step *s, struct err *cause);

#endif
