/* SPDX-License-Identifier: MIT */
/*
 * test_capture_lib - capture files made by hand, and whole captures read at once.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/mem.h"
#include "test_capture_lib.h"

static void put_bytes(struct buf *b, bool big, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_addch(b, (char)(v >> 8 * (big ? n - 1 - i : i)));
}

void put16(struct buf *b, bool is_big_endian, unsigned v)
{
	put_bytes(b, is_big_endian, v, 2);
}

void put32(struct buf *b, bool is_big_endian, uint32_t v)
{
	put_bytes(b, is_big_endian, v, 4);
}

void put64(struct buf *b, bool is_big_endian, uint64_t v)
{
	put_bytes(b, is_big_endian, v, 8);
}

void put_pcap_header(struct buf *b, bool big, uint32_t magic, uint32_t linktype)
{
	put32(b, big, magic);
	put16(b, big, 2);
	put16(b, big, 4);
	put64(b, big, 0);
	put32(b, big, 65535);
	put32(b, big, linktype);
}

void put_pcap_record(struct buf *b, bool big, const struct frame *f)
{
	put32(b, big, f->seconds);
	put32(b, big, f->fraction);
	put32(b, big, f->caplen);
	put32(b, big, f->wire_len);
	buf_pad(b, (char)f->fill, f->caplen);
}

void put_block(struct buf *b, bool big, uint32_t type, const struct buf *body)
{
	size_t padding = (4 - body->len % 4) % 4;
	uint32_t len = (uint32_t)(body->len + padding + 12);

	put32(b, big, type);
	put32(b, big, len);
	buf_add(b, body->data, body->len);
	buf_pad(b, 0, padding);
	put32(b, big, len);
}

void put_option(struct buf *body, bool big, unsigned code, const void *value, size_t n)
{
	put16(body, big, code);
	put16(body, big, (unsigned)n);
	buf_add(body, value, n);
	buf_pad(body, 0, (4 - n % 4) % 4);
}

void put_section(struct buf *b, bool big, const char *comment)
{
	struct buf body = BUF_INIT;

	put32(&body, big, 0x1a2b3c4d);
	put16(&body, big, 1);
	put16(&body, big, 0);
	put64(&body, big, UINT64_MAX);
	if (comment) {
		put_option(&body, big, 1, comment, strlen(comment));
		put_option(&body, big, 0, "", 0);
	}
	put_block(b, big, 0x0a0d0d0a, &body);
	buf_release(&body);
}

void put_interface(struct buf *b, bool big, unsigned linktype, uint32_t snaplen)
{
	struct buf body = BUF_INIT;

	put16(&body, big, linktype);
	put16(&body, big, 0);
	put32(&body, big, snaplen);
	put_block(b, big, 1, &body);
	buf_release(&body);
}

void put_interface_time(
    struct buf *b, bool big, unsigned linktype, unsigned resolution, int64_t offset)
{
	struct buf body = BUF_INIT, value = BUF_INIT;
	char resolution_byte = (char)resolution;

	put16(&body, big, linktype);
	put16(&body, big, 0);
	put32(&body, big, 0);
	put_option(&body, big, 9, &resolution_byte, 1);
	put64(&value, big, (uint64_t)offset);
	put_option(&body, big, 14, value.data, value.len);
	put_option(&body, big, 0, "", 0);
	put_block(b, big, 1, &body);
	buf_release(&body);
	buf_release(&value);
}

void put_enhanced(struct buf *b, bool big, uint32_t interface, uint64_t t, const struct frame *f)
{
	struct buf body = BUF_INIT;

	put32(&body, big, interface);
	put32(&body, big, (uint32_t)(t >> 32));
	put32(&body, big, (uint32_t)t);
	put32(&body, big, f->caplen);
	put32(&body, big, f->wire_len);
	buf_pad(&body, (char)f->fill, f->caplen);
	put_block(b, big, 6, &body);
	buf_release(&body);
}

struct file file_make(const void *bytes, size_t n)
{
	struct file f;

	f.fd = memfd_create("capture", MFD_CLOEXEC);
	ck_assert_int_ge(f.fd, 0);
	ck_assert_int_eq(write(f.fd, bytes, n), (ssize_t)n);
	(void)snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	return f;
}

struct file file_of(const struct buf *b)
{
	return file_make(b->data, b->len);
}

void file_close(struct file *f)
{
	(void)close(f->fd);
	f->fd = -1;
}

static void take(struct reading *r, const struct packet *p)
{
	r->packets = mem_grow(r->packets, r->n, &r->cap_n, sizeof(*r->packets));
	r->packets[r->n++] = *p;
	buf_add(&r->bytes, p->data, p->caplen);
}

struct reading read_capture(const struct cap_options *o, size_t max_packets, size_t max_bytes)
{
	struct reading r = { .bytes = BUF_INIT };
	struct cap_batch batch;
	size_t at = 0;

	r.cap = cap_open(o, &r.error);
	if (!r.cap)
		return r;
	cap_batch_init(&batch, max_packets, max_bytes);
	while (cap_read(r.cap, &batch) > 0) {
		ck_assert_uint_le(batch.count, max_packets);
		for (size_t i = 0; i < batch.count; i++)
			take(&r, &batch.packets[i]);
	}
	ck_assert_uint_eq(cap_read(r.cap, &batch), 0);
	cap_batch_release(&batch);
	for (size_t i = 0; i < r.n; i++) {
		r.packets[i].data = (const uint8_t *)r.bytes.data + at;
		at += r.packets[i].caplen;
	}
	return r;
}

struct reading read_file(const struct file *f)
{
	const char *name = f->path;
	struct cap_options o = { .files = &name, .nfiles = 1 };

	return read_capture(&o, 100, 1 << 16);
}

void reading_release(struct reading *r)
{
	cap_close(r->cap);
	free(r->packets);
	buf_release(&r->bytes);
}

static void assert_same_packet(const struct packet *a, const struct packet *b)
{
	ck_assert_int_eq(a->ts, b->ts);
	ck_assert_uint_eq(a->caplen, b->caplen);
	ck_assert_uint_eq(a->wire_len, b->wire_len);
	ck_assert_uint_eq(a->interface, b->interface);
	ck_assert_uint_eq(a->linktype, b->linktype);
	ck_assert_uint_eq(a->file, b->file);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_int_eq(memcmp(a->data, b->data, a->caplen), 0);
}

void assert_same_packets(const struct reading *a, const struct reading *b, size_t n)
{
	ck_assert_uint_ge(a->n, n);
	ck_assert_uint_ge(b->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_same_packet(&a->packets[i], &b->packets[i]);
		ck_assert_uint_eq(a->packets[i].ordinal, b->packets[i].ordinal);
		ck_assert_uint_eq(a->packets[i].number, b->packets[i].number);
	}
}

void assert_reread(struct reading *r)
{
	struct packet again;
	struct err e;

	for (size_t i = r->n; i-- > 0;) {
		const struct packet *p = &r->packets[i];

		ck_assert_msg(
		    cap_reread(r->cap, p->file, p->offset, &again, &e) == 0, "%s", e.text);
		assert_same_packet(p, &again);
	}
}

int run_suite(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
