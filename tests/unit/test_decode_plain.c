/* SPDX-License-Identifier: MIT */
/*
 * test_decode_plain - the short way and the steps make the same segment of the same packet.
 *
 * Each packet is decoded twice: in Ethernet, which may go the short way, and from its IP header on as a raw link type,
 * which goes step by step.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "decode/checksum.h"
#include "decode/plain.h"
#include "tcpshadow/rd.h"
#include "test_decode_lib.h"

enum {
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	IP4_BYTES = 20,
	TAIL_MAX = 12, /* bytes behind the IP packet */
	ROUNDS = 10000,
};

#define MACS "020000000001 020000000002 "

/* Which packets must go the short way, or else it is of no use; and which may not. */
static const struct {
	const char *words;
	uint8_t link; /* bytes before the IP header */
	bool is_plain;
	uint16_t vlan;
} rows[] = {
	{ MACS "0800 4 T", 14, true, 0 },
	{ MACS "0800 4 T{0101080a0000000100000002}", 14, true, 0 },
	{ MACS "0800 4 T{020405b40402080a00000001000000000103030e}", 14, true, 0 },
	{ MACS "0800 4 T{020405b40103030801010402}", 14, true, 0 },
	{ MACS "0800 4 T{0101050a0000000100000002}", 14, true, 0 },
	{ MACS "86dd 6 T", 14, true, 0 },
	{ MACS "86dd 6 T{0101080a0000000100000002}", 14, true, 0 },
	{ MACS "8100 2007 0800 4 T", 18, true, 7 },
	{ MACS "8100 0fff 86dd 6 T", 18, true, 4095 },
	{ MACS "88a8 0007 0800 4 T", 18, false, 7 },
	{ MACS "8100 0001 8100 0002 0800 4 T", 22, false, 2 },
	{ MACS "0800 4{94040000} T", 14, false, 0 },
	{ MACS "0800 4/47 0000 0800 4 T", 14, false, 0 },
	{ MACS "86dd 6/60 0600 010400000000 T", 14, false, 0 },
};

#define FIELD(name)                                                                                \
	{                                                                                          \
		offsetof(struct segment, name), sizeof(((struct segment *)NULL)->name), #name      \
	}

static const struct {
	size_t offset, size;
	const char *name;
} fields[] = {
	FIELD(packet),
	FIELD(ts),
	FIELD(offset),
	FIELD(wire_len),
	FIELD(interface),
	FIELD(file),
	FIELD(kind),
	FIELD(ip_version),
	FIELD(src),
	FIELD(dst),
	FIELD(sport),
	FIELD(dport),
	FIELD(tunnel),
	FIELD(vlan),
	FIELD(notes),
	FIELD(seq),
	FIELD(ack),
	FIELD(flags),
	FIELD(window),
	FIELD(urgent),
	FIELD(checksum),
	FIELD(checksum_state),
	FIELD(header_len),
	FIELD(ttl),
	FIELD(tos),
	FIELD(ip_id),
	FIELD(dont_fragment),
	FIELD(flow_label),
	FIELD(ip_len),
	FIELD(len),
	FIELD(caplen),
	FIELD(data),
	FIELD(opt.seen),
	FIELD(opt.odd),
	FIELD(opt.bad_kind),
	FIELD(opt.unknown_kind),
	FIELD(opt.mss),
	FIELD(opt.wscale),
	FIELD(opt.nsack),
	FIELD(opt.tsval),
	FIELD(opt.tsecr),
	FIELD(opt.tfo_cookie_len),
	FIELD(opt.mptcp_subtype),
	FIELD(opt.mptcp_subtypes),
	FIELD(opt.mptcp_reason),
	FIELD(opt.user_timeout),
	FIELD(icmp_type),
	FIELD(icmp_code),
	FIELD(icmp_mtu),
	FIELD(icmp_from),
};

struct pair {
	struct bench framed; /* its guard holds the bytes of both */
	struct decoder *raw;
	uint8_t link;
	uint16_t vlan;
	uint32_t state; /* of the random numbers */
};

static uint32_t dice(struct pair *t, uint32_t n)
{
	t->state = t->state * 1103515245 + 12345;
	return (t->state >> 8) % n;
}

static void pair_init(struct pair *t, int row, bool verify)
{
	struct decode_options o = { .verify_checksums = verify };

	memset(t, 0, sizeof(*t));
	bench_init(&t->framed);
	decoder_free(t->framed.decoder);
	t->framed.decoder = decoder_new(&o);
	t->raw = decoder_new(&o);
	t->link = rows[row].link;
	t->vlan = rows[row].vlan;
	t->state = 1;
	t->framed.packet.interface = 3;
	t->framed.packet.file = 2;
	t->framed.packet.offset = 77;
	bench_build(&t->framed, LINK_ETHERNET, rows[row].words);
}

static void pair_release(struct pair *t)
{
	decoder_free(t->raw);
	bench_release(&t->framed);
}

/* What the link layer makes different is made equal. */
static void assert_same(const struct pair *t, struct segment raw)
{
	const struct segment *framed = &t->framed.segment;

	raw.vlan = t->vlan;
	if (raw.notes & SEG_FRAGMENTED) /* of several frames, in memory of the decoder */
		raw.data = framed->data;
	raw.wire_len = raw.notes & SEG_FRAGMENTED ? framed->wire_len : raw.wire_len + t->link;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const uint8_t *a = (const uint8_t *)framed + fields[i].offset;
		const uint8_t *b = (const uint8_t *)&raw + fields[i].offset;

		if (memcmp(a, b, fields[i].size) != 0)
			ck_abort_msg("%s differs", fields[i].name);
	}
	if (memcmp(framed->opt.sack, raw.opt.sack, raw.opt.nsack * sizeof(*raw.opt.sack)) != 0)
		ck_abort_msg("SACK blocks differ");
}

/* Both ways; caplen and wire_len of the frame. */
static void compare(struct pair *t, size_t caplen, size_t wire_len)
{
	struct packet p;
	struct segment raw;
	enum decode_result result;

	bench_decode_cut(&t->framed, caplen, wire_len);
	p = t->framed.packet;
	p.linktype = LINK_RAW;
	p.data += t->link;
	p.caplen -= t->link;
	p.wire_len -= t->link;
	memset(&raw, 0x5a, sizeof(raw));
	result = decode_packet(t->raw, &p, &raw);
	if (t->framed.result != result)
		ck_abort_msg("one way there is a segment, the other way none");
	if (result == DECODED_SEGMENT)
		assert_same(t, raw);
}

/* Cut at every byte, with the lengths on the wire that files claim: all of it, too little, more. */
START_TEST(test_prefixes)
{
	struct pair t;

	pair_init(&t, _i % (int)ARRAY_LEN(rows), _i < (int)ARRAY_LEN(rows));
	for (size_t n = t.link; n <= t.framed.build.len; n++) {
		compare(&t, n, t.framed.build.len);
		compare(&t, n, n);
		compare(&t, n, t.link);
		compare(&t, n, t.framed.build.len + TAIL_MAX);
	}
	pair_release(&t);
}
END_TEST

/* Change up to three bytes of the headers, and now and then put the sums right again. */
static void damage(struct pair *t)
{
	struct build *b = &t->framed.build;
	uint8_t *ip = b->data + t->link;
	size_t n = b->len - t->link;

	for (uint32_t i = dice(t, 3) + 1; i > 0; i--) {
		uint8_t *at = &ip[dice(t, (uint32_t)n)];
		unsigned bit = 1u << dice(t, 8);

		*at = (uint8_t)(dice(t, 2) ? dice(t, 256) : *at ^ bit);
	}
	if (ip[0] != 0x45)
		return;
	if (dice(t, 4))
		build_fix_ip4(ip);
	if (dice(t, 2))
		build_fix_tcp4(ip, ip + IP4_BYTES, n - IP4_BYTES);
}

START_TEST(test_damaged)
{
	struct pair t;
	struct build whole;

	pair_init(&t, _i, true);
	whole = t.framed.build;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct build *b = &t.framed.build;
		size_t cut = dice(&t, 4) ? 0 : dice(&t, (uint32_t)(whole.len - t.link));

		memcpy(b->room, whole.room, sizeof(b->room));
		damage(&t);
		compare(&t, whole.len - cut, dice(&t, 2) ? whole.len : whole.len - cut);
	}
	pair_release(&t);
}
END_TEST

static void put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The state of the checksum with this field. */
static uint8_t state_of(struct pair *t, uint32_t field, size_t cut)
{
	put(t->framed.build.tcp + 16, field);
	compare(t, t->framed.build.len - cut, t->framed.build.len);
	return t->framed.segment.checksum_state;
}

/* What a network card would have filled in, and the two ways to write a sum of zero. */
START_TEST(test_sums)
{
	struct pair t;
	const struct segment *s = &t.framed.segment;
	struct checksum_pseudo ph = { .protocol = 6 };
	uint8_t *tcp;
	uint32_t right;

	pair_init(&t, _i, true);
	tcp = t.framed.build.tcp;
	right = rd_at16(tcp + 16);
	ck_assert_uint_eq(state_of(&t, right, 0), CHECKSUM_GOOD);
	ck_assert_uint_eq(state_of(&t, right, 1), CHECKSUM_UNVERIFIED);
	ck_assert_uint_eq(state_of(&t, right ^ 0x100, 0), CHECKSUM_BAD);
	ph.src = &s->src;
	ph.dst = &s->dst;
	ph.version = s->ip_version;
	for (unsigned cut = 0; cut < 2; cut++) {
		ph.len = s->header_len + s->len;
		ck_assert_uint_eq(
		    state_of(&t, checksum_fold(checksum_pseudo(&ph)), cut), CHECKSUM_PARTIAL);
		ph.len = 0;
		ck_assert_uint_eq(
		    state_of(&t, checksum_fold(checksum_pseudo(&ph)), cut), CHECKSUM_PARTIAL);
	}
	put(tcp + 18, right); /* (the urgent pointer was 0) */
	ck_assert_uint_eq(state_of(&t, 0, 0), CHECKSUM_GOOD);
	ck_assert_uint_eq(state_of(&t, 0xffff, 0), CHECKSUM_ZERO_FFFF);
	pair_release(&t);
}
END_TEST

START_TEST(test_is_taken)
{
	struct bench t;
	struct segment out, untouched;

	bench_init(&t);
	bench_build(&t, LINK_ETHERNET, rows[_i].words);
	t.packet.data = t.build.data;
	t.packet.caplen = t.packet.wire_len = (uint32_t)t.build.len;
	memset(&out, 0xa5, sizeof(out));
	untouched = out;
	ck_assert_int_eq(plain_segment(&t.packet, true, &out), rows[_i].is_plain);
	if (!rows[_i].is_plain)
		ck_assert_int_eq(memcmp(&out, &untouched, sizeof(out)), 0);
	bench_release(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode_plain");
	TCase *t = tcase_create("plain");
	int n = (int)ARRAY_LEN(rows);

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_is_taken, 0, n);
	tcase_add_loop_test(t, test_prefixes, 0, 2 * n);
	tcase_add_loop_test(t, test_damaged, 0, n);
	tcase_add_loop_test(t, test_sums, 0, n);
	return run_suite(s);
}
