/* SPDX-License-Identifier: MIT */
/*
 * flow - the key of a connection: both endpoints in canonical order, and the tunnel they are in.
 *
 * VLAN and interface are not part of it: the same connection is often captured on several.
 */
#ifndef TCP_FLOW_H
#define TCP_FLOW_H

#include "tcpshadow/rd.h"
#include "tcpshadow/segment.h"

struct flow_key {
	struct addr addr[2]; /* [0] is the lower endpoint: by address, then by port */
	uint16_t port[2];
	uint32_t tunnel;
	uint32_t version; /* 4 or 6 */
};

/*
 * A number for the flow of a segment, the same in both directions.  It finds candidates: the key decides.
 * key: makes collisions hard to craft; with a constant the number is fixed.
 */
uint64_t flow_hash(const struct segment *s, uint64_t key);
/* The same of a flow in IPv4 outside of tunnels; addresses as in memory. */
uint64_t flow_hash_ip4(
    const uint8_t src[4], uint16_t sport, const uint8_t dst[4], uint16_t dport, uint64_t key);
/* High and low half of a product: every bit of both factors reaches every bit of the sum. */
static inline uint64_t flow_mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* One word for each end: a product is the same whichever end comes first. */
static inline uint64_t flow_mix_ends(uint64_t a, uint64_t b, uint64_t key)
{
	static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	return flow_mix(flow_mix(a ^ key, odd) ^ key, flow_mix(b ^ key, odd) ^ key);
}

static inline uint64_t flow_word_ip4(const uint8_t addr[4], uint16_t port)
{
	uint32_t v;

	memcpy(&v, addr, sizeof(v));
	return (uint64_t)v << 16 | port;
}

static inline uint64_t flow_word(const struct addr *a, uint16_t port)
{
	uint64_t v[2];

	memcpy(v, a->b, sizeof(v));
	return v[0] ^ flow_mix(v[1] + port, UINT64_C(0xd6e8feb86659fd93));
}

/* flow_hash() by two keys at once. */
struct flow_hashes {
	uint64_t hash[2];
};
static inline struct flow_hashes flow_hashes(const struct segment *s, uint64_t key0, uint64_t key1)
{
	bool is_ip4 = s->ip_version == 4;
	uint64_t a = is_ip4 ? flow_word_ip4(s->src.b, s->sport) : flow_word(&s->src, s->sport);
	uint64_t b = is_ip4 ? flow_word_ip4(s->dst.b, s->dport) : flow_word(&s->dst, s->dport);

	return (struct flow_hashes){ {
	    flow_mix_ends(a, b, key0) ^ s->tunnel,
	    flow_mix_ends(a, b, key1) ^ s->tunnel,
	} };
}

/* The bytes of an address as numbers that compare as they do. */
static inline uint64_t flow_rank64(const uint8_t *p)
{
	return (uint64_t)rd_at32(p) << 32 | rd_at32(p + 4);
}

/* The direction bit: 0 = the segment's source is endpoint [0]. */
static inline uint8_t flow_dir(const struct segment *s)
{
	uint64_t a = flow_rank64(s->src.b), b = flow_rank64(s->dst.b);

	if (a == b) {
		a = flow_rank64(s->src.b + 8);
		b = flow_rank64(s->dst.b + 8);
	}
	return a == b ? s->sport > s->dport : a > b;
}

/* Fills the key; dir: the segment's direction bit. */
void flow_key_of(struct flow_key *k, const struct segment *s, uint8_t dir);

/* The direction bit of a segment with this key.  (Without a branch: nobody can predict who speaks next.) */
static inline uint8_t flow_key_dir(const struct flow_key *k, const struct segment *s)
{
	return !((k->port[0] == s->sport) & addr_equal(&k->addr[0], &s->src));
}

/* Is this the segment's key? */
static inline bool flow_key_fits(const struct flow_key *k, const struct segment *s, uint8_t dir)
{
	return k->port[dir] == s->sport && k->port[!dir] == s->dport &&
	       addr_equal(&k->addr[dir], &s->src) && addr_equal(&k->addr[!dir], &s->dst) &&
	       k->tunnel == s->tunnel && k->version == s->ip_version;
}

#endif
