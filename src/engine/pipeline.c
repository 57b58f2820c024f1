/* SPDX-License-Identifier: MIT */
/*
 * pipeline - the main loop: read a batch, decode it, give each shard its part, merge the logs into the sinks.
 *
 * Order: events reach the sinks by slot of the batch, within a slot by shard.  A whole second of packet time
 * reaches every shard before the packet that told it.  Neither batch size nor the order in which shards are
 * visited nor the hash key can show.
 */
#include "config.h"

#include <stdlib.h>

#include "engine/hosts.h"
#include "engine/idmap.h"
#include "tcpshadow/engine.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/shard.h"

#define DEFAULT_BATCH_PACKETS 4096
#define DEFAULT_BATCH_BYTES   (256u << 10)
#define DEFAULT_MEMORY        (UINT64_C(1) << 30)
#define DEFAULT_TIME_WAIT     (60 * NS_PER_SEC)
/* Most bytes that wait for a gap to be filled in one direction. */
#define MAX_WAITING ((size_t)2 << 20)
#define NO_SLOT     UINT32_MAX

/* A whole second begins at this slot. */
struct tick {
	uint32_t slot;
	int64_t second;
};

/* The slots of one shard in the batch at hand, as a list through pipeline.next. */
struct part {
	uint32_t first, last;
};

/* The packets of a segment that came in fragments. */
struct pieces {
	uint32_t slot;
	size_t first, n; /* in pipeline.fragments */
};

struct pipeline {
	const struct engine_options *o;
	struct cap *cap;
	struct sink *const *sinks;
	size_t nsinks;
	struct decoder *decoder;
	struct cap_batch batch;
	struct segment *segments; /* by slot */
	uint8_t *shard_at;        /* shard of the slot; SHARD_COUNT = no segment there */
	uint64_t *hashes;         /* of its flow, by slot */
	uint32_t *next;           /* next slot of the same shard */
	struct part parts[SHARD_COUNT];
	bool wants_segments;
	struct pieces *pieces;             /* by slot; of the batch at hand */
	size_t npieces, pieces_cap, piece; /* the next one to be told of */
	uint64_t *fragments;
	size_t nfragments, fragments_cap;
	struct tick *ticks;
	size_t nticks;
	int64_t second; /* latest */
	struct shard *shards[SHARD_COUNT];
	struct idmap ids;
	struct hosts hosts;
	uint64_t last_id;
	struct run_summary summary;
};

static bool wants(struct sink *const *sinks, size_t n, enum event_type type)
{
	for (size_t i = 0; i < n; i++)
		if (sinks[i]->ops->wants & EVENT_BIT(type))
			return true;
	return false;
}

static void pipeline_init(struct pipeline *p)
{
	const struct engine_options *o = p->o;
	size_t n = o->batch_packets ? o->batch_packets : DEFAULT_BATCH_PACKETS;
	uint64_t memory = o->memory_bytes ? o->memory_bytes : DEFAULT_MEMORY;
	struct shard_options so = {
		.hash_key = o->hash_key,
		.time_wait = o->time_wait_ns ? o->time_wait_ns : DEFAULT_TIME_WAIT,
		.memory = memory / SHARD_COUNT,
		.wants_segments = wants(p->sinks, p->nsinks, EVENT_SEGMENT),
		.wants_data = wants(p->sinks, p->nsinks, EVENT_DATA),
		.streams = {
			.policy = o->overlap_policy,
			.max_bytes = MAX_WAITING,
			.digest = o->digest,
		},
	};
	struct decode_options dopt = { .verify_checksums = true };

	cap_batch_init(&p->batch, n, o->batch_bytes ? o->batch_bytes : DEFAULT_BATCH_BYTES);
	p->decoder = decoder_new(&dopt);
	p->segments = mem_alloc(n, sizeof(*p->segments));
	p->shard_at = mem_alloc(n, sizeof(*p->shard_at));
	p->hashes = mem_alloc(n, sizeof(*p->hashes));
	p->next = mem_alloc(n, sizeof(*p->next));
	p->ticks = mem_alloc(n, sizeof(*p->ticks));
	p->second = INT64_MIN;
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		p->shards[i] = shard_new(&so);
	idmap_init(&p->ids);
	hosts_init(&p->hosts);
	p->wants_segments = so.wants_segments;
	p->summary.memory_limit = memory;
}

static void pipeline_release(struct pipeline *p)
{
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shard_free(p->shards[i]);
	idmap_release(&p->ids);
	hosts_release(&p->hosts);
	decoder_free(p->decoder);
	cap_batch_release(&p->batch);
	free(p->segments);
	free(p->shard_at);
	free(p->hashes);
	free(p->next);
	free(p->ticks);
	free(p->pieces);
	free(p->fragments);
}

static void note_tick(struct pipeline *p, uint32_t slot, int64_t ts)
{
	int64_t second = ts / NS_PER_SEC;

	if (second <= p->second)
		return;
	p->second = second;
	p->ticks[p->nticks++] = (struct tick){ slot, second };
}

static void add_to_part(struct pipeline *p, uint32_t slot)
{
	struct shard_place place = shard_place(&p->segments[slot], p->o->hash_key);
	struct part *part = &p->parts[place.shard];

	p->hashes[slot] = place.hash;
	p->shard_at[slot] = (uint8_t)place.shard;
	p->next[slot] = NO_SLOT;
	if (part->first == NO_SLOT)
		part->first = slot;
	else
		p->next[part->last] = slot;
	part->last = slot;
}

/* Remember which packets the segment came in. */
static void keep_pieces(struct pipeline *p, uint32_t slot)
{
	size_t n;
	const uint64_t *packets = decoder_fragments(p->decoder, &n);

	p->pieces = mem_grow(p->pieces, p->npieces, &p->pieces_cap, sizeof(*p->pieces));
	p->pieces[p->npieces++] = (struct pieces){ slot, p->nfragments, n };
	for (size_t i = 0; i < n; i++) {
		p->fragments =
		    mem_grow(p->fragments, p->nfragments, &p->fragments_cap, sizeof(*p->fragments));
		p->fragments[p->nfragments++] = packets[i];
	}
}

/* Events come in the order of slots, and so do the pieces. */
static void tell_pieces(struct pipeline *p, struct event *ev)
{
	const struct pieces *at;

	while (p->piece < p->npieces && p->pieces[p->piece].slot < ev->slot)
		p->piece++;
	if (p->piece == p->npieces || p->pieces[p->piece].slot != ev->slot)
		return;
	at = &p->pieces[p->piece];
	ev->u.segment.fragments = p->fragments + at->first;
	ev->u.segment.nfragments = at->n;
}

static void decode_batch(struct pipeline *p)
{
	p->nticks = 0;
	p->npieces = p->nfragments = p->piece = 0;
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		p->parts[i] = (struct part){ NO_SLOT, NO_SLOT };
	for (uint32_t slot = 0; slot < p->batch.count; slot++) {
		const struct packet *pkt = &p->batch.packets[slot];
		struct segment *seg = &p->segments[slot];

		note_tick(p, slot, pkt->ts);
		p->shard_at[slot] = SHARD_COUNT;
		if (decode_packet(p->decoder, pkt, seg) != DECODED_SEGMENT)
			continue;
		add_to_part(p, slot);
		if (p->wants_segments && (seg->notes & SEG_FRAGMENTED))
			keep_pieces(p, slot);
	}
}

static void run_shard(struct pipeline *p, unsigned i)
{
	uint32_t slot = p->parts[i].first;

	for (size_t t = 0; t <= p->nticks; t++) {
		uint32_t until = t < p->nticks ? p->ticks[t].slot : NO_SLOT;

		for (; slot < until; slot = p->next[slot]) {
			if (p->next[slot] != NO_SLOT)
				shard_prefetch(p->shards[i], p->hashes[p->next[slot]]);
			shard_segment(p->shards[i], &p->segments[slot], p->hashes[slot], slot);
		}
		if (t < p->nticks)
			shard_tick(p->shards[i], p->ticks[t].second, until);
	}
}

static int deliver(struct pipeline *p, const struct log_entry *le, struct err *e)
{
	struct event ev = le->event;

	switch ((enum event_type)ev.type) {
	case EVENT_OPEN:
		ev.id = ++p->last_id;
		idmap_put(&p->ids, ev.uid, ev.id);
		hosts_opened(&p->hosts);
		break;
	case EVENT_SEGMENT:
		tell_pieces(p, &ev);
		ev.id = idmap_get(&p->ids, ev.uid);
		break;
	case EVENT_DATA:
	case EVENT_GAP:
		ev.id = idmap_get(&p->ids, ev.uid);
		break;
	case EVENT_RECORD:
		ev.id = le->record->id = idmap_take(&p->ids, ev.uid);
		hosts_doubt(&p->hosts, le->record);
		break;
	case EVENT_FORGOTTEN:
		ev.id = idmap_take(&p->ids, ev.uid);
		break;
	case EVENT_TROUBLE:
		hosts_trouble(&p->hosts, &ev.u.trouble);
		return 0;
	}
	for (size_t i = 0; i < p->nsinks; i++) {
		struct sink *s = p->sinks[i];

		if ((s->ops->wants & EVENT_BIT(ev.type)) && s->ops->event(s, &ev, e) != 0)
			return -1;
	}
	return 0;
}

/* Deliver the events that one shard logged for this slot; *at is how far its log is delivered. */
static int drain(struct pipeline *p, unsigned shard, uint32_t slot, size_t *at, struct err *e)
{
	size_t n;
	const struct log_entry *log = shard_log(p->shards[shard], &n);

	for (; *at < n && log[*at].event.slot == slot; ++*at)
		if (deliver(p, &log[*at], e) != 0)
			return -1;
	return 0;
}

static int merge_batch(struct pipeline *p, struct err *e)
{
	size_t at[SHARD_COUNT] = { 0 }, tick = 0;

	for (uint32_t slot = 0; slot < p->batch.count; slot++) {
		unsigned only = p->shard_at[slot];
		bool all = tick < p->nticks && p->ticks[tick].slot == slot;

		tick += all;
		for (unsigned i = all ? 0 : only; i < SHARD_COUNT && (all || i == only); i++)
			if (drain(p, i, slot, &at[i], e) != 0)
				return -1;
	}
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shard_log_reset(p->shards[i]);
	return 0;
}

static int run_batch(struct pipeline *p, struct err *e)
{
	decode_batch(p);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		run_shard(p, p->o->reverse_shards ? SHARD_COUNT - 1 - i : i);
	if (merge_batch(p, e) != 0)
		return -1;
	decoder_batch_done(p->decoder);
	return 0;
}

/* The shard whose next connection began first; SHARD_COUNT when all are done. */
static unsigned next_to_finish(const struct pipeline *p)
{
	unsigned best = SHARD_COUNT;
	uint64_t best_uid = UINT64_MAX;

	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		uint64_t uid = shard_finish_peek(p->shards[i]);

		if (uid && uid < best_uid) {
			best = i;
			best_uid = uid;
		}
	}
	return best;
}

static int finish_connections(struct pipeline *p, struct err *e)
{
	unsigned i;

	for (i = 0; i < SHARD_COUNT; i++)
		shard_finish_begin(p->shards[i]);
	while ((i = next_to_finish(p)) < SHARD_COUNT) {
		size_t at = 0;

		shard_finish_next(p->shards[i], 0);
		if (drain(p, i, 0, &at, e) != 0)
			return -1;
		shard_log_reset(p->shards[i]);
	}
	return 0;
}

static int finish_sinks(struct pipeline *p, struct err *e)
{
	struct run_summary *sum = &p->summary;

	sum->capture = cap_facts(p->cap);
	sum->decode = decoder_counts(p->decoder);
	sum->connections = p->last_id;
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		const struct shard_counts *c = shard_counts(p->shards[i]);

		sum->evicted += c->evicted;
		sum->half_open_rolled_up += c->rolled_up;
		sum->icmp_unmatched += c->icmp_unmatched;
	}
	hosts_summarise(&p->hosts, sum);
	for (size_t i = 0; i < p->nsinks; i++)
		if (p->sinks[i]->ops->finish(p->sinks[i], sum, e) != 0)
			return -1;
	return 0;
}

static void report_progress(struct pipeline *p)
{
	if (p->o->progress)
		p->o->progress(
		    p->o->progress_ctx, cap_progress(p->cap), cap_facts(p->cap)->packets);
}

static int run(struct pipeline *p, struct err *e)
{
	for (;;) {
		if (p->o->stop && *p->o->stop) {
			p->summary.interrupted = true;
			break;
		}
		if (cap_read(p->cap, &p->batch) == 0)
			break;
		if (run_batch(p, e) != 0)
			return -1;
		report_progress(p);
	}
	hosts_finish(&p->hosts, cap_facts(p->cap));
	if (finish_connections(p, e) != 0)
		return -1;
	return finish_sinks(p, e);
}

int engine_run(struct cap *cap, const struct engine_options *o, struct sink *const *sinks,
    size_t nsinks, struct err *e)
{
	struct pipeline p = { .o = o, .cap = cap, .sinks = sinks, .nsinks = nsinks };
	int rc;

	pipeline_init(&p);
	rc = run(&p, e);
	pipeline_release(&p);
	return rc;
}
