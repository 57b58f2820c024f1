/* SPDX-License-Identifier: MIT */
/*
 * lifelines - who stands where in a ladder of several connections.
 *
 * Input:  the two ends of each connection.
 * Output: hosts from left to right: those that only call, then whom they call, and so on, so that a proxy stands
 *         between its clients and its servers; among equals in order of the connections.  Hosts that have nothing to
 *         do with each other stand in groups.
 *         A host is an IP address.  Where one calls itself (a capture of the loopback interface), the services it
 *         offers to itself stand by themselves, with their port.
 * Limits: the time is that of connections times the square of hosts; for a screenful of them.
 */
#ifndef TCPSHADOW_LIFELINES_H
#define TCPSHADOW_LIFELINES_H

#include <stddef.h>

#include "tcpshadow/addr.h"

/* Two ends by enum side. */
struct lifelines_call {
	struct endpoint_addr ends[2];
};

struct lifelines_host {
	struct endpoint_addr addr; /* its port says nothing unless it is a service */
	bool is_service;           /* with a lifeline of its own; else all that has none */
};

struct lifelines {
	struct lifelines_host *hosts;
	size_t n;
	uint16_t (*ends)[2]; /* for each call: where its ends are among the hosts, [enum side] */
};

void lifelines_init(struct lifelines *l, const struct lifelines_call *calls, size_t n);
void lifelines_release(struct lifelines *l);
/* "10.0.0.1", or with its port when it is a service. */
void lifelines_name(struct buf *out, const struct lifelines_host *host);

#endif
