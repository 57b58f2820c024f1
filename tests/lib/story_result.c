/* SPDX-License-Identifier: MIT */
/*
 * story_result - a story through the real reader, decoder and engine, and through the replay.
 *
 * Input:  a story; its bytes are handed over as a file in memory.
 * Output: copies of all records, and a step of the replay for every segment.
 */
#include "config.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/story.h"
#include "tcpshadow/mem.h"

/* ---- copies of records ---- */

static void *copy_list(const void *list, size_t n, size_t size)
{
	void *copy = mem_alloc(n + 1, size);

	if (n > 0)
		memcpy(copy, list, n * size);
	return copy;
}

static void record_copy(struct conn_record *to, const struct conn_record *from)
{
	*to = *from;
	for (unsigned i = 0; i < 2; i++)
		to->sides[i].states = copy_list(
		    from->sides[i].states, from->sides[i].nstates, sizeof(struct state_entry));
	to->resets = copy_list(from->resets, from->nresets, sizeof(*from->resets));
	to->icmp = copy_list(from->icmp, from->nicmp, sizeof(*from->icmp));
	to->findings = copy_list(from->findings, from->nfindings, sizeof(*from->findings));
}

static void free_list(const void *list)
{
	free((void *)(uintptr_t)list);
}

static void record_release(struct conn_record *r)
{
	free_list(r->sides[0].states);
	free_list(r->sides[1].states);
	free_list(r->resets);
	free_list(r->icmp);
	free_list(r->findings);
}

/* ---- the sink ---- */

struct collect {
	struct sink sink;
	struct story_result *r;
};

static int collect_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct story_result *r = ((struct collect *)s)->r;

	(void)e;
	if (ev->type == EVENT_SEGMENT) {
		r->steps = mem_grow(r->steps, r->nsteps, &r->steps_cap, sizeof(*r->steps));
		r->steps[r->nsteps++] =
		    (struct story_step){ .packet = ev->u.segment.packet, .conn = (size_t)ev->uid };
	} else if (ev->type == EVENT_RECORD) {
		r->conns = mem_grow(r->conns, r->nconns, &r->conns_cap, sizeof(*r->conns));
		memset(&r->conns[r->nconns], 0, sizeof(*r->conns));
		record_copy(&r->conns[r->nconns++].record, ev->u.record);
	}
	return 0;
}

static int collect_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct story_result *r = ((struct collect *)s)->r;

	(void)e;
	for (unsigned i = 0; i < DECODE_REASON_COUNT; i++)
		r->skipped += sum->decode->skipped[i];
	r->icmp_unmatched = sum->icmp_unmatched;
	BUG_ON(sum->nfindings > ARRAY_LEN(r->findings));
	r->nfindings = sum->nfindings;
	for (size_t i = 0; i < r->nfindings; i++)
		r->findings[i] = sum->findings[i];
	return 0;
}

static void collect_free(struct sink *s)
{
	(void)s;
}

static int by_id(const void *a, const void *b)
{
	const struct story_conn *x = a, *y = b;

	return (x->record.id > y->record.id) - (x->record.id < y->record.id);
}

/* Steps name their connection by uid until all records are there. */
static void resolve_steps(struct story_result *r)
{
	if (r->nconns > 1)
		qsort(r->conns, r->nconns, sizeof(*r->conns), by_id);
	for (size_t i = 0; i < r->nsteps; i++) {
		size_t c = 0;

		while (c < r->nconns && r->conns[c].record.uid != r->steps[i].conn)
			c++;
		BUG_ON(c == r->nconns);
		r->steps[i].conn = c;
	}
}

static int run_engine(
    struct story_result *r, const char *path, const struct story_options *o, struct err *e)
{
	static const struct sink_ops ops = { .wants =
		                                 EVENT_BIT(EVENT_SEGMENT) | EVENT_BIT(EVENT_RECORD),
		.event = collect_event,
		.finish = collect_finish,
		.free = collect_free };
	const struct cap_options files = { .files = &path, .nfiles = 1 };
	const struct engine_options eo = { .batch_packets = o->batch_packets,
		.hash_key = o->hash_key,
		.reverse_shards = o->reverse_shards,
		.pack_all = o->pack_all };
	struct collect c = { .sink = { .ops = &ops }, .r = r };
	struct sink *const sinks[1] = { &c.sink };
	struct cap *cap = cap_open(&files, e);
	int result;

	if (!cap)
		return -1;
	result = engine_run(cap, &eo, sinks, 1, e);
	cap_close(cap);
	if (result == 0)
		resolve_steps(r);
	return result;
}

/* ---- the replay ---- */

static struct story_step *step_of(struct story_result *r, uint64_t packet)
{
	for (size_t i = 0; i < r->nsteps; i++) {
		if (r->steps[i].packet == packet)
			return &r->steps[i];
	}
	return NULL;
}

static void replay_one(struct story_result *r, struct replay **replays, const struct segment *s)
{
	struct story_step *st = step_of(r, s->packet);

	if (!st)
		return;
	replay_segment(replays[st->conn], s, &st->step);
	st->has_step = true;
	st->sender =
	    (struct endpoint_addr){ .ip = s->src, .port = s->sport, .version = s->ip_version };
}

/* Returns the second that packet time reached. */
static int64_t replay_capture(struct story_result *r, struct replay **replays, struct cap *cap)
{
	const struct decode_options o = { .verify_checksums = true };
	struct decoder *d = decoder_new(&o);
	struct cap_batch b;
	int64_t last = 0;
	size_t n;

	cap_batch_init(&b, 64, 1 << 18);
	while ((n = cap_read(cap, &b)) > 0) {
		for (size_t i = 0; i < n; i++) {
			struct segment s;

			if (decode_packet(d, &b.packets[i], &s) == DECODED_SEGMENT)
				replay_one(r, replays, &s);
			if (b.packets[i].ts > last)
				last = b.packets[i].ts;
		}
		decoder_batch_done(d);
	}
	cap_batch_release(&b);
	decoder_free(d);
	return last / NS_PER_SEC;
}

static int run_replay(struct story_result *r, const char *path, struct err *e)
{
	const struct cap_options files = { .files = &path, .nfiles = 1 };
	struct replay **replays = mem_alloc(r->nconns + 1, sizeof(struct replay *));
	struct cap *cap = cap_open(&files, e);
	int64_t second = 0;

	for (size_t i = 0; i < r->nconns; i++)
		replays[i] = replay_new();
	if (cap)
		second = replay_capture(r, replays, cap);
	for (size_t i = 0; i < r->nconns; i++) {
		record_copy(&r->conns[i].replayed, replay_finish(replays[i], second));
		replay_free(replays[i]);
	}
	free(replays);
	cap_close(cap);
	return cap ? 0 : -1;
}

/* ---- all ---- */

/* The capture as a file in memory; its name goes to `path`. */
static int memory_file(const struct story *st, char *path, size_t cap, struct err *e)
{
	struct buf bytes = BUF_INIT;
	const int fd = memfd_create("story", MFD_CLOEXEC);
	ssize_t n = -1;

	if (st->drops > 0 || st->has_two_interfaces)
		story_pcapng(st, &bytes);
	else
		story_pcap(st, &bytes);
	if (fd >= 0)
		n = write(fd, bytes.data, bytes.len);
	if (n < 0 || (size_t)n != bytes.len)
		err_set(e, "%s: file in memory: %s", st->name, strerror(errno));
	(void)snprintf(path, cap, "/proc/self/fd/%d", fd);
	buf_release(&bytes);
	return fd;
}

struct story_result *story_run(const struct story *st, const struct story_options *o, struct err *e)
{
	struct story_result *r = mem_alloc(1, sizeof(*r));
	char path[32];
	const int fd = memory_file(st, path, sizeof(path), e);

	if (fd < 0 || run_engine(r, path, o, e) || (!o->no_replay && run_replay(r, path, e))) {
		story_result_free(r);
		r = NULL;
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

void story_result_free(struct story_result *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nconns; i++) {
		record_release(&r->conns[i].record);
		record_release(&r->conns[i].replayed);
	}
	free(r->conns);
	free(r->steps);
	free(r);
}
