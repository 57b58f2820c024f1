/* SPDX-License-Identifier: MIT */
/*
 * loaded - reads a capture three times: streams and records, rows, maps.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/loaded.h"
#include "tcpshadow/mem.h"

struct load_sink {
	struct sink sink; /* first */
	struct loaded *l;
	struct buf (*ends)[2]; /* [id - 1][end] */
	size_t nends;
};

static struct loaded_conn *conn_of(struct load_sink *s, uint64_t id)
{
	struct loaded *l = s->l;

	while (l->nconns < id) {
		l->conns = mem_grow(l->conns, l->nconns, &l->cap_conns, sizeof(*l->conns));
		memset(&l->conns[l->nconns], 0, sizeof(*l->conns));
		buf_init(&l->conns[l->nconns++].bytes);
	}
	if (s->nends < l->nconns)
		s->ends = mem_resize(s->ends, l->nconns, sizeof(*s->ends));
	for (; s->nends < l->nconns; s->nends++) {
		buf_init(&s->ends[s->nends][0]);
		buf_init(&s->ends[s->nends][1]);
	}
	return &l->conns[id - 1];
}

static void own(struct loaded *l, uint64_t ordinal, uint64_t id)
{
	size_t n = (size_t)ordinal;

	if (l->nowners < n)
		l->owners = mem_resize(l->owners, n, sizeof(*l->owners));
	for (; l->nowners < n; l->nowners++)
		l->owners[l->nowners] = 0;
	l->owners[n - 1] = id;
}

static int load_event(struct sink *sink, const struct event *ev, struct err *e)
{
	struct load_sink *s = (struct load_sink *)sink;
	struct loaded_conn *c;

	(void)e;
	if (ev->id == 0)
		return 0;
	c = conn_of(s, ev->id);
	if (ev->type == EVENT_SEGMENT)
		own(s->l, ev->u.segment.packet, ev->id);
	if (ev->type == EVENT_DATA) {
		buf_add(&c->bytes, ev->u.data.bytes, ev->u.data.n);
		buf_add(&s->ends[ev->id - 1][ev->u.data.end], ev->u.data.bytes, ev->u.data.n);
	}
	if (ev->type == EVENT_RECORD) {
		c->session = session_new(ev->u.record);
		for (unsigned side = 0; side < 2; side++)
			c->sides[side] = s->ends[ev->id - 1][ev->u.record->sides[side].end];
	}
	return 0;
}

static int load_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static const struct sink_ops load_ops = {
	.wants = EVENT_BIT(EVENT_SEGMENT) | EVENT_BIT(EVENT_DATA) | EVENT_BIT(EVENT_GAP) |
	         EVENT_BIT(EVENT_RECORD),
	.event = load_event,
	.finish = load_finish,
};

static void again(struct loaded *l, const struct cap_options *o, bool wants_maps)
{
	struct decode_options options = { .verify_checksums = true };
	struct decoder *decoder = decoder_new(&options);
	struct cap_batch batch;
	struct segment seg;
	struct err e = { "" };

	cap_close(l->cap);
	l->cap = cap_open(o, &e);
	BUG_ON(!l->cap);
	cap_batch_init(&batch, 512, 256 << 10);
	while (cap_read(l->cap, &batch) > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			const struct packet *p = &batch.packets[i];
			uint64_t id = p->ordinal <= l->nowners ? l->owners[p->ordinal - 1] : 0;

			if (decode_packet(decoder, p, &seg) != DECODED_SEGMENT || !id)
				continue;
			if (wants_maps)
				streammap_add(l->conns[id - 1].map, p, &seg);
			else
				session_add(l->conns[id - 1].session, &seg);
		}
		decoder_batch_done(decoder);
	}
	cap_batch_release(&batch);
	decoder_free(decoder);
}

bool loaded_open(struct loaded *l, const char *file)
{
	const struct cap_options o = { .files = &file, .nfiles = 1, .spool_bytes = 64 << 20 };
	const struct engine_options engine = { .batch_packets = 0 };
	struct load_sink s = { .sink = { .ops = &load_ops }, .l = l };
	struct sink *sink = &s.sink;
	struct err e = { "" };

	*l = (struct loaded){ .cap = cap_open(&o, &e) };
	if (!l->cap)
		return false;
	BUG_ON(engine_run(l->cap, &engine, &sink, 1, &e) < 0);
	again(l, &o, false);
	for (size_t i = 0; i < l->nconns; i++)
		l->conns[i].map = streammap_new(l->conns[i].session, OVERLAP_LINUX);
	again(l, &o, true);
	for (size_t i = 0; i < l->nconns; i++)
		streammap_finish(l->conns[i].map);
	free(s.ends);
	return true;
}

void loaded_close(struct loaded *l)
{
	for (size_t i = 0; i < l->nconns; i++) {
		struct loaded_conn *c = &l->conns[i];

		session_free(c->session);
		streammap_free(c->map);
		buf_release(&c->bytes);
		buf_release(&c->sides[0]);
		buf_release(&c->sides[1]);
	}
	free(l->conns);
	free(l->owners);
	cap_close(l->cap);
}

static int source_read(void *ctx, uint16_t file, uint64_t offset, struct packet *p, struct err *e)
{
	return cap_reread(ctx, file, offset, p, e);
}

struct stream_source loaded_source(struct loaded *l)
{
	return (struct stream_source){ source_read, l->cap };
}
