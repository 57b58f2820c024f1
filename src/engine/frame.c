/* SPDX-License-Identifier: MIT */
/*
 * frame - see frame.h for the contract.
 */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "engine/frame.h"
#include "tcpshadow/mem.h"

/* What lies behind that is of ICMP alone. */
#define SEGMENT_USED offsetof(struct segment, icmp_type)

/* Segments are fetched so far ahead of decoding: the shards, which read them last, may have run on another core. */
#define SEGMENTS_AHEAD 4

void frame_init(struct frame *f, size_t max_packets, size_t max_bytes)
{
	*f = (struct frame){ 0 };
	cap_batch_init(&f->batch, max_packets, max_bytes);
	f->segments = mem_alloc(max_packets, sizeof(*f->segments));
	f->shard_at = mem_alloc(max_packets, sizeof(*f->shard_at));
	f->hashes = mem_alloc(max_packets, sizeof(*f->hashes));
	f->next = mem_alloc(max_packets, sizeof(*f->next));
	f->ticks = mem_alloc(max_packets, sizeof(*f->ticks));
}

void frame_release(struct frame *f, struct decoder *decoder)
{
	decoder_batch_give(decoder, f->datagrams);
	cap_batch_release(&f->batch);
	free(f->segments);
	free(f->shard_at);
	free(f->hashes);
	free(f->next);
	free(f->ticks);
	free(f->pieces);
	free(f->fragments);
}

static void note_tick(struct frame *f, struct frame_maker *m, uint32_t slot, int64_t ts)
{
	int64_t second = ts / NS_PER_SEC;

	if (second <= m->second)
		return;
	m->second = second;
	f->ticks[f->nticks++] = (struct tick){ slot, second };
}

static void add_to_part(struct frame *f, uint32_t slot, uint64_t hash_key)
{
	struct shard_place place = shard_place(&f->segments[slot], hash_key);
	struct part *part = &f->parts[place.shard];

	f->hashes[slot] = place.hash;
	f->shard_at[slot] = (uint8_t)place.shard;
	f->next[slot] = NO_SLOT;
	if (part->first == NO_SLOT)
		part->first = slot;
	else
		f->next[part->last] = slot;
	part->last = slot;
}

/* Remember which packets the segment came in. */
static void keep_pieces(struct frame *f, const struct decoder *decoder, uint32_t slot)
{
	size_t n;
	const uint64_t *packets = decoder_fragments(decoder, &n);

	f->pieces = mem_grow(f->pieces, f->npieces, &f->pieces_cap, sizeof(*f->pieces));
	f->pieces[f->npieces++] = (struct pieces){ slot, f->nfragments, n };
	for (size_t i = 0; i < n; i++) {
		f->fragments =
		    mem_grow(f->fragments, f->nfragments, &f->fragments_cap, sizeof(*f->fragments));
		f->fragments[f->nfragments++] = packets[i];
	}
}

static void decode(struct frame *f, struct frame_maker *m)
{
	f->nticks = 0;
	f->npieces = f->nfragments = 0;
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		f->parts[i] = (struct part){ NO_SLOT, NO_SLOT };
	for (uint32_t slot = 0; slot < f->batch.count; slot++) {
		const struct packet *pkt = &f->batch.packets[slot];
		struct segment *seg = &f->segments[slot];

		if (slot + SEGMENTS_AHEAD < f->batch.count)
			util_prefetch_write(seg + SEGMENTS_AHEAD, SEGMENT_USED);
		note_tick(f, m, slot, pkt->ts);
		tap_clock_packet(&m->clock, pkt);
		f->shard_at[slot] = SHARD_COUNT;
		if (decode_packet(m->decoder, pkt, seg) != DECODED_SEGMENT)
			continue;
		add_to_part(f, slot, m->hash_key);
		if (m->wants_pieces && (seg->notes & SEG_FRAGMENTED))
			keep_pieces(f, m->decoder, slot);
	}
}

/* A packet is read so long after its time at the latest, unless the machine stood still. */
#define QUIET_MARGIN NS_PER_SEC

static int64_t wall_time(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

bool frame_make(struct frame *f, struct frame_maker *m)
{
	decoder_batch_give(m->decoder, f->datagrams);
	f->datagrams = NULL;
	f->quiet = 0;
	if (cap_read(m->cap, &f->batch) == 0) {
		if (cap_is_over(m->cap))
			return false;
		f->quiet = wall_time() - QUIET_MARGIN;
	}
	decode(f, m);
	f->datagrams = decoder_batch_take(m->decoder);
	f->progress = cap_progress(m->cap);
	f->packets = cap_facts(m->cap)->packets;
	return true;
}

/* (That the segment before needs the same would be a branch that cannot be predicted.) */
static void prefetch(const struct frame *f, const struct shard *s, uint32_t slot)
{
	for (int ahead = SHARD_AHEAD_CONN; ahead <= SHARD_AHEAD_TABLES; ahead++) {
		slot = f->next[slot];
		if (slot == NO_SLOT)
			return;
		shard_prefetch(s, f->hashes[slot], (enum shard_ahead)ahead);
	}
	/* (It may have been decoded on another core.) */
	util_prefetch(&f->segments[slot], SEGMENT_USED);
}

void frame_run_shard(struct frame *f, struct shard *s, unsigned shard)
{
	uint32_t slot = f->parts[shard].first;

	for (size_t t = 0; t <= f->nticks; t++) {
		uint32_t until = t < f->nticks ? f->ticks[t].slot : NO_SLOT;

		for (; slot < until; slot = f->next[slot]) {
			prefetch(f, s, slot);
			shard_segment(s, &f->segments[slot], f->hashes[slot], slot);
		}
		if (t < f->nticks)
			shard_tick(s, f->ticks[t].second, until);
	}
	if (f->quiet)
		shard_quiet(s, f->quiet);
	shard_log_swap(s, &f->logs[shard]);
}
