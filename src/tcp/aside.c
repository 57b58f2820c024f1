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

static bool is_end_done(const struct endpoint *e)
{
	return !e->stream_closed && !e->transfer.is_closed && !e->facts.ambiguous && e->packets &&
	       (!e->stream || reasm_is_done(e->stream));
}

bool conn_set_aside(struct conn *c, struct aside *a)
{
	if (!is_end_done(&c->ends[0]) || !is_end_done(&c->ends[1]))
		return false;
	transfer_set_aside(c, a->sent);
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		a->streams[i].o = NULL;
		if (!e->stream)
			continue;
		e->facts = e->stream->facts;
		reasm_squeeze(e->stream, &a->streams[i]);
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

		if (!a->streams[i].o)
			continue;
		e->stream = reasm_revive(&a->streams[i], &e->facts);
		e->facts = (struct stream_facts){ 0 };
		e->stream_closed = false;
	}
}

void aside_release(struct aside *a)
{
	sent_release(&a->sent[0]);
	sent_release(&a->sent[1]);
}
