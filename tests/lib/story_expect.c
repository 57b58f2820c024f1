/* SPDX-License-Identifier: MIT */
/*
 * story_expect - reading what a story says must come out.
 *
 * One row per word of the language: its form and the field of the record it speaks of.
 */
#include "config.h"

#include "lib/story_expect.h"
#include "lib/story_scan.h"
#include "tcpshadow/mem.h"

static const char *name_handshake(unsigned v)
{
	return handshake_word((enum handshake_outcome)v);
}

static const char *name_close(unsigned v)
{
	return close_word((enum close_outcome)v);
}

static const char *name_opener(unsigned v)
{
	return opener_word((enum opener)v);
}

static const char *name_zeek(unsigned v)
{
	return zeek_state_word((enum zeek_conn_state)v);
}

static const char *name_spent(unsigned v)
{
	return time_spent_word((enum time_spent)v);
}

#define RECORD_AT(field) offsetof(struct conn_record, field)
#define SIDE_AT(field)   offsetof(struct side_record, field)

static const char *name_verdict(unsigned v)
{
	return verdict_word((enum verdict_kind)v);
}

static const struct story_expect_row rows[] = {
	{ "connection", FORM_SELECT, 0, NULL, 0 },
	{ "connections", FORM_TOTAL, 0, NULL, 0 },
	{ "skipped", FORM_SKIPPED, 0, NULL, 0 },
	{ "state", FORM_STATES, 0, NULL, 0 },
	{ "path", FORM_PATH, 0, NULL, 0 },
	{ "note", FORM_NOTE, 0, NULL, 0 },
	{ "client", FORM_CLIENT, 0, NULL, 0 },
	{ "order", FORM_ORDER, 0, NULL, 0 },
	{ "one-sided", FORM_ONE_SIDED, 0, NULL, 0 },
	{ "handshake", FORM_WORD, RECORD_AT(handshake), name_handshake, HANDSHAKE_MIDSTREAM + 1 },
	{ "close", FORM_WORD, RECORD_AT(close), name_close, CLOSE_RESET + 1 },
	{ "verdict", FORM_WORD, RECORD_AT(verdict.kind), name_verdict, VERDICT_COUNT },
	{ "verdict-time", FORM_SPAN, RECORD_AT(verdict.time), NULL, 0 },
	{ "opener", FORM_WORD, RECORD_AT(opener), name_opener, OPENER_UNKNOWN + 1 },
	{ "midstream", FORM_BOOL, RECORD_AT(is_midstream), NULL, 0 },
	{ "open", FORM_BOOL, RECORD_AT(is_open), NULL, 0 },
	{ "syns", FORM_COUNT, RECORD_AT(syns), NULL, 0 },
	{ "synacks", FORM_COUNT, RECORD_AT(synacks), NULL, 0 },
	{ "resets", FORM_COUNT, RECORD_AT(resets_seen), NULL, 0 },
	{ "icmp", FORM_COUNT, RECORD_AT(icmp_seen), NULL, 0 },
	{ "truncated", FORM_COUNT, RECORD_AT(truncated_packets), NULL, 0 },
	{ "duplicates", FORM_COUNT, RECORD_AT(duplicate_frames), NULL, 0 },
	{ "bad-checksums", FORM_COUNT, RECORD_AT(bad_checksums), NULL, 0 },
	{ "packets", FORM_SIDE_COUNT, SIDE_AT(packets), NULL, 0 },
	{ "payload", FORM_SIDE_COUNT, SIDE_AT(payload_bytes), NULL, 0 },
	{ "missing", FORM_SIDE_COUNT, SIDE_AT(missing_bytes), NULL, 0 },
	{ "completeness", FORM_COUNT, RECORD_AT(completeness), NULL, 0 },
	{ "zeek", FORM_WORD, RECORD_AT(zeek.state), name_zeek, ZEEK_STATE_COUNT },
	{ "history", FORM_TEXT, RECORD_AT(zeek.history), NULL, 0 },
	{ "syn-to-synack", FORM_SPAN, RECORD_AT(syn_to_synack), NULL, 0 },
	{ "synack-to-ack", FORM_SPAN, RECORD_AT(synack_to_ack), NULL, 0 },
	{ "spent", FORM_SPENT, 0, name_spent, SPENT_COUNT },
	{ "finding", FORM_FINDING, 0, NULL, 0 },
	{ "no-finding", FORM_NO_FINDING, 0, NULL, 0 },
	{ "findings", FORM_CALM, 0, NULL, 0 },
};

/* ---- parsing ---- */

static void add_expect(struct story_scan *sc, const struct story_expect *x)
{
	struct story *st = sc->st;

	st->expects = mem_grow(st->expects, st->nexpects, &st->expects_cap, sizeof(*x));
	st->expects[st->nexpects++] = *x;
}

/* A state's name, with '-' or '_' and perhaps a '?'. */
static int parse_state(struct story_scan *sc, struct story_state *out)
{
	char word[32];
	size_t n;

	story_scan_word(sc, word, sizeof(word));
	n = strlen(word);
	out->presumed = n > 0 && word[n - 1] == '?';
	if (out->presumed)
		word[n - 1] = '\0';
	for (char *w = word; *w; w++)
		*w = *w == '_' ? '-' : *w;
	for (unsigned s = 0; s < TCPS_COUNT; s++) {
		if (strcmp(tcp_state_name((enum tcp_state)s), word) == 0) {
			out->state = (uint8_t)s;
			return 0;
		}
	}
	return story_scan_fail(sc, "unknown state \"%s\"", word);
}

static int parse_states(struct story_scan *sc, struct story_expect *x)
{
	do {
		if (story_scan_end(sc, &x->flow, &x->end) || parse_state(sc, &x->states[0]))
			return -1;
		if (x->states[0].presumed)
			return story_scan_fail(sc, "only a path tells presumed states");
		x->nstates = 1;
		add_expect(sc, x);
	} while (story_scan_char(sc, ','));
	return 0;
}

static int parse_path(struct story_scan *sc, struct story_expect *x)
{
	if (story_scan_end(sc, &x->flow, &x->end))
		return -1;
	story_scan_space(sc);
	if (strncmp(sc->p, "... ", 4) == 0) {
		x->is_tail = true;
		sc->p += 4;
	}
	while (!story_scan_done(sc)) {
		if (x->nstates == STORY_PATH)
			return story_scan_fail(sc, "more than %d states", STORY_PATH);
		if (parse_state(sc, &x->states[x->nstates++]))
			return -1;
	}
	add_expect(sc, x);
	return 0;
}

static int parse_note(struct story_scan *sc, struct story_expect *x)
{
	if (story_scan_number(sc, UINT32_MAX, &x->number))
		return -1;
	do {
		x->negate = story_scan_char(sc, '!');
		story_scan_word(sc, x->word, sizeof(x->word));
		if (strcmp(x->word, "none") != 0 && story_note_find(x->word) == SEGMENT_NOTE_COUNT)
			return story_scan_fail(sc, "unknown note \"%s\"", x->word);
		add_expect(sc, x);
	} while (story_scan_char(sc, ','));
	return 0;
}

/* One or two ends, or "none". */
static int parse_ends(struct story_scan *sc, struct story_expect *x, bool two)
{
	story_scan_space(sc);
	x->nstates = 1; /* how many ends were given */
	if (strncmp(sc->p, "none", 4) == 0) {
		sc->p += 4;
		x->no_end = true;
		x->nstates = 0;
	} else if (story_scan_end(sc, &x->flow, &x->end)) {
		return -1;
	} else if (two && !story_scan_done(sc)) {
		x->nstates = 2;
		if (story_scan_end(sc, &x->flow, &x->end2))
			return -1;
	}
	add_expect(sc, x);
	return 0;
}

static int parse_number(struct story_scan *sc, struct story_expect *x, bool of_side)
{
	if (of_side && story_scan_end(sc, &x->flow, &x->end))
		return -1;
	if (story_scan_number(sc, UINT64_MAX, &x->number))
		return -1;
	add_expect(sc, x);
	return 0;
}

static int parse_bool(struct story_scan *sc, struct story_expect *x)
{
	story_scan_word(sc, x->word, sizeof(x->word));
	if (strcmp(x->word, "yes") != 0 && strcmp(x->word, "no") != 0)
		return story_scan_fail(sc, "yes or no is expected");
	x->number = x->word[0] == 'y';
	add_expect(sc, x);
	return 0;
}

/* The word must be one that the field can have: a misspelt expectation is an error, not a failure. */
static int parse_name(struct story_scan *sc, struct story_expect *x)
{
	story_scan_word(sc, x->word, sizeof(x->word));
	for (unsigned v = 0; v < x->row->nnames; v++) {
		if (strcmp(x->row->name(v), x->word) == 0) {
			add_expect(sc, x);
			return 0;
		}
	}
	return story_scan_fail(sc, "%s is never \"%s\"", x->row->word, x->word);
}

static int parse_spent(struct story_scan *sc, struct story_expect *x)
{
	int64_t ns;

	story_scan_word(sc, x->word, sizeof(x->word));
	for (unsigned v = 0; v < x->row->nnames; v++) {
		if (strcmp(x->row->name(v), x->word) != 0)
			continue;
		if (story_scan_span(sc, &ns))
			return -1;
		x->number = (uint64_t)ns;
		add_expect(sc, x);
		return 0;
	}
	return story_scan_fail(sc, "no time is spent on \"%s\"", x->word);
}

static int parse_span(struct story_scan *sc, struct story_expect *x)
{
	int64_t ns;

	if (story_scan_span(sc, &ns))
		return -1;
	x->number = (uint64_t)ns;
	add_expect(sc, x);
	return 0;
}

static int parse_finding_name(struct story_scan *sc, struct story_expect *x)
{
	char name[64];

	story_scan_word(sc, name, sizeof(name));
	x->finding = (uint16_t)finding_by_name(name, strlen(name));
	if (x->finding == FINDING_COUNT)
		return story_scan_fail(sc, "unknown finding \"%s\"", name);
	return 0;
}

/* Is the next word a confidence?  Then it is read. */
static bool parse_confidence(struct story_scan *sc, struct story_expect *x)
{
	story_scan_space(sc);
	for (unsigned i = 0; i < CONFIDENCE_COUNT; i++) {
		const char *word = confidence_word((enum confidence)i);

		if (strncmp(sc->p, word, strlen(word)) == 0) {
			sc->p += strlen(word);
			x->confidence = (uint8_t)i;
			return true;
		}
	}
	return false;
}

static int parse_finding(struct story_scan *sc, struct story_expect *x)
{
	x->confidence = CONFIDENCE_COUNT;
	x->no_end = true;
	if (parse_finding_name(sc, x))
		return -1;
	while (!story_scan_done(sc)) {
		if (strncmp(sc->p, "count ", 6) == 0) {
			sc->p += 6;
			if (story_scan_number(sc, UINT32_MAX, &x->number))
				return -1;
		} else if (strncmp(sc->p, "cost ", 5) == 0) {
			sc->p += 5;
			if (story_scan_span(sc, &x->cost))
				return -1;
		} else if (!parse_confidence(sc, x)) {
			x->no_end = false;
			if (story_scan_end(sc, &x->flow, &x->end))
				return -1;
		}
	}
	add_expect(sc, x);
	return 0;
}

static int parse_no_finding(struct story_scan *sc, struct story_expect *x)
{
	if (parse_finding_name(sc, x))
		return -1;
	add_expect(sc, x);
	return 0;
}

static int parse_calm(struct story_scan *sc, struct story_expect *x)
{
	story_scan_word(sc, x->word, sizeof(x->word));
	if (strcmp(x->word, "none") != 0)
		return story_scan_fail(sc, "only \"none\" is expected");
	add_expect(sc, x);
	return 0;
}

static int parse_text(struct story_scan *sc, struct story_expect *x)
{
	story_scan_word(sc, x->word, sizeof(x->word));
	add_expect(sc, x);
	return 0;
}

static int parse_form(struct story_scan *sc, struct story_expect *x)
{
	switch (x->row->form) {
	case FORM_COUNT:
	case FORM_TOTAL:
	case FORM_SKIPPED:
		return parse_number(sc, x, false);
	case FORM_SIDE_COUNT:
		return parse_number(sc, x, true);
	case FORM_BOOL:
		return parse_bool(sc, x);
	case FORM_WORD:
		return parse_name(sc, x);
	case FORM_TEXT:
		return parse_text(sc, x);
	case FORM_SPENT:
		return parse_spent(sc, x);
	case FORM_SPAN:
		return parse_span(sc, x);
	case FORM_CLIENT:
	case FORM_ONE_SIDED:
		return parse_ends(sc, x, false);
	case FORM_ORDER:
		return parse_ends(sc, x, true);
	case FORM_STATES:
		return parse_states(sc, x);
	case FORM_PATH:
		return parse_path(sc, x);
	case FORM_NOTE:
		return parse_note(sc, x);
	case FORM_FINDING:
		return parse_finding(sc, x);
	case FORM_NO_FINDING:
		return parse_no_finding(sc, x);
	case FORM_CALM:
		return parse_calm(sc, x);
	case FORM_SELECT:
		return story_scan_number(sc, UINT32_MAX, &sc->st->connection);
	}
	return -1;
}

int story_expect_parse(struct story_scan *sc, const char *word)
{
	struct story_expect x = {
		.line = sc->line, .after = sc->st->npackets, .conn = sc->st->connection
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].word, word) == 0) {
			x.row = &rows[i];
			return parse_form(sc, &x);
		}
	}
	return story_scan_fail(sc, "unknown word \"%s\"", word);
}
