/* SPDX-License-Identifier: MIT */
/*
 * express - the lanes for what most segments are: the next bytes of an open connection, the next acknowledgment
 * or the FIN, with nothing about them that any check or finding could remark on.
 *
 * Input:  a segment whose numbers are known.
 * Output: the same as the long way gives, without its questions.
 * Spec:   the header prediction of Jacobson, as in most stacks; RFC 9293 3.10.7.4 for what it skips.
 *
 * On the calm lane the segment passes the checks of track.c, and the groups of findings have nothing to say but
 * for that on teardown; it is applied as on the long way.  On the express lane there is nothing to apply, either: no
 * state changes.  What must hold of the connection is asked after each segment that was neither on the express lane
 * nor a copy, and kept in conn.is_calm and conn.is_smooth: nothing on the express lane changes them.  A new check or
 * finding that looks at segments of an open connection adds its condition here.  Some conditions follow from others:
 * they are cheap, and stay where the one that implies them may go.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcp/reasm.h"
#include "tcp/stream.h"
#include "tcpshadow/seq.h"

/* After a longer silence an acknowledgment is late: sign.c (ns). */
#define PAUSE_MAX ((uint64_t)NS_PER_SEC)

enum {
	TINY_MAX = 2,    /* as for find_attack.c */
	PACKETS_MIN = 2, /* of each side: what its first ones show was looked at */
	PLAIN_OPTIONS = OPT_NOP | OPT_EOL | OPT_TIMESTAMPS,
	PLAIN_NOTES = SEG_TRAILER,
};

/*
 * The server behind an ordinary handshake, of which only the SYN-ACK was captured so far: nothing but an
 * acknowledgment of that is on its way to it.  Another one changes nothing, and when the server sends it has arrived:
 * open_end().
 */
static bool is_end_opening(const struct conn *c, const struct endpoint *e)
{
	const uint16_t changing = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;
	const struct arrival *a = &e->arrivals[0];

	return e->state == TCPS_SYN_RECEIVED && e->packets == 1 && e->synack_sent && c->syns == 1 &&
	       c->synacks == 1 && e->narrivals == 1 && (a->flags & changing) == TCP_ACK && !a->weak;
}

static bool was_open(const struct endpoint *e)
{
	/* (Its first TTL is not kept where its first segment had to be ignored: find_attack.c.) */
	return e->state >= TCPS_ESTABLISHED && e->packets >= PACKETS_MIN &&
	       (e->attack.first_ttl || !e->attack.synack_ttl);
}

static bool is_end_calm(const struct conn *c, const struct endpoint *e)
{
	if (!was_open(e) && !is_end_opening(c, e))
		return false;
	if (e->nholes | e->attack.tiny | e->rst_seen | e->exact_rst_sent | e->stream_closed |
	    e->owes_challenge | e->memory.owes | e->uses_md5 | e->is_offer_cut | e->stuck_times |
	    e->path_mtu)
		return false;
	if (e->unseen_ack | e->far_ack | e->missing | e->memory.probe_end | e->bad_checksum_packet |
	    e->facts.ambiguous)
		return false;
	if (!(e->has_seq & e->has_ack & e->scale_known & e->has_good_ip_checksum))
		return false;
	if (e->uses_timestamps && !(e->has_tsval & e->has_ts_recent))
		return false;
	return e->last_window && e->iss && e->good_checksums && e->snd_nxt == e->cap_nxt;
}

/* Of a calm one.  (Where one end is opening, the other is open.) */
static bool is_end_smooth(const struct endpoint *e)
{
	const struct reasm *r = e->stream;

	if (e->state > TCPS_ESTABLISHED || (e->state == TCPS_ESTABLISHED && e->narrivals))
		return false;
	return !e->fin_seen && !e->last_fin_end &&
	       (!r || (!r->nwaiting && !r->nheld && !r->fin && r->counting));
}

void express_learn(struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	c->is_calm = c->is_smooth = false;
	if (!c->handshake_done || c->is_over || c->is_midstream || c->is_self_connect)
		return;
	if (c->resets_seen || c->acked_before_seen || c->storm)
		return;
	c->is_calm = is_end_calm(c, a) && is_end_calm(c, b);
	c->is_smooth = c->is_calm && (c->signs & SIGN_OPENED) && !c->nfin_order &&
	               is_end_smooth(a) && is_end_smooth(b);
}

static bool is_header_plain(const struct step *st)
{
	const struct segment *s = st->seg;
	uint16_t id = s->ip_id, last = st->self->ip_id;

	if ((s->flags & ~(unsigned)(TCP_PSH | TCP_FIN)) != TCP_ACK || s->window == 0)
		return false;
	if (s->urgent | s->opt.odd | (s->notes & ~(unsigned)PLAIN_NOTES) |
	    (s->opt.seen & ~(unsigned)PLAIN_OPTIONS))
		return false;
	if (s->checksum_state != CHECKSUM_GOOD || (s->tos & ECN_CE) == ECN_CE || s->kind != SEG_TCP)
		return false;
	if (s->ttl != st->self->ttl || (st->self->data_ttl && s->ttl != st->self->data_ttl))
		return false;
	return !conn_id_went_back(last, id);
}

/* RFC 7323 3.2, 5.3: there if agreed, not older than what was there, an echo of something recent. */
static bool is_timestamp_plain(const struct step *st)
{
	const struct tcp_options *opt = &st->seg->opt;
	const struct endpoint *self = st->self, *peer = st->peer;

	if (!(self->uses_timestamps && peer->uses_timestamps))
		return !(opt->seen & OPT_TIMESTAMPS);
	/* (Asked as the checks ask: what is half the numbers apart is older and newer.) */
	return (opt->seen & OPT_TIMESTAMPS) && !seq_lt(opt->tsval, self->tsval) &&
	       !seq_lt(opt->tsval, peer->ts_recent) && opt->tsecr &&
	       peer->tsval - opt->tsecr < TS_SLACK;
}

/* The next in order, saying something, acknowledging no less than before, inside the window. */
static bool are_numbers_plain(const struct step *st)
{
	const struct endpoint *self = st->self, *peer = st->peer;
	const struct segment *s = st->seg;

	if (st->seq != self->snd_nxt || st->end > peer->right_edge)
		return false;
	/* (Neither back in time nor after a long silence, nor with a peer that spoke before a clock was set back.) */
	if ((uint64_t)(st->time - st->conn->end) > PAUSE_MAX ||
	    st->time - peer->last_time > (int64_t)PAUSE_MAX)
		return false;
	if (st->ack < self->rcv_nxt || st->ack > peer->snd_nxt)
		return false;
	if (s->len <= TINY_MAX)
		return s->len == 0 && (st->ack > self->rcv_nxt || (s->flags & TCP_FIN));
	return peer->offer.has_mss && s->len + s->header_len - 20u <= peer->offer.mss;
}

enum lane express_lane(const struct step *st)
{
	const struct conn *c = st->conn;

	if (!c->is_calm || !is_header_plain(st) || !are_numbers_plain(st) ||
	    !is_timestamp_plain(st))
		return LANE_LONG;
	return c->is_smooth && !(st->seg->flags & TCP_FIN) ? LANE_EXPRESS : LANE_CALM;
}

/* What the checks and findings of the long way remember of it. */
void express_accept(struct step *st)
{
	duplicate_remember(st);
	st->edge_before = st->peer->right_edge;
	if (st->seg->ip_id)
		st->self->ip_id = st->seg->ip_id;
	if (st->self->state == TCPS_SYN_RECEIVED)
		st->self->attack.first_ttl = st->seg->ttl;
}

/* The server's first segment behind its SYN-ACK: what acknowledged that has arrived. */
static void open_end(struct step *st)
{
	arrival_prove(st);
	arrival_settle(st);
}

void express_segment(struct step *st)
{
	struct endpoint *e = st->self;
	const struct segment *s = st->seg;

	express_accept(st);
	if (e->state != TCPS_ESTABLISHED)
		open_end(st);
	if (s->len) {
		e->data_ttl = s->ttl;
		st->conn->signs |= SIGN_TALKED;
	}
	track_advance(st);
	stream_plain(st);
	find_transfer(st);
	spent_segment(st);
	e->last_packet = s->packet;
}
