/* SPDX-License-Identifier: MIT */
/*
 * ladder_text - the words on the lines of a ladder.
 */
#include "config.h"

#include <inttypes.h>

#include "report/outcome.h"
#include "report/place.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/text.h"

#define CONTROL        (TCP_SYN | TCP_FIN | TCP_RST)
#define FINDINGS_SHOWN 2 /* ids on the line of a packet */

/* ACK goes without saying on data; PSH says data. */
static uint16_t flags_worth_saying(const struct session_row *row)
{
	uint16_t flags = row->flags;

	if (row->len && !(flags & CONTROL) && flags & TCP_ACK)
		flags &= (uint16_t)~TCP_ACK;
	if (flags & TCP_FIN || (!row->len && flags & TCP_ACK))
		flags &= (uint16_t)~TCP_PSH;
	if (flags & TCP_FIN && !(flags & (TCP_SYN | TCP_RST)))
		flags &= (uint16_t)~TCP_ACK;
	return flags;
}

static bool is_repeated_data(const struct session_row *row)
{
	return row->len && !(row->flags & CONTROL) &&
	       row->step.notes & 1u << SEGMENT_NOTE_RETRANSMISSION;
}

void ladder_flags_text(struct buf *out, const struct session_row *row)
{
	uint16_t flags = flags_worth_saying(row);
	size_t start = out->len;

	if (is_repeated_data(row)) {
		flags &= (uint16_t)~TCP_PSH;
		buf_addstr(out, "RETX");
	} else if (row->len && !(flags & (TCP_PSH | CONTROL))) {
		buf_addstr(out, "DATA");
	}
	for (unsigned i = 0; i < TCP_FLAG_ROWS; i++) {
		if (!(flags & tcp_flag_row(i)->flag))
			continue;
		if (out->len > start)
			buf_addch(out, '+');
		buf_addstr(out, tcp_flag_row(i)->word);
	}
	if (row->flags == 0)
		buf_addstr(out, out->len > start ? " no flags" : "no flags");
}

/* Relative to the first number of a side, if it has one: a refusing RST comes from no socket. */
static uint64_t number(
    const struct session_row *row, unsigned side, uint64_t relative, uint32_t raw)
{
	return row->step.ends[side].snd_known ? relative : raw;
}

static uint64_t ack_number(const struct session_row *row)
{
	return number(row, !row->side, row->step.rel_ack, row->raw_ack);
}

/* Flags, sequence number and length; a pure ACK is its acknowledgment. */
static void headline(struct buf *out, const struct session_row *row)
{
	bool pure_ack = !row->len && !(row->flags & CONTROL) && row->flags & TCP_ACK;

	ladder_flags_text(out, row);
	buf_addch(out, ' ');
	if (pure_ack)
		buf_add_i64(out, (int64_t)ack_number(row));
	else
		buf_add_i64(out, (int64_t)number(row, row->side, row->step.rel_seq, row->raw_seq));
	if (row->len)
		buf_addf(out, "+%u", (unsigned)row->len);
}

/* Append a part when it fits. */
static void add_part(struct buf *out, size_t start, size_t room, const struct buf *part)
{
	if (out->len - start + 1 + part->len > room)
		return;
	buf_addch(out, ' ');
	buf_add(out, part->data, part->len);
}

static void syn_options(struct buf *part, const struct session_row *row)
{
	if (row->options & OPT_MSS)
		buf_addf(part, "mss %u ", (unsigned)row->mss);
	if (row->options & OPT_WSCALE)
		buf_addf(part, "ws %u ", (unsigned)row->wscale);
	if (row->options & OPT_SACK_PERMITTED)
		buf_addstr(part, "sack ");
	if (row->options & OPT_TIMESTAMPS)
		buf_addstr(part, "ts ");
	if (row->options & OPT_FAST_OPEN)
		buf_addstr(part, "tfo ");
	if (row->options & OPT_MPTCP)
		buf_addstr(part, "mptcp ");
	if (part->len)
		part->data[--part->len] = '\0';
}

static void icmp_text(struct buf *out, const struct session_row *row)
{
	buf_addstr(out, "ICMP ");
	outcome_words(out, icmp_kind_word(row->ip_version, row->icmp_type, row->icmp_code));
}

/* The parts behind the headline, most important first. */
static void make_part(struct buf *part, const struct session_row *row, unsigned i)
{
	bool pure_ack = !row->len && !(row->flags & CONTROL);

	buf_reset(part);
	if (i == 0 && row->flags & TCP_ACK && !pure_ack)
		buf_addf(part, "ack %" PRId64, (int64_t)ack_number(row));
	if (i == 1 && row->nsack)
		buf_addf(part, "SACK %" PRId64 "-%" PRId64 "%s", (int64_t)row->sack_left,
		    (int64_t)row->sack_right, row->nsack > 1 ? "..." : "");
	if (i == 2 && !(row->flags & TCP_RST))
		buf_addf(part, "win %" PRIu64,
		    row->flags & TCP_SYN ? (uint64_t)row->raw_window : row->step.window);
	if (i == 3 && row->flags & TCP_SYN)
		syn_options(part, row);
}

void ladder_segment_text(struct buf *out, const struct session_row *row, size_t room)
{
	struct buf part = BUF_INIT;
	size_t start = out->len;

	if (row->is_icmp) {
		icmp_text(out, row);
		buf_addstr(&part, "from ");
		addr_text(&part, &row->icmp_from, row->ip_version);
		add_part(out, start, room, &part);
		buf_release(&part);
		return;
	}
	headline(out, row);
	for (unsigned i = 0; i < 4; i++) {
		make_part(&part, row, i);
		if (part.len)
			add_part(out, start, room, &part);
	}
	buf_release(&part);
}

static void add_note(struct buf *out, size_t start, const char *note)
{
	if (out->len > start)
		buf_addstr(out, ", ");
	buf_addstr(out, note);
}

static void reset_note(
    struct buf *out, size_t start, const struct conn_record *r, const struct session_row *row)
{
	for (uint32_t i = 0; i < r->nresets; i++) {
		const struct reset_record *rst = &r->resets[i];

		if (rst->packet == row->packet && rst->obeyed >= 0 &&
		    !(row->step.notes & 1u << SEGMENT_NOTE_RST_NOT_OBEYED))
			add_note(out, start, rst->obeyed ? "obeyed" : "not obeyed");
	}
}

/* The next worst finding that names the packet; NULL = no more. */
static const struct finding *next_finding(
    const struct conn_record *r, uint64_t packet, const struct finding *last)
{
	do
		last = finding_text_next(r->findings, r->nfindings, last);
	while (last && !(session_is_evidence(last, packet) && session_has_marks(last)));
	return last;
}

/* "out-of-order", "out_of_order" */
static bool is_same_word(const char *id, const char *word)
{
	while (*id && (*id == *word || (*id == '-' && *word == '_'))) {
		id++;
		word++;
	}
	return *id == *word;
}

/* Do the notes on the line say what the finding's id says? */
static bool is_noted(const struct session_row *row, const char *id)
{
	static const char again[] = "retransmission", probe[] = "tail-loss-probe";

	if (row->step.transfer.kind &&
	    (strncmp(id, again, sizeof(again) - 1) == 0 || strcmp(id, probe) == 0))
		return true;
	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++)
		if (row->step.notes & 1u << i && is_same_word(id, segment_note_word(i)))
			return true;
	return false;
}

typedef void put_mark(struct buf *out, enum severity s);

static void put_sign(struct buf *out, enum severity s)
{
	buf_addf(out, "%c ", outcome_mark(s));
}

static void put_word(struct buf *out, enum severity s)
{
	buf_addf(out, "%s: ", outcome_mark_word(s));
}

/* The mark of the worst and the ids of the worst few that the notes do not say; without a mark a plain fact, too. */
static void finding_notes(
    struct buf *out, const struct conn_record *r, const struct session_row *row, put_mark *mark)
{
	const struct finding *f = NULL;
	size_t start = out->len;
	unsigned shown = 0, left = 0;
	bool is_marked = false;

	while ((f = next_finding(r, row->packet, f))) {
		const struct finding_info *info = finding_info(f->id);

		if (info->severity == SEVERITY_INFO && (mark || shown))
			break;
		if (mark && !is_marked) {
			mark(out, info->severity);
			start = out->len;
			is_marked = true;
		}
		if (is_noted(row, info->name))
			continue;
		if (shown == FINDINGS_SHOWN) {
			left++;
			continue;
		}
		add_note(out, start, info->name);
		shown++;
	}
	if (left)
		buf_addf(out, " +%u", left);
}

/* Which bytes were sent again and why: "RTO after 6.20 s of #402, try 3". */
static void again_note(
    struct buf *out, size_t start, const struct session_row *row, const struct cap_facts *facts)
{
	const struct transfer_step *t = &row->step.transfer;

	if (t->kind == RETRANSMISSION_NONE)
		return;
	if (t->kind == RETRANSMISSION_RTO && t->again) {
		add_note(out, start, "RTO after ");
		text_duration(out, t->again);
	} else {
		add_note(out, start, retransmission_brief((enum retransmission_kind)t->kind));
	}
	if (t->repeats) {
		buf_addstr(out, " of #");
		buf_add_u64(out, place_number(facts, t->repeats));
	}
	if (t->tries > 1)
		buf_addf(out, ", try %u", t->tries);
}

/* The second duplicate ACK and those behind it have numbers. */
static void note_of(struct buf *out, size_t start, const struct session_row *row, unsigned note)
{
	bool is_numbered = note == SEGMENT_NOTE_DUPLICATE_ACK && row->step.transfer.dup_ack > 1;

	add_note(out, start, is_numbered ? "dup ACK " : segment_note_brief(note));
	if (is_numbered)
		buf_add_u64(out, row->step.transfer.dup_ack);
}

static void rtt_note(struct buf *out, const struct session_row *row)
{
	if (row->step.transfer.rtt < 0)
		return;
	buf_addstr(out, "rtt ");
	text_duration(out, row->step.transfer.rtt);
}

/* What the segment is. */
static void segment_notes(
    struct buf *out, size_t start, const struct conn_record *r, const struct session_row *row)
{
	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++) {
		if (i == SEGMENT_NOTE_RETRANSMISSION &&
		    (is_repeated_data(row) || row->step.transfer.kind != RETRANSMISSION_NONE))
			continue; /* RETX says it, or its kind */
		if (row->step.notes & 1u << i)
			note_of(out, start, row, i);
	}
	if (row->flags & TCP_RST && !row->is_icmp)
		reset_note(out, start, r, row);
}

/* The worst findings, then notes; a finding that is a plain fact only where there is nothing else. */
static void notes_text(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct cap_facts *facts, put_mark *mark)
{
	size_t start = out->len, notes = start;

	finding_notes(out, r, row, mark);
	/* (A mark alone: the notes follow it.) */
	if (out->len > start && out->data[out->len - 1] == ' ')
		notes = out->len;
	again_note(out, notes, row, facts);
	segment_notes(out, notes, r, row);
	if (out->len == start)
		finding_notes(out, r, row, NULL);
	if (out->len == start)
		rtt_note(out, row);
}

void ladder_notes_text(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct cap_facts *facts)
{
	notes_text(out, r, row, facts, put_sign);
}

void ladder_notes_words(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct cap_facts *facts)
{
	notes_text(out, r, row, facts, put_word);
}

void ladder_fold_text(struct buf *out, const struct ladder_fold *f, enum side side)
{
	if (f->data[side]) {
		text_count(out, f->data[side]);
		buf_addstr(out, " data ");
		text_bytes(out, f->bytes[side]);
	}
	if (f->acks[side] > f->dups[side]) {
		buf_addstr(out, f->data[side] ? ", " : "");
		text_count(out, f->acks[side] - f->dups[side]);
		buf_addstr(out, " ack");
	}
	if (f->dups[side]) {
		buf_addstr(out, f->data[side] || f->acks[side] > f->dups[side] ? ", " : "");
		text_count(out, f->dups[side]);
		buf_addstr(out, " dup ack");
	}
}

void ladder_unseen_text(
    struct buf *out, const struct ladder_item *it, const struct session_row *row, bool absolute)
{
	bool is_sender = row->side == it->side;
	uint64_t relative = is_sender ? row->step.rel_seq : row->step.rel_ack;
	uint32_t raw = is_sender ? row->raw_seq : row->raw_ack;

	if (absolute)
		buf_add_u64(out, it->seq);
	else
		buf_addf(out, "%" PRId64, (int64_t)(relative - (uint32_t)(raw - it->seq)));
	buf_addf(out, "+%u", (unsigned)it->bytes);
}
