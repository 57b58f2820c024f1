/* SPDX-License-Identifier: MIT */
/*
 * test_decode_lib - decode a packet made from words, whole and in all its prefixes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "test_decode_lib.h"

void bench_init(struct bench *t)
{
	struct decode_options o = { .verify_checksums = true };

	memset(t, 0, sizeof(*t));
	t->decoder = decoder_new(&o);
	guard_init(&t->guard, BUILD_MAX);
}

void bench_release(struct bench *t)
{
	ck_assert(segcheck_counts(decoder_counts(t->decoder)));
	decoder_free(t->decoder);
	guard_release(&t->guard);
}

void bench_build(struct bench *t, uint16_t linktype, const char *words)
{
	build_packet(&t->build, words, false);
	t->packet.linktype = linktype;
}

void bench_decode_cut(struct bench *t, size_t caplen, size_t wire_len)
{
	const char *wrong;

	t->packet.ordinal++;
	t->packet.ts += 1000;
	t->packet.caplen = (uint32_t)caplen;
	t->packet.wire_len = (uint32_t)wire_len;
	t->packet.data = guard_put(&t->guard, t->build.data, caplen);
	memset(&t->segment, 0xa5, sizeof(t->segment));
	t->result = decode_packet(t->decoder, &t->packet, &t->segment);
	if (t->result != DECODED_SEGMENT)
		return;
	wrong = segcheck(&t->packet, &t->segment);
	if (wrong)
		ck_abort_msg("%zu of %zu bytes: %s", caplen, wire_len, wrong);
}

void bench_decode(struct bench *t)
{
	for (size_t n = 0; n < t->build.len; n++) {
		bench_decode_cut(t, n, t->build.len);
		bench_decode_cut(t, n, n);
	}
	/* Pieces of prefixes must not be taken for fragments of the whole. */
	t->packet.ts += 100 * NS_PER_SEC;
	bench_decode_cut(t, t->build.len, t->build.len);
}

enum decode_reason bench_reason(const struct bench *t)
{
	struct bench fresh;
	const struct decode_counts *counts;
	enum decode_reason reason = DECODE_REASON_COUNT;

	bench_init(&fresh);
	fresh.packet = t->packet;
	fresh.build = t->build;
	fresh.build.data = fresh.build.room + BUILD_MAX - fresh.build.len;
	bench_decode_cut(&fresh, t->packet.caplen, t->packet.wire_len);
	counts = decoder_counts(fresh.decoder);
	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++) {
		if (counts->skipped[i])
			reason = (enum decode_reason)i;
	}
	bench_release(&fresh);
	return reason;
}

void bench_assert_hello(const struct bench *t)
{
	const struct segment *s = &t->segment;

	ck_assert_int_eq(t->result, DECODED_SEGMENT);
	ck_assert_uint_eq(s->kind, SEG_TCP);
	ck_assert_uint_eq(s->sport, t->build.is_reply ? 80 : 40000);
	ck_assert_uint_eq(s->dport, t->build.is_reply ? 40000 : 80);
	ck_assert_uint_eq(s->seq, 0x01020304);
	ck_assert_uint_eq(s->ack, 0x05060708);
	ck_assert_uint_eq(s->flags, TCP_PSH | TCP_ACK);
	ck_assert_uint_eq(s->window, 512);
	ck_assert_uint_eq(s->len, BUILD_PAYLOAD);
	ck_assert_uint_eq(s->caplen, BUILD_PAYLOAD);
	ck_assert_int_eq(memcmp(s->data, "hello", BUILD_PAYLOAD), 0);
	ck_assert_uint_eq(s->checksum_state, CHECKSUM_GOOD);
}

int run_suite(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
