/* SPDX-License-Identifier: MIT */
/*
 * near - edit distance by Levenshtein, one row of the table at a time.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/near.h"

enum { WORD_MAX = 32 };

static size_t smallest(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

size_t near_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], n = strlen(b), diagonal, above;

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			row[j] =
			    smallest(diagonal + (a[i - 1] != b[j - 1]), above + 1, row[j - 1] + 1);
			diagonal = above;
		}
	}
	return row[n];
}

bool near_match(const char *typed, const char *word)
{
	return near_distance(typed, word) <= 1 + strlen(typed) / 4;
}

const char *near_best(const char *typed, const char *word, const char *best)
{
	if (!near_match(typed, word))
		return best;
	return !best || near_distance(typed, word) < near_distance(typed, best) ? word : best;
}
