/* SPDX-License-Identifier: MIT */
/*
 * format - what a reader of one capture format offers: bytes in, one record at a time out.
 *
 * A reader is given the bytes that follow the last record, as many as there are just now.  It says what
 * the first of them are, or how many it needs to say so.  It reads no files and keeps no bytes.
 */
#ifndef TCPSHADOW_CAPTURE_FORMAT_H
#define TCPSHADOW_CAPTURE_FORMAT_H

#include "capture/facts.h"
#include "tcpshadow/rd.h"

enum record_kind {
	RECORD_PACKET, /* a packet in the first `size` bytes */
	RECORD_OTHER,  /* something else, or the end of it: go on behind `size` bytes */
	RECORD_PART, /* something else begins: `size` bytes, perhaps more than given, then ask again */
	RECORD_SHORT,  /* give at least `size` bytes; nothing has changed */
	RECORD_BROKEN, /* the input cannot be read from here on */
};

struct record {
	enum record_kind kind;
	size_t size; /* bytes */
};

/* Where a piece of an input is. */
struct piece {
	const uint8_t *bytes;
	size_t len;
	uint64_t offset; /* of bytes[0] in the input */
};

struct format {
	const char *name; /* "pcap" */
	const char *unit; /* what messages call a record of it */
	/*
	 * Fills p->ts, caplen, wire_len, interface, linktype and data for RECORD_PACKET, *cause for
	 * RECORD_BROKEN, and notes facts.
	 */
	struct record (*next)(
	    void *reader, const struct piece *at, struct packet *p, struct err *cause);
	/*
	 * Takes packets from whole records as long as there is nothing else to say of them: moves *at past them, fills
	 * them as above, and their offset.  They share a link type.  Returns how many, at most max.  NULL = one by one.
	 */
	size_t (*run)(const void *reader, struct piece *at, struct packet *p, size_t max);
	/* As next() for a record that was read before, by its position.  Notes nothing. */
	struct record (*again)(
	    const void *reader, const struct piece *at, struct packet *p, struct err *cause);
	/* Link type of the first packets if `head` tells; -1 = not yet known. */
	int (*first_link)(const void *reader, const struct piece *head);
	void (*free)(void *reader);
};

/*
 * A reader for the input that begins with `head`, which must hold at least FORMAT_HEAD bytes unless the
 * input is shorter.  Sets *size to the bytes before the first record.  NULL and *cause when this is not
 * (or no readable) capture of the format; `facts` and `file` must outlive the reader.
 */
#define FORMAT_HEAD 24

void *pcap_new(
    const struct piece *head, struct cap_file_facts *file, size_t *size, struct err *cause);
void *pcapng_new(struct facts *facts, struct cap_file_facts *file);

extern const struct format pcap_format;
extern const struct format pcapng_format;

/* By the magic number. */
bool pcap_recognise(const struct piece *head);
bool pcapng_recognise(const struct piece *head);

/* Most bytes a packet of the link type can have; more is a sign of a damaged file. */
uint32_t format_packet_max(uint16_t linktype);

/* LINKTYPE_ values are kept in 16 bits; what does not fit becomes this, which no one knows. */
#define LINKTYPE_NONE 0xffff

static inline uint16_t format_linktype(uint32_t claimed)
{
	return claimed < LINKTYPE_NONE ? (uint16_t)claimed : LINKTYPE_NONE;
}

/* Numbers of a file are in the byte order of the machine that wrote it. */
static inline uint32_t rd_u32(struct rd *r, bool is_big_endian)
{
	return is_big_endian ? rd_be32(r) : rd_le32(r);
}

static inline uint16_t rd_u16(struct rd *r, bool is_big_endian)
{
	return is_big_endian ? rd_be16(r) : rd_le16(r);
}

static inline uint64_t rd_u64(struct rd *r, bool is_big_endian)
{
	uint64_t first = rd_u32(r, is_big_endian), second = rd_u32(r, is_big_endian);

	return is_big_endian ? first << 32 | second : second << 32 | first;
}

#endif
