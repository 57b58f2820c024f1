/* SPDX-License-Identifier: MIT */
/*
 * pattern - the program's own sentences, with what they speak of filled in.
 *
 * {name} is a value, {name|one|many} the word that fits a number: "{count} {count|segment|segments}".
 */
#ifndef TCPSHADOW_PATTERN_H
#define TCPSHADOW_PATTERN_H

#include "tcpshadow/buf.h"

/* What a name in braces stands for, of the thing that the sentence is about. */
struct pattern_value {
	const char *name;
	void (*add)(struct buf *out, const void *about);
	uint64_t (*number)(const void *about); /* NULL = it is none */
};

/* Every name in the pattern is one of the n values. */
void pattern_fill(struct buf *out, const char *pattern, const struct pattern_value *values,
    size_t n, const void *about);

#endif
