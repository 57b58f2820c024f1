/* SPDX-License-Identifier: MIT */
/*
 * test_decode_frag - IP fragments: order, duplicates, overlaps, holes, limits.
 *
 * The datagram is a TCP segment of 20 + 8 + 5 bytes, so that its fragments begin at 0, 8, 16, 24 and 32.
 */
#include "config.h"

#include <string.h>

#include "decode/frag.h"
#include "test_decode_lib.h"

enum {
	DATAGRAM = 33,
	FRAGMENTS_MAX = 8,
};

/* Bytes [start, end) of the datagram; those up to its end are the last fragment. */
struct piece {
	uint8_t start, end;
	char how; /* 0 plain, 'x' with other bytes, 'l' marked as the last */
};

struct fragments {
	struct bench bench;
	uint8_t datagram[DATAGRAM];
	uint8_t header[40];
	unsigned version;
	uint32_t id;
};

static void fragments_init(struct fragments *f, unsigned version)
{
	const char *words = version == 4 ? "4 T{020405b401030307}" : "6 T{020405b401030307}";
	size_t header = version == 4 ? 20 : 40;

	memset(f, 0, sizeof(*f));
	bench_init(&f->bench);
	bench_build(&f->bench, 101, words);
	ck_assert_uint_eq(f->bench.build.len, header + DATAGRAM);
	memcpy(f->header, f->bench.build.data, header);
	memcpy(f->datagram, f->bench.build.data + header, DATAGRAM);
	f->version = version;
	f->id = 1;
}

static uint8_t *put_header4(struct fragments *f, const struct piece *p, uint8_t *at, bool is_last)
{
	at -= 20;
	memcpy(at, f->header, 20);
	at[2] = 0;
	at[3] = (uint8_t)(20 + p->end - p->start);
	at[4] = (uint8_t)(f->id >> 8);
	at[5] = (uint8_t)f->id;
	at[6] = is_last ? 0 : 0x20;
	at[7] = p->start / 8;
	build_fix_ip4(at);
	return at;
}

static uint8_t *put_header6(struct fragments *f, const struct piece *p, uint8_t *at, bool is_last)
{
	at -= 8;
	memcpy(at,
	    (uint8_t[8]){ 6, 0, 0, (uint8_t)(p->start | !is_last), 0, 0, (uint8_t)(f->id >> 8),
	        (uint8_t)f->id },
	    8);
	at -= 40;
	memcpy(at, f->header, 40);
	at[5] = (uint8_t)(8 + p->end - p->start);
	at[6] = 44;
	return at;
}

/* Send one fragment: 'h' held, 'd' dropped, 'W' whole, 'K' told of a datagram that is dropped. */
static char send_piece(struct fragments *f, const struct piece *p)
{
	static const char letters[] = {
		[DECODED_SEGMENT] = 'W', [DECODED_NOTHING] = 'd', [DECODED_HELD] = 'h'
	};
	struct build *b = &f->bench.build;
	bool is_last = p->end == DATAGRAM || p->how == 'l';
	uint8_t *at = b->room + BUILD_MAX - (p->end - p->start);

	memcpy(at, f->datagram + p->start, (size_t)(p->end - p->start));
	if (p->how == 'x')
		at[0] ^= 0xff;
	b->data = f->version == 4 ? put_header4(f, p, at, is_last) : put_header6(f, p, at, is_last);
	b->len = (size_t)(b->room + BUILD_MAX - b->data);
	bench_decode_cut(&f->bench, b->len, b->len);
	if (f->bench.result == DECODED_SEGMENT && (f->bench.segment.notes & SEG_FRAGMENT_KILLED))
		return 'K';
	return letters[f->bench.result];
}

static const struct {
	const char *name;
	struct piece pieces[FRAGMENTS_MAX];
	const char *results;
	unsigned notes; /* of the segment, besides SEG_FRAGMENTED */
} stories[] = {
	{ "two", { { 0, 24, 0 }, { 24, 33, 0 } }, "hW", 0 },
	{ "reversed, tiny",
	    { { 32, 33, 0 }, { 24, 32, 0 }, { 16, 24, 0 }, { 8, 16, 0 }, { 0, 8, 0 } }, "hhhhW",
	    0 },
	{ "mixed", { { 8, 16, 0 }, { 32, 33, 0 }, { 0, 8, 0 }, { 16, 32, 0 } }, "hhhW", 0 },
	{ "hole", { { 0, 8, 0 }, { 16, 33, 0 } }, "hh", 0 },
	{ "no end", { { 0, 8, 0 }, { 8, 32, 0 } }, "hh", 0 },
	{ "duplicate", { { 0, 8, 0 }, { 0, 8, 0 }, { 8, 33, 0 } }, "hdW", 0 },
	{ "duplicate with other bytes: the first stays",
	    { { 0, 8, 0 }, { 0, 8, 'x' }, { 8, 33, 0 } }, "hdW", SEG_FRAGMENT_CONFLICT },
	{ "within what came in one piece", { { 0, 24, 0 }, { 8, 16, 0 }, { 24, 33, 0 } }, "hdW",
	    0 },
	{ "within two that came in order",
	    { { 0, 8, 0 }, { 8, 24, 0 }, { 0, 16, 0 }, { 24, 33, 0 } }, "hhdW", 0 },
	{ "over two that came out of order",
	    { { 8, 16, 0 }, { 0, 8, 0 }, { 0, 16, 0 }, { 16, 33, 0 } }, "hhdh", 0 },
	{ "overlap kills", { { 0, 16, 0 }, { 8, 24, 0 }, { 16, 33, 0 } }, "hdh", 0 },
	{ "covering kills", { { 8, 16, 0 }, { 0, 24, 0 }, { 24, 33, 0 } }, "hKh", 0 },
	{ "killed, then sent again", { { 0, 16, 0 }, { 8, 24, 'x' }, { 0, 16, 0 }, { 16, 33, 0 } },
	    "hdhW", SEG_FRAGMENT_CONFLICT },
	{ "end before bytes seen", { { 16, 24, 0 }, { 8, 33, 0 }, { 0, 8, 0 } }, "hdh", 0 },
	{ "beyond the end", { { 8, 16, 'l' }, { 16, 24, 0 }, { 0, 8, 0 } }, "hdh", 0 },
	{ "empty", { { 8, 8, 0 }, { 0, 24, 0 }, { 24, 33, 0 } }, "dhW", 0 },
};

static void play(
    struct fragments *f, const char *name, const struct piece *pieces, const char *expected)
{
	char results[FRAGMENTS_MAX + 1] = "";

	for (size_t n = 0; n < strlen(expected); n++)
		results[n] = send_piece(f, &pieces[n]);
	ck_assert_msg(strcmp(results, expected) == 0, "%s: %s", name, results);
}

START_TEST(test_story)
{
	unsigned version = _i % 2 ? 6 : 4;
	struct fragments f;

	fragments_init(&f, version);
	play(&f, stories[_i / 2].name, stories[_i / 2].pieces, stories[_i / 2].results);
	if (f.bench.result == DECODED_SEGMENT) {
		bench_assert_hello(&f.bench);
		ck_assert_uint_eq(f.bench.segment.notes, stories[_i / 2].notes | SEG_FRAGMENTED);
	}
	bench_release(&f.bench);
}
END_TEST

/* The last piece tells of a datagram that is dropped: its header needs 28 bytes. */
static const struct {
	const char *name;
	struct piece pieces[FRAGMENTS_MAX];
	const char *results;
	uint32_t len; /* of the payload, by the fragments seen */
	bool has_wscale;
} killed[] = {
	{ "header first", { { 0, 24, 0 }, { 16, 32, 0 } }, "hK", 4, false },
	{ "whole header first", { { 0, 32, 0 }, { 24, 33, 0 } }, "hK", 5, true },
	{ "header in two", { { 0, 8, 0 }, { 8, 24, 0 }, { 16, 32, 0 } }, "hhK", 4, false },
	{ "header kills", { { 16, 32, 0 }, { 0, 24, 0 } }, "hK", 4, false },
	{ "header last", { { 16, 32, 0 }, { 24, 33, 0 }, { 0, 24, 0 } }, "hdK", 5, false },
	{ "header last in tiny pieces",
	    { { 16, 32, 0 }, { 24, 33, 0 }, { 16, 24, 0 }, { 8, 16, 0 }, { 0, 8, 0 } }, "hdhhK", 5,
	    false },
	{ "header last, then more", { { 16, 24, 0 }, { 8, 24, 0 }, { 24, 32, 0 }, { 0, 24, 0 } },
	    "hdhK", 4, true },
	{ "shorter than its header", { { 0, 24, 0 }, { 8, 8, 0 } }, "hK", 0, false },
	{ "end before bytes seen", { { 0, 32, 0 }, { 8, 16, 'l' } }, "hK", 4, true },
	{ "once for all remains, and again",
	    { { 0, 24, 'x' }, { 16, 32, 0 }, { 0, 24, 'x' }, { 16, 32, 0 }, { 0, 24, 0 },
	        { 16, 32, 0 } },
	    "hKhdhK", 4, false },
};

static void assert_killed(const struct segment *s, int i)
{
	ck_assert_uint_eq(s->notes, SEG_FRAGMENTED | SEG_FRAGMENT_CONFLICT | SEG_FRAGMENT_KILLED);
	ck_assert_uint_eq(s->kind, SEG_TCP);
	ck_assert_uint_eq(s->sport, 40000);
	ck_assert_uint_eq(s->dport, 80);
	ck_assert_uint_eq(s->seq, 0x01020304);
	ck_assert_uint_eq(s->flags, TCP_PSH | TCP_ACK);
	ck_assert_uint_eq(s->header_len, 28);
	ck_assert_uint_eq(s->len, killed[i].len);
	ck_assert_uint_eq(s->caplen, 0);
	ck_assert_ptr_null(s->data);
	ck_assert_uint_eq(s->checksum_state, CHECKSUM_UNVERIFIED);
	ck_assert_uint_eq(s->opt.mss, 1460);
	ck_assert_int_eq((s->opt.seen & OPT_WSCALE) != 0, killed[i].has_wscale);
}

START_TEST(test_killed)
{
	struct fragments f;

	fragments_init(&f, _i % 2 ? 6 : 4);
	play(&f, killed[_i / 2].name, killed[_i / 2].pieces, killed[_i / 2].results);
	assert_killed(&f.bench.segment, _i / 2);
	bench_release(&f.bench);
}
END_TEST

/* Sent again after it was told of, it comes whole; each frame is counted once. */
START_TEST(test_killed_then_whole)
{
	struct fragments f;

	fragments_init(&f, 4);
	(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 16, 32, 0 }), 'K');
	ck_assert_uint_eq(f.bench.segment.wire_len, 20 + 24 + 20 + 16);
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 0, 24, 0 }), 'h');
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 24, 33, 0 }), 'W');
	bench_assert_hello(&f.bench);
	ck_assert_uint_eq(f.bench.segment.notes, SEG_FRAGMENTED | SEG_FRAGMENT_CONFLICT);
	ck_assert_uint_eq(f.bench.segment.wire_len, 20 + 24 + 20 + 9);
	ck_assert_uint_eq(decoder_counts(f.bench.decoder)->segments, 2);
	ck_assert_uint_eq(decoder_counts(f.bench.decoder)->fragments_overlapping, 1);
	bench_release(&f.bench);
}
END_TEST

/* No TCP, or too little of it captured: there is nothing to tell. */
START_TEST(test_killed_untold)
{
	struct fragments f;
	struct bench *b = &f.bench;

	fragments_init(&f, 4);
	f.header[9] = 47;
	(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 16, 32, 0 }), 'd');
	f.header[9] = 6;
	(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	b->build.data[5] = 2;
	build_fix_ip4(b->build.data);
	bench_decode_cut(b, 20 + 19, b->build.len);
	f.id = 2;
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 16, 32, 0 }), 'd');
	bench_release(b);
}
END_TEST

START_TEST(test_lengths)
{
	struct fragments f;

	fragments_init(&f, 4);
	(void)send_piece(&f, &(struct piece){ 24, 33, 0 });
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 0, 24, 0 }), 'W');
	ck_assert_uint_eq(f.bench.segment.wire_len, 20 + 9 + 20 + 24);
	ck_assert_uint_eq(f.bench.segment.packet, 2);
	bench_release(&f.bench);
}
END_TEST

/* Many at a time are kept apart by identification. */
START_TEST(test_interleaved)
{
	struct fragments f;

	fragments_init(&f, 4);
	for (f.id = 0; f.id < 500; f.id++)
		ck_assert_int_eq(send_piece(&f, &(struct piece){ 0, 24, 0 }), 'h');
	for (f.id = 0; f.id < 500; f.id++) {
		ck_assert_int_eq(send_piece(&f, &(struct piece){ 24, 33, 0 }), 'W');
		bench_assert_hello(&f.bench);
		if (f.id % 50 == 0)
			decoder_batch_done(f.bench.decoder);
	}
	ck_assert_uint_eq(decoder_counts(f.bench.decoder)->fragments, 1000);
	bench_release(&f.bench);
}
END_TEST

START_TEST(test_timeout)
{
	static const struct {
		unsigned version;
		int64_t seconds;
		char result;
	} rows[] = { { 4, 29, 'W' }, { 4, 31, 'h' }, { 6, 59, 'W' }, { 6, 61, 'h' },
		{ 4, -500, 'W' } };
	struct fragments f;

	fragments_init(&f, rows[_i].version);
	(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	f.bench.packet.ts += rows[_i].seconds * NS_PER_SEC;
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 24, 33, 0 }), rows[_i].result);
	ck_assert_uint_eq(
	    decoder_counts(f.bench.decoder)->fragments_evicted, rows[_i].result == 'W' ? 0 : 1);
	bench_release(&f.bench);
}
END_TEST

/* A flood pushes the oldest out; the newest are whole. */
START_TEST(test_eviction)
{
	struct decode_options o = { .max_fragment_bytes = 64 * 1024, .verify_checksums = true };
	struct fragments f;

	fragments_init(&f, 4);
	decoder_free(f.bench.decoder);
	f.bench.decoder = decoder_new(&o);
	for (f.id = 1; f.id <= 100; f.id++)
		(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	f.id = 100;
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 24, 33, 0 }), 'W');
	f.id = 1;
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 24, 33, 0 }), 'h');
	ck_assert_uint_gt(decoder_counts(f.bench.decoder)->fragments_evicted, 50);
	bench_release(&f.bench);
}
END_TEST

/* Bytes that a snaplen cut off are missing from the whole as well. */
START_TEST(test_cut)
{
	struct fragments f;
	struct bench *b = &f.bench;

	fragments_init(&f, 4);
	(void)send_piece(&f, &(struct piece){ 0, 32, 0 });
	/* Of another datagram, so that the first fragment can be sent again, but cut. */
	b->build.data[5] = 2;
	build_fix_ip4(b->build.data);
	bench_decode_cut(b, b->build.len - 3, b->build.len);
	ck_assert_int_eq(b->result, DECODED_HELD);
	f.id = 2;
	ck_assert_int_eq(send_piece(&f, &(struct piece){ 32, 33, 0 }), 'W');
	ck_assert_uint_eq(b->segment.notes, SEG_FRAGMENTED | SEG_TRUNCATED);
	ck_assert_uint_eq(b->segment.len, 5);
	ck_assert_uint_eq(b->segment.caplen, 1);
	ck_assert_uint_eq(b->segment.checksum_state, CHECKSUM_UNVERIFIED);
	bench_release(b);
}
END_TEST

/* What a host discards before it looks at fragments, and what cannot hold TCP. */
START_TEST(test_not_kept)
{
	struct fragments f;
	struct bench *b = &f.bench;

	fragments_init(&f, 4);
	(void)send_piece(&f, &(struct piece){ 0, 24, 0 });
	b->build.data[10] ^= 0x55;
	bench_decode_cut(b, b->build.len, b->build.len);
	ck_assert_int_eq(b->result, DECODED_NOTHING);
	b->build.data[9] = 132;
	build_fix_ip4(b->build.data);
	bench_decode_cut(b, b->build.len, b->build.len);
	ck_assert_int_eq(b->result, DECODED_NOTHING);
	ck_assert_int_eq(bench_reason(b), DECODE_NOT_TCP);
	ck_assert_uint_eq(decoder_counts(b->decoder)->fragments, 2);
	bench_release(b);
}
END_TEST

/* One fragment, IPv4, of the packet at `whole`: bytes [from, to) behind its header. */
static void decode_part(struct bench *b, const uint8_t *whole, size_t from, size_t to, bool is_last)
{
	struct build *out = &b->build;

	out->data = out->room;
	out->len = 20 + to - from;
	memcpy(out->data, whole, 20);
	memcpy(out->data + 20, whole + 20 + from, to - from);
	out->data[3] = (uint8_t)out->len;
	out->data[6] = is_last ? 0 : 0x20;
	out->data[7] = (uint8_t)(from / 8);
	build_fix_ip4(out->data);
	bench_decode_cut(b, out->len, out->len);
}

/* A tunnel over UDP (GTP-U) in two fragments, with a whole packet of 45 bytes inside. */
START_TEST(test_tunnel)
{
	struct bench b;
	uint8_t whole[BUILD_MAX];
	size_t n;

	bench_init(&b);
	bench_build(&b, 101, "4 U2152 30ff002d00000001 4 T{}");
	n = b.build.len - 20;
	memcpy(whole, b.build.data, b.build.len);
	decode_part(&b, whole, 0, 24, false);
	ck_assert_int_eq(b.result, DECODED_HELD);
	decode_part(&b, whole, 24, n, true);
	ck_assert_int_eq(b.result, DECODED_SEGMENT);
	ck_assert_uint_ne(b.segment.tunnel, 0);
	ck_assert_uint_eq(b.segment.ip_len, 45);
	bench_release(&b);
}
END_TEST

static enum frag_result add(
    struct frag_table *t, uint32_t offset, uint32_t len, bool is_last, struct frag_whole *whole)
{
	static const uint8_t zeros[65536];
	struct frag_piece p = { .key = { .id = 7, .version = 4, .protocol = 6 },
		.offset = offset,
		.len = len,
		.caplen = len,
		.is_last = is_last,
		.data = zeros };

	return frag_add(t, &p, whole);
}

/* The largest datagram, from its end, in the smallest pieces; and one byte more. */
START_TEST(test_limits)
{
	struct frag_table *t = frag_table_new(0);
	struct frag_whole whole;

	ck_assert_int_eq(add(t, 65528, 8, true, &whole), FRAG_DROPPED);
	ck_assert_int_eq(add(t, 65528, 7, true, &whole), FRAG_HELD);
	for (uint32_t offset = 65520; offset > 0; offset -= 8)
		ck_assert_int_eq(add(t, offset, 8, false, &whole), FRAG_HELD);
	ck_assert_uint_gt(frag_bytes(t), 65535);
	ck_assert_int_eq(add(t, 0, 8, false, &whole), FRAG_WHOLE);
	ck_assert_uint_eq(whole.len, 65535);
	ck_assert_uint_eq(whole.caplen, 65535);
	ck_assert_uint_eq(frag_bytes(t), 0);
	frag_batch_done(t);
	frag_table_free(t);
	/* No room even for one. */
	t = frag_table_new(1000);
	ck_assert_int_eq(add(t, 0, 8, false, &whole), FRAG_DROPPED);
	ck_assert_uint_eq(frag_bytes(t), 0);
	frag_table_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode_frag");
	TCase *t = tcase_create("fragments");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_story, 0, 2 * (int)ARRAY_LEN(stories));
	tcase_add_loop_test(t, test_killed, 0, 2 * (int)ARRAY_LEN(killed));
	tcase_add_test(t, test_killed_then_whole);
	tcase_add_test(t, test_killed_untold);
	tcase_add_test(t, test_lengths);
	tcase_add_test(t, test_interleaved);
	tcase_add_loop_test(t, test_timeout, 0, 5);
	tcase_add_test(t, test_eviction);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_not_kept);
	tcase_add_test(t, test_tunnel);
	tcase_add_test(t, test_limits);
	return run_suite(s);
}
