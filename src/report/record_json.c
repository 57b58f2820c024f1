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

#define SCHEMA 1

static void endpoint_json(struct buf *out, const char *key, const struct endpoint_addr *e)
{
	json_object(out, key);
	json_string(out, "ip");
	addr_text(out, &e->ip, e->version);
	json_end_string(out);
	json_u64(out, "port", e->port);
	json_end_object(out);
}

static void pair_json(struct buf *out, const char *key, uint64_t client, uint64_t server)
{
	json_object(out, key);
	json_u64(out, side_word(SIDE_CLIENT), client);
	json_u64(out, side_word(SIDE_SERVER), server);
	json_end_object(out);
}

static void packet_json(
    struct buf *out, const char *key, const struct cap_facts *facts, uint64_t ordinal)
{
	if (ordinal)
		json_u64(out, key, place_number(facts, ordinal));
	else
		json_null(out, key);
}

/* Sections of RFC 9293 are digits and dots alone; rules from elsewhere name their source. */
static void rfc_json(struct buf *out, const char *rfc)
{
	bool is_section = rfc[0] >= '0' && rfc[0] <= '9' && rfc[1] == '.';

	json_string(out, "rfc");
	if (is_section)
		buf_addstr(out, "9293 ");
	buf_addstr(out, rfc);
	json_end_string(out);
}

static void state_json(struct buf *out, const struct state_entry *s, const struct cap_facts *facts)
{
	const struct fsm_rule *rule = s->rule == FSM_RULE_NONE ? NULL : fsm_rule_at(s->rule);

	json_object(out, NULL);
	json_word(out, "state", tcp_state_name(s->state));
	packet_json(out, "packet", facts, s->packet);
	if (rule) {
		json_ns(out, "time", s->time);
		json_word(out, "why", rule->why);
		rfc_json(out, rule->rfc);
	}
	json_word(out, "certainty", s->certainty == PROVED || !rule ? "proved" : "presumed");
	if (s->proved_by)
		packet_json(out, "proved_by", facts, s->proved_by);
	json_end_object(out);
}

static void states_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_object(out, "states");
	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *s = &r->sides[side];

		json_array(out, side_word(side));
		for (uint32_t i = 0; i < s->nstates; i++)
			state_json(out, &s->states[i], facts);
		json_end_array(out);
	}
	json_end_object(out);
}

static void offer_json(struct buf *out, const char *key, const struct syn_offer *o)
{
	json_object(out, key);
	if (o->seen) {
		if (o->has_mss)
			json_u64(out, "mss", o->mss);
		if (o->has_wscale)
			json_u64(out, "window_scale", o->window_scale);
		json_bool(out, "sack_permitted", o->sack_permitted);
		json_bool(out, "timestamps", o->timestamps);
		json_bool(out, "fast_open", o->fast_open);
		json_bool(out, "ecn", o->ecn);
	}
	json_end_object(out);
}

static void handshake_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "handshake");
	json_word(out, "outcome", handshake_word(r->handshake));
	json_u64(out, "syns", r->syns);
	json_u64(out, "synacks", r->synacks);
	if (r->has_syn_to_synack)
		json_ns(out, "syn_to_synack", r->syn_to_synack);
	if (r->has_synack_to_ack)
		json_ns(out, "synack_to_ack", r->synack_to_ack);
	json_object(out, "options");
	for (unsigned side = 0; side < 2; side++)
		offer_json(out, side_word(side), &r->sides[side].offer);
	json_end_object(out);
	json_end_object(out);
}

static void close_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "close");
	json_word(out, "outcome", close_word(r->close));
	json_array(out, "order");
	for (unsigned i = 0; i < r->nclose_order; i++)
		json_word(out, NULL, side_word(r->close_order[i]));
	json_end_array(out);
	json_end_object(out);
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
		packet_json(out, "packet", facts, rst->packet);
		json_ns(out, "time", rst->time);
		json_word(out, "by", side_word(rst->by));
		reset_guesses_json(out, rst);
		if (rst->answers)
			packet_json(out, "answers", facts, rst->answers);
		json_end_object(out);
	}
	json_end_array(out);
	if (r->resets_seen > r->nresets)
		json_u64(out, "resets_seen", r->resets_seen);
}

static void verdict_json(struct buf *out, const struct conn_record *r)
{
	const struct verdict *v = &r->verdict;

	json_object(out, "verdict");
	json_word(out, "outcome", outcome_word(verdict_outcome((enum verdict_kind)v->kind)));
	json_word(out, "kind", verdict_word((enum verdict_kind)v->kind));
	json_word(out, "party", party_word(verdict_party(v)));
	json_word(out, "confidence", confidence_word((enum confidence)v->confidence));
	json_string(out, "sentence");
	verdict_sentence(out, r);
	json_end_string(out);
	json_end_object(out);
}

static void icmp_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_array(out, "icmp");
	for (uint32_t i = 0; i < r->nicmp; i++) {
		const struct icmp_record *m = &r->icmp[i];

		json_object(out, NULL);
		packet_json(out, "packet", facts, m->packet);
		json_ns(out, "time", m->time);
		json_word(out, "kind", icmp_kind_word(m->ip_version, m->type, m->code));
		json_string(out, "from");
		addr_text(out, &m->from, m->ip_version);
		json_end_string(out);
		json_word(out, "about", side_word(m->about));
		json_end_object(out);
	}
	json_end_array(out);
	if (r->icmp_seen > r->nicmp)
		json_u64(out, "icmp_seen", r->icmp_seen);
}

/* What the capture itself did to this connection. */
static void quality_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "capture");
	json_word(out, "start", r->is_midstream ? "midstream" : "handshake");
	if (r->one_sided >= 0)
		json_word(out, "one_sided", side_word((unsigned)r->one_sided));
	else
		json_null(out, "one_sided");
	json_u64(out, "duplicate_frames", r->duplicate_frames);
	json_u64(out, "missing_bytes",
	    r->sides[SIDE_CLIENT].missing_bytes + r->sides[SIDE_SERVER].missing_bytes);
	json_u64(out, "truncated_packets", r->truncated_packets);
	json_u64(out, "bad_checksums", r->bad_checksums);
	json_word(out, "vantage", vantage_word((enum vantage)r->vantage));
	json_array(out, "vantage_by");
	for (unsigned i = 0; i < MARK_COUNT; i++)
		if (r->vantage_marks & 1u << i)
			json_word(out, NULL, vantage_mark_word(i));
	json_end_array(out);
	json_bool(out, "open_at_end", r->is_open);
	json_bool(out, "evicted", r->is_evicted);
	json_end_object(out);
}

static void sha256_json(struct buf *out, const uint8_t *value)
{
	json_string(out, "sha256");
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		buf_addf(out, "%02x", value[i]);
	json_end_string(out);
}

static void stream_json(struct buf *out, const char *key, const struct side_record *side)
{
	const struct stream_facts *f = &side->stream;

	json_object(out, key);
	json_u64(out, "bytes", f->bytes);
	json_u64(out, "missing", f->missing);
	json_u64(out, "gaps", f->gaps);
	json_u64(out, "conflicts", f->conflicts);
	json_bool(out, "ambiguous", f->ambiguous != 0);
	json_bool(out, "fin", side->fin_sent);
	if (f->has_sha256)
		sha256_json(out, f->sha256);
	json_end_object(out);
}

static void streams_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "streams");
	stream_json(out, "client", &r->sides[SIDE_CLIENT]);
	stream_json(out, "server", &r->sides[SIDE_SERVER]);
	json_end_object(out);
}

static void finding_packets_json(
    struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	if (f->npackets)
		packet_json(out, "packet", facts, f->packets[0]);
	json_array(out, "packets");
	for (unsigned i = 0; i < f->npackets; i++)
		packet_json(out, NULL, facts, f->packets[i]);
	json_end_array(out);
}

/* What a finding about the capture is about: a host, or one of its ports. */
static void subject_json(struct buf *out, const struct endpoint_addr *e)
{
	json_object(out, "subject");
	json_string(out, "ip");
	addr_text(out, &e->ip, e->version);
	json_end_string(out);
	if (e->port)
		json_u64(out, "port", e->port);
	json_end_object(out);
}

static void finding_members(struct buf *out, const struct finding *f, const struct cap_facts *facts)
{
	const struct finding_info *info = finding_info(f->id);

	json_word(out, "id", info->name);
	json_word(out, "class", finding_class_word(info->class));
	json_word(out, "severity", severity_word(info->severity));
	json_word(out, "confidence", confidence_word(f->confidence));
	if (f->by != BY_NOBODY)
		json_word(out, "by", side_word(f->by));
	if (f->subject.version)
		subject_json(out, &f->subject);
	finding_packets_json(out, f, facts);
	json_u64(out, "count", f->count);
	json_ns(out, "time", f->time);
	if (f->cost)
		json_ns(out, "cost", f->cost);
	json_word(out, "rfc", info->rfc);
	json_string(out, "sentence");
	finding_sentence(out, f, f->npackets ? place_number(facts, f->packets[0]) : 0);
	json_end_string(out);
	json_array(out, "traps");
	for (unsigned i = 0; i < TRAP_COUNT; i++)
		if (f->traps & 1u << i)
			json_word(out, NULL, trap_word(i));
	json_end_array(out);
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

void record_json_finding(struct buf *out, const struct conn_record *r, const struct finding *f,
    const struct cap_facts *facts)
{
	json_object(out, NULL);
	json_word(out, "type", "finding");
	json_u64(out, "schema", SCHEMA);
	finding_members(out, f, facts);
	json_u64(out, "connection", r->id);
	if (facts->nfiles > 1)
		json_text(out, "file", facts->files[r->file].name);
	endpoint_json(out, "client", &r->sides[SIDE_CLIENT].addr);
	endpoint_json(out, "server", &r->sides[SIDE_SERVER].addr);
	json_end_object(out);
}

static void findings_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	record_json_findings(out, r->findings, r->nfindings, facts);
	if (r->findings_lost)
		json_u64(out, "findings_lost", r->findings_lost);
}

static void community_json(struct buf *out, const struct conn_record *r)
{
	char id[COMMUNITY_SIZE];

	community_id(id, 0, &r->sides[SIDE_CLIENT].addr, &r->sides[SIDE_SERVER].addr);
	json_word(out, "community_id", id);
}

static void zeek_json(struct buf *out, const struct conn_record *r)
{
	const struct zeek_facts *z = &r->zeek;

	json_object(out, "zeek");
	json_word(out, "conn_state", zeek_state_word(z->state));
	json_word(out, "history", z->history);
	if (z->letters_lost)
		json_u64(out, "history_lost", z->letters_lost);
	json_word(out, "originator", side_word(z->originator));
	json_end_object(out);
}

static void identity_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_word(out, "type", "connection");
	json_u64(out, "schema", SCHEMA);
	json_u64(out, "id", r->id);
	if (facts->nfiles > 1)
		json_text(out, "file", facts->files[r->file].name);
	endpoint_json(out, "client", &r->sides[SIDE_CLIENT].addr);
	endpoint_json(out, "server", &r->sides[SIDE_SERVER].addr);
	if (r->vlan)
		json_u64(out, "vlan", r->vlan);
	json_word(out, "opener", opener_word(r->opener));
	community_json(out, r);
	json_epoch(out, "start", r->start);
	json_epoch(out, "end", r->end);
	json_ns(out, "duration", r->end - r->start);
}

void record_json_begin(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	json_object(out, NULL);
	identity_json(out, r, facts);
	pair_json(out, "packets", c->packets, s->packets);
	pair_json(out, "wire_bytes", c->wire_bytes, s->wire_bytes);
	pair_json(out, "payload_bytes", c->payload_bytes, s->payload_bytes);
	states_json(out, r, facts);
	if (c->states_lost || s->states_lost)
		pair_json(out, "states_lost", c->states_lost, s->states_lost);
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
