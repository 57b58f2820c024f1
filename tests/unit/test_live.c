/* SPDX-License-Identifier: MIT */
/*
 * test_live - what of live capture needs no interface: the queue, the spool, recording.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/live_ring.h"
#include "capture/live_spool.h"
#include "tcpshadow/recorder.h"

#define RING_SIZE 4096

static uint8_t bytes[2048];

static void fill(unsigned seed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(seed * 31 + i);
}

static bool put(struct ring *r, unsigned seed, uint32_t caplen)
{
	fill(seed, caplen);
	return ring_put(r, &(struct ring_packet){ seed, caplen, caplen + 1, bytes });
}

static void expect(struct ring *r, unsigned seed, uint32_t caplen)
{
	struct ring_packet p;

	ck_assert(ring_get(r, &p));
	ck_assert_int_eq(p.ts, seed);
	ck_assert_uint_eq(p.caplen, caplen);
	ck_assert_uint_eq(p.wire_len, caplen + 1);
	fill(seed, caplen);
	ck_assert_mem_eq(p.data, bytes, caplen);
	ring_done(r);
}

START_TEST(ring_gives_back_in_order)
{
	struct ring r;
	struct ring_packet p;
	unsigned in = 0, out = 0;

	/* Lengths that hit the end of the memory in many ways; the ring is never more than half full. */
	ring_init(&r, RING_SIZE);
	while (out < 20000) {
		for (unsigned i = 0; i < 1 + in % 3; i++, in++)
			ck_assert(put(&r, in, in * 7 % 500));
		for (; out < in; out++)
			expect(&r, out, out * 7 % 500);
	}
	ck_assert(!ring_get(&r, &p));
	ck_assert_uint_eq(ring_used(&r), 0);
	ring_release(&r);
}
END_TEST

START_TEST(ring_refuses_when_full)
{
	struct ring r;
	unsigned in = 0;

	ring_init(&r, RING_SIZE);
	while (put(&r, in, 100))
		in++;
	ck_assert_uint_eq(in, RING_SIZE / 128); /* 16 for the head, 112 for the bytes */
	expect(&r, 0, 100);
	ck_assert(put(&r, in, 100));
	ck_assert(!put(&r, in + 1, 0));
	for (unsigned i = 1; i <= in; i++)
		expect(&r, i, 100);
	ring_release(&r);
}
END_TEST

START_TEST(spool_keeps_the_latest)
{
	enum { MAX = 1 << 20, PACKETS = 3000, LEN = 1000 };
	struct spool file;
	struct live_spool s;
	static uint64_t at[PACKETS];
	uint8_t *copy = NULL;
	size_t cap = 0;
	struct packet p;
	struct err e;

	spool_init(&file, MAX);
	ck_assert_int_eq(spool_open(&file, &e), 0);
	live_spool_init(&s, &file);
	for (unsigned i = 0; i < PACKETS; i++) {
		fill(i, LEN);
		at[i] = live_spool_add(&s, &(struct ring_packet){ i, LEN, LEN, bytes });
	}
	live_spool_flush(&s);
	for (unsigned i = PACKETS - 600; i < PACKETS; i++) {
		ck_assert_int_eq(live_spool_get(&s, at[i], &copy, &cap, &p, &e), 0);
		fill(i, LEN);
		ck_assert_int_eq(p.ts, i);
		ck_assert_mem_eq(p.data, bytes, LEN);
	}
	ck_assert_int_lt(live_spool_get(&s, at[0], &copy, &cap, &p, &e), 0);
	ck_assert_uint_gt(live_spool_lost(&s), at[PACKETS - 1] - MAX);
	free(copy);
	live_spool_release(&s);
	spool_release(&file);
}
END_TEST

/* ---- recording */

static char folder[] = "/tmp/test_live.XXXXXX";

static void enter_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
	DIR *dir = opendir(".");
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		(void)unlink(entry->d_name); /* not . and .. */
	(void)closedir(dir);
	(void)rmdir(folder);
}

static long size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? (long)st.st_size : -1;
}

static uint64_t record(const struct recorder_options *o, unsigned n, int64_t step)
{
	struct err e = { "" };
	struct recorder *r = recorder_new(o, &e);
	uint64_t lost;

	ck_assert_msg(r != NULL, "%s", e.text);
	ck_assert_msg(recorder_begin(r, 1, 65535, true, &e) == 0, "%s", e.text);
	for (unsigned i = 0; i < n; i++)
		recorder_add(
		    r, &(struct packet){ .ts = (i + 1) * step, .caplen = 84, .data = bytes });
	lost = recorder_flush(r);
	recorder_free(r);
	return lost;
}

START_TEST(records_whole_packets)
{
	ck_assert_uint_eq(record(&(struct recorder_options){ .name = "plain" }, 5, 1), 0);
	ck_assert_int_eq(size_of("plain"), 24 + 5 * 100);
}
END_TEST

/* As tcpdump: a file that is longer than the size is followed by name1, name2 ... */
START_TEST(rotates_by_size)
{
	ck_assert_uint_eq(
	    record(&(struct recorder_options){ .name = "size", .rotate_bytes = 250 }, 7, 1), 0);
	ck_assert_int_eq(size_of("size"), 24 + 3 * 100);
	ck_assert_int_eq(size_of("size1"), 24 + 3 * 100);
	ck_assert_int_eq(size_of("size2"), 24 + 1 * 100);
}
END_TEST

/* With a number of files they are used in turn, and their numbers sort. */
START_TEST(rotates_in_turn)
{
	const struct recorder_options o = { .name = "turn", .rotate_bytes = 100, .files = 11 };

	ck_assert_uint_eq(record(&o, 12, 1), 0);
	ck_assert_int_eq(size_of("turn00"), 24 + 100); /* the twelfth packet, over the first */
	ck_assert_int_eq(size_of("turn10"), 24 + 100);
	ck_assert_int_eq(size_of("turn11"), -1);
}
END_TEST

START_TEST(rotates_by_time)
{
	/* The first file is named by the clock of the wall, the others by packet time. */
	const struct recorder_options o = { .name = "time-%s", .rotate_seconds = 10 };
	const int64_t start = INT64_C(5000000000) * NS_PER_SEC;
	struct err e = { "" };
	struct recorder *r = recorder_new(&o, &e);

	ck_assert_int_eq(recorder_begin(r, 1, 65535, true, &e), 0);
	for (unsigned i = 0; i < 25; i++)
		recorder_add(r,
		    &(struct packet){ .ts = start + i * NS_PER_SEC, .caplen = 84, .data = bytes });
	ck_assert_uint_eq(recorder_flush(r), 0);
	recorder_free(r);
	ck_assert_int_eq(size_of("time-5000000000"), 24 + 10 * 100);
	ck_assert_int_eq(size_of("time-5000000010"), 24 + 10 * 100);
	ck_assert_int_eq(size_of("time-5000000020"), 24 + 5 * 100);
}
END_TEST

START_TEST(ends_after_some_periods)
{
	const struct recorder_options o = { .name = "n-%s", .rotate_seconds = 10, .files = 2 };
	const int64_t start = INT64_C(5000000000) * NS_PER_SEC;
	struct err e = { "" };
	struct recorder *r;

	r = recorder_new(&o, &e);
	ck_assert_int_eq(recorder_begin(r, 1, 65535, true, &e), 0);
	ck_assert(!recorder_ends_before(r, start));
	recorder_add(r, &(struct packet){ .ts = start, .caplen = 84, .data = bytes });
	ck_assert(!recorder_ends_before(r, start + 9 * NS_PER_SEC));
	ck_assert(recorder_ends_before(r, start + 10 * NS_PER_SEC));
	recorder_free(r);
}
END_TEST

START_TEST(refuses_names_that_lose_files)
{
	struct err e = { "" };

	ck_assert_ptr_null(
	    recorder_new(&(struct recorder_options){ .name = "x", .rotate_seconds = 1 }, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "replace"));
	ck_assert_ptr_null(
	    recorder_new(&(struct recorder_options){ .name = "%F/x", .rotate_seconds = 1 }, &e));
	ck_assert_ptr_null(
	    recorder_new(&(struct recorder_options){ .name = "-", .rotate_bytes = 1 }, &e));
}
END_TEST

/* A limit on the size of files fails writes half-way, as a full disk does. */
START_TEST(full_disk_leaves_whole_packets)
{
	const struct recorder_options o = { .name = "full" };
	struct rlimit limit = { 1000, 1000000 };
	struct err e = { "" };
	struct recorder *r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = recorder_new(&o, &e);
	ck_assert_int_eq(recorder_begin(r, 1, 65535, true, &e), 0);
	for (unsigned i = 0; i < 12; i++) {
		recorder_add(r, &(struct packet){ .ts = i, .caplen = 84, .data = bytes });
		(void)recorder_flush(r);
	}
	ck_assert_uint_eq(recorder_flush(r), 3);
	ck_assert_ptr_nonnull(recorder_trouble(r));
	ck_assert_int_eq(size_of("full"), 24 + 9 * 100);
	limit.rlim_cur = 1000000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	recorder_add(r, &(struct packet){ .ts = 12, .caplen = 84, .data = bytes });
	ck_assert_uint_eq(recorder_flush(r), 3);
	ck_assert_int_eq(size_of("full"), 24 + 10 * 100);
	recorder_free(r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live");
	TCase *queue = tcase_create("queue"), *recording = tcase_create("recording");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(queue, ring_gives_back_in_order);
	tcase_add_test(queue, ring_refuses_when_full);
	tcase_add_test(queue, spool_keeps_the_latest);
	tcase_add_checked_fixture(recording, enter_folder, leave_folder);
	tcase_add_test(recording, records_whole_packets);
	tcase_add_test(recording, rotates_by_size);
	tcase_add_test(recording, rotates_in_turn);
	tcase_add_test(recording, rotates_by_time);
	tcase_add_test(recording, ends_after_some_periods);
	tcase_add_test(recording, refuses_names_that_lose_files);
	tcase_add_test(recording, full_disk_leaves_whole_packets);
	suite_add_tcase(s, queue);
	suite_add_tcase(s, recording);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
