/* SPDX-License-Identifier: MIT */
/*
 * reasm - in-order delivery of one direction; see reasm.h for the contract.
 *
 * Waiting pieces do not overlap each other; the extents beside them remember how the segments came, which
 * is what a policy compares.  A new piece takes over the bytes that older segments keep under the policy,
 * replaces the range as a whole, and so leaves the pieces disjoint again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcp/reasm.h"
#include "tcpshadow/mem.h"

enum {
	WINDOW_MAX = 1 << 20, /* more unacknowledged bytes than this are not compared */
	WAITING_MAX = 4096,   /* pieces in one direction, however small */
	EXTENTS_MAX = 4096,
};

/* An ACK may be captured a little before the data it acknowledges: so long a gap is not declared (ns). */
#define GAP_PATIENCE NS_PER_SEC

#define NEVER        INT64_MIN

size_t reasm_bytes(const struct reasm_options *o)
{
	return sizeof(struct reasm) + (o->digest ? sizeof(struct digest) : 0);
}

struct reasm *reasm_new(const struct reasm_options *o, uint64_t first)
{
	struct reasm *r = o->reasms ? pool_get(o->reasms) : mem_alloc(1, reasm_bytes(o));

	BUG_ON(!r);

	r->o = o;
	r->base = r->next = r->counted = first;
	r->counting = true;
	r->gap_since = NEVER;
	if (o->digest)
		digest_init(r->digest);
	return r;
}

/* Windows of ordinary size come from pools; NULL = the heap.  size: a power of two. */
static struct pool *window_pool(const struct reasm_options *o, size_t size)
{
	unsigned i = (unsigned)__builtin_ctzll(size / REASM_WINDOW_FIRST);

	return i < REASM_WINDOW_POOLS ? o->windows[i] : NULL;
}

static void window_put(const struct reasm_options *o, uint8_t *window, size_t size)
{
	struct pool *pool = window_pool(o, size);

	if (pool)
		pool_put(pool, window);
	else
		free(window);
}

static uint8_t *window_new(const struct reasm *r, size_t size)
{
	struct pool *pool = window_pool(r->o, size);
	uint8_t *w = pool ? pool_get_dirty(pool) : mem_resize(NULL, size, 1);

	BUG_ON(!w);
	return w;
}

static void window_free(struct reasm *r)
{
	if (r->window)
		window_put(r->o, r->window, r->window_size);
}

void reasm_prefetch(const struct reasm *r)
{
	util_prefetch(r, offsetof(struct reasm, facts));
}

void reasm_free(struct reasm *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nwaiting; i++)
		free(r->waiting[i].bytes);
	for (unsigned i = 0; i < r->nheld; i++)
		free(r->held[i].bytes);
	free(r->held);
	free(r->waiting);
	free(r->extents);
	window_free(r);
	if (r->o->reasms)
		pool_put(r->o->reasms, r);
	else
		free(r);
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- what was delivered, for comparison --- */

/* Where the byte with this number is.  (Short streams always use the same memory: the beginning.) */
static size_t window_at(const struct reasm *r, uint64_t seq, size_t size)
{
	return (size_t)(seq - r->base) & (size - 1);
}

static void window_copy_in(struct reasm *r, const uint8_t *bytes, size_t n, uint64_t seq)
{
	size_t at = window_at(r, seq, r->window_size), first = r->window_size - at;

	if (first > n)
		first = n;
	memcpy(r->window + at, bytes, first);
	if (n > first)
		memcpy(r->window, bytes + first, n - first);
}

static void window_copy_out(const struct reasm *r, uint64_t seq, uint8_t *out, size_t n)
{
	size_t at = window_at(r, seq, r->window_size), first = r->window_size - at;

	if (first > n)
		first = n;
	memcpy(out, r->window + at, first);
	if (n > first)
		memcpy(out + first, r->window, n - first);
}

/* Holds what is used. */
static void window_resize(struct reasm *r, size_t size)
{
	uint8_t *old = r->window;
	size_t old_size = r->window_size, used = r->window_used;

	r->window = window_new(r, size);
	r->window_size = size;
	for (uint64_t seq = r->next - used; seq < r->next;) {
		size_t at = window_at(r, seq, old_size);
		size_t n = (size_t)min64(old_size - at, r->next - seq);

		window_copy_in(r, old + at, n, seq);
		seq += n;
	}
	if (old)
		window_put(r->o, old, old_size);
}

/* All below this is counted; or, behind a gap, where nothing is counted any more, was acknowledged. */
static uint64_t settled(const struct reasm *r)
{
	return r->counting ? r->counted : max64(r->counted, min64(r->acked, r->next));
}

static bool is_read(const struct reasm *r)
{
	return r->fin && r->next == r->fin && r->acked == r->fin && r->counted == r->fin &&
	       r->counting && r->nwaiting == 0 && r->nheld == 0 && r->gap_since == NEVER;
}

void reasm_settle(struct reasm *r)
{
	bool read = is_read(r);
	size_t size = read ? REASM_WINDOW_FIRST : REASM_WINDOW_MIN;

	if (settled(r) != r->next || r->nwaiting)
		return;
	r->flight = 0;
	r->window_used = (size_t)min64(r->window_used, read ? REASM_WINDOW_LEFT : size);
	if (r->window_size > size)
		window_resize(r, size);
}

bool reasm_is_done(const struct reasm *r)
{
	return is_read(r) && r->window_used <= REASM_WINDOW_LEFT && !r->o->digest;
}

void reasm_squeeze(struct reasm *r, struct reasm_rest *rest)
{
	BUG_ON(!reasm_is_done(r));
	rest->o = r->o;
	rest->base = r->base;
	rest->next = r->next;
	rest->last_time = r->last_time;
	rest->used = (uint8_t)r->window_used;
	if (r->window_used)
		window_copy_out(r, r->next - r->window_used, rest->bytes, r->window_used);
	reasm_free(r);
}

struct reasm *reasm_revive(const struct reasm_rest *rest, const struct stream_facts *facts)
{
	struct reasm *r = reasm_new(rest->o, rest->base);

	r->next = r->acked = r->fin = r->counted = rest->next;
	r->last_time = rest->last_time;
	r->facts = *facts;
	r->window_used = rest->used;
	if (rest->used) {
		r->window_size = REASM_WINDOW_FIRST;
		r->window = window_new(r, r->window_size);
		window_copy_in(r, rest->bytes, rest->used, r->next - rest->used);
	}
	return r;
}

/* While there are few: doubled again and again, what waits for the first acknowledgment is copied as often. */
static bool may_begin_large(const struct reasm *r)
{
	const struct pool *large = window_pool(r->o, REASM_WINDOW_LARGE);

	return large && pool_live(large) < r->o->large_max;
}

/* Bytes of which a copy is kept: whatever the size of the window, so that memory does not show. */
static size_t kept(const struct reasm *r)
{
	return r->flight > REASM_WINDOW_MIN ? r->flight : REASM_WINDOW_MIN;
}

/*
 * Bytes that follow `next`; those not settled yet must stay, and the latest kept().  n <= WINDOW_MAX.
 */
static void window_add(struct reasm *r, const uint8_t *bytes, size_t n)
{
	uint64_t needed = r->next + n - settled(r);
	size_t size = r->window_size ? r->window_size : REASM_WINDOW_FIRST;

	if (size == REASM_WINDOW_FIRST && r->window_used + n > size)
		size = REASM_WINDOW_MIN;
	if (size < needed && size < REASM_WINDOW_LARGE && may_begin_large(r))
		size = REASM_WINDOW_LARGE;
	while (size < WINDOW_MAX && size < needed)
		size *= 2;
	if (size != r->window_size)
		window_resize(r, size);
	window_copy_in(r, bytes, n, r->next);
	r->flight = (size_t)max64(r->flight, min64(needed, WINDOW_MAX));
	r->window_used = (size_t)min64(min64(r->window_used + n, kept(r)), size);
}

/* Where delivered bytes [seq, seq + n) first differ from these, as far as they are still known; n = nowhere. */
static size_t window_differs(const struct reasm *r, uint64_t seq, const uint8_t *bytes, size_t n)
{
	uint64_t from = max64(seq, r->next - r->window_used);

	while (from < seq + n) {
		size_t at = window_at(r, from, r->window_size);
		size_t part = (size_t)min64(r->window_size - at, seq + n - from);

		if (memcmp(r->window + at, bytes + (from - seq), part) != 0)
			break;
		from += part;
	}
	while (from < seq + n && r->window[window_at(r, from, r->window_size)] == bytes[from - seq])
		from++;
	return (size_t)min64(from - seq, n);
}

/* other: n bytes from number `seq`, where the versions begin to differ. */
static void conflict(
    struct reasm *r, uint64_t seq, const uint8_t *other, size_t n, uint32_t doubt, uint64_t packet)
{
	struct stream_conflict *c = &r->facts.conflict;

	r->facts.ambiguous |= doubt;
	if (r->facts.conflicts++ > 0)
		return;
	c->packet = packet;
	c->offset = seq - r->base;
	c->len = (uint32_t)n;
	c->nbytes = (uint8_t)min64(n, CONFLICT_BYTES);
	memcpy(c->other, other, c->nbytes);
}

/*
 * Bytes below `next` again.  The receiver has what it acknowledged; of the rest it may have got either
 * version.  A keepalive's single octet may be anything (RFC 9293 3.8.4).
 */
static void compare_old(
    struct reasm *r, uint64_t seq, const uint8_t *bytes, size_t n, uint64_t packet)
{
	bool first = r->facts.conflicts == 0;
	size_t same;

	if (r->window_used == 0 || (n == 1 && seq + 1 == r->next))
		return;
	same = window_differs(r, seq, bytes, n);
	if (same == n)
		return;
	conflict(
	    r, seq + same, bytes + same, n - same, seq + n > r->acked ? DOUBT_CONFLICT : 0, packet);
	for (unsigned i = 0; first && i < r->facts.conflict.nbytes; i++)
		r->facts.conflict.kept[i] = r->window[window_at(r, seq + same + i, r->window_size)];
}

/* --- delivery --- */

/* Bytes below `limit` are the receiver's: count them.  They come from the window. */
static void count(struct reasm *r, uint64_t limit)
{
	while (r->counting && r->counted < limit) {
		size_t at = window_at(r, r->counted, r->window_size);
		size_t n = (size_t)min64(r->window_size - at, limit - r->counted);

		if (r->o->digest)
			digest_add(r->digest, r->window + at, n);
		r->counted += n;
		r->facts.bytes += n;
	}
}

static void deliver_gap(
    struct reasm *r, uint64_t n, enum stream_gap kind, int64_t time, const struct reasm_out *out)
{
	count(r, r->next);
	r->counting = false;
	r->facts.gaps++;
	r->facts.missing += n;
	if (kind == GAP_NOT_CAPTURED)
		r->facts.ambiguous |= DOUBT_NOT_CAPTURED;
	if (out && out->gap)
		out->gap(out->ctx, r->next - r->base, n, kind, time);
	r->next += n;
	r->window_used = 0;
	r->gap_since = NEVER;
}

/* Through the window, which may have to forget bytes that are not acknowledged: they are counted before. */
static void window_append(struct reasm *r, const uint8_t *bytes, size_t n)
{
	while (n) {
		size_t part = n < WINDOW_MAX ? n : WINDOW_MAX;

		if (r->next + part > r->counted + WINDOW_MAX)
			count(r, r->next + part - WINDOW_MAX);
		window_add(r, bytes, part);
		r->next += part;
		bytes += part;
		n -= part;
	}
}

/* in->seq is r->next. */
static void deliver(struct reasm *r, const struct reasm_input *in, const struct reasm_out *out)
{
	if (in->n == 0)
		return;
	if (!in->bytes) {
		deliver_gap(r, in->n, GAP_CUT, in->time, out);
		return;
	}
	r->facts.delivered += in->n;
	r->last_time = in->time;
	if (out && out->data)
		out->data(out->ctx, r->next - r->base, in);
	window_append(r, in->bytes, in->n);
	r->gap_since = NEVER;
}

/* The input without its first `skip` bytes. */
static struct reasm_input rest_of(const struct reasm_input *in, uint64_t skip)
{
	return (struct reasm_input){
		.seq = in->seq + skip,
		.bytes = in->bytes ? in->bytes + skip : NULL,
		.n = in->n - (size_t)skip,
		.packet = in->packet,
		.time = in->time,
	};
}

static struct reasm_input input_of(const struct piece *p)
{
	return (
	    struct reasm_input){ p->seq, p->bytes, (size_t)(p->end - p->seq), p->packet, p->time };
}

/* --- what waits --- */

static void waiting_remove(struct reasm *r, size_t i, size_t n)
{
	for (size_t k = i; k < i + n; k++) {
		r->waiting_bytes -= (size_t)(r->waiting[k].end - r->waiting[k].seq);
		free(r->waiting[k].bytes);
	}
	r->nwaiting -= n;
	memmove(&r->waiting[i], &r->waiting[i + n], (r->nwaiting - i) * sizeof(*r->waiting));
}

static void waiting_insert(struct reasm *r, size_t i, const struct piece *p)
{
	r->waiting = mem_grow(r->waiting, r->nwaiting, &r->waiting_cap, sizeof(*r->waiting));
	memmove(&r->waiting[i + 1], &r->waiting[i], (r->nwaiting - i) * sizeof(*r->waiting));
	r->waiting[i] = *p;
	r->nwaiting++;
	r->waiting_bytes += (size_t)(p->end - p->seq);
}

/* The first waiting piece that ends behind seq. */
static size_t waiting_find(const struct reasm *r, uint64_t seq)
{
	size_t lo = 0, hi = r->nwaiting;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->waiting[mid].end <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Deliver what has become contiguous. */
static void pull(struct reasm *r, const struct reasm_out *out)
{
	size_t n = 0;

	while (n < r->nwaiting && r->waiting[n].seq <= r->next) {
		struct reasm_input in = input_of(&r->waiting[n++]);

		in = rest_of(&in, min64(r->next - in.seq, in.n));
		deliver(r, &in, out);
	}
	if (n == 0)
		return;
	waiting_remove(r, 0, n);
	/* (Not where a newer piece takes the place of all: one that reached beyond the FIN still counts.) */
	if (r->nwaiting == 0)
		r->nextents = 0;
}

/* Does a newer segment [ns, ne) take the bytes it shares with an older one [ls, le)? */
static bool newer_wins(
    enum overlap_policy policy, uint64_t ls, uint64_t le, uint64_t ns, uint64_t ne)
{
	switch (policy) {
	case OVERLAP_FIRST:
	case OVERLAP_WINDOWS:
		return false;
	case OVERLAP_LAST:
		return true;
	case OVERLAP_BSD:
		return ns < ls;
	case OVERLAP_LINUX:
		return ns < ls || (ns == ls && ne > le);
	case OVERLAP_SOLARIS:
		return ns <= ls ? ne >= le : ne > le;
	case OVERLAP_COUNT:
		break;
	}
	return false;
}

/* Copy what waits of [from, to) over the new piece's bytes. */
static void take_over(const struct reasm *r, struct piece *p, uint64_t from, uint64_t to)
{
	for (size_t i = waiting_find(r, from); i < r->nwaiting && r->waiting[i].seq < to; i++) {
		const struct piece *w = &r->waiting[i];
		uint64_t a = max64(from, w->seq), b = min64(to, w->end);

		if (w->bytes && p->bytes)
			memcpy(p->bytes + (a - p->seq), w->bytes + (a - w->seq), (size_t)(b - a));
	}
}

/* The waiting bytes are noted as kept: which of the two win, the policy says afterwards. */
static void note_conflict(struct reasm *r, const struct piece *p, const struct piece *w)
{
	uint64_t a = max64(p->seq, w->seq), b = min64(p->end, w->end);
	bool first = r->facts.conflicts == 0;

	while (a < b && p->bytes[a - p->seq] == w->bytes[a - w->seq])
		a++;
	if (a == b)
		return;
	conflict(r, a, p->bytes + (a - p->seq), (size_t)(b - a), DOUBT_CONFLICT, p->packet);
	if (first)
		memcpy(r->facts.conflict.kept, w->bytes + (a - w->seq), r->facts.conflict.nbytes);
}

static void note_conflicts(struct reasm *r, const struct piece *p)
{
	for (size_t i = waiting_find(r, p->seq); i < r->nwaiting && r->waiting[i].seq < p->end; i++)
		if (r->waiting[i].bytes && p->bytes)
			note_conflict(r, p, &r->waiting[i]);
}

static void apply_policy(struct reasm *r, struct piece *p)
{
	for (size_t i = 0; i < r->nextents; i++) {
		uint64_t ls = max64(r->extents[i].seq, r->next), le = r->extents[i].end;

		if (le <= p->seq || ls >= p->end)
			continue;
		if (!newer_wins((enum overlap_policy)r->o->policy, ls, le, p->seq, p->end))
			take_over(r, p, max64(ls, p->seq), min64(le, p->end));
	}
}

static uint8_t *copy_bytes(const uint8_t *bytes, size_t n)
{
	uint8_t *copy;

	if (!bytes)
		return NULL;
	copy = mem_alloc(n, 1);
	memcpy(copy, bytes, n);
	return copy;
}

/* Cut [from, to) out of the waiting pieces. */
static void clear_range(struct reasm *r, uint64_t from, uint64_t to)
{
	for (size_t i = waiting_find(r, from); i < r->nwaiting && r->waiting[i].seq < to;) {
		struct piece w = r->waiting[i];
		struct piece right = w;

		if (w.end > to) {
			right.seq = to;
			right.bytes = copy_bytes(
			    w.bytes ? w.bytes + (to - w.seq) : NULL, (size_t)(w.end - to));
			waiting_insert(r, i + 1, &right);
		}
		if (w.seq >= from) {
			waiting_remove(r, i, 1);
			continue;
		}
		r->waiting_bytes -= (size_t)(w.end - from);
		r->waiting[i].end = from;
		i++;
	}
}

/* Room for one more: what is delivered does not matter any more, then the oldest do not. */
static void tidy_extents(struct reasm *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->nextents; i++)
		if (r->extents[i].end > r->next)
			r->extents[kept++] = r->extents[i];
	r->nextents = kept;
	if (kept < EXTENTS_MAX)
		return;
	r->nextents = kept / 2;
	memmove(r->extents, r->extents + (kept - r->nextents), r->nextents * sizeof(*r->extents));
}

/* The same range again takes nothing that it does not take already: see apply_policy(). */
static bool has_extent(const struct reasm *r, uint64_t seq, uint64_t end)
{
	for (size_t i = 0; i < r->nextents; i++)
		if (r->extents[i].seq == seq && r->extents[i].end == end)
			return true;
	return false;
}

static void add_extent(struct reasm *r, uint64_t seq, uint64_t end)
{
	if (r->nextents >= EXTENTS_MAX || r->nextents > 2 * r->nwaiting + 64)
		tidy_extents(r);
	r->extents = mem_grow(r->extents, r->nextents, &r->extents_cap, sizeof(*r->extents));
	r->extents[r->nextents++] = (struct extent){ seq, end };
}

static bool overlaps_waiting(const struct reasm *r, uint64_t seq, uint64_t end)
{
	size_t i = waiting_find(r, seq);

	return i < r->nwaiting && r->waiting[i].seq < end;
}

/* What the capture cut off takes nothing from bytes that are known: only the holes between them. */
static void keep_cut(struct reasm *r, const struct piece *p)
{
	struct piece hole = *p;

	while (hole.seq < p->end) {
		size_t i = waiting_find(r, hole.seq);
		uint64_t next = i < r->nwaiting ? r->waiting[i].seq : p->end;

		hole.end = min64(next, p->end);
		if (hole.seq < hole.end)
			waiting_insert(r, i++, &hole);
		hole.seq = i < r->nwaiting ? max64(hole.end, r->waiting[i].end) : p->end;
	}
	add_extent(r, p->seq, p->end);
}

/* Takes over p->bytes. */
static void keep(struct reasm *r, struct piece *p)
{
	bool is_known = false;

	if (!p->bytes) {
		keep_cut(r, p);
		return;
	}
	if (overlaps_waiting(r, p->seq, p->end)) {
		note_conflicts(r, p);
		apply_policy(r, p);
		clear_range(r, p->seq, p->end);
		is_known = has_extent(r, p->seq, p->end);
	}
	waiting_insert(r, waiting_find(r, p->seq), p);
	if (!is_known)
		add_extent(r, p->seq, p->end);
}

/*
 * The oldest gap is given up: it was never captured, or nothing acknowledged it.  Where both are true of a part
 * each is a gap of its own: what is not acknowledged may still come.
 */
static void declare_gap(struct reasm *r, int64_t time, const struct reasm_out *out)
{
	bool is_acked = r->acked > r->next;
	uint64_t to = r->nwaiting ? r->waiting[0].seq : r->acked;

	if (is_acked && r->acked < to)
		to = r->acked;
	if (to > r->next)
		deliver_gap(
		    r, to - r->next, is_acked ? GAP_NOT_CAPTURED : GAP_NOT_ACKED, time, out);
	pull(r, out);
}

static void enforce_bound(struct reasm *r, int64_t time, const struct reasm_out *out)
{
	while (r->waiting_bytes > r->o->max_bytes || r->nwaiting > WAITING_MAX) {
		r->facts.dropped++;
		declare_gap(r, time, out);
	}
}

static void add(struct reasm *r, const struct reasm_input *in, const struct reasm_out *out)
{
	struct piece p;

	if (in->seq == r->next && !overlaps_waiting(r, in->seq, in->seq + in->n)) {
		deliver(r, in, out);
	} else {
		p = (struct piece){ in->seq, in->seq + in->n, copy_bytes(in->bytes, in->n),
			in->packet, in->time };
		keep(r, &p);
	}
	if (r->nwaiting)
		pull(r, out);
	enforce_bound(r, in->time, out);
}

/* Nothing before the first byte and nothing behind the FIN is data. */
static struct reasm_input clip(const struct reasm *r, const struct reasm_input *in)
{
	uint64_t end = in->seq + in->n, from = max64(in->seq, r->base);
	struct reasm_input out = { .seq = from };

	if (r->fin)
		end = min64(end, r->fin);
	if (from >= end)
		return out;
	out = rest_of(in, from - in->seq);
	out.n = (size_t)(end - from);
	return out;
}

/* (Apart, as most bytes are in order.) */
static __attribute__((noinline)) void add_odd(
    struct reasm *r, const struct reasm_input *input, const struct reasm_out *out)
{
	struct reasm_input in = clip(r, input);
	size_t old;

	if (in.n && in.seq < r->next) {
		old = (size_t)min64(in.n, r->next - in.seq);
		if (in.bytes)
			compare_old(r, in.seq, in.bytes, old, in.packet);
		in = rest_of(&in, old);
	}
	if (in.n)
		add(r, &in, out);
}

void reasm_add(struct reasm *r, const struct reasm_input *in, const struct reasm_out *out)
{
	/* (Nothing waits for these bytes, or could end before them.) */
	if (in->seq == r->next && !r->nwaiting && !r->fin)
		deliver(r, in, out);
	else
		add_odd(r, in, out);
}

static void release_held(struct reasm *r, unsigned i)
{
	free(r->held[i].bytes);
	r->nheld--;
	memmove(&r->held[i], &r->held[i + 1], (r->nheld - i) * sizeof(r->held[0]));
}

void reasm_hold(struct reasm *r, const struct reasm_input *input)
{
	struct reasm_input in = clip(r, input);

	if (!in.bytes || in.seq + in.n <= r->next)
		return;
	if (!r->held)
		r->held = mem_alloc(REASM_HELD_MAX, sizeof(*r->held));
	if (r->nheld == REASM_HELD_MAX)
		release_held(r, 0);
	r->held[r->nheld++] =
	    (struct piece){ in.seq, in.seq + in.n, copy_bytes(in.bytes, in.n), in.packet, in.time };
}

/* The receiver has bytes that only an unlikely piece brought: then it took that piece. */
static bool accept_held(struct reasm *r, uint64_t ack, const struct reasm_out *out)
{
	for (unsigned i = 0; i < r->nheld; i++) {
		struct reasm_input in = input_of(&r->held[i]);
		uint64_t end = min64(r->held[i].end, ack);

		if (in.seq > r->next || end <= r->next)
			continue;
		in.n = (size_t)(end - in.seq);
		in = rest_of(&in, r->next - in.seq);
		add(r, &in, out);
		return true;
	}
	return false;
}

/* An acknowledgment while something is held back, or of more than there is.  (Apart, as both are rare.) */
static __attribute__((noinline)) void ack_more(
    struct reasm *r, uint64_t ack, int64_t time, const struct reasm_out *out)
{
	while (r->next < ack && accept_held(r, ack, out))
		;
	for (unsigned i = r->nheld; i-- > 0;)
		if (r->held[i].end <= r->next)
			release_held(r, i);
	if (r->next >= ack)
		return;
	if (r->gap_since == NEVER)
		r->gap_since = time;
	else if (time - r->gap_since > GAP_PATIENCE)
		declare_gap(r, time, out);
}

void reasm_ack(struct reasm *r, uint64_t ack, int64_t time, const struct reasm_out *out)
{
	if (r->fin)
		ack = min64(ack, r->fin);
	if (ack > r->acked)
		r->acked = ack;
	if (r->counted < ack)
		count(r, min64(ack, r->next));
	if (r->nheld || r->next < ack)
		ack_more(r, ack, time, out);
}

void reasm_fin(struct reasm *r, uint64_t fin)
{
	r->fin = fin;
	r->acked = min64(r->acked, fin);
	clear_range(r, fin, UINT64_MAX);
}

void reasm_end(struct reasm *r, int64_t time, bool refused, const struct reasm_out *out)
{
	if (refused)
		count(r, min64(r->acked, r->next));
	else
		count(r, r->next);
	r->counting &= !refused;
	while (r->nwaiting)
		declare_gap(r, time, out);
	if (r->acked > r->next)
		declare_gap(r, time, out);
	if (!refused)
		count(r, r->next);
	if (r->o->digest) {
		r->facts.has_sha256 = true;
		digest_value(r->digest, r->facts.sha256);
	}
}
