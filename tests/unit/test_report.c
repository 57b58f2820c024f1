/* SPDX-License-Identifier: MIT */
/*
 * test_report - the pieces of reports: JSON, tables, sorting, packet numbers, WHICH, ladders.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/json.h"
#include "report/place.h"
#include "report/record_json.h"
#include "report/sorter.h"
#include "report/table.h"
#include "report/wrap.h"
#include "tcpshadow/find.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/ladder.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"
#include "tcpshadow/verdict.h"

START_TEST(test_json)
{
	struct buf b = BUF_INIT;

	json_object(&b, NULL);
	json_u64(&b, "zero", 0);
	json_u64(&b, "most", UINT64_MAX);
	json_ns(&b, "time", -INT64_C(1000000001));
	json_epoch(&b, "start", INT64_C(1795198003409614123));
	json_array(&b, "list");
	json_null(&b, NULL);
	json_bool(&b, NULL, true);
	json_object(&b, NULL);
	json_end_object(&b);
	json_array(&b, NULL);
	json_end_array(&b);
	json_end_array(&b);
	json_object(&b, "in");
	json_word(&b, "word", "a,b:{[");
	json_text(&b, "text", "\"\n\xff");
	json_bool(&b, "last", false);
	json_end_object(&b);
	json_end_object(&b);
	json_end_line(&b);
	json_object(&b, NULL);
	json_end_object(&b);
	json_end_line(&b);
	ck_assert_str_eq(b.data,
	    "{\"zero\":0,\"most\":18446744073709551615,\"time\":-1.000000001,"
	    "\"start\":\"1795198003.409614123\",\"list\":[null,true,{},[]],"
	    "\"in\":{\"word\":\"a,b:{[\",\"text\":\"\\\"\\n\xef\xbf\xbd\",\"last\":false}}\n{}\n");
	buf_release(&b);
}
END_TEST

/* Both forms of writing say the same of any value. */
static void check_forms(uint64_t v)
{
	struct buf b = BUF_INIT;
	char text[512], *p = put_object(text, KEY("o"));

	json_object(&b, "o");
	json_u64(&b, "u", v);
	json_ns(&b, "n", (int64_t)v);
	json_epoch(&b, "e", (int64_t)v);
	json_bool(&b, "b", v & 1);
	json_null(&b, "z");
	json_array(&b, "a");
	json_word(&b, NULL, "word");
	json_end_array(&b);
	json_end_object(&b);
	p = put_u64(p, KEY("u"), v);
	p = put_ns(p, KEY("n"), (int64_t)v);
	p = put_epoch(p, KEY("e"), (int64_t)v);
	p = put_bool(p, KEY("b"), v & 1);
	p = put_null(p, KEY("z"));
	p = put_array(p, KEY("a"));
	p = put_word(p, "", "word");
	p = put_end_array(p);
	p = put_end_object(p);
	ck_assert_uint_eq((size_t)(p - text), b.len);
	ck_assert_mem_eq(text, b.data, b.len);
	buf_release(&b);
}

START_TEST(test_json_forms)
{
	check_forms(0);
	for (unsigned bit = 0; bit < 64; bit++) {
		check_forms(UINT64_C(1) << bit);
		check_forms((UINT64_C(1) << bit) - 1);
	}
}
END_TEST

enum { MANY = 300 };

/* What a record points to, with numbers that have as many digits as they can. */
struct extremes {
	struct state_entry states[MANY];
	struct finding findings[FINDING_COUNT];
	struct reset_record resets[CAUSE_COUNT];
	struct icmp_record icmp[UINT8_MAX + 1];
};

static void fill_findings(struct finding list[FINDING_COUNT])
{
	for (size_t id = 0; id < FINDING_COUNT; id++) {
		struct finding *f = &list[id];

		*f = (struct finding){ .id = (uint16_t)id,
			.by = (uint8_t)(id % (BY_NOBODY + 1)),
			.npackets = FINDING_PACKETS,
			.traps = (1u << TRAP_COUNT) - 1,
			.count = UINT32_MAX,
			.time = INT64_MIN,
			.cost = INT64_MIN,
			.a = UINT64_MAX,
			.b = UINT64_MAX,
			.subject = { .version = 6, .port = UINT16_MAX } };
		memset(&f->subject.ip, 0xff, sizeof(f->subject.ip));
		for (size_t i = 0; i < FINDING_PACKETS; i++)
			f->packets[i] = UINT64_MAX;
	}
}

static void fill_resets(struct reset_record list[CAUSE_COUNT])
{
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		list[i] = (struct reset_record){ .packet = UINT64_MAX,
			.time = INT64_MIN,
			.answers = UINT64_MAX,
			.evidence = (UINT64_C(1) << EVIDENCE_COUNT) - 1,
			.bytes = UINT64_MAX,
			.wait = INT64_MAX,
			.silence = INT64_MAX,
			.count = UINT16_MAX,
			.by = i % 2,
			.obeyed = i % 3 ? 1 : 0,
			.nguesses = RESET_GUESSES };
		for (size_t k = 0; k < RESET_GUESSES; k++)
			list[i].guesses[k].cause = (uint8_t)((i + k) % CAUSE_COUNT);
	}
}

static void fill_icmp(struct icmp_record list[UINT8_MAX + 1])
{
	for (size_t i = 0; i <= UINT8_MAX; i++) {
		list[i] = (struct icmp_record){ .packet = UINT64_MAX,
			.time = INT64_MIN,
			.ip_version = i % 2 ? 6 : 4,
			.type = (uint8_t)(i % 16),
			.code = (uint8_t)(i / 16) };
		memset(&list[i].from, 0xff, sizeof(list[i].from));
	}
}

static void fill_extremes(struct conn_record *r, struct extremes *x)
{
	struct state_entry *states = x->states;

	fill_findings(x->findings);
	fill_resets(x->resets);
	fill_icmp(x->icmp);
	r->findings = x->findings;
	r->nfindings = FINDING_COUNT;
	r->resets = x->resets;
	r->nresets = CAUSE_COUNT;
	r->icmp = x->icmp;
	r->nicmp = UINT8_MAX + 1;
	r->findings_lost = r->resets_seen = r->icmp_seen = UINT32_MAX;
	for (size_t i = 0; i < MANY; i++)
		states[i] = (struct state_entry){ .state = TCPS_SYN_RECEIVED,
			.rule = (uint16_t)(i % fsm_rule_count()),
			.packet = UINT64_MAX,
			.proved_by = UINT64_MAX,
			.time = INT64_MIN };
	for (size_t i = 0; i < SPENT_COUNT; i++)
		r->time_spent[i] = INT64_MIN;
	for (size_t side = 0; side < 2; side++) {
		struct side_record *s = &r->sides[side];

		s->addr.version = 6;
		memset(&s->addr.ip, 0xff, sizeof(s->addr.ip));
		s->states = states;
		s->nstates = MANY;
		s->packets = s->wire_bytes = s->payload_bytes = UINT64_MAX;
		s->stream.bytes = s->stream.missing = UINT64_MAX;
		s->transfer.again.segments = s->transfer.again.packets_seen = UINT32_MAX;
		s->transfer.again.npackets = RETRANSMISSION_PACKETS;
		for (size_t i = 0; i < RETRANSMISSION_COUNT; i++)
			s->transfer.again.kinds[i] = UINT32_MAX / RETRANSMISSION_COUNT;
		for (size_t i = 0; i < RETRANSMISSION_PACKETS; i++)
			s->transfer.again.packets[i] = UINT64_MAX;
		s->transfer.rtt =
		    (struct rtt_record){ 1, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN };
		for (size_t i = 0; i < METRIC_COUNT; i++)
			s->transfer.metrics[i] = (uint64_t)INT64_MIN;
	}
	r->start = INT64_MIN;
	r->end = -1; /* the longest duration there is */
}

static void put_record(struct buf *out, const struct conn_record *r)
{
	struct cap_facts facts = { .nfiles = 1 };

	record_json_begin(out, r, &facts);
	json_end_object(out);
	json_end_line(out);
}

/*
 * json_done() finds that a room is too small, or the address sanitizer; but only where the memory ends behind it.  So
 * that it ends everywhere, records begin everywhere: memory doubles.
 */
static void begin_anywhere(const struct conn_record *r, size_t step)
{
	for (size_t at = 0; at < JSON_ROOM; at += step) {
		struct buf b = BUF_INIT;

		buf_pad(&b, ' ', at);
		put_record(&b, r);
		buf_release(&b);
	}
}

START_TEST(test_json_extremes)
{
	/* (All findings name FINDING_PACKETS packets and the first once more; in sentences a number follows a space.) */
	const size_t numbers = 2 * (MANY * 2 + RETRANSMISSION_PACKETS + 5) +
	                       FINDING_COUNT * (size_t)(FINDING_PACKETS + 1) +
	                       2 * (size_t)CAUSE_COUNT + UINT8_MAX + 1;
	struct extremes *x = mem_alloc(1, sizeof(*x));
	struct conn_record r = { .one_sided = -1 };
	struct buf b = BUF_INIT;
	size_t again = 0;

	fill_extremes(&r, x);
	put_record(&b, &r);
	for (const char *p = b.data; (p = strstr(p, "18446744073709551615")); p++)
		again += p[-1] != ' ';
	ck_assert_uint_eq(again, numbers);
	ck_assert_ptr_nonnull(strstr(b.data, "\"unknown\":-9223372036.854775808},"));
	ck_assert_ptr_nonnull(strstr(b.data, "\"start\":\"-9223372036.854775808\","));
	for (size_t i = 0; i < fsm_rule_count(); i++)
		ck_assert_ptr_nonnull(strstr(b.data, fsm_rule_at(i)->why));
	for (size_t i = 0; i < FINDING_COUNT; i++)
		ck_assert_ptr_nonnull(strstr(b.data, finding_info((enum finding_id)i)->name));
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		ck_assert_ptr_nonnull(strstr(b.data, reset_cause_word((enum reset_cause)i)));
	begin_anywhere(&r, 64);
	r.nfindings = r.nresets = r.nicmp = 0;
	r.sides[0].nstates = r.sides[1].nstates = 0;
	begin_anywhere(&r, 8);
	buf_release(&b);
	free(x);
}
END_TEST

START_TEST(test_place)
{
	struct cap_file_facts files[3] = { { .packets = 10 }, { .packets = 0 }, { .packets = 5 } };
	struct cap_facts f = { .files = files, .nfiles = 3 };

	ck_assert_uint_eq(place_number(&f, 1), 1);
	ck_assert_uint_eq(place_number(&f, 10), 10);
	ck_assert_uint_eq(place_number(&f, 11), 1);
	ck_assert_uint_eq(place_of(&f, 11).file, 2);
	ck_assert_uint_eq(place_of(&f, 15).number, 5);
	f.nfiles = 1;
	ck_assert_uint_eq(place_number(&f, 15), 15);
}
END_TEST

/* Lines of 1 KiB whose order by packets is not that of arrival, more than fit into memory. */
enum { LINES = 20000, LINE_BYTES = 1024 };

static uint64_t packets_of(uint64_t i)
{
	return i * 7919 % LINES;
}

START_TEST(test_sorter)
{
	struct sorter *s = sorter_new(REPORT_SORT_PACKETS, _i == 1, 0);
	struct buf line = BUF_INIT;
	struct err e;

	for (uint64_t i = 0; i < LINES; i++) {
		struct conn_record r = { .id = i + 1 };

		r.sides[SIDE_SERVER].packets = packets_of(i);
		buf_reset(&line);
		buf_add_u64(&line, packets_of(i));
		buf_pad(&line, '.', LINE_BYTES - line.len);
		ck_assert_int_eq(sorter_add(s, &r, line.data, line.len, &e), 0);
	}
	sorter_sort(s);
	ck_assert_uint_eq(sorter_count(s), LINES);
	for (uint64_t i = 0; i < LINES; i++) {
		ck_assert_int_eq(sorter_line(s, i, &line, &e), 0);
		ck_assert_uint_eq(line.len, LINE_BYTES);
		ck_assert_uint_eq(strtoull(line.data, NULL, 10), _i == 1 ? LINES - 1 - i : i);
	}
	buf_release(&line);
	sorter_free(s);
}
END_TEST

/* Four connections, and the order of their ids under each key. */
static void fill_record(struct conn_record *r, uint64_t id, struct state_entry *state)
{
	static const uint8_t last[] = { 9, 1, 200, 1 };

	*r = (struct conn_record){ .id = id };
	r->start = (int64_t)(10 - id);
	r->end = (int64_t)(20 + id * id);
	r->close = id == 2 ? CLOSE_RESET : CLOSE_NONE;
	for (int i = 0; i < 2; i++) {
		r->sides[i].addr.version = id == 4 ? 6 : 4;
		r->sides[i].addr.ip.b[0] = 1;
		r->sides[i].addr.ip.b[3] = last[id - 1];
		r->sides[i].payload_bytes = id == 3 ? 0 : id;
		r->sides[i].states = state;
		r->sides[i].nstates = id != 1;
	}
	r->sides[id % 2].transfer.again.segments = id == 3;
	r->has_syn_to_synack = r->has_synack_to_ack = id == 2 || id == 4;
	r->syn_to_synack = (int64_t)id;
	state->state = id == 2 ? TCPS_TIME_WAIT : TCPS_CLOSED;
}

static const struct {
	enum report_sort key;
	bool down;
	const char *ids;
} orders[] = {
	{ REPORT_SORT_START, false, "4321" },
	{ REPORT_SORT_START, true, "1234" },
	{ REPORT_SORT_END, false, "1234" },
	{ REPORT_SORT_DURATION, true, "4321" },
	{ REPORT_SORT_PACKETS, false, "1234" },
	{ REPORT_SORT_PACKETS, true, "1234" },
	{ REPORT_SORT_BYTES, false, "3124" },
	{ REPORT_SORT_CLIENT, false, "2134" },
	{ REPORT_SORT_SERVER, true, "4312" },
	{ REPORT_SORT_RETX, true, "3124" },
	{ REPORT_SORT_RTT, false, "1324" },
	{ REPORT_SORT_STATE, false, "1342" },
	{ REPORT_SORT_CLOSE, true, "2134" },
	{ REPORT_SORT_HEALTH, false, "3412" },
};

START_TEST(test_order)
{
	struct sorter *s = sorter_new(orders[_i].key, orders[_i].down, 0);
	struct buf line = BUF_INIT, all = BUF_INIT;
	struct err e;

	for (uint64_t id = 1; id <= 4; id++) {
		struct state_entry state = { 0 };
		struct finding f = { .id = FINDING_CLOSE_INITIATOR };
		struct conn_record r;

		fill_record(&r, id, &state);
		f.id = id == 3 ? FINDING_SYN_UNANSWERED : f.id;
		r.findings = &f;
		r.nfindings = id >= 3;
		ck_assert_int_eq(sorter_add(s, &r, &"?1234"[id], 1, &e), 0);
	}
	sorter_sort(s);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(sorter_line(s, i, &line, &e), 0);
		buf_add(&all, line.data, line.len);
	}
	ck_assert_str_eq(all.data, orders[_i].ids);
	buf_release(&line);
	buf_release(&all);
	sorter_free(s);
}
END_TEST

static const struct table_column columns[] = {
	{ .title = "ID", .right = true },
	{ .title = "NAME", .can_cut = true, .styled = true },
	{ .title = "LESS", .rank = 2 },
	{ .title = "MORE", .rank = 1 },
};

static const struct {
	unsigned limit;
	bool color, utf8;
	const char *expected;
} tables[] = {
	{ 0, false, false,
	    "ID  NAME                LESS  MORE\n 7  a-name-of-18-bytes  x     yy\n" },
	{ 34, false, false,
	    "ID  NAME                LESS  MORE\n 7  a-name-of-18-bytes  x     yy\n" },
	{ 33, false, false, "ID NAME               LESS MORE\n 7 a-name-of-18-bytes x    yy\n" },
	{ 30, false, false, "ID NAME               MORE\n 7 a-name-of-18-bytes yy\n" },
	{ 25, false, false, "ID NAME\n 7 a-name-of-18-bytes\n" },
	{ 15, false, false, "ID NAME\n 7 a-name~bytes\n" },
	{ 15, false, true,
	    "ID NAME\n 7 a-name\xe2\x80\xa6"
	    "bytes\n" },
	{ 1, false, false, "ID NAME\n 7 a-na~ytes\n" },
	{ 25, true, false, "\033[1mID NAME\033[0m\n 7 \033[1;31ma-name-of-18-bytes\033[0m\n" },
};

START_TEST(test_table)
{
	struct table t;
	struct buf out = BUF_INIT;
	const char *row = "X\t7\ta-name-of-18-bytes\tx\tyy\t";

	table_init(&t, columns, ARRAY_LEN(columns));
	table_measure(&t, row);
	table_fit(&t, tables[_i].limit);
	table_title(&t, &out, tables[_i].color);
	table_row(&t, &out, row, tables[_i].color, tables[_i].utf8);
	ck_assert_str_eq(out.data, tables[_i].expected);
	buf_release(&out);
}
END_TEST

static const struct {
	const char *text;
	int kind; /* -1 = refused */
	uint64_t number;
} queries[] = {
	{ "17", FIND_ID, 17 },
	{ "packet:812", FIND_PACKET, 812 },
	{ "10.0.0.1:80", FIND_ENDPOINT, 80 },
	{ "[2001:db8::1]:443", FIND_ENDPOINT, 443 },
	{ "2001:db8::1:443", FIND_ENDPOINT, 443 },
	{ "", -1, 0 },
	{ "0", -1, 0 },
	{ "-1", -1, 0 },
	{ "17x", -1, 0 },
	{ "99999999999999999999", -1, 0 },
	{ "packet:", -1, 0 },
	{ "packet:x", -1, 0 },
	{ "10.0.0.1", -1, 0 },
	{ "10.0.0.1:65536", -1, 0 },
	{ "10.0.0:80", -1, 0 },
	{ "[10.0.0.1:80", -1, 0 },
	{ "example.com:80", -1, 0 },
	{ ":80", -1, 0 },
};

START_TEST(test_query)
{
	struct find_query q;
	struct err e = { "" };
	int rc = find_parse(&q, queries[_i].text, &e);

	ck_assert_msg((rc == 0) == (queries[_i].kind >= 0), "%s", queries[_i].text);
	if (rc < 0) {
		ck_assert_ptr_nonnull(strstr(e.text, "expected"));
		return;
	}
	ck_assert_int_eq((int)q.kind, queries[_i].kind);
	ck_assert_uint_eq(q.kind == FIND_ENDPOINT ? q.endpoint.port : q.number, queries[_i].number);
}
END_TEST

/* A session by hand: a row every `step` ns, sides in turn, one byte each. */
static void add_row(struct session *s, int64_t time, uint8_t side, uint32_t len, uint32_t notes)
{
	struct session_row *row = &s->rows[s->nrows++];

	*row = (struct session_row){
		.packet = s->nrows,
		.time = time,
		.side = side,
		.flags = TCP_ACK,
		.len = len,
	};
	row->step.notes = notes;
}

START_TEST(test_fold_and_gaps)
{
	struct session_row rows[20] = { { 0 } };
	struct session s = { .rows = rows };
	struct ladder l;
	struct ladder_fold f;
	struct buf text = BUF_INIT;

	for (int i = 0; i < 5; i++)
		add_row(&s, i * 1000, i % 2 ? SIDE_SERVER : SIDE_CLIENT, i % 2 ? 0 : 100, 0);
	add_row(&s, 2 * NS_PER_SEC, SIDE_SERVER, 7, 0);
	rows[5].step.transfer.wait = WAIT_SERVER_THINKS;
	rows[5].step.transfer.waited = 2 * NS_PER_SEC - 4000;
	for (int i = 0; i < 3; i++)
		add_row(&s, 2 * NS_PER_SEC + i, SIDE_CLIENT, 0, 0);
	add_row(&s, 2 * NS_PER_SEC + 9, SIDE_CLIENT, 9, 1u << SEGMENT_NOTE_RETRANSMISSION);
	ladder_init(&l, &s, true);
	ck_assert_uint_eq(l.nitems, 4);
	ck_assert_uint_eq(l.items[0].kind, LADDER_FOLD);
	ck_assert_uint_eq(l.items[0].last, 4);
	ck_assert_uint_eq(l.items[1].kind, LADDER_GAP);
	ck_assert_str_eq(l.items[1].label, "server thinking");
	ck_assert_uint_eq(l.items[1].lines, 2); /* 40 times the 50 ms that are worth a line */
	ck_assert_uint_eq(l.items[2].kind, LADDER_FOLD);
	ck_assert_uint_eq(l.items[3].kind, LADDER_SEGMENT);
	f = ladder_fold_sum(&s, &l.items[0]);
	ladder_fold_text(&text, &f, SIDE_CLIENT);
	buf_addstr(&text, " / ");
	ladder_fold_text(&text, &f, SIDE_SERVER);
	ck_assert_str_eq(text.data, "3 data 300 / 2 ack");
	ladder_release(&l);
	ladder_init(&l, &s, false);
	ck_assert_uint_eq(l.nitems, 3); /* segments, gap, segments */
	ck_assert_uint_eq(l.lines, s.nrows + l.items[1].lines);
	ladder_release(&l);
	buf_release(&text);
}
END_TEST

static const struct {
	uint16_t flags;
	uint32_t len;
	size_t room;
	const char *expected;
} segments[] = {
	{ TCP_SYN, 0, 60, "SYN 5 win 500" },
	{ TCP_SYN | TCP_ACK, 0, 60, "SYN+ACK 5 ack 8 win 500" },
	{ TCP_SYN | TCP_ACK, 0, 16, "SYN+ACK 5 ack 8" },
	{ TCP_ACK, 0, 60, "ACK 8 win 4000" },
	{ TCP_ACK, 10, 60, "DATA 5+10 ack 8 win 4000" },
	{ TCP_ACK | TCP_PSH, 10, 60, "PSH 5+10 ack 8 win 4000" },
	{ TCP_FIN | TCP_ACK | TCP_PSH, 10, 60, "FIN 5+10 ack 8 win 4000" },
	{ TCP_RST, 0, 60, "RST 5" },
	{ TCP_RST | TCP_ACK, 0, 60, "RST+ACK 5 ack 8" },
	{ TCP_ACK | TCP_URG, 1, 60, "DATA+URG 5+1 ack 8 win 4000" },
	{ 0, 0, 60, "no flags 5 win 4000" },
	{ TCP_SYN | TCP_FIN, 0, 5, "SYN+FIN 5" },
};

START_TEST(test_segment_text)
{
	struct session_row row = { .flags = segments[_i].flags, .len = segments[_i].len };
	struct buf text = BUF_INIT;

	row.raw_window = 500;
	row.step.rel_seq = 5;
	row.step.rel_ack = 8;
	row.step.window = 4000;
	row.step.ends[0].snd_known = row.step.ends[1].snd_known = true;
	ladder_segment_text(&text, &row, segments[_i].room);
	ck_assert_str_eq(text.data, segments[_i].expected);
	buf_release(&text);
}
END_TEST

/* From before its sender's first number, as a keepalive or an old segment may be. */
START_TEST(test_segment_below)
{
	struct session_row row = { .flags = TCP_ACK, .len = 10 };
	struct buf text = BUF_INIT;

	row.step.rel_seq = (uint64_t)-5;
	row.step.rel_ack = (uint64_t)-8;
	row.step.ends[0].snd_known = row.step.ends[1].snd_known = true;
	ladder_segment_text(&text, &row, 60);
	ck_assert_str_eq(text.data, "DATA -5+10 ack -8 win 0");
	buf_reset(&text);
	text_signed_count(&text, (uint64_t)-12345);
	ck_assert_str_eq(text.data, "-12,345");
	buf_release(&text);
}
END_TEST

/* A state whose cause is older than the state before stands below that one, not above. */
START_TEST(test_state_lines)
{
	const struct state_entry states[] = {
		{ .state = TCPS_LISTEN, .rule = FSM_RULE_NONE },
		{ .state = TCPS_ESTABLISHED, .packet = 3 },
		{ .state = TCPS_FIN_WAIT_1, .packet = 9, .time = 9 },
		{ .state = TCPS_CLOSING, .packet = 7, .time = 7 },
		{ .state = TCPS_CLOSED, .packet = 0, .time = 50 },
	};
	const struct side_record s = { .states = states, .nstates = ARRAY_LEN(states) };
	const struct session_row row = { .packet = 8, .time = 8 };
	const struct session_row last = { .packet = 90, .time = 60 };

	ck_assert_ptr_eq(session_caused(&s, 3), &states[1]);
	ck_assert_ptr_null(session_caused(&s, 7));
	ck_assert_ptr_eq(session_caused(&s, 9), &states[3]);
	ck_assert_ptr_null(session_caused(&s, 0));
	ck_assert_ptr_eq(session_state(&s, &row), &states[1]);
	ck_assert_ptr_eq(session_state(&s, &last), &states[4]);
}
END_TEST

START_TEST(test_output_error)
{
	struct report_out out;
	struct err e = { "" };
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		return;
	report_out_init(&out, full);
	buf_pad(&out.buf, 'x', 1000);
	ck_assert_int_eq(report_out_commit(&out, &e), 0);
	ck_assert_int_eq(report_out_flush(&out, &e), -1);
	ck_assert_int_eq(out.error, ENOSPC);
	ck_assert_ptr_nonnull(strstr(e.text, "cannot write"));
	ck_assert_int_eq(report_out_flush(&out, &e), -1);
	report_out_release(&out);
	(void)fclose(full);
}
END_TEST

static const struct {
	const char *text;
	size_t width, used, indent;
	const char *expected;
} wraps[] = {
	{ "", 50, 0, 2, "\n" },
	{ "one line", 0, 0, 2, "one line\n" },
	{ "on a narrow terminal it only gets worse", 10, 0, 2,
	    "on a narrow terminal it only gets worse\n" },
	{ "0123456789 0123456789 0123456789 012345", 40, 0, 2,
	    "0123456789 0123456789 0123456789 012345\n" },
	{ "0123456789 0123456789 0123456789 0123456", 40, 0, 2,
	    "0123456789 0123456789 0123456789 0123456\n" },
	{ "0123456789 0123456789 0123456789 01234567", 40, 0, 2,
	    "0123456789 0123456789 0123456789\n  01234567\n" },
	{ "0123456789 0123456789 0123456789", 40, 9, 4, "0123456789 0123456789\n    0123456789\n" },
	{ "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 0123456789 0123456789 "
	  "01234567890",
	    40, 0, 0,
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 0123456789 0123456789\n"
	    "01234567890\n" },
	{ "01234567890123456789012345678901234567890123456789 end", 40, 0, 1,
	    "01234567890123456789012345678901234567890123456789\n end\n" },
};

START_TEST(test_wrap)
{
	struct buf out = BUF_INIT;

	wrap_text(&out, wraps[_i].text, wraps[_i].width, wraps[_i].used, wraps[_i].indent);
	ck_assert_str_eq(out.data, wraps[_i].expected);
	buf_release(&out);
}
END_TEST

/* Severity, then confidence, then cost, then the order of the list. */
START_TEST(test_worst_first)
{
	const struct finding list[] = {
		{ .id = FINDING_CLOSE_INITIATOR, .confidence = CONFIDENCE_CERTAIN },
		{ .id = FINDING_SYN_RETRANSMITTED, .confidence = CONFIDENCE_LIKELY, .cost = 5 },
		{ .id = FINDING_SYN_RETRANSMITTED, .confidence = CONFIDENCE_LIKELY, .cost = 9 },
		{ .id = FINDING_SYN_RETRANSMITTED, .confidence = CONFIDENCE_CERTAIN },
		{ .id = FINDING_SYN_UNANSWERED, .confidence = CONFIDENCE_POSSIBLE },
		{ .id = FINDING_SYN_UNANSWERED, .confidence = CONFIDENCE_POSSIBLE },
	};
	static const size_t order[] = { 4, 5, 3, 2, 1, 0 };
	const struct finding *f = NULL;

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		f = finding_text_next(list, ARRAY_LEN(list), f);
		ck_assert_ptr_eq(f, &list[order[i]]);
	}
	ck_assert_ptr_null(finding_text_next(list, ARRAY_LEN(list), f));
}
END_TEST

/* The letter does not look calm, or calmer, when the verdict is grave; nor the other way round. */
START_TEST(test_health)
{
	struct finding list[] = {
		{ .id = FINDING_CLOSE_INITIATOR },
		{ .id = FINDING_SYN_RETRANSMITTED },
		{ .id = FINDING_SYN_UNANSWERED },
	};
	struct conn_record r = { .findings = list };
	static const char marks[][5] = { "..!X", "!!!X", "XXXX" };
	static const char from_the_middle[] = { '?', '?', '!', 'X' };
	static const enum verdict_kind kinds[] = { VERDICT_OK, VERDICT_UNREAD_DATA,
		VERDICT_TIMED_OUT };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		r.verdict.kind = (uint8_t)kinds[i];
		for (r.nfindings = 0; r.nfindings <= ARRAY_LEN(list); r.nfindings++)
			ck_assert_int_eq(finding_text_health(&r), marks[i][r.nfindings]);
	}
	r.verdict.kind = VERDICT_OK;
	for (r.nfindings = 0; r.nfindings <= ARRAY_LEN(list); r.nfindings++) {
		r.handshake = HANDSHAKE_MIDSTREAM;
		ck_assert_int_eq(finding_text_health(&r), from_the_middle[r.nfindings]);
		r.handshake = HANDSHAKE_REFUSED;
		ck_assert_int_eq(finding_text_health(&r), '0');
	}
}
END_TEST

START_TEST(test_confidence)
{
	struct finding f = { .confidence = CONFIDENCE_CERTAIN };
	struct buf out = BUF_INIT;

	finding_text_confidence(&out, &f);
	ck_assert_str_eq(out.data, "certain");
	buf_reset(&out);
	f.confidence = CONFIDENCE_LIKELY;
	f.traps = TRAP_DROP;
	finding_text_confidence(&out, &f);
	ck_assert_str_eq(out.data, "likely; capture drop not excluded");
	buf_reset(&out);
	f.traps = TRAP_DROP | TRAP_CLOCK | TRAP_END;
	finding_text_confidence(&out, &f);
	ck_assert_str_eq(out.data, "likely; capture drop, clock or capture end not excluded");
	buf_release(&out);
}
END_TEST

/* No character is cut into bytes. */
START_TEST(test_cut)
{
	struct buf out = BUF_INIT;

	table_cut(&out, "0123456789", 10, 7, false);
	ck_assert_str_eq(out.data, "012~789");
	buf_reset(&out);
	table_cut(&out, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", 10, 7, false);
	ck_assert_str_eq(out.data, "\xc3\xa4~\xc3\xb6");
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("pieces");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, test_json);
	tcase_add_test(t, test_json_forms);
	tcase_add_test(t, test_json_extremes);
	tcase_add_test(t, test_place);
	tcase_add_loop_test(t, test_sorter, 0, 2);
	tcase_add_loop_test(t, test_order, 0, (int)ARRAY_LEN(orders));
	tcase_add_loop_test(t, test_table, 0, (int)ARRAY_LEN(tables));
	tcase_add_test(t, test_cut);
	tcase_add_loop_test(t, test_wrap, 0, (int)ARRAY_LEN(wraps));
	tcase_add_test(t, test_worst_first);
	tcase_add_test(t, test_health);
	tcase_add_test(t, test_confidence);
	tcase_add_loop_test(t, test_query, 0, (int)ARRAY_LEN(queries));
	tcase_add_test(t, test_fold_and_gaps);
	tcase_add_loop_test(t, test_segment_text, 0, (int)ARRAY_LEN(segments));
	tcase_add_test(t, test_segment_below);
	tcase_add_test(t, test_state_lines);
	tcase_add_test(t, test_output_error);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
