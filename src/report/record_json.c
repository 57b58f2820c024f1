/* SPDX-License-Identifier: MIT */
/*
 * record_json - the connection object of `list --json`.
 *
 * Times are seconds since the connection's start.  A member is absent when it is not known.
 */
#include "config.h"

#include "report/json.h"
#include "report/place.h"
#include "report/record_json.h"
#include "report/transfer_json.h"
#include "tcpshadow/community.h"
#include "tcpshadow/digest.h"
#include "tcpshadow/outcome.h"

#define SCHEMA 1

/* A state with all it says of itself. */
#define STATE_ROOM 512

static char *put_address(char *p, const struct endpoint_addr *e)
{
	p = put_literal(p, KEY("ip") "\"");
	p = addr_put(p, &e->ip, e->version);
	return put_literal(p, "\",");
}

static char *put_endpoint(char *p, const struct conn_record *r, unsigned side)
{
	const struct endpoint_addr *e = &r->sides[side].addr;

	p = put_side(p, side);
	p = put_address(p, e);
	p = put_u64(p, KEY("port"), e->port);
	return put_end_object(p);
}

static inline char *put_pair(char *p, const char *key, uint64_t client, uint64_t server)
{
	p = put_object(p, key);
	p = put_u64(p, KEY("client"), client);
	p = put_u64(p, KEY("server"), server);
	return put_end_object(p);
}

static inline char *put_packet(
    char *p, const char *key, const struct cap_facts *facts, uint64_t ordinal)
{
	return ordinal ? put_u64(p, key, place_number(facts, ordinal)) : put_null(p, key);
}

/* Sections of RFC 9293 are digits and dots alone; rules from elsewhere name their source. */
static inline char *put_rule(char *p, const struct fsm_rule *rule)
{
	bool is_section = rule->rfc[0] >= '0' && rule->rfc[0] <= '9' && rule->rfc[1] == '.';

	p = put_literal(p, KEY("why") "\"");
	p = put_literal(p, rule->why);
	p = put_literal(p, "\"," KEY("rfc") "\"");
	if (is_section)
		p = put_literal(p, "9293 ");
	p = put_literal(p, rule->rfc);
	return put_literal(p, "\",");
}

static inline char *put_state(char *p, const struct state_entry *s, const struct cap_facts *facts)
{
	const struct fsm_rule *rule = s->rule == FSM_RULE_NONE ? NULL : fsm_rule_at(s->rule);

	p = put_object(p, "");
	p = put_word(p, KEY("state"), tcp_state_name(s->state));
	p = put_packet(p, KEY("packet"), facts, s->packet);
	if (rule) {
		p = put_ns(p, KEY("time"), s->time);
		p = put_rule(p, rule);
	}
	if (s->certainty == PROVED || !rule)
		p = put_word(p, KEY("certainty"), "proved");
	else
		p = put_word(p, KEY("certainty"), "presumed");
	if (s->proved_by)
		p = put_packet(p, KEY("proved_by"), facts, s->proved_by);
	return put_end_object(p);
}

static void states_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];
	char *p = json_room(out, JSON_ROOM + ((size_t)c->nstates + s->nstates) * STATE_ROOM);

	p = put_object(p, KEY("states"));
	for (unsigned side = 0; side < 2; side++) {
		p = side == SIDE_CLIENT ? put_array(p, KEY("client")) : put_array(p, KEY("server"));
		for (uint32_t i = 0; i < r->sides[side].nstates; i++)
			p = put_state(p, &r->sides[side].states[i], facts);
		p = put_end_array(p);
	}
	p = put_end_object(p);
	if (c->states_lost || s->states_lost)
		p = put_pair(p, KEY("states_lost"), c->states_lost, s->states_lost);
	json_done(out, p);
}

static char *put_offer(char *p, const struct syn_offer *o)
{
	if (!o->seen)
		return p;
	if (o->has_mss)
		p = put_u64(p, KEY("mss"), o->mss);
	if (o->has_wscale)
		p = put_u64(p, KEY("window_scale"), o->window_scale);
	p = put_bool(p, KEY("sack_permitted"), o->sack_permitted);
	p = put_bool(p, KEY("timestamps"), o->timestamps);
	p = put_bool(p, KEY("fast_open"), o->fast_open);
	return put_bool(p, KEY("ecn"), o->ecn);
}

static void handshake_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("handshake"));
	p = put_word(p, KEY("outcome"), handshake_word(r->handshake));
	p = put_u64(p, KEY("syns"), r->syns);
	p = put_u64(p, KEY("synacks"), r->synacks);
	if (r->has_syn_to_synack)
		p = put_ns(p, KEY("syn_to_synack"), r->syn_to_synack);
	if (r->has_synack_to_ack)
		p = put_ns(p, KEY("synack_to_ack"), r->synack_to_ack);
	p = put_object(p, KEY("options"));
	for (unsigned side = 0; side < 2; side++) {
		p = put_side(p, side);
		p = put_offer(p, &r->sides[side].offer);
		p = put_end_object(p);
	}
	p = put_end_object(p);
	json_done(out, put_end_object(p));
}

static void close_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("close"));
	p = put_word(p, KEY("outcome"), close_word(r->close));
	p = put_array(p, KEY("order"));
	for (unsigned i = 0; i < r->nclose_order; i++)
		p = put_side_word(p, "", r->close_order[i]);
	p = put_end_array(p);
	json_done(out, put_end_object(p));
}

static void reset_guesses_json(struct buf *out, const struct reset_record *rst)
{
	json_word(out, "cause", reset_cause_word((enum reset_cause)rst->guesses[0].cause));
	json_word(out, "confidence", confidence_word((enum confidence)rst->guesses[0].confidence));
	if (rst->obeyed >= 0)
		json_bool(out, "obeyed", rst->obeyed);
	json_array(out, "evidence");
	for (enum reset_evidence e = reset_evidence_next(rst, EVIDENCE_COUNT); e != EVIDENCE_COUNT;
	     e = reset_evidence_next(rst, e)) {
		json_string(out, NULL);
		reset_evidence_text(out, rst, e);
		json_end_string(out);
	}
	json_end_array(out);
	json_array(out, "alternatives");
	for (unsigned i = 1; i < rst->nguesses; i++) {
		const struct reset_guess *g = &rst->guesses[i];

		json_object(out, NULL);
		json_word(out, "cause", reset_cause_word((enum reset_cause)g->cause));
		json_word(out, "confidence", confidence_word((enum confidence)g->confidence));
		json_end_object(out);
	}
	json_end_array(out);
}

static void resets_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_array(out, "resets");
	for (uint32_t i = 0; i < r->nresets; i++) {
		const struct reset_record *rst = &r->resets[i];

		json_object(out, NULL);
		json_u64(out, "packet", place_number(facts, rst->packet));
		json_ns(out, "time", rst->time);
		json_word(out, "by", side_word(rst->by));
		reset_guesses_json(out, rst);
		if (rst->answers)
			json_u64(out, "answers", place_number(facts, rst->answers));
		json_end_object(out);
	}
	json_end_array(out);
	if (r->resets_seen > r->nresets)
		json_u64(out, "resets_seen", r->resets_seen);
}

static void verdict_json(struct buf *out, const struct conn_record *r)
{
	const struct verdict *v = &r->verdict;
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("verdict"));
	p = put_word(p, KEY("outcome"), outcome_word(verdict_outcome((enum verdict_kind)v->kind)));
	p = put_word(p, KEY("kind"), verdict_word((enum verdict_kind)v->kind));
	p = put_word(p, KEY("party"), party_word(verdict_party(v)));
	p = put_word(p, KEY("confidence"), confidence_word((enum confidence)v->confidence));
	json_done(out, p);
	json_string(out, "sentence");
	verdict_sentence(out, r);
	json_end_string(out);
	json_end_object(out);
}

static void icmp_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	char *p;

	json_array(out, "icmp");
	for (uint32_t i = 0; i < r->nicmp; i++) {
		const struct icmp_record *m = &r->icmp[i];

		p = put_object(json_room(out, JSON_ROOM), "");
		p = put_packet(p, KEY("packet"), facts, m->packet);
		p = put_ns(p, KEY("time"), m->time);
		p = put_word(p, KEY("kind"), icmp_kind_word(m->ip_version, m->type, m->code));
		p = put_literal(p, KEY("from") "\"");
		p = addr_put(p, &m->from, m->ip_version);
		p = put_literal(p, "\",");
		p = put_side_word(p, KEY("about"), m->about);
		json_done(out, put_end_object(p));
	}
	json_end_array(out);
	if (r->icmp_seen > r->nicmp)
		json_u64(out, "icmp_seen", r->icmp_seen);
}

/* What the capture itself did to this connection. */
static void quality_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("capture"));
	p = put_word(p, KEY("start"), r->is_midstream ? "midstream" : "handshake");
	if (r->one_sided >= 0)
		p = put_side_word(p, KEY("one_sided"), (unsigned)r->one_sided);
	else
		p = put_null(p, KEY("one_sided"));
	p = put_u64(p, KEY("duplicate_frames"), r->duplicate_frames);
	p = put_u64(p, KEY("missing_bytes"),
	    r->sides[SIDE_CLIENT].missing_bytes + r->sides[SIDE_SERVER].missing_bytes);
	p = put_u64(p, KEY("truncated_packets"), r->truncated_packets);
	p = put_u64(p, KEY("bad_checksums"), r->bad_checksums);
	p = put_word(p, KEY("vantage"), vantage_word((enum vantage)r->vantage));
	p = put_array(p, KEY("vantage_by"));
	for (unsigned i = 0; i < MARK_COUNT; i++)
		if (r->vantage_marks & 1u << i)
			p = put_word(p, "", vantage_mark_word(i));
	p = put_end_array(p);
	p = put_bool(p, KEY("open_at_end"), r->is_open);
	p = put_bool(p, KEY("evicted"), r->is_evicted);
	json_done(out, put_end_object(p));
}

static char *put_sha256(char *p, const uint8_t *value)
{
	static const char digits[] = "0123456789abcdef";

	p = put_literal(p, KEY("sha256") "\"");
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		*p++ = digits[value[i] >> 4];
		*p++ = digits[value[i] & 15];
	}
	return put_literal(p, "\",");
}

static void streams_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("streams"));
	for (unsigned side = 0; side < 2; side++) {
		const struct stream_facts *f = &r->sides[side].stream;

		p = put_side(p, side);
		p = put_u64(p, KEY("bytes"), f->bytes);
		p = put_u64(p, KEY("missing"), f->missing);
		p = put_u64(p, KEY("gaps"), f->gaps);
		p = put_u64(p, KEY("conflicts"), f->conflicts);
		p = put_bool(p, KEY("ambiguous"), f->ambiguous != 0);
		p = put_bool(p, KEY("fin"), r->sides[side].fin_sent);
		if (f->has_sha256)
			p = put_sha256(p, f->sha256);
		p = put_end_object(p);
	}
	json_done(out, put_end_object(p));
}

static char *put_finding_packets(char *p, const struct finding *f, const struct cap_facts *facts)
{
	if (f->npackets)
		p = put_packet(p, KEY("packet"), facts, f->packets[0]);
	p = put_array(p, KEY("packets"));
	for (unsigned i = 0; i < f->npackets; i++)
		p = put_packet(p, "", facts, f->packets[i]);
	return put_end_array(p);
}

/* What a finding about the capture is about: a host, or one of its ports. */
static char *put_subject(char *p, const struct endpoint_addr *e)
{
	p = put_object(p, KEY("subject"));
	p = put_address(p, e);
	if (e->port)
		p = put_u64(p, KEY("port"), e->port);
	return put_end_object(p);
}

static void finding_sentence_json(
    struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	json_string(out, "sentence");
	finding_sentence(out, f, f->npackets ? place_number(facts, f->packets[0]) : 0);
	json_end_string(out);
}

static void finding_members(struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	const struct finding_info *info = finding_info(f->id);
	char *p = json_room(out, JSON_ROOM);

	p = put_word(p, KEY("id"), info->name);
	p = put_word(p, KEY("class"), finding_class_word(info->class));
	p = put_word(p, KEY("severity"), severity_word(info->severity));
	p = put_word(p, KEY("confidence"), confidence_word(f->confidence));
	if (f->by != BY_NOBODY)
		p = put_side_word(p, KEY("by"), f->by);
	if (f->subject.version)
		p = put_subject(p, &f->subject);
	p = put_finding_packets(p, f, facts);
	p = put_u64(p, KEY("count"), f->count);
	p = put_ns(p, KEY("time"), f->time);
	if (f->cost)
		p = put_ns(p, KEY("cost"), f->cost);
	json_done(out, put_word(p, KEY("rfc"), info->rfc));
	finding_sentence_json(out, f, facts);
	p = put_array(json_room(out, JSON_ROOM), KEY("traps"));
	for (unsigned i = 0; i < TRAP_COUNT; i++)
		if (f->traps & 1u << i)
			p = put_word(p, "", trap_word(i));
	json_done(out, put_end_array(p));
}

void record_json_findings(
    struct buf *out, const struct finding *list, size_t n, const struct cap_facts *facts)
{
	json_array(out, "findings");
	for (size_t i = 0; i < n; i++) {
		json_object(out, NULL);
		finding_members(out, &list[i], facts);
		json_end_object(out);
	}
	json_end_array(out);
}

/* Which one: its file where there are several, its ends. */
static void names_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	char *p;

	if (facts->nfiles > 1)
		json_text(out, "file", facts->files[r->file].name);
	p = put_endpoint(json_room(out, JSON_ROOM), r, SIDE_CLIENT);
	json_done(out, put_endpoint(p, r, SIDE_SERVER));
}

void record_json_finding(struct buf *out, const struct conn_record *r, const struct finding *f,
    const struct cap_facts *facts)
{
	json_object(out, NULL);
	json_word(out, "type", "finding");
	json_u64(out, "schema", SCHEMA);
	finding_members(out, f, facts);
	json_u64(out, "connection", r->id);
	names_json(out, r, facts);
	json_end_object(out);
	json_end_line(out);
}

static void findings_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	record_json_findings(out, r->findings, r->nfindings, facts);
	if (r->findings_lost)
		json_u64(out, "findings_lost", r->findings_lost);
}

static char *put_community(char *p, const struct conn_record *r)
{
	p = put_literal(p, KEY("community_id") "\"");
	community_id(p, 0, &r->sides[SIDE_CLIENT].addr, &r->sides[SIDE_SERVER].addr);
	return put_literal(p + COMMUNITY_SIZE - 1, "\",");
}

static void zeek_json(struct buf *out, const struct conn_record *r)
{
	const struct zeek_facts *z = &r->zeek;
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("zeek"));
	p = put_word(p, KEY("conn_state"), zeek_state_word(z->state));
	p = put_word(p, KEY("history"), z->history);
	if (z->letters_lost)
		p = put_u64(p, KEY("history_lost"), z->letters_lost);
	p = put_side_word(p, KEY("originator"), z->originator);
	json_done(out, put_end_object(p));
}

static void identity_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_word(p, KEY("type"), "connection");
	p = put_u64(p, KEY("schema"), SCHEMA);
	json_done(out, put_u64(p, KEY("id"), r->id));
	names_json(out, r, facts);
	p = json_room(out, JSON_ROOM);
	if (r->vlan)
		p = put_u64(p, KEY("vlan"), r->vlan);
	p = put_word(p, KEY("opener"), opener_word(r->opener));
	p = put_community(p, r);
	p = put_epoch(p, KEY("start"), r->start);
	p = put_epoch(p, KEY("end"), r->end);
	p = put_ns(p, KEY("duration"), r->end - r->start);
	json_done(out, put_word(p, KEY("state"), standing_word(outcome_standing(r))));
}

static void volume_json(struct buf *out, const struct conn_record *r)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];
	char *p = json_room(out, JSON_ROOM);

	p = put_pair(p, KEY("packets"), c->packets, s->packets);
	p = put_pair(p, KEY("wire_bytes"), c->wire_bytes, s->wire_bytes);
	json_done(out, put_pair(p, KEY("payload_bytes"), c->payload_bytes, s->payload_bytes));
}

void record_json_begin(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_object(out, NULL);
	identity_json(out, r, facts);
	volume_json(out, r);
	states_json(out, r, facts);
	handshake_json(out, r);
	close_json(out, r);
	resets_json(out, r, facts);
	transfer_json(out, r, facts);
	streams_json(out, r);
	icmp_json(out, r, facts);
	quality_json(out, r);
	verdict_json(out, r);
	zeek_json(out, r);
	json_u64(out, "completeness", r->completeness);
	findings_json(out, r, facts);
}
