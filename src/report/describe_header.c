/* SPDX-License-Identifier: MIT */
/*
 * describe_header - headers field by field.
 *
 * Positions are told only where the bytes at hand confirm them: a segment put together from fragments, and what an
 * ICMP error quotes, have none.
 */
#include "config.h"

#include <string.h>

#include "report/describe_parts.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/rd.h"
#include "tcpshadow/text.h"

enum {
	TCP_FIXED = 20, /* bytes of the header without options */
	IP4_FIXED = 20,
	IP6_FIXED = 40,
	ETHERNET = 14,
	ADDRESS_4 = 4, /* bytes of an address */
	ADDRESS_6 = 16,
	LINK_ETHERNET = 1,
};

#define NOWHERE UINT32_MAX

/* Where the TCP header begins in the frame. */
static uint32_t tcp_at(const struct describe_source *s)
{
	const struct packet *p = s->packet;
	const struct segment *g = s->seg;
	size_t payload;

	if (g->kind != SEG_TCP || !g->data || g->notes & (SEG_FRAGMENTED | SEG_HEADER_LENGTH_BAD))
		return NOWHERE;
	if (g->data < p->data || g->data > p->data + p->caplen)
		return NOWHERE;
	payload = (size_t)(g->data - p->data);
	return payload < g->header_len ? NOWHERE : (uint32_t)(payload - g->header_len);
}

/* The line tells of bytes from..to of the header at `base`. */
static void place(struct describe_line *l, uint32_t base, uint32_t from, uint32_t to)
{
	if (base == NOWHERE)
		return;
	l->from = base + from;
	l->to = base + to;
}

static void tcp_line(struct describe *d, uint32_t base, uint32_t from, uint32_t to)
{
	place(describe_begin(d, DESCRIBE_TCP), base, from, to);
}

static void checksum_text(struct buf *out, const struct segment *g)
{
	buf_addf(out, "checksum 0x%04x ", g->checksum);
	switch ((enum checksum_state)g->checksum_state) {
	case CHECKSUM_GOOD:
	case CHECKSUM_ZERO_FFFF:
		buf_addstr(out, "right");
		break;
	case CHECKSUM_BAD:
		buf_addstr(out, "WRONG");
		break;
	case CHECKSUM_PARTIAL:
		buf_addstr(out, "left to the network card");
		break;
	case CHECKSUM_UNVERIFIED:
		buf_addstr(out, "not verified: not all bytes were captured");
		break;
	}
}

static void number_line(struct describe *d, const struct describe_source *s)
{
	const struct replay_step *st = &s->row->step;

	if (st->ends[s->row->side].snd_known) {
		buf_addstr(&d->text, "seq ");
		text_signed_count(&d->text, st->rel_seq);
		if (s->seg->len) {
			buf_addstr(&d->text, "  next ");
			text_signed_count(&d->text, st->rel_seq + segment_seq_len(s->seg));
		}
	} else {
		buf_addstr(&d->text, "seq ?");
	}
	buf_addf(&d->text, "  (raw %u)", s->seg->seq);
}

static void window_line(struct describe *d, const struct describe_source *s)
{
	const struct replay_step *st = &s->row->step;

	buf_addf(&d->text, "window %u", s->seg->window);
	if (!(s->seg->flags & TCP_SYN) && st->window_scaled && st->window != s->seg->window) {
		buf_addstr(&d->text, " = ");
		text_count(&d->text, st->window);
		buf_addstr(&d->text, " bytes");
	} else if (!(s->seg->flags & TCP_SYN) && !st->window_scaled) {
		buf_addstr(&d->text, ", scale not known");
	}
}

static void flag_words(struct buf *out, uint16_t flags)
{
	const char *sep = "flags ";

	for (unsigned i = 0; i < TCP_FLAG_ROWS; i++) {
		if (!(flags & tcp_flag_row(i)->flag) || tcp_flag_row(i)->flag == TCP_RESERVED)
			continue;
		buf_addf(out, "%s%s", sep, tcp_flag_row(i)->word);
		sep = " ";
	}
	if (!flags)
		buf_addstr(out, "no flags");
	if (flags & TCP_RESERVED)
		buf_addf(out, ", reserved bits 0x%x", (unsigned)(flags & TCP_RESERVED) >> 9);
}

/* ---- options ---- */

static void sack_text(struct buf *out, const struct describe_source *s, struct rd v)
{
	const struct session_row *row = s->row;

	buf_addstr(out, "SACK");
	while (rd_left(&v) >= 8) {
		uint32_t left = rd_be32(&v), right = rd_be32(&v);
		uint64_t base = row->step.rel_ack;

		if (row->step.ends[!row->side].snd_known) {
			buf_addch(out, ' ');
			text_signed_count(
			    out, base + (uint64_t)(int64_t)(int32_t)(left - row->raw_ack));
			buf_addch(out, '-');
			text_signed_count(
			    out, base + (uint64_t)(int64_t)(int32_t)(right - row->raw_ack));
		} else {
			buf_addf(out, " %u-%u", left, right);
		}
	}
}

static void option_text(struct buf *out, const struct describe_source *s, uint8_t kind, struct rd v)
{
	size_t n = rd_left(&v);
	uint32_t first;

	switch (kind) {
	case 2:
		buf_addf(out, "maximum segment size %u", n >= 2 ? rd_be16(&v) : 0);
		return;
	case 3:
		first = rd_u8(&v);
		buf_addf(out, "window scale %u (x%u)", first, 1u << (first > 14 ? 14 : first));
		return;
	case 4:
		buf_addstr(out, "SACK permitted");
		return;
	case 5:
		sack_text(out, s, v);
		return;
	case 8:
		first = rd_be32(&v);
		buf_addf(out, "timestamps %u, echo %u", first, rd_be32(&v));
		return;
	case 19:
		buf_addstr(out, "MD5 signature");
		return;
	case 28:
		buf_addf(out, "user timeout 0x%04x", rd_be16(&v));
		return;
	case 29:
		buf_addstr(out, "authentication (TCP-AO)");
		return;
	case 30:
		buf_addf(out, "MPTCP, subtype %u", rd_u8(&v) >> 4);
		return;
	case 34:
		buf_addf(
		    out, n ? "Fast Open cookie, %zu bytes" : "Fast Open: asks for a cookie", n);
		return;
	}
	buf_addf(out, "option %u, %zu bytes", kind, n + 2);
}

/* Kinds and lengths as on the wire; what is malformed ends the list. */
static void option_lines(struct describe *d, const struct describe_source *s, uint32_t base)
{
	const uint8_t *bytes = s->packet->data;
	uint32_t at = base + TCP_FIXED, end = base + s->seg->header_len;
	unsigned nops = 0;

	if (end > s->packet->caplen)
		end = s->packet->caplen;
	while (at < end && bytes[at] != 0) {
		uint32_t len = bytes[at] == 1 ? 1 : at + 1 < end ? bytes[at + 1] : 0;

		if (len == 0 || len > end - at || (bytes[at] != 1 && len < 2)) {
			place(describe_begin(d, DESCRIBE_TCP), 0, at, end);
			buf_addstr(&d->text, "  malformed options");
			return;
		}
		nops += bytes[at] == 1;
		if (bytes[at] != 1) {
			place(describe_begin(d, DESCRIBE_TCP), 0, at, at + len);
			buf_addstr(&d->text, "  ");
			option_text(&d->text, s, bytes[at], rd_make(bytes + at + 2, len - 2));
		}
		at += len;
	}
	if (nops) {
		(void)describe_begin(d, DESCRIBE_TCP);
		buf_addf(&d->text, "  %u NOP", nops);
	}
}

static void icmp_lines(struct describe *d, const struct describe_source *s)
{
	const struct segment *g = s->seg;

	(void)describe_begin(d, DESCRIBE_TCP);
	buf_addstr(&d->text, "ICMP ");
	outcome_words(&d->text, icmp_kind_word(g->ip_version, g->icmp_type, g->icmp_code));
	buf_addf(&d->text, " (type %u code %u) from ", g->icmp_type, g->icmp_code);
	addr_text(&d->text, &g->icmp_from, g->ip_version);
	if (g->icmp_mtu) {
		(void)describe_begin(d, DESCRIBE_TCP);
		buf_addf(&d->text, "next-hop MTU %u", g->icmp_mtu);
	}
	(void)describe_begin(d, DESCRIBE_TCP);
	buf_addf(&d->text, "quotes TCP %u -> %u  seq %u", g->sport, g->dport, g->seq);
}

void describe_tcp(struct describe *d, const struct describe_source *s)
{
	const struct segment *g = s->seg;
	uint32_t base;

	if (g->kind == SEG_ICMP) {
		icmp_lines(d, s);
		return;
	}
	base = tcp_at(s);
	tcp_line(d, base, 0, g->header_len);
	buf_addf(&d->text, "TCP %u -> %u  %u bytes of data", g->sport, g->dport, g->len);
	if (g->caplen < g->len)
		buf_addf(&d->text, ", %u captured", g->caplen);
	tcp_line(d, base, 4, 8);
	number_line(d, s);
	if (g->flags & TCP_ACK) {
		tcp_line(d, base, 8, 12);
		buf_addstr(&d->text, "ack ");
		if (s->row->step.ends[!s->row->side].snd_known)
			text_signed_count(&d->text, s->row->step.rel_ack);
		else
			buf_addch(&d->text, '?');
		buf_addf(&d->text, "  (raw %u)", g->ack);
	}
	tcp_line(d, base, 12, 14);
	flag_words(&d->text, g->flags);
	buf_addf(&d->text, "  header %u bytes", g->header_len);
	tcp_line(d, base, 14, 16);
	window_line(d, s);
	tcp_line(d, base, 16, 18);
	checksum_text(&d->text, g);
	if (g->flags & TCP_URG || g->urgent) {
		tcp_line(d, base, 18, 20);
		buf_addf(&d->text, "urgent pointer %u", g->urgent);
	}
	if (base != NOWHERE)
		option_lines(d, s, base);
}

/* ---- IP and link ---- */

/* Where the IP header begins: right before the TCP header, when these bytes say so. */
static uint32_t ip_at(const struct describe_source *s)
{
	const struct segment *g = s->seg;
	uint32_t tcp = tcp_at(s), len = g->ip_version == 4 ? IP4_FIXED : IP6_FIXED;
	size_t n = g->ip_version == 4 ? ADDRESS_4 : ADDRESS_6;
	const uint8_t *ip;

	if (tcp == NOWHERE || tcp < len)
		return NOWHERE;
	ip = s->packet->data + tcp - len;
	if (ip[0] >> 4 != g->ip_version || memcmp(ip + len - 2 * n, g->src.b, n) != 0 ||
	    memcmp(ip + len - n, g->dst.b, n) != 0)
		return NOWHERE;
	return tcp - len;
}

static void ip_lines(struct describe *d, const struct describe_source *s, uint32_t base)
{
	const struct segment *g = s->seg;

	place(describe_begin(d, DESCRIBE_IP), base, 0, g->ip_version == 4 ? IP4_FIXED : IP6_FIXED);
	buf_addf(&d->text, "IPv%u ", g->ip_version);
	addr_text(&d->text, &g->src, g->ip_version);
	buf_addstr(&d->text, " -> ");
	addr_text(&d->text, &g->dst, g->ip_version);
	(void)describe_begin(d, DESCRIBE_IP);
	buf_addf(&d->text, "%s %u  DSCP %u  ECN %u", g->ip_version == 4 ? "ttl" : "hop limit",
	    g->ttl, g->tos >> 2, g->tos & 3);
	(void)describe_begin(d, DESCRIBE_IP);
	if (g->ip_version == 4)
		buf_addf(&d->text, "id %u%s", g->ip_id, g->dont_fragment ? "  don't fragment" : "");
	else
		buf_addf(&d->text, "flow label 0x%05x", g->flow_label);
	if (g->notes & SEG_FRAGMENTED)
		buf_addstr(&d->text, "  put together from fragments");
}

static void mac_text(struct buf *out, const uint8_t *mac)
{
	for (unsigned i = 0; i < 6; i++)
		buf_addf(out, "%s%02x", i ? ":" : "", mac[i]);
}

void describe_below(struct describe *d, const struct describe_source *s)
{
	const struct packet *p = s->packet;
	const char *name = cap_link_name(p->linktype);
	uint32_t ip = ip_at(s);

	ip_lines(d, s, ip);
	place(describe_begin(d, DESCRIBE_LINK), ip == NOWHERE ? NOWHERE : 0, 0, ip);
	if (p->linktype == LINK_ETHERNET && p->caplen >= ETHERNET) {
		buf_addstr(&d->text, "Ethernet ");
		mac_text(&d->text, p->data + 6);
		buf_addstr(&d->text, " -> ");
		mac_text(&d->text, p->data);
	} else if (name) {
		buf_addf(&d->text, "link %s", name);
	} else {
		buf_addf(&d->text, "link type %u", p->linktype);
	}
	if (s->seg->vlan)
		buf_addf(&d->text, "  VLAN %u", s->seg->vlan);
	if (s->seg->tunnel)
		buf_addstr(&d->text, "  in a tunnel");
}
