/* SPDX-License-Identifier: MIT */
/*
 * story_check - compares the expectations of a story with what the pipeline said.
 *
 * Every form writes what was wanted and what came as text; a story holds when all pairs are equal.
 */
#include "config.h"

#include "lib/story_expect.h"
#include "tcpshadow/text.h"

struct check {
	const struct story *st;
	const struct story_result *r;
	const struct story_expect *x;
	const struct conn_record *record; /* the connection it speaks of, NULL = there is none */
	struct buf want, got;
};

unsigned story_note_find(const char *word)
{
	unsigned n = 0;

	while (n < SEGMENT_NOTE_COUNT && strcmp(segment_note_word((enum segment_note)n), word) != 0)
		n++;
	return n;
}

int story_side_of(const struct story *st, unsigned flow, unsigned end, const struct conn_record *r)
{
	const struct endpoint_addr *addrs[2] = { &st->flows[flow].ends[end].addr,
		&st->flows[flow].ends[1 - end].addr };

	for (int side = 0; side < 2; side++) {
		if (memcmp(addrs[0], &r->sides[side].addr, sizeof(*addrs[0])) == 0 &&
		    memcmp(addrs[1], &r->sides[1 - side].addr, sizeof(*addrs[1])) == 0)
			return side;
	}
	return -1;
}

/* The letter of a side of the record, '?' when it is no end of the story. */
static char letter_of(const struct story *st, const struct conn_record *r, unsigned side)
{
	for (unsigned i = 0; i < st->nflows * 2; i++) {
		if (story_side_of(st, i / 2, i % 2, r) == (int)side)
			return st->flows[i / 2].ends[i % 2].letter;
	}
	return '?';
}

static char end_letter(const struct check *c, unsigned end)
{
	return c->st->flows[c->x->flow].ends[end].letter;
}

/* ---- fields of the record ---- */

static void want_number(struct check *c, uint64_t got)
{
	buf_add_u64(&c->want, c->x->number);
	buf_add_u64(&c->got, got);
}

static void check_count(struct check *c)
{
	uint32_t v;

	memcpy(&v, (const char *)c->record + c->x->row->at, sizeof(v));
	want_number(c, v);
}

static void check_bool(struct check *c)
{
	bool v;

	memcpy(&v, (const char *)c->record + c->x->row->at, sizeof(v));
	buf_addstr(&c->want, c->x->word);
	buf_addstr(&c->got, v ? "yes" : "no");
}

static void check_word(struct check *c)
{
	uint8_t v;

	memcpy(&v, (const char *)c->record + c->x->row->at, sizeof(v));
	buf_addstr(&c->want, c->x->word);
	buf_addstr(&c->got, c->x->row->name(v));
}

static void check_text(struct check *c)
{
	buf_addstr(&c->want, c->x->word);
	buf_addstr(&c->got, (const char *)c->record + c->x->row->at);
}

static void check_spent(struct check *c)
{
	for (unsigned v = 0; v < c->x->row->nnames; v++)
		if (strcmp(c->x->row->name(v), c->x->word) == 0)
			want_number(c, (uint64_t)c->record->time_spent[v]);
}

static void check_span(struct check *c)
{
	uint64_t v;

	memcpy(&v, (const char *)c->record + c->x->row->at, sizeof(v));
	want_number(c, v);
}

static void check_side_count(struct check *c)
{
	const int side = story_side_of(c->st, c->x->flow, c->x->end, c->record);
	uint64_t v;

	if (side < 0) {
		buf_addstr(&c->got, "another connection");
		return;
	}
	memcpy(&v, (const char *)&c->record->sides[side] + c->x->row->at, sizeof(v));
	want_number(c, v);
}

/* ---- ends ---- */

static void check_client(struct check *c)
{
	buf_addch(&c->want, end_letter(c, c->x->end));
	buf_addch(&c->got, letter_of(c->st, c->record, SIDE_CLIENT));
}

static void check_one_sided(struct check *c)
{
	const int8_t seen = c->record->one_sided;

	buf_addch(&c->want, c->x->no_end ? '-' : end_letter(c, c->x->end));
	buf_addch(&c->got, seen < 0 ? '-' : letter_of(c->st, c->record, (unsigned)seen));
}

static void check_order(struct check *c)
{
	if (c->x->nstates > 0)
		buf_addch(&c->want, end_letter(c, c->x->end));
	if (c->x->nstates > 1)
		buf_addch(&c->want, end_letter(c, c->x->end2));
	for (unsigned i = 0; i < c->record->nclose_order; i++)
		buf_addch(&c->got, letter_of(c->st, c->record, c->record->close_order[i]));
}

/* ---- states ---- */

static void add_state(struct buf *b, unsigned state, bool presumed)
{
	if (b->len > 0)
		buf_addch(b, ' ');
	buf_addstr(b, tcp_state_name((enum tcp_state)state));
	buf_addstr(b, presumed ? "?" : "");
}

static void check_path(struct check *c)
{
	const struct story_expect *x = c->x;
	const int side = story_side_of(c->st, x->flow, x->end, c->record);
	const struct side_record *s;

	for (size_t i = 0; i < x->nstates; i++)
		add_state(&c->want, x->states[i].state, x->states[i].presumed);
	if (side < 0) {
		buf_addstr(&c->got, "another connection");
		return;
	}
	s = &c->record->sides[side];
	for (size_t i = x->is_tail && s->nstates > x->nstates ? s->nstates - x->nstates : 0;
	     i < s->nstates; i++)
		add_state(&c->got, s->states[i].state, i > 0 && s->states[i].certainty == PRESUMED);
}

/* The ordinal of the last frame of the first n packets. */
static uint64_t last_ordinal(const struct story *st, size_t n)
{
	uint64_t frames = 0;

	for (size_t i = 0; i < n; i++)
		frames += story_frames_of(st, i);
	return frames;
}

/* The latest step, up to the expectation, of a connection between the two ends. */
static const struct story_step *find_step(const struct check *c)
{
	const uint64_t last = last_ordinal(c->st, c->x->after);
	const struct story_step *found = NULL;

	for (size_t i = 0; i < c->r->nsteps && c->r->steps[i].packet <= last; i++) {
		const struct story_step *s = &c->r->steps[i];

		if (s->has_step &&
		    story_side_of(c->st, c->x->flow, c->x->end, &c->r->conns[s->conn].record) >= 0)
			found = s;
	}
	return found;
}

static void check_state(struct check *c)
{
	const struct endpoint_addr *addr = &c->st->flows[c->x->flow].ends[c->x->end].addr;
	const struct story_step *s = find_step(c);
	unsigned side;

	add_state(&c->want, c->x->states[0].state, false);
	if (!s) {
		buf_addstr(&c->got, "no segment");
		return;
	}
	side = memcmp(addr, &s->sender, sizeof(*addr)) == 0 ? s->step.side : 1u - s->step.side;
	add_state(&c->got, s->step.ends[side].state, false);
}

/* ---- notes ---- */

static void list_notes(struct buf *b, uint32_t notes)
{
	for (unsigned n = 0; n < SEGMENT_NOTE_COUNT; n++) {
		if (!(notes & 1u << n))
			continue;
		buf_addstr(b, b->len > 0 ? "," : "");
		buf_addstr(b, segment_note_word((enum segment_note)n));
	}
	if (b->len == 0)
		buf_addstr(b, "none");
}

static void check_note(struct check *c)
{
	const unsigned note = story_note_find(c->x->word);
	const struct story_step *s = NULL;
	bool holds;

	for (size_t i = 0; i < c->r->nsteps; i++) {
		if (c->r->steps[i].packet == c->x->number && c->r->steps[i].has_step)
			s = &c->r->steps[i];
	}
	buf_addstr(&c->want, c->x->negate ? "not " : "");
	buf_addstr(&c->want, c->x->word);
	if (!s) {
		buf_addstr(&c->got, "no segment");
		return;
	}
	holds = note == SEGMENT_NOTE_COUNT ? s->step.notes == 0 : (s->step.notes >> note & 1u);
	if (holds != c->x->negate)
		buf_addstr(&c->got, c->want.data);
	else
		list_notes(&c->got, s->step.notes);
}

/* ---- findings ---- */

static void add_finding(const struct check *c, struct buf *b, const struct finding *f)
{
	const char *name = finding_info((enum finding_id)f->id)->name;

	buf_addf(b, "%s%s", b->len > 0 ? ", " : "", name);
	if (f->by != BY_NOBODY)
		buf_addf(b, " %c", letter_of(c->st, c->record, f->by));
	buf_addf(b, " %s count %u", confidence_word((enum confidence)f->confidence), f->count);
	if (f->cost) {
		buf_addstr(b, " cost ");
		text_ns(b, f->cost);
	}
}

static bool is_expected(const struct check *c, const struct finding *f)
{
	const struct story_expect *x = c->x;

	if (f->id != x->finding || (x->number > 0 && f->count != x->number))
		return false;
	if (x->cost > 0 && f->cost != x->cost)
		return false;
	if (x->confidence != CONFIDENCE_COUNT && f->confidence != x->confidence)
		return false;
	return x->no_end ||
	       (f->by != BY_NOBODY && letter_of(c->st, c->record, f->by) == end_letter(c, x->end));
}

/* Is it among these?  Otherwise they are listed in *got. */
static bool look_for(struct check *c, const struct finding *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_expected(c, &list[i])) {
			buf_reset(&c->got);
			buf_addstr(&c->got, c->want.data);
			return true;
		}
		add_finding(c, &c->got, &list[i]);
	}
	return false;
}

/* Of the connection or of the capture as a whole. */
static void check_finding(struct check *c)
{
	buf_addstr(&c->want, finding_info((enum finding_id)c->x->finding)->name);
	if (!c->x->no_end)
		buf_addf(&c->want, " %c", end_letter(c, c->x->end));
	if (c->x->confidence != CONFIDENCE_COUNT)
		buf_addf(&c->want, " %s", confidence_word((enum confidence)c->x->confidence));
	if (c->x->number > 0)
		buf_addf(&c->want, " count %llu", (unsigned long long)c->x->number);
	if (c->x->cost > 0) {
		buf_addstr(&c->want, " cost ");
		text_ns(&c->want, c->x->cost);
	}
	if (!look_for(c, c->record->findings, c->record->nfindings))
		(void)look_for(c, c->r->findings, c->r->nfindings);
}

static void check_no_finding(struct check *c)
{
	const struct conn_record *r = c->record;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].id == c->x->finding)
			add_finding(c, &c->got, &r->findings[i]);
	for (size_t i = 0; i < c->r->nfindings; i++)
		if (c->r->findings[i].id == c->x->finding)
			add_finding(c, &c->got, &c->r->findings[i]);
}

static void check_calm(struct check *c)
{
	const struct conn_record *r = c->record;

	for (uint32_t i = 0; i < r->nfindings; i++)
		if (finding_info((enum finding_id)r->findings[i].id)->severity >= SEVERITY_WARN)
			add_finding(c, &c->got, &r->findings[i]);
}

/* ---- all ---- */

static void check_about_record(struct check *c)
{
	switch (c->x->row->form) {
	case FORM_COUNT:
		check_count(c);
		break;
	case FORM_SIDE_COUNT:
		check_side_count(c);
		break;
	case FORM_BOOL:
		check_bool(c);
		break;
	case FORM_WORD:
		check_word(c);
		break;
	case FORM_TEXT:
		check_text(c);
		break;
	case FORM_SPENT:
		check_spent(c);
		break;
	case FORM_SPAN:
		check_span(c);
		break;
	case FORM_CLIENT:
		check_client(c);
		break;
	case FORM_ONE_SIDED:
		check_one_sided(c);
		break;
	case FORM_ORDER:
		check_order(c);
		break;
	case FORM_PATH:
		check_path(c);
		break;
	case FORM_FINDING:
		check_finding(c);
		break;
	case FORM_NO_FINDING:
		check_no_finding(c);
		break;
	case FORM_CALM:
		check_calm(c);
		break;
	case FORM_STATES:
	case FORM_NOTE:
	case FORM_TOTAL:
	case FORM_SKIPPED:
	case FORM_SELECT:
		break;
	}
}

static void check_one(struct check *c)
{
	const enum expect_form form = c->x->row->form;

	for (size_t i = 0; i < c->r->nconns; i++) {
		if (c->r->conns[i].record.id == c->x->conn)
			c->record = &c->r->conns[i].record;
	}
	if (form == FORM_STATES)
		check_state(c);
	else if (form == FORM_NOTE)
		check_note(c);
	else if (form == FORM_TOTAL)
		want_number(c, c->r->nconns);
	else if (form == FORM_SKIPPED)
		want_number(c, c->r->skipped);
	else if (c->record)
		check_about_record(c);
	else
		buf_addstr(&c->got, "no such connection");
}

static void report(struct buf *out, const struct check *c)
{
	const struct story_expect *x = c->x;

	buf_addf(out, "%s:%d: %s", c->st->name, x->line, x->row->word);
	if (x->row->form == FORM_STATES || x->row->form == FORM_PATH ||
	    x->row->form == FORM_SIDE_COUNT)
		buf_addf(out, " %c", end_letter(c, x->end));
	if (x->row->form == FORM_SPENT)
		buf_addf(out, " %s", x->word);
	if (x->row->form == FORM_NOTE)
		buf_addf(out, " %llu", (unsigned long long)x->number);
	buf_addf(out, ": expected \"%s\", got \"%s\"\n", c->want.data, c->got.data);
}

size_t story_check(const struct story *st, const struct story_result *r, struct buf *out)
{
	size_t failures = 0;

	for (size_t i = 0; i < st->nexpects; i++) {
		struct check c = {
			.st = st, .r = r, .x = &st->expects[i], .want = BUF_INIT, .got = BUF_INIT
		};

		check_one(&c);
		if (strcmp(c.want.data, c.got.data) != 0) {
			report(out, &c);
			failures++;
		}
		buf_release(&c.want);
		buf_release(&c.got);
	}
	return failures;
}
