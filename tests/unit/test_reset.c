/* SPDX-License-Identifier: MIT */
/*
 * test_reset - ranking the causes of a reset, and the sentences of evidence and verdicts.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/record.h"

#define SEEN(e) (UINT64_C(1) << EVIDENCE_##e)

static struct reset_record ranked(uint64_t evidence)
{
	struct reset_record r = { .evidence = evidence, .by = SIDE_SERVER };

	reset_rank(&r);
	return r;
}

static int sum(const struct reset_record *r, unsigned cause)
{
	int points = 0;

	for (unsigned e = 0; e < EVIDENCE_COUNT; e++)
		if (r->evidence & UINT64_C(1) << e)
			points += reset_weight((enum reset_evidence)e, (enum reset_cause)cause);
	return points;
}

/* Whatever is seen: at least one guess, at most three, each once, best first, none above its ceiling. */
START_TEST(test_any)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		struct reset_record r;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		r = ranked(
		    seed >> 3 & (seed << 7 | seed >> 40) & ((UINT64_C(1) << EVIDENCE_COUNT) - 1));
		ck_assert_uint_ge(r.nguesses, 1);
		ck_assert_uint_le(r.nguesses, RESET_GUESSES);
		for (unsigned k = 0; k < r.nguesses; k++) {
			enum reset_cause c = (enum reset_cause)r.guesses[k].cause;

			ck_assert_int_le(r.guesses[k].confidence, reset_cause_ceiling(c));
			for (unsigned j = 0; j < k; j++) {
				ck_assert_int_ne(r.guesses[j].cause, c);
				ck_assert_int_ge(sum(&r, r.guesses[j].cause), sum(&r, c));
			}
		}
	}
}
END_TEST

START_TEST(test_nothing)
{
	struct reset_record r = ranked(0);

	ck_assert_uint_eq(r.nguesses, 1);
	ck_assert_uint_eq(r.guesses[0].cause, CAUSE_UNKNOWN);
	ck_assert_uint_eq(r.guesses[0].confidence, CONFIDENCE_POSSIBLE);
	ck_assert_uint_eq(reset_evidence_next(&r, EVIDENCE_COUNT), EVIDENCE_COUNT);
}
END_TEST

static const struct {
	uint64_t evidence;
	uint8_t cause, confidence;
	uint8_t second; /* CAUSE_COUNT = there is none */
} cases[] = {
	/* the shapes of Linux, as measured */
	{ SEEN(ANSWERS_SYN), CAUSE_CLOSED_PORT, CONFIDENCE_LIKELY, CAUSE_FIREWALL_REJECT },
	{ SEEN(OWN_NUMBERS) | SEEN(WINDOW) | SEEN(HAS_TIMESTAMPS) | SEEN(NEVER_ANSWERED),
	    CAUSE_UNREAD_DATA_ON_CLOSE, CONFIDENCE_LIKELY, CAUSE_LINGER_ABORT },
	{ SEEN(OWN_NUMBERS) | SEEN(WINDOW) | SEEN(HAS_TIMESTAMPS) | SEEN(OWN_DATA_LAST),
	    CAUSE_LINGER_ABORT, CONFIDENCE_LIKELY, CAUSE_UNREAD_DATA_ON_CLOSE },
	{ SEEN(ECHO) | SEEN(NO_WINDOW) | SEEN(LACKS_TIMESTAMPS) | SEEN(LATE_DATA),
	    CAUSE_DATA_AFTER_CLOSE, CONFIDENCE_LIKELY, CAUSE_NO_CONNECTION },
	{ SEEN(ECHO) | SEEN(NO_WINDOW) | SEEN(LACKS_TIMESTAMPS) | SEEN(NEVER_ENDED),
	    CAUSE_HALF_OPEN, CONFIDENCE_LIKELY, CAUSE_FIREWALL_REJECT },
	{ SEEN(ECHO) | SEEN(NO_WINDOW) | SEEN(AFTER_OWN_RESET), CAUSE_NO_CONNECTION,
	    CONFIDENCE_CERTAIN, CAUSE_FIREWALL_REJECT },
	/* a live socket of another stack: window 0, or no timestamps */
	{ SEEN(OWN_NUMBERS) | SEEN(NO_WINDOW) | SEEN(LACKS_TIMESTAMPS) | SEEN(NEVER_ANSWERED),
	    CAUSE_UNREAD_DATA_ON_CLOSE, CONFIDENCE_LIKELY, CAUSE_LINGER_ABORT },
	{ SEEN(OWN_NUMBERS) | SEEN(WINDOW) | SEEN(LACKS_TIMESTAMPS) | SEEN(OWN_DATA_LAST),
	    CAUSE_LINGER_ABORT, CONFIDENCE_LIKELY, CAUSE_UNREAD_DATA_ON_CLOSE },
	/* somebody else */
	{ SEEN(ECHO) | SEEN(NO_WINDOW) | SEEN(NEVER_ENDED) | SEEN(SENDER_WENT_ON) |
	        SEEN(TTL_FOREIGN),
	    CAUSE_FIREWALL_REJECT, CONFIDENCE_LIKELY, CAUSE_FORGED },
	{ SEEN(WINDOW) | SEEN(NEITHER_SHAPE) | SEEN(UNPROMPTED) | SEEN(TTL_FOREIGN) |
	        SEEN(LACKS_TIMESTAMPS),
	    CAUSE_FORGED, CONFIDENCE_LIKELY, CAUSE_COUNT },
};

START_TEST(test_known)
{
	struct reset_record r = ranked(cases[_i].evidence);

	ck_assert_str_eq(reset_cause_word((enum reset_cause)r.guesses[0].cause),
	    reset_cause_word((enum reset_cause)cases[_i].cause));
	ck_assert_uint_eq(r.guesses[0].confidence, cases[_i].confidence);
	if (cases[_i].second == CAUSE_COUNT) {
		ck_assert_uint_eq(r.nguesses, 1);
		return;
	}
	ck_assert_uint_ge(r.nguesses, 2);
	ck_assert_str_eq(reset_cause_word((enum reset_cause)r.guesses[1].cause),
	    reset_cause_word((enum reset_cause)cases[_i].second));
}
END_TEST

/* No row without use: each cause can come first, each piece of evidence counts for something. */
START_TEST(test_rows)
{
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		bool can_be_first = false;

		for (unsigned e = 0; e < EVIDENCE_COUNT; e++)
			can_be_first |= ranked(UINT64_C(1) << e).guesses[0].cause == c;
		ck_assert_msg(can_be_first || c == CAUSE_FORGED || c == CAUSE_FIREWALL_REJECT,
		    "nothing points to %s", reset_cause_word((enum reset_cause)c));
	}
	for (unsigned e = 0; e < EVIDENCE_COUNT; e++) {
		bool counts = false;

		for (unsigned c = 0; c < CAUSE_COUNT; c++)
			counts |= reset_weight((enum reset_evidence)e, (enum reset_cause)c) != 0;
		ck_assert_msg(counts, "evidence %u is for nothing", e);
	}
}
END_TEST

START_TEST(test_texts)
{
	struct reset_record r = { .by = SIDE_SERVER, .bytes = 1, .count = 3 };
	struct conn_record c = { .id = 1 };
	struct buf text = BUF_INIT;

	for (unsigned e = 0; e < EVIDENCE_COUNT; e++) {
		buf_reset(&text);
		reset_evidence_text(&text, &r, (enum reset_evidence)e);
		ck_assert_msg(strpbrk(text.data, "{}|") == NULL, "%s", text.data);
	}
	for (unsigned k = 0; k < VERDICT_COUNT; k++) {
		buf_reset(&text);
		c.verdict = (struct verdict){ .kind = (uint8_t)k, .by = SIDE_CLIENT };
		verdict_sentence(&text, &c);
		ck_assert_msg(strpbrk(text.data, "{}|") == NULL, "%s", text.data);
		ck_assert_msg(text.data[text.len - 1] == '.', "%s", text.data);
		ck_assert_uint_lt(verdict_party(&c.verdict), PARTY_COUNT);
	}
	buf_release(&text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reset");
	TCase *tc = tcase_create("reset");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, test_any);
	tcase_add_test(tc, test_nothing);
	tcase_add_loop_test(tc, test_known, 0, ARRAY_LEN(cases));
	tcase_add_test(tc, test_rows);
	tcase_add_test(tc, test_texts);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
