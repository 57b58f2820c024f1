/* SPDX-License-Identifier: MIT */
/*
 * reasm_duel - the reassembler and its slow reference play the same script.
 */
#ifndef TESTS_LIB_REASM_DUEL_H
#define TESTS_LIB_REASM_DUEL_H

#include "tcpshadow/buf.h"

enum {
	REASM_DUEL_HEADER = 3, /* bytes: policy, bound, end */
	REASM_DUEL_STEP = 6,   /* bytes of a step: what, place (2), length, version, time */
};

/*
 * Any bytes are a script.  Returns 0, or -1 with the first difference.
 */
int reasm_duel(const uint8_t *script, size_t n, struct buf *difference);

#endif
