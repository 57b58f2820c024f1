/* SPDX-License-Identifier: MIT */
/*
 * test_story - the story language: what it refuses, the bytes it makes, what its mutators do.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "lib/story.h"
#include "tcpshadow/rd.h"

#define FLOW "flow A 10.0.0.1:40000 B 10.0.0.2:80\n"

static const struct {
	const char *text, *complaint;
} refused[] = {
	{ "flow A 10.0.0.1 B 10.0.0.2:80", "x:1: \"10.0.0.1\" is not address:port" },
	{ "flow A 10.0.0.1:1 A 10.0.0.2:80", "x:1: the ends of a flow need two letters" },
	{ "flow A 10.0.0.1:1 B [::1]:80", "x:1: the ends of a flow need two letters" },
	{ "flow a 10.0.0.1:1 B 10.0.0.2:80", "x:1: \"a\" is not a new capital letter" },
	{ FLOW "flow A 10.0.0.1:1 D 10.0.0.2:2", "x:2: \"A\" is not a new capital letter" },
	{ FLOW "flow C 10.0.0:1 D 10.0.0.2:2", "x:2: \"10.0.0\" is not an address" },
	{ FLOW "+0 C> S 1:1(0)", "x:2: no flow line names an end \"C\"" },
	{ FLOW "+0 A S 1:1(0)", "x:2: '>' is expected" },
	{ FLOW "+0 A> X 1:1(0)", "x:2: unknown flag 'X'" },
	{ FLOW "+0 A> S 1:3(1)", "x:2: 1 + 1 is not 3" },
	{ FLOW "+0 A> S 1", "x:2: sequence numbers are written" },
	{ FLOW "+0 A> . 1:1(0)", "x:2: the ACK flag needs an ack number" },
	{ FLOW "+0 A> S 1:1(0) win 70000", "x:2: 70000 is above 65535" },
	{ FLOW "+0 A> S 1:1(0) wim 7", "x:2: unknown word \"wim\"" },
	{ FLOW "+0 A> S 1:1(0) <mss>", "x:2: a number is expected" },
	{ FLOW "+0 A> S 1:1(0) <maximum 5>", "x:2: unknown option \"maximum\"" },
	{ FLOW "+0 A> S 1:1(0) <mss 5", "x:2: '>' is expected" },
	{ FLOW "+0 A> S 1:1(0) <md5,md5,md5>", "x:2: more than 40 bytes of options" },
	{ FLOW "+0 A> P 1:3(2) \"abc\"", "x:2: the text has 3 bytes, not 2" },
	{ FLOW "+0 A> P 1:3(2) \"ab", "x:2: the text has no closing quote" },
	{ FLOW "finding syn-lost", "x:2: unknown finding \"syn-lost\"" },
	{ FLOW "no-finding syn-lost", "x:2: unknown finding \"syn-lost\"" },
	{ FLOW "finding one-sided sure", "x:2: no flow line names an end \"s\"" },
	{ FLOW "findings few", "x:2: only \"none\" is expected" },
	{ FLOW "+0h A> S 1:1(0)", "x:2: unknown unit \"h\"" },
	{ FLOW "+0 A!> icmp port-unreachable", "x:2: the other end has sent nothing" },
	{ FLOW "+0 A> S 1:1(0)\n+0 B!> icmp sour", "x:3: unknown ICMP error \"sour\"" },
	{ FLOW "state A HAPPY", "x:2: unknown state \"HAPPY\"" },
	{ FLOW "state A CLOSED?", "x:2: only a path tells presumed states" },
	{ FLOW "handshake fine", "x:2: handshake is never \"fine\"" },
	{ FLOW "note 1 strange", "x:2: unknown note \"strange\"" },
	{ FLOW "open perhaps", "x:2: yes or no is expected" },
	{ FLOW "resets 1 2", "x:2: \"2\" is too much" },
	{ FLOW "anomalies none", "x:2: unknown word \"anomalies\"" },
};

START_TEST(test_refused)
{
	struct err e = { "" };
	struct story *st = story_parse("x", refused[_i].text, &e);

	ck_assert_ptr_null(st);
	ck_assert_msg(strncmp(e.text, refused[_i].complaint, strlen(refused[_i].complaint)) == 0,
	    "got: %s", e.text);
}
END_TEST

static struct story *parse(const char *text)
{
	struct err e = { "" };
	struct story *st = story_parse("x", text, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	return st;
}

START_TEST(test_fields)
{
	struct story *st = parse(FLOW "+.5 A> FP. 7:10(3) ack 9 win 2 urg 1 \"a#\\n\" # comment\n"
	                              "not-captured +1ms B> SEWe 0:0(0) ttl 3 id 4 vlan 5 df");
	const struct story_packet *p = st->packets;

	ck_assert_uint_eq(st->npackets, 2);
	ck_assert_uint_eq(p[0].flags, TCP_FIN | TCP_PSH | TCP_ACK);
	ck_assert_uint_eq(p[0].seq, 7);
	ck_assert_uint_eq(p[0].ack, 9);
	ck_assert_uint_eq(p[0].window, 2);
	ck_assert_uint_eq(p[0].urgent, 1);
	ck_assert_str_eq(p[0].text, "a#\n");
	ck_assert_int_eq(p[1].ts - p[0].ts, NS_PER_SEC / 1000);
	ck_assert_uint_eq(p[1].flags, TCP_SYN | TCP_ECE | TCP_CWR | TCP_AE);
	ck_assert_uint_eq(p[1].ttl, 3);
	ck_assert_uint_eq(p[1].ip_id, 4);
	ck_assert_uint_eq(p[1].vlan, 5);
	ck_assert(p[1].missed && p[1].dont_fragment && p[1].end == 1);
	story_free(st);
}
END_TEST

/* The only frame of a story of one packet, behind the headers of file, record and Ethernet. */
static struct rd ip_of(const struct buf *pcap)
{
	return rd_make((const uint8_t *)pcap->data + 54, pcap->len - 54);
}

START_TEST(test_bytes)
{
	struct story *st = parse(FLOW "base A 4294967295\nbase B 10\n"
	                              "+0 A> S. 2:4(2) ack 5 win 258 <nop,nop,sack 6:7>");
	struct buf b = BUF_INIT;
	struct rd r;

	story_pcap(st, &b);
	r = ip_of(&b);
	ck_assert_uint_eq(rd_left(&r), 20 + 20 + 12 + 2);
	ck_assert_uint_eq(story_sum(0, r.p, 20), 0xffff);
	rd_skip(&r, 20);
	ck_assert_uint_eq(rd_be32(&r), 40000u << 16 | 80);
	ck_assert_uint_eq(rd_be32(&r), 1);
	ck_assert_uint_eq(rd_be32(&r), 15);
	ck_assert_uint_eq(rd_be32(&r), 0x80120102);
	rd_skip(&r, 4);
	ck_assert_uint_eq(rd_be32(&r), 0x0101050a);
	ck_assert_uint_eq(rd_be32(&r), 16);
	ck_assert_uint_eq(rd_be32(&r), 17);
	ck_assert_uint_eq(rd_be16(&r), 'c' << 8 | 'd');
	ck_assert(!r.is_short && rd_left(&r) == 0);
	buf_release(&b);
	story_free(st);
}
END_TEST

static const struct {
	const char *packet;
	bool good;
} sums[] = {
	{ "+0 A> S 1:1(0)", true },
	{ "+0 A> P 1:8(7) <nop>", true },
	{ "+0 A> P 1:4(3) bad-checksum", false },
	{ "+0 A> P 1:4(3) altered ttl 9", true },
};

START_TEST(test_checksum)
{
	struct buf text = BUF_INIT, b = BUF_INIT;
	struct story *st;
	struct rd r;
	uint32_t sum;

	buf_addf(&text, FLOW "%s", sums[_i].packet);
	st = parse(text.data);
	story_pcap(st, &b);
	r = ip_of(&b);
	/* the pseudo-header: addresses, protocol, length of the segment */
	sum = story_sum(0, r.p + 12, 8) + 6 + (uint32_t)rd_left(&r) - 20;
	ck_assert_int_eq(story_sum(sum, r.p + 20, rd_left(&r) - 20) == 0xffff, sums[_i].good);
	buf_release(&b);
	buf_release(&text);
	story_free(st);
}
END_TEST

START_TEST(test_fragments)
{
	struct story *st = parse(FLOW "+0 A> P. 1:101(100) ack 1 frag 40\n+0 A> . 1:1(0) ack 1\n"
	                              "not-captured +0 A> . 1:1(0) ack 1");

	ck_assert_uint_eq(story_frames_of(st, 0), 3);
	ck_assert_uint_eq(story_frames_of(st, 1), 1);
	ck_assert_uint_eq(story_frames_of(st, 2), 0);
	story_free(st);
}
END_TEST

START_TEST(test_mutators)
{
	struct story *st =
	    parse(FLOW "+0 A> S 1:1(0)\n+1 B!> icmp port-unreachable\n+1 A> S 2:2(0)");

	story_duplicate(st, 0);
	ck_assert_uint_eq(st->npackets, 4);
	ck_assert_uint_eq(st->packets[1].seq, 1);
	ck_assert_uint_eq(st->packets[2].icmp_quotes, 0);
	story_swap(st, 2);
	ck_assert_uint_eq(st->packets[2].seq, 2);
	ck_assert_int_lt(st->packets[2].ts, st->packets[3].ts);
	story_drop(st, 0);
	ck_assert_uint_eq(story_frames_of(st, 0), 0);
	story_shift(st, 0, 5);
	ck_assert_uint_eq(st->flows[0].ends[0].base, 5);
	story_mirror(st);
	ck_assert_uint_eq(st->flows[0].ends[0].addr.port, 80);
	story_free(st);
}
END_TEST

static Suite *story_suite(void)
{
	Suite *s = suite_create("story");
	TCase *t = tcase_create("language");

	tcase_add_loop_test(t, test_refused, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_bytes);
	tcase_add_loop_test(t, test_checksum, 0, (int)ARRAY_LEN(sums));
	tcase_add_test(t, test_fragments);
	tcase_add_test(t, test_mutators);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(story_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
