/* SPDX-License-Identifier: MIT */
/*
 * pcaploop - read a capture with libpcap and do nothing else.
 *
 * What it takes is the unit of all results.
 */
#include "config.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char message[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const u_char *data;
	uint64_t packets = 0, bytes = 0;
	pcap_t *p;
	int rc;

	if (argc != 2) {
		fputs("usage: pcaploop FILE\n", stderr);
		return 2;
	}
	p = pcap_open_offline(argv[1], message);
	if (p == NULL) {
		fprintf(stderr, "pcaploop: %s\n", message);
		return 1;
	}
	while ((rc = pcap_next_ex(p, &head, &data)) == 1) {
		packets++;
		bytes += head->caplen;
	}
	if (rc == PCAP_ERROR)
		fprintf(stderr, "pcaploop: %s\n", pcap_geterr(p));
	printf("%" PRIu64 " packets, %" PRIu64 " bytes\n", packets, bytes);
	pcap_close(p);
	return rc == PCAP_ERROR;
}
