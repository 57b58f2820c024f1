/* SPDX-License-Identifier: MIT */
/*
 * test_decode_tcp - the TCP header, its options, and checksums.
 */
#include "config.h"

#include <string.h>

#include "decode/checksum.h"
#include "decode/tcpopt.h"
#include "tcpshadow/buf.h"
#include "test_decode_lib.h"

static const struct {
	const char *options; /* hexadecimal, a multiple of four bytes */
	uint32_t seen;
	unsigned odd;
	uint8_t bad_kind, unknown_kind;
} lists[] = {
	{ "", 0, 0, 0, 0 },
	{ "020405b4", OPT_MSS, 0, 0, 0 },
	{ "020405b40402080a00000001000000000103030e",
	    OPT_MSS | OPT_SACK_PERMITTED | OPT_TIMESTAMPS | OPT_NOP | OPT_WSCALE, 0, 0, 0 },
	{ "0101080a0000000100000002", OPT_NOP | OPT_TIMESTAMPS, 0, 0, 0 },
	{ "0101050a0000000100000002", OPT_NOP | OPT_SACK, 0, 0, 0 },
	{ "010105220000000100000002000000030000000400000005000000060000000700000008",
	    OPT_NOP | OPT_SACK, 0, 0, 0 },
	{ "22020101", OPT_FAST_OPEN | OPT_NOP, 0, 0, 0 },
	{ "220a01020304050607080101", OPT_FAST_OPEN | OPT_NOP, 0, 0, 0 },
	{ "2205010203010101", OPT_NOP, OPT_ODD_LENGTH, 34, 0 },
	{ "fe04f989", OPT_EXPERIMENTAL | OPT_FAST_OPEN, 0, 0, 0 },
	{ "fd041234fe041234", OPT_EXPERIMENTAL, 0, 0, 0 },
	{ "1312000000000000000000000000000000000101", OPT_MD5 | OPT_NOP, 0, 0, 0 },
	{ "1d0401021e0300011e031001", OPT_AO | OPT_MPTCP | OPT_NOP, 0, 0, 0 },
	{ "1c048010", OPT_USER_TIMEOUT, 0, 0, 0 },
	{ "1506000000000101", OPT_SNACK | OPT_NOP, 0, 0, 0 },
	{ "1b08000000000000", OPT_QUICK_START, 0, 0, 0 },
	{ "ac0b00000100000200000301", OPT_ACCECN | OPT_NOP, 0, 0, 0 },
	{ "ae040001", 0, OPT_ODD_LENGTH, 174, 0 },
	{ "99041234", OPT_UNKNOWN, 0, 0, 0x99 },
	{ "0205010203000000", OPT_EOL, OPT_ODD_LENGTH, 2, 0 },
	{ "020405b402040218", OPT_MSS, OPT_ODD_DUPLICATE, 2, 0 },
	{ "01010101", OPT_NOP, OPT_ODD_NOPS, 0, 0 },
	{ "01010100", OPT_NOP | OPT_EOL, 0, 0, 0 },
	{ "00000001", OPT_EOL, OPT_ODD_AFTER_EOL, 0, 0 },
	{ "02000101", 0, OPT_ODD_LENGTH, 2, 0 },
	{ "08010101", 0, OPT_ODD_LENGTH, 8, 0 },
	{ "080a0000", 0, OPT_ODD_OVERRUN, 8, 0 },
	{ "01010108", OPT_NOP, OPT_ODD_OVERRUN, 8, 0 },
	{ "05020101", OPT_NOP, OPT_ODD_LENGTH, 5, 0 },
	{ "050c00000001000000020000", 0, OPT_ODD_LENGTH, 5, 0 },
};

START_TEST(test_options)
{
	struct bench t;
	struct buf words = BUF_INIT;
	const struct tcp_options *o = &t.segment.opt;

	bench_init(&t);
	buf_addf(&words, "4 T{%s}", lists[_i].options);
	bench_build(&t, 101, words.data);
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(o->seen, lists[_i].seen);
	ck_assert_uint_eq(o->odd, lists[_i].odd);
	ck_assert_uint_eq(o->bad_kind, lists[_i].bad_kind);
	ck_assert_uint_eq(o->unknown_kind, lists[_i].unknown_kind);
	bench_release(&t);
	buf_release(&words);
}
END_TEST

START_TEST(test_option_values)
{
	struct bench t;
	const struct tcp_options *o = &t.segment.opt;

	bench_init(&t);
	bench_build(
	    &t, 101, "4 T{020405b40402080a1122334455667788030315011c0480ff1e03200000000000}");
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(o->mss, 1460);
	ck_assert_uint_eq(o->tsval, 0x11223344);
	ck_assert_uint_eq(o->tsecr, 0x55667788);
	ck_assert_uint_eq(o->wscale, 0x15);
	ck_assert_uint_eq(o->user_timeout, 0x80ff);
	ck_assert_uint_eq(o->mptcp_subtype, 2);
	ck_assert_uint_eq(o->nsack, 0);
	bench_build(&t, 101, "4 T{0512000000010000000200000003fffffffe01012208010203040506}");
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(o->nsack, 2);
	ck_assert_uint_eq(o->sack[0].left, 1);
	ck_assert_uint_eq(o->sack[0].right, 2);
	ck_assert_uint_eq(o->sack[1].right, 0xfffffffe);
	ck_assert_uint_eq(o->tfo_cookie_len, 6);
	ck_assert_uint_eq(o->mss, 0);
	bench_release(&t);
}
END_TEST

/* Lists that are known as a whole, and what differs from them in one bit, read as one option after the other. */
START_TEST(test_option_shapes)
{
	static const struct {
		uint8_t n, bytes[20];
	} shapes[] = {
		{ 12, { 1, 1, 8, 10, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 } },
		{ 20, { 2, 4, 0x12, 0x34, 4, 2, 8, 10, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		          0x88, 1, 3, 3, 9 } },
	};
	size_t bits = shapes[_i].n * (size_t)8;

	for (size_t bit = 0; bit <= bits; bit++) {
		struct tcp_options whole, one_by_one;
		uint8_t bytes[20];

		memcpy(bytes, shapes[_i].bytes, sizeof(bytes));
		if (bit < bits)
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memset(&whole, 0, sizeof(whole));
		memset(&one_by_one, 0, sizeof(one_by_one));
		tcpopt_parse(&whole, bytes, shapes[_i].n, false);
		tcpopt_list(&one_by_one, rd_make(bytes, shapes[_i].n), false);
		ck_assert_int_eq(
		    memcmp(&whole, &one_by_one, offsetof(struct tcp_options, user_timeout)), 0);
		ck_assert_uint_eq(whole.user_timeout, one_by_one.user_timeout);
	}
}
END_TEST

/* Of two of a kind the last one holds, as in Linux. */
START_TEST(test_last_option_holds)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "4 T{020405b402040218}");
	bench_decode(&t);
	ck_assert_uint_eq(t.segment.opt.mss, 536);
	bench_release(&t);
}
END_TEST

/* The capture ends inside the options: nothing is claimed of what was cut. */
START_TEST(test_options_cut)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "4 T{020405b40402080a00000001000000000103030e}");
	bench_decode_cut(&t, 20 + 20 + 9, t.build.len);
	ck_assert_int_eq(t.result, DECODED_SEGMENT);
	ck_assert_uint_eq(t.segment.notes, SEG_TRUNCATED | SEG_HEADER_TRUNCATED);
	ck_assert_uint_eq(t.segment.opt.seen, OPT_MSS | OPT_SACK_PERMITTED);
	ck_assert_uint_eq(t.segment.opt.odd, OPT_ODD_TRUNCATED);
	ck_assert_uint_eq(t.segment.opt.mss, 1460);
	ck_assert_uint_eq(t.segment.len, BUILD_PAYLOAD);
	ck_assert_uint_eq(t.segment.caplen, 0);
	bench_decode_cut(&t, t.build.len - 2, t.build.len);
	ck_assert_uint_eq(t.segment.notes, SEG_TRUNCATED);
	ck_assert_uint_eq(t.segment.opt.odd, 0);
	ck_assert_uint_eq(t.segment.len, BUILD_PAYLOAD);
	ck_assert_uint_eq(t.segment.caplen, BUILD_PAYLOAD - 2);
	ck_assert_uint_eq(t.segment.checksum_state, CHECKSUM_UNVERIFIED);
	bench_release(&t);
}
END_TEST

/* Data offsets a host refuses, and one that takes a part of the payload for options. */
START_TEST(test_data_offset)
{
	static const struct {
		uint8_t words;
		bool is_bad;
		uint32_t len;
	} rows[] = { { 0, true, 0 }, { 4, true, 0 }, { 7, true, 0 }, { 15, true, 0 },
		{ 5, false, 5 }, { 6, false, 1 } };
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "4 T");
	t.build.tcp[12] = (uint8_t)(rows[_i].words << 4);
	build_fix_tcp4(t.build.data, t.build.tcp, t.build.len - 20);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_SEGMENT);
	ck_assert_uint_eq(t.segment.header_len, rows[_i].words * 4u);
	ck_assert_uint_eq(t.segment.notes, rows[_i].is_bad ? SEG_HEADER_LENGTH_BAD : 0);
	ck_assert_uint_eq(t.segment.len, rows[_i].len);
	ck_assert_uint_eq(t.segment.checksum_state, CHECKSUM_GOOD);
	bench_release(&t);
}
END_TEST

START_TEST(test_flags)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "4 T");
	for (unsigned flags = 0; flags < 0x1000; flags += 0x111) {
		t.build.tcp[12] = (uint8_t)(0x50 | flags >> 8);
		t.build.tcp[13] = (uint8_t)flags;
		t.build.tcp[19] = 9;
		bench_decode_cut(&t, t.build.len, t.build.len);
		ck_assert_uint_eq(t.segment.flags, flags);
		ck_assert_uint_eq(t.segment.urgent, 9);
	}
	bench_release(&t);
}
END_TEST

static unsigned state_with_field(struct bench *t, unsigned field)
{
	t->build.tcp[16] = (uint8_t)(field >> 8);
	t->build.tcp[17] = (uint8_t)field;
	bench_decode(t);
	ck_assert_int_eq(t->result, DECODED_SEGMENT);
	ck_assert_uint_eq(t->segment.checksum, field);
	return t->segment.checksum_state;
}

static unsigned pseudo_sum(const struct build *b, unsigned len)
{
	const uint8_t tail[4] = { 0, 6, (uint8_t)(len >> 8), (uint8_t)len };

	return build_sum(build_sum(0, b->data + 12, 8), tail, sizeof(tail));
}

START_TEST(test_checksum_states)
{
	struct bench t;
	unsigned right;

	bench_init(&t);
	bench_build(&t, 101, "4 T");
	right = (unsigned)t.build.tcp[16] << 8 | t.build.tcp[17];
	ck_assert_uint_eq(state_with_field(&t, right), CHECKSUM_GOOD);
	ck_assert_uint_eq(state_with_field(&t, right ^ 1), CHECKSUM_BAD);
	ck_assert_uint_eq(state_with_field(&t, 0), CHECKSUM_BAD);
	ck_assert_uint_eq(state_with_field(&t, pseudo_sum(&t.build, 25)), CHECKSUM_PARTIAL);
	ck_assert_uint_eq(state_with_field(&t, pseudo_sum(&t.build, 0)), CHECKSUM_PARTIAL);
	/* Cut by the capture: only the offload's mark can be told. */
	bench_decode_cut(&t, t.build.len - 1, t.build.len);
	ck_assert_uint_eq(t.segment.checksum_state, CHECKSUM_PARTIAL);
	/* Make the right field 0: then 0xffff is as good. */
	ck_assert_uint_eq(state_with_field(&t, right), CHECKSUM_GOOD);
	t.build.tcp[18] = (uint8_t)(right >> 8);
	t.build.tcp[19] = (uint8_t)right;
	ck_assert_uint_eq(state_with_field(&t, 0), CHECKSUM_GOOD);
	ck_assert_uint_eq(state_with_field(&t, 0xffff), CHECKSUM_ZERO_FFFF);
	bench_release(&t);
}
END_TEST

START_TEST(test_checksums_off)
{
	struct bench t;
	struct decode_options o = { .verify_checksums = false };

	bench_init(&t);
	decoder_free(t.decoder);
	t.decoder = decoder_new(&o);
	bench_build(&t, 101, "4 T");
	ck_assert_uint_eq(state_with_field(&t, 0x1234), CHECKSUM_UNVERIFIED);
	bench_release(&t);
}
END_TEST

/* Against the plain sum: all lengths and alignments, and bytes that make every carry happen. */
START_TEST(test_checksum_reference)
{
	uint8_t bytes[512];
	uint32_t state = 12345;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 1103515245 + 12345;
		bytes[i] = _i == 0 ? 0xff : (uint8_t)(state >> 16);
		if (_i == 2 && i % 3)
			bytes[i] = 0xff;
	}
	for (size_t offset = 0; offset < 40; offset++) {
		for (size_t n = 0; n + offset <= sizeof(bytes); n++) {
			uint32_t want = build_sum(0, bytes + offset, n);

			ck_assert_uint_eq(checksum_fold(checksum_add(0, bytes + offset, n)), want);
			if (n % CHECKSUM_BLOCK)
				continue;
			ck_assert_uint_eq(
			    checksum_fold(checksum_blocks(bytes + offset, n / CHECKSUM_BLOCK)),
			    want);
		}
	}
}
END_TEST

START_TEST(test_checksum_pieces)
{
	uint8_t bytes[200];
	uint16_t want;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	want = checksum_fold(checksum_add(0, bytes, sizeof(bytes)));
	for (size_t n = 0; n < sizeof(bytes); n += 2) {
		uint64_t sum = checksum_add(0, bytes + n, sizeof(bytes) - n);

		ck_assert_uint_eq(checksum_fold(checksum_add(sum, bytes, n)), want);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode_tcp");
	TCase *t = tcase_create("tcp");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_options, 0, (int)ARRAY_LEN(lists));
	tcase_add_test(t, test_option_values);
	tcase_add_loop_test(t, test_option_shapes, 0, 2);
	tcase_add_test(t, test_last_option_holds);
	tcase_add_test(t, test_options_cut);
	tcase_add_loop_test(t, test_data_offset, 0, 6);
	tcase_add_test(t, test_flags);
	tcase_add_test(t, test_checksum_states);
	tcase_add_test(t, test_checksums_off);
	tcase_add_loop_test(t, test_checksum_reference, 0, 3);
	tcase_add_test(t, test_checksum_pieces);
	return run_suite(s);
}
