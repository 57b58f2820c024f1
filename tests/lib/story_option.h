/* SPDX-License-Identifier: MIT */
/*
 * story_option - TCP options as tcpdump writes them, into bytes.
 */
#ifndef TESTS_LIB_STORY_OPTION_H
#define TESTS_LIB_STORY_OPTION_H

#include "lib/story_scan.h"

/* The text after '<' up to and including '>'.  -1 and the scan's error. */
TS_NODISCARD int story_option_parse(struct story_scan *sc, struct story_packet *p);

#endif
