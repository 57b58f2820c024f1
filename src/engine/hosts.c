/* SPDX-License-Identifier: MIT */
/*
 * hosts - see hosts.h for the contract.
 *
 * Loss, copies, exchanged packets and clocks belong to the tap: they put the whole capture in doubt.
 * Asymmetric ways and offload belong to hosts: they put the connections of these hosts in doubt.
 */
#include "config.h"

#include <stdlib.h>

#include "engine/hosts.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"

#define TRAPS_OF_TAP  (TRAP_DROP | TRAP_DUPLICATE | TRAP_REORDER | TRAP_CLOCK)
#define TRAPS_OF_HOST (TRAP_ONE_SIDED | TRAP_OFFLOAD)

enum {
	TROUBLED_MIN = 3,    /* fewer connections are no habit of the capture */
	TROUBLED_PART = 100, /* one in so many connections at least */
};

void hosts_init(struct hosts *h)
{
	*h = (struct hosts){ 0 };
	crowd_init(&h->crowd);
	tap_init(&h->tap);
}

void hosts_release(struct hosts *h)
{
	free(h->table);
	crowd_release(&h->crowd);
	tap_release(&h->tap);
	hosts_init(h);
}

void hosts_opened(struct hosts *h, const struct segment *first)
{
	h->connections++;
	if (first)
		crowd_opened(&h->crowd, first);
}

void hosts_sign(struct hosts *h, const struct event_sign *sign, const struct packet *p)
{
	crowd_sign(&h->crowd, sign, p->ordinal, p->ts);
	tap_sign(&h->tap, sign, p->ts);
}

static struct host *find(const struct hosts *h, uint64_t key)
{
	size_t i = (size_t)key & (HOSTS_TABLE - 1);

	while (h->table[i].key && h->table[i].key != key)
		i = (i + 1) & (HOSTS_TABLE - 1);
	return &h->table[i];
}

static void count_traps(uint32_t *counters, unsigned traps)
{
	for (unsigned bit = 0; bit < TRAP_COUNT; bit++)
		counters[bit] += traps >> bit & 1u;
}

static void count_host(struct hosts *h, uint64_t key, unsigned traps)
{
	struct host *host;

	if (!h->table)
		h->table = mem_alloc(HOSTS_TABLE, sizeof(*h->table));
	host = find(h, key);
	if (!host->key) {
		if (h->count == HOSTS_MAX)
			return;
		h->count++;
		host->key = key;
	}
	count_traps(host->troubled, traps);
}

void hosts_trouble(struct hosts *h, const struct event_trouble *t, const struct packet *p)
{
	tap_trouble(&h->tap, t, p->ordinal, p->ts);
	h->has_trouble = true;
	for (unsigned bit = 0; bit < TRAP_COUNT; bit++)
		h->troubled[bit] += t->traps >> bit & 1u;
	if (!(t->traps & TRAPS_OF_HOST))
		return;
	for (unsigned i = 0; i < 2; i++)
		count_host(h, t->hosts[i], t->traps);
}

static uint64_t dropped(const struct cap_facts *c)
{
	return c->dropped_kernel + c->dropped_interface + c->dropped_queue;
}

void hosts_drops(struct hosts *h, uint64_t packets)
{
	h->drops_reported = h->drops_reported || packets > 0;
}

void hosts_finish(struct hosts *h, const struct cap_facts *capture)
{
	hosts_drops(h, dropped(capture));
	if (capture->packets)
		h->crowd.now = capture->last_ts;
}

static unsigned traps_of_tap(const struct hosts *h)
{
	unsigned traps = h->drops_reported ? TRAP_DROP : 0;

	for (unsigned bit = 0; bit < TRAP_COUNT && h->has_trouble; bit++)
		if (h->troubled[bit] >= TROUBLED_MIN &&
		    h->troubled[bit] * TROUBLED_PART >= h->connections)
			traps |= 1u << bit;
	return traps & TRAPS_OF_TAP;
}

static unsigned traps_of_host(const struct hosts *h, const struct endpoint_addr *addr)
{
	const struct host *host;
	unsigned traps = 0;

	if (!h->table)
		return 0;
	host = find(h, event_host(addr));
	for (unsigned bit = 0; bit < TRAP_COUNT; bit++)
		if (host->troubled[bit] >= TROUBLED_MIN)
			traps |= 1u << bit;
	return traps & TRAPS_OF_HOST;
}

void hosts_doubt(const struct hosts *h, struct conn_record *r)
{
	unsigned traps;

	if (r->nfindings == 0)
		return;
	traps = traps_of_tap(h) | traps_of_host(h, &r->sides[0].addr) |
	        traps_of_host(h, &r->sides[1].addr);
	if (!traps)
		return;
	for (uint32_t i = 0; i < r->nfindings; i++)
		finding_doubt(&r->findings[i], traps);
	verdict_doubt(&r->verdict, traps);
}

void hosts_record(struct hosts *h, struct conn_record *r)
{
	tap_record(&h->tap, r);
	crowd_record(&h->crowd, r);
	verdict_learn(r);
	hosts_doubt(h, r);
}

/* ---- the capture as a whole ---- */

static void add(void *ctx, const struct finding *f)
{
	struct hosts *h = ctx;

	if (h->nfindings == HOSTS_FINDINGS)
		h->findings_lost++;
	else
		h->findings[h->nfindings++] = *f;
}

static void tell(struct hosts *h, enum finding_id id, uint64_t count, uint64_t a, uint64_t b)
{
	const struct finding f = {
		.id = (uint16_t)id,
		.confidence = CONFIDENCE_CERTAIN,
		.by = BY_NOBODY,
		.count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count,
		.a = a,
		.b = b,
	};

	if (count)
		add(h, &f);
}

/* Packets that may have held TCP and could not be read. */
static uint64_t unreadable(const struct decode_counts *d)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++)
		if (i != DECODE_NOT_IP && i != DECODE_NOT_TCP && i != DECODE_ICMP_OTHER &&
		    i != DECODE_FRAGMENT_HELD)
			n += d->skipped[i];
	return n;
}

void hosts_summarise(struct hosts *h, const struct tap_clock *clock, struct run_summary *sum)
{
	const struct cap_facts *c = sum->capture;

	h->nfindings = 0;
	tell(h, FINDING_CAPTURE_DROPS_REPORTED, dropped(c), c->dropped_kernel + c->dropped_queue,
	    c->dropped_interface);
	tell(h, FINDING_DECODE_SKIPPED, unreadable(sum->decode), c->packets, 0);
	tap_tell(&h->tap, clock, c, add, h);
	crowd_tell(&h->crowd, add, h);
	/* (The last one always has its place.) */
	if (h->nfindings == HOSTS_FINDINGS)
		h->nfindings--;
	tell(h, FINDING_ANALYSIS_LIMITED,
	    sum->evicted + sum->half_open_rolled_up + h->findings_lost, 0, 0);
	for (unsigned bit = 0; bit < TRAP_COUNT; bit++)
		h->tap.quality.troubled[bit] = h->troubled[bit];
	sum->quality = &h->tap.quality;
	sum->findings = h->findings;
	sum->nfindings = h->nfindings;
}
