/* SPDX-License-Identifier: MIT */
/*
 * report_mermaid - `show --mermaid`: a sequence diagram for pages that render Mermaid.
 *
 * Does not: escape.  Everything written is made of letters, digits and + - . : [ ], none of which
 *           means anything to Mermaid where it stands.
 */
#include "config.h"

#include "report/outcome.h"
#include "report/place.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/report.h"
#include "tcpshadow/text.h"

#define ROOM 60 /* columns for the words on an arrow */

static const char *const participant[2] = { "C", "S" };

static void add_participants(struct buf *out, const struct conn_record *r)
{
	for (unsigned side = 0; side < 2; side++) {
		buf_addf(out, "    participant %s as %s ", participant[side], side_word(side));
		endpoint_text(out, &r->sides[side].addr);
		buf_addch(out, '\n');
	}
}

static void add_state(struct buf *out, unsigned side, const struct state_entry *e)
{
	if (e)
		buf_addf(out, "    Note over %s: %s%s\n", participant[side],
		    tcp_state_name(e->state), e->certainty == PRESUMED ? "?" : "");
}

static void add_segment(struct buf *out, const struct session *s, const struct session_row *row,
    const struct report_options *o)
{
	unsigned from = row->is_icmp ? !row->side : row->side;
	size_t notes;

	buf_addf(out, "    %s-%s%s: ", participant[from], row->is_icmp ? "-x" : ">>",
	    participant[!from]);
	buf_add_u64(out, place_number(o->facts, row->packet));
	buf_addstr(out, ". ");
	ladder_segment_text(out, row, ROOM);
	buf_addstr(out, " (");
	notes = out->len;
	ladder_notes_text(out, &s->record, row, o->facts);
	if (out->len == notes)
		out->len -= 2;
	else
		buf_addch(out, ')');
	buf_addch(out, '\n');
	for (unsigned side = 0; side < 2; side++)
		add_state(out, side, session_caused(&s->record.sides[side], row->packet));
}

static void add_fold(struct buf *out, const struct session *s, const struct ladder_item *it,
    const struct report_options *o)
{
	struct ladder_fold f = ladder_fold_sum(s, it);

	buf_addstr(out, "    Note over C,S: ");
	buf_add_u64(out, place_number(o->facts, s->rows[it->first].packet));
	buf_addch(out, '-');
	buf_add_u64(out, place_number(o->facts, s->rows[it->last].packet));
	for (unsigned side = 0; side < 2; side++) {
		if (!f.data[side] && !f.acks[side])
			continue;
		buf_addf(out, ", %s ", side_word(side));
		ladder_fold_text(out, &f, side);
	}
	buf_addch(out, '\n');
}

static void add_unseen(struct buf *out, const struct session *s, const struct ladder_item *it)
{
	buf_addf(out, "    Note over %s: ", participant[it->side]);
	ladder_unseen_text(out, it, &s->rows[it->first], false);
	buf_addstr(out, " sent, never captured\n");
}

static void add_item(struct buf *out, const struct session *s, const struct ladder_item *it,
    const struct report_options *o)
{
	switch ((enum ladder_kind)it->kind) {
	case LADDER_SEGMENT:
		for (size_t i = it->first; i <= it->last; i++)
			add_segment(out, s, &s->rows[i], o);
		break;
	case LADDER_FOLD:
		add_fold(out, s, it, o);
		break;
	case LADDER_GAP:
		buf_addstr(out, "    Note over C,S: ");
		text_duration(out, it->gap);
		buf_addf(out, ", %s\n", it->label);
		break;
	case LADDER_TIMER:
		add_state(out, it->side, &s->record.sides[it->side].states[it->entry]);
		break;
	case LADDER_UNSEEN:
		if (it->lines)
			add_unseen(out, s, it);
		break;
	}
}

int report_mermaid(const struct session *s, const struct report_options *o, struct err *e)
{
	struct buf *out = &o->out->buf;
	struct ladder l;
	int rc = 0;

	buf_addstr(out, "sequenceDiagram\n");
	add_participants(out, &s->record);
	ladder_init(&l, s, o->fold);
	for (size_t i = 0; i < l.nitems && rc == 0; i++) {
		add_item(out, s, &l.items[i], o);
		rc = report_out_commit(o->out, e);
	}
	ladder_release(&l);
	return rc < 0 ? -1 : report_out_flush(o->out, e);
}
