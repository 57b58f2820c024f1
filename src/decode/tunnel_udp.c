/* SPDX-License-Identifier: MIT */
/*
 * tunnel_udp - tunnels in UDP, found by port on either side and believed only if their header fits.
 *
 * Spec: RFC 768; RFC 7348 (VXLAN), draft-ietf-nvo3-vxlan-gpe, RFC 8926 (Geneve), 3GPP TS 29.281 (GTP-U),
 *       RFC 4380 (Teredo), RFC 8086 (GRE in UDP).
 */
#include "config.h"

#include "decode/walk.h"

enum {
	UDP_HEADER = 8,
	VXLAN_ID_VALID = 0x08,
	VXLAN_GPE_PROTOCOL = 0x04, /* next protocol field is valid */
	GTP_G_PDU = 255,
	GTP_OPTIONAL = 0x07, /* extension, sequence or N-PDU number: four bytes more */
	GTP_EXTENSION = 0x04,
	TEREDO_AUTH = 0x0001,
	TEREDO_ORIGIN = 0x0000,
};

static const struct {
	uint16_t port;
	uint8_t step;
} tunnels[] = {
	{ 4789, STEP_VXLAN },
	{ 8472, STEP_VXLAN },
	{ 4790, STEP_VXLAN_GPE },
	{ 6081, STEP_GENEVE },
	{ 2152, STEP_GTP },
	{ 3544, STEP_TEREDO },
	{ 4754, STEP_GRE_IN_UDP },
};

enum step tunnel_udp(struct walk *w)
{
	uint16_t sport = rd_be16(&w->r);
	uint16_t dport = rd_be16(&w->r);
	uint16_t len = rd_be16(&w->r);

	rd_skip(&w->r, 2);
	for (size_t i = 0; i < ARRAY_LEN(tunnels) && !w->r.is_short; i++) {
		if (tunnels[i].port != sport && tunnels[i].port != dport)
			continue;
		/* Zero: more than 65535 bytes, or not filled in. */
		if (len != 0 && (len < UDP_HEADER || len > walk_wire_left(w) + UDP_HEADER))
			break;
		return (enum step)tunnels[i].step;
	}
	return walk_skip(w, DECODE_NOT_TCP);
}

static enum step enter(struct walk *w, enum step kind, uint32_t id, enum step next)
{
	if (!tunnel_enter(w, kind, id))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	return next;
}

enum step tunnel_vxlan(struct walk *w)
{
	uint32_t flags = rd_be32(&w->r);
	uint32_t vni = rd_be32(&w->r);

	if (w->r.is_short || !(flags >> 24 & VXLAN_ID_VALID))
		return walk_skip(w, DECODE_NOT_TCP);
	return enter(w, STEP_VXLAN, vni >> 8, STEP_ETHERNET);
}

enum step tunnel_vxlan_gpe(struct walk *w)
{
	static const enum step next[] = { STEP_ETHERNET, STEP_IP4, STEP_IP6, STEP_ETHERNET };
	uint32_t flags = rd_be32(&w->r);
	uint32_t vni = rd_be32(&w->r);
	size_t protocol = flags >> 24 & VXLAN_GPE_PROTOCOL ? flags & 0xff : 0;

	if (w->r.is_short || !(flags >> 24 & VXLAN_ID_VALID) || protocol >= ARRAY_LEN(next))
		return walk_skip(w, DECODE_NOT_TCP);
	return enter(w, STEP_VXLAN_GPE, vni >> 8, next[protocol]);
}

enum step tunnel_geneve(struct walk *w)
{
	uint8_t version_len = rd_u8(&w->r);
	uint16_t protocol;
	uint32_t vni;

	rd_skip(&w->r, 1);
	protocol = rd_be16(&w->r);
	vni = rd_be32(&w->r);
	rd_skip(&w->r, (size_t)(version_len & 0x3f) * 4);
	if (w->r.is_short || version_len >> 6 != 0)
		return walk_skip(w, DECODE_NOT_TCP);
	if (!tunnel_enter(w, STEP_GENEVE, vni >> 8))
		return walk_skip(w, DECODE_TUNNEL_DEPTH);
	return shim_by_ethertype(w, protocol);
}

/* Extension headers: length in units of four bytes, contents, type of the next one. */
static void skip_gtp_extensions(struct rd *r)
{
	uint8_t next;

	rd_skip(r, 3);
	next = rd_u8(r);
	while (next != 0 && !r->is_short) {
		size_t len = (size_t)rd_u8(r) * 4;

		rd_skip(r, len ? len - 2 : SIZE_MAX);
		next = rd_u8(r);
	}
}

/* The tunnel endpoint ids are the receiver's own: other ones in each direction, so no part of the key. */
enum step tunnel_gtp(struct walk *w)
{
	uint8_t flags = rd_u8(&w->r);
	uint8_t type = rd_u8(&w->r);

	rd_skip(&w->r, 6);
	if (flags >> 4 != 3 || type != GTP_G_PDU)
		return walk_skip(w, DECODE_NOT_TCP);
	if ((flags & GTP_OPTIONAL) && !(flags & GTP_EXTENSION))
		rd_skip(&w->r, 4);
	if (flags & GTP_EXTENSION)
		skip_gtp_extensions(&w->r);
	if (w->r.is_short)
		return walk_skip(w, DECODE_TUNNEL_BAD);
	return enter(w, STEP_GTP, 0, STEP_IP);
}

/* RFC 4380 5.1.1: authentication, then origin indication, both optional. */
enum step tunnel_teredo(struct walk *w)
{
	struct rd r = w->r;

	if (rd_be16(&r) == TEREDO_AUTH && !r.is_short) {
		size_t id = rd_u8(&r);
		size_t auth = rd_u8(&r);

		rd_skip(&r, id + auth + 9);
		w->r = r;
	}
	r = w->r;
	if (rd_be16(&r) == TEREDO_ORIGIN)
		rd_skip(&w->r, 8);
	r = w->r;
	if (rd_u8(&r) >> 4 != 6 || r.is_short)
		return walk_skip(w, DECODE_NOT_TCP);
	return enter(w, STEP_TEREDO, 0, STEP_IP6);
}

enum step tunnel_gre_in_udp(struct walk *w)
{
	struct rd r = w->r;
	uint16_t flags = rd_be16(&r);

	/* RFC 8086 6: version 0, no routing; reserved bits are zero. */
	if (r.is_short || (flags & 0x4fff))
		return walk_skip(w, DECODE_NOT_TCP);
	return STEP_GRE;
}
