/* SPDX-License-Identifier: MIT */
/*
 * finding - the rows of finding.def as tables, and the words around them.
 */
#include "config.h"

#include <string.h>

#include "tcpshadow/finding.h"
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

static void add_by(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	buf_addstr(out, side_word(f->by));
}

static void add_peer(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	buf_addstr(out, side_word(f->by == BY_NOBODY ? BY_NOBODY : !f->by));
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

static void add_host(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	add_subject(out, f, f->by);
}

static void add_target(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	add_subject(out, f, f->by == BY_NOBODY ? BY_NOBODY : !f->by);
}

static void add_count(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	text_count(out, f->count);
}

static void add_a(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	text_count(out, f->a);
}

static void add_b(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	text_count(out, f->b);
}

static void add_time(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	text_duration(out, f->time);
}

static void add_cost(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)number;
	text_duration(out, f->cost);
}

static void add_packet(struct buf *out, const struct finding *f, uint64_t number)
{
	(void)f;
	buf_add_u64(out, number);
}

static const struct placeholder {
	const char *name;
	void (*add)(struct buf *out, const struct finding *f, uint64_t number);
} placeholders[] = {
	{ "{by}", add_by },
	{ "{peer}", add_peer },
	{ "{host}", add_host },
	{ "{target}", add_target },
	{ "{count}", add_count },
	{ "{a}", add_a },
	{ "{b}", add_b },
	{ "{time}", add_time },
	{ "{cost}", add_cost },
	{ "{packet}", add_packet },
};

static const struct placeholder *placeholder_at(const char *p)
{
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (p[1] == placeholders[i].name[1] &&
		    strncmp(p, placeholders[i].name, strlen(placeholders[i].name)) == 0)
			return &placeholders[i];
	return NULL;
}

/* "{count|segment|segments}" at p: the word that fits the number.  Returns what is behind it, or NULL. */
static const char *add_choice(struct buf *out, const struct finding *f, const char *p)
{
	static const char *const names[] = { "{count|", "{a|", "{b|" };
	const uint64_t numbers[] = { f->count, f->a, f->b };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t skip = strlen(names[i]), one, many;

		if (strncmp(p, names[i], skip) != 0)
			continue;
		one = strcspn(p + skip, "|");
		many = strcspn(p + skip + one + 1, "}");
		if (numbers[i] == 1)
			buf_add(out, p + skip, one);
		else
			buf_add(out, p + skip + one + 1, many);
		return p + skip + one + 1 + many + 1;
	}
	return NULL;
}

/* What is behind the brace at p. */
static const char *add_placeholder(
    struct buf *out, const struct finding *f, uint64_t number, const char *p)
{
	const struct placeholder *found = placeholder_at(p);
	const char *behind;

	if (found) {
		found->add(out, f, number);
		return p + strlen(found->name);
	}
	behind = add_choice(out, f, p);
	if (!behind)
		buf_addch(out, *p);
	return behind ? behind : p + 1;
}

void finding_sentence(struct buf *out, const struct finding *f, uint64_t number)
{
	const char *p = finding_info((enum finding_id)f->id)->sentence;
	size_t run = strcspn(p, "{");

	while (p[run]) {
		buf_add(out, p, run);
		p = add_placeholder(out, f, number, p + run);
		run = strcspn(p, "{");
	}
	buf_add(out, p, run);
}
