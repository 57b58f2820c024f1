/* SPDX-License-Identifier: MIT */
/*
 * findlist - the findings of a store as a list: by kind, one by one, or by connection.
 *
 * Input:  what the store has published.
 * Output: rows by number: groups, and the findings of those that are open.
 * Memory: 40 bytes a finding, 64 a group.
 */
#ifndef TCPSHADOW_FINDLIST_H
#define TCPSHADOW_FINDLIST_H

#include "tcpshadow/store.h"

enum findlist_by { FINDLIST_BY_KIND, FINDLIST_FLAT, FINDLIST_BY_SESSION, FINDLIST_BY_COUNT };
enum findlist_sort {
	FINDLIST_COST,
	FINDLIST_SEVERITY,
	FINDLIST_TIMES, /* how often */
	FINDLIST_TIME,  /* when first */
	FINDLIST_SORT_COUNT
};

const char *findlist_by_word(enum findlist_by b);     /* "kind" */
const char *findlist_sort_word(enum findlist_sort s); /* "cost" */

struct findlist_options {
	enum findlist_by by;
	enum findlist_sort sort;
	bool is_reversed;
	uint8_t severity; /* enum severity: this or worse */
	const char *text; /* in the name or title of the kind; NULL or "" = any */
};

struct findlist_row {
	bool is_group, is_open;
	bool is_last; /* of an open group's findings */
	uint8_t severity;
	uint64_t times; /* sum of counts */
	uint64_t sessions;
	int64_t cost;               /* sum, ns */
	struct store_finding worst; /* of a group; or the finding itself */
};

struct findlist;

struct findlist *findlist_new(void);
void findlist_free(struct findlist *l);
/*
 * Make it again if anything has changed, from what there was at the snapshot; true = it did.  `store` is borrowed until
 * the next call.
 */
bool findlist_update(struct findlist *l, const struct store *store,
    const struct store_snapshot *snap, const struct findlist_options *o);
size_t findlist_rows(const struct findlist *l);
struct findlist_row findlist_row(const struct findlist *l, size_t i); /* i < rows */
/* Open or close the group of a row. */
void findlist_toggle(struct findlist *l, size_t row);
/* Where a row of an earlier list is now; a finding whose group is closed is on that row.  SIZE_MAX = nowhere. */
size_t findlist_row_like(const struct findlist *l, const struct findlist_row *row);
/* The row that shows this finding, or its group; SIZE_MAX = none does. */
size_t findlist_find(const struct findlist *l, const struct store_finding *f);
uint64_t findlist_findings(const struct findlist *l); /* shown, closed groups included */
uint64_t findlist_sessions(const struct findlist *l); /* that have them */

#endif
