/* SPDX-License-Identifier: MIT */
/*
 * crowd - counting: from first packets and signs to the two tables.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/crowd.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"

#define FLOOD_WINDOW (10 * NS_PER_SEC)
#define DEAF_WINDOW  (5 * NS_PER_SEC)

enum {
	FLOOD_MIN = 30,     /* half-open connections to one listener in FLOOD_WINDOW */
	FLOOD_SOURCES = 20, /* from so many addresses */
	FLOOD_ALONE = 200, /* half-open connections that are a flood from any number of addresses */
	FLOOD_PART = 4,    /* at most one in so many was a real attempt */
	DEAF_MIN = 2,
	DEAF_PART = 2, /* more than one in so many of the connections opened meanwhile */
	PROBES_RIPE = 8,
	PACE_MAX = 1000, /* attempts whose pace is looked at */
	PORT_STEP_MAX = 2,
	US = 1000,
};

void crowd_init(struct crowd *c)
{
	*c = (struct crowd){ 0 };
	census_init(&c->of_listeners);
	census_init(&c->of_probers);
}

void crowd_release(struct crowd *c)
{
	census_release(&c->of_listeners);
	census_release(&c->of_probers);
	free(c->listeners);
	free(c->probers);
	free(c->list);
	crowd_init(c);
}

/* ---- keys ---- */

static uint64_t spread(uint64_t h)
{
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static uint64_t prober_key(uint64_t host, enum probe kind)
{
	return spread(host + kind) | 1;
}

static uint64_t listener_key(uint64_t host, uint16_t port)
{
	return spread(host + ((uint64_t)port << 8)) | 1;
}

struct prober *crowd_prober(
    const struct crowd *c, const struct endpoint_addr *addr, enum probe kind)
{
	size_t place = census_find(&c->of_probers, prober_key(event_host(addr), kind));

	return place == CENSUS_NONE ? NULL : &c->probers[place];
}

/* In a flood most is about the listener met last: that one is looked at first.  NULL where it is not this one. */
static struct listener *latest_listener(
    const struct crowd *c, const struct addr *addr, uint16_t port)
{
	struct listener *l;

	if (!c->listeners || !census_is_taken(&c->of_listeners, c->latest))
		return NULL;
	l = &c->listeners[c->latest];
	return l->addr.port == port && addr_equal(&l->addr.ip, addr) ? l : NULL;
}

struct listener *crowd_listener(const struct crowd *c, const struct endpoint_addr *addr)
{
	struct listener *l = latest_listener(c, &addr->ip, addr->port);
	size_t place;

	if (l)
		return l;
	place = census_find(&c->of_listeners, listener_key(event_host(addr), addr->port));
	return place == CENSUS_NONE ? NULL : &c->listeners[place];
}

static void begin_prober(struct prober *p, const struct segment *s, enum probe kind)
{
	util_clear(p, sizeof(*p));
	p->addr = (struct endpoint_addr){ s->src, 0, s->ip_version, 0 };
	p->kind = (uint8_t)kind;
}

static struct prober *meet_prober(
    struct crowd *c, const struct segment *s, uint64_t host, enum probe kind)
{
	bool is_new;
	size_t place = census_meet(&c->of_probers, prober_key(host, kind), &is_new);

	if (!c->probers)
		c->probers = mem_alloc(CENSUS_MAX, sizeof(*c->probers));
	if (place == CENSUS_NONE)
		return NULL;
	if (is_new)
		begin_prober(&c->probers[place], s, kind);
	return &c->probers[place];
}

static struct listener *meet_listener(struct crowd *c, const struct segment *s, uint64_t host)
{
	bool is_new;
	size_t place = census_meet(&c->of_listeners, listener_key(host, s->dport), &is_new);

	if (!c->listeners)
		c->listeners = mem_alloc(CENSUS_MAX, sizeof(*c->listeners));
	if (place == CENSUS_NONE)
		return NULL;
	if (is_new)
		c->listeners[place] = (struct listener){
			.addr = { s->dst, s->dport, s->ip_version, 0 },
		};
	c->latest = place;
	return &c->listeners[place];
}

/* ---- first packets ---- */

enum probe crowd_probe_of(uint16_t flags, uint32_t len)
{
	const unsigned known = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN | TCP_PSH | TCP_URG;

	if (flags & TCP_RST)
		return PROBE_ANSWER;
	if (flags & TCP_SYN)
		return flags & TCP_FIN ? PROBE_NONE : flags & TCP_ACK ? PROBE_ANSWER : PROBE_SYN;
	if (len)
		return PROBE_NONE;
	switch (flags & known) {
	case 0:
		return PROBE_NULL;
	case TCP_FIN:
		return PROBE_FIN;
	case TCP_FIN | TCP_PSH | TCP_URG:
		return PROBE_XMAS;
	case TCP_ACK:
		return PROBE_ACK;
	case TCP_FIN | TCP_ACK:
		return PROBE_MAIMON;
	default:
		return PROBE_NONE;
	}
}

static void step_port(struct prober *p, uint16_t port)
{
	uint16_t step = (uint16_t)(port - p->port);

	if (p->attempts > 1 && step > 0 && step <= PORT_STEP_MAX && step == p->port_step)
		p->port_run = (uint16_t)(p->port_run + (p->port_run < UINT16_MAX));
	else
		p->port_run = 0;
	p->port_step = step <= PORT_STEP_MAX ? (uint8_t)step : 0;
	p->port = port;
}

static void count_probe(struct prober *p, const struct segment *s, uint64_t target)
{
	p->attempts++;
	if (p->attempts == 1) {
		p->first = s->packet;
		p->first_time = s->ts;
	}
	p->last = s->packet;
	if (!p->ripe && p->attempts - p->real >= PROBES_RIPE)
		p->ripe = s->ts;
	sketch_add(&p->ports, spread(s->dport));
	sketch_add(&p->hosts, target);
	if (p->kind != PROBE_SYN)
		return;
	p->plain += !(s->opt.seen & (OPT_SACK_PERMITTED | OPT_TIMESTAMPS | OPT_WSCALE));
	step_port(p, s->sport);
	isn_watch(&p->isn, s->seq, s->sport, s->ts);
}

/* ---- floods ---- */

static bool is_flood(const struct flood_window *w)
{
	uint32_t half_open = w->attempts - (w->ended < w->attempts ? w->ended : w->attempts);
	unsigned sources = sketch_least(&w->sources);

	if (half_open < FLOOD_MIN || w->ended * FLOOD_PART > w->attempts)
		return false;
	return sources >= FLOOD_SOURCES || half_open >= FLOOD_ALONE;
}

static void add_window(struct flood *f, const struct flood_window *w, int64_t until)
{
	if (!f->seen) {
		f->from = w->since;
		f->first = w->first;
	}
	f->seen = true;
	f->until = until;
	f->last = w->last;
	f->count += w->attempts - w->ended;
	sketch_join(&f->sources, &w->sources);
}

struct flood listener_flood(const struct listener *l, int64_t now)
{
	struct flood f = l->flood;

	if (is_flood(&l->window))
		add_window(&f, &l->window, now);
	return f;
}

static void count_for_flood(struct listener *l, const struct segment *s, uint64_t source)
{
	struct flood_window *w = &l->window;

	if (w->attempts && s->ts - w->since >= FLOOD_WINDOW) {
		if (is_flood(w))
			add_window(&l->flood, w, w->since + FLOOD_WINDOW);
		*w = (struct flood_window){ 0 };
	}
	if (w->attempts == 0) {
		w->since = s->ts;
		w->first = s->packet;
	}
	w->attempts++;
	w->last = s->packet;
	if (!w->ripe && w->attempts >= FLOOD_MIN)
		w->ripe = s->ts;
	sketch_add(&w->sources, source);
}

/* Applications that try again do so at a steady pace. */
static void count_pace(struct listener *l, int64_t time)
{
	int64_t pause = time - l->attempt, drift = pause - l->pause;
	bool is_steady = l->attempts > 2 && (drift < 0 ? -drift : drift) <= l->pause >> 3;

	l->steady = is_steady ? (uint16_t)(l->steady + (l->steady < UINT16_MAX)) : 0;
	l->pause = l->attempts > 1 ? pause : 0;
	l->attempt = time;
}

static void count_attempt(struct listener *l, const struct segment *s, uint64_t source)
{
	l->attempts++;
	if (l->attempts == 1)
		l->first = s->packet;
	l->last = s->packet;
	sketch_add(&l->sources, source);
	count_for_flood(l, s, source);
	if (l->attempts <= PACE_MAX)
		count_pace(l, s->ts);
}

static void count_syn(struct crowd *c, const struct segment *s, uint64_t source, uint64_t target)
{
	struct listener *l = latest_listener(c, &s->dst, s->dport);

	if (l)
		census_met(&c->of_listeners, c->latest);
	else
		l = meet_listener(c, s, target);
	if (l)
		count_attempt(l, s, spread(source));
}

/* As event_host(): of the target before, where it is that one again. */
static uint64_t target_of(struct crowd *c, const struct segment *s)
{
	if (!c->target_hash || !addr_equal(&s->dst, &c->target)) {
		c->target = s->dst;
		c->target_hash = hash_fixed(&s->dst, sizeof(s->dst)) | 1;
	}
	return c->target_hash;
}

void crowd_opened(struct crowd *c, const struct segment *s)
{
	enum probe kind = crowd_probe_of(s->flags, s->len);
	uint64_t source, target;
	struct prober *p;

	if (s->ts > c->now)
		c->now = s->ts;
	if (kind == PROBE_NONE)
		return;
	source = hash_fixed(&s->src, sizeof(s->src)) | 1;
	target = target_of(c, s);
	p = meet_prober(c, s, source, kind);
	if (p)
		count_probe(p, s, spread(target));
	if (kind == PROBE_SYN)
		count_syn(c, s, source, target);
}

/* ---- signs ---- */

static unsigned log2_of(uint64_t us)
{
	return us ? 63u - (unsigned)__builtin_clzll(us) : 0;
}

static void begin_deaf_window(struct listener *l, int64_t time)
{
	if (time - l->deaf_since <= DEAF_WINDOW)
		return;
	l->deaf_since = time;
	l->deaf_now = l->opened_now = 0;
}

/* (Losses on the way hit one connection here and one there; a full queue hits all that come then.) */
static void count_deaf(struct listener *l, uint64_t packet, int64_t time)
{
	begin_deaf_window(l, time);
	if (l->deaf++ == 0)
		l->deaf_first = packet;
	l->deaf_last = packet;
	l->deaf_now++;
	l->is_overflowing |= l->deaf_now >= DEAF_MIN && l->deaf_now * DEAF_PART > l->opened_now;
}

static void count_opened(struct listener *l, const struct event_sign *sign, int64_t time)
{
	unsigned bucket;

	begin_deaf_window(l, time);
	l->opened++;
	l->opened_now++;
	if (!l->opened_first)
		l->opened_first = time;
	if (time > l->opened_last)
		l->opened_last = time;
	l->scaled += sign->scales;
	isn_watch(&l->isn, sign->server_isn, sign->client.port, time);
	if (sign->span < 0)
		return;
	bucket = log2_of((uint64_t)sign->span / US);
	if (bucket < TOOK_BUCKETS && l->took[bucket] < UINT16_MAX)
		l->took[bucket]++;
}

static void sign_listener(
    struct listener *l, const struct event_sign *sign, uint64_t packet, int64_t time)
{
	unsigned ends = sign->signs & (SIGN_OPENED | SIGN_REPEATED | SIGN_REFUSED);

	if (sign->signs & SIGN_OPENED)
		count_opened(l, sign, time);
	l->repeated += !!(sign->signs & SIGN_REPEATED);
	l->refused += !!(sign->signs & SIGN_REFUSED);
	l->window.ended += ends && l->window.ended < l->window.attempts;
	if (sign->signs & SIGN_DEAF)
		count_deaf(l, packet, time);
}

static void sign_prober(struct prober *p, const struct event_sign *sign, uint64_t packet)
{
	if (sign->signs & (SIGN_TALKED | SIGN_REPEATED))
		p->real++;
	p->opened += !!(sign->signs & SIGN_OPENED);
	p->refused += !!(sign->signs & SIGN_REFUSED);
	if (sign->signs & SIGN_NO_WINDOW) {
		p->closed_windows++;
		p->last_closed = packet;
	}
}

void crowd_sign(struct crowd *c, const struct event_sign *sign, uint64_t packet, int64_t time)
{
	const unsigned of_listener = SIGN_OPENED | SIGN_REPEATED | SIGN_REFUSED | SIGN_DEAF;
	const struct endpoint_addr *opener = sign->is_from_server ? &sign->server : &sign->client;
	enum probe kind = crowd_probe_of(sign->opening, 0);
	struct listener *l = kind == PROBE_SYN && (sign->signs & of_listener)
	                         ? crowd_listener(c, &sign->server)
	                         : NULL;
	struct prober *p = kind == PROBE_NONE ? NULL : crowd_prober(c, opener, kind);

	if (time > c->now)
		c->now = time;
	if (l)
		sign_listener(l, sign, packet, time);
	if (p)
		sign_prober(p, sign, packet);
}
