/* SPDX-License-Identifier: MIT */
/*
 * find_attack - one connection that is used as a weapon, or has another host in it.
 *
 * Input:  segments before they move the edges; at the end, the findings raised before.
 * Spec:   RFC 5961 (blind attacks), RFC 9293 3.10.7.4 (an acknowledgment is never answered, but where it is not
 *         acceptable), CVE-2019-11477 (SACK and a tiny MSS).
 * Limits: counts up to 255 per connection, then stands still.
 */
#include "config.h"

#include "tcp/find.h"

enum {
	STORM_MIN = 16, /* acknowledgments of nothing, by turns */
	TINY_MAX = 2,   /* bytes */
	TINY_AHEAD = 4, /* bytes under way: nobody types that fast */
	TINY_MIN = 32,
	PANIC_MSS = 64, /* bytes; a header's options leave nothing of it */
	PANIC_MIN = 8,
	PROBES_MIN = 8,
};

/* Slower than this it is a timer's work: keepalives, probes of a window (ns). */
#define STORM_PACE NS_PER_SEC

static void count(uint8_t *n)
{
	*n = (uint8_t)(*n + (*n < UINT8_MAX));
}

static bool is_bare_ack(const struct step *st)
{
	return (st->seg->flags & ~(unsigned)TCP_PSH) == TCP_ACK && st->seg->len == 0;
}

/* Two ends that correct each other for ever: each takes the other's acknowledgment for unacceptable. */
static void look_at_storm(struct step *st)
{
	struct conn *c = st->conn;
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!is_bare_ack(st) || !self->has_ack || st->ack != self->rcv_nxt ||
	    self->last_packet > peer->last_packet || st->time - peer->last_time > STORM_PACE) {
		c->storm = 0;
		return;
	}
	count(&c->storm);
	if (c->storm >= STORM_MIN)
		(void)find_segment(st, FINDING_ACK_STORM, BY_NOBODY, CONFIDENCE_LIKELY);
}

static void look_at_tiny(struct step *st)
{
	struct endpoint *e = st->self;

	if (st->seg->len > TINY_MAX) {
		e->attack.tiny = 0;
		return;
	}
	if (!e->has_seq || !st->peer->has_ack || e->snd_nxt < st->peer->rcv_nxt + TINY_AHEAD)
		return;
	count(&e->attack.tiny);
	if (e->attack.tiny >= TINY_MIN)
		(void)find_segment(st, FINDING_TINY_SEGMENTS, BY_SELF, CONFIDENCE_LIKELY);
}

static void look_at_sack(struct step *st)
{
	struct endpoint *e = st->self;

	if (!e->offer.has_mss || e->offer.mss > PANIC_MSS)
		return;
	count(&e->attack.sacks);
	if (e->attack.sacks >= PANIC_MIN)
		(void)find_segment(st, FINDING_SACK_PANIC, BY_SELF, CONFIDENCE_LIKELY);
}

static void look_at_ttl(struct step *st)
{
	struct attack_end *a = &st->self->attack;

	if ((st->seg->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		a->synack_ttl = st->seg->ttl;
	else if (a->synack_ttl && !(st->seg->flags & (TCP_SYN | TCP_RST)))
		a->first_ttl = st->seg->ttl;
}

void find_attack(struct step *st)
{
	if (st->is_weak)
		return;
	look_at_storm(st);
	if (st->seg->len)
		look_at_tiny(st);
	if (st->seg->opt.nsack)
		look_at_sack(st);
	if (!st->self->attack.first_ttl)
		look_at_ttl(st);
}

static bool is_probe(const struct finding *f)
{
	return f->id == FINDING_RST_OUT_OF_WINDOW || f->id == FINDING_RST_INEXACT ||
	       f->id == FINDING_SYN_IN_ESTABLISHED;
}

/* Somebody tries numbers until one fits: not a host without a socket, which takes them from what it answers. */
static void look_at_probes(struct conn *c, unsigned dir)
{
	struct finding *f;
	uint32_t n = 0, answers = c->ends[dir].reset.late_answers;

	for (unsigned i = 0; i < c->nfindings; i++)
		if (c->findings[i].by == dir && is_probe(&c->findings[i]))
			n += c->findings[i].count;
	n -= answers < n ? answers : n;
	if (n < PROBES_MIN)
		return;
	f = find_conn(c, FINDING_BLIND_PROBING, dir, CONFIDENCE_LIKELY, 0, c->end);
	if (f)
		f->count = n;
}

/* The SYN-ACK came from elsewhere than all that followed. */
static void look_at_proxy(struct conn *c, unsigned dir)
{
	const struct endpoint *e = &c->ends[dir];
	const struct attack_end *a = &e->attack;
	struct finding *f;

	/* (Routing protocols set a TTL of 1 or 255 on their side of the accepted connection: RFC 5082.) */
	if (a->first_ttl <= 1 || a->first_ttl == UINT8_MAX)
		return;
	if (a->first_ttl == a->synack_ttl || e->ttl != a->first_ttl || e->has_other_ttl ||
	    !e->payload_bytes)
		return;
	f = find_have(c, FINDING_TTL_CHANGED_MIDSTREAM, dir);
	if (f && f->count == 1)
		find_drop(c, f);
	f = find_conn(c, FINDING_HANDSHAKE_PROXIED, dir, CONFIDENCE_LIKELY, 0, 0);
	if (!f)
		return;
	f->a = a->synack_ttl;
	f->b = a->first_ttl;
}

void find_attack_end(struct conn *c)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		look_at_probes(c, dir);
		look_at_proxy(c, dir);
	}
}
