/* SPDX-License-Identifier: MIT */
/*
 * story_set - the story files of the source tree, sorted by name.
 */
#include "config.h"

#include <glob.h>
#include <stdlib.h>

#include "lib/story_set.h"
#include "tcpshadow/mem.h"

void story_set_init(struct story_set *s)
{
	*s = (struct story_set){ .paths = NULL };
}

void story_set_release(struct story_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->paths[i]);
	free(s->paths);
	story_set_init(s);
}

void story_set_add(struct story_set *s, const char *path)
{
	s->paths = mem_grow(s->paths, s->count, &s->cap, sizeof(*s->paths));
	s->paths[s->count++] = mem_strdup(path);
}

void story_set_add_all(struct story_set *s)
{
	const char *top = getenv("top_srcdir");
	struct buf pattern = BUF_INIT;
	glob_t g;

	buf_addf(&pattern, "%s/tests/script/*.pkt", top ? top : ".");
	if (glob(pattern.data, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			story_set_add(s, g.gl_pathv[i]);
		globfree(&g);
	}
	buf_release(&pattern);
}
