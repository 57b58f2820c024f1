/* SPDX-License-Identifier: MIT */
/*
 * story_scan - reading one line of a story: words, numbers, ends.
 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/story_scan.h"

int story_scan_fail(struct story_scan *sc, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(sc->e, "%s:%d: %s", sc->st->name, sc->line, what);
}

void story_scan_space(struct story_scan *sc)
{
	while (isspace((unsigned char)*sc->p))
		sc->p++;
}

bool story_scan_done(struct story_scan *sc)
{
	story_scan_space(sc);
	return *sc->p == '\0';
}

void story_scan_word(struct story_scan *sc, char *out, size_t cap)
{
	size_t n = 0;

	story_scan_space(sc);
	while (*sc->p != '\0' && *sc->p != ',' && !isspace((unsigned char)*sc->p)) {
		if (n + 1 < cap)
			out[n++] = *sc->p;
		sc->p++;
	}
	out[n] = '\0';
}

bool story_scan_char(struct story_scan *sc, char c)
{
	story_scan_space(sc);
	if (*sc->p != c)
		return false;
	sc->p++;
	return true;
}

int story_scan_number(struct story_scan *sc, uint64_t max, uint64_t *out)
{
	char *end = NULL;

	story_scan_space(sc);
	if (!isdigit((unsigned char)*sc->p))
		return story_scan_fail(sc, "a number is expected at \"%.20s\"", sc->p);
	*out = strtoull(sc->p, &end, 0);
	sc->p = end;
	if (*out > max)
		return story_scan_fail(
		    sc, "%llu is above %llu", (unsigned long long)*out, (unsigned long long)max);
	return 0;
}

/* Decimal seconds, ".5" included, as nanoseconds. */
static int64_t parse_decimal(const char **p)
{
	int64_t v = 0, unit = NS_PER_SEC;
	const char *at = *p;

	for (; isdigit((unsigned char)*at); at++)
		v = v * 10 + (*at - '0');
	v *= NS_PER_SEC;
	if (*at == '.')
		at++;
	for (; isdigit((unsigned char)*at); at++) {
		unit /= 10;
		v += (*at - '0') * unit;
	}
	*p = at;
	return v;
}

int story_scan_span(struct story_scan *sc, int64_t *ns)
{
	char word[32] = "";
	const char *unit = word;

	story_scan_word(sc, word, sizeof(word));
	*ns = parse_decimal(&unit);
	if (unit == word)
		return story_scan_fail(sc, "\"%s\" is no time", word);
	if (strcmp(unit, "ms") == 0)
		*ns /= 1000;
	else if (strcmp(unit, "us") == 0)
		*ns /= 1000000;
	else if (unit[0] != '\0' && strcmp(unit, "s") != 0)
		return story_scan_fail(sc, "unknown unit \"%s\"", unit);
	return 0;
}

int story_scan_end(struct story_scan *sc, uint8_t *flow, uint8_t *end)
{
	story_scan_space(sc);
	for (size_t i = 0; i < sc->st->nflows * 2 && *sc->p != '\0'; i++) {
		if (sc->st->flows[i / 2].ends[i % 2].letter != *sc->p)
			continue;
		*flow = (uint8_t)(i / 2);
		*end = (uint8_t)(i % 2);
		sc->p++;
		return 0;
	}
	return story_scan_fail(sc, "no flow line names an end \"%.1s\"", sc->p);
}

int story_scan_address(struct story_scan *sc, const char *text, struct addr *out, uint8_t *version)
{
	memset(out, 0, sizeof(*out));
	*version = strchr(text, ':') ? 6 : 4;
	if (inet_pton(*version == 6 ? AF_INET6 : AF_INET, text, out->b) != 1)
		return story_scan_fail(sc, "\"%s\" is not an address", text);
	return 0;
}
