/* SPDX-License-Identifier: MIT */
/*
 * live_device - an interface opened for capture, and what was lost on the way to us.
 *
 * Does not: open anything after live_device_open().
 */
#ifndef TCPSHADOW_CAPTURE_LIVE_DEVICE_H
#define TCPSHADOW_CAPTURE_LIVE_DEVICE_H

#include <pcap/pcap.h>

#include "tcpshadow/capture.h"

struct live_device {
	pcap_t *pcap;
	const char *name; /* borrowed */
	uint16_t linktype;
	bool nanoseconds;
	uint32_t snaplen;
	int *loss_fds; /* files of the kernel that count packets an interface lost */
	size_t nloss;
	uint64_t loss_start;   /* their sum at the beginning */
	unsigned last_dropped; /* of pcap_stats(), which wraps */
	uint64_t dropped;      /* by the kernel, since the beginning */
};

/* -1 and one sentence that says what to do.  On failure nothing is left open. */
TS_NODISCARD int live_device_open(
    struct live_device *d, const struct cap_live_options *o, const char *bpf, struct err *e);
void live_device_close(struct live_device *d);

/* Packets that the kernel had no room for, and that the interface lost. */
void live_device_losses(struct live_device *d, uint64_t *kernel, uint64_t *interface);

#endif
