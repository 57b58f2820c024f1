/* SPDX-License-Identifier: MIT */
/*
 * finish - see finish.h for the contract.
 *
 * Each shard has two logs: one is read while the other is filled.  The oldest connection is known while every shard
 * that has more has one to be compared.  In these logs the slot of an entry is the number of its connection.
 */
#include "config.h"

#include "engine/crew.h"
#include "engine/finish.h"

enum {
	AHEAD = 16, /* connections to a log: few, so that they are told while they are at hand */
};

enum task {
	TASK_TELL,
	TASK_FILL, /* + n: the logs of shard n */
};

struct supply {
	struct shard *shard;
	struct shard_log logs[2];
	bool is_full[2]; /* filled, and not read to its end */
	unsigned reading, filling;
	size_t at; /* entries read of logs[reading] */
	bool has_begun, is_busy;
	bool is_over; /* no log will be filled any more */
};

/* The shards by which of them has the connection that began first: a tree of the winners of pairs. */
struct order {
	uint64_t uids[SHARD_COUNT];      /* of the next connection; UINT64_MAX = none left */
	uint8_t winner[2 * SHARD_COUNT]; /* [1] of all; of pair n those of 2 n and 2 n + 1 */
};

struct books {
	const struct finish *f;
	struct supply supplies[SHARD_COUNT];
	bool is_telling;
	int status; /* of the last tell() */
	int told;   /* the teller's own: of the one at hand */
};

static void order_set(struct order *o, unsigned shard, uint64_t uid)
{
	o->uids[shard] = uid;
	for (size_t n = (SHARD_COUNT + shard) / 2; n > 0; n /= 2) {
		uint8_t a = o->winner[2 * n], b = o->winner[2 * n + 1];

		o->winner[n] = o->uids[b] < o->uids[a] ? b : a;
	}
}

static uint64_t next_uid(const struct supply *s)
{
	return s->is_full[s->reading] ? s->logs[s->reading].entries[s->at].event.uid : UINT64_MAX;
}

static void order_init(struct order *o, const struct supply *supplies)
{
	for (unsigned i = 0; i < 2 * SHARD_COUNT; i++)
		o->winner[i] = (uint8_t)(i % SHARD_COUNT);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		o->uids[i] = UINT64_MAX;
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		order_set(o, i, next_uid(&supplies[i]));
}

/* ---- tasks ---- */

static void fill(struct supply *s)
{
	struct shard_log *log = &s->logs[s->filling];

	if (!s->has_begun)
		shard_finish_begin(s->shard);
	s->has_begun = true;
	for (uint32_t n = 0; n < AHEAD && shard_finish_peek(s->shard); n++)
		shard_finish_next(s->shard, n);
	shard_log_swap(s->shard, log);
}

/* The entries of the connection at hand. */
static int tell_next(const struct finish *f, struct supply *s)
{
	const struct shard_log *log = &s->logs[s->reading];
	struct log_entry *first = &log->entries[s->at];
	size_t end = s->at + 1;

	while (end < log->n && log->entries[end].event.slot == first->event.slot)
		end++;
	s->at = end;
	/* (It was filled on another core, and its turn comes when those of other shards were told.) */
	if (end < log->n && log->entries[end].record)
		util_prefetch(log->entries[end].record, sizeof(struct conn_record));
	return f->tell(f->ctx, first, end - (size_t)(first - log->entries));
}

/* Until a log has been read: the other one of its shard may be on its way. */
static void tell(struct books *b)
{
	struct order order;

	order_init(&order, b->supplies);
	while (order.uids[order.winner[1]] != UINT64_MAX) {
		unsigned first = order.winner[1];
		struct supply *s = &b->supplies[first];

		b->told = tell_next(b->f, s);
		if (b->told != 0 || s->at == s->logs[s->reading].n)
			return;
		order_set(&order, first, next_uid(s));
	}
}

/* Whoever has no log to be read will have none. */
static bool can_tell(const struct books *b)
{
	bool is_any = false;

	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		const struct supply *s = &b->supplies[i];

		if (!s->is_full[s->reading] && !s->is_over)
			return false;
		is_any |= s->is_full[s->reading];
	}
	return is_any && !b->is_telling;
}

static bool is_over(const struct books *b)
{
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		if (!b->supplies[i].is_over || b->supplies[i].is_full[0] ||
		    b->supplies[i].is_full[1])
			return false;
	return true;
}

static bool can_fill(const struct supply *s)
{
	return !s->is_busy && !s->is_over && !s->is_full[s->filling];
}

/* The shard that the others wait for, or any that has nothing to read next; SHARD_COUNT = none. */
static unsigned next_to_fill(const struct books *b)
{
	unsigned best = SHARD_COUNT;

	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		const struct supply *s = &b->supplies[i];

		if (!can_fill(s))
			continue;
		if (!s->is_full[s->reading])
			return i;
		best = i;
	}
	return best;
}

static int pick(void *ctx, unsigned thread, unsigned threads)
{
	struct books *b = ctx;
	unsigned shard;

	(void)thread;
	(void)threads;
	if (b->status != 0 || is_over(b))
		return CREW_END;
	if (can_tell(b)) {
		b->is_telling = true;
		return TASK_TELL;
	}
	shard = next_to_fill(b);
	if (shard == SHARD_COUNT)
		return CREW_WAIT;
	b->supplies[shard].is_busy = true;
	return TASK_FILL + (int)shard;
}

static void run(void *ctx, int task)
{
	struct books *b = ctx;

	if (task == TASK_TELL)
		tell(b);
	else
		fill(&b->supplies[task - TASK_FILL]);
}

static void filled(struct supply *s)
{
	s->is_busy = false;
	s->is_full[s->filling] = s->logs[s->filling].n > 0;
	s->is_over = shard_finish_peek(s->shard) == 0;
	if (s->is_full[s->filling])
		s->filling = !s->filling;
}

static void told(struct books *b)
{
	b->is_telling = false;
	b->status = b->told;
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		struct supply *s = &b->supplies[i];

		if (!s->is_full[s->reading] || s->at < s->logs[s->reading].n)
			continue;
		s->is_full[s->reading] = false;
		s->reading = !s->reading;
		s->at = 0;
	}
}

static void done(void *ctx, int task)
{
	struct books *b = ctx;

	if (task == TASK_TELL)
		told(b);
	else
		filled(&b->supplies[task - TASK_FILL]);
}

int finish_run(const struct finish *f, unsigned threads)
{
	struct books b = { .f = f };

	for (unsigned i = 0; i < SHARD_COUNT; i++)
		b.supplies[i].shard = f->shards[i];
	crew_run(&(struct crew_job){ pick, run, done, &b }, threads);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		for (unsigned k = 0; k < 2; k++)
			shard_log_release(b.supplies[i].shard, &b.supplies[i].logs[k]);
	return b.status;
}
