/* SPDX-License-Identifier: MIT */
/*
 * test_capture_pcapng - sections, interfaces, packet blocks of all kinds, statistics and comments.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_capture_lib.h"

static const struct frame small = { 0, 0, 61, 70, 0x11 };
static const struct frame large = { 0, 0, 300, 300, 0x22 };

static void put_name_block(struct buf *b, bool big, size_t n)
{
	struct buf body = BUF_INIT;

	buf_pad(&body, 0x33, n);
	put_block(b, big, 4, &body);
	buf_release(&body);
}

static void put_simple(struct buf *b, bool big, uint32_t wire_len, size_t n)
{
	struct buf body = BUF_INIT;

	put32(&body, big, wire_len);
	buf_pad(&body, 0x44, n);
	put_block(b, big, 3, &body);
	buf_release(&body);
}

static void put_obsolete(struct buf *b, bool big, unsigned interface, unsigned drops)
{
	struct buf body = BUF_INIT;

	put16(&body, big, interface);
	put16(&body, big, drops);
	put32(&body, big, 0);
	put32(&body, big, 77);
	put32(&body, big, 5);
	put32(&body, big, 6);
	buf_addstr(&body, "hello");
	put_block(b, big, 2, &body);
	buf_release(&body);
}

static void put_statistics(
    struct buf *b, bool big, uint32_t interface, uint64_t if_drops, uint64_t os_drops)
{
	struct buf body = BUF_INIT, value = BUF_INIT;

	put32(&body, big, interface);
	put64(&body, big, 0);
	put64(&value, big, if_drops);
	put_option(&body, big, 5, value.data, 8);
	buf_reset(&value);
	put64(&value, big, os_drops);
	put_option(&body, big, 7, value.data, 8);
	put_option(&body, big, 0, "", 0);
	put_block(b, big, 5, &body);
	buf_release(&body);
	buf_release(&value);
}

static void put_noted_packet(struct buf *b, bool big, const char *comment, uint64_t drops)
{
	struct buf body = BUF_INIT, value = BUF_INIT;

	put32(&body, big, 0);
	put64(&body, big, 0);
	put32(&body, big, 3);
	put32(&body, big, 3);
	buf_add(&body, "abc\0", 4);
	put_option(&body, big, 1, comment, strlen(comment));
	put64(&value, big, drops);
	put_option(&body, big, 4, value.data, 8);
	put_option(&body, big, 0, "", 0);
	put_block(b, big, 6, &body);
	buf_release(&body);
	buf_release(&value);
}

/* Two sections in different byte orders, with other interfaces and blocks between. */
static struct buf mixed_file(size_t *ends, size_t *n)
{
	struct buf b = BUF_INIT;

	*n = 0;
	for (int big = 0; big <= 1; big++) {
		put_section(&b, big, "a section");
		put_interface(&b, big, big ? 101 : 1, big ? 0 : 65535);
		put_enhanced(&b, big, 0, 1700000000000001, &small);
		ends[(*n)++] = b.len;
		put_name_block(&b, big, 2000);
		put_interface_time(&b, big, 113, 9, 0);
		put_enhanced(&b, big, 1, 1700000000000000001, &large);
		ends[(*n)++] = b.len;
		put_simple(&b, big, 10, 10);
		ends[(*n)++] = b.len;
		put_statistics(&b, big, 1, 5, 7);
		put_obsolete(&b, big, 1, 2);
		ends[(*n)++] = b.len;
		put_name_block(&b, big, 0);
	}
	return b;
}

static void check_packet(const struct packet *p, unsigned linktype, unsigned interface, int64_t ts)
{
	ck_assert_uint_eq(p->linktype, linktype);
	ck_assert_uint_eq(p->interface, interface);
	ck_assert_int_eq(p->ts, ts);
}

START_TEST(test_sections)
{
	size_t ends[16], n;
	struct buf b = mixed_file(ends, &n);
	struct file file = file_of(&b);
	struct reading r = read_file(&file);
	const struct cap_facts *f = cap_facts(r.cap);

	ck_assert_str_eq(f->files[0].error.text, "");
	ck_assert_uint_eq(r.n, n);
	for (size_t i = 0; i < n; i += 4) {
		check_packet(&r.packets[i], i ? 101 : 1, 0, 1700000000000001000);
		ck_assert_uint_eq(r.packets[i].wire_len, 70);
		check_packet(&r.packets[i + 1], 113, 1, 1700000000000000001);
		check_packet(&r.packets[i + 2], i ? 101 : 1, 0, 0);
		ck_assert_uint_eq(r.packets[i + 2].caplen, 10);
		check_packet(&r.packets[i + 3], 113, 1, 77);
		ck_assert_int_eq(memcmp(r.packets[i + 3].data, "hello", 5), 0);
	}
	ck_assert_uint_eq(f->files[0].sections, 2);
	ck_assert_uint_eq(f->files[0].interfaces, 4);
	ck_assert_uint_eq(f->files[0].snaplen, 65535);
	ck_assert(f->files[0].nanoseconds);
	ck_assert_uint_eq(f->nlinks, 3);
	ck_assert(f->drops_known);
	ck_assert_uint_eq(f->dropped_interface, 10);
	ck_assert_uint_eq(f->dropped_kernel, 2 * (7 + 2));
	ck_assert_uint_eq(f->comments_seen, 2);
	assert_reread(&r);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* Cuts at every byte, and batches of one packet: a skipped block may span many of them. */
START_TEST(test_all_prefixes)
{
	size_t ends[16], n;
	struct buf b = mixed_file(ends, &n);
	struct file whole_file = file_of(&b);
	struct reading whole = read_file(&whole_file);

	for (size_t len = 12; len <= b.len; len++) {
		struct file file = file_make(b.data, len);
		const char *name = file.path;
		struct cap_options o = { .files = &name, .nfiles = 1 };
		struct reading r = read_capture(&o, 1, 64);
		size_t before = 0;

		while (before < n && ends[before] <= len)
			before++;
		ck_assert_ptr_nonnull(r.cap);
		ck_assert_uint_eq(r.n, before);
		assert_same_packets(&r, &whole, before);
		if (cap_facts(r.cap)->files[0].is_broken)
			ck_assert_ptr_nonnull(strstr(
			    cap_facts(r.cap)->files[0].error.text, "bytes, the file ends after"));
		else
			assert_reread(&r);
		reading_release(&r);
		file_close(&file);
	}
	reading_release(&whole);
	file_close(&whole_file);
	buf_release(&b);
}
END_TEST

START_TEST(test_cut_says_where)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, true, NULL);
	put_name_block(&b, true, 100000);
	file = file_make(b.data, b.len - 50000);
	r = read_file(&file);
	ck_assert_ptr_nonnull(strstr(cap_facts(r.cap)->files[0].error.text,
	    ": block 2 at byte 28: needs 100012 bytes, the file ends after 50012"));
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* Statistics count from the start of the capture: the last of an interface is the sum. */
START_TEST(test_statistics_replace)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, false, NULL);
	put_interface(&b, false, 1, 0);
	put_interface(&b, false, 1, 0);
	put_statistics(&b, false, 0, 1, 10);
	put_statistics(&b, false, 0, 3, 30);
	put_statistics(&b, false, 1, 100, 1000);
	put_statistics(&b, false, 2, 7, 7); /* no such interface */
	put_noted_packet(&b, false, "first", 5);
	put_noted_packet(&b, false, "second", 6);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(cap_facts(r.cap)->dropped_interface, 103);
	ck_assert_uint_eq(cap_facts(r.cap)->dropped_kernel, 1030 + 11);
	ck_assert_uint_eq(cap_facts(r.cap)->ncomments, 2);
	ck_assert_uint_eq(cap_facts(r.cap)->comments[1].ordinal, 2);
	ck_assert_str_eq(cap_facts(r.cap)->comments[1].text, "second");
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

START_TEST(test_comments_are_capped)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, false, NULL);
	put_interface(&b, false, 1, 0);
	for (int i = 0; i < 10005; i++)
		put_noted_packet(&b, false, "x", 0);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(cap_facts(r.cap)->ncomments, 10000);
	ck_assert_uint_eq(cap_facts(r.cap)->comments_seen, 10005);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

static const struct {
	unsigned resolution;
	int64_t offset; /* seconds */
	uint64_t t;
	int64_t ns; /* expected */
} times[] = {
	{ 6, 0, 1700000000123456, 1700000000123456000 },
	{ 9, 0, 1700000000123456789, 1700000000123456789 },
	{ 0, 0, 1700000000, 1700000000000000000 },
	{ 3, 1700000000, 1500, 1700000001500000000 },
	{ 12, 0, 1700000000123999, 1700000000123 },
	{ 19, 0, UINT64_MAX, 1844674407 },
	{ 0x80, 0, 17, 17000000000 },
	{ 0x80 | 1, 0, 3, 1500000000 },
	{ 0x80 | 20, 5, 3 << 19, 6500000000 },
	{ 0x80 | 63, 0, UINT64_C(3) << 62, 1500000000 },
	{ 6, -10, 5000000, -5000000000 },
	{ 0, 0, UINT64_MAX, INT64_MAX },
	{ 0, INT64_MIN, 0, INT64_MIN },
	{ 9, 0, UINT64_MAX, INT64_MAX },
	{ 6, INT64_MAX, UINT64_MAX, INT64_MAX },
};

START_TEST(test_times)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, false, NULL);
	put_interface_time(&b, false, 1, times[_i].resolution, times[_i].offset);
	put_enhanced(&b, false, 0, times[_i].t, &small);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_int_eq(r.packets[0].ts, times[_i].ns);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* What follows a good packet, and what is said about it. */
static const struct {
	uint32_t words[10]; /* of the block, without the first two and the last */
	unsigned nwords;
	uint32_t type, len, trailer;
	const char *says;
} broken[] = {
	{ { 9, 0, 0, 0, 0 }, 5, 6, 32, 32, "interface 9 of the packet is not described" },
	{ { 0, 0, 0, 5, 0 }, 5, 6, 32, 32, "captured length 5, the block holds 0 bytes" },
	{ { 0, 0, 0 }, 3, 6, 24, 24, "the packet block is too short" },
	{ { 0, 0, 0, 0, 0 }, 5, 6, 32, 36, "block length 32 at the start, 36 at the end" },
	{ { 0, 0 }, 2, 4, 20, 24, "block length 20 at the start, 24 at the end" },
	{ { 0 }, 1, 6, 8, 8, "block length 8 is not possible" },
	{ { 0 }, 1, 77, 17, 17, "block length 17 is not possible" },
	{ { 0 }, 1, 6, 0xfffffff0, 0, "block length 4294967280 exceeds" },
	{ { 0 }, 1, 99, 0xfffffff0, 0, "needs 4294967280 bytes, the file ends after 16" },
	{ { 0x22222222, 1, 0, 0 }, 4, 0x0a0d0d0a, 28, 28, "no valid byte order" },
	{ { 0x1a2b3c4d, 2, 0, 0 }, 4, 0x0a0d0d0a, 28, 28, "pcapng version 2.0 is not known" },
	{ { 0x1a2b3c4d, 1 }, 2, 0x0a0d0d0a, 20, 20, "the section header is too short" },
	{ { 1 }, 1, 1, 16, 16, "the interface description is too short" },
	{ { 1, 0, 0x00010009, 20 }, 4, 1, 28, 28, "time resolution 10^-20 is too fine" },
	{ { 1, 0, 0x00010009, 0xc0 }, 4, 1, 28, 28, "time resolution 2^-64 is too fine" },
	{ { 1, 0, 0x00020009, 6 }, 4, 1, 28, 28, "time resolution of the interface is malformed" },
	{ { 1, 0, 0x0004000e, 6 }, 4, 1, 28, 28, "time offset of the interface is malformed" },
	{ { 1, 0, 0x00050002, 6 }, 4, 1, 28, 28, "longer than its block" },
};

START_TEST(test_broken)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;
	const char *text;

	put_section(&b, false, NULL);
	put_interface(&b, false, 1, 0);
	put_enhanced(&b, false, 0, 0, &small);
	put32(&b, false, broken[_i].type);
	put32(&b, false, broken[_i].len);
	for (unsigned i = 0; i < broken[_i].nwords; i++)
		put32(&b, false, broken[_i].words[i]);
	put32(&b, false, broken[_i].trailer);
	file = file_of(&b);
	r = read_file(&file);
	text = cap_facts(r.cap)->files[0].error.text;
	ck_assert_uint_eq(r.n, 1);
	ck_assert_ptr_nonnull(strstr(text, ": block 4 at byte 144: "));
	ck_assert_msg(strstr(text, broken[_i].says), "%s", text);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* Malformed options of a packet do no harm to it. */
START_TEST(test_bad_packet_options)
{
	struct buf b = BUF_INIT, body = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, false, NULL);
	put_interface(&b, false, 1, 0);
	for (int i = 0; i < 3; i++)
		put32(&body, false, 0);
	put32(&body, false, 4);
	put32(&body, false, 4);
	buf_addstr(&body, "data");
	put16(&body, false, 1);
	put16(&body, false, 1000);
	put_block(&b, false, 6, &body);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.packets[0].caplen, 4);
	ck_assert(!cap_facts(r.cap)->files[0].is_broken);
	ck_assert_uint_eq(cap_facts(r.cap)->comments_seen, 0);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
	buf_release(&body);
}
END_TEST

/* The simple packet block has no captured length: the snaplen of interface 0 tells it. */
START_TEST(test_simple_packets)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_section(&b, true, NULL);
	put_interface(&b, true, 1, 20);
	put_simple(&b, true, 100, 20);
	put_simple(&b, true, 18, 18);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.packets[0].caplen, 20);
	ck_assert_uint_eq(r.packets[0].wire_len, 100);
	ck_assert_uint_eq(r.packets[1].caplen, 18);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* "ether" means nothing on raw IP: such packets do not match, the others are judged. */
START_TEST(test_filter_per_link)
{
	size_t ends[16], n;
	struct buf b = mixed_file(ends, &n);
	struct file file = file_of(&b);
	const char *name = file.path;
	struct cap_options o = { .files = &name, .nfiles = 1, .bpf = "ether[0] = 0x11" };
	struct reading r = read_capture(&o, 10, 1000);

	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.packets[0].ordinal, 1);
	ck_assert_uint_eq(r.packets[1].ordinal, 5);
	ck_assert_uint_eq(cap_facts(r.cap)->filtered, n - 2);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capture_pcapng");
	TCase *t = tcase_create("pcapng");

	suite_add_tcase(s, t);
	tcase_add_test(t, test_sections);
	tcase_add_test(t, test_all_prefixes);
	tcase_add_test(t, test_cut_says_where);
	tcase_add_test(t, test_statistics_replace);
	tcase_add_test(t, test_comments_are_capped);
	tcase_add_loop_test(t, test_times, 0, (int)ARRAY_LEN(times));
	tcase_add_loop_test(t, test_broken, 0, (int)ARRAY_LEN(broken));
	tcase_add_test(t, test_bad_packet_options);
	tcase_add_test(t, test_simple_packets);
	tcase_add_test(t, test_filter_per_link);
	return run_suite(s);
}
