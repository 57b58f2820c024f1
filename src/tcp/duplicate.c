/* SPDX-License-Identifier: MIT */
/*
 * duplicate - the same frame captured twice: at two ports of a switch, in two VLANs, before and behind a
 * router.
 *
 * Input:  each segment; the prints of the latest FRAMES_MAX frames of its sender.
 * Output: step.is_copy, the note and conn.duplicates.
 * Limits: frames are compared by what headers say, the TCP checksum included, not byte by byte.
 *
 * A copy changes nothing, because the first one did what there was to do.  So where the receiver had to ignore the
 * first (one port of a mirror runs ahead of the other, say), the copy is only one if that still holds.
 *
 * A segment that is sent again is another IP packet: it has another IP ID, and mostly another timestamp.
 * Where packets carry no identification (IPv6, and IPv4 with an ID of 0: RFC 6864 4.1) an acknowledgment may
 * well be repeated at once, so there only a copy from elsewhere counts, or a segment that takes sequence
 * space: no timer sends one again that soon; or any where the tap is seen to show every frame twice.
 */
#include "config.h"

#include "tcp/find.h"

enum {
	DOUBLED_MIN = 3,                /* copies that make a habit of the tap */
	SAME_PLACE = NS_PER_SEC / 1000, /* a tap that delivers twice does it at once, ns */
	OTHER_PLACE = NS_PER_SEC / 200, /* from one place of capture to the other, ns */
};

/* Of frame_print.hash: the receiver was to ignore it when it was captured. */
#define IGNORED 2u

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* SYNs are kept in a form that has neither IP ID nor checksum: halfopen.c. */
static bool is_syn(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static uint32_t hash_of(const struct segment *s)
{
	uint64_t numbers = (uint64_t)s->seq << 32 | s->ack;
	uint64_t shape = (uint64_t)s->len << 32 | (uint32_t)s->flags << 16 | s->window;
	uint64_t marks = (s->opt.seen & OPT_TIMESTAMPS) ? (uint64_t)s->opt.tsval << 32 : 0;

	if (!is_syn(s))
		marks |= (uint32_t)s->checksum << 16 | s->ip_id;
	return ((uint32_t)(mix(mix(numbers, shape), marks) >> 32) & ~IGNORED) | 1;
}

static uint32_t path_of(const struct segment *s)
{
	return (s->interface & 0xfff) << 20 | (s->vlan & 0xfffu) << 8 | s->ttl;
}

static uint32_t place_of(uint32_t path)
{
	return path >> 8;
}

/* Passing a router takes one from the TTL; a copy may show either side of it first. */
static bool is_routed(uint32_t a, uint32_t b)
{
	int hops = (int)(a & 0xff) - (int)(b & 0xff);

	return hops == 1 || hops == -1;
}

/* The tap shows every frame twice, as far as packets with an ID tell. */
static bool is_doubled(const struct conn *c)
{
	return c->duplicates >= DOUBLED_MIN &&
	       c->duplicates * UINT64_C(3) >= c->ends[0].packets + c->ends[1].packets;
}

/* Their hashes are the same. */
static bool is_same_frame(const struct conn *c, const struct segment *s,
    const struct frame_print *old, const struct frame_print *now)
{
	int64_t apart = now->time > old->time ? now->time - old->time : old->time - now->time;
	bool routed = is_routed(old->path, now->path);

	if (apart > OTHER_PLACE || c->end - old->time > OTHER_PLACE)
		return false;
	if (routed || (place_of(old->path) != place_of(now->path) &&
	                  (old->path & 0xff) == (now->path & 0xff)))
		return true;
	return old->path == now->path && apart <= SAME_PLACE &&
	       (s->ip_id != 0 || segment_seq_len(s) > 0 || is_doubled(c));
}

static struct frame_print print_of(const struct step *st)
{
	return (struct frame_print){ st->time, hash_of(st->seg), path_of(st->seg) };
}

static void remember(struct endpoint *e, const struct frame_print *now)
{
	e->frames[e->next_frame] = *now;
	e->next_frame = (uint8_t)((e->next_frame + 1u) % FRAMES_MAX);
}

void duplicate_remember(struct step *st)
{
	struct frame_print now = print_of(st);

	remember(st->self, &now);
}

static void note_copy(struct step *st)
{
	st->is_copy = true;
	st->notes = 1u << SEGMENT_NOTE_DUPLICATE_FRAME;
	st->conn->duplicates++;
	st->conn->traps |= TRAP_DUPLICATE;
	(void)find_segment(st, FINDING_DUPLICATE_FRAME, BY_NOBODY, CONFIDENCE_CERTAIN);
}

/* What it acknowledges was not captured yet when the first one was: that one could not do all there was to do. */
static bool acks_more(const struct step *st)
{
	return st->has_ack && st->self->has_ack && st->ack > st->self->rcv_nxt &&
	       st->ack <= st->peer->snd_nxt;
}

void duplicate_check(struct step *st)
{
	struct endpoint *e = st->self;
	struct frame_print now = print_of(st);

	for (unsigned i = 0; i < FRAMES_MAX; i++) {
		struct frame_print old = e->frames[i];

		old.hash &= ~IGNORED;
		if (old.hash != now.hash || !is_same_frame(st->conn, st->seg, &old, &now))
			continue;
		if (!(e->frames[i].hash & IGNORED) && !acks_more(st)) {
			note_copy(st);
			return;
		}
		st->repeats_ignored = true;
	}
	if (!st->repeats_ignored)
		remember(e, &now);
}

void duplicate_judged(struct step *st)
{
	struct endpoint *e = st->self;

	if (st->is_weak && st->repeats_ignored)
		note_copy(st);
	else if (st->is_weak)
		e->frames[(e->next_frame + FRAMES_MAX - 1u) % FRAMES_MAX].hash |= IGNORED;
	else if (st->repeats_ignored)
		duplicate_remember(st);
}

void duplicate_trim(struct conn *c)
{
	for (unsigned i = 0; i < 2 * FRAMES_MAX; i++) {
		struct frame_print *p = &c->ends[i / FRAMES_MAX].frames[i % FRAMES_MAX];

		if (c->end - p->time > OTHER_PLACE)
			*p = (struct frame_print){ 0 };
	}
}
