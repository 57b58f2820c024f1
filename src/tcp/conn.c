/* SPDX-License-Identifier: MIT */
/*
 * conn - one segment through the machine, in this order: what it proves its sender has received, what
 * sending it means, where it moves the edges, and what it will mean when it arrives at the peer.
 *
 * Spec: RFC 9293 3.5 to 3.10; lessons of real kernels are named where they decide.
 */
#include "config.h"

#include <stdlib.h>

#include "tcp/completeness.h"
#include "tcp/conn.h"
#include "tcp/find.h"
#include "tcp/stream.h"
#include "tcpshadow/mem.h"

/* Larger segments may have been put together by the receiver's card, which leaves no checksum either. */
#define ORDINARY_PAYLOAD 1460

void conn_init(struct conn *c, const struct segment *s, uint8_t dir)
{
	bool is_icmp = s->kind == SEG_ICMP;

	for (unsigned i = 0; i < 2; i++)
		util_clear(&c->ends[i], ENDPOINT_FIXED);
	util_clear(&c->uid, sizeof(*c) - offsetof(struct conn, uid));
	c->uid = s->packet;
	c->start = s->ts;
	c->ip_version = s->ip_version;
	c->file = s->file;
	c->vlan = s->vlan;
	c->tunnel = s->tunnel;
	c->syn_time = c->synack_time = c->synack_first = c->ack_time = -1;
	c->addrs[dir] = (struct endpoint_addr){ s->src, s->sport, s->ip_version, 0 };
	c->addrs[!dir] = (struct endpoint_addr){ s->dst, s->dport, s->ip_version, 0 };
	c->client = c->opening_dir = dir;
	c->opening = is_icmp ? 0 : s->flags;
	c->opener = OPENER_UNKNOWN;
	c->spent.talker = 2;
	c->spent.was_opening = true;
	if (!is_icmp && (s->flags & (TCP_SYN | TCP_RST)) == TCP_SYN) {
		c->opener = OPENER_CLIENT;
		if (s->flags & TCP_ACK)
			c->client = !dir;
		return;
	}
	c->is_midstream = true;
	c->ends[0].may_have_fin = c->ends[1].may_have_fin = true;
	/* No handshake tells the roles: services live on low ports. */
	if (s->sport < s->dport)
		c->client = !dir;
}

void conn_copy(struct conn *to, const struct conn *from)
{
	*to = *from;
	to->is_calm = to->is_smooth = false; /* these lanes do not ask whether there are streams */
	to->findings = mem_copy(from->findings, from->nfindings, sizeof(*to->findings));
	to->findings_cap = from->nfindings;
	to->resets = mem_copy(from->resets, from->nresets, sizeof(*to->resets));
	to->resets_cap = (uint16_t)from->nresets;
	if (from->icmp)
		to->icmp = mem_copy(from->icmp, ICMP_MAX, sizeof(*to->icmp));
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &to->ends[i];

		e->stream = NULL;
		e->stream_closed = true;
		if (e->holes)
			e->holes = mem_copy(e->holes, HOLES_MAX, sizeof(*e->holes));
		transfer_own(&e->transfer);
	}
}

void conn_trim(struct conn *c)
{
	duplicate_trim(c);
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		if (e->nholes == 0) {
			free(e->holes);
			e->holes = NULL;
		}
	}
}

/* The lines that every segment touches. */
void conn_prefetch(const struct conn *c)
{
	for (unsigned i = 0; i < 2; i++)
		util_prefetch(&c->ends[i], offsetof(struct endpoint, memory));
	util_prefetch(&c->uid, (size_t)2 * CACHE_LINE);
}

void conn_prefetch_streams(const struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *e = &c->ends[i];

		if (e->stream)
			reasm_prefetch(e->stream);
		sent_prefetch(&e->transfer.sent);
	}
}

void conn_release(struct conn *c)
{
	free(c->findings);
	free(c->resets);
	free(c->icmp);
	c->findings = NULL;
	c->resets = NULL;
	c->icmp = NULL;
	for (unsigned i = 0; i < 2; i++) {
		reasm_free(c->ends[i].stream);
		c->ends[i].stream = NULL;
		free(c->ends[i].holes);
		c->ends[i].holes = NULL;
		transfer_release(&c->ends[i]);
	}
}

/* ns since the start */
static inline void note_time(struct conn *c, int64_t time)
{
	if (time - c->end > c->gap)
		c->gap = time - c->end;
	if (time > c->end)
		c->end = time;
}

static inline void count(struct step *st)
{
	struct conn *c = st->conn;
	struct endpoint *e = st->self;

	e->packets++;
	e->wire_bytes += st->seg->wire_len;
	e->payload_bytes += st->seg->len;
	if (st->time - e->last_time > e->transfer.measures.idle_max && e->packets > 1)
		e->transfer.measures.idle_max = st->time - e->last_time;
	e->last_time = st->time;
	note_time(c, st->time);
}

static void account(struct step *st)
{
	struct conn *c = st->conn;
	struct endpoint *e = st->self;

	count(st);
	if (st->seg->notes & SEG_TRUNCATED) {
		c->truncated++;
		st->notes |= 1u << SEGMENT_NOTE_TRUNCATED;
	}
	if (!(st->seg->notes & SEG_IP_CHECKSUM_BAD))
		e->has_good_ip_checksum = true;
	if (st->seg->checksum_state == CHECKSUM_GOOD)
		e->good_checksums++;
	else if (st->seg->checksum_state == CHECKSUM_BAD)
		e->bad_checksums++;
	else if (st->seg->checksum_state == CHECKSUM_PARTIAL && st->seg->len <= ORDINARY_PAYLOAD)
		e->leaves_checksums = true;
}

static void read_offer(struct syn_offer *o, const struct segment *s)
{
	const struct tcp_options *opt = &s->opt;

	*o = (struct syn_offer){
		.seen = true,
		.has_mss = opt->seen & OPT_MSS,
		.has_wscale = opt->seen & OPT_WSCALE,
		.sack_permitted = opt->seen & OPT_SACK_PERMITTED,
		.timestamps = opt->seen & OPT_TIMESTAMPS,
		.fast_open = opt->seen & OPT_FAST_OPEN,
		/* RFC 3168 6.1.1: a SYN asks with ECE and CWR, a SYN-ACK agrees with ECE alone. */
		.ecn = (s->flags & TCP_ACK)
		           ? (s->flags & (TCP_ECE | TCP_CWR)) == TCP_ECE
		           : (s->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR),
		.mss = (opt->seen & OPT_MSS) ? opt->mss : 0,
		.window_scale = (opt->seen & OPT_WSCALE) ? opt->wscale : 0,
	};
}

/* RFC 7323 2.2: scaling is on only if both SYNs carried the option; a shift above 14 means 14 (2.3). */
static void agree_on_scaling(struct conn *c)
{
	struct endpoint *a = &c->ends[0], *b = &c->ends[1];
	bool both = a->offer.has_wscale && b->offer.has_wscale;

	if (!a->offer.seen || !b->offer.seen)
		return;
	a->scale_known = b->scale_known = true;
	a->wscale = both ? (uint8_t)(a->offer.window_scale > 14 ? 14 : a->offer.window_scale) : 0;
	b->wscale = both ? (uint8_t)(b->offer.window_scale > 14 ? 14 : b->offer.window_scale) : 0;
}

/*
 * A SYN with another ISN, before anybody acknowledged the first: a new attempt of the same connection (a
 * server that had forgotten its SYN-ACK, say); or one that comes after an ACK with numbers of some other
 * connection.  The old numbers mean nothing any more.
 */
static void restart_numbers(struct step *st)
{
	struct endpoint *e = st->self;

	arrival_obey_reset(st);
	e->has_seq = false;
	e->nholes = 0;
	e->missing = 0;
	sent_release(&e->transfer.sent);
	for (unsigned i = 0; i < st->peer->narrivals; i++)
		st->peer->arrivals[i].weak = true;
}

/* Its end has sent bare ACKs so far, and not with this number.  (One may have overtaken the SYN at the tap.) */
static bool follows_strange_ack(const struct step *st)
{
	const struct endpoint *e = st->self;

	return !e->iss && e->has_seq && !e->payload_bytes && !st->conn->is_midstream &&
	       st->seq != e->snd_nxt && st->seq + 1 != e->snd_nxt;
}

/*
 * A SYN that comes again behind the first SYN-ACK has not been answered by that.  (Where both ends sent SYNs, each
 * sends a SYN-ACK: the second one has crossed the path.)
 */
static void note_handshake_time(struct conn *c, const struct step *st, bool restarts)
{
	if (!(st->seg->flags & TCP_ACK)) {
		if (c->synack_time < 0)
			c->syn_time = st->time;
		return;
	}
	c->synack_time = st->time;
	if ((c->synack_first < 0 || restarts || c->both_syn) &&
	    (!st->peer->iss || (st->ack > st->peer->iss && st->ack <= st->peer->snd_nxt)))
		c->synack_first = st->time;
}

static void learn_from_syn(struct step *st)
{
	struct conn *c = st->conn;
	struct endpoint *e = st->self;
	bool is_repeat = e->iss && e->isn == st->seg->seq;
	bool restarts;

	if (st->seg->flags & TCP_ACK)
		c->synacks++;
	else
		c->syns++;
	restarts = (follows_strange_ack(st) || (e->iss && !is_repeat)) && !c->handshake_done;
	if (restarts)
		restart_numbers(st);
	else if (e->iss && !is_repeat)
		return;
	if (!c->handshake_done)
		note_handshake_time(c, st, restarts);
	e->iss = st->seq;
	e->isn = st->seg->seq;
	read_offer(&e->offer, st->seg);
	e->uses_timestamps = e->offer.timestamps;
	e->uses_md5 = st->seg->opt.seen & OPT_MD5;
	agree_on_scaling(c);
	if (restarts)
		track_numbers(st);
}

static void learn_roles(struct step *st)
{
	struct conn *c = st->conn;
	bool is_ack = st->seg->flags & TCP_ACK;

	if (is_ack && st->peer->iss && st->peer->offer.seen && st->ack > st->peer->iss + 1)
		st->peer->syn_data_acked = true;
	if (!is_ack && st->peer->offer.seen && st->peer->state == TCPS_SYN_SENT)
		c->both_syn = true;
	/* A reordered or late-starting capture may show the SYN after what it started. */
	if (c->opener == OPENER_UNKNOWN && !c->is_over) {
		c->opener = OPENER_CLIENT;
		c->client = is_ack ? !st->dir : st->dir;
		c->is_midstream = false;
	}
}

static struct cause cause_of(const struct step *st, bool proved)
{
	return (struct cause){ st->seg->packet, st->time, proved ? st->seg->packet : 0 };
}

static void sent_syn(struct step *st)
{
	struct cause cause = cause_of(st, true);

	if (st->seg->flags & TCP_ACK) {
		if (st->self->state == TCPS_SYN_RECEIVED && st->peer->last_packet &&
		    st->self->narrivals)
			st->self->synack_repeated = true;
		st->self->synack_sent = true;
		st->self->synack_tsval = st->seg->opt.tsval;
		(void)state_stimulus(st->self, SND_SYNACK, &cause);
		return;
	}
	state_begin(st->self, TCPS_CLOSED);
	(void)state_stimulus(st->self, SND_SYN, &cause);
}

static void sent_fin(struct step *st)
{
	struct conn *c = st->conn;
	struct endpoint *e = st->self;
	struct cause cause = cause_of(st, !st->peer->may_have_fin);

	/* A FIN below what the peer has acknowledged already is none of this stream. */
	if (st->peer->has_ack && st->end < st->peer->rcv_nxt)
		return;
	e->last_fin_end = st->end;
	if (!e->fin_seen) {
		if (c->nfin_order < 2)
			c->fin_order[c->nfin_order++] = st->dir;
		e->fin_seen = true;
		e->fin_was_next = st->seq == e->snd_nxt - segment_seq_len(st->seg) && !e->nholes &&
		                  !st->acks_unsent;
		e->fin_end = st->end;
	}
	(void)state_stimulus(e, SND_FIN, &cause);
}

static const struct arrival *waiting_synack(const struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals; i++)
		if ((e->arrivals[i].flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
			return &e->arrivals[i];
	return NULL;
}

/*
 * Nobody reads any more where the FIN came from, and data came: the RST has the number of the acknowledgment in that
 * (RFC 9293 3.5.2), which the peer sent before it had the FIN, and so at the beginning of some segment.
 */
static bool rst_answers_behind_fin(const struct step *st)
{
	const struct endpoint *e = st->self;
	const struct sent *s;

	if (!e->fin_seen || st->seq >= e->fin_end || !reset_is_echo(st))
		return false;
	s = sent_find(&e->transfer.sent, st->seq);
	return st->seq + 1 == e->fin_end || (s && s->seq == st->seq);
}

/*
 * Does this RST end the connection of its sender?  One that answers an unacceptable acknowledgment takes
 * its number from there and leaves SYN-SENT and SYN-RECEIVED as they are (RFC 9293 3.10.7.3, 3.10.7.4).
 */
static bool rst_ends_sender(const struct step *st)
{
	const struct endpoint *e = st->self;
	bool has_ack = st->seg->flags & TCP_ACK;

	if (st->is_foreign)
		return false;
	if (e->state == TCPS_SYN_SENT && !has_ack) {
		const struct arrival *synack = waiting_synack(e);

		/* (Another number than its own answers something that was not captured.) */
		if (!synack)
			return st->seq >= e->iss && st->seq <= e->snd_nxt;
		return synack->ack > e->iss && synack->ack <= e->snd_nxt;
	}
	if (e->state == TCPS_SYN_RECEIVED)
		return st->seq == e->snd_nxt || (has_ack && st->seg->seq == 0);
	if (!e->has_seq)
		return true;
	/* Its own number is not below what it knows to be acknowledged, whether or not its SYN was captured. */
	if (st->peer->has_ack && (st->seq < st->peer->rcv_nxt || st->seq < e->unseen_ack))
		return rst_answers_behind_fin(st);
	return !e->iss || (st->seq >= e->iss && st->seq <= e->snd_nxt + 1);
}

/* It answers data that acknowledged our FIN, or came behind what did. */
static void imply_acked_fin(struct step *st)
{
	struct endpoint *e = st->self;
	struct cause cause = { st->peer->last_packet, st->peer->last_time, st->seg->packet };

	if (!st->has_ack && e->fin_seen && e->state == TCPS_FIN_WAIT_1 &&
	    reset_answers_data(st, e->fin_end))
		(void)state_stimulus(e, RCV_ACKFIN, &cause);
}

static void sent_rst(struct step *st)
{
	struct conn *c = st->conn;
	struct endpoint *e = st->self;
	/* Of an end not seen before, a RST without ACK may be the answer of SYN-SENT to a wrong ACK. */
	struct cause cause = cause_of(st, !c->is_midstream || st->has_ack);

	reset_note(st, rst_ends_sender(st));
	if (e->nhistory == 0 && st->peer->offer.seen && !e->offer.seen) {
		state_begin(e, TCPS_CLOSED);
		c->refused = true;
		c->is_over = true;
		return;
	}
	if (!rst_ends_sender(st))
		return;
	imply_acked_fin(st);
	if (!e->rst_seen)
		e->first_rst_time = st->time;
	e->rst_seen = true;
	e->rst_time = st->time;
	c->is_over = true;
	(void)state_stimulus(e, SND_RST, &cause);
}

/* After a RST of its own a host has no connection left to send from: the RST was not its own. */
static void take_back_reset(struct step *st)
{
	struct endpoint *e = st->self;

	if (!e->rst_seen || e->state != TCPS_CLOSED)
		return;
	if (st->end <= e->snd_nxt && st->time - e->rst_time <= arrival_round_trip(st->conn, e))
		return;
	e->rst_seen = false;
	st->conn->is_over = false;
	state_undo(e);
}

/*
 * The sender acknowledges in SYN-SENT: it got a SYN-ACK, so the peer got the SYN, even where the capture
 * lacks the SYN-ACK.
 */
static void imply_synack(struct step *st)
{
	struct endpoint *peer = st->peer;

	for (unsigned i = 0; i < peer->narrivals; i++)
		if ((peer->arrivals[i].flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
		    peer->state == TCPS_UNKNOWN) {
			segarrives(peer, st->self, &peer->arrivals[i], st->seg->packet);
			peer->narrivals = 0;
			peer->iss = st->ack - 1;
			break;
		}
}

/* A SYN or SYN-ACK is on its way to this end and may explain what it sends. */
static bool awaits_syn(const struct endpoint *e)
{
	for (unsigned i = 0; i < e->narrivals; i++)
		if (e->arrivals[i].flags & TCP_SYN)
			return true;
	return e->state == TCPS_SYN_RECEIVED;
}

static bool is_open(const struct endpoint *e)
{
	return e->state >= TCPS_ESTABLISHED;
}

/* What only an open connection sends shows that the handshake was completed, captured or not. */
static void imply_open(struct step *st)
{
	struct endpoint *e = st->self;
	struct cause cause;

	if (!st->has_ack || (st->seg->flags & (TCP_SYN | TCP_RST)) || e->owes_challenge)
		return;
	cause = cause_of(st, true);
	if (e->state == TCPS_SYN_SENT) {
		imply_synack(st);
		(void)state_stimulus(e, IMPLIED_OPEN, &cause);
	} else if (e->state == TCPS_UNKNOWN && st->peer->state != TCPS_SYN_SENT) {
		/* (An ACK in answer to a SYN comes from an older connection, or opens a split handshake.) */
		(void)state_stimulus(e, IMPLIED_OPEN, &cause);
	} else if (e->state == TCPS_SYN_RECEIVED && !st->peer->syn_data_acked) {
		(void)state_stimulus(e, IMPLIED_OPEN, &cause);
	}
}

static void send(struct step *st)
{
	uint16_t flags = st->seg->flags;

	if (flags & TCP_RST) {
		sent_rst(st);
		return;
	}
	if (flags & TCP_SYN)
		sent_syn(st);
	if (flags & TCP_FIN)
		sent_fin(st);
}

/* So long after it was sent last that no timer sends it again: its acknowledgment was not captured. */
static bool is_long_ago(const struct step *st)
{
	const struct sent *last = sent_newest(&st->self->transfer.sent);

	return !last || st->time - last->last > TIMEOUT_MAX;
}

/*
 * RFC 9293 3.8.4: seq = SND.NXT - 1.  3.8.6.1: bytes at or beyond the right edge of a closed window, which is what it
 * acknowledges.  They may have been sent before, into a window that the receiver then took back, and be as many as a
 * segment holds (lesson 21).
 */
static void note_probes(struct step *st)
{
	const struct endpoint *e = st->self, *peer = st->peer;
	bool closed = peer->has_ack && peer->last_window == 0;
	bool last_octet = track_repeats_last(st);
	bool is_due =
	    st->seg->len && peer->has_ack && peer->rcv_nxt < e->snd_nxt && !is_long_ago(st);

	if (!(e->has_seq | last_octet) || (st->seg->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return;
	/* (Whoever has not heard that the window is open goes on probing.) */
	closed |= e->transfer.probed_last && last_octet;
	if (closed && (last_octet || (st->seg->len && st->seq >= peer->rcv_nxt)))
		st->notes |= 1u << SEGMENT_NOTE_WINDOW_PROBE;
	/*
	 * Behind its FIN it is an ACK that the FIN overtook.  A byte that is not acknowledged is sent again: no keepalive
	 * goes out while data is outstanding (RFC 9293 3.8.4).
	 */
	else if (last_octet && !is_due && !(e->fin_seen && e->fin_end == e->snd_nxt))
		st->notes |= 1u << SEGMENT_NOTE_KEEPALIVE;
}

/* An ACK that acknowledges nothing new: of a duplicate (RFC 5681 2), a window update, or a challenge. */
static void note_repeated_ack(struct step *st)
{
	const struct endpoint *e = st->self;

	if (!st->has_ack || st->seg->len || (st->seg->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return;
	if (!e->has_ack || st->ack != e->rcv_nxt || st->seq != e->snd_nxt)
		return;
	if (e->owes_challenge)
		st->notes |= 1u << SEGMENT_NOTE_CHALLENGE_ACK;
	else if (st->seg->window != e->wire_window && st->seg->opt.nsack == 0)
		st->notes |= 1u << SEGMENT_NOTE_WINDOW_UPDATE;
	else if (st->peer->snd_nxt > st->ack)
		st->notes |= 1u << SEGMENT_NOTE_DUPLICATE_ACK;
}

static void note_kind(struct step *st)
{
	uint16_t flags = st->seg->flags;

	note_probes(st);
	note_repeated_ack(st);
	if (st->seg->window == 0 && st->has_ack && !(flags & (TCP_SYN | TCP_RST)))
		st->notes |= 1u << SEGMENT_NOTE_ZERO_WINDOW;
	if ((flags & TCP_SYN) && st->seg->len && (st->seg->opt.seen & OPT_FAST_OPEN))
		st->notes |= 1u << SEGMENT_NOTE_FAST_OPEN_DATA;
}

/* RFC 5961: what is answered with an ACK of the present numbers and nothing else. */
static void note_challenge_due(struct step *st)
{
	const uint32_t odd = 1u << SEGMENT_NOTE_PAWS | 1u << SEGMENT_NOTE_OUT_OF_WINDOW |
	                     1u << SEGMENT_NOTE_NOT_ACCEPTABLE_ACK |
	                     1u << SEGMENT_NOTE_RST_NOT_OBEYED;
	bool syn = (st->seg->flags & TCP_SYN) && st->peer->state >= TCPS_ESTABLISHED;

	st->self->owes_challenge = false;
	if (syn || (st->notes & odd))
		st->peer->owes_challenge = true;
}

static void finish_handshake(struct step *st)
{
	struct conn *c = st->conn;

	if (c->handshake_done || c->synack_time < 0 || st->dir != c->client || !st->has_ack)
		return;
	if (st->seg->flags & (TCP_SYN | TCP_RST))
		return;
	if (!st->peer->iss || st->ack <= st->peer->iss)
		return;
	c->handshake_done = true;
	c->ack_time = st->time;
}

/* Both FINs acknowledged, as far as the tap has seen. */
static void check_over(struct conn *c)
{
	const struct endpoint *a = &c->ends[0], *b = &c->ends[1];

	if (a->fin_seen && b->fin_seen && b->rcv_nxt >= a->fin_end && a->rcv_nxt >= b->fin_end)
		c->is_over = true;
}

/*
 * The sender is ahead of what was captured of it, without sending data: the gap may end with a FIN, and then
 * this segment does not prove what it would prove of an open endpoint.
 */
static void foresee_fin(struct step *st)
{
	const struct endpoint *e = st->self, *peer = st->peer;
	uint64_t known = e->has_seq ? e->snd_nxt : peer->has_ack ? peer->rcv_nxt : UINT64_MAX;

	if (st->seq > known && st->end == st->seq)
		st->self->may_have_fin = true;
}

static void apply(struct step *st)
{
	uint16_t flags = st->seg->flags;

	if (!(flags & TCP_RST))
		take_back_reset(st);
	if ((flags & (TCP_SYN | TCP_RST)) == TCP_SYN) {
		learn_roles(st);
		learn_from_syn(st);
	}
	note_kind(st);
	foresee_fin(st);
	if (!is_open(st->self) && !awaits_syn(st->self))
		imply_open(st);
	if (st->self->narrivals) {
		arrival_prove(st);
		arrival_settle(st);
	}
	if (!is_open(st->self))
		imply_open(st);
	finish_handshake(st);
	if (flags & TCP_RST)
		send(st);
	track_advance(st);
	if (!(flags & TCP_RST))
		send(st);
	check_over(st->conn);
}

static bool is_plain_syn(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/* Findings look at a segment before it changes what is known. */
static void look_for_findings(struct step *st)
{
	find_capture(st);
	find_flags(st);
	find_options(st);
	find_wire(st);
	find_path_mtu(st);
	find_handshake(st);
	find_teardown(st);
	find_sequence(st);
	find_attack(st);
}

static void express(struct step *st)
{
	completeness_plain(st);
	zeek_plain(st);
	count(st);
	st->self->good_checksums++;
	express_segment(st);
	reset_notice(st);
}

/* Checks that need not be asked, findings that cannot be raised. */
static void accept_calm(struct step *st)
{
	express_accept(st);
	account(st);
	find_teardown(st);
}

/* (Somebody may have made it look like a copy.) */
static void compare_late(struct step *st)
{
	duplicate_late(st);
	stream_segment(st);
	find_stream(st);
}

/* False when there is nothing more to it: a copy of what was captured before. */
static bool check(struct step *st)
{
	duplicate_check(st);
	if (!st->is_copy) {
		track_validity(st);
		/* What may open the next connection changes nothing in this one. */
		if (is_plain_syn(st->seg) &&
		    conn_syn_fate(st->conn, st->seg, st->dir) == SYN_PENDING)
			st->is_weak = true;
		duplicate_judged(st);
	}
	account(st);
	if (!st->is_copy && duplicate_is_late(st))
		compare_late(st);
	if (st->is_copy) {
		st->self->copies++;
		return false;
	}
	look_for_findings(st);
	return true;
}

static void begin(struct step *st, struct conn *c, const struct segment *s, uint8_t dir)
{
	util_clear(st, sizeof(*st));
	st->conn = c;
	st->self = &c->ends[dir];
	st->peer = &c->ends[!dir];
	st->seg = s;
	st->dir = dir;
	st->usual_ttl = st->self->ttl;
	st->time = s->ts - c->start;
	st->transfer.rtt = -1;
}

/* What lies apart from the connection is needed some hundred instructions from here. */
static void prefetch_for(const struct step *st)
{
	if (st->self->stream)
		reasm_prefetch(st->self->stream);
	sent_prefetch(&st->peer->transfer.sent);
}

void conn_segment(
    struct conn *c, const struct segment *s, uint8_t dir, struct stream_env *env, struct step *step)
{
	struct endpoint *self = &c->ends[dir];
	bool was_over = c->is_over;
	enum lane lane;

	begin(step, c, s, dir);
	step->env = env;
	prefetch_for(step);
	/* As shard.c does when the time comes, so that a replay knows no more. */
	if (c->is_over && step->time - c->end >= CONN_LINGER)
		transfer_close(c);
	track_numbers(step);
	lane = express_lane(step);
	if (lane == LANE_EXPRESS) {
		express(step);
		return;
	}
	completeness_segment(step);
	zeek_segment(step);
	if (lane == LANE_CALM)
		accept_calm(step);
	else if (!check(step))
		return;
	if (!step->is_weak)
		apply(step);
	arrival_queue(step);
	stream_segment(step);
	if (c->is_over && !was_over)
		stream_settle(c);
	find_stream(step);
	if (!(s->flags & TCP_RST))
		reset_notice(step);
	find_transfer(step);
	note_challenge_due(step);
	spent_segment(step);
	sign_segment(step);
	self->last_packet = s->packet;
	express_learn(c);
}

/* (Of its window and TTL the sender's present ones stand for it; its options are not known any more.) */
void conn_take_fin(struct conn *c, const struct arrival *a, uint8_t dir)
{
	const struct segment s = {
		.packet = a->packet,
		.ts = c->start + a->time,
		.flags = a->flags,
		.len = (uint32_t)(a->end - a->seq - 1),
		.seq = (uint32_t)a->seq,
		.ack = (uint32_t)a->ack,
		.window = c->ends[dir].wire_window,
		.ttl = c->ends[dir].ttl,
	};
	struct step st;

	begin(&st, c, &s, dir);
	st.seq = a->seq;
	st.end = a->end;
	st.ack = a->ack;
	st.has_ack = a->flags & TCP_ACK;
	if (!st.self->fin_seen)
		find_fin_taken(&st);
	apply(&st);
}

/* Hard errors end a connection attempt: Linux gives up at once on these in SYN-SENT. */
static bool icmp_is_hard(const struct segment *s)
{
	if (s->ip_version == 6)
		return s->icmp_type == 1 || (s->icmp_type == 4 && s->icmp_code <= 1);
	if (s->icmp_type == 3)
		return s->icmp_code != 4 && s->icmp_code != 5;
	return s->icmp_type == 12;
}

void conn_icmp(struct conn *c, const struct segment *s, uint8_t dir)
{
	struct endpoint *e = &c->ends[dir];
	bool is_believed = find_icmp(c, s, dir);

	c->is_calm = c->is_smooth = false;
	c->icmp_seen++;
	note_time(c, s->ts - c->start);
	if (!c->icmp)
		c->icmp = mem_alloc(ICMP_MAX, sizeof(*c->icmp));
	/* The first ones, and the latest. */
	if (c->nicmp < ICMP_MAX)
		c->nicmp++;
	c->icmp[c->nicmp - 1] = (struct icmp_record){
		.packet = s->packet,
		.time = s->ts - c->start,
		.from = s->icmp_from,
		.ip_version = s->ip_version,
		.type = s->icmp_type,
		.code = s->icmp_code,
		.about = dir,
		.is_doubtful = !is_believed,
	};
	if (e->state != TCPS_SYN_SENT || !icmp_is_hard(s) || e->narrivals == ARRIVALS_MAX)
		return;
	e->arrivals[e->narrivals++] = (struct arrival){
		.packet = s->packet, .time = s->ts - c->start, .weak = s->seq != e->isn
	};
}

/* At the end, when the histories are complete. */
static void look_back_for_findings(struct conn *c)
{
	find_capture_end(c);
	find_options_end(c);
	find_wire_end(c);
	find_icmp_end(c);
	find_handshake_end(c);
	find_teardown_end(c);
	find_sequence_end(c);
	find_attack_end(c);
	find_stream_end(c);
	reset_end(c);
	find_transfer_end(c);
	find_gate(c);
}

void conn_finish(struct conn *c, struct stream_env *env, bool reused, bool time_wait_expired)
{
	struct cause cause = { 0, c->end, 0 };

	for (unsigned i = 0; i < 2; i++) {
		track_finish(&c->ends[i]);
		arrival_finish(c, &c->ends[i]);
		if (reused)
			(void)state_stimulus(&c->ends[i], REUSED, &cause);
		else if (time_wait_expired)
			(void)state_stimulus(&c->ends[i], TIMEOUT, &cause);
	}
	c->was_cut_off = !reused && !time_wait_expired;
	if (reused)
		c->traps |= TRAP_REUSE;
	stream_close(c, env);
	transfer_close(c);
	spent_finish(c);
	look_back_for_findings(c);
}

/* Linux, RFC 6191, RFC 9293 3.6.1: a SYN reopens TIME-WAIT if its number or its timestamp is newer. */
static bool reopens_time_wait(const struct endpoint *to, const struct segment *s)
{
	if ((int32_t)(s->seq - (uint32_t)to->rcv_nxt) > 0)
		return true;
	return (s->opt.seen & OPT_TIMESTAMPS) && to->has_ts_recent &&
	       (int32_t)(s->opt.tsval - to->ts_recent) > 0;
}

static bool is_in_time_wait(const struct conn *c, const struct endpoint *e)
{
	const struct endpoint *other = &c->ends[!conn_dir(c, e)];

	/* The end that closed first; with crossing FINs each. */
	return e->fin_seen && other->fin_seen && !c->ends[0].rst_seen && !c->ends[1].rst_seen &&
	       (c->fin_order[0] == conn_dir(c, e) || e->state == TCPS_CLOSING ||
	           e->state == TCPS_TIME_WAIT);
}

/* The capture began between a SYN and its repetition: the SYN-ACK is here already. */
static bool answers(const struct endpoint *synack_sender, const struct segment *syn)
{
	return synack_sender->iss && (uint32_t)synack_sender->rcv_nxt == syn->seq + 1;
}

/* Its timestamp goes on from that of the end's latest segment: it is the same host. */
static bool has_same_clock(const struct endpoint *e, const struct segment *s)
{
	return e->has_tsval && (s->opt.seen & OPT_TIMESTAMPS) && s->opt.tsval - e->tsval < TS_SLACK;
}

enum syn_fate conn_syn_fate(const struct conn *c, const struct segment *s, uint8_t dir)
{
	const struct endpoint *from = &c->ends[dir], *to = &c->ends[!dir];

	if (!from->packets && !to->packets)
		return SYN_BELONGS;
	/* Who answered a SYN that nobody sent and opens himself now was not the server. */
	if (from->synack_sent && !c->both_syn && !to->offer.seen)
		return c->is_over ? SYN_STARTS_NEW : SYN_PENDING;
	if (from->iss && from->isn == s->seq)
		return SYN_BELONGS;
	if (!from->iss && (to->state == TCPS_SYN_SENT || answers(to, s)))
		return SYN_BELONGS;
	if (c->is_over) {
		if (is_in_time_wait(c, to) && !reopens_time_wait(to, s))
			return SYN_BELONGS;
		return SYN_STARTS_NEW;
	}
	if (to->packets == 0 && (from->state == TCPS_SYN_SENT || has_same_clock(from, s)))
		return SYN_STARTS_NEW;
	return SYN_PENDING;
}

bool conn_synack_is_new(const struct conn *c, const struct segment *s, uint8_t dir)
{
	const struct endpoint *from = &c->ends[dir], *to = &c->ends[!dir];

	if (!c->is_over || (from->iss && from->isn == s->seq))
		return false;
	return !to->iss || s->ack != to->isn + 1;
}
