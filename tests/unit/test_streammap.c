/* SPDX-License-Identifier: MIT */
/*
 * test_streammap - the streams of every sample capture, walked through in all forms.
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/loaded.h"

enum { PUBLIC_MAX = 50 };

static int take(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes, n);
	return 0;
}

/* The map has exactly the bytes that the analysis delivered, in that order. */
static void check_bytes(struct loaded *l, const struct loaded_conn *c, const char *name, size_t id)
{
	const struct stream_source src = loaded_source(l);

	for (unsigned sides = 1; sides <= 3; sides++) {
		const struct buf *want = sides == 3 ? &c->bytes : &c->sides[sides - 1];
		struct buf got = BUF_INIT;
		const struct stream_range all = { sides, 0, UINT64_MAX };
		const struct stream_taker to = { take, &got };
		struct err e = { "" };

		ck_assert_msg(streammap_copy(c->map, &src, &all, &to, &e) == 0, "%s #%zu: %s", name,
		    id, e.text);
		ck_assert_msg(got.len == want->len && memcmp(got.data, want->data, got.len) == 0,
		    "%s #%zu sides %u: %zu bytes, not %zu", name, id, sides, got.len, want->len);
		ck_assert_uint_eq(streammap_bytes(c->map, sides), got.len);
		buf_release(&got);
	}
}

/* Every line, one page after the other: together they are all bytes, and each is found by its place. */
static void check_lines(
    struct loaded *l, const struct loaded_conn *c, enum stream_form form, unsigned sides)
{
	const struct stream_source src = loaded_source(l);
	uint64_t total = streammap_lines(c->map, form, sides), bytes = 0;
	struct stream_page all = { .lines = NULL }, one = { .lines = NULL };

	streammap_page(c->map, &src, form, sides, (uint64_t[]){ 0, total + 1 }, &all);
	ck_assert_uint_eq(all.nlines, total);
	ck_assert_str_eq(all.err.text, "");
	for (uint64_t i = 0; i < total; i++) {
		const struct stream_line *x = &all.lines[i], *y;

		ck_assert(sides & 1u << x->side);
		if (x->kind <= STREAM_LINE_BINARY || x->kind == STREAM_LINE_ROW)
			bytes += x->n;
		if (total > 400 && i % 37)
			continue;
		streammap_page(c->map, &src, form, sides, (uint64_t[]){ i, 1 }, &one);
		ck_assert_uint_eq(one.nlines, 1);
		y = &one.lines[0];
		ck_assert(x->kind == y->kind && x->side == y->side && x->at == y->at &&
		          x->n == y->n && x->part == y->part && x->nbytes == y->nbytes);
		ck_assert(memcmp(all.bytes.data + x->bytes, one.bytes.data, x->nbytes) == 0);
		if (x->kind <= STREAM_LINE_BINARY || x->kind == STREAM_LINE_ROW)
			ck_assert_uint_eq(
			    streammap_line_at(c->map, &src, form, sides, x->at + x->n - 1), i);
	}
	ck_assert_uint_eq(bytes, streammap_bytes(c->map, sides));
	stream_page_release(&all);
	stream_page_release(&one);
}

static void check_file(const char *dir, const char *name)
{
	char path[4096];
	struct loaded l;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!loaded_open(&l, path))
		return;
	for (size_t i = 0; i < l.nconns; i++) {
		check_bytes(&l, &l.conns[i], name, i + 1);
		for (unsigned sides = 1; sides <= 3; sides++)
			for (int form = 0; form < STREAM_FORM_COUNT; form++)
				check_lines(&l, &l.conns[i], (enum stream_form)form, sides);
	}
	loaded_close(&l);
}

static int is_capture(const struct dirent *d)
{
	return strstr(d->d_name, ".pcap") != NULL;
}

static unsigned check_folder(const char *dir, unsigned most)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_capture, alphasort);
	unsigned done = 0;

	for (int i = 0; i < n; i++) {
		if (done < most) {
			check_file(dir, names[i]->d_name);
			done++;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return done;
}

START_TEST(test_samples)
{
	const char *top = getenv("top_srcdir");
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/captures", top ? top : ".");
	ck_assert_uint_gt(check_folder(dir, UINT_MAX), 20);
}
END_TEST

/* Other people's captures, where they are at hand. */
START_TEST(test_public)
{
	const char *top = getenv("top_srcdir");
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/../shared/captures/public", top ? top : ".");
	if (check_folder(dir, PUBLIC_MAX) == 0)
		printf("# no captures in %s: skipped\n", dir);
}
END_TEST

/* Searching finds what a search of the bytes themselves finds, in both directions. */
static void check_search(struct loaded *l, const struct loaded_conn *c, const char *what)
{
	const struct stream_source src = loaded_source(l);
	size_t n = strlen(what), count = 0, back = 0;
	struct stream_range r = { 3, 0, UINT64_MAX };
	struct err e = { "" };
	struct stream_search *s = stream_search_new(what, n, false, &e);
	uint64_t found[2], last = 0;

	ck_assert_ptr_nonnull(s);
	while (stream_search_find(s, c->map, &src, &r, 1, found)) {
		ck_assert_uint_eq(found[1] - found[0], n);
		ck_assert(memcmp(c->bytes.data + found[0], what, n) == 0);
		ck_assert(
		    memmem(c->bytes.data + r.from, found[0] - r.from + n - 1, what, n) == NULL);
		last = found[0];
		r.from = found[0] + 1;
		count++;
	}
	r = (struct stream_range){ 3, 0, UINT64_MAX };
	while (stream_search_find(s, c->map, &src, &r, -1, found)) {
		ck_assert(back > 0 || found[0] == last);
		r.to = found[0];
		back++;
	}
	ck_assert_uint_eq(count, back);
	ck_assert_uint_gt(count, 0);
	stream_search_free(s);
}

START_TEST(test_search)
{
	char path[4096];
	struct loaded l;
	struct err e = { "" };
	struct stream_search *s;
	struct stream_range r = { 1, 0, UINT64_MAX };
	struct stream_source src;
	uint64_t found[2];

	snprintf(path, sizeof(path), "%s/captures/normal.pcap", getenv("top_srcdir"));
	ck_assert(loaded_open(&l, path));
	src = loaded_source(&l);
	ck_assert_uint_ge(l.conns[0].bytes.len, 8);
	l.conns[0].bytes.data[l.conns[0].bytes.len] = '\0';
	check_search(
	    &l, &l.conns[0], (char[]){ l.conns[0].bytes.data[3], l.conns[0].bytes.data[4], '\0' });
	ck_assert_ptr_null(stream_search_new("(a", 2, true, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "at character"));
	s = stream_search_new("^.", 2, true, &e);
	ck_assert(stream_search_find(s, l.conns[0].map, &src, &r, 1, found));
	ck_assert_uint_eq(found[0], 0);
	stream_search_free(s);
	loaded_close(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("streammap");
	TCase *t = tcase_create("captures");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, test_samples);
	tcase_add_test(t, test_public);
	tcase_add_test(t, test_search);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
