/* SPDX-License-Identifier: MIT */
/*
 * report_show_json - `show --json`: the connection object with its segments.
 */
#include "config.h"

#include "report/json.h"
#include "report/place.h"
#include "report/record_json.h"
#include "tcpshadow/report.h"

static void flags_json(struct buf *out, uint16_t flags)
{
	json_array(out, "flags");
	for (unsigned i = 0; i < TCP_FLAG_ROWS; i++)
		if (flags & tcp_flag_row(i)->flag)
			json_word(out, NULL, tcp_flag_row(i)->word);
	json_end_array(out);
}

static void notes_json(struct buf *out, uint32_t notes)
{
	json_array(out, "notes");
	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++)
		if (notes & 1u << i)
			json_word(out, NULL, segment_note_word(i));
	json_end_array(out);
}

static void states_json(struct buf *out, const struct conn_record *r, const struct session_row *row)
{
	json_object(out, "states");
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e = session_state(&r->sides[side], row);

		if (e)
			json_word(out, side_word(side), tcp_state_name(e->state));
	}
	json_end_object(out);
}

/* The send and receive variables of both ends after the segment, as far as they are known. */
static void variables_json(struct buf *out, const struct session_row *row)
{
	const struct end_snapshot *ends = row->step.ends;

	json_object(out, "snd_una");
	for (unsigned i = 0; i < 2; i++)
		if (ends[i].snd_known)
			json_u64(out, side_word(i), ends[i].snd_una);
	json_end_object(out);
	json_object(out, "snd_nxt");
	for (unsigned i = 0; i < 2; i++)
		if (ends[i].snd_known)
			json_u64(out, side_word(i), ends[i].snd_nxt);
	json_end_object(out);
	json_object(out, "rcv_nxt");
	for (unsigned i = 0; i < 2; i++)
		if (ends[i].rcv_known)
			json_u64(out, side_word(i), ends[i].rcv_nxt);
	json_end_object(out);
}

static void icmp_json(struct buf *out, const struct session_row *row)
{
	json_word(out, "icmp", icmp_kind_word(row->ip_version, row->icmp_type, row->icmp_code));
	json_string(out, "from");
	addr_text(out, &row->icmp_from, row->ip_version);
	json_end_string(out);
	json_word(out, "about", side_word(row->side));
}

static void tcp_json(struct buf *out, const struct session_row *row)
{
	json_word(out, "by", side_word(row->side));
	flags_json(out, row->flags);
	if (row->step.ends[row->side].snd_known)
		json_i64(out, "seq", (int64_t)row->step.rel_seq);
	if (row->flags & TCP_ACK && row->step.ends[!row->side].snd_known)
		json_i64(out, "ack", (int64_t)row->step.rel_ack);
	json_u64(out, "length", row->len);
	json_u64(out, "window", row->flags & TCP_SYN ? row->raw_window : row->step.window);
}

/* What it was to the transfer: nothing of it where there is nothing to say. */
static void transfer_step_json(
    struct buf *out, const struct transfer_step *t, const struct cap_facts *facts)
{
	if (t->kind) {
		json_object(out, "retransmission");
		json_word(out, "kind", retransmission_word((enum retransmission_kind)t->kind));
		json_u64(out, "try", t->tries);
		if (t->repeats)
			json_u64(out, "repeats", place_number(facts, t->repeats));
		json_end_object(out);
	}
	if (t->rtt >= 0)
		json_ns(out, "rtt", t->rtt);
	json_u64(out, "in_flight", t->flight);
	if (t->dup_ack)
		json_u64(out, "duplicate_ack", t->dup_ack);
	if (t->wait)
		json_word(out, "waited_for", wait_label((enum wait)t->wait));
}

static void segment_json(struct buf *out, const struct session *s, const struct session_row *row,
    const struct cap_facts *facts)
{
	json_object(out, NULL);
	json_u64(out, "packet", place_number(facts, row->packet));
	json_ns(out, "time", row->time);
	if (row->is_icmp)
		icmp_json(out, row);
	else
		tcp_json(out, row);
	states_json(out, &s->record, row);
	variables_json(out, row);
	if (!row->is_icmp)
		transfer_step_json(out, &row->step.transfer, facts);
	notes_json(out, row->step.notes);
	json_end_object(out);
}

int report_show_json(const struct session *s, const struct report_options *o, struct err *e)
{
	struct buf *out = &o->out->buf;

	record_json_begin(out, &s->record, o->facts);
	json_array(out, "segments");
	for (size_t i = 0; i < s->nrows; i++)
		segment_json(out, s, &s->rows[i], o->facts);
	json_end_array(out);
	json_end_object(out);
	json_end_line(out);
	return report_out_flush(o->out, e);
}
