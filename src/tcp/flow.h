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
/* Likewise, by two keys at once. */
struct flow_hashes {
	uint64_t hash[2];
};
struct flow_hashes flow_hashes(const struct segment *s, uint64_t key0, uint64_t key1);
/* The same of a flow in IPv4 outside of tunnels; addresses as in memory. */
uint64_t flow_hash_ip4(
    const uint8_t src[4], uint16_t sport, const uint8_t dst[4], uint16_t dport, uint64_t key);
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

/* Is this the segment's key? */
static inline bool flow_key_fits(const struct flow_key *k, const struct segment *s, uint8_t dir)
{
	return k->port[dir] == s->sport && k->port[!dir] == s->dport &&
	       addr_equal(&k->addr[dir], &s->src) && addr_equal(&k->addr[!dir], &s->dst) &&
	       k->tunnel == s->tunnel && k->version == s->ip_version;
}

#endif
