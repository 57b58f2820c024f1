/* SPDX-License-Identifier: MIT */
/*
 * streammap_lines - the streams as lines that can be reached by number.
 *
 * Text: while the map is made its lines are counted and one of LINES_A_MARK is remembered; the lines behind a
 * mark are made again from the file when they are wanted.  Hex and C: the turns say how many rows there are.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/streammap_parts.h"
#include "tcpshadow/mem.h"

enum {
	FEED_BYTES = 64, /* given to the splitter at a time */
};

/* Shown in place of bytes that cannot be had. */
static const uint8_t unknown[] = "????????????????????????????????????????????????????????????????";

/* --- while the map is made --- */

static void index_line(struct stream_index *x, uint64_t at, uint64_t run, uint32_t part)
{
	bool is_long = run > RUN_LONG;

	if (x->nlines % LINES_A_MARK == 0 || x->is_due || is_long) {
		x->marks = mem_grow(x->marks, x->nmarks, &x->cap, sizeof(*x->marks));
		x->marks[x->nmarks++] =
		    (struct stream_mark){ x->nlines, at, is_long ? run : 0, part };
	}
	x->is_due = is_long;
	x->nlines++;
}

static void index_both(struct streammap *m, uint8_t side, uint64_t at, uint64_t run, uint32_t part)
{
	index_line(&m->index[(1u << side) - 1], at, run, part);
	index_line(&m->index[SIDES_MAX - 1], at, run, part);
}

void stream_index_line(void *ctx, const struct line *l)
{
	struct streammap *m = ctx;
	size_t part = streammap_find(m, m->line_at);

	index_both(m, m->parts[part].side, m->line_at, l->is_binary ? l->total : 0, (uint32_t)part);
	m->line_at += l->total;
}

static struct line_origin origin_of(const struct streammap *m, const struct stream_part *p)
{
	const struct stream_packet *packet = &m->packets[p->packet];

	return (struct line_origin){ p->offset, packet->packet, packet->time };
}

/* Bytes that will not be there later are not looked at now. */
static void feed_lost(struct lines *l, const struct line_origin *from, uint64_t n)
{
	struct line_origin at = *from;

	while (n > 0) {
		size_t part = n < FEED_BYTES ? (size_t)n : FEED_BYTES;

		lines_add(l, &at, unknown, part);
		at.offset += part;
		n -= part;
	}
}

void stream_index_part(struct streammap *m, const uint8_t *bytes)
{
	const struct stream_part *p = &m->parts[m->nparts - 1];
	struct line_origin from;

	if (p->kind != STREAM_DATA) {
		index_both(m, p->side, p->at, 0, (uint32_t)(m->nparts - 1));
		return;
	}
	from = origin_of(m, p);
	if (m->turns[m->nturns - 1].part == m->nparts - 1)
		m->line_at = p->at;
	if (p->flags & STREAM_LOST)
		feed_lost(&m->lines, &from, p->n);
	else
		lines_add(&m->lines, &from, bytes, (size_t)p->n);
}

void stream_index_turn_end(struct streammap *m)
{
	lines_end(&m->lines);
}

/* --- lines of text again --- */

struct walk {
	const struct streammap *m;
	const struct stream_source *src;
	const struct stream_index *index;
	unsigned sides;
	struct lines lines;
	uint64_t line, at;   /* number and place of the next line */
	uint64_t stop;       /* the line that has the next mark */
	uint64_t first, end; /* wanted */
	struct stream_page *page;
};

static struct stream_line *page_line(struct stream_page *page, const struct stream_line *line)
{
	page->lines = mem_grow(page->lines, page->nlines, &page->cap, sizeof(*page->lines));
	page->lines[page->nlines] = *line;
	page->lines[page->nlines].bytes = page->bytes.len;
	return &page->lines[page->nlines++];
}

static void page_bytes(
    struct stream_page *page, struct stream_line *line, const void *bytes, size_t n)
{
	buf_add(&page->bytes, bytes, n);
	line->nbytes += n;
}

/* The first n bytes of a line, which may lie in several packets. */
static void line_bytes(const struct streammap *m, const struct stream_source *src,
    struct stream_line *line, uint64_t n, struct stream_page *page)
{
	while (line->nbytes < n) {
		size_t part = (size_t)n - line->nbytes;
		const uint8_t *bytes =
		    stream_piece(m, src, line->at + line->nbytes, &part, &page->err);

		if (!bytes)
			break;
		page_bytes(page, line, bytes, part);
	}
}

static bool is_wanted(const struct walk *w)
{
	return w->line < w->stop && w->line >= w->first && w->line < w->end;
}

static void walk_emit(void *ctx, const struct line *l)
{
	struct walk *w = ctx;
	size_t part = streammap_find(w->m, w->at);
	struct stream_line line = {
		.kind =
		    l->is_binary && l->total > LINES_BINARY ? STREAM_LINE_BINARY : STREAM_LINE_TEXT,
		.side = w->m->parts[part].side,
		.is_ended = l->is_ended,
		.at = w->at,
		.n = l->total,
		.part = part,
	};

	if (is_wanted(w))
		page_bytes(w->page, page_line(w->page, &line), l->bytes, l->n);
	w->at += l->total;
	w->line++;
}

static void walk_event(struct walk *w, size_t part)
{
	const struct stream_part *p = &w->m->parts[part];
	struct stream_line line = {
		.kind = p->kind == STREAM_GAP ? STREAM_LINE_GAP : STREAM_LINE_PAUSE,
		.side = p->side,
		.at = p->at,
		.part = part,
	};

	if (is_wanted(w))
		page_line(w->page, &line);
	w->line++;
}

static void walk_data(struct walk *w, size_t part, uint64_t from)
{
	const struct stream_part *p = &w->m->parts[part];
	const uint8_t *bytes = streammap_read(w->m, part, w->src, &w->page->err);
	struct line_origin origin = origin_of(w->m, p);

	for (uint64_t i = from > p->at ? from - p->at : 0; i < p->n && w->line < w->stop;) {
		size_t n = p->n - i < FEED_BYTES ? (size_t)(p->n - i) : FEED_BYTES;

		origin.offset = p->offset + i;
		lines_add(&w->lines, &origin, bytes ? bytes + i : unknown, n);
		i += n;
	}
}

/* The lines from a mark on, until the next. */
static void walk_from(struct walk *w, const struct stream_mark *mark)
{
	const struct streammap *m = w->m;
	unsigned side = 2;

	lines_reset(&w->lines);
	for (size_t i = mark->part; i < m->nparts && w->line < w->stop; i++) {
		const struct stream_part *p = &m->parts[i];
		bool is_shown = w->sides & 1u << p->side;

		if (p->kind != STREAM_DATA || p->side != side)
			lines_end(&w->lines);
		if (p->kind != STREAM_DATA) {
			side = 2;
			if (is_shown)
				walk_event(w, i);
			continue;
		}
		if (p->side != side)
			w->at = i == mark->part ? mark->at : p->at;
		side = p->side;
		if (is_shown)
			walk_data(w, i, mark->at);
	}
	if (w->line < w->stop)
		lines_end(&w->lines);
}

/* A long run is known without its bytes, but for the first. */
static void walk_run(struct walk *w, const struct stream_mark *mark)
{
	struct stream_line line = {
		.kind = STREAM_LINE_BINARY,
		.side = w->m->parts[mark->part].side,
		.at = mark->at,
		.n = mark->run,
		.part = mark->part,
	};

	if (is_wanted(w)) {
		line_bytes(w->m, w->src, page_line(w->page, &line), LINES_BINARY, w->page);
	}
	w->line++;
}

static size_t mark_before(const struct stream_index *x, uint64_t n, bool is_place)
{
	size_t lo = 0, hi = x->nmarks;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if ((is_place ? x->marks[mid].at : x->marks[mid].line) <= n)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void walk_pages(struct walk *w, size_t mark)
{
	const struct stream_index *x = w->index;

	lines_init(&w->lines, walk_emit, w);
	for (; mark < x->nmarks && x->marks[mark].line < w->end; mark++) {
		const struct stream_mark *k = &x->marks[mark];

		w->line = k->line;
		w->at = k->at;
		w->stop = mark + 1 < x->nmarks ? x->marks[mark + 1].line : x->nlines;
		if (k->run)
			walk_run(w, k);
		else
			walk_from(w, k);
	}
	lines_release(&w->lines);
}

static void text_page(const struct streammap *m, const struct stream_source *src, unsigned sides,
    const uint64_t range[2], struct stream_page *page)
{
	struct walk w = {
		.m = m,
		.src = src,
		.index = &m->index[sides - 1],
		.sides = sides,
		.first = range[0],
		.end = range[0] + range[1],
		.page = page,
	};

	if (w.index->nmarks)
		walk_pages(&w, mark_before(w.index, range[0], false));
}

/* --- rows of hex and C --- */

static size_t turn_of_row(const struct streammap *m, unsigned form, unsigned sides, uint64_t row)
{
	size_t lo = 0, hi = m->nturns;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->turns[mid].row[form][sides - 1] <= row)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void turn_row(const struct streammap *m, const struct stream_source *src,
    const struct stream_turn *t, uint64_t row, unsigned form, struct stream_page *page)
{
	uint64_t width = form ? STREAM_CODE_ROW : STREAM_HEX_ROW;
	struct stream_line line = {
		.side = t->side,
		.at = t->at,
		.n = t->n,
		.part = t->part,
		.turn = t->number,
	};

	line.kind = t->kind == STREAM_GAP ? STREAM_LINE_GAP : STREAM_LINE_PAUSE;
	if (t->kind == STREAM_DATA)
		line.kind = row == 0                   ? STREAM_LINE_TURN
		            : (row - 1) * width < t->n ? STREAM_LINE_ROW
		                                       : STREAM_LINE_END;
	if (line.kind == STREAM_LINE_ROW) {
		line.at += (row - 1) * width;
		line.n = t->at + t->n - line.at < width ? t->at + t->n - line.at : width;
		line.part = streammap_find(m, line.at);
		line_bytes(m, src, page_line(page, &line), line.n, page);
	} else {
		page_line(page, &line);
	}
}

static void rows_page(const struct streammap *m, const struct stream_source *src,
    enum stream_form form, unsigned sides, const uint64_t range[2], struct stream_page *page)
{
	unsigned f = form == STREAM_CODE;

	for (uint64_t row = range[0]; row < range[0] + range[1] && row < m->nrows[f][sides - 1];
	     row++) {
		const struct stream_turn *t = &m->turns[turn_of_row(m, f, sides, row)];

		turn_row(m, src, t, row - t->row[f][sides - 1], f, page);
	}
}

/* --- both --- */

uint64_t streammap_lines(const struct streammap *m, enum stream_form form, unsigned sides)
{
	return form == STREAM_TEXT ? m->index[sides - 1].nlines
	                           : m->nrows[form == STREAM_CODE][sides - 1];
}

void streammap_page(const struct streammap *m, const struct stream_source *src,
    enum stream_form form, unsigned sides, const uint64_t range[2], struct stream_page *page)
{
	page->nlines = 0;
	page->err.text[0] = '\0';
	if (page->bytes.data)
		buf_reset(&page->bytes);
	else
		buf_init(&page->bytes);
	if (form == STREAM_TEXT)
		text_page(m, src, sides, range, page);
	else
		rows_page(m, src, form, sides, range, page);
}

void stream_page_release(struct stream_page *p)
{
	free(p->lines);
	if (p->bytes.data)
		buf_release(&p->bytes);
	*p = (struct stream_page){ .lines = NULL };
}

static uint64_t row_at(const struct streammap *m, unsigned form, unsigned sides, uint64_t at)
{
	uint64_t width = form ? STREAM_CODE_ROW : STREAM_HEX_ROW;
	size_t i = streammap_find(m, at), turn = 0;

	while (turn + 1 < m->nturns && m->turns[turn + 1].part <= i)
		turn++;
	if (m->turns[turn].kind != STREAM_DATA || !(sides & 1u << m->turns[turn].side))
		return m->turns[turn].row[form][sides - 1];
	if (at >= m->turns[turn].at + m->turns[turn].n)
		at = m->turns[turn].at + m->turns[turn].n - 1;
	return m->turns[turn].row[form][sides - 1] + 1 + (at - m->turns[turn].at) / width;
}

static uint64_t text_line_at(
    const struct streammap *m, const struct stream_source *src, unsigned sides, uint64_t at)
{
	const struct stream_index *x = &m->index[sides - 1];
	size_t mark = mark_before(x, at, true);
	uint64_t first = x->marks[mark].line, line = first;
	uint64_t next = mark + 1 < x->nmarks ? x->marks[mark + 1].line : x->nlines;
	const uint64_t range[2] = { first, next - first };
	struct stream_page page = { .lines = NULL };

	streammap_page(m, src, STREAM_TEXT, sides, range, &page);
	for (size_t i = 0; i < page.nlines; i++)
		if (page.lines[i].at <= at)
			line = first + i;
	stream_page_release(&page);
	return line;
}

uint64_t streammap_line_at(const struct streammap *m, const struct stream_source *src,
    enum stream_form form, unsigned sides, uint64_t at)
{
	uint64_t n = streammap_lines(m, form, sides), line;

	if (n == 0)
		return 0;
	if (form == STREAM_TEXT)
		line = text_line_at(m, src, sides, at);
	else
		line = row_at(m, form == STREAM_CODE, sides, at);
	return line < n ? line : n - 1;
}
