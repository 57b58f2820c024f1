/* SPDX-License-Identifier: MIT */
/*
 * tally - counting records.
 */
#include "config.h"

#include "report/tally.h"

void tally_add(struct tally *t, const struct conn_record *r, bool matched)
{
	t->connections++;
	t->matched += matched;
	t->handshakes[r->handshake]++;
	t->closes[r->close]++;
	for (uint32_t i = 0; i < r->nfindings; i++)
		t->findings[r->findings[i].id]++;
	t->open += r->is_open;
	t->one_sided += r->one_sided >= 0;
	t->missing_bytes +=
	    r->sides[SIDE_CLIENT].missing_bytes + r->sides[SIDE_SERVER].missing_bytes;
	t->truncated_packets += r->truncated_packets;
	t->duplicate_frames += r->duplicate_frames;
	t->bad_checksums += r->bad_checksums;
}
