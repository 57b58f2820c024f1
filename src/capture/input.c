/* SPDX-License-Identifier: MIT */
/*
 * input - from the bytes of one file to packets in a batch.
 *
 * A batch ends when it is full, or when the next record is not whole in memory: its packets point into
 * the batch, so nothing may move.  Only while it has no packets are its bytes moved, grown and read.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/input.h"
#include "tcpshadow/mem.h"

#define HEAD_BYTES   ((size_t)1 << 16) /* read at opening, to know the format and the link type */
#define READ_MIN     ((size_t)1 << 14) /* least read at once: a system call has its price */
#define RECORD_GUESS 256               /* bytes of a record, before any was read */
#define REREAD_FIRST 2048              /* bytes, enough for most packets */
#define PART_REST    4                 /* bytes that follow a skipped part, at least */

/* The bytes of the batch that are in use. */
struct window {
	struct cap_batch *b;
	size_t at;  /* next byte to be parsed */
	size_t len; /* bytes there */
};

/* Files that people give by mistake, by their first bytes. */
static const struct {
	const char *magic;
	size_t len;
	const char *what;
} strangers[] = {
	{ "\xfd"
	  "7zXZ",
	    5, "it is compressed with xz (xz -dc FILE | tcpshadow -)" },
	{ "BZh", 3, "it is compressed with bzip2 (bzip2 -dc FILE | tcpshadow -)" },
	{ "\x04\x22\x4d\x18", 4, "it is compressed with lz4 (lz4 -dc FILE | tcpshadow -)" },
	{ "PK\x03\x04", 4, "it is a zip archive" },
	{ "snoop", 5, "it is in the format of Solaris snoop (convert it with editcap)" },
	{ "GMBU", 4, "it is in the format of Network Monitor (convert it with editcap)" },
	{ "\x7f"
	  "ELF",
	    4, "it is a program" },
};

static int fail(struct input *in, const char *cause)
{
	in->file->is_broken = true;
	in->has_ended = true;
	return err_set(&in->file->error, "%s: %s", in->name, cause);
}

static void fail_record(struct input *in, const char *cause)
{
	in->file->is_broken = true;
	in->has_ended = true;
	(void)err_set(&in->file->error, "%s: %s %" PRIu64 " at byte %" PRIu64 ": %s", in->name,
	    in->format->unit, in->records + 1, in->record_start, cause);
}

static int fail_foreign(struct input *in, const struct piece *head)
{
	struct err cause;

	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		if (head->len < strangers[i].len ||
		    memcmp(head->bytes, strangers[i].magic, strangers[i].len) != 0)
			continue;
		(void)err_set(&cause, "not a pcap or pcapng file: %s", strangers[i].what);
		return fail(in, cause.text);
	}
	if (head->len == 0)
		return fail(in, "the file is empty");
	if (head->len < 4)
		(void)err_set(
		    &cause, "not a pcap or pcapng file: it has only %zu bytes", head->len);
	else
		(void)err_set(&cause,
		    "not a pcap or pcapng file: it begins with %02x %02x %02x %02x", head->bytes[0],
		    head->bytes[1], head->bytes[2], head->bytes[3]);
	return fail(in, cause.text);
}

/* One read is enough, except from a pipe that trickles. */
static int read_head(struct input *in, struct err *cause)
{
	while (in->rest_len < FORMAT_HEAD) {
		ssize_t n = source_read(
		    &in->source, in->rest + in->rest_len, in->rest_cap - in->rest_len, cause);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		in->rest_len += (size_t)n;
	}
	return 0;
}

static int open_format(struct input *in, struct facts *facts)
{
	struct piece head = { .bytes = in->rest, .len = in->rest_len, .offset = 0 };
	struct err cause = { "" };

	if (pcap_recognise(&head)) {
		in->reader = pcap_new(&head, in->file, &in->rest_at, &cause);
		if (!in->reader)
			return fail(in, cause.text);
		in->format = &pcap_format;
	} else if (pcapng_recognise(&head)) {
		in->reader = pcapng_new(facts, in->file);
		in->format = &pcapng_format;
	} else {
		return fail_foreign(in, &head);
	}
	in->file->format = in->format->name;
	in->offset = in->record_start = in->rest_at;
	return 0;
}

int input_open(struct input *in, const int *given, struct facts *facts, struct spool *spool)
{
	struct err cause = { "" };

	in->source.fd = -1;
	in->file = &facts->sum.files[in->index];
	in->name = strcmp(in->file->name, "-") == 0 ? "standard input" : in->file->name;
	if (source_open(&in->source, in->file->name, given, spool, &cause) < 0)
		return fail(in, cause.text);
	in->file->size = in->source.size;
	in->file->compression = unpack_name(in->source.unpack.kind);
	in->rest_cap = HEAD_BYTES;
	in->rest = mem_alloc(in->rest_cap, 1);
	if (read_head(in, &cause) < 0)
		return fail(in, cause.text);
	return open_format(in, facts);
}

void input_release(struct input *in)
{
	if (in->format)
		in->format->free(in->reader);
	if (in->file && in->source.fd >= 0)
		source_release(&in->source);
	free(in->rest);
	in->format = NULL;
	in->rest = NULL;
}

int input_first_link(const struct input *in)
{
	struct piece head = { .bytes = in->rest, .len = in->rest_len, .offset = 0 };

	return in->format ? in->format->first_link(in->reader, &head) : -1;
}

/*
 * How much to have in a batch: not much more than its packets need, since what is left over is copied.
 * Records as long as those before are a good guess.
 */
static size_t wanted_bytes(const struct input *in, const struct cap_batch *b)
{
	uint64_t mean = in->records ? in->offset / in->records + 1 : RECORD_GUESS;
	size_t bytes = b->max_bytes;

	if (b->max_packets < bytes / mean)
		bytes = b->max_packets * (size_t)mean;
	if (bytes < READ_MIN)
		bytes = READ_MIN;
	return bytes < b->max_bytes ? bytes : b->max_bytes;
}

/* Doubles at most: a lying length gets no more memory than there are bytes to fill it. */
static void make_room(struct window *w, size_t need)
{
	size_t bytes = w->b->max_bytes;

	memmove(w->b->bytes, w->b->bytes + w->at, w->len - w->at);
	w->len -= w->at;
	w->at = 0;
	if (need <= bytes || w->len < bytes)
		return;
	bytes = need / 2 < bytes ? need : bytes * 2;
	w->b->bytes = mem_resize(w->b->bytes, bytes, 1);
	w->b->max_bytes = bytes;
}

/* More bytes for a batch without packets, from the rest or the source.  As source_read. */
static ssize_t fill(struct input *in, struct window *w, struct err *cause)
{
	size_t left = in->rest_len - in->rest_at, end;

	make_room(w, in->need);
	end = wanted_bytes(in, w->b);
	if (end < in->need || end <= w->len)
		end = w->b->max_bytes;
	if (left == 0)
		return source_read(&in->source, w->b->bytes + w->len, end - w->len, cause);
	if (left > end - w->len)
		left = end - w->len;
	memcpy(w->b->bytes + w->len, in->rest + in->rest_at, left);
	in->rest_at += left;
	return (ssize_t)left;
}

/* Bytes that came from the rest are still there, just before rest_at; others are copied. */
static void put_back(struct input *in, const struct window *w)
{
	size_t left = w->len - w->at;

	if (left == 0)
		return;
	if (in->rest_at < in->rest_len) {
		in->rest_at -= left;
		return;
	}
	if (left > in->rest_cap) {
		in->rest = mem_resize(in->rest, left, 1);
		in->rest_cap = left;
	}
	memcpy(in->rest, w->b->bytes + w->at, left);
	in->rest_at = 0;
	in->rest_len = left;
}

static void advance(struct input *in, struct window *w, uint64_t n)
{
	uint64_t here = w->len - w->at;

	in->skip = n > here ? n - here : 0;
	n -= in->skip;
	w->at += (size_t)n;
	in->offset += n;
}

static void finish_record(struct input *in)
{
	in->records++;
	in->record_start = in->offset;
}

/* A packet of the file is counted; it stays in the batch only if it passes the filter. */
static void take_packet(
    struct input *in, struct input_shared *shared, struct cap_batch *b, struct packet *p)
{
	facts_packets(shared->facts, in->file, p, 1);
	p->offset = in->record_start;
	p->file = in->index;
	if (shared->filter && !filter_match(shared->filter, p)) {
		shared->facts->sum.filtered++;
		return;
	}
	b->count++;
	shared->left--;
}

/* Takes one record from the window.  False when there is no whole one (in->need), or no readable one. */
static bool take_record(struct input *in, struct input_shared *shared, struct window *w)
{
	struct packet *p = &w->b->packets[w->b->count];
	struct piece at = { w->b->bytes + w->at, w->len - w->at, in->offset };
	struct err cause;
	struct record record = in->format->next(in->reader, &at, p, &cause);

	switch (record.kind) {
	case RECORD_PACKET:
		take_packet(in, shared, w->b, p);
		advance(in, w, record.size);
		finish_record(in);
		return true;
	case RECORD_OTHER:
		advance(in, w, record.size);
		finish_record(in);
		return true;
	case RECORD_PART:
		advance(in, w, record.size);
		return true;
	case RECORD_SHORT:
		in->need = record.size;
		return false;
	case RECORD_BROKEN:
		fail_record(in, cause.text);
		return false;
	}
	return false;
}

/* Takes as many packets as the format knows how to take at once. */
static void take_run(struct input *in, struct input_shared *shared, struct window *w)
{
	struct cap_batch *b = w->b;
	struct packet *p = &b->packets[b->count];
	size_t max = b->max_packets - b->count, n;
	struct piece at = { b->bytes + w->at, w->len - w->at, in->offset };

	if (!in->format->run || shared->filter)
		return;
	n = in->format->run(in->reader, &at, p, max < shared->left ? max : (size_t)shared->left);
	facts_packets(shared->facts, in->file, p, n);
	for (size_t i = 0; i < n; i++)
		p[i].file = in->index;
	w->at = w->len - at.len;
	in->offset = in->record_start = at.offset;
	in->records += n;
	b->count += n;
	shared->left -= n;
}

static void take_records(struct input *in, struct input_shared *shared, struct window *w)
{
	if (in->skip == 0 && in->offset == in->record_start)
		take_run(in, shared, w);
	while (w->b->count < w->b->max_packets && shared->left > 0) {
		if (in->skip > 0)
			advance(in, w, in->skip);
		if (in->skip > 0) {
			in->need = PART_REST;
			break;
		}
		if (!take_record(in, shared, w))
			break;
	}
}

/* No more bytes: well if between records, otherwise the file was cut. */
static void end_input(struct input *in, const struct window *w, ssize_t status, struct err *cause)
{
	uint64_t have = in->offset - in->record_start + (w->len - w->at);
	uint64_t need = in->offset - in->record_start + in->skip + in->need;

	in->has_ended = true;
	if (status == 0 && (have == 0 || in->source.is_interrupted))
		return;
	if (status == 0)
		(void)err_set(
		    cause, "needs %" PRIu64 " bytes, the file ends after %" PRIu64, need, have);
	fail_record(in, cause->text);
}

size_t input_read(struct input *in, struct input_shared *shared, struct cap_batch *b)
{
	struct window w = { .b = b };
	struct err cause = { "" };
	ssize_t n;

	b->count = 0;
	while (!in->has_ended && shared->left > 0) {
		take_records(in, shared, &w);
		if (b->count > 0 || in->has_ended || shared->left == 0)
			break;
		n = fill(in, &w, &cause);
		if (n <= 0)
			end_input(in, &w, n, &cause);
		else
			w.len += (size_t)n;
	}
	put_back(in, &w);
	return b->count;
}

/* The record is shorter than it says: it was not kept, or the file has changed. */
static int fail_reread(const struct input *in, uint64_t offset, struct err *e)
{
	const struct source *s = &in->source;

	if (!s->is_seekable && s->kept < s->delivered)
		return err_set(e,
		    "%s: byte %" PRIu64 " cannot be read again: only the first %" PRIu64
		    " bytes were kept",
		    in->name, offset, (uint64_t)s->kept);
	return err_set(
	    e, "%s: byte %" PRIu64 " cannot be read again: the file has changed", in->name, offset);
}

int input_reread(const struct input *in, uint64_t offset, uint8_t **bytes, size_t *cap,
    struct packet *p, struct err *e)
{
	struct record record = { RECORD_SHORT, REREAD_FIRST };
	struct piece at = { .offset = offset };
	struct err cause;
	ssize_t n;

	do {
		if (record.size > *cap) {
			*bytes = mem_resize(*bytes, record.size, 1);
			*cap = record.size;
		}
		n = source_pread(&in->source, *bytes, *cap, offset, &cause);
		if (n < 0)
			return err_set(e, "%s: %s", in->name, cause.text);
		at.bytes = *bytes;
		at.len = (size_t)n;
		record = in->format->again(in->reader, &at, p, &cause);
	} while (record.kind == RECORD_SHORT && record.size > (size_t)n && (size_t)n == *cap);
	if (record.kind != RECORD_PACKET)
		return fail_reread(in, offset, e);
	p->offset = offset;
	p->file = in->index;
	p->ordinal = p->number = 0;
	return 0;
}
