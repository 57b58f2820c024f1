/* SPDX-License-Identifier: MIT */
/*
 * story - the lines of a story into packets; expectations are left to story_expect.c.
 *
 * Input:  text, see tests/script/README.md.
 * Output: struct story, or one error with file and line.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/story.h"
#include "lib/story_option.h"
#include "lib/story_scan.h"
#include "tcpshadow/mem.h"

#define STORY_EPOCH (INT64_C(1767225600) * NS_PER_SEC) /* 2026-01-01, time of the first +0 */

/* ---- flow, base, drops ---- */

/* 10.0.0.1:80 or [2001:db8::1]:80 */
static int parse_endpoint(struct story_scan *sc, struct endpoint_addr *out)
{
	char word[80], *colon, *host = word;
	uint64_t port = 0;
	struct story_scan sub = *sc;

	story_scan_word(sc, word, sizeof(word));
	colon = strrchr(word, ':');
	if (!colon)
		return story_scan_fail(sc, "\"%s\" is not address:port", word);
	*colon = '\0';
	sub.p = colon + 1;
	if (story_scan_number(&sub, 65535, &port))
		return -1;
	if (*host == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	}
	out->port = (uint16_t)port;
	return story_scan_address(sc, host, &out->ip, &out->version);
}

static int parse_flow_end(struct story_scan *sc, struct story_end *end)
{
	struct story_scan probe = *sc;
	struct err ignored;
	uint8_t f, e;

	story_scan_space(sc);
	probe.p = sc->p;
	probe.e = &ignored;
	if (!isupper((unsigned char)*sc->p) || story_scan_end(&probe, &f, &e) == 0)
		return story_scan_fail(sc, "\"%.1s\" is not a new capital letter", sc->p);
	end->letter = *sc->p++;
	end->next_id = (uint16_t)((end->letter - 'A' + 1) * 1000);
	return parse_endpoint(sc, &end->addr);
}

static int parse_flow(struct story_scan *sc)
{
	struct story *st = sc->st;
	struct story_flow *fl = &st->flows[st->nflows];

	if (st->nflows >= STORY_NAMED)
		return story_scan_fail(sc, "more than %d flows", STORY_NAMED);
	if (parse_flow_end(sc, &fl->ends[0]) || parse_flow_end(sc, &fl->ends[1]))
		return -1;
	if (fl->ends[0].letter == fl->ends[1].letter ||
	    fl->ends[0].addr.version != fl->ends[1].addr.version)
		return story_scan_fail(
		    sc, "the ends of a flow need two letters and one IP version");
	st->nflows++;
	return 0;
}

static int parse_base(struct story_scan *sc)
{
	uint8_t flow, end;
	uint64_t base;

	if (story_scan_end(sc, &flow, &end) || story_scan_number(sc, UINT32_MAX, &base))
		return -1;
	sc->st->flows[flow].ends[end].base = (uint32_t)base;
	return 0;
}

static int parse_drops(struct story_scan *sc)
{
	uint64_t n;

	if (story_scan_number(sc, UINT32_MAX, &n))
		return -1;
	sc->st->drops = (uint32_t)n;
	return 0;
}

/* ---- words behind the sequence numbers ---- */

enum attr_type {
	ATTR_FLAG, /* a bool, no value */
	ATTR_U8,
	ATTR_U16,
	ATTR_U32,
};

static const struct attr {
	const char *word;
	enum attr_type type;
	size_t at;
} attrs[] = {
	{ "win", ATTR_U16, offsetof(struct story_packet, window) },
	{ "urg", ATTR_U16, offsetof(struct story_packet, urgent) },
	{ "ttl", ATTR_U8, offsetof(struct story_packet, ttl) },
	{ "tos", ATTR_U8, offsetof(struct story_packet, tos) },
	{ "id", ATTR_U16, offsetof(struct story_packet, ip_id) },
	{ "vlan", ATTR_U16, offsetof(struct story_packet, vlan) },
	{ "caplen", ATTR_U32, offsetof(struct story_packet, caplen) },
	{ "frag", ATTR_U16, offsetof(struct story_packet, fragment) },
	{ "flags-raw", ATTR_U16, offsetof(struct story_packet, flags) },
	{ "mtu", ATTR_U16, offsetof(struct story_packet, icmp_mtu) },
	{ "data-offset", ATTR_U8, offsetof(struct story_packet, data_offset) },
	{ "ip-version", ATTR_U8, offsetof(struct story_packet, ip_version) },
	{ "ip-longer", ATTR_U16, offsetof(struct story_packet, ip_longer) },
	{ "quote-seq", ATTR_U32, offsetof(struct story_packet, seq) },
	{ "ip-length-zero", ATTR_FLAG, offsetof(struct story_packet, ip_length_zero) },
	{ "ip-bad-checksum", ATTR_FLAG, offsetof(struct story_packet, bad_ip_checksum) },
	{ "source-route", ATTR_FLAG, offsetof(struct story_packet, source_route) },
	{ "checksum-partial", ATTR_FLAG, offsetof(struct story_packet, partial_checksum) },
	{ "checksum-ffff", ATTR_FLAG, offsetof(struct story_packet, ffff_checksum) },
	{ "overlap", ATTR_FLAG, offsetof(struct story_packet, overlap) },
	{ "df", ATTR_FLAG, offsetof(struct story_packet, dont_fragment) },
	{ "bad-checksum", ATTR_FLAG, offsetof(struct story_packet, bad_checksum) },
	{ "altered", ATTR_FLAG, offsetof(struct story_packet, altered) },
	{ "raw-seq", ATTR_FLAG, offsetof(struct story_packet, raw_seq) },
};

static void store_attr(struct story_packet *p, const struct attr *a, uint64_t v)
{
	unsigned char *at = (unsigned char *)p + a->at;
	const bool flag = true;
	const uint8_t u8 = (uint8_t)v;
	const uint16_t u16 = (uint16_t)v;
	const uint32_t u32 = (uint32_t)v;

	switch (a->type) {
	case ATTR_FLAG:
		memcpy(at, &flag, sizeof(flag));
		break;
	case ATTR_U8:
		memcpy(at, &u8, sizeof(u8));
		break;
	case ATTR_U16:
		memcpy(at, &u16, sizeof(u16));
		break;
	case ATTR_U32:
		memcpy(at, &u32, sizeof(u32));
		break;
	}
}

static int parse_attr(struct story_scan *sc, struct story_packet *p, const char *word)
{
	static const uint64_t max[] = { 1, UINT8_MAX, UINT16_MAX, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		uint64_t v = 0;

		if (strcmp(attrs[i].word, word) != 0)
			continue;
		if (attrs[i].type != ATTR_FLAG && story_scan_number(sc, max[attrs[i].type], &v))
			return -1;
		store_attr(p, &attrs[i], v);
		return 0;
	}
	return story_scan_fail(sc, "unknown word \"%s\"", word);
}

static int parse_ack(struct story_scan *sc, struct story_packet *p)
{
	uint64_t v;

	if (story_scan_number(sc, UINT32_MAX, &v))
		return -1;
	p->ack = (uint32_t)v;
	p->has_ack = true;
	return 0;
}

/* "text" with \r \n \\ \" as in C. */
static int parse_text(struct story_scan *sc, struct story_packet *p)
{
	struct buf b = BUF_INIT;
	int r = 0;

	for (; *sc->p != '"' && *sc->p != '\0'; sc->p++) {
		char c = *sc->p;

		if (c == '\\' && sc->p[1] != '\0') {
			c = *++sc->p;
			c = c == 'r' ? '\r' : c == 'n' ? '\n' : c;
		}
		buf_addch(&b, c);
	}
	if (!story_scan_char(sc, '"'))
		r = story_scan_fail(sc, "the text has no closing quote");
	else if (b.len != p->len)
		r = story_scan_fail(sc, "the text has %zu bytes, not %u", b.len, p->len);
	else if (b.len > 0)
		p->text = mem_strdup(b.data);
	buf_release(&b);
	return r;
}

static int parse_attrs(struct story_scan *sc, struct story_packet *p)
{
	char word[32];

	while (!story_scan_done(sc)) {
		int r;

		if (story_scan_char(sc, '<')) {
			r = story_option_parse(sc, p);
		} else if (story_scan_char(sc, '"')) {
			r = parse_text(sc, p);
		} else {
			story_scan_word(sc, word, sizeof(word));
			r = strcmp(word, "ack") == 0 ? parse_ack(sc, p) : parse_attr(sc, p, word);
		}
		if (r)
			return -1;
	}
	return 0;
}

/* ---- a TCP segment ---- */

static int parse_flags(struct story_scan *sc, struct story_packet *p)
{
	static const char letters[] = "FSRP.UEWe"; /* as tcpdump writes them, in bit order */
	char word[16];

	story_scan_word(sc, word, sizeof(word));
	if (strcmp(word, "-") == 0)
		return 0;
	for (const char *w = word; *w; w++) {
		const char *at = strchr(letters, *w);

		if (!at)
			return story_scan_fail(sc, "unknown flag '%c'", *w);
		p->flags |= (uint16_t)(1u << (at - letters));
	}
	return word[0] ? 0 : story_scan_fail(sc, "flags are expected");
}

/* first:end(length) */
static int parse_seq(struct story_scan *sc, struct story_packet *p)
{
	uint64_t first, end, len;

	if (story_scan_number(sc, UINT32_MAX, &first) || !story_scan_char(sc, ':') ||
	    story_scan_number(sc, UINT32_MAX, &end) || !story_scan_char(sc, '(') ||
	    story_scan_number(sc, 65000, &len) || !story_scan_char(sc, ')'))
		return story_scan_fail(sc, "sequence numbers are written first:end(length)");
	if ((uint32_t)first + (uint32_t)len != (uint32_t)end)
		return story_scan_fail(
		    sc, "%u + %u is not %u", (unsigned)first, (unsigned)len, (unsigned)end);
	p->seq = (uint32_t)first;
	p->len = (uint32_t)len;
	return 0;
}

static int parse_segment(struct story_scan *sc, struct story_packet *p)
{
	p->window = 65535;
	if (parse_flags(sc, p) || parse_seq(sc, p) || parse_attrs(sc, p))
		return -1;
	if ((p->flags & TCP_ACK) && !p->has_ack)
		return story_scan_fail(sc, "the ACK flag needs an ack number");
	return 0;
}

/* ---- an ICMP error ---- */

static const struct icmp_name {
	const char *word;
	uint8_t type4, code4, type6, code6;
} icmp_names[] = {
	{ "net-unreachable", 3, 0, 1, 0 },
	{ "host-unreachable", 3, 1, 1, 3 },
	{ "protocol-unreachable", 3, 2, 4, 1 },
	{ "port-unreachable", 3, 3, 1, 4 },
	{ "frag-needed", 3, 4, 2, 0 },
	{ "admin-prohibited", 3, 13, 1, 1 },
	{ "time-exceeded", 11, 0, 3, 0 },
};

static int parse_icmp_kind(struct story_scan *sc, struct story_packet *p, unsigned version)
{
	char word[32];

	story_scan_word(sc, word, sizeof(word));
	for (size_t i = 0; i < ARRAY_LEN(icmp_names); i++) {
		if (strcmp(icmp_names[i].word, word) != 0)
			continue;
		p->icmp_type = version == 4 ? icmp_names[i].type4 : icmp_names[i].type6;
		p->icmp_code = version == 4 ? icmp_names[i].code4 : icmp_names[i].code6;
		return 0;
	}
	return story_scan_fail(sc, "unknown ICMP error \"%s\"", word);
}

static int find_quoted(struct story_scan *sc, struct story_packet *p)
{
	for (size_t i = sc->st->npackets; i-- > 0;) {
		const struct story_packet *q = &sc->st->packets[i];

		if (q->kind == STORY_TCP && q->flow == p->flow && q->end != p->end) {
			p->icmp_quotes = i;
			return 0;
		}
	}
	return story_scan_fail(sc, "the other end has sent nothing to quote");
}

/* icmp KIND [from ADDRESS] [mtu N] ... */
static int parse_icmp(struct story_scan *sc, struct story_packet *p)
{
	const struct story_end *end = &sc->st->flows[p->flow].ends[p->end];
	char word[64];
	uint8_t version;

	p->kind = STORY_ICMP;
	story_scan_word(sc, word, sizeof(word));
	if (strcmp(word, "icmp") != 0)
		return story_scan_fail(sc, "\"icmp\" is expected after '!>'");
	if (parse_icmp_kind(sc, p, end->addr.version) || find_quoted(sc, p))
		return -1;
	story_scan_space(sc);
	if (strncmp(sc->p, "from ", 5) == 0) {
		sc->p += 5;
		story_scan_word(sc, word, sizeof(word));
		if (story_scan_address(sc, word, &p->icmp_from, &version))
			return -1;
		if (version != end->addr.version)
			return story_scan_fail(sc, "\"%s\" is of another IP version", word);
		p->has_icmp_from = true;
	}
	return parse_attrs(sc, p);
}

/* ---- packet lines ---- */

/* +0, +.010, +10ms, +2s, -.001 (a clock that steps back) */
static int parse_time(struct story_scan *sc)
{
	const bool back = *sc->p == '-';
	int64_t ns;

	if (!back && *sc->p != '+')
		return story_scan_fail(sc, "a time is written +SECONDS, not \"%.20s\"", sc->p);
	sc->p++;
	if (story_scan_span(sc, &ns))
		return -1;
	sc->st->clock += back ? -ns : ns;
	return 0;
}

static int parse_packet(struct story_scan *sc, bool missed)
{
	struct story *st = sc->st;
	struct story_packet p = { .line = sc->line, .missed = missed, .ttl = 64 };
	struct story_end *end;
	bool icmp;

	if (parse_time(sc) || story_scan_end(sc, &p.flow, &p.end))
		return -1;
	end = &st->flows[p.flow].ends[p.end];
	p.ts = st->clock;
	p.ip_id = end->next_id++;
	icmp = story_scan_char(sc, '!');
	if (!story_scan_char(sc, '>'))
		return story_scan_fail(sc, "'>' is expected after the end's letter");
	if (icmp ? parse_icmp(sc, &p) : parse_segment(sc, &p)) {
		free(p.text);
		return -1;
	}
	st->packets = mem_grow(st->packets, st->npackets, &st->packets_cap, sizeof(p));
	st->packets[st->npackets++] = p;
	return 0;
}

/* ---- the file ---- */

static int parse_words(struct story_scan *sc)
{
	char word[32];

	story_scan_word(sc, word, sizeof(word));
	if (strcmp(word, "flow") == 0)
		return parse_flow(sc);
	if (strcmp(word, "base") == 0)
		return parse_base(sc);
	if (strcmp(word, "drops") == 0)
		return parse_drops(sc);
	if (strcmp(word, "two-interfaces") == 0) {
		sc->st->has_two_interfaces = true;
		return 0;
	}
	if (strcmp(word, "again") == 0)
		return story_again_parse(sc);
	if (strcmp(word, "not-captured") == 0) {
		story_scan_space(sc);
		return parse_packet(sc, true);
	}
	return story_expect_parse(sc, word);
}

static int parse_line(struct story_scan *sc)
{
	int r;

	if (story_scan_done(sc))
		return 0;
	r = *sc->p == '+' || *sc->p == '-' ? parse_packet(sc, false) : parse_words(sc);
	if (r == 0 && !story_scan_done(sc))
		return story_scan_fail(sc, "\"%.30s\" is too much", sc->p);
	return r;
}

/* Copies one line without its comment; '#' inside quotes is text.  Returns the start of the next. */
static const char *next_line(const char *text, struct buf *line)
{
	bool quoted = false, comment = false, escaped = false;

	buf_reset(line);
	for (; *text != '\0' && *text != '\n'; text++) {
		if (*text == '"' && !escaped)
			quoted = !quoted;
		escaped = *text == '\\' && !escaped;
		comment = comment || (*text == '#' && !quoted);
		if (!comment)
			buf_addch(line, *text);
	}
	return *text == '\n' ? text + 1 : text;
}

static struct story *story_new(const char *name)
{
	struct story *st = mem_alloc(1, sizeof(*st));

	st->name = mem_strdup(name);
	st->clock = STORY_EPOCH;
	st->connection = 1;
	return st;
}

struct story *story_parse(const char *name, const char *text, struct err *e)
{
	struct story *st = story_new(name);
	struct buf line = BUF_INIT;
	struct story_scan sc = { .st = st, .e = e };

	while (*text != '\0') {
		text = next_line(text, &line);
		sc.line++;
		sc.p = line.data;
		if (parse_line(&sc)) {
			story_free(st);
			st = NULL;
			break;
		}
	}
	buf_release(&line);
	return st;
}

struct story *story_load(const char *path, struct err *e)
{
	FILE *f = fopen(path, "r");
	struct buf text = BUF_INIT;
	struct story *st;
	char chunk[4096];
	size_t n;

	if (!f) {
		err_set(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&text, chunk, n);
	(void)fclose(f);
	st = story_parse(path, text.data, e);
	buf_release(&text);
	return st;
}

struct story *story_copy(const struct story *st)
{
	struct story *c = story_new(st->name);
	char *name = c->name;

	*c = *st;
	c->name = name;
	c->packets = mem_alloc(st->npackets + 1, sizeof(*c->packets));
	c->packets_cap = st->npackets + 1;
	c->expects = NULL;
	c->nexpects = c->expects_cap = 0;
	for (size_t i = 0; i < st->npackets; i++) {
		c->packets[i] = st->packets[i];
		if (st->packets[i].text)
			c->packets[i].text = mem_strdup(st->packets[i].text);
	}
	return c;
}

void story_free(struct story *st)
{
	if (!st)
		return;
	for (size_t i = 0; i < st->npackets; i++)
		free(st->packets[i].text);
	free(st->packets);
	free(st->expects);
	free(st->name);
	free(st);
}
