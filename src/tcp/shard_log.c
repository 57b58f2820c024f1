/* SPDX-License-Identifier: MIT */
/*
 * shard_log - what a shard tells: events and records, with what they point to; see shard.h.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcp/shard_own.h"

/* Entries are fetched so far ahead: the merge, which read them last, may have run on another core. */
#define ENTRIES_AHEAD 4

/* What is particular to the event is the caller's to fill. */
static struct log_entry *log_append(
    struct shard *s, enum event_type type, uint32_t slot, uint64_t uid)
{
	struct shard_log *log = &s->log;
	struct log_entry *le;

	if (log->n == log->cap)
		log->entries = mem_grow(log->entries, log->n, &log->cap, sizeof(*log->entries));
	le = &log->entries[log->n++];
	if (log->n + ENTRIES_AHEAD < log->cap)
		util_prefetch_write(&log->entries[log->n + ENTRIES_AHEAD], sizeof(*le));
	le->event.type = (uint8_t)type;
	le->event.slot = slot;
	le->event.uid = uid;
	le->event.id = 0;
	le->record = NULL;
	return le;
}

/* Bytes in the batch live as long as the log. */
static bool is_in_batch(const struct shard *s, const struct reasm_input *in)
{
	const struct segment *seg = s->at;

	return seg && seg->data && in->bytes >= seg->data &&
	       in->bytes + in->n <= seg->data + seg->caplen;
}

/* Of what lies in the reassembler the log keeps a copy. */
static void log_data(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	struct shard *s = ctx;
	struct log_entry *le = log_append(s, EVENT_DATA, s->env.slot, s->env.uid);
	const uint8_t *bytes = in->bytes;

	if (!is_in_batch(s, in)) {
		uint8_t *copy = arena_take(&s->log.bytes, in->n);

		memcpy(copy, in->bytes, in->n);
		bytes = copy;
	}
	le->event.u.data =
	    (struct event_data){ s->env.end, offset, bytes, in->n, in->packet, in->time };
}

static void log_gap(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time)
{
	struct shard *s = ctx;

	log_append(s, EVENT_GAP, s->env.slot, s->env.uid)->event.u.gap =
	    (struct event_gap){ s->env.end, (uint8_t)kind, offset, n, time };
}

struct reasm_out log_streams(struct shard *s)
{
	return (struct reasm_out){ log_data, log_gap, s };
}

void log_open(struct shard *s, uint64_t uid, const struct segment *seg, uint8_t dir, uint32_t slot)
{
	struct event_open *o = &log_append(s, EVENT_OPEN, slot, uid)->event.u.open;

	o->addrs[dir] = (struct endpoint_addr){ seg->src, seg->sport, seg->ip_version, 0 };
	o->addrs[!dir] = (struct endpoint_addr){ seg->dst, seg->dport, seg->ip_version, 0 };
	o->time = seg->ts;
}

static struct event_segment *log_segment(
    struct shard *s, uint64_t uid, const struct segment *seg, uint32_t slot)
{
	struct event_segment *e = &log_append(s, EVENT_SEGMENT, slot, uid)->event.u.segment;

	*e = (struct event_segment){
		.packet = seg->packet,
		.offset = seg->offset,
		.time = seg->ts,
		.len = seg->len,
		.seq = seg->seq,
		.ack = seg->ack,
		.window = seg->window,
		.file = seg->file,
		.flags = seg->flags,
		.is_icmp = seg->kind == SEG_ICMP,
		.has_sack = seg->opt.nsack > 0,
	};
	return e;
}

/* A look at a long connection need not begin at its first packet. */
static const struct replay *checkpoint(struct shard *s, const struct conn *c)
{
	uint64_t packets = c->ends[0].packets + c->ends[1].packets;
	struct shard_log *log = &s->log;
	struct replay *r;

	if (packets == 0 || s->o.checkpoint == 0 || packets % s->o.checkpoint != 0)
		return NULL;
	r = replay_of(c);
	log->checkpoints = mem_grow(
	    log->checkpoints, log->ncheckpoints, &log->checkpoints_cap, sizeof(*log->checkpoints));
	log->checkpoints[log->ncheckpoints++] = r;
	return r;
}

void log_applied(
    struct shard *s, const struct conn *c, uint8_t dir, const struct step *st, uint32_t slot)
{
	struct event_segment *e = log_segment(s, c->uid, st->seg, slot);

	e->end = dir;
	e->from_client = dir == c->client;
	e->notes = st->notes;
	e->checkpoint = checkpoint(s, c);
	for (unsigned i = 0; i < 2; i++)
		e->states[i] = c->ends[i].state;
}

void log_syn(struct shard *s, const struct segment *seg, uint32_t slot)
{
	struct event_segment *e = log_segment(s, seg->packet, seg, slot);

	e->end = flow_dir(seg);
	e->from_client = true;
	e->states[e->end] = TCPS_SYN_SENT;
	e->states[!e->end] = TCPS_UNKNOWN;
}

void log_trouble(struct shard *s, struct conn *c, uint32_t slot)
{
	log_append(s, EVENT_TROUBLE, slot, c->uid)->event.u.trouble = (struct event_trouble){
		.hosts = { event_host(&c->addrs[0]), event_host(&c->addrs[1]) },
		.traps = (uint16_t)(c->traps & ~c->traps_told),
	};
	c->traps_told = c->traps;
}

void log_sign(struct shard *s, struct conn *c, uint32_t slot)
{
	struct event_sign *ev = &log_append(s, EVENT_SIGN, slot, c->uid)->event.u.sign;
	const struct endpoint *server = &c->ends[!c->client];
	uint8_t marks;

	*ev = (struct event_sign){
		.client = c->addrs[c->client],
		.server = c->addrs[!c->client],
		.opening = c->opening,
		.is_from_server = c->opening_dir != c->client,
		.signs = (uint16_t)(c->signs & ~c->signs_told),
		.span = c->late_span,
	};
	if (ev->signs & SIGN_OPENED) {
		ev->vantage = (uint8_t)vantage_of(c, &marks);
		ev->server_isn = server->isn;
		ev->scales = server->offer.has_wscale && c->ends[c->client].offer.has_wscale;
		ev->span = c->syn_time >= 0 && c->syns == 1 && c->synack_first >= c->syn_time
		               ? c->synack_first - c->syn_time
		               : -1;
	}
	c->signs_told = c->signs;
}

void log_forgotten(struct shard *s, uint64_t uid, uint32_t slot)
{
	(void)log_append(s, EVENT_FORGOTTEN, slot, uid);
}

static void keep_findings(struct ended *e, struct conn *c, const struct finding *lent)
{
	e->findings = NULL;
	if (c->findings != lent)
		e->findings = c->findings;
	else if (c->nfindings > FINDINGS_FEW)
		e->findings = mem_copy(lent, c->nfindings, sizeof(*lent));
	else
		memcpy(e->few, lent, c->nfindings * sizeof(*lent));
	e->record.findings = e->findings ? e->findings : e->few;
	c->findings = NULL;
}

/* What the record points to becomes its own. */
static void keep_lists(struct ended *e, struct conn *c)
{
	for (unsigned i = 0; i < 2; i++) {
		struct side_record *side = &e->record.sides[i];

		memcpy(e->history[i], side->states, side->nstates * sizeof(e->history[i][0]));
		side->states = e->history[i];
	}
	e->resets = c->resets;
	e->icmp = c->icmp;
	c->resets = NULL;
	c->icmp = NULL;
}

struct conn_record *log_record(struct shard *s, enum event_type type, struct conn *c, uint32_t slot)
{
	struct ended *e = pool_get_dirty(s->records);
	struct shard_log *log = &s->log;
	struct log_entry *le;

	BUG_ON(!e);
	record_fill(&e->record, c);
	keep_findings(e, c, s->lent);
	keep_lists(e, c);
	le = log_append(s, type, slot, c->uid);
	le->record = &e->record;
	le->event.u.record = &e->record;
	log->ended = mem_grow(log->ended, log->nended, &log->ended_cap, sizeof(struct ended *));
	log->ended[log->nended++] = e;
	shard_drop(s, c);
	return &e->record;
}

void shard_log_reset(struct shard *s, struct shard_log *log)
{
	if (log->n == 0)
		return;
	for (size_t i = 0; i < log->nended; i++) {
		struct ended *e = log->ended[i];

		free(e->findings);
		free(e->resets);
		free(e->icmp);
		pool_put(s->records, e);
	}
	for (size_t i = 0; i < log->ncheckpoints; i++)
		replay_free(log->checkpoints[i]);
	log->ncheckpoints = 0;
	log->nended = 0;
	log->n = 0;
	arena_reset(&log->bytes);
}

void shard_log_swap(struct shard *s, struct shard_log *log)
{
	struct shard_log filled = s->log;

	shard_log_reset(s, log);
	s->log = *log;
	*log = filled;
}

void shard_log_release(struct shard *s, struct shard_log *log)
{
	shard_log_reset(s, log);
	arena_release(&log->bytes);
	free(log->entries);
	free(log->checkpoints);
	free(log->ended);
}
