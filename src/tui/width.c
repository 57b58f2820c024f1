/* SPDX-License-Identifier: MIT */
/*
 * width - the table of wide and of combining characters.
 *
 * wcwidth() answers by the locale, so that the same screen would differ from machine to machine.
 * Spec: Unicode Standard Annex 11.
 */
#include "config.h"

#include "tui/width.h"

int width_of(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		int columns;
	} table[] = {
#define WIDTH(first, last, columns) { first, last, columns },
#include "tui/width.def"
#undef WIDTH
	};
	size_t from = 0, to = ARRAY_LEN(table);

	if (c < table[0].first)
		return 1;
	while (from < to) {
		size_t middle = (from + to) / 2;

		if (c > table[middle].last)
			from = middle + 1;
		else
			to = middle;
	}
	return from < ARRAY_LEN(table) && c >= table[from].first ? table[from].columns : 1;
}
