/* SPDX-License-Identifier: MIT */
/*
 * store_read - the readers' side: copies of what was published, and look-ups.
 */
#include "config.h"

#include "report/outcome.h"
#include "report/store_model.h"

void store_snapshot(const struct store *s, struct store_snapshot *out)
{
	publish_get(s->status, out, sizeof(*out));
}

void store_session(const struct store *s, uint32_t i, struct store_session *out)
{
	const struct store_row *row = stable_at(&s->rows, i);

	BUG_ON(!row);
	publish_get(row->words, out, sizeof(*out));
}

static const struct store_cell *cell_at(const struct store_session *row, uint32_t k)
{
	uint32_t within, size, block = store_block_of(k, &within, &size);

	return &row->blocks[block][within];
}

void store_packet(const struct store_session *row, uint32_t k, struct store_packet *out)
{
	const struct store_cell *c = cell_at(row, k);
	uint8_t states[2] = { c->numbers & 0xf, c->numbers >> 4 & 0xf };
	unsigned end = (c->flags & CELL_END) != 0;

	*out = (struct store_packet){
		.ordinal = store_cell_ordinal(c),
		.offset = c->place >> 16,
		.time = c->time,
		.len = (uint32_t)(c->numbers >> 8 & CELL_LEN_MAX),
		.seq = c->seq,
		.ack = c->ack,
		.window = c->window,
		.notes = c->notes,
		.file = (uint16_t)c->place,
		.flags = c->flags & CELL_TCP_FLAGS,
		.side = (uint8_t)(end ^ row->client_end),
		.states = { states[row->client_end], states[!row->client_end] },
		.is_icmp = (c->flags & CELL_ICMP) != 0,
		.has_sack = (c->flags & CELL_SACK) != 0,
	};
}

uint32_t store_packet_from(const struct store_session *row, uint64_t ordinal)
{
	uint32_t from = 0, to = row->npackets;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (store_cell_ordinal(cell_at(row, middle)) < ordinal)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

uint32_t store_owner(const struct store *s, uint64_t ordinal)
{
	_Atomic uint32_t *owner;
	struct store_snapshot now;
	uint32_t id;

	if (ordinal == 0)
		return STORE_NONE;
	owner = stable_at(&s->owners, ordinal - 1);
	id = owner ? atomic_load_explicit(owner, memory_order_relaxed) : 0;
	store_snapshot(s, &now);
	return id == 0 || id > now.nsessions ? STORE_NONE : id - 1;
}

struct store_finding store_finding(const struct store *s, uint32_t i)
{
	const struct store_finding *f = stable_at(&s->findings, i);

	BUG_ON(!f);
	return *f;
}

static uint64_t packets_of(const struct store *s, size_t file)
{
	return atomic_load_explicit(&s->facts->files[file].packets, memory_order_relaxed);
}

uint64_t store_number(const struct store *s, uint64_t ordinal, uint16_t *file)
{
	uint16_t i = 0;

	for (; i + 1u < s->facts->nfiles && ordinal > packets_of(s, i); i++)
		ordinal -= packets_of(s, i);
	if (file)
		*file = i;
	return ordinal;
}

uint64_t store_ordinal(const struct store *s, uint16_t file, uint64_t number)
{
	uint64_t before = 0;

	if (file >= s->facts->nfiles || number == 0 || number > packets_of(s, file))
		return 0;
	for (uint16_t i = 0; i < file; i++)
		before += packets_of(s, i);
	return before + number;
}

/* A record of what is known while there is none. */
static bool matches_open(const struct where *w, const struct store_session *row, uint32_t index)
{
	struct state_entry states[2];
	struct conn_record r = {
		.id = (uint64_t)index + 1,
		.start = row->start,
		.end = row->end,
		.opener = row->is_midstream ? OPENER_UNKNOWN : OPENER_CLIENT,
		.handshake = row->is_midstream ? HANDSHAKE_MIDSTREAM : HANDSHAKE_UNFINISHED,
		.is_midstream = row->is_midstream,
		.is_open = true,
		.one_sided = -1,
	};

	for (int i = 0; i < 2; i++) {
		const struct store_side *side = &row->sides[i];

		states[i] = (struct state_entry){ .state = side->state, .rule = FSM_RULE_NONE };
		r.sides[i].addr = side->addr;
		r.sides[i].packets = side->packets;
		r.sides[i].payload_bytes = side->bytes;
		r.sides[i].states = &states[i];
		r.sides[i].nstates = 1;
		if (side->state >= TCPS_ESTABLISHED && !row->is_midstream)
			r.handshake = HANDSHAKE_COMPLETE;
	}
	return where_match(w, &r);
}

bool store_matches(const struct store *s, const struct where *w, uint32_t i)
{
	struct store_session row;

	if (!w)
		return true;
	store_session(s, i, &row);
	return row.record ? where_match(w, row.record) : matches_open(w, &row, i);
}

char store_health(const struct store_session *row)
{
	if (row->record &&
	    (row->outcome == HANDSHAKE_REFUSED || row->outcome == HANDSHAKE_UNANSWERED ||
	        row->outcome == HANDSHAKE_ICMP_ERROR))
		return '0';
	if (row->is_midstream && row->severity < SEVERITY_WARN)
		return '?';
	return outcome_mark(row->severity);
}

const struct run_summary *store_summary(const struct store *s)
{
	struct store_snapshot now;

	store_snapshot(s, &now);
	return now.is_done ? &s->summary : NULL;
}
