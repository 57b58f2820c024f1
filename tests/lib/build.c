/* SPDX-License-Identifier: MIT */
/*
 * build - packets from one line of words, outermost header first, with lengths and checksums filled in.
 *
 * Words are taken from the last to the first, each put in front of what there is.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/build.h"

enum {
	PROTOCOL_ICMP = 1,
	PROTOCOL_IP4 = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IP6 = 41,
	PROTOCOL_ICMP6 = 58,
	WORD_MAX = 256,
};

uint32_t build_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint8_t *prepend(struct build *b, size_t n)
{
	BUG_ON((size_t)(b->data - b->room) < n);
	b->data -= n;
	b->len += n;
	memset(b->data, 0, n);
	return b->data;
}

static unsigned hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, c);

	BUG_ON(!at || c == '\0');
	return (unsigned)(at - digits);
}

/* Bytes of a hexadecimal text of n digits. */
static size_t read_hex(uint8_t *out, const char *s, size_t n)
{
	BUG_ON(n % 2 != 0 || n / 2 > WORD_MAX);
	for (size_t i = 0; i < n; i += 2)
		out[i / 2] = (uint8_t)(hex_digit(s[i]) << 4 | hex_digit(s[i + 1]));
	return n / 2;
}

/* What stands in braces in a word. */
static size_t read_braces(uint8_t *out, const char *word)
{
	const char *open = strchr(word, '{');
	const char *close = open ? strchr(open, '}') : NULL;

	return close ? read_hex(out, open + 1, (size_t)(close - open) - 1) : 0;
}

static void add_tcp(struct build *b, const char *word)
{
	uint8_t options[WORD_MAX];
	size_t n = read_braces(options, word);
	uint8_t *p;

	memcpy(prepend(b, BUILD_PAYLOAD), "hello", BUILD_PAYLOAD);
	p = prepend(b, 20 + n);
	put16(p, b->is_reply ? 80 : 40000);
	put16(p + 2, b->is_reply ? 40000 : 80);
	put32(p + 4, 0x01020304);
	put32(p + 8, 0x05060708);
	p[12] = (uint8_t)((20 + n) / 4 << 4);
	p[13] = 0x18;
	put16(p + 14, 512);
	memcpy(p + 20, options, n);
	b->tcp = p;
	b->upper = b->len;
	b->upper_protocol = b->next = PROTOCOL_TCP;
}

static void add_icmp(struct build *b, const char *word)
{
	uint8_t *p = prepend(b, 8);

	(void)read_hex(p, word + 1, 4);
	(void)read_hex(p + 4, strchr(word, ':') + 1, 8);
	b->upper = b->len;
	b->upper_protocol = b->next = PROTOCOL_ICMP;
}

static void add_udp(struct build *b, const char *word)
{
	uint8_t *p = prepend(b, 8);

	put16(p + (b->is_reply ? 2 : 0), 50000);
	put16(p + (b->is_reply ? 0 : 2), (uint32_t)strtoul(word + 1, NULL, 10));
	put16(p + 4, (uint32_t)b->len);
	b->next = PROTOCOL_UDP;
}

static void add_bytes(struct build *b, const char *word)
{
	uint8_t bytes[WORD_MAX];
	size_t n = read_hex(bytes, word, strlen(word));

	memcpy(prepend(b, n), bytes, n);
}

/* The checksum of the TCP or ICMP message at the end of the packet; `ends` are both addresses. */
static void fix_upper(struct build *b, const uint8_t *ends, size_t n, uint8_t protocol)
{
	uint8_t *p = b->room + BUILD_MAX - b->upper;
	uint8_t *field = p + (protocol == PROTOCOL_TCP ? 16 : 2);
	uint8_t tail[8] = { 0, 0, 0, 0, 0, 0, 0, protocol };
	uint32_t sum = 0;

	put32(tail, (uint32_t)b->upper);
	if (protocol != PROTOCOL_ICMP)
		sum = build_sum(build_sum(0, ends, n), tail, sizeof(tail));
	put16(field, 0);
	put16(field, ~build_sum(sum, p, b->upper) & 0xffff);
	b->upper = 0;
}

void build_fix_ip4(uint8_t *p)
{
	size_t words = p[0] & 15;

	put16(p + 10, 0);
	put16(p + 10, ~build_sum(0, p, (words < 5 ? 5 : words) * 4) & 0xffff);
}

void build_fix_tcp4(const uint8_t *ip, uint8_t *p, size_t n)
{
	uint8_t tail[4] = { 0, PROTOCOL_TCP, (uint8_t)(n >> 8), (uint8_t)n };
	uint32_t sum = build_sum(build_sum(0, ip + 12, 8), tail, sizeof(tail));

	put16(p + 16, 0);
	put16(p + 16, ~build_sum(sum, p, n) & 0xffff);
}

static uint8_t protocol_of(const struct build *b, const char *word)
{
	const char *slash = strchr(word, '/');

	return slash ? (uint8_t)strtoul(slash + 1, NULL, 10) : b->next;
}

static void add_ip4(struct build *b, const char *word)
{
	uint8_t options[WORD_MAX];
	size_t n = read_braces(options, word);
	uint8_t *p = prepend(b, 20 + n);

	p[0] = (uint8_t)(0x40 + (20 + n) / 4);
	put16(p + 2, (uint32_t)b->len);
	put16(p + 4, 0x1234);
	p[6] = 0x40;
	p[8] = 64;
	p[9] = protocol_of(b, word);
	memcpy(p + 12, (uint8_t[]){ 10, (uint8_t)b->level, 0, b->is_reply ? 2 : 1 }, 4);
	memcpy(p + 16, (uint8_t[]){ 10, (uint8_t)b->level, 0, b->is_reply ? 1 : 2 }, 4);
	memcpy(p + 20, options, n);
	build_fix_ip4(p);
	if (b->upper)
		fix_upper(b, p + 12, 8, b->upper_protocol);
	b->next = PROTOCOL_IP4;
	b->level++;
}

static void add_ip6(struct build *b, const char *word)
{
	static const uint8_t prefix[4] = { 0x20, 0x01, 0x0d, 0xb8 };
	uint8_t *p = prepend(b, 40);

	put32(p, 0x60012345);
	put16(p + 4, (uint32_t)b->len - 40);
	if (b->next == PROTOCOL_ICMP)
		b->next = b->upper_protocol = PROTOCOL_ICMP6;
	p[6] = protocol_of(b, word);
	p[7] = 64;
	memcpy(p + 8, prefix, 4);
	memcpy(p + 24, prefix, 4);
	p[13] = p[29] = (uint8_t)b->level;
	p[23] = b->is_reply ? 2 : 1;
	p[39] = b->is_reply ? 1 : 2;
	if (b->upper)
		fix_upper(b, p + 8, 32, b->upper_protocol);
	b->next = PROTOCOL_IP6;
	b->level++;
}

static void add_word(struct build *b, const char *word)
{
	static const struct {
		char first;
		void (*add)(struct build *b, const char *word);
	} words[] = {
		{ '4', add_ip4 },
		{ '6', add_ip6 },
		{ 'T', add_tcp },
		{ 'U', add_udp },
		{ 'I', add_icmp },
	};
	bool is_ip = word[1] == '\0' || word[1] == '/' || word[1] == '{';

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].first == word[0] && (word[0] > '9' || is_ip)) {
			words[i].add(b, word);
			return;
		}
	}
	add_bytes(b, word);
}

void build_packet(struct build *b, const char *words, bool is_reply)
{
	size_t end = strlen(words);

	b->data = b->room + BUILD_MAX;
	b->len = b->level = b->next = 0;
	b->upper = 0;
	b->tcp = NULL;
	b->is_reply = is_reply;
	while (end > 0) {
		size_t start = end;
		char word[2 * WORD_MAX] = "";

		while (start > 0 && words[start - 1] != ' ')
			start--;
		BUG_ON(end - start >= sizeof(word));
		memcpy(word, words + start, end - start);
		add_word(b, word);
		end = start > 0 ? start - 1 : 0;
	}
}
