/* SPDX-License-Identifier: MIT */
/*
 * fuzz_capture - any bytes as a capture file: read it to its end, then read each packet again.
 *
 * Checks: packets are numbered in order, what was captured lies inside the batch, the facts agree with
 * what was read, and a packet read again is the same.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/capture.h"

enum {
	BATCH_PACKETS = 16,
	BATCH_BYTES = 4096,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_packet(struct cap *c, const struct cap_batch *b, const struct packet *p)
{
	struct packet again;
	struct err e;

	BUG_ON(
	    p->caplen > 0 && (p->data < b->bytes || p->data + p->caplen > b->bytes + b->max_bytes));
	if (cap_reread(c, p->file, p->offset, &again, &e))
		return;
	BUG_ON(again.caplen != p->caplen || again.ts != p->ts || again.wire_len != p->wire_len);
	BUG_ON(p->caplen > 0 && memcmp(again.data, p->data, p->caplen) != 0);
}

static void read_all(struct cap *c)
{
	struct cap_batch b;
	uint64_t packets = 0, bytes = 0;
	size_t got;

	cap_batch_init(&b, BATCH_PACKETS, BATCH_BYTES);
	while ((got = cap_read(c, &b)) > 0) {
		BUG_ON(got != b.count || got > b.max_packets);
		for (size_t i = 0; i < got; i++) {
			BUG_ON(b.packets[i].ordinal != ++packets);
			bytes += b.packets[i].caplen;
			check_packet(c, &b, &b.packets[i]);
		}
	}
	BUG_ON(cap_facts(c)->packets != packets || cap_facts(c)->bytes != bytes);
	cap_batch_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("fuzz", 0);
	char name[32];
	const char *files[] = { name };
	struct cap_options o = { .files = files, .nfiles = 1, .spool_bytes = 1 << 20 };
	struct cap *c;
	struct err e;

	BUG_ON(fd < 0 || write(fd, bytes, n) != (ssize_t)n);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	c = cap_open(&o, &e);
	if (c) {
		read_all(c);
		cap_close(c);
	}
	(void)close(fd);
	return 0;
}
