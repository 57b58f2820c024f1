/* SPDX-License-Identifier: MIT */
/*
 * flow - what of keys and hashes is not needed for each packet.
 */
#include "config.h"

#include "tcp/flow.h"

uint64_t flow_hash_ip4(
    const uint8_t src[4], uint16_t sport, const uint8_t dst[4], uint16_t dport, uint64_t key)
{
	return flow_mix_ends(flow_word_ip4(src, sport), flow_word_ip4(dst, dport), key);
}

uint64_t flow_hash(const struct segment *s, uint64_t key)
{
	return flow_hashes(s, key, key).hash[0];
}

void flow_key_of(struct flow_key *k, const struct segment *s, uint8_t dir)
{
	k->addr[dir] = s->src;
	k->addr[!dir] = s->dst;
	k->port[dir] = s->sport;
	k->port[!dir] = s->dport;
	k->tunnel = s->tunnel;
	k->version = s->ip_version;
}
