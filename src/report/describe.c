/* SPDX-License-Identifier: MIT */
/*
 * describe - the lines of a packet.
 *
 * Spec: RFC 9293 3.1 for the positions of fields.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/describe_parts.h"
#include "report/place.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

void describe_init(struct describe *d)
{
	*d = (struct describe){ 0 };
	buf_init(&d->text);
}

void describe_release(struct describe *d)
{
	buf_release(&d->text);
	free(d->lines);
	describe_init(d);
}

struct describe_line *describe_begin(struct describe *d, enum describe_section section)
{
	struct describe_line *l;

	describe_end(d);
	d->lines = mem_grow(d->lines, d->n, &d->cap, sizeof(*d->lines));
	l = &d->lines[d->n++];
	*l = (struct describe_line){ .section = (uint8_t)section, .at = d->text.len };
	l->is_head = d->n == 1 || l[-1].section != section;
	return l;
}

void describe_end(struct describe *d)
{
	struct describe_line *l = d->n ? &d->lines[d->n - 1] : NULL;

	if (l)
		l->len = d->text.len - l->at;
}

/* ---- frame ---- */

static void frame_lines(struct describe *d, const struct describe_source *s)
{
	const struct packet *p = s->packet;
	struct describe_line *l = describe_begin(d, DESCRIBE_FRAME);
	int64_t at = s->record->start + s->row->time;

	buf_addch(&d->text, '#');
	text_count(&d->text, s->number);
	if (!p) {
		buf_addstr(&d->text, "  cannot be read again");
		return;
	}
	l->to = p->caplen;
	buf_addf(&d->text, "  %u bytes on the wire, %u captured", p->wire_len, p->caplen);
	(void)describe_begin(d, DESCRIBE_FRAME);
	text_date(&d->text, at, s->utc);
	buf_addstr(&d->text, "  t ");
	buf_addf(&d->text, "%.6f s", (double)(at - s->origin) / (double)NS_PER_SEC);
	if (s->facts->nfiles > 1) {
		const char *name = place_base(s->facts->files[p->file].name);

		(void)describe_begin(d, DESCRIBE_FRAME);
		buf_addstr(&d->text, "in ");
		text_escape(&d->text, name, strlen(name));
	}
}

/* ---- why it is marked ---- */

static void finding_lines(struct describe *d, const struct describe_source *s)
{
	const struct conn_record *r = s->record;
	const struct finding *f = NULL;

	while ((f = finding_text_next(r->findings, r->nfindings, f))) {
		const struct finding_info *info = finding_info(f->id);

		if (!session_is_evidence(f, s->row->packet))
			continue;
		describe_begin(d, DESCRIBE_WHY)->severity = info->severity;
		buf_addf(&d->text, "%s: ", info->name);
		finding_text_story(&d->text, f, s->facts);
		if (strcmp(info->rfc, "-") != 0)
			buf_addf(&d->text, " RFC %s", info->rfc);
	}
}

static void note_lines(struct describe *d, const struct describe_source *s)
{
	for (unsigned i = 0; i < SEGMENT_NOTE_COUNT; i++) {
		if (!(s->row->step.notes & 1u << i))
			continue;
		(void)describe_begin(d, DESCRIBE_WHY);
		buf_addstr(&d->text, segment_note_brief((enum segment_note)i));
	}
}

/* ---- states and variables ---- */

static void entry_text(
    struct buf *out, unsigned side, const struct state_entry *e, const struct cap_facts *facts)
{
	const struct fsm_rule *rule = fsm_rule_at(e->rule);

	buf_addf(out, "%s %s%s: %s (RFC 9293 %s)", side_word(side), tcp_state_name(e->state),
	    e->certainty == PRESUMED ? "?" : "", rule->why, rule->rfc);
	if (e->proved_by && e->proved_by != e->packet) {
		buf_addstr(out, ", proved by packet ");
		buf_add_u64(out, place_number(facts, e->proved_by));
	} else if (e->certainty == PRESUMED) {
		buf_addstr(out, ", not proved");
	}
}

void describe_states(
    struct buf *out, const struct conn_record *r, uint64_t packet, const struct cap_facts *facts)
{
	const char *sep = "";

	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e = session_caused(&r->sides[side], packet);

		if (!e)
			continue;
		buf_addstr(out, sep);
		entry_text(out, side, e, facts);
		sep = "; ";
	}
}

/* A number that may not be known. */
static void variable(struct buf *out, const char *name, bool known, uint64_t v)
{
	buf_addf(out, "  %s ", name);
	if (known)
		text_count(out, v);
	else
		buf_addch(out, '?');
}

static void end_lines(struct describe *d, const struct describe_source *s, unsigned side)
{
	const struct end_snapshot *e = &s->row->step.ends[side];
	const struct state_entry *state = session_state(&s->record->sides[side], s->row);
	uint64_t flight = e->snd_nxt > e->snd_una ? e->snd_nxt - e->snd_una : 0;

	(void)describe_begin(d, DESCRIBE_STATE);
	buf_addf(&d->text, "%s %s%s", side_word(side),
	    tcp_state_name(state ? state->state : e->state),
	    state && state->certainty == PRESUMED && state->rule != FSM_RULE_NONE ? "?" : "");
	variable(&d->text, "in flight", e->snd_known, flight);
	/* A window counts from the first acknowledgment on. */
	variable(&d->text, "of window", s->row->step.ends[!side].rcv_known, e->snd_wnd);
	variable(&d->text, "offers", e->rcv_known, e->rcv_wnd);
	(void)describe_begin(d, DESCRIBE_STATE);
	variable(&d->text, "snd.una", e->snd_known, e->snd_una);
	variable(&d->text, "snd.nxt", e->snd_known, e->snd_nxt);
	/* Counted from the peer's first number. */
	variable(
	    &d->text, "rcv.nxt", e->rcv_known && s->row->step.ends[!side].snd_known, e->rcv_nxt);
}

static void state_lines(struct describe *d, const struct describe_source *s)
{
	(void)describe_begin(d, DESCRIBE_STATE);
	buf_addstr(&d->text, "State after it");
	for (unsigned side = 0; side < 2; side++) {
		const struct state_entry *e =
		    session_caused(&s->record->sides[side], s->row->packet);

		if (!e)
			continue;
		(void)describe_begin(d, DESCRIBE_STATE);
		buf_addstr(&d->text, "-> ");
		entry_text(&d->text, side, e, s->facts);
	}
	for (unsigned side = 0; side < 2; side++)
		end_lines(d, s, side);
}

/* ---- bytes ---- */

void describe_hex_line(struct buf *out, const struct packet *p, size_t from, unsigned bytes)
{
	size_t to = from + bytes < p->caplen ? from + bytes : p->caplen;

	buf_addf(out, "%04zx ", from);
	for (size_t i = from; i < from + bytes; i++) {
		if (i < to)
			buf_addf(out, " %02x", p->data[i]);
		else
			buf_addstr(out, "   ");
	}
	buf_addstr(out, "  ");
	for (size_t i = from; i < to; i++)
		buf_addch(out, p->data[i] >= ' ' && p->data[i] < 0x7f ? (char)p->data[i] : '.');
}

static void byte_lines(struct describe *d, const struct packet *p, unsigned hex)
{
	struct describe_line *l = describe_begin(d, DESCRIBE_BYTES);

	l->to = p->caplen;
	buf_addstr(&d->text, "Bytes");
	for (size_t at = 0; at < p->caplen; at += hex) {
		l = describe_begin(d, DESCRIBE_BYTES);
		l->from = (uint32_t)at;
		l->to = (uint32_t)(at + hex < p->caplen ? at + hex : p->caplen);
		describe_hex_line(&d->text, p, at, hex);
	}
}

void describe_packet(struct describe *d, const struct describe_source *s, unsigned hex)
{
	buf_reset(&d->text);
	d->n = 0;
	frame_lines(d, s);
	finding_lines(d, s);
	note_lines(d, s);
	state_lines(d, s);
	if (s->seg) {
		describe_tcp(d, s);
		describe_below(d, s);
	}
	if (s->packet && hex)
		byte_lines(d, s->packet, hex);
	describe_end(d);
}
