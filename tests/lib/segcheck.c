/* SPDX-License-Identifier: MIT */
/*
 * segcheck - what must hold of every decoded segment, whatever the packet was.
 */
#include "config.h"

#include "lib/segcheck.h"

/* Touches every byte: a pointer to the wrong place meets a sanitizer or a guard page. */
static void read_all(const struct segment *s)
{
	volatile uint8_t last = 0;

	for (uint32_t i = 0; i < s->caplen; i++)
		last = s->data[i];
	(void)last;
}

static bool is_inside(const struct packet *p, const struct segment *s)
{
	return s->data >= p->data && s->data + s->caplen <= p->data + p->caplen;
}

static bool is_plain_ip4(const struct addr *a)
{
	for (size_t i = 4; i < sizeof(a->b); i++) {
		if (a->b[i] != 0)
			return false;
	}
	return true;
}

static const char *check_lengths(const struct packet *p, const struct segment *s)
{
	read_all(s);
	if (!(s->notes & SEG_FRAGMENTED) && !is_inside(p, s))
		return "data is outside of the packet";
	if (s->caplen > s->len)
		return "more captured than there was";
	if (s->kind == SEG_ICMP)
		return s->caplen == 0 ? NULL : "an ICMP error has data";
	if ((s->notes & SEG_FRAGMENT_KILLED) && (s->data || s->caplen > 0))
		return "data of a discarded datagram";
	if (s->caplen < s->len &&
	    !(s->notes & (SEG_TRUNCATED | SEG_IP_TRUNCATED | SEG_FRAGMENT_KILLED)))
		return "data is missing without a note";
	if ((s->notes & SEG_HEADER_LENGTH_BAD) && s->len != 0)
		return "data behind a bad header length";
	if (!(s->notes & SEG_HEADER_LENGTH_BAD) && s->header_len < 20)
		return "header too short without a note";
	if (((s->notes & SEG_TRUNCATED) || s->caplen < s->len) &&
	    s->checksum_state != CHECKSUM_UNVERIFIED && s->checksum_state != CHECKSUM_PARTIAL)
		return "checksum judged without all bytes";
	return NULL;
}

const char *segcheck(const struct packet *p, const struct segment *s)
{
	if (s->kind != SEG_TCP && s->kind != SEG_ICMP)
		return "kind";
	if (s->packet != p->ordinal || s->ts != p->ts || s->offset != p->offset)
		return "not of this packet";
	if (s->ip_version != 4 && s->ip_version != 6)
		return "IP version";
	if (s->ip_version == 4 && (!is_plain_ip4(&s->src) || !is_plain_ip4(&s->dst)))
		return "IPv4 address with more than four bytes";
	if (s->checksum_state > CHECKSUM_ZERO_FFFF || s->flags > 0xfff || s->vlan > 0xfff)
		return "a value outside of its range";
	if (s->opt.nsack > 4 || (s->opt.nsack > 0) != ((s->opt.seen & OPT_SACK) != 0))
		return "SACK blocks";
	return check_lengths(p, s);
}

bool segcheck_counts(const struct decode_counts *c)
{
	uint64_t sum = c->segments + c->icmp_errors;

	for (size_t i = 0; i < DECODE_REASON_COUNT; i++)
		sum += c->skipped[i];
	return sum == c->packets;
}
