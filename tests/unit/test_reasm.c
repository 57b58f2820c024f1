/* SPDX-License-Identifier: MIT */
/*
 * test_reasm - the reassembler against a table of what stacks do, and against a slow reference.
 *
 * The table is not part of the source: OVERLAP_POLICIES names the file, without it the copy that may lie
 * beside the source tree is taken, or nothing.  Its rows: case, mode, chunks (offset:length:hex in order of
 * arrival), policy, where the row comes from, resulting bytes (0 where there are none).
 */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/reasm_duel.h"
#include "tcp/reasm.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/rd.h"

enum {
	COLUMNS = 6,
	RESULT_MAX = 1 << 16,
	SCRIPTS = 400, /* of random steps, for each policy */
	SCRIPT_BYTES = REASM_DUEL_HEADER + 120 * REASM_DUEL_STEP,
};

/* --- the table --- */

struct result {
	uint8_t bytes[RESULT_MAX];
	size_t n;
};

struct row {
	char *column[COLUMNS];
};

enum { ROW_CASE, ROW_MODE, ROW_CHUNKS, ROW_POLICY, ROW_ORIGIN, ROW_RESULT };

static void take_bytes(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	struct result *r = ctx;

	ck_assert_uint_le(offset + in->n, RESULT_MAX);
	memcpy(r->bytes + offset, in->bytes, in->n);
	r->n = (size_t)offset + in->n;
}

static size_t from_hex(const char *hex, size_t most, uint8_t *out)
{
	size_t n = 0;

	for (; n < most && hex[0] && hex[1]; hex += 2) {
		char digits[3] = { hex[0], hex[1], '\0' };

		out[n++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

/* offset:length:hex */
static void add_chunk(
    struct reasm *r, const char *text, uint64_t first, const struct reasm_out *out)
{
	uint8_t bytes[RESULT_MAX];
	char *at;
	uint64_t offset = strtoull(text, &at, 10);
	size_t n = (size_t)strtoull(at + 1, &at, 10);
	struct reasm_input in = { .seq = first + offset, .bytes = bytes, .packet = 1 };

	in.n = from_hex(at + 1, n, bytes);
	reasm_add(r, &in, out);
}

/* Without delivery: everything comes behind a missing byte, which comes last. */
static void replay(const struct row *row, enum overlap_policy policy, struct result *result)
{
	struct reasm_options o = { .policy = (uint8_t)policy, .max_bytes = RESULT_MAX };
	struct reasm_out out = { .data = take_bytes, .ctx = result };
	struct reasm *r = reasm_new(&o, 1000);
	unsigned hidden = strcmp(row->column[ROW_MODE], "nodeliver") == 0;
	uint8_t byte = 0;
	struct reasm_input fill = { .seq = 1000, .bytes = &byte, .n = 1, .packet = 1 };
	char *rest = row->column[ROW_CHUNKS], *chunk;

	memset(result, 0, sizeof(*result));
	while ((chunk = strsep(&rest, ";")))
		add_chunk(r, chunk, 1000 + hidden, &out);
	if (hidden)
		reasm_add(r, &fill, &out);
	reasm_end(r, 0, false, &out);
	reasm_free(r);
	memmove(result->bytes, result->bytes + hidden, result->n -= hidden);
}

static bool split_row(struct row *row, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		row->column[i] = strsep(&line, ",");
		if (!row->column[i])
			return false;
	}
	return true;
}

/*
 * Cases where a measured Linux differs from what its rule says: it joins neighbouring segments that wait when
 * they fit into one buffer, and then goes by the bounds of the whole.  No capture shows whether it did.
 */
static const char *const undecidable[] = { "ov-coalesce-large", "ov-coalesce-small", "ov-novak" };

static bool is_decidable(const struct row *row)
{
	for (size_t i = 0; i < ARRAY_LEN(undecidable); i++)
		if (strcmp(row->column[ROW_ORIGIN], "measured") == 0 &&
		    strcmp(row->column[ROW_CASE], undecidable[i]) == 0)
			return false;
	return true;
}

/* Rows measured on a host compare with the policy named after it. */
static enum overlap_policy policy_of(const struct row *row)
{
	char word[16];

	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(row->column[ROW_POLICY], "-"),
	    row->column[ROW_POLICY]);
	return overlap_policy_of(word);
}

static void check_row(const struct row *row, enum overlap_policy policy)
{
	static struct result got, want;

	replay(row, policy, &got);
	want.n = from_hex(row->column[ROW_RESULT], RESULT_MAX, want.bytes);
	ck_assert_msg(got.n == want.n && memcmp(got.bytes, want.bytes, want.n) == 0,
	    "%s, %s, %s: %zu bytes differ", row->column[ROW_CASE], row->column[ROW_MODE],
	    row->column[ROW_POLICY], got.n);
}

static FILE *open_table(void)
{
	const char *path = getenv("OVERLAP_POLICIES"), *top = getenv("top_srcdir");
	struct buf beside = BUF_INIT;
	FILE *f;

	buf_addf(&beside, "%s/../shared/evasion/overlap-policies.csv", top ? top : ".");
	f = fopen(path ? path : beside.data, "r");
	buf_release(&beside);
	return f;
}

START_TEST(test_policies)
{
	FILE *f = open_table();
	char *line = NULL;
	size_t size = 0, rows = 0;
	struct row row;

	if (!f) {
		(void)printf("# no table of overlap policies: skipped\n");
		return;
	}
	ck_assert_int_gt(getline(&line, &size, f), 0);
	while (getline(&line, &size, f) > 0) {
		ck_assert(split_row(&row, line));
		if (policy_of(&row) == OVERLAP_COUNT || !is_decidable(&row))
			continue;
		check_row(&row, policy_of(&row));
		rows++;
	}
	free(line);
	(void)fclose(f);
	ck_assert_uint_gt(rows, 0);
	(void)printf("# %zu rows of overlap policies\n", rows);
}
END_TEST

/* Bytes of one value. */
static void add_run(
    struct reasm *r, uint64_t from, uint64_t to, uint8_t value, const struct reasm_out *out)
{
	uint8_t bytes[256];
	struct reasm_input in = { .seq = from, .bytes = bytes, .n = to - from, .packet = 1 };

	memset(bytes, value, sizeof(bytes));
	reasm_add(r, &in, out);
}

/* Solaris: a segment that reached beyond the FIN keeps its bytes, however often shorter ones cover all that waits. */
START_TEST(test_beyond_fin)
{
	static struct result got;
	struct reasm_options o = { .policy = OVERLAP_SOLARIS, .max_bytes = RESULT_MAX };
	struct reasm_out out = { .data = take_bytes, .ctx = &got };
	struct reasm *r = reasm_new(&o, 1000);

	got.n = 0;
	add_run(r, 1100, 1200, 'a', &out);
	reasm_fin(r, 1150);
	add_run(r, 1090, 1150, 'b', &out);
	add_run(r, 1080, 1150, 'c', &out);
	add_run(r, 1000, 1080, 'd', &out);
	reasm_free(r);
	ck_assert_uint_eq(got.n, 150);
	ck_assert(got.bytes[79] == 'd' && got.bytes[80] == 'c' && got.bytes[99] == 'c');
	ck_assert(got.bytes[100] == 'a' && got.bytes[149] == 'a');
}
END_TEST

/* --- the reference --- */

/* xorshift64: the same scripts everywhere. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

START_TEST(test_duel)
{
	struct buf difference = BUF_INIT;
	uint8_t script[SCRIPT_BYTES];

	for (uint64_t seed = 1; seed <= SCRIPTS; seed++) {
		uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i;

		for (size_t i = 0; i < sizeof(script); i++)
			script[i] = (uint8_t)(next_random(&state) >> 24);
		script[0] = (uint8_t)_i;
		ck_assert_msg(reasm_duel(script, sizeof(script), &difference) == 0,
		    "policy %s, seed %" PRIu64 ": %s", overlap_policy_word((enum overlap_policy)_i),
		    seed, difference.data);
	}
}
END_TEST

/* --- what waits is bounded, however small or repeated the pieces are --- */

enum {
	MANY = 20000,
};

static void wait_for(struct reasm *r, uint64_t seq)
{
	uint8_t byte = 'x';
	struct reasm_input in = { .seq = seq, .bytes = &byte, .n = 1, .packet = 1 };

	reasm_add(r, &in, NULL);
}

START_TEST(test_small_pieces)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	struct reasm *r = reasm_new(&o, 1000);

	for (unsigned i = 1; i <= MANY; i++)
		wait_for(r, 1000 + 2 * i);
	ck_assert_uint_lt(r->nwaiting, MANY / 2);
	ck_assert_uint_lt(r->nextents, MANY / 2);
	ck_assert_uint_gt(r->facts.dropped, 0);
	reasm_end(r, 0, false, NULL);
	ck_assert_uint_eq(r->facts.delivered, MANY);
	reasm_free(r);
}
END_TEST

START_TEST(test_repeated_pieces)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	struct reasm *r = reasm_new(&o, 1000);

	for (unsigned i = 0; i < MANY; i++)
		wait_for(r, 2000 + 2 * (i % 2));
	ck_assert_uint_eq(r->nwaiting, 2);
	ck_assert_uint_eq(r->nextents, 2);
	ck_assert_uint_eq(r->facts.dropped, 0);
	reasm_free(r);
}
END_TEST

/* --- what is kept when both ends have closed --- */

enum {
	STREAM = 15000,
	SEGMENT = 1000,
};

static void send_range(struct reasm *r, const uint8_t *bytes, size_t from, size_t to)
{
	for (size_t at = from; at < to; at += SEGMENT) {
		struct reasm_input in = {
			.seq = 1000 + at, .bytes = bytes + at, .n = SEGMENT, .packet = 1
		};

		reasm_add(r, &in, NULL);
	}
}

/* Bytes [from, to) again, the last but `wrong` of them changed; 0 = none.  How many conflicts there are then. */
static uint32_t repeat(struct reasm *r, const uint8_t *bytes, size_t from, size_t to, size_t wrong)
{
	uint8_t copy[STREAM];
	struct reasm_input in = { .seq = 1000 + from, .bytes = copy, .n = to - from, .packet = 2 };

	memcpy(copy, bytes + from, to - from);
	if (wrong)
		copy[to - from - wrong] ^= 1;
	reasm_add(r, &in, NULL);
	return r->facts.conflicts;
}

START_TEST(test_settle)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX, .digest = true };
	struct reasm *settled = reasm_new(&o, 1000), *plain = reasm_new(&o, 1000);
	uint8_t bytes[STREAM];
	uint64_t state = 1;

	for (size_t i = 0; i < STREAM; i++)
		bytes[i] = (uint8_t)(next_random(&state) >> 24);
	send_range(plain, bytes, 0, STREAM);
	send_range(settled, bytes, 0, 10000);
	reasm_ack(settled, 1000 + 9000, 0, NULL);
	reasm_settle(settled); /* the last 1000 bytes are not counted: all stays */
	ck_assert_uint_gt(settled->window_size, REASM_WINDOW_MIN);
	reasm_ack(settled, 1000 + 10000, 0, NULL);
	reasm_settle(settled);
	ck_assert_uint_eq(settled->window_size, REASM_WINDOW_MIN);
	ck_assert_uint_eq(repeat(settled, bytes, 10000 - REASM_WINDOW_MIN, 10000, 0), 0);
	ck_assert_uint_eq(repeat(settled, bytes, 0, 10000, 0), 0);
	send_range(settled, bytes, 10000, STREAM);
	reasm_end(settled, 0, false, NULL);
	reasm_end(plain, 0, false, NULL);
	ck_assert_uint_eq(settled->facts.bytes, STREAM);
	ck_assert_mem_eq(settled->facts.sha256, plain->facts.sha256, sizeof(plain->facts.sha256));
	reasm_free(settled);
	reasm_free(plain);
}
END_TEST

/* One byte of the last REASM_WINDOW_MIN, changed: the first of them and the last. */
START_TEST(test_settle_conflict)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	struct reasm *r = reasm_new(&o, 1000);
	uint8_t bytes[STREAM] = { 0 };

	send_range(r, bytes, 0, 10000);
	reasm_ack(r, 1000 + 10000, 0, NULL);
	reasm_settle(r);
	ck_assert_uint_eq(repeat(r, bytes, 5000, 10000, REASM_WINDOW_MIN + 1), 0);
	ck_assert_uint_eq(repeat(r, bytes, 5000, 10000, REASM_WINDOW_MIN), 1);
	ck_assert_uint_eq(repeat(r, bytes, 5000, 10000, 1), 2);
	reasm_free(r);
}
END_TEST

/* What was read up to its FIN leaves little, which notices the same when it is a stream again. */
START_TEST(test_squeeze)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	uint8_t bytes[STREAM];
	struct reasm_rest rest;
	uint64_t state = 3;

	for (size_t i = 0; i < STREAM; i++)
		bytes[i] = (uint8_t)(next_random(&state) >> 24);
	for (size_t n = 1; n <= 10000; n += n < 100 ? 1 : 3300) {
		struct reasm *r = reasm_new(&o, 1000);
		uint32_t differ = n > 1; /* (a single octet is a keepalive's) */
		size_t left = n < REASM_WINDOW_LEFT ? n : REASM_WINDOW_LEFT;
		struct stream_facts facts;

		reasm_add(r, &(struct reasm_input){ 1000, bytes, n, 1, 0 }, NULL);
		ck_assert(!reasm_is_done(r));
		reasm_fin(r, 1000 + n);
		reasm_ack(r, 1000 + n, 0, NULL);
		reasm_settle(r);
		ck_assert(reasm_is_done(r));
		facts = r->facts;
		reasm_squeeze(r, &rest);
		ck_assert_uint_eq(rest.used, left);
		r = reasm_revive(&rest, &facts);
		ck_assert(reasm_is_done(r));
		ck_assert_uint_eq(repeat(r, bytes, 0, n, n > left ? left + 1 : 0), 0);
		ck_assert_uint_eq(repeat(r, bytes, 0, n, left), differ);
		ck_assert_uint_eq(repeat(r, bytes, 0, n, 1), 2 * differ);
		reasm_add(r, &(struct reasm_input){ 1000 + n, bytes, 9, 1, 0 }, NULL);
		reasm_end(r, 0, false, NULL);
		ck_assert_uint_eq(r->facts.bytes, n);
		reasm_free(r);
	}
}
END_TEST

/* A keepalive of one octet began a stream that never had a byte. */
START_TEST(test_squeeze_empty)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	struct reasm *r = reasm_new(&o, 1000);
	struct stream_facts facts;
	struct reasm_rest rest;

	reasm_add(r, &(struct reasm_input){ 999, (const uint8_t *)"x", 1, 1, 0 }, NULL);
	reasm_fin(r, 1000);
	reasm_ack(r, 1000, 0, NULL);
	reasm_settle(r);
	ck_assert(reasm_is_done(r));
	facts = r->facts;
	reasm_squeeze(r, &rest);
	ck_assert_uint_eq(rest.used, 0);
	r = reasm_revive(&rest, &facts);
	reasm_end(r, 0, false, NULL);
	ck_assert_uint_eq(r->facts.bytes, 0);
	reasm_free(r);
}
END_TEST

/* Windows ahead of need are for few: the others hold what they must, and all notice the same. */
START_TEST(test_large_windows)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX, .large_max = 2 };
	struct reasm *r[4];
	uint8_t bytes[STREAM] = { 0 };

	for (unsigned i = 0; i < REASM_WINDOW_POOLS; i++)
		o.windows[i] = pool_new((size_t)REASM_WINDOW_FIRST << i, 0, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(r); i++) {
		r[i] = reasm_new(&o, 1000);
		send_range(r[i], bytes, 0, 3000);
		ck_assert_uint_eq(r[i]->window_size, i < o.large_max ? REASM_WINDOW_LARGE : 4096);
		reasm_ack(r[i], 1000 + 3000, 0, NULL);
		send_range(r[i], bytes, 3000, 4000);
		ck_assert_uint_eq(repeat(r[i], bytes, 0, 4000, 3001), 0);
		ck_assert_uint_eq(repeat(r[i], bytes, 0, 4000, 3000), 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(r); i++)
		reasm_free(r[i]);
	for (unsigned i = 0; i < REASM_WINDOW_POOLS; i++)
		pool_free(o.windows[i]);
}
END_TEST

/* Behind a gap nothing is counted, but what was acknowledged need not be kept. */
START_TEST(test_window_behind_gap)
{
	struct reasm_options o = { .max_bytes = RESULT_MAX };
	struct reasm *r = reasm_new(&o, 1000);
	uint8_t bytes[STREAM] = { 0 };

	send_range(r, bytes, 0, 1000);
	send_range(r, bytes, 2000, 3000);
	reasm_ack(r, 1000 + 3000, 2 * NS_PER_SEC, NULL);
	reasm_ack(r, 1000 + 3000, 4 * NS_PER_SEC, NULL);
	ck_assert_uint_eq(r->facts.gaps, 1);
	for (size_t at = 3000; at < STREAM; at += SEGMENT) {
		send_range(r, bytes, at, at + SEGMENT);
		reasm_ack(r, 1000 + at + SEGMENT, 4 * NS_PER_SEC, NULL);
	}
	ck_assert_uint_eq(r->window_size, REASM_WINDOW_MIN);
	reasm_free(r);
}
END_TEST

static Suite *reasm_suite(void)
{
	Suite *s = suite_create("reasm");
	TCase *t = tcase_create("streams");

	tcase_add_test(t, test_policies);
	tcase_add_test(t, test_beyond_fin);
	tcase_add_loop_test(t, test_duel, 0, OVERLAP_COUNT);
	tcase_add_test(t, test_small_pieces);
	tcase_add_test(t, test_repeated_pieces);
	tcase_add_test(t, test_settle);
	tcase_add_test(t, test_settle_conflict);
	tcase_add_test(t, test_squeeze);
	tcase_add_test(t, test_squeeze_empty);
	tcase_add_test(t, test_large_windows);
	tcase_add_test(t, test_window_behind_gap);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(reasm_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
