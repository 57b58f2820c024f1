/* SPDX-License-Identifier: MIT */
/*
 * tally - counting records.
 */
#include "config.h"

#include "report/tally.h"

/* Both sides may have a finding: the connection counts once. */
static bool is_first_of_kind(const struct conn_record *r, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (r->findings[k].id == r->findings[i].id)
			return false;
	return true;
}

/* What the connections lost to waiting for what did not come. */
static int64_t cost_of(const struct conn_record *r)
{
	return r->time_spent[SPENT_LOSS_RECOVERY] + r->time_spent[SPENT_RECEIVER_WINDOW];
}

static void add_verdict(struct verdict_tally *v, const struct conn_record *r)
{
	v->count++;
	v->cost += cost_of(r);
}

static void add_matched(struct tally *t, const struct conn_record *r)
{
	t->matched++;
	t->handshakes[r->handshake]++;
	t->closes[r->close]++;
	t->open += r->is_open;
	add_verdict(&t->verdicts[r->verdict.kind], r);
	t->with_findings += r->nfindings > 0;
	for (uint32_t i = 0; i < r->nfindings; i++) {
		t->findings[r->findings[i].id] += is_first_of_kind(r, i);
		t->severities[finding_info(r->findings[i].id)->severity]++;
	}
}

void tally_add(struct tally *t, const struct conn_record *r, bool matched)
{
	t->connections++;
	if (matched)
		add_matched(t, r);
	t->midstream += r->handshake == HANDSHAKE_MIDSTREAM;
	t->one_sided += r->one_sided >= 0;
	t->missing_bytes +=
	    r->sides[SIDE_CLIENT].missing_bytes + r->sides[SIDE_SERVER].missing_bytes;
	t->truncated_packets += r->truncated_packets;
	t->duplicate_frames += r->duplicate_frames;
	t->bad_checksums += r->bad_checksums;
}
