/* SPDX-License-Identifier: MIT */
/*
 * plain - the short way to the TCP segment of a packet in which nothing is odd.
 *
 * Input:  packets, any bytes.
 * Output: what the steps of walk.h would make of the packet, or nothing: then they decide.
 * Limits: Ethernet with one VLAN tag at most; IPv4 without options and fragments, IPv6 without extension headers;
 *         the capture may have cut the payload, but not the headers.
 */
#ifndef DECODE_PLAIN_H
#define DECODE_PLAIN_H

#include "tcpshadow/capture.h"
#include "tcpshadow/segment.h"

/* False: this is no such packet, and *out is as it was. */
bool plain_segment(const struct packet *p, bool verify_checksums, struct segment *out);

#endif
