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
	const char *star = strchr(f->path, '*');

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

/* The sides that `name` means when it names the field; 0 = it does not. */
static unsigned sides_named(const struct where_field *f, const char *name, struct buf *tmp)
{
	unsigned side;

	if (f->bare && strcmp(name, f->bare) == 0)
		return SIDES_EITHER;
	respell(tmp, f, NULL);
	if (strcmp(name, tmp->data) == 0)
		return SIDES_EITHER;
	if (!strchr(f->path, '*'))
		return 0;
	for (side = 0; side < 2; side++) {
		respell(tmp, f, side_word(side));
		if (strcmp(name, tmp->data) == 0)
			return 1u << side;
	}
	buf_reset(tmp);
	side = take_side(tmp, name);
	return side && f->bare && strcmp(tmp->data, f->bare) == 0 ? side : 0;
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
	if (found && !strchr(found->path, '*'))
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

void where_field_near(struct buf *out, const char *name)
{
	static const char *const forms[] = { NULL, "client", "server" };
	size_t best = SIZE_MAX;
	struct buf tmp = BUF_INIT;

	for (size_t i = 0; i < nfields * ARRAY_LEN(forms); i++) {
		const struct where_field *f = &where_fields[i / ARRAY_LEN(forms)];
		size_t distance;

		respell(&tmp, f, forms[i % ARRAY_LEN(forms)]);
		if (f->bare && i % ARRAY_LEN(forms) == 0 && near_match(name, f->bare)) {
			buf_reset(&tmp);
			buf_addstr(&tmp, f->bare);
		}
		distance = near_distance(name, tmp.data);
		if (distance >= best || !near_match(name, tmp.data))
			continue;
		best = distance;
		buf_reset(out);
		buf_addstr(out, tmp.data);
	}
	near_finding(out, name, best);
	buf_release(&tmp);
}
