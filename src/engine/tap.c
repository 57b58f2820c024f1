/* SPDX-License-Identifier: MIT */
/*
 * tap - see tap.h for the contract.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tap.h"
#include "tcpshadow/mem.h"

/* A clock that shows no more than this cannot tell a local round trip (ns). */
#define UNIT_COARSE  UINT64_C(1000000)
#define LONG_SILENCE (3 * NS_PER_SEC)

enum {
	NEAR_MIN = 3,  /* connections that show it are a habit of the host */
	NEAR_PART = 9, /* so many times as often as the contrary */
	BURST_MIN = 5, /* connections that lost packets in one second */
	AGREE_MIN = 2, /* connections that went on across a silence */
	COARSE_PACKETS = 20,
	HOLLOW_MIN = 3,
	SIDED_MIN = 3,
	SIDED_PERCENT = 90,
	SKEW_MIN = 3,
	MS = 1000000,
};

void tap_init(struct tap *t)
{
	*t = (struct tap){ 0 };
	census_init(&t->of_hosts);
}

void tap_release(struct tap *t)
{
	census_release(&t->of_hosts);
	free(t->hosts);
	tap_init(t);
}

/* ---- time ---- */

void tap_clock_init(struct tap_clock *c)
{
	*c = (struct tap_clock){ .unit = (uint64_t)NS_PER_SEC };
}

void tap_clock_odd(struct tap_clock *c, const struct packet *p)
{
	while (c->unit > TAP_UNIT_FINE && (uint64_t)p->ts % c->unit != 0)
		c->unit /= 10;
	/* (Files may be given in any order.) */
	if (c->has_previous && p->ts < c->previous && p->file == c->file) {
		c->steps_back++;
		c->steps_between += p->interface != c->interface;
		if (c->previous - p->ts > c->largest_step)
			c->largest_step = c->previous - p->ts;
	}
}

void tap_silence(struct tap *t, int64_t from, int64_t to, uint64_t packet)
{
	if (to - from < LONG_SILENCE)
		return;
	t->gap_from = from;
	t->gap_to = to;
	t->gap_packet = packet;
	t->gap_agree = 0;
}

static void count(struct finding *f, enum finding_id id, uint64_t packet)
{
	if (f->count++ == 0)
		*f = (struct finding){ .id = (uint16_t)id,
			.confidence = CONFIDENCE_LIKELY,
			.by = BY_NOBODY,
			.count = 1 };
	if (f->npackets < FINDING_PACKETS)
		f->npackets++;
	f->packets[f->npackets - 1] = packet;
}

/* What was under way when the silence began was acknowledged right after it, and nobody had sent it again. */
static void across_silence(struct tap *t, int64_t since, int64_t time)
{
	struct finding *f = &t->clock_jump;
	uint64_t jump = (uint64_t)(t->gap_to - t->gap_from) / MS;

	if (!t->gap_to || since > t->gap_from || time < t->gap_to || time - t->gap_to > NS_PER_SEC)
		return;
	if (++t->gap_agree != AGREE_MIN)
		return;
	count(f, FINDING_CLOCK_JUMP, t->gap_packet);
	if (jump > f->a)
		f->a = jump;
}

/* ---- losses ---- */

void tap_trouble(struct tap *t, const struct event_trouble *trouble, uint64_t packet, int64_t time)
{
	if (!(trouble->traps & TRAP_DROP))
		return;
	if (t->burst == 0 || time - t->burst_since > NS_PER_SEC) {
		t->burst_since = time;
		t->burst = 0;
		t->burst_packet = packet;
	}
	if (++t->burst == BURST_MIN)
		count(&t->drop_burst, FINDING_CAPTURE_DROP_BURST, t->burst_packet);
	if (t->burst > t->drop_burst.a)
		t->drop_burst.a = t->burst;
}

/* ---- the vantage point ---- */

static void vote(struct tap *t, const struct endpoint_addr *addr, bool is_near)
{
	bool is_new;
	size_t place = census_meet(&t->of_hosts, event_host(addr), &is_new);

	if (!t->hosts)
		t->hosts = mem_alloc(CENSUS_MAX, sizeof(*t->hosts));
	if (place == CENSUS_NONE)
		return;
	if (is_new)
		t->hosts[place] = (struct nearness){ .addr = *addr };
	t->hosts[place].near += is_near;
	t->hosts[place].far += !is_near;
}

void tap_sign(struct tap *t, const struct event_sign *sign, int64_t time)
{
	if (sign->signs & SIGN_LATE_ACK)
		across_silence(t, time - sign->span, time);
	if (!(sign->signs & SIGN_OPENED) || sign->vantage == VANTAGE_UNKNOWN)
		return;
	vote(t, &sign->client, sign->vantage == VANTAGE_CLIENT);
	vote(t, &sign->server, sign->vantage == VANTAGE_SERVER);
}

static bool is_near(const struct nearness *n)
{
	return n->near >= NEAR_MIN && n->near >= NEAR_PART * n->far;
}

static bool is_near_host(const struct tap *t, const struct endpoint_addr *addr)
{
	size_t place = census_find(&t->of_hosts, event_host(addr));

	return place != CENSUS_NONE && is_near(&t->hosts[place]);
}

/* Where the connection does not show it, others of its ends may. */
static void settle_vantage(const struct tap *t, struct conn_record *r)
{
	bool client, server;

	if (r->vantage != VANTAGE_UNKNOWN || !t->hosts)
		return;
	client = is_near_host(t, &r->sides[SIDE_CLIENT].addr);
	server = is_near_host(t, &r->sides[SIDE_SERVER].addr);
	if (client == server)
		return;
	r->vantage = client ? VANTAGE_CLIENT : VANTAGE_SERVER;
	r->vantage_marks = MARK_HOST;
}

/* Its numbers count bytes of which none was captured. */
static bool is_hollow(const struct conn_record *r)
{
	return r->sides[0].missing_bytes + r->sides[1].missing_bytes > 0;
}

static bool has_finding(const struct conn_record *r, enum finding_id id)
{
	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].id == id)
			return true;
	return false;
}

void tap_record(struct tap *t, struct conn_record *r)
{
	bool has_payload = r->sides[0].payload_bytes || r->sides[1].payload_bytes;
	bool is_whole = !r->is_midstream && (r->sides[0].fin_sent || r->sides[1].fin_sent);

	settle_vantage(t, r);
	t->quality.vantages[r->vantage]++;
	t->quality.duplicate_frames += r->duplicate_frames;
	t->talking += has_payload;
	t->whole += is_whole;
	t->hollow += is_whole && is_hollow(r);
	t->one_sided += r->one_sided >= 0 && has_finding(r, FINDING_ONE_SIDED);
	t->quality.connections++;
}

/* The host at which nearly all connections place the tap. */
static void find_tap_host(struct tap *t)
{
	uint64_t near = 0;
	const struct nearness *best = NULL;

	for (size_t i = 0; i < CENSUS_MAX; i++) {
		if (!census_is_taken(&t->of_hosts, i))
			continue;
		near += t->hosts[i].near;
		if (is_near(&t->hosts[i]) && (!best || t->hosts[i].near > best->near))
			best = &t->hosts[i];
	}
	if (!best || best->near * UINT64_C(10) < near * 9)
		return;
	t->quality.has_tap_host = true;
	t->quality.tap_host = best->addr;
	t->quality.tap_host.port = 0;
}

/* ---- telling ---- */

static struct finding about_capture(enum finding_id id, uint64_t n, uint64_t a, uint64_t b)
{
	return (struct finding){
		.id = (uint16_t)id,
		.confidence = CONFIDENCE_CERTAIN,
		.by = BY_NOBODY,
		.count = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n,
		.a = a,
		.b = b,
	};
}

static struct finding about_time(const struct tap_clock *c)
{
	bool is_skew = c->steps_between >= SKEW_MIN && c->steps_between == c->steps_back;

	return about_capture(is_skew ? FINDING_CLOCK_SKEW_INTERFACES : FINDING_CLOCK_STEP_BACK,
	    c->steps_back, (uint64_t)c->largest_step / 1000, 0);
}

void tap_tell(struct tap *t, const struct tap_clock *clock, const struct cap_facts *facts,
    void (*tell)(void *ctx, const struct finding *f), void *ctx)
{
	const struct finding all[] = {
		t->drop_burst,
		t->clock_jump,
		about_time(clock),
		about_capture(FINDING_CLOCK_COARSE,
		    facts->packets >= COARSE_PACKETS && clock->unit >= UNIT_COARSE &&
		        facts->last_ts > facts->first_ts,
		    clock->unit / MS, 0),
		about_capture(FINDING_CAPTURE_FILTERED,
		    t->talking == 0 && t->hollow >= HOLLOW_MIN && t->hollow == t->whole ? t->hollow
		                                                                        : 0,
		    0, 0),
		about_capture(FINDING_DUPLICATE_FRAME, t->quality.duplicate_frames, 0, 0),
		about_capture(FINDING_ONE_SIDED,
		    t->one_sided >= SIDED_MIN &&
		            t->one_sided * 100 >= t->quality.connections * SIDED_PERCENT
		        ? t->one_sided
		        : 0,
		    0, 0),
	};

	find_tap_host(t);
	t->quality.clock_unit = facts->packets >= COARSE_PACKETS ? clock->unit : 0;
	t->quality.largest_step_back = clock->largest_step;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].count)
			tell(ctx, &all[i]);
}
