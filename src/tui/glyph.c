/* SPDX-License-Identifier: MIT */
/*
 * glyph - the table of signs.
 */
#include "config.h"

#include "tui/glyph.h"

const char *glyph_text(enum glyph_tier tier, enum glyph g)
{
	static const char *const forms[GLYPH_COUNT][TIER_COUNT] = {
#define GLYPH(id, ascii, lines, blocks) { ascii, lines, blocks },
#include "tui/glyph.def"
#undef GLYPH
	};

	return forms[g][tier];
}
