/* SPDX-License-Identifier: MIT */
/*
 * test_decode - link layers, shims and tunnels: the same segment inside each of them.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/buf.h"
#include "test_decode_lib.h"

#define MACS   "020000000001 020000000002 "
#define ETHER4 MACS "0800 4 "
#define WIFI   "0000 020000000001 020000000002 020000000003 1000 "

/* What must come out of each: the segment, and nothing odd about it. */
static const struct {
	const char *name;
	uint16_t linktype;
	const char *words;
	uint16_t vlan;
} links[] = {
	{ "ethernet", 1, ETHER4 "T", 0 },
	{ "ethernet v6", 1, MACS "86dd 6 T", 0 },
	{ "vlan", 1, MACS "8100 6005 0800 4 T", 5 },
	{ "priority tag", 1, MACS "8100 e000 0800 4 T", 0 },
	{ "qinq", 1, MACS "88a8 0064 8100 0007 86dd 6 T", 7 },
	{ "qinq 9100", 1, MACS "9100 0064 8100 0fff 0800 4 T", 4095 },
	{ "snap", 1, MACS "0035 aaaa03 000000 0800 4 T", 0 },
	{ "snap in vlan", 1, MACS "8100 0009 0035 aaaa03 000000 0800 4 T", 9 },
	{ "llc", 1, MACS "0030 060603 4 T", 0 },
	{ "llc nlpid", 1, MACS "0030 fefe03 cc 4 T", 0 },
	{ "mpls", 1, MACS "8847 00010140 4 T", 0 },
	{ "mpls stack v6", 1, MACS "8847 00010040 00020140 6 T", 0 },
	{ "pseudowire", 1, MACS "8847 00010140 00000000 " ETHER4 "T", 0 },
	{ "pseudowire without control word", 1, MACS "8847 00010140 " ETHER4 "T", 0 },
	{ "pseudowire, MAC like IP", 1, MACS "8847 00010140 450000000001 460000000002 86dd 6 T",
	    0 },
	{ "pppoe", 1, MACS "8864 1100 0001 0031 0021 4 T", 0 },
	{ "pppoe v6", 1, MACS "8864 1100 0001 0045 0057 6 T", 0 },
	{ "provider backbone", 1, MACS "88e7 00000001 " ETHER4 "T", 0 },
	{ "fabricpath", 1, MACS "8903 0040 " ETHER4 "T", 0 },
	{ "vn-tag", 1, MACS "8926 00000000 0800 4 T", 0 },
	{ "null", 0, "02000000 4 T", 0 },
	{ "null, other order", 0, "00000002 4 T", 0 },
	{ "null v6 linux", 0, "0a000000 6 T", 0 },
	{ "null v6 freebsd", 0, "0000001c 6 T", 0 },
	{ "null v6 darwin", 0, "1e000000 6 T", 0 },
	{ "loop", 108, "00000018 6 T", 0 },
	{ "raw", 101, "4 T", 0 },
	{ "raw v6", 101, "6 T", 0 },
	{ "raw 12", 12, "4 T", 0 },
	{ "raw 14", 14, "6 T", 0 },
	{ "ipv4", 228, "4 T", 0 },
	{ "ipv6", 229, "6 T", 0 },
	{ "cooked", 113, "0000 0001 0006 0200000000010000 0800 4 T", 0 },
	{ "cooked vlan", 113, "0000 0001 0006 0200000000010000 8100 0003 86dd 6 T", 3 },
	{ "cooked v2", 276, "0800 0000 00000000 0001 00 06 0200000000010000 4 T", 0 },
	{ "cooked v2 vlan", 276, "8100 0000 00000000 0001 00 06 0200000000010000 0003 86dd 6 T",
	    3 },
	{ "ppp", 9, "ff03 0021 4 T", 0 },
	{ "ppp compressed", 9, "21 4 T", 0 },
	{ "ppp v6", 9, "0057 6 T", 0 },
	{ "ppp mpls", 9, "0281 00010140 4 T", 0 },
	{ "ppp in hdlc", 50, "ff03 0021 4 T", 0 },
	{ "hdlc in ppp", 50, "0f00 0800 4 T", 0 },
	{ "pppoe link", 51, "1100 0001 0031 0021 4 T", 0 },
	{ "chdlc", 104, "0f00 0800 4 T", 0 },
	{ "ppp direction", 204, "00 ff03 0021 4 T", 0 },
	{ "frame relay", 107, "1841 03 cc 4 T", 0 },
	{ "frame relay snap", 107, "1841 03 00 80 000000 86dd 6 T", 0 },
	{ "arcnet", 129, "0102 0000 d4 000000 4 T", 0 },
	{ "atm llc", 106, "aaaa03 000000 0800 4 T", 0 },
	{ "atm bare", 106, "4 T", 0 },
	{ "rfc 1483", 100, "aaaa03 000000 0800 4 T", 0 },
	{ "pflog", 117,
	    "3d02 "
	    "0000"
	    "00000000000000000000000000000000"
	    "00000000000000000000000000000000"
	    "00000000000000000000000000000000"
	    "000000000000000000000000 4 T",
	    0 },
	{ "wifi", 105, "0801 " WIFI "aaaa03 000000 0800 4 T", 0 },
	{ "wifi qos", 105, "8802 " WIFI "0000 aaaa03 000000 86dd 6 T", 0 },
	{ "wifi four addresses", 105, "0803 " WIFI "020000000004 aaaa03 000000 0800 4 T", 0 },
	{ "radiotap", 127, "0000 0900 02000000 10 0801 " WIFI "aaaa03 000000 0800 4 T", 0 },
	{ "radiotap padded", 127,
	    "0000 1c00 03000080 00000000 00000000 1122334455667788 20 000000 "
	    "8801 " WIFI "0000 0000 aaaa03 000000 86dd 6 T",
	    0 },
	{ "ppi", 192, "00000800 69000000 0801 " WIFI "aaaa03 000000 0800 4 T", 0 },
	{ "ieee1394", 138, "0000000000000000 0000000000000000 0800 4 T", 0 },
	{ "dsa", 283, MACS "00000000 0800 4 T", 0 },
};

START_TEST(test_link)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, links[_i].linktype, links[_i].words);
	bench_decode(&t);
	ck_assert_msg(t.result == DECODED_SEGMENT, "%s", links[_i].name);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.vlan, links[_i].vlan);
	ck_assert_uint_eq(t.segment.tunnel, 0);
	ck_assert_uint_eq(t.segment.notes, 0);
	ck_assert_uint_eq(t.segment.src.b[t.segment.ip_version == 4 ? 3 : 15], 1);
	bench_release(&t);
}
END_TEST

/* Tunnels; `other` is the same with another id, which must be another tunnel (NULL = has no id). */
static const struct {
	const char *name;
	const char *words;
	const char *other;
} tunnels[] = {
	{ "ip in ip", ETHER4 "4 T", NULL },
	{ "6in4", ETHER4 "6 T", NULL },
	{ "4in6", MACS "86dd 6 4 T", NULL },
	{ "gre", "4/47 0000 0800 4 T", NULL },
	{ "gre v6", "6/47 0000 86dd 6 T", NULL },
	{ "gre checksum key sequence", "4/47 b000 0800 12340000 00000007 00000001 4 T",
	    "4/47 b000 0800 12340000 00000008 00000001 4 T" },
	{ "gre routing", "4/47 4000 0800 12340000 0800 00 04 01020304 00000000 4 T", NULL },
	{ "gre mpls", "4/47 0000 8847 00010140 4 T", NULL },
	{ "nvgre", "4/47 2000 6558 00500155 " ETHER4 "T", "4/47 2000 6558 00500255 " ETHER4 "T" },
	{ "erspan i", "4/47 0000 88be " ETHER4 "T", NULL },
	{ "erspan ii", "4/47 1000 88be 00000001 10010002 00000000 " ETHER4 "T", NULL },
	{ "erspan iii",
	    "4/47 1000 22eb 00000001 20010002 00000000 00000001 0000000000000000 " ETHER4 "T",
	    NULL },
	{ "pptp", "4/47 3081 880b 00310007 00000001 00000002 ff03 0021 4 T", NULL },
	{ "ether in ip", "4/97 3000 " ETHER4 "T", NULL },
	{ "mpls in ip", "4/137 00010140 4 T", NULL },
	{ "vxlan", "4 U4789 08000000 00002a00 " ETHER4 "T",
	    "4 U4789 08000000 00002b00 " ETHER4 "T" },
	{ "vxlan linux", "4 U8472 08000000 00002a00 " MACS "8100 0005 86dd 6 T", NULL },
	{ "vxlan-gpe", "6 U4790 0c000001 00002a00 4 T", "6 U4790 0c000001 00002b00 4 T" },
	{ "vxlan-gpe ethernet", "6 U4790 0c000003 00002a00 " ETHER4 "T", NULL },
	{ "geneve", "4 U6081 0000 6558 00000100 " ETHER4 "T",
	    "4 U6081 0000 6558 00000200 " ETHER4 "T" },
	{ "geneve options", "4 U6081 0200 0800 00000100 01020301 00000000 4 T", NULL },
	{ "gtp", "4 U2152 30ff 0031 12345678 4 T", NULL },
	{ "gtp sequence", "4 U2152 32ff 0035 12345678 00010000 6 T", NULL },
	{ "gtp extensions", "4 U2152 34ff 003d 12345678 00000085 01001040 01000000 4 T", NULL },
	{ "teredo", "4 U3544 6 T", NULL },
	{ "teredo origin", "4 U3544 0000 1234 01020304 6 T", NULL },
	{ "teredo authentication",
	    "4 U3544 0001 0202 aabb ccdd 0000000000000000 00 "
	    "0000 1234 01020304 6 T",
	    NULL },
	{ "gre in udp", "4 U4754 2000 0800 00000007 4 T", NULL },
	{ "gre in vxlan", "4 U4789 08000000 00002a00 " MACS "0800 4/47 0000 6558 " ETHER4 "T",
	    NULL },
};

static uint16_t tunnel_link(const char *words)
{
	return strncmp(words, "02", 2) == 0 ? 1 : 101;
}

static uint32_t tunnel_of(struct bench *t, const char *words, bool is_reply)
{
	build_packet(&t->build, words, is_reply);
	t->packet.linktype = tunnel_link(words);
	bench_decode(t);
	bench_assert_hello(t);
	ck_assert_uint_ne(t->segment.tunnel, 0);
	return t->segment.tunnel;
}

START_TEST(test_tunnel)
{
	struct bench t;
	uint32_t tunnel;

	bench_init(&t);
	tunnel = tunnel_of(&t, tunnels[_i].words, false);
	ck_assert_uint_eq(tunnel_of(&t, tunnels[_i].words, true), tunnel);
	if (tunnels[_i].other)
		ck_assert_uint_ne(tunnel_of(&t, tunnels[_i].other, false), tunnel);
	ck_assert_uint_eq(t.segment.src.b[1], t.segment.ip_version == 4 ? 0 : 1);
	bench_release(&t);
}
END_TEST

/* Ids that differ by direction must not part a connection. */
START_TEST(test_directional_ids)
{
	static const char *const pairs[][2] = {
		{ "4 U2152 30ff 0031 12345678 4 T", "4 U2152 30ff 0031 87654321 4 T" },
		{ "4/47 3001 880b 00310007 00000001 ff03 0021 4 T",
		    "4/47 3001 880b 00310009 00000001 ff03 0021 4 T" },
		{ "4/47 2000 6558 00500155 " ETHER4 "T", "4/47 2000 6558 00500199 " ETHER4 "T" },
	};
	struct bench t;

	bench_init(&t);
	ck_assert_uint_eq(tunnel_of(&t, pairs[_i][0], false), tunnel_of(&t, pairs[_i][1], true));
	bench_release(&t);
}
END_TEST

static const struct {
	uint16_t linktype;
	const char *words;
	enum decode_reason reason;
} nothings[] = {
	{ 65000, "4 T", DECODE_LINK_UNKNOWN },
	{ 1, MACS, DECODE_LINK_SHORT },
	{ 1, MACS "0806 00010800060400010200000000010a000001", DECODE_NOT_IP },
	{ 1, MACS "05dd aaaa03 000000 0800 4 T", DECODE_NOT_IP },
	{ 1, MACS "0026 424203 00000000", DECODE_NOT_IP },
	{ 1, MACS "8864 1109 0001 0000", DECODE_NOT_IP },
	{ 0, "12000000 4 T", DECODE_NOT_IP },
	{ 101, "4 U53 0000", DECODE_NOT_TCP },
	{ 101, "4 U4789 00000000 00002a00 " ETHER4 "T", DECODE_NOT_TCP },
	{ 101, "4 U4790 0c000009 00002a00 4 T", DECODE_NOT_TCP },
	{ 101, "4 U6081 4000 6558 00000100 " ETHER4 "T", DECODE_NOT_TCP },
	{ 101, "4 U2152 32 01 0004 00000000 00000000", DECODE_NOT_TCP },
	{ 101, "4 U3544 1234", DECODE_NOT_TCP },
	{ 101, "4 U4754 0001 0800 4 T", DECODE_NOT_TCP },
	{ 101, "4/50 0000000100000001", DECODE_ENCRYPTED },
	{ 101, "6/50 0000000100000001", DECODE_ENCRYPTED },
	{ 101, "6/59 00", DECODE_NOT_TCP },
	{ 101, "4/47 2000 0800", DECODE_TUNNEL_BAD },
	{ 101, "4/47 0003 0800 4 T", DECODE_TUNNEL_BAD },
	{ 101, "4/97 4000 " ETHER4 "T", DECODE_TUNNEL_BAD },
	{ 101, "4/6 0102030405", DECODE_TCP_SHORT },
	{ 101, "4 4 4 4 4 4 4 4 4 4 T", DECODE_TUNNEL_DEPTH },
	{ 105, "0841 " WIFI "aaaa03 000000 0800 4 T", DECODE_ENCRYPTED },
	{ 105, "4801 " WIFI, DECODE_NOT_IP },
	{ 105, "8000 " WIFI, DECODE_NOT_IP },
	{ 101, "I0800:00000000 T", DECODE_IP_BAD },
	{ 101, "4 I0800:00000000", DECODE_ICMP_OTHER },
};

START_TEST(test_nothing)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, nothings[_i].linktype, nothings[_i].words);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_NOTHING);
	ck_assert_str_eq(
	    decode_reason_word(bench_reason(&t)), decode_reason_word(nothings[_i].reason));
	bench_release(&t);
}
END_TEST

START_TEST(test_eight_tunnels)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 101, "4 4 4 4 4 4 4 4 4 T");
	bench_decode(&t);
	bench_assert_hello(&t);
	bench_release(&t);
}
END_TEST

/* A label stack without end uses up its bytes, and a stack of tags its steps. */
START_TEST(test_endless)
{
	static const char *const tags = "8100 0001 8100 0001 8100 0001 8100 0001 ";
	struct buf words = BUF_INIT;
	struct bench t;

	buf_addstr(&words, MACS);
	for (int i = 0; i < 40; i++)
		buf_addstr(&words, _i == 0 ? tags : "");
	buf_addstr(&words, _i == 0 ? "0800 4 T" : "8847 00000000 00000000 00000000");
	bench_init(&t);
	bench_build(&t, 1, words.data);
	bench_decode(&t);
	ck_assert_int_eq(t.result, DECODED_NOTHING);
	bench_release(&t);
	buf_release(&words);
}
END_TEST

START_TEST(test_frame_fields)
{
	struct bench t;

	bench_init(&t);
	bench_build(&t, 276, "0800 0000 00000007 0001 00 06 0200000000010000 4 T");
	t.packet.offset = 4711;
	t.packet.file = 3;
	bench_decode(&t);
	bench_assert_hello(&t);
	ck_assert_uint_eq(t.segment.interface, 7);
	ck_assert_uint_eq(t.segment.file, 3);
	ck_assert_uint_eq(t.segment.offset, 4711);
	ck_assert_uint_eq(t.segment.wire_len, t.build.len);
	ck_assert_uint_eq(t.segment.ttl, 64);
	ck_assert_uint_eq(t.segment.ip_id, 0x1234);
	ck_assert(t.segment.dont_fragment);
	bench_release(&t);
}
END_TEST

START_TEST(test_words)
{
	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++) {
		ck_assert_uint_gt(strlen(decode_reason_word((enum decode_reason)i)), 3);
		ck_assert_uint_gt(strlen(decode_reason_text((enum decode_reason)i)), 10);
	}
	decoder_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("layers");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_link, 0, (int)ARRAY_LEN(links));
	tcase_add_loop_test(t, test_tunnel, 0, (int)ARRAY_LEN(tunnels));
	tcase_add_loop_test(t, test_directional_ids, 0, 3);
	tcase_add_loop_test(t, test_nothing, 0, (int)ARRAY_LEN(nothings));
	tcase_add_test(t, test_eight_tunnels);
	tcase_add_loop_test(t, test_endless, 0, 2);
	tcase_add_test(t, test_frame_fields);
	tcase_add_test(t, test_words);
	return run_suite(s);
}
