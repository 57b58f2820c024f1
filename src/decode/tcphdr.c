/* SPDX-License-Identifier: MIT */
/*
 * tcphdr - the TCP header and its checksum.
 *
 * Output: the segment, whole; without its data when a host drops it for its fragments.
 * Spec:   RFC 9293 3.1; RFC 1624 (0xffff), RFC 2675 5.2 (lengths beyond 65535).
 */
#include "config.h"

#include "decode/checksum.h"
#include "decode/tcpopt.h"
#include "decode/walk.h"

enum {
	TCP_HEADER = 20,
	IP_PROTOCOL_TCP = 6,
};

/* The pseudo-header's sum in the field, with or without the length, which the card adds for each segment. */
static bool is_partial(uint16_t field, const struct checksum_pseudo *ph)
{
	struct checksum_pseudo without = *ph;

	without.len = 0;
	return field == checksum_fold(checksum_pseudo(ph)) ||
	       field == checksum_fold(checksum_pseudo(&without));
}

static uint8_t verify(const struct walk *w, uint16_t field)
{
	struct checksum_pseudo ph = {
		.src = &w->ip.src,
		.dst = &w->ip.dst,
		.len = (uint32_t)walk_wire_left(w),
		.version = w->ip.version,
		.protocol = IP_PROTOCOL_TCP,
	};
	uint64_t sum;

	if (!w->decoder->options.verify_checksums || (w->notes & SEG_FRAGMENT_KILLED))
		return CHECKSUM_UNVERIFIED;
	if (w->uncaptured || w->claimed)
		return is_partial(field, &ph) ? CHECKSUM_PARTIAL : CHECKSUM_UNVERIFIED;
	sum = checksum_add(checksum_pseudo(&ph), w->r.p, rd_left(&w->r));
	if (checksum_fold(sum) == 0xffff)
		return field == 0xffff ? CHECKSUM_ZERO_FFFF : CHECKSUM_GOOD;
	return is_partial(field, &ph) ? CHECKSUM_PARTIAL : CHECKSUM_BAD;
}

static void read_fixed(struct segment *out, struct rd h)
{
	uint16_t offset_flags;

	out->sport = rd_be16(&h);
	out->dport = rd_be16(&h);
	out->seq = rd_be32(&h);
	out->ack = rd_be32(&h);
	offset_flags = rd_be16(&h);
	out->header_len = (uint8_t)(offset_flags >> 12 << 2);
	out->flags = offset_flags & 0xfff;
	out->window = rd_be16(&h);
	out->checksum = rd_be16(&h);
	out->urgent = rd_be16(&h);
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
		tcpopt_parse(&out->opt, rd_make(r.p, 0), false);
		return;
	}
	options = rd_sub(&r, out->header_len - (size_t)TCP_HEADER);
	if (options.is_short)
		out->notes |= SEG_HEADER_TRUNCATED;
	tcpopt_parse(&out->opt, options, options.is_short);
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
	read_fixed(out, rd_make(w->r.p, TCP_HEADER));
	/* Its length is known from the fragments that came: the header may have been longer. */
	if ((w->notes & SEG_FRAGMENT_KILLED) && wire_len < out->header_len)
		wire_len = out->header_len;
	read_rest(out, w->r, wire_len);
	if (w->notes & SEG_FRAGMENT_KILLED)
		forget_data(out);
	else if (w->uncaptured > 0)
		out->notes |= SEG_TRUNCATED;
	out->checksum_state = verify(w, out->checksum);
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
