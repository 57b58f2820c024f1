/* SPDX-License-Identifier: MIT */
/*
 * flow - canonical flow keys.
 */
#include "config.h"

#include "tcp/flow.h"

uint8_t flow_key_of(struct flow_key *k, const struct segment *s)
{
	int order = memcmp(&s->src, &s->dst, sizeof(s->src));
	uint8_t dir = order > 0 || (order == 0 && s->sport > s->dport);

	k->addr[dir] = s->src;
	k->addr[!dir] = s->dst;
	k->port[dir] = s->sport;
	k->port[!dir] = s->dport;
	k->tunnel = s->tunnel;
	k->version = s->ip_version;
	return dir;
}

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
