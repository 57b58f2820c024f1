/* SPDX-License-Identifier: MIT */
/*
 * frag - a bounded table of IP fragments.
 *
 * Memory: a datagram holds its bytes in one buffer, at their offsets, and a sorted list of runs that say which
 *         bytes came.  Datagrams are chained by key in buckets and by age in one list; whole ones move to a
 *         list of their own until the batch is done, and then serve again.
 * Spec:   the order of the checks is that of Linux (net/ipv4/ip_fragment.c, inet_fragment.c), as measured.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "decode/frag.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"

enum {
	FRAG_BUCKETS = 1024,
	FRAG_DATAGRAM_MAX = 65535,        /* bytes, RFC 791 3.1 */
	FRAG_FIRST_BYTES = 2048,          /* first size of a buffer */
	FRAG_DEFAULT_BYTES = 4 * 1048576, /* as ipfrag_high_thresh */
	FRAG_SPARE_BYTES = 256 * 1024,    /* buffers kept for reuse */
	FRAG_TIMEOUT4 = 30,               /* s, from the first fragment */
	FRAG_TIMEOUT6 = 60,               /* s, RFC 8200 4.5 */
	FRAG_PROTOCOL_TCP = 6,
	FRAG_PACKETS_MAX = 8192,  /* remembered of one datagram: as many fragments as it can have */
	FRAG_TCP_FIXED = 20,      /* bytes of a TCP header without options */
	FRAG_TCP_HEADER_MAX = 60, /* with as many as there can be */
};

/* Bytes [start, end) that came in order, without a gap. */
struct run {
	uint32_t start, end;
};

struct datagram {
	struct datagram *chain;         /* of its bucket; or of the done and spare lists */
	struct datagram *older, *newer; /* by first fragment */
	struct frag_key key;
	size_t bucket;
	int64_t since; /* time of the first fragment */
	uint8_t *bytes;
	size_t capacity;  /* of bytes */
	struct run *runs; /* sorted, disjoint */
	size_t nruns, runs_cap;
	uint64_t *packets; /* ordinals, repeated fragments too */
	size_t npackets, packets_cap;
	uint64_t wire_len;  /* of the frames not told of */
	uint32_t pieces;    /* fragments held */
	uint32_t have;      /* bytes in runs */
	uint32_t len;       /* largest end seen; with has_last the length of the datagram */
	uint32_t valid_end; /* first byte that no fragment's capture holds; UINT32_MAX = none */
	uint16_t notes;
	bool has_last;
	bool
	    has_conflict; /* fragments overlapped, or a datagram with this key was discarded for it */
	uint32_t killed_len; /* largest end of fragments discarded and not told of; 0 = none */
	uint8_t told[FRAG_TCP_FIXED]; /* TCP header last told of as discarded */
	struct frag_head head;
};

struct frag_table {
	struct datagram *buckets[FRAG_BUCKETS];
	struct datagram *oldest, *newest;
	struct datagram *done;  /* whole, in use until the batch is done */
	struct datagram *spare; /* to be used again */
	uint64_t key;
	uint64_t evicted, overlapping;
	size_t max_bytes, bytes, spare_bytes;
};

struct frag_table *frag_table_new(size_t max_bytes)
{
	struct frag_table *t = mem_alloc(1, sizeof(*t));

	t->max_bytes = max_bytes ? max_bytes : FRAG_DEFAULT_BYTES;
	t->key = hash_random_key();
	return t;
}

static size_t datagram_bytes(const struct datagram *d)
{
	return sizeof(*d) + d->capacity + d->runs_cap * sizeof(*d->runs) +
	       d->packets_cap * sizeof(*d->packets);
}

static void datagram_free(struct datagram *d)
{
	free(d->packets);
	free(d->runs);
	free(d->bytes);
	free(d);
}

static void free_list(struct datagram *d)
{
	while (d) {
		struct datagram *next = d->chain;

		datagram_free(d);
		d = next;
	}
}

void frag_table_free(struct frag_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < FRAG_BUCKETS; i++)
		free_list(t->buckets[i]);
	free_list(t->done);
	free_list(t->spare);
	free(t);
}

static struct datagram *find(const struct frag_table *t, const struct frag_key *key, size_t bucket)
{
	struct datagram *d = t->buckets[bucket];

	while (d && memcmp(&d->key, key, sizeof(*key)) != 0)
		d = d->chain;
	return d;
}

/* Forget the fragments but keep the memory. */
static void datagram_clear(struct datagram *d)
{
	d->nruns = 0;
	d->pieces = 0;
	d->have = 0;
	d->len = 0;
	d->valid_end = UINT32_MAX;
	d->notes = 0;
	d->has_last = false;
	d->head = (struct frag_head){ .ttl = 0 };
}

static void unlink_datagram(struct frag_table *t, struct datagram *d)
{
	struct datagram **at = &t->buckets[d->bucket];

	while (*at != d)
		at = &(*at)->chain;
	*at = d->chain;
	*(d->older ? &d->older->newer : &t->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &t->newest) = d->older;
	t->bytes -= datagram_bytes(d);
}

static void keep_spare(struct frag_table *t, struct datagram *d)
{
	if (t->spare_bytes + datagram_bytes(d) > FRAG_SPARE_BYTES) {
		datagram_free(d);
		return;
	}
	t->spare_bytes += datagram_bytes(d);
	d->chain = t->spare;
	t->spare = d;
}

static void evict(struct frag_table *t, struct datagram *d)
{
	t->evicted += d->pieces;
	unlink_datagram(t, d);
	keep_spare(t, d);
}

static bool is_expired(const struct datagram *d, int64_t now)
{
	int64_t limit = d->key.version == 4 ? FRAG_TIMEOUT4 : FRAG_TIMEOUT6;

	return now > d->since &&
	       (uint64_t)now - (uint64_t)d->since > (uint64_t)(limit * NS_PER_SEC);
}

static void expire(struct frag_table *t, int64_t now)
{
	struct datagram *d = t->oldest;

	while (d && is_expired(d, now)) {
		struct datagram *next = d->newer;

		evict(t, d);
		d = next;
	}
}

static struct datagram *take_spare(struct frag_table *t)
{
	struct datagram *d = t->spare;

	if (!d)
		return mem_alloc(1, sizeof(*d));
	t->spare = d->chain;
	t->spare_bytes -= datagram_bytes(d);
	return d;
}

static struct datagram *insert(struct frag_table *t, const struct frag_piece *p, size_t bucket)
{
	struct datagram *d = take_spare(t);

	datagram_clear(d);
	d->key = p->key;
	d->bucket = bucket;
	d->since = p->ts;
	d->npackets = 0;
	d->wire_len = 0;
	d->has_conflict = false;
	d->killed_len = 0;
	memset(d->told, 0, sizeof(d->told));
	d->chain = t->buckets[bucket];
	t->buckets[bucket] = d;
	d->newer = NULL;
	d->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = d;
	t->newest = d;
	t->bytes += datagram_bytes(d);
	return d;
}

static struct datagram *find_or_insert(struct frag_table *t, const struct frag_piece *p)
{
	size_t bucket = (size_t)(hash_keyed(&p->key, sizeof(p->key), t->key) % FRAG_BUCKETS);
	struct datagram *d = find(t, &p->key, bucket);

	if (d && is_expired(d, p->ts)) {
		evict(t, d);
		d = NULL;
	}
	return d ? d : insert(t, p, bucket);
}

static void add_packet(struct frag_table *t, struct datagram *d, uint64_t packet)
{
	if (d->npackets == FRAG_PACKETS_MAX)
		return;
	t->bytes -= datagram_bytes(d);
	d->packets = mem_grow(d->packets, d->npackets, &d->packets_cap, sizeof(*d->packets));
	d->packets[d->npackets++] = packet;
	t->bytes += datagram_bytes(d);
}

static void tell_packets(const struct datagram *d, struct frag_whole *whole)
{
	whole->packets = d->packets;
	whole->npackets = d->npackets;
}

/* Room for the bytes up to `end` and one more run; older datagrams make way.  False: does not fit. */
static bool reserve(struct frag_table *t, struct datagram *d, uint32_t end)
{
	size_t capacity = d->capacity ? d->capacity : FRAG_FIRST_BYTES;

	while (capacity < end)
		capacity *= 2;
	t->bytes -= datagram_bytes(d);
	if (capacity > d->capacity) {
		d->bytes = mem_resize(d->bytes, capacity, 1);
		d->capacity = capacity;
	}
	d->runs = mem_grow(d->runs, d->nruns, &d->runs_cap, sizeof(*d->runs));
	t->bytes += datagram_bytes(d);
	while (t->bytes > t->max_bytes && t->oldest != t->newest)
		evict(t, t->oldest != d ? t->oldest : d->newer);
	return t->bytes <= t->max_bytes;
}

/*
 * The end of this piece against what is known of the datagram's length; false = contradiction.  Fragments but
 * the last hold a multiple of eight bytes (RFC 791 3.2): the rest is cut off.
 */
static bool fits_length(struct datagram *d, const struct frag_piece *p, uint32_t end)
{
	if (p->is_last) {
		if (end < d->len || (d->has_last && end != d->len))
			return false;
		d->has_last = true;
		d->len = end;
	} else if (end > d->len) {
		if (d->has_last)
			return false;
		d->len = end;
	}
	return end > p->offset;
}

/* The first run that ends behind `offset`; nruns if none does. */
static size_t find_run(const struct datagram *d, uint32_t offset)
{
	size_t low = 0, high = d->nruns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->runs[middle].end > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

enum overlap {
	OVERLAP_NONE,
	OVERLAP_WITHIN, /* inside one run: a duplicate */
	OVERLAP_PARTLY,
};

static enum overlap find_overlap(const struct datagram *d, uint32_t offset, uint32_t end)
{
	size_t i = find_run(d, offset);

	if (i == d->nruns || end <= d->runs[i].start)
		return OVERLAP_NONE;
	return offset >= d->runs[i].start && end <= d->runs[i].end ? OVERLAP_WITHIN
	                                                           : OVERLAP_PARTLY;
}

/* Only the last run grows, as in Linux: whether a later overlap is "within" depends on it. */
static void add_run(struct datagram *d, uint32_t offset, uint32_t end)
{
	size_t i = find_run(d, offset);

	if (i == d->nruns && i > 0 && d->runs[i - 1].end == offset) {
		d->runs[i - 1].end = end;
		return;
	}
	memmove(d->runs + i + 1, d->runs + i, (d->nruns - i) * sizeof(*d->runs));
	d->runs[i] = (struct run){ .start = offset, .end = end };
	d->nruns++;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void store(struct datagram *d, const struct frag_piece *p, uint32_t end)
{
	uint32_t n = min_u32(p->caplen, end - p->offset);

	if (n)
		memcpy(d->bytes + p->offset, p->data, n);
	if (p->offset + n < end)
		d->valid_end = min_u32(d->valid_end, p->offset + n);
	if (p->offset == 0)
		d->head = p->head;
	add_run(d, p->offset, end);
	d->have += end - p->offset;
	d->pieces++;
	d->notes |= p->notes;
	d->wire_len += p->wire_len;
}

/* A duplicate with other bytes is a conflict, but the first copy stays. */
static void compare(struct datagram *d, const struct frag_piece *p, uint32_t end)
{
	uint32_t n = min_u32(p->caplen, end - p->offset);

	if (d->valid_end < p->offset + n)
		n = d->valid_end > p->offset ? d->valid_end - p->offset : 0;
	if (n && memcmp(d->bytes + p->offset, p->data, n) != 0)
		d->has_conflict = true;
}

static enum frag_result finish(struct frag_table *t, struct datagram *d, struct frag_whole *whole)
{
	unlink_datagram(t, d);
	d->chain = t->done;
	t->done = d;
	tell_packets(d, whole);
	whole->data = d->bytes;
	whole->len = d->len;
	whole->caplen = min_u32(d->len, d->valid_end);
	whole->wire_len = d->wire_len;
	whole->head = d->head;
	whole->notes = d->notes;
	whole->has_conflict = d->has_conflict;
	return FRAG_WHOLE;
}

/* Captured bytes from the datagram's beginning on, without a hole. */
static uint32_t beginning(const struct datagram *d)
{
	uint32_t end = 0;

	for (size_t i = 0; i < d->nruns && end < FRAG_TCP_HEADER_MAX; i++) {
		if (d->runs[i].start != end)
			break;
		end = d->runs[i].end;
	}
	return min_u32(end, d->valid_end);
}

/* Tell of a discarded datagram if its TCP header is known, from what is held or from this piece, and is new. */
static bool tell_killed(
    struct datagram *d, const struct frag_piece *p, uint32_t end, struct frag_whole *whole)
{
	whole->data = d->bytes;
	whole->caplen = beginning(d);
	whole->head = d->head;
	if (whole->caplen < FRAG_TCP_FIXED && p->offset == 0) {
		whole->data = p->data;
		whole->caplen = min_u32(p->caplen, end);
		whole->head = p->head;
	}
	if (whole->caplen < FRAG_TCP_FIXED || whole->head.protocol != FRAG_PROTOCOL_TCP)
		return false;
	tell_packets(d, whole);
	whole->len = max_u32(d->killed_len, d->len);
	whole->wire_len = d->wire_len;
	whole->notes = d->notes | p->notes;
	whole->has_conflict = true;
	d->killed_len = 0;
	if (memcmp(d->told, whole->data, sizeof(d->told)) == 0)
		return false;
	d->wire_len = 0;
	memcpy(d->told, whole->data, sizeof(d->told));
	return true;
}

/*
 * The fragments are lost; what stays is that there was a conflict, until the entry times out.  Nothing is lost
 * where nothing was held.
 */
static enum frag_result discard(
    struct datagram *d, const struct frag_piece *p, uint32_t end, struct frag_whole *whole)
{
	bool is_told = false;

	if (d->pieces > 0) {
		d->has_conflict = true;
		d->wire_len += p->wire_len;
		d->killed_len = max_u32(d->killed_len, max_u32(d->len, end));
		is_told = tell_killed(d, p, end, whole);
	}
	datagram_clear(d);
	return is_told ? FRAG_KILLED : FRAG_DROPPED;
}

enum frag_result frag_add(
    struct frag_table *t, const struct frag_piece *p, struct frag_whole *whole)
{
	uint32_t end = p->offset + p->len;
	struct datagram *d;
	enum overlap overlap;

	expire(t, p->ts);
	if (!p->is_last)
		end &= ~UINT32_C(7);
	if (end > FRAG_DATAGRAM_MAX)
		return FRAG_DROPPED;
	d = find_or_insert(t, p);
	add_packet(t, d, p->packet);
	if (d->pieces == 0)
		d->since = p->ts;
	if (!fits_length(d, p, end))
		return discard(d, p, end, whole);
	overlap = find_overlap(d, p->offset, end);
	if (overlap != OVERLAP_NONE)
		t->overlapping++;
	if (overlap == OVERLAP_PARTLY)
		return discard(d, p, end, whole);
	if (overlap == OVERLAP_WITHIN) {
		compare(d, p, end);
		return FRAG_DROPPED;
	}
	if (!reserve(t, d, end)) {
		evict(t, d);
		return FRAG_DROPPED;
	}
	store(d, p, end);
	if (d->has_last && d->have == d->len)
		return finish(t, d, whole);
	return d->killed_len && tell_killed(d, p, end, whole) ? FRAG_KILLED : FRAG_HELD;
}

struct datagram *frag_batch_take(struct frag_table *t)
{
	struct datagram *taken = t->done;

	t->done = NULL;
	return taken;
}

void frag_batch_give(struct frag_table *t, struct datagram *taken)
{
	while (taken) {
		struct datagram *d = taken;

		taken = d->chain;
		keep_spare(t, d);
	}
}

void frag_batch_done(struct frag_table *t)
{
	frag_batch_give(t, frag_batch_take(t));
}

uint64_t frag_evicted(const struct frag_table *t)
{
	return t->evicted;
}

uint64_t frag_overlapping(const struct frag_table *t)
{
	return t->overlapping;
}

size_t frag_bytes(const struct frag_table *t)
{
	return t->bytes;
}
