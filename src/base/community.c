/* SPDX-License-Identifier: MIT */
/*
 * community - Community ID: SHA-1 by nettle over the smaller endpoint, then the larger one.
 */
#include "config.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

#include "tcpshadow/community.h"
#include "tcpshadow/util.h"

#define PROTOCOL_TCP 6

/* What is hashed: seed, addresses, protocol, zero, ports; numbers in network order. */
enum {
	KEY_MAX = 2 + 16 + 16 + 2 + 2 + 2,
};

static uint8_t *put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put_bytes(uint8_t *p, const uint8_t *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static bool is_smaller(const struct endpoint_addr *a, const struct endpoint_addr *b, size_t n)
{
	int order = memcmp(a->ip.b, b->ip.b, n);

	return order < 0 || (order == 0 && a->port < b->port);
}

void community_id(char out[COMMUNITY_SIZE], uint16_t seed, const struct endpoint_addr *a,
    const struct endpoint_addr *b)
{
	size_t n = a->version == 4 ? 4 : 16;
	bool in_order = is_smaller(a, b, n);
	const struct endpoint_addr *first = in_order ? a : b, *second = in_order ? b : a;
	uint8_t key[KEY_MAX], *p = put_be16(key, seed), digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	p = put_bytes(p, first->ip.b, n);
	p = put_bytes(p, second->ip.b, n);
	p = put_be16(p, PROTOCOL_TCP << 8);
	p = put_be16(p, first->port);
	p = put_be16(p, second->port);
	sha1_init(&ctx);
	sha1_update(&ctx, (size_t)(p - key), key);
	sha1_digest(&ctx, sizeof(digest), digest);
	out[0] = '1';
	out[1] = ':';
	base64_encode_raw(out + 2, sizeof(digest), digest);
	out[COMMUNITY_SIZE - 1] = '\0';
}
