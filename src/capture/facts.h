/* SPDX-License-Identifier: MIT */
/*
 * facts - what the capture says of itself, gathered while it is read.
 *
 * Limits: COMMENTS_MAX comments of together COMMENT_BYTES_MAX bytes are kept; all are counted.
 */
#ifndef TCPSHADOW_CAPTURE_FACTS_H
#define TCPSHADOW_CAPTURE_FACTS_H

#include "tcpshadow/capture.h"

#define COMMENTS_MAX      ((size_t)10000)
#define COMMENT_BYTES_MAX ((size_t)16 << 20)

struct facts {
	struct cap_facts sum;
	size_t links_cap;
	size_t link; /* index of the link type of the last packet */
	size_t comments_cap;
	size_t comment_bytes;
	int64_t previous_ts;
};

void facts_init(struct facts *f, const char *const *names, size_t nfiles);
void facts_release(struct facts *f);

/* Counts the next packets of the file, which share a link type, and numbers them (ordinal and number). */
void facts_packets(struct facts *f, struct cap_file_facts *file, struct packet *p, size_t n);
void facts_comment(struct facts *f, uint64_t ordinal, const uint8_t *text, size_t n);

#endif
