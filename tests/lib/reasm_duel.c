/* SPDX-License-Identifier: MIT */
/*
 * reasm_duel - reads scripts, compares after each step.
 *
 * Steps: add, add cut off, hold, acknowledge, accept a FIN.  Places are near the next byte, so that most steps
 * matter.  Bytes follow from number and version: pieces of the same version agree.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/reasm_duel.h"
#include "lib/reasm_slow.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/rd.h"

enum {
	BASE = 1000, /* number of the first byte */
	PIECE_MAX = 255 * 3,
	STEPS_MAX = 500,
};

struct duel {
	struct reasm_options options;
	struct reasm *fast;
	struct reasm_slow *slow;
	struct reasm_out out;
	struct slow_cell *got; /* what fast delivered */
	uint64_t ngot;
	uint8_t *held[STEPS_MAX]; /* bytes that slow borrows */
	unsigned nheld;
	int64_t now;
	struct buf *difference;
};

static void on_data(void *ctx, uint64_t offset, const struct reasm_input *in)
{
	struct duel *d = ctx;

	BUG_ON(offset != d->ngot || offset + in->n > REASM_SLOW_BYTES);
	for (size_t i = 0; i < in->n; i++)
		d->got[d->ngot++] = (struct slow_cell){ SLOW_DATA, in->bytes[i] };
}

static void on_gap(void *ctx, uint64_t offset, uint64_t n, enum stream_gap kind, int64_t time)
{
	struct duel *d = ctx;

	(void)time;
	BUG_ON(offset != d->ngot || offset + n > REASM_SLOW_BYTES);
	for (uint64_t i = 0; i < n; i++)
		d->got[d->ngot++] = (struct slow_cell){ SLOW_GAP, (uint8_t)kind };
}

static bool differs(struct duel *d, const char *what, uint64_t fast, uint64_t slow)
{
	if (fast == slow)
		return false;
	buf_addf(d->difference, "%s: %" PRIu64 " instead of %" PRIu64, what, fast, slow);
	return true;
}

static bool cells_differ(struct duel *d)
{
	for (uint64_t i = 0; i < d->ngot; i++) {
		const struct slow_cell *a = &d->got[i], *b = &d->slow->cells[i];

		if (a->state == b->state && a->byte == b->byte)
			continue;
		buf_addf(d->difference, "byte %" PRIu64 ": %u %02x instead of %u %02x", i, a->state,
		    a->byte, b->state, b->byte);
		return true;
	}
	return false;
}

static bool all_differ(struct duel *d)
{
	const struct stream_facts *f = &d->fast->facts;
	const struct reasm_slow *s = d->slow;

	if (differs(d, "next", d->ngot, s->next) || cells_differ(d) ||
	    differs(d, "delivered", f->delivered, s->delivered) ||
	    differs(d, "missing", f->missing, s->missing) ||
	    differs(d, "bytes", f->bytes, s->bytes) ||
	    differs(d, "dropped", f->dropped, s->dropped))
		return true;
	if (s->old_conflict)
		return false;
	return differs(d, "conflict", f->conflicts > 0, s->conflict);
}

static void make_bytes(uint8_t *bytes, uint64_t from, size_t n, unsigned version)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((from + i) * 31 + ((from + i) >> 8) + version * 101);
}

/* A piece; what: 0 = add, 1 = cut off, 2 = hold. */
static void play_piece(struct duel *d, unsigned what, uint64_t from, size_t n, unsigned version)
{
	uint8_t *bytes = mem_alloc(n + 1, 1);
	struct reasm_input in = { BASE + from, bytes, n, 1, d->now };

	make_bytes(bytes, from, n, version);
	if (what == 2) {
		reasm_hold(d->fast, &in);
		slow_hold(d->slow, from, bytes, n);
		d->held[d->nheld++] = bytes;
		return;
	}
	if (what == 1)
		in.bytes = NULL;
	reasm_add(d->fast, &in, &d->out);
	slow_add(d->slow, from, in.bytes, n);
	free(bytes);
}

static bool play_step(struct duel *d, struct rd *in)
{
	unsigned what = rd_u8(in);
	uint64_t place = rd_be16(in) % 1024;
	size_t n = (size_t)rd_u8(in) * 3 + 1;
	unsigned version = rd_u8(in);
	uint64_t next = d->ngot, from = next + place < 256 ? 0 : next + place - 256;

	d->now += (int64_t)rd_u8(in) * (NS_PER_SEC / 64);
	version = version < 200 ? 0 : version % 3;
	if (from + PIECE_MAX + 1 >= REASM_SLOW_BYTES)
		return false;
	if (what % 16 == 15 && !d->fast->fin && from > next) {
		reasm_fin(d->fast, BASE + from);
		slow_fin(d->slow, from);
	} else if (what % 16 >= 12) {
		reasm_ack(d->fast, BASE + from, d->now, &d->out);
		slow_ack(d->slow, from, d->now);
	} else {
		play_piece(d, what % 16 < 9 ? 0 : what % 16 < 10 ? 1 : 2, from, n, version);
	}
	return !all_differ(d);
}

static void check_digest(struct duel *d)
{
	uint8_t value[DIGEST_BYTES];
	struct digest digest;

	digest_init(&digest);
	for (uint64_t i = 0; i < d->slow->bytes; i++)
		digest_add(&digest, &d->slow->cells[i].byte, 1);
	digest_value(&digest, value);
	if (memcmp(value, d->fast->facts.sha256, sizeof(value)) != 0)
		buf_addstr(d->difference, "the digest");
}

static void play(struct duel *d, struct rd *in, bool refused)
{
	for (unsigned i = 0; i < STEPS_MAX && rd_left(in) >= REASM_DUEL_STEP; i++)
		if (!play_step(d, in))
			return;
	reasm_end(d->fast, d->now, refused, &d->out);
	slow_end(d->slow, refused);
	if (!all_differ(d))
		check_digest(d);
}

int reasm_duel(const uint8_t *script, size_t n, struct buf *difference)
{
	struct rd in = rd_make(script, n);
	struct duel d = { .difference = difference };
	uint8_t refused;

	d.options.policy = rd_u8(&in) % OVERLAP_COUNT;
	d.options.max_bytes = 64 + 16 * (size_t)rd_u8(&in);
	d.options.digest = true;
	refused = rd_u8(&in) & 1;
	d.fast = reasm_new(&d.options, BASE);
	d.slow = mem_alloc(1, sizeof(*d.slow));
	slow_init(d.slow, &d.options);
	d.got = mem_alloc(REASM_SLOW_BYTES, sizeof(*d.got));
	d.out = (struct reasm_out){ on_data, on_gap, &d };
	play(&d, &in, refused);
	reasm_free(d.fast);
	for (unsigned i = 0; i < d.nheld; i++)
		free(d.held[i]);
	free(d.slow);
	free(d.got);
	return difference->len ? -1 : 0;
}
