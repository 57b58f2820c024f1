/* SPDX-License-Identifier: MIT */
/*
 * pauses - from the gaps of a ladder to pauses between bytes.
 */
#include "config.h"

#include <stdlib.h>

#include "report/pauses.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/mem.h"

/* A gap in time between two packets. */
struct pause {
	int64_t from, to;
	const char *label;
};

void pauses_init(struct pauses *p, const struct session *s)
{
	const struct session_row *rows = s->rows;
	struct ladder ladder;

	ladder_init(&ladder, s, false);
	*p = (struct pauses){ .list = mem_alloc(ladder.nitems + 1, sizeof(*p->list)), .now = -1 };
	for (size_t i = 0; i < ladder.nitems; i++) {
		const struct ladder_item *it = &ladder.items[i];

		if (it->kind == LADDER_GAP)
			p->list[p->n++] = (struct pause){
				rows[it->first - 1].time,
				rows[it->first].time,
				it->label,
			};
	}
	ladder_release(&ladder);
}

void pauses_release(struct pauses *p)
{
	free(p->list);
	p->list = NULL;
}

/* The longest pause that ends until `time`; those before are done with. */
static const struct pause *longest_until(struct pauses *p, int64_t time)
{
	const struct pause *best = NULL;

	for (; p->next < p->n && p->list[p->next].to <= time; p->next++) {
		const struct pause *at = &p->list[p->next];

		if (!best || at->to - at->from > best->to - best->from)
			best = at;
	}
	return best;
}

const char *pauses_before(struct pauses *p, int64_t time, int64_t *waited)
{
	const struct pause *longest = longest_until(p, time);
	bool is_shown = longest && p->now >= 0 && time > p->now;

	*waited = time - p->now;
	if (time > p->now)
		p->now = time;
	return is_shown ? longest->label : NULL;
}
