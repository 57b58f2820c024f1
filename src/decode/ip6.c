/* SPDX-License-Identifier: MIT */
/*
 * ip6 - the IPv6 header and its extension headers.
 *
 * Output: addresses and fields for the segment; SEG_EXT_HEADER_BAD where a host must discard the packet.
 * Spec:   RFC 8200 3, 4; RFC 2675 (jumbo payload), RFC 5095 (routing type 0), RFC 6946 (atomic fragments),
 *         RFC 8754 (segment routing).
 */
#include "config.h"

#include "decode/proto.h"
#include "decode/walk.h"

enum {
	IP6_PAD_MAX = 7, /* longest padding that Linux accepts */
	IP6_OPTION_PAD1 = 0,
	IP6_OPTION_PADN = 1,
	IP6_OPTION_JUMBO = 0xc2,
	IP6_ROUTING_TYPE0 = 0,
	IP6_ROUTING_MOBILE = 2,
	IP6_ROUTING_SEGMENTS = 4,
};

enum step ip6_header(struct walk *w)
{
	const uint8_t *start = rd_bytes(&w->r, IP6_HEADER);
	struct rd h;
	uint32_t first;
	uint16_t payload;
	uint8_t next;

	if (!start)
		return walk_skip(w, DECODE_IP_SHORT);
	h = rd_make(start, IP6_HEADER);
	first = rd_be32(&h);
	payload = rd_be16(&h);
	next = rd_u8(&h);
	if (first >> 28 != 6)
		return walk_skip(w, DECODE_IP_BAD);
	w->ip.version = 6;
	w->ip.tos = (uint8_t)(first >> 20);
	w->ip.flow_label = first & 0xfffff;
	w->ip.id = 0;
	w->ip.dont_fragment = false;
	w->ip.ttl = rd_u8(&h);
	memcpy(w->ip.src.b, h.p, 16);
	memcpy(w->ip.dst.b, h.p + 16, 16);
	if (payload == 0)
		w->notes |= SEG_IP_LENGTH_ZERO;
	else
		ip_limit(w, payload);
	w->ip.len = (uint32_t)(IP6_HEADER + walk_wire_left(w));
	if (next == 0)
		return STEP_IP6_HOP_BY_HOP;
	return walk_protocol(w, next);
}

static bool is_known_option(uint8_t kind)
{
	static const uint8_t known[] = { 0x04, 0x05, 0x07, IP6_OPTION_JUMBO, 0xc9 };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i] == kind)
			return true;
	}
	return false;
}

static bool is_zero(struct rd r)
{
	while (rd_left(&r) > 0) {
		if (rd_u8(&r) != 0)
			return false;
	}
	return true;
}

/* One option; false where a host discards the packet.  Two high bits other than 00 in an unknown kind say so. */
static bool option(struct rd *r, uint32_t *jumbo)
{
	uint8_t kind = rd_u8(r);
	size_t len;
	struct rd body;

	if (kind == IP6_OPTION_PAD1)
		return true;
	len = rd_u8(r);
	body = rd_sub(r, len);
	if (body.is_short)
		return false;
	if (kind == IP6_OPTION_PADN)
		return len + 2 <= IP6_PAD_MAX && is_zero(body);
	if (kind == IP6_OPTION_JUMBO)
		*jumbo = rd_be32(&body);
	return is_known_option(kind) || kind >> 6 == 0;
}

/* Reads next header, length and options; returns the jumbo payload length, 0 = none. */
static uint32_t options(struct walk *w, uint8_t *next)
{
	uint32_t jumbo = 0;
	size_t units;
	struct rd body;

	*next = rd_u8(&w->r);
	units = rd_u8(&w->r);
	body = rd_sub(&w->r, units * 8 + 6);
	if (body.is_short)
		return 0;
	while (rd_left(&body) > 0) {
		if (!option(&body, &jumbo)) {
			w->notes |= SEG_EXT_HEADER_BAD;
			break;
		}
	}
	return jumbo;
}

enum step ip6_hop_by_hop(struct walk *w)
{
	const uint8_t *start = w->r.p;
	uint8_t next;
	uint32_t jumbo = options(w, &next);
	size_t used = (size_t)(w->r.p - start);

	if (w->r.is_short)
		return walk_skip(w, DECODE_IP_SHORT);
	if (jumbo >= used && (w->notes & SEG_IP_LENGTH_ZERO))
		ip_limit(w, jumbo - used);
	return walk_protocol(w, next);
}

/* It belongs right behind the IPv6 header (RFC 8200 4.1). */
enum step ip6_misplaced(struct walk *w)
{
	w->notes |= SEG_EXT_HEADER_BAD;
	return STEP_IP6_HOP_BY_HOP;
}

enum step ip6_destination(struct walk *w)
{
	uint8_t next;

	(void)options(w, &next);
	return w->r.is_short ? walk_skip(w, DECODE_IP_SHORT) : walk_protocol(w, next);
}

/*
 * While segments are left the destination is only the next hop.  The checksum and the connection are about the
 * final one, which stands in the routing header: last of type 0 and 2, first of segment routing.
 */
static void final_destination(struct walk *w, struct rd body, uint8_t type)
{
	size_t n;

	rd_skip(&body, 4);
	n = rd_left(&body) / 16;
	if (n == 0)
		return;
	if (type == IP6_ROUTING_TYPE0 || type == IP6_ROUTING_MOBILE)
		rd_skip(&body, 16 * (n - 1));
	else if (type != IP6_ROUTING_SEGMENTS)
		return;
	memcpy(w->ip.dst.b, body.p, 16);
}

enum step ip6_routing(struct walk *w)
{
	uint8_t next = rd_u8(&w->r);
	size_t units = rd_u8(&w->r);
	uint8_t type = rd_u8(&w->r);
	uint8_t segments_left = rd_u8(&w->r);
	struct rd body = rd_sub(&w->r, units * 8 + 4);

	if (body.is_short)
		return walk_skip(w, DECODE_IP_SHORT);
	if (segments_left > 0) {
		if (type == IP6_ROUTING_TYPE0)
			w->notes |= SEG_EXT_HEADER_BAD;
		final_destination(w, body, type);
	}
	return walk_protocol(w, next);
}

enum step ip6_fragment(struct walk *w)
{
	struct frag_piece piece = { .head = { .protocol = rd_u8(&w->r) } };
	uint16_t where;

	rd_skip(&w->r, 1);
	where = rd_be16(&w->r);
	piece.key.id = rd_be32(&w->r);
	if (w->r.is_short)
		return walk_skip(w, DECODE_IP_SHORT);
	piece.offset = where & 0xfff8;
	piece.is_last = !(where & 1);
	if (piece.offset == 0 && piece.is_last)
		return walk_protocol(w, piece.head.protocol);
	/* RFC 8200 4.5: such a fragment is discarded. */
	if (!piece.is_last && walk_wire_left(w) % 8 != 0)
		w->notes |= SEG_EXT_HEADER_BAD;
	return ip_reassemble(w, &piece);
}

enum step ip6_skipped(struct walk *w)
{
	uint8_t next = rd_u8(&w->r);
	size_t units = rd_u8(&w->r);

	rd_skip(&w->r, units * 8 + 6);
	return w->r.is_short ? walk_skip(w, DECODE_IP_SHORT) : walk_protocol(w, next);
}
