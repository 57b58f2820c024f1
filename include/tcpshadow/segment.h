/* SPDX-License-Identifier: MIT */
/*
 * segment - one TCP segment, or one ICMP error about one, as decoded: host byte order, fixed size.
 *
 * Pointers go into the packet's bytes (or the decoder's, for reassembled fragments) and live as long as
 * the batch.  Lengths that the wire claims and lengths that were captured are kept apart.
 */
#ifndef TCPSHADOW_SEGMENT_H
#define TCPSHADOW_SEGMENT_H

#include "tcpshadow/addr.h"

enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE = 0x100,       /* RFC 9768 */
	TCP_RESERVED = 0xe00, /* the three reserved bits */
};

struct tcp_flag_row {
	uint16_t flag; /* enum tcp_flag */
	const char *word;
};

enum { TCP_FLAG_ROWS = 10 };

/* The flags in the order in which they are said: what opens and ends connections first. */
const struct tcp_flag_row *tcp_flag_row(unsigned i);

enum {
	MPTCP_TCPRST = 8, /* subtype of MPTCP: RFC 8684 3.6 */
};

/* Which options the header carried: bits of tcp_options.seen. */
enum tcp_option_bit {
	OPT_MSS = 1u << 0,
	OPT_WSCALE = 1u << 1,
	OPT_SACK_PERMITTED = 1u << 2,
	OPT_SACK = 1u << 3,
	OPT_TIMESTAMPS = 1u << 4,
	OPT_FAST_OPEN = 1u << 5,     /* kind 34, or 254 with ExID 0xF989 */
	OPT_MD5 = 1u << 6,           /* kind 19 */
	OPT_AO = 1u << 7,            /* kind 29 */
	OPT_MPTCP = 1u << 8,         /* kind 30 */
	OPT_USER_TIMEOUT = 1u << 9,  /* kind 28 */
	OPT_EXPERIMENTAL = 1u << 10, /* 253, 254 */
	OPT_UNKNOWN = 1u << 11,
	OPT_SNACK = 1u << 12,       /* kind 21, SCPS */
	OPT_QUICK_START = 1u << 13, /* kind 27 */
	OPT_NOP = 1u << 14,
	OPT_EOL = 1u << 15,
	OPT_ACCECN = 1u << 16, /* kinds 172, 174 */
};

/* What is wrong with the options: bits of tcp_options.odd.  RFC 9293 3.1, 3.2. */
enum tcp_option_odd {
	OPT_ODD_LENGTH = 1u << 0,    /* length wrong for the kind: `bad_kind` says which */
	OPT_ODD_OVERRUN = 1u << 1,   /* runs past the data offset */
	OPT_ODD_DUPLICATE = 1u << 2, /* a kind twice: `bad_kind` */
	OPT_ODD_AFTER_EOL = 1u << 3, /* bytes other than 0 behind End of Option List */
	OPT_ODD_NOPS = 1u << 4,      /* four NOPs or more in a row */
	OPT_ODD_TRUNCATED =
	    1u << 5, /* the capture cut the options: nothing is claimed of the rest */
};

struct sack_block {
	uint32_t left, right; /* [left, right), RFC 2018 3 */
};

struct tcp_options {
	uint32_t seen;        /* bits of enum tcp_option_bit */
	uint16_t odd;         /* bits of enum tcp_option_odd */
	uint8_t bad_kind;     /* of the first odd option */
	uint8_t unknown_kind; /* first kind not known */
	uint16_t mss;
	uint8_t wscale; /* shift as sent; may exceed 14 */
	uint8_t nsack;  /* blocks in sack[] */
	uint32_t tsval, tsecr;
	struct sack_block sack[4];
	uint8_t tfo_cookie_len;  /* bytes; 0 with OPT_FAST_OPEN = a cookie is asked for */
	uint8_t mptcp_subtype;   /* high nibble of the first byte of the last kind 30 */
	uint8_t mptcp_reason;    /* of MP_TCPRST */
	uint16_t mptcp_subtypes; /* of all of them: bits 1 << subtype */
	uint16_t user_timeout;   /* RFC 5482: granularity bit and 15 bits of time */
};

enum seg_kind {
	SEG_TCP,
	SEG_ICMP, /* addresses and ports are those of the quoted TCP segment: src sent it, dst was its target */
};

enum checksum_state {
	CHECKSUM_GOOD,
	CHECKSUM_BAD,
	CHECKSUM_PARTIAL, /* the field holds the pseudo-header's sum only: left to the network card */
	CHECKSUM_UNVERIFIED, /* not all bytes are there to check */
	CHECKSUM_ZERO_FFFF,  /* right but for 0xffff in place of 0 (RFC 1624): counts as good */
};

/* Oddities of everything around the TCP header: bits of segment.notes. */
enum seg_note {
	SEG_FRAGMENTED = 1u << 0,     /* put together from IP fragments */
	SEG_IP_LENGTH_ZERO = 1u << 1, /* IP total length 0: captured before segmentation offload */
	SEG_TRUNCATED = 1u << 2,      /* the capture cut the payload (snaplen) */
	SEG_HEADER_TRUNCATED = 1u << 3, /* the capture cut the TCP header's options */
	SEG_TRAILER = 1u << 4,          /* bytes behind the IP length: padding, never data */
	SEG_IP_CHECKSUM_BAD = 1u << 5,  /* a host drops this packet */
	SEG_HEADER_LENGTH_BAD =
	    1u << 6, /* data offset < 5 or beyond the segment: a host drops it; no payload */
	SEG_IP_OPTIONS = 1u << 7,
	SEG_IP_OPTIONS_BAD = 1u << 8, /* malformed IP options: a host drops it */
	SEG_FRAGMENT_CONFLICT =
	    1u << 9, /* its fragments overlapped (and a host may have dropped it) */
	SEG_IP_VERSION_BAD =
	    1u << 10,                /* header fields a host must refuse (version, header length) */
	SEG_IP_TRUNCATED = 1u << 11, /* IP length is beyond what was on the wire: a host drops it */
	SEG_EVIL_BIT = 1u << 12,     /* reserved bit of the IPv4 flags */
	SEG_SOURCE_ROUTED = 1u << 13,  /* IPv4 source route option: hosts drop these by default */
	SEG_EXT_HEADER_BAD = 1u << 14, /* IPv6 extension headers a host must refuse */
	SEG_FRAGMENT_KILLED =
	    1u << 15, /* its fragments contradict each other: a host drops the whole datagram */
};

struct segment {
	uint64_t packet;   /* ordinal */
	int64_t ts;        /* nanoseconds since the epoch */
	uint64_t offset;   /* for cap_reread() */
	uint32_t wire_len; /* frame bytes on the wire */
	uint32_t interface;
	uint16_t file;
	uint8_t kind;       /* enum seg_kind */
	uint8_t ip_version; /* 4 or 6 */

	struct addr src, dst; /* innermost IP header's (quoted one's for SEG_ICMP) */
	uint16_t sport, dport;
	uint32_t
	    tunnel;    /* 0 = none; else a fixed hash of the tunnel's kind, ids and outer addresses,
	                    the same for both directions */
	uint16_t vlan; /* innermost VLAN id, 0 = none */
	uint16_t notes; /* bits of enum seg_note */

	uint32_t seq, ack; /* as on the wire; SEG_ICMP: the quoted ones */
	uint16_t flags;    /* bits of enum tcp_flag */
	uint16_t window;   /* unscaled */
	uint16_t urgent;
	uint16_t checksum; /* field as on the wire */
	uint8_t checksum_state;
	uint8_t header_len; /* TCP header, bytes */
	uint8_t ttl;        /* or hop limit */
	uint8_t tos;        /* DSCP and ECN */
	uint16_t ip_id;     /* IPv4; 0 for IPv6 */
	bool dont_fragment;
	uint32_t flow_label; /* IPv6 */
	uint32_t ip_len;     /* IP packet with its headers, bytes; of a reassembled one */

	uint32_t len;        /* payload bytes on the wire (by the IP header) */
	uint32_t caplen;     /* of them captured */
	const uint8_t *data; /* caplen bytes */
	struct tcp_options opt;

	/* SEG_ICMP only.  There ip_id and flow_label are quoted; ttl, tos, checksum_state are the error's. */
	uint8_t icmp_type, icmp_code; /* of ICMP or ICMPv6, by ip_version */
	uint16_t
	    icmp_mtu; /* next-hop MTU of "fragmentation needed" / "packet too big" (capped), else 0 */
	struct addr icmp_from; /* who sent the error */
};

/* Sequence space it takes: payload, SYN and FIN (RFC 9293 3.4). */
static inline uint32_t segment_seq_len(const struct segment *s)
{
	return s->len + ((s->flags & TCP_SYN) ? 1u : 0u) + ((s->flags & TCP_FIN) ? 1u : 0u);
}

#endif
