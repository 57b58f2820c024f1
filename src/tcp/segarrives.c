/* SPDX-License-Identifier: MIT */
/*
 * segarrives - what an arriving segment does to an endpoint, in the order of RFC 9293 3.10.7.
 *
 * Input:  an arrival that is taken to have reached the endpoint (arrival.c decides when).
 * Output: stimuli for the state table, in the order of the checks.  No state is written here.
 * Spec:   RFC 9293 3.10.7.2 (LISTEN), 3.10.7.3 (SYN-SENT), 3.10.7.4 (the eight checks).
 *
 * Deviation: an observer cannot drop a segment.  What the endpoint must have ignored was marked weak when
 * it was captured (track.c) and only comes here if the endpoint acknowledged it all the same.
 */
#include "config.h"

#include "tcp/conn.h"

struct arriving {
	struct endpoint *e;
	const struct endpoint *from; /* who sent it */
	const struct arrival *a;
	struct cause cause;
};

static void stimulate(struct arriving *in, enum fsm_stimulus stimulus)
{
	(void)state_stimulus(in->e, stimulus, &in->cause);
}

static bool acks_our_syn(const struct arriving *in)
{
	const struct endpoint *e = in->e;

	return in->a->ack && e->iss && in->a->ack > e->iss &&
	       (!e->has_seq || in->a->ack <= e->snd_nxt);
}

/*
 * RFC 9293 3.10.7.2: "first check for a RST ... second ... an ACK ... third ... a SYN".  An endpoint that
 * has not been seen yet listened if it answers the SYN.
 */
static void seg_in_listen(struct arriving *in)
{
	if (in->a->flags & (TCP_RST | TCP_ACK))
		return;
	if (!(in->a->flags & TCP_SYN))
		return;
	state_begin(in->e, TCPS_LISTEN);
	stimulate(in, RCV_SYN);
}

/* A SYN-ACK to an endpoint whose SYN was not captured: it must have sent one. */
static void seg_in_unknown(struct arriving *in)
{
	if (in->a->flags & TCP_RST) {
		/* What it was in before, and whether it listens now, nobody saw. */
		in->cause.proved_by = 0;
		stimulate(in, RCV_RST);
	} else if ((in->a->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		seg_in_listen(in);
	else if (in->a->flags & TCP_SYN) {
		stimulate(in, RCV_ANSWER);
		stimulate(in, RCV_SYNACK);
	}
}

/* RFC 9293 3.10.7.3: ACK, RST, security, SYN; "fifth, if neither of the SYN or RST bits is set, drop". */
static void seg_in_syn_sent(struct arriving *in)
{
	bool ack_ok = acks_our_syn(in);

	if ((in->a->flags & TCP_ACK) && !ack_ok)
		return;
	if (in->a->flags & TCP_RST) {
		if (ack_ok)
			stimulate(in, RCV_RST);
		return;
	}
	if (in->a->flags & TCP_SYN)
		stimulate(in, ack_ok ? RCV_SYNACK : RCV_SYN);
	if (in->a->flags & TCP_FIN)
		stimulate(in, RCV_FIN);
}

/*
 * First: the sequence number.  Whether the segment lies in the window was judged when it was captured
 * (track.c), and the endpoint's own acknowledgment is what lets an arrival get here.
 */

/* Came to SYN-RECEIVED from LISTEN, not from SYN-SENT. */
static bool is_passive(const struct arriving *in)
{
	return in->e->state == TCPS_SYN_RECEIVED && in->e->nhistory &&
	       in->e->history[0].state != TCPS_CLOSED;
}

/*
 * Second: the RST bit.  Only an exact number resets (RFC 5961 3.2); TIME-WAIT obeys too (RFC 1337 calls it
 * assassination).
 */
static bool check2_rst(struct arriving *in)
{
	if (!(in->a->flags & TCP_RST))
		return true;
	/* (Who acknowledges our SYN-ACK in its RST did so before: that ACK may have come.) */
	if (is_passive(in) && in->a->ack)
		in->cause.proved_by = 0;
	if (in->a->exact)
		stimulate(in, is_passive(in) ? RCV_RST_PASSIVE : RCV_RST);
	return false;
}

/* Third: security and compartment, which an observer cannot see and nobody uses. */

/*
 * Fourth: the SYN bit.  In a synchronised state it draws a challenge ACK (RFC 5961 4.2) and changes
 * nothing.  The SYN-ACKs of a simultaneous open carry the acknowledgment of our SYN: read on.
 */
static bool check4_syn(const struct arriving *in)
{
	return !(in->a->flags & TCP_SYN) || in->e->state == TCPS_SYN_RECEIVED;
}

/* Fifth: the ACK field. */
static bool check5_ack(struct arriving *in)
{
	if (!in->a->ack)
		return false;
	if (in->e->state == TCPS_SYN_RECEIVED && acks_our_syn(in))
		stimulate(in, RCV_ACKSYN);
	if (in->e->fin_seen && in->a->ack >= in->e->fin_end) {
		/* With the other end's FIN on the way unseen this is CLOSING, not FIN-WAIT-2. */
		if (in->from->may_have_fin)
			in->cause.proved_by = 0;
		stimulate(in, RCV_ACKFIN);
	}
	return true;
}

/* Sixth: urgent data changes no state.  Seventh: neither does text; the reassembler reads it. */

/* Its user may have closed before the FIN came: then it is in FIN-WAIT-1 already, and its own waits (RFC 9293 3.10.4). */
static bool may_have_closed(const struct arriving *in)
{
	return !in->e->fin_seen && transfer_waits(in->e, in->from, in->a->ack);
}

/* Eighth: the FIN bit. */
static void check8_fin(struct arriving *in)
{
	if (!(in->a->flags & TCP_FIN))
		return;
	/* What it does to an end depends on whether that end has sent its own FIN already. */
	if (in->e->may_have_fin || may_have_closed(in))
		in->cause.proved_by = 0;
	stimulate(in, RCV_FIN);
}

static void seg_otherwise(struct arriving *in)
{
	if (check2_rst(in) && check4_syn(in) && check5_ack(in))
		check8_fin(in);
}

void segarrives(
    struct endpoint *e, const struct endpoint *from, const struct arrival *a, uint64_t proved_by)
{
	struct arriving in = {
		.e = e,
		.from = from,
		.a = a,
		.cause = { .packet = a->packet, .time = a->time, .proved_by = proved_by },
	};

	if (a->flags == 0)
		stimulate(&in, RCV_ICMP);
	else if (e->state == TCPS_UNKNOWN)
		seg_in_unknown(&in);
	else if (e->state == TCPS_LISTEN || e->state == TCPS_CLOSED)
		seg_in_listen(&in);
	else if (e->state == TCPS_SYN_SENT)
		seg_in_syn_sent(&in);
	else
		seg_otherwise(&in);
}
