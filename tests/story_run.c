/* SPDX-License-Identifier: MIT */
/*
 * story_run - tell every story to the program and compare its answers with the expectations.
 *
 * Input:  story files as arguments; without any, all of $srcdir/tests/script.
 * Output: one line for each expectation that is not met, and a count; exit 1 when there was one.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/story_set.h"

/* Expectations not met, 1 for a story that cannot be told at all. */
static size_t run_story(const char *path)
{
	static const struct story_options defaults;
	struct err e = { "" };
	struct buf out = BUF_INIT;
	struct story *st = story_load(path, &e);
	struct story_result *r = st ? story_run(st, &defaults, &e) : NULL;
	size_t failures = 1;

	if (r)
		failures = story_check(st, r, &out);
	else
		buf_addf(&out, "%s\n", e.text);
	(void)fputs(out.data, stdout);
	buf_release(&out);
	story_result_free(r);
	story_free(st);
	return failures;
}

int main(int argc, char **argv)
{
	struct story_set set;
	size_t failures = 0, broken = 0;

	story_set_init(&set);
	if (argc == 1)
		story_set_add_all(&set);
	for (int i = 1; i < argc; i++)
		story_set_add(&set, argv[i]);
	for (size_t i = 0; i < set.count; i++) {
		const size_t n = run_story(set.paths[i]);

		failures += n;
		broken += n > 0;
	}
	(void)printf(
	    "%zu stories, %zu not as told (%zu expectations)\n", set.count, broken, failures);
	if (set.count == 0)
		failures = 1;
	story_set_release(&set);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
