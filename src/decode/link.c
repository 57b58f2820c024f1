/* SPDX-License-Identifier: MIT */
/*
 * link - from the link type of a packet to the step that reads what stands behind the link-layer header.
 *
 * Spec: https://www.tcpdump.org/linktypes.html; RFC 1661, 1662 (PPP), RFC 2427 (frame relay).
 */
#include "config.h"

#include "decode/proto.h"
#include "decode/walk.h"

/* `skip` bytes without interest, then `step`.  The common ones come first. */
static const struct {
	uint16_t linktype;
	uint8_t skip, step;
} links[] = {
	{ LINKTYPE_ETHERNET, 0, STEP_ETHERNET }, { 101, 0, STEP_IP },         /* RAW */
	{ 113, 14, STEP_ETHERTYPE },                                          /* LINUX_SLL */
	{ 276, 0, STEP_COOKED2 }, { 0, 0, STEP_NULL }, { 108, 0, STEP_NULL }, /* LOOP */
	{ 228, 0, STEP_IP },                                                  /* IPV4 */
	{ 229, 0, STEP_IP },                                                  /* IPV6 */
	{ 12, 0, STEP_IP }, /* DLT_RAW of most systems, written by mistake */
	{ 14, 0, STEP_IP }, /* DLT_RAW of OpenBSD */
	{ 9, 0, STEP_PPP }, { 50, 0, STEP_PPP_OR_HDLC }, { 51, 0, STEP_PPPOE },
	{ 104, 2, STEP_ETHERTYPE }, /* C_HDLC */
	{ 204, 0, STEP_PPP_DIRECTION }, { 105, 0, STEP_WIFI }, { 127, 0, STEP_RADIOTAP },
	{ 192, 0, STEP_PPI }, { 100, 0, STEP_LLC }, /* ATM_RFC1483 */
	{ 106, 0, STEP_ATM_CLIP }, { 107, 0, STEP_FRAME_RELAY }, { 117, 0, STEP_PFLOG },
	{ 129, 0, STEP_ARCNET }, { 138, 16, STEP_ETHERTYPE }, /* APPLE_IP_OVER_IEEE1394 */
	{ 281, 16, STEP_ETHERTYPE },                          /* DSA_TAG_BRCM */
	{ 282, 4, STEP_ETHERNET },                            /* DSA_TAG_BRCM_PREPEND */
	{ 283, 16, STEP_ETHERTYPE },                          /* DSA_TAG_DSA */
	{ 284, 20, STEP_ETHERTYPE },                          /* DSA_TAG_EDSA */
};

enum step link_step(struct walk *w)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (links[i].linktype == w->type)
			return walk_past(w, links[i].skip, (enum step)links[i].step);
	}
	return walk_skip(w, DECODE_LINK_UNKNOWN);
}

/* Address families of the systems that write them: 2 is IPv4 everywhere, IPv6 has several numbers. */
static enum step by_family(struct walk *w, uint32_t family)
{
	static const uint8_t ip6[] = { 10, 23, 24, 28, 30 };

	if (family == 2)
		return STEP_IP4;
	for (size_t i = 0; i < ARRAY_LEN(ip6); i++) {
		if (ip6[i] == family)
			return STEP_IP6;
	}
	return walk_skip(w, DECODE_NOT_IP);
}

/* In the byte order of the machine that captured, which nobody wrote down; families are small numbers. */
enum step link_null(struct walk *w)
{
	struct rd little = w->r;
	uint32_t family = rd_be32(&w->r);

	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	return by_family(w, family > 0xffff ? rd_le32(&little) : family);
}

enum step link_ppp_direction(struct walk *w)
{
	return walk_past(w, 1, STEP_PPP);
}

/* RFC 1662 frames begin with ff 03, Cisco's with 0f or 8f (unicast, multicast) and 00. */
enum step link_ppp_or_hdlc(struct walk *w)
{
	struct rd r = w->r;
	uint8_t address = rd_u8(&r);

	if (address == 0x0f || address == 0x8f)
		return walk_past(w, 2, STEP_ETHERTYPE);
	return STEP_PPP;
}

enum step link_cooked2(struct walk *w)
{
	uint16_t ethertype = rd_be16(&w->r);

	rd_skip(&w->r, 2);
	w->interface = rd_be32(&w->r);
	rd_skip(&w->r, 12);
	return w->r.is_short ? walk_skip(w, DECODE_LINK_SHORT) : shim_by_ethertype(w, ethertype);
}

/* The address has two to four bytes: the last has its lowest bit set.  Then control 3 and NLPID. */
enum step link_frame_relay(struct walk *w)
{
	unsigned n = 1;

	while (!(rd_u8(&w->r) & 1) && n < 4)
		n++;
	if (w->r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	if (n < 2 || rd_u8(&w->r) != 3)
		return walk_skip(w, DECODE_NOT_IP);
	return STEP_NLPID;
}

enum step link_atm_clip(struct walk *w)
{
	struct rd r = w->r;

	return rd_u8(&r) == 0xaa ? STEP_LLC : STEP_IP;
}

/* Source, destination, two bytes of offset, type; the protocols of RFC 1201 have three bytes more. */
enum step link_arcnet(struct walk *w)
{
	uint8_t type;

	rd_skip(&w->r, 4);
	type = rd_u8(&w->r);
	switch (type) {
	case 240: /* IP of RFC 1051 */
		return STEP_IP4;
	case 212:
		return walk_past(w, 3, STEP_IP4);
	case 196:
		return walk_past(w, 3, STEP_IP6);
	default:
		return walk_skip(w, w->r.is_short ? DECODE_LINK_SHORT : DECODE_NOT_IP);
	}
}

/* First byte: its own length without the padding to four; second: address family. */
enum step link_pflog(struct walk *w)
{
	struct rd r = w->r;
	size_t len = rd_u8(&r);
	uint32_t family = rd_u8(&r);

	rd_skip(&w->r, (len + 3) & ~(size_t)3);
	if (w->r.is_short || r.is_short)
		return walk_skip(w, DECODE_LINK_SHORT);
	return by_family(w, family);
}
