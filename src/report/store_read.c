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

/* It sent its FIN, or is past all that. */
static bool has_closed(uint8_t state)
{
	return state == TCPS_CLOSED || (state > TCPS_ESTABLISHED && state != TCPS_CLOSE_WAIT);
}

/* How it stands, by the states that its last packet left. */
static void make_outcome(struct conn_record *r, const struct store_session *row)
{
	uint8_t client = row->sides[SIDE_CLIENT].state, server = row->sides[SIDE_SERVER].state;

	r->handshake = row->is_midstream ? HANDSHAKE_MIDSTREAM : HANDSHAKE_COMPLETE;
	r->close = CLOSE_NONE;
	r->verdict.kind = VERDICT_OPEN;
	r->verdict.by = BY_NOBODY;
	if (client == TCPS_CLOSED && server == TCPS_CLOSED) {
		r->close = CLOSE_RESET;
	} else if (has_closed(client) && has_closed(server)) {
		r->close = CLOSE_FOUR_WAY;
	} else if (client == TCPS_CLOSED || server == TCPS_CLOSED) {
		r->close = CLOSE_RESET;
	} else if (client > TCPS_ESTABLISHED || server > TCPS_ESTABLISHED) {
		r->close = CLOSE_HALF_CLOSED;
		r->verdict.kind = VERDICT_HALF_CLOSED;
	} else if (!row->is_midstream &&
	           (client != TCPS_ESTABLISHED || server != TCPS_ESTABLISHED)) {
		r->handshake = HANDSHAKE_UNFINISHED;
		r->verdict.kind = VERDICT_OPENING;
	}
}

static void make_side(
    struct side_record *s, struct state_entry *state, const struct store_side *side)
{
	*state = (struct state_entry){ .state = side->state, .rule = FSM_RULE_NONE };
	s->addr = side->addr;
	s->packets = side->packets;
	s->payload_bytes = side->bytes;
	s->states = state;
	s->nstates = 1;
	s->transfer.again.segments = side->retransmissions;
	for (unsigned m = 0; m < METRIC_COUNT; m++)
		s->transfer.metrics[m] = METRIC_UNKNOWN;
	s->transfer.metrics[METRIC_ZERO_WINDOWS] = side->zero_windows;
}

const struct conn_record *store_record(
    const struct store_session *row, uint32_t index, struct store_made *made)
{
	if (row->record)
		return row->record;
	made->record = (struct conn_record){
		.id = (uint64_t)index + 1,
		.start = row->start,
		.end = row->end,
		.gap = row->gap,
		.opener = row->is_midstream ? OPENER_UNKNOWN : OPENER_CLIENT,
		.has_syn_to_synack = row->syn_to_synack >= 0,
		.syn_to_synack = row->syn_to_synack,
		.has_synack_to_ack = row->synack_to_ack >= 0,
		.synack_to_ack = row->synack_to_ack,
		.is_midstream = row->is_midstream,
		.is_open = true,
		.one_sided = -1,
	};
	make_outcome(&made->record, row);
	for (int i = 0; i < 2; i++)
		make_side(&made->record.sides[i], &made->states[i], &row->sides[i]);
	return &made->record;
}

bool store_matches(const struct store *s, const struct where *w, uint32_t i)
{
	struct store_session row;
	struct store_snapshot now;
	struct store_made made;

	if (!w)
		return true;
	store_session(s, i, &row);
	store_snapshot(s, &now);
	return where_match(w, store_record(&row, i, &made), now.first_ts);
}

char store_health(const struct store_session *row)
{
	enum handshake_outcome h = (enum handshake_outcome)row->outcome;

	return outcome_health((enum severity)row->severity,
	    !row->record && row->is_midstream ? HANDSHAKE_MIDSTREAM : h);
}

const struct run_summary *store_summary(const struct store *s)
{
	struct store_snapshot now;

	store_snapshot(s, &now);
	return now.is_done ? &s->summary : NULL;
}
