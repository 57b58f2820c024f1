/* SPDX-License-Identifier: MIT */
/*
 * crash - gives the terminal back when the program dies of a fault of its own.
 */
#ifndef CLI_CRASH_H
#define CLI_CRASH_H

#include <stdio.h>

/* From now on, with the modes that `terminal` has now. */
void crash_guard(FILE *terminal);
void crash_unguard(void);

#endif
