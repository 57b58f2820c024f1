/* SPDX-License-Identifier: MIT */
/*
 * test_export - what is written while a capture changes under the screens: what is right, or nothing.
 */
#include "config.h"

#include <sys/resource.h>

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stored.h"
#include "tcpshadow/tui.h"
#include "tui/app.h"

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

static void write_old(void)
{
	FILE *f = fopen(target, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs("old", f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static unsigned files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (const struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* A file that cannot be written whole replaces nothing and leaves nothing. */
START_TEST(what_fails_leaves_the_old_file)
{
	static const char *const keys[] = { "keys e ^U\n", "keys Enter e ^U\n", "keys f w ^U\n" };
	const struct engine_options engine = { .threads = 1 };
	const struct rlimit few = { 8, RLIM_INFINITY };
	struct tui_options o = { .name = "test", .utc = true, .engine = &engine, .home = dir };
	const char *file = capture;
	struct buf out = BUF_INIT;
	struct stored s;
	char script[128];

	copy("normal.pcap");
	ck_assert(stored_open(&s, &file, 1, &engine, NULL));
	o.store = s.store;
	o.cap = s.cap;
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	write_old();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		(void)snprintf(script, sizeof(script), "%stype ~/out.txt\nkeys Enter y\n", keys[i]);
		screen_after(&o, script, &out);
		ck_assert_msg(strstr(out.data, "File too large") != NULL, "%s", out.data);
		ck_assert_uint_eq(files_in_dir(), 2);
		(void)snprintf(script, sizeof(script), "%stype ~/new.txt\nkeys Enter\n", keys[i]);
		screen_after(&o, script, &out);
		ck_assert_msg(strstr(out.data, "File too large") != NULL, "%s", out.data);
		ck_assert_uint_eq(files_in_dir(), 2);
	}
	buf_reset(&out);
	take_target(&out);
	ck_assert_str_eq(out.data, "old");
	stored_close(&s);
	buf_release(&out);
}
END_TEST

/* A recording goes from file to file: no name that it can come to is anybody else's. */
START_TEST(no_file_of_the_recording_is_written)
{
	static const struct {
		const char *recording, *name;
		bool is_refused;
	} rows[] = {
		{ "all.txt", "all.txt", true },
		{ "all.txt", "all.txt2", true },
		{ "all.txt", "all2.txt", false },
		{ "all", "all.txt", false },
		{ "[a]?.txt", "[a]?.txt07", true },
		{ "[a]?.txt", "ab.txt", false },
		{ "x-%F-%H.txt", "x-2026-11-20-17.txt", true },
		{ "x-%F-%H.txt", "y-2026-11-20-17.txt", false },
		{ "%s.txt", "other/5.txt", false },
	};
	struct tui_options o = { .name = "test", .is_live = true };
	char recording[64], script[128];
	struct buf out = BUF_INIT;
	struct stored s;
	const struct engine_options engine = { .threads = 1 };
	const char *file = capture;

	copy("normal.pcap");
	ck_assert(stored_open(&s, &file, 1, &engine, NULL));
	o.store = s.store;
	o.cap = s.cap;
	o.engine = &engine;
	o.home = dir;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(recording, sizeof(recording), "%s/%s", dir, rows[i].recording);
		(void)snprintf(script, sizeof(script), "keys Enter f w ^U\ntype ~/%s\nkeys Enter\n",
		    rows[i].name);
		o.recording = recording;
		screen_after(&o, script, &out);
		ck_assert_msg(rows[i].is_refused == !!strstr(out.data, "a name of the recording"),
		    "%s: %s", rows[i].name, out.data);
		(void)snprintf(script, sizeof(script), "%s/%s", dir, rows[i].name);
		(void)unlink(script);
	}
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
	struct app paused; /* since the first packet, which it has saved */
};

static void pauses(struct live *l)
{
	app_init(&l->paused, &l->o, size.w, size.h);
	app_event(&l->paused, &(struct app_event){ .type = APP_KEY, .key = 'p' });
	ck_assert(l->paused.ui.is_paused);
	l->paused.ui.nsaved = l->paused.ui.snap.ntcp;
}

/* What came while the screen was kept as it was is asked about, too. */
static void quits_paused(struct live *l, uint64_t packets)
{
	char asked[64];

	(void)snprintf(asked, sizeof(asked), "quit and lose %u packets?",
	    (unsigned)(packets - l->paused.ui.nsaved));
	app_event(&l->paused, &(struct app_event){ .type = APP_KEY, .key = 'q' });
	ck_assert_str_eq(l->paused.question.text.data, asked);
	app_release(&l->paused);
}

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

/* In the box under the table q leaves the box. */
static void leaves_the_box(const struct tui_options *o)
{
	struct buf out = BUF_INIT;

	screen_after(o, "size 40x14\ntext\nkeys Tab q\n", &out);
	ck_assert_msg(strstr(out.data, " more line") != NULL, "%s", out.data);
	ck_assert_ptr_null(strstr(out.data, "quit and lose"));
	screen_after(o, "size 40x14\ntext\nkeys Tab q q\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "quit and lose"));
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
		pauses(l);
	} else if (now.nover == 1 && !l->was_over) {
		leaves_the_box(&l->o);
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
		quits_paused(l, now.ntcp);
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
	tcase_add_test(tc, what_fails_leaves_the_old_file);
	tcase_add_test(tc, no_file_of_the_recording_is_written);
	tcase_add_test(tc, a_file_is_replaced_only_after_a_yes);
	tcase_add_test(tc, live_what_is_over_can_be_written);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
