/* SPDX-License-Identifier: MIT */
/*
 * retransmit - a segment with numbers that were passed before: sent again, and why, or only late.
 *
 * Input:  the segment before it moves the edges; when its bytes were sent before; the receiver's answers.
 * Output: the notes retransmission or out_of_order, step.transfer, counts in struct loss.
 * Spec:   RFC 6298 5 (timer), 5681 3.2 and 6675 (fast retransmit, recovery), 8985 (RACK, loss probe),
 *         2883 (D-SACK), 3522 (Eifel), 4737 (reordering).
 *
 * The order, first match wins: a late original (nobody sent it twice); a SYN; bytes that were
 * acknowledged; a lone FIN; what the receiver's duplicate or selective acknowledgments asked for; the timer.
 * The kinds are the sender's reasons, which nobody can see: they follow from what it knew when it sent.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/seq.h"

#define RTO_MIN     (NS_PER_SEC / 5) /* Linux; RFC 6298 2.4 says 1 s */
#define RTO_UNKNOWN NS_PER_SEC       /* RFC 6298 2.1 */
/* Timers are coarse, and a tap sees the packets later than the host. */
#define TIMER_SLACK (NS_PER_SEC / 20)
/* An answer to a packet at the tap comes within its loop and this. */
#define ANSWER_SLACK (NS_PER_SEC / 200)
/* IP IDs further apart than this are not a counter's. */
#define ID_APART 4096
/* Without any round trip: later than this a hole is not filled by reordering. */
#define LATE_UNKNOWN (3 * NS_PER_SEC / 1000)

/* Duplicate ACKs that make a sender send again, RFC 5681 3.2. */
enum {
	DUPLICATE_THRESHOLD = 3,
	BACKED_OFF = 17, /* tenths: the second time-out is twice the first */
	BACKED_OFF_MAX = 25,
};

int64_t retransmit_loop(const struct endpoint *e)
{
	return e->transfer.rtt.samples ? e->transfer.rtt.min : -1;
}

/* From the tap to the sender and back: how long the peer's data waits for the sender's answer. */
static int64_t sender_loop(const struct step *st)
{
	int64_t loop = retransmit_loop(st->peer);

	return loop >= 0 ? loop : arrival_round_trip(st->conn, st->self);
}

/* The sender's own round trip: both halves as the tap sees them. */
static int64_t sender_rtt(const struct step *st)
{
	const struct rtt *rtt = &st->self->transfer.rtt;
	int64_t loop = retransmit_loop(st->peer);

	return rtt->smoothed + (loop > 0 ? loop : 0);
}

/* RFC 6298 2. */
static int64_t sender_rto(const struct step *st)
{
	const struct rtt *rtt = &st->self->transfer.rtt;
	int64_t variation = 4 * rtt->variation;

	if (!rtt->samples)
		return RTO_UNKNOWN;
	return sender_rtt(st) + (variation > RTO_MIN ? variation : RTO_MIN);
}

static struct loss *loss_of(struct endpoint *e)
{
	if (!e->transfer.loss)
		e->transfer.loss = mem_alloc(1, sizeof(*e->transfer.loss));
	return e->transfer.loss;
}

/* --- a late original --- */

enum age { AGE_OLDER, AGE_NEWER, AGE_UNKNOWN };

static enum age age_by_timestamp(const struct step *st, const struct sent *above)
{
	int32_t older = (int32_t)(above->tsval - st->seg->opt.tsval);

	if (!(st->seg->opt.seen & OPT_TIMESTAMPS) || !above->tsval || !older)
		return AGE_UNKNOWN;
	return older > 0 ? AGE_OLDER : AGE_NEWER;
}

static enum age age_by_id(const struct step *st, const struct sent *above)
{
	uint16_t id = st->seg->ip_id, behind = (uint16_t)(above->ip_id - id);

	if (!id || !above->ip_id || behind == 0)
		return AGE_UNKNOWN;
	if (behind < ID_APART)
		return AGE_OLDER;
	return (uint16_t)-behind < ID_APART ? AGE_NEWER : AGE_UNKNOWN;
}

/* Was it sent before or after the segment that jumped over it? */
static enum age age_by_header(const struct step *st, const struct sent *above)
{
	enum age age = age_by_timestamp(st, above);

	return age != AGE_UNKNOWN ? age : age_by_id(st, above);
}

/* What its sender sent later, if the segment is old: what lies above, or the same bytes again. */
static const struct sent *sent_later(const struct step *st)
{
	const struct sent_ring *r = &st->self->transfer.sent;
	const struct sent *above = sent_above(r, st->end);

	return above ? above : sent_find(r, st->seq);
}

/* As far as two of its packets show, its sender's IDs count them. */
static bool counts_packets(const struct step *st, const struct sent *s)
{
	const struct sent *next = sent_next(&st->self->transfer.sent, s);

	return next && next->ip_id && next->ip_id != s->ip_id &&
	       (uint16_t)(next->ip_id - s->ip_id) < ID_APART;
}

/* From after the connection's begin and before its sender's newest segment; all that it brings has come. */
static bool is_of_the_past(const struct step *st)
{
	const struct endpoint *e = st->self;

	return e->offer.timestamps && seq_le(e->memory.syn_tsval, st->seg->opt.tsval) &&
	       st->end <= st->peer->rcv_nxt;
}

/* (Timestamps alone may be wrong, and IDs alone anything.) */
bool retransmit_was_overtaken(const struct step *st)
{
	const struct sent *later = sent_later(st);
	bool is_before = later && age_by_id(st, later) == AGE_OLDER;

	if (!later)
		return false;
	if (!(st->seg->opt.seen & OPT_TIMESTAMPS))
		return is_before && counts_packets(st, later);
	return seq_lt(st->seg->opt.tsval, st->self->tsval) &&
	       (is_before || (!st->seg->ip_id && is_of_the_past(st)));
}

/* Its timestamp is newer than any of its sender so far: it was sent after all that showed that it was missing. */
static bool is_newest(const struct step *st)
{
	return (st->seg->opt.seen & OPT_TIMESTAMPS) && st->self->has_tsval &&
	       seq_lt(st->self->tsval, st->seg->opt.tsval);
}

/*
 * Bytes that nobody has seen: reordered on the way, or sent again because they were lost before the tap.  The
 * sender learns of a loss no sooner than a loop after the segment that jumped over it; but its timer may have
 * run since the original, which is older.
 */
static bool is_late_original(const struct step *st)
{
	const struct sent *above = sent_above(&st->self->transfer.sent, st->end);
	int64_t loop = retransmit_loop(st->peer), age, least = loop >= 0 ? loop : LATE_UNKNOWN;
	enum age header;

	if (!above)
		return !is_newest(st);
	age = st->time - above->first;
	header = age_by_header(st, above);
	if (age_by_timestamp(st, above) == AGE_NEWER)
		return false;
	/* (The receiver had it: on the way to the tap alone nothing is overtaken for long.) */
	if (header == AGE_NEWER && st->end <= st->peer->rcv_nxt && age > LATE_UNKNOWN)
		return false;
	/* (The one that jumped over it may have waited in queues a little longer.) */
	if (header == AGE_NEWER)
		least -= least / 8;
	if (age < least)
		return true;
	switch (header) {
	case AGE_OLDER:
		return true;
	case AGE_NEWER:
		return false;
	case AGE_UNKNOWN:
		break;
	}
	return st->peer->transfer.dup_acks < DUPLICATE_THRESHOLD && age < LATE_UNKNOWN;
}

/* --- why it was sent again --- */

/* The receiver has numbers above the segment. */
static bool is_sacked_above(const struct step *st)
{
	return st->peer->sack_edge > st->end && st->peer->sack_edge > st->peer->rcv_nxt;
}

/* How much it has above. */
static uint64_t sacked_above(const struct step *st)
{
	uint64_t n = 0;

	for (const struct sent *s = sent_find(&st->self->transfer.sent, st->seq); s;
	     s = sent_next(&st->self->transfer.sent, s))
		if (s->flags & SENT_SACKED)
			n += s->len;
	return n;
}

static uint64_t full_size(const struct step *st)
{
	uint16_t mss = st->peer->offer.has_mss ? st->peer->offer.mss : 536;

	return mss;
}

/* Did something from the receiver come just now, so that it may have made the sender send? */
static bool is_clocked(const struct step *st)
{
	return st->peer->packets &&
	       st->time - st->peer->last_time <= sender_loop(st) + ANSWER_SLACK;
}

static bool allows_loss_probe(const struct step *st)
{
	const struct syn_offer *a = &st->self->offer, *b = &st->peer->offer;

	return !a->seen || !b->seen || (a->sack_permitted && b->sack_permitted);
}

/*
 * The other end is not captured, nor what it asked for: only what comes alone, long after it was sent, shows the
 * timer.
 */
static bool is_unexplained(const struct step *st, const struct sent *old)
{
	const struct loss *l = st->self->transfer.loss;

	return !old || (l->counted_until && st->time - l->counted_until < RTO_MIN * 3 / 4);
}

/* The timer ran out.  The last segment of a flight is sent by the loss probe's timer first (RFC 8985 7). */
static enum retransmission_kind timer_kind(
    const struct step *st, const struct sent *old, int64_t gap)
{
	bool is_tail = st->end >= st->self->snd_nxt && old && !old->tries;

	if (is_tail && allows_loss_probe(st) && !st->peer->transfer.dup_acks &&
	    gap <= 2 * sender_rtt(st) + RTO_MIN + TIMER_SLACK)
		return RETRANSMISSION_TLP;
	if (!st->peer->packets && is_unexplained(st, old))
		return RETRANSMISSION_OTHER;
	if (!old || gap >= sender_rto(st) * 3 / 4)
		return RETRANSMISSION_RTO;
	return RETRANSMISSION_OTHER;
}

/* What the receiver's acknowledgments ask for. */
static enum retransmission_kind asked_kind(const struct step *st)
{
	uint16_t dups = st->peer->transfer.dup_acks;
	bool is_first = st->seq <= st->peer->rcv_nxt;

	if (dups < DUPLICATE_THRESHOLD && !is_sacked_above(st))
		return RETRANSMISSION_NONE;
	if (dups >= DUPLICATE_THRESHOLD || sacked_above(st) > 2 * full_size(st))
		return is_first ? RETRANSMISSION_FAST : RETRANSMISSION_SACK_RECOVERY;
	return RETRANSMISSION_RACK;
}

/* Inside a recovery that is not over. */
static enum retransmission_kind recovery_kind(const struct step *st, const struct loss *l)
{
	enum retransmission_kind asked = asked_kind(st);

	if (l->kind == RETRANSMISSION_RTO)
		return RETRANSMISSION_GO_BACK_N;
	return asked == RETRANSMISSION_NONE ? RETRANSMISSION_SACK_RECOVERY : asked;
}

static bool is_recovering(const struct step *st, const struct loss *l)
{
	return l->recovery_end && st->peer->has_ack && st->peer->rcv_nxt < l->recovery_end;
}

/* Its payload as it was sent first, before it was cut. */
static uint64_t first_size(const struct sent_ring *r, const struct sent *s)
{
	uint64_t from = s->seq, end = s->seq + s->len;
	const struct sent *p = sent_find(r, from - 1);

	for (; p && p->packet == s->packet; p = sent_find(r, from - 1))
		from = p->seq;
	for (p = sent_next(r, s); p && p->packet == s->packet; p = sent_next(r, p))
		end = p->seq + p->len;
	return end - from;
}

bool retransmit_was_too_large(const struct step *st, const struct sent *old)
{
	uint64_t headers = (st->seg->ip_version == 6 ? 40u : 20u) + st->seg->header_len;

	return headers + first_size(&st->self->transfer.sent, old) > st->self->path_mtu;
}

/* An ICMP error has just told the sender that it was too large for the path: smaller pieces follow at once. */
static bool is_cut_for_path(const struct step *st, const struct sent *old)
{
	const struct endpoint *self = st->self;

	return self->path_mtu && old && old->last <= self->path_mtu_time &&
	       st->time - self->path_mtu_time <= sender_loop(st) + ANSWER_SLACK &&
	       retransmit_was_too_large(st, old);
}

static enum retransmission_kind kind_of(
    const struct step *st, const struct sent *old, const struct loss *l)
{
	int64_t gap = old ? st->time - old->last : 0;
	enum retransmission_kind asked;
	bool by_timer = !is_clocked(st) && (!old || gap >= RTO_MIN * 3 / 4);

	if (st->seg->flags & TCP_SYN)
		return RETRANSMISSION_SYN;
	if (st->end <= st->peer->rcv_nxt)
		return RETRANSMISSION_SPURIOUS;
	if ((st->seg->flags & TCP_FIN) && !st->seg->len)
		return RETRANSMISSION_FIN;
	if (is_cut_for_path(st, old))
		return RETRANSMISSION_OTHER;
	if (is_recovering(st, l) && !by_timer)
		return recovery_kind(st, l);
	asked = by_timer ? RETRANSMISSION_NONE : asked_kind(st);
	return asked == RETRANSMISSION_NONE ? timer_kind(st, old, gap) : asked;
}

/* --- book-keeping --- */

/* The network card cuts a large one into as many as the receiver's MSS asks for. */
static uint32_t segments_of(const struct step *st)
{
	uint32_t options = st->seg->header_len - 20u, mss = st->peer->offer.mss;

	if (!st->peer->offer.has_mss || mss <= options || st->seg->len <= mss - options)
		return 1;
	return (st->seg->len + mss - options - 1) / (mss - options);
}

static void count(struct step *st, struct loss *l, enum retransmission_kind kind)
{
	struct retransmission_record *r = &l->again;
	uint32_t n = segments_of(st);

	r->segments += n;
	r->kinds[kind] += n;
	r->bytes += st->seg->len;
	if (kind == RETRANSMISSION_SPURIOUS)
		r->in_vain += n;
	if (r->npackets < RETRANSMISSION_PACKETS)
		r->packets[r->npackets++] = st->seg->packet;
	r->packets_seen++;
}

static void begin_recovery(const struct step *st, struct loss *l, enum retransmission_kind kind)
{
	if (kind == RETRANSMISSION_SPURIOUS || kind == RETRANSMISSION_TLP ||
	    kind == RETRANSMISSION_SYN || kind == RETRANSMISSION_FIN ||
	    kind == RETRANSMISSION_OTHER)
		return;
	if (kind != RETRANSMISSION_RTO && is_recovering(st, l))
		return;
	l->kind = (uint8_t)retransmission_class(kind);
	l->recovery_end = st->self->snd_nxt;
}

/*
 * What was taken for a loss probe was the retransmission timer: the second time-out is twice the first, and
 * behind a probe it would have been the same.
 */
static void revise_probe(struct step *st, struct loss *l, const struct sent *old, int64_t gap)
{
	int64_t before = old->last - old->first;

	if (!(old->flags & SENT_WAS_PROBE) || old->tries != 1 || before < RTO_MIN * 3 / 4 ||
	    gap * 10 < before * BACKED_OFF || gap * 10 > before * BACKED_OFF_MAX)
		return;
	l->again.kinds[RETRANSMISSION_TLP]--;
	l->again.kinds[RETRANSMISSION_RTO]++;
	st->transfer.revised = old->again;
	st->transfer.revised_kind = RETRANSMISSION_RTO;
	find_revised(st, old);
}

static void mark(struct step *st, struct sent *s, enum retransmission_kind kind)
{
	s->last = st->time;
	s->again = st->seg->packet;
	s->tsval_again = st->seg->opt.tsval;
	if (s->tries < UINT8_MAX)
		s->tries++;
	s->flags &= (uint8_t) ~(SENT_WAS_PROBE | SENT_IN_VAIN);
	if (kind == RETRANSMISSION_TLP)
		s->flags |= SENT_WAS_PROBE;
	if (kind == RETRANSMISSION_SPURIOUS)
		s->flags |= SENT_IN_VAIN;
}

/* All entries that the segment covers. */
static void mark_all(struct step *st, struct sent *s, enum retransmission_kind kind)
{
	for (; s && s->seq < st->end; s = sent_next(&st->self->transfer.sent, s))
		mark(st, s, kind);
}

static void note_unanswered(struct step *st, const struct sent *old)
{
	struct transfer *t = &st->self->transfer;

	if (!t->unanswered)
		t->unanswered_since = old ? old->first : st->time;
	if (t->unanswered < UINT16_MAX)
		t->unanswered++;
}

/* The entry that begins where the segment does; what was sent in one piece may come again in several. */
static struct sent *repeated(struct step *st)
{
	struct sent_ring *r = &st->self->transfer.sent;

	find_recut(st, sent_find(r, st->seq));
	sent_cut(r, st->seq);
	sent_cut(r, st->end);
	return sent_find(r, st->seq);
}

static void note_again(struct step *st, bool fills)
{
	struct loss *l = loss_of(st->self);
	struct sent *old = repeated(st);
	enum retransmission_kind kind = kind_of(st, old, l);
	int64_t gap = old ? st->time - old->last : 0;

	st->notes |= 1u << SEGMENT_NOTE_RETRANSMISSION;
	if (old && kind == RETRANSMISSION_RTO)
		revise_probe(st, l, old, gap);
	st->transfer.kind = (uint8_t)kind;
	st->transfer.again = gap;
	st->transfer.repeats =
	    old && (!(old->flags & SENT_RUN) || old->seq == st->seq) ? old->packet : 0;
	count(st, l, kind);
	begin_recovery(st, l, kind);
	l->last_gap = gap;
	if (kind != RETRANSMISSION_SPURIOUS)
		note_unanswered(st, old);
	find_again(st, old, gap, fills);
	mark_all(st, old, kind);
	st->transfer.tries = old ? old->tries : 1;
}

void retransmit_unneeded(struct step *st, struct sent *s, unsigned times)
{
	struct transfer *t = &st->peer->transfer;

	s->flags |= SENT_UNNEEDED;
	t->measures.unneeded += times;
	if (s->flags & SENT_IN_VAIN || !t->loss)
		return;
	t->loss->again.in_vain += times;
	for (; times; times--)
		find_not_lost(st, s);
}

/* It goes on as if it had not run (RFC 3522, 5682): what it sends again now has another reason. */
void retransmit_undone(struct transfer *t)
{
	if (t->loss && t->loss->kind == RETRANSMISSION_RTO)
		t->loss->recovery_end = 0;
}

/* Space that no packet at the tap had before: from here on it was seen. */
static void remember(struct step *st, bool is_late)
{
	const struct segment *s = st->seg;

	sent_insert(&st->self->transfer.sent, &(struct sent){
	                                          .seq = st->seq,
	                                          .packet = s->packet,
	                                          .first = st->time,
	                                          .last = st->time,
	                                          .len = (uint32_t)(st->end - st->seq),
	                                          .tsval = s->opt.tsval,
	                                          .tsval_again = s->opt.tsval,
	                                          .ip_id = s->ip_id,
	                                          .tries = !is_late,
	                                          .flags = SENT_UNTIMED,
	                                      });
}

static void note_late(struct step *st)
{
	struct transfer *t = &st->self->transfer;
	struct measures *m = &t->measures;
	const struct sent *above = sent_above(&t->sent, st->end);
	uint32_t packets = above ? sent_count_from(&t->sent, above) : 0;

	st->notes |= 1u << SEGMENT_NOTE_OUT_OF_ORDER;
	m->reordered++;
	if (st->self->snd_nxt > st->end && st->self->snd_nxt - st->end > m->reorder_bytes)
		m->reorder_bytes = st->self->snd_nxt - st->end;
	if (packets > m->reorder_packets)
		m->reorder_packets = packets;
	if (above && st->time - above->first > m->reorder_time)
		m->reorder_time = st->time - above->first;
	find_late(st);
}

/* What it brings has come: it was sent again, and that overtook it. */
static bool was_repeated_before(const struct step *st)
{
	return st->end <= st->peer->rcv_nxt && retransmit_was_overtaken(st);
}

void retransmit_note(struct step *st, bool fills)
{
	bool is_late = fills ? is_late_original(st) : was_repeated_before(st);

	if (is_late)
		note_late(st);
	else
		note_again(st, fills);
	if (fills && !st->self->transfer.is_closed)
		remember(st, is_late);
}
