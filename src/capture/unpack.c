/* SPDX-License-Identifier: MIT */
/*
 * unpack - zlib and libzstd behind one face.
 *
 * A step without input gives what is still held back from earlier input.
 * Limits: zeros behind the last gzip member are padding (tapes, block devices); anything else is corrupt.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "capture/unpack.h"
#include "tcpshadow/rd.h"

#define GZIP_WINDOW_BITS (15 + 16) /* the largest window; 16 = gzip wrapper, not zlib's */

enum unpack_kind unpack_recognise(const uint8_t *bytes, size_t n)
{
	struct rd two = rd_make(bytes, n), four = two;
	uint32_t magic;

	if (rd_be16(&two) == 0x1f8b)
		return UNPACK_GZIP;
	magic = rd_le32(&four);
	if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50)
		return UNPACK_ZSTD;
	return UNPACK_NONE;
}

const char *unpack_name(enum unpack_kind kind)
{
	switch (kind) {
	case UNPACK_NONE:
		return "none";
	case UNPACK_GZIP:
		return "gzip";
	case UNPACK_ZSTD:
		return "zstd";
	}
	return "none";
}

void unpack_init(struct unpack *u, enum unpack_kind kind)
{
	memset(u, 0, sizeof(*u));
	u->kind = kind;
	u->is_between = true;
	if (kind == UNPACK_GZIP)
		BUG_ON(inflateInit2(&u->gzip, GZIP_WINDOW_BITS) != Z_OK);
	if (kind == UNPACK_ZSTD) {
		u->zstd = ZSTD_createDStream();
		BUG_ON(!u->zstd);
	}
}

void unpack_release(struct unpack *u)
{
	if (u->kind == UNPACK_GZIP)
		(void)inflateEnd(&u->gzip);
	if (u->kind == UNPACK_ZSTD)
		(void)ZSTD_freeDStream(u->zstd);
	u->kind = UNPACK_NONE;
}

static unsigned clip_uint(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

/* Zeros between or behind members are skipped: they cannot start one. */
static size_t padding(const struct unpack *u, const struct unpack_step *s)
{
	size_t n = 0;

	if (u->is_between && u->gzip.total_in > 0)
		while (n < s->in_len && s->in[n] == 0)
			n++;
	return n;
}

static int gzip_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	size_t zeros = padding(u, s);
	z_stream *z = &u->gzip;
	int status;

	if (u->is_between && zeros == s->in_len) {
		s->taken = zeros;
		return 0;
	}
	if (u->is_between && z->total_in > 0)
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

static int zstd_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	ZSTD_inBuffer in = { .src = s->in, .size = s->in_len };
	ZSTD_outBuffer out = { .dst = s->out, .size = s->out_len };
	size_t status;

	if (u->is_between && s->in_len == 0)
		return 0;
	status = ZSTD_decompressStream(u->zstd, &out, &in);
	s->taken = in.pos;
	s->put = out.pos;
	if (ZSTD_isError(status))
		return err_set(cause, "the zstd data is corrupt: %s", ZSTD_getErrorName(status));
	u->is_between = status == 0;
	return 0;
}

int unpack_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	s->taken = 0;
	s->put = 0;
	return u->kind == UNPACK_GZIP ? gzip_run(u, s, cause) : zstd_run(u, s, cause);
}
