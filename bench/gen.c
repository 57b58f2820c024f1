/* SPDX-License-Identifier: MIT */
/*
 * gen - write a capture to measure with; the same arguments give the same bytes.
 *
 *   gen SHAPE [-n COUNT] OUT.pcap
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "wire.h"

enum { ACTIVE_MAX = 4096 };
#define EPOCH_US INT64_C(1700000000000000)

struct shape {
	const char *name;
	const char *what;
	uint64_t count;                                                   /* connections, or SYNs */
	void (*plan)(struct flow_plan *plan, uint32_t i, struct prng *r); /* of flows, or */
	void (*write)(struct wire *w, uint64_t count, struct prng *r);    /* all packets */
};

/* -------------------------------------------------------------------------------- the shapes */

static void plan_web(struct flow_plan *plan, uint32_t i, struct prng *r)
{
	*plan = (struct flow_plan){
		.client = { 0x0a010000 + i % 1000, (uint16_t)(32768 + i / 1000 % 28000) },
		.server = { 0xc6336401 + prng_between(r, 0, 49), 80 },
		.start_us = EPOCH_US + (int64_t)i * 2500 + prng_between(r, 0, 2400),
		.client_isn = (uint32_t)prng_next(r),
		.server_isn = (uint32_t)prng_next(r),
		.request_len = prng_between(r, 200, 900),
		.segments = prng_between(r, 4, 14) / 2,
		.last_len = prng_between(r, 300, WIRE_MSS),
		.window = 10,
		.think_us = prng_between(r, 2000, 150000),
		.rtt_us = prng_between(r, 5000, 60000),
	};
}

static void plan_bulk(struct flow_plan *plan, uint32_t i, struct prng *r)
{
	plan_web(plan, i, r);
	plan->segments = 19830;
	plan->window = FLOW_WINDOW_MAX;
}

static void plan_lossy(struct flow_plan *plan, uint32_t i, struct prng *r)
{
	plan_web(plan, i, r);
	plan->segments = 400;
	plan->window = FLOW_WINDOW_MAX;
	plan->loss = 20;
}

static void plan_fresh(struct flow_plan *plan, uint32_t i, struct prng *r)
{
	plan_web(plan, i, r);
	plan->start_us = EPOCH_US + (int64_t)i * 1500000;
	plan->client_isn = i * 1000000;
	plan->server_isn = i * 1000000 + 7;
}

/* Each incarnation begins above the sequence numbers of the one before it. */
static void plan_reuse(struct flow_plan *plan, uint32_t i, struct prng *r)
{
	plan_fresh(plan, i, r);
	plan->client = (struct wire_end){ 0x0a010001, 40000 };
	plan->server = (struct wire_end){ 0xc6336401, 80 };
}

static void write_flood(struct wire *w, uint64_t count, struct prng *r)
{
	static const uint8_t options[20] = { 2, 4, 5, 180, 4, 2, 8, 10, [16] = 1, 3, 3, 7 };

	for (uint64_t i = 0; i < count; i++) {
		struct wire_packet p = {
			.from = { (uint32_t)prng_next(r), (uint16_t)prng_between(r, 1024, 65535) },
			.to = { 0xc6336401, 80 },
			.seq = (uint32_t)prng_next(r),
			.flags = WIRE_SYN,
			.window = 64240,
			.ip_id = (uint16_t)prng_next(r),
		};

		wire_option(&p, options, sizeof options);
		wire_write(w, EPOCH_US + (int64_t)i * 10, &p);
	}
}

/* A conversation in packets: who sends, with which flags, how many bytes. */
struct talk_step {
	bool is_client;
	uint8_t flags;
	uint16_t len;
};

/* `count` connections go through the steps together, so that all of them are open at once. */
struct talk {
	struct wire *w;
	uint64_t count;
	int64_t now;
	uint32_t sent[2]; /* sequence space of client and server so far */
};

static void write_step(struct talk *t, const struct talk_step *s)
{
	static const uint8_t offer[12] = { 2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1 };

	for (uint32_t i = 0; i < t->count; i++, t->now += 10) {
		uint32_t isn[2] = { i * UINT32_C(2654435761), ~i * UINT32_C(2654435761) };
		struct wire_end client = { 0x0a010000 + i / 50000, (uint16_t)(10000 + i % 50000) };
		struct wire_end server = { 0xc6336401, 443 };
		unsigned self = !s->is_client, peer = s->is_client;
		struct wire_packet p = {
			.from = s->is_client ? client : server,
			.to = s->is_client ? server : client,
			.seq = isn[self] + t->sent[self],
			.ack = (s->flags & WIRE_ACK) ? isn[peer] + t->sent[peer] : 0,
			.flags = s->flags,
			.window = 64240,
			.ip_id = (uint16_t)(t->sent[self] + i),
			.payload_len = s->len,
		};

		if (s->flags & WIRE_SYN)
			wire_option(&p, offer, sizeof offer);
		wire_write(t->w, t->now, &p);
	}
	t->sent[!s->is_client] += s->len + (s->flags & (WIRE_SYN | WIRE_FIN) ? 1u : 0u);
}

static const struct talk_step handshake[] = {
	{ true, WIRE_SYN, 0 },
	{ false, WIRE_SYN | WIRE_ACK, 0 },
	{ true, WIRE_ACK, 0 },
};

static void write_steps(struct talk *t, const struct talk_step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		write_step(t, &steps[i]);
}

/* Handshake, request, response, and no end. */
static void write_open(struct wire *w, uint64_t count, struct prng *r)
{
	static const struct talk_step exchange[] = {
		{ true, WIRE_PSH | WIRE_ACK, 100 },
		{ false, WIRE_PSH | WIRE_ACK, 200 },
		{ true, WIRE_ACK, 0 },
	};
	struct talk t = { w, count, EPOCH_US, { 0, 0 } };

	(void)r;
	write_steps(&t, handshake, sizeof handshake / sizeof handshake[0]);
	write_steps(&t, exchange, sizeof exchange / sizeof exchange[0]);
}

/* Many small messages to and fro, then an orderly end: 192 packets of 114 bytes or less. */
static void write_chat(struct wire *w, uint64_t count, struct prng *r)
{
	static const struct talk_step turn[] = {
		{ true, WIRE_PSH | WIRE_ACK, 60 },
		{ false, WIRE_PSH | WIRE_ACK, 60 },
	};
	static const struct talk_step end[] = {
		{ true, WIRE_FIN | WIRE_ACK, 0 },
		{ false, WIRE_FIN | WIRE_ACK, 0 },
		{ true, WIRE_ACK, 0 },
	};
	struct talk t = { w, count, EPOCH_US, { 0, 0 } };

	(void)r;
	write_steps(&t, handshake, sizeof handshake / sizeof handshake[0]);
	for (int i = 0; i < 93; i++)
		write_steps(&t, turn, sizeof turn / sizeof turn[0]);
	write_steps(&t, end, sizeof end / sizeof end[0]);
}

static const struct shape shapes[] = {
	{ "web", "short connections, some hundred at a time", 100000, plan_web, NULL },
	{ "bulk", "long downloads", 40, plan_bulk, NULL },
	{ "flood", "SYNs from random sources, unanswered", 2000000, NULL, write_flood },
	{ "reuse", "one 4-tuple again and again", 1000, plan_reuse, NULL },
	{ "fresh", "the same connections with a 4-tuple each", 1000, plan_fresh, NULL },
	{ "lossy", "downloads with 5 % loss, SACK and retransmissions", 100, plan_lossy, NULL },
	{ "open", "connections that are all open at once and stay so", 100000, NULL, write_open },
	{ "chat", "conversations of many small packets, all at once", 8000, NULL, write_chat },
};

/* ------------------------------------------------------------------------- flows by due time */

struct schedule {
	struct flow *flows[ACTIVE_MAX]; /* a heap, the earliest first */
	size_t count;
};

static void swap(struct schedule *s, size_t a, size_t b)
{
	struct flow *f = s->flows[a];

	s->flows[a] = s->flows[b];
	s->flows[b] = f;
}

static void sift_up(struct schedule *s, size_t at)
{
	for (size_t parent; at > 0; at = parent) {
		parent = (at - 1) / 2;
		if (s->flows[parent]->due <= s->flows[at]->due)
			return;
		swap(s, at, parent);
	}
}

static void sift_down(struct schedule *s)
{
	for (size_t at = 0, child = 1; child < s->count; child = 2 * at + 1) {
		if (child + 1 < s->count && s->flows[child + 1]->due < s->flows[child]->due)
			child++;
		if (s->flows[at]->due <= s->flows[child]->due)
			return;
		swap(s, at, child);
		at = child;
	}
}

/* Steps the earliest flow, and forgets it when it is done. */
static void step_earliest(struct schedule *s, struct wire *w, struct prng *r)
{
	struct flow *f = s->flows[0];

	flow_step(f, w, r);
	if (f->phase == FLOW_DONE) {
		free(f);
		s->flows[0] = s->flows[--s->count];
	}
	sift_down(s);
}

static int add_flow(struct schedule *s, const struct flow_plan *plan, struct prng *r)
{
	struct flow *f = malloc(sizeof *f);

	if (f == NULL || s->count == ACTIVE_MAX) {
		free(f);
		errno = ENOMEM;
		return -1;
	}
	flow_start(f, plan, r);
	s->flows[s->count] = f;
	sift_up(s, s->count++);
	return 0;
}

/* --------------------------------------------------------------------------------- the files */

static int write_flows(struct wire *w, const struct shape *shape, uint64_t count, struct prng *r)
{
	struct schedule s = { .count = 0 };
	struct flow_plan plan;
	int rc = 0;

	for (uint32_t i = 0; i < count && rc == 0; i++) {
		shape->plan(&plan, i, r);
		while (s.count > 0 && s.flows[0]->due < plan.start_us)
			step_earliest(&s, w, r);
		rc = add_flow(&s, &plan, r);
	}
	while (s.count > 0)
		step_earliest(&s, w, r);
	return rc;
}

static int generate(const struct shape *shape, uint64_t count, const char *path)
{
	struct prng r = { 20230101 };
	struct wire w;
	int rc = 0;

	if (wire_open(&w, path) == 0) {
		if (shape->write)
			shape->write(&w, count, &r);
		else
			rc = write_flows(&w, shape, count, &r);
		if (wire_close(&w) == 0 && rc == 0) {
			printf("%s: %" PRIu64 " packets, %" PRIu64 " bytes\n", path, w.packets,
			    w.bytes);
			return 0;
		}
	}
	fprintf(stderr, "gen: %s: %s\n", path, strerror(errno));
	return 1;
}

static int usage(void)
{
	fputs("usage: gen SHAPE [-n COUNT] OUT.pcap\n", stderr);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		fprintf(stderr, "  %-6s %s (%" PRIu64 ")\n", shapes[i].name, shapes[i].what,
		    shapes[i].count);
	return 2;
}

int main(int argc, char **argv)
{
	const struct shape *shape = NULL;
	char *end = NULL;
	uint64_t count;

	for (size_t i = 0; argc > 1 && i < sizeof shapes / sizeof shapes[0]; i++) {
		if (strcmp(argv[1], shapes[i].name) == 0)
			shape = &shapes[i];
	}
	if (shape == NULL)
		return usage();
	if (argc == 3)
		return generate(shape, shape->count, argv[2]);
	if (argc != 5 || strcmp(argv[2], "-n") != 0)
		return usage();
	count = strtoull(argv[3], &end, 10);
	if (*end != '\0' || count == 0 || count > UINT32_MAX)
		return usage();
	return generate(shape, count, argv[4]);
}
