/* SPDX-License-Identifier: MIT */
/*
 * fuzz_decode - any bytes as captured frames.
 *
 * Input:  frames: link type (2 bytes), length (2), then that many bytes; lengths are big-endian and cut to
 *         what is left.  Several frames, so that fragments can meet.
 * Checks: a segment says nothing that was not captured, and every frame is counted once.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/decode.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Touch every byte that the segment claims to have captured. */
static void check_segment(const struct segment *s)
{
	volatile uint8_t sum = 0;

	BUG_ON(s->kind == SEG_TCP && s->caplen > s->len);
	BUG_ON(s->opt.nsack > ARRAY_LEN(s->opt.sack));
	BUG_ON(s->ip_version != 4 && s->ip_version != 6);
	for (uint32_t i = 0; i < s->caplen; i++)
		sum = (uint8_t)(sum + s->data[i]);
}

static void decode_frame(struct decoder *d, struct packet *p, struct rd *in)
{
	struct segment s;
	size_t len;
	uint8_t *copy;

	p->linktype = rd_be16(in);
	len = rd_be16(in);
	if (len > rd_left(in))
		len = rd_left(in);
	/* A block of exactly this size: a sanitizer sees each byte read beyond it. */
	copy = mem_alloc(len, 1);
	if (len > 0)
		memcpy(copy, rd_bytes(in, len), len);
	p->data = copy;
	p->caplen = (uint32_t)len;
	p->wire_len = (uint32_t)len;
	p->ordinal++;
	p->number++;
	if (decode_packet(d, p, &s) == DECODED_SEGMENT)
		check_segment(&s);
	decoder_batch_done(d);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct decode_options o = { .max_fragment_bytes = 1 << 16, .verify_checksums = true };
	struct decoder *d = decoder_new(&o);
	struct rd in = rd_make(bytes, n);
	struct packet p = { .ts = NS_PER_SEC };

	while (rd_left(&in) > 4)
		decode_frame(d, &p, &in);
	BUG_ON(decoder_counts(d)->packets != p.ordinal);
	decoder_free(d);
	return 0;
}
