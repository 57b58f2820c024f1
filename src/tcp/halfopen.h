/* SPDX-License-Identifier: MIT */
/*
 * halfopen - the smallest form of a connection: one SYN over IPv4 that nobody has answered yet.
 *
 * Input:  SYN segments; what they looked like is interned, so that one costs 32 bytes.
 * Output: the same SYN again, as a segment, when it is answered, repeated, expired or reported.
 * Memory: a ring with a fixed number of places; when it is full the oldest leaves and is counted.
 * Does not: hold what is rare (IPv6, tunnels, data on the SYN): that begins as a whole connection.
 */
#ifndef TCP_HALFOPEN_H
#define TCP_HALFOPEN_H

#include "tcpshadow/segment.h"

struct halfopen;
struct region;

/*
 * places: most SYNs held at once; at least 1.  hash below: flow_hash() of the segment with hash_key.  region: for the
 * full size; NULL = the heap.
 */
struct halfopen *halfopen_new(size_t places, uint64_t hash_key, struct region *region);
void halfopen_free(struct halfopen *h);

/* Can this segment be held?  (A plain SYN over IPv4 without tunnel or payload.) */
bool halfopen_fits(const struct segment *s);
/*
 * Hold a SYN that fits and is not held.  False when its looks cannot be interned (too many kinds): the
 * caller keeps it as a whole connection.  *gone is the ordinal of the oldest if it had to leave, else 0.
 */
bool halfopen_put(struct halfopen *h, const struct segment *s, uint64_t hash, uint64_t *gone);
/*
 * Take out the SYN between the segment's ends, in either direction, if there is one.  *syn is then the SYN
 * as it was captured, without payload bytes, offset or SACK blocks.
 */
bool halfopen_take(struct halfopen *h, const struct segment *s, uint64_t hash, struct segment *syn);
/* Take out the oldest if it was captured at or before `until` (ns since the epoch). */
bool halfopen_take_oldest(struct halfopen *h, int64_t until, struct segment *syn);
/* A segment with this hash comes soon. */
void halfopen_prefetch(const struct halfopen *h, uint64_t hash);
/* Ordinal of the oldest, 0 = none. */
uint64_t halfopen_oldest(const struct halfopen *h);
size_t halfopen_count(const struct halfopen *h);

#endif
