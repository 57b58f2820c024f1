/* SPDX-License-Identifier: MIT */
/*
 * test_capture_packed - gzip, zstd, pipes and the spool.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "tcpshadow/mem.h"
#include "test_capture_lib.h"

#define NFRAMES 200

static struct buf plain_bytes(void)
{
	struct buf b = BUF_INIT;

	put_pcap_header(&b, false, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < NFRAMES; i++) {
		struct frame f = { 1700000000 + i, i, i * 7, i * 7, (uint8_t)i };

		put_pcap_record(&b, false, &f);
	}
	return b;
}

#ifdef HAVE_ZLIB
static void pack_gzip(struct buf *out, const char *bytes, size_t n)
{
	z_stream z = { 0 };
	size_t room = n + 1000;

	ck_assert_int_eq(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	buf_reserve(out, room);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (unsigned)n;
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (unsigned)room;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += room - z.avail_out;
	(void)deflateEnd(&z);
}

#else
#define pack_gzip NULL
#endif

#ifdef HAVE_ZSTD
static void pack_zstd(struct buf *out, const char *bytes, size_t n)
{
	size_t room = ZSTD_compressBound(n);

	buf_reserve(out, room);
	room = ZSTD_compress(out->data + out->len, room, bytes, n, 1);
	ck_assert(!ZSTD_isError(room));
	out->len += room;
}

#else
#define pack_zstd NULL
#endif

static const struct packing {
	/* NULL = built without it */
	void (*pack)(struct buf *out, const char *bytes, size_t n);
	const char *name;
} packings[] = {
	{ pack_gzip, "gzip" },
	{ pack_zstd, "zstd" },
};

static struct reading read_spooled(const struct file *f, uint64_t spool_bytes)
{
	const char *name = f->path;
	struct cap_options o = { .files = &name, .nfiles = 1, .spool_bytes = spool_bytes };

	return read_capture(&o, 50, 5000);
}

/* The same packets at the same offsets as without compression; read again from the spool. */
START_TEST(test_packed)
{
	struct buf plain = plain_bytes(), packed = BUF_INIT;
	struct file plain_file = file_of(&plain), file;
	struct reading whole = read_file(&plain_file), r;

	if (!packings[_i].pack)
		return;
	packings[_i].pack(&packed, plain.data, plain.len);
	file = file_of(&packed);
	r = read_spooled(&file, 1 << 30);
	ck_assert_uint_eq(r.n, NFRAMES);
	assert_same_packets(&r, &whole, NFRAMES);
	ck_assert_str_eq(cap_facts(r.cap)->files[0].compression, packings[_i].name);
	ck_assert_uint_eq(cap_facts(r.cap)->files[0].size, packed.len);
	ck_assert_uint_eq(cap_facts(r.cap)->spool_overflow, 0);
	ck_assert_int_eq(cap_progress(r.cap), 1000);
	assert_reread(&r);
	reading_release(&r);
	reading_release(&whole);
	file_close(&file);
	file_close(&plain_file);
	buf_release(&plain);
	buf_release(&packed);
}
END_TEST

/* Members (frames) one after the other are one stream, wherever the border is. */
START_TEST(test_members)
{
	struct buf plain = plain_bytes(), packed = BUF_INIT;
	struct file file;
	struct reading r;

	if (!packings[_i].pack)
		return;
	packings[_i].pack(&packed, plain.data, 10);
	packings[_i].pack(&packed, plain.data + 10, 5000);
	packings[_i].pack(&packed, plain.data, 0);
	packings[_i].pack(&packed, plain.data + 5010, plain.len - 5010);
	if (packings[_i].pack == pack_gzip)
		buf_pad(&packed, 0, 512);
	file = file_of(&packed);
	r = read_spooled(&file, 0);
	ck_assert_uint_eq(r.n, NFRAMES);
	ck_assert_str_eq(cap_facts(r.cap)->files[0].error.text, "");
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
	buf_release(&packed);
}
END_TEST

/* Every cut: the packets before it are right, and the error names the file and the place. */
START_TEST(test_packed_prefixes)
{
	struct buf plain = plain_bytes(), packed = BUF_INIT;
	struct file plain_file = file_of(&plain);
	struct reading whole = read_file(&plain_file);

	if (!packings[_i].pack)
		return;
	packings[_i].pack(&packed, plain.data, plain.len);
	for (size_t n = 0; n < packed.len; n += 1 + n / 50) {
		struct file file = file_make(packed.data, n);
		struct reading r = read_spooled(&file, 0);
		const char *text = r.cap ? cap_facts(r.cap)->files[0].error.text : r.error.text;

		ck_assert_ptr_nonnull(strstr(text, file.path));
		if (n > 4)
			ck_assert_msg(strstr(text, "data is cut off after"), "%s", text);
		assert_same_packets(&r, &whole, r.n);
		reading_release(&r);
		file_close(&file);
	}
	reading_release(&whole);
	file_close(&plain_file);
	buf_release(&plain);
	buf_release(&packed);
}
END_TEST

/* The second member does not begin as one: all of the first is delivered. */
START_TEST(test_packed_corrupt)
{
	struct buf plain = plain_bytes(), packed = BUF_INIT;
	struct file file;
	struct reading r;
	size_t second;

	if (!packings[_i].pack)
		return;
	packings[_i].pack(&packed, plain.data, plain.len);
	second = packed.len;
	packings[_i].pack(&packed, plain.data, plain.len);
	packed.data[second + 1] ^= 0x40;
	file = file_of(&packed);
	r = read_spooled(&file, 0);
	ck_assert_uint_eq(r.n, NFRAMES);
	ck_assert(cap_facts(r.cap)->files[0].is_broken);
	ck_assert_ptr_nonnull(strstr(cap_facts(r.cap)->files[0].error.text, "data is corrupt: "));
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
	buf_release(&packed);
}
END_TEST

/* The bytes in a pipe, and the end of it that is read, by path. */
static struct file pipe_of(const struct buf *b)
{
	struct file f;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_uint_le(b->len, 65536);
	ck_assert_int_eq(write(ends[1], b->data, b->len), (ssize_t)b->len);
	(void)close(ends[1]);
	f.fd = ends[0];
	(void)snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	return f;
}

static struct buf small_plain_bytes(void)
{
	struct buf b = plain_bytes();

	b.len = 50000;
	return b;
}

START_TEST(test_pipe)
{
	struct buf plain = small_plain_bytes();
	struct file file = pipe_of(&plain), again = file_of(&plain);
	struct reading whole = read_file(&again), r = read_spooled(&file, 1 << 20);

	ck_assert_uint_eq(r.n, whole.n);
	assert_same_packets(&r, &whole, whole.n);
	ck_assert_uint_eq(cap_facts(r.cap)->files[0].size, 0);
	ck_assert_int_eq(cap_progress(r.cap), -1);
	assert_reread(&r);
	reading_release(&r);
	reading_release(&whole);
	file_close(&file);
	file_close(&again);
	buf_release(&plain);
}
END_TEST

START_TEST(test_standard_input)
{
	struct buf plain = small_plain_bytes();
	struct file file = pipe_of(&plain), input = { .fd = -1, .path = "-" };
	struct reading r;

	ck_assert_int_eq(dup2(file.fd, STDIN_FILENO), STDIN_FILENO);
	r = read_file(&input);
	ck_assert_uint_gt(r.n, 50);
	ck_assert_ptr_nonnull(
	    strstr(cap_facts(r.cap)->files[0].error.text, "standard input: record "));
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
}
END_TEST

/* Standard input that is a file is sought, not spooled; it may begin in the middle. */
START_TEST(test_redirected_input)
{
	struct buf plain = plain_bytes(), b = BUF_INIT;
	struct file file, input = { .fd = -1, .path = "-" };
	struct reading r;

	buf_addstr(&b, "header of another program");
	buf_add(&b, plain.data, plain.len);
	file = file_of(&b);
	ck_assert_int_eq(lseek(file.fd, 25, SEEK_SET), 25);
	ck_assert_int_eq(dup2(file.fd, STDIN_FILENO), STDIN_FILENO);
	r = read_file(&input);
	ck_assert_uint_eq(r.n, NFRAMES);
	ck_assert_uint_eq(r.packets[0].offset, 24);
	assert_reread(&r);
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
	buf_release(&b);
}
END_TEST

/* What fits is kept and can be read again; the rest is counted. */
START_TEST(test_spool_is_bounded)
{
	struct buf plain = small_plain_bytes();
	struct file file = pipe_of(&plain);
	struct reading r = read_spooled(&file, 20000);
	struct packet p;
	struct err e = { "" };

	ck_assert_uint_eq(cap_facts(r.cap)->spool_overflow, 30000);
	for (size_t i = 0; i < r.n; i++) {
		const struct packet *q = &r.packets[i];
		bool is_kept = q->offset + 16 + q->caplen <= 20000;

		ck_assert_int_eq(cap_reread(r.cap, 0, q->offset, &p, &e), is_kept ? 0 : -1);
		if (!is_kept)
			ck_assert_ptr_nonnull(
			    strstr(e.text, "only the first 20000 bytes were kept"));
	}
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
}
END_TEST

START_TEST(test_no_spool)
{
	struct buf plain = small_plain_bytes();
	struct file file = pipe_of(&plain);
	struct reading r = read_spooled(&file, 0);
	struct packet p;
	struct err e = { "" };

	ck_assert_uint_gt(r.n, 50);
	ck_assert_uint_eq(cap_facts(r.cap)->spool_overflow, 0);
	ck_assert_int_eq(cap_reread(r.cap, 0, r.packets[0].offset, &p, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "only the first 0 bytes were kept"));
	reading_release(&r);
	file_close(&file);
	buf_release(&plain);
}
END_TEST

/* Two inputs share the spool. */
START_TEST(test_two_spooled)
{
	struct buf plain = small_plain_bytes(), packed = BUF_INIT;
	struct file pipe_file = pipe_of(&plain), packed_file;
	const char *names[2] = { pipe_file.path };
	struct cap_options o = { .files = names, .nfiles = 2, .spool_bytes = 1 << 20 };
	struct reading r;

	if (!packings[_i].pack)
		return;
	packings[_i].pack(&packed, plain.data, plain.len);
	packed_file = file_of(&packed);
	names[1] = packed_file.path;
	r = read_capture(&o, 7, 3000);
	ck_assert_uint_eq(r.packets[r.n - 1].file, 1);
	ck_assert_uint_eq(r.packets[r.n - 1].number * 2, r.n);
	assert_reread(&r);
	reading_release(&r);
	file_close(&pipe_file);
	file_close(&packed_file);
	buf_release(&plain);
	buf_release(&packed);
}
END_TEST

/* A live pipe: what has come is delivered before more is waited for. */
START_TEST(test_pipe_does_not_wait)
{
	struct buf plain = plain_bytes();
	struct cap_batch batch;
	struct cap_options o = { .nfiles = 1 };
	const char *name;
	char path[64];
	struct cap *cap;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	name = path;
	o.files = &name;
	ck_assert_int_eq(write(ends[1], plain.data, 24 + 16 + 16 + 7 + 3), 66);
	cap = cap_open(&o, NULL);
	ck_assert_ptr_nonnull(cap);
	cap_batch_init(&batch, 1000, 1 << 18);
	ck_assert_uint_eq(cap_read(cap, &batch), 2);
	ck_assert_int_eq(write(ends[1], plain.data + 66, 13 + 14), 27);
	ck_assert_uint_eq(cap_read(cap, &batch), 1);
	ck_assert_uint_eq(batch.packets[0].caplen, 14);
	(void)close(ends[1]);
	ck_assert_uint_eq(cap_read(cap, &batch), 0);
	ck_assert(!cap_facts(cap)->files[0].is_broken);
	cap_batch_release(&batch);
	cap_close(cap);
	(void)close(ends[0]);
	buf_release(&plain);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capture_packed");
	TCase *t = tcase_create("packed");

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_packed, 0, (int)ARRAY_LEN(packings));
	tcase_add_loop_test(t, test_members, 0, (int)ARRAY_LEN(packings));
	tcase_add_loop_test(t, test_packed_prefixes, 0, (int)ARRAY_LEN(packings));
	tcase_add_loop_test(t, test_packed_corrupt, 0, (int)ARRAY_LEN(packings));
	tcase_add_test(t, test_pipe);
	tcase_add_test(t, test_standard_input);
	tcase_add_test(t, test_redirected_input);
	tcase_add_test(t, test_spool_is_bounded);
	tcase_add_test(t, test_no_spool);
	tcase_add_loop_test(t, test_two_spooled, 0, (int)ARRAY_LEN(packings));
	tcase_add_test(t, test_pipe_does_not_wait);
	return run_suite(s);
}
