/* SPDX-License-Identifier: MIT */
/*
 * test_export - what is written while a capture changes under the screens: what is right, or nothing.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stored.h"
#include "tcpshadow/tui.h"

static const struct tui_size size = { 100, 24 };
static char dir[32], capture[64], target[64];

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-export-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(capture, sizeof(capture), "%s/copy.pcap", dir);
	(void)snprintf(target, sizeof(target), "%s/out.txt", dir);
}

static void teardown(void)
{
	(void)unlink(capture);
	(void)unlink(target);
	(void)rmdir(dir);
}

static void copy(const char *name)
{
	char path[4096], bytes[65536];
	size_t n;
	FILE *f;

	stored_path(path, name);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	f = fopen(capture, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

/* Writes the target after the keys; out: the screen behind it. */
static void export(const struct tui_options *o, const char *go, struct buf *out)
{
	char script[256];
	struct err e = { "" };

	(void)snprintf(
	    script, sizeof(script), "%skeys e ^U\ntype %s\nkeys Enter\ntext\n", go, target);
	buf_reset(out);
	ck_assert_msg(tui_script(o, size, script, out, &e) == 0, "%s", e.text);
}

/* What was written, which is gone afterwards. */
static void take_target(struct buf *out)
{
	char bytes[4096];
	FILE *f = fopen(target, "r");

	ck_assert_ptr_nonnull(f);
	for (size_t n; (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
		buf_add(out, bytes, n);
	(void)fclose(f);
	ck_assert_int_eq(unlink(target), 0);
	ck_assert_uint_gt(out->len, 0);
}

static bool is_written(void)
{
	return access(target, F_OK) == 0;
}

/* All that is left is the index, which knows no options: it would tell wrong windows. */
START_TEST(a_capture_that_was_cut_is_not_told_from_memory)
{
	const struct engine_options engine = { .threads = 1 };
	struct tui_options o = { .name = "test", .utc = true, .engine = &engine };
	const char *file = capture;
	struct buf out = BUF_INIT;
	struct stored s;

	copy("normal.pcap");
	ck_assert(stored_open(&s, &file, 1, &engine, NULL));
	o.store = s.store;
	o.cap = s.cap;
	ck_assert_int_eq(truncate(capture, 100), 0);
	export(&o, "keys Enter\n", &out);
	ck_assert_msg(strstr(out.data, "copy.pcap") != NULL, "%s", out.data);
	ck_assert_ptr_null(strstr(out.data, "wrote"));
	ck_assert(!is_written());
	stored_close(&s);
	buf_release(&out);
}
END_TEST

/* What is on the screen after the keys. */
static void screen_after(const struct tui_options *o, const char *keys, struct buf *out)
{
	char script[256];
	struct err e = { "" };

	(void)snprintf(script, sizeof(script), "%stext\n", keys);
	buf_reset(out);
	ck_assert_msg(tui_script(o, size, script, out, &e) == 0, "%s", e.text);
}

START_TEST(a_file_is_replaced_only_after_a_yes)
{
	const struct engine_options engine = { .threads = 1 };
	struct tui_options o = { .name = "test", .utc = true, .engine = &engine, .home = dir };
	const char *file = capture;
	struct buf out = BUF_INIT;
	struct stored s;
	FILE *f;

	copy("normal.pcap");
	ck_assert(stored_open(&s, &file, 1, &engine, NULL));
	o.store = s.store;
	o.cap = s.cap;
	f = fopen(target, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs("old", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	export(&o, "", &out);
	ck_assert_msg(strstr(out.data, "replace ") != NULL, "%s", out.data);
	screen_after(&o, "keys e ^U\ntype ~/out.txt\nkeys Enter n\n", &out);
	ck_assert_msg(strstr(out.data, "export: not done") != NULL, "%s", out.data);
	buf_reset(&out);
	take_target(&out);
	ck_assert_str_eq(out.data, "old");
	f = fopen(target, "w");
	ck_assert_int_eq(fclose(f), 0);
	screen_after(&o, "keys e ^U\ntype ~/out.txt\nkeys Enter y\n", &out);
	ck_assert_msg(strstr(out.data, "wrote 1 session to") != NULL, "%s", out.data);
	buf_reset(&out);
	take_target(&out);
	ck_assert_ptr_nonnull(strstr(out.data, "10.0.0.1:40000"));
	screen_after(&o, "keys e ^U\ntype ~/copy.pcap\nkeys Enter\n", &out);
	ck_assert_msg(strstr(out.data, "is the capture itself") != NULL, "%s", out.data);
	screen_after(&o, "keys e ^U\ntype ~\nkeys Enter\n", &out);
	ck_assert_msg(strstr(out.data, "is a folder") != NULL, "%s", out.data);
	stored_close(&s);
	buf_release(&out);
}
END_TEST

/* What is captured and written nowhere is not lost by one key. */
static void asks_before_quitting(const struct tui_options *o)
{
	struct buf out = BUF_INIT;
	struct tui_options recorded = *o;

	screen_after(o, "keys q\n", &out);
	ck_assert_msg(strstr(out.data, "quit and lose 1 packet? y/n") != NULL, "%s", out.data);
	screen_after(o, "keys q n\n", &out);
	ck_assert_msg(strstr(out.data, "quit: not done") != NULL, "%s", out.data);
	screen_after(o, "keys Enter Q\n", &out);
	ck_assert_msg(strstr(out.data, "quit and lose 1 packet? y/n") != NULL, "%s", out.data);
	screen_after(o, "keys ^C ^C\n", &out);
	ck_assert_ptr_null(strstr(out.data, "quit and lose"));
	recorded.recording = "elsewhere.pcap";
	screen_after(&recorded, "keys q\n", &out);
	ck_assert_ptr_null(strstr(out.data, "quit and lose"));
	buf_release(&out);
}

struct live {
	struct tui_options o;
	bool was_open, was_over;
	struct buf written;
};

static void saves_packets(struct live *l)
{
	char name[64], script[128];
	struct buf out = BUF_INIT;

	(void)snprintf(name, sizeof(name), "%s/out.pcap", dir);
	(void)snprintf(script, sizeof(script), "keys e ^U\ntype %s\nkeys Enter\n", name);
	screen_after(&l->o, script, &out);
	ck_assert_msg(strstr(out.data, "wrote 1 session to") != NULL, "%s", out.data);
	ck_assert_int_eq(unlink(name), 0);
	(void)snprintf(script, sizeof(script), "keys e ^U\ntype %s\nkeys Enter q\n", name);
	screen_after(&l->o, script, &out);
	ck_assert_ptr_null(strstr(out.data, "quit and lose"));
	ck_assert_int_eq(unlink(name), 0);
	buf_release(&out);
}

/* Between two batches: the first connection is open, later it has a record while the second is open. */
static void look(void *ctx, int per_mille, uint64_t packets)
{
	struct live *l = ctx;
	struct store_snapshot now;
	struct buf out = BUF_INIT;

	store_publish(l->o.store, per_mille, packets);
	store_snapshot(l->o.store, &now);
	if (now.is_done || now.nsessions == 0)
		return;
	if (now.nover == 0 && !l->was_open) {
		export(&l->o, "keys Enter\n", &out);
		ck_assert_msg(
		    strstr(out.data, "wrote session 1 as it stands") != NULL, "%s", out.data);
		buf_reset(&out);
		take_target(&out);
		ck_assert_ptr_nonnull(strstr(out.data, " SYN 0 "));
		screen_after(&l->o, "keys Enter e ^U\ntype x.json\nkeys Enter\n", &out);
		ck_assert_msg(strstr(out.data, "session 1 is still open") != NULL, "%s", out.data);
		export(&l->o, "", &out);
		ck_assert_msg(strstr(out.data, "none of them is over yet") != NULL, "%s", out.data);
		ck_assert(!is_written());
		asks_before_quitting(&l->o);
		saves_packets(l);
		l->o.is_live = false;
		export(&l->o, "keys Enter\n", &out);
		ck_assert_ptr_nonnull(strstr(out.data, "still being read"));
		ck_assert(!is_written());
		screen_after(&l->o, "keys q\n", &out);
		ck_assert_ptr_null(strstr(out.data, "quit and lose"));
		store_publish(l->o.store, -1, packets); /* a pipe: who knows when it ends */
		asks_before_quitting(&l->o);
		saves_packets(l);
		l->o.is_live = true;
		l->was_open = true;
	} else if (now.nover == 1 && !l->was_over) {
		export(&l->o, "keys s\ntype id\nkeys Enter g Enter\n", &out);
		ck_assert_msg(strstr(out.data, "wrote session 1") != NULL, "%s", out.data);
		take_target(&l->written);
		export(&l->o, "", &out);
		ck_assert_msg(strstr(out.data, "wrote 1 session to") != NULL, "%s", out.data);
		ck_assert_msg(now.nsessions == 1 || strstr(out.data, "; 1 more is still open"),
		    "%s", out.data);
		buf_reset(&out);
		take_target(&out);
		ck_assert_ptr_nonnull(strstr(out.data, "10.0.0.1:"));
		l->was_over = true;
	}
	buf_release(&out);
}

START_TEST(live_what_is_over_can_be_written)
{
	char path[4096];
	const char *file = path;
	struct cap_options co = { .files = &file, .nfiles = 1 };
	struct engine_options engine = { .threads = 1, .batch_packets = 1 };
	struct live l = { .o = {
		              .name = "test", .utc = true, .engine = &engine, .is_live = true } };
	struct buf at_end = BUF_INIT, out = BUF_INIT;
	struct sink *sink;
	struct err e = { "" };

	stored_path(path, "timewait-reuse.pcap");
	l.o.cap = cap_open(&co, &e);
	ck_assert_msg(l.o.cap != NULL, "%s", e.text);
	l.o.store = store_new(cap_facts(l.o.cap));
	engine.progress = look;
	engine.progress_ctx = &l;
	sink = store_sink(l.o.store);
	ck_assert_int_eq(engine_run(l.o.cap, &engine, &sink, 1, &e), 0);
	ck_assert(l.was_open && l.was_over);
	/* (streams.sh compares what is written at the end with what show prints) */
	export(&l.o, "keys s\ntype id\nkeys Enter g Enter\n", &out);
	take_target(&at_end);
	ck_assert_str_eq(l.written.data, at_end.data);
	buf_release(&l.written);
	buf_release(&at_end);
	buf_release(&out);
	store_free(l.o.store);
	cap_close(l.o.cap);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("export");
	TCase *tc = tcase_create("export");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_capture_that_was_cut_is_not_told_from_memory);
	tcase_add_test(tc, a_file_is_replaced_only_after_a_yes);
	tcase_add_test(tc, live_what_is_over_can_be_written);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
