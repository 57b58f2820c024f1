/* SPDX-License-Identifier: MIT */
/*
 * ip - what IPv4 and IPv6 share: the claimed length, the next protocol, fragments, authentication header.
 *
 * Spec: RFC 791, RFC 8200; protocol numbers by IANA; RFC 4302 (AH), RFC 4303 (ESP).
 */
#include "config.h"

#include "decode/walk.h"

enum step ip_by_version(struct walk *w)
{
	struct rd r = w->r;
	uint8_t first = rd_u8(&r);

	if (r.is_short)
		return walk_skip(w, DECODE_IP_SHORT);
	if (first >> 4 == 6)
		return STEP_IP6;
	/* Anything else is IPv4 or an attempt at it: the IPv4 step judges by the rest of the header. */
	return STEP_IP4;
}

void ip_limit(struct walk *w, size_t length)
{
	size_t left = rd_left(&w->r);
	size_t wire = left + w->uncaptured;

	if (length > wire) {
		w->claimed = length - wire;
		w->notes |= SEG_IP_TRUNCATED;
		return;
	}
	w->claimed = 0;
	if (length < wire)
		w->notes |= SEG_TRAILER;
	if (length < left) {
		w->r.end = w->r.p + length;
		left = length;
	}
	w->uncaptured = length - left;
}

static const struct {
	uint8_t protocol, step;
} ip_protocols[] = {
	{ 17, STEP_UDP },
	{ 47, STEP_GRE },
	{ 4, STEP_IP_IN_IP },
	{ 41, STEP_IP_IN_IP },
	{ 51, STEP_AH },
	{ 97, STEP_ETHER_IN_IP },
	{ 137, STEP_MPLS_IN_IP },
};

static const struct {
	uint8_t protocol, step;
} ip6_protocols[] = {
	{ 58, STEP_ICMP },
	{ 60, STEP_IP6_DESTINATION },
	{ 43, STEP_IP6_ROUTING },
	{ 44, STEP_IP6_FRAGMENT },
	{ 0, STEP_IP6_MISPLACED },
	{ 135, STEP_IP6_SKIPPED },
	{ 139, STEP_IP6_SKIPPED },
	{ 140, STEP_IP6_SKIPPED },
};

enum step ip_by_protocol(struct walk *w)
{
	for (size_t i = 0; i < ARRAY_LEN(ip_protocols); i++) {
		if (ip_protocols[i].protocol == w->type)
			return (enum step)ip_protocols[i].step;
	}
	if (w->type == 50)
		return walk_skip(w, DECODE_ENCRYPTED);
	if (w->ip.version == 4)
		return w->type == 1 ? STEP_ICMP : walk_skip(w, DECODE_NOT_TCP);
	for (size_t i = 0; i < ARRAY_LEN(ip6_protocols); i++) {
		if (ip6_protocols[i].protocol == w->type)
			return (enum step)ip6_protocols[i].step;
	}
	return walk_skip(w, DECODE_NOT_TCP);
}

/* RFC 4302 2.2: the length is in 32-bit words, minus 2. */
enum step ip_authentication(struct walk *w)
{
	uint8_t next = rd_u8(&w->r);
	size_t words = rd_u8(&w->r);

	rd_skip(&w->r, words * 4 + 6);
	return w->r.is_short ? walk_skip(w, DECODE_IP_SHORT) : walk_protocol(w, next);
}

/* May a fragment of this protocol hold TCP, perhaps inside another IP packet? */
static bool may_hold_tcp(const struct frag_piece *p)
{
	switch (p->head.protocol) {
	case 6:  /* TCP */
	case 17: /* UDP: GTP, VXLAN, Geneve, Teredo */
	case 4:  /* IP in IP */
	case 41: /* 6in4 */
	case 47: /* GRE */
	case 51: /* AH */
		return true;
	case 0: /* extension headers */
	case 43:
	case 60:
		return p->key.version == 6;
	default:
		return false;
	}
}

/* last: bytes of the fragment that made it whole */
static void continue_with(struct walk *w, const struct frag_whole *whole, size_t last)
{
	w->decoder->parts = whole->packets;
	w->decoder->nparts = whole->npackets;
	w->r = rd_make(whole->data, whole->caplen);
	w->uncaptured = whole->len - whole->caplen;
	w->claimed = 0;
	w->wire_len = whole->wire_len;
	w->notes = (uint16_t)(whole->notes | SEG_FRAGMENTED);
	if (whole->has_conflict)
		w->notes |= SEG_FRAGMENT_CONFLICT;
	w->ip.len += (uint32_t)(whole->len - last);
	w->ip.ttl = whole->head.ttl;
	w->ip.tos = whole->head.tos;
	w->ip.dont_fragment = whole->head.dont_fragment;
	w->ip.flow_label = whole->head.flow_label;
}

/* What every fragment takes from the packet it came in. */
static void describe(const struct walk *w, struct frag_piece *p)
{
	p->key.src = w->ip.src;
	p->key.dst = w->ip.dst;
	p->key.tunnel = w->tunnel;
	p->key.version = w->ip.version;
	p->packet = w->packet->ordinal;
	p->ts = w->packet->ts;
	p->head.ttl = w->ip.ttl;
	p->head.tos = w->ip.tos;
	p->head.dont_fragment = w->ip.dont_fragment;
	p->head.flow_label = w->ip.flow_label;
	p->notes = w->notes;
	p->len = (uint32_t)walk_wire_left(w);
	p->caplen = (uint32_t)rd_left(&w->r);
	p->data = w->r.p;
	p->wire_len = (uint32_t)w->wire_len;
}

enum step ip_reassemble(struct walk *w, struct frag_piece *p)
{
	static const uint16_t fatal = SEG_IP_CHECKSUM_BAD | SEG_IP_OPTIONS_BAD | SEG_IP_TRUNCATED |
	                              SEG_IP_VERSION_BAD | SEG_EXT_HEADER_BAD;
	struct decode_counts *counts = &w->decoder->counts;
	struct frag_table *table = w->decoder->fragments;
	struct frag_whole whole;
	enum frag_result result;

	if (!may_hold_tcp(p))
		return walk_skip(w, DECODE_NOT_TCP);
	counts->fragments++;
	if ((w->notes & fatal) || walk_wire_left(w) > UINT16_MAX)
		return walk_skip(w, DECODE_FRAGMENT_DROPPED);
	describe(w, p);
	result = frag_add(table, p, &whole);
	counts->fragments_evicted = frag_evicted(table);
	counts->fragments_overlapping = frag_overlapping(table);
	if (result == FRAG_HELD)
		return STEP_HELD;
	if (result == FRAG_DROPPED)
		return walk_skip(w, DECODE_FRAGMENT_DROPPED);
	continue_with(w, &whole, p->len);
	if (result == FRAG_KILLED)
		w->notes |= SEG_FRAGMENT_KILLED;
	return walk_protocol(w, whole.head.protocol);
}
