/* SPDX-License-Identifier: MIT */
/*
 * pack - a closed connection in a fraction of its size, until its record is due or a late packet comes.
 *
 * Numbers are made small (relative to ISN, first packet, cause), then each 8-byte word keeps only its
 * significant bytes and a zero word one bit.  Bytes are in the machine's own order: a packed connection never
 * leaves the process.  Exact: unpacking gives back every byte, but for
 * prints of frames that cannot matter any more.
 */
#include "config.h"

#include "tcp/conn.h"

_Static_assert(
    sizeof(struct conn) % 8 == 0 && ENDPOINT_FIXED % 8 == 0 && offsetof(struct conn, uid) % 8 == 0,
    "a connection is packed as words");
_Static_assert(
    sizeof(struct arrival) % 8 == 0 && sizeof(struct state_entry) % 8 == 0, "and so are its lists");
_Static_assert(sizeof(struct conn) / 8 * 9 + sizeof(struct conn) / 64 + 64 <= CONN_PACKED_MAX,
    "a word needs nine bytes at most, a group one more");

/*
 * Packed, a connection is a sequence of groups of eight words: a byte that says which of them are not zero,
 * then for each of those the number of its significant bytes and these, lowest first.
 */
enum {
	GROUP = 8,
	SLACK = 8, /* bytes behind the end that are read and written, and mean nothing */
};

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

static uint64_t word_at(const uint8_t *in, unsigned i)
{
	uint64_t w;

	memcpy(&w, in + sizeof(w) * i, sizeof(w));
	return w;
}

static uint8_t *put_word(uint8_t *out, uint64_t w)
{
	unsigned n = (71 - (unsigned)__builtin_clzll(w)) / 8;

	*out++ = (uint8_t)n;
	memcpy(out, &w, sizeof(w));
	return out + n;
}

/* n: words of the group, at most GROUP; most are zero.  (Which ones no branch predictor can tell.) */
static uint8_t *put_group(uint8_t *out, const uint8_t *in, unsigned n)
{
	unsigned set = 0;

	for (unsigned i = 0; i < n; i++)
		set |= (unsigned)(word_at(in, i) != 0) << i;
	*out++ = (uint8_t)set;
	for (; set; set &= set - 1)
		out = put_word(out, word_at(in, (unsigned)__builtin_ctz(set)));
	return out;
}

static uint8_t *put(uint8_t *out, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	size_t words = n / sizeof(uint64_t);

	for (; words >= GROUP; words -= GROUP, in += sizeof(uint64_t) * GROUP)
		out = put_group(out, in, GROUP);
	return words ? put_group(out, in, (unsigned)words) : out;
}

size_t conn_pack(struct conn *c, uint8_t *out)
{
	uint8_t *p = out;

	zeek_squeeze(c);
	shift_all(c, true);
	for (unsigned i = 0; i < 2; i++) {
		const struct endpoint *e = &c->ends[i];

		p = put(p, e, ENDPOINT_FIXED);
		p = put(p, e->arrivals, e->narrivals * sizeof(e->arrivals[0]));
		p = put(p, e->history, e->nhistory * sizeof(e->history[0]));
	}
	p = put(p, &c->uid, sizeof(*c) - offsetof(struct conn, uid));
	return (size_t)(p - out) + SLACK;
}

static const uint8_t *get_word(const uint8_t *in, uint64_t *w)
{
	unsigned n = *in++;

	memcpy(w, in, sizeof(*w));
	*w &= UINT64_MAX >> (64 - 8 * n);
	return in + n;
}

static const uint8_t *get(const uint8_t *in, void *bytes, size_t n)
{
	uint8_t *out = bytes, *end = out + n;

	memset(bytes, 0, n);
	for (; out < end; out += sizeof(uint64_t) * GROUP) {
		for (unsigned mask = *in++; mask; mask &= mask - 1) {
			uint64_t w;

			in = get_word(in, &w);
			memcpy(out + sizeof(w) * (unsigned)__builtin_ctz(mask), &w, sizeof(w));
		}
	}
	return in;
}

void conn_unpack(struct conn *c, const uint8_t *in)
{
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint *e = &c->ends[i];

		in = get(in, e, ENDPOINT_FIXED);
		in = get(in, e->arrivals, e->narrivals * sizeof(e->arrivals[0]));
		in = get(in, e->history, e->nhistory * sizeof(e->history[0]));
	}
	(void)get(in, &c->uid, sizeof(*c) - offsetof(struct conn, uid));
	shift_all(c, false);
	zeek_squeeze(c);
}
