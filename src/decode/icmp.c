/* SPDX-License-Identifier: MIT */
/*
 * icmp - ICMP and ICMPv6 errors about a TCP segment.
 *
 * Output: SEG_ICMP with the addresses, ports and numbers of the quoted segment.  `ttl` and `tos` are those of the
 *         packet that carried the error, `ip_id` and `flow_label` those of the quoted one.
 * Spec:   RFC 792, RFC 1191 (next-hop MTU), RFC 4443; at least eight bytes of TCP are quoted.
 * Does not: follow a quoted fragment other than the first, or a quoted tunnel.
 */
#include "config.h"

#include "decode/checksum.h"
#include "decode/tcpopt.h"
#include "decode/walk.h"

enum {
	ICMP_HEADER = 8,
	ICMP_QUOTED_TCP = 8,           /* ports and sequence number */
	ICMP_FRAGMENTATION_NEEDED = 4, /* code of type 3 */
	ICMP6_TOO_BIG = 2,
	QUOTED_HEADERS = 8, /* extension headers followed in a quotation */
};

struct quote {
	struct walk_ip ip;
	struct rd r;     /* stands before the TCP header */
	size_t wire_len; /* bytes of TCP header and payload the quoted packet had */
	uint8_t protocol;
};

static bool is_error(unsigned version, uint8_t type)
{
	if (version == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool quote_ip4(struct quote *q)
{
	uint8_t version_ihl = rd_u8(&q->r);
	size_t header_len = (size_t)(version_ihl & 15) * 4;
	const uint8_t *addrs;
	size_t total;
	uint16_t fragment;

	q->ip.version = 4;
	rd_skip(&q->r, 1);
	total = rd_be16(&q->r);
	q->ip.id = rd_be16(&q->r);
	fragment = rd_be16(&q->r);
	rd_skip(&q->r, 1);
	q->protocol = rd_u8(&q->r);
	rd_skip(&q->r, 2);
	addrs = rd_bytes(&q->r, 8);
	if (!addrs || version_ihl >> 4 != 4 || header_len < 20 || (fragment & 0x1fff))
		return false;
	memcpy(q->ip.src.b, addrs, 4);
	memcpy(q->ip.dst.b, addrs + 4, 4);
	rd_skip(&q->r, header_len - 20);
	q->wire_len = total > header_len ? total - header_len : 0;
	return !q->r.is_short;
}

/* Moves past one extension header; false at the end of them, or where TCP cannot be behind. */
static bool quote_extension(struct quote *q)
{
	struct rd before = q->r;
	uint8_t next;
	size_t len;

	switch (q->protocol) {
	case 0:
	case 43:
	case 60:
		next = rd_u8(&q->r);
		len = (size_t)rd_u8(&q->r) * 8 + 6;
		break;
	case 44:
		next = rd_u8(&q->r);
		rd_skip(&q->r, 1);
		len = (rd_be16(&q->r) & 0xfff8) ? SIZE_MAX : 4; /* not the first: no TCP header */
		break;
	default:
		return false;
	}
	rd_skip(&q->r, len);
	q->protocol = next;
	len = (size_t)(q->r.p - before.p);
	q->wire_len = q->wire_len > len ? q->wire_len - len : 0;
	return !q->r.is_short;
}

static bool quote_ip6(struct quote *q)
{
	uint32_t first = rd_be32(&q->r);
	const uint8_t *addrs;
	unsigned n = 0;

	q->wire_len = rd_be16(&q->r);
	q->protocol = rd_u8(&q->r);
	rd_skip(&q->r, 1);
	addrs = rd_bytes(&q->r, 32);
	if (!addrs || first >> 28 != 6)
		return false;
	q->ip.version = 6;
	q->ip.flow_label = first & 0xfffff;
	memcpy(q->ip.src.b, addrs, 16);
	memcpy(q->ip.dst.b, addrs + 16, 16);
	while (n < QUOTED_HEADERS && quote_extension(q))
		n++;
	return !q->r.is_short;
}

/* Beyond ports and number a field is 0 where not enough is quoted: the reader gives it so. */
static void fill_tcp(struct segment *out, struct quote *q)
{
	uint16_t offset_flags;

	out->sport = rd_be16(&q->r);
	out->dport = rd_be16(&q->r);
	out->seq = rd_be32(&q->r);
	out->ack = rd_be32(&q->r);
	offset_flags = rd_be16(&q->r);
	out->flags = offset_flags & 0xfff;
	out->header_len = (uint8_t)(offset_flags >> 12 << 2);
	out->window = rd_be16(&q->r);
	out->checksum = rd_be16(&q->r);
	out->urgent = rd_be16(&q->r);
	out->len = out->caplen = 0;
	if (out->header_len > 0 && q->wire_len > out->header_len)
		out->len = (uint32_t)q->wire_len - out->header_len;
	tcpopt_clear(&out->opt);
}

static uint8_t verify(const struct walk *w)
{
	uint64_t sum = 0;

	if (!w->decoder->options.verify_checksums || w->uncaptured || w->claimed)
		return CHECKSUM_UNVERIFIED;
	if (w->ip.version == 6)
		sum = checksum_pseudo(&(struct checksum_pseudo){ .src = &w->ip.src,
		    .dst = &w->ip.dst,
		    .len = (uint32_t)rd_left(&w->r),
		    .version = 6,
		    .protocol = 58 });
	sum = checksum_add(sum, w->r.p, rd_left(&w->r));
	return checksum_fold(sum) == 0xffff ? CHECKSUM_GOOD : CHECKSUM_BAD;
}

/* RFC 1191 4: low half of the second word; RFC 4443 3.2: all of it. */
static uint16_t next_hop_mtu(unsigned version, uint8_t type, uint8_t code, uint32_t word)
{
	if (version == 6 && type == ICMP6_TOO_BIG)
		return (uint16_t)(word > UINT16_MAX ? UINT16_MAX : word);
	if (version == 4 && type == 3 && code == ICMP_FRAGMENTATION_NEEDED)
		return (uint16_t)word;
	return 0;
}

static void fill_error(const struct walk *w, struct segment *out, struct quote *q)
{
	walk_fill(w, out);
	out->kind = SEG_ICMP;
	out->checksum_state = verify(w);
	out->icmp_from = w->ip.src;
	out->src = q->ip.src;
	out->dst = q->ip.dst;
	out->ip_id = q->ip.id;
	out->flow_label = q->ip.flow_label;
	out->data = q->r.p;
	fill_tcp(out, q);
}

enum step icmp_error(struct walk *w)
{
	struct quote q = { .r = w->r };
	uint8_t type = rd_u8(&q.r);
	uint8_t code = rd_u8(&q.r);
	uint32_t word;
	bool is_quoted;

	rd_skip(&q.r, 2);
	word = rd_be32(&q.r);
	if (q.r.is_short || !is_error(w->ip.version, type))
		return walk_skip(w, DECODE_ICMP_OTHER);
	is_quoted = w->ip.version == 4 ? quote_ip4(&q) : quote_ip6(&q);
	if (!is_quoted || q.protocol != 6 || rd_left(&q.r) < ICMP_QUOTED_TCP)
		return walk_skip(w, DECODE_ICMP_OTHER);
	fill_error(w, w->out, &q);
	w->out->icmp_type = type;
	w->out->icmp_code = code;
	w->out->icmp_mtu = next_hop_mtu(w->ip.version, type, code, word);
	return STEP_FOUND;
}
