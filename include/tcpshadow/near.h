/* SPDX-License-Identifier: MIT */
/*
 * near - is a mistyped word probably this one?  For "did you mean".
 *
 * Limits: words of more than 32 bytes are near nothing.
 */
#ifndef TCPSHADOW_NEAR_H
#define TCPSHADOW_NEAR_H

#include "tcpshadow/util.h"

/* Letters to insert, remove or change to get from one to the other; SIZE_MAX = too long to say. */
size_t near_distance(const char *a, const char *b);
/* Few enough of them for the length of the word. */
bool near_match(const char *typed, const char *word);
/* The nearer one of a word and the best so far (NULL = none), if it is near enough. */
const char *near_best(const char *typed, const char *word, const char *best);

#endif
