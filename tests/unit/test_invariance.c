/* SPDX-License-Identifier: MIT */
/*
 * test_invariance - what must not change an answer, told over all stories.
 *
 * Checks: exchanged addresses, other initial sequence numbers, batch size, order of shards, hash key and
 *         replay give the same records; a worse capture of a story never makes a proved state false.
 */
#include "config.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/record_check.h"
#include "lib/story_set.h"

static const struct story_options plain = { .no_replay = true };

/* ---- running ---- */

static struct story *load(const char *path)
{
	struct err e = { "" };
	struct story *st = story_load(path, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	return st;
}

static struct story_result *run(const struct story *st, const struct story_options *o)
{
	struct err e = { "" };
	struct story_result *r = story_run(st, o, &e);

	ck_assert_msg(r != NULL, "%s: %s", st->name, e.text);
	return r;
}

static void check_records(const struct story *st, const struct story_result *r, const char *what)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < r->nconns; i++)
		(void)record_check(&r->conns[i].record, &out);
	ck_assert_msg(out.len == 0, "%s, %s:\n%s", st->name, what, out.data);
	buf_release(&out);
}

static void dump_by_end(struct buf *b, const struct story *st)
{
	struct story_result *r = run(st, &plain);

	for (size_t i = 0; i < r->nconns; i++)
		story_dump_by_end(b, st, &r->conns[i].record);
	check_records(st, r, "as changed");
	story_result_free(r);
}

/* About the capture as a whole. */
static void dump_run(struct buf *b, const struct story_result *r)
{
	for (size_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		buf_addf(b, "%s ", finding_info((enum finding_id)f->id)->name);
		endpoint_text(b, &f->subject);
		buf_addf(b, " confidence %u count %u a %" PRIu64 " b %" PRIu64, f->confidence,
		    f->count, f->a, f->b);
		for (unsigned k = 0; k < f->npackets; k++)
			buf_addf(b, " %" PRIu64, f->packets[k]);
		buf_addch(b, '\n');
	}
}

static void dump_records(struct buf *b, const struct story *st, const struct story_options *o)
{
	struct story_result *r = run(st, o);

	for (size_t i = 0; i < r->nconns; i++)
		story_dump_record(b, &r->conns[i].record);
	dump_run(b, r);
	story_result_free(r);
}

static void check_same(
    const struct story *st, const char *what, const struct buf *a, const struct buf *b)
{
	ck_assert_msg(strcmp(a->data, b->data) == 0, "%s: %s\n--- as written\n%s--- then\n%s",
	    st->name, what, a->data, b->data);
}

/* ---- exchanged ends, other numbers ---- */

static void compare_changed(const struct story *st, const struct story *changed, const char *what)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	dump_by_end(&a, st);
	dump_by_end(&b, changed);
	check_same(st, what, &a, &b);
	buf_release(&a);
	buf_release(&b);
}

/* (With exchanged ends a crowd of clients is a crowd of servers: another story.) */
static void check_mirror(const struct story *st)
{
	struct story *m;

	if (st->is_crowd)
		return;
	m = story_copy(st);
	story_mirror(m);
	compare_changed(st, m, "with exchanged addresses");
	story_free(m);
}

/* Past the sign bit, into the wrap at every number the stories use, and just anywhere. */
static const uint32_t shifts[] = { 1, 0x7fffff00, 0x80000000, 0xffffff38, 0xfffffed4, 0xdeadbeef };

static void check_shift(const struct story *st)
{
	for (size_t i = 0; i < ARRAY_LEN(shifts) && !st->is_crowd; i++) {
		for (unsigned end = 0; end < 2; end++) {
			struct story *m = story_copy(st);

			story_shift(m, end, shifts[i]);
			compare_changed(st, m, "with another ISN");
			story_free(m);
		}
	}
}

/* ---- the same capture, processed differently ---- */

static const struct {
	const char *what;
	struct story_options o;
} ways[] = {
	{ "batches of 1", { .batch_packets = 1, .no_replay = true } },
	{ "batches of 2", { .batch_packets = 2, .no_replay = true } },
	{ "batches of 7", { .batch_packets = 7, .no_replay = true } },
	{ "shards in reverse", { .reverse_shards = true, .no_replay = true } },
	{ "all packed when over", { .pack_all = true, .no_replay = true } },
	{ "another key", { .hash_key = UINT64_C(0x0123456789abcdef), .no_replay = true } },
	{ "all of it", { .batch_packets = 3,
	                   .hash_key = UINT64_MAX,
	                   .reverse_shards = true,
	                   .pack_all = true,
	                   .no_replay = true } },
};

static void check_ways(const struct story *st)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	dump_records(&a, st, &plain);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		buf_reset(&b);
		dump_records(&b, st, &ways[i].o);
		check_same(st, ways[i].what, &a, &b);
	}
	buf_release(&a);
	buf_release(&b);
}

/* The replay sees the segments of one connection and knows neither the next one nor the clock. */
static bool ended_from_outside(const struct conn_record *r)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct side_record *s = &r->sides[side];
		const struct state_entry *last = &s->states[s->nstates - 1];
		const char *name = "";

		if (last->rule != FSM_RULE_NONE)
			name = fsm_stimulus_name(fsm_rule_at(last->rule)->stimulus);
		if (strcmp(name, "REUSED") == 0 || strcmp(name, "TIMEOUT") == 0)
			return true;
	}
	return false;
}

/* Nor does it know the connection before on the same ports. */
static bool began_from_another(const struct conn_record *r)
{
	static const uint16_t told[] = { FINDING_TUPLE_REUSED, FINDING_SYN_ISN_CHANGED,
		FINDING_HALF_OPEN_RECOVERED };

	for (uint32_t i = 0; i < r->nfindings; i++)
		for (size_t k = 0; k < ARRAY_LEN(told); k++)
			if (r->findings[i].id == told[k])
				return true;
	return false;
}

static bool is_reuse(const struct story_result *r, size_t i)
{
	return began_from_another(&r->conns[i].record) ||
	       (i + 1 < r->nconns && began_from_another(&r->conns[i + 1].record));
}

static void check_replay(const struct story *st)
{
	static const struct story_options with_replay;
	struct story_result *r;

	/* What other connections tell, of the capture or of a crowd, a replay of one cannot know. */
	if (strstr(st->name, "/hosts-") || st->is_crowd)
		return;
	r = run(st, &with_replay);
	for (size_t i = 0; i < r->nconns; i++) {
		struct buf a = BUF_INIT, b = BUF_INIT;

		story_dump_record(&a, &r->conns[i].record);
		story_dump_record(&b, &r->conns[i].replayed);
		if (!ended_from_outside(&r->conns[i].record) && !is_reuse(r, i))
			check_same(st, "replayed", &a, &b);
		buf_release(&a);
		buf_release(&b);
	}
	story_result_free(r);
}

/* ---- worse captures ---- */

/* All states of one end over all connections, in order of the connections. */
struct history {
	struct state_entry entries[64];
	size_t n;
};

static void gather(
    struct history *h, const struct story *st, const struct story_result *r, unsigned end)
{
	h->n = 0;
	for (size_t c = 0; c < r->nconns; c++) {
		const struct conn_record *rec = &r->conns[c].record;
		const int side = story_side_of(st, 0, end, rec);

		for (uint32_t i = 0; side >= 0 && i < rec->sides[side].nstates; i++) {
			if (h->n < ARRAY_LEN(h->entries))
				h->entries[h->n++] = rec->sides[side].states[i];
		}
	}
}

static void add_history(struct buf *b, const struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		buf_addf(b, " %s%s", tcp_state_name((enum tcp_state)h->entries[i].state),
		    h->entries[i].certainty == PROVED ? "" : "?");
}

/* Where a history began is not something it claims; UNKNOWN claims nothing. */
static bool is_claim(const struct state_entry *n)
{
	return n->certainty == PROVED && n->rule != FSM_RULE_NONE && n->state != TCPS_UNKNOWN;
}

/* Is what the worse capture proves a subsequence of what happened? */
static bool is_true(const struct history *truth, const struct history *said)
{
	size_t t = 0;

	for (size_t i = 0; i < said->n; i++) {
		if (!is_claim(&said->entries[i]))
			continue;
		while (t < truth->n && truth->entries[t].state != said->entries[i].state)
			t++;
		if (t++ == truth->n)
			return false;
	}
	return true;
}

/* What a worse capture shows is exactly what another life would have shown.  what: a number = whatever spoils that packet. */
static const struct {
	const char *story, *what;
} undecidable[] = {
	/* the network lost the first FIN, the tap the second: FIN and ACK seem to have come in order */
	{ "close-simultaneous-fin-repeated.pkt", "without packets 2 9 2" },
	/* the tap missed what tells whether the first FIN came before the ACK */
	{ "close-simultaneous-ack-lost.pkt", "without packets 7 8 7" },
	/* the ACK without SYN that opens a split handshake looks like one of an open connection */
	{ "split-handshake.pkt", "without packet 1" },
	{ "split-handshake.pkt", "20 bytes of packet 1" },
	{ "split-handshake.pkt", "44 bytes of packet 1" },
	{ "split-handshake.pkt", "without packets 2 1 4" },
	/* without the SYN, the SYN-ACK that was reset is a connection of its own */
	{ "synack-wrong-ack.pkt", "without packet 1" },
	{ "synack-wrong-ack.pkt", "20 bytes of packet 1" },
	{ "synack-wrong-ack.pkt", "44 bytes of packet 1" },
	{ "synack-wrong-ack.pkt", "without packets 7 3 1" },
	{ "synack-wrong-ack.pkt", "without packets 4 1 8" },
	/* without the RST the acknowledgment of the FIN was taken in silence */
	{ "reset-answers-ack-of-fin.pkt", "6" },
	/* without the FIN the RST has the next number */
	{ "rst-at-fin-number-time-wait.pkt", "5" },
	/* without that ACK what it acknowledges may have been lost behind the tap */
	{ "rst-at-old-sack-edge.pkt", "9" },
	/* without what the client acknowledged, or sent, last the RST has the number that comes next */
	{ "reset-behind-fin-late.pkt", "5" },
	{ "reset-behind-fin-late.pkt", "8" },
	{ "reset-behind-fin-reordered.pkt", "5" },
	/* without the data, which the story sends again too soon, the FIN was first; without the FIN that is new data */
	{ "fin-before-its-data-at-tap.pkt", "7" },
	{ "fin-before-its-data-at-tap.pkt", "4" },
	/* without that ACK it is a simultaneous open */
	{ "split-handshake.pkt", "without packet 2" },
	{ "split-handshake.pkt", "20 bytes of packet 2" },
	{ "split-handshake.pkt", "44 bytes of packet 2" },
};

/* "20 bytes of packet 6" and "without packets 3 6 1" do spoil packet "6". */
static bool spoils(const char *what, const char *packet)
{
	const char *list = strstr(what, " packet");
	size_t n = strlen(packet);

	for (const char *p = list; p && (p = strstr(p, packet)); p += n)
		if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static bool is_undecidable(const struct story *st, const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(undecidable); i++) {
		if (strstr(st->name, undecidable[i].story) &&
		    (strcmp(undecidable[i].what, what) == 0 || spoils(what, undecidable[i].what)))
			return true;
	}
	return false;
}

static void check_truth(const struct story *st, const struct story_result *full,
    const struct story *worse, const char *what)
{
	struct story_result *r = run(worse, &plain);

	check_records(worse, r, what);
	for (unsigned end = 0; end < 2; end++) {
		struct history truth, said;
		struct buf b = BUF_INIT;

		gather(&truth, st, full, end);
		gather(&said, worse, r, end);
		buf_addf(&b, "%s, %s: end %c said", st->name, what, st->flows[0].ends[end].letter);
		add_history(&b, &said);
		buf_addstr(&b, ", happened");
		add_history(&b, &truth);
		ck_assert_msg(is_true(&truth, &said) || is_undecidable(st, what), "%s", b.data);
		buf_release(&b);
	}
	story_result_free(r);
}

/*
 * Stories that can be their own truth: one connection, of which the tap missed nothing, and no forged
 * segments (they have another TTL): a forgery whose proof is lost cannot be told from the real thing.
 */
static bool is_whole(const struct story *st, const struct story_result *r)
{
	for (size_t i = 0; i < st->npackets; i++) {
		if (st->packets[i].missed ||
		    (st->packets[i].ttl != 64 && st->packets[i].kind == STORY_TCP))
			return false;
	}
	return r->nconns == 1 && st->nflows == 1;
}

enum mutation {
	MUTATION_DROP,
	MUTATION_DUPLICATE,
	MUTATION_CUT_ALL, /* nothing of TCP is left */
	MUTATION_CUT_HEADER,
	MUTATION_CUT_OPTIONS,
	MUTATION_COUNT
};

static const char *const mutation_names[MUTATION_COUNT] = {
	"without packet",
	"twice packet",
	"20 bytes of packet",
	"44 bytes of packet",
	"57 bytes of packet",
};

static void mutate(struct story *st, enum mutation m, size_t i)
{
	switch (m) {
	case MUTATION_DROP:
		story_drop(st, i);
		break;
	case MUTATION_DUPLICATE:
		story_duplicate(st, i);
		break;
	case MUTATION_CUT_ALL:
		story_cut(st, i, 20);
		break;
	case MUTATION_CUT_HEADER:
		story_cut(st, i, 44);
		break;
	case MUTATION_CUT_OPTIONS:
		story_cut(st, i, 57);
		break;
	case MUTATION_COUNT:
		break;
	}
}

static void check_mutation(const struct story *st, enum mutation m)
{
	struct story_result *full = run(st, &plain);

	for (size_t i = 0; is_whole(st, full) && i < st->npackets; i++) {
		struct story *worse = story_copy(st);
		struct buf what = BUF_INIT;

		mutate(worse, m, i);
		buf_addf(&what, "%s %zu", mutation_names[m], i + 1);
		check_truth(st, full, worse, what.data);
		buf_release(&what);
		story_free(worse);
	}
	story_result_free(full);
}

/* xorshift64: the same losses in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void check_many_losses(const struct story *st)
{
	struct story_result *full = run(st, &plain);

	for (uint64_t k = 1; is_whole(st, full) && k <= 12; k++) {
		struct story *worse = story_copy(st);
		uint64_t seed = k * UINT64_C(0x9e3779b97f4a7c15);
		struct buf what = BUF_INIT;

		buf_addf(&what, "without packets");
		for (int n = 0; n < 3; n++) {
			const size_t i = (size_t)(next_random(&seed) % st->npackets);

			story_drop(worse, i);
			buf_addf(&what, " %zu", i + 1);
		}
		check_truth(st, full, worse, what.data);
		buf_release(&what);
		story_free(worse);
	}
	story_result_free(full);
}

/* A tap that reorders can make the past look different, but never impossible. */
static void check_swap(const struct story *st)
{
	for (size_t i = 0; i + 1 < st->npackets; i++) {
		struct story *worse = story_copy(st);
		struct story_result *r;

		story_swap(worse, i);
		r = run(worse, &plain);
		check_records(worse, r, "with two packets exchanged");
		story_result_free(r);
		story_free(worse);
	}
}

/* ---- all stories ---- */

/* One test a story and check: a failure names the story and does not hide the others. */
/* With the address sanitizer all of them take minutes: one in so many. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 4
#else
#define STRIDE 1
#endif

/* All that there are, looked for once: the checks run in one process. */
static struct story_set stories;

static struct story *nth_story(int i)
{
	ck_assert_int_lt(i * STRIDE, (int)stories.count);
	return load(stories.paths[i * STRIDE]);
}

START_TEST(test_mirror)
{
	struct story *st = nth_story(_i);

	check_mirror(st);
	story_free(st);
}
END_TEST

START_TEST(test_shift)
{
	struct story *st = nth_story(_i);

	check_shift(st);
	story_free(st);
}
END_TEST

START_TEST(test_ways)
{
	struct story *st = nth_story(_i);

	check_ways(st);
	story_free(st);
}
END_TEST

START_TEST(test_replay)
{
	struct story *st = nth_story(_i);

	check_replay(st);
	story_free(st);
}
END_TEST

START_TEST(test_swap)
{
	struct story *st = nth_story(_i);

	check_swap(st);
	story_free(st);
}
END_TEST

START_TEST(test_one_mutation)
{
	struct story *st = nth_story(_i / MUTATION_COUNT);

	check_mutation(st, (enum mutation)(_i % MUTATION_COUNT));
	story_free(st);
}
END_TEST

START_TEST(test_many_losses)
{
	struct story *st = nth_story(_i);

	check_many_losses(st);
	story_free(st);
}
END_TEST

static Suite *invariance_suite(int nstories)
{
	Suite *s = suite_create("invariance");
	TCase *same = tcase_create("same"), *worse = tcase_create("worse");

	tcase_add_loop_test(same, test_mirror, 0, nstories);
	tcase_add_loop_test(same, test_shift, 0, nstories);
	tcase_add_loop_test(same, test_ways, 0, nstories);
	tcase_add_loop_test(same, test_replay, 0, nstories);
	tcase_add_loop_test(worse, test_swap, 0, nstories);
	tcase_add_loop_test(worse, test_one_mutation, 0, nstories * (int)MUTATION_COUNT);
	tcase_add_loop_test(worse, test_many_losses, 0, nstories);
	suite_add_tcase(s, same);
	suite_add_tcase(s, worse);
	return s;
}

int main(void)
{
	SRunner *runner;
	int failed;

	story_set_init(&stories);
	story_set_add_all(&stories);
	runner = srunner_create(invariance_suite(((int)stories.count + STRIDE - 1) / STRIDE));
	/* A process for each of 7,600 checks takes six times as long with sanitizers. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	story_set_release(&stories);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
