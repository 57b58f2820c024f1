/* SPDX-License-Identifier: MIT */
/*
 * tcpopt - the options of a TCP header.
 *
 * Spec: RFC 9293 3.1, 3.2; RFC 2018, 7323, 7413, 2385, 5925, 8684, 5482, 6994.  As in Linux an option of the
 *       wrong length counts as absent, and of two of a kind the last one's value holds.
 */
#ifndef DECODE_TCPOPT_H
#define DECODE_TCPOPT_H

#include "tcpshadow/rd.h"
#include "tcpshadow/segment.h"

/* No options. */
static inline void tcpopt_clear(struct tcp_options *o)
{
	o->seen = 0;
	o->odd = 0;
	o->bad_kind = o->unknown_kind = 0;
	o->mss = 0;
	o->wscale = o->nsack = 0;
	o->tsval = o->tsecr = 0;
	o->tfo_cookie_len = o->mptcp_subtype = o->mptcp_reason = 0;
	o->mptcp_subtypes = 0;
	o->user_timeout = 0;
}

/* One option after the other, added to what is in *o. */
void tcpopt_list(struct tcp_options *o, struct rd r, bool is_cut);

/* Two NOPs, then timestamps: what most segments carry. */
static inline bool tcpopt_is_data(const uint8_t *p, size_t n)
{
	return n == 12 && rd_at32(p) == 0x0101080a;
}

/* MSS, SACK permitted, timestamps, a NOP, window scale: what Linux opens connections with. */
static inline bool tcpopt_is_syn(const uint8_t *p, size_t n)
{
	return n == 20 && rd_at16(p) == 0x0204 && rd_at32(p + 4) == 0x0402080a &&
	       rd_at32(p + 16) >> 8 == 0x010303;
}

/*
 * Reads the n bytes between the fixed header and the data.  `is_cut` = the capture ends before the options do.
 * Of *o everything is set but sack[] beyond nsack.
 */
static inline void tcpopt_parse(struct tcp_options *o, const uint8_t *p, size_t n, bool is_cut)
{
	tcpopt_clear(o);
	if (is_cut)
		o->odd = OPT_ODD_TRUNCATED;
	if (tcpopt_is_data(p, n)) {
		o->seen = OPT_NOP | OPT_TIMESTAMPS;
		o->tsval = rd_at32(p + 4);
		o->tsecr = rd_at32(p + 8);
	} else if (tcpopt_is_syn(p, n)) {
		o->seen = OPT_MSS | OPT_SACK_PERMITTED | OPT_TIMESTAMPS | OPT_NOP | OPT_WSCALE;
		o->mss = rd_at16(p + 2);
		o->tsval = rd_at32(p + 8);
		o->tsecr = rd_at32(p + 12);
		o->wscale = p[19];
	} else if (n > 0) {
		tcpopt_list(o, rd_make(p, n), is_cut);
	}
}

#endif
