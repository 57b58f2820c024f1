/* SPDX-License-Identifier: MIT */
/*
 * find - watches the run and remembers what matches.
 *
 * Memory: the packets of one connection; descriptions of DESCRIBED_MAX.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/outcome.h"
#include "report/place.h"
#include "tcpshadow/find.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

#define DESCRIBED_MAX 10
#define PACKET_PREFIX "packet:"

struct finder {
	struct sink sink; /* first */
	struct find_query query;
	const struct cap_facts *facts;
	uint64_t *packets;
	size_t npackets, cap_packets;
	uint64_t *owners; /* FIND_PACKET: connections that have a packet of that number */
	size_t nowners, cap_owners;
	struct session *session;
	struct buf described;
	size_t count;
	uint64_t id, connections;
};

static int parse_number(const char *text, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || *end || *out == 0 ? -1 : 0;
}

/* host:port, with the brackets of IPv6 optional as long as the port is the last group. */
static int parse_endpoint(const char *text, struct endpoint_addr *e)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	uint64_t port;
	size_t n;

	memset(e, 0, sizeof(*e));
	if (!colon || parse_number(colon + 1, &port) < 0 || port > UINT16_MAX)
		return -1;
	n = (size_t)(colon - text);
	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	e->port = (uint16_t)port;
	if (inet_pton(AF_INET, host, e->ip.b) == 1)
		e->version = 4;
	else if (inet_pton(AF_INET6, host, e->ip.b) == 1)
		e->version = 6;
	return e->version ? 0 : -1;
}

int find_parse(struct find_query *q, const char *text, struct err *e)
{
	memset(q, 0, sizeof(*q));
	q->kind = FIND_PACKET;
	if (strncmp(text, PACKET_PREFIX, strlen(PACKET_PREFIX)) == 0) {
		if (parse_number(text + strlen(PACKET_PREFIX), &q->number) == 0)
			return 0;
		return err_set(e, "'%s': expected packet:NUMBER", text);
	}
	q->kind = FIND_ID;
	if (parse_number(text, &q->number) == 0)
		return 0;
	q->kind = FIND_ENDPOINT;
	if (parse_endpoint(text, &q->endpoint) == 0)
		return 0;
	return err_set(e,
	    "'%s' names no connection; expected its number in the list, ADDRESS:PORT or "
	    "packet:NUMBER",
	    text);
}

static void on_segment(struct finder *f, const struct event *ev)
{
	const struct event_segment *s = &ev->u.segment;

	if (f->query.kind == FIND_ID && ev->id == f->query.number) {
		f->packets =
		    mem_grow(f->packets, f->npackets, &f->cap_packets, sizeof(*f->packets));
		f->packets[f->npackets++] = s->packet;
	}
	if (f->query.kind == FIND_PACKET && place_number(f->facts, s->packet) == f->query.number) {
		f->owners = mem_grow(f->owners, f->nowners, &f->cap_owners, sizeof(*f->owners));
		f->owners[f->nowners++] = ev->uid;
	}
}

static bool is_endpoint(const struct side_record *s, const struct endpoint_addr *e)
{
	return s->addr.port == e->port && s->addr.version == e->version &&
	       addr_equal(&s->addr.ip, &e->ip);
}

static bool is_match(const struct finder *f, const struct conn_record *r)
{
	const struct find_query *q = &f->query;

	switch (q->kind) {
	case FIND_ID:
		return r->id == q->number;
	case FIND_ENDPOINT:
		return is_endpoint(&r->sides[SIDE_CLIENT], &q->endpoint) ||
		       is_endpoint(&r->sides[SIDE_SERVER], &q->endpoint);
	case FIND_PACKET:
		for (size_t i = 0; i < f->nowners; i++)
			if (f->owners[i] == r->uid)
				return true;
		return false;
	}
	return false;
}

static void describe(struct buf *out, const struct conn_record *r)
{
	buf_addstr(out, "  ");
	buf_add_u64(out, r->id);
	buf_addstr(out, "  ");
	endpoint_text(out, &r->sides[SIDE_CLIENT].addr);
	buf_addstr(out, " > ");
	endpoint_text(out, &r->sides[SIDE_SERVER].addr);
	buf_addstr(out, "  ");
	outcome_text(out, r, false);
	buf_addch(out, '\n');
}

static void on_record(struct finder *f, const struct conn_record *r)
{
	f->connections++;
	if (!is_match(f, r))
		return;
	if (f->count++ == 0) {
		f->id = r->id;
		f->session = session_new(r);
	}
	if (f->count <= DESCRIBED_MAX)
		describe(&f->described, r);
}

static int find_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct finder *f = (struct finder *)s;

	(void)e;
	switch ((enum event_type)ev->type) {
	case EVENT_OPEN:
	case EVENT_DATA:
	case EVENT_GAP:
	case EVENT_FORGOTTEN:
	case EVENT_CLOSED:
	case EVENT_TROUBLE:
	case EVENT_SIGN:
		break;
	case EVENT_SEGMENT:
		on_segment(f, ev);
		break;
	case EVENT_RECORD:
		on_record(f, ev->u.record);
		break;
	}
	return 0;
}

static int find_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	(void)s;
	(void)sum;
	(void)e;
	return 0;
}

static void find_sink_free(struct sink *s)
{
	struct finder *f = (struct finder *)s;

	session_free(f->session);
	buf_release(&f->described);
	free(f->packets);
	free(f->owners);
	free(f);
}

static const struct sink_ops record_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = find_event,
	.finish = find_finish,
	.free = find_sink_free,
};

static const struct sink_ops segment_ops = {
	.wants = EVENT_BIT(EVENT_RECORD) | EVENT_BIT(EVENT_SEGMENT),
	.event = find_event,
	.finish = find_finish,
	.free = find_sink_free,
};

struct finder *find_new(const struct find_query *q, const struct cap_facts *facts)
{
	struct finder *f = mem_alloc(1, sizeof(*f));

	f->sink.ops = q->kind == FIND_ENDPOINT ? &record_ops : &segment_ops;
	f->query = *q;
	f->facts = facts;
	buf_init(&f->described);
	return f;
}

void find_free(struct finder *f)
{
	if (f)
		find_sink_free(&f->sink);
}

struct sink *find_sink(struct finder *f)
{
	return &f->sink;
}

size_t find_count(const struct finder *f)
{
	return f->count;
}

void find_describe(const struct finder *f, struct buf *out)
{
	buf_add(out, f->described.data, f->described.len);
	if (f->count > DESCRIBED_MAX)
		buf_addf(out, "  and %zu more\n", f->count - DESCRIBED_MAX);
}

uint64_t find_connections(const struct finder *f)
{
	return f->connections;
}

uint64_t find_id(const struct finder *f)
{
	return f->id;
}

struct session *find_take_session(struct finder *f)
{
	struct session *s = f->session;

	f->session = NULL;
	return s;
}

const uint64_t *find_packets(const struct finder *f, size_t *n)
{
	*n = f->npackets;
	return f->packets;
}
