/* SPDX-License-Identifier: MIT */
/*
 * test_explain - the texts of explain.def: each can be filled in, is short enough to be read, and is used.
 */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "report/explain.h"

enum {
	WORDS_MAX = 45, /* of one text: a learner reads it in a quarter of a minute */
};

static unsigned words_of(const char *text)
{
	unsigned n = 1;

	for (; *text; text++)
		n += *text == ' ';
	return n;
}

static void check_text(const char *text)
{
	size_t n = strlen(text);

	ck_assert_uint_gt(n, 0);
	ck_assert_uint_le(words_of(text), WORDS_MAX);
	ck_assert_msg(strchr(".?!", text[n - 1]) != NULL, "no sentence: %s", text);
	ck_assert_msg(!strchr(text, '{') && !strchr(text, '}'), "not filled in: %s", text);
	ck_assert_msg(!strstr(text, "  "), "two blanks: %s", text);
}

/* One row with a value for everything. */
static struct session *session_of_one_row(void)
{
	static const struct state_entry states[2];
	struct conn_record r = { .id = 1 };
	struct session *s;

	r.sides[0].states = r.sides[1].states = states;
	s = session_new(&r);
	s->rows = calloc(1, sizeof(*s->rows));
	ck_assert_ptr_nonnull(s->rows);
	s->nrows = s->cap_rows = 1;
	s->rows[0] = (struct session_row){ .packet = 1,
		.flags = TCP_ACK,
		.ip_version = 4,
		.icmp_type = 3,
		.len = 20,
		.nsack = 1,
		.sack_left = 5,
		.sack_right = 9 };
	return s;
}

START_TEST(test_says)
{
	struct session *s = session_of_one_row();
	struct explain_past past;
	struct explain_row r;
	struct buf text = BUF_INIT;

	explain_past_init(&past, s);
	explain_row_init(&r, &past, s, 0);
	explain_fill(&text, explain_says((enum says)_i)->text, &r);
	check_text(text.data);
	ck_assert_uint_gt(strlen(explain_says((enum says)_i)->name), 0);
	buf_release(&text);
	session_free(s);
}
END_TEST

/* Numbers count from the first packet captured: an older ACK is below 0, not far above. */
START_TEST(test_ack_below_fin)
{
	struct session *s = session_of_one_row();
	struct explain_past past;
	struct explain_row r;

	explain_past_init(&past, s);
	past.fin[SIDE_SERVER] = true;
	s->rows[0].step.rel_ack = (uint64_t)-1000;
	explain_row_init(&r, &past, s, 0);
	ck_assert(!past.fin_acked[SIDE_SERVER]);
	s->rows[0].step.rel_ack = 1;
	explain_row_init(&r, &past, s, 0);
	ck_assert(past.fin_acked[SIDE_SERVER]);
	session_free(s);
}
END_TEST

START_TEST(test_concept)
{
	const struct concept_row *row = explain_concept((enum concept)_i);

	check_text(row->text);
	ck_assert_uint_gt(strlen(row->title), 0);
	ck_assert_msg(strspn(row->rfc, "0123456789., ") == strlen(row->rfc), "%s", row->rfc);
}
END_TEST

START_TEST(test_meaning)
{
	ck_assert_ptr_nonnull(explain_meaning((enum tcp_state)_i));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("explain");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, test_says, 0, SAYS_COUNT);
	tcase_add_test(t, test_ack_below_fin);
	tcase_add_loop_test(t, test_concept, 0, CONCEPT_COUNT);
	tcase_add_loop_test(t, test_meaning, 0, TCPS_COUNT);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
