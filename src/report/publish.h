/* SPDX-License-Identifier: MIT */
/*
 * publish - a plain value that one thread writes and others copy whole, without a lock.
 *
 * Threads: the writer never waits.  A reader copies again when it was overtaken.
 */
#ifndef REPORT_PUBLISH_H
#define REPORT_PUBLISH_H

#include <stdatomic.h>

#include "tcpshadow/util.h"

/* 8-byte words of a value of `bytes` bytes. */
#define PUBLISH_WORDS(bytes) (((bytes) + 7) / 8)

typedef _Atomic uint64_t publish_word;

/* words[0] counts versions, odd while one is written; the value follows: 1 + PUBLISH_WORDS(bytes) words, zero at first. */
void publish_put(publish_word *words, const void *value, size_t bytes);
void publish_get(const publish_word *words, void *value, size_t bytes);

#endif
