/* SPDX-License-Identifier: MIT */
/*
 * transfer_json - retransmissions, probes, round trips and metrics in the connection object.
 */
#include "config.h"

#include "report/json.h"
#include "report/place.h"
#include "report/record_json.h"
#include "report/transfer_json.h"
#include "tcpshadow/outcome.h"

/* Kinds add up to `segments`; some are told apart in the ladder only. */
static char *put_kinds(char *p, const struct retransmission_record *r)
{
	uint32_t classes[RETRANSMISSION_COUNT] = { 0 };

#define RETRANSMISSION_KIND(id, word, brief, class)                                                \
	classes[RETRANSMISSION_##class] += r->kinds[RETRANSMISSION_##id];
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
#define RETRANSMISSION_KIND(id, word, brief, class)                                                \
	if (RETRANSMISSION_##id == RETRANSMISSION_##class &&                                       \
	    RETRANSMISSION_##id != RETRANSMISSION_NONE)                                            \
		p = put_u64(p, KEY(word), classes[RETRANSMISSION_##id]);
#include "tcpshadow/retransmission_kind.def"
#undef RETRANSMISSION_KIND
	return p;
}

static void retransmissions_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("retransmissions"));
	for (unsigned side = 0; side < 2; side++) {
		const struct retransmission_record *again = &r->sides[side].transfer.again;

		p = put_side(p, side);
		p = put_u64(p, KEY("segments"), again->segments);
		p = put_u64(p, KEY("bytes"), again->bytes);
		p = put_kinds(p, again);
		p = put_array(p, KEY("packets"));
		for (uint32_t i = 0; i < again->npackets; i++)
			p = put_u64(p, "", place_number(facts, again->packets[i]));
		p = put_end_array(p);
		if (again->packets_seen > again->npackets)
			p = put_u64(p, KEY("packets_seen"), again->packets_seen);
		p = put_end_object(p);
	}
	json_done(out, put_end_object(p));
}

static void probes_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("probes"));
	for (unsigned side = 0; side < 2; side++) {
		p = put_side(p, side);
		p = put_u64(p, KEY("zero_window"), r->sides[side].transfer.window_probes);
		p = put_u64(p, KEY("keepalive"), r->sides[side].transfer.keepalives);
		p = put_end_object(p);
	}
	json_done(out, put_end_object(p));
}

static void rtt_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("rtt"));
	for (unsigned side = 0; side < 2; side++) {
		const struct rtt_record *rtt = &r->sides[side].transfer.rtt;

		p = put_side(p, side);
		p = put_u64(p, KEY("samples"), rtt->samples);
		if (rtt->samples) {
			p = put_ns(p, KEY("min"), rtt->min);
			p = put_ns(p, KEY("mean"), rtt->mean);
			p = put_ns(p, KEY("max"), rtt->max);
			p = put_ns(p, KEY("smoothed"), rtt->smoothed);
		}
		p = put_end_object(p);
	}
	p = put_end_object(p);
	if (outcome_round_trip(r) >= 0)
		p = put_ns(p, KEY("round_trip"), outcome_round_trip(r));
	if (r->gap > 0)
		p = put_ns(p, KEY("gap"), r->gap);
	if (outcome_rate(r))
		p = put_u64(p, KEY("rate"), outcome_rate(r));
	json_done(out, p);
}

/* The types of metric.def. */
#define COUNT(p, key, v)    put_u64(p, key, v)
#define BYTES(p, key, v)    put_u64(p, key, v)
#define EXTENT(p, key, v)   put_u64(p, key, v)
#define DURATION(p, key, v) put_ns(p, key, (int64_t)(v))

static char *put_metrics(char *p, const uint64_t *values)
{
#define METRIC(id, name, type, known, value, help)                                                 \
	if (values[METRIC_##id] != METRIC_UNKNOWN)                                                 \
		p = type(p, KEY(name), values[METRIC_##id]);
#include "tcpshadow/metric.def"
#undef METRIC
	return p;
}

#undef COUNT
#undef BYTES
#undef EXTENT
#undef DURATION

static void metrics_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("metrics"));
	for (unsigned side = 0; side < 2; side++) {
		p = put_side(p, side);
		p = put_metrics(p, r->sides[side].transfer.metrics);
		p = put_end_object(p);
	}
	json_done(out, put_end_object(p));
}

static void time_spent_json(struct buf *out, const struct conn_record *r)
{
	char *p = json_room(out, JSON_ROOM);

	p = put_object(p, KEY("time_spent"));
#define TIME_SPENT(id, word, help) p = put_ns(p, KEY(word), r->time_spent[SPENT_##id]);
#include "tcpshadow/time_spent.def"
#undef TIME_SPENT
	json_done(out, put_end_object(p));
}

void transfer_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	retransmissions_json(out, r, facts);
	probes_json(out, r);
	rtt_json(out, r);
	metrics_json(out, r);
	time_spent_json(out, r);
}
