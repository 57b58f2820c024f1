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
 *
 * Later than that a copy is told by the sent segment that it repeats: by the same IP ID, where the sender gives each
 * packet another, and the same timestamp, or by a timestamp that the sender has gone beyond; a SYN by coming before any
 * timer.  The network doubles packets, and there may be two places of capture that are far apart.  Its sender sent
 * nothing; its bytes are compared all the same.
 */
#include "config.h"

#include "tcp/find.h"
#include "tcpshadow/seq.h"

enum {
	TICKS_MIN = 10,                 /* that make a clock's speed known */
	TICKS_SURE = 2,                 /* that are sure to have passed */
	DOUBLED_MIN = 3,                /* copies that make a habit of the tap */
	SAME_PLACE = NS_PER_SEC / 1000, /* a tap that delivers twice does it at once, ns */
	OTHER_PLACE = NS_PER_SEC / 200, /* from one place of capture to the other, ns */
	LATE_MAX = NS_PER_SEC,          /* later an IP ID may be in use again, ns */
	TIMER_MIN = NS_PER_SEC / 5,     /* sooner no timer sends anything again, ns */
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

/* A copy of what was captured at that time. */
static void note_late(struct step *st, int64_t since)
{
	const int64_t ms = NS_PER_SEC / 1000;
	/* (The clock may have been set back since.) */
	uint64_t late = st->time > since ? (uint64_t)((st->time - since + ms - 1) / ms) : 0;
	struct finding *f;

	st->is_copy = true;
	st->is_weak = false;
	st->notes = 1u << SEGMENT_NOTE_DUPLICATE_FRAME;
	f = find_segment(st, FINDING_PACKET_CAME_TWICE, BY_SELF, CONFIDENCE_LIKELY);
	if (!f)
		return;
	if (late > f->a)
		f->a = late;
	if (f->count >= DOUBLED_MIN && f->count * UINT64_C(3) >= st->self->packets)
		st->conn->traps |= TRAP_DUPLICATE;
}

/* A SYN-ACK for the SYN that was captured since the one before. */
static bool answers_syn_again(const struct step *st, int64_t since)
{
	const struct endpoint *peer = st->peer;

	return st->has_ack && peer->reset.query == QUERY_SYN && peer->reset.spoke_at >= since &&
	       conn_sent(peer) > 1;
}

/* Their hashes are the same: the SYN again, sooner than any timer.  (Once the connection is open its answer counts.) */
static bool is_late_syn(const struct step *st, const struct frame_print *old)
{
	int64_t apart = st->time - old->time;

	return (st->seg->flags & TCP_SYN) && !st->seg->len && !st->conn->handshake_done &&
	       apart >= 0 && apart < TIMER_MIN && !answers_syn_again(st, old->time);
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
		if (old.hash != now.hash)
			continue;
		if (!is_same_frame(st->conn, st->seg, &old, &now)) {
			if (!is_late_syn(st, &old))
				continue;
			note_late(st, old.time);
			return;
		}
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

/* A segment that the receiver had no reason to ignore but its age. */
static bool may_be_late(const struct step *st)
{
	const struct segment *s = st->seg;
	const uint32_t old = 1u << SEGMENT_NOTE_PAWS | 1u << SEGMENT_NOTE_IGNORED;

	return st->end > st->seq && st->end <= st->self->snd_nxt &&
	       (s->flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK && !(st->notes & ~old) &&
	       s->checksum_state != CHECKSUM_BAD && !(s->notes & ~(uint32_t)SEG_TRAILER) &&
	       !s->opt.odd && !(s->opt.seen & OPT_MD5);
}

static bool is_other_id(const struct sent *other, uint16_t id)
{
	return other && other->ip_id && other->ip_id != id;
}

/* The sender gives each packet another ID. */
static bool varies_ids(const struct step *st, const struct sent *old)
{
	const struct sent_ring *r = &st->self->transfer.sent;

	return (st->self->ip_id && st->self->ip_id != old->ip_id) ||
	       is_other_id(sent_next(r, old), old->ip_id) ||
	       is_other_id(sent_find(r, old->seq - 1), old->ip_id);
}

/* Copies of its sender's packets have come again and again. */
static bool is_habit(const struct step *st)
{
	const struct finding *f = find_have(st->conn, FINDING_PACKET_CAME_TWICE, st->dir);

	return f && f->count >= DOUBLED_MIN;
}

/* Without timestamps only the ID tells, which a host may keep (RFC 1122 3.2.1.5): nothing had asked for it again. */
static bool was_not_due(const struct step *st, int64_t late)
{
	return (st->seg->opt.seen & OPT_TIMESTAMPS) || is_habit(st) ||
	       st->end <= st->peer->rcv_nxt || (late < TIMER_MIN && !st->peer->transfer.dup_acks);
}

/* Its sender has sent something with a newer timestamp: it would give that to a repetition, too. */
static bool is_outdated(const struct step *st)
{
	return (st->seg->opt.seen & OPT_TIMESTAMPS) && st->self->has_tsval &&
	       seq_lt(st->seg->opt.tsval, st->self->tsval);
}

/* What it brings was captured and acknowledged so long ago that its first packet is forgotten, and it is older still. */
static bool is_from_before(const struct step *st)
{
	return !st->self->nholes && st->end <= st->peer->rcv_nxt && retransmit_was_overtaken(st);
}

/* So late after that a packet may still be told from others. */
static bool is_soon(int64_t late)
{
	return late >= 0 && late < LATE_MAX;
}

/* As fast as its sender's clock goes it has gone on since: a repetition would have a newer timestamp. */
static bool has_ticked(const struct step *st, int64_t late)
{
	const struct endpoint *e = st->self;
	uint32_t ticks = e->tsval - e->memory.syn_tsval;

	return (st->seg->opt.seen & OPT_TIMESTAMPS) && e->has_tsval && e->offer.timestamps &&
	       ticks >= TICKS_MIN && (uint64_t)late * ticks > TICKS_SURE * (uint64_t)st->time;
}

static bool repeats_first(const struct step *st, const struct sent *old)
{
	int64_t late = st->time - old->first;

	if (old->ip_id != st->seg->ip_id || old->tsval != st->seg->opt.tsval || !is_soon(late))
		return false;
	if (!old->ip_id)
		return is_outdated(st) || has_ticked(st, late);
	return varies_ids(st, old) && was_not_due(st, late);
}

/* (The ID of a repetition is not kept; but a third one would not be older than other packets.) */
static bool repeats_again(const struct step *st, const struct sent *old)
{
	return old->tries && is_outdated(st) && st->seg->opt.tsval == old->tsval_again &&
	       is_soon(st->time - old->last);
}

bool duplicate_is_late(const struct step *st)
{
	const struct sent *old;

	if (!may_be_late(st))
		return false;
	old = sent_find(&st->self->transfer.sent, st->seq);
	if (!old)
		return is_from_before(st);
	return !(old->flags & SENT_RUN) && old->seq == st->seq && old->seq + old->len == st->end &&
	       (repeats_first(st, old) || repeats_again(st, old));
}

void duplicate_late(struct step *st)
{
	const struct sent_ring *r = &st->self->transfer.sent;
	const struct sent *old = sent_find(r, st->seq);

	/* (Where the first one is forgotten, it was before the segments that are not.) */
	if (!old)
		note_late(st, sent_above(r, st->end)->first);
	else
		note_late(st, repeats_first(st, old) ? old->first : old->last);
}

void duplicate_trim(struct conn *c)
{
	for (unsigned i = 0; i < 2 * FRAMES_MAX; i++) {
		struct frame_print *p = &c->ends[i / FRAMES_MAX].frames[i % FRAMES_MAX];

		if (c->end - p->time > OTHER_PLACE)
			*p = (struct frame_print){ 0 };
	}
}
