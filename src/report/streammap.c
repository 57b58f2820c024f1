/* SPDX-License-Identifier: MIT */
/*
 * streammap - what is delivered, and where in the file it is.
 *
 * A replay of the connection delivers the bytes.  They are looked for in the segment at hand by address, in an
 * older one by sequence number; where versions differ, older ones are kept as they were delivered.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/streammap_parts.h"
#include "tcpshadow/mem.h"

#define OWN_MAX ((size_t)16 << 20) /* bytes that no packet of the file has */

/* --- parts --- */

static struct stream_part *add_part(struct streammap *m, const struct stream_part *part)
{
	m->parts = mem_grow(m->parts, m->nparts, &m->parts_cap, sizeof(*m->parts));
	m->parts[m->nparts] = *part;
	m->parts[m->nparts].at = m->bytes[0] + m->bytes[1];
	return &m->parts[m->nparts++];
}

static void add_turn(struct streammap *m, const struct stream_part *part)
{
	m->turns = mem_grow(m->turns, m->nturns, &m->turns_cap, sizeof(*m->turns));
	m->turns[m->nturns++] = (struct stream_turn){
		.at = part->at,
		.part = (uint32_t)(m->nparts - 1),
		.number = part->kind == STREAM_DATA ? m->nturns_of[part->side]++ : 0,
		.side = part->side,
		.kind = part->kind,
	};
	m->in_turn = part->kind == STREAM_DATA;
}

static void end_turn(struct streammap *m)
{
	stream_index_turn_end(m);
	m->in_turn = false;
}

/* A gap or a pause. */
static void add_event(struct streammap *m, const struct stream_part *part)
{
	end_turn(m);
	add_turn(m, add_part(m, part));
	stream_index_part(m, NULL);
}

static void add_pause(struct streammap *m, const struct replay_data *d, uint8_t side)
{
	int64_t waited;
	const char *label = pauses_before(&m->pauses, d->time, &waited);
	struct stream_part part = { .kind = STREAM_PAUSE, .side = side, .label = label };

	if (!label)
		return;
	part.n = (uint64_t)waited;
	part.offset = d->offset;
	add_event(m, &part);
}

/* --- where bytes are --- */

static uint32_t find_packet(const struct streammap *m, uint64_t packet)
{
	size_t lo = 0, hi = m->npackets;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->packets[mid].packet <= packet)
			lo = mid;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

static bool is_now(const struct streammap *m, const struct replay_data *d)
{
	const struct segment *s = m->now;

	return s && s->data && d->bytes >= s->data && d->bytes < s->data + s->caplen;
}

static void keep_own(struct streammap *m, struct stream_part *part, const uint8_t *bytes)
{
	if (m->own.len + part->n > OWN_MAX) {
		part->flags |= STREAM_LOST;
		return;
	}
	part->flags |= STREAM_OWN;
	part->skip = (uint32_t)m->own.len;
	buf_add(&m->own, bytes, (size_t)part->n);
}

static void locate(struct streammap *m, struct stream_part *part, const struct replay_data *d)
{
	const struct stream_packet *p;
	uint32_t skip;

	part->packet = find_packet(m, d->packet);
	p = &m->packets[part->packet];
	skip = (uint32_t)d->seq - p->seq;
	if (is_now(m, d))
		skip = (uint32_t)(d->bytes - m->now->data);
	else if (d->is_mixed || skip > p->len || d->n > p->len - skip)
		skip = UINT32_MAX;
	if (skip == UINT32_MAX || !p->is_whole)
		keep_own(m, part, d->bytes);
	else
		part->skip = skip;
}

/* --- what the replay delivers --- */

static void note_order(struct streammap *m, struct stream_part *part, uint64_t packet)
{
	struct stream_part *before = m->nparts ? &m->parts[m->nparts - 1] : NULL;

	if (packet < m->newest[part->side])
		part->flags |= STREAM_WAITED;
	else
		m->newest[part->side] = packet;
	if (!(part->flags & STREAM_WAITED) || !before || before->kind != STREAM_DATA)
		return;
	if (before->side == part->side && !(before->flags & STREAM_WAITED))
		before->flags |= STREAM_FILLS;
}

static void on_data(void *ctx, const struct replay_data *d)
{
	struct streammap *m = ctx;
	uint8_t side = m->end_sides[d->end];
	struct stream_part part = { .offset = d->offset, .n = d->n, .side = side };

	if (m->npackets == 0)
		return;
	add_pause(m, d, side);
	m->base[side] = (uint32_t)(d->seq - d->offset);
	part.flags = m->behind_gap[side] ? STREAM_BEHIND_GAP : 0;
	locate(m, &part, d);
	note_order(m, &part, d->packet);
	if (m->in_turn && m->turns[m->nturns - 1].side != side)
		end_turn(m);
	add_part(m, &part);
	if (!m->in_turn)
		add_turn(m, &m->parts[m->nparts - 1]);
	m->turns[m->nturns - 1].n += d->n;
	stream_index_part(m, d->bytes);
	m->bytes[side] += d->n;
	m->next[side] = d->offset + d->n;
}

/* Gaps that follow each other directly are one. */
static void on_gap(void *ctx, const struct replay_gap *g)
{
	struct streammap *m = ctx;
	uint8_t side = m->end_sides[g->end];
	struct stream_part *last = m->nparts ? &m->parts[m->nparts - 1] : NULL;
	struct stream_part part = {
		.kind = STREAM_GAP, .offset = g->offset, .n = g->n, .side = side, .why = g->kind
	};

	m->behind_gap[side] = true;
	m->next[side] = g->offset + g->n;
	if (last && last->kind == STREAM_GAP && last->side == side && last->why == g->kind &&
	    last->offset + last->n == g->offset)
		last->n += g->n;
	else
		add_event(m, &part);
}

/* --- segments --- */

static uint8_t sender(const struct streammap *m, const struct segment *s)
{
	const struct endpoint_addr *c = &m->session->record.sides[SIDE_CLIENT].addr;

	return addr_equal(&c->ip, &s->src) && c->port == s->sport ? SIDE_CLIENT : SIDE_SERVER;
}

static void add_packet(struct streammap *m, const struct packet *p, const struct segment *s)
{
	bool is_whole = s->data && s->data >= p->data && s->data + s->caplen <= p->data + p->caplen;

	m->packets = mem_grow(m->packets, m->npackets, &m->packets_cap, sizeof(*m->packets));
	m->packets[m->npackets++] = (struct stream_packet){
		.packet = s->packet,
		.offset = p->offset,
		.time = s->ts - m->session->record.start,
		.seq = s->seq + ((s->flags & TCP_SYN) ? 1 : 0),
		.skip = is_whole ? (uint32_t)(s->data - p->data) : 0,
		.len = s->caplen,
		.file = p->file,
		.side = sender(m, s),
		.is_whole = is_whole,
	};
}

/* The numbers of the packet lie near what was delivered last. */
static void add_clash(struct streammap *m, const struct segment *s)
{
	const struct stream_packet *p = &m->packets[m->npackets - 1];
	uint64_t next = m->next[p->side];
	int64_t distance = (int32_t)(p->seq - (m->base[p->side] + (uint32_t)next));

	if (distance < 0 && (uint64_t)-distance > next)
		return;
	m->clashes = mem_grow(m->clashes, m->nclashes, &m->clashes_cap, sizeof(*m->clashes));
	m->clashes[m->nclashes++] = (struct stream_clash){
		.packet = (uint32_t)(m->npackets - 1),
		.side = p->side,
		.offset = next + (uint64_t)distance,
		.n = s->caplen,
	};
}

void streammap_add(struct streammap *m, const struct packet *p, const struct segment *s)
{
	struct replay_step step;

	if (!m->has_begun) {
		m->has_begun = true;
		m->end_sides[0] = sender(m, s);
		m->end_sides[1] = !m->end_sides[0];
	}
	if (s->kind == SEG_TCP && s->caplen)
		add_packet(m, p, s);
	m->now = s;
	replay_segment(m->replay, s, &step);
	m->now = NULL;
	if (step.has_conflict && s->kind == SEG_TCP && s->caplen)
		add_clash(m, s);
}

struct streammap *streammap_new(const struct session *s, enum overlap_policy policy)
{
	struct streammap *m = mem_alloc(1, sizeof(*m));

	m->session = s;
	m->replay = replay_new();
	m->watch = (struct replay_streams){ on_data, on_gap, m };
	replay_watch(m->replay, &m->watch, policy);
	pauses_init(&m->pauses, s);
	lines_init(&m->lines, stream_index_line, m);
	buf_init(&m->own);
	return m;
}

/* How many rows of hex or C before each turn. */
static void count_rows(struct streammap *m, struct stream_turn *t, unsigned form)
{
	uint64_t row = form ? STREAM_CODE_ROW : STREAM_HEX_ROW;
	uint64_t rows = t->kind == STREAM_DATA ? 1 + (t->n + row - 1) / row + form : 1;

	for (unsigned sides = 1; sides <= SIDES_MAX; sides++) {
		t->row[form][sides - 1] = m->nrows[form][sides - 1];
		if (sides & 1u << t->side)
			m->nrows[form][sides - 1] += rows;
	}
}

void streammap_finish(struct streammap *m)
{
	if (m->has_begun)
		(void)replay_finish(m->replay, m->session->record.end / NS_PER_SEC + 1);
	end_turn(m);
	for (size_t i = 0; i < m->nturns; i++)
		for (unsigned form = 0; form < ROW_FORMS; form++)
			count_rows(m, &m->turns[i], form);
	replay_free(m->replay);
	m->replay = NULL;
	pauses_release(&m->pauses);
	lines_release(&m->lines);
	m->session = NULL;
}

void streammap_free(struct streammap *m)
{
	if (!m)
		return;
	replay_free(m->replay);
	pauses_release(&m->pauses);
	lines_release(&m->lines);
	buf_release(&m->own);
	for (unsigned i = 0; i < SIDES_MAX; i++)
		free(m->index[i].marks);
	free(m->parts);
	free(m->packets);
	free(m->clashes);
	free(m->turns);
	free(m);
}

/* --- looking --- */

size_t streammap_nparts(const struct streammap *m)
{
	return m->nparts;
}

const struct stream_part *streammap_part(const struct streammap *m, size_t i)
{
	return &m->parts[i];
}

const struct stream_packet *streammap_packet(const struct streammap *m, uint32_t i)
{
	return &m->packets[i];
}

const struct stream_clash *streammap_clashes(const struct streammap *m, size_t *n)
{
	*n = m->nclashes;
	return m->clashes;
}

uint64_t streammap_bytes(const struct streammap *m, unsigned sides)
{
	return (sides & 1u << 0 ? m->bytes[0] : 0) + (sides & 1u << 1 ? m->bytes[1] : 0);
}

/* Parts without bytes stand before the bytes at their place. */
size_t streammap_find(const struct streammap *m, uint64_t at)
{
	size_t lo = 0, hi = m->nparts;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->parts[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	while (lo > 0 && m->parts[lo].kind != STREAM_DATA)
		lo--;
	return lo;
}

uint64_t streammap_place(const struct streammap *m, uint64_t packet)
{
	uint64_t best = 0, at = 0;

	for (size_t i = 0; i < m->nparts; i++) {
		const struct stream_part *p = &m->parts[i];
		uint64_t ordinal = p->kind == STREAM_DATA ? m->packets[p->packet].packet : 0;

		if (ordinal > best && ordinal <= packet) {
			best = ordinal;
			at = p->at;
		}
	}
	return at;
}

static const uint8_t *reread(const struct stream_source *src, const struct stream_packet *p,
    uint32_t skip, uint64_t n, struct err *e)
{
	struct packet again;

	if (src->read(src->ctx, p->file, p->offset, &again, e) < 0)
		return NULL;
	if ((uint64_t)p->skip + skip + n > again.caplen) {
		(void)err_set(e, "the packet is not what it was: the file changed");
		return NULL;
	}
	return again.data + p->skip + skip;
}

const uint8_t *streammap_read(
    const struct streammap *m, size_t part, const struct stream_source *src, struct err *e)
{
	const struct stream_part *p = &m->parts[part];

	if (p->flags & STREAM_OWN)
		return (const uint8_t *)m->own.data + p->skip;
	if (p->flags & STREAM_LOST) {
		(void)err_set(e, "these bytes were not kept: too many are in no single packet");
		return NULL;
	}
	return reread(src, &m->packets[p->packet], p->skip, p->n, e);
}

const uint8_t *streammap_payload(
    const struct streammap *m, uint32_t packet, const struct stream_source *src, struct err *e)
{
	const struct stream_packet *p = &m->packets[packet];

	if (p->is_whole)
		return reread(src, p, 0, p->len, e);
	(void)err_set(e, "its bytes came in fragments");
	return NULL;
}

const uint8_t *stream_piece(const struct streammap *m, const struct stream_source *src, uint64_t at,
    size_t *n, struct err *e)
{
	size_t i = streammap_find(m, at);
	const struct stream_part *p = &m->parts[i];
	const uint8_t *bytes = streammap_read(m, i, src, e);

	if (*n > p->at + p->n - at)
		*n = (size_t)(p->at + p->n - at);
	return bytes ? bytes + (at - p->at) : NULL;
}

int streammap_copy(const struct streammap *m, const struct stream_source *src,
    const struct stream_range *r, const struct stream_taker *to, struct err *e)
{
	for (size_t i = 0; i < m->nparts; i++) {
		const struct stream_part *p = &m->parts[i];
		uint64_t from = p->at > r->from ? p->at : r->from;
		uint64_t end = p->at + p->n < r->to ? p->at + p->n : r->to;
		const uint8_t *bytes;
		int rc;

		if (p->kind != STREAM_DATA || from >= end || !(r->sides & 1u << p->side))
			continue;
		bytes = streammap_read(m, i, src, e);
		if (!bytes)
			return -1;
		rc = to->take(to->ctx, bytes + (from - p->at), (size_t)(end - from), e);
		if (rc < 0)
			return rc;
	}
	return 0;
}
