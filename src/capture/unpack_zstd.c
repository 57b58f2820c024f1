/* SPDX-License-Identifier: MIT */
/*
 * unpack_zstd - zstd frames through libzstd.
 *
 * Limits: libzstd's own: frames that want more than 128 MB of window are refused.
 * Spec:   RFC 8878.
 */
#include "config.h"

#include "capture/unpack.h"

#ifdef HAVE_ZSTD

#include <zstd.h>

static void *zstd_open(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();

	BUG_ON(!z);
	return z;
}

static void zstd_close(void *state)
{
	(void)ZSTD_freeDStream(state);
}

static int zstd_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	ZSTD_inBuffer in = { .src = s->in, .size = s->in_len };
	ZSTD_outBuffer out = { .dst = s->out, .size = s->out_len };
	size_t status;

	if (u->is_between && s->in_len == 0)
		return 0;
	status = ZSTD_decompressStream(u->state, &out, &in);
	s->taken = in.pos;
	s->put = out.pos;
	if (ZSTD_isError(status))
		return err_set(cause, "the zstd data is corrupt: %s", ZSTD_getErrorName(status));
	u->is_between = status == 0;
	return 0;
}

const struct unpack_codec unpack_zstd = {
	.name = "zstd",
	.open = zstd_open,
	.close = zstd_close,
	.run = zstd_run,
};

#else

const struct unpack_codec unpack_zstd = { .name = "zstd" };

#endif
