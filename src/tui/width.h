/* SPDX-License-Identifier: MIT */
/*
 * width - columns that a character takes on a terminal, whatever the locale.
 */
#ifndef TUI_WIDTH_H
#define TUI_WIDTH_H

#include "tcpshadow/util.h"

/* 0 (goes over the one before), 1 or 2. */
int width_of(uint32_t c);

#endif
