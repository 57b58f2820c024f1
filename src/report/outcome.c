/* SPDX-License-Identifier: MIT */
/*
 * outcome - words for people.
 */
#include "config.h"

#include "report/outcome.h"

void outcome_words(struct buf *out, const char *word)
{
	for (; *word; word++)
		buf_addch(out, *word == '_' ? ' ' : *word);
}

static void close_text(struct buf *out, const struct conn_record *r, bool brief)
{
	switch ((enum close_outcome)r->close) {
	case CLOSE_NONE:
		buf_addstr(out, "open");
		break;
	case CLOSE_FOUR_WAY:
	case CLOSE_THREE_SEGMENT:
	case CLOSE_SIMULTANEOUS:
		buf_addstr(out, "closed");
		break;
	case CLOSE_HALF_CLOSED:
		buf_addstr(out, "half-closed");
		break;
	case CLOSE_RESET:
		buf_addstr(out, brief ? "RST" : "reset");
		if (r->nresets)
			buf_addf(out, brief ? " %s" : " by %s", side_word(r->resets[0].by));
		break;
	}
}

/* What the verdict says better than handshake and close.  False: nothing. */
static bool verdict_text(struct buf *out, const struct verdict *v, bool brief)
{
	const char *party = party_word(verdict_party(v));

	switch (verdict_outcome((enum verdict_kind)v->kind)) {
	case OUTCOME_STALLED:
		buf_addstr(out, "stalled");
		return true;
	case OUTCOME_ABORTED:
		buf_addf(out, brief ? "ABORT %s" : "aborted by %s", party);
		return true;
	case OUTCOME_RESET:
		if (verdict_party(v) == PARTY_MIDDLEBOX)
			buf_addstr(out, brief ? "RST between" : "reset by a middlebox");
		else if (v->by <= SIDE_SERVER)
			buf_addf(out, brief ? "RST %s" : "reset by %s", side_word(v->by));
		return verdict_party(v) == PARTY_MIDDLEBOX || v->by <= SIDE_SERVER;
	case OUTCOME_OK:
		if (v->kind == VERDICT_OK_LATE_RESET)
			buf_addstr(out, "closed");
		return v->kind == VERDICT_OK_LATE_RESET;
	case OUTCOME_REFUSED:
	case OUTCOME_UNANSWERED:
	case OUTCOME_INCOMPLETE:
	case OUTCOME_UNKNOWN:
	case OUTCOME_COUNT:
		break;
	}
	return false;
}

void outcome_text(struct buf *out, const struct conn_record *r, bool brief)
{
	if (r->handshake == HANDSHAKE_MIDSTREAM)
		buf_addstr(out, brief ? "mid, " : "mid-stream, ");
	if (verdict_text(out, &r->verdict, brief))
		return;
	switch ((enum handshake_outcome)r->handshake) {
	case HANDSHAKE_REFUSED:
		buf_addstr(out, "refused");
		return;
	case HANDSHAKE_UNANSWERED:
		buf_addstr(out, "no answer");
		return;
	case HANDSHAKE_ICMP_ERROR:
		if (r->nicmp)
			outcome_words(out, icmp_kind_word(r->icmp[0].ip_version, r->icmp[0].type,
			                       r->icmp[0].code));
		else
			buf_addstr(out, "ICMP error");
		return;
	case HANDSHAKE_UNFINISHED:
		if (r->close == CLOSE_NONE)
			buf_addstr(out, "half-open");
		else
			close_text(out, r, brief);
		return;
	case HANDSHAKE_MIDSTREAM:
	case HANDSHAKE_COMPLETE:
	case HANDSHAKE_SIMULTANEOUS:
		close_text(out, r, brief);
		return;
	}
}

char outcome_mark(enum severity s)
{
	static const char marks[SEVERITY_COUNT] = { '.', '~', '!', 'X' };

	return marks[s];
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

void outcome_letter(struct buf *out, char mark, const struct report_options *o)
{
	const char *color = o->color ? outcome_color(mark) : NULL;

	buf_addstr(out, color ? color : "");
	if (mark == '.' && o->utf8)
		buf_addstr(out, "\xc2\xb7");
	else
		buf_addch(out, mark);
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
