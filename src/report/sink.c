/* SPDX-License-Identifier: MIT */
/*
 * sink - what all consumers share.
 */
#include "config.h"

#include "tcpshadow/report.h"

static const char *const sort_words[] = {
#define SORT(id, word) word,
#include "tcpshadow/sort.def"
#undef SORT
};

const char *report_sort_word(enum report_sort s)
{
	BUG_ON(s >= REPORT_SORT_COUNT);
	return sort_words[s];
}

void report_sink_free(struct sink *s)
{
	if (s)
		s->ops->free(s);
}
