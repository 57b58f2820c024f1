/* SPDX-License-Identifier: MIT */
/*
 * pcapout - packets as the bytes of a new capture file.
 *
 * Output: pcap, with nanoseconds where the input had them; pcapng when there are several link types.
 * Spec:   draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; little-endian.
 * Does not: write files.
 */
#ifndef TCPSHADOW_PCAPOUT_H
#define TCPSHADOW_PCAPOUT_H

#include "tcpshadow/buf.h"
#include "tcpshadow/capture.h"

struct pcapout {
	bool nanoseconds;
	uint32_t snaplen;
	uint16_t *links; /* all that can come; more than one: the file is a pcapng */
	size_t nlinks;
};

/* For the packets of a capture that has been read to its end. */
void pcapout_init(struct pcapout *p, const struct cap_facts *facts);
void pcapout_release(struct pcapout *p);
const char *pcapout_suffix(const struct pcapout *p); /* "pcap", "pcapng" */

/* What a file begins with. */
void pcapout_begin(const struct pcapout *p, struct buf *out);
/* One packet, as it was captured. */
void pcapout_packet(const struct pcapout *p, struct buf *out, const struct packet *pkt);

#endif
