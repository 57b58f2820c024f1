/* SPDX-License-Identifier: MIT */
/*
 * digest - SHA-256 through nettle.
 */
#include "config.h"

#include "tcpshadow/digest.h"

void digest_init(struct digest *d)
{
	sha256_init(&d->ctx);
}

void digest_add(struct digest *d, const uint8_t *bytes, size_t n)
{
	sha256_update(&d->ctx, n, bytes);
}

void digest_value(const struct digest *d, uint8_t out[DIGEST_BYTES])
{
	struct sha256_ctx copy = d->ctx;

	sha256_digest(&copy, DIGEST_BYTES, out);
}
