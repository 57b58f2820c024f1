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
static void count_link(struct facts *f, uint16_t linktype)
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
	sum->links[i].packets++;
	f->link = i;
}

void facts_packet(struct facts *f, struct cap_file_facts *file, const struct packet *p)
{
	struct cap_facts *sum = &f->sum;

	if (sum->packets == 0)
		sum->first_ts = sum->last_ts = f->previous_ts = p->ts;
	if (p->ts < f->previous_ts)
		sum->time_steps_back++;
	if (p->ts < sum->first_ts)
		sum->first_ts = p->ts;
	if (p->ts > sum->last_ts)
		sum->last_ts = p->ts;
	f->previous_ts = p->ts;
	sum->packets++;
	/* One thread writes: no need for a locked addition. */
	atomic_store_explicit(&file->packets,
	    atomic_load_explicit(&file->packets, memory_order_relaxed) + 1, memory_order_relaxed);
	sum->bytes += p->caplen;
	sum->wire_bytes += p->wire_len;
	sum->truncated += p->caplen < p->wire_len;
	count_link(f, p->linktype);
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
