/* SPDX-License-Identifier: MIT */
/*
 * walk - the state of decoding one packet, and the steps from header to header.
 *
 * Each step is one small function: it reads the header in front of `r`, moves past it and names the step that
 * reads the next one.  The loop in decode.c calls them; nothing recurses.
 *
 * Three lengths are kept apart for whatever `r` stands before: what was captured (rd_left), what was on the
 * wire besides (`uncaptured`), and what an IP header claims beyond even that (`claimed`).
 */
#ifndef DECODE_WALK_H
#define DECODE_WALK_H

#include "decode/frag.h"
#include "tcpshadow/decode.h"
#include "tcpshadow/rd.h"

enum step {
	STEP_LINK,           /* type: LINKTYPE_ value */
	STEP_ETHERNET,       /* destination and source, then an EtherType */
	STEP_ETHERTYPE,      /* two bytes of EtherType, or of length with LLC behind */
	STEP_VLAN,           /* two bytes of tag, then an EtherType */
	STEP_LLC,            /* IEEE 802.2 */
	STEP_PPPOE,          /* RFC 2516 session header */
	STEP_PPP,            /* PPP protocol, with or without address and control */
	STEP_MPLS,           /* label stack */
	STEP_NULL,           /* address family of the BSD loopback, any byte order */
	STEP_PPP_DIRECTION,  /* direction byte, then PPP */
	STEP_PPP_OR_HDLC,    /* PPP in HDLC framing, or Cisco HDLC */
	STEP_COOKED2,        /* Linux cooked v2 */
	STEP_FRAME_RELAY,    /* Q.922 address, then NLPID */
	STEP_NLPID,          /* one byte of network-layer protocol, RFC 2427 */
	STEP_ATM_CLIP,       /* LLC or bare IP */
	STEP_ARCNET,         /* Linux ARCNET */
	STEP_PFLOG,          /* BSD packet filter log */
	STEP_RADIOTAP,       /* radiotap, then 802.11 */
	STEP_PPI,            /* per-packet information, then the link type it names */
	STEP_WIFI,           /* 802.11 */
	STEP_IP,             /* version 4 or 6 by the first nibble */
	STEP_IP4,            /* IPv4 header */
	STEP_IP6,            /* IPv6 header */
	STEP_PROTOCOL,       /* type: IP protocol of what comes next */
	STEP_IP6_HOP_BY_HOP, /* extension headers of RFC 8200 4 */
	STEP_IP6_MISPLACED,  /* hop-by-hop options behind another header */
	STEP_IP6_DESTINATION,
	STEP_IP6_ROUTING,
	STEP_IP6_FRAGMENT,
	STEP_IP6_SKIPPED, /* mobility, HIP, shim6: only the length matters */
	STEP_AH,          /* authentication header */
	STEP_TCP,         /* the segment */
	STEP_ICMP,        /* ICMP or ICMPv6 by the IP version */
	STEP_UDP,         /* tunnels by port */
	STEP_GRE,         /* RFC 2784, 2890, 2637 */
	STEP_IP_IN_IP,    /* IP or 6in4 directly in IP; type: its protocol number */
	STEP_ETHER_IN_IP, /* RFC 3378 */
	STEP_MPLS_IN_IP,  /* RFC 4023 */
	STEP_VXLAN,       /* UDP tunnels: `r` stands behind the UDP header */
	STEP_VXLAN_GPE,
	STEP_GENEVE,
	STEP_GTP,
	STEP_TEREDO,
	STEP_GRE_IN_UDP,
	STEP_COUNT,
	STEP_FOUND = STEP_COUNT, /* *out is filled */
	STEP_HELD,               /* a fragment was kept */
	STEP_SKIP,               /* no segment: `reason` */
};

/* Facts of the innermost IP header. */
struct walk_ip {
	struct addr src, dst;
	uint8_t version; /* 4 or 6; 0 = no IP header yet */
	uint8_t ttl;
	uint8_t tos;
	bool dont_fragment;
	uint16_t id;         /* IPv4 */
	uint32_t flow_label; /* IPv6 */
	uint32_t len;        /* of the packet with all its headers, by its length field */
};

struct walk {
	struct decoder *decoder;
	const struct packet *packet;
	struct segment *out;
	struct rd r;       /* captured bytes of the next header and all behind it */
	size_t uncaptured; /* bytes the wire had behind r.end */
	size_t claimed;    /* bytes an IP header claims behind those */
	uint64_t wire_len; /* of the frame; of all its frames for a reassembled datagram */
	unsigned depth;    /* tunnels entered */
	uint32_t tunnel;   /* as in struct segment */
	uint32_t interface;
	uint16_t type; /* argument of the next step, see enum step */
	uint16_t vlan;
	uint16_t notes; /* bits of enum seg_note */
	enum decode_reason reason;
	struct walk_ip ip;
};

struct decoder {
	struct decode_options options;
	struct decode_counts counts;
	struct frag_table *fragments;
	const uint64_t *parts; /* packets of the datagram put together last */
	size_t nparts;
};

typedef enum step (*step_fn)(struct walk *w);

/* link.c */
enum step link_step(struct walk *w);
enum step link_null(struct walk *w);
enum step link_ppp_direction(struct walk *w);
enum step link_ppp_or_hdlc(struct walk *w);
enum step link_cooked2(struct walk *w);
enum step link_frame_relay(struct walk *w);
enum step link_atm_clip(struct walk *w);
enum step link_arcnet(struct walk *w);
enum step link_pflog(struct walk *w);
/* wifi.c */
enum step wifi_radiotap(struct walk *w);
enum step wifi_ppi(struct walk *w);
enum step wifi_frame(struct walk *w);
/* shim.c */
enum step shim_ethernet(struct walk *w);
enum step shim_ethertype(struct walk *w);
enum step shim_vlan(struct walk *w);
enum step shim_llc(struct walk *w);
enum step shim_nlpid(struct walk *w);
enum step shim_pppoe(struct walk *w);
enum step shim_ppp(struct walk *w);
enum step shim_mpls(struct walk *w);
/* The step for an EtherType; moves past what stands before that header. */
enum step shim_by_ethertype(struct walk *w, uint16_t ethertype);
/* ip.c */
enum step ip_by_version(struct walk *w);
enum step ip_by_protocol(struct walk *w);
enum step ip_authentication(struct walk *w);
/* The IP header says that `length` bytes follow it. */
void ip_limit(struct walk *w, size_t length);
/* Give a fragment to the table and go on with the whole datagram, if there is one. */
enum step ip_reassemble(struct walk *w, struct frag_piece *piece);
/* ip4.c, ip6.c */
enum step ip4_header(struct walk *w);
enum step ip6_header(struct walk *w);
enum step ip6_hop_by_hop(struct walk *w);
enum step ip6_misplaced(struct walk *w);
enum step ip6_destination(struct walk *w);
enum step ip6_routing(struct walk *w);
enum step ip6_fragment(struct walk *w);
enum step ip6_skipped(struct walk *w);
/* tunnel.c */
enum step tunnel_gre(struct walk *w);
enum step tunnel_ip_in_ip(struct walk *w);
enum step tunnel_ether_in_ip(struct walk *w);
enum step tunnel_mpls_in_ip(struct walk *w);
/* tunnel_udp.c */
enum step tunnel_udp(struct walk *w);
enum step tunnel_vxlan(struct walk *w);
enum step tunnel_vxlan_gpe(struct walk *w);
enum step tunnel_geneve(struct walk *w);
enum step tunnel_gtp(struct walk *w);
enum step tunnel_teredo(struct walk *w);
enum step tunnel_gre_in_udp(struct walk *w);
/* tcphdr.c, icmp.c */
enum step tcphdr_segment(struct walk *w);
enum step icmp_error(struct walk *w);

/*
 * Note that a tunnel begins, whose ends are the addresses of the current IP header.  False when there are
 * too many.  `id` must be the same in both directions.
 */
bool tunnel_enter(struct walk *w, enum step kind, uint32_t id);

/* Everything of *out that does not come from the TCP header: frame, addresses, IP fields. */
void walk_fill(const struct walk *w, struct segment *out);

static inline enum step walk_skip(struct walk *w, enum decode_reason reason)
{
	w->reason = reason;
	return STEP_SKIP;
}

/* Go on with `next` behind n more bytes. */
static inline enum step walk_past(struct walk *w, size_t n, enum step next)
{
	rd_skip(&w->r, n);
	return w->r.is_short ? walk_skip(w, DECODE_LINK_SHORT) : next;
}

static inline enum step walk_protocol(struct walk *w, uint8_t protocol)
{
	w->type = protocol;
	return protocol == 6 ? STEP_TCP : STEP_PROTOCOL;
}

/* Bytes of the current layer by the lengths on the wire. */
static inline size_t walk_wire_left(const struct walk *w)
{
	return rd_left(&w->r) + w->uncaptured + w->claimed;
}

#endif
