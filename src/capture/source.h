/* SPDX-License-Identifier: MIT */
/*
 * source - the bytes of one input, decompressed, once in order and again by position.
 *
 * Input:  a plain, gzip or zstd file by name, or standard input ("-").
 * Limits: positions can be read again in plain files, and elsewhere as far as the spool kept the bytes.
 * Threads: source_pread() may be called while another thread reads.
 * Does not: know capture formats.
 */
#ifndef TCPSHADOW_CAPTURE_SOURCE_H
#define TCPSHADOW_CAPTURE_SOURCE_H

#include <sys/types.h>

#include "capture/spool.h"
#include "capture/unpack.h"
#include "tcpshadow/err.h"

struct source {
	int fd;
	bool is_stdin;    /* fd is not ours to close */
	bool is_seekable; /* a plain file: positions are those of fd */
	bool has_ended;
	uint64_t base;     /* position of fd where the input begins (a redirected file) */
	uint64_t size;     /* bytes of the file itself; 0 = not known */
	uint64_t raw_read; /* bytes read from fd */
	struct unpack unpack;
	uint8_t *
	    raw; /* bytes from fd that were not decompressed yet, or looked at to know the format */
	size_t raw_at, raw_len;
	struct err failed;          /* a failure to be told by the next call; "" = none */
	struct spool *spool;        /* NULL = seekable */
	uint64_t spool_at;          /* position in the spool of our first byte */
	_Atomic uint64_t kept;      /* bytes in the spool */
	_Atomic uint64_t delivered; /* bytes given by source_read */
	int wake_fd;         /* readable = stop waiting for bytes that may never come; -1 = none */
	bool is_interrupted; /* it was: the input has ended early */
};

/*
 * given: the file, open already, or -errno; NULL = it is opened by name.  On failure nothing is left open.  The spool (for all inputs) must outlive the source.
 */
TS_NODISCARD int source_open(
    struct source *s, const char *name, const int *given, struct spool *spool, struct err *cause);
void source_release(struct source *s);

/*
 * The next bytes, at least one and at most n: what is there, without waiting for more.  0 at the end, -1
 * and *cause when the rest cannot be read.
 */
ssize_t source_read(struct source *s, uint8_t *bytes, size_t n, struct err *cause);
/* Bytes from position `at`; fewer than n at the end of what can be read again; -1 and *cause. */
ssize_t source_pread(
    const struct source *s, uint8_t *bytes, size_t n, uint64_t at, struct err *cause);

#endif
