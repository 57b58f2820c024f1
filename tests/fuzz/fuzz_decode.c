/* SPDX-License-Identifier: MIT */
/*
 * fuzz_decode - packets of any link type, several in a row so that fragments meet.
 *
 * Input:  two bytes of link type, then packets: two bytes of captured length, one byte of bytes cut off, the bytes.
 *         All numbers have their low byte first.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/segcheck.h"
#include "tcpshadow/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A block of exactly its size, so that a sanitizer sees every byte beyond it. */
static void decode_copy(struct decoder *d, struct packet *p, const uint8_t *bytes)
{
	uint8_t *copy = malloc(p->caplen ? p->caplen : 1);
	struct segment s;

	BUG_ON(!copy);
	if (p->caplen)
		memcpy(copy, bytes, p->caplen);
	p->data = copy;
	if (decode_packet(d, p, &s) == DECODED_SEGMENT)
		BUG_ON(segcheck(p, &s) != NULL);
	if (p->ordinal % 4 == 0)
		decoder_batch_done(d);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct decode_options o = { .max_fragment_bytes = 16384, .verify_checksums = true };
	struct decoder *d = decoder_new(&o);
	struct rd r = rd_make(bytes, n);
	struct packet p = { .ordinal = 0 };

	p.linktype = rd_le16(&r);
	while (rd_left(&r) > 0) {
		struct rd packet;

		p.ordinal++;
		p.ts += NS_PER_SEC;
		p.caplen = rd_le16(&r);
		p.wire_len = p.caplen + rd_u8(&r);
		packet = rd_sub(&r, p.caplen);
		p.caplen = (uint32_t)rd_left(&packet);
		decode_copy(d, &p, packet.p);
	}
	BUG_ON(!segcheck_counts(decoder_counts(d)));
	decoder_free(d);
	return 0;
}
