/* SPDX-License-Identifier: MIT */
/*
 * record - from the finished connection to what is reported of it: roles, outcomes, histories.
 *
 * Memory: the record points into the connection; it is valid while that is.
 */
#include "config.h"

#include "tcp/completeness.h"
#include "tcp/conn.h"
#include "tcp/find.h"

static bool was_in(const struct endpoint *e, enum tcp_state s)
{
	for (unsigned i = 0; i < e->nhistory; i++)
		if (e->history[i].state == s)
			return true;
	return false;
}

static const struct state_entry *entry_of(const struct endpoint *e, enum tcp_state s)
{
	for (unsigned i = 0; i < e->nhistory; i++)
		if (e->history[i].state == s)
			return &e->history[i];
	return NULL;
}

static bool changed_by(const struct endpoint *e, enum fsm_stimulus stimulus)
{
	for (unsigned i = 0; i < e->nhistory; i++)
		if (e->history[i].rule != FSM_RULE_NONE &&
		    fsm_rule_at(e->history[i].rule)->stimulus == stimulus)
			return true;
	return false;
}

/* The client answered the SYN-ACK, or what it sent proves that it got one. */
static bool is_established(const struct conn *c, const struct endpoint *client)
{
	const struct state_entry *entry = entry_of(client, TCPS_ESTABLISHED);

	return entry && (c->handshake_done || entry->certainty == PROVED);
}

static enum handshake_outcome handshake_of(const struct conn *c)
{
	const struct endpoint *client = &c->ends[c->client], *server = &c->ends[!c->client];

	if (c->is_midstream)
		return HANDSHAKE_MIDSTREAM;
	if (c->both_syn && was_in(client, TCPS_ESTABLISHED) && was_in(server, TCPS_ESTABLISHED))
		return HANDSHAKE_SIMULTANEOUS;
	if (is_established(c, client))
		return HANDSHAKE_COMPLETE;
	if (changed_by(client, RCV_RST))
		return HANDSHAKE_REFUSED;
	if (changed_by(client, RCV_ICMP))
		return HANDSHAKE_ICMP_ERROR;
	return c->synacks ? HANDSHAKE_UNFINISHED : HANDSHAKE_UNANSWERED;
}

/* FIN-WAIT-2 that lasts less than this was left by the ACK and the FIN of one close (ns). */
#define ONE_CLOSE (NS_PER_SEC / 2000)

/* When an end that closed was first in these states, NULL = never. */
struct closing {
	const struct state_entry *fin_wait_2, *closing, *time_wait;
};

static struct closing closing_of(const struct endpoint *e)
{
	struct closing c = { NULL, NULL, NULL };

	for (unsigned i = e->nhistory; i-- > 0;) {
		const struct state_entry *h = &e->history[i];

		if (h->state == TCPS_FIN_WAIT_2)
			c.fin_wait_2 = h;
		else if (h->state == TCPS_CLOSING)
			c.closing = h;
		else if (h->state == TCPS_TIME_WAIT)
			c.time_wait = h;
	}
	return c;
}

static bool is_three_segment(const struct closing *c)
{
	const struct state_entry *fw2 = c->fin_wait_2, *tw = c->time_wait;

	return fw2 && tw && (fw2->packet == tw->packet || tw->time - fw2->time < ONE_CLOSE);
}

/* A RST was the last that happened to it.  (A listener that returns to LISTEN may be opened again.) */
static bool was_reset(const struct endpoint *e)
{
	const struct state_entry *last = e->nhistory ? &e->history[e->nhistory - 1] : NULL;
	uint8_t stimulus;

	if (!last || last->rule == FSM_RULE_NONE)
		return false;
	stimulus = fsm_rule_at(last->rule)->stimulus;
	return stimulus == RCV_RST || stimulus == RCV_RST_PASSIVE || stimulus == SND_RST;
}

static enum close_outcome close_of(const struct conn *c)
{
	struct closing a, b;

	if (was_reset(&c->ends[0]) || was_reset(&c->ends[1]))
		return CLOSE_RESET;
	if (c->nfin_order < 2)
		return c->nfin_order == 1 ? CLOSE_HALF_CLOSED : CLOSE_NONE;
	a = closing_of(&c->ends[0]);
	b = closing_of(&c->ends[1]);
	if (a.closing || b.closing)
		return CLOSE_SIMULTANEOUS;
	return is_three_segment(&a) || is_three_segment(&b) ? CLOSE_THREE_SEGMENT : CLOSE_FOUR_WAY;
}

static uint8_t side_of(const struct conn *c, uint8_t dir)
{
	return dir == c->client ? SIDE_CLIENT : SIDE_SERVER;
}

static bool has_closed_window(const struct endpoint *e)
{
	return e->has_ack && e->last_window == 0 && !e->fin_seen;
}

/*
 * Repetitions that it sent last to a silent peer, or of the byte that a peer who goes on still waits for.  (A peer
 * that answers probes of its closed window is there.)
 */
static uint16_t unanswered_of(const struct endpoint *e, const struct endpoint *peer)
{
	if (has_closed_window(peer))
		return e->transfer.probes_open;
	return e->transfer.tries_open > e->reset.repeats ? e->transfer.tries_open
	                                                 : e->reset.repeats;
}

/*
 * What it repeats in vain it sent first at that time.  The silence before is both ends': probes of it that nobody
 * answered are told as that.
 */
static void fill_unanswered(
    struct side_record *r, const struct endpoint *e, const struct endpoint *peer)
{
	int64_t since = e->transfer.unanswered_since;

	r->unanswered = unanswered_of(e, peer);
	r->unanswered_since = e->transfer.unanswered ? since : -1;
	if (e->transfer.unanswered && !e->transfer.keepalives_open && peer->packets &&
	    peer->reset.spoke_at < since)
		r->silence = since - peer->reset.spoke_at;
}

static void fill_side(struct side_record *r, const struct conn *c, uint8_t dir)
{
	const struct endpoint *e = &c->ends[dir];
	struct lost lost = find_lost(c, dir);

	r->addr = c->addrs[dir];
	r->end = dir;
	r->packets = e->packets;
	r->wire_bytes = e->wire_bytes;
	r->payload_bytes = e->payload_bytes;
	r->missing_bytes = e->missing;
	r->lost_bytes = lost.bytes;
	r->lacked_bytes = lost.lacked;
	r->states = e->history;
	r->nstates = e->nhistory;
	r->states_lost = e->history_lost;
	r->isn = e->isn;
	r->offer = e->offer;
	r->stream = e->facts;
	r->fin_sent = e->fin_seen;
	r->fin_open = e->fin_seen && c->ends[!dir].rcv_nxt + 1 == e->fin_end;
	r->last_data = e->reset.data_time;
	fill_unanswered(r, e, &c->ends[!dir]);
	r->window_closed = has_closed_window(e);
	r->closed_time = e->transfer.window_closed ? c->end - e->transfer.window_closed_at : 0;
	transfer_record(&r->transfer, e, c->end);
}

/* Some end may still send: LISTEN and UNKNOWN are no part of this connection any more, or never were. */
static bool is_still_open(const struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t s = c->ends[i].state;

		if (s != TCPS_CLOSED && s != TCPS_TIME_WAIT && s != TCPS_LISTEN &&
		    s != TCPS_UNKNOWN)
			return true;
	}
	return false;
}

/* It answers what comes later as a host without the connection. */
static bool shows_no_socket(const struct conn *c, const struct reset_record *rst)
{
	for (const struct reset_record *r = rst + 1; r < c->resets + c->nresets; r++)
		if (r->by != rst->by && (r->evidence & UINT64_C(1) << EVIDENCE_AFTER_PEER_RESET))
			return true;
	return false;
}

/* Did the target of a RST change to CLOSED because of it, or go on? */
static int8_t obeyed(const struct conn *c, const struct reset_record *rst)
{
	const struct endpoint *target = &c->ends[!rst->by];

	if (shows_no_socket(c, rst))
		return 1;

	for (unsigned i = 0; i < target->nhistory; i++)
		if (target->history[i].packet == rst->packet &&
		    target->history[i].state == TCPS_CLOSED)
			return 1;
	return target->last_time > rst->time && target->state != TCPS_CLOSED ? 0 : -1;
}

static void fill_resets(struct conn_record *r, struct conn *c)
{
	for (unsigned i = 0; i < c->nresets; i++) {
		c->resets[i].obeyed = obeyed(c, &c->resets[i]);
		c->resets[i].by = side_of(c, c->resets[i].by);
	}
	for (unsigned i = 0; i < c->nicmp; i++)
		c->icmp[i].about = side_of(c, c->icmp[i].about);
	for (unsigned i = 0; i < c->nfindings; i++)
		if (c->findings[i].by != BY_NOBODY)
			c->findings[i].by = side_of(c, c->findings[i].by);
	r->findings = c->findings;
	r->nfindings = c->nfindings;
	r->findings_lost = c->findings_lost;
	r->resets = c->resets;
	r->nresets = c->nresets;
	r->resets_seen = c->resets_seen;
	r->icmp = c->icmp;
	r->nicmp = c->nicmp;
	r->icmp_seen = c->icmp_seen;
}

static void fill_times(struct conn_record *r, const struct conn *c)
{
	r->start = c->start;
	r->end = c->start + c->end;
	r->gap = c->gap;
	r->has_syn_to_synack = c->syn_time >= 0 && c->synack_first >= c->syn_time;
	r->has_synack_to_ack = c->synack_time >= 0 && c->ack_time >= c->synack_time;
	if (r->has_syn_to_synack)
		r->syn_to_synack = c->synack_first - c->syn_time;
	if (r->has_synack_to_ack)
		r->synack_to_ack = c->ack_time - c->synack_time;
}

static int8_t one_sided(const struct conn *c)
{
	if (c->ends[0].packets && c->ends[1].packets)
		return -1;
	return (int8_t)side_of(c, c->ends[0].packets ? 0 : 1);
}

/* How it was opened and closed. */
static void fill_course(struct conn_record *r, const struct conn *c)
{
	r->opener = c->both_syn ? OPENER_BOTH : c->opener;
	r->handshake = (uint8_t)handshake_of(c);
	r->close = (uint8_t)close_of(c);
	r->nclose_order = c->nfin_order;
	for (unsigned i = 0; i < c->nfin_order; i++)
		r->close_order[i] = side_of(c, c->fin_order[i]);
	r->syns = c->syns;
	r->synacks = c->synacks;
	r->is_midstream = c->is_midstream;
	r->is_open = is_still_open(c);
	r->one_sided = one_sided(c);
	r->opening = c->opening;
	r->opening_by = side_of(c, c->opening_dir);
}

/* (Member by member into cleared memory: whole structs would be made elsewhere first, and copied.) */
void record_fill(struct conn_record *r, struct conn *c)
{
	for (unsigned i = 0; i < 2; i++)
		state_begin(&c->ends[i], TCPS_UNKNOWN);
	util_clear(r, sizeof(*r));
	r->uid = c->uid;
	r->tunnel = c->tunnel;
	r->vlan = c->vlan;
	r->file = c->file;
	r->truncated_packets = c->truncated;
	r->duplicate_frames = c->duplicates;
	r->bad_checksums = c->ends[0].bad_checksums + c->ends[1].bad_checksums;
	r->completeness = completeness_of(c);
	r->signs = c->signs;
	r->vantage = (uint8_t)vantage_of(c, &r->vantage_marks);
	zeek_fill(&r->zeek, &c->zeek, c->client);
	fill_course(r, c);
	fill_times(r, c);
	memcpy(r->time_spent, c->spent.time, sizeof(r->time_spent));
	fill_side(&r->sides[side_of(c, 0)], c, 0);
	fill_side(&r->sides[side_of(c, 1)], c, 1);
	fill_resets(r, c);
	r->verdict = verdict_on(r, find_traps(c));
}
