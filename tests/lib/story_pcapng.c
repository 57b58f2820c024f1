/* SPDX-License-Identifier: MIT */
/*
 * story_pcapng - a story's capture as pcapng, which can say how many packets the capture lost.
 *
 * Spec: draft-ietf-opsawg-pcapng 4.1 to 4.3, 4.6.
 */
#include "config.h"

#include "lib/story.h"

enum {
	PCAP_HEADER = 24,
	RECORD_HEADER = 16,
	IP4_SOURCE = 26, /* in an Ethernet frame */
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	OPTION_TSRESOL = 9,
	OPTION_OSDROP = 7,
};

static void put32(struct buf *b, uint32_t v)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_addch(b, (char)(uint8_t)(v >> shift));
}

static uint32_t get32(const struct buf *b, size_t at)
{
	uint32_t v = 0;

	for (size_t i = 4; i-- > 0;)
		v = v << 8 | (uint8_t)b->data[at + i];
	return v;
}

/* Type, length, body padded to words, length. */
static void put_block(struct buf *out, uint32_t type, const struct buf *body)
{
	const uint32_t padded = (uint32_t)(body->len + 3) & ~3u;

	put32(out, type);
	put32(out, padded + 12);
	buf_add(out, body->data, body->len);
	for (size_t i = body->len; i < padded; i++)
		buf_addch(out, 0);
	put32(out, padded + 12);
}

static void put_words(struct buf *out, uint32_t type, const uint32_t *words, size_t n)
{
	struct buf body = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		put32(&body, words[i]);
	put_block(out, type, &body);
	buf_release(&body);
}

/* With two interfaces the second end of each flow is captured at the second one (IPv4 without VLAN). */
static uint32_t interface_of(const struct story *st, const char *frame, size_t caplen)
{
	if (!st->has_two_interfaces || caplen < IP4_SOURCE + 4)
		return 0;
	for (size_t i = 0; i < st->nflows; i++)
		if (memcmp(frame + IP4_SOURCE, st->flows[i].ends[1].addr.ip.b, 4) == 0)
			return 1;
	return 0;
}

/* The record at `at` of the pcap bytes; returns where the next one begins. */
static size_t put_record(struct buf *out, const struct story *st, const struct buf *pcap, size_t at)
{
	const uint64_t ns = (uint64_t)get32(pcap, at) * 1000000000 + get32(pcap, at + 4);
	const uint32_t caplen = get32(pcap, at + 8);
	struct buf body = BUF_INIT;

	put32(&body, interface_of(st, pcap->data + at + RECORD_HEADER, caplen));
	put32(&body, (uint32_t)(ns >> 32));
	put32(&body, (uint32_t)ns);
	put32(&body, caplen);
	put32(&body, get32(pcap, at + 12));
	buf_add(&body, pcap->data + at + RECORD_HEADER, caplen);
	put_block(out, BLOCK_PACKET, &body);
	buf_release(&body);
	return at + RECORD_HEADER + caplen;
}

void story_pcapng(const struct story *st, struct buf *out)
{
	static const uint32_t section[] = { 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX };
	static const uint32_t interface[] = { 1, 0, 1u << 16 | OPTION_TSRESOL, 9, 0 };
	const uint32_t statistics[] = { 0, 0, 0, 8u << 16 | OPTION_OSDROP, st->drops, 0, 0 };
	struct buf pcap = BUF_INIT;

	story_pcap(st, &pcap);
	put_words(out, BLOCK_SECTION, section, ARRAY_LEN(section));
	put_words(out, BLOCK_INTERFACE, interface, ARRAY_LEN(interface));
	if (st->has_two_interfaces)
		put_words(out, BLOCK_INTERFACE, interface, ARRAY_LEN(interface));
	for (size_t at = PCAP_HEADER; at < pcap.len;)
		at = put_record(out, st, &pcap, at);
	if (st->drops)
		put_words(out, BLOCK_STATISTICS, statistics, ARRAY_LEN(statistics));
	buf_release(&pcap);
}
