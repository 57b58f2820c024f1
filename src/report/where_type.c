/* SPDX-License-Identifier: MIT */
/*
 * where_type - the kinds of values of the filter language: how they are typed and what they can be.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "report/where_field.h"
#include "tcpshadow/outcome.h"
#include "tcpshadow/text.h"

typedef int parse_fn(const char *text, int64_t *number);
typedef const char *word_fn(size_t i);

static int parse_size(const char *text, int64_t *number)
{
	uint64_t v;

	if (text_parse_size(text, &v, NULL) < 0 || v > INT64_MAX)
		return -1;
	*number = (int64_t)v;
	return 0;
}

static const struct {
	const char *name;
	double ns;
} units[] = {
	{ "ns", 1e0 },
	{ "us", 1e3 },
	{ "ms", 1e6 },
	{ "s", 1e9 },
	{ "", 1e9 }, /* no unit: seconds, as in the JSON */
	{ "m", 60e9 },
	{ "min", 60e9 },
	{ "h", 3600e9 },
	{ "d", 86400e9 },
};

static int parse_duration(const char *text, int64_t *number)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !isfinite(v) || strpbrk(text, "xXpP"))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		v *= units[i].ns;
		if (fabs(v) > 9e18)
			return -1;
		*number = (int64_t)llround(v);
		return 0;
	}
	return -1;
}

/* The decimals behind a point, to nine places; "" is 0.  Anything else: -1. */
static int parse_fraction(const char *text, int64_t *ns)
{
	int64_t unit = NS_PER_SEC / 10;

	*ns = 0;
	if (*text == '\0')
		return 0;
	if (*text++ != '.')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++, unit /= 10)
		*ns += unit * (*text - '0');
	return *text ? -1 : 0;
}

static int parse_epoch(const char *text, int64_t *number)
{
	char *end;
	long long seconds = strtoll(text, &end, 10);
	int64_t ns;

	if (end == text || seconds < 0 || seconds > 9000000000 || parse_fraction(end, &ns) < 0)
		return -1;
	*number = seconds * NS_PER_SEC + ns;
	return 0;
}

/* Takes text with a fraction of a second behind it as one of the formats; -1 = it is none of them. */
static int parse_tm(const char *text, const char *const *formats, struct tm *tm, int64_t *fraction)
{
	for (; *formats; formats++) {
		const char *end;

		*tm = (struct tm){ .tm_isdst = -1 };
		end = strptime(text, *formats, tm);
		if (end && parse_fraction(end, fraction) == 0)
			return 0;
	}
	return -1;
}

int where_type_clock(const char *text, int64_t *ns)
{
	static const char *const formats[] = { "%H:%M:%S", "%H:%M", NULL };
	struct tm tm;
	int64_t fraction;

	if (parse_tm(text, formats, &tm, &fraction) < 0)
		return -1;
	*ns = (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * NS_PER_SEC + fraction;
	return 0;
}

/* 1795198003.25, 2026-08-21, 2026-08-21T10:04, 2026-08-21T10:04:39.25 */
int where_type_time(const char *text, bool utc, int64_t *number)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d",
		NULL };
	struct tm tm;
	int64_t fraction;

	if (parse_epoch(text, number) == 0)
		return 0;
	if (parse_tm(text, formats, &tm, &fraction) < 0)
		return -1;
	*number = (utc ? timegm(&tm) : mktime(&tm)) * NS_PER_SEC + fraction;
	return 0;
}

static int parse_flag(const char *text, int64_t *number)
{
	static const char *const words[] = { "false", "true", "no", "yes", "0", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*number = i % 2;
			return 0;
		}
	}
	return -1;
}

static int parse_severity(const char *text, int64_t *number)
{
	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		if (strcasecmp(text, severity_word((enum severity)i)) == 0 ||
		    strcasecmp(text, outcome_mark_word((enum severity)i)) == 0) {
			*number = i;
			return 0;
		}
	}
	return -1;
}

static const char *opener_at(size_t i)
{
	return i <= OPENER_UNKNOWN ? opener_word((enum opener)i) : NULL;
}

static const char *standing_at(size_t i)
{
	return i < STANDING_COUNT ? standing_word((enum standing)i) : NULL;
}

static const char *state_at(size_t i)
{
	return i < TCPS_COUNT ? tcp_state_name((enum tcp_state)i) : NULL;
}

static const char *handshake_at(size_t i)
{
	return i <= HANDSHAKE_MIDSTREAM ? handshake_word((enum handshake_outcome)i) : NULL;
}

static const char *close_at(size_t i)
{
	return i <= CLOSE_RESET ? close_word((enum close_outcome)i) : NULL;
}

static const char *capture_start_at(size_t i)
{
	static const char *const words[] = { "handshake", "midstream" };

	return i < ARRAY_LEN(words) ? words[i] : NULL;
}

static const char *side_at(size_t i)
{
	return i <= SIDE_SERVER ? side_word((unsigned)i) : NULL;
}

static const char *cause_at(size_t i)
{
	return i < CAUSE_COUNT ? reset_cause_word((enum reset_cause)i) : NULL;
}

static const char *vantage_at(size_t i)
{
	return i < VANTAGE_COUNT ? vantage_word((enum vantage)i) : NULL;
}

static const char *verdict_at(size_t i)
{
	return i < OUTCOME_COUNT ? outcome_word((enum outcome)i) : NULL;
}

static const char *verdict_kind_at(size_t i)
{
	return i < VERDICT_COUNT ? verdict_word((enum verdict_kind)i) : NULL;
}

static const char *party_at(size_t i)
{
	return i < PARTY_COUNT ? party_word((enum party)i) : NULL;
}

static const char *confidence_at(size_t i)
{
	return i < CONFIDENCE_COUNT ? confidence_word((enum confidence)i) : NULL;
}

static const char *zeek_state_at(size_t i)
{
	return i < ZEEK_STATE_COUNT ? zeek_state_word((enum zeek_conn_state)i) : NULL;
}

static const struct {
	const char *name;
	const char *expected; /* NULL: one of the words */
	parse_fn *parse;
	word_fn *word;
} types[TYPE_COUNT_OF_TYPES] = {
	[TYPE_COUNT] = { "count", "a number such as 3, 80 or 2k", parse_size, NULL },
	[TYPE_BYTES] = { "bytes", "a size such as 512, 2k or 1MB", parse_size, NULL },
	[TYPE_DURATION] = { "duration", "a time such as 50ms, 1.5s or 2m", parse_duration, NULL },
	[TYPE_TIME] = { "time", "a time such as 10:05, 2026-08-21T10:04:39Z or 1795198003.25", NULL,
	    NULL },
	[TYPE_FLAG] = { "flag", "true or false", parse_flag, NULL },
	[TYPE_SEVERITY] = { "severity", "info, note, warn or error", parse_severity, NULL },
	[TYPE_ADDRESS] = { "address", "an IP address", NULL, NULL },
	[TYPE_OPENER] = { "word", NULL, NULL, opener_at },
	[TYPE_STANDING] = { "word", NULL, NULL, standing_at },
	[TYPE_STATE] = { "word", NULL, NULL, state_at },
	[TYPE_HANDSHAKE] = { "word", NULL, NULL, handshake_at },
	[TYPE_CLOSE] = { "word", NULL, NULL, close_at },
	[TYPE_CAPTURE_START] = { "word", NULL, NULL, capture_start_at },
	[TYPE_SIDE] = { "word", NULL, NULL, side_at },
	[TYPE_CAUSE] = { "word", NULL, NULL, cause_at },
	[TYPE_VANTAGE] = { "word", NULL, NULL, vantage_at },
	[TYPE_VERDICT] = { "word", NULL, NULL, verdict_at },
	[TYPE_VERDICT_KIND] = { "word", NULL, NULL, verdict_kind_at },
	[TYPE_PARTY] = { "word", NULL, NULL, party_at },
	[TYPE_CONFIDENCE] = { "word", NULL, NULL, confidence_at },
	[TYPE_ZEEK_STATE] = { "word", NULL, NULL, zeek_state_at },
	[TYPE_TEXT] = { "text", "a text of at most 39 characters", NULL, NULL },
};

const char *where_type_name(enum where_type t)
{
	return types[t].name;
}

const char *where_type_word(enum where_type t, size_t i)
{
	return types[t].word ? types[t].word(i) : NULL;
}

const char *where_type_match(enum where_type t, const char *text)
{
	const char *word;

	for (size_t i = 0; (word = where_type_word(t, i)); i++)
		if (strcasecmp(word, text) == 0)
			return word;
	for (unsigned i = 0; t == TYPE_STANDING && i < STANDING_COUNT; i++) {
		word = standing_also((enum standing)i);
		if (word && strcasecmp(word, text) == 0)
			return standing_word((enum standing)i);
	}
	return NULL;
}

int where_type_parse(enum where_type t, const char *text, int64_t *number)
{
	return types[t].parse ? types[t].parse(text, number) : -1;
}

void where_type_expected(struct buf *out, enum where_type t)
{
	const char *word;

	if (types[t].expected) {
		buf_addstr(out, types[t].expected);
		return;
	}
	for (size_t i = 0; (word = where_type_word(t, i)); i++)
		buf_addf(out, "%s%s", i == 0 ? "one of " : ", ", word);
	if (t == TYPE_STANDING)
		buf_addstr(out, ", or a state such as TIME-WAIT");
}
