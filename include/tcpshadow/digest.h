/* SPDX-License-Identifier: MIT */
/*
 * digest - SHA-256 (FIPS 180-4), by nettle.
 */
#ifndef TCPSHADOW_DIGEST_H
#define TCPSHADOW_DIGEST_H

#include <nettle/sha2.h>

#include "tcpshadow/util.h"

enum {
	DIGEST_BYTES = 32,
};

struct digest {
	struct sha256_ctx ctx;
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const uint8_t *bytes, size_t n);
/* Of all added so far; more may be added afterwards. */
void digest_value(const struct digest *d, uint8_t out[DIGEST_BYTES]);

#endif
