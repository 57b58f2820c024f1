/* SPDX-License-Identifier: MIT */
/*
 * test_base - errors, memory, pools, hashes, buffers, text, addresses, reader and sequence numbers.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/addr.h"
#include "tcpshadow/community.h"
#include "tcpshadow/digits.h"
#include "tcpshadow/err.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/rd.h"
#include "tcpshadow/seq.h"
#include "tcpshadow/text.h"

START_TEST(test_err)
{
	struct err e;
	char big[3000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_eq(err_set(&e, "%s: %d", "a", 5), -1);
	ck_assert_str_eq(e.text, "a: 5");
	ck_assert_int_eq(err_set(&e, "%s", big), -1);
	ck_assert_uint_eq(strlen(e.text), sizeof(e.text) - 1);
	ck_assert_int_eq(err_set(NULL, "nobody listens"), -1);
}
END_TEST

START_TEST(test_mem_grow)
{
	uint32_t *a = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		a = mem_grow(a, i, &cap, sizeof(*a));
		ck_assert_uint_gt(cap, i);
		a[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(a[i], i);
	ck_assert_uint_le(cap, 2000);
	free(a);
}
END_TEST

START_TEST(test_pool)
{
	struct pool *p = pool_new(20, 1000, NULL);
	char *objects[1000];

	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 1000; i++) {
			objects[i] = pool_get(p);
			ck_assert_ptr_nonnull(objects[i]);
			for (size_t j = 0; j < 20; j++)
				ck_assert_int_eq(objects[i][j], 0);
			memset(objects[i], 0xff, 20);
		}
		ck_assert_ptr_null(pool_get(p));
		ck_assert_uint_eq(pool_live(p), 1000);
		for (size_t i = 0; i < 1000; i++)
			pool_put(p, objects[i]);
		ck_assert_uint_eq(pool_live(p), 0);
	}
	pool_free(p);
	pool_free(NULL);
}
END_TEST

/* Objects larger than a chunk, and a pool without a cap. */
START_TEST(test_pool_large)
{
	struct pool *p = pool_new(100000, 0, NULL);
	char *last = NULL;

	for (int i = 0; i < 50; i++) {
		last = pool_get(p);
		ck_assert_ptr_nonnull(last);
		memset(last, i, 100000);
	}
	pool_put(p, last);
	ck_assert_ptr_eq(pool_get(p), last);
	ck_assert_int_eq(last[99999], 0);
	pool_free(p);
}
END_TEST

static bool is_filled(const uint8_t *at, size_t n, int value)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] != value)
			return false;
	return true;
}

static void check_apart(uint8_t *const *at, const size_t *bytes, int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_uint_eq((uintptr_t)at[i] % CACHE_LINE, 0);
		memset(at[i], i + 1, bytes[i]);
	}
	for (int i = 0; i < n; i++)
		ck_assert(is_filled(at[i], bytes[i], i + 1));
}

/* Pieces that fill several blocks, and one that is larger than a block, are all apart and stay. */
START_TEST(test_region)
{
	static const size_t mb = (size_t)1 << 20;
	const size_t bytes[] = { 1, 64, 65, 20 * mb, 20 * mb, 40 * mb, 3, 12 * mb, 1 };
	uint8_t *at[ARRAY_LEN(bytes)];
	struct region *r = region_new();
	struct pool *p = pool_new(20, 0, r);
	const uint8_t *table = region_table(r, 3 * mb, sizeof(uint64_t));

	ck_assert(is_filled(table, 3 * mb * sizeof(uint64_t), 0));
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		at[i] = region_take(r, bytes[i]);
		ck_assert_ptr_nonnull(at[i]);
		memset(pool_get(p), 0xff, 20);
	}
	check_apart(at, bytes, (int)ARRAY_LEN(bytes));
	ck_assert_ptr_null(region_take(r, SIZE_MAX));
	pool_free(p);
	region_free(r);
	region_free(NULL);
}
END_TEST

/* The fixed hash decides shards: another value would change output. */
START_TEST(test_hash)
{
	static const char bytes[] = "tcpshadow";

	ck_assert_uint_eq(hash_fixed("", 0), UINT64_C(0x2d06800538d394c2));
	ck_assert_uint_eq(hash_fixed(bytes, 9), hash_keyed(bytes, 9, 0));
	ck_assert_uint_ne(hash_keyed(bytes, 9, 1), hash_keyed(bytes, 9, 2));
	ck_assert_uint_ne(hash_random_key(), hash_random_key());
}
END_TEST

START_TEST(test_buf)
{
	struct buf b = BUF_INIT;

	ck_assert_str_eq(b.data, "");
	buf_reset(&b);
	buf_addf(&b, "%d-%s", 7, "a long text that does not fit into the first allocation at all");
	ck_assert_uint_eq(b.len, strlen(b.data));
	buf_reset(&b);
	ck_assert_str_eq(b.data, "");
	buf_add(&b, "a\0b", 3);
	buf_addch(&b, 'c');
	buf_add_u64(&b, UINT64_MAX);
	buf_add_u64(&b, 0);
	buf_pad(&b, ' ', 3);
	buf_pad(&b, ' ', 0);
	buf_add(&b, NULL, 0);
	ck_assert_uint_eq(b.len, 3 + 1 + 20 + 1 + 3);
	ck_assert_int_eq(memcmp(b.data, "a\0bc184467440737095516150   ", b.len + 1), 0);
	buf_reset(&b);
	buf_add_i64(&b, 7);
	buf_add_i64(&b, INT64_MIN);
	ck_assert_str_eq(b.data, "7-9223372036854775808");
	buf_release(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.alloc, 0);
	ck_assert_str_eq(b.data, "");
}
END_TEST

static const struct {
	const char *bytes, *escaped, *json;
} strings[] = {
	{ "plain \\ \"", "plain \\ \"", "\"plain \\\\ \\\"\"" },
	{ "\x1b[31m", "\\x1b[31m", "\"\\u001b[31m\"" },
	{ "a\r\n\tb\x7f", "a\\x0d\\x0a\\x09b\\x7f", "\"a\\r\\n\\tb\\u007f\"" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
	{ "\xc2\x9b", "<U+009B>", "\"\xc2\x9b\"" },               /* a C1 control */
	{ "x\xe2\x80\xaey", "x<U+202E>y", "\"x\xe2\x80\xaey\"" }, /* right-to-left override */
	{ "\xf0\x9f\x90\x9f", "\xf0\x9f\x90\x9f", "\"\xf0\x9f\x90\x9f\"" },
	{ "\xc0\x80", "\\xc0\\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2\x82", "\\xe2\\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* cut */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
	    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "", "", "\"\"" },
};

START_TEST(test_untrusted)
{
	struct buf b = BUF_INIT;

	text_escape(&b, strings[_i].bytes, strlen(strings[_i].bytes));
	ck_assert_str_eq(b.data, strings[_i].escaped);
	buf_reset(&b);
	text_json_string(&b, strings[_i].bytes, strlen(strings[_i].bytes));
	ck_assert_str_eq(b.data, strings[_i].json);
	buf_release(&b);
}
END_TEST

static const struct {
	int64_t ns;
	const char *exact, *duration;
} times[] = {
	{ 0, "0.000000000", "0 s" },
	{ 999, "0.000000999", "999 ns" },
	{ 22000, "0.000022000", "22 us" },
	{ 999499, "0.000999499", "999 us" },
	{ 999500, "0.000999500", "1.00 ms" },
	{ 11840000, "0.011840000", "11.8 ms" },
	{ 999600000, "0.999600000", "1.00 s" },
	{ 4100000000, "4.100000000", "4.10 s" },
	{ 59949999999, "59.949999999", "59.9 s" },
	{ 59950000000, "59.950000000", "1m00s" },
	{ 761000000000, "761.000000000", "12m41s" },
	{ 11100000000000, "11100.000000000", "3h05m" },
	{ 200000000000000, "200000.000000000", "2d07h" },
	{ -1000000001, "-1.000000001", "-1.00 s" },
	{ 1795198003409614123, "1795198003.409614123", "20777d18h" },
	{ INT64_MIN, "-9223372036.854775808", "-106751d23h" },
};

/* All bytes of ASCII: what RFC 8259 wants escaped, and nothing else. */
START_TEST(test_json_ascii)
{
	static const char escapes[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	struct buf b = BUF_INIT;
	char expected[16];

	for (int c = 0; c < 0x80; c++) {
		const char byte = (char)c, *letter = c ? strchr(escapes, c) : NULL;

		if (letter && (letter - escapes) % 2)
			letter = NULL;
		if (letter)
			(void)snprintf(expected, sizeof(expected), "\"\\%c\"", letter[1]);
		else
			(void)snprintf(expected, sizeof(expected),
			    c < 0x20 || c == 0x7f ? "\"\\u%04x\"" : "\"%c\"", c);
		buf_reset(&b);
		text_json_string(&b, &byte, 1);
		ck_assert_str_eq(b.data, expected);
	}
	buf_release(&b);
}
END_TEST

START_TEST(test_times)
{
	struct buf b = BUF_INIT;

	text_ns(&b, times[_i].ns);
	ck_assert_str_eq(b.data, times[_i].exact);
	buf_reset(&b);
	text_duration(&b, times[_i].ns);
	ck_assert_str_eq(b.data, times[_i].duration);
	buf_release(&b);
}
END_TEST

/* Is what was written, from text to end, what printf writes?  Nothing behind it is touched. */
static void TS_PRINTF(3, 4) check_digits(const char *text, const char *end, const char *fmt, ...)
{
	char expected[64];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(expected, sizeof(expected), fmt, args);
	va_end(args);
	ck_assert_uint_eq((size_t)(end - text), strlen(expected));
	ck_assert_mem_eq(text, expected, strlen(expected));
	ck_assert_int_eq(*end, '#');
}

static void check_number(uint64_t v)
{
	static const uint32_t ends[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000, 1000000000 };
	const char *sign = (int64_t)v < 0 ? "-" : "";
	uint64_t size = (int64_t)v < 0 ? 0 - v : v;
	char text[64];

	memset(text, '#', sizeof(text));
	check_digits(text, digits_u64(text, v), "%" PRIu64, v);
	memset(text, '#', sizeof(text));
	check_digits(text, digits_ns(text, (int64_t)v), "%s%" PRIu64 ".%09u", sign,
	    size / NS_PER_SEC, (unsigned)(size % NS_PER_SEC));
	for (int n = 0; n <= DIGITS_PADDED; n++) {
		memset(text, '#', sizeof(text));
		check_digits(text, digits_padded(text, (uint32_t)v, (size_t)n), "%.*u", n,
		    n ? (uint32_t)v % ends[n] : 0);
	}
}

/* Around all powers of ten and of two, and all numbers of four digits. */
START_TEST(test_digits)
{
	for (uint64_t v = 0; v < 10000; v++)
		check_number(v);
	for (uint64_t ten = 10; ten < UINT64_MAX / 10; ten *= 10)
		for (uint64_t v = ten - 2; v < ten + 3; v++)
			for (uint64_t digit = 1; digit < 10; digit++)
				check_number(v * digit);
	for (unsigned bit = 0; bit < 64; bit++)
		for (uint64_t v = (UINT64_C(1) << bit) - 2; v != (UINT64_C(1) << bit) + 2; v++)
			check_number(v);
	for (uint64_t v = 1, i = 0; i < 10000; i++, v = v * UINT64_C(6364136223846793005) + 1)
		check_number(v >> v % 64);
}
END_TEST

static const struct {
	uint64_t n;
	const char *bytes, *count;
} counts[] = {
	{ 0, "0", "0" },
	{ 999, "999", "999" },
	{ 1000, "1.0k", "1,000" },
	{ 3400, "3.4k", "3,400" },
	{ 99949, "99.9k", "99,949" },
	{ 99950, "100k", "99,950" },
	{ 999499, "999k", "999,499" },
	{ 999500, "1.0M", "999,500" },
	{ 48200000, "48.2M", "48,200,000" },
	{ UINT64_MAX, "18.4E", "18,446,744,073,709,551,615" },
};

START_TEST(test_counts)
{
	struct buf b = BUF_INIT;

	text_bytes(&b, counts[_i].n);
	ck_assert_str_eq(b.data, counts[_i].bytes);
	buf_reset(&b);
	text_count(&b, counts[_i].n);
	ck_assert_str_eq(b.data, counts[_i].count);
	buf_release(&b);
}
END_TEST

START_TEST(test_dates)
{
	struct buf b = BUF_INIT;

	text_date(&b, 1795198003409614123, true);
	ck_assert_str_eq(b.data, "2026-11-20 18:06:43.409614Z");
	buf_reset(&b);
	text_date(&b, -1, true);
	ck_assert_str_eq(b.data, "1969-12-31 23:59:59.999999Z");
	buf_release(&b);
}
END_TEST

static const struct {
	const char *text;
	int status;
	uint64_t size;
} sizes[] = {
	{ "2000", 0, 2000 },
	{ "64k", 0, 64000 },
	{ "64KiB", 0, 65536 },
	{ "10mb", 0, 10000000 },
	{ "5b", 0, 5 },
	{ "1GiB", 0, UINT64_C(1) << 30 },
	{ "15EiB", 0, UINT64_C(15) << 60 },
	{ "16EiB", -1, 0 },
	{ "99999999999999999999", -1, 0 },
	{ "", -1, 0 },
	{ "k", -1, 0 },
	{ "-5", -1, 0 },
	{ "5x", -1, 0 },
	{ "5kk", -1, 0 },
};

START_TEST(test_sizes)
{
	uint64_t size = 0;
	struct err e = { "" };

	ck_assert_int_eq(text_parse_size(sizes[_i].text, &size, &e), sizes[_i].status);
	ck_assert_uint_eq(size, sizes[_i].size);
	ck_assert_int_eq(e.text[0] != '\0', sizes[_i].status < 0);
}
END_TEST

/* Each byte of an IPv4 address in each place. */
START_TEST(test_ipv4)
{
	char text[INET_ADDRSTRLEN];
	struct addr a = { { 0 } };
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < 4 * 256; i++) {
		a.b[i / 256] = (uint8_t)i;
		buf_reset(&b);
		addr_text(&b, &a, 4);
		ck_assert_str_eq(b.data, inet_ntop(AF_INET, a.b, text, sizeof(text)));
	}
	buf_release(&b);
}
END_TEST

START_TEST(test_addresses)
{
	struct endpoint_addr e = { .ip.b = { 10, 0, 200, 1 }, .port = 80, .version = 4 };
	struct endpoint_addr e6 = { .port = 65535, .version = 6 };
	struct buf b = BUF_INIT;

	endpoint_text(&b, &e);
	ck_assert_str_eq(b.data, "10.0.200.1:80");
	buf_reset(&b);
	e6.ip.b[0] = 0x20;
	e6.ip.b[1] = 0x01;
	e6.ip.b[15] = 1;
	endpoint_text(&b, &e6);
	ck_assert_str_eq(b.data, "[2001::1]:65535");
	ck_assert(addr_equal(&e.ip, &e.ip) && !addr_equal(&e.ip, &e6.ip));
	buf_release(&b);
}
END_TEST

START_TEST(test_reader)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct rd r = rd_make(bytes, sizeof(bytes)), sub;

	ck_assert_uint_eq(rd_be16(&r), 0x0102);
	ck_assert_uint_eq(rd_le16(&r), 0x0403);
	sub = rd_sub(&r, 2);
	ck_assert_uint_eq(rd_left(&sub), 2);
	ck_assert_uint_eq(rd_be32(&sub), 0);
	ck_assert(sub.is_short && !r.is_short);
	ck_assert_uint_eq(rd_u8(&r), 7);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert(r.is_short);
	r = rd_make(bytes, 3);
	sub = rd_sub(&r, 4);
	ck_assert(sub.is_short && r.is_short);
	ck_assert_uint_eq(rd_be24(&sub), 0x010203);
}
END_TEST

START_TEST(test_seq)
{
	ck_assert(seq_lt(0xffffffff, 0) && !seq_lt(0, 0xffffffff));
	ck_assert(seq_le(5, 5));
	ck_assert_int_eq(seq_diff(3, 0xfffffffe), 5);
	ck_assert_uint_eq(seq_unwrap((UINT64_C(1) << 32) - 1, 1), (UINT64_C(1) << 32) + 1);
	ck_assert_uint_eq(seq_unwrap((UINT64_C(1) << 32) + 1, 0xffffffff), 0xffffffff);
}
END_TEST

/*
 * The vectors of the specification, and two worked out with another implementation of SHA-1; both directions
 * have one name.
 */
static const struct {
	uint8_t version;
	const char *a, *b;
	uint16_t a_port, b_port, seed;
	const char *id;
} communities[] = {
	{ 4, "128.232.110.120", "66.35.250.204", 34855, 80, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ 4, "1.2.3.4", "5.6.7.8", 1122, 3344, 0, "1:wCb3OG7yAFWelaUydu0D+125CLM=" },
	{ 4, "1.2.3.4", "5.6.7.8", 1122, 3344, 1, "1:HhA1B+6CoLbiKPEs5nhNYN4XWfk=" },
	{ 6, "fe80:1:203:405:607:809:a0b:c0d", "fe80:2:203:405:607:809:a0b:c0d", 2, 1, 0,
	    "1:P4S8hKSprDrDqyJzBqLErIRu9ks=" },
	{ 4, "127.0.0.1", "127.0.0.1", 5000, 80, 0, "1:FCx8WNNKcB1IALH/+VHHqEe6L/k=" },
};

static struct endpoint_addr endpoint_at(uint8_t version, const char *ip, uint16_t port)
{
	struct endpoint_addr e = { .port = port, .version = version };

	ck_assert_int_eq(inet_pton(version == 4 ? AF_INET : AF_INET6, ip, e.ip.b), 1);
	return e;
}

START_TEST(test_community)
{
	struct endpoint_addr a, b;
	char there[COMMUNITY_SIZE], back[COMMUNITY_SIZE];

	a = endpoint_at(communities[_i].version, communities[_i].a, communities[_i].a_port);
	b = endpoint_at(communities[_i].version, communities[_i].b, communities[_i].b_port);
	community_id(there, communities[_i].seed, &a, &b);
	community_id(back, communities[_i].seed, &b, &a);
	ck_assert_str_eq(there, back);
	ck_assert_str_eq(there, communities[_i].id);
}
END_TEST

static void add_text_tests(TCase *t)
{
	tcase_add_loop_test(t, test_untrusted, 0, (int)ARRAY_LEN(strings));
	tcase_add_test(t, test_json_ascii);
	tcase_add_loop_test(t, test_times, 0, (int)ARRAY_LEN(times));
	tcase_add_test(t, test_digits);
	tcase_add_loop_test(t, test_counts, 0, (int)ARRAY_LEN(counts));
	tcase_add_test(t, test_dates);
	tcase_add_loop_test(t, test_sizes, 0, (int)ARRAY_LEN(sizes));
	tcase_add_test(t, test_ipv4);
	tcase_add_test(t, test_addresses);
	tcase_add_loop_test(t, test_community, 0, (int)ARRAY_LEN(communities));
}

int main(void)
{
	Suite *s = suite_create("base");
	TCase *t = tcase_create("base");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, test_err);
	tcase_add_test(t, test_mem_grow);
	tcase_add_test(t, test_pool);
	tcase_add_test(t, test_pool_large);
	tcase_add_test(t, test_region);
	tcase_add_test(t, test_hash);
	tcase_add_test(t, test_buf);
	tcase_add_test(t, test_reader);
	tcase_add_test(t, test_seq);
	add_text_tests(t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
