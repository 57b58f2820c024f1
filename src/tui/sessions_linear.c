/* SPDX-License-Identifier: MIT */
/*
 * sessions_linear - the sessions screen for ears: a connection in one line of words, and one fact a line about the
 * selected one.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/para.h"
#include "tui/sessions.h"

static const char *health_word(const struct store_session *row)
{
	switch (store_health(row)) {
	case '0':
		return "never answered";
	case '?':
		return "began before the capture";
	}
	return outcome_mark_word((enum severity)row->severity);
}

/* What speaks for itself stands alone, anything else behind its name. */
static void add_cell(struct buf *out, const struct column_cell *cell, enum column c)
{
	switch ((int)c) {
	case COLUMN_ACTIVITY:
		return;
	case COLUMN_HEALTH:
		buf_addf(out, "%s:", health_word(cell->row));
		return;
	case COLUMN_ID:
		buf_addstr(out, " #");
		break;
	case COLUMN_CLIENT:
		buf_addch(out, ' ');
		break;
	case COLUMN_SERVER:
		buf_addstr(out, " to ");
		break;
	case COLUMN_STATE:
	case COLUMN_DURATION:
	case COLUMN_PROBLEM:
		buf_addstr(out, ", ");
		break;
	default:
		buf_addf(out, ", %s ", column_row(c)->name);
		break;
	}
	column_text(out, cell, c);
}

void sessions_linear_row(struct buf *out, const struct sessions_layout *l,
    const struct column_cell *cell, bool is_marked)
{
	buf_addstr(out, is_marked ? "marked, " : "");
	for (size_t i = 0; i < l->n; i++)
		add_cell(out, cell, l->column[i]);
}

/* ---- one fact a line ---- */

struct facts {
	struct ui *ui;
	struct grid *grid;
	struct rect r; /* what is left */
	struct buf line;
};

static void say(struct facts *f, enum role role)
{
	if (f->line.len)
		para_draw(f->grid, &f->r, role, f->line.data);
	buf_reset(&f->line);
}

static void say_problems(struct facts *f, const struct conn_record *r)
{
	const struct finding *at = NULL;
	const struct verdict *v = &r->verdict;

	if (v->confidence < CONFIDENCE_CERTAIN)
		buf_addf(&f->line, "%s: ", confidence_word((enum confidence)v->confidence));
	verdict_sentence(&f->line, r);
	say(f, ROLE_HEAD);
	while ((at = finding_text_next(r->findings, r->nfindings, at))) {
		enum severity severity =
		    (enum severity)finding_info((enum finding_id)at->id)->severity;

		if (severity < SEVERITY_NOTE)
			break;
		buf_addf(&f->line, "%s: ", outcome_mark_word(severity));
		finding_text_story(&f->line, at, cap_facts(f->ui->options->cap));
		say(f, role_of_severity(severity, ROLE_NORMAL));
	}
}

static void say_offer(struct facts *f, const char *who, const struct conn_record *r, enum side side)
{
	const struct syn_offer *o = r ? &r->sides[side].offer : NULL;

	if (!o || !o->seen)
		return;
	buf_addf(&f->line, "%s offers", who);
	if (o->has_mss)
		buf_addf(&f->line, " MSS %u,", o->mss);
	if (o->has_wscale)
		buf_addf(&f->line, " window scale %u,", o->window_scale);
	buf_addf(&f->line, " %s SACK, %s timestamps", o->sack_permitted ? "with" : "without",
	    o->timestamps ? "with" : "without");
	say(f, ROLE_NORMAL);
}

static void say_state(struct facts *f, const char *who, const struct store_side *s)
{
	buf_addf(&f->line, "%s %s%s", who, tcp_state_name((enum tcp_state)s->state),
	    s->is_presumed ? ", presumed" : "");
	say(f, ROLE_STATE);
}

static void say_volume(struct facts *f, const char *who, const struct store_side *s)
{
	buf_addf(&f->line, "%s sent ", who);
	text_bytes(&f->line, s->bytes);
	buf_addstr(&f->line, " bytes in ");
	text_count(&f->line, s->packets);
	buf_addf(&f->line, " packet%s", s->packets == 1 ? "" : "s");
	if (s->retransmissions)
		buf_addf(&f->line, ", %u of them again", s->retransmissions);
	say(f, ROLE_NORMAL);
}

static void say_times(struct facts *f, const struct store_session *row)
{
	const struct conn_record *r = row->record;

	if (r && r->has_syn_to_synack) {
		buf_addstr(&f->line, "SYN to SYN+ACK ");
		text_duration(&f->line, r->syn_to_synack);
		say(f, ROLE_NORMAL);
	}
	buf_addstr(&f->line, "lasted ");
	text_duration(&f->line, row->end - row->start);
	say(f, ROLE_NORMAL);
	for (unsigned t = 0; r && t < SPENT_COUNT && r->end > r->start; t++) {
		int64_t percent = r->time_spent[t] * 100 / (r->end - r->start);

		if (percent == 0)
			continue;
		buf_addf(&f->line, "%d%% ", (int)percent);
		outcome_words(&f->line, time_spent_word((enum time_spent)t));
		say(f, ROLE_NORMAL);
	}
}

void sessions_linear_detail(struct ui *ui, struct grid *g, struct rect r, uint32_t index)
{
	struct facts f = { .ui = ui, .grid = g, .r = r, .line = BUF_INIT };
	struct store_session row;

	store_session(ui->store, index, &row);
	if (row.record)
		say_problems(&f, row.record);
	for (unsigned side = 0; side < 2; side++)
		say_state(&f, side_word(side), &row.sides[side]);
	say_times(&f, &row);
	for (unsigned side = 0; side < 2; side++) {
		say_volume(&f, side_word(side), &row.sides[side]);
		say_offer(&f, side_word(side), row.record, (enum side)side);
	}
	buf_release(&f.line);
}
