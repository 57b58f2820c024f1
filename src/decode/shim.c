/* SPDX-License-Identifier: MIT */
/*
 * shim - what stands between the link layer and IP: EtherTypes, VLAN tags, LLC, PPP, MPLS.
 *
 * Spec: IEEE 802.1Q, 802.1ad, 802.1ah, 802.2; RFC 1042 (SNAP), RFC 2516 (PPPoE), RFC 3032 (MPLS), RFC 4448
 *       (Ethernet over MPLS), RFC 2427 (NLPID).
 */
#include "config.h"

#include "decode/proto.h"
#include "decode/walk.h"

enum {
	ETHERTYPE_MIN = 0x600, /* below: a length, IEEE 802.3 */
	LENGTH_MAX = 1500,
	MAC_PAIR = 12, /* destination and source address */
	MPLS_BOTTOM = 0x100,
};

/* `skip` bytes behind the EtherType, then `step`. */
static const struct {
	uint16_t type;
	uint8_t skip, step;
} ethertypes[] = {
	{ ETHERTYPE_IP4, 0, STEP_IP4 }, { ETHERTYPE_IP6, 0, STEP_IP6 },
	{ ETHERTYPE_VLAN, 0, STEP_VLAN }, { 0x88a8, 0, STEP_VLAN }, { 0x9100, 0, STEP_VLAN },
	{ 0x9200, 0, STEP_VLAN }, { 0x8847, 0, STEP_MPLS }, { 0x8848, 0, STEP_MPLS },
	{ 0x8864, 0, STEP_PPPOE }, { 0x880b, 0, STEP_PPP },
	{ 0x6558, 0, STEP_ETHERNET },  /* transparent Ethernet bridging */
	{ 0x88e7, 4, STEP_ETHERNET },  /* 802.1ah: service tag */
	{ 0x8903, 2, STEP_ETHERNET },  /* FabricPath */
	{ 0x8926, 4, STEP_ETHERTYPE }, /* VN-Tag */
	{ 0x893f, 6, STEP_ETHERTYPE }, /* 802.1BR E-Tag */
	{ 0x8909, 6, STEP_ETHERTYPE }, /* Cisco metadata */
};

enum step shim_by_ethertype(struct walk *w, uint16_t ethertype)
{
	for (size_t i = 0; i < ARRAY_LEN(ethertypes); i++) {
		if (ethertypes[i].type == ethertype)
			return walk_past(w, ethertypes[i].skip, (enum step)ethertypes[i].step);
	}
	return ethertype <= LENGTH_MAX ? STEP_LLC : walk_skip(w, DECODE_NOT_IP);
}

enum step shim_ethertype(struct walk *w)
{
	uint16_t ethertype = rd_be16(&w->r);

	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	return shim_by_ethertype(w, ethertype);
}

enum step shim_ethernet(struct walk *w)
{
	rd_skip(&w->r, MAC_PAIR);
	return shim_ethertype(w);
}

enum step shim_vlan(struct walk *w)
{
	w->vlan = rd_be16(&w->r) & VLAN_ID;
	return STEP_ETHERTYPE;
}

enum step shim_llc(struct walk *w)
{
	uint32_t header = rd_be24(&w->r);
	uint32_t oui;
	uint16_t ethertype;

	if (header == 0x060603)
		return STEP_IP4;
	if (header == 0xfefe03)
		return STEP_NLPID;
	if (header != 0xaaaa03)
		return walk_skip(w, w->r.is_short ? DECODE_LINK_SHORT : DECODE_NOT_IP);
	oui = rd_be24(&w->r);
	ethertype = rd_be16(&w->r);
	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	/* RFC 1042, and 802.1H for bridges. */
	if ((oui != 0 && oui != 0x0000f8) || ethertype < ETHERTYPE_MIN)
		return walk_skip(w, DECODE_NOT_IP);
	return shim_by_ethertype(w, ethertype);
}

/* RFC 2427: SNAP here is OUI and EtherType, padded in front. */
enum step shim_nlpid(struct walk *w)
{
	uint8_t nlpid = rd_u8(&w->r);

	if (nlpid == 0 && !w->r.is_short)
		nlpid = rd_u8(&w->r);
	if (nlpid == 0xcc)
		return STEP_IP4;
	if (nlpid == 0x8e)
		return STEP_IP6;
	if (nlpid == 0x80 && rd_be24(&w->r) == 0)
		return STEP_ETHERTYPE;
	return walk_skip(w, w->r.is_short ? DECODE_LINK_SHORT : DECODE_NOT_IP);
}

enum step shim_pppoe(struct walk *w)
{
	uint8_t version_type = rd_u8(&w->r);
	uint8_t code = rd_u8(&w->r);

	rd_skip(&w->r, 4);
	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	if (version_type != 0x11 || code != 0)
		return walk_skip(w, DECODE_NOT_IP);
	return STEP_PPP;
}

/* Address and control may be absent, and the protocol may be one byte when it is odd (RFC 1661 6.5, 6.6). */
enum step shim_ppp(struct walk *w)
{
	struct rd r = w->r;
	uint16_t protocol;

	if (rd_be16(&r) == 0xff03)
		w->r = r;
	protocol = rd_u8(&w->r);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | rd_u8(&w->r));
	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	switch (protocol) {
	case 0x0021:
		return STEP_IP4;
	case 0x0057:
		return STEP_IP6;
	case 0x0281:
	case 0x0283:
		return STEP_MPLS;
	default:
		return walk_skip(w, DECODE_NOT_IP);
	}
}

static bool is_known_ethertype(struct rd r, size_t skip)
{
	uint16_t ethertype;

	rd_skip(&r, skip + MAC_PAIR);
	ethertype = rd_be16(&r);
	for (size_t i = 0; i < ARRAY_LEN(ethertypes); i++) {
		if (ethertypes[i].type == ethertype)
			return true;
	}
	return false;
}

/* Does the IP length fit what is there?  (A MAC address may begin with 4 or 6 as well.) */
static bool is_plausible_ip(const struct walk *w)
{
	struct rd r = w->r;
	uint8_t first = rd_u8(&r);
	size_t len;

	if (first >> 4 == 4) {
		rd_skip(&r, 1);
		len = rd_be16(&r);
		return (first & 15) >= 5 && len >= 20 && len <= walk_wire_left(w);
	}
	rd_skip(&r, 3);
	len = rd_be16(&r);
	return first >> 4 == 6 && len + 40 <= walk_wire_left(w);
}

/*
 * What is below the labels is agreed out of band.  IP shows its version; otherwise an EtherType where a frame
 * would have one decides, with or without a control word (RFC 4385), which begins with a zero nibble.
 */
enum step shim_mpls(struct walk *w)
{
	struct rd r;
	uint8_t version;

	while (!(rd_be32(&w->r) & MPLS_BOTTOM) && !w->r.is_short)
		;
	r = w->r;
	version = rd_u8(&r) >> 4;
	if (r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	if (is_plausible_ip(w))
		return STEP_IP;
	if (version == 0 && is_known_ethertype(w->r, 4))
		return walk_past(w, 4, STEP_ETHERNET);
	if (is_known_ethertype(w->r, 0))
		return STEP_ETHERNET;
	return version == 4 || version == 6 ? STEP_IP : walk_skip(w, DECODE_NOT_IP);
}
