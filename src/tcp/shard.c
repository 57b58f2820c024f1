/* SPDX-License-Identifier: MIT */
/*
 * shard - which connection a segment belongs to; see shard.h for the contract, shard_own.h for what lies where.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/shard_own.h"

/* Copies of a frame come sooner, repetitions of a SYN later than this (ns). */
#define SYN_RETRY_MIN (NS_PER_SEC / 5)

/* Any number, but always the same: it decides the shard of a flow. */
#define SHARD_KEY UINT64_C(0xc6a4a7935bd1e995)

/* One part in so many of the memory holds SYNs that nobody has answered. */
#define HALF_OPEN_SHARE 256

/* One in so many is spent on windows that are larger than they need be yet. */
#define LARGE_WINDOWS_SHARE 16

/* 32 bytes each and 16 to 32 of index. */
static size_t halfopen_places(uint64_t memory)
{
	uint64_t places = memory / HALF_OPEN_SHARE / 56;

	return places < 64 ? 64 : (size_t)places;
}

struct shard *shard_new(const struct shard_options *o)
{
	struct shard *s = mem_alloc(1, sizeof(*s));
	/* Both directions with their smallest windows and flights. */
	size_t each =
	    sizeof(struct flow) + sizeof(struct conn) +
	    2 * (reasm_bytes(&o->streams) + REASM_WINDOW_MIN + SENT_MIN * sizeof(struct sent));
	size_t cap = o->memory / each < 64 ? 64 : (size_t)(o->memory / each);

	s->o = *o;
	s->env.options = o->streams;
	s->env.options.large_max = (size_t)(o->memory / LARGE_WINDOWS_SHARE / REASM_WINDOW_LARGE);
	s->env.options.reasms = pool_new(reasm_bytes(&o->streams), 0, o->region);
	for (unsigned i = 0; i < REASM_WINDOW_POOLS; i++)
		s->env.options.windows[i] = pool_new((size_t)REASM_WINDOW_FIRST << i, 0, o->region);
	s->env.flights = pool_new(SENT_MIN * sizeof(struct sent), 0, o->region);
	if (o->wants_data)
		s->env.out = log_streams(s);
	s->nbuckets = 256;
	s->buckets = mem_alloc(s->nbuckets, sizeof(*s->buckets));
	s->flows = pool_new(sizeof(struct flow), cap, o->region);
	s->conns = pool_new(sizeof(struct conn), 0, o->region);
	s->records = pool_new(sizeof(struct ended), 0, o->region);
	s->asides = pool_new(sizeof(struct aside), 0, o->region);
	s->halfopen = halfopen_new(halfopen_places(o->memory), o->hash_key, o->region);
	return s;
}

struct shard_place shard_place(const struct segment *seg, uint64_t hash_key)
{
	struct flow_hashes h = flow_hashes(seg, hash_key, SHARD_KEY);

	return (struct shard_place){ h.hash[0], (unsigned)(h.hash[1] >> 32) % SHARD_COUNT };
}

const struct shard_counts *shard_counts(const struct shard *s)
{
	return &s->counts;
}

static struct flow *new_flow(
    struct shard *s, const struct segment *seg, uint64_t hash, uint8_t dir, uint32_t slot)
{
	struct flow *f = pool_get(s->flows);

	if (!f) {
		shard_evict_one(s, slot);
		f = pool_get(s->flows);
		BUG_ON(!f);
	}
	flow_key_of(&f->key, seg, dir);
	f->hash = hash;
	f->last = seg->ts;
	table_add(s, f);
	life_enter(s, f, LIFE_HALF_OPEN);
	f->conn = shard_conn(s, seg, dir);
	return f;
}

/* A SYN without ACK from an end that nobody has answered yet. */
static bool is_half_open(const struct conn *c, uint8_t dir)
{
	return c->ends[!dir].packets == 0 && c->ends[dir].payload_bytes == 0 &&
	       c->syns == conn_sent(&c->ends[dir]);
}

static void update_life(struct shard *s, struct flow *f, uint8_t dir)
{
	enum life life = LIFE_OPEN;

	if (f->conn->is_over)
		life = LIFE_LINGERING;
	else if (is_half_open(f->conn, dir))
		life = LIFE_HALF_OPEN;
	if (life == f->life)
		return;
	f->conn->was_told = false;
	life_leave(s, f);
	life_enter(s, f, life);
	if (life == LIFE_LINGERING)
		flow_set_aside(s, f);
}

static void next_incarnation(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct previous previous = find_previous(flow_whole(s, f), seg, dir);
	/* An attempt that was signed (RFC 2385) and not answered, and now one without: see stream.c. */
	bool was_signed = f->conn->ends[dir].offered_md5 && f->conn->ends[!dir].packets == 0;

	flow_end(s, f, ENDING_REUSED, slot);
	f->conn = shard_conn(s, seg, dir);
	f->conn->previous = previous;
	f->conn->ends[dir].offered_md5 = was_signed;
	log_open(s, f->conn->uid, seg, dir, slot);
}

/* A copy outlives the batch; its payload does not. */
static void keep_pending(struct flow *f, const struct segment *seg, uint8_t dir)
{
	const struct endpoint *e = &f->conn->ends[dir];

	if (!f->pending)
		f->pending = mem_alloc(1, sizeof(*f->pending));
	*f->pending =
	    (struct pending){ *seg, f->conn->end, f->conn->gap, e->last_time, e->last_packet };
	f->pending->syn.data = NULL;
	f->pending->syn.caplen = 0;
}

static inline void apply(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct step step;

	conn_segment(f->conn, seg, dir, &s->env, &step);
	if (s->o.wants_segments)
		log_applied(s, f->conn, dir, &step, slot);
	if (f->conn->traps != f->conn->traps_told)
		log_trouble(s, f->conn, slot);
	if (f->conn->signs != f->conn->signs_told)
		log_sign(s, f->conn, slot);
}

/* The SYN was none of this connection's: forget that it was counted. */
static void take_back(struct conn *c, const struct pending *p, uint8_t dir)
{
	struct endpoint *e = &c->ends[dir];

	e->packets--;
	e->wire_bytes -= p->syn.wire_len;
	e->payload_bytes -= p->syn.len;
	if (c->end == p->syn.ts - c->start) {
		c->end = p->end;
		c->gap = p->gap;
	}
	if (e->last_packet == p->syn.packet) {
		e->last_packet = p->last_packet;
		e->last_time = p->last_time;
	}
	find_forget(c, p->syn.packet);
}

/*
 * The SYN that was held back has been answered: the old connection is over and the SYN began a new one.
 * It was counted in the old one and moves.
 */
static void confirm_pending(struct shard *s, struct flow *f, uint8_t dir, uint32_t slot)
{
	struct segment syn = f->pending->syn;

	take_back(f->conn, f->pending, dir);
	next_incarnation(s, f, &syn, dir, slot);
	apply(s, f, &syn, dir, slot);
}

/*
 * A SYN into a living connection.  When it is repeated and the other end has kept silent in between, nobody
 * holds the old connection any more.
 */
static void pend(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	const struct segment *syn = f->pending ? &f->pending->syn : NULL;

	if (syn && syn->seq == seg->seq && syn->sport == seg->sport &&
	    seg->ts - syn->ts > SYN_RETRY_MIN && f->conn->ends[!dir].last_packet < syn->packet)
		confirm_pending(s, f, dir, slot);
	else
		keep_pending(f, seg, dir);
}

static bool answers_pending(const struct flow *f, const struct segment *seg)
{
	const struct segment *syn = f->pending ? &f->pending->syn : NULL;

	return syn && (seg->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	       syn->sport == seg->dport && syn->dport == seg->sport && seg->ack == syn->seq + 1;
}

static void decide_incarnation(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	if ((seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
		switch (conn_syn_fate(f->conn, seg, dir)) {
		case SYN_BELONGS:
			break;
		case SYN_STARTS_NEW:
			next_incarnation(s, f, seg, dir, slot);
			break;
		case SYN_PENDING:
			pend(s, f, seg, dir, slot);
			break;
		}
	} else if (answers_pending(f, seg)) {
		confirm_pending(s, f, !dir, slot);
	} else if ((seg->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	           conn_synack_is_new(f->conn, seg, dir)) {
		next_incarnation(s, f, seg, dir, slot);
	}
}

/* A SYN that was held in its smallest form becomes a whole connection. */
static struct flow *promote(
    struct shard *s, const struct segment *seg, uint64_t hash, uint32_t slot)
{
	struct segment syn;
	struct step step;
	struct flow *f;
	uint8_t dir;

	if (!halfopen_take(s->halfopen, seg, hash, &syn))
		return NULL;
	dir = flow_dir(&syn);
	f = new_flow(s, &syn, hash, dir, slot);
	conn_segment(f->conn, &syn, dir, &s->env, &step);
	return f;
}

static bool hold_syn(
    struct shard *s, const struct segment *seg, uint64_t hash, uint8_t dir, uint32_t slot)
{
	uint64_t gone;

	if (!halfopen_fits(seg) || !halfopen_put(s->halfopen, seg, hash, &gone))
		return false;
	if (gone)
		shard_forget(s, gone, slot);
	log_open(s, seg->packet, seg, dir, slot);
	if (s->o.wants_segments)
		log_syn(s, seg, slot);
	return true;
}

static void icmp_segment(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	if (!f) {
		s->counts.icmp_unmatched++;
		return;
	}
	f->last = seg->ts > f->last ? seg->ts : f->last;
	conn_icmp(flow_whole(s, f), seg, dir);
	f->conn->was_told = false;
	if (s->o.wants_segments)
		log_applied(s, f->conn, dir, &(struct step){ .seg = seg }, slot);
}

/* f: its flow, NULL = it begins one. */
static void tcp_segment(struct shard *s, struct flow *f, const struct segment *seg, uint64_t hash,
    uint8_t dir, uint32_t slot)
{
	if (f) {
		(void)flow_whole(s, f);
		if (seg->flags & TCP_SYN)
			decide_incarnation(s, f, seg, dir, slot);
		if (seg->ts > f->last)
			f->last = seg->ts;
	} else {
		f = new_flow(s, seg, hash, dir, slot);
		log_open(s, f->conn->uid, seg, dir, slot);
	}
	apply(s, f, seg, dir, slot);
	update_life(s, f, dir);
}

void shard_segment(struct shard *s, const struct segment *seg, uint64_t hash, uint32_t slot)
{
	uint8_t dir;
	struct flow *f = table_find(s, seg, hash, &dir);

	s->env.slot = slot;
	s->at = seg;
	if (!f)
		f = promote(s, seg, hash, slot);
	if (seg->kind == SEG_ICMP)
		icmp_segment(s, f, seg, dir, slot);
	else if (f || !hold_syn(s, seg, hash, dir, slot))
		tcp_segment(s, f, seg, hash, dir, slot);
	s->at = NULL;
}

static void free_owned(struct shard *s)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++) {
		for (struct flow *f = s->lives[i].head; f; f = f->next) {
			conn_release(flow_whole(s, f));
			free(f->pending);
		}
	}
}

void shard_free(struct shard *s)
{
	if (!s)
		return;
	shard_log_release(s, &s->log);
	free_owned(s);
	pool_free(s->flows);
	pool_free(s->conns);
	pool_free(s->records);
	pool_free(s->asides);
	for (unsigned i = 0; i < PACK_CLASSES; i++)
		pool_free(s->packs[i]);
	free(s->moulds);
	halfopen_free(s->halfopen);
	pool_free(s->env.flights);
	pool_free(s->env.options.reasms);
	for (unsigned i = 0; i < REASM_WINDOW_POOLS; i++)
		pool_free(s->env.options.windows[i]);
	free(s->buckets);
	free(s->finishing);
	free(s);
}
