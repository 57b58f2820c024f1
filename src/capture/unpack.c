/* SPDX-License-Identifier: MIT */
/*
 * unpack - which compression it is, and the library for it.
 */
#include "config.h"

#include <string.h>

#include "capture/unpack.h"
#include "tcpshadow/rd.h"

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

static const struct unpack_codec *codec_of(enum unpack_kind kind)
{
	switch (kind) {
	case UNPACK_NONE:
		break;
	case UNPACK_GZIP:
		return &unpack_gzip;
	case UNPACK_ZSTD:
		return &unpack_zstd;
	}
	return NULL;
}

const char *unpack_name(enum unpack_kind kind)
{
	const struct unpack_codec *codec = codec_of(kind);

	return codec ? codec->name : "none";
}

int unpack_init(struct unpack *u, enum unpack_kind kind, struct err *cause)
{
	const struct unpack_codec *codec = codec_of(kind);

	*u = (struct unpack){ .kind = UNPACK_NONE, .is_between = true };
	if (!codec)
		return 0;
	if (!codec->run)
		return err_set(cause,
		    "it is compressed with %s, which this program was built without", codec->name);
	u->kind = kind;
	u->state = codec->open();
	return 0;
}

void unpack_release(struct unpack *u)
{
	const struct unpack_codec *codec = codec_of(u->kind);

	if (codec)
		codec->close(u->state);
	u->kind = UNPACK_NONE;
	u->state = NULL;
}

int unpack_run(struct unpack *u, struct unpack_step *s, struct err *cause)
{
	const struct unpack_codec *codec = codec_of(u->kind);

	BUG_ON(!codec);
	s->taken = 0;
	s->put = 0;
	return codec->run(u, s, cause);
}
