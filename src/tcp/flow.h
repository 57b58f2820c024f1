/* SPDX-License-Identifier: MIT */
/*
 * flow - the key of a connection: both endpoints in canonical order, and the tunnel they are in.
 *
 * VLAN and interface are not part of it: the same connection is often captured on several.
 */
#ifndef TCP_FLOW_H
#define TCP_FLOW_H

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
/* The direction bit: 0 = the segment's source is endpoint [0]. */
uint8_t flow_dir(const struct segment *s);
/* Fills the key; dir: the segment's direction bit.  Or is this its key? */
void flow_key_of(struct flow_key *k, const struct segment *s, uint8_t dir);
bool flow_key_fits(const struct flow_key *k, const struct segment *s, uint8_t dir);

#endif
