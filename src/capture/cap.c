/* SPDX-License-Identifier: MIT */
/*
 * cap - several files, or an interface, as one capture.
 *
 * All inputs are opened at once, before anything is parsed, so that the rest can run without the right
 * to open files.  They are read one after the other.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/input.h"
#include "capture/live.h"
#include "tcpshadow/mem.h"

struct cap_reader {
	const struct cap *cap;
	uint8_t *bytes; /* the record read last */
	size_t size;
};

struct cap {
	struct facts facts;
	struct spool spool;
	struct live *live;    /* NULL = files */
	struct input *inputs; /* one per file */
	size_t current;       /* being read */
	struct input_shared shared;
	const struct filter *lent_filter; /* not ours to free */
	struct cap_reader reader;         /* of cap_reread() */
	int wake[2]; /* a pipe for cap_interrupt(); -1 = no input can make it wait */
};

/* What an expression is tried on when no input tells its link type yet. */
static const uint16_t usual_links[] = {
	1,   /* Ethernet */
	101, /* raw IP */
	113, /* Linux cooked */
	276, /* Linux cooked, version 2 */
	0,   /* BSD loopback */
	127, /* 802.11 with radiotap */
};

void cap_open_files(const char *const *files, size_t n, int *fds)
{
	for (size_t i = 0; i < n; i++) {
		bool is_stdin = strcmp(files[i], "-") == 0;

		fds[i] = is_stdin ? -EBADF : open(files[i], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0 && !is_stdin)
			fds[i] = -errno;
	}
}

void cap_close_files(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* What files are likely to have, so that names in the expression are looked up now. */
struct filter *cap_filter_new(const char *bpf)
{
	struct filter *f = filter_new(bpf);

	for (size_t i = 0; f && i < ARRAY_LEN(usual_links); i++)
		if (filter_compile(f, usual_links[i], NULL) < 0)
			continue; /* it may be about others: cap_open() judges */
	return f;
}

void cap_filter_free(struct filter *f)
{
	filter_free(f);
}

void cap_batch_init(struct cap_batch *b, size_t max_packets, size_t max_bytes)
{
	memset(b, 0, sizeof(*b));
	b->max_packets = max_packets ? max_packets : 1;
	b->max_bytes = max_bytes ? max_bytes : 1;
	b->packets = mem_alloc(b->max_packets, sizeof(*b->packets));
	b->bytes = mem_alloc(b->max_bytes, 1);
}

void cap_batch_release(struct cap_batch *b)
{
	free(b->packets);
	free(b->bytes);
	memset(b, 0, sizeof(*b));
}

/* Opens all; -1 and the first error when none could be. */
static int open_inputs(struct cap *c, const int *fds, struct err *e)
{
	size_t opened = 0;

	for (size_t i = 0; i < c->facts.sum.nfiles; i++) {
		c->inputs[i].index = (uint16_t)i;
		opened +=
		    input_open(&c->inputs[i], fds ? &fds[i] : NULL, &c->facts, &c->spool) == 0;
	}
	if (opened > 0)
		return 0;
	return err_set(e, "%s", c->facts.sum.files[0].error.text);
}

/*
 * An expression is wrong when it is wrong for every link type the inputs are known to have.  Compiling
 * now also asks the resolver for host names while that is still allowed.
 */
static int compile_filter(struct cap *c, struct err *e)
{
	struct err first = { "" };
	size_t known = 0, valid = 0;

	for (size_t i = 0; i < c->facts.sum.nfiles; i++) {
		int link = input_first_link(&c->inputs[i]);

		if (link < 0)
			continue;
		known++;
		valid += filter_compile(
		             c->shared.filter, (uint16_t)link, first.text[0] ? NULL : &first) == 0;
	}
	for (size_t i = 0; known == 0 && i < ARRAY_LEN(usual_links); i++)
		valid += filter_compile(
		             c->shared.filter, usual_links[i], first.text[0] ? NULL : &first) == 0;
	return valid > 0 ? 0 : err_set(e, "%s", first.text);
}

/* Inputs that may make us wait can be told to stop. */
static int make_interruptible(struct cap *c, struct err *e)
{
	for (size_t i = 0; i < c->facts.sum.nfiles; i++) {
		struct source *s = &c->inputs[i].source;

		if (!c->inputs[i].format || s->size > 0)
			continue;
		if (c->wake[0] < 0 && pipe2(c->wake, O_CLOEXEC | O_NONBLOCK) < 0)
			return err_set(e, "cannot make a pipe: %s", strerror(errno));
		s->wake_fd = c->wake[0];
	}
	return 0;
}

static struct cap *open_live(const struct cap_options *o, struct err *e)
{
	struct cap *c = mem_alloc(1, sizeof(*c));

	c->reader.cap = c;
	c->wake[0] = c->wake[1] = -1;
	facts_init(&c->facts, &o->live.interface, 1);
	spool_init(&c->spool, o->spool_bytes);
	c->live = live_open(o, &c->facts, &c->spool, e);
	if (c->live)
		return c;
	cap_close(c);
	return NULL;
}

struct cap *cap_open(const struct cap_options *o, struct err *e)
{
	struct cap *c;

	if (o->live.interface)
		return open_live(o, e);
	if (o->nfiles == 0 || o->nfiles > UINT16_MAX) {
		(void)err_set(
		    e, "%zu inputs were given, 1 to %u are possible", o->nfiles, UINT16_MAX);
		return NULL;
	}
	c = mem_alloc(1, sizeof(*c));
	facts_init(&c->facts, o->files, o->nfiles);
	spool_init(&c->spool, o->spool_bytes);
	c->inputs = mem_alloc(o->nfiles, sizeof(*c->inputs));
	c->reader.cap = c;
	c->wake[0] = c->wake[1] = -1;
	c->shared.facts = &c->facts;
	c->lent_filter = o->filter;
	c->shared.filter = o->filter ? o->filter : filter_new(o->bpf);
	c->shared.left = o->max_packets ? o->max_packets : UINT64_MAX;
	if (open_inputs(c, o->fds, e) < 0 || (o->bpf && compile_filter(c, e) < 0) ||
	    make_interruptible(c, e) < 0) {
		cap_close(c);
		return NULL;
	}
	return c;
}

void cap_close(struct cap *c)
{
	if (!c)
		return;
	live_close(c->live);
	for (size_t i = 0; c->inputs && i < c->facts.sum.nfiles; i++)
		input_release(&c->inputs[i]);
	free(c->inputs);
	free(c->reader.bytes);
	for (int i = 0; i < 2; i++)
		if (c->wake[i] >= 0)
			(void)close(c->wake[i]);
	if (!c->lent_filter)
		filter_free(c->shared.filter);
	spool_release(&c->spool);
	facts_release(&c->facts);
	free(c);
}

size_t cap_read(struct cap *c, struct cap_batch *b)
{
	size_t n = 0;

	if (c->live)
		return live_read(c->live, b);
	b->count = 0;
	while (n == 0 && c->current < c->facts.sum.nfiles && c->shared.left > 0) {
		n = input_read(&c->inputs[c->current], &c->shared, b);
		if (n == 0)
			c->current++;
	}
	c->facts.sum.spool_overflow = c->spool.overflow;
	return n;
}

bool cap_is_over(const struct cap *c)
{
	return !c->live || live_is_over(c->live);
}

void cap_pump(struct cap *c)
{
	if (c->live)
		live_pump(c->live);
}

void cap_counters(const struct cap *c, struct cap_counters *out)
{
	*out = (struct cap_counters){ 0 };
	if (c->live)
		live_counters(c->live, out);
}

const struct cap_facts *cap_facts(const struct cap *c)
{
	return &c->facts.sum;
}

int cap_progress(const struct cap *c)
{
	uint64_t read = 0, size = 0;

	if (c->live)
		return -1;
	for (size_t i = 0; i < c->facts.sum.nfiles; i++) {
		const struct source *s = &c->inputs[i].source;

		if (!c->inputs[i].format)
			continue;
		if (s->size == 0)
			return -1;
		size += s->size;
		if (i < c->current)
			read += s->size;
		else if (i == c->current)
			read += s->raw_read < s->size ? s->raw_read : s->size;
	}
	return size ? (int)((double)read / (double)size * 1000) : -1;
}

void cap_interrupt(struct cap *c)
{
	if (c->live)
		live_stop(c->live);
	if (c->wake[1] >= 0 && write(c->wake[1], "", 1) < 0)
		return; /* it is full of earlier calls */
}

struct cap_reader *cap_reader_new(const struct cap *c)
{
	struct cap_reader *r = mem_alloc(1, sizeof(*r));

	r->cap = c;
	return r;
}

void cap_reader_free(struct cap_reader *r)
{
	if (!r)
		return;
	free(r->bytes);
	free(r);
}

int cap_reader_read(
    struct cap_reader *r, uint16_t file, uint64_t offset, struct packet *p, struct err *e)
{
	const struct cap *c = r->cap;

	if (c->live)
		return live_reread(c->live, offset, &r->bytes, &r->size, p, e);
	if (file >= c->facts.sum.nfiles || !c->inputs[file].format)
		return err_set(e, "input %u was not read", file);
	return input_reread(&c->inputs[file], offset, &r->bytes, &r->size, p, e);
}

int cap_reread(struct cap *c, uint16_t file, uint64_t offset, struct packet *p, struct err *e)
{
	return cap_reader_read(&c->reader, file, offset, p, e);
}
