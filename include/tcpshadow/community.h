/* SPDX-License-Identifier: MIT */
/*
 * community - Community ID version 1: one name for a flow, the same in both directions and in other tools.
 *
 * Spec: https://github.com/corelight/community-id-spec, version 1; doc/INTEROP.md.
 */
#ifndef TCPSHADOW_COMMUNITY_H
#define TCPSHADOW_COMMUNITY_H

#include "tcpshadow/addr.h"

enum {
	COMMUNITY_SIZE = 2 + 28 + 1, /* "1:", Base64 of 20 bytes, NUL */
};

/* Of TCP between two endpoints of one IP version. */
void community_id(char out[COMMUNITY_SIZE], uint16_t seed, const struct endpoint_addr *a,
    const struct endpoint_addr *b);

#endif
