/* SPDX-License-Identifier: MIT */
/*
 * transfer_json - retransmissions, probes, round trips and metrics in the connection object.
 */
#include "config.h"

#include "report/json.h"
#include "report/place.h"
#include "report/record_json.h"
#include "report/transfer_json.h"

/* Kinds add up to `segments`; some are told apart in the ladder only. */
static void kinds_json(struct buf *out, const struct retransmission_record *r)
{
	uint32_t classes[RETRANSMISSION_COUNT] = { 0 };

	for (unsigned k = 0; k < RETRANSMISSION_COUNT; k++)
		classes[retransmission_class((enum retransmission_kind)k)] += r->kinds[k];
	for (unsigned k = 0; k < RETRANSMISSION_COUNT; k++)
		if (k != RETRANSMISSION_NONE &&
		    retransmission_class((enum retransmission_kind)k) == k)
			json_u64(out, retransmission_word((enum retransmission_kind)k), classes[k]);
}

static void retransmissions_json(
    struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	json_object(out, "retransmissions");
	for (unsigned side = 0; side < 2; side++) {
		const struct retransmission_record *again = &r->sides[side].transfer.again;

		json_object(out, side_word(side));
		json_u64(out, "segments", again->segments);
		json_u64(out, "bytes", again->bytes);
		kinds_json(out, again);
		json_array(out, "packets");
		for (uint32_t i = 0; i < again->npackets; i++)
			json_u64(out, NULL, place_number(facts, again->packets[i]));
		json_end_array(out);
		if (again->packets_seen > again->npackets)
			json_u64(out, "packets_seen", again->packets_seen);
		json_end_object(out);
	}
	json_end_object(out);
}

static void probes_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "probes");
	for (unsigned side = 0; side < 2; side++) {
		json_object(out, side_word(side));
		json_u64(out, "zero_window", r->sides[side].transfer.window_probes);
		json_u64(out, "keepalive", r->sides[side].transfer.keepalives);
		json_end_object(out);
	}
	json_end_object(out);
}

static void rtt_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "rtt");
	for (unsigned side = 0; side < 2; side++) {
		const struct rtt_record *rtt = &r->sides[side].transfer.rtt;

		json_object(out, side_word(side));
		json_u64(out, "samples", rtt->samples);
		if (rtt->samples) {
			json_ns(out, "min", rtt->min);
			json_ns(out, "mean", rtt->mean);
			json_ns(out, "max", rtt->max);
			json_ns(out, "smoothed", rtt->smoothed);
		}
		json_end_object(out);
	}
	json_end_object(out);
}

static const struct {
	const char *name;
	bool is_time;
} metrics[] = {
#define COUNT                                      false
#define BYTES                                      false
#define DURATION                                   true
#define METRIC(id, name, type, known, value, help) { name, type },
#include "tcpshadow/metric.def"
#undef METRIC
#undef COUNT
#undef BYTES
#undef DURATION
};

static void metrics_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "metrics");
	for (unsigned side = 0; side < 2; side++) {
		const uint64_t *values = r->sides[side].transfer.metrics;

		json_object(out, side_word(side));
		for (unsigned i = 0; i < METRIC_COUNT; i++) {
			if (values[i] == METRIC_UNKNOWN)
				continue;
			if (metrics[i].is_time)
				json_ns(out, metrics[i].name, (int64_t)values[i]);
			else
				json_u64(out, metrics[i].name, values[i]);
		}
		json_end_object(out);
	}
	json_end_object(out);
}

static void time_spent_json(struct buf *out, const struct conn_record *r)
{
	json_object(out, "time_spent");
	for (unsigned i = 0; i < SPENT_COUNT; i++)
		json_ns(out, time_spent_word((enum time_spent)i), r->time_spent[i]);
	json_end_object(out);
}

void transfer_json(struct buf *out, const struct conn_record *r, const struct cap_facts *facts)
{
	retransmissions_json(out, r, facts);
	probes_json(out, r);
	rtt_json(out, r);
	metrics_json(out, r);
	time_spent_json(out, r);
}
