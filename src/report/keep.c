/* SPDX-License-Identifier: MIT */
/*
 * keep - copies of records.
 *
 * Memory: the arrays lie behind the record, each aligned for any object.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "report/keep.h"

struct array {
	const void **pointer; /* in the copy */
	size_t bytes;
};

enum {
	ARRAYS = 5,
	ALIGN = _Alignof(max_align_t),
};

static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* Everything a record points to. */
static void list_arrays(struct conn_record *r, struct array a[ARRAYS])
{
	for (int i = 0; i < 2; i++)
		a[i] = (struct array){ (const void **)&r->sides[i].states,
			r->sides[i].nstates * sizeof(struct state_entry) };
	a[2] = (struct array){ (const void **)&r->resets, r->nresets * sizeof(*r->resets) };
	a[3] = (struct array){ (const void **)&r->icmp, r->nicmp * sizeof(*r->icmp) };
	a[4] = (struct array){ (const void **)(uintptr_t)&r->findings,
		r->nfindings * sizeof(*r->findings) };
}

struct conn_record *keep_record(struct arena *a, const struct conn_record *r)
{
	struct conn_record flat = *r, *copy;
	struct array arrays[ARRAYS];
	size_t bytes = aligned(sizeof(*r));
	char *at;

	list_arrays(&flat, arrays);
	for (unsigned i = 0; i < ARRAYS; i++)
		bytes += aligned(arrays[i].bytes);
	at = arena_take(a, bytes);
	copy = (struct conn_record *)(void *)at;
	*copy = *r;
	list_arrays(copy, arrays);
	at += aligned(sizeof(*r));
	for (unsigned i = 0; i < ARRAYS; i++) {
		if (arrays[i].bytes)
			memcpy(at, *arrays[i].pointer, arrays[i].bytes);
		*arrays[i].pointer = at;
		at += aligned(arrays[i].bytes);
	}
	return copy;
}
