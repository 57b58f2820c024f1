/* SPDX-License-Identifier: MIT */
/*
 * verdict - how a connection went: the first rule that fits gives the row of verdict.def.
 *
 * Input:  the record, complete but for the verdict: outcomes, resets with their causes, findings.
 * Output: kind, whom it is about, confidence.
 * Does not: blame an end for what the capture did: a capture that shows one side only, or ends too early,
 *           comes before all that blames, and traps lower the confidence of the rest.
 */
#include "config.h"

#include "tcp/reset.h"
#include "tcpshadow/record.h"
#include "tcpshadow/verdict.h"

enum {
	REPEATS_MIN = 3, /* unanswered repetitions that are a connection that died */
	FINS_MIN = 2,    /* likewise of a FIN, behind a request without an answer */
};

/* About as much as web servers take without a body: more is an upload. */
#define REQUEST_MAX 8192

/* Who asks does not stop for so long in the middle of it (ns). */
#define PAUSE_MAX NS_PER_SEC

/* A closed window that cost so much is worth a word (ns). */
#define SLOW_MIN (NS_PER_SEC / 5)

/* What makes blame doubtful. */
#define TRAPS (TRAP_DROP | TRAP_REORDER | TRAP_MIDSTREAM | TRAP_ONE_SIDED | TRAP_CLOCK | TRAP_END)

static const struct {
	uint8_t outcome, party, severity;
} rows[] = {
#define VERDICT(id, kind, outcome, party, severity, sentence)                                      \
	{ OUTCOME_##outcome, PARTY_##party, SEVERITY_##severity },
#include "tcpshadow/verdict.def"
#undef VERDICT
};

enum outcome verdict_outcome(enum verdict_kind k)
{
	BUG_ON(k >= VERDICT_COUNT);
	return (enum outcome)rows[k].outcome;
}

enum severity verdict_severity(enum verdict_kind k)
{
	BUG_ON(k >= VERDICT_COUNT);
	return (enum severity)rows[k].severity;
}

enum party verdict_party(const struct verdict *v)
{
	enum party p = (enum party)rows[v->kind].party;

	if (p != PARTY_BY && p != PARTY_PEER)
		return p;
	if (v->by == BY_NOBODY)
		return PARTY_NONE;
	return (v->by == SIDE_CLIENT) == (p == PARTY_BY) ? PARTY_CLIENT : PARTY_SERVER;
}

/* ---- facts ---- */

static const struct finding *have(const struct conn_record *r, enum finding_id id)
{
	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].id == id)
			return &r->findings[i];
	return NULL;
}

static bool shows(const struct reset_record *rst, enum reset_evidence e)
{
	return rst->evidence & UINT64_C(1) << e;
}

/* The RST that ended it: the first that was obeyed or ended its sender; NULL = none did. */
static const struct reset_record *last_word(const struct conn_record *r)
{
	for (uint32_t i = 0; i < r->nresets; i++) {
		const struct reset_record *rst = &r->resets[i];

		if (rst->obeyed == 1 || (rst->ends_sender && !shows(rst, EVIDENCE_SENDER_WENT_ON)))
			return rst;
	}
	return r->nresets ? &r->resets[0] : NULL;
}

static struct verdict about(enum verdict_kind kind, unsigned by, enum confidence confidence)
{
	return (struct verdict){
		.kind = (uint8_t)kind,
		.by = (uint8_t)by,
		.confidence = (uint8_t)confidence,
	};
}

static struct verdict of_finding(enum verdict_kind kind, const struct finding *f)
{
	struct verdict v = about(kind, f->by, (enum confidence)f->confidence);

	v.time = f->cost;
	v.count = f->count;
	v.traps = f->traps;
	return v;
}

/* ---- who sent in vain ---- */

static bool is_unreachable(const struct icmp_record *m)
{
	if (m->ip_version == 6)
		return m->type == 1 || m->type == 3;
	return (m->type == 3 && m->code != 4) || m->type == 11;
}

const struct icmp_record *verdict_icmp(const struct conn_record *r, unsigned side)
{
	for (uint32_t i = r->nicmp; i-- > 0;) {
		const struct icmp_record *m = &r->icmp[i];

		if (m->about == side && is_unreachable(m) && !m->is_doubtful)
			return m;
	}
	return NULL;
}

/* Somebody on the way says that what this side sends in vain does not arrive. */
static bool was_cut_off(const struct conn_record *r, unsigned side)
{
	int64_t since = r->sides[side].unanswered_since;
	const struct icmp_record *m = verdict_icmp(r, side);

	return m && since >= 0 && m->time >= since;
}

/* What is known of why nothing came back, where it is more than that. */
static void explain_silence(const struct conn_record *r, struct verdict *v)
{
	const struct side_record *s = &r->sides[v->by];

	if (was_cut_off(r, v->by)) {
		v->kind = VERDICT_CUT_OFF;
	} else if (s->silence > IDLE_MIN) {
		v->kind = VERDICT_DIED_IDLE;
		v->time = s->silence;
	}
}

/* ---- resets ---- */

static const uint8_t kind_of_cause[] = {
	[CAUSE_CLOSED_PORT] = VERDICT_REFUSED,
	[CAUSE_NO_CONNECTION] = VERDICT_NO_CONNECTION,
	[CAUSE_UNREAD_DATA_ON_CLOSE] = VERDICT_UNREAD_DATA,
	[CAUSE_DATA_AFTER_CLOSE] = VERDICT_DATA_AFTER_CLOSE,
	[CAUSE_LINGER_ABORT] = VERDICT_LINGER_ABORT,
	[CAUSE_TIMEWAIT_SOCKET] = VERDICT_TIMEWAIT,
	[CAUSE_KEEPALIVE_TIMEOUT] = VERDICT_KEEPALIVE_TIMEOUT,
	[CAUSE_BAD_ACK_IN_HANDSHAKE] = VERDICT_BAD_ACK,
	[CAUSE_ACCEPT_QUEUE_OVERFLOW] = VERDICT_QUEUE_FULL,
	[CAUSE_HALF_OPEN] = VERDICT_HALF_OPEN,
	[CAUSE_FIREWALL_REJECT] = VERDICT_FIREWALL,
	[CAUSE_FORGED] = VERDICT_FORGED,
	[CAUSE_PAWS] = VERDICT_PAWS,
	[CAUSE_ABORTED] = VERDICT_LINGER_ABORT,
	[CAUSE_UNKNOWN] = VERDICT_RESET,
};

_Static_assert(sizeof(kind_of_cause) == CAUSE_COUNT, "each cause has its verdict");

static bool is_lossy(const struct conn_record *r)
{
	return r->sides[SIDE_CLIENT].lost_bytes || r->sides[SIDE_SERVER].lost_bytes ||
	       have(r, FINDING_CLOSED_WITH_DATA_OUTSTANDING);
}

/* It had more to send than its peer took. */
static bool is_held_up(const struct conn_record *r, unsigned side)
{
	return r->sides[!side].window_closed && r->sides[side].transfer.window_probes;
}

/* An application or a host has had enough. */
static enum verdict_kind kind_of_abort(
    const struct conn_record *r, const struct reset_record *rst, enum reset_cause cause)
{
	bool is_dead = r->sides[rst->by].unanswered >= REPEATS_MIN;

	if (is_held_up(r, rst->by) && !is_dead && r->sides[!rst->by].closed_time >= SLOW_MIN)
		return VERDICT_GAVE_UP_ON_READER;
	if (shows(rst, EVIDENCE_REPEATS) && cause == CAUSE_ABORTED)
		return VERDICT_GAVE_UP;
	if (is_lossy(r) || is_held_up(r, SIDE_CLIENT) || is_held_up(r, SIDE_SERVER))
		return VERDICT_ABORTED_EARLY;
	return VERDICT_LINGER_ABORT;
}

/* What the packets around the reset say more precisely than its cause. */
static enum verdict_kind kind_of_reset(const struct conn_record *r, const struct reset_record *rst)
{
	enum reset_cause cause = (enum reset_cause)rst->guesses[0].cause;
	bool is_open = shows(rst, EVIDENCE_NEVER_ENDED) || shows(rst, EVIDENCE_MIDSTREAM);

	if (shows(rst, EVIDENCE_ALONE))
		return VERDICT_STRAY;
	if (shows(rst, EVIDENCE_ANSWERS_SYN))
		return cause == CAUSE_FIREWALL_REJECT ? VERDICT_REJECTED : VERDICT_REFUSED;
	if (have(r, FINDING_RST_SYN_SCAN_CLEANUP))
		return VERDICT_SCAN;
	if (shows(rst, EVIDENCE_OLD_CONNECTION))
		return VERDICT_OLD_CONNECTION;
	if (shows(rst, EVIDENCE_CANCELLED) && cause == CAUSE_ABORTED)
		return VERDICT_CANCELLED_EARLY;
	if (shows(rst, EVIDENCE_ANSWERS_SYNACK) && cause == CAUSE_NO_CONNECTION)
		return VERDICT_CANCELLED;
	if (shows(rst, EVIDENCE_GAVE_UP))
		return VERDICT_GAVE_UP_SILENTLY;
	if (shows(rst, EVIDENCE_STOPPED_PROBING))
		return VERDICT_STOPPED_PROBING;
	if (shows(rst, EVIDENCE_LONG_SILENCE) && is_open && cause != CAUSE_FORGED)
		return VERDICT_IDLE_TIMEOUT;
	if (kind_of_cause[cause] == VERDICT_LINGER_ABORT)
		return kind_of_abort(r, rst, cause);
	return (enum verdict_kind)kind_of_cause[cause];
}

static struct verdict by_reset(const struct conn_record *r)
{
	const struct reset_record *rst = last_word(r);
	struct verdict v;

	if (!rst)
		return about(VERDICT_UNKNOWN, BY_NOBODY, CONFIDENCE_POSSIBLE);
	v = about(kind_of_reset(r, rst), rst->by, (enum confidence)rst->guesses[0].confidence);
	v.bytes = rst->bytes;
	v.count = rst->count;
	v.time = v.kind == VERDICT_IDLE_TIMEOUT ? rst->silence : rst->wait;
	if (v.kind == VERDICT_GAVE_UP_ON_READER)
		v.time = r->sides[!v.by].closed_time;
	if (v.kind == VERDICT_GAVE_UP && r->sides[v.by].fin_open)
		v.kind = VERDICT_FIN_TIMED_OUT;
	if (v.kind == VERDICT_GAVE_UP)
		explain_silence(r, &v);
	return v;
}

/* ---- rules, in order ---- */

typedef bool rule(const struct conn_record *r, struct verdict *v);

static bool was_evicted(const struct conn_record *r, struct verdict *v)
{
	if (!r->is_evicted)
		return false;
	*v = about(VERDICT_EVICTED, BY_NOBODY, CONFIDENCE_CERTAIN);
	return true;
}

static bool is_one_sided(const struct conn_record *r, struct verdict *v)
{
	/* A SYN, or a reset, that stands alone is told better below. */
	if (r->one_sided < 0 || !have(r, FINDING_ONE_SIDED))
		return false;
	*v = about(VERDICT_ONE_SIDED, (unsigned)r->one_sided, CONFIDENCE_CERTAIN);
	return true;
}

static bool was_refused(const struct conn_record *r, struct verdict *v)
{
	if (r->handshake != HANDSHAKE_REFUSED)
		return false;
	*v = by_reset(r);
	return true;
}

static enum verdict_kind kind_of_icmp(const struct conn_record *r, const struct icmp_record *m)
{
	bool is_server = addr_equal(&m->from, &r->sides[SIDE_SERVER].addr.ip);
	bool is_prohibited = m->ip_version == 6
	                         ? m->type == 1 && (m->code == 1 || m->code == 5)
	                         : m->type == 3 && (m->code == 9 || m->code == 10 || m->code == 13);

	if (is_prohibited)
		return VERDICT_PROHIBITED;
	return is_server ? VERDICT_PORT_UNREACHABLE : VERDICT_UNREACHABLE;
}

static bool was_unreachable(const struct conn_record *r, struct verdict *v)
{
	if (r->nicmp == 0)
		return false;
	*v = about(kind_of_icmp(r, &r->icmp[0]), BY_NOBODY, CONFIDENCE_CERTAIN);
	return r->handshake == HANDSHAKE_ICMP_ERROR ||
	       (r->handshake == HANDSHAKE_UNANSWERED && r->nresets == 0);
}

static bool was_unanswered(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f;

	if (r->handshake != HANDSHAKE_UNANSWERED)
		return false;
	f = have(r, FINDING_SYN_UNANSWERED);
	if (r->nresets)
		*v = by_reset(r);
	else if (f)
		*v = of_finding(VERDICT_NO_ANSWER, f);
	else
		*v = about(VERDICT_OPENING, BY_NOBODY, CONFIDENCE_CERTAIN);
	if (f && v->kind == VERDICT_NO_ANSWER)
		v->count = r->syns;
	return true;
}

static bool was_unfinished(const struct conn_record *r, struct verdict *v)
{
	const struct finding *missing, *undelivered;

	if (r->handshake != HANDSHAKE_UNFINISHED)
		return false;
	missing = have(r, FINDING_HANDSHAKE_ACK_MISSING);
	undelivered = have(r, FINDING_SYNACK_UNDELIVERED);
	*v = about(VERDICT_OPENING, BY_NOBODY, CONFIDENCE_CERTAIN);
	if (r->nresets)
		*v = by_reset(r);
	else if (undelivered)
		*v = of_finding(VERDICT_SYNACK_LOST, undelivered);
	else if (missing)
		*v = of_finding(VERDICT_HANDSHAKE_INCOMPLETE, missing);
	if (!r->nresets && (missing || undelivered))
		v->count = r->synacks;
	return true;
}

/* Bytes of one end never reached the other, which said so later: that is not the capture's doing. */
static bool has_lost_data(const struct conn_record *r, struct verdict *v)
{
	for (unsigned side = 0; side < 2; side++) {
		if (!r->sides[side].lacked_bytes)
			continue;
		*v = about(VERDICT_NEVER_ARRIVED, side, CONFIDENCE_CERTAIN);
		v->bytes = r->sides[side].lacked_bytes;
		return true;
	}
	return false;
}

/*
 * Both had said that they were done, and nothing was lost: what reset follows is a formality, but for one that
 * turns the next connection away.
 */
static bool had_closed(const struct conn_record *r)
{
	const struct reset_record *rst = last_word(r);

	if (rst && shows(rst, EVIDENCE_SYN_TO_TIME_WAIT))
		return false;
	return r->sides[SIDE_CLIENT].fin_sent && r->sides[SIDE_SERVER].fin_sent && !is_lossy(r);
}

static bool was_reset(const struct conn_record *r, struct verdict *v)
{
	if (r->close != CLOSE_RESET)
		return false;
	if (had_closed(r))
		*v = about(VERDICT_OK_LATE_RESET, BY_NOBODY, CONFIDENCE_LIKELY);
	else
		*v = by_reset(r);
	/* (An application that waits in vain gives up.) */
	if (v->kind == VERDICT_ABORTED_EARLY)
		(void)has_lost_data(r, v);
	return true;
}

/* The end whose window kept the other waiting. */
static unsigned slow_reader(const struct conn_record *r)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	if (c->transfer.window_probes != s->transfer.window_probes)
		return c->transfer.window_probes > s->transfer.window_probes ? SIDE_SERVER
		                                                             : SIDE_CLIENT;
	return c->stream.bytes > s->stream.bytes ? SIDE_SERVER : SIDE_CLIENT;
}

static bool was_slow(const struct conn_record *r, struct verdict *v)
{
	int64_t time = r->time_spent[SPENT_RECEIVER_WINDOW];

	if (time < SLOW_MIN || time < r->time_spent[SPENT_LOSS_RECOVERY] || r->is_midstream)
		return false;
	*v = about(VERDICT_OK_SLOW_READER, slow_reader(r), CONFIDENCE_LIKELY);
	v->time = time;
	return true;
}

/* The reader had room again and said so, but its sender did not hear that. */
static bool was_not_told(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f = have(r, FINDING_WINDOW_COLLAPSE_AFTER_UPDATE_LOST);

	if (!f || f->cost < SLOW_MIN || f->cost < r->time_spent[SPENT_RECEIVER_WINDOW] ||
	    2 * f->cost < r->time_spent[SPENT_LOSS_RECOVERY])
		return false;
	*v = of_finding(VERDICT_OK_UPDATE_LOST, f);
	return true;
}

/*
 * The server's host took the request, its application said nothing, and the client gave up waiting: spent.c counts that
 * time as the server's.  (Likely: a client that only tells may pause before it closes.)  Unless the server shows that
 * it had answered: then the answer was lost.
 */
static bool was_left_waiting(const struct conn_record *r, struct verdict *v)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];
	int64_t waited = r->time_spent[SPENT_SERVER_THINKING];

	if (r->is_midstream || !c->payload_bytes || s->payload_bytes || s->missing_bytes || !waited)
		return false;
	if (have(r, FINDING_CLOSE_WAIT_STUCK))
		return false;
	/* (Whose host does not even acknowledge a FIN that is sent again is not there.) */
	if (c->fin_open && c->unanswered >= FINS_MIN) {
		*v = about(VERDICT_FIN_TIMED_OUT, SIDE_CLIENT, CONFIDENCE_LIKELY);
		v->count = c->unanswered;
		return true;
	}
	*v = about(s->lost_bytes ? VERDICT_NEVER_ARRIVED : VERDICT_LEFT_WAITING, SIDE_SERVER,
	    CONFIDENCE_LIKELY);
	v->bytes = s->lost_bytes;
	v->time = waited;
	return true;
}

static int64_t entered_at(const struct side_record *s, enum tcp_state state)
{
	for (uint32_t i = 0; i < s->nstates; i++)
		if (s->states[i].state == state)
			return s->states[i].time;
	return -1;
}

/*
 * The server closes first, behind all that the client said, and not a byte of it is there or missing.  (An upload may
 * need no answer but the end; who says one thing now and then may only be listened to.)
 */
static bool was_not_answered(const struct conn_record *r, struct verdict *v)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	if (r->is_midstream || r->nclose_order < 2 || r->close_order[0] != SIDE_SERVER ||
	    r->close == CLOSE_SIMULTANEOUS)
		return false;
	if (!c->payload_bytes || c->payload_bytes > REQUEST_MAX || c->missing_bytes)
		return false;
	if (s->payload_bytes || s->missing_bytes || s->lost_bytes)
		return false;
	if (entered_at(s, TCPS_FIN_WAIT_1) < c->last_data ||
	    r->time_spent[SPENT_CLIENT_THINKING] > PAUSE_MAX)
		return false;
	*v = about(VERDICT_CLOSED_UNANSWERED, SIDE_SERVER, CONFIDENCE_LIKELY);
	return true;
}

/* Who closes last repeats his FIN in vain: his data is there, but he cannot know that the other end heard him. */
static bool is_last_word_open(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f = have(r, FINDING_FIN_UNACKNOWLEDGED);

	if (!f || !r->sides[f->by].fin_open)
		return false;
	*v = of_finding(VERDICT_OK_FIN_UNANSWERED, f);
	v->count = r->sides[f->by].unanswered;
	return true;
}

/* What repetitions cost: a SYN that was lost has its time in that of the handshake. */
static int64_t cost_of_loss(const struct conn_record *r)
{
	const struct finding *f = have(r, FINDING_SYN_RETRANSMITTED);

	return r->time_spent[SPENT_LOSS_RECOVERY] + (f ? f->cost : 0);
}

/* (A SYN that comes again because an older connection had answered the first was not lost.) */
static uint32_t sent_again(const struct conn_record *r, const struct side_record *s)
{
	const struct retransmission_record *again = &s->transfer.again;
	bool was_in_the_way =
	    have(r, FINDING_HALF_OPEN_RECOVERED) && !have(r, FINDING_SYN_RETRANSMITTED);

	return again->segments - (was_in_the_way ? again->kinds[RETRANSMISSION_SYN] : 0);
}

static bool is_closed(const struct conn_record *r, struct verdict *v)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];
	uint64_t lost = c->lost_bytes + s->lost_bytes;
	uint64_t missing = c->missing_bytes + s->missing_bytes + lost;
	uint32_t again = sent_again(r, c) + sent_again(r, s);
	uint32_t in_vain = c->transfer.again.in_vain + s->transfer.again.in_vain;
	enum verdict_kind kind = VERDICT_OK;

	if (r->close != CLOSE_FOUR_WAY && r->close != CLOSE_THREE_SEGMENT &&
	    r->close != CLOSE_SIMULTANEOUS)
		return false;
	if (r->is_midstream)
		kind = VERDICT_OK_FROM_THE_MIDDLE;
	else if (missing)
		kind = VERDICT_OK_PARTLY_CAPTURED;
	else if (again)
		kind = again > in_vain ? VERDICT_OK_WITH_LOSS : VERDICT_OK_SENT_TWICE;
	else if (!c->stream.bytes && !s->stream.bytes)
		kind = VERDICT_OK_NO_DATA;
	*v = about(kind, BY_NOBODY, lost ? CONFIDENCE_POSSIBLE : CONFIDENCE_CERTAIN);
	v->bytes = missing;
	v->count = again > in_vain ? again - in_vain : again;
	v->time = cost_of_loss(r);
	if (!missing && !is_last_word_open(r, v) && !was_not_told(r, v))
		(void)was_slow(r, v);
	return true;
}

static bool met_black_hole(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f = have(r, FINDING_PMTU_BLACKHOLE);

	if (f)
		*v = of_finding(VERDICT_PMTU_BLACKHOLE, f);
	return f != NULL;
}

static bool has_stopped_reading(const struct conn_record *r, struct verdict *v)
{
	for (unsigned side = 0; side < 2; side++) {
		if (!r->sides[side].window_closed)
			continue;
		*v = about(VERDICT_STALLED_RECEIVER, side, CONFIDENCE_LIKELY);
		v->time = r->sides[side].closed_time;
		return true;
	}
	return false;
}

static bool has_timed_out(const struct conn_record *r, struct verdict *v)
{
	for (unsigned side = 0; side < 2; side++) {
		if (r->sides[side].unanswered < REPEATS_MIN)
			continue;
		*v = about(r->sides[side].fin_open ? VERDICT_FIN_TIMED_OUT : VERDICT_TIMED_OUT,
		    side, CONFIDENCE_LIKELY);
		v->count = r->sides[side].unanswered;
		if (v->kind == VERDICT_TIMED_OUT)
			explain_silence(r, v);
		return true;
	}
	return false;
}

static bool is_dead(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f = have(r, FINDING_KEEPALIVE_UNANSWERED);

	/* (Who still owes its FIN has more to explain.) */
	if (!f || f->a < REPEATS_MIN || r->close == CLOSE_HALF_CLOSED)
		return false;
	*v = of_finding(VERDICT_NO_SIGN_OF_LIFE, f);
	v->count = (uint32_t)f->a;
	return true;
}

static bool is_half_closed(const struct conn_record *r, struct verdict *v)
{
	const struct finding *f = have(r, FINDING_CLOSE_WAIT_STUCK);

	if (r->close != CLOSE_HALF_CLOSED)
		return false;
	*v = f ? of_finding(VERDICT_NOT_CLOSED, f)
	       : about(VERDICT_HALF_CLOSED, r->close_order[0], CONFIDENCE_CERTAIN);
	return true;
}

static bool is_open_still(const struct conn_record *r, struct verdict *v)
{
	*v = r->nresets && shows(&r->resets[0], EVIDENCE_ALONE)
	         ? about(VERDICT_STRAY, r->resets[0].by, CONFIDENCE_CERTAIN)
	         : about(VERDICT_OPEN, BY_NOBODY, CONFIDENCE_CERTAIN);
	return true;
}

void verdict_doubt(struct verdict *v, unsigned traps)
{
	enum outcome outcome = (enum outcome)rows[v->kind].outcome;

	if (outcome == OUTCOME_OK || outcome == OUTCOME_INCOMPLETE || !(traps & TRAPS))
		return;
	if (!v->traps && v->confidence > CONFIDENCE_POSSIBLE)
		v->confidence--;
	v->traps |= (uint16_t)(traps & TRAPS);
}

/* The server has said nothing but SYN-ACKs, and the client's data was repeated in vain. */
static bool is_unheard(const struct conn_record *r)
{
	return (r->verdict.kind == VERDICT_TIMED_OUT || r->verdict.kind == VERDICT_DIED_IDLE) &&
	       r->verdict.by == SIDE_CLIENT && r->sides[SIDE_SERVER].packets == r->synacks;
}

void verdict_learn(struct conn_record *r)
{
	const struct finding *f = have(r, FINDING_ACCEPT_QUEUE_OVERFLOW_SUSPECTED);
	const struct finding *ignored = have(r, FINDING_SYN_IGNORED);
	uint32_t times = r->verdict.count;

	if (r->verdict.kind == VERDICT_NO_ANSWER && ignored &&
	    ignored->confidence >= CONFIDENCE_LIKELY)
		r->verdict.kind = VERDICT_IGNORED;
	if (!f || f->confidence < CONFIDENCE_LIKELY || !is_unheard(r))
		return;
	r->verdict = of_finding(VERDICT_NOT_ACCEPTED, f);
	r->verdict.count = times;
}

struct verdict verdict_on(const struct conn_record *r, unsigned traps)
{
	static rule *const rules[] = {
		was_evicted,
		is_one_sided,
		was_refused,
		was_unreachable,
		was_unanswered,
		was_unfinished,
		was_reset,
		has_lost_data,
		was_left_waiting,
		was_not_answered,
		is_closed,
		met_black_hole,
		has_timed_out,
		has_stopped_reading,
		is_dead,
		is_half_closed,
		is_open_still,
	};
	struct verdict v = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i](r, &v))
			break;
	verdict_doubt(&v, traps);
	return v;
}
