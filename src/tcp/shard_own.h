/* SPDX-License-Identifier: MIT */
/*
 * shard_own - what the files of the shard share; see shard.h for its contract.
 *
 *   shard.c        segments: which connection and which incarnation of it they belong to
 *   shard_table.c  finding flows; lists of flows by what can still happen to them
 *   shard_end.c    packing what is over, eviction, expiry, the end of the capture
 *   shard_log.c    the log of events and records
 *
 * Connections wait in four lists by what can still happen to them.  A list is ordered by when its members
 * entered or were last looked at: activity is only noted, and a member that turns out to have been active
 * goes to the end when its turn comes.  Nothing walks the table, so its order cannot show in the output.
 */
#ifndef TCP_SHARD_OWN_H
#define TCP_SHARD_OWN_H

#include "tcp/conn.h"
#include "tcp/find.h"
#include "tcp/flow.h"
#include "tcp/halfopen.h"
#include "tcp/stream.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/shard.h"

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
	int64_t end, gap, last_time; /* of the connection without it */
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

/* Packed connections share pools by size, in steps of so many bytes. */
enum {
	PACK_STEP = 128,
	PACK_CLASSES = CONN_PACKED_MAX / PACK_STEP + 1,
};

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

/* ---- shard_table.c ---- */

static inline struct flow **bucket_of(const struct shard *s, uint64_t hash)
{
	return &s->buckets[hash & (s->nbuckets - 1)];
}

/* Its flow or NULL.  Sets the direction bit of the segment, too. */
struct flow *table_find(
    const struct shard *s, const struct segment *seg, uint64_t hash, uint8_t *dir);
void table_add(struct shard *s, struct flow *f);
void table_remove(struct shard *s, struct flow *f);

void life_leave(struct shard *s, struct flow *f);
/* At the end of the list. */
void life_enter(struct shard *s, struct flow *f, enum life life);
/* The member that has been idle longest; the active ones met on the way go to the end. */
struct flow *life_idlest(struct shard *s, enum life life);
/* The next of its kind that has been idle for so long (ns), or NULL. */
struct flow *life_due(struct shard *s, enum life life, int64_t timeout, int64_t now);

/* ---- shard_end.c ---- */

enum ending {
	ENDING_EXPIRED,
	ENDING_REUSED,
	ENDING_EVICTED,
	ENDING_CAPTURE,
};

struct conn *flow_unpack(struct shard *s, struct flow *f);
/* Its connection, whole. */
static inline struct conn *flow_whole(struct shard *s, struct flow *f)
{
	return f->conn ? f->conn : flow_unpack(s, f);
}
/* It is over: nothing but a late packet will need more of it than its packed form, unless something is still open. */
void flow_set_aside(struct shard *s, struct flow *f);
/* Write the record; the flow itself stays and has no connection. */
void flow_end(struct shard *s, struct flow *f, enum ending why, uint32_t slot);
/* Make room for one flow: oldest useless first. */
void shard_evict_one(struct shard *s, uint32_t slot);
/* A half-open connection leaves without a record: it is only counted. */
void shard_forget(struct shard *s, uint64_t uid, uint32_t slot);
/* From the pool, with its first segment, which is not applied yet. */
struct conn *shard_conn(struct shard *s, const struct segment *seg, uint8_t dir);
void shard_drop(struct shard *s, struct conn *c);

/* ---- shard_log.c ---- */

/* What tells streams to the log: for the shard's environment. */
struct reasm_out log_streams(struct shard *s);
void log_open(struct shard *s, uint64_t uid, const struct segment *seg, uint8_t dir, uint32_t slot);
/* A segment that was applied to the connection.  Only where somebody wants them. */
void log_applied(
    struct shard *s, const struct conn *c, uint8_t dir, const struct step *st, uint32_t slot);
/* A SYN that is held in its smallest form.  Likewise. */
void log_syn(struct shard *s, const struct segment *seg, uint32_t slot);
/* Told once for each trap of a connection. */
void log_trouble(struct shard *s, struct conn *c, uint32_t slot);
/* Told once for each sign of a connection. */
void log_sign(struct shard *s, struct conn *c, uint32_t slot);
void log_forgotten(struct shard *s, uint64_t uid, uint32_t slot);
/* EVENT_RECORD or EVENT_CLOSED.  Of the connection, which is finished, nothing is left. */
struct conn_record *log_record(
    struct shard *s, enum event_type type, struct conn *c, uint32_t slot);

#endif
