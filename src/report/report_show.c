/* SPDX-License-Identifier: MIT */
/*
 * report_show - one connection for people: facts, ladder, histories of both endpoints.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "report/ladder_draw.h"
#include "report/outcome.h"
#include "report/place.h"
#include "report/reset_text.h"
#include "report/wrap.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/report.h"
#include "tcpshadow/text.h"

enum {
	STATE_WIDTH = 13, /* "SYN-RECEIVED?" */
	DECIMALS = 6,
	PROVED_WIDTH = 6,
};

static void title(struct buf *out, const struct session *s, const struct report_options *o)
{
	const struct conn_record *r = &s->record;

	buf_addstr(out, o->color ? "\033[1m" : "");
	buf_addch(out, '#');
	buf_add_u64(out, r->id);
	buf_addstr(out, "  ");
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(out, o->utf8 ? " \xe2\x87\x84 " : " <-> ");
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
	buf_addstr(out, "  ");
	outcome_text(out, r, false);
	buf_addstr(out, o->color ? "\033[0m\n" : "\n");
	buf_addstr(out, "began ");
	text_date(out, r->start, o->utc);
	buf_addstr(out, ", lasted ");
	text_duration(out, r->end - r->start);
	if (o->facts->nfiles > 1) {
		const char *name = o->facts->files[r->file].name;

		buf_addstr(out, ", in ");
		text_escape(out, name, strlen(name));
	}
	buf_addch(out, '\n');
}

static void verdict_line(struct buf *out, const struct conn_record *r, unsigned width)
{
	const struct verdict *v = &r->verdict;
	struct buf text = BUF_INIT;

	verdict_sentence(&text, r);
	if (v->confidence < CONFIDENCE_CERTAIN)
		buf_addf(&text, " (%s)", confidence_word((enum confidence)v->confidence));
	wrap_text(out, text.data, width, 0, 2);
	buf_release(&text);
}

static void number_or_dash(struct buf *out, bool known, unsigned v)
{
	if (known)
		buf_add_u64(out, v);
	else
		buf_addch(out, '-');
}

static void both(struct buf *out, const char *name, bool client, bool server)
{
	if (client || server)
		buf_addf(out, "  %s %s", name,
		    client && server ? "both"
		    : client         ? "client only"
		                     : "server only");
}

static void offers_line(struct buf *out, const struct conn_record *r, unsigned width)
{
	const struct syn_offer *c = &r->sides[SIDE_CLIENT].offer;
	const struct syn_offer *s = &r->sides[SIDE_SERVER].offer;
	struct buf text = BUF_INIT;

	if (!c->seen && !s->seen)
		return;
	buf_addstr(&text, "options client/server: MSS ");
	number_or_dash(&text, c->has_mss, c->mss);
	buf_addch(&text, '/');
	number_or_dash(&text, s->has_mss, s->mss);
	buf_addstr(&text, "  wscale ");
	number_or_dash(&text, c->has_wscale, c->window_scale);
	buf_addch(&text, '/');
	number_or_dash(&text, s->has_wscale, s->window_scale);
	both(&text, "SACK", c->sack_permitted, s->sack_permitted);
	both(&text, "timestamps", c->timestamps, s->timestamps);
	both(&text, "Fast Open", c->fast_open, s->fast_open);
	both(&text, "ECN", c->ecn, s->ecn);
	wrap_text(out, text.data, width, 0, 2);
	buf_release(&text);
}

static void handshake_lines(struct buf *out, const struct conn_record *r, unsigned width)
{
	if (r->is_midstream) {
		buf_addstr(out, "handshake not captured\n");
		return;
	}
	buf_addstr(out, "handshake ");
	if (r->handshake == HANDSHAKE_ICMP_ERROR)
		buf_addstr(out, "ended by an ICMP error");
	else
		outcome_words(out, handshake_word(r->handshake));
	if (r->has_syn_to_synack) {
		buf_addstr(out, ": SYN to SYN-ACK ");
		text_duration(out, r->syn_to_synack);
	}
	if (r->has_synack_to_ack) {
		buf_addstr(out, ", to ACK ");
		text_duration(out, r->synack_to_ack);
	}
	buf_addch(out, '\n');
	offers_line(out, r, width);
}

static void volume_line(struct buf *out, const struct conn_record *r)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *s = &r->sides[side];

		buf_addf(out, "%s%s sent ", side ? ", " : "", side_word(side));
		text_count(out, s->packets);
		buf_addstr(out, s->packets == 1 ? " packet (" : " packets (");
		text_bytes(out, s->payload_bytes);
		buf_addstr(out, " bytes)");
	}
	buf_addch(out, '\n');
}

static void quality_lines(struct buf *out, const struct conn_record *r)
{
	uint64_t missing =
	    r->sides[SIDE_CLIENT].missing_bytes + r->sides[SIDE_SERVER].missing_bytes;

	if (r->one_sided >= 0)
		buf_addf(out, "capture: only what the %s sent was captured\n",
		    side_word((unsigned)r->one_sided));
	if (missing) {
		buf_addstr(out, "capture: ");
		text_count(out, missing);
		buf_addstr(out, " bytes were acknowledged but not captured\n");
	}
	if (r->is_evicted)
		buf_addstr(out, "analysis: given up early for lack of memory\n");
}

/* Widths of the columns of a history: no wider than the largest number in them. */
struct columns {
	int time, packet;
};

static struct columns columns_of(const struct conn_record *r, const struct report_options *o)
{
	struct columns c = { .time = 1 + DECIMALS, .packet = 3 };
	int64_t seconds = (r->end - r->start) / NS_PER_SEC;
	uint64_t most = 0;

	do
		c.time++;
	while (seconds /= 10);
	for (unsigned side = 0; side < 2; side++)
		for (uint32_t i = 0; i < r->sides[side].nstates; i++)
			if (r->sides[side].states[i].packet > most)
				most = r->sides[side].states[i].packet;
	for (most = most ? place_number(o->facts, most) : 0; most >= 1000; most /= 10)
		c.packet++;
	return c;
}

/* Right-aligned; "-" for none. */
static void packet_column(
    struct buf *out, const struct report_options *o, int width, uint64_t packet)
{
	if (packet)
		buf_addf(out, " %*" PRIu64, width, place_number(o->facts, packet));
	else
		buf_addf(out, " %*s", width, "-");
}

static void state_line(
    struct buf *out, const struct state_entry *e, struct columns c, const struct report_options *o)
{
	const struct fsm_rule *rule = e->rule == FSM_RULE_NONE ? NULL : fsm_rule_at(e->rule);
	size_t start = out->len;

	buf_addch(out, ' ');
	buf_addstr(out, tcp_state_name(e->state));
	if (!rule) {
		buf_addch(out, '\n');
		return;
	}
	if (e->certainty == PRESUMED)
		buf_addch(out, '?');
	buf_pad(out, ' ', 1 + STATE_WIDTH - (out->len - start));
	buf_addf(out, " %*.*f", c.time, DECIMALS, (double)e->time / (double)NS_PER_SEC);
	packet_column(out, o, c.packet, e->packet);
	packet_column(out, o, PROVED_WIDTH, e->proved_by);
	buf_addf(out, " %s (%s)\n", rule->why, rule->rfc);
}

static void histories(struct buf *out, const struct conn_record *r, const struct report_options *o)
{
	struct columns c = columns_of(r, o);

	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *s = &r->sides[side];

		buf_addf(out, "%-*s %*s %*s %*s %s\n", 1 + STATE_WIDTH, side_word(side), c.time,
		    "t (s)", c.packet, "PKT", PROVED_WIDTH, "PROVED", "WHY (RFC 9293)");
		for (uint32_t i = 0; i < s->nstates; i++)
			state_line(out, &s->states[i], c, o);
		if (s->states_lost)
			buf_addf(out, "  and %u more changes not kept\n", (unsigned)s->states_lost);
	}
}

static void finding_lines(
    struct buf *out, const struct conn_record *r, const struct report_options *o)
{
	const struct finding *f = NULL;

	while ((f = finding_text_next(r->findings, r->nfindings, f)))
		finding_text_item(out, f, o, 0);
	if (r->findings_lost)
		buf_addf(out, "and %u more not kept\n", (unsigned)r->findings_lost);
	if (r->nfindings)
		buf_addch(out, '\n');
}

int report_show(const struct session *s, const struct report_options *o, struct err *e)
{
	struct buf *out = &o->out->buf;

	title(out, s, o);
	verdict_line(out, &s->record, o->width);
	handshake_lines(out, &s->record, o->width);
	volume_line(out, &s->record);
	quality_lines(out, &s->record);
	buf_addch(out, '\n');
	if (ladder_draw(s, o, e) < 0)
		return -1;
	buf_addch(out, '\n');
	finding_lines(out, &s->record, o);
	reset_text_lines(out, &s->record, o);
	if (s->record.nresets)
		buf_addch(out, '\n');
	histories(out, &s->record, o);
	return report_out_flush(o->out, e);
}
