/* SPDX-License-Identifier: MIT */
/*
 * hosts - what connections teach about the capture they share, and about the hosts in it.
 *
 * Input:  signs of trouble with the capture, in order of packets (EVENT_TROUBLE); its facts at the end.
 * Output: lower confidence of findings that the capture may have faked, although nothing of it shows in
 *         their own connection; findings about the capture as a whole, and those of crowd.h and tap.h.
 * Memory: HOSTS_MAX hosts; trouble of later ones counts for the capture only.
 * Limits: a record knows of the trouble before it, so that the order of packets alone decides.
 */
#ifndef ENGINE_HOSTS_H
#define ENGINE_HOSTS_H

#include "engine/crowd.h"
#include "engine/tap.h"
#include "tcpshadow/engine.h"

enum {
	HOSTS_MAX = 768,
	HOSTS_TABLE = 1024,  /* power of two */
	HOSTS_FINDINGS = 64, /* most findings about the whole capture; more are counted */
};

struct host {
	uint64_t key;                  /* fixed hash of its address, 0 = free */
	uint32_t troubled[TRAP_COUNT]; /* connections, by trap */
};

struct hosts {
	uint64_t connections;
	uint64_t troubled[TRAP_COUNT]; /* connections, by trap */
	bool has_trouble;              /* any of them */
	bool drops_reported;           /* the capture itself says that it lost packets */
	struct host *table;            /* NULL until the first trouble; open addressing */
	size_t count;
	struct crowd crowd;
	struct tap tap;
	struct finding findings[HOSTS_FINDINGS];
	size_t nfindings;
	uint64_t findings_lost;
};

void hosts_init(struct hosts *h);
void hosts_release(struct hosts *h);
/* One more connection.  `first`: its first packet, or NULL where that came before. */
void hosts_opened(struct hosts *h, const struct segment *first);
void hosts_trouble(struct hosts *h, const struct event_trouble *t, const struct packet *p);
void hosts_sign(struct hosts *h, const struct event_sign *sign, const struct packet *p);
/* All packets were read.  What is said of the whole capture stays valid until hosts_release(). */
/* The capture has lost so many packets so far (live: told as it happens). */
void hosts_drops(struct hosts *h, uint64_t packets);
void hosts_finish(struct hosts *h, const struct cap_facts *capture);
/*
 * Complete the record by what others than this connection show: vantage, findings of the crowd, and doubt of its
 * own.  Its list of findings is then valid until the next record.
 */
void hosts_record(struct hosts *h, struct conn_record *r);
/* Only lowers what the capture could have faked: for a record that is not the last. */
void hosts_doubt(const struct hosts *h, struct conn_record *r);
/* Fills sum->findings from its other fields. */
void hosts_summarise(struct hosts *h, const struct tap_clock *clock, struct run_summary *sum);

#endif
