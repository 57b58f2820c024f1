/* SPDX-License-Identifier: MIT */
/*
 * pattern - see pattern.h for the contract.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/pattern.h"
#include "tcpshadow/util.h"

static const struct pattern_value *value_of(
    const struct pattern_value *values, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(values[i].name, name, len) == 0 && values[i].name[len] == '\0')
			return &values[i];
	return NULL;
}

/* "one|many}": the word that fits.  Returns what is behind the brace. */
static const char *add_choice(struct buf *out, const char *words, uint64_t number)
{
	size_t one = strcspn(words, "|");
	const char *many = words + one + 1;
	size_t rest = strcspn(many, "}");

	if (number == 1)
		buf_add(out, words, one);
	else
		buf_add(out, many, rest);
	return many + rest + 1;
}

void pattern_fill(struct buf *out, const char *pattern, const struct pattern_value *values,
    size_t n, const void *about)
{
	const char *p = pattern, *open;

	while ((open = strchr(p, '{')) != NULL) {
		size_t len = strcspn(open + 1, "|}");
		const struct pattern_value *v = value_of(values, n, open + 1, len);
		const char *behind = open + 1 + len + 1;

		BUG_ON(!v);
		buf_add(out, p, (size_t)(open - p));
		if (behind[-1] == '|') {
			BUG_ON(!v->number);
			p = add_choice(out, behind, v->number(about));
		} else {
			v->add(out, about);
			p = behind;
		}
	}
	buf_addstr(out, p);
}
