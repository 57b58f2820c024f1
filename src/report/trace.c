/* SPDX-License-Identifier: MIT */
/*
 * trace - rows on demand.
 *
 * Rows lie in a window of WINDOW.  One that is not there makes the window begin at the row itself or a bit above it
 * (going up is as common as going down), and the replay starts at the checkpoint before, or goes on where it is.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/trace.h"

enum {
	WINDOW = 512, /* rows */
	ABOVE = 128,  /* of them before the one that was asked for */
};

struct trace {
	const struct store *store;
	uint32_t index;
	struct store_session session;
	struct cap_reader *frames,
	    *rows_reader; /* what the caller looks at, what the replay is fed */
	struct decoder *decoder;

	struct replay *replay; /* has seen the packets before `at` */
	uint32_t at;
	struct session_row *rows; /* first .. first + nrows - 1 */
	uint32_t first, nrows;

	struct conn_record *open_record; /* while there is no other */
	struct replay *record_replay;    /* owns what it points to */
	uint32_t record_at;              /* packets it has seen */
};

struct trace *trace_new(const struct store *s, const struct cap *cap, uint32_t session)
{
	struct decode_options options = { .verify_checksums = true };
	struct trace *t = mem_alloc(1, sizeof(*t));

	t->store = s;
	t->index = session;
	t->frames = cap_reader_new(cap);
	t->rows_reader = cap_reader_new(cap);
	t->decoder = decoder_new(&options);
	t->rows = mem_alloc(WINDOW, sizeof(*t->rows));
	store_session(s, session, &t->session);
	return t;
}

static void forget_record(struct trace *t)
{
	replay_free(t->record_replay);
	free(t->open_record);
	t->record_replay = NULL;
	t->open_record = NULL;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	forget_record(t);
	replay_free(t->replay);
	cap_reader_free(t->frames);
	cap_reader_free(t->rows_reader);
	decoder_free(t->decoder);
	free(t->rows);
	free(t);
}

const struct store_session *trace_session(const struct trace *t)
{
	return &t->session;
}

/* Rows hold roles and times by the record: with another one they are made again. */
bool trace_refresh(struct trace *t)
{
	struct store_session now;
	bool is_same_role;

	store_session(t->store, t->index, &now);
	if (now.npackets == t->session.npackets && now.record == t->session.record)
		return false;
	is_same_role = now.client_end == t->session.client_end;
	t->session = now;
	forget_record(t);
	if (!is_same_role)
		t->nrows = 0;
	return true;
}

/* ---- frames ---- */

static int read_frame(
    const struct trace *t, struct cap_reader *r, uint32_t k, struct packet *p, struct err *e)
{
	struct store_packet at;

	store_packet(&t->session, k, &at);
	if (cap_reader_read(r, at.file, at.offset, p, e) < 0)
		return -1;
	p->ordinal = at.ordinal;
	p->number = store_number(t->store, at.ordinal, NULL);
	return 0;
}

int trace_frame(struct trace *t, uint32_t k, struct packet *p, struct err *e)
{
	return read_frame(t, t->frames, k, p, e);
}

bool trace_decode(struct trace *t, const struct packet *p, struct segment *seg)
{
	bool is_segment = decode_packet(t->decoder, p, seg) == DECODED_SEGMENT;

	decoder_batch_done(t->decoder);
	return is_segment;
}

int trace_segment(struct trace *t, uint32_t k, struct packet *p, struct segment *seg, struct err *e)
{
	if (trace_frame(t, k, p, e) < 0)
		return -1;
	return trace_decode(t, p, seg) ? 0 : err_set(e, "it came in IP fragments");
}

/* ---- rows ---- */

void trace_index_segment(const struct trace *t, uint32_t k, struct segment *seg)
{
	const struct store_session *s = &t->session;
	const struct endpoint_addr *from, *to;
	struct store_packet p;

	store_packet(s, k, &p);
	from = &s->sides[p.side].addr;
	to = &s->sides[!p.side].addr;
	*seg = (struct segment){
		.packet = p.ordinal,
		.ts = p.time,
		.offset = p.offset,
		.file = p.file,
		.kind = p.is_icmp ? SEG_ICMP : SEG_TCP,
		.ip_version = from->version,
		.src = from->ip,
		.dst = to->ip,
		.sport = from->port,
		.dport = to->port,
		.seq = p.seq,
		.ack = p.ack,
		.flags = p.flags,
		.window = p.window,
		.len = p.len,
	};
}

/* What the rows are relative to. */
static void row_record(const struct trace *t, struct conn_record *r)
{
	*r = (struct conn_record){ .start = t->session.start };
	for (unsigned side = 0; side < 2; side++)
		r->sides[side].addr = t->session.sides[side].addr;
}

static void make_row(struct trace *t, struct replay *replay, uint32_t k, struct session_row *row)
{
	struct conn_record origin;
	struct store_packet indexed;
	struct packet p;
	struct segment seg;
	struct err e;

	row_record(t, &origin);
	store_packet(&t->session, k, &indexed);
	if (read_frame(t, t->rows_reader, k, &p, &e) < 0 || !trace_decode(t, &p, &seg))
		trace_index_segment(t, k, &seg);
	session_fill(row, &origin, &seg, replay);
	row->step.notes = indexed.notes; /* the analysis saw the streams too */
}

/* A replay that has seen a number of packets, at most `until`; *k = how many. */
static struct replay *start_replay(const struct trace *t, uint32_t until, uint32_t *k)
{
	uint32_t from = 0, to = t->session.nmarks;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (t->session.marks[middle].k <= until)
			from = middle + 1;
		else
			to = middle;
	}
	*k = from ? t->session.marks[from - 1].k : 0;
	return from ? replay_copy(t->session.marks[from - 1].replay) : replay_new();
}

/* The replay stands before packet k afterwards. */
static void seek(struct trace *t, uint32_t k)
{
	struct session_row row;
	uint32_t at;
	struct replay *near = start_replay(t, k, &at);

	if (t->replay && t->at <= k && t->at >= at) {
		replay_free(near);
	} else {
		replay_free(t->replay);
		t->replay = near;
		t->at = at;
	}
	for (; t->at < k; t->at++)
		make_row(t, t->replay, t->at, &row);
}

/* Why a segment was sent again may only show at the next time; then it may stand above the window. */
static void revise(struct trace *t, const struct transfer_step *step)
{
	for (uint32_t i = t->nrows; step->revised && i-- > 0;)
		if (t->rows[i].packet == step->revised)
			t->rows[i].step.transfer.kind = step->revised_kind;
}

static void fill_window(struct trace *t, uint32_t from)
{
	uint32_t left = t->session.npackets - from;

	seek(t, from);
	t->first = from;
	for (t->nrows = 0; t->nrows < WINDOW && t->nrows < left; t->nrows++) {
		make_row(t, t->replay, t->at++, &t->rows[t->nrows]);
		revise(t, &t->rows[t->nrows].step.transfer);
	}
}

const struct session_row *trace_row(struct trace *t, uint32_t k)
{
	BUG_ON(k >= t->session.npackets);
	if (k < t->first || k - t->first >= t->nrows)
		fill_window(t, k == t->first + t->nrows ? k : k - (k < ABOVE ? k : ABOVE));
	return &t->rows[k - t->first];
}

/* ---- the record ---- */

/* The capture has not ended: more will come. */
static void forget_the_end(struct conn_record *r)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].id != FINDING_CAPTURE_ENDS_MID)
			r->findings[kept++] = r->findings[i];
	r->nfindings = kept;
}

static void make_open_record(struct trace *t)
{
	struct session_row row;
	struct store_snapshot now;

	store_snapshot(t->store, &now);
	t->record_replay = start_replay(t, t->session.npackets, &t->record_at);
	for (; t->record_at < t->session.npackets; t->record_at++)
		make_row(t, t->record_replay, t->record_at, &row);
	t->open_record = mem_alloc(1, sizeof(*t->open_record));
	*t->open_record = *replay_finish(t->record_replay, now.last_ts / NS_PER_SEC);
	t->open_record->id = t->index + UINT64_C(1);
	if (!now.is_done)
		forget_the_end(t->open_record);
}

const struct conn_record *trace_record(struct trace *t)
{
	if (t->session.record)
		return t->session.record;
	if (!t->open_record)
		make_open_record(t);
	return t->open_record;
}
