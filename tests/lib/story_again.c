/* SPDX-License-Identifier: MIT */
/*
 * story_again - the packets of one flow told again and again, for other ends and later: floods, scans, crowds.
 *
 * Output: more flows, which have no letters, and their packets, put among the others by time.
 * Limits: no flow with an ICMP error, which quotes packets by number.
 */
#include "config.h"

#include <stdlib.h>

#include "lib/story.h"
#include "lib/story_scan.h"
#include "tcpshadow/mem.h"

/* What changes from one copy to the next. */
struct again {
	uint8_t flow;
	uint64_t times;
	int64_t every; /* ns */
	struct {
		uint32_t host, port, isn;
	} step[2]; /* by end */
};

static int parse_step(struct story_scan *sc, struct again *a, uint8_t end)
{
	char word[16];
	uint64_t v;

	story_scan_word(sc, word, sizeof(word));
	if (story_scan_number(sc, UINT32_MAX, &v))
		return -1;
	if (strcmp(word, "host") == 0)
		a->step[end].host = (uint32_t)v;
	else if (strcmp(word, "port") == 0)
		a->step[end].port = (uint32_t)v;
	else if (strcmp(word, "isn") == 0)
		a->step[end].isn = (uint32_t)v;
	else
		return story_scan_fail(sc, "host, port or isn, not \"%s\"", word);
	return 0;
}

/* N every TIME A host 1 A port 7 B isn 64000: all ends of one flow. */
static int parse(struct story_scan *sc, struct again *a)
{
	char word[16];
	uint8_t end;

	if (story_scan_number(sc, STORY_FLOWS, &a->times))
		return -1;
	story_scan_word(sc, word, sizeof(word));
	if (strcmp(word, "every") != 0)
		return story_scan_fail(sc, "\"every\" is expected");
	story_scan_space(sc);
	if (story_scan_span(sc, &a->every))
		return -1;
	do {
		if (story_scan_end(sc, &a->flow, &end) || parse_step(sc, a, end))
			return -1;
	} while (!story_scan_done(sc));
	return 0;
}

static void step_host(struct addr *addr, unsigned version, uint32_t by)
{
	uint8_t *p = addr->b + (version == 4 ? 0 : 12);
	uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	v += by;
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void add_flow(struct story *st, const struct again *a, uint32_t nth)
{
	struct story_flow *f = &st->flows[st->nflows++];

	*f = st->flows[a->flow];
	for (unsigned end = 0; end < 2; end++) {
		struct story_end *e = &f->ends[end];

		e->letter = '\0';
		step_host(&e->addr.ip, e->addr.version, nth * a->step[end].host);
		e->addr.port = (uint16_t)(e->addr.port + nth * a->step[end].port);
		e->base += nth * a->step[end].isn;
	}
}

static void add_packets(struct story *st, const struct again *a, size_t n, uint32_t nth)
{
	for (size_t i = 0; i < n; i++) {
		struct story_packet p = st->packets[i];

		if (p.flow != a->flow)
			continue;
		p.flow = (uint8_t)(st->nflows - 1);
		p.ts += (int64_t)nth * a->every;
		if (p.text)
			p.text = mem_strdup(p.text);
		st->packets = mem_grow(st->packets, st->npackets, &st->packets_cap, sizeof(p));
		st->packets[st->npackets++] = p;
	}
}

/* Stable, and nearly sorted already. */
static void sort_by_time(struct story *st)
{
	for (size_t i = 1; i < st->npackets; i++) {
		const struct story_packet p = st->packets[i];
		size_t at = i;

		for (; at > 0 && st->packets[at - 1].ts > p.ts; at--)
			st->packets[at] = st->packets[at - 1];
		st->packets[at] = p;
	}
}

int story_again_parse(struct story_scan *sc)
{
	struct story *st = sc->st;
	struct again a = { 0 };
	size_t n = st->npackets;

	if (parse(sc, &a))
		return -1;
	if (st->nflows + a.times > STORY_FLOWS)
		return story_scan_fail(sc, "more than %d flows", STORY_FLOWS);
	for (size_t i = 0; i < n; i++)
		if (st->packets[i].kind == STORY_ICMP)
			return story_scan_fail(sc, "a story with ICMP errors has no crowd");
	for (uint32_t nth = 1; nth <= a.times; nth++) {
		add_flow(st, &a, nth);
		add_packets(st, &a, n, nth);
	}
	st->is_crowd = true;
	sort_by_time(st);
	if (st->npackets)
		st->clock = st->packets[st->npackets - 1].ts;
	return 0;
}
