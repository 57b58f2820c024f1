/* SPDX-License-Identifier: MIT */
/*
 * aside - what a connection that has just closed holds for late packets, apart from the rest, which can be packed.
 *
 * Input:  a connection that is over; nothing of its streams waits.
 * Output: the same as stream_close() and transfer_close() would leave of it later, and what they would give back.
 * Does not: set aside what calls for more than that: then it stays whole.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcp/reasm.h"

/* All of it was acknowledged up to the FIN, and counted: closing it delivers nothing and changes no fact but a digest. */
static bool is_stream_done(const struct endpoint *e)
{
	const struct reasm *r = e->stream;

	if (!r)
		return true;
	return r->fin && r->next == r->fin && r->counted == r->fin && !r->nwaiting && !r->o->digest;
}

static bool is_end_done(const struct endpoint *e)
{
	return !e->stream_closed && !e->transfer.is_closed && !e->facts.ambiguous && e->packets &&
	       is_stream_done(e);
}

bool conn_set_aside(struct conn *c, struct aside *a)
{
	if (!is_end_done(&c->ends[0]) || !is_end_done(&c->ends[1]))
		return false;
	transfer_set_aside(c, a->sent);
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		a->streams[i] = e->stream;
		if (!e->stream)
			continue;
		e->facts = e->stream->facts;
		e->stream = NULL;
		e->stream_closed = true;
	}
	return true;
}

void conn_take_back(struct conn *c, const struct aside *a)
{
	transfer_take_back(c, a->sent);
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		if (!a->streams[i])
			continue;
		e->facts = (struct stream_facts){ 0 };
		e->stream = a->streams[i];
		e->stream_closed = false;
	}
}

void aside_release(struct aside *a)
{
	for (unsigned i = 0; i < 2; i++) {
		reasm_free(a->streams[i]);
		sent_release(&a->sent[i]);
	}
}

void aside_prefetch(const struct aside *a)
{
	for (unsigned i = 0; i < 2; i++) {
		if (a->streams[i])
			reasm_prefetch(a->streams[i]);
		sent_prefetch(&a->sent[i]);
	}
}
