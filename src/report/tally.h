/* SPDX-License-Identifier: MIT */
/*
 * tally - counts of connections by outcome, for summaries.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "tcpshadow/record.h"

struct tally {
	uint64_t connections, matched; /* all; those that passed --where */
	uint64_t handshakes[HANDSHAKE_MIDSTREAM + 1];
	uint64_t closes[CLOSE_RESET + 1];
	uint64_t findings[FINDING_COUNT]; /* connections that have it */
	uint64_t open;                    /* still open when the capture ended */
	uint64_t one_sided;               /* only one direction captured */
	uint64_t missing_bytes, truncated_packets, duplicate_frames, bad_checksums;
};

void tally_add(struct tally *t, const struct conn_record *r, bool matched);

#endif
