/* SPDX-License-Identifier: MIT */
/*
 * place - from the ordinal over all inputs to file and number.
 *
 * The counts of the files before a packet's own are complete when anyone hears of the packet.
 */
#include "config.h"

#include <string.h>

#include "report/place.h"

struct place place_of(const struct cap_facts *f, uint64_t ordinal)
{
	struct place p = { .file = 0, .number = ordinal };

	while (p.file + 1 < f->nfiles && p.number > f->files[p.file].packets)
		p.number -= f->files[p.file++].packets;
	return p;
}

const char *place_base(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}
