/* SPDX-License-Identifier: MIT */
/*
 * test_task - a run in a thread of its own, looked at from outside meanwhile.
 *
 * Input: captures/ of the source.
 */
#include "config.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tcpshadow/store.h"
#include "tcpshadow/task.h"

struct run {
	struct cap *cap;
	struct store *store;
	struct sink *sink;
	struct task *task;
};

static void publish(void *ctx, int per_mille, uint64_t packets)
{
	store_publish(ctx, per_mille, packets);
}

static void run_start(struct run *r, const char *const *files, size_t n, size_t batch)
{
	struct cap_options co = { .files = files, .nfiles = n, .spool_bytes = 1 << 20 };
	struct engine_options eo = { .batch_packets = batch, .threads = 3, .progress = publish };
	struct err e = { "" };

	r->cap = cap_open(&co, &e);
	ck_assert_msg(r->cap != NULL, "%s", e.text);
	r->store = store_new(cap_facts(r->cap));
	r->sink = store_sink(r->store);
	eo.progress_ctx = r->store;
	r->task = task_start(r->cap, &eo, &r->sink, 1, &e);
	ck_assert_ptr_nonnull(r->task);
}

static void run_release(struct run *r)
{
	task_free(r->task);
	store_free(r->store);
	cap_close(r->cap);
}

static void wait_for_news(struct task *t)
{
	struct pollfd fd = { .fd = task_fd(t), .events = POLLIN };

	ck_assert_int_eq(poll(&fd, 1, 10000), 1);
	task_heard(t);
}

static void path_of(char path[4096], const char *name)
{
	const char *top = getenv("top_srcdir");

	(void)snprintf(path, 4096, "%s/captures/%s", top ? top : ".", name);
}

/* ---- everything that is published is whole, and only grows ---- */

struct look {
	struct store_snapshot last;
	struct cap_reader *reader;
	uint64_t reread;
};

static void look_at_packets(struct look *l, const struct store_session *row)
{
	uint64_t before = 0;

	for (uint32_t k = 0; k < row->npackets; k++) {
		struct store_packet p;
		struct packet raw;
		struct err e;

		store_packet(row, k, &p);
		ck_assert_uint_gt(p.ordinal, before);
		before = p.ordinal;
		if ((p.ordinal + l->last.generation) % 16)
			continue;
		ck_assert_int_eq(cap_reader_read(l->reader, p.file, p.offset, &raw, &e), 0);
		ck_assert_int_eq(raw.ts, p.time);
		l->reread++;
	}
}

static void look(struct run *r, struct look *l)
{
	struct store_snapshot now;

	store_snapshot(r->store, &now);
	ck_assert_uint_ge(now.generation, l->last.generation);
	ck_assert_uint_ge(now.ntcp, l->last.ntcp);
	ck_assert_uint_ge(now.nsessions, l->last.nsessions);
	l->last = now;
	for (uint32_t i = 0; i < now.nsessions; i++) {
		struct store_session row;

		store_session(r->store, i, &row);
		ck_assert_uint_gt(row.npackets, 0);
		ck_assert_uint_eq(row.record ? row.record->id : i + 1, i + 1);
		look_at_packets(l, &row);
	}
	for (uint32_t i = 0; i < now.nfindings; i++)
		ck_assert_ptr_nonnull(store_finding(r->store, i).finding);
}

/* Formats whose readers keep books too, and one that is spooled. */
START_TEST(test_looking_while_it_runs)
{
	static const char *const names[] = { "two-interfaces.pcapng", "normal.pcap.gz",
		"data-lost.pcap", "midstream.pcap", "any-interface.pcap", "tap-loss.pcap" };
	char paths[6][4096];
	const char *files[24];
	struct look l = { .last = { 0 } };
	struct run r;
	struct err e;

	for (unsigned i = 0; i < 24; i++) {
		path_of(paths[i % 6], names[i % 6]);
		files[i] = paths[i % 6];
	}
	run_start(&r, files, 24, 2);
	l.reader = cap_reader_new(r.cap);
	do {
		wait_for_news(r.task);
		look(&r, &l);
	} while (!task_is_over(r.task));
	look(&r, &l);
	ck_assert_int_eq(task_join(r.task, &e), 0);
	ck_assert(l.last.is_done);
	ck_assert_uint_eq(l.last.packets, cap_facts(r.cap)->packets);
	ck_assert_uint_eq(l.last.nover, l.last.nsessions);
	ck_assert_uint_gt(l.reread, 0);
	cap_reader_free(l.reader);
	run_release(&r);
}
END_TEST

/* ---- a pipe whose writer is silent ---- */

static size_t read_file(const char *name, char *bytes, size_t n)
{
	char path[4096];
	FILE *f;

	path_of(path, name);
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, n, f);
	(void)fclose(f);
	return n;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

START_TEST(test_stop_a_silent_pipe)
{
	static const char *const files[] = { "-" };
	char bytes[65536];
	size_t n = read_file("normal.pcap", bytes, sizeof(bytes));
	struct store_snapshot now;
	struct store_session row;
	struct run r;
	struct err e;
	int ends[2];
	int64_t asked;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
	ck_assert_int_gt(write(ends[1], bytes, n - 100), 0);
	run_start(&r, files, 1, 0);
	do {
		wait_for_news(r.task);
		store_snapshot(r.store, &now);
	} while (now.ntcp == 0);
	store_session(r.store, 0, &row);
	ck_assert_ptr_null(row.record);
	ck_assert_uint_eq(row.sides[SIDE_CLIENT].addr.port, 40000);
	ck_assert_uint_eq(row.sides[SIDE_CLIENT].state, TCPS_FIN_WAIT_1);
	ck_assert(!task_is_over(r.task));
	asked = now_ms();
	task_stop(r.task);
	ck_assert_int_eq(task_join(r.task, &e), 0);
	ck_assert_int_lt(now_ms() - asked, 1000);
	store_snapshot(r.store, &now);
	ck_assert(now.is_done);
	ck_assert(!cap_facts(r.cap)->files[0].is_broken);
	store_session(r.store, 0, &row);
	ck_assert_ptr_nonnull(row.record);
	run_release(&r);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("task");
	TCase *tc = tcase_create("task");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, test_looking_while_it_runs);
	tcase_add_test(tc, test_stop_a_silent_pipe);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
