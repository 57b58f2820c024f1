/* SPDX-License-Identifier: MIT */
/*
 * pcapng - blocks of the newer format.
 *
 * Input:  any number of sections, each in its own byte order and with its own interfaces; enhanced,
 *         simple and obsolete packet blocks, statistics, comments.  Other blocks are skipped.
 * Memory: one entry per section and interface, at most ENTRIES_MAX of each, kept to read packets again.
 * Limits: a block that is looked into has at most BLOCK_MAX bytes; a skipped one any length.
 * Spec:   draft-ietf-opsawg-pcapng.
 * Does not: trust section lengths, or use names and secrets that the file brings along.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "capture/format.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/stable.h"

#define BLOCK_MIN   12u          /* type, length, and the length again */
#define BLOCK_MAX   (144u << 20) /* a packet of 128 MB and its options */
#define ENTRIES_MAX ((size_t)1 << 20)
#define ORDER_MAGIC 0x1a2b3c4du

/* For seconds in nanoseconds before it is known that they fit. */
__extension__ typedef __int128 wide;

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
};

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_DROP_COUNT = 4,      /* enhanced packet */
	OPTION_INTERFACE_DROPS = 5, /* statistics */
	OPTION_SYSTEM_DROPS = 7,    /* statistics */
	OPTION_RESOLUTION = 9,      /* interface */
	OPTION_TIME_OFFSET = 14,    /* interface */
};

struct section {
	uint64_t offset; /* of its header block */
	size_t first;    /* index of its interface 0 */
	bool is_big_endian;
};

struct interface {
	uint16_t linktype;
	uint32_t snaplen;      /* 0 = no limit */
	uint64_t per_second;   /* units of time in a second */
	int64_t offset;        /* seconds to add */
	uint64_t ns;           /* nanoseconds in a unit, when that is all there is to it */
	uint64_t ns_end;       /* that holds for times below this; 0 = for none */
	uint64_t drops;        /* isb_ifdrop of the last statistics */
	uint64_t system_drops; /* isb_osdrop of the last statistics */
};

struct pcapng_reader {
	struct facts *facts;
	struct cap_file_facts *file;
	/* What was read so far, for pcapng_again(), in other threads too. */
	struct stable sections;
	struct stable interfaces; /* of all sections, in order */
	_Atomic size_t nsections, ninterfaces;
	uint32_t trailer; /* of a block being skipped: the length that must follow; 0 = none */
};

/* One block, or the options of one. */
struct block {
	struct rd r; /* what was not read yet of its body */
	uint32_t type;
	uint32_t len; /* of the whole block */
	bool is_big_endian;
};

struct option {
	uint16_t code;
	struct rd value;
};

static const struct section *section_at(const struct pcapng_reader *g, size_t i)
{
	return stable_at(&g->sections, i);
}

static struct interface *interface_at(const struct pcapng_reader *g, size_t i)
{
	return stable_at(&g->interfaces, i);
}

/* The byte order that a section's header says it is in. */
static bool read_order(struct rd r, bool *is_big_endian)
{
	struct rd again = r;

	*is_big_endian = rd_be32(&r) == ORDER_MAGIC;
	return *is_big_endian || rd_le32(&again) == ORDER_MAGIC;
}

bool pcapng_recognise(const struct piece *head)
{
	struct rd r = rd_make(head->bytes, head->len);
	bool is_big_endian;

	if (rd_le32(&r) != BLOCK_SECTION)
		return false;
	rd_skip(&r, 4);
	return read_order(r, &is_big_endian);
}

void *pcapng_new(struct facts *facts, struct cap_file_facts *file)
{
	struct pcapng_reader *g = mem_alloc(1, sizeof(*g));

	g->facts = facts;
	g->file = file;
	stable_init(&g->sections, sizeof(struct section));
	stable_init(&g->interfaces, sizeof(struct interface));
	return g;
}

static void pcapng_free(void *reader)
{
	struct pcapng_reader *g = reader;

	stable_release(&g->sections);
	stable_release(&g->interfaces);
	free(g);
}

/* Moves to the next option.  False at the end, and at one that does not fit into the block. */
static bool next_option(struct block *b, struct option *o)
{
	uint16_t len;

	if (rd_left(&b->r) == 0)
		return false;
	o->code = rd_u16(&b->r, b->is_big_endian);
	len = rd_u16(&b->r, b->is_big_endian);
	o->value = rd_sub(&b->r, len);
	if (b->r.is_short || o->code == OPTION_END)
		return false;
	rd_skip(&b->r, (4 - len % 4u) % 4u);
	return true;
}

static void note_comment(struct pcapng_reader *g, const struct option *o, uint64_t ordinal)
{
	if (o->code == OPTION_COMMENT)
		facts_comment(g->facts, ordinal, o->value.p, rd_left(&o->value));
}

static int read_section(
    struct pcapng_reader *g, struct block *b, uint64_t offset, struct err *cause)
{
	struct section *section;
	struct option o;
	uint16_t major, minor;

	rd_skip(&b->r, 4);
	major = rd_u16(&b->r, b->is_big_endian);
	minor = rd_u16(&b->r, b->is_big_endian);
	rd_skip(&b->r, 8);
	if (b->r.is_short)
		return err_set(cause, "the section header is too short");
	if (major != 1 || (minor != 0 && minor != 2))
		return err_set(cause, "pcapng version %u.%u is not known", major, minor);
	if (g->nsections == ENTRIES_MAX)
		return err_set(cause, "there are more than %zu sections", ENTRIES_MAX);
	while (next_option(b, &o))
		note_comment(g, &o, 0);
	section = stable_reach(&g->sections, g->nsections);
	*section = (struct section){
		.offset = offset,
		.first = g->ninterfaces,
		.is_big_endian = b->is_big_endian,
	};
	g->nsections++;
	g->file->sections++;
	return 0;
}

/* 10^n or 2^n units in a second; anything finer than 64 bits can count is refused. */
static int read_resolution(struct interface *i, struct option *o, struct err *cause)
{
	uint8_t v = rd_u8(&o->value);
	unsigned power = v & 0x7f;
	bool is_binary = v & 0x80;

	if (o->value.is_short || rd_left(&o->value) > 0)
		return err_set(cause, "the time resolution of the interface is malformed");
	if (power > (is_binary ? 63u : 19u))
		return err_set(
		    cause, "the time resolution %u^-%u is too fine", is_binary ? 2u : 10u, power);
	i->per_second = is_binary ? UINT64_C(1) << power : 1;
	for (; !is_binary && power > 0; power--)
		i->per_second *= 10;
	return 0;
}

static int read_time_offset(struct interface *i, struct option *o, bool big, struct err *cause)
{
	i->offset = (int64_t)rd_u64(&o->value, big);
	if (o->value.is_short || rd_left(&o->value) > 0)
		return err_set(cause, "the time offset of the interface is malformed");
	return 0;
}

static int read_interface_options(
    struct pcapng_reader *g, struct interface *i, struct block *b, struct err *cause)
{
	struct option o;
	int status = 0;

	while (status == 0 && next_option(b, &o)) {
		note_comment(g, &o, 0);
		if (o.code == OPTION_RESOLUTION)
			status = read_resolution(i, &o, cause);
		else if (o.code == OPTION_TIME_OFFSET)
			status = read_time_offset(i, &o, b->is_big_endian, cause);
	}
	if (status == 0 && b->r.is_short)
		return err_set(cause, "an option of the interface is longer than its block");
	return status;
}

/* Nearly all files count micro- or nanoseconds from 1970, where a product is enough. */
static void find_shortcut(struct interface *i)
{
	uint64_t second = (uint64_t)NS_PER_SEC;

	if (i->offset != 0 || i->per_second > second || second % i->per_second != 0)
		return;
	i->ns = second / i->per_second;
	i->ns_end = (uint64_t)INT64_MAX / i->ns + 1;
}

static int read_interface(struct pcapng_reader *g, struct block *b, struct err *cause)
{
	struct interface i = { .per_second = 1000000 }, *kept;

	i.linktype = format_linktype(rd_u16(&b->r, b->is_big_endian));
	rd_skip(&b->r, 2);
	i.snaplen = rd_u32(&b->r, b->is_big_endian);
	if (b->r.is_short)
		return err_set(cause, "the interface description is too short");
	if (g->ninterfaces == ENTRIES_MAX)
		return err_set(cause, "there are more than %zu interfaces", ENTRIES_MAX);
	if (read_interface_options(g, &i, b, cause) < 0)
		return -1;
	find_shortcut(&i);
	kept = stable_reach(&g->interfaces, g->ninterfaces);
	*kept = i;
	g->ninterfaces++;
	g->file->interfaces++;
	g->file->nanoseconds = g->file->nanoseconds || i.per_second > 1000000;
	if (i.snaplen > g->file->snaplen)
		g->file->snaplen = i.snaplen;
	return 0;
}

static int64_t interface_time(const struct interface *i, uint64_t t)
{
	wide ns;

	if (t < i->ns_end)
		return (int64_t)(t * i->ns);
	ns = ((wide)(t / i->per_second) + i->offset) * NS_PER_SEC;
	ns += (wide)(t % i->per_second) * NS_PER_SEC / i->per_second;
	if (ns > INT64_MAX)
		return INT64_MAX;
	return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

/* The section that a position belongs to: the last that begins before it. */
static size_t find_section(const struct pcapng_reader *g, uint64_t offset)
{
	size_t low = 0, high = g->nsections;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (section_at(g, middle)->offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static const struct interface *find_interface(
    const struct pcapng_reader *g, size_t section, uint32_t id)
{
	size_t first = section_at(g, section)->first, end = g->ninterfaces;

	if (section + 1 < g->nsections)
		end = section_at(g, section + 1)->first;
	return id < end - first ? interface_at(g, first + id) : NULL;
}

/* Reads the fields before the packet's bytes; what only some blocks have keeps its default. */
static uint64_t read_packet_fields(struct block *b, struct packet *p)
{
	bool big = b->is_big_endian;
	uint64_t t = 0;

	p->interface = 0;
	if (b->type == BLOCK_ENHANCED) {
		p->interface = rd_u32(&b->r, big);
	} else if (b->type == BLOCK_PACKET) {
		p->interface = rd_u16(&b->r, big);
		rd_skip(&b->r, 2); /* drop count */
	}
	if (b->type != BLOCK_SIMPLE) {
		t = (uint64_t)rd_u32(&b->r, big) << 32;
		t |= rd_u32(&b->r, big);
		p->caplen = rd_u32(&b->r, big);
	}
	p->wire_len = rd_u32(&b->r, big);
	return t;
}

/* Leaves b->r at the options.  Pure: notes nothing. */
static int read_packet(const struct pcapng_reader *g, size_t section, struct block *b,
    struct packet *p, struct err *cause)
{
	uint64_t t = read_packet_fields(b, p);
	const struct interface *i = find_interface(g, section, p->interface);

	if (b->r.is_short)
		return err_set(cause, "the packet block is too short");
	if (!i)
		return err_set(
		    cause, "interface %" PRIu32 " of the packet is not described", p->interface);
	if (b->type == BLOCK_SIMPLE)
		p->caplen = i->snaplen && i->snaplen < p->wire_len ? i->snaplen : p->wire_len;
	if (p->caplen > rd_left(&b->r))
		return err_set(cause, "captured length %" PRIu32 ", the block holds %zu bytes",
		    p->caplen, rd_left(&b->r));
	p->data = b->r.p;
	p->ts = interface_time(i, t);
	p->linktype = i->linktype;
	rd_skip(&b->r, p->caplen);
	rd_skip(&b->r, (4 - p->caplen % 4u) % 4u);
	return 0;
}

/* Options are notes on a packet that was read: malformed ones do no harm to it. */
static void read_packet_options(struct pcapng_reader *g, struct block *b)
{
	struct cap_facts *sum = &g->facts->sum;
	struct option o;

	while (next_option(b, &o)) {
		note_comment(g, &o, sum->packets + 1);
		if (b->type != BLOCK_ENHANCED || o.code != OPTION_DROP_COUNT)
			continue;
		sum->dropped_kernel += rd_u64(&o.value, b->is_big_endian);
		sum->drops_known = true;
	}
}

/* The drop count of an obsolete packet block stands among its fields; 0xffff = not known. */
static void read_obsolete_drops(struct pcapng_reader *g, struct rd body, bool is_big_endian)
{
	uint16_t drops;

	rd_skip(&body, 2);
	drops = rd_u16(&body, is_big_endian);
	if (drops == 0xffff)
		return;
	g->facts->sum.dropped_kernel += drops;
	g->facts->sum.drops_known = true;
}

/* Counters run from the start of the capture: the last value of an interface replaces its earlier one. */
static void replace_counter(uint64_t *counter, uint64_t *sum, struct option *o, bool big)
{
	uint64_t v = rd_u64(&o->value, big);

	if (o->value.is_short)
		return;
	*sum += v - *counter;
	*counter = v;
}

static void read_statistics(struct pcapng_reader *g, struct block *b)
{
	struct cap_facts *sum = &g->facts->sum;
	size_t first = section_at(g, g->nsections - 1)->first;
	uint32_t id = rd_u32(&b->r, b->is_big_endian);
	struct interface *i;
	struct option o;

	rd_skip(&b->r, 8); /* time */
	if (b->r.is_short || id >= g->ninterfaces - first)
		return;
	i = interface_at(g, first + id);
	while (next_option(b, &o)) {
		if (o.code == OPTION_INTERFACE_DROPS)
			replace_counter(&i->drops, &sum->dropped_interface, &o, b->is_big_endian);
		else if (o.code == OPTION_SYSTEM_DROPS)
			replace_counter(
			    &i->system_drops, &sum->dropped_kernel, &o, b->is_big_endian);
		else
			continue;
		sum->drops_known = true;
	}
}

/* Type and length of the block at b->r, which holds at least BLOCK_MIN bytes. */
static int read_block_head(struct block *b, bool is_big_endian, struct err *cause)
{
	struct rd order = b->r;

	b->is_big_endian = is_big_endian;
	b->type = rd_u32(&b->r, is_big_endian);
	if (b->type == BLOCK_SECTION) {
		rd_skip(&order, 8);
		if (!read_order(order, &b->is_big_endian))
			return err_set(cause, "the section has no valid byte order");
	}
	b->len = rd_u32(&b->r, b->is_big_endian);
	if (b->len < BLOCK_MIN || b->len % 4 != 0)
		return err_set(cause, "block length %" PRIu32 " is not possible", b->len);
	return 0;
}

static bool is_block_read(uint32_t type)
{
	return type == BLOCK_ENHANCED || type == BLOCK_SECTION || type == BLOCK_INTERFACE ||
	       type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_STATISTICS;
}

static int check_trailer(uint32_t len, uint32_t trailer, struct err *cause)
{
	if (len == trailer)
		return 0;
	return err_set(
	    cause, "block length %" PRIu32 " at the start, %" PRIu32 " at the end", len, trailer);
}

/* Leaves the body of a whole block in b->r, or says what else to do. */
static struct record open_block(
    struct block *b, const struct piece *at, bool is_big_endian, struct err *cause)
{
	struct rd end;

	if (at->len < BLOCK_MIN)
		return (struct record){ RECORD_SHORT, BLOCK_MIN };
	b->r = rd_make(at->bytes, at->len);
	if (read_block_head(b, is_big_endian, cause) < 0)
		return (struct record){ RECORD_BROKEN, 0 };
	if (!is_block_read(b->type))
		return (struct record){ RECORD_PART, b->len - 4 };
	if (b->len > BLOCK_MAX) {
		(void)err_set(cause, "block length %" PRIu32 " exceeds %u", b->len, BLOCK_MAX);
		return (struct record){ RECORD_BROKEN, 0 };
	}
	if (at->len < b->len)
		return (struct record){ RECORD_SHORT, b->len };
	b->r = rd_make(at->bytes + 8, b->len - BLOCK_MIN);
	end = rd_make(at->bytes + b->len - 4, 4);
	if (check_trailer(b->len, rd_u32(&end, b->is_big_endian), cause) < 0)
		return (struct record){ RECORD_BROKEN, 0 };
	return (struct record){ RECORD_OTHER, b->len };
}

static struct record read_packet_block(
    struct pcapng_reader *g, struct block *b, struct packet *p, struct err *cause)
{
	struct rd body = b->r;

	if (read_packet(g, g->nsections - 1, b, p, cause) < 0)
		return (struct record){ RECORD_BROKEN, 0 };
	if (b->type == BLOCK_PACKET)
		read_obsolete_drops(g, body, b->is_big_endian);
	if (b->type != BLOCK_SIMPLE && rd_left(&b->r) > 0)
		read_packet_options(g, b);
	return (struct record){ RECORD_PACKET, b->len };
}

/* A block that is skipped can be longer than what is in memory: its end is checked when it comes. */
static struct record finish_skip(struct pcapng_reader *g, const struct piece *at, struct err *cause)
{
	struct rd r = rd_make(at->bytes, at->len);
	uint32_t trailer = rd_u32(&r, section_at(g, g->nsections - 1)->is_big_endian);

	if (r.is_short)
		return (struct record){ RECORD_SHORT, 4 };
	if (check_trailer(g->trailer, trailer, cause) < 0)
		return (struct record){ RECORD_BROKEN, 0 };
	g->trailer = 0;
	return (struct record){ RECORD_OTHER, 4 };
}

static struct record pcapng_next(
    void *reader, const struct piece *at, struct packet *p, struct err *cause)
{
	struct pcapng_reader *g = reader;
	bool big = g->nsections > 0 && section_at(g, g->nsections - 1)->is_big_endian;
	struct block b;
	struct record record;
	int status = 0;

	if (g->trailer)
		return finish_skip(g, at, cause);
	record = open_block(&b, at, big, cause);
	if (record.kind == RECORD_PART)
		g->trailer = b.len;
	if (record.kind != RECORD_OTHER)
		return record;
	switch (b.type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
	case BLOCK_SIMPLE:
		return read_packet_block(g, &b, p, cause);
	case BLOCK_SECTION:
		status = read_section(g, &b, at->offset, cause);
		break;
	case BLOCK_INTERFACE:
		status = read_interface(g, &b, cause);
		break;
	case BLOCK_STATISTICS:
		read_statistics(g, &b);
		break;
	default:
		break;
	}
	return status < 0 ? (struct record){ RECORD_BROKEN, 0 } : record;
}

static struct record pcapng_again(
    const void *reader, const struct piece *at, struct packet *p, struct err *cause)
{
	const struct pcapng_reader *g = reader;
	size_t section = find_section(g, at->offset);
	struct block b;
	struct record record;

	if (g->nsections == 0) {
		(void)err_set(cause, "nothing was read of it before");
		return (struct record){ RECORD_BROKEN, 0 };
	}
	record = open_block(&b, at, section_at(g, section)->is_big_endian, cause);
	if (record.kind != RECORD_OTHER)
		return record;
	if (b.type != BLOCK_ENHANCED && b.type != BLOCK_PACKET && b.type != BLOCK_SIMPLE)
		return record;
	if (read_packet(g, section, &b, p, cause) < 0)
		return (struct record){ RECORD_BROKEN, 0 };
	return (struct record){ RECORD_PACKET, b.len };
}

static int pcapng_first_link(const void *reader, const struct piece *head)
{
	struct piece at = *head;
	struct record record;
	struct block b = { .is_big_endian = false };

	(void)reader;
	for (;;) {
		record = open_block(&b, &at, b.is_big_endian, NULL);
		if (record.kind != RECORD_OTHER && record.kind != RECORD_PART)
			return -1;
		if (b.type == BLOCK_INTERFACE)
			return rd_u16(&b.r, b.is_big_endian);
		if (b.len > at.len)
			return -1;
		at.bytes += b.len;
		at.len -= b.len;
	}
}

const struct format pcapng_format = {
	.name = "pcapng",
	.unit = "block",
	.next = pcapng_next,
	.again = pcapng_again,
	.first_link = pcapng_first_link,
	.free = pcapng_free,
};
