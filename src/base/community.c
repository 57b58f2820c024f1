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

/* 16-bit numbers in network order. */
static void add_be16(struct sha1_ctx *ctx, uint16_t v)
{
	const uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	sha1_update(ctx, sizeof(bytes), bytes);
}

static bool is_smaller(const struct endpoint_addr *a, const struct endpoint_addr *b, size_t n)
{
	int order = memcmp(a->ip.b, b->ip.b, n);

	return order < 0 || (order == 0 && a->port < b->port);
}

void community_id(char out[COMMUNITY_SIZE], uint16_t seed, const struct endpoint_addr *a,
    const struct endpoint_addr *b)
{
	static const uint8_t protocol[2] = { PROTOCOL_TCP, 0 };
	size_t n = a->version == 4 ? 4 : 16;
	bool in_order = is_smaller(a, b, n);
	const struct endpoint_addr *first = in_order ? a : b, *second = in_order ? b : a;
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	add_be16(&ctx, seed);
	sha1_update(&ctx, n, first->ip.b);
	sha1_update(&ctx, n, second->ip.b);
	sha1_update(&ctx, sizeof(protocol), protocol);
	add_be16(&ctx, first->port);
	add_be16(&ctx, second->port);
	sha1_digest(&ctx, sizeof(digest), digest);
	out[0] = '1';
	out[1] = ':';
	base64_encode_raw(out + 2, sizeof(digest), digest);
	out[COMMUNITY_SIZE - 1] = '\0';
}
