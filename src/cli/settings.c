/* SPDX-License-Identifier: MIT */
/*
 * settings - parsing of option values, and what the terminal is like.
 */
#include "config.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/confine.h"
#include "cli/settings.h"
#include "tcpshadow/gather.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/near.h"
#include "tcpshadow/text.h"

#define SPOOL_DEFAULT    (UINT64_C(1) << 30)
#define TERMINAL_DEFAULT 80 /* columns of a terminal that does not say */
#define BUFFER_MIN       UINT64_C(1000000)
#define BUFFER_MAX       UINT64_C(1000000000)
#define ROTATE_MAX       1000000
#define EVERY_MAX        86400
#define BATCH_MAX        1000000
#define THREADS_MAX      64

typedef int parse_fn(struct settings *s, const char *value, struct err *e);

/* Decimal digits and nothing else. */
static int parse_u64(const char *value, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	return errno || *end || end == value || strspn(value, "0123456789") != strlen(value) ? -1
	                                                                                     : 0;
}

static int set_filter(struct settings *s, const char *value, struct err *e)
{
	(void)e;
	s->cap.bpf = value;
	return 0;
}

static int set_count(struct settings *s, const char *value, struct err *e)
{
	if (parse_u64(value, &s->cap.max_packets) < 0 || s->cap.max_packets == 0)
		return err_set(e, "--count: '%s' is not a number of packets from 1 on", value);
	return 0;
}

static int wrong_expression(const char *option, const char *value, const struct where_error *bad,
    const char *more, struct err *e)
{
	struct buf lines = BUF_INIT;

	where_underline(&lines, value, bad, 2);
	(void)err_set(e, "%s: %s\n%s%s", option, bad->what.text, lines.data, more);
	buf_release(&lines);
	return -1;
}

static int set_where(struct settings *s, const char *value, struct err *e)
{
	struct where_error bad;

	s->where = where_compile(value, s->report.utc, &bad);
	return s->where ? 0 : wrong_expression("--where", value, &bad, "", e);
}

static int set_fail_on(struct settings *s, const char *value, struct err *e)
{
	struct where_error bad;

	s->fail_on = fail_on_new(value, &s->report, &bad);
	if (s->fail_on)
		return 0;
	return wrong_expression("--fail-on", value, &bad,
	    "\nIt takes a severity (info, note, warn, error), the id of a finding, or an "
	    "expression as for --where.",
	    e);
}

static int set_sort(struct settings *s, const char *value, struct err *e)
{
	const char *word = value + (value[0] == '-'), *near = NULL;
	struct buf words = BUF_INIT;

	s->report.sort_descending = value[0] == '-';
	for (unsigned i = 0; i < REPORT_SORT_COUNT; i++) {
		if (strcmp(word, report_sort_word(i)) == 0) {
			s->report.sort = i;
			return 0;
		}
	}
	for (unsigned i = 0; i < REPORT_SORT_COUNT; i++) {
		buf_addf(&words, "%s%s", i ? ", " : "", report_sort_word(i));
		near = near_best(word, report_sort_word(i), near);
	}
	if (near)
		(void)err_set(e, "--sort: unknown key '%s'; did you mean '%s'?", word, near);
	else
		(void)err_set(e, "--sort: unknown key '%s'; expected one of %s", word, words.data);
	buf_release(&words);
	return -1;
}

static int set_time_wait(struct settings *s, const char *value, struct err *e)
{
	char *end;
	double seconds = strtod(value, &end);

	if (*end == 's')
		end++;
	if (end == value || *end || !isfinite(seconds) || seconds < 1e-9 || seconds > 1e6)
		return err_set(
		    e, "--time-wait: '%s' is not a time from 1e-9 to 1e6 seconds", value);
	s->engine.time_wait_ns = (int64_t)(seconds * (double)NS_PER_SEC);
	return 0;
}

static int set_size(uint64_t *size, const char *option, const char *value, struct err *e)
{
	struct err cause;

	if (text_parse_size(value, size, &cause) < 0)
		return err_set(e, "%s: %s", option, cause.text);
	return *size ? 0 : err_set(e, "%s: must be more than 0", option);
}

static int set_memory(struct settings *s, const char *value, struct err *e)
{
	return set_size(&s->engine.memory_bytes, "--memory", value, e);
}

static int set_spool(struct settings *s, const char *value, struct err *e)
{
	return set_size(&s->spool, "--spool", value, e);
}

/* A number of something from 1 to max. */
static int set_number(
    uint64_t *n, uint64_t max, const char *option, const char *value, struct err *e)
{
	if (parse_u64(value, n) < 0 || *n == 0 || *n > max)
		return err_set(
		    e, "%s: '%s' is not a number from 1 to %" PRIu64, option, value, max);
	return 0;
}

static int set_snaplen(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (set_number(&n, CAP_SNAPLEN_MAX, "--snapshot-length", value, e) < 0)
		return -1;
	s->cap.live.snaplen = (uint32_t)n;
	return 0;
}

static int set_buffer(struct settings *s, const char *value, struct err *e)
{
	if (set_size(&s->cap.live.buffer_bytes, "--buffer-size", value, e) < 0)
		return -1;
	if (s->cap.live.buffer_bytes < BUFFER_MIN || s->cap.live.buffer_bytes > BUFFER_MAX)
		return err_set(e, "--buffer-size: '%s' is not between 1M and 1G", value);
	return 0;
}

static int set_precision(struct settings *s, const char *value, struct err *e)
{
	s->cap.live.microseconds = strcmp(value, "micro") == 0;
	if (!s->cap.live.microseconds && strcmp(value, "nano") != 0)
		return err_set(e, "--time-stamp-precision: '%s' is not micro or nano", value);
	return 0;
}

/* Millions of bytes, as in tcpdump, unless there is a unit. */
static int set_rotate_size(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (parse_u64(value, &n) < 0)
		return set_size(&s->record.rotate_bytes, "--rotate-size", value, e);
	if (set_number(&n, ROTATE_MAX, "--rotate-size", value, e) < 0)
		return -1;
	s->record.rotate_bytes = n * 1000000;
	return 0;
}

static int set_rotate_seconds(struct settings *s, const char *value, struct err *e)
{
	return set_number(&s->record.rotate_seconds, ROTATE_MAX, "--rotate-seconds", value, e);
}

static int set_rotate_files(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (set_number(&n, ROTATE_MAX, "--rotate-files", value, e) < 0)
		return -1;
	s->record.files = (unsigned)n;
	return 0;
}

static int set_every(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (set_number(&n, EVERY_MAX, "--every", value, e) < 0)
		return -1;
	s->report.every = (int64_t)n * NS_PER_SEC;
	return 0;
}

static int set_batch(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (parse_u64(value, &n) < 0 || n == 0 || n > BATCH_MAX)
		return err_set(e, "--batch: '%s' is not a number from 1 to %d", value, BATCH_MAX);
	s->engine.batch_packets = (size_t)n;
	return 0;
}

static int set_threads(struct settings *s, const char *value, struct err *e)
{
	uint64_t n;

	if (parse_u64(value, &n) < 0 || n == 0 || n > THREADS_MAX)
		return err_set(
		    e, "--threads: '%s' is not a number from 1 to %d", value, THREADS_MAX);
	s->engine.threads = (unsigned)n;
	return 0;
}

static int set_hash_key(struct settings *s, const char *value, struct err *e)
{
	if (parse_u64(value, &s->engine.hash_key) < 0)
		return err_set(e, "--hash-key: '%s' is not a number", value);
	return 0;
}

static int set_overlap_policy(struct settings *s, const char *value, struct err *e)
{
	enum overlap_policy p = overlap_policy_of(value);

	if (p == OVERLAP_COUNT)
		return err_set(e,
		    "--overlap-policy: '%s' is not linux, bsd, windows, solaris, first or last",
		    value);
	s->engine.overlap_policy = (uint8_t)p;
	return 0;
}

static int set_color(struct settings *s, const char *value, struct err *e)
{
	static const struct {
		const char *word;
		uint8_t tui; /* enum tui_color */
		bool color;
	} table[] = {
		{ "always", TUI_COLOR_AUTO, true },
		{ "never", TUI_COLOR_NEVER, false },
		{ "8", TUI_COLOR_8, true },
		{ "16", TUI_COLOR_16, true },
		{ "256", TUI_COLOR_256, true },
	};

	if (strcmp(value, "auto") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(value, table[i].word) != 0)
			continue;
		s->color = table[i].tui;
		s->report.color = table[i].color;
		return 0;
	}
	return err_set(e, "--color: '%s' is not auto, always, never, 8, 16 or 256", value);
}

static const struct {
	enum option_id id;
	parse_fn *parse;
} parsers[] = {
	{ OPTION_FILTER, set_filter },
	{ OPTION_PACKETS, set_count },
	{ OPTION_WHERE, set_where },
	{ OPTION_FAIL_ON, set_fail_on },
	{ OPTION_SORT, set_sort },
	{ OPTION_TIME_WAIT, set_time_wait },
	{ OPTION_MEMORY, set_memory },
	{ OPTION_SPOOL, set_spool },
	{ OPTION_THREADS, set_threads },
	{ OPTION_SNAPLEN, set_snaplen },
	{ OPTION_BUFFER, set_buffer },
	{ OPTION_PRECISION, set_precision },
	{ OPTION_ROTATE_SIZE, set_rotate_size },
	{ OPTION_ROTATE_SECONDS, set_rotate_seconds },
	{ OPTION_ROTATE_FILES, set_rotate_files },
	{ OPTION_EVERY, set_every },
	{ OPTION_BATCH, set_batch },
	{ OPTION_HASH_KEY, set_hash_key },
	{ OPTION_COLOR, set_color },
	{ OPTION_OVERLAP_POLICY, set_overlap_policy },
};

/* Columns of the terminal, or what COLUMNS says; 0 = output goes to a file: as wide as needed. */
static unsigned output_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns && parse_u64(columns, &n) == 0 && n > 0 && n < 10000)
		return (unsigned)n;
	return isatty(STDOUT_FILENO) ? TERMINAL_DEFAULT : 0;
}

static bool color_by_default(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static void describe_terminal(struct settings *s, const struct options *o)
{
	s->report.out = &s->out;
	s->report.width = output_width();
	s->report.utf8 = !o->given[OPTION_ASCII] && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	s->report.color = color_by_default();
	s->report.utc = o->given[OPTION_UTC];
	s->report.fold = !o->given[OPTION_NO_FOLD];
}

int settings_init(struct settings *s, const struct options *o, struct err *e)
{
	memset(s, 0, sizeof(*s));
	report_out_init(&s->out, stdout);
	describe_terminal(s, o);
	s->cap.files = o->files;
	s->cap.nfiles = o->nfiles;
	s->cap.live.interface = o->value[OPTION_INTERFACE];
	s->cap.live.no_promiscuous = o->given[OPTION_NO_PROMISCUOUS];
	s->cap.live.immediate = o->given[OPTION_IMMEDIATE];
	s->user = o->value[OPTION_USER];
	s->record.name = o->value[OPTION_WRITE];
	s->report.sort = REPORT_SORT_COUNT;
	s->spool = SPOOL_DEFAULT;
	s->engine.hash_key = hash_random_key();
	s->no_sandbox = o->given[OPTION_NO_SANDBOX];
	s->engine.reverse_shards = o->given[OPTION_REVERSE_SHARDS];
	s->engine.digest = o->given[OPTION_DIGEST];
	s->quiet = o->given[OPTION_QUIET];
	s->verbose = o->given[OPTION_VERBOSE];
	for (size_t i = 0; i < ARRAY_LEN(parsers); i++)
		if (o->given[parsers[i].id] && parsers[i].parse(s, o->value[parsers[i].id], e) < 0)
			return -1;
	s->report.where = s->where;
	s->report.live = o->given[OPTION_INTERFACE];
	if (s->where && (o->given[OPTION_WRITE] || o->command == COMMAND_EXTRACT))
		s->pick = pick_new(s->where);
	return 0;
}

void settings_release(struct settings *s)
{
	confine_release(s);
	pick_free(s->pick);
	where_free(s->where);
	report_sink_free(s->fail_on ? fail_on_sink(s->fail_on) : NULL);
	report_out_release(&s->out);
}
