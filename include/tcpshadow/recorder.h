/* SPDX-License-Identifier: MIT */
/*
 * recorder - packets of a running capture to pcap files, one after the other.
 *
 * Input:  packets in order, all of one link type.
 * Output: files that are readable at any time, whatever ends the process: they grow by whole records.  Rotation by
 *         size and time and names of files are those of tcpdump, but that time is packet time.
 * Limits: what cannot be written (a full disk) is counted and left out; writing goes on when it can.
 */
#ifndef TCPSHADOW_RECORDER_H
#define TCPSHADOW_RECORDER_H

#include "tcpshadow/capture.h"

struct recorder_options {
	const char *name;        /* "-" = standard output; with rotate_seconds for strftime() */
	uint64_t rotate_bytes;   /* a file that is longer is followed by another; 0 = never */
	uint64_t rotate_seconds; /* 0 = never */
	unsigned
	    files; /* by size: as many are used in turn; by time: end after as many; 0 = no limit */
};

/* The options are checked and borrowed. */
struct recorder *recorder_new(const struct recorder_options *o, struct err *e);
TS_NODISCARD int recorder_begin(
    struct recorder *r, uint16_t linktype, uint32_t snaplen, bool nanoseconds, struct err *e);
void recorder_add(struct recorder *r, const struct packet *p);
/* Writes what was added.  Returns how many packets could not be written since the beginning. */
uint64_t recorder_flush(struct recorder *r);
/* All files that were asked for are written (rotate_seconds and files): a packet of this time is not wanted. */
bool recorder_ends_before(const struct recorder *r, int64_t ts);
/* Why packets were left out the first time, NULL = all were written.  Stays as it is once recorder_flush() told. */
const char *recorder_trouble(const struct recorder *r);
/* Where it makes its files. */
const char *recorder_folder(const struct recorder *r);
/* The file at hand, -1 = none; was it made, where there was none before? */
int recorder_fd(const struct recorder *r);
bool recorder_has_made_file(const struct recorder *r);
void recorder_free(struct recorder *r); /* what was not flushed is lost; NULL is fine */

#endif
