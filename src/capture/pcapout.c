/* SPDX-License-Identifier: MIT */
/*
 * pcapout - headers and records of pcap and pcapng.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/pcapout.h"

enum {
	SNAPLEN_MIN = 262144, /* what other programs write, and the most they read */
	PCAP_MAGIC_US = (int)0xa1b2c3d4,
	PCAP_MAGIC_NS = (int)0xa1b23c4d,
	PCAPNG_MAGIC = 0x1a2b3c4d,
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_OVERHEAD = 12, /* type and length, and the length again behind the body */
	OPTION_RESOLUTION = 9,
};

static void add16(struct buf *out, uint32_t v)
{
	buf_addch(out, (char)(v & 0xff));
	buf_addch(out, (char)(v >> 8 & 0xff));
}

static void add32(struct buf *out, uint32_t v)
{
	add16(out, v);
	add16(out, v >> 16);
}

void pcapout_init(struct pcapout *p, const struct cap_facts *facts)
{
	*p = (struct pcapout){ .snaplen = SNAPLEN_MIN, .nlinks = facts->nlinks };
	p->links = mem_alloc(facts->nlinks + 1, sizeof(*p->links));
	for (size_t i = 0; i < facts->nlinks; i++)
		p->links[i] = facts->links[i].linktype;
	for (size_t i = 0; i < facts->nfiles; i++) {
		p->nanoseconds |= facts->files[i].nanoseconds;
		if (facts->files[i].snaplen > p->snaplen)
			p->snaplen = facts->files[i].snaplen;
	}
	if (p->nlinks == 0)
		p->links[p->nlinks++] = 1; /* no packets: the file says Ethernet */
}

void pcapout_release(struct pcapout *p)
{
	free(p->links);
	p->links = NULL;
}

static bool is_pcapng(const struct pcapout *p)
{
	return p->nlinks > 1;
}

const char *pcapout_suffix(const struct pcapout *p)
{
	return is_pcapng(p) ? "pcapng" : "pcap";
}

static void begin_pcap(const struct pcapout *p, struct buf *out)
{
	add32(out, (uint32_t)(p->nanoseconds ? PCAP_MAGIC_NS : PCAP_MAGIC_US));
	add16(out, 2);
	add16(out, 4);
	add32(out, 0);
	add32(out, 0);
	add32(out, p->snaplen);
	add32(out, p->links[0]);
}

static void begin_pcapng(const struct pcapout *p, struct buf *out)
{
	enum { SECTION_BYTES = BLOCK_OVERHEAD + 16, INTERFACE_BYTES = BLOCK_OVERHEAD + 20 };

	add32(out, BLOCK_SECTION);
	add32(out, SECTION_BYTES);
	add32(out, PCAPNG_MAGIC);
	add16(out, 1);
	add16(out, 0);
	add32(out, UINT32_MAX); /* the section's length is not told */
	add32(out, UINT32_MAX);
	add32(out, SECTION_BYTES);
	for (size_t i = 0; i < p->nlinks; i++) {
		add32(out, BLOCK_INTERFACE);
		add32(out, INTERFACE_BYTES);
		add16(out, p->links[i]);
		add16(out, 0);
		add32(out, p->snaplen);
		add16(out, OPTION_RESOLUTION);
		add16(out, 1);
		add32(out, 9); /* 10^-9 seconds */
		add32(out, 0); /* end of options */
		add32(out, INTERFACE_BYTES);
	}
}

void pcapout_begin(const struct pcapout *p, struct buf *out)
{
	if (is_pcapng(p))
		begin_pcapng(p, out);
	else
		begin_pcap(p, out);
}

/* Seconds before the epoch cannot be written; they wrap as in other programs. */
static void packet_pcap(const struct pcapout *p, struct buf *out, const struct packet *pkt)
{
	int64_t seconds = pkt->ts / NS_PER_SEC, rest = pkt->ts % NS_PER_SEC;

	if (rest < 0) {
		rest += NS_PER_SEC;
		seconds--;
	}
	add32(out, (uint32_t)seconds);
	add32(out, (uint32_t)(p->nanoseconds ? rest : rest / 1000));
	add32(out, pkt->caplen);
	add32(out, pkt->wire_len);
	buf_add(out, pkt->data, pkt->caplen);
}

static uint32_t interface_of(const struct pcapout *p, uint16_t link)
{
	size_t i = 0;

	while (i + 1 < p->nlinks && p->links[i] != link)
		i++;
	return (uint32_t)i;
}

static void packet_pcapng(const struct pcapout *p, struct buf *out, const struct packet *pkt)
{
	uint32_t padding = -pkt->caplen & 3;
	uint32_t length = BLOCK_OVERHEAD + 20 + pkt->caplen + padding;

	add32(out, BLOCK_PACKET);
	add32(out, length);
	add32(out, interface_of(p, pkt->linktype));
	add32(out, (uint32_t)((uint64_t)pkt->ts >> 32));
	add32(out, (uint32_t)pkt->ts);
	add32(out, pkt->caplen);
	add32(out, pkt->wire_len);
	buf_add(out, pkt->data, pkt->caplen);
	buf_pad(out, '\0', padding);
	add32(out, length);
}

void pcapout_packet(const struct pcapout *p, struct buf *out, const struct packet *pkt)
{
	if (is_pcapng(p))
		packet_pcapng(p, out, pkt);
	else
		packet_pcap(p, out, pkt);
}
