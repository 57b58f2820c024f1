/* SPDX-License-Identifier: MIT */
/*
 * extract - the sink that writes each stream to a file of its own.
 *
 * Bytes go to ID-END.part as they are delivered; the names with client and server come with the record.
 * Memory: 8 bytes per connection up to the last one with data; files as in outdir.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/extract_index.h"
#include "tcpshadow/gather.h"
#include "tcpshadow/mem.h"

/* The files of a connection that is not over. */
struct pair {
	struct outfile *files[2]; /* [end] */
	uint64_t written[2];
};

struct extract {
	struct sink sink; /* first */
	const struct extract_options *o;
	struct outdir *dir;
	struct extract_index index;
	struct pair **pairs; /* [id]: NULL = no data, or over */
	size_t npairs;
};

static struct pair *pair_of(struct extract *x, uint64_t id)
{
	size_t n = x->npairs ? x->npairs : 64;

	while (n <= id)
		n *= 2;
	if (n > x->npairs) {
		x->pairs = mem_resize(x->pairs, n, sizeof(*x->pairs));
		for (size_t i = x->npairs; i < n; i++)
			x->pairs[i] = NULL;
		x->npairs = n;
	}
	if (!x->pairs[id])
		x->pairs[id] = mem_alloc(1, sizeof(*x->pairs[id]));
	return x->pairs[id];
}

static int on_data(struct extract *x, uint64_t id, const struct event_data *d, struct err *e)
{
	struct pair *p;
	char name[48];

	if (!pick_has(x->o->pick, id))
		return 0;
	p = pair_of(x, id);
	if (!p->files[d->end]) {
		(void)snprintf(name, sizeof(name), "%05" PRIu64 "-%u", id, d->end);
		p->files[d->end] = outfile_new(x->dir, name, e);
		if (!p->files[d->end])
			return -1;
	}
	p->written[d->end] += d->n;
	return outfile_write(p->files[d->end], d->bytes, d->n, e);
}

static int finish_side(
    struct extract *x, const struct conn_record *r, struct pair *p, uint8_t side, struct err *e)
{
	const struct side_record *s = &r->sides[side];
	struct extract_stream row = { .side = side };
	struct extract_conn conn = extract_conn_of(r);
	struct buf name = BUF_INIT;
	int rc = 0;

	if (p && p->files[s->end]) {
		extract_name(&name, &conn);
		buf_addf(&name, "-%s.bin", side_word(side));
		row.name = name.data;
		row.written = p->written[s->end];
		rc = outfile_finish(p->files[s->end], name.data, e);
		p->files[s->end] = NULL;
	}
	if (rc == 0 && (row.name || s->stream.missing))
		rc = extract_index_stream(&x->index, r, &row, e);
	buf_release(&name);
	return rc;
}

static int on_record(struct extract *x, const struct conn_record *r, struct err *e)
{
	struct pair *p = r->id < x->npairs ? x->pairs[r->id] : NULL;
	int rc = 0;

	if (!pick_has(x->o->pick, r->id))
		return 0;
	for (uint8_t side = 0; side < 2 && rc == 0; side++)
		rc = finish_side(x, r, p, side, e);
	if (p)
		x->pairs[r->id] = NULL;
	free(p);
	return rc;
}

static int extract_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct extract *x = (struct extract *)s;

	if (ev->type == EVENT_DATA)
		return on_data(x, ev->id, &ev->u.data, e);
	return ev->type == EVENT_RECORD ? on_record(x, ev->u.record, e) : 0;
}

static int extract_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct extract *x = (struct extract *)s;

	(void)sum;
	return extract_index_finish(&x->index, e);
}

/* After a failure: what was finished stays, the rest goes. */
static void extract_free(struct sink *s)
{
	struct extract *x = (struct extract *)s;

	for (size_t i = 0; i < x->npairs; i++)
		free(x->pairs[i]);
	free(x->pairs);
	outdir_close(x->dir);
	extract_index_release(&x->index);
	free(x);
}

static const struct sink_ops extract_ops = {
	.wants = EVENT_BIT(EVENT_DATA) | EVENT_BIT(EVENT_RECORD),
	.event = extract_event,
	.finish = extract_finish,
	.free = extract_free,
};

struct sink *extract_new(const struct extract_options *o, struct err *e)
{
	struct extract *x = mem_alloc(1, sizeof(*x));

	x->sink.ops = &extract_ops;
	x->o = o;
	x->dir = outdir_open(o->dir, o->force, e);
	if (x->dir && extract_index_open(&x->index, x->dir, EXTRACT_STREAM_TITLES, e) == 0)
		return &x->sink;
	extract_free(&x->sink);
	return NULL;
}
