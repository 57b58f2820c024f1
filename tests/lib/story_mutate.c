/* SPDX-License-Identifier: MIT */
/*
 * story_mutate - the same story as a worse capture, with other numbers, or with exchanged ends.
 *
 * Indices of packets stay valid for ICMP quotes: a dropped packet is only marked as missed.
 */
#include "config.h"

#include "lib/story.h"
#include "tcpshadow/mem.h"

void story_drop(struct story *st, size_t i)
{
	st->packets[i].missed = true;
}

/* What an ICMP error quotes was at `from` and is now at `to`. */
static void requote(struct story *st, size_t from, size_t to)
{
	for (size_t i = 0; i < st->npackets; i++) {
		if (st->packets[i].kind == STORY_ICMP && st->packets[i].icmp_quotes == from)
			st->packets[i].icmp_quotes = to;
	}
}

void story_swap(struct story *st, size_t i)
{
	const struct story_packet first = st->packets[i];
	const int64_t ts = st->packets[i + 1].ts;

	st->packets[i] = st->packets[i + 1];
	st->packets[i + 1] = first;
	st->packets[i].ts = first.ts;
	st->packets[i + 1].ts = ts;
	requote(st, i, SIZE_MAX);
	requote(st, i + 1, i);
	requote(st, SIZE_MAX, i + 1);
}

void story_duplicate(struct story *st, size_t i)
{
	struct story_packet again = st->packets[i];

	if (again.text)
		again.text = mem_strdup(again.text);
	st->packets = mem_grow(st->packets, st->npackets, &st->packets_cap, sizeof(again));
	for (size_t k = st->npackets; k > i + 1; k--) {
		st->packets[k] = st->packets[k - 1];
		requote(st, k - 1, k);
	}
	st->packets[i + 1] = again;
	st->npackets++;
}

void story_cut(struct story *st, size_t i, uint32_t caplen)
{
	st->packets[i].caplen = caplen;
}

void story_mirror(struct story *st)
{
	for (size_t i = 0; i < st->nflows; i++) {
		struct story_end *ends = st->flows[i].ends;
		const struct endpoint_addr first = ends[0].addr;

		ends[0].addr = ends[1].addr;
		ends[1].addr = first;
	}
}

void story_shift(struct story *st, unsigned end, uint32_t by)
{
	for (size_t i = 0; i < st->nflows; i++)
		st->flows[i].ends[end].base += by;
}
