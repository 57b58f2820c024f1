/* SPDX-License-Identifier: MIT */
/*
 * source - files, pipes and compressed streams as one sequence of bytes.
 *
 * Plain data goes from the kernel straight to where the caller wants it; only what was looked at to know
 * the compression, and compressed data, passes through a buffer.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/source.h"
#include "tcpshadow/mem.h"

#define RAW_BYTES  ((size_t)1 << 16)
#define MAGIC_SIZE 4 /* bytes needed to know the compression */

static ssize_t read_retry(int fd, uint8_t *bytes, size_t n)
{
	ssize_t k;

	do
		k = read(fd, bytes, n);
	while (k < 0 && errno == EINTR);
	return k;
}

/* False when the wait was interrupted. */
static bool wait_for_bytes(const struct source *s)
{
	struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
		{ .fd = s->wake_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[1].revents == 0;
}

static ssize_t read_fd(struct source *s, uint8_t *bytes, size_t n, struct err *cause)
{
	ssize_t k;

	if (s->wake_fd >= 0 && !wait_for_bytes(s)) {
		s->is_interrupted = true;
		return 0;
	}
	k = read_retry(s->fd, bytes, n);
	if (k < 0)
		return err_set(cause, "cannot read: %s", strerror(errno));
	s->raw_read += (uint64_t)k;
	return k;
}

/* Reads into the raw buffer until it has MAGIC_SIZE bytes or the input ends. */
static int read_magic(struct source *s, struct err *cause)
{
	while (s->raw_len < MAGIC_SIZE) {
		ssize_t k = read_fd(s, s->raw + s->raw_len, RAW_BYTES - s->raw_len, cause);

		if (k < 0)
			return -1;
		if (k == 0)
			break;
		s->raw_len += (size_t)k;
	}
	return 0;
}

/* The same file may be read several times through one descriptor, one reading after the other. */
static int reuse_fd(int given)
{
	int fd;

	if (given < 0) {
		errno = -given;
		return -1;
	}
	fd = fcntl(given, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static int open_fd(struct source *s, const char *name, const int *given, struct err *cause)
{
	struct stat st;
	off_t at;

	s->is_stdin = strcmp(name, "-") == 0;
	if (s->is_stdin)
		s->fd = STDIN_FILENO;
	else
		s->fd = given ? reuse_fd(*given) : open(name, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(cause, "cannot open: %s", strerror(errno));
	if (fstat(s->fd, &st) < 0)
		return err_set(cause, "cannot read: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(cause, "is a directory");
	at = lseek(s->fd, 0, SEEK_CUR);
	s->is_seekable = S_ISREG(st.st_mode) && at >= 0;
	if (s->is_seekable && st.st_size > at) {
		s->base = (uint64_t)at;
		s->size = (uint64_t)(st.st_size - at);
		(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

int source_open(
    struct source *s, const char *name, const int *given, struct spool *spool, struct err *cause)
{
	enum unpack_kind kind;

	memset(s, 0, sizeof(*s));
	s->wake_fd = -1;
	s->raw = mem_alloc(RAW_BYTES, 1);
	if (open_fd(s, name, given, cause) < 0 || read_magic(s, cause) < 0)
		goto fail;
	kind = unpack_recognise(s->raw, s->raw_len);
	if (unpack_init(&s->unpack, kind, cause) < 0)
		goto fail;
	s->is_seekable = s->is_seekable && kind == UNPACK_NONE;
	if (!s->is_seekable && spool_open(spool, cause) < 0)
		goto fail;
	s->spool = s->is_seekable ? NULL : spool;
	return 0;
fail:
	source_release(s);
	return -1;
}

void source_release(struct source *s)
{
	unpack_release(&s->unpack);
	free(s->raw);
	s->raw = NULL;
	if (s->fd >= 0 && !s->is_stdin)
		(void)close(s->fd);
	s->fd = -1;
}

static ssize_t plain_read(struct source *s, uint8_t *bytes, size_t n, struct err *cause)
{
	size_t left = s->raw_len - s->raw_at;

	if (left == 0)
		return read_fd(s, bytes, n, cause);
	if (n > left)
		n = left;
	memcpy(bytes, s->raw + s->raw_at, n);
	s->raw_at += n;
	return (ssize_t)n;
}

/* Has compressed bytes in the buffer afterwards, unless the input has ended.  -1 = cannot read. */
static int refill(struct source *s, struct err *cause)
{
	ssize_t k;

	if (s->raw_at < s->raw_len)
		return 0;
	k = read_fd(s, s->raw, RAW_BYTES, cause);
	s->raw_at = 0;
	s->raw_len = k > 0 ? (size_t)k : 0;
	return k < 0 ? -1 : 0;
}

static ssize_t packed_end(const struct source *s, struct err *cause)
{
	if (s->unpack.is_between)
		return 0;
	return err_set(cause, "the %s data is cut off after %" PRIu64 " bytes",
	    unpack_name(s->unpack.kind), s->raw_read);
}

static ssize_t packed_read(struct source *s, uint8_t *bytes, size_t n, struct err *cause)
{
	struct unpack_step step = { .out = bytes, .out_len = n };

	do {
		int status = refill(s, cause);

		if (status < 0)
			return -1;
		step.in = s->raw + s->raw_at;
		step.in_len = s->raw_len - s->raw_at;
		status = unpack_run(&s->unpack, &step, &s->failed);
		s->raw_at += step.taken;
		if (status < 0 && step.put == 0)
			return err_set(cause, "%s", s->failed.text);
		if (step.put == 0 && step.in_len == 0)
			return packed_end(s, cause);
	} while (step.put == 0);
	return (ssize_t)step.put;
}

/* The first bytes of each input are kept in one piece: a full spool stays full. */
static void keep(struct source *s, const uint8_t *bytes, size_t n)
{
	if (s->delivered == 0)
		s->spool_at = s->spool->len;
	s->kept += spool_append(s->spool, bytes, n);
}

ssize_t source_read(struct source *s, uint8_t *bytes, size_t n, struct err *cause)
{
	ssize_t k;

	if (s->failed.text[0])
		return err_set(cause, "%s", s->failed.text);
	if (s->has_ended || n == 0)
		return 0;
	k = s->unpack.kind == UNPACK_NONE ? plain_read(s, bytes, n, cause)
	                                  : packed_read(s, bytes, n, cause);
	if (k <= 0) {
		s->has_ended = true;
		return k;
	}
	if (s->spool)
		keep(s, bytes, (size_t)k);
	s->delivered += (uint64_t)k;
	return k;
}

ssize_t source_pread(
    const struct source *s, uint8_t *bytes, size_t n, uint64_t at, struct err *cause)
{
	uint64_t end = s->is_seekable ? (uint64_t)INT64_MAX - s->base : s->kept;
	uint64_t base = s->is_seekable ? s->base : s->spool_at;
	int fd = s->is_seekable ? s->fd : s->spool->fd;
	ssize_t k;

	if (at >= end)
		return 0;
	if (n > end - at)
		n = (size_t)(end - at);
	do
		k = pread(fd, bytes, n, (off_t)(base + at));
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return err_set(cause, "cannot read again: %s", strerror(errno));
	return k;
}
