/* SPDX-License-Identifier: MIT */
/*
 * sorter - lines held in memory, then in a temporary file; only their keys are sorted.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/sorter.h"
#include "tcpshadow/finding_text.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/outcome.h"

/* Compared word by word, most significant first; the connection's number last makes it total. */
struct sort_key {
	uint64_t word[3];
	uint64_t id;
	uint64_t offset; /* of its line */
	uint32_t len;    /* bytes of its line */
};

struct sorter {
	enum report_sort by;
	bool descending;
	int spill_fd; /* of the temporary file, 0 = it is made when needed */
	struct sort_key *keys;
	size_t nkeys, cap;
	struct buf text; /* the latest lines; they begin at `spilled` */
	FILE *file;      /* the lines before, NULL = none yet */
	uint64_t spilled;
};

struct sorter *sorter_new(enum report_sort key, bool descending, int spill_fd)
{
	struct sorter *s = mem_alloc(1, sizeof(*s));

	s->by = key;
	s->descending = descending;
	s->spill_fd = spill_fd;
	buf_init(&s->text);
	return s;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	if (s->file)
		fclose(s->file);
	buf_release(&s->text);
	free(s->keys);
	free(s);
}

/* Signed times keep their order as unsigned words. */
static uint64_t ordered(int64_t v)
{
	return (uint64_t)v ^ UINT64_C(0x8000000000000000);
}

static uint64_t be64(const uint8_t *b)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

/* IPv4 before IPv6. */
static void address_key(uint64_t word[3], const struct endpoint_addr *e)
{
	if (e->version == 4) {
		word[1] = be64(e->ip.b) >> 32;
	} else {
		word[0] = be64(e->ip.b);
		word[1] = be64(e->ip.b + 8);
	}
	word[2] = e->port;
}

static uint8_t last_state(const struct side_record *s)
{
	return s->nstates ? s->states[s->nstates - 1].state : TCPS_UNKNOWN;
}

static void fill_key(uint64_t word[3], enum report_sort by, const struct conn_record *r)
{
	const struct side_record *c = &r->sides[SIDE_CLIENT], *s = &r->sides[SIDE_SERVER];

	switch (by) {
	case REPORT_SORT_START:
		word[0] = ordered(r->start);
		break;
	case REPORT_SORT_END:
		word[0] = ordered(r->end);
		break;
	case REPORT_SORT_DURATION:
		word[0] = ordered(r->end - r->start);
		break;
	case REPORT_SORT_PACKETS:
		word[0] = c->packets + s->packets;
		break;
	case REPORT_SORT_BYTES:
		word[0] = c->payload_bytes + s->payload_bytes;
		break;
	case REPORT_SORT_CLIENT:
		address_key(word, &c->addr);
		break;
	case REPORT_SORT_SERVER:
		address_key(word, &s->addr);
		break;
	case REPORT_SORT_STATE:
		word[0] = outcome_standing(r);
		word[1] = last_state(c);
		word[2] = last_state(s);
		break;
	case REPORT_SORT_CLOSE:
		word[0] = r->close;
		word[1] = r->handshake;
		break;
	case REPORT_SORT_HEALTH:
		/* (Of those with the same letter, such as have findings first.) */
		word[0] = UINT8_MAX - 2u * outcome_health_rank(finding_text_health(r)) -
		          (r->nfindings > 0);
		break;
	case REPORT_SORT_RTT:
		word[0] = ordered(outcome_round_trip(r));
		break;
	case REPORT_SORT_RETX:
		word[0] = (uint64_t)c->transfer.again.segments + s->transfer.again.segments;
		break;
	case REPORT_SORT_COUNT:
		break;
	}
}

static FILE *reuse(int given)
{
	int fd = fcntl(given, F_DUPFD_CLOEXEC, 0);
	FILE *f =
	    fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ? NULL : fdopen(fd, "w+");

	if (!f && fd >= 0)
		(void)close(fd);
	return f;
}

static int spill(struct sorter *s, struct err *e)
{
	if (!s->file)
		s->file = s->spill_fd > 0 ? reuse(s->spill_fd) : tmpfile();
	if (!s->file)
		return err_set(e, "cannot create a temporary file: %s", strerror(errno));
	if (fwrite(s->text.data, 1, s->text.len, s->file) < s->text.len)
		return err_set(e, "cannot write a temporary file: %s", strerror(errno));
	s->spilled += s->text.len;
	buf_reset(&s->text);
	return 0;
}

static int add_line(
    struct sorter *s, const struct sort_key *key, const char *line, size_t len, struct err *e)
{
	struct sort_key *k;

	if (s->text.len > SORTER_MEMORY && spill(s, e) < 0)
		return -1;
	s->keys = mem_grow(s->keys, s->nkeys, &s->cap, sizeof(*s->keys));
	k = &s->keys[s->nkeys++];
	*k = *key;
	k->offset = s->spilled + s->text.len;
	k->len = (uint32_t)len;
	buf_add(&s->text, line, len);
	return 0;
}

int sorter_add(
    struct sorter *s, const struct conn_record *r, const char *line, size_t len, struct err *e)
{
	struct sort_key key = { .id = r->id };

	fill_key(key.word, s->by, r);
	return add_line(s, &key, line, len, e);
}

int sorter_add_words(
    struct sorter *s, const uint64_t word[3], const char *line, size_t len, struct err *e)
{
	struct sort_key key = { .id = 0 };

	memcpy(key.word, word, sizeof(key.word));
	return add_line(s, &key, line, len, e);
}

static int compare_words(const struct sort_key *x, const struct sort_key *y)
{
	for (size_t i = 0; i < ARRAY_LEN(x->word); i++)
		if (x->word[i] != y->word[i])
			return x->word[i] < y->word[i] ? -1 : 1;
	return 0;
}

static int compare_up(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int order = compare_words(x, y);

	return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

static int compare_down(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int order = compare_words(y, x);

	return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

void sorter_sort(struct sorter *s)
{
	if (s->nkeys)
		qsort(
		    s->keys, s->nkeys, sizeof(*s->keys), s->descending ? compare_down : compare_up);
}

size_t sorter_count(const struct sorter *s)
{
	return s->nkeys;
}

static int read_back(struct sorter *s, const struct sort_key *k, struct buf *line, struct err *e)
{
	buf_reserve(line, k->len);
	if (fseeko(s->file, (off_t)k->offset, SEEK_SET) != 0 ||
	    fread(line->data, 1, k->len, s->file) < k->len)
		return err_set(e, "cannot read a temporary file: %s", strerror(errno));
	line->len = k->len;
	line->data[line->len] = '\0';
	return 0;
}

int sorter_line(struct sorter *s, size_t i, struct buf *line, struct err *e)
{
	const struct sort_key *k = &s->keys[i];

	buf_reset(line);
	if (k->offset < s->spilled)
		return read_back(s, k, line, e);
	buf_add(line, s->text.data + (k->offset - s->spilled), k->len);
	return 0;
}

int sorter_write(struct sorter *s, struct report_out *out, struct err *e)
{
	struct buf line = BUF_INIT;
	int rc = 0;

	sorter_sort(s);
	for (size_t i = 0; i < s->nkeys && rc == 0; i++) {
		rc = sorter_line(s, i, &line, e);
		buf_add(&out->buf, line.data, line.len);
		if (rc == 0)
			rc = report_out_commit(out, e);
	}
	buf_release(&line);
	return rc;
}
