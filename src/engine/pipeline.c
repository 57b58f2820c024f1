/* SPDX-License-Identifier: MIT */
/*
 * pipeline - read a batch, decode it, give each shard its part, merge the logs into the sinks.
 *
 * Threads: reading with decoding, each shard, and merging go from frame to frame in order; of different
 *         frames they run at the same time.  With one thread there is one frame, and they take turns.
 * Order: events reach the sinks by slot of the batch, within a slot by shard.  A whole second of packet time
 * reaches every shard before the packet that told it.  Neither batch size nor the order in which shards are
 * visited nor the hash key can show.
 */
#include "config.h"

#include <time.h>
#include <unistd.h>

#include "engine/crew.h"
#include "engine/finish.h"
#include "engine/frame.h"
#include "engine/hosts.h"
#include "engine/idmap.h"
#include "engine/pump.h"
#include "tcpshadow/engine.h"

#define DEFAULT_BATCH_PACKETS 1024
#define DEFAULT_BATCH_BYTES   (256u << 10)
#define DEFAULT_CHECKPOINT    4096
#define DEFAULT_MEMORY        (UINT64_C(1) << 30)
#define DEFAULT_TIME_WAIT     (60 * NS_PER_SEC)
/* Most bytes that wait for a gap to be filled in one direction. */
#define MAX_WAITING ((size_t)2 << 20)

enum {
	THREADS_AUTO_MAX = 4,
	FRAMES_MAX = 16,
};
#define SMALL_INPUT    ((uint64_t)1 << 20) /* bytes: not worth threads */
#define PULSE_INTERVAL (NS_PER_SEC / 5)

/* What can be done next; TASK_SHARD + n is the part of shard n of the oldest frame it has not run. */
enum task {
	TASK_READ,
	TASK_MERGE,
	TASK_SHARD,
};

struct pipeline {
	const struct engine_options *o;
	struct frame_maker maker;
	struct sink *const *sinks;
	size_t nsinks;
	struct region *region; /* of the shards */
	struct shard *shards[SHARD_COUNT];
	bool wants_segments;
	bool is_live; /* packets come as they come, until told to stop */

	/* the books: frame number n lies in frames[n % nframes] */
	struct frame frames[FRAMES_MAX];
	unsigned nframes;
	uint64_t made, merged;          /* frames so far */
	uint64_t shard_at[SHARD_COUNT]; /* next frame of the shard */
	bool is_reading, is_merging, shard_busy[SHARD_COUNT];
	bool is_over;   /* no more frames will be made */
	bool is_failed; /* a sink gave up */

	bool was_last; /* the reader's own: the capture has ended */

	/* the merge's own */
	bool has_sink_failed;
	struct idmap ids;
	struct hosts hosts;
	int64_t last_ts; /* of the frame before, with has_last_ts */
	bool has_last_ts;
	uint64_t last_id;
	size_t piece; /* of the frame at hand: the next one to be told of */
	struct err *error;
	struct engine_pulse pulse; /* the last one */
	struct run_summary summary;
};

static bool wants(struct sink *const *sinks, size_t n, enum event_type type)
{
	for (size_t i = 0; i < n; i++)
		if (sinks[i]->ops->wants & EVENT_BIT(type))
			return true;
	return false;
}

static unsigned thread_count(const struct engine_options *o, const struct cap_facts *facts)
{
	uint64_t bytes = 0;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->threads)
		return o->threads < CREW_MAX ? o->threads : CREW_MAX;
	for (size_t i = 0; i < facts->nfiles; i++)
		bytes += facts->files[i].size ? facts->files[i].size : SMALL_INPUT;
	if (bytes < SMALL_INPUT || cores < 2)
		return 1;
	return cores < THREADS_AUTO_MAX ? (unsigned)cores : THREADS_AUTO_MAX;
}

static void init_frames(struct pipeline *p, unsigned threads)
{
	size_t packets = p->o->batch_packets ? p->o->batch_packets : DEFAULT_BATCH_PACKETS;
	size_t bytes = p->o->batch_bytes ? p->o->batch_bytes : DEFAULT_BATCH_BYTES;

	p->nframes = threads < 2 ? 1 : threads + 2;
	if (p->nframes > FRAMES_MAX)
		p->nframes = FRAMES_MAX;
	for (unsigned i = 0; i < p->nframes; i++)
		frame_init(&p->frames[i], packets, bytes);
}

static void pipeline_init(struct pipeline *p, struct cap *cap, unsigned threads)
{
	const struct engine_options *o = p->o;
	uint64_t memory = o->memory_bytes ? o->memory_bytes : DEFAULT_MEMORY;
	struct shard_options so = {
		.hash_key = o->hash_key,
		.time_wait = o->time_wait_ns ? o->time_wait_ns : DEFAULT_TIME_WAIT,
		.memory = memory / SHARD_COUNT,
		.wants_segments = wants(p->sinks, p->nsinks, EVENT_SEGMENT),
		.checkpoint = o->checkpoint ? o->checkpoint : DEFAULT_CHECKPOINT,
		.pack_all = o->pack_all,
		.wants_closed = wants(p->sinks, p->nsinks, EVENT_CLOSED),
		.wants_data = wants(p->sinks, p->nsinks, EVENT_DATA),
		.region = p->region,
		.streams = {
			.policy = o->overlap_policy,
			.max_bytes = MAX_WAITING,
			.digest = o->digest,
		},
	};
	struct decode_options dopt = { .verify_checksums = true };

	p->maker = (struct frame_maker){
		.cap = cap,
		.decoder = decoder_new(&dopt),
		.hash_key = o->hash_key,
		.wants_pieces = so.wants_segments,
		.second = INT64_MIN,
	};
	init_frames(p, threads);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		p->shards[i] = shard_new(&so);
	tap_clock_init(&p->maker.clock);
	idmap_init(&p->ids);
	hosts_init(&p->hosts);
	p->is_live = cap_facts(cap)->is_live;
	p->summary.memory_limit = memory;
}

static void pipeline_release(struct pipeline *p)
{
	for (unsigned f = 0; f < p->nframes; f++) {
		for (unsigned i = 0; i < SHARD_COUNT; i++)
			shard_log_release(p->shards[i], &p->frames[f].logs[i]);
		frame_release(&p->frames[f], p->maker.decoder);
	}
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shard_free(p->shards[i]);
	region_free(p->region);
	idmap_release(&p->ids);
	hosts_release(&p->hosts);
	decoder_free(p->maker.decoder);
}

static struct frame *frame_at(struct pipeline *p, uint64_t number)
{
	return &p->frames[number % p->nframes];
}

/* Events come in the order of slots, and so do the pieces. */
static void tell_pieces(struct pipeline *p, struct event *ev)
{
	const struct frame *f = frame_at(p, p->merged);
	const struct pieces *at;

	while (p->piece < f->npieces && f->pieces[p->piece].slot < ev->slot)
		p->piece++;
	if (p->piece == f->npieces || f->pieces[p->piece].slot != ev->slot)
		return;
	at = &f->pieces[p->piece];
	ev->u.segment.fragments = f->fragments + at->first;
	ev->u.segment.nfragments = at->n;
}

/* The segment at hand began the connection, unless it confirmed one that had been held back. */
static const struct segment *opener(struct pipeline *p, const struct event *ev)
{
	const struct segment *s = &frame_at(p, p->merged)->segments[ev->slot];

	return s->packet == ev->uid ? s : NULL;
}

static const struct packet *packet_of(struct pipeline *p, const struct event *ev)
{
	return &frame_at(p, p->merged)->batch.packets[ev->slot];
}

static int deliver(struct pipeline *p, struct log_entry *le, struct err *e)
{
	struct event *ev = &le->event;

	switch ((enum event_type)ev->type) {
	case EVENT_OPEN:
		ev->id = ++p->last_id;
		idmap_put(&p->ids, ev->uid, ev->id);
		hosts_opened(&p->hosts, opener(p, ev));
		break;
	case EVENT_SEGMENT:
		tell_pieces(p, ev);
		ev->id = idmap_get(&p->ids, ev->uid);
		break;
	case EVENT_DATA:
	case EVENT_GAP:
		ev->id = idmap_get(&p->ids, ev->uid);
		break;
	case EVENT_RECORD:
		ev->id = le->record->id = idmap_take(&p->ids, ev->uid);
		hosts_record(&p->hosts, le->record);
		break;
	case EVENT_CLOSED:
		ev->id = le->record->id = idmap_get(&p->ids, ev->uid);
		hosts_doubt(&p->hosts, le->record);
		break;
	case EVENT_FORGOTTEN:
		ev->id = idmap_take(&p->ids, ev->uid);
		break;
	case EVENT_TROUBLE:
		hosts_trouble(&p->hosts, &ev->u.trouble, packet_of(p, ev));
		return 0;
	case EVENT_SIGN:
		hosts_sign(&p->hosts, &ev->u.sign, packet_of(p, ev));
		return 0;
	}
	for (size_t i = 0; i < p->nsinks; i++) {
		struct sink *s = p->sinks[i];

		if ((s->ops->wants & EVENT_BIT(ev->type)) && s->ops->event(s, ev, e) != 0)
			return -1;
	}
	return 0;
}

/* How far a log is delivered. */
struct reading {
	struct log_entry *at, *end;
	uint32_t slot; /* of the entry; NO_SLOT = there is none */
};

static void read_log(struct reading *r, const struct shard_log *log)
{
	r->at = log->entries;
	r->end = log->entries + log->n;
	r->slot = log->n ? log->entries[0].event.slot : NO_SLOT;
}

/*
 * Deliver the events of the slot that is next.  The event after them is delivered some packets of other shards later:
 * time enough to bring what it looks up.
 */
static int drain(struct pipeline *p, struct reading *r, struct err *e)
{
	struct log_entry *le = r->at;

	for (; le < r->end && le->event.slot == r->slot; le++) {
		/* (A second often ends many connections at once, on another core.) */
		if (le + 1 < r->end && le[1].record)
			util_prefetch(le[1].record, sizeof(*le[1].record));
		if (deliver(p, le, e) != 0)
			return -1;
	}
	r->at = le;
	r->slot = NO_SLOT;
	if (le == r->end)
		return 0;
	r->slot = le->event.slot;
	idmap_prefetch(&p->ids, le->event.uid);
	return 0;
}

static int64_t wall_time(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* Live: what sinks hold back can be shown.  Decides nothing: connections know packet time only. */
static int pulse(struct pipeline *p, struct err *e)
{
	int64_t now = wall_time();

	if (p->pulse.now && now - p->pulse.now < PULSE_INTERVAL)
		return 0;
	p->pulse.now = now;
	p->pulse.connections = p->last_id;
	cap_counters(p->maker.cap, &p->pulse.capture);
	hosts_drops(&p->hosts, p->pulse.capture.dropped_kernel +
	                           p->pulse.capture.dropped_interface +
	                           p->pulse.capture.dropped_queue);
	for (size_t i = 0; i < p->nsinks; i++) {
		struct sink *s = p->sinks[i];

		if (s->ops->pulse && s->ops->pulse(s, &p->pulse, e) != 0)
			return -1;
	}
	return 0;
}

/* A silence of seconds always ends with a new second. */
static void note_silence(struct pipeline *p, const struct frame *f, uint32_t slot)
{
	const struct packet *now = &f->batch.packets[slot];
	int64_t before = slot ? now[-1].ts : p->last_ts;

	if (slot || p->has_last_ts)
		tap_silence(&p->hosts.tap, before, now->ts, now->ordinal);
}

/* A whole second has begun: every shard may have something to tell. */
static int merge_second(
    struct pipeline *p, struct reading readings[SHARD_COUNT], uint32_t slot, struct err *e)
{
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		if (readings[i].slot == slot && drain(p, &readings[i], e) != 0)
			return -1;
	return 0;
}

static void begin_sinks(struct pipeline *p, int64_t began)
{
	for (size_t i = 0; i < p->nsinks; i++)
		p->sinks[i]->began = began;
}

static int merge_slots(struct pipeline *p, const struct frame *f, struct err *e)
{
	/* (The last one stands for packets that belong to no shard.) */
	struct reading readings[SHARD_COUNT + 1];
	size_t tick = 0;

	p->piece = 0;
	if (!p->has_last_ts)
		begin_sinks(p, f->batch.packets[0].ts);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		read_log(&readings[i], &f->logs[i]);
	readings[SHARD_COUNT].slot = NO_SLOT;
	for (uint32_t slot = 0; slot < f->batch.count; slot++) {
		struct reading *only = &readings[f->shard_at[slot]];

		if (tick < f->nticks && f->ticks[tick].slot == slot) {
			tick++;
			note_silence(p, f, slot);
			if (merge_second(p, readings, slot, e) != 0)
				return -1;
		} else if (only->slot == slot && drain(p, only, e) != 0) {
			return -1;
		}
	}
	p->last_ts = f->batch.packets[f->batch.count - 1].ts;
	p->has_last_ts = true;
	return 0;
}

/* A batch without packets, live: what shards had to tell all the same. */
static int merge_quiet(struct pipeline *p, const struct frame *f, struct err *e)
{
	struct reading readings[SHARD_COUNT];

	for (unsigned i = 0; i < SHARD_COUNT; i++)
		read_log(&readings[i], &f->logs[i]);
	return merge_second(p, readings, 0, e);
}

static int merge(struct pipeline *p, struct frame *f, struct err *e)
{
	if ((f->batch.count ? merge_slots(p, f, e) : merge_quiet(p, f, e)) != 0)
		return -1;
	if (p->o->progress)
		p->o->progress(p->o->progress_ctx, f->progress, f->packets);
	return p->is_live ? pulse(p, e) : 0;
}

/* ---- tasks ---- */

static bool can_run(const struct pipeline *p, unsigned shard)
{
	return !p->shard_busy[shard] && p->shard_at[shard] < p->made;
}

/* Of the shards of this thread, or of all, the one that is furthest behind; SHARD_COUNT = none can be run. */
static unsigned next_shard(const struct pipeline *p, unsigned first, unsigned step)
{
	unsigned best = SHARD_COUNT;

	for (unsigned i = first; i < SHARD_COUNT; i += step) {
		unsigned shard = p->o->reverse_shards ? SHARD_COUNT - 1 - i : i;

		if (can_run(p, shard) &&
		    (best == SHARD_COUNT || p->shard_at[shard] < p->shard_at[best]))
			best = shard;
	}
	return best;
}

static bool can_merge(struct pipeline *p)
{
	return !p->is_merging && p->merged < p->made && frame_at(p, p->merged)->left == 0;
}

static bool can_read(const struct pipeline *p)
{
	return !p->is_reading && !p->is_over && p->made - p->merged < p->nframes;
}

static int run_next(struct pipeline *p, unsigned shard)
{
	p->shard_busy[shard] = true;
	return TASK_SHARD + (int)shard;
}

/*
 * What ends a frame comes first, so that few are on their way; so a single thread takes one after the other.  A
 * thread has shards of its own, whose connections its core knows, and helps with others when it has nothing else to do.
 */
static int pick(void *ctx, unsigned thread, unsigned threads)
{
	struct pipeline *p = ctx;
	unsigned shard;

	if (p->is_failed || (p->is_over && p->merged == p->made))
		return CREW_END;
	if (can_merge(p)) {
		p->is_merging = true;
		return TASK_MERGE;
	}
	shard = next_shard(p, thread, threads);
	if (shard < SHARD_COUNT)
		return run_next(p, shard);
	if (can_read(p)) {
		p->is_reading = true;
		return TASK_READ;
	}
	shard = next_shard(p, 0, 1);
	return shard < SHARD_COUNT ? run_next(p, shard) : CREW_WAIT;
}

static void run_read(struct pipeline *p)
{
	struct frame *f = frame_at(p, p->made);
	bool stop = p->o->stop && *p->o->stop;

	if (stop && p->is_live)
		cap_interrupt(p->maker.cap); /* what was captured so far is read */
	p->summary.interrupted = stop && !p->is_live;
	p->was_last = p->summary.interrupted || !frame_make(f, &p->maker);
	f->left = SHARD_COUNT;
}

static void run_shard(struct pipeline *p, unsigned shard)
{
	frame_run_shard(frame_at(p, p->shard_at[shard]), p->shards[shard], shard);
}

static void run(void *ctx, int task)
{
	struct pipeline *p = ctx;

	if (task == TASK_READ)
		run_read(p);
	else if (task == TASK_MERGE)
		p->has_sink_failed = merge(p, frame_at(p, p->merged), p->error) != 0;
	else
		run_shard(p, (unsigned)(task - TASK_SHARD));
}

static void done(void *ctx, int task)
{
	struct pipeline *p = ctx;
	unsigned shard = (unsigned)(task - TASK_SHARD);

	if (task == TASK_READ) {
		p->is_reading = false;
		p->is_over = p->was_last;
		p->made += !p->was_last;
	} else if (task == TASK_MERGE) {
		p->is_merging = false;
		p->is_failed = p->has_sink_failed;
		p->merged++;
	} else {
		p->shard_busy[shard] = false;
		frame_at(p, p->shard_at[shard]++)->left--;
	}
}

/* ---- the end ---- */

static int tell_ended(void *ctx, struct log_entry *entries, size_t n)
{
	struct pipeline *p = ctx;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = deliver(p, &entries[i], p->error);
	return rc;
}

static int finish_sinks(struct pipeline *p, struct err *e)
{
	struct run_summary *sum = &p->summary;

	sum->capture = cap_facts(p->maker.cap);
	sum->decode = decoder_counts(p->maker.decoder);
	sum->connections = p->last_id;
	for (unsigned i = 0; i < SHARD_COUNT; i++) {
		const struct shard_counts *c = shard_counts(p->shards[i]);

		sum->evicted += c->evicted;
		sum->half_open_rolled_up += c->rolled_up;
		sum->icmp_unmatched += c->icmp_unmatched;
	}
	hosts_summarise(&p->hosts, &p->maker.clock, sum);
	for (size_t i = 0; i < p->nsinks; i++)
		if (p->sinks[i]->ops->finish(p->sinks[i], sum, e) != 0)
			return -1;
	return 0;
}

int engine_run(struct cap *cap, const struct engine_options *o, struct sink *const *sinks,
    size_t nsinks, struct err *e)
{
	unsigned threads = thread_count(o, cap_facts(cap));
	struct pipeline p = { .o = o, .sinks = sinks, .nsinks = nsinks, .error = e };
	const struct crew_job job = { pick, run, done, &p };
	const struct finish left = { p.shards, tell_ended, &p };
	struct pump pump;
	int rc = -1;

	if (pump_start(&pump, cap, e) < 0)
		return -1;
	p.region = region_new();
	pipeline_init(&p, cap, threads);
	crew_run(&job, threads);
	pump_end(&pump);
	if (!p.is_failed) {
		hosts_finish(&p.hosts, cap_facts(cap));
		rc = finish_run(&left, threads) != 0 ? -1 : finish_sinks(&p, e);
	}
	pipeline_release(&p);
	return rc;
}
