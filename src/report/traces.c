/* SPDX-License-Identifier: MIT */
/*
 * traces - several traces merged by the ordinals of their packets.
 *
 * The merge is made anew whenever one of the connections has grown: a batch may be seen by one trace and not yet by
 * the next, so that older packets can still come.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/traces.h"

struct traces {
	struct trace *traces[TRACES_CONNS];
	uint32_t sessions[TRACES_CONNS];
	size_t n;
	struct conn_record records[TRACES_CONNS]; /* what they point to is the traces' */
	bool has_records;
	int64_t start;              /* the first start of all, ns since the epoch */
	struct traces_place *index; /* NULL = one connection: packet i is its packet i */
	size_t nindex, cap;
	uint64_t left_out;
};

/* ---- the merge ---- */

/* Where each connection is, and the ordinal of its next packet: UINT64_MAX = there is none. */
struct heads {
	uint32_t at[TRACES_CONNS];
	uint64_t ordinal[TRACES_CONNS];
};

static void look_up_head(const struct traces *t, struct heads *h, size_t conn)
{
	const struct store_session *s = trace_session(t->traces[conn]);
	struct store_packet p = { .ordinal = UINT64_MAX };

	if (h->at[conn] < s->npackets)
		store_packet(s, h->at[conn], &p);
	h->ordinal[conn] = p.ordinal;
}

/* They are few: to look at all of them takes less than to keep them in order. */
static size_t first_head(const struct heads *h, size_t n)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++)
		if (h->ordinal[i] < h->ordinal[first])
			first = i;
	return first;
}

static uint64_t count_all(const struct traces *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += trace_session(t->traces[i])->npackets;
	return n;
}

static void merge(struct traces *t)
{
	uint64_t all = count_all(t);
	uint32_t n = all < TRACES_PACKETS ? (uint32_t)all : TRACES_PACKETS;
	struct heads h = { .at = { 0 } };

	for (size_t i = 0; i < t->n; i++)
		look_up_head(t, &h, i);
	for (t->nindex = 0; t->nindex < n;) {
		size_t conn = first_head(&h, t->n);

		t->index = mem_grow(t->index, t->nindex, &t->cap, sizeof(*t->index));
		t->index[t->nindex++] = (struct traces_place){ h.at[conn]++, (uint16_t)conn };
		look_up_head(t, &h, conn);
	}
	t->left_out = all - n;
}

static void take_stock(struct traces *t)
{
	t->has_records = false;
	t->start = INT64_MAX;
	for (size_t i = 0; i < t->n; i++) {
		const struct store_session *s = trace_session(t->traces[i]);

		t->start = s->start < t->start ? s->start : t->start;
	}
	if (t->n > 1)
		merge(t);
}

/* ---- life ---- */

struct traces *traces_new(
    const struct store *s, const struct cap *cap, const uint32_t *sessions, size_t n)
{
	struct traces *t = mem_alloc(1, sizeof(*t));

	BUG_ON(n == 0);
	t->n = n < TRACES_CONNS ? n : TRACES_CONNS;
	for (size_t i = 0; i < t->n; i++) {
		t->sessions[i] = sessions[i];
		t->traces[i] = trace_new(s, cap, sessions[i]);
	}
	take_stock(t);
	return t;
}

void traces_free(struct traces *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		trace_free(t->traces[i]);
	free(t->index);
	free(t);
}

bool traces_refresh(struct traces *t)
{
	bool is_new = false;

	for (size_t i = 0; i < t->n; i++)
		is_new |= trace_refresh(t->traces[i]);
	if (is_new)
		take_stock(t);
	return is_new;
}

/* ---- reading ---- */

size_t traces_conns(const struct traces *t)
{
	return t->n;
}

uint32_t traces_session(const struct traces *t, size_t conn)
{
	return t->sessions[conn];
}

struct trace *traces_trace(const struct traces *t, size_t conn)
{
	return t->traces[conn];
}

const struct conn_record *traces_records(struct traces *t)
{
	for (size_t i = 0; i < t->n && !t->has_records; i++)
		t->records[i] = *trace_record(t->traces[i]);
	t->has_records = true;
	return t->records;
}

uint32_t traces_count(const struct traces *t)
{
	return t->n > 1 ? (uint32_t)t->nindex : trace_session(t->traces[0])->npackets;
}

uint64_t traces_left_out(const struct traces *t)
{
	return t->left_out;
}

struct traces_place traces_at(const struct traces *t, uint32_t i)
{
	return t->n > 1 ? t->index[i] : (struct traces_place){ i, 0 };
}

void traces_packet(const struct traces *t, uint32_t i, struct store_packet *out)
{
	struct traces_place at = traces_at(t, i);

	store_packet(trace_session(t->traces[at.conn]), at.k, out);
}

const struct session_row *traces_row(const struct traces *t, uint32_t i)
{
	struct traces_place at = traces_at(t, i);

	return trace_row(t->traces[at.conn], at.k);
}

uint32_t traces_from(const struct traces *t, uint64_t ordinal)
{
	uint32_t from = 0, to = traces_count(t);

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		struct store_packet p;

		traces_packet(t, middle, &p);
		if (p.ordinal < ordinal)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* ---- for the ladder ---- */

static void peek(const void *ctx, size_t i, struct ladder_peek *out)
{
	const struct traces *t = ctx;
	struct traces_place at = traces_at(t, (uint32_t)i);
	struct store_packet p;

	store_packet(trace_session(t->traces[at.conn]), at.k, &p);
	*out = (struct ladder_peek){
		.packet = p.ordinal,
		.time = p.time - t->start,
		.len = p.len,
		.seq = p.seq,
		.ack = p.ack,
		.notes = p.notes,
		.flags = p.flags,
		.conn = at.conn,
		.side = p.side,
		.is_icmp = p.is_icmp,
		.has_sack = p.has_sack,
	};
}

struct ladder_source traces_source(struct traces *t)
{
	return (struct ladder_source){
		.n = traces_count(t),
		.peek = peek,
		.ctx = t,
		.records = traces_records(t),
		.nrecords = t->n,
		.start = t->start,
	};
}
