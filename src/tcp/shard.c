/* SPDX-License-Identifier: MIT */
/*
 * shard - flow table, lifetimes and event log; see shard.h for the contract.
 *
 * Connections wait in four lists by what can still happen to them.  A list is ordered by when its members
 * entered or were last looked at: activity is only noted, and a member that turns out to have been active
 * goes to the end when its turn comes.  Nothing walks the table, so its order cannot show in the output.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/conn.h"
#include "tcp/find.h"
#include "tcp/flow.h"
#include "tcp/halfopen.h"
#include "tcp/stream.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/shard.h"

/* A SYN is repeated for about two minutes (RFC 9293 3.8.3); after this it is not answered any more. */
#define HALF_OPEN_TIMEOUT (300 * NS_PER_SEC)

enum life {
	LIFE_HALF_OPEN,
	LIFE_OPEN,
	LIFE_LINGERING, /* just closed: late packets are likely; where many wait, packed, with an aside */
	LIFE_CLOSED, /* its streams are done; where many wait, packed */
	LIFE_COUNT,
};

/* A SYN that may start the next incarnation, and how the present one was left before it came. */
struct pending {
	struct segment syn;
	int64_t end, last_time;
	uint64_t last_packet;
};

struct flow {
	struct conn *conn;  /* NULL while packed */
	struct flow *chain; /* same bucket */
	struct flow **link; /* what points to it there */
	struct flow_key key;
	uint64_t hash;            /* keyed hash of the key */
	uint8_t life;             /* enum life */
	uint8_t pack_class;       /* of its packed form: shard.packs[] */
	uint8_t mould;            /* likewise: shard.moulds[] */
	struct flow *prev, *next; /* same life */
	int64_t looked_at;        /* ns since the epoch: when it took its place in the list */
	int64_t last;             /* its last packet */
	uint8_t *packed;          /* the connection, packed, or NULL */
	uint64_t uid;             /* of the packed connection */
	struct pending *pending;  /* or NULL */
	struct aside *aside;      /* of the packed connection, while it lingers; or NULL */
};

struct life_list {
	struct flow *head, *tail;
	size_t n;
};

/* Copies of a frame come sooner, repetitions of a SYN later than this (ns). */
#define SYN_RETRY_MIN (NS_PER_SEC / 5)

/* So many connections of a shard that are over stay whole; more are packed, while they are at hand. */
#define OVER_WHOLE_MAX 8

/* Any number, but always the same: it decides the shard of a flow. */
#define SHARD_KEY UINT64_C(0xc6a4a7935bd1e995)

/* Packed connections share pools by size, in steps of so many bytes. */
enum {
	PACK_STEP = 128,
	PACK_CLASSES = CONN_PACKED_MAX / PACK_STEP + 1,
};

/* The first packed connection whose client is ends[0], and ends[1], is the mould of others: they are much alike. */
enum {
	MOULD_ZERO = 2,
	MOULDS,
};

/* One part in so many of the memory holds SYNs that nobody has answered. */
#define HALF_OPEN_SHARE 256

/* One in so many is spent on windows that are larger than they need be yet. */
#define LARGE_WINDOWS_SHARE 16

/* So many findings of a record lie beside it. */
enum {
	FINDINGS_FEW = 2,
};

/* A record and what it points to.  Its connection is gone: the next one is built in the same memory, at hand. */
struct ended {
	struct conn_record record;
	struct state_entry history[2][HISTORY_MAX];
	struct finding few[FINDINGS_FEW];
	struct finding *findings; /* heap, owned; NULL where few[] has them; and so on */
	struct reset_record *resets;
	struct icmp_record *icmp;
};

/* A connection that is left at the end of the capture. */
struct finishing {
	uint64_t uid;
	struct flow *flow;
};

struct shard {
	struct shard_options o;
	struct flow **buckets;
	size_t nbuckets; /* power of two */
	size_t nflows;
	struct life_list lives[LIFE_COUNT];
	struct pool *flows, *conns, *records, *asides;
	struct pool *packs[PACK_CLASSES]; /* packed connections by size; NULL before the first */
	struct conn *moulds;              /* that they were packed with; NULL before the first */
	struct halfopen *halfopen;
	struct stream_env env;
	int64_t now; /* of the latest tick, ns since the epoch */
	struct shard_log log;
	const struct segment *at;    /* at hand, NULL = none */
	struct finishing *finishing; /* sorted by uid */
	size_t nfinishing, finished;
	struct shard_counts counts;
	struct finding lent[FINDINGS_MAX]; /* to the connection that is ending */
};

/* --- log --- */

/* What is particular to the event is the caller's to fill. */
static struct log_entry *log_append(
    struct shard *s, enum event_type type, uint32_t slot, uint64_t uid)
{
	struct shard_log *log = &s->log;
	struct log_entry *le;

	if (log->n == log->cap)
		log->entries = mem_grow(log->entries, log->n, &log->cap, sizeof(*log->entries));
	le = &log->entries[log->n++];
	le->event.type = (uint8_t)type;
	le->event.slot = slot;
	le->event.uid = uid;
	le->event.id = 0;
	le->record = NULL;
	return le;
}

/* Bytes in the batch live as long as the log. */
static bool is_in_batch(const struct shard *s, const struct reasm_input *in)
{
	const struct segment *seg = s->at;

	return seg && seg->data && in->bytes >= seg->data &&
	       in->bytes + in->n <= seg->data + seg->caplen;
}

/* Of what lies in the reassembler the log keeps a copy. */
static void log_data(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	struct shard *s = ctx;
	struct log_entry *le = log_append(s, EVENT_DATA, s->env.slot, s->env.uid);
	const uint8_t *bytes = in->bytes;

	if (!is_in_batch(s, in)) {
		uint8_t *copy = arena_take(&s->log.bytes, in->n);

		memcpy(copy, in->bytes, in->n);
		bytes = copy;
	}
	le->event.u.data =
	    (struct event_data){ s->env.end, offset, bytes, in->n, in->packet, in->time };
}

static void log_gap(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time)
{
	struct shard *s = ctx;

	log_append(s, EVENT_GAP, s->env.slot, s->env.uid)->event.u.gap =
	    (struct event_gap){ s->env.end, (uint8_t)kind, offset, n, time };
}

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
		s->env.out = (struct reasm_out){ log_data, log_gap, s };
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

/* --- table --- */

static struct flow **bucket_of(const struct shard *s, uint64_t hash)
{
	return &s->buckets[hash & (s->nbuckets - 1)];
}

/* Sets the direction bit of the segment, too. */
static struct flow *table_find(
    const struct shard *s, const struct segment *seg, uint64_t hash, uint8_t *dir)
{
	for (struct flow *f = *bucket_of(s, hash); f; f = f->chain) {
		if (f->hash != hash)
			continue;
		*dir = flow_key_dir(&f->key, seg);
		if (flow_key_fits(&f->key, seg, *dir))
			return f;
	}
	*dir = flow_dir(seg);
	return NULL;
}

void shard_prefetch(const struct shard *s, uint64_t hash, enum shard_ahead ahead)
{
	const struct flow *f;

	if (ahead == SHARD_AHEAD_TABLES) {
		__builtin_prefetch(bucket_of(s, hash));
		halfopen_prefetch(s->halfopen, hash);
		return;
	}
	f = *bucket_of(s, hash);
	if (ahead == SHARD_AHEAD_FLOW) {
		if (f)
			util_prefetch(f, sizeof(*f));
	} else if (!f) {
		pool_prefetch(s->conns, sizeof(struct conn));
		pool_prefetch(s->env.flights, sizeof(struct sent));
	} else if (f->conn) {
		conn_prefetch(f->conn);
	}
}

static void chain_in(struct flow **bucket, struct flow *f)
{
	f->chain = *bucket;
	f->link = bucket;
	if (f->chain)
		f->chain->link = &f->chain;
	*bucket = f;
}

static void table_double(struct shard *s)
{
	struct flow **old = s->buckets;
	size_t n = s->nbuckets;

	s->nbuckets = 2 * n;
	s->buckets = mem_alloc(s->nbuckets, sizeof(*s->buckets));
	for (size_t i = 0; i < n; i++) {
		for (struct flow *f = old[i], *next; f; f = next) {
			struct flow **b = bucket_of(s, f->hash);

			next = f->chain;
			chain_in(b, f);
		}
	}
	free(old);
}

static void table_add(struct shard *s, struct flow *f)
{
	if (s->nflows >= s->nbuckets)
		table_double(s);
	chain_in(bucket_of(s, f->hash), f);
	s->nflows++;
}

static void table_remove(struct shard *s, struct flow *f)
{
	*f->link = f->chain;
	if (f->chain)
		f->chain->link = f->link;
	s->nflows--;
}

/* --- lists of lives --- */

static void life_leave(struct shard *s, struct flow *f)
{
	struct life_list *l = &s->lives[f->life];

	l->n--;
	*(f->prev ? &f->prev->next : &l->head) = f->next;
	*(f->next ? &f->next->prev : &l->tail) = f->prev;
}

static void life_enter(struct shard *s, struct flow *f, enum life life)
{
	struct life_list *l = &s->lives[life];

	l->n++;
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

static void log_open(
    struct shard *s, uint64_t uid, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct event_open *o = &log_append(s, EVENT_OPEN, slot, uid)->event.u.open;

	o->addrs[dir] = (struct endpoint_addr){ seg->src, seg->sport, seg->ip_version, 0 };
	o->addrs[!dir] = (struct endpoint_addr){ seg->dst, seg->dport, seg->ip_version, 0 };
	o->time = seg->ts;
}

static struct event_segment *log_segment(
    struct shard *s, uint64_t uid, const struct segment *seg, uint32_t slot)
{
	struct event_segment *e = &log_append(s, EVENT_SEGMENT, slot, uid)->event.u.segment;

	*e = (struct event_segment){
		.packet = seg->packet,
		.offset = seg->offset,
		.time = seg->ts,
		.len = seg->len,
		.seq = seg->seq,
		.ack = seg->ack,
		.window = seg->window,
		.file = seg->file,
		.flags = seg->flags,
		.is_icmp = seg->kind == SEG_ICMP,
		.has_sack = seg->opt.nsack > 0,
	};
	return e;
}

/* A look at a long connection need not begin at its first packet. */
static const struct replay *checkpoint(struct shard *s, const struct conn *c)
{
	uint64_t packets = c->ends[0].packets + c->ends[1].packets;
	struct shard_log *log = &s->log;
	struct replay *r;

	if (packets == 0 || s->o.checkpoint == 0 || packets % s->o.checkpoint != 0)
		return NULL;
	r = replay_of(c);
	log->checkpoints = mem_grow(
	    log->checkpoints, log->ncheckpoints, &log->checkpoints_cap, sizeof(*log->checkpoints));
	log->checkpoints[log->ncheckpoints++] = r;
	return r;
}

/* A segment that was applied to the connection.  Only where somebody wants them. */
static void log_applied(
    struct shard *s, const struct conn *c, uint8_t dir, const struct step *st, uint32_t slot)
{
	struct event_segment *e = log_segment(s, c->uid, st->seg, slot);

	e->end = dir;
	e->from_client = dir == c->client;
	e->notes = st->notes;
	e->checkpoint = checkpoint(s, c);
	for (unsigned i = 0; i < 2; i++)
		e->states[i] = c->ends[i].state;
}

/* A SYN that is held in its smallest form.  Likewise. */
static void log_syn(struct shard *s, const struct segment *seg, uint32_t slot)
{
	struct event_segment *e = log_segment(s, seg->packet, seg, slot);

	e->end = flow_dir(seg);
	e->from_client = true;
	e->states[e->end] = TCPS_SYN_SENT;
	e->states[!e->end] = TCPS_UNKNOWN;
}

/* Told once for each trap of a connection. */
static void log_trouble(struct shard *s, struct conn *c, uint32_t slot)
{
	log_append(s, EVENT_TROUBLE, slot, c->uid)->event.u.trouble = (struct event_trouble){
		.hosts = { event_host(&c->addrs[0]), event_host(&c->addrs[1]) },
		.traps = (uint16_t)(c->traps & ~c->traps_told),
	};
	c->traps_told = c->traps;
}

/* Told once for each sign of a connection. */
static void log_sign(struct shard *s, struct conn *c, uint32_t slot)
{
	struct event_sign *ev = &log_append(s, EVENT_SIGN, slot, c->uid)->event.u.sign;
	const struct endpoint *server = &c->ends[!c->client];
	uint8_t marks;

	*ev = (struct event_sign){
		.client = c->addrs[c->client],
		.server = c->addrs[!c->client],
		.opening = c->opening,
		.is_from_server = c->opening_dir != c->client,
		.signs = (uint16_t)(c->signs & ~c->signs_told),
		.span = c->late_span,
	};
	if (ev->signs & SIGN_OPENED) {
		ev->vantage = (uint8_t)vantage_of(c, &marks);
		ev->server_isn = server->isn;
		ev->scales = server->offer.has_wscale && c->ends[c->client].offer.has_wscale;
		ev->span = c->syn_time >= 0 && c->syns == 1 && c->synack_first >= c->syn_time
		               ? c->synack_first - c->syn_time
		               : -1;
	}
	c->signs_told = c->signs;
}

static void keep_findings(struct ended *e, struct conn *c, const struct finding *lent)
{
	e->findings = NULL;
	if (c->findings != lent)
		e->findings = c->findings;
	else if (c->nfindings > FINDINGS_FEW)
		e->findings = mem_copy(lent, c->nfindings, sizeof(*lent));
	else
		memcpy(e->few, lent, c->nfindings * sizeof(*lent));
	e->record.findings = e->findings ? e->findings : e->few;
	c->findings = NULL;
}

/* What the record points to becomes its own. */
static void keep_lists(struct ended *e, struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		struct side_record *side = &e->record.sides[i];

		memcpy(e->history[i], side->states, side->nstates * sizeof(e->history[i][0]));
		side->states = e->history[i];
	}
	e->resets = c->resets;
	e->icmp = c->icmp;
	c->resets = NULL;
	c->icmp = NULL;
}

static void drop_conn(struct shard *s, struct conn *c)
{
	conn_release(c);
	pool_put(s->conns, c);
}

/* Of the connection nothing is left. */
static struct conn_record *log_record_as(
    struct shard *s, enum event_type type, struct conn *c, uint32_t slot)
{
	struct ended *e = pool_get_dirty(s->records);
	struct shard_log *log = &s->log;
	struct log_entry *le;

	BUG_ON(!e);
	record_fill(&e->record, c);
	keep_findings(e, c, s->lent);
	keep_lists(e, c);
	le = log_append(s, type, slot, c->uid);
	le->record = &e->record;
	le->event.u.record = &e->record;
	log->ended = mem_grow(log->ended, log->nended, &log->ended_cap, sizeof(struct ended *));
	log->ended[log->nended++] = e;
	drop_conn(s, c);
	return &e->record;
}

static void log_record(struct shard *s, struct conn *c, bool evicted, uint32_t slot)
{
	bool was_told = c->was_told;
	struct conn_record *r = log_record_as(s, EVENT_RECORD, c, slot);

	r->is_evicted = evicted;
	if (evicted)
		r->verdict = verdict_on(r, 0);
	r->was_told = was_told;
}

enum ending {
	ENDING_EXPIRED,
	ENDING_REUSED,
	ENDING_EVICTED,
	ENDING_CAPTURE,
};

/* Decide what is open; then comes its record.  (Most raise their findings, if any, only here.) */
static void finish_conn(struct shard *s, struct conn *c, enum ending why)
{
	if (!c->findings) {
		c->findings = s->lent;
		c->findings_cap = FINDINGS_MAX;
	}
	c->watched = s->now - c->start;
	conn_finish(c, &s->env, why == ENDING_REUSED, why == ENDING_EXPIRED);
}

/* Its streams are closed: what the record would be if nothing more came. */
static void log_closed(struct shard *s, struct conn *c)
{
	struct conn *copy;

	if (!s->o.wants_closed || c->was_told)
		return;
	copy = pool_get_dirty(s->conns);
	BUG_ON(!copy);
	conn_copy(copy, c);
	finish_conn(s, copy, ENDING_CAPTURE);
	(void)log_record_as(s, EVENT_CLOSED, copy, s->env.slot);
	c->was_told = true;
}

void shard_log_reset(struct shard *s, struct shard_log *log)
{
	if (log->n == 0)
		return;
	for (size_t i = 0; i < log->nended; i++) {
		struct ended *e = log->ended[i];

		free(e->findings);
		free(e->resets);
		free(e->icmp);
		pool_put(s->records, e);
	}
	for (size_t i = 0; i < log->ncheckpoints; i++)
		replay_free(log->checkpoints[i]);
	log->ncheckpoints = 0;
	log->nended = 0;
	log->n = 0;
	arena_reset(&log->bytes);
}

void shard_log_swap(struct shard *s, struct shard_log *log)
{
	struct shard_log filled = s->log;

	shard_log_reset(s, log);
	s->log = *log;
	*log = filled;
}

void shard_log_release(struct shard *s, struct shard_log *log)
{
	shard_log_reset(s, log);
	arena_release(&log->bytes);
	free(log->entries);
	free(log->checkpoints);
	free(log->ended);
}

const struct shard_counts *shard_counts(const struct shard *s)
{
	return &s->counts;
}

/* --- lives of flows --- */

/* Its connection, whole. */
static struct conn *whole(struct shard *s, struct flow *f)
{
	if (f->conn)
		return f->conn;
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

/* It is over: nothing but a late packet will need more of it than its packed form, unless something is still open. */
static void set_aside(struct shard *s, struct flow *f)
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

/* Write the record; the flow itself stays and has no connection. */
static void end_conn(struct shard *s, struct flow *f, enum ending why, uint32_t slot)
{
	(void)whole(s, f);
	finish_conn(s, f->conn, why);
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

/* A half-open connection leaves without a record: it is only counted. */
static void forget(struct shard *s, uint64_t uid, uint32_t slot)
{
	s->counts.rolled_up++;
	(void)log_append(s, EVENT_FORGOTTEN, slot, uid);
}

static void roll_up(struct shard *s, struct flow *f, uint32_t slot)
{
	forget(s, f->conn->uid, slot);
	drop_conn(s, f->conn);
	free(f->pending);
	remove_flow(s, f);
}

/* Make room for one flow: oldest useless first. */
static void evict_one(struct shard *s, uint32_t slot)
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
	end_conn(s, f, ENDING_EVICTED, slot);
	remove_flow(s, f);
}

static struct conn *new_conn(struct shard *s, const struct segment *seg, uint8_t dir)
{
	struct conn *c = pool_get_dirty(s->conns);

	BUG_ON(!c);
	conn_init(c, seg, dir);
	return c;
}

static struct flow *new_flow(
    struct shard *s, const struct segment *seg, uint64_t hash, uint8_t dir, uint32_t slot)
{
	struct flow *f = pool_get(s->flows);

	if (!f) {
		evict_one(s, slot);
		f = pool_get(s->flows);
		BUG_ON(!f);
	}
	flow_key_of(&f->key, seg, dir);
	f->hash = hash;
	f->last = seg->ts;
	table_add(s, f);
	life_enter(s, f, LIFE_HALF_OPEN);
	f->conn = new_conn(s, seg, dir);
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
		set_aside(s, f);
}

static void next_incarnation(
    struct shard *s, struct flow *f, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct previous previous = find_previous(whole(s, f), seg, dir);
	/* An attempt that was signed (RFC 2385) and not answered, and now one without: see stream.c. */
	bool was_signed = f->conn->ends[dir].offered_md5 && f->conn->ends[!dir].packets == 0;

	end_conn(s, f, ENDING_REUSED, slot);
	f->conn = new_conn(s, seg, dir);
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
	*f->pending = (struct pending){ *seg, f->conn->end, e->last_time, e->last_packet };
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
	if (c->end == p->syn.ts - c->start)
		c->end = p->end;
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
		forget(s, gone, slot);
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
	conn_icmp(whole(s, f), seg, dir);
	f->conn->was_told = false;
	if (s->o.wants_segments)
		log_applied(s, f->conn, dir, &(struct step){ .seg = seg }, slot);
}

/* f: its flow, NULL = it begins one. */
static void tcp_segment(struct shard *s, struct flow *f, const struct segment *seg, uint64_t hash,
    uint8_t dir, uint32_t slot)
{
	if (f) {
		(void)whole(s, f);
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

/* The next of its kind that has been idle for so long, or NULL. */
static struct flow *life_due(struct shard *s, enum life life, int64_t timeout, int64_t now)
{
	struct flow *f;

	while ((f = s->lives[life].head) != NULL && f->looked_at + timeout <= now) {
		if (f->last <= f->looked_at)
			return f;
		life_leave(s, f);
		life_enter(s, f, life);
	}
	return NULL;
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
		end_conn(s, f, ENDING_EXPIRED, slot);
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
	log_closed(s, f->conn);
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
	struct conn *c = new_conn(s, syn, dir);
	struct step step;

	conn_segment(c, syn, dir, &s->env, &step);
	finish_conn(s, c, ENDING_CAPTURE);
	log_record(s, c, false, slot);
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
	end_conn(s, f, ENDING_CAPTURE, slot);
	remove_flow(s, f);
}

static void free_owned(struct shard *s)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++) {
		for (struct flow *f = s->lives[i].head; f; f = f->next) {
			conn_release(whole(s, f));
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
