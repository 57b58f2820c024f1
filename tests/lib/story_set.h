/* SPDX-License-Identifier: MIT */
/*
 * story_set - the story files of the source tree, sorted by name.
 */
#ifndef TESTS_LIB_STORY_SET_H
#define TESTS_LIB_STORY_SET_H

#include "lib/story.h"

struct story_set {
	char **paths;
	size_t count, cap;
};

void story_set_init(struct story_set *s);
void story_set_release(struct story_set *s);
void story_set_add(struct story_set *s, const char *path);
/* Every *.pkt in $top_srcdir/tests/script ("." without top_srcdir). */
void story_set_add_all(struct story_set *s);

#endif
