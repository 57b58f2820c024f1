/* SPDX-License-Identifier: MIT */
/*
 * report_zeek - `list --zeek`: Zeek's conn.log, for what reads that.
 *
 * Output: tab-separated, a value unset as "-".  #open and #close are packet times, so that the same
 *         capture gives the same file.
 * Spec:   doc/INTEROP.md.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/sorter.h"
#include "tcpshadow/hash.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/report.h"

enum {
	UID_DIGITS = 17, /* of base 62: about 96 bits, as Zeek's */
	IP_PROTOCOL_TCP = 6,
};

struct zeek_sink {
	struct sink sink; /* first */
	const struct report_options *o;
	struct sorter *sorter; /* NULL = as they come */
	bool is_open;          /* the header is written */
	struct buf line;
};

/* Columns: name, type, what writes the value. */
typedef void value_fn(struct buf *out, const struct conn_record *r);

static const struct endpoint_addr *end_of(const struct conn_record *r, unsigned responder)
{
	return &r->sides[r->zeek.originator ^ responder].addr;
}

static void microseconds(struct buf *out, int64_t ns)
{
	buf_addf(out, "%" PRId64 ".%06" PRId64, ns / NS_PER_SEC, ns % NS_PER_SEC / 1000);
}

static void unset(struct buf *out, const struct conn_record *r)
{
	(void)r;
	buf_addch(out, '-');
}

static void start(struct buf *out, const struct conn_record *r)
{
	microseconds(out, r->start);
}

/* What makes a connection another one: ends, time, tunnel. */
struct uid_seed {
	struct addr ips[2];
	uint16_t ports[2];
	uint32_t tunnel;
	int64_t start;
	uint64_t half; /* which half of the number */
};

static void uid(struct buf *out, const struct conn_record *r)
{
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const struct endpoint_addr *a = end_of(r, 0), *b = end_of(r, 1);
	struct uid_seed seed;
	uint64_t number = 0;

	memset(&seed, 0, sizeof(seed));
	seed.ips[0] = a->ip;
	seed.ips[1] = b->ip;
	seed.ports[0] = a->port;
	seed.ports[1] = b->port;
	seed.tunnel = r->tunnel;
	seed.start = r->start;
	buf_addch(out, 'C');
	for (unsigned i = 0; i < UID_DIGITS; i++) {
		if (i % (UID_DIGITS / 2 + 1) == 0) {
			seed.half = i;
			number = hash_fixed(&seed, sizeof(seed));
		}
		buf_addch(out, digits[number % 62]);
		number /= 62;
	}
}

static void host(struct buf *out, const struct endpoint_addr *e)
{
	addr_text(out, &e->ip, e->version);
}

static void orig_host(struct buf *out, const struct conn_record *r)
{
	host(out, end_of(r, 0));
}

static void orig_port(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, end_of(r, 0)->port);
}

static void resp_host(struct buf *out, const struct conn_record *r)
{
	host(out, end_of(r, 1));
}

static void resp_port(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, end_of(r, 1)->port);
}

static void protocol(struct buf *out, const struct conn_record *r)
{
	(void)r;
	buf_addstr(out, "tcp");
}

static void duration(struct buf *out, const struct conn_record *r)
{
	if (r->zeek.duration > 0)
		microseconds(out, r->zeek.duration);
	else
		buf_addch(out, '-');
}

static void size(struct buf *out, const struct conn_record *r, unsigned responder)
{
	if (r->zeek.duration > 0)
		buf_add_u64(out, r->zeek.sizes[responder]);
	else
		buf_addch(out, '-');
}

static void orig_size(struct buf *out, const struct conn_record *r)
{
	size(out, r, 0);
}

static void resp_size(struct buf *out, const struct conn_record *r)
{
	size(out, r, 1);
}

static void state(struct buf *out, const struct conn_record *r)
{
	buf_addstr(out, zeek_state_word(r->zeek.state));
}

/* Networks that Zeek takes for local by itself: RFC 1918, 6598, 3927, 4193, 4291. */
static const struct {
	uint8_t version, bits;
	uint8_t net[16];
} local_nets[] = {
	{ 4, 8, { 10 } },
	{ 4, 12, { 172, 16 } },
	{ 4, 16, { 192, 168 } },
	{ 4, 10, { 100, 64 } },
	{ 4, 8, { 127 } },
	{ 4, 16, { 169, 254 } },
	{ 6, 7, { 0xfc } },
	{ 6, 10, { 0xfe, 0x80 } },
	{ 6, 128, { [15] = 1 } },
};

static bool is_local(const struct endpoint_addr *e)
{
	for (size_t i = 0; i < ARRAY_LEN(local_nets); i++) {
		unsigned whole = local_nets[i].bits / 8, rest = local_nets[i].bits % 8;
		const uint8_t *net = local_nets[i].net;

		if (e->version != local_nets[i].version || memcmp(e->ip.b, net, whole) != 0)
			continue;
		if (rest == 0 || (e->ip.b[whole] ^ net[whole]) >> (8 - rest) == 0)
			return true;
	}
	return false;
}

static void orig_local(struct buf *out, const struct conn_record *r)
{
	buf_addch(out, is_local(end_of(r, 0)) ? 'T' : 'F');
}

static void resp_local(struct buf *out, const struct conn_record *r)
{
	buf_addch(out, is_local(end_of(r, 1)) ? 'T' : 'F');
}

static void missed(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, r->sides[0].missing_bytes + r->sides[1].missing_bytes);
}

static void history(struct buf *out, const struct conn_record *r)
{
	buf_addstr(out, r->zeek.history[0] ? r->zeek.history : "-");
}

static void orig_packets(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, r->zeek.packets[0]);
}

static void orig_ip_bytes(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, r->zeek.ip_bytes[0]);
}

static void resp_packets(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, r->zeek.packets[1]);
}

static void resp_ip_bytes(struct buf *out, const struct conn_record *r)
{
	buf_add_u64(out, r->zeek.ip_bytes[1]);
}

static void ip_protocol(struct buf *out, const struct conn_record *r)
{
	(void)r;
	buf_add_u64(out, IP_PROTOCOL_TCP);
}

static const struct {
	const char *name, *type;
	value_fn *write;
} columns[] = {
	{ "ts", "time", start },
	{ "uid", "string", uid },
	{ "id.orig_h", "addr", orig_host },
	{ "id.orig_p", "port", orig_port },
	{ "id.resp_h", "addr", resp_host },
	{ "id.resp_p", "port", resp_port },
	{ "proto", "enum", protocol },
	{ "service", "string", unset },
	{ "duration", "interval", duration },
	{ "orig_bytes", "count", orig_size },
	{ "resp_bytes", "count", resp_size },
	{ "conn_state", "string", state },
	{ "local_orig", "bool", orig_local },
	{ "local_resp", "bool", resp_local },
	{ "missed_bytes", "count", missed },
	{ "history", "string", history },
	{ "orig_pkts", "count", orig_packets },
	{ "orig_ip_bytes", "count", orig_ip_bytes },
	{ "resp_pkts", "count", resp_packets },
	{ "resp_ip_bytes", "count", resp_ip_bytes },
	{ "tunnel_parents", "set[string]", unset },
	{ "ip_proto", "count", ip_protocol },
};

/* "#open<TAB>2026-11-20-18-00-00" */
static void time_line(struct buf *out, const char *name, int64_t ns, bool utc)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	if (utc ? !gmtime_r(&seconds, &tm) : !localtime_r(&seconds, &tm))
		memset(&tm, 0, sizeof(tm));
	(void)strftime(text, sizeof(text), "%Y-%m-%d-%H-%M-%S", &tm);
	buf_addf(out, "#%s\t%s\n", name, text);
}

static void header(struct buf *out, int64_t opened, bool utc)
{
	buf_addstr(out, "#separator \\x09\n"
	                "#set_separator\t,\n"
	                "#empty_field\t(empty)\n"
	                "#unset_field\t-\n"
	                "#path\tconn\n");
	time_line(out, "open", opened, utc);
	buf_addstr(out, "#fields");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_addf(out, "\t%s", columns[i].name);
	buf_addstr(out, "\n#types");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_addf(out, "\t%s", columns[i].type);
	buf_addch(out, '\n');
}

static void open_once(struct zeek_sink *zs, int64_t time)
{
	if (!zs->is_open)
		header(&zs->o->out->buf, time, zs->o->utc);
	zs->is_open = true;
}

static void add_record(struct buf *out, const struct conn_record *r)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if (i)
			buf_addch(out, '\t');
		columns[i].write(out, r);
	}
	buf_addch(out, '\n');
}

static int zeek_event(struct sink *s, const struct event *ev, struct err *e)
{
	struct zeek_sink *zs = (struct zeek_sink *)s;
	const struct conn_record *r = ev->u.record;

	if (ev->type != EVENT_RECORD || !where_match(zs->o->where, r, s->began))
		return 0;
	open_once(zs, r->start);
	if (zs->sorter) {
		buf_reset(&zs->line);
		add_record(&zs->line, r);
		return sorter_add(zs->sorter, r, zs->line.data, zs->line.len, e);
	}
	add_record(&zs->o->out->buf, r);
	return report_out_commit(zs->o->out, e);
}

static int zeek_finish(struct sink *s, const struct run_summary *sum, struct err *e)
{
	struct zeek_sink *zs = (struct zeek_sink *)s;

	open_once(zs, sum->capture->first_ts);
	if (zs->sorter && sorter_write(zs->sorter, zs->o->out, e) < 0)
		return -1;
	time_line(&zs->o->out->buf, "close", sum->capture->last_ts, zs->o->utc);
	return report_out_flush(zs->o->out, e);
}

static void zeek_free(struct sink *s)
{
	struct zeek_sink *zs = (struct zeek_sink *)s;

	sorter_free(zs->sorter);
	buf_release(&zs->line);
	free(zs);
}

static const struct sink_ops zeek_ops = {
	.wants = EVENT_BIT(EVENT_RECORD),
	.event = zeek_event,
	.finish = zeek_finish,
	.free = zeek_free,
};

struct sink *report_zeek_new(const struct report_options *o)
{
	struct zeek_sink *zs = mem_alloc(1, sizeof(*zs));

	zs->sink.ops = &zeek_ops;
	zs->o = o;
	buf_init(&zs->line);
	if (o->sort != REPORT_SORT_COUNT)
		zs->sorter = sorter_new(o->sort, o->sort_descending, o->spill_fd);
	return &zs->sink;
}
