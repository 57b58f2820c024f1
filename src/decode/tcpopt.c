/* SPDX-License-Identifier: MIT */
/*
 * tcpopt - the options of a TCP header.
 *
 * One row per kind: which lengths are right, which bit says it was there, how its value is read.
 */
#include "config.h"

#include "decode/tcpopt.h"

enum {
	KIND_EOL = 0,
	KIND_NOP = 1,
	NOPS_ODD = 4,
	FAST_OPEN_EXID = 0xf989, /* RFC 7413 4.1.1 before kind 34 was assigned */
	FAST_OPEN_COOKIE_MIN = 4,
	FAST_OPEN_COOKIE_MAX = 16,
};

/* Reads the value behind kind and length; false when the length is wrong after all. */
typedef bool (*value_fn)(struct tcp_options *o, struct rd v);

struct row {
	uint8_t min_len, max_len; /* length field: kind and length included */
	uint32_t bit;             /* of enum tcp_option_bit; 0 = an unknown kind */
	value_fn value;           /* NULL = only its presence counts */
};

static bool read_mss(struct tcp_options *o, struct rd v)
{
	o->mss = rd_be16(&v);
	return true;
}

static bool read_wscale(struct tcp_options *o, struct rd v)
{
	o->wscale = rd_u8(&v);
	return true;
}

static bool read_sack(struct tcp_options *o, struct rd v)
{
	size_t n = rd_left(&v) / 8;

	if (n == 0 || rd_left(&v) % 8 != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		o->sack[i].left = rd_be32(&v);
		o->sack[i].right = rd_be32(&v);
	}
	o->nsack = (uint8_t)n;
	return true;
}

static bool read_timestamps(struct tcp_options *o, struct rd v)
{
	o->tsval = rd_be32(&v);
	o->tsecr = rd_be32(&v);
	return true;
}

static bool read_fast_open(struct tcp_options *o, struct rd v)
{
	size_t n = rd_left(&v);

	if (n != 0 && (n < FAST_OPEN_COOKIE_MIN || n > FAST_OPEN_COOKIE_MAX || n % 2 != 0))
		return false;
	o->tfo_cookie_len = (uint8_t)n;
	return true;
}

static bool read_mptcp(struct tcp_options *o, struct rd v)
{
	o->mptcp_subtype = rd_u8(&v) >> 4;
	o->mptcp_subtypes |= (uint16_t)(1u << o->mptcp_subtype);
	if (o->mptcp_subtype == MPTCP_TCPRST && rd_left(&v))
		o->mptcp_reason = rd_u8(&v);
	return true;
}

static bool read_user_timeout(struct tcp_options *o, struct rd v)
{
	o->user_timeout = rd_be16(&v);
	return true;
}

/* RFC 6994: an identifier says what the experiment is. */
static bool read_experiment(struct tcp_options *o, struct rd v)
{
	if (rd_be16(&v) == FAST_OPEN_EXID && !v.is_short) {
		if (!read_fast_open(o, v))
			return false;
		o->seen |= OPT_FAST_OPEN;
	}
	return true;
}

/* RFC 9768 3.2.3: up to three counters of three bytes. */
static bool read_accecn(struct tcp_options *o, struct rd v)
{
	(void)o;
	return rd_left(&v) % 3 == 0;
}

/* By kind. */
static const struct row rows[UINT8_MAX + 1] = {
	[2] = { 4, 4, OPT_MSS, read_mss },
	[3] = { 3, 3, OPT_WSCALE, read_wscale },
	[4] = { 2, 2, OPT_SACK_PERMITTED, NULL },
	[5] = { 10, 34, OPT_SACK, read_sack },
	[8] = { 10, 10, OPT_TIMESTAMPS, read_timestamps },
	[19] = { 18, 18, OPT_MD5, NULL },
	[21] = { 6, 6, OPT_SNACK, NULL },
	[27] = { 8, 8, OPT_QUICK_START, NULL },
	[28] = { 4, 4, OPT_USER_TIMEOUT, read_user_timeout },
	[29] = { 4, 40, OPT_AO, NULL },
	[30] = { 3, 40, OPT_MPTCP, read_mptcp },
	[34] = { 2, 18, OPT_FAST_OPEN, read_fast_open },
	[172] = { 2, 11, OPT_ACCECN, read_accecn },
	[174] = { 2, 11, OPT_ACCECN, read_accecn },
	[253] = { 2, 40, OPT_EXPERIMENTAL, NULL },
	[254] = { 2, 40, OPT_EXPERIMENTAL, read_experiment },
};

/* These may stand in a header more than once. */
static const uint32_t repeatable = OPT_MPTCP | OPT_EXPERIMENTAL | OPT_ACCECN;

static void note_odd(struct tcp_options *o, enum tcp_option_odd what, uint8_t kind)
{
	if (!(o->odd & (OPT_ODD_LENGTH | OPT_ODD_OVERRUN | OPT_ODD_DUPLICATE)))
		o->bad_kind = kind;
	o->odd |= (uint16_t)what;
}

static void unknown(struct tcp_options *o, uint8_t kind)
{
	if (!(o->seen & OPT_UNKNOWN))
		o->unknown_kind = kind;
	o->seen |= OPT_UNKNOWN;
}

static void known(struct tcp_options *o, uint8_t kind, struct rd value)
{
	const struct row *row = &rows[kind];
	size_t len = rd_left(&value) + 2;

	if (len < row->min_len || len > row->max_len || (row->value && !row->value(o, value))) {
		note_odd(o, OPT_ODD_LENGTH, kind);
		return;
	}
	if (o->seen & row->bit & ~repeatable)
		note_odd(o, OPT_ODD_DUPLICATE, kind);
	o->seen |= row->bit;
}

static void option(struct tcp_options *o, uint8_t kind, struct rd value)
{
	if (rows[kind].bit)
		known(o, kind, value);
	else
		unknown(o, kind);
}

static void after_eol(struct tcp_options *o, struct rd r)
{
	o->seen |= OPT_EOL;
	while (rd_left(&r) > 0) {
		if (rd_u8(&r) != 0)
			o->odd |= OPT_ODD_AFTER_EOL;
	}
}

/* One option with a length; false when nothing behind it can be read. */
static bool with_length(struct tcp_options *o, uint8_t kind, struct rd *r, bool is_cut)
{
	uint8_t len;
	struct rd value;

	if (rd_left(r) == 0) {
		note_odd(o, is_cut ? OPT_ODD_TRUNCATED : OPT_ODD_OVERRUN, kind);
		return false;
	}
	len = rd_u8(r);
	if (len < 2) {
		note_odd(o, OPT_ODD_LENGTH, kind);
		return false;
	}
	value = rd_sub(r, len - 2u);
	if (value.is_short) {
		note_odd(o, is_cut ? OPT_ODD_TRUNCATED : OPT_ODD_OVERRUN, kind);
		return false;
	}
	option(o, kind, value);
	return true;
}

void tcpopt_list(struct tcp_options *o, struct rd r, bool is_cut)
{
	unsigned nops = 0;

	while (rd_left(&r) > 0) {
		uint8_t kind = rd_u8(&r);

		if (kind == KIND_EOL) {
			after_eol(o, r);
			break;
		}
		if (kind != KIND_NOP) {
			nops = 0;
			if (!with_length(o, kind, &r, is_cut))
				break;
			continue;
		}
		o->seen |= OPT_NOP;
		if (++nops >= NOPS_ODD)
			o->odd |= OPT_ODD_NOPS;
	}
}
