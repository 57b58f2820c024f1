/* SPDX-License-Identifier: MIT */
/*
 * test_capture - pcap files, batches, several files, filters, and what is said of broken ones.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_capture_lib.h"

static const struct frame frames[] = {
	{ 1700000000, 1, 60, 60, 0x01 },
	{ 1700000000, 999999, 0, 0, 0x02 },
	{ 1700000001, 5, 1514, 9000, 0x03 },
	{ 1699999999, 5, 7, 3, 0x04 },
	{ 4294967295, 0, 33, 33, 0x05 },
};

#define NFRAMES ARRAY_LEN(frames)

static struct buf small_pcap(void)
{
	struct buf b = BUF_INIT;

	put_pcap_header(&b, false, 0xa1b2c3d4, 1);
	for (size_t i = 0; i < NFRAMES; i++)
		put_pcap_record(&b, false, &frames[i]);
	return b;
}

static struct reading read_two(const struct file *a, const struct file *b)
{
	const char *names[] = { a->path, b->path };
	struct cap_options o = { .files = names, .nfiles = 2 };

	return read_capture(&o, 3, 1000);
}

static const struct {
	uint32_t magic;
	int64_t ns;   /* of one unit of the fraction */
	size_t extra; /* bytes of the record's header behind the usual ones */
} variants[] = {
	{ 0xa1b2c3d4, 1000, 0 },
	{ 0xa1b23c4d, 1, 0 },
	{ 0xa1b2cd34, 1000, 8 },
};

static void check_frame(const struct packet *p, const struct frame *f, int64_t ns)
{
	ck_assert_int_eq(p->ts, f->seconds * NS_PER_SEC + f->fraction * ns);
	ck_assert_uint_eq(p->caplen, f->caplen);
	ck_assert_uint_eq(p->wire_len, f->wire_len);
	ck_assert_uint_eq(p->linktype, 113);
	for (uint32_t i = 0; i < p->caplen; i++)
		ck_assert_uint_eq(p->data[i], f->fill);
}

/* _i: variant and byte order */
START_TEST(test_variants)
{
	size_t v = (size_t)_i / 2;
	bool big = _i % 2;
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_pcap_header(&b, big, variants[v].magic, 113);
	for (size_t i = 0; i < NFRAMES; i++) {
		struct frame f = frames[i];

		f.caplen = 0;
		put_pcap_record(&b, big, &f);
		b.len -= 8;
		put32(&b, big, frames[i].caplen);
		put32(&b, big, frames[i].wire_len);
		buf_pad(&b, 0x55, variants[v].extra);
		buf_pad(&b, (char)f.fill, frames[i].caplen);
	}
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, NFRAMES);
	for (size_t i = 0; i < NFRAMES; i++)
		check_frame(&r.packets[i], &frames[i], variants[v].ns);
	ck_assert_int_eq(cap_facts(r.cap)->files[0].nanoseconds, variants[v].ns == 1);
	assert_reread(&r);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* Version 2.2 has the wire length first; 2.3 was written both ways. */
START_TEST(test_old_versions)
{
	struct frame swapped = { 1, 2, 4, 2, 0x77 }; /* says: 4 captured of 2 */
	struct buf b = BUF_INIT;
	struct file file;
	struct reading r;

	put_pcap_header(&b, false, 0xa1b2c3d4, 1);
	put_pcap_record(&b, false, &swapped);
	b.data[6] = (char)_i;
	b.len -= 2;
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.packets[0].caplen, 2);
	ck_assert_uint_eq(r.packets[0].wire_len, 4);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* Every cut of the file: the packets before it, and where it is. */
START_TEST(test_all_prefixes)
{
	struct buf b = small_pcap();
	struct file whole_file = file_of(&b);
	struct reading whole = read_file(&whole_file);
	char where[64];

	for (size_t n = 0; n <= b.len; n++) {
		struct file file = file_make(b.data, n);
		struct reading r = read_file(&file);
		size_t before = 0, end = 24;

		if (n < 24) {
			ck_assert_ptr_null(r.cap);
			ck_assert_ptr_nonnull(strstr(r.error.text, file.path));
			reading_release(&r);
			file_close(&file);
			continue;
		}
		while (before < NFRAMES && end + 16 + frames[before].caplen <= n)
			end += 16 + frames[before++].caplen;
		ck_assert_uint_eq(r.n, before);
		assert_same_packets(&r, &whole, before);
		(void)snprintf(
		    where, sizeof(where), "record %zu at byte %zu: needs", before + 1, end);
		ck_assert_int_eq(cap_facts(r.cap)->files[0].is_broken, n != end);
		if (n != end)
			ck_assert_ptr_nonnull(strstr(cap_facts(r.cap)->files[0].error.text, where));
		reading_release(&r);
		file_close(&file);
	}
	reading_release(&whole);
	file_close(&whole_file);
	buf_release(&b);
}
END_TEST

START_TEST(test_batch_sizes)
{
	static const size_t bytes[] = { 1, 64, 100, 1600, 3000, 1 << 20 };
	struct buf b = small_pcap();
	struct file file = file_of(&b);
	const char *names[] = { file.path, file.path };
	struct cap_options o = { .files = names, .nfiles = 2 };
	struct reading whole = read_capture(&o, 1000, 1 << 20);

	ck_assert_uint_eq(whole.n, 2 * NFRAMES);
	for (size_t n = 1; n <= 2 * NFRAMES + 1; n++) {
		for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
			struct reading r = read_capture(&o, n, bytes[i]);

			ck_assert_uint_eq(r.n, whole.n);
			assert_same_packets(&r, &whole, whole.n);
			reading_release(&r);
		}
	}
	reading_release(&whole);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* A cut in the first of two files is recorded; the second is read all the same. */
START_TEST(test_several_files)
{
	struct buf b = small_pcap();
	struct file whole = file_of(&b), cut = file_make(b.data, b.len - 1);
	struct reading r = read_two(&cut, &whole);
	const struct cap_facts *facts = cap_facts(r.cap);

	ck_assert_uint_eq(r.n, 2 * NFRAMES - 1);
	for (size_t i = 0; i < r.n; i++) {
		bool second = i >= NFRAMES - 1;

		ck_assert_uint_eq(r.packets[i].ordinal, i + 1);
		ck_assert_uint_eq(r.packets[i].file, second);
		ck_assert_uint_eq(r.packets[i].number, second ? i + 2 - NFRAMES : i + 1);
	}
	ck_assert(facts->files[0].is_broken && !facts->files[1].is_broken);
	ck_assert_uint_eq(facts->files[0].packets, NFRAMES - 1);
	ck_assert_uint_eq(facts->files[1].packets, NFRAMES);
	assert_reread(&r);
	ck_assert_int_eq(cap_progress(r.cap), 1000);
	reading_release(&r);
	file_close(&whole);
	file_close(&cut);
	buf_release(&b);
}
END_TEST

START_TEST(test_missing_among_others)
{
	struct buf b = small_pcap();
	struct file whole = file_of(&b);
	struct file missing = { .fd = -1, .path = "/nonexistent/x.pcap" };
	struct reading r = read_two(&missing, &whole);

	ck_assert_uint_eq(r.n, NFRAMES);
	ck_assert(cap_facts(r.cap)->files[0].is_broken);
	ck_assert_str_eq(cap_facts(r.cap)->files[0].error.text,
	    "/nonexistent/x.pcap: cannot open: No such file or directory");
	reading_release(&r);
	r = read_two(&missing, &missing);
	ck_assert_ptr_null(r.cap);
	ck_assert_ptr_nonnull(strstr(r.error.text, "No such file"));
	reading_release(&r);
	file_close(&whole);
	buf_release(&b);
}
END_TEST

START_TEST(test_facts)
{
	struct buf b = small_pcap();
	struct file file = file_of(&b);
	struct reading r = read_file(&file);
	const struct cap_facts *f = cap_facts(r.cap);

	ck_assert_uint_eq(f->packets, NFRAMES);
	ck_assert_uint_eq(f->filtered, 0);
	ck_assert_uint_eq(f->bytes, 60 + 1514 + 7 + 33);
	ck_assert_uint_eq(f->wire_bytes, 60 + 9000 + 3 + 33);
	ck_assert_uint_eq(f->truncated, 1);
	ck_assert_int_eq(f->first_ts, 1699999999 * NS_PER_SEC + 5000);
	ck_assert_int_eq(f->last_ts, 4294967295 * NS_PER_SEC);
	ck_assert_uint_eq(f->time_steps_back, 1);
	ck_assert_uint_eq(f->nlinks, 1);
	ck_assert_uint_eq(f->links[0].linktype, 1);
	ck_assert_uint_eq(f->links[0].packets, NFRAMES);
	ck_assert_uint_eq(f->files[0].size, b.len);
	ck_assert_uint_eq(f->files[0].snaplen, 65535);
	ck_assert_str_eq(f->files[0].format, "pcap");
	ck_assert_str_eq(f->files[0].compression, "none");
	ck_assert(!f->drops_known);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

START_TEST(test_filter_keeps_numbers)
{
	struct buf b = small_pcap();
	struct file file = file_of(&b);
	const char *name = file.path;
	struct cap_options o = { .files = &name, .nfiles = 1, .bpf = "ether[0] >= 3" };
	struct reading r = read_capture(&o, 2, 100);

	ck_assert_uint_eq(r.n, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(r.packets[i].ordinal, i + 3);
		ck_assert_uint_eq(r.packets[i].number, i + 3);
		ck_assert_uint_eq(r.packets[i].data[0], i + 3);
	}
	ck_assert_uint_eq(cap_facts(r.cap)->packets, NFRAMES);
	ck_assert_uint_eq(cap_facts(r.cap)->filtered, 2);
	reading_release(&r);
	o.max_packets = 2;
	r = read_capture(&o, 100, 1 << 16);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.packets[1].number, 4);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

START_TEST(test_bad_filter)
{
	struct buf b = small_pcap();
	struct file file = file_of(&b);
	const char *name = file.path;
	struct cap_options o = { .files = &name, .nfiles = 1, .bpf = "tcp prot 80" };
	struct reading r = read_capture(&o, 1, 1);

	ck_assert_ptr_null(r.cap);
	ck_assert_ptr_nonnull(strstr(r.error.text, "filter \"tcp prot 80\": "));
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
	const char *says;
} strangers[] = {
	{ "", 0, "empty" },
	{ "\xd4\xc3", 2, "only 2 bytes" },
	{ "\xd4\xc3\xb2\xa1\x02\0\x04\0", 8, "needs 24 bytes for its header" },
	{ "\xd4\xc3\xb2\xa1\x02\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, "version 2.5" },
	{ "Just some text.", 15, "begins with 4a 75 73 74" },
	{ "BZh91AY", 7, "bzip2" },
	{ "\x0a\x0d\x0d\x0a????????", 12, "not a pcap or pcapng file" },
};

START_TEST(test_strangers)
{
	struct file file = file_make(strangers[_i].bytes, strangers[_i].n);
	struct reading r = read_file(&file);

	ck_assert_ptr_null(r.cap);
	ck_assert_ptr_nonnull(strstr(r.error.text, file.path));
	ck_assert_msg(strstr(r.error.text, strangers[_i].says), "%s", r.error.text);
	reading_release(&r);
	file_close(&file);
}
END_TEST

START_TEST(test_directory)
{
	struct file file = { .fd = -1, .path = "/" };
	struct reading r = read_file(&file);

	ck_assert_ptr_null(r.cap);
	ck_assert_str_eq(r.error.text, "/: is a directory");
	reading_release(&r);
}
END_TEST

START_TEST(test_absurd_length)
{
	struct frame absurd = { 1, 2, 0, 0, 0 };
	struct buf b = small_pcap();
	struct file file;
	struct reading r;
	size_t at = b.len;
	char says[128];

	put_pcap_record(&b, false, &absurd);
	memcpy(b.data + at + 8, "\xff\xff\xff\x7f", 4);
	file = file_of(&b);
	r = read_file(&file);
	ck_assert_uint_eq(r.n, NFRAMES);
	(void)snprintf(says, sizeof(says),
	    "record 6 at byte %zu: captured length 2147483647 exceeds 262144", at);
	ck_assert_ptr_nonnull(strstr(cap_facts(r.cap)->files[0].error.text, says));
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

/* A length that is allowed (USB) but lies: no memory for it beyond the bytes that came. */
START_TEST(test_lying_length)
{
	struct buf b = BUF_INIT;
	struct file file;
	struct cap_batch batch;
	struct cap *cap;
	struct cap_options o = { .nfiles = 1 };
	const char *name;

	put_pcap_header(&b, false, 0xa1b2c3d4, 220);
	put64(&b, false, 0);
	put32(&b, false, 100 << 20);
	put32(&b, false, 100 << 20);
	buf_pad(&b, 0, 10000);
	file = file_of(&b);
	name = file.path;
	o.files = &name;
	cap = cap_open(&o, NULL);
	ck_assert_ptr_nonnull(cap);
	cap_batch_init(&batch, 10, 64);
	ck_assert_uint_eq(cap_read(cap, &batch), 0);
	ck_assert(cap_facts(cap)->files[0].is_broken);
	ck_assert_uint_lt(batch.max_bytes, 100000);
	cap_batch_release(&batch);
	cap_close(cap);
	file_close(&file);
	buf_release(&b);
}
END_TEST

START_TEST(test_reread_elsewhere)
{
	struct buf b = small_pcap();
	struct file file = file_of(&b);
	struct reading r = read_file(&file);
	struct packet p;
	struct err e = { "" };

	ck_assert_int_eq(cap_reread(r.cap, 0, b.len, &p, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "cannot be read again"));
	ck_assert_int_eq(cap_reread(r.cap, 0, b.len - 5, &p, &e), -1);
	ck_assert_int_eq(cap_reread(r.cap, 1, 24, &p, &e), -1);
	ck_assert_int_eq(cap_reread(r.cap, 0, UINT64_MAX, &p, &e), -1);
	reading_release(&r);
	file_close(&file);
	buf_release(&b);
}
END_TEST

START_TEST(test_link_names)
{
	ck_assert_str_eq(cap_link_name(1), "ETHERNET");
	ck_assert_str_eq(cap_link_name(0), "NULL");
	ck_assert_str_eq(cap_link_name(101), "RAW");
	ck_assert_str_eq(cap_link_name(276), "LINUX_SLL2");
	ck_assert_ptr_null(cap_link_name(65535));
	ck_assert_ptr_null(cap_link_name(98));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capture");
	TCase *t = tcase_create("pcap");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_variants, 0, 2 * (int)ARRAY_LEN(variants));
	tcase_add_loop_test(t, test_old_versions, 2, 4);
	tcase_add_test(t, test_all_prefixes);
	tcase_add_test(t, test_batch_sizes);
	tcase_add_test(t, test_several_files);
	tcase_add_test(t, test_missing_among_others);
	tcase_add_test(t, test_facts);
	tcase_add_test(t, test_filter_keeps_numbers);
	tcase_add_test(t, test_bad_filter);
	tcase_add_loop_test(t, test_strangers, 0, (int)ARRAY_LEN(strangers));
	tcase_add_test(t, test_directory);
	tcase_add_test(t, test_absurd_length);
	tcase_add_test(t, test_lying_length);
	tcase_add_test(t, test_reread_elsewhere);
	tcase_add_test(t, test_link_names);
	return run_suite(s);
}
