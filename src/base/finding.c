/* SPDX-License-Identifier: MIT */
/*
 * finding - the rows of finding.def as tables, and the words around them.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/finding.h"
#include "tcpshadow/pattern.h"
#include "tcpshadow/text.h"

static const struct finding_info infos[] = {
#define FINDING(id, name, class, severity, rfc, traps, title, sentence, explanation)               \
	{ name, CLASS_##class, SEVERITY_##severity, traps, rfc, title, sentence, explanation },
#include "tcpshadow/finding.def"
#undef FINDING
};

static const char *const class_words[CLASS_COUNT] = { "endpoint", "network", "capture",
	"security" };
static const char *const severity_words[SEVERITY_COUNT] = { "info", "note", "warn", "error" };
static const char *const confidence_words[CONFIDENCE_COUNT] = { "possible", "likely", "certain" };
static const char *const trap_words[TRAP_COUNT] = {
	"capture_drop",
	"duplicate_frame",
	"tap_reordering",
	"offload",
	"midstream",
	"one_sided",
	"keepalive",
	"clock",
	"snaplen",
	"proxy",
	"tuple_reuse",
	"capture_end",
};

static const char *const trap_texts[TRAP_COUNT] = {
	"the capture lost packets",
	"frames were captured twice",
	"packets are out of order in the capture",
	"captured before the card cut segments, or after it put them together",
	"the connection began before the capture",
	"only one direction was captured",
	"a keepalive looks like it",
	"the clock stepped, or there were two",
	"packets were cut",
	"a proxy, a load balancer or address translation is in between",
	"addresses and ports were used again",
	"the capture ended, or was filtered",
};

const struct finding_info *finding_info(enum finding_id id)
{
	BUG_ON(id >= FINDING_COUNT);
	return &infos[id];
}

enum finding_id finding_by_name(const char *name, size_t len)
{
	for (unsigned i = 0; i < FINDING_COUNT; i++)
		if (strlen(infos[i].name) == len && memcmp(infos[i].name, name, len) == 0)
			return (enum finding_id)i;
	return FINDING_COUNT;
}

const char *finding_class_word(enum finding_class c)
{
	BUG_ON(c >= CLASS_COUNT);
	return class_words[c];
}

const char *severity_word(enum severity s)
{
	BUG_ON(s >= SEVERITY_COUNT);
	return severity_words[s];
}

const char *confidence_word(enum confidence c)
{
	BUG_ON(c >= CONFIDENCE_COUNT);
	return confidence_words[c];
}

const char *trap_word(unsigned bit)
{
	BUG_ON(bit >= TRAP_COUNT);
	return trap_words[bit];
}

const char *trap_text(unsigned bit)
{
	BUG_ON(bit >= TRAP_COUNT);
	return trap_texts[bit];
}

void finding_doubt(struct finding *f, unsigned traps)
{
	const struct finding_info *info = finding_info((enum finding_id)f->id);
	unsigned mine = info->traps & traps;

	if (info->class == CLASS_CAPTURE || mine == 0)
		return;
	if (!f->traps && f->confidence > CONFIDENCE_POSSIBLE)
		f->confidence--;
	f->traps |= (uint16_t)mine;
}

static const char *side_word(unsigned by)
{
	static const char *const words[] = { "client", "server", "network" };

	return words[by > BY_NOBODY ? BY_NOBODY : by];
}

/* A finding, and its first packet's number as people know it. */
struct told {
	const struct finding *f;
	uint64_t number;
};

static const struct finding *finding_of(const void *about)
{
	const struct told *told = about;

	return told->f;
}

static void add_by(struct buf *out, const void *about)
{
	buf_addstr(out, side_word(finding_of(about)->by));
}

static unsigned peer_of(const struct finding *f)
{
	return f->by == BY_NOBODY ? BY_NOBODY : !f->by;
}

static void add_peer(struct buf *out, const void *about)
{
	buf_addstr(out, side_word(peer_of(finding_of(about))));
}

/* What the finding is about; of one connection, the side that did it or the other one. */
static void add_subject(struct buf *out, const struct finding *f, unsigned by)
{
	if (!f->subject.version) {
		buf_addf(out, "the %s", side_word(by));
		return;
	}
	if (f->subject.port)
		endpoint_text(out, &f->subject);
	else
		addr_text(out, &f->subject.ip, f->subject.version);
}

static void add_host(struct buf *out, const void *about)
{
	add_subject(out, finding_of(about), finding_of(about)->by);
}

static void add_target(struct buf *out, const void *about)
{
	add_subject(out, finding_of(about), peer_of(finding_of(about)));
}

static uint64_t count_of(const void *about)
{
	return finding_of(about)->count;
}

static void add_count(struct buf *out, const void *about)
{
	text_count(out, count_of(about));
}

static uint64_t a_of(const void *about)
{
	return finding_of(about)->a;
}

static void add_a(struct buf *out, const void *about)
{
	text_count(out, a_of(about));
}

static uint64_t b_of(const void *about)
{
	return finding_of(about)->b;
}

static void add_b(struct buf *out, const void *about)
{
	text_count(out, b_of(about));
}

static void add_time(struct buf *out, const void *about)
{
	text_duration(out, finding_of(about)->time);
}

static void add_cost(struct buf *out, const void *about)
{
	text_duration(out, finding_of(about)->cost);
}

static void add_packet(struct buf *out, const void *about)
{
	const struct told *told = about;

	buf_add_u64(out, told->number);
}

static const struct pattern_value values[] = {
	{ "by", add_by, NULL },
	{ "peer", add_peer, NULL },
	{ "host", add_host, NULL },
	{ "target", add_target, NULL },
	{ "count", add_count, count_of },
	{ "a", add_a, a_of },
	{ "b", add_b, b_of },
	{ "time", add_time, NULL },
	{ "cost", add_cost, NULL },
	{ "packet", add_packet, NULL },
};

void finding_sentence(struct buf *out, const struct finding *f, uint64_t number)
{
	const struct told told = { f, number };

	pattern_fill(
	    out, finding_info((enum finding_id)f->id)->sentence, values, ARRAY_LEN(values), &told);
}
