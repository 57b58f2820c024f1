/* SPDX-License-Identifier: MIT */
/*
 * test_decode_lib - decode a packet made from words, whole and in all its prefixes.
 */
#ifndef TEST_DECODE_LIB_H
#define TEST_DECODE_LIB_H

#include <check.h>

#include "lib/build.h"
#include "lib/guard.h"
#include "lib/segcheck.h"

struct bench {
	struct decoder *decoder;
	struct guard guard;
	struct build build;
	struct packet packet;
	struct segment segment; /* of the last packet that gave one */
	enum decode_result result;
};

void bench_init(struct bench *t);
void bench_release(struct bench *t);

/* Build the packet but do not decode it yet: the test may change its bytes. */
void bench_build(struct bench *t, uint16_t linktype, const char *words);
/* Decode what was built, cut to caplen bytes. */
void bench_decode_cut(struct bench *t, size_t caplen, size_t wire_len);
/* Decode what was built: all prefixes first, as cut by a snaplen and as short frames, then the whole. */
void bench_decode(struct bench *t);
/* Why the last packet gave nothing. */
enum decode_reason bench_reason(const struct bench *t);

/* The built packet's TCP segment came out whole. */
void bench_assert_hello(const struct bench *t);

int run_suite(Suite *s);

#endif
