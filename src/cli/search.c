/* SPDX-License-Identifier: MIT */
/*
 * search - finds the connection, then lets its packets be read again.
 *
 * The inputs are read once more than they are needed for an address or a packet.  The reading of the
 * packets decodes everything in order, so that segments out of IP fragments come out as in the first.
 */
#include "config.h"

#include <string.h>

#include "cli/confine.h"
#include "cli/message.h"
#include "cli/rewind.h"
#include "cli/run.h"
#include "cli/search.h"

enum {
	BATCH_PACKETS = 4096,
	BATCH_BYTES = 256 << 10,
};

static int fail(struct search *f, int code)
{
	f->code = code;
	return -1;
}

int search_reopen(struct search *f)
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

	if (search_reopen(f) < 0)
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
		buf_addf(&text, "no connection is '%s'; there %s ", f->o->which,
		    find_connections(f->finder) == 1 ? "is" : "are");
		buf_add_u64(&text, find_connections(f->finder));
		buf_addstr(&text, "; 'tcpshadow list' shows them");
	} else {
		buf_addf(
		    &text, "'%s' is %zu connections; choose one by its number:\n", f->o->which, n);
		find_describe(f->finder, &text);
	}
	message_error(text.data);
	buf_release(&text);
	return -1;
}

int search_which(struct search *f)
{
	struct find_query q;
	struct err e = { "" };

	if (find_parse(&q, f->o->which, &e) < 0)
		return fail(f, message_usage(e.text));
	if (rewind_prepare(f->s, &e) < 0)
		return fail(f, run_input_failed(&e));
	f->code = confine_reading(f->s, NULL);
	if (f->code != EXIT_DONE)
		return -1;
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

int search_read_rows(struct search *f, struct session *session)
{
	const uint64_t *packets;
	size_t n;

	packets = find_packets(f->finder, &n);
	if (search_reopen(f) < 0)
		return -1;
	read_again(f->cap, session, packets, n);
	return 0;
}

void search_release(struct search *f)
{
	find_free(f->finder);
	cap_close(f->cap);
}
