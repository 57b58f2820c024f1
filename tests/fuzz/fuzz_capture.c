/* SPDX-License-Identifier: MIT */
/*
 * fuzz_capture - any bytes as a capture file: read it to its end, then read each packet again.
 *
 * Checks: packets are numbered in order, what was captured lies inside the batch, the facts agree with
 * what was read, a packet read again is the same, and the size of the batch makes no difference.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tcpshadow/capture.h"
#include "tcpshadow/hash.h"

/* Sizes of a batch that must all give the same packets. */
static const struct {
	size_t packets, bytes;
} batches[] = {
	{ 16, 4096 },
	{ 1, 64 },
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

/* Continues `digest` with what is told of the packet. */
static uint64_t digest_packet(uint64_t digest, const struct packet *p)
{
	const uint64_t facts[] = { digest, p->number, p->offset, (uint64_t)p->ts, p->wire_len,
		p->interface, p->linktype };

	return hash_keyed(p->data, p->caplen, hash_fixed(facts, sizeof(facts)));
}

/* Reads the capture to its end; returns a digest of its packets and of its error. */
static uint64_t read_all(struct cap *c, size_t max_packets, size_t max_bytes)
{
	struct cap_batch b;
	uint64_t packets = 0, bytes = 0, digest = 0;
	const char *text;
	size_t got;

	cap_batch_init(&b, max_packets, max_bytes);
	while ((got = cap_read(c, &b)) > 0) {
		BUG_ON(got != b.count || got > b.max_packets);
		for (size_t i = 0; i < got; i++) {
			BUG_ON(b.packets[i].ordinal != ++packets);
			bytes += b.packets[i].caplen;
			check_packet(c, &b, &b.packets[i]);
			digest = digest_packet(digest, &b.packets[i]);
		}
	}
	BUG_ON(cap_facts(c)->packets != packets || cap_facts(c)->bytes != bytes);
	cap_batch_release(&b);
	text = cap_facts(c)->files[0].error.text;
	return hash_keyed(text, strlen(text), digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("fuzz", 0);
	char name[32];
	const char *files[] = { name };
	struct cap_options o = { .files = files, .nfiles = 1, .spool_bytes = 1 << 20 };
	uint64_t digests[ARRAY_LEN(batches)] = { 0 };
	struct cap *c;
	struct err e;

	BUG_ON(fd < 0 || write(fd, bytes, n) != (ssize_t)n);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
		c = cap_open(&o, &e);
		if (c)
			digests[i] = read_all(c, batches[i].packets, batches[i].bytes);
		cap_close(c);
		BUG_ON(digests[i] != digests[0]);
	}
	(void)close(fd);
	return 0;
}
