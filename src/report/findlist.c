/* SPDX-License-Identifier: MIT */
/*
 * findlist - sorts findings into groups, and finds a row among open and closed ones.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/findlist.h"
#include "tcpshadow/mem.h"

enum {
	SMALL = 20000, /* so many findings are sorted again for each that comes */
	GROWN = 10,    /* more are when a tenth came */
};

struct group {
	uint32_t first, n; /* in items */
	uint32_t key;      /* id of the kind, or session */
	bool is_open;
	uint8_t severity;
	uint64_t times, sessions;
	int64_t cost, start; /* sum; of the earliest, ns since the epoch */
	size_t row;          /* of its head */
};

/* A finding, with what it is sorted by. */
struct item {
	struct store_finding f;
	uint32_t key;
	int64_t start;
};

struct findlist {
	const struct store *store;
	struct findlist_options o;
	char *text; /* of the options, owned */
	bool is_made, is_final;
	uint32_t seen, superseded; /* findings of the store when it was made */
	struct item *items;
	size_t nitems;
	struct group *groups; /* in order of rows */
	size_t ngroups;
	size_t nrows;
	uint64_t nsessions;
	uint32_t *open; /* keys of open groups, sorted */
	size_t nopen, open_cap;
};

const char *findlist_by_word(enum findlist_by b)
{
	static const char *const words[] = { "kind", "none", "session" };

	return words[b];
}

const char *findlist_sort_word(enum findlist_sort s)
{
	static const char *const words[] = { "cost", "severity", "count", "time" };

	return words[s];
}

struct findlist *findlist_new(void)
{
	return mem_alloc(1, sizeof(struct findlist));
}

static void forget(struct findlist *l)
{
	free(l->items);
	free(l->groups);
	l->items = NULL;
	l->groups = NULL;
	l->nitems = l->ngroups = l->nrows = 0;
	l->is_made = false;
}

void findlist_free(struct findlist *l)
{
	if (!l)
		return;
	forget(l);
	free(l->text);
	free(l->open);
	free(l);
}

/* --- order --- */

static unsigned severity_of(const struct store_finding *f)
{
	return finding_info((enum finding_id)f->finding->id)->severity;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* The worst comes first: severity, confidence, cost, then the earliest. */
static int by_badness(const struct item *x, const struct item *y)
{
	const struct finding *a = x->f.finding, *b = y->f.finding;
	int c = compare(severity_of(&y->f), severity_of(&x->f));

	if (!c)
		c = compare(b->confidence, a->confidence);
	if (!c)
		c = compare((uint64_t)b->cost, (uint64_t)a->cost);
	if (!c)
		c = compare(x->f.session, y->f.session);
	return c ? c : compare((uint64_t)a->time, (uint64_t)b->time);
}

static int by_cost(const struct item *x, const struct item *y)
{
	int c = compare((uint64_t)y->f.finding->cost, (uint64_t)x->f.finding->cost);

	return c ? c : by_badness(x, y);
}

/* Groups together, and in each what cost most first. */
static int by_group(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = compare(x->key, y->key);

	return c ? c : by_cost(x, y);
}

#define FLAT_ORDER(name, expression)                                                               \
	static int name(const void *a, const void *b)                                              \
	{                                                                                          \
		const struct item *x = a, *y = b;                                                  \
		int c = (expression);                                                              \
                                                                                                   \
		return c ? c : by_badness(x, y);                                                   \
	}

FLAT_ORDER(flat_by_cost, compare((uint64_t)y->f.finding->cost, (uint64_t)x->f.finding->cost))
FLAT_ORDER(flat_by_severity, compare(severity_of(&y->f), severity_of(&x->f)))
FLAT_ORDER(flat_by_times, compare(y->f.finding->count, x->f.finding->count))
FLAT_ORDER(flat_by_time,
    compare((uint64_t)(x->start + x->f.finding->time), (uint64_t)(y->start + y->f.finding->time)))

static int group_severity(const struct group *x, const struct group *y)
{
	int c = compare(y->severity, x->severity);

	if (!c)
		c = compare((uint64_t)y->cost, (uint64_t)x->cost);
	return c ? c : compare(x->key, y->key);
}

#define GROUP_ORDER(name, expression)                                                              \
	static int name(const void *a, const void *b)                                              \
	{                                                                                          \
		const struct group *x = a, *y = b;                                                 \
		int c = (expression);                                                              \
                                                                                                   \
		return c ? c : group_severity(x, y);                                               \
	}

GROUP_ORDER(group_by_cost, compare((uint64_t)y->cost, (uint64_t)x->cost))
GROUP_ORDER(group_by_severity, compare(y->severity, x->severity))
GROUP_ORDER(group_by_times, compare(y->times, x->times))
GROUP_ORDER(group_by_time, compare((uint64_t)x->start, (uint64_t)y->start))

typedef int order(const void *, const void *);

static order *const flat_orders[FINDLIST_SORT_COUNT] = {
	[FINDLIST_COST] = flat_by_cost,
	[FINDLIST_SEVERITY] = flat_by_severity,
	[FINDLIST_TIMES] = flat_by_times,
	[FINDLIST_TIME] = flat_by_time,
};

static order *const group_orders[FINDLIST_SORT_COUNT] = {
	[FINDLIST_COST] = group_by_cost,
	[FINDLIST_SEVERITY] = group_by_severity,
	[FINDLIST_TIMES] = group_by_times,
	[FINDLIST_TIME] = group_by_time,
};

static void swap(void *a, void *b, size_t size)
{
	char tmp[sizeof(struct group) > sizeof(struct item) ? sizeof(struct group)
	                                                    : sizeof(struct item)];

	memcpy(tmp, a, size);
	memcpy(a, b, size);
	memcpy(b, tmp, size);
}

static void reverse(void *array, size_t n, size_t size)
{
	char *bytes = array;

	for (size_t i = 0; i < n / 2; i++)
		swap(bytes + i * size, bytes + (n - 1 - i) * size, size);
}

/* --- making it --- */

static bool is_wanted(const struct findlist *l, const struct store_finding *f)
{
	const struct finding_info *info = finding_info((enum finding_id)f->finding->id);

	if (info->severity < l->o.severity)
		return false;
	return !*l->text || strcasestr(info->name, l->text) || strcasestr(info->title, l->text);
}

static void add_item(struct findlist *l, const struct store_finding *f, int64_t start)
{
	struct item *it = &l->items[l->nitems];

	if (!is_wanted(l, f))
		return;
	*it = (struct item){ .f = *f, .start = start };
	it->key = l->o.by == FINDLIST_BY_KIND ? f->finding->id : f->session;
	l->nitems++;
}

/* Those about the capture as a whole are known at its end. */
static void collect(struct findlist *l, const struct store_snapshot *snap)
{
	const struct run_summary *sum = snap->is_done ? store_summary(l->store) : NULL;
	size_t of_capture = sum ? sum->nfindings : 0;

	l->items = mem_alloc(snap->nfindings + of_capture + 1, sizeof(*l->items));
	for (size_t i = 0; i < of_capture; i++)
		add_item(l, &(struct store_finding){ STORE_NONE, &sum->findings[i], NULL },
		    snap->first_ts);
	for (uint32_t i = 0; i < snap->nfindings; i++) {
		struct store_finding f = store_finding(l->store, i);
		struct store_session row;

		store_session(l->store, f.session, &row);
		if (f.record == row.record)
			add_item(l, &f, row.start);
	}
}

static int by_session(const void *a, const void *b)
{
	return compare(*(const uint32_t *)a, *(const uint32_t *)b);
}

/* How many sessions these findings are of. */
static uint64_t count_sessions(const struct item *items, size_t n)
{
	uint32_t *ids = mem_alloc(n + 1, sizeof(*ids));
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = items[i].f.session;
	qsort(ids, n, sizeof(*ids), by_session);
	for (size_t i = 0; i < n; i++)
		count += ids[i] != STORE_NONE && (i == 0 || ids[i] != ids[i - 1]);
	free(ids);
	return count;
}

static int by_key(const void *a, const void *b)
{
	return compare(*(const uint32_t *)a, *(const uint32_t *)b);
}

static bool is_open(const struct findlist *l, uint32_t key)
{
	return l->nopen && bsearch(&key, l->open, l->nopen, sizeof(key), by_key);
}

static uint64_t count_times(const struct item *items, size_t n)
{
	uint64_t of_sessions = 0, of_capture = 0;

	for (size_t i = 0; i < n; i++)
		*(items[i].f.session == STORE_NONE ? &of_capture : &of_sessions) +=
		    items[i].f.finding->count;
	return finding_text_times(of_sessions, of_capture);
}

static void add_up(struct findlist *l, struct group *g)
{
	const struct item *items = &l->items[g->first];

	g->start = items[0].start + items[0].f.finding->time;
	for (uint32_t i = 0; i < g->n; i++) {
		int64_t start = items[i].start + items[i].f.finding->time;

		g->cost += items[i].f.finding->cost;
		g->start = start < g->start ? start : g->start;
		if (severity_of(&items[i].f) > g->severity)
			g->severity = (uint8_t)severity_of(&items[i].f);
	}
	g->times = count_times(items, g->n);
	g->sessions = count_sessions(items, g->n);
	g->is_open = is_open(l, g->key);
}

static void number_rows(struct findlist *l)
{
	l->nrows = 0;
	for (size_t i = 0; i < l->ngroups; i++) {
		l->groups[i].row = l->nrows;
		l->nrows += 1 + (l->groups[i].is_open ? l->groups[i].n : 0);
	}
	if (l->o.by == FINDLIST_FLAT)
		l->nrows = l->nitems;
}

static void make_groups(struct findlist *l)
{
	size_t cap = 0;

	qsort(l->items, l->nitems, sizeof(*l->items), by_group);
	for (size_t i = 0; i < l->nitems; i++) {
		if (i == 0 || l->items[i].key != l->items[i - 1].key) {
			l->groups = mem_grow(l->groups, l->ngroups, &cap, sizeof(*l->groups));
			l->groups[l->ngroups++] =
			    (struct group){ .first = (uint32_t)i, .key = l->items[i].key };
		}
		l->groups[l->ngroups - 1].n++;
	}
	for (size_t i = 0; i < l->ngroups; i++)
		add_up(l, &l->groups[i]);
	if (l->ngroups)
		qsort(l->groups, l->ngroups, sizeof(*l->groups), group_orders[l->o.sort]);
	if (l->o.is_reversed)
		reverse(l->groups, l->ngroups, sizeof(*l->groups));
}

static void make(struct findlist *l, const struct store_snapshot *snap)
{
	forget(l);
	l->seen = snap->nfindings;
	l->superseded = snap->nsuperseded;
	l->is_final = snap->is_done;
	l->is_made = true;
	collect(l, snap);
	l->nsessions = count_sessions(l->items, l->nitems);
	if (l->o.by == FINDLIST_FLAT) {
		qsort(l->items, l->nitems, sizeof(*l->items), flat_orders[l->o.sort]);
		if (l->o.is_reversed)
			reverse(l->items, l->nitems, sizeof(*l->items));
	} else {
		make_groups(l);
	}
	number_rows(l);
}

static bool has_grown(const struct findlist *l, const struct store_snapshot *snap)
{
	if (snap->nfindings == l->seen && snap->nsuperseded == l->superseded &&
	    snap->is_done == l->is_final)
		return false;
	return snap->is_done || l->seen < SMALL || snap->nfindings - l->seen > l->seen / GROWN;
}

bool findlist_update(struct findlist *l, const struct store *store,
    const struct store_snapshot *snap, const struct findlist_options *o)
{
	const char *text = o->text ? o->text : "";
	bool is_other = !l->is_made || l->store != store || l->o.by != o->by ||
	                l->o.sort != o->sort || l->o.is_reversed != o->is_reversed ||
	                l->o.severity != o->severity || strcmp(l->text, text) != 0;

	if (!is_other && !has_grown(l, snap))
		return false;
	if (l->o.by != o->by)
		l->nopen = 0;
	free(l->text);
	l->text = mem_strdup(text);
	l->store = store;
	l->o = *o;
	make(l, snap);
	return true;
}

/* --- rows --- */

size_t findlist_rows(const struct findlist *l)
{
	return l->nrows;
}

static size_t group_of_row(const struct findlist *l, size_t row)
{
	size_t lo = 0, hi = l->ngroups;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->groups[mid].row <= row)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static struct findlist_row item_row(const struct item *it)
{
	return (struct findlist_row){
		.severity = (uint8_t)severity_of(&it->f),
		.times = it->f.finding->count,
		.sessions = it->f.session != STORE_NONE,
		.cost = it->f.finding->cost,
		.worst = it->f,
	};
}

static struct findlist_row group_row(const struct findlist *l, const struct group *g)
{
	return (struct findlist_row){
		.is_group = true,
		.is_open = g->is_open,
		.severity = g->severity,
		.times = g->times,
		.sessions = g->sessions,
		.cost = g->cost,
		.worst = l->items[g->first].f,
	};
}

struct findlist_row findlist_row(const struct findlist *l, size_t i)
{
	const struct group *g;
	struct findlist_row row;

	BUG_ON(i >= l->nrows);
	if (l->o.by == FINDLIST_FLAT)
		return item_row(&l->items[i]);
	g = &l->groups[group_of_row(l, i)];
	if (i == g->row)
		return group_row(l, g);
	row = item_row(&l->items[g->first + (i - g->row - 1)]);
	row.is_last = i - g->row == g->n;
	return row;
}

static void remember(struct findlist *l, uint32_t key, bool open)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nopen; i++)
		if (l->open[i] != key)
			l->open[n++] = l->open[i];
	l->nopen = n;
	if (!open)
		return;
	l->open = mem_grow(l->open, l->nopen, &l->open_cap, sizeof(*l->open));
	l->open[l->nopen++] = key;
	qsort(l->open, l->nopen, sizeof(*l->open), by_key);
}

void findlist_toggle(struct findlist *l, size_t row)
{
	struct group *g;

	if (l->o.by == FINDLIST_FLAT || row >= l->nrows)
		return;
	g = &l->groups[group_of_row(l, row)];
	g->is_open = !g->is_open;
	remember(l, g->key, g->is_open);
	number_rows(l);
}

/* A connection that goes on has its findings anew, in another record.  Both ends can have one at one time. */
static bool is_same(const struct store_finding *a, const struct store_finding *b)
{
	return a->finding == b->finding ||
	       (a->session == b->session && a->finding->id == b->finding->id &&
	           a->finding->by == b->finding->by && a->finding->time == b->finding->time);
}

static size_t find_in_group(
    const struct findlist *l, const struct group *g, const struct store_finding *f)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (is_same(&l->items[g->first + i].f, f))
			return g->row + (g->is_open ? 1 + i : 0);
	return SIZE_MAX;
}

size_t findlist_find(const struct findlist *l, const struct store_finding *f)
{
	size_t row = SIZE_MAX;

	if (l->o.by == FINDLIST_FLAT) {
		for (size_t i = 0; i < l->nitems; i++)
			if (is_same(&l->items[i].f, f))
				return i;
		return SIZE_MAX;
	}
	for (size_t i = 0; i < l->ngroups && row == SIZE_MAX; i++)
		row = find_in_group(l, &l->groups[i], f);
	return row;
}

size_t findlist_row_like(const struct findlist *l, const struct findlist_row *row)
{
	size_t at = findlist_find(l, &row->worst);

	if (at == SIZE_MAX || !row->is_group || l->o.by == FINDLIST_FLAT)
		return at;
	return l->groups[group_of_row(l, at)].row;
}

uint64_t findlist_findings(const struct findlist *l)
{
	return l->nitems;
}

uint64_t findlist_sessions(const struct findlist *l)
{
	return l->nsessions;
}
