/* SPDX-License-Identifier: MIT */
/*
 * explain_kind - what one segment is in the story of its connection, and which concepts it brings up.
 */
#include "config.h"

#include "report/explain.h"

#define CONTROL (TCP_SYN | TCP_FIN | TCP_RST)

enum {
	SYN_DATA_MAX = 65535, /* Fast Open */
	LOOK_BACK = 256, /* rows searched for what an ACK acknowledges, or for the first copy */
};

/* An ACK that comes so much later than one round trip after the data was held back (ns). */
#define HELD_BACK (20 * NS_PER_SEC / 1000)

static bool has_note(const struct session_row *row, enum segment_note n)
{
	return row->step.notes & 1u << n;
}

void explain_past_init(struct explain_past *p, const struct session *s)
{
	*p = (struct explain_past){ 0 };
	for (size_t i = 0; i < s->nrows && !(p->has_base[0] && p->has_base[1]); i++) {
		const struct session_row *row = &s->rows[i];
		unsigned self = row->side;

		if (p->has_base[self] || row->is_icmp || !row->step.ends[self].snd_known)
			continue;
		p->has_base[self] = true;
		p->base[self] = row->raw_seq - (uint32_t)row->step.rel_seq;
	}
}

uint64_t explain_seq(const struct explain_row *r)
{
	const struct session_row *row = r->row;

	return row->step.ends[row->side].snd_known ? row->step.rel_seq : row->raw_seq;
}

/* Of an end that the capture has not shown yet, what it sends later tells. */
uint64_t explain_ack(const struct explain_row *r)
{
	const struct session_row *row = r->row;

	return row->step.ends[!row->side].snd_known ? row->step.rel_ack : row->raw_ack - r->base;
}

uint64_t explain_space(const struct session_row *row)
{
	return row->len + (row->flags & TCP_SYN ? 1u : 0u) + (row->flags & TCP_FIN ? 1u : 0u);
}

static const struct end_snapshot *before(const struct explain_row *r, unsigned side)
{
	return r->index ? &r->s->rows[r->index - 1].step.ends[side] : NULL;
}

/* ---- what an ACK acknowledges ---- */

static bool covers(const struct session_row *data, uint64_t from, uint64_t to)
{
	uint64_t end = data->step.rel_seq + explain_space(data);

	return end > from && end <= to;
}

static void count_acked(struct explain_row *r, uint64_t from, uint64_t to)
{
	size_t lowest = r->index > LOOK_BACK ? r->index - LOOK_BACK : 0;

	for (size_t i = r->index; i-- > lowest;) {
		const struct session_row *row = &r->s->rows[i];

		if (row->side == r->row->side || row->is_icmp || !explain_space(row) ||
		    has_note(row, SEGMENT_NOTE_DUPLICATE_FRAME))
			continue;
		if (!covers(row, from, to))
			continue;
		if (r->segments++ == 0)
			r->waited = r->row->time - row->time;
	}
}

static void find_acked(struct explain_row *r)
{
	unsigned self = r->row->side;
	const struct end_snapshot *now = &r->row->step.ends[self], *old = before(r, self);

	if (!(r->row->flags & TCP_ACK) || !old || !old->rcv_known || now->rcv_nxt <= old->rcv_nxt)
		return;
	r->fresh = now->rcv_nxt - old->rcv_nxt;
	count_acked(r, old->rcv_nxt, now->rcv_nxt);
}

/* Since the first segment that brought its first number. */
static void find_first_copy(struct explain_row *r)
{
	size_t lowest = r->index > LOOK_BACK ? r->index - LOOK_BACK : 0;

	for (size_t i = lowest; i < r->index && !r->since; i++) {
		const struct session_row *row = &r->s->rows[i];

		if (row->side == r->row->side && !row->is_icmp && explain_space(row) &&
		    r->row->raw_seq - row->raw_seq < explain_space(row))
			r->since = r->row->time - row->time;
	}
}

/* ---- kinds ---- */

static enum says says_of_syn(const struct explain_row *r, const struct explain_past *p)
{
	const struct session_row *row = r->row;
	unsigned self = row->side, peer = !self;
	bool again = (p->syn[self] || p->synack[self]) && p->isn[self] == row->raw_seq;

	if (row->flags & TCP_ACK) {
		if (p->synack[self] && again)
			return SAYS_SYN_ACK_AGAIN;
		return p->syn[peer] && row->raw_ack - p->isn[peer] - 1 > SYN_DATA_MAX
		           ? SAYS_SYN_ACK_STRAY
		           : SAYS_SYN_ACK;
	}
	if (p->handshake_acked)
		return SAYS_SYN_INSIDE;
	if (again)
		return SAYS_SYN_AGAIN;
	if (p->syn[self])
		return SAYS_SYN_CHANGED;
	return p->syn[peer] ? SAYS_SYN_CROSSED : SAYS_SYN;
}

/* An ACK from before the first packet captured has a number below 0. */
static bool acks_fin(const struct explain_row *r, const struct explain_past *p)
{
	unsigned peer = !r->row->side;

	return p->fin[peer] && !p->fin_acked[peer] && r->row->flags & TCP_ACK &&
	       (int64_t)(r->row->step.rel_ack - p->fin_number[peer]) > 0;
}

static enum says says_of_fin(const struct explain_row *r, const struct explain_past *p)
{
	const struct session_row *row = r->row;
	unsigned peer = !row->side;

	if (p->fin[row->side])
		return SAYS_FIN_AGAIN;
	if (!p->fin[peer])
		return row->len ? SAYS_FIN_DATA : SAYS_FIN;
	if (acks_fin(r, p))
		return SAYS_FIN_ANSWER;
	return p->fin_acked[peer] ? SAYS_FIN_SECOND : SAYS_FIN_CROSSED;
}

static enum says says_of_rst(const struct explain_row *r, const struct explain_past *p)
{
	unsigned self = r->row->side, peer = !self;

	if (has_note(r->row, SEGMENT_NOTE_RST_NOT_OBEYED))
		return SAYS_RST_INEXACT;
	if (p->rst[self])
		return SAYS_RST_AGAIN;
	if (p->syn[peer] && !p->syn[self] && !p->synack[self] && !p->handshake_acked)
		return SAYS_RST_REFUSES;
	if (before(r, self) && before(r, self)->state == TCPS_CLOSED)
		return SAYS_RST_NOT_OPEN;
	return SAYS_RST;
}

/* It is sent for the answer alone. */
static bool is_question(const struct session_row *row)
{
	return has_note(row, SEGMENT_NOTE_KEEPALIVE) || has_note(row, SEGMENT_NOTE_WINDOW_PROBE);
}

static enum says says_of_question(const struct session_row *row)
{
	bool is_old = (int64_t)(row->step.rel_seq - row->step.ends[row->side].snd_una) < 0;

	if (has_note(row, SEGMENT_NOTE_KEEPALIVE))
		return SAYS_KEEPALIVE;
	return is_old ? SAYS_WINDOW_PROBE_OLD : SAYS_WINDOW_PROBE;
}

static enum says says_of_repeated_data(const struct session_row *row)
{
	switch ((enum retransmission_kind)row->step.transfer.kind) {
	case RETRANSMISSION_FAST:
	case RETRANSMISSION_SACK_RECOVERY:
	case RETRANSMISSION_RACK:
		return SAYS_DATA_FAST;
	case RETRANSMISSION_TLP:
		return SAYS_DATA_TLP;
	case RETRANSMISSION_SPURIOUS:
		return SAYS_DATA_SPURIOUS;
	case RETRANSMISSION_NONE:
	case RETRANSMISSION_SYN:
	case RETRANSMISSION_FIN:
	case RETRANSMISSION_RTO:
	case RETRANSMISSION_GO_BACK_N:
	case RETRANSMISSION_OTHER:
	case RETRANSMISSION_COUNT:
		break;
	}
	return SAYS_DATA_AGAIN;
}

static enum says says_of_data(const struct explain_row *r)
{
	const struct session_row *row = r->row;

	if (is_question(row))
		return says_of_question(row);
	if (has_note(row, SEGMENT_NOTE_OUT_OF_ORDER))
		return SAYS_DATA_LATE;
	if (has_note(row, SEGMENT_NOTE_RETRANSMISSION))
		return says_of_repeated_data(row);
	return has_note(row, SEGMENT_NOTE_GAP_BEFORE) ? SAYS_DATA_AHEAD : SAYS_DATA;
}

static enum says says_of_repeated_ack(const struct session_row *row)
{
	if (has_note(row, SEGMENT_NOTE_CHALLENGE_ACK))
		return SAYS_CHALLENGE;
	if (has_note(row, SEGMENT_NOTE_WINDOW_UPDATE))
		return SAYS_WINDOW_UPDATE;
	if (row->nsack && (int64_t)row->sack_left < (int64_t)row->sack_right)
		return (int64_t)row->sack_right <= (int64_t)row->step.rel_ack
		           ? SAYS_DUPLICATE_SACK
		           : SAYS_DUPLICATE_ACK_SACK;
	return has_note(row, SEGMENT_NOTE_DUPLICATE_ACK) ? SAYS_DUPLICATE_ACK : SAYS_ACK_NOTHING;
}

static enum says says_of_ack(const struct explain_row *r, const struct explain_past *p)
{
	const struct session_row *row = r->row;

	if (!(row->flags & TCP_ACK))
		return SAYS_ODD;
	if (!p->handshake_acked && p->synack[!row->side])
		return p->syn[0] && p->syn[1] ? SAYS_SYN_ACKED : SAYS_HANDSHAKE_ACK;
	if (is_question(row))
		return says_of_question(row);
	if (has_note(row, SEGMENT_NOTE_ZERO_WINDOW))
		return SAYS_ZERO_WINDOW;
	if (acks_fin(r, p))
		return SAYS_ACK_FIN;
	if (!before(r, row->side) || !before(r, row->side)->rcv_known)
		return SAYS_ACK_FIRST;
	if (has_note(row, SEGMENT_NOTE_ACKS_UNSEEN))
		return SAYS_ACK_UNSEEN;
	if (!r->fresh)
		return says_of_repeated_ack(row);
	return r->segments > 1 ? SAYS_ACK_MANY : SAYS_ACK;
}

/* Notes that make a segment nothing but that, the most telling first. */
static const enum segment_note ignored[] = { SEGMENT_NOTE_BAD_CHECKSUM, SEGMENT_NOTE_PAWS,
	SEGMENT_NOTE_OUT_OF_WINDOW, SEGMENT_NOTE_NOT_ACCEPTABLE_ACK, SEGMENT_NOTE_IGNORED };

static bool is_ignored(const struct session_row *row)
{
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		if (has_note(row, ignored[i]))
			return true;
	return false;
}

static enum says says_of(const struct explain_row *r, const struct explain_past *p)
{
	const struct session_row *row = r->row;

	if (row->is_icmp)
		return SAYS_ICMP;
	if (has_note(row, SEGMENT_NOTE_DUPLICATE_FRAME))
		return SAYS_COPY;
	if (row->flags & TCP_RST)
		return says_of_rst(r, p);
	if (row->flags & TCP_SYN)
		return says_of_syn(r, p);
	if (is_ignored(row))
		return SAYS_IGNORED;
	if (row->flags & TCP_FIN)
		return says_of_fin(r, p);
	return row->len ? says_of_data(r) : says_of_ack(r, p);
}

/* ---- concepts ---- */

/* What each kind brings up by itself, at most four. */
static const struct {
	uint8_t says;
	uint8_t concepts[5];
	uint8_t n;
} brought_up[] = {
	{ SAYS_SYN, { CONCEPT_NUMBERS, CONCEPT_ISN, CONCEPT_REPEATS, CONCEPT_OPTIONS }, 4 },
	{ SAYS_SYN_AGAIN, { CONCEPT_RETRY }, 1 },
	{ SAYS_SYN_CROSSED, { CONCEPT_BOTH_OPEN }, 1 },
	{ SAYS_SYN_INSIDE, { CONCEPT_CHALLENGE }, 1 },
	{ SAYS_SYN_ACK_AGAIN, { CONCEPT_RTO }, 1 },
	{ SAYS_HANDSHAKE_ACK, { CONCEPT_OLD_SYN, CONCEPT_WINDOW }, 2 },
	{ SAYS_DATA, { CONCEPT_PIGGYBACK }, 1 },
	{ SAYS_DATA_AGAIN, { CONCEPT_RTO }, 1 },
	{ SAYS_DATA_FAST, { CONCEPT_DUPLICATES }, 1 },
	{ SAYS_DATA_TLP, { CONCEPT_TLP }, 1 },
	{ SAYS_DATA_SPURIOUS, { CONCEPT_RTO }, 1 },
	{ SAYS_ACK, { CONCEPT_CUMULATIVE }, 1 },
	{ SAYS_ACK_MANY, { CONCEPT_CUMULATIVE, CONCEPT_DELAYED }, 2 },
	{ SAYS_DUPLICATE_ACK, { CONCEPT_DUPLICATES }, 1 },
	{ SAYS_DUPLICATE_ACK_SACK, { CONCEPT_DUPLICATES, CONCEPT_SACK }, 2 },
	{ SAYS_DUPLICATE_SACK, { CONCEPT_SACK, CONCEPT_D_SACK }, 2 },
	{ SAYS_ZERO_WINDOW, { CONCEPT_WINDOW }, 1 },
	{ SAYS_WINDOW_PROBE, { CONCEPT_PROBES }, 1 },
	{ SAYS_WINDOW_PROBE_OLD, { CONCEPT_PROBES }, 1 },
	{ SAYS_KEEPALIVE, { CONCEPT_ALIVE }, 1 },
	{ SAYS_CHALLENGE, { CONCEPT_CHALLENGE }, 1 },
	{ SAYS_FIN, { CONCEPT_FIN_NUMBER, CONCEPT_HALF_CLOSE, CONCEPT_CLOSERS }, 3 },
	{ SAYS_FIN_DATA, { CONCEPT_FIN_NUMBER, CONCEPT_HALF_CLOSE, CONCEPT_CLOSERS }, 3 },
	{ SAYS_FIN_SECOND, { CONCEPT_FIN_WITH_ACK }, 1 },
	{ SAYS_FIN_ANSWER, { CONCEPT_FIN_WITH_ACK }, 1 },
	{ SAYS_FIN_CROSSED, { CONCEPT_BOTH_CLOSE }, 1 },
	{ SAYS_FIN_AGAIN, { CONCEPT_RTO }, 1 },
	{ SAYS_RST_REFUSES, { CONCEPT_REFUSAL }, 1 },
	{ SAYS_RST, { CONCEPT_RESET }, 1 },
	{ SAYS_RST_INEXACT, { CONCEPT_RESET }, 1 },
	{ SAYS_RST_NOT_OPEN, { CONCEPT_RESET }, 1 },
	{ SAYS_ICMP, { CONCEPT_ICMP }, 1 },
};

static uint64_t bit(enum concept c)
{
	return UINT64_C(1) << c;
}

static uint64_t concepts_of_kind(enum says says)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(brought_up); i++)
		if (brought_up[i].says == says)
			for (unsigned k = 0; k < brought_up[i].n; k++)
				bits |= bit(brought_up[i].concepts[k]);
	return bits;
}

static bool enters(const struct explain_row *r, enum tcp_state state)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e =
		    session_caused(&r->s->record.sides[side], r->row->packet);

		if (e && e->state == state)
			return true;
	}
	return false;
}

static bool is_presumed(const struct explain_row *r)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e =
		    session_caused(&r->s->record.sides[side], r->row->packet);

		if (e && e->certainty == PRESUMED)
			return true;
	}
	return false;
}

static uint64_t concepts_of(const struct explain_row *r)
{
	const struct session_row *row = r->row;
	uint64_t bits = concepts_of_kind(r->says);

	if (r->index == 0 && r->s->record.is_midstream && !row->is_icmp)
		bits |= bit(CONCEPT_MIDSTREAM) | bit(CONCEPT_NUMBERS) | bit(CONCEPT_REPEATS);
	if (row->flags & TCP_PSH && row->len)
		bits |= bit(CONCEPT_PUSH);
	if (row->flags & TCP_SYN && row->len)
		bits |= bit(CONCEPT_FAST_OPEN);
	if (r->fresh && !row->len && !(row->flags & CONTROL) &&
	    r->waited >= HELD_BACK + r->s->record.syn_to_synack)
		bits |= bit(CONCEPT_DELAYED);
	if (enters(r, TCPS_TIME_WAIT))
		bits |= bit(CONCEPT_TIME_WAIT);
	if (has_note(row, SEGMENT_NOTE_ACKS_UNSEEN))
		bits |= bit(CONCEPT_LOSS_HERE);
	if (is_presumed(r))
		bits |= bit(CONCEPT_PRESUMED);
	return bits;
}

/* ---- memory ---- */

static void remember(struct explain_past *p, const struct explain_row *r)
{
	const struct session_row *row = r->row;
	unsigned self = row->side;

	if (row->is_icmp || r->says == SAYS_COPY || r->says == SAYS_IGNORED)
		return;
	if (acks_fin(r, p))
		p->fin_acked[!self] = true;
	if (row->flags & TCP_RST) {
		p->rst[self] |= r->says != SAYS_RST_INEXACT;
	} else if (row->flags & TCP_SYN && r->says != SAYS_SYN_INSIDE) {
		(row->flags & TCP_ACK ? p->synack : p->syn)[self] = true;
		p->isn[self] = row->raw_seq;
	} else if (p->synack[!self]) {
		p->handshake_acked = true;
	}
	if (row->flags & TCP_FIN && !p->fin[self]) {
		p->fin[self] = true;
		p->fin_number[self] = row->step.rel_seq + row->len;
	}
}

void explain_row_init(
    struct explain_row *r, struct explain_past *past, const struct session *s, size_t index)
{
	*r = (struct explain_row){ .s = s, .row = &s->rows[index], .index = index };
	r->base = past->base[!r->row->side];
	if (!r->row->is_icmp) {
		find_acked(r);
		if (explain_space(r->row))
			find_first_copy(r);
	}
	r->says = says_of(r, past);
	r->concepts = concepts_of(r);
	remember(past, r);
}
