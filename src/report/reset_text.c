/* SPDX-License-Identifier: MIT */
/*
 * reset_text - see reset_text.h for the contract.
 */
#include "config.h"

#include "report/outcome.h"
#include "report/place.h"
#include "report/reset_text.h"
#include "report/wrap.h"

enum {
	EVIDENCE_SHOWN = 4, /* the strongest few; JSON has all */
};

static void facts(struct buf *out, const struct reset_record *rst, const struct report_options *o)
{
	buf_addstr(out, "reset packet ");
	buf_add_u64(out, place_number(o->facts, rst->packet));
	buf_addf(out, " by the %s", side_word(rst->by));
	if (rst->answers) {
		buf_addstr(out, ", after packet ");
		buf_add_u64(out, place_number(o->facts, rst->answers));
	}
	if (rst->obeyed >= 0)
		buf_addf(out, ", %s", rst->obeyed ? "obeyed" : "not obeyed");
}

static void cause(struct buf *out, const struct reset_record *rst)
{
	const struct reset_guess *best = &rst->guesses[0];

	buf_addf(out, ": because %s (", reset_cause_text((enum reset_cause)best->cause));
	outcome_words(out, reset_cause_word((enum reset_cause)best->cause));
	buf_addf(out, ", %s", confidence_word((enum confidence)best->confidence));
	for (unsigned i = 1; i < rst->nguesses; i++) {
		buf_addstr(out, i == 1 ? "; else " : " or ");
		outcome_words(out, reset_cause_word((enum reset_cause)rst->guesses[i].cause));
	}
	buf_addch(out, ')');
}

static void evidence(struct buf *out, const struct reset_record *rst, size_t width)
{
	struct buf text = BUF_INIT;
	enum reset_evidence e = reset_evidence_next(rst, EVIDENCE_COUNT);

	for (unsigned i = 0; i < EVIDENCE_SHOWN && e != EVIDENCE_COUNT; i++) {
		buf_reset(&text);
		buf_addstr(&text, "  - ");
		reset_evidence_text(&text, rst, e);
		wrap_text(out, text.data, width, 0, 4);
		e = reset_evidence_next(rst, e);
	}
	buf_release(&text);
}

void reset_text_lines(struct buf *out, const struct conn_record *r, const struct report_options *o)
{
	struct buf text = BUF_INIT;

	for (uint32_t i = 0; i < r->nresets; i++) {
		buf_reset(&text);
		facts(&text, &r->resets[i], o);
		cause(&text, &r->resets[i]);
		wrap_text(out, text.data, o->width, 0, 2);
		evidence(out, &r->resets[i], o->width);
	}
	if (r->resets_seen > r->nresets)
		buf_addf(out, "and %u more resets\n", (unsigned)(r->resets_seen - r->nresets));
	buf_release(&text);
}
