/* SPDX-License-Identifier: MIT */
/*
 * lifelines - hosts in order of who calls whom.
 *
 * A host's level is the length of the longest way of calls that leads to it.  Calls in a circle have no order: there
 * the host that was seen first goes first.
 */
#include "config.h"

#include <stdlib.h>

#include "tcpshadow/lifelines.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/record.h"

#define NO_HOST SIZE_MAX

struct builder {
	const struct lifelines_call *calls;
	size_t ncalls;
	struct lifelines *lines;
	size_t *level, *group; /* of each host */
	bool *is_placed;
};

/* A service is told by its port as well.  Any port can be one, 0 too. */
static size_t find_host(const struct lifelines *l, const struct endpoint_addr *end, bool is_service)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct lifelines_host *h = &l->hosts[i];

		if (h->is_service == is_service && h->addr.version == end->version &&
		    addr_equal(&h->addr.ip, &end->ip) && (!is_service || h->addr.port == end->port))
			return i;
	}
	return NO_HOST;
}

static size_t add_host(struct lifelines *l, const struct endpoint_addr *end, bool is_service)
{
	size_t i = find_host(l, end, is_service);

	if (i != NO_HOST)
		return i;
	l->hosts[l->n] = (struct lifelines_host){ *end, is_service };
	return l->n++;
}

static bool calls_itself(const struct lifelines_call *c)
{
	return addr_equal(&c->ends[0].ip, &c->ends[1].ip);
}

/* Is it a service that its host calls itself?  Who else calls it meets the same lifeline. */
static bool is_own_service(const struct builder *b, const struct endpoint_addr *server)
{
	for (size_t i = 0; i < b->ncalls; i++) {
		const struct endpoint_addr *other = &b->calls[i].ends[SIDE_SERVER];

		if (calls_itself(&b->calls[i]) && addr_equal(&other->ip, &server->ip) &&
		    other->port == server->port)
			return true;
	}
	return false;
}

static void collect_hosts(struct builder *b)
{
	for (size_t i = 0; i < b->ncalls; i++) {
		const struct endpoint_addr *ends = b->calls[i].ends;
		bool is_service = is_own_service(b, &ends[SIDE_SERVER]);

		b->lines->ends[i][SIDE_CLIENT] =
		    (uint16_t)add_host(b->lines, &ends[SIDE_CLIENT], false);
		b->lines->ends[i][SIDE_SERVER] =
		    (uint16_t)add_host(b->lines, &ends[SIDE_SERVER], is_service);
	}
}

/* Does a host call it that has no level yet? */
static bool is_called(const struct builder *b, size_t host)
{
	for (size_t i = 0; i < b->ncalls; i++) {
		const uint16_t *ends = b->lines->ends[i];

		if (ends[SIDE_SERVER] == host && ends[SIDE_CLIENT] != host &&
		    !b->is_placed[ends[SIDE_CLIENT]])
			return true;
	}
	return false;
}

static size_t next_host(const struct builder *b)
{
	size_t first = NO_HOST;

	for (size_t i = 0; i < b->lines->n; i++) {
		if (b->is_placed[i])
			continue;
		if (!is_called(b, i))
			return i;
		first = first == NO_HOST ? i : first;
	}
	return first;
}

/* Whom it calls stands further to the right. */
static void place_host(struct builder *b, size_t host)
{
	b->is_placed[host] = true;
	for (size_t i = 0; i < b->ncalls; i++) {
		const uint16_t *ends = b->lines->ends[i];
		size_t server = ends[SIDE_SERVER];

		if (ends[SIDE_CLIENT] == host && !b->is_placed[server] &&
		    b->level[server] <= b->level[host])
			b->level[server] = b->level[host] + 1;
	}
}

/* Hosts that connections lead to from each other, by any way, have the lowest number among them. */
static void find_groups(struct builder *b)
{
	bool has_changed = true;

	for (size_t i = 0; i < b->lines->n; i++)
		b->group[i] = i;
	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < b->ncalls; i++) {
			const uint16_t *ends = b->lines->ends[i];
			size_t *client = &b->group[ends[SIDE_CLIENT]],
			       *server = &b->group[ends[SIDE_SERVER]];

			has_changed = has_changed || *client != *server;
			*client = *server = *client < *server ? *client : *server;
		}
	}
}

static bool stands_before(const struct builder *b, size_t i, size_t k)
{
	if (b->group[i] != b->group[k])
		return b->group[i] < b->group[k];
	return b->level[i] != b->level[k] ? b->level[i] < b->level[k] : i < k;
}

/* How many stand before it is its place. */
static void sort_hosts(struct builder *b)
{
	struct lifelines *l = b->lines;
	struct lifelines_host *sorted = mem_alloc(l->n, sizeof(*sorted));
	uint16_t *place = mem_alloc(l->n, sizeof(*place));

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->n; k++)
			place[i] = (uint16_t)(place[i] + stands_before(b, k, i));
		sorted[place[i]] = l->hosts[i];
	}
	for (size_t i = 0; i < b->ncalls; i++)
		for (unsigned side = 0; side < 2; side++)
			l->ends[i][side] = place[l->ends[i][side]];
	free(l->hosts);
	free(place);
	l->hosts = sorted;
}

void lifelines_init(struct lifelines *l, const struct lifelines_call *calls, size_t n)
{
	struct builder b = { .calls = calls, .ncalls = n, .lines = l };

	*l = (struct lifelines){ .hosts = mem_alloc(2 * n, sizeof(*l->hosts)),
		.ends = mem_alloc(n, sizeof(*l->ends)) };
	collect_hosts(&b);
	b.level = mem_alloc(l->n, sizeof(*b.level));
	b.is_placed = mem_alloc(l->n, sizeof(*b.is_placed));
	for (size_t i = 0; i < l->n; i++)
		place_host(&b, next_host(&b));
	b.group = mem_alloc(l->n, sizeof(*b.group));
	find_groups(&b);
	sort_hosts(&b);
	free(b.group);
	free(b.level);
	free(b.is_placed);
}

void lifelines_release(struct lifelines *l)
{
	free(l->hosts);
	free(l->ends);
	*l = (struct lifelines){ 0 };
}

void lifelines_name(struct buf *out, const struct lifelines_host *host)
{
	if (host->is_service)
		endpoint_text(out, &host->addr);
	else
		addr_text(out, &host->addr.ip, host->addr.version);
}
