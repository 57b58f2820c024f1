/* SPDX-License-Identifier: MIT */
/*
 * verdict_words - the words and the sentence of a verdict.
 */
#include "config.h"

#include "tcpshadow/pattern.h"
#include "tcpshadow/record.h"
#include "tcpshadow/text.h"
#include "tcpshadow/verdict.h"

static const struct {
	const char *kind, *sentence;
	uint8_t party; /* enum party */
} rows[] = {
#define VERDICT(id, kind, outcome, party, severity, sentence) { kind, sentence, PARTY_##party },
#include "tcpshadow/verdict.def"
#undef VERDICT
};

static const char *const outcome_words[] = {
	"ok",
	"refused",
	"unanswered",
	"reset",
	"stalled",
	"aborted",
	"incomplete",
	"unknown",
};

static const char *const party_words[] = {
	"client",
	"server",
	"network",
	"middlebox",
	"capture",
	"none",
};

_Static_assert(ARRAY_LEN(outcome_words) == OUTCOME_COUNT, "each outcome has its word");
_Static_assert(ARRAY_LEN(party_words) == PARTY_COUNT, "each party has its word");

const char *outcome_word(enum outcome o)
{
	BUG_ON(o >= OUTCOME_COUNT);
	return outcome_words[o];
}

const char *party_word(enum party p)
{
	BUG_ON(p >= PARTY_COUNT);
	return party_words[p];
}

const char *verdict_word(enum verdict_kind k)
{
	BUG_ON(k >= VERDICT_COUNT);
	return rows[k].kind;
}

const char *verdict_pattern(enum verdict_kind k)
{
	BUG_ON(k >= VERDICT_COUNT);
	return rows[k].sentence;
}

const char *verdict_party_pattern(enum verdict_kind k)
{
	BUG_ON(k >= VERDICT_COUNT);
	if (rows[k].party == PARTY_BY)
		return "{by}";
	return rows[k].party == PARTY_PEER ? "{peer}" : party_words[rows[k].party];
}

static void add_side(struct buf *out, const char *the, const struct verdict *v, bool peer)
{
	unsigned side = v->by == BY_NOBODY ? BY_NOBODY : peer ? !v->by : v->by;

	buf_addstr(out, the);
	buf_addstr(out, side == SIDE_CLIENT   ? "client"
	                : side == SIDE_SERVER ? "server"
	                                      : "network");
}

static void add_by(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_side(out, "the ", &r->verdict, false);
}

static void add_by_first(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_side(out, "The ", &r->verdict, false);
}

static void add_peer(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_side(out, "the ", &r->verdict, true);
}

static void add_peer_first(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_side(out, "The ", &r->verdict, true);
}

static void add_number(struct buf *out, uint64_t n, const char *one, const char *many)
{
	text_count(out, n);
	buf_addch(out, ' ');
	buf_addstr(out, n == 1 ? one : many);
}

static void add_bytes(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	if (r->verdict.bytes)
		add_number(out, r->verdict.bytes, "byte", "bytes");
	else
		buf_addstr(out, "data");
}

static void add_total(struct buf *out, uint64_t bytes)
{
	if (bytes)
		add_number(out, bytes, "byte", "bytes");
	else
		buf_addstr(out, "nothing");
}

static void add_up(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_total(out, r->sides[SIDE_CLIENT].stream.bytes);
}

static void add_down(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_total(out, r->sides[SIDE_SERVER].stream.bytes);
}

static void add_segments(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	add_number(out, r->verdict.count, "segment", "segments");
}

static void add_time(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	text_duration(out, r->verdict.time);
}

static void add_cost(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	if (r->verdict.time <= 0)
		return;
	buf_addstr(out, ", which cost ");
	text_duration(out, r->verdict.time);
}

static void add_count(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	text_count(out, r->verdict.count);
}

static void add_times(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	if (r->verdict.count <= 1)
		buf_addstr(out, "once");
	else if (r->verdict.count == 2)
		buf_addstr(out, "twice");
	else
		add_number(out, r->verdict.count, "time", "times");
}

static void add_port(struct buf *out, const void *about)
{
	const struct conn_record *r = about;

	buf_add_u64(out, r->sides[SIDE_SERVER].addr.port);
}

/* The one that the verdict is about. */
static const struct icmp_record *told(const struct conn_record *r)
{
	if (r->verdict.kind == VERDICT_CUT_OFF)
		return verdict_icmp(r, r->verdict.by);
	return r->nicmp ? &r->icmp[0] : NULL;
}

static void add_icmp(struct buf *out, const void *about)
{
	const struct icmp_record *m = told(about);
	const char *word = m ? icmp_kind_word(m->ip_version, m->type, m->code) : "an ICMP error";

	for (; *word; word++)
		buf_addch(out, *word == '_' ? ' ' : *word);
}

static void add_from(struct buf *out, const void *about)
{
	const struct icmp_record *m = told(about);

	if (m)
		addr_text(out, &m->from, m->ip_version);
	else
		buf_addstr(out, "A device on the way");
}

static const struct pattern_value values[] = {
	{ "by", add_by, NULL },
	{ "By", add_by_first, NULL },
	{ "peer", add_peer, NULL },
	{ "Peer", add_peer_first, NULL },
	{ "bytes", add_bytes, NULL },
	{ "up", add_up, NULL },
	{ "down", add_down, NULL },
	{ "segments", add_segments, NULL },
	{ "time", add_time, NULL },
	{ "cost", add_cost, NULL },
	{ "count", add_count, NULL },
	{ "times", add_times, NULL },
	{ "port", add_port, NULL },
	{ "icmp", add_icmp, NULL },
	{ "from", add_from, NULL },
};

void verdict_sentence(struct buf *out, const struct conn_record *r)
{
	pattern_fill(out, rows[r->verdict.kind].sentence, values, ARRAY_LEN(values), r);
}
