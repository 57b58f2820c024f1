/* SPDX-License-Identifier: MIT */
/*
 * test_decode_ip - oddities of IPv4 and IPv6 headers, lengths, and ICMP errors.
 */
#include "config.h"

#include <string.h>

#include "test_decode_lib.h"

/* One change to the bytes of a packet. */
struct patch {
	uint8_t at, n; /* n = 0: none */
	uint8_t bytes[2];
};

enum fix {
	FIX_IP = 1,     /* fill in the IPv4 checksum again after the patch */
	FIX_TRAILER = 2 /* eight bytes more behind the packet */
};

/* "4 T" is 20 + 20 + 5 bytes. */
static const struct {
	const char *name;
	const char *words;
	struct patch patch;
	unsigned fix;   /* bits of enum fix */
	unsigned notes; /* of the segment */
	uint32_t len;
} oddities[] = {
	{ "plain", "4 T", { 0 }, FIX_IP, 0, 5 },
	{ "trailer", "4 T", { 0 }, FIX_TRAILER, SEG_TRAILER, 5 },
	{ "trailer v6", "6 T", { 0 }, FIX_TRAILER, SEG_TRAILER, 5 },
	{ "checksum", "4 T", { 10, 2, { 0x12, 0x34 } }, 0, SEG_IP_CHECKSUM_BAD, 5 },
	{ "checksum left to the card", "4 T", { 10, 2, { 0, 0 } }, 0, 0, 5 },
	{ "evil bit", "4 T", { 6, 1, { 0xc0 } }, FIX_IP, SEG_EVIL_BIT, 5 },
	{ "length 0", "4 T", { 2, 2, { 0, 0 } }, FIX_IP, SEG_IP_LENGTH_ZERO, 5 },
	{ "length 0 v6", "6 T", { 4, 2, { 0, 0 } }, 0, SEG_IP_LENGTH_ZERO, 5 },
	{ "length too long", "4 T", { 2, 2, { 0, 120 } }, FIX_IP, SEG_IP_TRUNCATED, 80 },
	{ "length too long v6", "6 T", { 4, 2, { 0, 120 } }, 0, SEG_IP_TRUNCATED, 100 },
	{ "length too short", "4 T", { 2, 2, { 0, 42 } }, FIX_IP, SEG_TRAILER, 2 },
	{ "version 5", "4 T", { 0, 1, { 0x55 } }, FIX_IP, SEG_IP_VERSION_BAD, 5 },
	{ "header length 4", "4 T", { 0, 1, { 0x44 } }, FIX_IP, SEG_IP_VERSION_BAD, 5 },
	{ "router alert", "4{94040000} T", { 0 }, 0, SEG_IP_OPTIONS, 5 },
	{ "timestamp", "4{4408050000000000} T", { 0 }, 0, SEG_IP_OPTIONS, 5 },
	{ "option unknown", "4{de040000} T", { 0 }, 0, SEG_IP_OPTIONS, 5 },
	{ "end of options", "4{00de0400} T", { 0 }, 0, SEG_IP_OPTIONS, 5 },
	{ "loose source route", "4{8307080a4d000200} T", { 0 }, 0,
	    SEG_IP_OPTIONS | SEG_SOURCE_ROUTED, 5 },
	{ "option length 0", "4{94000000} T", { 0 }, 0, SEG_IP_OPTIONS | SEG_IP_OPTIONS_BAD, 5 },
	{ "option too long", "4{94080000} T", { 0 }, 0, SEG_IP_OPTIONS | SEG_IP_OPTIONS_BAD, 5 },
	{ "no length", "4{01010194} T", { 0 }, 0, SEG_IP_OPTIONS | SEG_IP_OPTIONS_BAD, 5 },
	{ "bad pointer", "4{07030100} T", { 0 }, 0, SEG_IP_OPTIONS | SEG_IP_OPTIONS_BAD, 5 },
	{ "ah", "4/51 06040000 00000001 00000001 000000000000000000000000 T", { 0 }, 0, 0, 5 },
	{ "hop by hop", "6/0 0600 050200000100 T", { 0 }, 0, 0, 5 },
	{ "destination", "6/60 0600 010400000000 T", { 0 }, 0, 0, 5 },
	{ "skip option", "6/60 0600 3e0400000000 T", { 0 }, 0, 0, 5 },
	{ "discard option", "6/60 0600 be0400000000 T", { 0 }, 0, SEG_EXT_HEADER_BAD, 5 },
	{ "long padding", "6/60 0601 010c000000000000000000000000 T", { 0 }, 0, SEG_EXT_HEADER_BAD,
	    5 },
	{ "padding not 0", "6/60 0600 010400000100 T", { 0 }, 0, SEG_EXT_HEADER_BAD, 5 },
	{ "v6 option too long", "6/60 0600 010500000000 T", { 0 }, 0, SEG_EXT_HEADER_BAD, 5 },
	{ "misplaced", "6/60 0000 010400000000 0600 010400000000 T", { 0 }, 0, SEG_EXT_HEADER_BAD,
	    5 },
	{ "many", "6/0 3c00 010400000000 3c00 010400000000 8700 010400000000 0600 000000000000 T",
	    { 0 }, 0, 0, 5 },
	{ "routing, arrived", "6/43 0602 0000 00000000 20010db8000000000000000000000009 T", { 0 },
	    0, 0, 5 },
	{ "atomic fragment", "6/44 0600 0000 00000001 T", { 0 }, 0, 0, 5 },
	{ "ah v6", "6/51 06040000 00000001 00000001 000000000000000000000000 T", { 0 }, 0, 0, 5 },
};

static void apply(struct build *b, const struct patch *p, unsigned fix)
{
	memcpy(b->data + p->at, p->bytes, p->n);
	if (fix & FIX_IP)
		build_fix_ip4(b->data);
	if (fix & FIX_TRAILER) {
		memmove(b->data - 8, b->data, b->len);
		b->data -= 8;
		b->len += 8;
	}
}

START_TEST(test_oddity)
{
	struct bench t;
	bool is_cut = oddities[_i].len != BUILD_PAYLOAD;

	bench_init(&t);
	bench_build(&t, 101, oddities[_i].words);
	apply(&t.build, &oddities[_i].patch, oddities[_i].fix);
	bench_decode(&t);
	ck_assert_msg(t.result == DECODED_SEGMENT, "%s", oddities[_i].name);
	ck_assert_msg(t.segment.notes == oddities[_i].notes, "%s: notes %x", oddities[_i].name,
	    t.segment.notes);
	ck_assert_uint_eq(t.segment.len, oddities[_i].len);
	if (!is_cut)
		bench_assert_hello(&t);
	bench_release(&t);
}
END_TEST

/* What a host discards and what cannot be followed. */
static const struct {
	const char *words;
	struct patch patch;
	enum decode_reason reason;
} refused[] = {
	{ "4 T", { 0, 1, { 0x55 } }, DECODE_IP_BAD }, /* and the checksum is wrong too */
	{ "4 T", { 0, 1, { 0x41 } }, DECODE_IP_BAD },
	{ "4 T", { 2, 2, { 0, 19 } }, DECODE_IP_BAD },
	{ "4 T", { 2, 2, { 0, 39 } }, DECODE_TCP_SHORT },
	{ "4 T", { 0, 1, { 0x4f } }, DECODE_IP_SHORT },
	{ "6 T", { 4, 2, { 0, 19 } }, DECODE_TCP_SHORT },
	{ "6/0 06ff 0000 T", { 0 }, DECODE_IP_SHORT },
	{ "6/43 06ff 0000 T", { 0 }, DECODE_IP_SHORT },
	{ "6/135 06ff 0000 T", { 0 }, DECODE_IP_SHORT },
	{ "4/51 06ff 0000 T", { 0 }, DECODE_IP_SHORT },
	{ "6/44 0600 00", { 0 }, DECODE_IP_SHORT },
};

START_TEST(test_refused)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, refused[_i].words);
	apply(&t.build, &refused[_i].patch, 0);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_NOTHING);
	ck_assert_str_eq(
	    decode_reason_word(bench_reason(&t)), decode_reason_word(refused[_i].reason));
	bench_release(&t);
}
END_TEST

/* On its way by a routing header: the connection is with the last address, not with the next hop. */
START_TEST(test_routing)
{
	static const struct {
		const char *words;
		size_t at; /* of the final destination */
		unsigned notes;
	} rows[] = {
		{ "6/43 0602 0001 00000000 20010db8000000000000000000000009 T", 48,
		    SEG_EXT_HEADER_BAD },
		{ "6/43 0602 0201 00000000 20010db8000000000000000000000009 T", 48, 0 },
		{ "6/43 0604 0401 01000000 20010db8000000000000000000000009 "
		  "20010db8000000000000000000000008 T",
		    48, 0 },
	};
	struct bench t;
	uint8_t hop[16];

	bench_init(&t);
	bench_build(&t, 101, rows[_i].words);
	memcpy(hop, t.build.data + rows[_i].at, 16);
	memcpy(t.build.data + rows[_i].at, t.build.data + 24, 16);
	memcpy(t.build.data + 24, hop, 16);
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.notes, rows[_i].notes);
	ck_assert_uint_eq(t.segment.dst.b[15], 2);
	bench_release(&t);
}
END_TEST

/* Jumbo payload: the length is in the option, and bytes behind it are no data. */
START_TEST(test_jumbo)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "6/0 0600 c20400000021 T");
	apply(&t.build, &(struct patch){ 4, 2, { 0, 0 } }, FIX_TRAILER);
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.notes, SEG_IP_LENGTH_ZERO | SEG_TRAILER);
	bench_release(&t);
}
END_TEST

START_TEST(test_ip_fields)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "6 T");
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.flow_label, 0x12345);
	ck_assert_uint_eq(t.segment.ip_id, 0);
	ck_assert_uint_eq(t.segment.ttl, 64);
	bench_build(&t, 101, "4 T");
	apply(&t.build, &(struct patch){ 1, 1, { 0x03 } }, FIX_IP);
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.tos, 3);
	ck_assert_uint_eq(t.segment.flow_label, 0);
	bench_release(&t);
}
END_TEST

static const struct {
	const char *words;
	uint8_t type, code;
	uint16_t mtu;
} errors[] = {
	{ "4 I0303:00000000 4 T", 3, 3, 0 },
	{ "4 I0304:00000578 4 T", 3, 4, 1400 },
	{ "4 I0b00:00000000 4 T", 11, 0, 0 },
	{ "4 I0501:0a000009 4 T", 5, 1, 0 },
	{ "4 I0400:00000000 4{94040000} T", 4, 0, 0 },
	{ "4 I0c00:14000000 4 T", 12, 0, 0 },
	{ "6 I0104:00000000 6 T", 1, 4, 0 },
	{ "6 I0200:00000500 6 T", 2, 0, 1280 },
	{ "6 I0200:00012345 6 T", 2, 0, 65535 },
	{ "6 I0300:00000000 6/60 0600 010400000000 T", 3, 0, 0 },
	{ "6 I0401:00000028 6/44 0600 0000 00000001 T", 4, 1, 0 },
};

static void assert_quote(const struct segment *s)
{
	size_t last = s->ip_version == 4 ? 3 : 15;

	ck_assert_uint_eq(s->kind, SEG_ICMP);
	ck_assert_uint_eq(s->sport, 40000);
	ck_assert_uint_eq(s->dport, 80);
	ck_assert_uint_eq(s->seq, 0x01020304);
	ck_assert_uint_eq(s->src.b[last], 1);
	ck_assert_uint_eq(s->dst.b[last], 2);
	ck_assert_uint_eq(s->src.b[s->ip_version == 4 ? 1 : 5], 0);
	ck_assert_uint_eq(s->icmp_from.b[s->ip_version == 4 ? 1 : 5], 1);
	ck_assert_uint_eq(s->caplen, 0);
}

START_TEST(test_icmp)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, errors[_i].words);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_SEGMENT);
	assert_quote(&t.segment);
	ck_assert_uint_eq(t.segment.icmp_type, errors[_i].type);
	ck_assert_uint_eq(t.segment.icmp_code, errors[_i].code);
	ck_assert_uint_eq(t.segment.icmp_mtu, errors[_i].mtu);
	ck_assert_uint_eq(t.segment.flags, TCP_PSH | TCP_ACK);
	ck_assert_uint_eq(t.segment.len, BUILD_PAYLOAD);
	ck_assert_uint_eq(t.segment.checksum_state, CHECKSUM_GOOD);
	ck_assert_uint_eq(t.segment.opt.seen, 0);
	/* Only ports and number are quoted: the rest is not known. */
	bench_decode_cut(&t, t.build.len - 12 - BUILD_PAYLOAD, t.build.len);
	ck_assert_int_eq(t.result, DECODED_SEGMENT);
	assert_quote(&t.segment);
	ck_assert_uint_eq(t.segment.flags, 0);
	ck_assert_uint_eq(t.segment.ack, 0);
	ck_assert_uint_eq(t.segment.len, 0);
	ck_assert_uint_eq(t.segment.checksum_state, CHECKSUM_UNVERIFIED);
	bench_release(&t);
}
END_TEST

START_TEST(test_icmp_about_others)
{
	static const char *const words[] = {
		"4 I0303:00000000 4 U53",
		"4 I0303:00000000 4/6 01020304050607",
		"4 I0303:00000000 6 T",
		"4 I0303:00000000",
		"4 I0000:00000000 4 T",
		"6 I8000:00000000 6 T",
		"6 I8900:00000000 6 T",
		"6 I0100:00000000 6/44 0600 0008 00000001 T",
		"6 I0100:00000000 6/60 06ff 0000",
		"6 I0100:00000000 4 T",
	};
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, words[_i]);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_NOTHING);
	ck_assert_int_eq(bench_reason(&t), DECODE_ICMP_OTHER);
	bench_release(&t);
}
END_TEST

/* An error inside a tunnel belongs to the tunnel's connections. */
START_TEST(test_icmp_in_tunnel)
{
	struct bench t;
	uint32_t tunnel;

	bench_init(&t);
	bench_build(&t, 101, "4 U4789 08000000 00002a00 020000000001 020000000002 0800 4 T");
	bench_decode(&t);
	tunnel = t.segment.tunnel;
	/* One level more inside: the outer addresses must be 10.1, as above. */
	bench_build(&t, 101,
	    "4 U4789 08000000 00002a00 020000000001 020000000002 0800 4 I0303:00000000 4 T");
	t.build.data[13] = t.build.data[17] = 1;
	build_fix_ip4(t.build.data);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_SEGMENT);
	ck_assert_uint_eq(t.segment.kind, SEG_ICMP);
	ck_assert_uint_eq(t.segment.tunnel, tunnel);
	bench_release(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode_ip");
	TCase *t = tcase_create("ip");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_oddity, 0, (int)ARRAY_LEN(oddities));
	tcase_add_loop_test(t, test_refused, 0, (int)ARRAY_LEN(refused));
	tcase_add_loop_test(t, test_routing, 0, 3);
	tcase_add_test(t, test_jumbo);
	tcase_add_test(t, test_ip_fields);
	tcase_add_loop_test(t, test_icmp, 0, (int)ARRAY_LEN(errors));
	tcase_add_loop_test(t, test_icmp_about_others, 0, 10);
	tcase_add_test(t, test_icmp_in_tunnel);
	return run_suite(s);
}
