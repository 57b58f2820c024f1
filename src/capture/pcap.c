/* SPDX-License-Identifier: MIT */
/*
 * pcap - records of the classic format.
 *
 * Input:  magic a1b2c3d4 (microseconds), a1b23c4d (nanoseconds), a1b2cd34 (longer record headers), in
 *         both byte orders; versions 2.0 to 2.4, and 543.0 of DG/UX.
 * Spec:   draft-ietf-opsawg-pcap.  Times are unsigned: they last until 2106.
 * Does not: cut packets to the snaplen of the header: what was captured is delivered.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "capture/format.h"
#include "tcpshadow/mem.h"

#define HEADER_SIZE 24 /* of the file */

/* LINKTYPE_ values with larger packets than the others. */
static const struct {
	uint16_t linktype;
	uint32_t bytes;
} large_packets[] = {
	{ 220, 128u << 20 }, /* USB_LINUX_MMAPPED */
	{ 231, 128u << 20 }, /* DBUS */
	{ 249, 128u << 20 }, /* USBPCAP */
	{ 279, 8u << 20 },   /* EBHSCR */
};

#define PACKET_MAX (256u << 10) /* bytes, of all other link types */

/* Packets are fetched so far ahead: who decoded what was there last may have run on another core. */
#define PACKETS_AHEAD 8

static const struct variant {
	uint32_t magic;
	uint32_t ns;          /* nanoseconds in one unit of the fraction of a second */
	uint32_t record_size; /* bytes of a record's header */
} variants[] = {
	{ 0xa1b2c3d4, 1000, 16 },
	{ 0xa1b23c4d, 1, 16 },
	{ 0xa1b2cd34, 1000, 24 },
};

/* Before version 2.3 the two lengths of a record stood the other way round; 2.3 was written both ways. */
enum length_order {
	LENGTHS_CAPTURED_FIRST,
	LENGTHS_WIRE_FIRST,
	LENGTHS_SMALLER_IS_CAPTURED,
};

struct pcap_reader {
	bool is_big_endian;
	uint32_t ns;          /* as in struct variant */
	uint32_t record_size; /* as in struct variant */
	enum length_order order;
	uint16_t linktype;
	uint32_t packet_max; /* bytes */
};

uint32_t format_packet_max(uint16_t linktype)
{
	for (size_t i = 0; i < ARRAY_LEN(large_packets); i++)
		if (large_packets[i].linktype == linktype)
			return large_packets[i].bytes;
	return PACKET_MAX;
}

static const struct variant *find_variant(const struct piece *head, bool *is_big_endian)
{
	for (int big = 0; big <= 1; big++) {
		struct rd r = rd_make(head->bytes, head->len);
		uint32_t magic = rd_u32(&r, big);

		for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
			if (variants[i].magic != magic)
				continue;
			*is_big_endian = big;
			return &variants[i];
		}
	}
	return NULL;
}

bool pcap_recognise(const struct piece *head)
{
	bool is_big_endian;

	return find_variant(head, &is_big_endian) != NULL;
}

static int find_order(struct pcap_reader *p, uint16_t major, uint16_t minor, struct err *cause)
{
	p->order = LENGTHS_CAPTURED_FIRST;
	if (major == 543 && minor == 0)
		p->order = LENGTHS_WIRE_FIRST;
	else if (major != 2 || minor > 4)
		return err_set(cause, "pcap version %u.%u is not known", major, minor);
	else if (minor < 3)
		p->order = LENGTHS_WIRE_FIRST;
	else if (minor == 3)
		p->order = LENGTHS_SMALLER_IS_CAPTURED;
	return 0;
}

void *pcap_new(
    const struct piece *head, struct cap_file_facts *file, size_t *size, struct err *cause)
{
	struct pcap_reader *p = mem_alloc(1, sizeof(*p));
	const struct variant *v = find_variant(head, &p->is_big_endian);
	struct rd r = rd_make(head->bytes, head->len);
	uint16_t major, minor;

	rd_skip(&r, 4);
	major = rd_u16(&r, p->is_big_endian);
	minor = rd_u16(&r, p->is_big_endian);
	rd_skip(&r, 8); /* time zone and accuracy, which nobody writes */
	file->snaplen = rd_u32(&r, p->is_big_endian);
	p->linktype = format_linktype(rd_u32(&r, p->is_big_endian) & 0x03ffffff);
	if (!v || r.is_short) {
		(void)err_set(cause, "needs %d bytes for its header, the file ends after %zu",
		    HEADER_SIZE, head->len);
		goto fail;
	}
	if (find_order(p, major, minor, cause) < 0)
		goto fail;
	p->ns = v->ns;
	p->record_size = v->record_size;
	p->packet_max = format_packet_max(p->linktype);
	file->interfaces = file->sections = 1;
	file->nanoseconds = v->ns == 1;
	*size = HEADER_SIZE;
	return p;
fail:
	free(p);
	return NULL;
}

static void order_lengths(const struct pcap_reader *reader, struct packet *p)
{
	uint32_t first = p->caplen;

	if (reader->order == LENGTHS_CAPTURED_FIRST ||
	    (reader->order == LENGTHS_SMALLER_IS_CAPTURED && p->caplen <= p->wire_len))
		return;
	p->caplen = p->wire_len;
	p->wire_len = first;
}

static struct record pcap_again(
    const void *reader, const struct piece *at, struct packet *p, struct err *cause)
{
	const struct pcap_reader *c = reader;
	struct rd r = rd_make(at->bytes, at->len);
	uint32_t seconds = rd_u32(&r, c->is_big_endian), fraction = rd_u32(&r, c->is_big_endian);

	p->caplen = rd_u32(&r, c->is_big_endian);
	p->wire_len = rd_u32(&r, c->is_big_endian);
	rd_skip(&r, c->record_size - 16);
	if (r.is_short)
		return (struct record){ RECORD_SHORT, c->record_size };
	order_lengths(c, p);
	if (p->caplen > c->packet_max) {
		(void)err_set(cause, "captured length %" PRIu32 " exceeds %" PRIu32, p->caplen,
		    c->packet_max);
		return (struct record){ RECORD_BROKEN, 0 };
	}
	p->data = r.p;
	p->ts = seconds * NS_PER_SEC + (int64_t)fraction * c->ns;
	p->interface = 0;
	p->linktype = c->linktype;
	if (rd_left(&r) < p->caplen)
		return (struct record){ RECORD_SHORT, c->record_size + p->caplen };
	return (struct record){ RECORD_PACKET, c->record_size + p->caplen };
}

static struct record pcap_next(
    void *reader, const struct piece *at, struct packet *p, struct err *cause)
{
	return pcap_again(reader, at, p, cause);
}

/* The number at p, which is there. */
static uint32_t number_at(const uint8_t *p, bool is_big_endian)
{
	uint32_t big = rd_at32(p);

	return is_big_endian ? big : __builtin_bswap32(big);
}

/* The record at *at if it is whole and as good as pcap_again() would find it. */
static bool take(const struct pcap_reader *c, struct piece *at, struct packet *p)
{
	const uint8_t *head = at->bytes;
	size_t size = c->record_size;

	if (at->len < size)
		return false;
	p->caplen = number_at(head + 8, c->is_big_endian);
	size += p->caplen;
	if (p->caplen > c->packet_max || at->len < size)
		return false;
	p->wire_len = number_at(head + 12, c->is_big_endian);
	p->ts = number_at(head, c->is_big_endian) * NS_PER_SEC +
	        (int64_t)number_at(head + 4, c->is_big_endian) * c->ns;
	p->data = head + c->record_size;
	p->offset = at->offset;
	p->interface = 0;
	p->linktype = c->linktype;
	at->bytes += size;
	at->len -= size;
	at->offset += size;
	return true;
}

static size_t pcap_run(const void *reader, struct piece *at, struct packet *p, size_t max)
{
	const struct pcap_reader *c = reader;
	size_t n = 0;

	if (c->order != LENGTHS_CAPTURED_FIRST)
		return 0;
	while (n < max && take(c, at, &p[n])) {
		n++;
		if (n + PACKETS_AHEAD < max)
			util_prefetch_write(&p[n + PACKETS_AHEAD], sizeof(*p));
	}
	return n;
}

static int pcap_first_link(const void *reader, const struct piece *head)
{
	const struct pcap_reader *c = reader;

	(void)head;
	return c->linktype;
}

const struct format pcap_format = {
	.name = "pcap",
	.unit = "record",
	.next = pcap_next,
	.run = pcap_run,
	.again = pcap_again,
	.first_link = pcap_first_link,
	.free = free,
};
