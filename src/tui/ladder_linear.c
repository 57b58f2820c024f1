/* SPDX-License-Identifier: MIT */
/*
 * ladder_linear - the lines of the ladder as words: who sent what, then states and notes.
 *
 *     #4, 0.012433, client PSH 1+517 ack 1 win 64512, server ESTABLISHED, rtt 10.2 ms
 *
 * Of several connections each line says which session it is of: "session 2 client".
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/text.h"
#include "tui/ladder.h"

/* "session 2 client" */
static void add_who(struct buf *out, const struct ladder_view *v, uint16_t conn, unsigned side)
{
	if (ladder_is_merged(v))
		buf_addf(out, "session %u ", traces_session(v->traces, conn) + 1);
	buf_addf(out, "%s ", side_word(side));
}

/* ", session 1, session 2" */
static void add_sessions(struct buf *out, const struct ladder_view *v, uint64_t conns)
{
	for (size_t i = 0; i < traces_conns(v->traces) && ladder_is_merged(v); i++)
		if (conns >> i & 1u)
			buf_addf(out, ", session %u", traces_session(v->traces, i) + 1);
}

static void add_number(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t k)
{
	struct store_packet p;

	traces_packet(v->traces, k, &p);
	buf_addf(out, "%" PRIu64, store_number(ui->store, p.ordinal, NULL));
}

static void add_time(struct buf *out, const struct ladder_view *v, const struct ui *ui, uint32_t k)
{
	buf_addstr(out, ", ");
	ladder_time_text(out, v, ui, k, LADDER_DECIMALS);
	buf_addstr(out, ", ");
}

static void add_state(struct buf *out, unsigned side, const struct state_entry *e)
{
	if (e)
		buf_addf(out, ", %s %s%s", side_word(side), tcp_state_name(e->state),
		    e->certainty == PRESUMED ? " presumed" : "");
}

/* What the packet did, and what there is to say of it. */
static void add_effects(struct buf *out, const struct conn_record *r, const struct session_row *row,
    const struct ui *ui)
{
	struct buf notes = BUF_INIT;

	for (unsigned side = 0; side < 2; side++)
		add_state(out, side, session_caused(&r->sides[side], row->packet));
	ladder_notes_words(&notes, r, row, cap_facts(ui->options->cap));
	if (notes.len)
		buf_addf(out, ", %s", notes.data);
	buf_release(&notes);
}

static void add_segment(
    struct buf *out, struct ladder_view *v, const struct ui *ui, uint32_t k, int w)
{
	struct session_row row = ladder_row(v, ui, k);
	uint16_t conn = traces_at(v->traces, k).conn;
	struct buf effects = BUF_INIT;
	size_t used;

	buf_addch(out, '#');
	add_number(out, v, ui, k);
	if (w >= LADDER_NARROW)
		add_time(out, v, ui, k);
	else
		buf_addstr(out, ", ");
	add_who(out, v, conn, row.is_icmp ? !row.side : row.side);
	add_effects(&effects, &v->source.records[conn], &row, ui);
	used = out->len + effects.len;
	ladder_segment_text(out, &row, used < (size_t)w ? (size_t)w - used : 0);
	buf_addstr(out, effects.len ? effects.data : "");
	buf_release(&effects);
}

static void add_fold(
    struct buf *out, const struct ladder_view *v, const struct ui *ui, const struct ladder_item *it)
{
	struct ladder_fold f = ladder_fold_of(&v->source, it);

	buf_addstr(out, "folded #");
	add_number(out, v, ui, (uint32_t)it->first);
	buf_addstr(out, " to ");
	add_number(out, v, ui, (uint32_t)it->last);
	add_sessions(out, v, f.conns);
	for (unsigned side = 0; side < 2; side++) {
		if (!f.data[side] && !f.acks[side] && !f.dups[side])
			continue;
		buf_addf(out, ", %s ", side_word(side));
		ladder_fold_text(out, &f, (enum side)side);
	}
	buf_addstr(out, ", in ");
	text_duration(out, f.to - f.from);
}

static void add_unseen(
    struct buf *out, struct ladder_view *v, const struct ui *ui, const struct ladder_item *it)
{
	const struct session_row *row = traces_row(v->traces, (uint32_t)it->first);

	add_who(out, v, it->conn, it->side);
	ladder_unseen_text(out, it, row, ui->setting[SETTING_NUMBERS] == NUMBERS_ABSOLUTE);
	buf_addstr(out, " never captured");
}

void ladder_linear_text(
    struct buf *out, struct ladder_view *v, const struct ui *ui, uint64_t line, int w)
{
	const struct ladder_item *it = &v->ladder.items[ladder_at(&v->ladder, line)];
	const struct state_entry *e;

	switch ((enum ladder_kind)it->kind) {
	case LADDER_SEGMENT:
		add_segment(out, v, ui, (uint32_t)(it->first + (line - it->line)), w);
		break;
	case LADDER_FOLD:
		add_fold(out, v, ui, it);
		break;
	case LADDER_GAP:
		text_duration(out, it->gap);
		buf_addf(out, " %s", ladder_gap_label(traces_row(v->traces, (uint32_t)it->first)));
		add_sessions(out, v, UINT64_C(1) << it->conn);
		break;
	case LADDER_UNSEEN:
		add_unseen(out, v, ui, it);
		break;
	case LADDER_TIMER:
		e = &v->source.records[it->conn].sides[it->side].states[it->entry];
		buf_addf(out, "%s", fsm_rule_at(e->rule)->why);
		add_state(out, it->side, e);
		add_sessions(out, v, UINT64_C(1) << it->conn);
		break;
	}
}
