/* SPDX-License-Identifier: MIT */
/*
 * story_run - tell every story to the program and compare its answers with the expectations.
 *
 * Input:  story files as arguments; without any, all of tests/script.
 * Output: TAP, a test for each story; a comment line for each expectation that is not met.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/story_set.h"

/* Each line of the text as a TAP comment. */
static void print_comments(const char *text)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");

		(void)printf("# %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Do all expectations hold?  A story that cannot be told at all does not. */
static bool run_story(const char *path, size_t number)
{
	static const struct story_options defaults;
	struct err e = { "" };
	struct buf out = BUF_INIT;
	struct story *st = story_load(path, &e);
	struct story_result *r = st ? story_run(st, &defaults, &e) : NULL;
	bool holds = false;

	if (r)
		holds = story_check(st, r, &out) == 0;
	else
		buf_addf(&out, "%s\n", e.text);
	(void)printf("%s %zu - %s\n", holds ? "ok" : "not ok", number, base_name(path));
	print_comments(out.data);
	buf_release(&out);
	story_result_free(r);
	story_free(st);
	return holds;
}

int main(int argc, char **argv)
{
	struct story_set set;
	bool all = true;

	story_set_init(&set);
	if (argc == 1)
		story_set_add_all(&set);
	for (int i = 1; i < argc; i++)
		story_set_add(&set, argv[i]);
	all = set.count > 0;
	(void)printf("1..%zu\n", set.count);
	for (size_t i = 0; i < set.count; i++)
		all = run_story(set.paths[i], i + 1) && all;
	story_set_release(&set);
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
