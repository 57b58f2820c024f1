/* SPDX-License-Identifier: MIT */
/*
 * tcpopt - the options of a TCP header.
 *
 * Spec: RFC 9293 3.1, 3.2; RFC 2018, 7323, 7413, 2385, 5925, 8684, 5482, 6994.  As in Linux an option of the
 *       wrong length counts as absent, and of two of a kind the last one's value holds.
 */
#ifndef DECODE_TCPOPT_H
#define DECODE_TCPOPT_H

#include "tcpshadow/rd.h"
#include "tcpshadow/segment.h"

/*
 * Reads the bytes between the fixed header and the data.  `is_cut` = the capture ends before the options do.
 * Of *o everything is set but sack[] beyond nsack.
 */
void tcpopt_parse(struct tcp_options *o, struct rd r, bool is_cut);

#endif
