/* SPDX-License-Identifier: MIT */
/*
 * where_field - the table of names, made from field.def, and the kinds of values.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "report/where_field.h"
#include "tcpshadow/buf.h"
#include "tcpshadow/community.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/near.h"
#include "tcpshadow/outcome.h"

static const char *last_state(const struct side_record *s)
{
	return tcp_state_name(s->states[s->nstates - 1].state);
}

/* Segments sent again for this reason, as the JSON counts them. */
static uint32_t again_class(const struct side_record *s, enum retransmission_kind class)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < RETRANSMISSION_COUNT; k++)
		if (retransmission_class((enum retransmission_kind)k) == class)
			n += s->transfer.again.kinds[k];
	return n;
}

static struct where_value count(uint64_t v)
{
	return (struct where_value){ .number = (int64_t)v };
}

static struct where_value ns(int64_t v)
{
	return (struct where_value){ .number = v };
}

static struct where_value flag(bool v)
{
	return (struct where_value){ .number = v };
}

static struct where_value word(const char *v)
{
	return (struct where_value){ .word = v };
}

static struct where_value address(const struct endpoint_addr *v)
{
	return (struct where_value){ .addr = v };
}

static struct where_value text(const char *v)
{
	struct where_value value = { .number = 0 };

	(void)snprintf(value.text, sizeof(value.text), "%s", v);
	return value;
}

static struct where_value community(const struct conn_record *r)
{
	struct where_value value = { .number = 0 };

	community_id(value.text, 0, &r->sides[SIDE_CLIENT].addr, &r->sides[SIDE_SERVER].addr);
	return value;
}

/* -1 = no finding, and nothing that the verdict says against it either. */
static struct where_value severity(const struct conn_record *r)
{
	enum severity s = finding_text_severity(r);

	return (
	    struct where_value){ .number = r->nfindings || s > SEVERITY_INFO ? (int64_t)s : -1 };
}

/* One small function per name. */
#define FIELD(id, path, bare, type, known, value, help)                                            \
	static bool get_##id(                                                                      \
	    const struct conn_record *r, const struct side_record *s, struct where_value *v)       \
	{                                                                                          \
		(void)r;                                                                           \
		(void)s;                                                                           \
		if (!(known))                                                                      \
			return false;                                                              \
		*v = value;                                                                        \
		return true;                                                                       \
	}
#include "report/field.def"
#undef FIELD

/* Of the types of metric.def: counts add up. */
#define SIDES_COUNT    "+"
#define SIDES_EXTENT   "*"
#define SIDES_BYTES    "*"
#define SIDES_DURATION "*"
#define TYPE_EXTENT    TYPE_COUNT

const struct where_field where_fields[] = {
#define FIELD(id, path, bare, type, known, value, help) { path, bare, TYPE_##type, get_##id, help },
#include "report/field.def"
#undef FIELD
};

static const size_t nfields = ARRAY_LEN(where_fields);

size_t where_name_count(void)
{
	return nfields;
}

struct where_name where_name_at(size_t i)
{
	const struct where_field *f = &where_fields[i];

	BUG_ON(i >= nfields);
	return (struct where_name){ f->path, f->bare, where_type_name(f->type), f->help };
}

bool where_field_sums(const struct where_field *f)
{
	return strchr(f->path, '+') != NULL;
}

const char *where_field_star(const struct where_field *f)
{
	return strpbrk(f->path, "*+");
}

bool where_field_bare(struct buf *out, const struct where_field *f, size_t i)
{
	const char *at = f->bare ? f->bare : "";

	for (; *at && i > 0; i--) {
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	buf_reset(out);
	buf_add(out, at, strcspn(at, " "));
	return *at != '\0';
}

static bool is_bare(const struct where_field *f, const char *name, bool has_side)
{
	struct buf bare = BUF_INIT;
	bool found = false;

	for (size_t i = 0; !found && where_field_bare(&bare, f, i); i++) {
		if (has_side && bare.len > 2 && bare.data[bare.len - 1] == '*')
			bare.data[bare.len - 2] = '\0';
		found = strcmp(bare.data, name) == 0;
	}
	buf_release(&bare);
	return found;
}

/* `name` without the word of a side at its front or end; returns the side's bit, 0 = none. */
static unsigned take_side(struct buf *out, const char *name)
{
	size_t n = strlen(name);

	for (unsigned side = 0; side < 2; side++) {
		size_t len = strlen(side_word(side));

		if (n <= len + 1)
			continue;
		if (strncmp(name, side_word(side), len) == 0 && name[len] == '.') {
			buf_add(out, name + len + 1, n - len - 1);
			return 1u << side;
		}
		if (strcmp(name + n - len, side_word(side)) == 0 && name[n - len - 1] == '.') {
			buf_add(out, name, n - len - 1);
			return 1u << side;
		}
	}
	return 0;
}

void where_field_spell(struct buf *out, const struct where_field *f, const char *side)
{
	const char *star = where_field_star(f);

	if (!star) {
		buf_addstr(out, f->path);
		return;
	}
	if (side) {
		buf_add(out, f->path, (size_t)(star - f->path));
		buf_addstr(out, side);
		buf_addstr(out, star + 1);
	} else if (star[1] == '.') {
		buf_add(out, f->path, (size_t)(star - f->path));
		buf_addstr(out, star + 2);
	} else {
		buf_add(out, f->path, (size_t)(star - f->path) - 1);
	}
}

static void respell(struct buf *out, const struct where_field *f, const char *side)
{
	buf_reset(out);
	where_field_spell(out, f, side);
}

/* Is it a short name, or the path without a side? */
static bool is_sideless(
    const struct where_field *f, const char *name, bool has_side, struct buf *tmp)
{
	if (is_bare(f, name, has_side))
		return true;
	respell(tmp, f, NULL);
	return strcmp(name, tmp->data) == 0;
}

/* The sides that `name` means when it names the field; 0 = it does not. */
static unsigned sides_named(const struct where_field *f, const char *name, struct buf *tmp)
{
	struct buf rest = BUF_INIT;
	unsigned side;

	if (is_sideless(f, name, false, tmp))
		return SIDES_EITHER;
	if (!where_field_star(f))
		return 0;
	for (side = 0; side < 2; side++) {
		respell(tmp, f, side_word(side));
		if (strcmp(name, tmp->data) == 0)
			return 1u << side;
	}
	side = take_side(&rest, name);
	if (side && !is_sideless(f, rest.data, true, tmp))
		side = 0;
	buf_release(&rest);
	return side;
}

const struct where_field *where_field_find(const char *name, unsigned *sides)
{
	const struct where_field *found = NULL;
	struct buf tmp = BUF_INIT;

	for (size_t i = 0; i < nfields && !found; i++) {
		*sides = sides_named(&where_fields[i], name, &tmp);
		if (*sides)
			found = &where_fields[i];
	}
	if (found && !where_field_star(found))
		*sides = SIDES_CLIENT;
	buf_release(&tmp);
	return found;
}

static void near_finding(struct buf *out, const char *name, size_t best)
{
	for (unsigned i = 0; i < FINDING_COUNT; i++) {
		const char *id = finding_info((enum finding_id)i)->name;
		size_t distance = near_distance(name, id);

		if (distance >= best || !near_match(name, id))
			continue;
		best = distance;
		buf_reset(out);
		buf_addstr(out, id);
	}
}

/* The better of what was found so far and another name. */
static void offer_near(struct buf *out, const char *name, const char *known, size_t *best)
{
	size_t distance = near_distance(name, known);

	if (distance >= *best || !near_match(name, known))
		return;
	*best = distance;
	buf_reset(out);
	buf_addstr(out, known);
}

void where_field_near(struct buf *out, const char *name)
{
	static const char *const forms[] = { NULL, "client", "server" };
	size_t best = SIZE_MAX;
	struct buf tmp = BUF_INIT;

	for (size_t i = 0; i < nfields; i++) {
		for (size_t k = 0; where_field_bare(&tmp, &where_fields[i], k); k++)
			offer_near(out, name, tmp.data, &best);
		for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
			respell(&tmp, &where_fields[i], forms[k]);
			offer_near(out, name, tmp.data, &best);
		}
	}
	near_finding(out, name, best);
	buf_release(&tmp);
}
