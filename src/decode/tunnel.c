/* SPDX-License-Identifier: MIT */
/*
 * tunnel - IP in IP, Ethernet in IP, MPLS in IP, GRE with what it carries.
 *
 * Output: the innermost packet goes on; `tunnel` names the way it came, the same in both directions.
 * Limits: TUNNEL_MAX nested tunnels.
 * Spec:   RFC 2003, 4213, 3378, 4023; RFC 2784, 2890 (GRE), RFC 2637 (PPTP), RFC 7637 (NVGRE), ERSPAN
 *         (draft-foschiano-erspan).
 */
#include "config.h"

#include "decode/walk.h"
#include "tcpshadow/hash.h"

enum {
	TUNNEL_MAX = 8,
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGMENT = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
	GRE_ETHERNET = 0x6558,
	GRE_PPP = 0x880b,
	GRE_ERSPAN = 0x88be, /* types I and II */
	GRE_ERSPAN3 = 0x22eb,
	NVGRE_VSID_MIN = 0x1000, /* RFC 7637 3.3 */
};

bool tunnel_enter(struct walk *w, enum step kind, uint32_t id)
{
	struct {
		uint32_t outer, kind, id, zero;
		struct addr low, high;
	} key = { .outer = w->tunnel, .kind = kind, .id = id };
	bool is_ordered = memcmp(&w->ip.src, &w->ip.dst, sizeof(w->ip.src)) < 0;

	key.low = is_ordered ? w->ip.src : w->ip.dst;
	key.high = is_ordered ? w->ip.dst : w->ip.src;
	w->tunnel = (uint32_t)hash_fixed(&key, sizeof(key));
	if (w->tunnel == 0)
		w->tunnel = 1;
	return ++w->depth <= TUNNEL_MAX;
}

enum step tunnel_ip_in_ip(struct walk *w)
{
	bool is_ip4 = w->type == 4;

	if (!tunnel_enter(w, STEP_IP_IN_IP, 0))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	return is_ip4 ? STEP_IP4 : STEP_IP6;
}

enum step tunnel_ether_in_ip(struct walk *w)
{
	uint16_t version = rd_be16(&w->r);

	if (version >> 12 != 3)
		return walk_skip(w, DECODE_TUNNEL_BAD);
	if (!tunnel_enter(w, STEP_ETHER_IN_IP, 0))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	return STEP_ETHERNET;
}

enum step tunnel_mpls_in_ip(struct walk *w)
{
	if (!tunnel_enter(w, STEP_MPLS_IN_IP, 0))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	return STEP_MPLS;
}

/* A mirrored frame.  Type I has no header; it comes without a sequence number. */
static enum step erspan(struct walk *w, uint16_t protocol, bool has_sequence)
{
	uint8_t last = 0;

	if (protocol == GRE_ERSPAN)
		return walk_past(w, has_sequence ? 8 : 0, STEP_ETHERNET);
	rd_skip(&w->r, 11);
	last = rd_u8(&w->r);
	/* The lowest bit announces eight bytes of platform header. */
	return walk_past(w, (last & 1) ? 8 : 0, STEP_ETHERNET);
}

/*
 * The part of the key that both directions share: NVGRE puts a hash of the flow into the low byte, below a
 * network number that is never small.
 */
static uint32_t key_id(uint16_t protocol, uint32_t key)
{
	if (protocol == GRE_ETHERNET && key >> 8 >= NVGRE_VSID_MIN)
		return key >> 8;
	return key;
}

/* RFC 1701 source routes: address family, offset, length; ends with family and length 0. */
static void skip_routes(struct rd *r)
{
	uint16_t family;
	uint8_t len;

	do {
		family = rd_be16(r);
		rd_skip(r, 1);
		len = rd_u8(r);
		rd_skip(r, len);
	} while (!r->is_short && (family != 0 || len != 0));
}

static enum step pptp(struct walk *w, uint16_t flags)
{
	rd_skip(&w->r, 4); /* payload length, call id: another one in each direction */
	if (flags & GRE_SEQUENCE)
		rd_skip(&w->r, 4);
	if (flags & GRE_ACKNOWLEDGMENT)
		rd_skip(&w->r, 4);
	if (w->r.is_short)
		return walk_skip(w, DECODE_TUNNEL_BAD);
	if (!tunnel_enter(w, STEP_GRE, 0))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	/* An acknowledgment alone carries nothing. */
	return rd_left(&w->r) == 0 ? walk_skip(w, DECODE_NOT_IP) : STEP_PPP;
}

enum step tunnel_gre(struct walk *w)
{
	uint16_t flags = rd_be16(&w->r);
	uint16_t protocol = rd_be16(&w->r);
	uint32_t key = 0;

	if ((flags & GRE_VERSION) == 1 && protocol == GRE_PPP)
		return pptp(w, flags);
	if ((flags & GRE_VERSION) != 0)
		return walk_skip(w, DECODE_TUNNEL_BAD);
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		rd_skip(&w->r, 4);
	if (flags & GRE_KEY)
		key = rd_be32(&w->r);
	if (flags & GRE_SEQUENCE)
		rd_skip(&w->r, 4);
	if (flags & GRE_ROUTING)
		skip_routes(&w->r);
	if (w->r.is_short)
		return walk_skip(w, DECODE_TUNNEL_BAD);
	if (!tunnel_enter(w, STEP_GRE, key_id(protocol, key)))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	if (protocol == GRE_ERSPAN || protocol == GRE_ERSPAN3)
		return erspan(w, protocol, (flags & GRE_SEQUENCE) != 0);
	return shim_by_ethertype(w, protocol);
}
