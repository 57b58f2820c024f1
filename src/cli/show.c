/* SPDX-License-Identifier: MIT */
/*
 * show - finds the connection, then reads its packets again.
 *
 * The inputs are read twice (three times for an address or a packet): to find out which packets
 * belong to the connection, and to decode them again.  The second reading decodes everything in
 * order, so that segments out of IP fragments come out as in the first.
 */
#include "config.h"

#include <string.h>

#include "cli/message.h"
#include "cli/rewind.h"
#include "cli/run.h"
#include "cli/show.h"
#include "tcpshadow/find.h"

enum {
	BATCH_PACKETS = 4096,
	BATCH_BYTES = 256 << 10,
};

/* The search while it goes on.  `code` is the exit code once it failed. */
struct search {
	const struct options *o;
	struct settings *s;
	struct cap *cap;
	struct finder *finder;
	int code;
};

static int fail(struct search *f, int code)
{
	f->code = code;
	return -1;
}

/* Every reading begins with inputs opened anew. */
static int reopen(struct search *f)
{
	struct err e = { "" };

	cap_close(f->cap);
	f->cap = NULL;
	if (rewind_inputs(f->s, &e) == 0)
		f->cap = cap_open(&f->s->cap, &e);
	if (!f->cap)
		return fail(f, run_input_failed(&e));
	f->s->report.facts = cap_facts(f->cap);
	return 0;
}

static int search_for(struct search *f, const struct find_query *q)
{
	struct err e = { "" };

	if (reopen(f) < 0)
		return -1;
	find_free(f->finder);
	f->finder = find_new(q, cap_facts(f->cap));
	if (run_engine(f->cap, f->s, find_sink(f->finder), &e) < 0)
		return fail(f, run_output_failed(&f->s->out, &e));
	return 0;
}

static int not_one(struct search *f)
{
	struct buf text = BUF_INIT;
	size_t n = find_count(f->finder);

	if (n == 0 && run_input_code(cap_facts(f->cap)) != EXIT_DONE)
		f->code = EXIT_INPUT;
	else
		f->code = EXIT_USAGE;
	if (n == 0) {
		buf_addf(&text, "no connection is '%s'; there are ", f->o->which);
		buf_add_u64(&text, find_connections(f->finder));
	} else {
		buf_addf(
		    &text, "'%s' is %zu connections; choose one by its number:\n", f->o->which, n);
		find_describe(f->finder, &text);
	}
	message_error(text.data);
	buf_release(&text);
	return -1;
}

/* Leaves a finder that has the session and the packets of the one connection meant. */
static int search_which(struct search *f)
{
	struct find_query q;
	struct err e = { "" };

	if (find_parse(&q, f->o->which, &e) < 0)
		return fail(f, message_usage(e.text));
	if (rewind_prepare(f->s, &e) < 0)
		return fail(f, run_input_failed(&e));
	if (search_for(f, &q) < 0)
		return -1;
	if (find_count(f->finder) != 1)
		return not_one(f);
	if (q.kind == FIND_ID)
		return 0;
	q.kind = FIND_ID;
	q.number = find_id(f->finder);
	return search_for(f, &q);
}

/* Decode everything as far as the last wanted packet; `wanted` is in ascending order. */
static void read_again(struct cap *cap, struct session *session, const uint64_t *wanted, size_t n)
{
	struct decode_options options = { .verify_checksums = true };
	struct decoder *decoder = decoder_new(&options);
	struct cap_batch batch;
	struct segment seg;
	size_t at = 0;

	cap_batch_init(&batch, BATCH_PACKETS, BATCH_BYTES);
	while (at < n && cap_read(cap, &batch) > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			const struct packet *p = &batch.packets[i];

			if (decode_packet(decoder, p, &seg) != DECODED_SEGMENT)
				continue;
			if (at < n && p->ordinal == wanted[at]) {
				session_add(session, &seg);
				at++;
			}
		}
		decoder_batch_done(decoder);
	}
	cap_batch_release(&batch);
	decoder_free(decoder);
}

static int print(const struct options *o, const struct session *session, struct settings *s)
{
	struct err e = { "" };
	int rc;

	if (o->given[OPTION_JSON])
		rc = report_show_json(session, &s->report, &e);
	else if (o->given[OPTION_MERMAID])
		rc = report_mermaid(session, &s->report, &e);
	else
		rc = report_show(session, &s->report, &e);
	return rc < 0 ? run_output_failed(&s->out, &e) : EXIT_DONE;
}

static int show_found(struct search *f)
{
	struct session *session = find_take_session(f->finder);
	const uint64_t *packets;
	size_t n;
	int code;

	code = run_input_code(cap_facts(f->cap));
	packets = find_packets(f->finder, &n);
	if (reopen(f) == 0) {
		read_again(f->cap, session, packets, n);
		f->code = print(f->o, session, f->s);
	}
	session_free(session);
	return f->code != EXIT_DONE ? f->code : code;
}

int show_run(const struct options *o, struct settings *s)
{
	struct search f = { .o = o, .s = s, .code = EXIT_DONE };

	if (search_which(&f) == 0)
		f.code = show_found(&f);
	find_free(f.finder);
	cap_close(f.cap);
	return f.code;
}
