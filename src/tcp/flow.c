/* SPDX-License-Identifier: MIT */
/*
 * flow - canonical flow keys, and a hash that needs no canonical order.
 *
 * The hash multiplies one word for each end: a product is the same whichever end comes first.
 */
#include "config.h"

#include "tcp/flow.h"

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* High and low half of a product: every bit of both factors reaches every bit of the sum. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint64_t mix_ends(uint64_t a, uint64_t b, uint64_t key)
{
	static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	return mix(mix(a ^ key, odd) ^ key, mix(b ^ key, odd) ^ key);
}

static uint64_t end_word(const struct addr *a, uint16_t port)
{
	return load64(a->b) ^ mix(load64(a->b + 8) + port, UINT64_C(0xd6e8feb86659fd93));
}

static uint64_t ip4_word(const uint8_t addr[4], uint16_t port)
{
	return (uint64_t)load32(addr) << 16 | port;
}

uint64_t flow_hash_ip4(
    const uint8_t src[4], uint16_t sport, const uint8_t dst[4], uint16_t dport, uint64_t key)
{
	return mix_ends(ip4_word(src, sport), ip4_word(dst, dport), key);
}

struct flow_hashes flow_hashes(const struct segment *s, uint64_t key0, uint64_t key1)
{
	bool is_ip4 = s->ip_version == 4;
	uint64_t a = is_ip4 ? ip4_word(s->src.b, s->sport) : end_word(&s->src, s->sport);
	uint64_t b = is_ip4 ? ip4_word(s->dst.b, s->dport) : end_word(&s->dst, s->dport);

	return (struct flow_hashes){ {
	    mix_ends(a, b, key0) ^ s->tunnel,
	    mix_ends(a, b, key1) ^ s->tunnel,
	} };
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
