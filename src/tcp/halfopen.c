/* SPDX-License-Identifier: MIT */
/*
 * halfopen - a ring of SYNs in order of capture, and a hash index into it.
 *
 * A place of the ring is freed from the middle when its SYN is answered: it stays behind, dead, until the
 * ring's tail passes it.  Times and packet numbers are kept short and completed from the latest ones: a SYN
 * lives minutes, not the 78 hours or 4 thousand million packets after which they would be wrong.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/flow.h"
#include "tcp/halfopen.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"

#define FREE_PLACE UINT32_MAX

enum {
	LOOKS_MAX = 4096, /* kinds of SYN told apart */
	PLACES_MIN = 64,
	TIME_BITS = 48, /* ns */
};

/* The key in the direction of the SYN. */
struct syn_key {
	uint32_t src, dst; /* as in memory: network order */
	uint16_t sport, dport;
};

struct syn_place {
	struct syn_key key;
	uint32_t isn;
	uint32_t tsval;
	uint32_t packet;   /* low 32 bits of the ordinal */
	uint32_t time_low; /* low 48 bits of the time */
	uint16_t time_high;
	uint16_t looks; /* index into looks[]; LOOKS_MAX = dead */
};

_Static_assert(sizeof(struct syn_place) == 32, "a half-open connection costs 32 bytes");

/* What SYNs of one kind share: see struct segment.  No padding: compared and hashed as bytes. */
struct looks {
	uint32_t wire_len, ip_len;
	uint32_t interface;
	uint32_t opt_seen;
	uint16_t file;
	uint16_t vlan;
	uint16_t notes;
	uint16_t flags;
	uint16_t window;
	uint16_t opt_odd;
	uint16_t mss;
	uint16_t mptcp_subtypes;
	uint8_t ip_version; /* 0 = no looks */
	uint8_t kind;
	uint8_t checksum_state;
	uint8_t header_len;
	uint8_t ttl, tos;
	uint8_t dont_fragment;
	uint8_t wscale;
	uint8_t tfo_cookie_len;
	uint8_t unknown_kind, bad_kind;
	uint8_t zero[5];
};

_Static_assert(sizeof(struct looks) == 48, "looks have no padding");

struct slot {
	uint32_t place; /* in the ring; FREE_PLACE = free */
	uint32_t tag;   /* low bits of the hash: its home, and nearly always enough to tell it */
};

struct halfopen {
	struct syn_place *ring;
	size_t places_max;
	size_t places, tail, head, count; /* count: from the tail to the head, dead ones included */
	size_t live;
	struct slot *index; /* open addressing */
	size_t nindex;      /* power of two, at least twice the places */
	struct region *region;
	bool is_in_region; /* ring and index, at their full size */
	uint64_t key;
	uint64_t expected; /* packet of the SYN that is expected to be taken next, 0 = none... */
	uint32_t expected_tag; /* ...and its tag */
	struct looks *looks;   /* of each kind */
	uint32_t last_looks;   /* of the SYN held last */
	uint64_t last_packet;
	int64_t last_time;
};

struct halfopen *halfopen_new(size_t places, uint64_t hash_key, struct region *region)
{
	struct halfopen *h = mem_alloc(1, sizeof(*h));

	h->places_max = places;
	h->key = hash_key;
	h->region = region;
	return h;
}

void halfopen_free(struct halfopen *h)
{
	if (!h)
		return;
	if (!h->is_in_region) {
		free(h->ring);
		free(h->index);
	}
	free(h->looks);
	free(h);
}

bool halfopen_fits(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN &&
	       s->ip_version == 4 && s->tunnel == 0 && s->len == 0 && s->ack == 0 && s->urgent == 0;
}

static struct syn_key key_of(const struct segment *s)
{
	struct syn_key k = { .sport = s->sport, .dport = s->dport };

	memcpy(&k.src, s->src.b, 4);
	memcpy(&k.dst, s->dst.b, 4);
	return k;
}

static bool is_same(const struct syn_key *a, const struct syn_key *b)
{
	return (a->src == b->src && a->dst == b->dst && a->sport == b->sport &&
	           a->dport == b->dport) ||
	       (a->src == b->dst && a->dst == b->src && a->sport == b->dport &&
	           a->dport == b->sport);
}

static uint32_t tag_of(const struct halfopen *h, const struct syn_key *k)
{
	uint8_t src[4], dst[4];

	memcpy(src, &k->src, 4);
	memcpy(dst, &k->dst, 4);
	return (uint32_t)flow_hash_ip4(src, k->sport, dst, k->dport, h->key);
}

/* Where in the index the key is, in either direction, or the free slot where it would be. */
static size_t find(const struct halfopen *h, const struct syn_key *k, uint32_t tag)
{
	size_t mask = h->nindex - 1, i = tag & mask;

	while (h->index[i].place != FREE_PLACE &&
	       (h->index[i].tag != tag || !is_same(&h->ring[h->index[i].place].key, k)))
		i = (i + 1) & mask;
	return i;
}

/* Where in the index the place is, which is there. */
static size_t find_place(const struct halfopen *h, size_t place, uint32_t tag)
{
	size_t mask = h->nindex - 1, i = tag & mask;

	while (h->index[i].place != place)
		i = (i + 1) & mask;
	return i;
}

static void index_remove(struct halfopen *h, size_t hole)
{
	size_t mask = h->nindex - 1;

	for (size_t i = (hole + 1) & mask; h->index[i].place != FREE_PLACE; i = (i + 1) & mask) {
		size_t home = h->index[i].tag & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		h->index[hole] = h->index[i];
		hole = i;
	}
	h->index[hole].place = FREE_PLACE;
}

static struct looks looks_of(const struct segment *s)
{
	const struct tcp_options *opt = &s->opt;

	return (struct looks){
		.wire_len = s->wire_len,
		.ip_len = s->ip_len,
		.interface = s->interface,
		.opt_seen = opt->seen,
		.file = s->file,
		.vlan = s->vlan,
		.notes = s->notes,
		.flags = s->flags,
		.window = s->window,
		.opt_odd = opt->odd,
		.mss = (opt->seen & OPT_MSS) ? opt->mss : 0,
		.mptcp_subtypes = (opt->seen & OPT_MPTCP) ? opt->mptcp_subtypes : 0,
		.ip_version = s->ip_version,
		.kind = s->kind,
		.checksum_state = s->checksum_state,
		.header_len = s->header_len,
		.ttl = s->ttl,
		.tos = s->tos,
		.dont_fragment = s->dont_fragment,
		.wscale = (opt->seen & OPT_WSCALE) ? opt->wscale : 0,
		.tfo_cookie_len = (opt->seen & OPT_FAST_OPEN) ? opt->tfo_cookie_len : 0,
		.unknown_kind = (opt->seen & OPT_UNKNOWN) ? opt->unknown_kind : 0,
		.bad_kind = opt->odd ? opt->bad_kind : 0,
	};
}

static bool are_same_looks(const struct looks *a, const struct looks *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Index of the looks; LOOKS_MAX when there are too many kinds.  One kind often comes in a row. */
static uint32_t intern(struct halfopen *h, const struct segment *s)
{
	const struct looks l = looks_of(s);
	uint32_t slot;

	if (are_same_looks(&h->looks[h->last_looks], &l))
		return h->last_looks;
	slot = (uint32_t)hash_fixed(&l, sizeof(l)) % LOOKS_MAX;
	for (uint32_t tries = 0; tries < 16; tries++, slot = (slot + 1) % LOOKS_MAX) {
		if (h->looks[slot].ip_version == 0)
			h->looks[slot] = l;
		if (are_same_looks(&h->looks[slot], &l))
			return h->last_looks = slot;
	}
	return LOOKS_MAX;
}

static size_t place_after(const struct halfopen *h, size_t place)
{
	return place + 1 == h->places ? 0 : place + 1;
}

/* Forget the dead at the tail: a living one is there then, if there is one. */
static void trim(struct halfopen *h)
{
	while (h->count && h->ring[h->tail].looks == LOOKS_MAX) {
		h->tail = place_after(h, h->tail);
		h->count--;
	}
}

static int64_t time_of(const struct halfopen *h, const struct syn_place *p)
{
	uint64_t low = (uint64_t)p->time_high << 32 | p->time_low;
	uint64_t age = ((uint64_t)h->last_time - low) & ((UINT64_C(1) << TIME_BITS) - 1);

	return h->last_time - (int64_t)age;
}

static uint64_t packet_of(const struct halfopen *h, const struct syn_place *p)
{
	return h->last_packet - ((uint32_t)h->last_packet - p->packet);
}

static struct tcp_options options_of(const struct looks *l, uint32_t tsval)
{
	return (struct tcp_options){
		.seen = l->opt_seen,
		.odd = l->opt_odd,
		.bad_kind = l->bad_kind,
		.unknown_kind = l->unknown_kind,
		.mss = l->mss,
		.wscale = l->wscale,
		.tsval = tsval,
		.tfo_cookie_len = l->tfo_cookie_len,
		.mptcp_subtypes = l->mptcp_subtypes,
	};
}

/* The SYN as it was. */
static void restore(const struct halfopen *h, const struct syn_place *p, struct segment *syn)
{
	const struct looks *l = &h->looks[p->looks];

	*syn = (struct segment){
		.packet = packet_of(h, p),
		.ts = time_of(h, p),
		.wire_len = l->wire_len,
		.interface = l->interface,
		.file = l->file,
		.kind = l->kind,
		.ip_version = l->ip_version,
		.sport = p->key.sport,
		.dport = p->key.dport,
		.vlan = l->vlan,
		.notes = l->notes,
		.seq = p->isn,
		.flags = l->flags,
		.window = l->window,
		.checksum_state = l->checksum_state,
		.header_len = l->header_len,
		.ttl = l->ttl,
		.tos = l->tos,
		.dont_fragment = l->dont_fragment,
		.ip_len = l->ip_len,
		.opt = options_of(l, p->tsval),
	};
	memcpy(syn->src.b, &p->key.src, 4);
	memcpy(syn->dst.b, &p->key.dst, 4);
}

static void remove_at(struct halfopen *h, size_t slot)
{
	h->ring[h->index[slot].place].looks = LOOKS_MAX;
	index_remove(h, slot);
	h->live--;
	trim(h);
}

/* The tables begin small, so that the few half-open connections of most captures stay in the cache. */
static void grow(struct halfopen *h)
{
	struct syn_place *old = h->ring;
	struct region *region;
	size_t n = h->count, from = h->tail, size = h->places;

	h->places = size ? 2 * size : PLACES_MIN;
	if (h->places > h->places_max)
		h->places = h->places_max;
	region = h->places == h->places_max ? h->region : NULL;
	h->is_in_region = region != NULL;
	h->ring = region_table(region, h->places, sizeof(*h->ring));
	for (size_t i = 0; i < n; i++)
		h->ring[i] = old[(from + i) % size];
	h->tail = 0;
	h->head = n % h->places;
	free(old);
	free(h->index);
	for (h->nindex = 2; h->nindex < 2 * h->places; h->nindex *= 2)
		;
	h->index = region_table(region, h->nindex, sizeof(*h->index));
	memset(h->index, 0xff, h->nindex * sizeof(*h->index));
	for (size_t i = 0; i < n; i++) {
		uint32_t tag = tag_of(h, &h->ring[i].key);

		if (h->ring[i].looks != LOOKS_MAX)
			h->index[find(h, &h->ring[i].key, tag)] = (struct slot){ (uint32_t)i, tag };
	}
	if (!h->looks)
		h->looks = mem_alloc(LOOKS_MAX, sizeof(*h->looks));
}

/* In a flood the tail is taken again soon, but not before its part of the index can be brought. */
static void expect_tail(struct halfopen *h)
{
	const struct syn_place *p = &h->ring[h->tail];

	h->expected = packet_of(h, p);
	h->expected_tag = tag_of(h, &p->key);
	__builtin_prefetch(&h->index[h->expected_tag & (h->nindex - 1)], 1);
}

/* Forget the one at the tail; its packet. */
static uint64_t drop_oldest(struct halfopen *h)
{
	const struct syn_place *p = &h->ring[h->tail];
	uint64_t packet = packet_of(h, p);
	uint32_t tag = packet == h->expected ? h->expected_tag : tag_of(h, &p->key);

	remove_at(h, find_place(h, h->tail, tag));
	if (h->live)
		expect_tail(h);
	return packet;
}

bool halfopen_put(struct halfopen *h, const struct segment *s, uint64_t hash, uint64_t *gone)
{
	struct syn_key k = key_of(s);
	uint32_t looks;

	*gone = 0;
	if (h->count == h->places && h->places < h->places_max)
		grow(h);
	looks = intern(h, s);
	/* An older time than the latest cannot be completed later. */
	if (looks == LOOKS_MAX || s->ts < h->last_time)
		return false;
	if (h->count == h->places)
		*gone = drop_oldest(h);
	h->last_time = s->ts;
	h->last_packet = s->packet;
	h->ring[h->head] = (struct syn_place){
		.key = k,
		.isn = s->seq,
		.tsval = (s->opt.seen & OPT_TIMESTAMPS) ? s->opt.tsval : 0,
		.packet = (uint32_t)s->packet,
		.time_low = (uint32_t)s->ts,
		.time_high = (uint16_t)((uint64_t)s->ts >> 32),
		.looks = (uint16_t)looks,
	};
	h->index[find(h, &k, (uint32_t)hash)] = (struct slot){ (uint32_t)h->head, (uint32_t)hash };
	h->head = place_after(h, h->head);
	h->count++;
	h->live++;
	return true;
}

bool halfopen_take(struct halfopen *h, const struct segment *s, uint64_t hash, struct segment *syn)
{
	struct syn_key k;
	size_t slot;

	if (!h->live || s->ip_version != 4 || s->tunnel)
		return false;
	k = key_of(s);
	slot = find(h, &k, (uint32_t)hash);
	if (h->index[slot].place == FREE_PLACE)
		return false;
	restore(h, &h->ring[h->index[slot].place], syn);
	remove_at(h, slot);
	return true;
}

bool halfopen_take_oldest(struct halfopen *h, int64_t until, struct segment *syn)
{
	if (!h->live || time_of(h, &h->ring[h->tail]) > until)
		return false;
	restore(h, &h->ring[h->tail], syn);
	(void)drop_oldest(h);
	return true;
}

void halfopen_prefetch(const struct halfopen *h, uint64_t hash)
{
	if (h->index)
		__builtin_prefetch(&h->index[(uint32_t)hash & (h->nindex - 1)]);
}

uint64_t halfopen_oldest(const struct halfopen *h)
{
	return h->live ? packet_of(h, &h->ring[h->tail]) : 0;
}

size_t halfopen_count(const struct halfopen *h)
{
	return h->live;
}
