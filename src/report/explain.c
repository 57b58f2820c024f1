/* SPDX-License-Identifier: MIT */
/*
 * explain - `show --explain`: a connection told step by step for somebody who learns TCP.
 *
 * Each segment has a headline, its header, what it says, and the states that it changes.  A concept is
 * explained below the first segment that needs it.  Runs of what has been told before become one paragraph.
 * The words are in explain.def.
 */
#include "config.h"

#include <stdlib.h>

#include "report/explain.h"
#include "report/place.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"

enum {
	WIDTH_DEFAULT = 80, /* columns where the output has none */
	INDENT = 4,
	TOLD_ENOUGH = 2, /* times a kind is told before it may be folded */
	FOLD_MIN = 3,
	DECIMALS = 6,
};

/* A segment that may become part of a fold. */
struct waiting {
	struct explain_row row;
	const struct ladder_item *gap; /* the pause before it, NULL = none to speak of */
};

struct explainer {
	const struct session *s;
	const struct report_options *o;
	struct buf *out;
	size_t width;
	struct explain_past past;
	uint64_t concepts; /* explained so far, 1 << enum concept */
	unsigned states;   /* whose meaning was told, 1 << enum tcp_state */
	unsigned told[SAYS_COUNT];
	struct waiting *run;
	size_t nrun, cap_run;
	struct buf line;
};

/* ---- lines ---- */

/* The collected line as a paragraph; the first line is indented by `used` already. */
static void paragraph(struct explainer *x, size_t used, size_t indent)
{
	buf_pad(x->out, ' ', used);
	wrap_text(x->out, x->line.data, x->width, used, indent);
	buf_reset(&x->line);
}

static void bold(struct explainer *x, bool on)
{
	if (x->o->color)
		buf_addstr(x->out, on ? "\033[1m" : "\033[0m");
}

static const char *arrow(const struct explainer *x)
{
	return x->o->utf8 ? " \xe2\x86\x92 " : " -> ";
}

static void seconds(struct buf *out, int64_t ns)
{
	buf_addf(out, "%.*f s", DECIMALS, (double)ns / (double)NS_PER_SEC);
}

static void packet(struct explainer *x, const struct explain_row *r)
{
	buf_add_u64(&x->line, place_number(x->o->facts, r->row->packet));
}

/* ---- one segment ---- */

static void headline(struct explainer *x, const struct explain_row *r)
{
	unsigned self = r->row->side;

	buf_addstr(&x->line, "Packet ");
	packet(x, r);
	buf_addstr(&x->line, ", ");
	seconds(&x->line, r->row->time);
	buf_addstr(&x->line, ": ");
	if (!r->row->is_icmp)
		buf_addf(&x->line, "%s%s%s, ", side_word(self), arrow(x), side_word(!self));
	buf_addstr(&x->line, explain_says(r->says)->name);
	buf_addch(x->out, '\n');
	bold(x, true);
	paragraph(x, 0, INDENT);
	bold(x, false);
}

/* The flags that somebody who learns TCP meets. */
#define TOLD (TCP_SYN | TCP_FIN | TCP_RST | TCP_PSH | TCP_URG | TCP_ACK)

static void flag_names(struct buf *out, const struct session_row *row)
{
	for (unsigned i = 0; i < TCP_FLAG_ROWS; i++)
		if (row->flags & TOLD & tcp_flag_row(i)->flag)
			buf_addf(out, " %s", tcp_flag_row(i)->word);
	if (!(row->flags & TOLD))
		buf_addstr(out, " none");
}

static void option_names(struct buf *out, const struct session_row *row)
{
	if (row->options & OPT_MSS)
		buf_addf(out, "; MSS %u", (unsigned)row->mss);
	if (row->options & OPT_WSCALE)
		buf_addf(out, "; scale %u", (unsigned)row->wscale);
	if (row->options & OPT_SACK_PERMITTED)
		buf_addstr(out, "; SACK");
	if (row->options & OPT_TIMESTAMPS)
		buf_addstr(out, "; timestamps");
	if (row->options & OPT_FAST_OPEN)
		buf_addstr(out, "; Fast Open");
}

/* What takes a number must be acknowledged, and may be sent again. */
static void need(struct buf *out, const struct session_row *row)
{
	bool takes_number = explain_space(row) && !(row->flags & TCP_RST);

	buf_addstr(out,
	    takes_number ? ". Needs an ACK, may be repeated." : ". Needs no ACK, is not repeated.");
}

static void header_line(struct explainer *x, const struct explain_row *r)
{
	const struct session_row *row = r->row;

	if (row->is_icmp)
		return;
	buf_addstr(&x->line, "SEQ ");
	buf_add_i64(&x->line, (int64_t)explain_seq(r));
	if (row->flags & TCP_ACK) {
		buf_addstr(&x->line, "; ACK ");
		buf_add_i64(&x->line, (int64_t)explain_ack(r));
	}
	buf_addstr(&x->line, "; flags");
	flag_names(&x->line, row);
	if (!(row->flags & TCP_RST)) {
		buf_addstr(&x->line, "; window ");
		text_count(&x->line, row->flags & TCP_SYN ? row->raw_window : row->step.window);
	}
	if (row->flags & TCP_SYN)
		option_names(&x->line, row);
	if (row->len) {
		buf_addstr(&x->line, "; ");
		text_count(&x->line, row->len);
		buf_addstr(&x->line, row->len == 1 ? " byte" : " bytes");
	}
	need(&x->line, row);
	paragraph(x, INDENT, INDENT);
}

static bool is_ack_worth_saying(const struct explain_row *r)
{
	return r->fresh &&
	       (r->row->len || r->says == SAYS_FIN_SECOND || r->says == SAYS_ZERO_WINDOW) &&
	       r->says != SAYS_FIN_ANSWER && !(r->row->flags & TCP_SYN);
}

static const struct reset_record *reset_of(const struct explain_row *r)
{
	const struct conn_record *rec = &r->s->record;

	for (uint32_t i = 0; i < rec->nresets; i++)
		if (rec->resets[i].packet == r->row->packet)
			return &rec->resets[i];
	return NULL;
}

/* Why the reset was sent, and whether the other end obeyed. */
static void reset_facts(struct explainer *x, const struct explain_row *r)
{
	const struct reset_record *rst = reset_of(r);

	if (!rst)
		return;
	if (rst->nguesses && rst->guesses[0].cause != CAUSE_UNKNOWN)
		buf_addf(&x->line, " The %s does so because %s (%s).", side_word(rst->by),
		    reset_cause_text((enum reset_cause)rst->guesses[0].cause),
		    confidence_word((enum confidence)rst->guesses[0].confidence));
	if (rst->obeyed >= 0)
		buf_addf(&x->line, " The %s %s.", side_word(!rst->by),
		    rst->obeyed ? "obeys" : "does not obey, and goes on");
}

static void message(struct explainer *x, const struct explain_row *r)
{
	explain_fill(&x->line, explain_says(r->says)->text, r);
	if (is_ack_worth_saying(r))
		explain_fill(&x->line,
		    " With it travels ACK {ack}: {new} more bytes of the {peer} arrived.", r);
	if (r->row->flags & TCP_RST)
		reset_facts(x, r);
	paragraph(x, INDENT, INDENT);
}

/* "fifth check: our SYN acknowledged", as an outsider says it: "its SYN acknowledged". */
static void reason(struct buf *out, const char *why)
{
	const char *check = strstr(why, "check: ");

	if (check)
		why = check + strlen("check: ");
	if (strncmp(why, "our ", 4) == 0) {
		buf_addstr(out, "its ");
		why += 4;
	}
	buf_addstr(out, why);
}

static void rule_text(struct buf *out, const struct fsm_rule *rule)
{
	bool is_section = rule->rfc[0] >= '0' && rule->rfc[0] <= '9' && rule->rfc[1] == '.';

	reason(out, rule->why);
	if (strcmp(rule->rfc, "EXT") == 0)
		buf_addstr(out, " (concluded from the capture)");
	else
		buf_addf(out, " (RFC %s%s)", is_section ? "9293 " : "", rule->rfc);
}

static void state_line(struct explainer *x, unsigned side, const struct state_entry *e)
{
	const struct state_entry *old = e - 1;

	buf_addf(&x->line, "%s: %s%s%s%s, ", side_word(side), tcp_state_name(old->state), arrow(x),
	    tcp_state_name(e->state), e->certainty == PRESUMED ? "?" : "");
	rule_text(&x->line, fsm_rule_at(e->rule));
	if (!(x->states & 1u << e->state))
		buf_addf(&x->line, ": %s", explain_meaning(e->state));
	x->states |= 1u << e->state;
	buf_addch(&x->line, '.');
	paragraph(x, INDENT, INDENT + 2);
}

/* Entries of one side that belong to the packet's line: see session_caused(). */
static void states_of(struct explainer *x, const struct explain_row *r, unsigned side)
{
	const struct side_record *sr = &x->s->record.sides[side];
	uint64_t line = 0;

	for (uint32_t i = 1; i < sr->nstates; i++) {
		const struct state_entry *e = &sr->states[i];

		if (e->rule == FSM_RULE_NONE || !e->packet)
			continue;
		if (e->packet > line)
			line = e->packet;
		if (line == r->row->packet && e->state != (e - 1)->state)
			state_line(x, side, e);
	}
}

/* Those of the bits that were not explained yet. */
static void concepts(struct explainer *x, uint64_t bits)
{
	uint64_t fresh = bits & ~x->concepts;

	for (unsigned c = 0; c < CONCEPT_COUNT; c++) {
		const struct concept_row *row = explain_concept(c);

		if (!(fresh & UINT64_C(1) << c))
			continue;
		buf_addf(&x->line, "%s %s. ", x->o->utf8 ? "\xe2\x80\xa2" : "*", row->title);
		buf_addstr(&x->line, row->text);
		buf_addf(&x->line, " (RFC %s)", row->rfc);
		paragraph(x, INDENT, INDENT + 2);
	}
	x->concepts |= bits;
}

static void pause(struct explainer *x, const struct ladder_item *gap)
{
	buf_addch(x->out, '\n');
	text_duration(&x->line, gap->gap);
	buf_addf(&x->line, " pass: %s.", gap->label);
	paragraph(x, INDENT, INDENT);
}

static void tell(struct explainer *x, const struct waiting *w)
{
	const struct explain_row *r = &w->row;

	if (w->gap)
		pause(x, w->gap);
	headline(x, r);
	header_line(x, r);
	message(x, r);
	states_of(x, r, r->row->side);
	states_of(x, r, !r->row->side);
	concepts(x, r->concepts);
	x->told[r->says]++;
}

/* ---- runs ---- */

struct sum {
	uint64_t data, bytes, again, acks, other;
};

static bool is_again(enum says s)
{
	return s == SAYS_DATA_AGAIN || s == SAYS_DATA_FAST || s == SAYS_DATA_TLP ||
	       s == SAYS_DATA_SPURIOUS || s == SAYS_DATA_LATE;
}

static struct sum sum_of(const struct explainer *x, unsigned side)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < x->nrun; i++) {
		const struct explain_row *r = &x->run[i].row;

		if (r->row->side != side)
			continue;
		if (r->row->len) {
			sum.data++;
			sum.bytes += r->row->len;
			sum.again += is_again(r->says);
		} else if (r->row->flags & TCP_ACK && !(r->row->flags & TCP_RST)) {
			sum.acks++;
		} else {
			sum.other++;
		}
	}
	return sum;
}

static void plural(struct buf *out, uint64_t n, const char *what)
{
	text_count(out, n);
	buf_addf(out, " %s%s", what, n == 1 ? "" : "s");
}

static void sum_text(struct explainer *x, unsigned side)
{
	struct sum s = sum_of(x, side);
	const char *between = " ";

	if (!s.data && !s.acks && !s.other)
		return;
	buf_addf(&x->line, "%sThe %s sends", x->line.len ? " " : "", side_word(side));
	if (s.data) {
		buf_addstr(&x->line, between);
		plural(&x->line, s.data, "segment");
		buf_addstr(&x->line, " with ");
		plural(&x->line, s.bytes, "byte");
		if (s.again) {
			buf_addstr(&x->line, ", ");
			text_count(&x->line, s.again);
			buf_addstr(&x->line, " of them again or late");
		}
		between = " and ";
	}
	if (s.acks) {
		buf_addstr(&x->line, between);
		plural(&x->line, s.acks, "ACK");
		buf_addstr(&x->line, " without data");
		between = " and ";
	}
	if (s.other) {
		buf_addstr(&x->line, between);
		plural(&x->line, s.other, "other segment");
	}
	buf_addch(&x->line, '.');
}

static int64_t longest_pause(const struct explainer *x)
{
	int64_t longest = 0;

	for (size_t i = 1; i < x->nrun; i++)
		if (x->run[i].gap && x->run[i].gap->gap > longest)
			longest = x->run[i].gap->gap;
	return longest;
}

static void acknowledged(struct explainer *x)
{
	const struct session_row *row = x->run[x->nrun - 1].row.row;

	for (unsigned side = 0; side < 2; side++) {
		const struct end_snapshot *e = &row->step.ends[side];

		if (!e->snd_known || !row->step.ends[!side].rcv_known || e->snd_nxt < 2)
			continue;
		buf_addf(&x->line, " The %s's numbers are acknowledged up to ", side_word(side));
		buf_add_u64(&x->line, e->snd_una ? e->snd_una - 1 : 0);
		if (e->snd_nxt > e->snd_una) {
			buf_addstr(&x->line, ", ");
			text_count(&x->line, e->snd_nxt - e->snd_una);
			buf_addstr(&x->line, " more are on the way");
		}
		buf_addch(&x->line, '.');
	}
}

static void fold(struct explainer *x)
{
	const struct waiting *first = &x->run[0], *end = &x->run[x->nrun - 1];
	int64_t longest = longest_pause(x);

	if (first->gap)
		pause(x, first->gap);
	buf_addstr(&x->line, "Packets ");
	packet(x, &first->row);
	buf_addstr(&x->line, " to ");
	packet(x, &end->row);
	buf_addstr(&x->line, ", ");
	seconds(&x->line, first->row.row->time);
	buf_addstr(&x->line, " to ");
	seconds(&x->line, end->row.row->time);
	buf_addstr(&x->line, ": more of the same");
	buf_addch(x->out, '\n');
	bold(x, true);
	paragraph(x, 0, INDENT);
	bold(x, false);
	sum_text(x, SIDE_CLIENT);
	sum_text(x, SIDE_SERVER);
	acknowledged(x);
	if (longest) {
		buf_addstr(&x->line, " The longest pause is ");
		text_duration(&x->line, longest);
		buf_addch(&x->line, '.');
	}
	paragraph(x, INDENT, INDENT);
}

static void end_run(struct explainer *x)
{
	if (x->nrun >= FOLD_MIN)
		fold(x);
	else
		for (size_t i = 0; i < x->nrun; i++)
			tell(x, &x->run[i]);
	x->nrun = 0;
}

static bool changes_state(const struct explainer *x, const struct explain_row *r)
{
	return session_caused(&x->s->record.sides[SIDE_CLIENT], r->row->packet) ||
	       session_caused(&x->s->record.sides[SIDE_SERVER], r->row->packet);
}

/* It is told as others before it were, and nothing comes of it. */
static bool is_more_of_the_same(const struct explainer *x, const struct explain_row *r)
{
	return x->o->fold && x->told[r->says] >= TOLD_ENOUGH && !(r->concepts & ~x->concepts) &&
	       !r->row->is_icmp && !(r->row->flags & (TCP_SYN | TCP_FIN)) && !changes_state(x, r);
}

static void segment(struct explainer *x, size_t index, const struct ladder_item *gap)
{
	struct waiting w = { .gap = gap };

	explain_row_init(&w.row, &x->past, x->s, index);
	if (is_more_of_the_same(x, &w.row)) {
		x->run = mem_grow(x->run, x->nrun, &x->cap_run, sizeof(*x->run));
		x->run[x->nrun++] = w;
		return;
	}
	end_run(x);
	tell(x, &w);
}

/* ---- the whole ---- */

static void timer(struct explainer *x, const struct ladder_item *it)
{
	const struct state_entry *e = &x->s->record.sides[it->side].states[it->entry];

	buf_addch(x->out, '\n');
	seconds(&x->line, e->time);
	buf_addstr(&x->line, ", no packet");
	bold(x, true);
	paragraph(x, 0, INDENT);
	bold(x, false);
	state_line(x, it->side, e);
	if ((e - 1)->state == TCPS_TIME_WAIT && strcmp(fsm_rule_at(e->rule)->rfc, "3.6.1") == 0)
		concepts(x, UINT64_C(1) << CONCEPT_REUSE);
}

static void story(struct explainer *x)
{
	const struct ladder_item *gap = NULL;
	struct ladder l;

	ladder_init(&l, x->s, false);
	for (size_t i = 0; i < l.nitems; i++) {
		const struct ladder_item *it = &l.items[i];

		if (it->kind == LADDER_UNSEEN)
			continue;
		if (it->kind == LADDER_GAP) {
			gap = it;
			continue;
		}
		if (it->kind == LADDER_SEGMENT) {
			for (size_t row = it->first; row <= it->last; row++)
				segment(x, row, row == it->first ? gap : NULL);
		} else if (it->kind == LADDER_TIMER && it->entry > 0) {
			end_run(x);
			timer(x, it);
		}
		gap = NULL;
	}
	end_run(x);
	ladder_release(&l);
}

static void introduction(struct explainer *x)
{
	const struct conn_record *r = &x->s->record;

	buf_addch(&x->line, '#');
	buf_add_u64(&x->line, r->id);
	buf_addstr(&x->line, "  ");
	endpoint_text(&x->line, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(&x->line, x->o->utf8 ? " \xe2\x87\x84 " : " <-> ");
	endpoint_text(&x->line, &r->sides[SIDE_SERVER].addr);
	buf_addstr(&x->line, "  ");
	outcome_text(&x->line, r, false);
	bold(x, true);
	paragraph(x, 0, INDENT);
	bold(x, false);
	buf_addstr(&x->line, "The client is ");
	endpoint_text(&x->line, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(&x->line, r->opener == OPENER_CLIENT ? ", which opens the connection"
	                     : r->opener == OPENER_BOTH ? " (both ends open the connection)"
	                                                : ", judged by the ports");
	buf_addstr(&x->line, "; the server is ");
	endpoint_text(&x->line, &r->sides[SIDE_SERVER].addr);
	buf_addstr(&x->line, ". Times count from the first packet, ");
	text_date(&x->line, r->start, x->o->utc);
	buf_addch(&x->line, '.');
	paragraph(x, 0, 0);
}

static void conclusion(struct explainer *x)
{
	const struct conn_record *r = &x->s->record;
	struct report_options o = *x->o;
	const struct finding *f = NULL;

	o.width = (unsigned)x->width;
	verdict_sentence(&x->line, r);
	if (r->verdict.confidence < CONFIDENCE_CERTAIN)
		buf_addf(
		    &x->line, " (%s)", confidence_word((enum confidence)r->verdict.confidence));
	buf_addstr(&x->line, " In the end the client is in ");
	outcome_state(&x->line, &r->sides[SIDE_CLIENT], false);
	buf_addstr(&x->line, ", the server in ");
	outcome_state(&x->line, &r->sides[SIDE_SERVER], false);
	buf_addch(&x->line, '.');
	buf_addch(x->out, '\n');
	paragraph(x, 0, 0);
	while ((f = finding_text_next(r->findings, r->nfindings, f)))
		if (finding_info(f->id)->severity > SEVERITY_INFO)
			finding_text_item(x->out, f, &o, 0);
}

int report_explain(const struct session *s, const struct report_options *o, struct err *e)
{
	struct explainer x = { .s = s,
		.o = o,
		.out = &o->out->buf,
		.width = o->width ? o->width : WIDTH_DEFAULT,
		.line = BUF_INIT };

	explain_past_init(&x.past, s);
	introduction(&x);
	story(&x);
	conclusion(&x);
	free(x.run);
	buf_release(&x.line);
	return report_out_flush(o->out, e);
}
