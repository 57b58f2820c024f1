/* SPDX-License-Identifier: MIT */
/*
 * story_option - TCP options as tcpdump writes them, into bytes.
 *
 * Output: the option bytes exactly in the order written; padding comes when the header is made.
 * Spec:   RFC 9293 3.2, RFC 2018, 2385, 5925, 7323, 7413.
 */
#include "config.h"

#include <ctype.h>

#include "lib/story_option.h"

static int put(struct story_scan *sc, struct story_packet *p, uint64_t v, unsigned bytes)
{
	if (p->noptions + bytes > STORY_OPTION_BYTES)
		return story_scan_fail(sc, "more than %d bytes of options", STORY_OPTION_BYTES);
	for (unsigned i = bytes; i-- > 0;)
		p->options[p->noptions++] = (uint8_t)(v >> (8 * i));
	return 0;
}

static int put_kind(struct story_scan *sc, struct story_packet *p, uint8_t kind, unsigned len)
{
	return put(sc, p, kind, 1) || put(sc, p, len, 1) ? -1 : 0;
}

/* A number that fills `bytes` bytes. */
static int put_number(struct story_scan *sc, struct story_packet *p, unsigned bytes)
{
	const uint64_t max = bytes == 1 ? UINT8_MAX : bytes == 2 ? UINT16_MAX : UINT32_MAX;
	uint64_t v;

	return story_scan_number(sc, max, &v) || put(sc, p, v, bytes) ? -1 : 0;
}

static int option_mss(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 2, 4) || put_number(sc, p, 2) ? -1 : 0;
}

static int option_wscale(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 3, 3) || put_number(sc, p, 1) ? -1 : 0;
}

static int option_sack_ok(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 4, 2);
}

/* sack 10:20 30:40 */
static int option_sack(struct story_scan *sc, struct story_packet *p)
{
	const uint8_t at = p->noptions;

	if (put_kind(sc, p, 5, 2))
		return -1;
	p->sack_at = p->noptions;
	p->nsack = 0;
	do {
		if (put_number(sc, p, 4) || !story_scan_char(sc, ':') || put_number(sc, p, 4))
			return story_scan_fail(sc, "SACK blocks are written left:right");
		p->nsack++;
		story_scan_space(sc);
	} while (isdigit((unsigned char)*sc->p));
	p->options[at + 1] = (uint8_t)(2 + 8 * p->nsack);
	return 0;
}

/* TS val N ecr N */
static int option_timestamps(struct story_scan *sc, struct story_packet *p)
{
	char val[8], ecr[8];

	if (put_kind(sc, p, 8, 10))
		return -1;
	story_scan_word(sc, val, sizeof(val));
	if (put_number(sc, p, 4))
		return -1;
	story_scan_word(sc, ecr, sizeof(ecr));
	if (strcmp(val, "val") != 0 || strcmp(ecr, "ecr") != 0)
		return story_scan_fail(sc, "timestamps are written TS val N ecr N");
	return put_number(sc, p, 4);
}

static int hex_digit(char c)
{
	const char *at = strchr("0123456789abcdef", tolower((unsigned char)c));

	return c != '\0' && at ? (int)(at - "0123456789abcdef") : -1;
}

/* Pairs of hexadecimal digits, as they stand. */
static int option_raw(struct story_scan *sc, struct story_packet *p)
{
	story_scan_space(sc);
	while (isxdigit((unsigned char)*sc->p)) {
		const int high = hex_digit(sc->p[0]), low = hex_digit(sc->p[1]);

		if (low < 0)
			return story_scan_fail(sc, "an odd number of hexadecimal digits");
		if (put(sc, p, (uint64_t)high * 16 + (uint64_t)low, 1))
			return -1;
		sc->p += 2;
	}
	return 0;
}

/* FO 0102030405060708: a Fast Open cookie */
static int option_cookie(struct story_scan *sc, struct story_packet *p)
{
	const uint8_t at = p->noptions;

	if (put_kind(sc, p, 34, 2) || option_raw(sc, p))
		return -1;
	p->options[at + 1] = (uint8_t)(p->noptions - at);
	return 0;
}

static int option_cookie_request(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 34, 2);
}

static int option_md5(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 19, 18) || put(sc, p, 0x1122334455667788, 8) ||
	               put(sc, p, 0x99aabbccddeeff00, 8)
	           ? -1
	           : 0;
}

static int option_ao(struct story_scan *sc, struct story_packet *p)
{
	return put_kind(sc, p, 29, 16) || put(sc, p, 0x0101, 2) ||
	               put(sc, p, 0x1122334455667788, 8) || put(sc, p, 0x99aabbcc, 4)
	           ? -1
	           : 0;
}

static int option_nop(struct story_scan *sc, struct story_packet *p)
{
	return put(sc, p, 1, 1);
}

static int option_eol(struct story_scan *sc, struct story_packet *p)
{
	return put(sc, p, 0, 1);
}

static const struct option_name {
	const char *word;
	int (*parse)(struct story_scan *sc, struct story_packet *p);
} option_names[] = {
	{ "mss", option_mss },
	{ "wscale", option_wscale },
	{ "sackOK", option_sack_ok },
	{ "sack", option_sack },
	{ "TS", option_timestamps },
	{ "FO", option_cookie },
	{ "FOreq", option_cookie_request },
	{ "md5", option_md5 },
	{ "ao", option_ao },
	{ "nop", option_nop },
	{ "eol", option_eol },
	{ "raw", option_raw },
};

/* Letters and digits only: the list has ',' and '>' right behind them. */
static void option_word(struct story_scan *sc, char *out, size_t cap)
{
	size_t n = 0;

	story_scan_space(sc);
	while (isalnum((unsigned char)*sc->p) && n + 1 < cap)
		out[n++] = *sc->p++;
	out[n] = '\0';
}

static int parse_one(struct story_scan *sc, struct story_packet *p)
{
	char word[16];

	option_word(sc, word, sizeof(word));
	for (size_t i = 0; i < ARRAY_LEN(option_names); i++) {
		if (strcmp(option_names[i].word, word) == 0)
			return option_names[i].parse(sc, p);
	}
	return story_scan_fail(sc, "unknown option \"%s\"", word);
}

int story_option_parse(struct story_scan *sc, struct story_packet *p)
{
	do {
		if (parse_one(sc, p))
			return -1;
	} while (story_scan_char(sc, ','));
	if (!story_scan_char(sc, '>'))
		return story_scan_fail(sc, "'>' is expected at \"%.20s\"", sc->p);
	return 0;
}
