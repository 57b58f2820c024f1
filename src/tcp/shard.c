/* SPDX-License-Identifier: MIT */
/*
 * shard - flow table, lifetimes and event log; see shard.h for the contract.
 *
 * Connections wait in three lists by what can still happen to them.  A list is ordered by when its members
 * entered or were last looked at: activity is only noted, and a member that turns out to have been active
 * goes to the end when its turn comes.  Nothing walks the table, so its order cannot show in the output.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcp/flow.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/shard.h"

/* A SYN is repeated for about two minutes (RFC 9293 3.8.3); after this it is not answered any more. */
#define HALF_OPEN_TIMEOUT (300 * NS_PER_SEC)

enum life {
	LIFE_HALF_OPEN,
	LIFE_OPEN,
	LIFE_CLOSED,
	LIFE_COUNT,
};

struct flow {
	struct flow_key key;
	uint8_t life;             /* enum life */
	struct flow *chain;       /* same bucket */
	struct flow *prev, *next; /* same life */
	int64_t looked_at;        /* ns since the epoch: when it took its place in the list */
	int64_t last;             /* its last packet */
	struct conn *conn;
	struct segment *pending; /* copy of a SYN that may start the next incarnation, or NULL */
};

struct life_list {
	struct flow *head, *tail;
};

/* A finished connection that its record still points to. */
struct retired {
	struct conn *conn;
	struct conn_record *record;
};

struct shard {
	struct shard_options o;
	struct flow **buckets;
	size_t nbuckets; /* power of two */
	size_t nflows;
	struct life_list lives[LIFE_COUNT];
	struct pool *flows, *conns, *records;
	struct log_entry *log;
	size_t nlog, log_cap;
	struct retired *retired;
	size_t nretired, retired_cap;
	struct flow **finishing; /* sorted by uid */
	size_t nfinishing, finished;
	struct shard_counts counts;
};

struct shard *shard_new(const struct shard_options *o)
{
	struct shard *s = mem_alloc(1, sizeof(*s));
	size_t each = sizeof(struct flow) + sizeof(struct conn);
	size_t cap = o->memory / each < 64 ? 64 : (size_t)(o->memory / each);

	s->o = *o;
	s->nbuckets = 256;
	s->buckets = mem_alloc(s->nbuckets, sizeof(*s->buckets));
	s->flows = pool_new(sizeof(struct flow), cap);
	s->conns = pool_new(sizeof(struct conn), 0);
	s->records = pool_new(sizeof(struct conn_record), 0);
	return s;
}

static void free_pending(struct shard *s)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++)
		for (struct flow *f = s->lives[i].head; f; f = f->next)
			free(f->pending);
}

void shard_free(struct shard *s)
{
	if (!s)
		return;
	free_pending(s);
	pool_free(s->flows);
	pool_free(s->conns);
	pool_free(s->records);
	free(s->buckets);
	free(s->log);
	free(s->retired);
	free(s->finishing);
	free(s);
}

unsigned shard_of(const struct segment *seg)
{
	struct flow_key key;

	(void)flow_key_of(&key, seg);
	return (unsigned)(hash_fixed(&key, sizeof(key)) >> 32) % SHARD_COUNT;
}

/* --- table --- */

static struct flow **bucket_of(const struct shard *s, const struct flow_key *key)
{
	uint64_t h = hash_keyed(key, sizeof(*key), s->o.hash_key);

	return &s->buckets[h & (s->nbuckets - 1)];
}

static struct flow *table_find(const struct shard *s, const struct flow_key *key)
{
	struct flow *f = *bucket_of(s, key);

	while (f && !flow_key_equal(&f->key, key))
		f = f->chain;
	return f;
}

static void table_double(struct shard *s)
{
	struct flow **old = s->buckets;
	size_t n = s->nbuckets;

	s->nbuckets = 2 * n;
	s->buckets = mem_alloc(s->nbuckets, sizeof(*s->buckets));
	for (size_t i = 0; i < n; i++) {
		for (struct flow *f = old[i], *next; f; f = next) {
			struct flow **b = bucket_of(s, &f->key);

			next = f->chain;
			f->chain = *b;
			*b = f;
		}
	}
	free(old);
}

static void table_add(struct shard *s, struct flow *f)
{
	struct flow **b;

	if (s->nflows >= s->nbuckets)
		table_double(s);
	b = bucket_of(s, &f->key);
	f->chain = *b;
	*b = f;
	s->nflows++;
}

static void table_remove(struct shard *s, struct flow *f)
{
	struct flow **p = bucket_of(s, &f->key);

	while (*p != f)
		p = &(*p)->chain;
	*p = f->chain;
	s->nflows--;
}

/* --- lists of lives --- */

static void life_leave(struct shard *s, struct flow *f)
{
	struct life_list *l = &s->lives[f->life];

	*(f->prev ? &f->prev->next : &l->head) = f->next;
	*(f->next ? &f->next->prev : &l->tail) = f->prev;
}

static void life_enter(struct shard *s, struct flow *f, enum life life)
{
	struct life_list *l = &s->lives[life];

	f->life = (uint8_t)life;
	f->looked_at = f->last;
	f->next = NULL;
	f->prev = l->tail;
	*(l->tail ? &l->tail->next : &l->head) = f;
	l->tail = f;
}

/* The member that has been idle longest; the active ones met on the way go to the end. */
static struct flow *life_idlest(struct shard *s, enum life life)
{
	struct flow *f = s->lives[life].head;

	while (f && f->last > f->looked_at) {
		life_leave(s, f);
		life_enter(s, f, life);
		f = s->lives[life].head;
	}
	return f;
}

/* --- log --- */

static struct log_entry *log_append(
    struct shard *s, enum event_type type, uint32_t slot, uint64_t uid)
{
	struct log_entry *le;

	s->log = mem_grow(s->log, s->nlog, &s->log_cap, sizeof(*s->log));
	le = &s->log[s->nlog++];
	*le = (struct log_entry){ .event = { .type = (uint8_t)type, .slot = slot, .uid = uid } };
	return le;
}

static void log_segment(
    struct shard *s, const struct conn *c, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	if (s->o.wants_segments)
		log_append(s, EVENT_SEGMENT, slot, c->uid)->event.u.segment =
		    (struct event_segment){
			    .packet = seg->packet,
			    .offset = seg->offset,
			    .file = seg->file,
			    .from_client = dir == c->client,
			    .is_icmp = seg->kind == SEG_ICMP,
		    };
}

static void log_record(struct shard *s, struct conn *c, bool evicted, uint32_t slot)
{
	struct conn_record *r = pool_get(s->records);
	struct log_entry *le;

	BUG_ON(!r);
	record_fill(r, c);
	r->is_evicted = evicted;
	le = log_append(s, EVENT_RECORD, slot, c->uid);
	le->record = r;
	le->event.u.record = r;
	s->retired = mem_grow(s->retired, s->nretired, &s->retired_cap, sizeof(*s->retired));
	s->retired[s->nretired++] = (struct retired){ c, r };
}

const struct log_entry *shard_log(const struct shard *s, size_t *n)
{
	*n = s->nlog;
	return s->log;
}

void shard_log_reset(struct shard *s)
{
	for (size_t i = 0; i < s->nretired; i++) {
		pool_put(s->conns, s->retired[i].conn);
		pool_put(s->records, s->retired[i].record);
	}
	s->nretired = 0;
	s->nlog = 0;
}

const struct shard_counts *shard_counts(const struct shard *s)
{
	return &s->counts;
}

/* --- lives of flows --- */

enum ending {
	ENDING_EXPIRED,
	ENDING_REUSED,
	ENDING_EVICTED,
	ENDING_CAPTURE,
};

/* Write the record; the flow itself stays and has no connection. */
static void end_conn(struct shard *s, struct flow *f, enum ending why, uint32_t slot)
{
	conn_finish(f->conn, why == ENDING_REUSED, why == ENDING_EXPIRED);
	log_record(s, f->conn, why == ENDING_EVICTED, slot);
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

static void roll_up(struct shard *s, struct flow *f)
{
	s->counts.rolled_up++;
	pool_put(s->conns, f->conn);
	free(f->pending);
	remove_flow(s, f);
}

/* Make room for one flow: oldest useless first. */
static void evict_one(struct shard *s, uint32_t slot)
{
	struct flow *f = life_idlest(s, LIFE_HALF_OPEN);

	if (f) {
		roll_up(s, f);
		return;
	}
	f = life_idlest(s, LIFE_CLOSED);
	if (!f)
		f = life_idlest(s, LIFE_OPEN);
	BUG_ON(!f);
	s->counts.evicted++;
	end_conn(s, f, ENDING_EVICTED, slot);
	remove_flow(s, f);
}

static void start_conn(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	f->conn = pool_get(s->conns);
	BUG_ON(!f->conn);
	conn_init(f->conn, seg, dir);
	(void)log_append(s, EVENT_OPEN, slot, f->conn->uid);
}

static struct flow *new_flow(struct shard *s, const struct flow_key *key, const struct segment *seg,
    uint8_t dir, uint32_t slot)
{
	struct flow *f = pool_get(s->flows);

	if (!f) {
		evict_one(s, slot);
		f = pool_get(s->flows);
		BUG_ON(!f);
	}
	f->key = *key;
	f->last = seg->ts;
	table_add(s, f);
	life_enter(s, f, LIFE_HALF_OPEN);
	start_conn(s, f, seg, dir, slot);
	return f;
}

/* A SYN without ACK from an end that nobody has answered yet. */
static bool is_half_open(const struct conn *c, uint8_t dir)
{
	return c->ends[!dir].packets == 0 && c->ends[dir].payload_bytes == 0 &&
	       c->syns == c->ends[dir].packets;
}

static void update_life(struct shard *s, struct flow *f, uint8_t dir)
{
	enum life life = LIFE_OPEN;

	if (f->conn->is_over)
		life = LIFE_CLOSED;
	else if (is_half_open(f->conn, dir))
		life = LIFE_HALF_OPEN;
	if (life == f->life)
		return;
	life_leave(s, f);
	life_enter(s, f, life);
}

static void next_incarnation(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	end_conn(s, f, ENDING_REUSED, slot);
	start_conn(s, f, seg, dir, slot);
}

/* A copy outlives the batch; its payload does not. */
static void keep_pending(struct flow *f, const struct segment *seg)
{
	if (!f->pending)
		f->pending = mem_alloc(1, sizeof(*f->pending));
	*f->pending = *seg;
	f->pending->data = NULL;
	f->pending->caplen = 0;
}

static void apply(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct step step;

	conn_segment(f->conn, seg, dir, &step);
	log_segment(s, f->conn, seg, dir, slot);
}

/*
 * The SYN that was held back has been answered: the old connection is over and the SYN began a new one.
 * It was counted in the old one and moves.
 */
static void confirm_pending(struct shard *s, struct flow *f, uint8_t dir, uint32_t slot)
{
	struct segment syn = *f->pending;
	struct endpoint *e = &f->conn->ends[dir];

	e->packets--;
	e->wire_bytes -= syn.wire_len;
	e->payload_bytes -= syn.len;
	next_incarnation(s, f, &syn, dir, slot);
	apply(s, f, &syn, dir, slot);
}

static bool answers_pending(const struct flow *f, const struct segment *seg)
{
	return f->pending && (seg->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
	       f->pending->sport == seg->dport && f->pending->dport == seg->sport &&
	       seg->ack == f->pending->seq + 1;
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
			keep_pending(f, seg);
			break;
		}
	} else if (answers_pending(f, seg)) {
		confirm_pending(s, f, !dir, slot);
	}
}

static void icmp_segment(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	if (!f) {
		s->counts.icmp_unmatched++;
		return;
	}
	f->last = seg->ts;
	conn_icmp(f->conn, seg, dir);
	log_segment(s, f->conn, seg, dir, slot);
}

void shard_segment(struct shard *s, const struct segment *seg, uint32_t slot)
{
	struct flow_key key;
	uint8_t dir = flow_key_of(&key, seg);
	struct flow *f = table_find(s, &key);

	if (seg->kind == SEG_ICMP) {
		icmp_segment(s, f, seg, dir, slot);
		return;
	}
	if (!f)
		f = new_flow(s, &key, seg, dir, slot);
	else if (seg->flags & TCP_SYN)
		decide_incarnation(s, f, seg, dir, slot);
	if (seg->ts > f->last)
		f->last = seg->ts;
	apply(s, f, seg, dir, slot);
	update_life(s, f, dir);
}

static void expire(struct shard *s, enum life life, int64_t timeout, int64_t now, uint32_t slot)
{
	struct flow *f;

	while ((f = s->lives[life].head) != NULL && f->looked_at + timeout <= now) {
		if (f->last > f->looked_at) {
			life_leave(s, f);
			life_enter(s, f, life);
			continue;
		}
		end_conn(s, f, ENDING_EXPIRED, slot);
		remove_flow(s, f);
	}
}

void shard_tick(struct shard *s, int64_t second, uint32_t slot)
{
	int64_t now = second * NS_PER_SEC;

	expire(s, LIFE_HALF_OPEN, HALF_OPEN_TIMEOUT, now, slot);
	expire(s, LIFE_CLOSED, s->o.time_wait, now, slot);
}

static int by_uid(const void *a, const void *b)
{
	const struct flow *const *x = a, *const *y = b;

	return (*x)->conn->uid < (*y)->conn->uid ? -1 : (*x)->conn->uid > (*y)->conn->uid;
}

void shard_finish_begin(struct shard *s)
{
	s->finishing = mem_alloc(s->nflows + 1, sizeof(struct flow *));
	for (unsigned i = 0; i < LIFE_COUNT; i++)
		for (struct flow *f = s->lives[i].head; f; f = f->next)
			s->finishing[s->nfinishing++] = f;
	qsort(s->finishing, s->nfinishing, sizeof(struct flow *), by_uid);
}

uint64_t shard_finish_peek(const struct shard *s)
{
	return s->finished < s->nfinishing ? s->finishing[s->finished]->conn->uid : 0;
}

void shard_finish_next(struct shard *s, uint32_t slot)
{
	struct flow *f = s->finishing[s->finished++];

	end_conn(s, f, ENDING_CAPTURE, slot);
	remove_flow(s, f);
}
