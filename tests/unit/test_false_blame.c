/* SPDX-License-Identifier: MIT */
/*
 * test_false_blame - no end is blamed with certainty for what the capture did.
 *
 * Input:  captures/: those without a sign of a fault of the capture are spoiled in many ways with fixed seeds:
 *         packets left out, repeated, exchanged and cut.
 * Checks: a spoiled capture never gives a certain finding about an end that the untouched one lacks; and of
 *         the findings about ends in untouched captures most are certain.
 */
#include "config.h"

#include <sys/mman.h>

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/story_set.h"
#include "tcpshadow/engine.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/rd.h"

enum {
#ifdef __SANITIZE_ADDRESS__
	VARIANTS = 5000, /* with the address sanitizer they take minutes */
#else
	VARIANTS = 20000,
#endif
	PACKETS_MAX = 128,
	BLAMES_MAX = 128,
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	SPOILS_MAX = 4,       /* faults of one variant */
	CERTAIN_PERCENT = 80, /* of the findings about ends, at least */
};

/* ---- captures as lists of records ---- */

struct record {
	const char *bytes; /* header and data, in the file */
	uint32_t seconds, fraction;
	uint32_t caplen; /* bytes of data to write */
};

struct capture {
	const char *name;
	struct buf file;
	struct record records[2 * PACKETS_MAX];
	size_t count;
};

static uint32_t get32(const char *p)
{
	return (uint32_t)(uint8_t)p[0] | (uint32_t)(uint8_t)p[1] << 8 |
	       (uint32_t)(uint8_t)p[2] << 16 | (uint32_t)(uint8_t)p[3] << 24;
}

static void add32(struct buf *b, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_addch(b, (char)(uint8_t)(v >> shift));
}

static void read_file(struct buf *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	int c;

	ck_assert_msg(f != NULL, "%s cannot be opened", path);
	while ((c = getc(f)) != EOF)
		buf_addch(b, (char)c);
	(void)fclose(f);
}

/* False for what is no little-endian pcap file of whole records, or too long. */
static bool capture_load(struct capture *c, const char *path)
{
	size_t at = FILE_HEADER;

	*c = (struct capture){ .name = path, .file = BUF_INIT };
	read_file(&c->file, path);
	if (c->file.len < FILE_HEADER ||
	    (get32(c->file.data) != 0xa1b2c3d4 && get32(c->file.data) != 0xa1b23c4d))
		return false;
	while (at + RECORD_HEADER <= c->file.len && c->count < PACKETS_MAX) {
		const char *p = c->file.data + at;
		const struct record r = { p, get32(p), get32(p + 4), get32(p + 8) };

		at += RECORD_HEADER + r.caplen;
		if (at <= c->file.len)
			c->records[c->count++] = r;
	}
	return at == c->file.len && c->count > 0;
}

static void capture_write(const struct capture *c, struct buf *out)
{
	buf_add(out, c->file.data, FILE_HEADER);
	for (size_t i = 0; i < c->count; i++) {
		const struct record *r = &c->records[i];

		add32(out, r->seconds);
		add32(out, r->fraction);
		add32(out, r->caplen);
		buf_add(out, r->bytes + 12, 4 + r->caplen);
	}
}

/* ---- findings about ends ---- */

struct blame {
	uint16_t id;
	uint8_t confidence;
	struct endpoint_addr whom;
};

struct judgement {
	struct sink sink;
	struct blame blames[BLAMES_MAX];
	size_t count, judged, certain;
	bool capture_is_at_fault;
};

/* Inferred; most can never be certain, whatever the capture: reset_cause.def. */
static bool names_cause_of_reset(const struct finding *f)
{
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (f->id == reset_cause_finding((enum reset_cause)c))
			return true;
	return false;
}

static void judge(struct judgement *v, const struct conn_record *r, const struct finding *f)
{
	const struct finding_info *info = finding_info((enum finding_id)f->id);
	struct blame *b = &v->blames[v->count];

	if (info->class == CLASS_CAPTURE && info->severity > SEVERITY_INFO)
		v->capture_is_at_fault = true;
	if (info->class != CLASS_ENDPOINT)
		return;
	ck_assert_uint_lt(v->count, BLAMES_MAX);
	*b = (struct blame){ .id = f->id, .confidence = f->confidence };
	if (f->by != BY_NOBODY)
		b->whom = r->sides[f->by].addr;
	v->count++;
	if (names_cause_of_reset(f))
		return;
	v->judged++;
	v->certain += f->confidence == CONFIDENCE_CERTAIN;
}

static int on_event(struct sink *s, const struct event *ev, struct err *e)
{
	(void)e;
	for (uint32_t i = 0; i < ev->u.record->nfindings; i++)
		judge((struct judgement *)s, ev->u.record, &ev->u.record->findings[i]);
	return 0;
}

static int on_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static const struct sink_ops ops = {
	.wants = EVENT_BIT(EVENT_RECORD), .event = on_event, .finish = on_finish
};

static void run_path(const char *path, struct judgement *v)
{
	const struct cap_options files = { .files = &path, .nfiles = 1 };
	const struct engine_options eo = { .batch_packets = 64 };
	struct sink *const sinks[1] = { &v->sink };
	struct err e = { "" };
	struct cap *cap = cap_open(&files, &e);

	*v = (struct judgement){ .sink = { .ops = &ops } };
	ck_assert_msg(cap != NULL, "%s: %s", path, e.text);
	ck_assert_int_eq(engine_run(cap, &eo, sinks, 1, &e), 0);
	cap_close(cap);
}

static void run_capture(const struct capture *c, struct judgement *v)
{
	const int fd = memfd_create("capture", MFD_CLOEXEC);
	struct buf bytes = BUF_INIT;
	char path[32];

	capture_write(c, &bytes);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	run_path(path, v);
	buf_release(&bytes);
	(void)close(fd);
}

static bool has(const struct judgement *v, const struct blame *b)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct blame *k = &v->blames[i];

		if (k->id == b->id && memcmp(&k->whom, &b->whom, sizeof(k->whom)) == 0)
			return true;
	}
	return false;
}

/* ---- faults of a capture ---- */

/* xorshift64: the same faults in every run. */
static size_t pick(uint64_t *seed, size_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (size_t)((*seed >> 11) % below);
}

static void spoil_drop(struct capture *c, size_t i, uint64_t *seed)
{
	(void)seed;
	memmove(&c->records[i], &c->records[i + 1], (c->count - i - 1) * sizeof(c->records[0]));
	c->count--;
}

static void spoil_duplicate(struct capture *c, size_t i, uint64_t *seed)
{
	(void)seed;
	if (c->count == ARRAY_LEN(c->records))
		return;
	memmove(&c->records[i + 1], &c->records[i], (c->count - i) * sizeof(c->records[0]));
	c->count++;
}

/* Two neighbours change places; their times go with them, or stay. */
static void spoil_swap(struct capture *c, size_t i, uint64_t *seed)
{
	struct record *a = &c->records[i], *b = &c->records[i + 1];
	const struct record first = *a, second = *b;

	if (i + 1 == c->count)
		return;
	*a = second;
	*b = first;
	if (pick(seed, 2) == 0)
		return;
	a->seconds = first.seconds;
	a->fraction = first.fraction;
	b->seconds = second.seconds;
	b->fraction = second.fraction;
}

static void spoil_cut(struct capture *c, size_t i, uint64_t *seed)
{
	c->records[i].caplen = (uint32_t)pick(seed, c->records[i].caplen + 1u);
}

static void spoil_cut_all(struct capture *c, size_t i, uint64_t *seed)
{
	const uint32_t snaplen = (uint32_t)(40 + pick(seed, 80));

	(void)i;
	for (size_t k = 0; k < c->count; k++)
		if (c->records[k].caplen > snaplen)
			c->records[k].caplen = snaplen;
}

static void spoil_tail(struct capture *c, size_t i, uint64_t *seed)
{
	(void)seed;
	if (i > 0)
		c->count = i;
}

static void spoil_head(struct capture *c, size_t i, uint64_t *seed)
{
	(void)seed;
	memmove(&c->records[0], &c->records[i], (c->count - i) * sizeof(c->records[0]));
	c->count -= i;
}

static const struct {
	const char *what;
	void (*spoil)(struct capture *c, size_t i, uint64_t *seed);
} faults[] = {
	{ "without", spoil_drop },
	{ "without", spoil_drop },
	{ "twice", spoil_duplicate },
	{ "exchanged", spoil_swap },
	{ "cut", spoil_cut },
	{ "all cut", spoil_cut_all },
	{ "up to", spoil_tail },
	{ "from", spoil_head },
};

/* What was done is appended to *said. */
static void spoil(struct capture *c, uint64_t seed, struct buf *said)
{
	const size_t n = 1 + pick(&seed, SPOILS_MAX);

	for (size_t k = 0; k < n && c->count > 1; k++) {
		const size_t fault = pick(&seed, ARRAY_LEN(faults)), i = pick(&seed, c->count);

		buf_addf(said, " %s %zu", faults[fault].what, i + 1);
		faults[fault].spoil(c, i, &seed);
	}
}

/* ---- tests ---- */

/* One line for each certain finding about an end that only the spoiled capture has. */
static void compare(const struct capture *c, const struct judgement *untouched, uint64_t seed,
    struct buf *complaints)
{
	struct capture spoiled = *c;
	struct judgement v;
	struct buf said = BUF_INIT;

	spoil(&spoiled, seed, &said);
	run_capture(&spoiled, &v);
	for (size_t i = 0; i < v.count; i++) {
		const struct blame *b = &v.blames[i];

		if (b->confidence == CONFIDENCE_CERTAIN && !has(untouched, b))
			buf_addf(complaints, "# %s:%s: %s\n", c->name, said.data,
			    finding_info((enum finding_id)b->id)->name);
	}
	buf_release(&said);
}

/* Loaded and without a sign of a fault: what its packets say of its ends is true. */
static bool is_clean(struct capture *c, const char *path, struct judgement *v)
{
	if (!capture_load(c, path))
		return false;
	run_capture(c, v);
	return !v->capture_is_at_fault;
}

static void find_captures(struct story_set *set)
{
	const char *top = getenv("top_srcdir");
	struct buf pattern = BUF_INIT;
	glob_t g;

	story_set_init(set);
	buf_addf(&pattern, "%s/captures/*.pcap*", top ? top : ".");
	ck_assert_int_eq(glob(pattern.data, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		story_set_add(set, g.gl_pathv[i]);
	globfree(&g);
	buf_release(&pattern);
}

START_TEST(test_spoiled)
{
	struct story_set set;
	struct buf complaints = BUF_INIT;
	size_t clean = 0, done = 0;

	find_captures(&set);
	for (size_t i = 0; i < set.count; i++) {
		struct capture c;
		struct judgement untouched;

		clean += is_clean(&c, set.paths[i], &untouched);
		buf_release(&c.file);
	}
	ck_assert_uint_gt(clean, 20);
	for (size_t i = 0; i < set.count; i++) {
		struct capture c;
		struct judgement untouched;
		bool is_used = is_clean(&c, set.paths[i], &untouched);

		for (size_t k = 0; is_used && k < VARIANTS / clean + 1; k++, done++)
			compare(
			    &c, &untouched, (done + 1) * UINT64_C(0x9e3779b97f4a7c15), &complaints);
		buf_release(&c.file);
	}
	(void)printf("# %zu variants of %zu captures\n", done, clean);
	story_set_release(&set);
	(void)printf("%s", complaints.data);
	(void)fflush(stdout);
	ck_assert_msg(complaints.len == 0, "blamed with certainty: see above");
	buf_release(&complaints);
}
END_TEST

START_TEST(test_certain)
{
	struct story_set set;
	size_t count = 0, certain = 0;

	find_captures(&set);
	for (size_t i = 0; i < set.count; i++) {
		struct judgement v;

		run_path(set.paths[i], &v);
		count += v.judged;
		certain += v.certain;
	}
	story_set_release(&set);
	(void)printf("# %zu of %zu findings about ends are certain, causes of resets aside\n",
	    certain, count);
	ck_assert_uint_ge(100 * certain, CERTAIN_PERCENT * count);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("false blame");
	TCase *tc = tcase_create("captures");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, test_spoiled);
	tcase_add_test(tc, test_certain);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
