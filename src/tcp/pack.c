/* SPDX-License-Identifier: MIT */
/*
 * pack - a closed connection in a fraction of its size, until its record is due or a late packet comes.
 *
 * Numbers that follow from others are made small or zero (relative to ISN, first packet, cause), then a 4-byte
 * word that is zero takes one bit.  A packed connection never leaves the process.  Exact: unpacking gives back
 * every byte, but for prints of frames that cannot matter any more.
 */
#include "config.h"

#include "tcp/conn.h"

_Static_assert(
    sizeof(struct conn) % 8 == 0 && ENDPOINT_FIXED % 8 == 0 && offsetof(struct conn, uid) % 8 == 0,
    "a connection is packed as words");
_Static_assert(
    sizeof(struct arrival) % 8 == 0 && sizeof(struct state_entry) % 8 == 0, "and so are its lists");

/*
 * Packed, a connection is a sequence of groups of sixteen words: two bytes that say which of them are not zero,
 * then those.
 */
enum {
	GROUP_BYTES = 64,
	PARTS = 7, /* each may end in a group that is not full */
};

/* Four words. */
typedef uint32_t quad __attribute__((vector_size(16)));

_Static_assert(
    sizeof(struct conn) + 2 * (sizeof(struct conn) / GROUP_BYTES + PARTS) <= CONN_PACKED_MAX,
    "a group needs two bytes more at most");

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

/* Bits of the words that are not zero, without a branch for each: none could be predicted. */
static unsigned words_set(const uint8_t *in)
{
	static const quad bits[] = { { 1, 1 << 1, 1 << 2, 1 << 3 },
		{ 1 << 4, 1 << 5, 1 << 6, 1 << 7 }, { 1 << 8, 1 << 9, 1 << 10, 1 << 11 },
		{ 1 << 12, 1 << 13, 1 << 14, 1 << 15 } };
	quad set = { 0 };

#pragma GCC unroll 4
	for (unsigned i = 0; i < ARRAY_LEN(bits); i++) {
		quad words;

		memcpy(&words, in + sizeof(words) * i, sizeof(words));
		set |= (quad)(words != 0) & bits[i];
	}
	return set[0] | set[1] | set[2] | set[3];
}

static uint8_t *put_group(uint8_t *out, const uint8_t *in)
{
	unsigned set = words_set(in);
	uint16_t mask = (uint16_t)set;

	memcpy(out, &mask, sizeof(mask));
	out += sizeof(mask);
	for (; set; set &= set - 1, out += sizeof(uint32_t))
		memcpy(out, in + sizeof(uint32_t) * (unsigned)__builtin_ctz(set), sizeof(uint32_t));
	return out;
}

static uint8_t *put(uint8_t *out, const void *bytes, size_t n)
{
	const uint8_t *in = bytes, *end = in + n;
	uint8_t last[GROUP_BYTES] = { 0 };

	for (; end - in >= GROUP_BYTES; in += GROUP_BYTES)
		out = put_group(out, in);
	if (in == end)
		return out;
	memcpy(last, in, (size_t)(end - in));
	return put_group(out, last);
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
	return (size_t)(p - out);
}

static const uint8_t *get(const uint8_t *in, void *bytes, size_t n)
{
	uint8_t *out = bytes, *end = out + n;

	memset(bytes, 0, n);
	for (; out < end; out += GROUP_BYTES) {
		uint16_t mask;

		memcpy(&mask, in, sizeof(mask));
		in += sizeof(mask);
		for (unsigned set = mask; set; set &= set - 1, in += sizeof(uint32_t))
			memcpy(out + sizeof(uint32_t) * (unsigned)__builtin_ctz(set), in,
			    sizeof(uint32_t));
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
