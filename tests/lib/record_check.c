/* SPDX-License-Identifier: MIT */
/*
 * record_check - what must hold for every record, whatever the packets were.
 *
 * Checks: histories follow the rules of the state table, nothing proved stands behind something presumed,
 *         lists are within their counts, what one side alone did is said of that side.
 */
#include "config.h"

#include <inttypes.h>

#include "lib/record_check.h"

struct complaints {
	struct buf *out;
	size_t n;
};

static void require(struct complaints *c, bool holds, const char *rule)
{
	if (holds)
		return;
	buf_addf(c->out, "broken: %s\n", rule);
	c->n++;
}

/* One arrow of a history: from `before` to `after` by the rule the entry names. */
static void check_arrow(
    struct complaints *c, const struct state_entry *before, const struct state_entry *after)
{
	const struct fsm_rule *rule;

	require(c, after->rule < fsm_rule_count(), "an entry names its rule");
	if (after->rule >= fsm_rule_count())
		return;
	rule = fsm_rule_at(after->rule);
	if (rule->from != before->state || rule->to != after->state) {
		buf_addf(c->out, "broken: %s to %s is not the rule %s %s\n",
		    tcp_state_name((enum tcp_state)before->state),
		    tcp_state_name((enum tcp_state)after->state),
		    tcp_state_name((enum tcp_state)rule->from), fsm_stimulus_name(rule->stimulus));
		c->n++;
	}
}

static void check_history(struct complaints *c, const struct side_record *s)
{
	bool presumed = false;

	for (uint32_t i = 0; i < s->nstates; i++) {
		const struct state_entry *n = &s->states[i];

		require(c, n->state < TCPS_COUNT, "a state is one of the table's");
		if (i == 0) {
			require(c, n->rule == FSM_RULE_NONE && n->packet == 0,
			    "the first entry has no cause");
			continue;
		}
		check_arrow(c, n - 1, n);
		require(c, n->certainty == PROVED || n->proved_by == 0,
		    "what is presumed has no proof");
		require(c, n->certainty == PRESUMED || n->proved_by >= n->packet,
		    "the proof does not come before the cause");
		require(c, !presumed || n->certainty == PRESUMED,
		    "nothing proved stands behind something presumed");
		presumed = n->certainty == PRESUMED;
	}
}

static void check_one_sided(struct complaints *c, const struct conn_record *r)
{
	if (r->one_sided < 0)
		return;
	require(c, r->one_sided <= SIDE_SERVER, "one-sided names a side");
	require(c, r->sides[1 - r->one_sided].packets == 0, "one-sided: the other sent nothing");
}

static void check_time(struct complaints *c, const struct conn_record *r)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < SPENT_COUNT; i++) {
		require(c, r->time_spent[i] >= 0, "no time is negative");
		sum += r->time_spent[i];
	}
	require(c, sum == r->end - r->start, "what the time went into adds up to the duration");
}

static void check_again(struct complaints *c, const struct conn_record *r)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct retransmission_record *again = &r->sides[side].transfer.again;
		uint32_t sum = 0;

		for (unsigned kind = 0; kind < RETRANSMISSION_COUNT; kind++)
			sum += again->kinds[kind];
		require(c, sum == again->segments, "the kinds of what was sent again add up");
	}
}

static void check_lists(struct complaints *c, const struct conn_record *r)
{
	require(c, r->nresets <= r->resets_seen, "resets kept are among those seen");
	require(c, r->nicmp <= r->icmp_seen, "ICMP errors kept are among those seen");
	require(c, r->nclose_order <= 2, "at most two ends close");
	require(c, r->nclose_order < 2 || r->close_order[0] != r->close_order[1],
	    "the ends of the close are two");
	for (uint32_t i = 0; i < r->nresets; i++)
		require(c, r->resets[i].by <= SIDE_SERVER && r->resets[i].packet >= r->uid,
		    "a reset has a side and a packet");
	for (uint32_t i = 0; i < r->nicmp; i++)
		require(c, r->icmp[i].about <= SIDE_SERVER && r->icmp[i].packet >= r->uid,
		    "an ICMP error has a side and a packet");
}

static void check_findings(struct complaints *c, const struct conn_record *r)
{
	for (uint32_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		require(c, f->id < FINDING_COUNT && f->by <= BY_NOBODY, "a finding has a row");
		require(c, f->confidence < CONFIDENCE_COUNT, "a finding has a confidence");
		require(c, f->count > 0 && f->npackets <= FINDING_PACKETS,
		    "a finding counts what it is about");
		for (uint32_t k = 0; k < i; k++)
			require(c, f->id != r->findings[k].id || f->by != r->findings[k].by,
			    "a finding and side have one entry");
	}
}

size_t record_check(const struct conn_record *r, struct buf *out)
{
	struct complaints c = { .out = out };

	require(&c, r->uid > 0, "a connection has a first packet");
	require(&c, r->sides[0].packets + r->sides[1].packets > 0, "a connection has packets");
	require(&c, r->close != CLOSE_RESET || r->resets_seen > 0, "close by reset: there was one");
	require(&c, r->handshake != HANDSHAKE_ICMP_ERROR || r->icmp_seen > 0,
	    "handshake ended by ICMP: there was an error");
	check_one_sided(&c, r);
	check_lists(&c, r);
	check_time(&c, r);
	check_again(&c, r);
	check_findings(&c, r);
	check_history(&c, &r->sides[0]);
	check_history(&c, &r->sides[1]);
	return c.n;
}
