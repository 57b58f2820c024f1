/* SPDX-License-Identifier: MIT */
/*
 * ip4 - the IPv4 header and its options.
 *
 * Output: addresses and fields for the segment; notes about what makes a host drop the packet.
 * Spec:   RFC 791 3.1, RFC 1122 3.2.1; RFC 3514 (reserved flag), RFC 2113 (router alert), RFC 7126 (options).
 */
#include "config.h"

#include "decode/checksum.h"
#include "decode/proto.h"
#include "decode/walk.h"

enum {
	IP4_EVIL = 0x8000,
	IP4_MORE_FRAGMENTS = 0x2000,
	IP4_OFFSET = 0x1fff, /* in units of 8 bytes */
};

struct ip4 {
	const uint8_t *start;
	size_t header_len;
	uint8_t version_ihl;
	uint8_t protocol;
	uint16_t total;
	uint16_t fragment; /* flags and offset */
	uint16_t checksum;
};

/* Options that a host checks beyond their length: pointer at least `min_pointer` (0 = has none). */
static const struct {
	uint8_t kind, min_len, min_pointer;
} ip4_options[] = {
	{ 7, 3, 4 },   /* record route */
	{ 68, 4, 5 },  /* timestamp */
	{ 131, 3, 4 }, /* loose source route */
	{ 137, 3, 4 }, /* strict source route */
	{ 148, 4, 0 }, /* router alert */
};

static bool is_option_good(uint8_t kind, struct rd body, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(ip4_options); i++) {
		if (ip4_options[i].kind == kind)
			return len >= ip4_options[i].min_len &&
			       rd_u8(&body) >= ip4_options[i].min_pointer;
	}
	return true;
}

static uint16_t option_notes(struct rd r)
{
	uint16_t notes = SEG_IP_OPTIONS;

	while (rd_left(&r) > 0) {
		uint8_t kind = rd_u8(&r);
		size_t len;
		struct rd body;

		if (kind == 0)
			break;
		if (kind == 1)
			continue;
		len = rd_u8(&r);
		body = rd_sub(&r, len < 2 ? 0 : len - 2);
		if (len < 2 || r.is_short || !is_option_good(kind, body, len))
			return notes | SEG_IP_OPTIONS_BAD;
		if (kind == 131 || kind == 137)
			notes |= SEG_SOURCE_ROUTED;
	}
	return notes;
}

static void read_header(struct walk *w, struct rd h, struct ip4 *ip)
{
	ip->start = h.p;
	ip->version_ihl = rd_u8(&h);
	ip->header_len = (size_t)(ip->version_ihl & 15) * 4;
	w->ip.version = 4;
	w->ip.tos = rd_u8(&h);
	ip->total = rd_be16(&h);
	w->ip.id = rd_be16(&h);
	ip->fragment = rd_be16(&h);
	w->ip.dont_fragment = (ip->fragment & IP4_DONT_FRAGMENT) != 0;
	w->ip.flow_label = 0;
	w->ip.ttl = rd_u8(&h);
	ip->protocol = rd_u8(&h);
	ip->checksum = rd_be16(&h);
	w->ip.src = (struct addr){ .b = { 0 } };
	w->ip.dst = (struct addr){ .b = { 0 } };
	memcpy(w->ip.src.b, h.p, 4);
	memcpy(w->ip.dst.b, h.p + 4, 4);
}

static bool is_sum_good(const struct ip4 *ip, size_t len)
{
	return checksum_fold(checksum_add(0, ip->start, len)) == 0xffff;
}

/*
 * A version other than 4 or a header length below 5: a host drops it.  It is followed only where everything else
 * says that it is TCP with a wrong first byte (the checksum is right as it stands), so that it can be shown.
 */
static bool is_tampered_tcp(struct walk *w, struct ip4 *ip)
{
	if (ip->protocol != 6 || ip->total < 2 * IP4_HEADER || !is_sum_good(ip, IP4_HEADER))
		return false;
	if (ip->header_len < IP4_HEADER)
		ip->header_len = IP4_HEADER;
	w->notes |= SEG_IP_VERSION_BAD;
	return true;
}

/* Reads up to the end of the options; false with the reason when this is no header to go on with. */
static bool parse(struct walk *w, struct ip4 *ip)
{
	const uint8_t *start = rd_bytes(&w->r, IP4_HEADER);

	w->reason = DECODE_IP_SHORT;
	if (!start)
		return false;
	read_header(w, rd_make(start, IP4_HEADER), ip);
	if ((ip->version_ihl >> 4 != 4 || ip->header_len < IP4_HEADER) && !is_tampered_tcp(w, ip)) {
		w->reason = DECODE_IP_BAD;
		return false;
	}
	if (ip->header_len > IP4_HEADER) {
		struct rd options = rd_sub(&w->r, ip->header_len - IP4_HEADER);

		if (options.is_short)
			return false;
		w->notes |= option_notes(options);
	}
	return true;
}

static enum step fragment(struct walk *w, const struct ip4 *ip)
{
	struct frag_piece piece = {
		.key = { .id = w->ip.id, .protocol = ip->protocol },
		.head = { .protocol = ip->protocol },
		.is_last = !(ip->fragment & IP4_MORE_FRAGMENTS),
		.offset = (uint32_t)(ip->fragment & IP4_OFFSET) * 8,
	};

	return ip_reassemble(w, &piece);
}

enum step ip4_header(struct walk *w)
{
	struct ip4 ip;

	if (!parse(w, &ip))
		return STEP_SKIP;
	if (ip.total == 0)
		w->notes |= SEG_IP_LENGTH_ZERO;
	else if (ip.total < ip.header_len)
		return walk_skip(w, DECODE_IP_BAD);
	else
		ip_limit(w, ip.total - ip.header_len);
	w->ip.len = (uint32_t)(ip.header_len + walk_wire_left(w));
	/* A checksum of 0 is left to the network card: captured on the sending host. */
	if (ip.checksum != 0 && !is_sum_good(&ip, ip.header_len))
		w->notes |= SEG_IP_CHECKSUM_BAD;
	if (ip.fragment & IP4_EVIL)
		w->notes |= SEG_EVIL_BIT;
	if (ip.fragment & (IP4_MORE_FRAGMENTS | IP4_OFFSET))
		return fragment(w, &ip);
	return walk_protocol(w, ip.protocol);
}
