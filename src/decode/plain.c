/* SPDX-License-Identifier: MIT */
/*
 * plain - see plain.h for the contract.
 *
 * All is looked at before *out is touched.  Lengths are checked once for each header, so fields are read by
 * their place.
 * Spec: RFC 791 3.1, RFC 8200 3, RFC 9293 3.1; IEEE 802.1Q.
 */
#include "config.h"

#include "decode/plain.h"
#include "decode/tcphdr.h"
#include "decode/tcpopt.h"

enum {
	ETHERNET_HEADER = 14, /* two addresses and the EtherType */
	VLAN_TAG = 4,
	IP4_FIRST = 0x45, /* version, and a header without options */
	/* The shortest packet that may be plain, and what a tag and IPv6 have more. */
	PLAIN_MIN = ETHERNET_HEADER + IP4_HEADER + TCP_HEADER,
};

struct plain {
	const uint8_t *ip, *tcp;
	uint16_t vlan;
	uint16_t notes;    /* bits of enum seg_note */
	uint32_t len;      /* of the TCP segment, by the IP header */
	uint32_t captured; /* bytes of it */
};

/* From the Ethernet header to the EtherType of what begins at x->ip. */
static unsigned pass_link(const struct packet *p, struct plain *x)
{
	unsigned type = rd_at16(p->data + ETHERNET_HEADER - 2);

	x->ip = p->data + ETHERNET_HEADER;
	x->vlan = 0;
	if (type != ETHERTYPE_VLAN)
		return type;
	x->vlan = rd_at16(x->ip) & VLAN_ID;
	x->ip += VLAN_TAG;
	return rd_at16(x->ip - 2);
}

/* A sum of 0 is left to the network card. */
static bool is_ip4_sum_good(const uint8_t *ip)
{
	uint64_t sum = checksum_carry(checksum_load64(ip), checksum_load64(ip + 8));

	return checksum_fold(checksum_carry(sum, checksum_load32(ip + 16))) == 0xffff ||
	       rd_at16(ip + 10) == 0;
}

static bool pass_ip4(struct plain *x)
{
	const uint8_t *ip = x->ip;
	unsigned total = rd_at16(ip + 2);

	if (ip[0] != IP4_FIRST || ip[9] != IP_PROTOCOL_TCP ||
	    (rd_at16(ip + 6) & ~IP4_DONT_FRAGMENT) != 0 || total < IP4_HEADER + TCP_HEADER ||
	    !is_ip4_sum_good(ip))
		return false;
	x->tcp = ip + IP4_HEADER;
	x->len = total - IP4_HEADER;
	return true;
}

/* `end`: of the captured bytes. */
static bool pass_ip6(struct plain *x, const uint8_t *end)
{
	const uint8_t *ip = x->ip;

	if (end - ip < IP6_HEADER + TCP_HEADER || ip[0] >> 4 != 6 || ip[6] != IP_PROTOCOL_TCP)
		return false;
	x->tcp = ip + IP6_HEADER;
	x->len = rd_at16(ip + 4);
	return x->len >= TCP_HEADER;
}

/* The packet does not end where the segment does, with `left` bytes from its beginning. */
static bool limit_cut(const struct packet *p, struct plain *x, size_t left)
{
	size_t wire = left + (p->wire_len > p->caplen ? p->wire_len - p->caplen : 0);

	if (x->len > wire || left < TCP_HEADER)
		return false;
	if (x->len < wire)
		x->notes |= SEG_TRAILER;
	if (left < x->len) {
		x->captured = (uint32_t)left;
		x->notes |= SEG_TRUNCATED;
	}
	return true;
}

/* How much of the segment was captured: its header at least. */
static bool limit(const struct packet *p, struct plain *x)
{
	size_t left = p->caplen - (size_t)(x->tcp - p->data);

	x->notes = 0;
	x->captured = x->len;
	if ((x->len != left || p->caplen != p->wire_len) && !limit_cut(p, x, left))
		return false;
	return tcphdr_len(x->tcp) >= TCP_HEADER && tcphdr_len(x->tcp) <= x->captured;
}

static bool look(const struct packet *p, struct plain *x)
{
	unsigned type;

	if (p->linktype != LINKTYPE_ETHERNET || p->caplen < PLAIN_MIN)
		return false;
	type = pass_link(p, x);
	if (type == ETHERTYPE_IP4 ? !pass_ip4(x)
	                          : type != ETHERTYPE_IP6 || !pass_ip6(x, p->data + p->caplen))
		return false;
	return limit(p, x);
}

static void fill_packet(const struct packet *p, struct segment *out)
{
	out->packet = p->ordinal;
	out->ts = p->ts;
	out->offset = p->offset;
	out->wire_len = p->wire_len;
	out->interface = p->interface;
	out->file = p->file;
	out->kind = SEG_TCP;
	out->tunnel = 0;
	out->icmp_type = 0;
	out->icmp_code = 0;
	out->icmp_mtu = 0;
	out->icmp_from = (struct addr){ .b = { 0 } };
}

static void fill_ip4(const uint8_t *ip, struct segment *out)
{
	out->ip_version = 4;
	out->src = (struct addr){ .b = { 0 } };
	out->dst = (struct addr){ .b = { 0 } };
	memcpy(out->src.b, ip + 12, 4);
	memcpy(out->dst.b, ip + 16, 4);
	out->tos = ip[1];
	out->ttl = ip[8];
	out->ip_id = rd_at16(ip + 4);
	out->dont_fragment = (ip[6] & IP4_DONT_FRAGMENT >> 8) != 0;
	out->flow_label = 0;
	out->ip_len = rd_at16(ip + 2);
}

static void fill_ip6(const uint8_t *ip, struct segment *out)
{
	uint32_t first = rd_at32(ip);

	out->ip_version = 6;
	memcpy(out->src.b, ip + 8, 16);
	memcpy(out->dst.b, ip + 24, 16);
	out->tos = (uint8_t)(first >> 20);
	out->ttl = ip[7];
	out->ip_id = 0;
	out->dont_fragment = false;
	out->flow_label = first & 0xfffff;
	out->ip_len = (uint32_t)IP6_HEADER + rd_at16(ip + 4);
}

static void fill_tcp(const struct plain *x, struct segment *out)
{
	const uint8_t *options = x->tcp + TCP_HEADER;

	tcphdr_fixed(out, x->tcp);
	tcpopt_parse(&out->opt, options, out->header_len - (size_t)TCP_HEADER, false);
	out->vlan = x->vlan;
	out->notes = x->notes;
	out->len = x->len - out->header_len;
	out->caplen = x->captured - out->header_len;
	out->data = x->tcp + out->header_len;
}

/* The pseudo-header's sum, from the addresses as they stand in the packet. */
static uint64_t pseudo(const struct plain *x, unsigned version)
{
	uint64_t sum = checksum_native((uint16_t)x->len);

	sum += checksum_native(IP_PROTOCOL_TCP);
	if (version == 4)
		return checksum_carry(sum, checksum_load64(x->ip + 12));
	return checksum_add(sum, x->ip + 8, 32);
}

static uint8_t verify(const struct plain *x, const struct segment *out)
{
	enum checksum_state other = CHECKSUM_UNVERIFIED;
	uint64_t sum;

	if (x->captured == x->len) {
		sum = checksum_add(pseudo(x, out->ip_version), x->tcp, x->len);
		if (checksum_fold(sum) == 0xffff)
			return tcphdr_right(out->checksum);
		other = CHECKSUM_BAD;
	}
	return tcphdr_partial(out, x->len, other);
}

bool plain_segment(const struct packet *p, bool verify_checksums, struct segment *out)
{
	struct plain x;

	if (!look(p, &x))
		return false;
	fill_packet(p, out);
	if (x.ip[0] == IP4_FIRST)
		fill_ip4(x.ip, out);
	else
		fill_ip6(x.ip, out);
	fill_tcp(&x, out);
	out->checksum_state = verify_checksums ? verify(&x, out) : CHECKSUM_UNVERIFIED;
	return true;
}
