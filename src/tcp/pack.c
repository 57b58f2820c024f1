/* SPDX-License-Identifier: MIT */
/*
 * pack - a closed connection in a fraction of its size, until its record is due or a late packet comes.
 *
 * Numbers that follow from others are made small or zero (relative to ISN, first packet, cause), then a 4-byte word
 * that is as in another connection, the mould, takes one bit.  A packed connection never leaves the process.  Exact:
 * unpacking gives back every byte, but for prints of frames that cannot matter any more.
 */
#include "config.h"

#include "tcp/conn.h"
#include "tcp/sparse.h"

_Static_assert(
    sizeof(struct conn) % 8 == 0 && ENDPOINT_FIXED % 8 == 0 && offsetof(struct conn, uid) % 8 == 0,
    "a connection is packed as words");
_Static_assert(
    sizeof(struct arrival) % 8 == 0 && sizeof(struct state_entry) % 8 == 0, "and so are its lists");

enum {
	PARTS = 7, /* each may end in a group that is not full */
};

_Static_assert(
    sizeof(struct conn) + 2 * (sizeof(struct conn) / SPARSE_GROUP + PARTS) + SPARSE_GROUP <=
        CONN_PACKED_MAX,
    "a group needs two bytes more at most, and room behind the last");

/* Adding and subtracting modulo 2^64 undo each other, whatever the values. */
static void shift(uint64_t *field, uint64_t by, bool packing)
{
	*field = packing ? *field - by : *field + by;
}

static void shift_history(struct conn *c, struct endpoint *e, bool packing)
{
	for (unsigned i = 0; i < e->nhistory; i++) {
		struct state_entry *h = &e->history[i];

		if (packing)
			shift(&h->proved_by, h->packet, packing);
		shift(&h->packet, c->uid, packing);
		if (!packing)
			shift(&h->proved_by, h->packet, packing);
	}
}

/* Times are counted back from the connection's last packet, and forth again: its own inverse. */
static void mirror_frames(const struct conn *c, struct endpoint *e)
{
	for (unsigned i = 0; i < FRAMES_MAX; i++)
		if (e->frames[i].hash)
			e->frames[i].time = c->end - e->frames[i].time;
}

static void shift_all(struct conn *c, bool packing)
{
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i], *peer = &c->ends[!i];

		shift(&e->base, e->iss, packing);
		shift(&e->snd_nxt, e->iss, packing);
		shift(&e->cap_nxt, e->iss, packing);
		shift(&e->fin_end, e->iss, packing);
		shift(&e->rcv_nxt, peer->iss, packing);
		shift(&e->right_edge, peer->iss, packing);
		shift(&e->memory.close_ack, peer->iss, packing);
		shift(&e->last_packet, c->uid, packing);
		shift_history(c, e, packing);
		mirror_frames(c, e);
	}
}

size_t conn_pack(struct conn *c, const struct conn *mould, uint8_t *out)
{
	const struct sparse_way *way = sparse_best();
	uint8_t *p = out;

	zeek_squeeze(c);
	shift_all(c, true);
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *e = &c->ends[i], *m = &mould->ends[i];

		p = sparse_put(way, p, e, m, ENDPOINT_FIXED);
		p = sparse_put(
		    way, p, e->arrivals, m->arrivals, e->narrivals * sizeof(e->arrivals[0]));
		p = sparse_put(way, p, e->history, m->history, e->nhistory * sizeof(e->history[0]));
	}
	p = sparse_put(way, p, &c->uid, &mould->uid, sizeof(*c) - offsetof(struct conn, uid));
	return (size_t)(p - out);
}

void conn_mould(struct conn *mould, const struct conn *spoilt)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *e = &spoilt->ends[i];
		struct endpoint *m = &mould->ends[i];

		memcpy(m, e, ENDPOINT_FIXED);
		memcpy(m->arrivals, e->arrivals, e->narrivals * sizeof(e->arrivals[0]));
		memcpy(m->history, e->history, e->nhistory * sizeof(e->history[0]));
	}
	memcpy(&mould->uid, &spoilt->uid, sizeof(*mould) - offsetof(struct conn, uid));
}

void conn_unpack(struct conn *c, const struct conn *mould, const uint8_t *in)
{
	const struct sparse_way *way = sparse_best();

	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *m = &mould->ends[i];
		struct endpoint *e = &c->ends[i];

		in = sparse_get(way, in, e, m, ENDPOINT_FIXED);
		in = sparse_get(
		    way, in, e->arrivals, m->arrivals, e->narrivals * sizeof(e->arrivals[0]));
		in = sparse_get(
		    way, in, e->history, m->history, e->nhistory * sizeof(e->history[0]));
	}
	(void)sparse_get(way, in, &c->uid, &mould->uid, sizeof(*c) - offsetof(struct conn, uid));
	shift_all(c, false);
	zeek_squeeze(c);
}
