/* SPDX-License-Identifier: MIT */
/*
 * story_frame - the bytes of a story: TCP, ICMP, IPv4 and IPv6, fragments, Ethernet, VLAN, pcap.
 *
 * Output: a pcap with nanoseconds; lengths and checksums are right unless the story says otherwise.
 * Spec:   RFC 9293 3.1, RFC 791, 792, 8200, 4443, IEEE 802.1Q.
 */
#include "config.h"

#include "lib/story.h"

enum {
	PROTO_TCP = 6,
	PROTO_ICMP = 1,
	PROTO_ICMP6 = 58,
	IP4_HEADER = 20,
	QUOTE_BYTES = 548, /* of the offending datagram, as Linux does: the error fits 576 bytes */
};

/* ---- little and big endian ---- */

static void put16(struct buf *b, uint32_t v)
{
	const uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_add(b, bytes, sizeof(bytes));
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v);
}

static void put32_le(struct buf *b, uint32_t v)
{
	const uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24) };

	buf_add(b, bytes, sizeof(bytes));
}

static void poke16(struct buf *b, size_t at, uint32_t v)
{
	b->data[at] = (char)(uint8_t)(v >> 8);
	b->data[at + 1] = (char)(uint8_t)v;
}

static const uint8_t *bytes_at(const struct buf *b, size_t at)
{
	return (const uint8_t *)b->data + at;
}

/* ---- checksums ---- */

uint32_t story_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static uint32_t pseudo_sum(
    const struct addr *src, const struct addr *dst, unsigned version, uint32_t proto, size_t len)
{
	const size_t n = version == 4 ? 4 : 16;
	const uint8_t tail[4] = { 0, (uint8_t)proto, (uint8_t)(len >> 8), (uint8_t)len };

	return story_sum(story_sum(story_sum(0, src->b, n), dst->b, n), tail, sizeof(tail));
}

static uint32_t fold(uint32_t sum)
{
	return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

/* ---- TCP ---- */

struct direction {
	const struct story_end *from, *to;
};

static struct direction direction_of(const struct story *st, const struct story_packet *p)
{
	const struct story_flow *f = &st->flows[p->flow];

	return (struct direction){ .from = &f->ends[p->end], .to = &f->ends[1 - p->end] };
}

static uint32_t read32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_options(struct buf *b, const struct story_packet *p, uint32_t sack_base)
{
	size_t i = 0;

	while (i < p->noptions) {
		if (p->nsack > 0 && i >= p->sack_at && i < p->sack_at + 8u * p->nsack) {
			put32(b, read32(&p->options[i]) + sack_base);
			i += 4;
		} else {
			buf_addch(b, (char)p->options[i++]);
		}
	}
	buf_pad(b, '\0', -i % 4);
}

/* Letters by sequence number: lower case from the first end of a flow, capitals from the second. */
static void put_payload(struct buf *b, const struct story_packet *p)
{
	static const char *const alphabets[] = { "abcdefghijklmnopqrstuvwxyz",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" };

	if (p->text) {
		buf_add(b, p->text, p->len);
		return;
	}
	for (uint32_t i = 0; i < p->len; i++)
		buf_addch(b, p->altered ? '#' : alphabets[p->end][(p->seq + i) % 26]);
}

/* The first two bytes of the payload become what makes the whole sum to 0. */
static void make_sum_zero(struct buf *b, size_t start, size_t payload, uint32_t pseudo)
{
	poke16(b, payload, 0);
	poke16(b, payload, fold(story_sum(pseudo, bytes_at(b, start), b->len - start)));
	poke16(b, start + 16, 0xffff);
}

static void put_checksum(
    struct buf *b, size_t start, const struct story_packet *p, const struct direction *d)
{
	const uint32_t pseudo = pseudo_sum(
	    &d->from->addr.ip, &d->to->addr.ip, d->from->addr.version, PROTO_TCP, b->len - start);
	const uint32_t sum = fold(story_sum(pseudo, bytes_at(b, start), b->len - start));

	if (p->ffff_checksum && p->len >= 2)
		make_sum_zero(b, start, b->len - p->len, pseudo);
	else if (p->partial_checksum)
		poke16(b, start + 16, ~fold(pseudo) & 0xffff);
	else
		poke16(b, start + 16, p->bad_checksum ? sum ^ 0x0505 : sum);
}

static void put_tcp(struct buf *b, const struct story *st, const struct story_packet *p)
{
	const struct direction d = direction_of(st, p);
	const size_t start = b->len;
	const uint32_t words = p->data_offset ? p->data_offset : 5 + (p->noptions + 3u) / 4;

	put16(b, d.from->addr.port);
	put16(b, d.to->addr.port);
	put32(b, p->raw_seq ? p->seq : p->seq + d.from->base);
	put32(b, p->has_ack ? p->ack + d.to->base : 0);
	put16(b, words << 12 | (p->flags & 0xfffu));
	put16(b, p->window);
	put16(b, 0);
	put16(b, p->urgent);
	put_options(b, p, d.to->base);
	put_payload(b, p);
	put_checksum(b, start, p, &d);
}

/* ---- IP ---- */

struct ip_fields {
	const struct addr *src, *dst;
	unsigned version;
	uint8_t proto, ttl;
	uint16_t id, fragment;          /* flags and offset, as on the wire */
	const struct story_packet *odd; /* what is wrong with the header */
};

/* Loose source route with one address, and padding. */
static const uint8_t source_route[8] = { 131, 7, 4, 192, 0, 2, 1, 0 };

static void put_ip4(struct buf *b, const struct ip_fields *f, size_t payload)
{
	const size_t start = b->len;
	const size_t header = IP4_HEADER + (f->odd->source_route ? sizeof(source_route) : 0);
	const uint32_t version = f->odd->ip_version ? f->odd->ip_version : 4;
	const size_t total = f->odd->ip_length_zero ? 0 : header + payload + f->odd->ip_longer;

	put16(b, version << 12 | (uint32_t)(header / 4) << 8 | f->odd->tos);
	put16(b, (uint32_t)total);
	put16(b, f->id);
	put16(b, f->fragment);
	put16(b, (uint32_t)f->ttl << 8 | f->proto);
	put16(b, 0);
	buf_add(b, f->src->b, 4);
	buf_add(b, f->dst->b, 4);
	buf_add(b, source_route, header - IP4_HEADER);
	poke16(b, start + 10,
	    fold(story_sum(0, bytes_at(b, start), header)) ^
	        (f->odd->bad_ip_checksum ? 0x0505 : 0));
}

static void put_ip(struct buf *b, const struct ip_fields *f, const struct buf *payload)
{
	if (f->version == 6) {
		put32(b, 0x60000000 | (uint32_t)f->odd->tos << 20);
		put16(b, (uint32_t)payload->len);
		put16(b, (uint32_t)f->proto << 8 | f->ttl);
		buf_add(b, f->src->b, 16);
		buf_add(b, f->dst->b, 16);
	} else {
		put_ip4(b, f, payload->len);
	}
	buf_add(b, payload->data, payload->len);
}

static struct ip_fields ip_fields_of(const struct story *st, const struct story_packet *p)
{
	const struct direction d = direction_of(st, p);

	return (struct ip_fields){ .src = &d.from->addr.ip,
		.dst = &d.to->addr.ip,
		.version = d.from->addr.version,
		.proto = PROTO_TCP,
		.ttl = p->ttl,
		.id = p->ip_id,
		.fragment = p->dont_fragment ? 0x4000 : 0,
		.odd = p };
}

/* ---- ICMP ---- */

static void put_quote(struct buf *b, const struct story *st, const struct story_packet *p)
{
	struct story_packet about = st->packets[p->icmp_quotes];
	const struct ip_fields f = ip_fields_of(st, &about);
	struct buf tcp = BUF_INIT, datagram = BUF_INIT;

	about.seq = p->seq ? p->seq : about.seq;
	put_tcp(&tcp, st, &about);
	put_ip(&datagram, &f, &tcp);
	buf_add(b, datagram.data, datagram.len < QUOTE_BYTES ? datagram.len : QUOTE_BYTES);
	buf_release(&datagram);
	buf_release(&tcp);
}

static void put_icmp(
    struct buf *b, const struct story *st, const struct story_packet *p, const struct ip_fields *f)
{
	uint32_t sum;

	put16(b, (uint32_t)p->icmp_type << 8 | p->icmp_code);
	put16(b, 0);
	put32(b, p->icmp_mtu);
	put_quote(b, st, p);
	sum = f->version == 6 ? pseudo_sum(f->src, f->dst, 6, PROTO_ICMP6, b->len) : 0;
	poke16(b, 2, fold(story_sum(sum, bytes_at(b, 0), b->len)));
}

/* ---- frames and file ---- */

static void put_ethernet(struct buf *b, const struct story_packet *p, unsigned version)
{
	const uint8_t macs[2][6] = { { 2, 0, 0, 0, p->flow, 1 }, { 2, 0, 0, 0, p->flow, 2 } };

	buf_add(b, macs[1 - p->end], 6);
	buf_add(b, macs[p->end], 6);
	if (p->vlan) {
		put16(b, 0x8100);
		put16(b, p->vlan & 0xfffu);
	}
	put16(b, version == 6 ? 0x86dd : 0x0800);
}

static void put_frame(struct buf *out, const struct story_packet *p, const struct ip_fields *f,
    const struct buf *payload)
{
	struct buf frame = BUF_INIT;
	size_t caplen;

	put_ethernet(&frame, p, f->version);
	put_ip(&frame, f, payload);
	caplen = p->caplen && p->caplen < frame.len ? p->caplen : frame.len;
	put32_le(out, (uint32_t)(p->ts / NS_PER_SEC));
	put32_le(out, (uint32_t)(p->ts % NS_PER_SEC));
	put32_le(out, (uint32_t)caplen);
	put32_le(out, (uint32_t)frame.len);
	buf_add(out, frame.data, caplen);
	buf_release(&frame);
}

/* The IPv4 fragment size in bytes, a multiple of 8 (RFC 791 3.2); 0 = whole. */
static size_t fragment_size(const struct story *st, const struct story_packet *p)
{
	if (st->flows[p->flow].ends[0].addr.version != 4 || p->kind != STORY_TCP)
		return 0;
	return p->fragment & ~7u;
}

/* The fragment of `size` bytes at `at`; `other`: with other bytes at its beginning. */
static void put_fragment(struct buf *out, const struct story_packet *p, struct ip_fields *f,
    const struct buf *payload, size_t at, bool other)
{
	const size_t size = p->fragment & ~7u, left = payload->len - at;
	struct buf part = BUF_INIT;

	buf_add(&part, payload->data + at, left < size ? left : size);
	if (other)
		memcpy(part.data, "overlap!", 8);
	f->fragment = (uint16_t)(at / 8 | (left > size ? 0x2000 : 0));
	put_frame(out, p, f, &part);
	buf_release(&part);
}

static void put_fragments(
    struct buf *out, const struct story_packet *p, struct ip_fields *f, const struct buf *payload)
{
	for (size_t at = 0; at < payload->len; at += p->fragment & ~7u) {
		put_fragment(out, p, f, payload, at, false);
		if (at == 0 && p->overlap)
			put_fragment(out, p, f, payload, at, true);
	}
}

static void put_packet(struct buf *out, const struct story *st, const struct story_packet *p)
{
	struct ip_fields f = ip_fields_of(st, p);
	const size_t size = fragment_size(st, p);
	struct buf payload = BUF_INIT;

	if (p->kind == STORY_ICMP) {
		f.proto = f.version == 6 ? PROTO_ICMP6 : PROTO_ICMP;
		f.src = p->has_icmp_from ? &p->icmp_from : f.src;
		put_icmp(&payload, st, p, &f);
	} else {
		put_tcp(&payload, st, p);
	}
	if (size)
		put_fragments(out, p, &f, &payload);
	else
		put_frame(out, p, &f, &payload);
	buf_release(&payload);
}

size_t story_frames_of(const struct story *st, size_t packet)
{
	const struct story_packet *p = &st->packets[packet];
	const size_t size = fragment_size(st, p);
	const size_t bytes = 20 + (p->noptions + 3u) / 4 * 4 + p->len;

	if (p->missed)
		return 0;
	return size ? (bytes + size - 1) / size + p->overlap : 1;
}

void story_pcap(const struct story *st, struct buf *out)
{
	static const uint32_t header[6] = { 0xa1b23c4d, 4u << 16 | 2, 0, 0, 262144, 1 };

	for (size_t i = 0; i < ARRAY_LEN(header); i++)
		put32_le(out, header[i]);
	for (size_t i = 0; i < st->npackets; i++) {
		if (!st->packets[i].missed)
			put_packet(out, st, &st->packets[i]);
	}
}
