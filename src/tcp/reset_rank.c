/* SPDX-License-Identifier: MIT */
/*
 * reset_rank - from evidence to ranked causes, and the words for both.
 *
 * Evidence is added up, never decided by a single sign: stacks differ, and what looks alike on the wire is
 * ranked by what is usual.
 */
#include "config.h"

#include "tcpshadow/pattern.h"
#include "tcpshadow/record.h"
#include "tcpshadow/reset.h"
#include "tcpshadow/text.h"

/* Sums below this say nothing. */
#define LEAST_SCORE 2

/* Leads over the next cause, in points. */
enum {
	LEAD_LIKELY = 2,
	LEAD_CERTAIN = 6,
};

static const struct {
	const char *word;
	uint8_t ceiling; /* enum confidence */
	const char *text;
	uint16_t finding; /* enum finding_id */
} causes[] = {
#define CAUSE(id, word, ceiling, text) { word, CONFIDENCE_##ceiling, text, FINDING_RST_##id },
#include "tcpshadow/reset_cause.def"
#undef CAUSE
};

#define W(cause, points) [CAUSE_##cause] = (points)

static const struct {
	const char *text;
	int8_t weights[CAUSE_COUNT];
} evidence[] = {
#define EVIDENCE(id, text, ...) { text, { __VA_ARGS__ } },
#include "tcpshadow/reset_evidence.def"
#undef EVIDENCE
};

#undef W

const char *reset_cause_word(enum reset_cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return causes[c].word;
}

const char *reset_cause_text(enum reset_cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return causes[c].text;
}

enum confidence reset_cause_ceiling(enum reset_cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return (enum confidence)causes[c].ceiling;
}

const char *reset_evidence_pattern(enum reset_evidence e)
{
	BUG_ON(e >= EVIDENCE_COUNT);
	return evidence[e].text;
}

enum finding_id reset_cause_finding(enum reset_cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return (enum finding_id)causes[c].finding;
}

int reset_weight(enum reset_evidence e, enum reset_cause c)
{
	BUG_ON(e >= EVIDENCE_COUNT || c >= CAUSE_COUNT);
	return evidence[e].weights[c];
}

/* ---- ranking ---- */

static int score(const struct reset_record *r, enum reset_cause c)
{
	int sum = 0;

	for (unsigned e = 0; e < EVIDENCE_COUNT; e++)
		if (r->evidence & UINT64_C(1) << e)
			sum += evidence[e].weights[c];
	return sum;
}

/* The order of the rows decides between equals. */
static unsigned best_of(const int *scores)
{
	unsigned best = 0;

	for (unsigned c = 1; c < CAUSE_COUNT; c++)
		if (scores[c] > scores[best])
			best = c;
	return best;
}

static uint8_t confidence_of(unsigned cause, int lead)
{
	unsigned confidence = lead >= LEAD_CERTAIN  ? CONFIDENCE_CERTAIN
	                      : lead >= LEAD_LIKELY ? CONFIDENCE_LIKELY
	                                            : CONFIDENCE_POSSIBLE;

	return confidence < causes[cause].ceiling ? (uint8_t)confidence : causes[cause].ceiling;
}

void reset_rank(struct reset_record *r)
{
	int scores[CAUSE_COUNT], first = 0;

	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		scores[c] = score(r, (enum reset_cause)c);
	for (r->nguesses = 0; r->nguesses < RESET_GUESSES; r->nguesses++) {
		unsigned best = best_of(scores);

		if (scores[best] < LEAST_SCORE)
			break;
		if (r->nguesses == 0)
			first = scores[best];
		else if (r->nguesses == 1)
			r->guesses[0].confidence =
			    confidence_of(r->guesses[0].cause, first - scores[best]);
		r->guesses[r->nguesses] =
		    (struct reset_guess){ (uint8_t)best, CONFIDENCE_POSSIBLE };
		scores[best] = INT16_MIN;
	}
	if (r->nguesses == 0)
		r->guesses[r->nguesses++] =
		    (struct reset_guess){ CAUSE_UNKNOWN, CONFIDENCE_POSSIBLE };
	else if (r->nguesses == 1)
		r->guesses[0].confidence = confidence_of(r->guesses[0].cause, first);
}

/* ---- words ---- */

static bool is_before(enum reset_cause c, unsigned x, unsigned y)
{
	int8_t wx = evidence[x].weights[c], wy = evidence[y].weights[c];

	return wx != wy ? wx > wy : x < y;
}

enum reset_evidence reset_evidence_next(const struct reset_record *r, enum reset_evidence last)
{
	enum reset_cause c = (enum reset_cause)r->guesses[0].cause;
	unsigned next = EVIDENCE_COUNT;

	for (unsigned e = 0; e < EVIDENCE_COUNT; e++) {
		bool is_here = (r->evidence & UINT64_C(1) << e) && evidence[e].weights[c] > 0;

		if (!is_here || (last != EVIDENCE_COUNT && !is_before(c, last, e)))
			continue;
		if (next == EVIDENCE_COUNT || is_before(c, e, next))
			next = e;
	}
	return (enum reset_evidence)next;
}

static void add_by(struct buf *out, const void *about)
{
	const struct reset_record *r = about;

	buf_addstr(out, side_word(r->by));
}

static void add_peer(struct buf *out, const void *about)
{
	const struct reset_record *r = about;

	buf_addstr(out, side_word(!r->by));
}

static uint64_t bytes_of(const void *about)
{
	const struct reset_record *r = about;

	return r->bytes;
}

static void add_bytes(struct buf *out, const void *about)
{
	text_count(out, bytes_of(about));
}

static void add_wait(struct buf *out, const void *about)
{
	const struct reset_record *r = about;

	text_duration(out, r->wait);
}

static void add_silence(struct buf *out, const void *about)
{
	const struct reset_record *r = about;

	text_duration(out, r->silence);
}

static void add_count(struct buf *out, const void *about)
{
	const struct reset_record *r = about;

	text_count(out, r->count);
}

static const struct pattern_value values[] = {
	{ "by", add_by, NULL },
	{ "peer", add_peer, NULL },
	{ "bytes", add_bytes, bytes_of },
	{ "wait", add_wait, NULL },
	{ "silence", add_silence, NULL },
	{ "count", add_count, NULL },
};

void reset_evidence_text(struct buf *out, const struct reset_record *r, enum reset_evidence e)
{
	BUG_ON(e >= EVIDENCE_COUNT);
	pattern_fill(out, evidence[e].text, values, ARRAY_LEN(values), r);
}
