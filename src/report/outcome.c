/* SPDX-License-Identifier: MIT */
/*
 * outcome - words for people.
 */
#include "config.h"

#include <string.h>

#include "report/outcome.h"

void outcome_words(struct buf *out, const char *word)
{
	for (; *word; word++)
		buf_addch(out, *word == '_' ? ' ' : *word);
}

static const struct {
	const char *word, *also, *text, *brief;
} rows[STANDING_COUNT] = {
#define STANDING(id, word, also, text, brief) { word, also, text, brief },
#include "tcpshadow/standing.def"
#undef STANDING
};

const char *standing_word(enum standing s)
{
	return rows[s].word;
}

const char *standing_also(enum standing s)
{
	return rows[s].also;
}

static enum standing of_close(const struct conn_record *r)
{
	switch ((enum close_outcome)r->close) {
	case CLOSE_NONE:
		return STANDING_OPEN;
	case CLOSE_FOUR_WAY:
	case CLOSE_THREE_SEGMENT:
	case CLOSE_SIMULTANEOUS:
		return STANDING_CLOSED;
	case CLOSE_HALF_CLOSED:
		return STANDING_HALF_CLOSED;
	case CLOSE_RESET:
		break;
	}
	return STANDING_RESET;
}

static enum standing of_handshake(const struct conn_record *r)
{
	switch ((enum handshake_outcome)r->handshake) {
	case HANDSHAKE_REFUSED:
		return STANDING_REFUSED;
	case HANDSHAKE_UNANSWERED:
		return STANDING_UNANSWERED;
	case HANDSHAKE_ICMP_ERROR:
		return STANDING_ICMP_ERROR;
	case HANDSHAKE_UNFINISHED:
		return r->close == CLOSE_NONE ? STANDING_HALF_OPEN : of_close(r);
	case HANDSHAKE_MIDSTREAM:
	case HANDSHAKE_COMPLETE:
	case HANDSHAKE_SIMULTANEOUS:
		break;
	}
	return of_close(r);
}

/* The verdict knows better than handshake and close who it was, or that it went on. */
static bool is_reset_by_verdict(const struct verdict *v)
{
	return verdict_outcome((enum verdict_kind)v->kind) == OUTCOME_RESET &&
	       (verdict_party(v) == PARTY_MIDDLEBOX || v->by <= SIDE_SERVER);
}

enum standing outcome_standing(const struct conn_record *r)
{
	enum outcome outcome = verdict_outcome((enum verdict_kind)r->verdict.kind);

	if (outcome == OUTCOME_STALLED)
		return STANDING_STALLED;
	if (outcome == OUTCOME_ABORTED)
		return STANDING_ABORTED;
	if (is_reset_by_verdict(&r->verdict))
		return STANDING_RESET;
	return r->verdict.kind == VERDICT_OK_LATE_RESET ? STANDING_CLOSED : of_handshake(r);
}

/* Who reset or aborted it; NULL = that is not told. */
static const char *by_whom(const struct conn_record *r, enum standing s, bool brief)
{
	const struct verdict *v = &r->verdict;

	if (s == STANDING_ABORTED)
		return party_word(verdict_party(v));
	if (s != STANDING_RESET)
		return NULL;
	if (!is_reset_by_verdict(v))
		return r->nresets ? side_word(r->resets[0].by) : NULL;
	if (verdict_party(v) == PARTY_MIDDLEBOX)
		return brief ? "between" : "a middlebox";
	return side_word(v->by);
}

void outcome_text(struct buf *out, const struct conn_record *r, bool brief)
{
	enum standing s = outcome_standing(r);
	const char *by = by_whom(r, s, brief);

	if (r->handshake == HANDSHAKE_MIDSTREAM)
		buf_addstr(out, brief ? "mid, " : "mid-stream, ");
	if (s == STANDING_ICMP_ERROR && r->nicmp) {
		outcome_words(
		    out, icmp_kind_word(r->icmp[0].ip_version, r->icmp[0].type, r->icmp[0].code));
		return;
	}
	buf_addstr(out, brief ? rows[s].brief : rows[s].text);
	if (by)
		buf_addf(out, brief ? " %s" : " by %s", by);
}

/* Both halves of the way; -1 = no such time exists. */
static int64_t both_halves(int64_t there, int64_t back)
{
	int64_t sum;

	return there < 0 || back < 0 || __builtin_add_overflow(there, back, &sum) ? -1 : sum;
}

int64_t outcome_round_trip(const struct conn_record *r)
{
	const struct rtt_record *c = &r->sides[SIDE_CLIENT].transfer.rtt;
	const struct rtt_record *s = &r->sides[SIDE_SERVER].transfer.rtt;

	if (r->has_syn_to_synack && r->has_synack_to_ack)
		return both_halves(r->syn_to_synack, r->synack_to_ack);
	if (c->samples && s->samples)
		return both_halves(c->min, s->min);
	if (c->samples && r->vantage == VANTAGE_CLIENT)
		return c->min;
	if (s->samples && r->vantage == VANTAGE_SERVER)
		return s->min;
	return -1;
}

uint64_t outcome_rate(const struct conn_record *r)
{
	uint64_t bytes = r->sides[SIDE_CLIENT].payload_bytes + r->sides[SIDE_SERVER].payload_bytes;
	int64_t ns = r->end - r->start;

	return ns > 0 ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;
}

char outcome_mark(enum severity s)
{
	static const char marks[SEVERITY_COUNT] = { '.', '~', '!', 'X' };

	return marks[s];
}

char outcome_health(enum severity s, enum handshake_outcome h)
{
	if (h == HANDSHAKE_REFUSED || h == HANDSHAKE_UNANSWERED || h == HANDSHAKE_ICMP_ERROR)
		return '0';
	return h == HANDSHAKE_MIDSTREAM && s < SEVERITY_WARN ? '?' : outcome_mark(s);
}

unsigned outcome_health_rank(char letter)
{
	static const char order[] = ".?~0!X";
	const char *at = strchr(order, letter);

	return at ? (unsigned)(at - order) : 0;
}

const char *outcome_mark_word(enum severity s)
{
	static const char *const words[SEVERITY_COUNT] = { "fine", "note", "warning", "error" };

	return words[s];
}

const char *outcome_color(char mark)
{
	switch (mark) {
	case 'X':
		return "\033[1;31m";
	case '!':
		return "\033[35m";
	case '~':
		return "\033[33m";
	default:
		return NULL;
	}
}

void outcome_sign(struct buf *out, char mark, bool utf8)
{
	if (mark == '.' && utf8)
		buf_addstr(out, "\xc2\xb7");
	else if (mark == '0' && utf8)
		buf_addstr(out, "\xe2\x88\x85");
	else
		buf_addch(out, mark);
}

void outcome_letter(struct buf *out, char mark, const struct report_options *o)
{
	const char *color = o->color ? outcome_color(mark) : NULL;

	buf_addstr(out, color ? color : "");
	outcome_sign(out, mark, o->utf8);
	buf_addstr(out, color ? "\033[0m " : " ");
}

void outcome_state(struct buf *out, const struct side_record *s, bool brief)
{
	const struct state_entry *last;

	if (s->nstates == 0) {
		buf_addch(out, '-');
		return;
	}
	last = &s->states[s->nstates - 1];
	buf_addstr(out, brief ? tcp_state_brief(last->state) : tcp_state_name(last->state));
	if (last->certainty == PRESUMED && last->rule != FSM_RULE_NONE)
		buf_addch(out, '?');
}
