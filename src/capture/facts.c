/* SPDX-License-Identifier: MIT */
/*
 * facts - counting packets, drops and comments.
 */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "capture/facts.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/text.h"

void cap_lost_text(struct buf *out, const struct cap_counters *c)
{
	text_count(out, c->dropped_kernel);
	buf_addstr(out, " by the kernel, ");
	text_count(out, c->dropped_interface);
	buf_addstr(out, " by the interface, ");
	text_count(out, c->dropped_queue);
	buf_addstr(out, " by tcpshadow");
}

void facts_init(struct facts *f, const char *const *names, size_t nfiles)
{
	memset(f, 0, sizeof(*f));
	f->sum.files = mem_alloc(nfiles, sizeof(*f->sum.files));
	f->sum.nfiles = nfiles;
	for (size_t i = 0; i < nfiles; i++) {
		f->sum.files[i].name = names[i];
		f->sum.files[i].format = "";
		f->sum.files[i].compression = "none";
	}
}

void facts_release(struct facts *f)
{
	for (size_t i = 0; i < f->sum.ncomments; i++)
		free(f->sum.comments[i].text);
	free(f->sum.comments);
	free(f->sum.links);
	free(f->sum.files);
	memset(f, 0, sizeof(*f));
}

/* Neighbouring packets nearly always have the same link type: look at the last one first. */
static void count_link(struct facts *f, uint16_t linktype, size_t n)
{
	struct cap_facts *sum = &f->sum;
	size_t i = f->link;

	if (i >= sum->nlinks || sum->links[i].linktype != linktype)
		for (i = 0; i < sum->nlinks; i++)
			if (sum->links[i].linktype == linktype)
				break;
	if (i == sum->nlinks) {
		sum->links = mem_grow(sum->links, i, &f->links_cap, sizeof(*sum->links));
		sum->links[sum->nlinks++] = (struct cap_link){ .linktype = linktype };
	}
	sum->links[i].packets += n;
	f->link = i;
}

/* (The time before lies between the first and the last: only one of them can be passed.) */
static void note_time(struct facts *f, int64_t ts)
{
	struct cap_facts *sum = &f->sum;

	if (ts < f->previous_ts) {
		sum->time_steps_back++;
		if (ts < sum->first_ts)
			sum->first_ts = ts;
	} else if (ts > sum->last_ts) {
		sum->last_ts = ts;
	}
	f->previous_ts = ts;
}

void facts_packets(struct facts *f, struct cap_file_facts *file, struct packet *p, size_t n)
{
	struct cap_facts *sum = &f->sum;
	uint64_t number = atomic_load_explicit(&file->packets, memory_order_relaxed);

	if (n == 0)
		return;
	if (sum->packets == 0)
		sum->first_ts = sum->last_ts = f->previous_ts = p->ts;
	for (size_t i = 0; i < n; i++) {
		note_time(f, p[i].ts);
		sum->bytes += p[i].caplen;
		sum->wire_bytes += p[i].wire_len;
		sum->truncated += p[i].caplen < p[i].wire_len;
		p[i].ordinal = ++sum->packets;
		p[i].number = ++number;
	}
	/* One thread writes: no need for a locked addition. */
	atomic_store_explicit(&file->packets, number, memory_order_relaxed);
	count_link(f, p->linktype, n);
}

void facts_comment(struct facts *f, uint64_t ordinal, const uint8_t *text, size_t n)
{
	struct cap_facts *sum = &f->sum;
	char *copy;

	sum->comments_seen++;
	if (sum->ncomments == COMMENTS_MAX || n > COMMENT_BYTES_MAX - f->comment_bytes)
		return;
	f->comment_bytes += n;
	copy = mem_alloc(n + 1, 1);
	if (n > 0)
		memcpy(copy, text, n);
	sum->comments =
	    mem_grow(sum->comments, sum->ncomments, &f->comments_cap, sizeof(*sum->comments));
	sum->comments[sum->ncomments++] = (struct cap_comment){ .ordinal = ordinal, .text = copy };
}
