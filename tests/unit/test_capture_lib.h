/* SPDX-License-Identifier: MIT */
/*
 * test_capture_lib - capture files made by hand, and whole captures read at once.
 */
#ifndef TEST_CAPTURE_LIB_H
#define TEST_CAPTURE_LIB_H

#include <check.h>

#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"

/* Numbers in either byte order. */
void put16(struct buf *b, bool is_big_endian, unsigned v);
void put32(struct buf *b, bool is_big_endian, uint32_t v);
void put64(struct buf *b, bool is_big_endian, uint64_t v);

/* One packet as it goes into a file, and as it is expected to come out. */
struct frame {
	uint32_t seconds, fraction;
	uint32_t caplen, wire_len;
	uint8_t fill; /* each of its bytes */
};

void put_pcap_header(struct buf *b, bool big, uint32_t magic, uint32_t linktype);
void put_pcap_record(struct buf *b, bool big, const struct frame *f);

/* A block of a pcapng file with this body (padded to a multiple of four). */
void put_block(struct buf *b, bool big, uint32_t type, const struct buf *body);
void put_option(struct buf *body, bool big, unsigned code, const void *value, size_t n);
void put_section(struct buf *b, bool big, const char *comment);
void put_interface(struct buf *b, bool big, unsigned linktype, uint32_t snaplen);
/* resolution: the value of if_tsresol */
void put_interface_time(
    struct buf *b, bool big, unsigned linktype, unsigned resolution, int64_t offset);
void put_enhanced(struct buf *b, bool big, uint32_t interface, uint64_t t, const struct frame *f);

/* A file in memory.  Name it by path; file_close() ends it. */
struct file {
	int fd;
	char path[64];
};

struct file file_make(const void *bytes, size_t n);
struct file file_of(const struct buf *b);
void file_close(struct file *f);

/* All packets of a capture, with copies of their bytes one after the other. */
struct reading {
	struct cap *cap; /* NULL = could not be opened */
	struct err error;
	struct packet *packets; /* `data` points into `bytes` */
	size_t n, cap_n;
	struct buf bytes;
};

struct reading read_capture(const struct cap_options *o, size_t max_packets, size_t max_bytes);
struct reading read_file(const struct file *f);
void reading_release(struct reading *r);

void assert_same_packets(const struct reading *a, const struct reading *b, size_t n);
/* Each packet read again is what it was. */
void assert_reread(struct reading *r);

/* Runs the suite; returns the exit code for main. */
int run_suite(Suite *s);

#endif
