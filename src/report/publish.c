/* SPDX-License-Identifier: MIT */
/*
 * publish - a sequence lock of atomic words.
 *
 * Each word is stored with release and loaded with acquire: a reader that sees a new word also sees that its version
 * is being written, and counts again.
 */
#include "config.h"

#include <string.h>

#include "report/publish.h"

void publish_put(publish_word *words, const void *value, size_t bytes)
{
	const uint8_t *from = value;
	uint64_t version = atomic_load_explicit(&words[0], memory_order_relaxed);

	atomic_store_explicit(&words[0], version + 1, memory_order_relaxed);
	for (size_t at = 0, i = 1; at < bytes; at += 8, i++) {
		uint64_t w = 0;

		memcpy(&w, from + at, bytes - at < 8 ? bytes - at : 8);
		atomic_store_explicit(&words[i], w, memory_order_release);
	}
	atomic_store_explicit(&words[0], version + 2, memory_order_release);
}

static bool copy_once(const publish_word *words, uint8_t *to, size_t bytes)
{
	uint64_t version = atomic_load_explicit(&words[0], memory_order_acquire);

	for (size_t at = 0, i = 1; at < bytes; at += 8, i++) {
		uint64_t w = atomic_load_explicit(&words[i], memory_order_acquire);

		memcpy(to + at, &w, bytes - at < 8 ? bytes - at : 8);
	}
	return version % 2 == 0 && atomic_load_explicit(&words[0], memory_order_relaxed) == version;
}

void publish_get(const publish_word *words, void *value, size_t bytes)
{
	while (!copy_once(words, value, bytes))
		;
}
