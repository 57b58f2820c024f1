/* SPDX-License-Identifier: MIT */
/*
 * crowd_say - judging: what the two tables mean, for the capture and for one record.
 */
#include "config.h"

#include <string.h>

#include "engine/crowd.h"
#include "tcpshadow/mem.h"

/* What nobody answered within this time has been left unanswered (ns). */
#define SILENCE (3 * NS_PER_SEC)
/* The third packet of a handshake would have come by then, unless the way is very long (ns). */
#define ROUND_TRIP (NS_PER_SEC / 20)
#define SLOW_MIN   (NS_PER_SEC / 5)

/* A service that opened a connection so long ago is up (ns). */
#define IGNORED_SPAN (10 * NS_PER_SEC)

enum {
	SCAN_SPREAD = 15,   /* ports or hosts that are a scan */
	STEALTH_SPREAD = 8, /* likewise with packets that no kernel sends first */
	BACKSCATTER_SPREAD = 10,
	SCAN_AGAIN = 4,       /* a scan looks at each target so often at most */
	SKETCH_TRUSTED = 200, /* a sketch with more bits set says less and less */
	FAILING_MIN = 10,
	FAILING_SOURCES = 3,
	FAILING_PERCENT = 80,
	LOOP_MIN = 5,
	PORT_RUN_MIN = 15,
	SLOW_SAMPLES = 8,
	SLOW_TIMES = 8,
	SCALED_MIN = 3,
	CLOSED_WINDOWS_MIN = 10,
	DEAF_LIKELY = 3,
	IGNORED_SYNS = 3,
	US = 1000,
};

/* ---- probers ---- */

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* Attempts that came to nothing and spread over so many ports or hosts, each tried a few times at most. */
static bool is_spread(const struct prober *p, unsigned min)
{
	uint32_t idle = p->attempts - (p->real < p->attempts ? p->real : p->attempts);
	unsigned width = larger(sketch_least(&p->ports), sketch_least(&p->hosts));

	if (width < min || idle < min || idle * 2 < p->attempts)
		return false;
	return width >= SKETCH_TRUSTED || idle <= SCAN_AGAIN * width;
}

/* Some were refused, or all had time to be answered. */
static bool is_ripe(const struct prober *p, int64_t now)
{
	return p->refused * 4 >= p->attempts || (p->ripe && now - p->ripe >= SILENCE);
}

static enum finding_id syn_verdict(const struct prober *p, int64_t now)
{
	uint32_t idle = p->attempts - (p->real < p->attempts ? p->real : p->attempts);

	/* Connections that only were opened and closed are health checks. */
	if (!is_spread(p, SCAN_SPREAD) || !is_ripe(p, now) || p->opened * 2 > idle)
		return FINDING_COUNT;
	return p->opened == 0 && p->plain * 2 > p->attempts ? FINDING_SCAN_SYN
	                                                    : FINDING_SCAN_CONNECT;
}

enum finding_id prober_verdict(const struct prober *p, int64_t now)
{
	static const uint16_t stealth[] = {
		[PROBE_FIN] = FINDING_SCAN_FIN,
		[PROBE_NULL] = FINDING_SCAN_NULL,
		[PROBE_XMAS] = FINDING_SCAN_XMAS,
		[PROBE_ACK] = FINDING_SCAN_ACK,
		[PROBE_MAIMON] = FINDING_SCAN_MAIMON,
	};

	switch ((enum probe)p->kind) {
	case PROBE_SYN:
		return syn_verdict(p, now);
	case PROBE_ANSWER:
		return is_spread(p, BACKSCATTER_SPREAD) &&
		               sketch_least(&p->hosts) >= BACKSCATTER_SPREAD
		           ? FINDING_BACKSCATTER
		           : FINDING_COUNT;
	case PROBE_FIN:
	case PROBE_NULL:
	case PROBE_XMAS:
	case PROBE_ACK:
	case PROBE_MAIMON:
		return is_spread(p, STEALTH_SPREAD) ? (enum finding_id)stealth[p->kind]
		                                    : FINDING_COUNT;
	case PROBE_NONE:
		break;
	}
	return FINDING_COUNT;
}

static struct finding about_prober(const struct prober *p, enum finding_id id)
{
	return (struct finding){
		.id = (uint16_t)id,
		.confidence = CONFIDENCE_LIKELY,
		.by = BY_NOBODY,
		.count = p->attempts - (p->real < p->attempts ? p->real : p->attempts),
		.a = sketch_least(&p->ports),
		.b = sketch_least(&p->hosts),
		.npackets = 2,
		.packets = { p->first, p->last },
		.subject = p->addr,
	};
}

/* ---- listeners ---- */

static struct finding about_flood(const struct listener *l, const struct flood *f, int64_t now)
{
	bool is_young = l->window.ripe && now - l->window.ripe < SILENCE && !l->flood.seen;

	return (struct finding){
		.id = FINDING_SYN_FLOOD,
		.confidence = is_young ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY,
		.traps = is_young ? TRAP_END : 0,
		.by = BY_NOBODY,
		.count = f->count > UINT32_MAX ? UINT32_MAX : (uint32_t)f->count,
		.a = f->count,
		.b = sketch_least(&f->sources),
		.npackets = 2,
		.packets = { f->first, f->last },
		.subject = l->addr,
	};
}

/* There is a flood, and its packets had time to be answered. */
static bool is_flooded(const struct listener *l, const struct flood *f, int64_t now)
{
	return f->seen && (l->flood.seen || now - l->window.ripe >= ROUND_TRIP);
}

static bool is_failing(const struct listener *l)
{
	uint32_t failed = l->attempts - (l->opened < l->attempts ? l->opened : l->attempts);

	return failed >= FAILING_MIN && (l->refused + l->repeated) * 2 >= failed &&
	       (uint64_t)failed * 100 >= (uint64_t)l->attempts * FAILING_PERCENT &&
	       sketch_least(&l->sources) >= FAILING_SOURCES;
}

static bool is_loop(const struct listener *l)
{
	return l->steady + 2 >= LOOP_MIN && l->opened == 0 && l->pause > 0 &&
	       l->refused + l->repeated > l->attempts / 2 && sketch_least(&l->sources) == 1;
}

static struct finding about_listener(const struct listener *l, enum finding_id id, uint64_t count)
{
	return (struct finding){
		.id = (uint16_t)id,
		.confidence = CONFIDENCE_LIKELY,
		.by = BY_NOBODY,
		.count = (uint32_t)count,
		.npackets = 2,
		.packets = { l->first, l->last },
		.subject = l->addr,
	};
}

static struct finding about_overflow(const struct listener *l)
{
	struct finding f = about_listener(l, FINDING_ACCEPT_QUEUE_OVERFLOW_SUSPECTED, l->deaf);

	f.confidence = l->deaf >= DEAF_LIKELY ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	f.a = l->deaf;
	f.packets[0] = l->deaf_first;
	f.packets[1] = l->deaf_last;
	return f;
}

static struct finding about_isn(
    const struct isn_watch *w, const struct endpoint_addr *addr, uint32_t count)
{
	static const uint16_t ids[] = {
		[ISN_CONSTANT] = FINDING_ISN_CONSTANT,
		[ISN_STEPS] = FINDING_ISN_PREDICTABLE,
		[ISN_CLOCK] = FINDING_ISN_CLOCK,
	};

	return (struct finding){
		.id = ids[w->found],
		.confidence = CONFIDENCE_LIKELY,
		.by = BY_NOBODY,
		.count = count,
		.a = w->found == ISN_CONSTANT ? w->isn : w->found_step,
		.subject = *addr,
	};
}

/* ---- the capture ---- */

static void tell_prober(const struct crowd *c, const struct prober *p,
    void (*tell)(void *, const struct finding *), void *ctx)
{
	enum finding_id id = prober_verdict(p, c->now);
	struct finding f;

	if (id != FINDING_COUNT) {
		f = about_prober(p, id);
		tell(ctx, &f);
		return;
	}
	if (p->closed_windows >= CLOSED_WINDOWS_MIN) {
		f = about_prober(p, FINDING_SOCKSTRESS);
		f.count = p->closed_windows;
		f.a = p->closed_windows;
		f.packets[1] = p->last_closed;
		tell(ctx, &f);
	}
	if (p->isn.found) {
		f = about_isn(&p->isn, &p->addr, p->attempts);
		tell(ctx, &f);
	}
	if (p->port_run >= PORT_RUN_MIN) {
		f = about_prober(p, FINDING_SOURCE_PORT_PREDICTABLE);
		f.count = p->attempts;
		f.a = p->port_step;
		tell(ctx, &f);
	}
}

static void tell_listener(const struct crowd *c, const struct listener *l,
    void (*tell)(void *, const struct finding *), void *ctx)
{
	struct flood flood = listener_flood(l, c->now);
	struct finding f;

	if (is_flooded(l, &flood, c->now)) {
		f = about_flood(l, &flood, c->now);
		tell(ctx, &f);
	}
	if (is_failing(l)) {
		f = about_listener(l, FINDING_LISTENER_FAILING, l->attempts - l->opened);
		f.a = l->attempts;
		f.b = sketch_least(&l->sources);
		tell(ctx, &f);
	} else if (is_loop(l)) {
		f = about_listener(l, FINDING_CONNECT_RETRY_LOOP, l->attempts);
		f.a = (uint64_t)(l->pause / ((int64_t)US * 1000));
		tell(ctx, &f);
	}
	if (l->is_overflowing) {
		f = about_overflow(l);
		tell(ctx, &f);
	}
	if (l->isn.found) {
		f = about_isn(&l->isn, &l->addr, l->opened);
		tell(ctx, &f);
	}
}

void crowd_tell(struct crowd *c, void (*tell)(void *ctx, const struct finding *f), void *ctx)
{
	for (size_t i = 0; i < CENSUS_MAX; i++) {
		if (census_is_taken(&c->of_listeners, i))
			tell_listener(c, &c->listeners[i], tell, ctx);
		if (census_is_taken(&c->of_probers, i))
			tell_prober(c, &c->probers[i], tell, ctx);
	}
}

/* ---- one record ---- */

/* The connection's own list stays as it is: the crowd's has room for more. */
static void add(struct crowd *c, struct conn_record *r, struct finding f, unsigned by)
{
	if (r->findings != c->list) {
		if (c->list_cap < r->nfindings + 1) {
			c->list_cap = r->nfindings + 16;
			c->list = mem_resize(c->list, c->list_cap, sizeof(*c->list));
		}
		if (r->nfindings)
			memcpy(c->list, r->findings, r->nfindings * sizeof(*c->list));
		r->findings = c->list;
	}
	c->list = mem_grow(c->list, r->nfindings, &c->list_cap, sizeof(*c->list));
	r->findings = c->list;
	f.by = (uint8_t)by;
	f.count = 1;
	f.subject = (struct endpoint_addr){ 0 };
	f.npackets = 1;
	f.packets[0] = r->uid;
	f.time = 0;
	c->list[r->nfindings++] = f;
}

static bool is_half_open(const struct conn_record *r)
{
	return (r->handshake == HANDSHAKE_UNANSWERED || r->handshake == HANDSHAKE_UNFINISHED) &&
	       r->syns == 1 && r->sides[SIDE_CLIENT].packets == 1;
}

/* Where half of the answers take no longer, ns; 0 = too few to tell. */
static int64_t usual_time(const struct listener *l)
{
	uint32_t all = 0, sum = 0;

	for (unsigned i = 0; i < TOOK_BUCKETS; i++)
		all += l->took[i];
	if (all < SLOW_SAMPLES)
		return 0;
	for (unsigned i = 0; i < TOOK_BUCKETS; i++) {
		sum += l->took[i];
		if (sum * 2 >= all)
			return (INT64_C(2) << i) * US;
	}
	return 0;
}

static bool was_slow(const struct conn_record *r)
{
	return r->has_syn_to_synack && r->syn_to_synack >= SLOW_MIN && r->syns == 1 &&
	       r->synacks == 1 && r->handshake == HANDSHAKE_COMPLETE;
}

static void look_at_slowness(struct crowd *c, struct conn_record *r, const struct listener *l)
{
	int64_t usual = usual_time(l);
	struct finding f;

	if (!usual || r->syn_to_synack < usual * SLOW_TIMES)
		return;
	f = (struct finding){
		.id = FINDING_HANDSHAKE_SLOW,
		.confidence = CONFIDENCE_LIKELY,
		.count = 1,
		.a = (uint64_t)(r->syn_to_synack / ((int64_t)US * 1000)),
		.b = (uint64_t)(usual / US),
		.cost = r->syn_to_synack - usual,
	};
	add(c, r, f, SIDE_SERVER);
}

/* The server took none of the options that need memory, although the client offered them. */
static bool was_cut_short(const struct conn_record *r)
{
	const struct syn_offer *client = &r->sides[SIDE_CLIENT].offer;
	const struct syn_offer *server = &r->sides[SIDE_SERVER].offer;

	return server->seen && client->seen && client->has_wscale && client->sack_permitted &&
	       !server->has_wscale && !server->sack_permitted;
}

static void look_at_cookies(struct crowd *c, struct conn_record *r, const struct listener *l)
{
	if (l->scaled < SCALED_MIN)
		return;
	add(c, r,
	    (struct finding){ .id = FINDING_SYN_COOKIE_SUSPECTED,
	        .confidence = CONFIDENCE_POSSIBLE,
	        .count = 1,
	        .a = r->sides[SIDE_SERVER].offer.mss },
	    SIDE_SERVER);
}

/* The tap is at the server, so what the server does not acknowledge was not lost on the way to it. */
static bool is_deaf(const struct conn_record *r, const struct listener *l)
{
	return (r->signs & SIGN_DEAF) && (l->is_overflowing || r->vantage == VANTAGE_SERVER);
}

static void look_at_flood(struct crowd *c, struct conn_record *r, const struct listener *l)
{
	struct flood f = listener_flood(l, c->now);

	if (is_flooded(l, &f, c->now) && r->start >= f.from && r->start <= f.until)
		add(c, r, about_flood(l, &f, c->now), SIDE_CLIENT);
}

/* SYNs again and again to a host that answers others: it is there. */
static bool was_ignored(const struct conn_record *r)
{
	return r->handshake == HANDSHAKE_UNANSWERED && r->syns >= IGNORED_SYNS && !r->nicmp &&
	       !r->nresets;
}

static void look_at_ignored(struct crowd *c, struct conn_record *r, const struct listener *l)
{
	struct finding f;

	/* (It may have been started since, or have ended before.) */
	if (!l->opened_first || l->opened_first > r->end ||
	    l->opened_last + IGNORED_SPAN < r->start)
		return;
	f = about_listener(l, FINDING_SYN_IGNORED, 1);
	f.a = l->opened;
	f.packets[0] = r->uid;
	f.npackets = 1;
	f.confidence = CONFIDENCE_LIKELY;
	add(c, r, f, SIDE_SERVER);
}

/* (Most records show nothing that their listener could explain: it is not looked up for them.) */
static void look_at_listener(struct crowd *c, struct conn_record *r)
{
	bool half_open = is_half_open(r), slow = was_slow(r), cut_short = was_cut_short(r);
	bool ignored = was_ignored(r);
	const struct listener *l = NULL;

	if (half_open || slow || cut_short || ignored || (r->signs & SIGN_DEAF))
		l = crowd_listener(c, &r->sides[SIDE_SERVER].addr);
	if (!l)
		return;
	if (half_open)
		look_at_flood(c, r, l);
	if (ignored)
		look_at_ignored(c, r, l);
	if (is_deaf(r, l))
		add(c, r, about_overflow(l), SIDE_SERVER);
	if (slow)
		look_at_slowness(c, r, l);
	if (cut_short)
		look_at_cookies(c, r, l);
}

static void look_at_prober(struct crowd *c, struct conn_record *r, enum probe kind)
{
	const struct prober *p;
	enum finding_id id;

	if ((r->signs & SIGN_TALKED) && !(r->signs & SIGN_NO_WINDOW))
		return;
	p = crowd_prober(c, &r->sides[r->opening_by].addr, kind);
	id = p && !(r->signs & SIGN_TALKED) ? prober_verdict(p, c->now) : FINDING_COUNT;
	if (id != FINDING_COUNT && !(r->signs & SIGN_REPEATED))
		add(c, r, about_prober(p, id), r->opening_by);
	if (p && (r->signs & SIGN_NO_WINDOW) && p->closed_windows >= CLOSED_WINDOWS_MIN) {
		struct finding f = about_prober(p, FINDING_SOCKSTRESS);

		f.count = p->closed_windows;
		f.a = p->closed_windows;
		add(c, r, f, r->opening_by);
	}
}

void crowd_record(struct crowd *c, struct conn_record *r)
{
	enum probe kind = crowd_probe_of(r->opening, 0);

	if (kind == PROBE_SYN)
		look_at_listener(c, r);
	if (kind != PROBE_NONE)
		look_at_prober(c, r, kind);
}
