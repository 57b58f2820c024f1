/* SPDX-License-Identifier: MIT */
/*
 * glyph - the signs that the screens are drawn with, in three tiers.
 */
#ifndef TUI_GLYPH_H
#define TUI_GLYPH_H

#include "tcpshadow/util.h"

enum glyph_tier {
	TIER_ASCII,
	TIER_LINES,  /* UTF-8: lines and arrows */
	TIER_BLOCKS, /* blocks and braille too */
	TIER_COUNT
};

enum glyph {
#define GLYPH(id, ascii, lines, blocks) GLYPH_##id,
#include "tui/glyph.def"
#undef GLYPH
	GLYPH_COUNT
};

/* As text for grid_put(): UTF-8, one column. */
const char *glyph_text(enum glyph_tier tier, enum glyph g);

#endif
