/* SPDX-License-Identifier: MIT */
/*
 * test_views - streams, graphs and findings under any keys: nothing breaks, and no byte of a capture reaches the screen
 *              but as text.
 */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stored.h"
#include "tcpshadow/text.h"
#include "tcpshadow/traces.h"
#include "tcpshadow/tui.h"

enum { KEYS = 400 }; /* for each capture */

static const char *const keys[] = { "f", "v", "a", "j", "k", "h", "l", "PgDn", "PgUp", "g", "G",
	"n", "N", "[", "]", "t", "x", "c", "1", "2", "3", "4", "+", "-", "0", "d", "Space", "b",
	"s", "S", "=", "q", "Enter", "^D", "^U", "y", "M", "O", "z", "Z", "A", "T", "|", "Tab" };

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Keys and now and then another size or tier, always the same for the same seed. */
static void make_script(struct buf *out, uint32_t seed)
{
	static const char *const others[] = { "size 40x12", "size 20x5", "size 160x48",
		"size 80x24", "tier ascii", "tier lines", "tier blocks" };

	for (int i = 0; i < KEYS; i++) {
		if (i % 40 == 39)
			buf_addf(out, "%s\n", others[next_random(&seed) % ARRAY_LEN(others)]);
		buf_addf(out, "keys %s\n", keys[next_random(&seed) % ARRAY_LEN(keys)]);
		buf_addstr(out, "text\n");
	}
}

/* Lines of printable text and nothing else. */
static void check_text(const struct buf *out, const char *name)
{
	const uint8_t *p = (const uint8_t *)out->data, *end = p + out->len;

	while (p < end) {
		uint32_t c;
		size_t n = text_utf8_decode(p, (size_t)(end - p), &c);

		/* Asserted only when it is wrong: each assertion costs a system call. */
		if (n == 0 || (c != '\n' && !text_is_printable(c)))
			ck_abort_msg("%s: U+%04X, byte %02x on the screen", name, n ? c : 0, *p);
		p += n;
	}
}

static void run(const char *file, bool linear, const char *script, struct buf *out)
{
	const struct engine_options engine = { .threads = 1 };
	struct tui_options o = { .name = "test", .utc = true, .engine = &engine, .linear = linear };
	struct tui_size size = { 80, 24 };
	struct stored s;
	struct err e = { "" };

	if (!stored_open(&s, &file, 1, &engine, NULL))
		return;
	o.store = s.store;
	o.cap = s.cap;
	ck_assert_msg(tui_script(&o, size, script, out, &e) == 0, "%s: %s", file, e.text);
	stored_close(&s);
}

static void check_capture(const char *name)
{
	struct buf script = BUF_INIT, out = BUF_INIT;

	make_script(&script, (uint32_t)strlen(name) * 7919u + (uint8_t)name[0]);
	for (int linear = 0; linear < 2; linear++) {
		buf_reset(&out);
		run(name, linear, script.data, &out);
		check_text(&out, name);
	}
	buf_release(&script);
	buf_release(&out);
}

START_TEST(test_any_keys)
{
	stored_for_captures(check_capture);
}
END_TEST

/* What is found is on the screen, marked; what is saved is what `follow --raw` writes. */
START_TEST(test_find_and_save)
{
	char path[4096], script[8192], dir[] = "/tmp/test-views-XXXXXX";
	struct buf out = BUF_INIT;
	char bytes[64] = "";
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	stored_path(path, "normal.pcap");
	snprintf(script, sizeof(script),
	    "keys f /\ntype Hello\nkeys Enter\ndump found\nkeys Esc 1 w ^U\ntype %s/client\nkeys "
	    "Enter\n"
	    "keys /\ntype nothing like it\nkeys Enter\ntext\n",
	    dir);
	run(path, false, script, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "MMMMM"));
	ck_assert_ptr_nonnull(strstr(out.data, "not found: nothing like it"));
	snprintf(path, sizeof(path), "%s/client", dir);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes), f), 45);
	ck_assert(memcmp(bytes, "GET /hello HTTP/1.1\r\nHost: server.example\r\n\r\n", 45) == 0);
	fclose(f);
	unlink(path);
	rmdir(dir);
	buf_release(&out);
}
END_TEST

/* What the keys write to a file of this ending. */
static void written(const char *capture, const char *typed, const char *ending, struct buf *out)
{
	char path[4096], script[8192], dir[] = "/tmp/test-views-XXXXXX", bytes[4096];
	struct buf screen = BUF_INIT;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	stored_path(path, capture);
	snprintf(script, sizeof(script), "%s e ^U\ntype %s/x.%s\nkeys Enter\ntext\n", typed, dir,
	    ending);
	run(path, false, script, &screen);
	snprintf(path, sizeof(path), "%s/x.%s", dir, ending);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", screen.data);
	buf_reset(out);
	for (size_t n; (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
		buf_add(out, bytes, n);
	fclose(f);
	unlink(path);
	rmdir(dir);
	buf_release(&screen);
}

/* Bytes as numbers, each turn by itself, the rest as comments; of many sessions every line with every lifeline. */
START_TEST(test_exports)
{
	struct buf out = BUF_INIT;
	size_t lines = 0;

	written("normal.pcap", "keys f c 1", "c", &out);
	ck_assert_str_eq(out.data,
	    "/* #1  10.0.0.1:40000 to 10.0.0.2:80 */\n"
	    "static const unsigned char client_0[45] = { /* 0.018216 s, packet 4 */\n"
	    "\t0x47, 0x45, 0x54, 0x20, 0x2f, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x48,\n"
	    "\t0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e, 0x31, 0x0d, 0x0a, 0x48, 0x6f, 0x73,\n"
	    "\t0x74, 0x3a, 0x20, 0x73, 0x65, 0x72, 0x76, 0x65, 0x72, 0x2e, 0x65, 0x78,\n"
	    "\t0x61, 0x6d, 0x70, 0x6c, 0x65, 0x0d, 0x0a, 0x0d, 0x0a,\n"
	    "};\n");
	written("tap-loss.pcap", "keys f", "c", &out);
	ck_assert_ptr_nonnull(strstr(
	    out.data, "\n/* 1,000 bytes of the server missing: acknowledged, not captured */\n"));
	written("proxy.pcap", "keys Space Space Enter", "txt", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "#1  10.0.0.1:40000 "));
	ck_assert_ptr_nonnull(strstr(out.data, "10.0.0.3  NOTES\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "\n    37 "));
	for (const char *c = out.data; *c; c++)
		lines += *c == '\n';
	ck_assert_uint_gt(lines, 30);
	buf_release(&out);
}
END_TEST

/* At a width where numbers and addresses contend, the addresses are whole. */
START_TEST(test_whole_addresses)
{
	struct buf out = BUF_INIT;
	char path[4096];

	stored_path(path, "ipv6.pcap");
	run(path, false, "size 120x24\nkeys =\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, " [2001:db8::1]:40000 [2001:db8::2]:80 "));
	buf_reset(&out);
	run(path, false, "size 44x24\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "#1 [2001:db8::1]:40000 "));
	ck_assert_ptr_nonnull(strstr(out.data, "\n  [2001:db8::2]:80 "));
	buf_release(&out);
}
END_TEST

/* Whatever a box has no room for can be scrolled to. */
START_TEST(test_boxes)
{
	struct buf out = BUF_INIT;
	char path[4096];

	stored_path(path, "timeout.pcap");
	run(path, false, "size 80x16\ntext\nkeys Tab G\ntext\nkeys Tab Tab g\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, " more lines: Tab "));
	ck_assert_ptr_nonnull(strstr(out.data, " end, Tab: back "));
	ck_assert_ptr_nonnull(strstr(out.data, "SACK yes/yes"));
	buf_reset(&out);
	stored_path(path, "syn-lost.pcap");
	run(path, false, "size 40x18\nkeys a\ntext\n", &out);
	ck_assert_ptr_null(strstr(out.data, "grows."));
	buf_reset(&out);
	run(path, false, "size 40x18\nkeys a Tab G\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "grows."));
	buf_release(&out);
}
END_TEST

/* What is particular to a screen is seen first; a screen that stands still says so. */
START_TEST(test_frame)
{
	static const char *const screens[] = { "Enter", "f", "v", "a" };
	struct buf out = BUF_INIT;
	char path[4096], script[64];

	stored_path(path, "normal.pcap");
	run(path, false, "keys f ?\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, " Keys: stream "));
	ck_assert_ptr_nonnull(strstr(out.data, "only what the client sent"));
	buf_reset(&out);
	for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		snprintf(script, sizeof(script), "keys %s p\ntext\n", screens[i]);
		buf_reset(&out);
		run(path, false, script, &out);
		ck_assert_msg(strstr(out.data, " PAUSED") != NULL, "%s: %s", screens[i], out.data);
	}
	buf_reset(&out);
	run(path, false, "keys ? q\ntext\nkeys ? ?\ntext\n", &out);
	ck_assert_ptr_null(strstr(out.data, " Keys: "));
	buf_reset(&out);
	run(path, false, "keys ?\ntype seq\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, " seq_ "));
	buf_reset(&out);
	run(path, false, "size 15x3\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "needs 20x5, has\n15x3"));
	buf_release(&out);
}
END_TEST

/* Findings by severity, as the filter of sessions has it, and by text. */
START_TEST(test_findings_filter)
{
	struct buf out = BUF_INIT;
	char path[4096];

	stored_path(path, "zero-window.pcap");
	run(path, false, "keys a /\ntype sev >= error and window\nkeys Enter\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "filter: window  error and worse"));
	ck_assert_ptr_nonnull(strstr(out.data, "1 finding in 1 session"));
	buf_reset(&out);
	run(path, false, "keys a /\ntype cost > 1s\nkeys Enter\ntext\n", &out);
	ck_assert_ptr_nonnull(strstr(out.data, "filter: -"));
	ck_assert_ptr_nonnull(strstr(out.data, "by severity >= "));
	buf_release(&out);
}
END_TEST

/* How far a packet is from another. */
START_TEST(test_compare)
{
	struct buf out = BUF_INIT;
	char path[4096];

	stored_path(path, "zero-window.pcap");
	run(path, false, "keys Enter g Space j\ntext\nkeys 1 0 G\ntext\nkeys Space g\ntext\n",
	    &out);
	ck_assert_ptr_nonnull(strstr(out.data, "10.2 ms and 1 packet after #1 "));
	ck_assert_ptr_nonnull(strstr(out.data, "754 ms and 9 packets after #1 "));
	ck_assert_ptr_nonnull(strstr(out.data, "754 ms and 9 packets before #10 "));
	buf_reset(&out);
	run(path, false, "keys Enter g Space Space j\ntext\n", &out);
	ck_assert_ptr_null(strstr(out.data, "after #"));
	buf_release(&out);
}
END_TEST

/* `and` goes before `or`: what is marked and one of two things needs parentheses. */
START_TEST(test_marked_or)
{
	static const struct {
		const char *filter;
		bool is_refused;
	} rows[] = {
		{ "marked and state = closed or retx", true },
		{ "marked and (retx or rto)or zwin", true },
		{ "marked and (retx or rto)", false },
		{ "marked and history != \"a or b\"", false },
		{ "state = closed or retx", false },
	};
	struct buf out = BUF_INIT;
	char path[4096], script[256];

	stored_path(path, "normal.pcap");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(script, sizeof(script), "keys Space /\ntype %s\nkeys Enter\ntext\n",
		    rows[i].filter);
		buf_reset(&out);
		run(path, false, script, &out);
		ck_assert_msg(rows[i].is_refused == !!strstr(out.data, "marked and (A or B)"), "%s",
		    out.data);
		ck_assert_msg(!strstr(out.data, "expected"), "%s", out.data);
	}
	buf_release(&out);
}
END_TEST

/* ---- a merged ladder of more packets than it takes ---- */

struct step {
	const char *keys, *seen; /* then on the screen */
};

static void make_steps(struct buf *out, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s\ntext\n", steps[i].keys);
}

/* Each screen has a head of its own, so that what is seen is seen in order. */
static void check_steps(const struct buf *out, const struct step *steps, size_t n)
{
	const char *at = out->data;

	for (size_t i = 0; i < n; i++) {
		const char *found = strstr(at, steps[i].seen);

		ck_assert_msg(found, "step %zu, %s: no '%s'", i, steps[i].keys, steps[i].seen);
		at = found + 1;
	}
}

/*
 * What is left out has findings, a number and a connection: nothing leads there, and nothing that is said of the line
 * at hand is about a packet that has none.
 */
START_TEST(test_left_out)
{
	static const uint32_t closed[] = { 11, 31, TRACES_PACKETS + 50 };
	static const struct step steps[] = {
		{ "keys Space Space Enter", "the first 200000 packets" },
		{ "keys Z g y", "copied: packet 1  #1 " },
		{ "keys n y", "copied: packet 11  #1 " },
		{ "keys n y", "copied: packet 31  #1 " },
		{ "keys n y", "copied: packet 199  #2 " }, /* in the middle of a connection */
		{ "keys n y", "copied: packet 1  #1 " },
		{ "keys N y", "copied: packet 199  #2 " },
		{ "keys 2 0 0 0 5 0 G", "packet 200050 is left out" },
		{ "keys y", "copied: packet 199  #2 " },
		{ "keys Enter G y", "copied: packet 201985  " },
		{ "keys q", "packet 201985 is left out" },
		{ "keys y", "copied: packet 200000  #1 " },
		{ "keys /\ntype syn-rcvd\nkeys Enter",
		    "not found in the first 200000 packets: syn" },
		{ "keys Enter n", "not found within 200000 packets: syn" },
		{ "keys Esc y", "copied: packet 200000  10.0.0.1" },
	};
	char path[] = "/tmp/test-views-XXXXXX";
	struct buf script = BUF_INIT, out = BUF_INIT;
	FILE *f = fdopen(mkstemp(path), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert(stored_write_acks(f, TRACES_PACKETS + 2000, 199, closed, ARRAY_LEN(closed)));
	ck_assert_int_eq(fclose(f), 0);
	make_steps(&script, steps, ARRAY_LEN(steps));
	run(path, false, script.data, &out);
	unlink(path);
	check_steps(&out, steps, ARRAY_LEN(steps));
	buf_release(&script);
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("views");
	TCase *t = tcase_create("keys");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, test_any_keys);
	tcase_add_test(t, test_find_and_save);
	tcase_add_test(t, test_marked_or);
	tcase_add_test(t, test_whole_addresses);
	tcase_add_test(t, test_boxes);
	tcase_add_test(t, test_frame);
	tcase_add_test(t, test_compare);
	tcase_add_test(t, test_findings_filter);
	tcase_add_test(t, test_exports);
	tcase_add_test(t, test_left_out);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
