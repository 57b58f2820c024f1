/* SPDX-License-Identifier: MIT */
/*
 * column - the cells of the sessions table.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "tcpshadow/finding_text.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"
#include "tui/column.h"

const struct column_row *column_row(enum column c)
{
	static const struct column_row rows[COLUMN_COUNT] = {
#define RIGHT true
#define LEFT  false
#define COLUMN(id, name, title, side, width, priority, from, to, descending, list, help)           \
	{ name, title, width, priority, from, to, descending, side, help },
#include "tcpshadow/column.def"
#undef RIGHT
#undef LEFT
#undef COLUMN
	};

	return &rows[c];
}

enum column column_by_name(const char *name, size_t n)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		const char *known = column_row((enum column)c)->name;

		if (strlen(known) == n && memcmp(known, name, n) == 0)
			return (enum column)c;
	}
	return COLUMN_COUNT;
}

enum role column_health_role(char letter)
{
	switch (letter) {
	case 'X':
		return ROLE_ERROR;
	case '!':
		return ROLE_WARN;
	case '~':
		return ROLE_NOTE;
	case '.':
		return ROLE_FINE;
	default:
		return ROLE_DIM;
	}
}

static const struct conn_record *record_of(const struct column_cell *cell, struct store_made *made)
{
	return store_record(cell->row, cell->index, made);
}

static void state_text(struct buf *out, const struct column_cell *cell)
{
	struct store_made made;

	outcome_text(out, record_of(cell, &made), true);
}

static void side_state_text(struct buf *out, const struct store_side *side)
{
	buf_addstr(out, tcp_state_brief((enum tcp_state)side->state));
	if (side->is_presumed)
		buf_addch(out, '?');
}

/* ns, -1 = not known */
static int64_t round_trip(const struct column_cell *cell)
{
	struct store_made made;

	return outcome_round_trip(record_of(cell, &made));
}

static void time_text(struct buf *out, int64_t ns, bool known)
{
	if (known)
		text_duration(out, ns);
	else
		buf_addch(out, '-');
}

static uint64_t bytes_of(const struct store_session *row)
{
	return row->sides[0].bytes + row->sides[1].bytes;
}

/* Bytes a second: of late while a capture is live, otherwise over its life; 0 = it lasted no time. */
static uint64_t rate_of(const struct column_cell *cell)
{
	struct store_made made;

	if (cell->ui->rates)
		return cell->index < cell->ui->nrates ? cell->ui->rates[cell->index] : 0;
	return outcome_rate(record_of(cell, &made));
}

static void rate_text(struct buf *out, const struct column_cell *cell)
{
	uint64_t rate = rate_of(cell);

	if (rate == 0) {
		buf_addch(out, '-');
		return;
	}
	text_bytes(out, rate);
	buf_addstr(out, "/s");
}

static void day_time_text(struct buf *out, const struct column_cell *cell)
{
	struct buf date = BUF_INIT;

	text_date(&date, cell->row->start, cell->ui->options->utc);
	if (date.len >= 19)
		buf_add(out, date.data + 11, 8);
	buf_release(&date);
}

/* NULL = nothing is wrong with it. */
static const struct finding *worst_problem(const struct conn_record *r)
{
	const struct finding *worst = finding_text_next(r->findings, r->nfindings, NULL);

	return worst && finding_info((enum finding_id)worst->id)->severity >= SEVERITY_NOTE ? worst
	                                                                                    : NULL;
}

static void problem_text(struct buf *out, const struct store_session *row)
{
	const struct finding *worst = row->record ? worst_problem(row->record) : NULL;

	if (worst)
		buf_addstr(out, finding_info((enum finding_id)worst->id)->title);
}

static uint64_t number_of(const struct column_cell *cell, enum column c)
{
	const struct store_session *row = cell->row;
	const struct store_side *client = &row->sides[SIDE_CLIENT];
	const struct store_side *server = &row->sides[SIDE_SERVER];

	switch ((int)c) {
	case COLUMN_BYTES:
	case COLUMN_ACTIVITY:
		return bytes_of(row);
	case COLUMN_CLIENT_BYTES:
		return client->bytes;
	case COLUMN_SERVER_BYTES:
		return server->bytes;
	case COLUMN_PACKETS:
		return (uint64_t)client->packets + server->packets;
	case COLUMN_RETX:
		return client->retransmissions + server->retransmissions;
	case COLUMN_ZERO_WINDOW:
		return client->zero_windows + server->zero_windows;
	case COLUMN_RATE:
		return rate_of(cell);
	default:
		return (uint64_t)cell->index + 1;
	}
}

static void duration_text(struct buf *out, const struct column_cell *cell, enum column c)
{
	const struct store_session *row = cell->row;

	if (c == COLUMN_RTT)
		time_text(out, round_trip(cell), round_trip(cell) >= 0);
	else if (c == COLUMN_GAP)
		time_text(out, row->gap, row->gap > 0);
	else
		text_duration(out, row->end - row->start);
}

void column_text(struct buf *out, const struct column_cell *cell, enum column c)
{
	const struct store_session *row = cell->row;

	switch (c) {
	case COLUMN_HEALTH:
		buf_addch(out, store_health(row));
		return;
	case COLUMN_ID:
		buf_add_u64(out, number_of(cell, c));
		return;
	case COLUMN_START:
		day_time_text(out, cell);
		return;
	case COLUMN_CLIENT:
	case COLUMN_SERVER:
		endpoint_text(out, &row->sides[c == COLUMN_SERVER].addr);
		return;
	case COLUMN_STATE:
		state_text(out, cell);
		return;
	case COLUMN_CLIENT_STATE:
	case COLUMN_SERVER_STATE:
		side_state_text(out, &row->sides[c == COLUMN_SERVER_STATE]);
		return;
	case COLUMN_BYTES:
	case COLUMN_CLIENT_BYTES:
	case COLUMN_SERVER_BYTES:
	case COLUMN_PACKETS:
	case COLUMN_RETX:
	case COLUMN_ZERO_WINDOW:
		text_bytes(out, number_of(cell, c));
		return;
	case COLUMN_RTT:
	case COLUMN_GAP:
	case COLUMN_DURATION:
		duration_text(out, cell, c);
		return;
	case COLUMN_RATE:
		rate_text(out, cell);
		return;
	case COLUMN_PROBLEM:
		problem_text(out, row);
		return;
	case COLUMN_ACTIVITY:
	case COLUMN_COUNT:
		return;
	}
}

void column_row_text(struct buf *out, const struct column_cell *cell)
{
	static const enum column searched[] = { COLUMN_CLIENT, COLUMN_SERVER, COLUMN_STATE,
		COLUMN_CLIENT_STATE, COLUMN_SERVER_STATE, COLUMN_PROBLEM };

	buf_addch(out, '#');
	column_text(out, cell, COLUMN_ID);
	for (size_t i = 0; i < ARRAY_LEN(searched); i++) {
		buf_addch(out, ' ');
		column_text(out, cell, searched[i]);
	}
}

/* No number is hit twice but 0: what has at least as much is alike. */
static void at_least(struct buf *out, const char *name, uint64_t n)
{
	buf_addf(out, n ? "%s >= %" PRIu64 : "%s = %" PRIu64, name, n);
}

static void at_least_ns(struct buf *out, const char *name, int64_t ns)
{
	buf_addf(out, "%s >= ", name);
	text_ns(out, ns);
	while (out->data[out->len - 1] == '0' && out->data[out->len - 2] != '.')
		out->data[--out->len] = '\0';
}

static void health_expression(struct buf *out, const struct store_session *row)
{
	switch (store_health(row)) {
	case '0':
		buf_addstr(out, "handshake = refused|unanswered|icmp_error");
		break;
	case '?':
		buf_addstr(out, "handshake = midstream and not (health >= warn)");
		break;
	case '.':
		buf_addstr(out, "not (health >= note) and "
		                "handshake = complete|simultaneous|unfinished");
		break;
	case '~':
		buf_addstr(out, "health = note and handshake = complete|simultaneous|unfinished");
		break;
	default:
		buf_addf(out, "health = %s and handshake != refused|unanswered|icmp_error",
		    severity_word((enum severity)row->severity));
		break;
	}
}

static void address_expression(struct buf *out, const struct store_session *row, enum column c)
{
	const struct endpoint_addr *addr = &row->sides[c == COLUMN_SERVER].addr;

	buf_addf(out, "%s.ip = ", c == COLUMN_SERVER ? "server" : "client");
	addr_text(out, &addr->ip, addr->version);
	if (c == COLUMN_SERVER)
		buf_addf(out, " and server.port = %u", addr->port);
}

static void word_expression(struct buf *out, const struct column_cell *cell, enum column c)
{
	const struct store_session *row = cell->row;
	const struct finding *worst = row->record ? worst_problem(row->record) : NULL;
	struct store_made made;

	switch ((int)c) {
	case COLUMN_HEALTH:
		health_expression(out, row);
		break;
	case COLUMN_CLIENT:
	case COLUMN_SERVER:
		address_expression(out, row, c);
		break;
	case COLUMN_CLIENT_STATE:
	case COLUMN_SERVER_STATE:
		buf_addf(out, "state.%s = %s", side_word(c == COLUMN_SERVER_STATE),
		    tcp_state_name((enum tcp_state)row->sides[c == COLUMN_SERVER_STATE].state));
		break;
	case COLUMN_STATE:
		buf_addf(
		    out, "state = %s", standing_word(outcome_standing(record_of(cell, &made))));
		break;
	case COLUMN_PROBLEM:
		if (worst)
			buf_addstr(out, finding_info((enum finding_id)worst->id)->name);
		break;
	}
}

void column_expression(struct buf *out, const struct column_cell *cell, enum column c)
{
	switch ((int)c) {
	case COLUMN_ID:
		buf_addf(out, "id = %u", cell->index + 1);
		break;
	case COLUMN_START:
		at_least_ns(out, "start", cell->row->start);
		break;
	case COLUMN_DURATION:
		at_least_ns(out, "duration", cell->row->end - cell->row->start);
		break;
	case COLUMN_RTT:
		if (round_trip(cell) >= 0)
			at_least_ns(out, "rtt", round_trip(cell));
		break;
	case COLUMN_GAP:
		if (cell->row->gap > 0)
			at_least_ns(out, "gap", cell->row->gap);
		break;
	case COLUMN_RATE:
		if (!cell->ui->rates && rate_of(cell))
			at_least(out, "rate", rate_of(cell));
		break;
	case COLUMN_BYTES:
	case COLUMN_PACKETS:
	case COLUMN_RETX:
	case COLUMN_ZERO_WINDOW:
		at_least(out, column_row(c)->name, number_of(cell, c));
		break;
	case COLUMN_CLIENT_BYTES:
	case COLUMN_SERVER_BYTES:
		at_least(out, c == COLUMN_SERVER_BYTES ? "bytes.server" : "bytes.client",
		    number_of(cell, c));
		break;
	default:
		word_expression(out, cell, c);
		break;
	}
}

static void draw_health(struct pen *p, const struct column_cell *cell)
{
	char letter = store_health(cell->row);
	char text[2] = { letter, '\0' };

	p->role = column_health_role(letter);
	if (letter == '.')
		grid_put_glyph(p, GLYPH_FINE);
	else if (letter == '0')
		grid_put_glyph(p, GLYPH_NO_ANSWER);
	else
		grid_puts(p, text);
}

/* The largest of the parts [from, to). */
static unsigned peak(const struct store_session *row, size_t from, size_t to)
{
	unsigned most = 0;

	for (size_t i = from; i < to && i < STORE_ACTIVITY; i++)
		if (row->activity[i] > most)
			most = row->activity[i];
	return most;
}

/* Payload over the life of a connection; heights are relative to its own highest part. */
static void draw_activity(struct pen *p, const struct column_cell *cell)
{
	const struct store_session *row = cell->row;
	size_t parts = (size_t)((row->end - row->start) >> row->activity_shift) + 1;
	size_t columns = (size_t)(p->end - p->x);
	unsigned most = peak(row, 0, STORE_ACTIVITY), here;

	if (parts > STORE_ACTIVITY)
		parts = STORE_ACTIVITY;
	if (columns > parts)
		columns = parts;
	for (size_t i = 0; i < columns; i++) {
		here = peak(row, i * parts / columns, (i + 1) * parts / columns);
		grid_put_glyph(p, here == 0   ? GLYPH_SPARK_0
		                  : here == 1 ? GLYPH_SPARK_1
		                              : (enum glyph)(GLYPH_SPARK_1 + here * 7 / most));
	}
}

void column_draw(struct pen *p, const struct column_cell *cell, enum column c)
{
	struct buf text = BUF_INIT;

	if (c == COLUMN_HEALTH) {
		draw_health(p, cell);
		return;
	}
	if (c == COLUMN_ACTIVITY) {
		draw_activity(p, cell);
		return;
	}
	column_text(&text, cell, c);
	if (c == COLUMN_CLIENT || c == COLUMN_SERVER)
		grid_put_middle(p, text.data);
	else if (column_row(c)->is_right)
		grid_put_right(p, text.data);
	else
		grid_puts(p, text.data);
	buf_release(&text);
}

void column_draw_title(struct pen *p, enum column c)
{
	if (column_row(c)->is_right)
		grid_put_right(p, column_row(c)->title);
	else
		grid_puts(p, column_row(c)->title);
}

/* IPv4 in the lower half, its port behind it; IPv6 takes both. */
static void address_key(struct column_key *key, const struct endpoint_addr *a)
{
	uint64_t half[2] = { 0, 0 };

	for (size_t i = 0; i < 16; i++)
		half[i / 8] = half[i / 8] << 8 | a->ip.b[i];
	if (a->version == 4) {
		key->low = half[0] >> 16 | a->port;
	} else {
		key->high = half[0];
		key->low = half[1];
	}
}

/* The first letters as a number. */
static void text_key(struct column_key *key, const struct column_cell *cell, enum column c)
{
	struct buf text = BUF_INIT;

	column_text(&text, cell, c);
	for (size_t i = 0; i < 8; i++)
		key->high = key->high << 8 | (i < text.len ? (uint8_t)text.data[i] : 0);
	buf_release(&text);
}

/* As in `list`: how it stands, then the last states. */
static uint64_t state_key(const struct column_cell *cell)
{
	const struct store_side *sides = cell->row->sides;
	struct store_made made;

	return (uint64_t)outcome_standing(record_of(cell, &made)) << 16 |
	       (uint64_t)sides[SIDE_CLIENT].state << 8 | sides[SIDE_SERVER].state;
}

struct column_key column_key(const struct column_cell *cell, enum column c)
{
	struct column_key key = { 0, 0, cell->index };
	const struct store_session *row = cell->row;

	switch ((int)c) {
	case COLUMN_HEALTH:
		key.high = outcome_health_rank(store_health(row));
		key.low = (uint64_t)row->cost;
		break;
	case COLUMN_CLIENT:
	case COLUMN_SERVER:
		address_key(&key, &row->sides[c == COLUMN_SERVER].addr);
		break;
	case COLUMN_STATE:
		key.high = state_key(cell);
		break;
	case COLUMN_CLIENT_STATE:
	case COLUMN_SERVER_STATE:
	case COLUMN_PROBLEM:
		text_key(&key, cell, c);
		break;
	case COLUMN_START:
		key.high = (uint64_t)row->start;
		break;
	case COLUMN_RTT:
		key.high = (uint64_t)(round_trip(cell) + 1);
		break;
	case COLUMN_GAP:
		key.high = (uint64_t)row->gap;
		break;
	case COLUMN_DURATION:
		key.high = (uint64_t)(row->end - row->start);
		break;
	default:
		key.high = number_of(cell, c);
		break;
	}
	return key;
}
