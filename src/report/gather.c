/* SPDX-License-Identifier: MIT */
/*
 * gather - sinks that remember connections and packets, and the copying of packets.
 */
#include "config.h"

#include <stdlib.h>

#include "report/extract_index.h"
#include "tcpshadow/gather.h"
#include "tcpshadow/mem.h"

enum {
	BATCH_PACKETS = 4096,
	BATCH_BYTES = 256 << 10,
	WORD_BITS = 64,
};

/* --- which connections --- */

struct pick {
	struct sink sink; /* first */
	const struct where *where;
	uint64_t *bits;
	size_t nwords;
};

static void set_bit(struct pick *p, uint64_t id)
{
	size_t word = (size_t)(id / WORD_BITS), n = p->nwords ? p->nwords : 16;

	while (n <= word)
		n *= 2;
	if (n > p->nwords) {
		p->bits = mem_resize(p->bits, n, sizeof(*p->bits));
		for (size_t i = p->nwords; i < n; i++)
			p->bits[i] = 0;
		p->nwords = n;
	}
	p->bits[word] |= UINT64_C(1) << id % WORD_BITS;
}

bool pick_has(const struct pick *p, uint64_t id)
{
	size_t word = (size_t)(id / WORD_BITS);

	return !p || (word < p->nwords && p->bits[word] >> id % WORD_BITS & 1);
}

static int pick_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct pick *p = (struct pick *)s;

	(void)e;
	if (ev->type == EVENT_RECORD && where_match(p->where, ev->u.record, s->began))
		set_bit(p, ev->u.record->id);
	return 0;
}

static int nothing_left(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static void pick_sink_free(struct sink *s)
{
	struct pick *p = (struct pick *)s;

	free(p->bits);
	free(p);
}

static const struct sink_ops pick_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = pick_event,
	.finish = nothing_left,
	.free = pick_sink_free,
};

struct pick *pick_new(const struct where *where)
{
	struct pick *p = mem_alloc(1, sizeof(*p));

	p->sink.ops = &pick_ops;
	p->where = where;
	return p;
}

void pick_free(struct pick *p)
{
	if (p)
		pick_sink_free(&p->sink);
}

struct sink *pick_sink(struct pick *p)
{
	return &p->sink;
}

/* --- which packets --- */

struct owned {
	uint64_t packet, id;
};

/* A connection to be written. */
struct target {
	struct extract_conn conn;
	uint64_t packets, left;
	struct outfile *file;
};

struct gather {
	struct sink sink; /* first */
	const struct pick *pick;
	bool names;
	struct owned *owned; /* sorted by packet when all are there */
	size_t nowned, owned_cap;
	struct target *targets; /* sorted by id when all are there */
	size_t ntargets, targets_cap;
};

static void own(struct gather *g, uint64_t packet, uint64_t id)
{
	g->owned = mem_grow(g->owned, g->nowned, &g->owned_cap, sizeof(*g->owned));
	g->owned[g->nowned++] = (struct owned){ packet, id };
}

static int gather_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct gather *g = (struct gather *)s;

	(void)e;
	if (!pick_has(g->pick, ev->id))
		return 0;
	if (ev->type == EVENT_SEGMENT) {
		own(g, ev->u.segment.packet, ev->id);
		for (size_t i = 0; i < ev->u.segment.nfragments; i++)
			own(g, ev->u.segment.fragments[i], ev->id);
	}
	if (ev->type == EVENT_RECORD && g->names) {
		g->targets =
		    mem_grow(g->targets, g->ntargets, &g->targets_cap, sizeof(*g->targets));
		g->targets[g->ntargets++] =
		    (struct target){ .conn = extract_conn_of(ev->u.record) };
	}
	return 0;
}

static int by_packet(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	if (x->packet != y->packet)
		return x->packet < y->packet ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_id(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return x->conn.id < y->conn.id ? -1 : x->conn.id > y->conn.id;
}

/* A packet may belong to a connection twice: as a fragment of two datagrams. */
static void remove_repeated(struct gather *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->nowned; i++)
		if (kept == 0 || by_packet(&g->owned[kept - 1], &g->owned[i]) != 0)
			g->owned[kept++] = g->owned[i];
	g->nowned = kept;
}

static int gather_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct gather *g = (struct gather *)s;

	(void)sum;
	(void)e;
	if (g->nowned)
		qsort(g->owned, g->nowned, sizeof(*g->owned), by_packet);
	if (g->ntargets)
		qsort(g->targets, g->ntargets, sizeof(*g->targets), by_id);
	remove_repeated(g);
	return 0;
}

static void gather_sink_free(struct sink *s)
{
	struct gather *g = (struct gather *)s;

	free(g->owned);
	free(g->targets);
	free(g);
}

static const struct sink_ops gather_ops = {
	.wants = EVENT_BIT(EVENT_SEGMENT) | EVENT_BIT(EVENT_RECORD),
	.event = gather_event,
	.finish = gather_finish,
	.free = gather_sink_free,
};

struct gather *gather_new(const struct pick *pick, bool names)
{
	struct gather *g = mem_alloc(1, sizeof(*g));

	g->sink.ops = &gather_ops;
	g->pick = pick;
	g->names = names;
	return g;
}

void gather_free(struct gather *g)
{
	if (g)
		gather_sink_free(&g->sink);
}

struct sink *gather_sink(struct gather *g)
{
	return &g->sink;
}

/* --- copying --- */

static int save_batch(const struct gather *g, size_t *at, const struct cap_batch *batch,
    const struct pcapout *format, struct report_out *out, struct err *e)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = &batch->packets[i];

		if (g && (*at == g->nowned || g->owned[*at].packet != p->ordinal))
			continue;
		while (g && *at < g->nowned && g->owned[*at].packet == p->ordinal)
			++*at;
		pcapout_packet(format, &out->buf, p);
		if (report_out_commit(out, e) < 0)
			return -1;
	}
	return 0;
}

int gather_save(const struct gather *g, struct cap *cap, const struct pcapout *format,
    struct report_out *out, struct err *e)
{
	struct cap_batch batch;
	size_t at = 0;
	int rc = 0;

	cap_batch_init(&batch, BATCH_PACKETS, BATCH_BYTES);
	pcapout_begin(format, &out->buf);
	while (rc == 0 && (!g || at < g->nowned) && cap_read(cap, &batch) > 0)
		rc = save_batch(g, &at, &batch, format, out, e);
	cap_batch_release(&batch);
	return rc < 0 ? -1 : report_out_flush(out, e);
}

struct splitting {
	struct gather *g;
	const struct pcapout *format;
	struct outdir *dir;
	struct extract_index index;
	struct buf buf;
	size_t at;
};

static struct target *target_of(struct gather *g, uint64_t id)
{
	struct target key = { .conn = { .id = id } };

	return g->ntargets ? bsearch(&key, g->targets, g->ntargets, sizeof(key), by_id) : NULL;
}

static void count_packets(struct gather *g)
{
	for (size_t i = 0; i < g->nowned; i++) {
		struct target *t = target_of(g, g->owned[i].id);

		if (t)
			t->left = ++t->packets;
	}
}

static int finish_target(struct splitting *s, struct target *t, struct err *e)
{
	struct buf name = BUF_INIT;
	int rc;

	extract_name(&name, &t->conn);
	buf_addf(&name, ".%s", pcapout_suffix(s->format));
	rc = outfile_finish(t->file, name.data, e);
	t->file = NULL;
	if (rc == 0)
		rc = extract_index_capture(&s->index, &t->conn, name.data, t->packets, e);
	buf_release(&name);
	return rc;
}

static int split_packet(
    struct splitting *s, struct target *t, const struct packet *p, struct err *e)
{
	buf_reset(&s->buf);
	if (!t->file) {
		extract_name(&s->buf, &t->conn);
		t->file = outfile_new(s->dir, s->buf.data, e);
		if (!t->file)
			return -1;
		buf_reset(&s->buf);
		pcapout_begin(s->format, &s->buf);
	}
	pcapout_packet(s->format, &s->buf, p);
	if (outfile_write(t->file, s->buf.data, s->buf.len, e) < 0)
		return -1;
	return --t->left ? 0 : finish_target(s, t, e);
}

static int split_batch(struct splitting *s, const struct cap_batch *batch, struct err *e)
{
	struct gather *g = s->g;

	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = &batch->packets[i];

		for (; s->at < g->nowned && g->owned[s->at].packet == p->ordinal; s->at++) {
			struct target *t = target_of(g, g->owned[s->at].id);

			if (t && split_packet(s, t, p, e) < 0)
				return -1;
		}
	}
	return 0;
}

static int split_all(struct splitting *s, struct cap *cap, struct err *e)
{
	struct cap_batch batch;
	int rc = 0;

	cap_batch_init(&batch, BATCH_PACKETS, BATCH_BYTES);
	while (rc == 0 && s->at < s->g->nowned && cap_read(cap, &batch) > 0)
		rc = split_batch(s, &batch, e);
	cap_batch_release(&batch);
	return rc < 0 ? -1 : extract_index_finish(&s->index, e);
}

int gather_split(struct gather *g, struct cap *cap, const struct pcapout *format,
    const struct extract_options *o, struct err *e)
{
	struct splitting s = { .g = g, .format = format };
	int rc = -1;

	s.dir = outdir_open(o->dir, o->force, e);
	if (!s.dir)
		return -1;
	buf_init(&s.buf);
	count_packets(g);
	if (extract_index_open(&s.index, s.dir, EXTRACT_CAPTURE_TITLES, e) == 0)
		rc = split_all(&s, cap, e);
	outdir_close(s.dir);
	extract_index_release(&s.index);
	buf_release(&s.buf);
	return rc;
}
