/* SPDX-License-Identifier: MIT */
/*
 * test_fsm - the whole state table against tests/golden/fsm-matrix.txt: every change of it shows in review.
 *
 * GENERATE=1 in the environment rewrites the file.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tcp/fsm.h"

/* One line a state and stimulus: "FROM STIMULUS -> TO RFC why", or "FROM STIMULUS -". */
static void print_matrix(struct buf *b)
{
	for (unsigned from = 0; from < TCPS_COUNT; from++) {
		for (unsigned s = 0; s < FSM_STIMULUS_COUNT; s++) {
			const uint16_t i =
			    fsm_rule_find((enum tcp_state)from, (enum fsm_stimulus)s);

			buf_addf(b, "%-12s %-12s ", tcp_state_name((enum tcp_state)from),
			    fsm_stimulus_name((uint8_t)s));
			if (i == FSM_RULE_NONE)
				buf_addstr(b, "-\n");
			else
				buf_addf(b, "%-12s %-9s %s\n",
				    tcp_state_name((enum tcp_state)fsm_rule_at(i)->to),
				    fsm_rule_at(i)->rfc, fsm_rule_at(i)->why);
		}
	}
}

static void golden_path(struct buf *path)
{
	const char *top = getenv("top_srcdir");

	buf_addf(path, "%s/tests/golden/fsm-matrix.txt", top ? top : ".");
}

static void read_golden(struct buf *b)
{
	struct buf path = BUF_INIT;
	char chunk[4096];
	FILE *f;
	size_t n;

	golden_path(&path);
	f = fopen(path.data, "r");
	ck_assert_msg(f != NULL, "%s cannot be read", path.data);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, chunk, n);
	(void)fclose(f);
	buf_release(&path);
}

static void write_golden(const struct buf *b)
{
	struct buf path = BUF_INIT;
	FILE *f;

	golden_path(&path);
	f = fopen(path.data, "w");
	ck_assert_msg(f != NULL, "%s cannot be written", path.data);
	ck_assert_uint_eq(fwrite(b->data, 1, b->len, f), b->len);
	ck_assert_int_eq(fclose(f), 0);
	buf_release(&path);
}

START_TEST(test_matrix)
{
	struct buf now = BUF_INIT, golden = BUF_INIT;

	print_matrix(&now);
	if (getenv("GENERATE"))
		write_golden(&now);
	read_golden(&golden);
	ck_assert_str_eq(now.data, golden.data);
	buf_release(&now);
	buf_release(&golden);
}
END_TEST

START_TEST(test_rules_are_found)
{
	for (size_t i = 0; i < fsm_rule_count(); i++) {
		const struct fsm_rule *r = fsm_rule_at(i);

		ck_assert_uint_eq(
		    fsm_rule_find((enum tcp_state)r->from, (enum fsm_stimulus)r->stimulus), i);
		ck_assert(r->rfc[0] != '\0' && r->why[0] != '\0');
	}
}
END_TEST

/* The arrows of RFC 9293, figure 5, that a capture can show. */
static const struct {
	enum tcp_state from;
	enum fsm_stimulus stimulus;
	enum tcp_state to;
} figure5[] = {
	{ TCPS_CLOSED, SND_SYN, TCPS_SYN_SENT },
	{ TCPS_LISTEN, RCV_SYN, TCPS_SYN_RECEIVED },
	{ TCPS_LISTEN, SND_SYN, TCPS_SYN_SENT },
	{ TCPS_SYN_SENT, RCV_SYN, TCPS_SYN_RECEIVED },
	{ TCPS_SYN_SENT, RCV_SYNACK, TCPS_ESTABLISHED },
	{ TCPS_SYN_RECEIVED, RCV_ACKSYN, TCPS_ESTABLISHED },
	{ TCPS_SYN_RECEIVED, SND_FIN, TCPS_FIN_WAIT_1 },
	{ TCPS_ESTABLISHED, SND_FIN, TCPS_FIN_WAIT_1 },
	{ TCPS_ESTABLISHED, RCV_FIN, TCPS_CLOSE_WAIT },
	{ TCPS_FIN_WAIT_1, RCV_ACKFIN, TCPS_FIN_WAIT_2 },
	{ TCPS_FIN_WAIT_1, RCV_FIN, TCPS_CLOSING },
	{ TCPS_FIN_WAIT_2, RCV_FIN, TCPS_TIME_WAIT },
	{ TCPS_CLOSE_WAIT, SND_FIN, TCPS_LAST_ACK },
	{ TCPS_CLOSING, RCV_ACKFIN, TCPS_TIME_WAIT },
	{ TCPS_LAST_ACK, RCV_ACKFIN, TCPS_CLOSED },
	{ TCPS_TIME_WAIT, TIMEOUT, TCPS_CLOSED },
};

START_TEST(test_figure5)
{
	const uint16_t i = fsm_rule_find(figure5[_i].from, figure5[_i].stimulus);

	ck_assert_uint_ne(i, FSM_RULE_NONE);
	ck_assert_uint_eq(fsm_rule_at(i)->to, figure5[_i].to);
	ck_assert_str_ne(fsm_rule_at(i)->rfc, "EXT");
}
END_TEST

static Suite *fsm_suite(void)
{
	Suite *s = suite_create("fsm");
	TCase *t = tcase_create("table");

	tcase_add_test(t, test_matrix);
	tcase_add_test(t, test_rules_are_found);
	tcase_add_loop_test(t, test_figure5, 0, (int)ARRAY_LEN(figure5));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(fsm_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
