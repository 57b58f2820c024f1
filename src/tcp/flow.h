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
	uint32_t version; /* 4 or 6; 32 bits so that the struct has no padding */
};

_Static_assert(sizeof(struct flow_key) == 44, "flow_key is hashed and compared as bytes");

/* Fills the key; returns the direction bit: 0 = the segment's source is endpoint [0]. */
uint8_t flow_key_of(struct flow_key *k, const struct segment *s);
bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);

#endif
