/* SPDX-License-Identifier: MIT */
/*
 * text - untrusted bytes, times and sizes as text.
 *
 * Input:  bytes from the wire, numbers of the program, sizes typed by the user.
 * Spec:   UTF-8 as in RFC 3629 (no overlong forms, no surrogates, up to U+10FFFF); JSON strings RFC 8259
 *         section 7.
 * Does not: use the locale: output is the same everywhere (text_date's local time excepted).
 */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "tcpshadow/digits.h"
#include "tcpshadow/text.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)

/* Code points that show nothing, or change how their neighbours are shown. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x0000, 0x001f },   /* C0 controls */
	{ 0x007f, 0x009f },   /* DELETE, C1 controls */
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors */
	{ 0x200b, 0x200f },   /* zero width, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, embedding, override */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xe000, 0xf8ff },   /* private use: any glyph */
	{ 0xfdd0, 0xfdef },   /* not characters */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* specials */
	{ 0xfffe, 0xffff },   /* not characters */
	{ 0x1d173, 0x1d17a }, /* musical controls */
	{ 0xe0000, 0x10ffff } /* tags, more selectors, private use */
};

bool text_is_printable(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(unprintable); i++)
		if (c >= unprintable[i].first && c <= unprintable[i].last)
			return false;
	return true;
}

/* Length in bytes that a UTF-8 sequence claims by its first byte; 0 = cannot begin one. */
static size_t utf8_claimed_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t text_utf8_decode(const uint8_t *p, size_t n, uint32_t *c)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = utf8_claimed_len(p[0]);

	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if (*c < smallest[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

size_t text_utf8_encode(char out[4], uint32_t c)
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (len == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf0u << (4 - len) & 0xf0u) | c);
	return len;
}

static bool is_plain_ascii(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

void text_escape(struct buf *out, const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *end = p + n, *run = p;
	uint32_t c = 0;
	size_t len;

	while (p < end) {
		if (is_plain_ascii(*p)) {
			p++;
			continue;
		}
		len = text_utf8_decode(p, (size_t)(end - p), &c);
		if (len > 0 && text_is_printable(c)) {
			p += len;
			continue;
		}
		buf_add(out, run, (size_t)(p - run));
		if (len > 1)
			buf_addf(out, "<U+%04X>", (unsigned)c);
		else
			buf_addf(out, "\\x%02x", *p);
		p += len ? len : 1;
		run = p;
	}
	buf_add(out, run, (size_t)(p - run));
}

/* What JSON wants escaped, or a byte that is not UTF-8. */
static void json_escape(struct buf *out, uint8_t c)
{
	static const char letter[] = "\bb\tt\nn\ff\rr\"\"\\\\";

	for (const char *l = letter; *l; l += 2) {
		if ((uint8_t)*l != c)
			continue;
		buf_addch(out, '\\');
		buf_addch(out, l[1]);
		return;
	}
	if (c < 0x80)
		buf_addf(out, "\\u%04x", c);
	else
		buf_addstr(out, "\xef\xbf\xbd");
}

void text_json_string(struct buf *out, const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *end = p + n, *run = p;
	uint32_t c;
	size_t len;

	buf_addch(out, '"');
	while (p < end) {
		len = is_plain_ascii(*p) ? 1 : text_utf8_decode(p, (size_t)(end - p), &c);
		if (len > 1 || (is_plain_ascii(*p) && *p != '"' && *p != '\\')) {
			p += len;
			continue;
		}
		buf_add(out, run, (size_t)(p - run));
		json_escape(out, *p++);
		run = p;
	}
	buf_add(out, run, (size_t)(p - run));
	buf_addch(out, '"');
}

/* |ns|, right for INT64_MIN too; writes the sign. */
static uint64_t sign_and_magnitude(struct buf *out, int64_t ns)
{
	if (ns >= 0)
		return (uint64_t)ns;
	buf_addch(out, '-');
	return 0 - (uint64_t)ns;
}

void text_ns(struct buf *out, int64_t ns)
{
	buf_reserve(out, DIGITS_NS);
	buf_end_at(out, digits_ns(out->data + out->len, ns));
}

/* v / unit with three significant digits, never more than two decimals. */
static void add_three_digits(struct buf *out, uint64_t v, uint64_t unit)
{
	uint64_t hundredths = (v + unit / 200) / (unit / 100);
	uint64_t tenths = (v + unit / 20) / (unit / 10);

	if (hundredths < 1000) {
		buf_add_u64(out, hundredths / 100);
		buf_addch(out, '.');
		buf_add_padded(out, (uint32_t)(hundredths % 100), 2);
	} else if (tenths < 1000) {
		buf_add_u64(out, tenths / 10);
		buf_addch(out, '.');
		buf_add_u64(out, tenths % 10);
	} else {
		buf_add_u64(out, (v + unit / 2) / unit);
	}
}

/* From one minute on: the two largest units, cut, not rounded. */
static void long_duration(struct buf *out, uint64_t seconds)
{
	uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	if (minutes < 60)
		buf_addf(out, "%um%02us", (unsigned)minutes, (unsigned)(seconds % 60));
	else if (hours < 24)
		buf_addf(out, "%uh%02um", (unsigned)hours, (unsigned)(minutes % 60));
	else
		buf_addf(out, "%ud%02uh", (unsigned)days, (unsigned)(hours % 24));
}

/* The limits are where rounding would show 1000 of a unit. */
void text_duration(struct buf *out, int64_t ns)
{
	uint64_t v = sign_and_magnitude(out, ns);

	if (v < (uint64_t)NS_PER_US) {
		buf_add_u64(out, v);
		buf_addstr(out, v ? " ns" : " s");
	} else if (v < (uint64_t)(NS_PER_MS - NS_PER_US / 2)) {
		buf_add_u64(out, (v + (uint64_t)NS_PER_US / 2) / (uint64_t)NS_PER_US);
		buf_addstr(out, " us");
	} else if (v < (uint64_t)(NS_PER_SEC - NS_PER_MS / 2)) {
		add_three_digits(out, v, (uint64_t)NS_PER_MS);
		buf_addstr(out, " ms");
	} else if (v < (uint64_t)(60 * NS_PER_SEC - 50 * NS_PER_MS)) {
		add_three_digits(out, v, (uint64_t)NS_PER_SEC);
		buf_addstr(out, " s");
	} else {
		long_duration(out, (v + (uint64_t)NS_PER_SEC / 2) / (uint64_t)NS_PER_SEC);
	}
}

void text_bytes(struct buf *out, uint64_t n)
{
	static const char letter[] = "kMGTPE";
	uint64_t unit = 1000, tenths;
	size_t i = 0;

	if (n < 1000) {
		buf_add_u64(out, n);
		return;
	}
	while (letter[i + 1] && n >= unit * 1000 - unit / 2) {
		unit *= 1000;
		i++;
	}
	tenths = n / (unit / 10) + (n % (unit / 10) >= unit / 20);
	if (tenths < 1000) {
		buf_add_u64(out, tenths / 10);
		buf_addch(out, '.');
		buf_add_u64(out, tenths % 10);
	} else {
		buf_add_u64(out, n / unit + (n % unit >= unit / 2));
	}
	buf_addch(out, letter[i]);
}

unsigned text_digits(uint64_t n)
{
	unsigned count = 1;

	while (n /= 10)
		count++;
	return count;
}

void text_count(struct buf *out, uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 1000)
		unit *= 1000;
	buf_add_u64(out, n / unit);
	while (unit >= 1000) {
		unit /= 1000;
		buf_addch(out, ',');
		buf_add_padded(out, (uint32_t)(n / unit % 1000), 3);
	}
}

void text_signed_count(struct buf *out, uint64_t n)
{
	bool is_negative = (int64_t)n < 0;

	if (is_negative)
		buf_addch(out, '-');
	text_count(out, is_negative ? -n : n);
}

void text_date(struct buf *out, int64_t ns, bool utc)
{
	int64_t seconds = ns / NS_PER_SEC, rest = ns % NS_PER_SEC;
	char date[64];
	struct tm tm;
	time_t t;

	if (rest < 0) {
		rest += NS_PER_SEC;
		seconds--;
	}
	t = (time_t)seconds;
	if (!(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) ||
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
		text_ns(out, ns);
		return;
	}
	buf_addstr(out, date);
	buf_addch(out, '.');
	buf_add_padded(out, (uint32_t)(rest / NS_PER_US), 6);
	if (utc)
		buf_addch(out, 'Z');
}

/* The factor of a unit such as k, Mi or GB; 0 = not a unit. */
static uint64_t size_unit(const char *s)
{
	static const char letter[] = "kmgtpe";
	const char *l = *s ? strchr(letter, tolower((unsigned char)*s)) : NULL;
	uint64_t base = 1000, unit = 1;

	if (l) {
		s++;
		if (tolower((unsigned char)*s) == 'i') {
			base = 1024;
			s++;
		}
		for (ptrdiff_t i = 0; i <= l - letter; i++)
			unit *= base;
	}
	if (tolower((unsigned char)*s) == 'b')
		s++;
	return *s ? 0 : unit;
}

int text_parse_size(const char *s, uint64_t *out, struct err *e)
{
	const char *p = s;
	uint64_t v = 0, unit;

	if (*p < '0' || *p > '9')
		return err_set(
		    e, "\"%s\" is not a size (write a number such as 64k, 10M, 1GiB)", s);
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return err_set(e, "size \"%s\" is too large", s);
		v = v * 10 + digit;
	}
	unit = size_unit(p);
	if (unit == 0)
		return err_set(e, "size \"%s\": unknown unit \"%s\" (k M G T, Ki Mi Gi Ti)", s, p);
	if (v > UINT64_MAX / unit)
		return err_set(e, "size \"%s\" is too large", s);
	*out = v * unit;
	return 0;
}
