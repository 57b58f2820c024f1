/* SPDX-License-Identifier: MIT */
/*
 * hosts - what connections teach about the capture they share, and about the hosts in it.
 *
 * Input:  signs of trouble with the capture, in order of packets (EVENT_TROUBLE); its facts at the end.
 * Output: lower confidence of findings that the capture may have faked, although nothing of it shows in
 *         their own connection; findings about the capture as a whole.
 * Memory: HOSTS_MAX hosts; trouble of later ones counts for the capture only.
 * Limits: a record knows of the trouble before it, so that the order of packets alone decides.
 */
#ifndef ENGINE_HOSTS_H
#define ENGINE_HOSTS_H

#include "tcpshadow/engine.h"

enum {
	HOSTS_MAX = 768,
	HOSTS_TABLE = 1024, /* power of two */
	HOSTS_FINDINGS = 8, /* kinds of findings about the whole capture */
};

struct host {
	uint64_t key;                  /* fixed hash of its address, 0 = free */
	uint32_t troubled[TRAP_COUNT]; /* connections, by trap */
};

struct hosts {
	uint64_t connections;
	uint64_t troubled[TRAP_COUNT]; /* connections, by trap */
	bool drops_reported;           /* the capture itself says that it lost packets */
	struct host *table;            /* NULL until the first trouble; open addressing */
	size_t count;
	struct finding findings[HOSTS_FINDINGS];
	size_t nfindings;
};

void hosts_init(struct hosts *h);
void hosts_release(struct hosts *h);
/* One more connection. */
void hosts_opened(struct hosts *h);
void hosts_trouble(struct hosts *h, const struct event_trouble *t);
/* All packets were read.  What is said of the whole capture stays valid until hosts_release(). */
/* The capture has lost so many packets so far (live: told as it happens). */
void hosts_drops(struct hosts *h, uint64_t packets);
void hosts_finish(struct hosts *h, const struct cap_facts *capture);
/* Lower what others than this connection put in doubt. */
void hosts_doubt(const struct hosts *h, struct conn_record *r);
/* Fills sum->findings from its other fields. */
void hosts_summarise(struct hosts *h, struct run_summary *sum);

#endif
