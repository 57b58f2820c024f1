/* SPDX-License-Identifier: MIT */
/*
 * unpack_gzip - gzip members through zlib.
 *
 * Limits: zeros behind a member are padding (tapes, block devices); anything else that is not a member is
 *         corrupt.
 * Spec:   RFC 1952.
 */
#include "config.h"

#include "capture/unpack.h"

#ifdef HAVE_ZLIB

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* zlib promises not to write to its input */
#include <zlib.h>

#include "tcpshadow/mem.h"

#define WINDOW_BITS (15 + 16) /* the largest window; 16 = gzip wrapper, not zlib's */

static void *gzip_open(void)
{
	z_stream *z = mem_alloc(1, sizeof(*z));

	BUG_ON(inflateInit2(z, WINDOW_BITS) != Z_OK);
	return z;
}

static void gzip_close(void *state)
{
	(void)inflateEnd(state);
	free(state);
}

static unsigned clip_uint(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

/* Zeros between or behind members are skipped: they cannot start one. */
static size_t padding(const struct unpack_step *s)
{
	size_t n = 0;

	while (n < s->in_len && s->in[n] == 0)
		n++;
	return n;
}

static int gzip_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	z_stream *z = u->state;
	bool is_later = u->is_between && z->total_in > 0;
	size_t zeros = is_later ? padding(s) : 0;
	int status;

	if (u->is_between && zeros == s->in_len) {
		s->taken = zeros;
		return 0;
	}
	if (is_later)
		(void)inflateReset(z);
	u->is_between = false;
	z->next_in = s->in + zeros;
	z->avail_in = clip_uint(s->in_len - zeros);
	z->next_out = s->out;
	z->avail_out = clip_uint(s->out_len);
	status = inflate(z, Z_NO_FLUSH);
	s->taken = (size_t)(z->next_in - s->in);
	s->put = (size_t)(z->next_out - s->out);
	if (status == Z_STREAM_END)
		u->is_between = true;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		return err_set(
		    cause, "the gzip data is corrupt: %s", z->msg ? z->msg : zError(status));
	return 0;
}

const struct unpack_codec unpack_gzip = {
	.name = "gzip",
	.open = gzip_open,
	.close = gzip_close,
	.run = gzip_run,
};

#else

const struct unpack_codec unpack_gzip = { .name = "gzip" };

#endif
