/* SPDX-License-Identifier: MIT */
/*
 * shard_end - how connections leave a shard: packed, evicted, expired, finished; see shard_own.h.
 */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tcp/shard_own.h"

/* A SYN is repeated for about two minutes (RFC 9293 3.8.3); after this it is not answered any more. */
#define HALF_OPEN_TIMEOUT (300 * NS_PER_SEC)

/* So many connections of a shard that are over stay whole; more are packed, while they are at hand. */
#define OVER_WHOLE_MAX 8

/* The first packed connection whose client is ends[0], and ends[1], is the mould of others: they are much alike. */
enum {
	MOULD_ZERO = 2,
	MOULDS,
};

void shard_drop(struct shard *s, struct conn *c)
{
	conn_release(c);
	pool_put(s->conns, c);
}

/* Of a connection that is finished. */
static void tell(struct shard *s, struct conn *c, bool evicted, uint32_t slot)
{
	bool was_told = c->was_told;
	struct conn_record *r = log_record(s, EVENT_RECORD, c, slot);

	r->is_evicted = evicted;
	if (evicted)
		r->verdict = verdict_on(r, 0);
	r->was_told = was_told;
}

/* Decide what is open; then comes its record.  (Most raise their findings, if any, only here.) */
static void finish(struct shard *s, struct conn *c, enum ending why)
{
	if (!c->findings) {
		c->findings = s->lent;
		c->findings_cap = FINDINGS_MAX;
	}
	c->watched = s->now - c->start;
	conn_finish(c, &s->env, why == ENDING_REUSED, why == ENDING_EXPIRED);
}

/* Its streams are closed: what the record would be if nothing more came. */
static void tell_closed(struct shard *s, struct conn *c)
{
	struct conn *copy;

	if (!s->o.wants_closed || c->was_told)
		return;
	copy = pool_get_dirty(s->conns);
	BUG_ON(!copy);
	conn_copy(copy, c);
	finish(s, copy, ENDING_CAPTURE);
	(void)log_record(s, EVENT_CLOSED, copy, s->env.slot);
	c->was_told = true;
}

struct conn *flow_unpack(struct shard *s, struct flow *f)
{
	f->conn = pool_get_dirty(s->conns);
	BUG_ON(!f->conn);
	conn_unpack(f->conn, &s->moulds[f->mould], f->packed);
	pool_put(s->packs[f->pack_class], f->packed);
	f->packed = NULL;
	if (f->aside) {
		conn_take_back(f->conn, f->aside);
		pool_put(s->asides, f->aside);
		f->aside = NULL;
	}
	return f->conn;
}

/* Packs the connection, which is spoilt then.  Returns its size. */
static size_t pack(struct shard *s, struct flow *f, uint8_t bytes[CONN_PACKED_MAX])
{
	struct conn *c = f->conn;
	uint8_t like = c->client;
	size_t n;

	if (!s->moulds)
		s->moulds = mem_alloc(MOULDS, sizeof(*s->moulds));
	/* (One whose end has no history says nothing of itself; it is never used, and the next one takes its place.) */
	f->mould = s->moulds[like].ends[0].nhistory ? like : MOULD_ZERO;
	n = conn_pack(c, &s->moulds[f->mould], bytes);
	if (f->mould == MOULD_ZERO)
		conn_mould(&s->moulds[like], c);
	return n;
}

/* Nothing but a late packet will need it before its record is written. */
static void squeeze(struct shard *s, struct flow *f)
{
	uint8_t bytes[CONN_PACKED_MAX];
	size_t n;

	BUG_ON(!f->conn);
	f->uid = f->conn->uid;
	conn_trim(f->conn);
	n = pack(s, f, bytes);
	f->pack_class = (uint8_t)(n / PACK_STEP);
	if (!s->packs[f->pack_class])
		s->packs[f->pack_class] =
		    pool_new((f->pack_class + (size_t)1) * PACK_STEP, 0, s->o.region);
	f->packed = pool_get_dirty(s->packs[f->pack_class]);
	BUG_ON(!f->packed);
	memcpy(f->packed, bytes, n);
	pool_put(s->conns, f->conn);
	f->conn = NULL;
}

static size_t whole_max(const struct shard *s)
{
	return s->o.pack_all ? 0 : OVER_WHOLE_MAX;
}

void flow_set_aside(struct shard *s, struct flow *f)
{
	struct aside aside;

	/* (It is one of them.  Whoever wants EVENT_CLOSED needs it whole for that, when it is tidied.) */
	if (s->o.wants_closed ||
	    s->lives[LIFE_LINGERING].n + s->lives[LIFE_CLOSED].n <= whole_max(s) ||
	    !conn_set_aside(f->conn, &aside))
		return;
	f->aside = pool_get_dirty(s->asides);
	BUG_ON(!f->aside);
	*f->aside = aside;
	squeeze(s, f);
}

static uint64_t uid_of(const struct flow *f)
{
	return f->conn ? f->conn->uid : f->uid;
}

void flow_end(struct shard *s, struct flow *f, enum ending why, uint32_t slot)
{
	pool_prefetch_write(s->records, offsetof(struct ended, history));
	(void)flow_whole(s, f);
	finish(s, f->conn, why);
	tell(s, f->conn, why == ENDING_EVICTED, slot);
	f->conn = NULL;
	free(f->pending);
	f->pending = NULL;
}

static void remove_flow(struct shard *s, struct flow *f)
{
	table_remove(s, f);
	life_leave(s, f);
	pool_put(s->flows, f);
}

void shard_forget(struct shard *s, uint64_t uid, uint32_t slot)
{
	s->counts.rolled_up++;
	log_forgotten(s, uid, slot);
}

static void roll_up(struct shard *s, struct flow *f, uint32_t slot)
{
	shard_forget(s, f->conn->uid, slot);
	shard_drop(s, f->conn);
	free(f->pending);
	remove_flow(s, f);
}

void shard_evict_one(struct shard *s, uint32_t slot)
{
	struct flow *f = life_idlest(s, LIFE_HALF_OPEN);

	if (f) {
		roll_up(s, f, slot);
		return;
	}
	f = life_idlest(s, LIFE_CLOSED);
	if (!f)
		f = life_idlest(s, LIFE_LINGERING);
	if (!f)
		f = life_idlest(s, LIFE_OPEN);
	BUG_ON(!f);
	s->counts.evicted++;
	flow_end(s, f, ENDING_EVICTED, slot);
	remove_flow(s, f);
}

struct conn *shard_conn(struct shard *s, const struct segment *seg, uint8_t dir)
{
	struct conn *c = pool_get_dirty(s->conns);

	BUG_ON(!c);
	conn_init(c, seg, dir);
	return c;
}

/* It is needed whole, and then leaves the table. */
static void prefetch_conn(const struct shard *s, const struct flow *f)
{
	__builtin_prefetch(bucket_of(s, f->hash));
	if (f->conn)
		util_prefetch(f->conn, sizeof(*f->conn));
	else
		util_prefetch(f->packed, (f->pack_class + (size_t)1) * PACK_STEP);
}

/* The next flows of a list expire soon: each step needs what the one before fetched. */
static void prefetch_expiring(const struct shard *s, const struct flow *f)
{
	if (!f->next)
		return;
	if (f->next->next)
		util_prefetch(f->next->next, sizeof(*f));
	prefetch_conn(s, f->next);
}

static void expire(struct shard *s, enum life life, int64_t timeout, int64_t now, uint32_t slot)
{
	struct flow *f;

	while ((f = life_due(s, life, timeout, now)) != NULL) {
		prefetch_expiring(s, f);
		flow_end(s, f, ENDING_EXPIRED, slot);
		remove_flow(s, f);
	}
}

/* The next flows of the list are tidied soon: each step needs what the one before fetched. */
static void prefetch_lingering(const struct flow *f)
{
	const struct flow *next = f->next, *after = next ? next->next : NULL;

	if (next && !next->aside)
		conn_prefetch_streams(next->conn);
	if (after && after->aside)
		util_prefetch(after->aside, sizeof(*after->aside));
	else if (after)
		util_prefetch(after->conn, sizeof(*after->conn));
	if (after && after->next)
		util_prefetch(after->next, sizeof(*after->next));
}

/* Gives its streams back. */
static void tidy(struct shard *s, struct flow *f)
{
	if (f->aside) {
		aside_release(f->aside);
		pool_put(s->asides, f->aside);
		f->aside = NULL;
		return;
	}
	stream_close(f->conn, &s->env);
	transfer_close(f->conn);
	tell_closed(s, f->conn);
	if (s->lives[LIFE_CLOSED].n >= whole_max(s))
		squeeze(s, f);
}

/* What has been quiet since it closed waits for the end of TIME-WAIT. */
static void tidy_closed(struct shard *s, int64_t now)
{
	struct flow *f;

	while ((f = life_due(s, LIFE_LINGERING, CONN_LINGER, now)) != NULL) {
		prefetch_lingering(f);
		tidy(s, f);
		life_leave(s, f);
		life_enter(s, f, LIFE_CLOSED);
	}
}

/* The record of a SYN that nobody answered, straight from its smallest form. */
static void end_syn(struct shard *s, const struct segment *syn, uint32_t slot)
{
	uint8_t dir = flow_dir(syn);
	struct conn *c = shard_conn(s, syn, dir);
	struct step step;

	conn_segment(c, syn, dir, &s->env, &step);
	finish(s, c, ENDING_CAPTURE);
	tell(s, c, false, slot);
}

void shard_tick(struct shard *s, int64_t second, uint32_t slot)
{
	int64_t now = second * NS_PER_SEC;
	struct segment syn;

	s->env.slot = slot;
	s->now = now;
	while (halfopen_take_oldest(s->halfopen, now - HALF_OPEN_TIMEOUT, &syn))
		end_syn(s, &syn, slot);
	expire(s, LIFE_HALF_OPEN, HALF_OPEN_TIMEOUT, now, slot);
	tidy_closed(s, now);
	expire(s, LIFE_CLOSED, s->o.time_wait, now, slot);
}

void shard_quiet(struct shard *s, int64_t now)
{
	s->env.slot = 0;
	tidy_closed(s, now);
}

static int by_uid(const void *a, const void *b)
{
	const struct finishing *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

void shard_finish_begin(struct shard *s)
{
	s->finishing = mem_alloc(s->nflows + 1, sizeof(*s->finishing));
	for (unsigned i = 0; i < LIFE_COUNT; i++)
		for (struct flow *f = s->lives[i].head; f; f = f->next)
			s->finishing[s->nfinishing++] = (struct finishing){ uid_of(f), f };
	qsort(s->finishing, s->nfinishing, sizeof(*s->finishing), by_uid);
}

uint64_t shard_finish_peek(const struct shard *s)
{
	uint64_t syn = halfopen_oldest(s->halfopen);
	uint64_t uid = s->finished < s->nfinishing ? s->finishing[s->finished].uid : 0;

	return syn && (!uid || syn < uid) ? syn : uid;
}

static void prefetch_finishing(const struct shard *s)
{
	if (s->finished + 1 < s->nfinishing)
		util_prefetch(s->finishing[s->finished + 1].flow, sizeof(struct flow));
	if (s->finished < s->nfinishing)
		prefetch_conn(s, s->finishing[s->finished].flow);
}

void shard_finish_next(struct shard *s, uint32_t slot)
{
	uint64_t oldest = halfopen_oldest(s->halfopen);
	struct segment syn;
	struct flow *f;

	s->env.slot = slot;
	if (oldest && oldest == shard_finish_peek(s)) {
		if (halfopen_take_oldest(s->halfopen, INT64_MAX, &syn))
			end_syn(s, &syn, slot);
		return;
	}
	f = s->finishing[s->finished++].flow;
	prefetch_finishing(s);
	flow_end(s, f, ENDING_CAPTURE, slot);
	remove_flow(s, f);
}
