/* SPDX-License-Identifier: MIT */
/*
 * store - the writer: events become rows, cells and findings.
 *
 * Nothing is visible before store_publish(): a reader sees whole batches.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/keep.h"
#include "report/store_model.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/replay.h"

#define ACTIVITY_FIRST_SHIFT                                                                       \
	20 /* parts of about a millisecond, until life is longer than 32 of them */

static void mark_dirty(struct store *s, struct store_open *o)
{
	if (o->is_dirty)
		return;
	o->is_dirty = true;
	s->dirty = mem_grow(s->dirty, s->ndirty, &s->dirty_cap, sizeof(*s->dirty));
	s->dirty[s->ndirty++] = o->index;
}

/* ---- cells ---- */

/* The list of blocks is read by others: a longer one is a new one, and the old one stays. */
static void add_block(struct store *s, struct store_open *o, uint32_t size)
{
	if (o->nblocks == o->blocks_cap) {
		uint32_t cap = o->blocks_cap ? 2 * o->blocks_cap : 4;
		struct store_cell **list = arena_take(&s->kept, cap * sizeof(struct store_cell *));

		if (o->nblocks)
			memcpy(list, o->blocks, o->nblocks * sizeof(struct store_cell *));
		o->blocks = list;
		o->blocks_cap = cap;
		o->row.blocks = list;
	}
	o->blocks[o->nblocks++] = arena_take(&s->kept, size * sizeof(struct store_cell));
}

static struct store_cell *add_cell(struct store *s, struct store_open *o)
{
	uint32_t within, size, block = store_block_of(o->row.npackets, &within, &size);

	if (block == o->nblocks)
		add_block(s, o, size);
	o->row.npackets++;
	return &o->blocks[block][within];
}

static void fill_cell(struct store_cell *c, const struct event_segment *g)
{
	uint32_t len = g->len < CELL_LEN_MAX ? g->len : CELL_LEN_MAX;

	*c = (struct store_cell){
		.place = g->offset << 16 | g->file,
		.time = g->time,
		.numbers = g->packet << 28 | (uint64_t)len << 8 | (uint64_t)g->states[1] << 4 |
		           g->states[0],
		.flags = (uint16_t)((g->flags & CELL_TCP_FLAGS) | (g->end ? CELL_END : 0) |
		                    (g->is_icmp ? CELL_ICMP : 0) | (g->has_sack ? CELL_SACK : 0)),
		.seq = g->seq,
		.ack = g->ack,
		.window = g->window,
		.notes = g->notes,
	};
}

/* Behind the last cell.  As with blocks, a longer list is a new one. */
static void add_mark(struct store *s, struct store_open *o, const struct replay *checkpoint)
{
	struct replay *r = replay_copy(checkpoint);

	s->replays = mem_grow(s->replays, s->nreplays, &s->replays_cap, sizeof(*s->replays));
	s->replays[s->nreplays++] = r;
	if (o->row.nmarks == o->marks_cap) {
		uint32_t cap = o->marks_cap ? 2 * o->marks_cap : 4;
		struct store_mark *list = arena_take(&s->kept, cap * sizeof(*list));

		if (o->marks_cap)
			memcpy(list, o->marks, o->marks_cap * sizeof(*list));
		o->row.marks = o->marks = list;
		o->marks_cap = cap;
	}
	o->marks[o->row.nmarks++] = (struct store_mark){ o->row.npackets, r };
}

static void set_owner(struct store *s, uint64_t ordinal, uint64_t id)
{
	_Atomic uint32_t *owner = stable_reach(&s->owners, ordinal - 1);

	atomic_store_explicit(owner, (uint32_t)id, memory_order_relaxed);
}

/* ---- what is told of a connection while it is open ---- */

/* Twice the time in each part. */
static void halve_activity(struct store_open *o)
{
	enum { HALF = STORE_ACTIVITY / 2 };
	uint32_t touched = 0;

	for (size_t i = 0; i < HALF; i++) {
		o->parts[i] = o->parts[2 * i] + o->parts[2 * i + 1];
		if (o->touched >> 2 * i & 3u)
			touched |= 1u << i;
	}
	memset(&o->parts[HALF], 0, sizeof(o->parts) / 2);
	o->touched = touched;
	o->row.activity_shift++;
}

static void add_activity(struct store_open *o, const struct event_segment *g)
{
	uint64_t since = g->time > o->row.start ? (uint64_t)(g->time - o->row.start) : 0;

	while (since >> o->row.activity_shift >= STORE_ACTIVITY)
		halve_activity(o);
	since >>= o->row.activity_shift;
	o->parts[since] += g->len;
	o->touched |= 1u << since;
}

static uint8_t height(uint64_t bytes)
{
	unsigned top, h;

	if (bytes < 1)
		return 1;
	top = 63u - (unsigned)__builtin_clzll(bytes);
	h = 2 + 8 * top + (unsigned)((bytes << 3 >> top) & 7u);
	return h > UINT8_MAX ? UINT8_MAX : (uint8_t)h;
}

static void fill_activity(struct store_open *o)
{
	for (unsigned i = 0; i < STORE_ACTIVITY; i++)
		o->row.activity[i] = o->touched >> i & 1u ? height(o->parts[i]) : 0;
}

/* The last SYN before the first SYN-ACK, the last of those before the ACK, as in conn_record. */
static void measure(struct store_open *o, const struct event_segment *g)
{
	if (o->is_measured || g->is_icmp)
		return;
	if ((g->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && o->synack_time < 0) {
		o->syn_time = g->time;
	} else if (g->flags & TCP_SYN && o->syn_time >= 0) {
		o->synack_time = g->time;
		o->synack_end = g->end;
		if (o->row.syn_to_synack < 0)
			o->row.syn_to_synack = g->time - o->syn_time;
	} else {
		o->is_measured = o->synack_time < 0 || g->end != o->synack_end;
		if (o->synack_time >= 0 && o->is_measured)
			o->row.synack_to_ack = g->time - o->synack_time;
	}
}

static void add_time(struct store_open *o, int64_t time)
{
	struct store_session *r = &o->row;

	if (r->npackets && time - r->end > r->gap) {
		r->gap = time - r->end;
		r->gap_at = r->npackets;
	}
	if (time > r->end)
		r->end = time;
}

static void count_segment(struct store_open *o, const struct event_segment *g)
{
	struct store_side *side = &o->row.sides[g->end];
	bool is_zero = g->notes >> SEGMENT_NOTE_ZERO_WINDOW & 1u;

	side->packets++;
	side->bytes += g->len;
	side->retransmissions += g->notes >> SEGMENT_NOTE_RETRANSMISSION & 1u;
	side->zero_windows += is_zero && !o->was_zero[g->end];
	o->was_zero[g->end] = is_zero;
}

static void note_time(struct store *s, int64_t time)
{
	struct store_snapshot *now = &s->now;

	if (now->ntcp == 0 || time < now->first_ts)
		now->first_ts = time;
	if (now->ntcp == 0 || time > now->last_ts)
		now->last_ts = time;
	now->ntcp++;
}

/* The record that the session has, if any, is no longer its record. */
static void supersede(struct store *s, const struct store_session *row)
{
	s->now.nsuperseded += row->record ? row->record->nfindings : 0;
}

/* It only looked over. */
static void reopen(struct store *s, struct store_session *row)
{
	supersede(s, row);
	row->record = NULL;
	row->cost = 0;
	row->severity = row->outcome = 0;
	row->sides[0].is_presumed = row->sides[1].is_presumed = false;
	s->now.nover--;
}

static void on_segment(struct store *s, const struct event *ev)
{
	const struct event_segment *g = &ev->u.segment;
	struct store_open *o = s->open[ev->id - 1];

	if (o->row.record)
		reopen(s, &o->row);
	add_time(o, g->time);
	fill_cell(add_cell(s, o), g);
	if (g->checkpoint)
		add_mark(s, o, g->checkpoint);
	set_owner(s, g->packet, ev->id);
	if (!g->is_icmp)
		count_segment(o, g);
	if (g->flags & TCP_SYN)
		o->row.is_midstream = false;
	add_activity(o, g);
	measure(o, g);
	for (unsigned end = 0; end < 2; end++)
		o->row.sides[end].state = g->states[end];
	o->row.client_end = g->from_client ? g->end : !g->end;
	note_time(s, g->time);
	mark_dirty(s, o);
}

/* ---- lives of connections ---- */

static void on_open(struct store *s, const struct event *ev)
{
	const struct event_open *at = &ev->u.open;
	struct store_open *o = pool_get(s->opens);

	BUG_ON(!o || ev->id != s->nopen + 1);
	o->index = (uint32_t)s->nopen;
	o->syn_time = o->synack_time = -1;
	o->row = (struct store_session){ .start = at->time, .end = at->time };
	o->row.syn_to_synack = o->row.synack_to_ack = -1;
	o->row.activity_shift = ACTIVITY_FIRST_SHIFT;
	o->row.is_midstream = true;
	for (unsigned end = 0; end < 2; end++)
		o->row.sides[end].addr = at->addrs[end];
	s->open = mem_grow(s->open, s->nopen, &s->open_cap, sizeof(struct store_open *));
	s->open[s->nopen++] = o;
	s->now.nsessions++;
	mark_dirty(s, o);
}

/* What they cost together. */
static int64_t cost_of(const struct conn_record *r)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].cost > 0)
			sum += r->findings[i].cost;
	return sum;
}

/* The record knows better what role an end had and which packets were its. */
static void take_side(struct store_session *row, const struct side_record *r)
{
	struct store_side *side = &row->sides[r->end];
	const struct state_entry *last = r->nstates ? &r->states[r->nstates - 1] : NULL;

	side->addr = r->addr;
	side->packets = (uint32_t)r->packets;
	side->bytes = r->payload_bytes;
	side->retransmissions = r->transfer.again.segments;
	side->zero_windows = (uint32_t)r->transfer.metrics[METRIC_ZERO_WINDOWS];
	side->state = last ? last->state : TCPS_UNKNOWN;
	side->is_presumed = last && last->certainty == PRESUMED && last->rule != FSM_RULE_NONE;
}

static void take_record(struct store *s, struct store_session *row, const struct conn_record *r)
{
	s->now.nover += !row->record;
	row->record = r;
	row->start = r->start;
	row->end = r->end;
	row->client_end = r->sides[SIDE_CLIENT].end;
	row->severity = (uint8_t)finding_text_severity(r);
	row->cost = cost_of(r);
	row->outcome = r->handshake;
	row->is_midstream = r->is_midstream;
	for (int side = 0; side < 2; side++)
		take_side(row, &r->sides[side]);
}

static struct store_cell *cell_of(const struct store_open *o, uint32_t k)
{
	uint32_t within, size, block = store_block_of(k, &within, &size);

	return &o->blocks[block][within];
}

static void measure_gap(struct store_open *o)
{
	struct store_session *r = &o->row;
	uint32_t n = r->npackets;

	r->gap = 0;
	r->end = r->start;
	for (r->npackets = 0; r->npackets < n; r->npackets++)
		add_time(o, cell_of(o, r->npackets)->time);
}

/*
 * A SYN is applied to the connection that has its ports, and taken back when the answer says that it began another:
 * its segments are told again, the record does not count it.
 */
static void take_back(struct store *s, struct store_open *o, const struct conn_record *r)
{
	struct store_session *row = &o->row;
	const struct store_cell *last = row->npackets ? cell_of(o, row->npackets - 1) : NULL;
	uint64_t told = (uint64_t)row->sides[0].packets + row->sides[1].packets;
	struct store_side *side;

	if (!last || last->flags & CELL_ICMP ||
	    told != r->sides[0].packets + r->sides[1].packets + 1)
		return;
	side = &row->sides[(last->flags & CELL_END) != 0];
	side->retransmissions -= last->notes >> SEGMENT_NOTE_RETRANSMISSION & 1u;
	row->npackets--;
	s->now.ntcp--;
	measure_gap(o);
}

static void publish_row(struct store *s, struct store_open *o)
{
	struct store_row *row = stable_reach(&s->rows, o->index);
	struct store_session out;

	fill_activity(o);
	out = o->row;
	for (unsigned side = 0; side < 2; side++)
		out.sides[side] = o->row.sides[side ^ out.client_end];
	publish_put(row->words, &out, sizeof(out));
	o->is_dirty = false;
}

static void forget_open(struct store *s, struct store_open *o)
{
	publish_row(s, o);
	s->open[o->index] = NULL;
	pool_put(s->opens, o);
}

static void add_findings(struct store *s, uint32_t session, const struct conn_record *r)
{
	for (uint32_t i = 0; i < r->nfindings; i++) {
		struct store_finding *f = stable_reach(&s->findings, s->now.nfindings++);

		*f = (struct store_finding){ session, &r->findings[i], r };
	}
}

static void on_record(struct store *s, const struct event *ev)
{
	struct store_open *o = s->open[ev->id - 1];
	struct conn_record *r = keep_record(&s->kept, ev->u.record);

	take_back(s, o, r);
	supersede(s, &o->row);
	take_record(s, &o->row, r);
	add_findings(s, o->index, r);
	forget_open(s, o);
}

/* Its record as it stands; the last one comes when its TIME-WAIT is over. */
static void on_closed(struct store *s, const struct event *ev)
{
	struct store_open *o = s->open[ev->id - 1];
	struct conn_record *r = keep_record(&s->kept, ev->u.record);

	supersede(s, &o->row);
	take_record(s, &o->row, r);
	add_findings(s, o->index, r);
	mark_dirty(s, o);
}

static void on_forgotten(struct store *s, const struct event *ev)
{
	struct store_open *o = s->open[ev->id - 1];

	o->row.is_forgotten = true;
	s->now.nforgotten++;
	forget_open(s, o);
}

static int store_event(struct sink *sink, const struct event *ev, struct err *e)
{
	struct store *s = (struct store *)sink;

	(void)e;
	switch ((enum event_type)ev->type) {
	case EVENT_OPEN:
		on_open(s, ev);
		break;
	case EVENT_SEGMENT:
		on_segment(s, ev);
		break;
	case EVENT_RECORD:
		on_record(s, ev);
		break;
	case EVENT_FORGOTTEN:
		on_forgotten(s, ev);
		break;
	case EVENT_CLOSED:
		on_closed(s, ev);
		break;
	case EVENT_DATA:
	case EVENT_GAP:
	case EVENT_TROUBLE:
	case EVENT_SIGN:
		break;
	}
	return 0;
}

/* ---- publishing ---- */

void store_publish(struct store *s, int per_mille, uint64_t packets)
{
	for (size_t i = 0; i < s->ndirty; i++) {
		struct store_open *o = s->open[s->dirty[i]];

		if (o && o->is_dirty)
			publish_row(s, o);
	}
	s->ndirty = 0;
	s->now.per_mille = per_mille;
	s->now.packets = packets;
	s->now.generation++;
	publish_put(s->status, &s->now, sizeof(s->now));
}

/* What the summary points to is gone after the run. */
static void keep_summary(struct store *s, const struct run_summary *sum)
{
	s->summary = *sum;
	s->decode = *sum->decode;
	s->summary.decode = &s->decode;
	s->quality = *sum->quality;
	s->summary.quality = &s->quality;
	s->run_findings = mem_copy(sum->findings, sum->nfindings, sizeof(*s->run_findings));
	s->summary.findings = s->run_findings;
}

static int store_finish(struct sink *sink, const struct run_summary *sum, struct err *e)
{
	struct store *s = (struct store *)sink;

	(void)e;
	keep_summary(s, sum);
	s->now.is_done = true;
	store_publish(s, sum->interrupted ? s->now.per_mille : 1000, sum->capture->packets);
	return 0;
}

static void store_sink_free(struct sink *sink)
{
	store_free((struct store *)sink);
}

#define WANTED                                                                                     \
	(EVENT_BIT(EVENT_OPEN) | EVENT_BIT(EVENT_SEGMENT) | EVENT_BIT(EVENT_RECORD) |              \
	    EVENT_BIT(EVENT_FORGOTTEN))

static const struct sink_ops ops = {
	.wants = WANTED,
	.event = store_event,
	.finish = store_finish,
	.free = store_sink_free,
};

/* Who watches an interface does not wait a minute for TIME-WAIT; of a file the records come soon enough. */
static const struct sink_ops live_ops = {
	.wants = WANTED | EVENT_BIT(EVENT_CLOSED),
	.event = store_event,
	.finish = store_finish,
	.free = store_sink_free,
};

struct store *store_new(const struct cap_facts *facts)
{
	struct store *s = mem_alloc(1, sizeof(*s));

	s->sink.ops = facts->is_live ? &live_ops : &ops;
	s->facts = facts;
	stable_init(&s->rows, sizeof(struct store_row));
	stable_init(&s->owners, sizeof(_Atomic uint32_t));
	stable_init(&s->findings, sizeof(struct store_finding));
	s->opens = pool_new(sizeof(struct store_open), 0, NULL);
	return s;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nreplays; i++)
		replay_free(s->replays[i]);
	stable_release(&s->rows);
	stable_release(&s->owners);
	stable_release(&s->findings);
	pool_free(s->opens);
	arena_release(&s->kept);
	free(s->replays);
	free(s->open);
	free(s->dirty);
	free(s->run_findings);
	free(s);
}

struct sink *store_sink(struct store *s)
{
	return &s->sink;
}
