/* SPDX-License-Identifier: MIT */
/*
 * tally - counts of connections by outcome, for summaries.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "tcpshadow/record.h"

struct tally {
	uint64_t connections, matched; /* all; those that passed --where */

	/* of those that passed */
	uint64_t handshakes[HANDSHAKE_MIDSTREAM + 1];
	uint64_t closes[CLOSE_RESET + 1];
	struct verdict_tally {
		uint64_t count;
		int64_t cost; /* ns, of all of them */
	} verdicts[VERDICT_COUNT];
	uint64_t findings[FINDING_COUNT];    /* connections that have it */
	uint64_t severities[SEVERITY_COUNT]; /* findings of this severity */
	uint64_t with_findings;              /* connections */
	uint64_t open;                       /* still open when the capture ended */

	/* of all: what the capture is like */
	uint64_t midstream; /* older than the capture */
	uint64_t one_sided; /* only one direction captured */
	uint64_t missing_bytes, truncated_packets, duplicate_frames, bad_checksums;
};

void tally_add(struct tally *t, const struct conn_record *r, bool matched);

#endif
