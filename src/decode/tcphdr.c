/* SPDX-License-Identifier: MIT */
/*
 * tcphdr - the TCP header and its checksum.
 *
 * Output: the segment, whole; without its data when a host drops it for its fragments.
 * Spec:   RFC 9293 3.1; RFC 1624 (0xffff), RFC 2675 5.2 (lengths beyond 65535).
 */
#include "config.h"

#include "decode/tcphdr.h"
#include "decode/tcpopt.h"
#include "decode/walk.h"

/* Of the addresses of *out. */
static struct checksum_pseudo pseudo_header(const struct segment *out, uint32_t len)
{
	return (struct checksum_pseudo){
		.src = &out->src,
		.dst = &out->dst,
		.len = len,
		.version = out->ip_version,
		.protocol = IP_PROTOCOL_TCP,
	};
}

/* The pseudo-header's sum in the field, with or without the length, which the card adds for each segment. */
uint8_t tcphdr_partial(const struct segment *out, uint32_t len, enum checksum_state other)
{
	const struct checksum_pseudo with = pseudo_header(out, len);
	const struct checksum_pseudo without = pseudo_header(out, 0);

	if (out->checksum == checksum_fold(checksum_pseudo(&with)) ||
	    out->checksum == checksum_fold(checksum_pseudo(&without)))
		return CHECKSUM_PARTIAL;
	return (uint8_t)other;
}

static uint8_t verify(const struct walk *w, const struct segment *out)
{
	uint32_t len = (uint32_t)walk_wire_left(w);
	const struct checksum_pseudo ph = pseudo_header(out, len);

	if (!w->decoder->options.verify_checksums || (w->notes & SEG_FRAGMENT_KILLED))
		return CHECKSUM_UNVERIFIED;
	if (w->uncaptured || w->claimed)
		return tcphdr_partial(out, len, CHECKSUM_UNVERIFIED);
	if (checksum_fold(checksum_add(checksum_pseudo(&ph), w->r.p, rd_left(&w->r))) == 0xffff)
		return tcphdr_right(out->checksum);
	return tcphdr_partial(out, len, CHECKSUM_BAD);
}

/* Options and payload by the data offset, which may lie beyond the capture or beyond the segment. */
static void read_rest(struct segment *out, struct rd r, size_t wire_len)
{
	struct rd options;

	rd_skip(&r, TCP_HEADER);
	out->data = r.p;
	out->len = out->caplen = 0;
	if (out->header_len < TCP_HEADER || out->header_len > wire_len) {
		out->notes |= SEG_HEADER_LENGTH_BAD;
		tcpopt_clear(&out->opt);
		return;
	}
	options = rd_sub(&r, out->header_len - (size_t)TCP_HEADER);
	if (options.is_short)
		out->notes |= SEG_HEADER_TRUNCATED;
	tcpopt_parse(&out->opt, options.p, rd_left(&options), options.is_short);
	out->data = r.p;
	out->len = (uint32_t)(wire_len - out->header_len);
	out->caplen = (uint32_t)rd_left(&r);
}

/* What was not captured of a discarded datagram is not the capture's fault, and its data is nobody's. */
static void forget_data(struct segment *out)
{
	out->notes &= (uint16_t) ~(unsigned)SEG_HEADER_TRUNCATED;
	out->caplen = 0;
	out->data = NULL;
}

enum step tcphdr_segment(struct walk *w)
{
	struct segment *out = w->out;
	size_t wire_len = walk_wire_left(w);

	if (rd_left(&w->r) < TCP_HEADER)
		return walk_skip(w, DECODE_TCP_SHORT);
	walk_fill(w, out);
	out->kind = SEG_TCP;
	tcphdr_fixed(out, w->r.p);
	/* Its length is known from the fragments that came: the header may have been longer. */
	if ((w->notes & SEG_FRAGMENT_KILLED) && wire_len < out->header_len)
		wire_len = out->header_len;
	read_rest(out, w->r, wire_len);
	if (w->notes & SEG_FRAGMENT_KILLED)
		forget_data(out);
	else if (w->uncaptured > 0)
		out->notes |= SEG_TRUNCATED;
	out->checksum_state = verify(w, out);
	return STEP_FOUND;
}

const struct tcp_flag_row *tcp_flag_row(unsigned i)
{
	static const struct tcp_flag_row rows[TCP_FLAG_ROWS] = {
		{ TCP_SYN, "SYN" },
		{ TCP_FIN, "FIN" },
		{ TCP_RST, "RST" },
		{ TCP_PSH, "PSH" },
		{ TCP_ACK, "ACK" },
		{ TCP_URG, "URG" },
		{ TCP_ECE, "ECE" },
		{ TCP_CWR, "CWR" },
		{ TCP_AE, "AE" },
		{ TCP_RESERVED, "reserved" },
	};

	return &rows[i];
}
