/* SPDX-License-Identifier: MIT */
/*
 * place - where a packet is for people: its own file and the number it has there.
 */
#ifndef REPORT_PLACE_H
#define REPORT_PLACE_H

#include "tcpshadow/capture.h"

struct place {
	size_t file;     /* index of the input */
	uint64_t number; /* from 1, as tcpdump and Wireshark count */
};

/* Ordinals run through the inputs in order, filtered packets included. */
struct place place_of(const struct cap_facts *f, uint64_t ordinal);
/* A file's name without its folders. */
const char *place_base(const char *name);
/* The number alone. */
static inline uint64_t place_number(const struct cap_facts *f, uint64_t ordinal)
{
	return f->nfiles < 2 ? ordinal : place_of(f, ordinal).number;
}

#endif
