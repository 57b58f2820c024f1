/* SPDX-License-Identifier: MIT */
/*
 * series - from packets to columns.
 *
 * Segments that the receiver must ignore (checksum, outside of the window, old timestamps) are left out:
 * their numbers would stretch the scale to nonsense.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tcpshadow/replay.h"
#include "tcpshadow/series.h"
#include "tcpshadow/text.h"

#define NOTE(n)   (1u << SEGMENT_NOTE_##n)
#define NOT_TAKEN (NOTE(IGNORED) | NOTE(BAD_CHECKSUM) | NOTE(PAWS) | NOTE(OUT_OF_WINDOW))

enum {
	RATE_COLUMNS = 4, /* bytes of so many columns are one value: a rate is one over some time */
	NEAR_ZERO = 8,    /* a scale that begins so near, as part of its span, begins at 0 */
	ROOM = 16,        /* the scale ends a 16th above the largest value */
	TIMED_MAX = 1024, /* segments on the way whose round trip is measured */
	WINDOW_SHOWN = 4, /* a window is in the scale up to so many times the rest */
};

#define WAIT_MIN (50 * NS_PER_SEC / 1000) /* a shorter wait is not worth naming */

struct track_info {
	const char *word;
	uint8_t style;
};

static const struct track_info infos[SERIES_TRACK_COUNT] = {
	[SERIES_DATA] = { "data", SERIES_POINTS },
	[SERIES_ACKED] = { "acknowledged", SERIES_STEPS },
	[SERIES_CEILING] = { "window", SERIES_STEPS },
	[SERIES_FLIGHT] = { "in flight", SERIES_STEPS },
	[SERIES_OFFERED] = { "window", SERIES_STEPS },
	[SERIES_SAMPLES] = { "samples", SERIES_POINTS },
	[SERIES_SMOOTHED] = { "smoothed", SERIES_LINE },
	[SERIES_HANDSHAKE] = { "handshake", SERIES_STEPS },
	[SERIES_THROUGHPUT] = { "throughput", SERIES_STEPS },
	[SERIES_GOODPUT] = { "goodput", SERIES_STEPS },
};

/* The tracks of each graph, the most important one last: it is drawn over the others. */
static const uint8_t tracks_of[SERIES_GRAPH_COUNT][SERIES_TRACKS_MAX] = {
	[SERIES_SEQUENCE] = { SERIES_CEILING, SERIES_ACKED, SERIES_DATA },
	[SERIES_WINDOW] = { SERIES_OFFERED, SERIES_FLIGHT, SERIES_TRACK_COUNT },
	[SERIES_RTT] = { SERIES_HANDSHAKE, SERIES_SMOOTHED, SERIES_SAMPLES },
	[SERIES_RATE] = { SERIES_THROUGHPUT, SERIES_GOODPUT, SERIES_TRACK_COUNT },
};

static const uint8_t units[SERIES_GRAPH_COUNT] = {
	[SERIES_SEQUENCE] = SERIES_BYTES,
	[SERIES_WINDOW] = SERIES_BYTES,
	[SERIES_RTT] = SERIES_NS,
	[SERIES_RATE] = SERIES_BYTES_PER_SECOND,
};

const char *series_graph_word(enum series_graph g)
{
	static const char *const words[] = { "time-sequence", "window", "round-trip time",
		"throughput" };

	return words[g];
}

const char *series_graph_brief(enum series_graph g)
{
	static const char *const words[] = { "seq", "window", "rtt", "rate" };

	return words[g];
}

const char *series_track_word(enum series_track_id t)
{
	return infos[t].word;
}

char series_mark_letter(enum series_mark m)
{
	unsigned i = 0;

	while (!(m >> i & 1u))
		i++;
	return "FSRZX"[i];
}

const char *series_mark_word(enum series_mark m)
{
	static const char *const words[] = { "FIN", "SACK", "sent again", "zero window", "reset" };
	unsigned i = 0;

	while (!(m >> i & 1u))
		i++;
	return words[i];
}

/* --- columns --- */

int series_column_of(const struct series *g, int64_t time)
{
	int64_t span = g->o.to - g->o.from;

	if (time < g->o.from || time > g->o.to)
		return -1;
	if (time == g->o.to)
		return (int)g->o.columns - 1;
	return (int)((double)(time - g->o.from) / (double)span * g->o.columns);
}

static struct series_track *track(struct series *g, enum series_track_id id)
{
	for (unsigned i = 0; i < g->ntracks; i++)
		if (g->tracks[i].id == id)
			return &g->tracks[i];
	return NULL;
}

/* The last value before the shown time is where steps come from. */
static void put(struct series *g, enum series_track_id id, int64_t time, const uint64_t range[2])
{
	struct series_track *t = track(g, id);
	int column = series_column_of(g, time);
	struct series_column *c;

	if (t && time < g->o.from) {
		t->before = range[1];
		t->has_before = true;
	}
	if (!t || column < 0)
		return;
	c = &t->columns[column];
	if (!c->has) {
		*c = (struct series_column){ range[0], range[1], range[1], range[1], true };
	} else {
		c->low = range[0] < c->low ? range[0] : c->low;
		c->high = range[1] > c->high ? range[1] : c->high;
		c->last = range[1];
	}
	t->most = range[1] > t->most ? range[1] : t->most;
}

static void put_one(struct series *g, enum series_track_id id, int64_t time, uint64_t value)
{
	put(g, id, time, (uint64_t[]){ value, value });
}

static void put_mark(struct series *g, int64_t time, enum series_mark m)
{
	int column = series_column_of(g, time);

	if (column >= 0)
		g->marks[column] |= (uint8_t)m;
}

/* Segments whose round trip is measured. */
struct timing {
	struct timed {
		uint64_t end; /* behind its last byte */
		int64_t time;
	} ring[TIMED_MAX];
	size_t first, n;
};

struct walk {
	const struct series_input *in;
	struct series *g;
	struct timing timing;
	uint64_t acked, sent_end; /* largest so far */
	bool has_acked;
	int64_t smoothed;                           /* ns, -1 = no sample yet */
	uint64_t *sent, *good;                      /* bytes by column */
	int64_t before;                             /* time of the row before */
	struct series_wait waits[SERIES_WAITS_MAX]; /* the longest first */
	size_t nwaits;
};

/* --- round trips --- */

static struct timed *timed_at(struct timing *t, size_t i)
{
	return &t->ring[(t->first + i) % TIMED_MAX];
}

static void start_timing(struct timing *t, const struct series_row *row)
{
	if (t->n == TIMED_MAX) {
		t->first = (t->first + 1) % TIMED_MAX;
		t->n--;
	}
	*timed_at(t, t->n++) = (struct timed){ row->seq + row->len, row->time };
}

/* Of what was sent again nobody knows which copy is acknowledged (RFC 6298 3). */
static void stop_timing(struct timing *t, uint64_t seq)
{
	while (t->n && timed_at(t, t->n - 1)->end > seq)
		t->n--;
}

/* -1 = nothing that is timed was acknowledged. */
static int64_t sample(struct timing *t, const struct series_row *row)
{
	int64_t rtt = -1;

	while (t->n && timed_at(t, 0)->end <= row->ack) {
		rtt = row->time - timed_at(t, 0)->time;
		t->first = (t->first + 1) % TIMED_MAX;
		t->n--;
	}
	return rtt;
}

/* --- what rows say --- */

static void row_marks(struct walk *w, const struct series_row *row, bool is_own)
{
	if (row->flags & TCP_RST)
		put_mark(w->g, row->time, SERIES_MARK_RST);
	if (is_own && row->flags & TCP_FIN)
		put_mark(w->g, row->time, SERIES_MARK_FIN);
	if (is_own && row->notes & NOTE(RETRANSMISSION))
		put_mark(w->g, row->time, SERIES_MARK_RETRANSMIT);
	if (!is_own && row->has_sack)
		put_mark(w->g, row->time, SERIES_MARK_SACK);
	if (!is_own && row->notes & NOTE(ZERO_WINDOW))
		put_mark(w->g, row->time, SERIES_MARK_ZERO_WINDOW);
}

static void row_data(struct walk *w, const struct series_row *row)
{
	uint64_t end = row->seq + row->len;
	int column = series_column_of(w->g, row->time);

	if (!row->len)
		return;
	put(w->g, SERIES_DATA, row->time, (uint64_t[]){ row->seq, end });
	if (w->sent && column >= 0)
		w->sent[column] += row->len;
	if (end > w->sent_end)
		w->sent_end = end;
	if (row->notes & NOTE(RETRANSMISSION))
		stop_timing(&w->timing, row->seq);
	else
		start_timing(&w->timing, row);
}

/* Acknowledgments of SYN and FIN count one each: too little to be seen. */
static void row_ack(struct walk *w, const struct series_row *row)
{
	uint64_t ack = row->ack;
	int column = series_column_of(w->g, row->time);

	if (!(row->flags & TCP_ACK) || row->flags & TCP_RST)
		return;
	if (w->has_acked && ack > w->acked && w->good && column >= 0)
		w->good[column] += ack - w->acked;
	w->acked = !w->has_acked || ack > w->acked ? ack : w->acked;
	w->has_acked = true;
	put_one(w->g, SERIES_ACKED, row->time, w->acked);
	put_one(w->g, SERIES_CEILING, row->time, ack + row->window);
	put_one(w->g, SERIES_OFFERED, row->time, row->window);
}

static void row_flight(struct walk *w, const struct series_row *row)
{
	if (w->has_acked && w->sent_end)
		put_one(w->g, SERIES_FLIGHT, row->time,
		    w->sent_end > w->acked ? w->sent_end - w->acked : 0);
}

/* RFC 6298 2.3: an eighth of each sample. */
static void row_rtt(struct walk *w, const struct series_row *row)
{
	int64_t rtt = row->flags & TCP_ACK ? sample(&w->timing, row) : -1;

	if (rtt < 0)
		return;
	w->smoothed = w->smoothed < 0 ? rtt : w->smoothed + (rtt - w->smoothed) / 8;
	put_one(w->g, SERIES_SAMPLES, row->time, (uint64_t)rtt);
	put_one(w->g, SERIES_SMOOTHED, row->time, (uint64_t)w->smoothed);
}

/* Keeps the longest few. */
static void row_wait(struct walk *w, const struct series_row *row, size_t i)
{
	struct series_wait wait = { w->before, row->time - w->before, i };
	size_t at = w->nwaits;

	w->before = row->time;
	if (i == 0 || wait.ns < WAIT_MIN || series_column_of(w->g, wait.from) < 0)
		return;
	while (at > 0 && w->waits[at - 1].ns < wait.ns)
		at--;
	if (at == SERIES_WAITS_MAX)
		return;
	w->nwaits += w->nwaits < SERIES_WAITS_MAX;
	memmove(&w->waits[at + 1], &w->waits[at], (w->nwaits - at - 1) * sizeof(wait));
	w->waits[at] = wait;
}

static void walk_row(struct walk *w, const struct series_row *row)
{
	bool is_own = row->side == w->g->o.side;

	if (row->is_icmp)
		return;
	row_marks(w, row, is_own);
	if (row->notes & NOT_TAKEN)
		return;
	if (is_own) {
		row_data(w, row);
	} else {
		row_ack(w, row);
		row_rtt(w, row);
	}
	row_flight(w, row);
}

/* --- after all rows --- */

/* The value of steps goes on until there is another. */
static void carry(const struct series *g, struct series_track *t)
{
	bool is_known = t->has_before;
	uint64_t value = t->before;

	for (unsigned i = 0; i < g->o.columns; i++) {
		struct series_column *c = &t->columns[i];

		if (!c->has && is_known)
			*c = (struct series_column){ value, value, value, value, true };
		if (!c->has)
			continue;
		c->first = is_known ? value : c->first;
		value = c->last;
		is_known = true;
	}
}

static void fill(struct series_track *t, const unsigned range[2], uint64_t value)
{
	for (unsigned i = range[0]; i < range[1]; i++)
		t->columns[i] = (struct series_column){ value, value, value, value, true };
	t->most = value > t->most ? value : t->most;
}

static void handshake(struct walk *w, struct series_track *t)
{
	int64_t rtt = w->in->handshake[w->g->o.side];

	if (rtt >= 0)
		fill(t, (unsigned[]){ 0, w->g->o.columns }, (uint64_t)rtt);
}

static void rate(struct series *g, struct series_track *t, const uint64_t *bytes)
{
	double seconds = (double)(g->o.to - g->o.from) / (double)NS_PER_SEC / g->o.columns;

	for (unsigned i = 0; i < g->o.columns; i += RATE_COLUMNS) {
		unsigned end = i + RATE_COLUMNS < g->o.columns ? i + RATE_COLUMNS : g->o.columns;
		uint64_t sum = 0;

		for (unsigned k = i; k < end; k++)
			sum += bytes[k];
		fill(t, (unsigned[]){ i, end }, (uint64_t)((double)sum / (seconds * (end - i))));
	}
}

static void find_span(struct series *g, const struct series_input *in)
{
	if (g->o.to <= g->o.from) {
		g->o.from = in->from;
		g->o.to = in->to;
	}
	if (g->o.to <= g->o.from)
		g->o.to = g->o.from + 1;
}

static int by_time(const void *a, const void *b)
{
	const struct series_wait *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void widen(struct series *g, const struct series_track *t)
{
	for (unsigned i = 0; i < g->o.columns; i++) {
		const struct series_column *c = &t->columns[i];

		if (!c->has)
			continue;
		g->low = c->low < g->low ? c->low : g->low;
		g->high = c->high > g->high ? c->high : g->high;
	}
}

static bool is_window(const struct series_track *t)
{
	return t->id == SERIES_CEILING || t->id == SERIES_OFFERED;
}

static uint64_t lowest(const struct series *g, const struct series_track *t)
{
	uint64_t low = UINT64_MAX;

	for (unsigned i = 0; i < g->o.columns; i++)
		if (t->columns[i].has && t->columns[i].low < low)
			low = t->columns[i].low;
	return low;
}

static uint64_t window_room(const struct series *g)
{
	uint64_t span = g->high - g->low;

	return g->o.graph == SERIES_WINDOW ? WINDOW_SHOWN * span : span + span / 2;
}

/* A window far above everything would press the rest flat: it is said to be above instead. */
static void find_scale(struct series *g)
{
	g->low = UINT64_MAX;
	g->high = 0;
	for (unsigned i = 0; i < g->ntracks; i++)
		if (!is_window(&g->tracks[i]))
			widen(g, &g->tracks[i]);
	if (g->low > g->high)
		g->low = 0;
	if (g->o.graph != SERIES_SEQUENCE || g->low <= 1 || g->low < (g->high - g->low) / NEAR_ZERO)
		g->low = 0;
	for (unsigned i = 0; i < g->ntracks; i++)
		if (is_window(&g->tracks[i]) && g->tracks[i].most <= g->low + window_room(g))
			widen(g, &g->tracks[i]);
	if (g->high - g->low < 1)
		g->high = g->low + 1;
	g->high += (g->high - g->low) / ROOM;
	for (unsigned i = 0; i < g->ntracks; i++)
		g->tracks[i].is_above =
		    lowest(g, &g->tracks[i]) != UINT64_MAX && lowest(g, &g->tracks[i]) > g->high;
}

/* What the other side says is there without any data too. */
static bool is_peers(const struct series_track *t)
{
	return is_window(t) || t->id == SERIES_ACKED || t->id == SERIES_HANDSHAKE;
}

static void finish(struct walk *w)
{
	struct series *g = w->g;

	if (g->o.graph == SERIES_RTT)
		handshake(w, &g->tracks[0]);
	if (w->sent && w->good) {
		rate(g, &g->tracks[0], w->sent);
		rate(g, &g->tracks[1], w->good);
	}
	for (unsigned i = 0; i < g->ntracks; i++)
		if (g->tracks[i].style == SERIES_STEPS)
			carry(g, &g->tracks[i]);
	find_scale(g);
	g->is_empty = true;
	for (unsigned i = 0; i < g->ntracks; i++)
		g->is_empty = g->is_empty && (g->tracks[i].most == 0 || is_peers(&g->tracks[i]));
}

static void walk_all(struct walk *w)
{
	struct series *g = w->g;

	for (size_t i = 0; i < w->in->nrows; i++) {
		struct series_row row;

		w->in->next(w->in->ctx, &row);
		row_wait(w, &row, i);
		walk_row(w, &row);
	}
	g->nwaits = w->nwaits;
	memcpy(g->waits, w->waits, sizeof(g->waits));
	qsort(g->waits, g->nwaits, sizeof(*g->waits), by_time);
}

void series_init(struct series *g, const struct series_input *in, const struct series_options *o)
{
	struct walk w = { .in = in, .g = g, .smoothed = -1 };

	BUG_ON(o->columns == 0);
	*g = (struct series){ .o = *o, .unit = units[o->graph] };
	find_span(g, in);
	g->marks = mem_alloc(o->columns, 1);
	for (unsigned i = 0; i < SERIES_TRACKS_MAX; i++) {
		uint8_t id = tracks_of[o->graph][i];

		if (id == SERIES_TRACK_COUNT)
			break;
		g->tracks[g->ntracks++] = (struct series_track){ .id = id,
			.style = infos[id].style,
			.columns = mem_alloc(o->columns, sizeof(struct series_column)) };
	}
	if (o->graph == SERIES_RATE) {
		w.sent = mem_alloc(o->columns, sizeof(*w.sent));
		w.good = mem_alloc(o->columns, sizeof(*w.good));
	}
	walk_all(&w);
	finish(&w);
	free(w.sent);
	free(w.good);
}

void series_release(struct series *g)
{
	for (unsigned i = 0; i < g->ntracks; i++)
		free(g->tracks[i].columns);
	free(g->marks);
	*g = (struct series){ .ntracks = 0 };
}

/* --- axes --- */

size_t series_ticks(uint64_t low, uint64_t high, size_t most, uint64_t *out)
{
	static const uint64_t steps[] = { 1, 2, 5 };
	uint64_t power = 1, step = 1, at;
	unsigned k = 0;
	size_t n = 0;

	while ((high - low) / step + 1 > most) {
		k = (k + 1) % ARRAY_LEN(steps);
		if (k == 0 && power > UINT64_MAX / 100)
			break;
		power *= k == 0 ? 10 : 1;
		step = steps[k] * power;
	}
	/* Written so that nothing overflows at the end of 64 bits. */
	at = low / step * step;
	if (at < low && high - at < step)
		return 0;
	for (at += at < low ? step : 0; at <= high && n < most; at += step) {
		out[n++] = at;
		if (high - at < step)
			break;
	}
	return n;
}

void series_value_text(struct buf *out, enum series_unit unit, uint64_t value)
{
	if (value == 0) {
		buf_addch(out, '0');
		return;
	}
	if (unit == SERIES_NS) {
		text_duration(out, (int64_t)value);
		return;
	}
	text_bytes(out, value);
	if (unit == SERIES_BYTES_PER_SECOND)
		buf_addstr(out, "B/s");
}
