/* SPDX-License-Identifier: MIT */
/*
 * hash - keyed hash of bytes for tables, and a fixed mix that picks shards.
 *
 * A hash finds candidates; the full key decides.  The keyed hash is for buckets (defeats crafted
 * collisions; its key must never influence output); the fixed one decides shards and so must not change.
 */
#ifndef TCPSHADOW_HASH_H
#define TCPSHADOW_HASH_H

#include "tcpshadow/util.h"

uint64_t hash_keyed(const void *bytes, size_t len, uint64_t key);
uint64_t hash_fixed(const void *bytes, size_t len);
/* A fresh random key from the system (getrandom). */
uint64_t hash_random_key(void);

#endif
