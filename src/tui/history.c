/* SPDX-License-Identifier: MIT */
/*
 * history - lines typed before, and the file that keeps them.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcpshadow/mem.h"
#include "tui/history.h"

enum {
	LINES_MAX = 200, /* of each kind */
	LINE_BYTES = 5000,
};

size_t history_count(const struct history *h)
{
	return h->n;
}

const char *history_at(const struct history *h, size_t i)
{
	return h->lines[h->n - 1 - i];
}

static void drop(struct history *h, size_t i)
{
	free(h->lines[i]);
	memmove(h->lines + i, h->lines + i + 1, (h->n - i - 1) * sizeof(*h->lines));
	h->n--;
}

void history_add(struct history *h, const char *line)
{
	if (!*line)
		return;
	for (size_t i = h->n; i-- > 0;)
		if (strcmp(h->lines[i], line) == 0)
			drop(h, i);
	if (h->n == LINES_MAX)
		drop(h, 0);
	h->lines = mem_grow(h->lines, h->n, &h->cap, sizeof(*h->lines));
	h->lines[h->n++] = mem_strdup(line);
}

void history_release(struct history *h)
{
	while (h->n)
		drop(h, h->n - 1);
	free(h->lines);
	*h = (struct history){ 0 };
}

static void take_line(const struct history_kind *kinds, size_t n, char *line)
{
	char *text = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (!text)
		return;
	*text++ = '\0';
	for (size_t i = 0; i < n; i++)
		if (strcmp(kinds[i].name, line) == 0)
			history_add(kinds[i].history, text);
}

void history_load(const struct history_kind *kinds, size_t n, const char *file)
{
	FILE *f = fopen(file, "r");
	char line[LINE_BYTES];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		take_line(kinds, n, line);
	(void)fclose(f);
}

int history_save(const struct history_kind *kinds, size_t n, const char *file)
{
	FILE *f = fopen(file, "w");
	int rc = 0;

	if (!f)
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = kinds[i].history->n; k-- > 0;)
			if (fprintf(f, "%s %s\n", kinds[i].name, history_at(kinds[i].history, k)) <
			    0)
				rc = -1;
	return fclose(f) == 0 ? rc : -1;
}
