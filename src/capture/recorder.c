/* SPDX-License-Identifier: MIT */
/*
 * recorder - whole records, written at the end of each batch.
 *
 * A write that fails half-way is taken back, so that a file always ends with a whole record.  Later files are
 * opened relative to the folder, which was opened at the beginning.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tcpshadow/buf.h"
#include "tcpshadow/mem.h"
#include "tcpshadow/pcapout.h"
#include "tcpshadow/recorder.h"

#define NAME_BYTES  512
#define WAITING_MAX ((size_t)256 << 10) /* bytes that wait for a write */

struct recorder {
	const struct recorder_options *o;
	const char *base; /* the name behind its last slash; points into o->name */
	char folder[NAME_BYTES];
	int dir_fd;
	int fd; /* -1 = the file could not be opened */
	bool is_stdout, is_pipe, has_made_file;
	struct pcapout format;
	uint16_t link;      /* what format.links points to */
	uint64_t len;       /* bytes of the file, waiting ones included */
	int64_t period;     /* ns since the epoch: when the time of this file began */
	unsigned by_size;   /* number of the file in its period */
	unsigned by_time;   /* number of the period */
	struct buf waiting; /* whole records */
	uint64_t nwaiting, lost;
	struct err trouble;
};

/* ---- names */

static int decimal_digits(unsigned n)
{
	int digits = 1;

	while (n >= 10) {
		n /= 10;
		digits++;
	}
	return digits;
}

/* The format is the user's own: there is nothing in it that could be read out of place. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int format_time(char *out, size_t size, const char *format, time_t seconds)
{
	struct tm tm;

	return localtime_r(&seconds, &tm) ? (int)strftime(out, size, format, &tm) : -1;
}
#pragma GCC diagnostic pop

/* As tcpdump's: a number only with rotation by size, and with leading zeros where files are used in turn. */
static int make_name(const struct recorder *r, char name[NAME_BYTES])
{
	char stem[NAME_BYTES];
	time_t seconds = (time_t)(r->period / NS_PER_SEC);
	int n, digits = r->o->files ? decimal_digits(r->o->files - 1) : 0;

	if (!r->o->rotate_seconds)
		n = snprintf(stem, sizeof(stem), "%s", r->base);
	else
		n = format_time(stem, sizeof(stem), r->base, seconds);
	if (n <= 0 || n >= NAME_BYTES - 16)
		return -1;
	if (!r->o->rotate_bytes || (r->by_size == 0 && digits == 0))
		n = snprintf(name, NAME_BYTES, "%s", stem);
	else
		n = snprintf(name, NAME_BYTES, "%s%0*u", stem, digits, r->by_size);
	return n < NAME_BYTES ? 0 : -1;
}

static int check_options(const struct recorder_options *o, struct err *e)
{
	const char *slash = strrchr(o->name, '/'), *percent = strchr(o->name, '%');

	if (strcmp(o->name, "-") == 0 && (o->rotate_bytes || o->rotate_seconds))
		return err_set(e, "-w -: standard output cannot be rotated");
	if (o->rotate_seconds && !percent)
		return err_set(e,
		    "-G: each file would replace the one before: give the name a time, such as "
		    "-w 'x-%%F-%%H%%M%%S.pcap'");
	if (o->rotate_seconds && slash && percent < slash)
		return err_set(e, "-G: the folder of '%s' cannot change with time", o->name);
	return 0;
}

/* ---- files */

/* The first time: others may look at it. */
static int fail(struct recorder *r, const char *what)
{
	return r->trouble.text[0]
	           ? -1
	           : err_set(&r->trouble, "cannot %s %s: %s", what,
	                 r->is_stdout ? "standard output" : r->o->name, strerror(errno));
}

static int open_file(struct recorder *r)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	char name[NAME_BYTES];
	struct stat st;

	if (make_name(r, name) < 0)
		return err_set(&r->trouble, "'%s' does not make a name of a file", r->o->name);
	r->fd = openat(r->dir_fd, name, flags | O_EXCL | O_NOFOLLOW, 0666);
	r->has_made_file = r->fd >= 0;
	if (r->fd < 0)
		r->fd = openat(r->dir_fd, name, flags, 0666);
	if (r->fd < 0)
		return fail(r, "write");
	r->is_pipe = fstat(r->fd, &st) < 0 || !S_ISREG(st.st_mode);
	return 0;
}

static void begin_file(struct recorder *r)
{
	r->len = 0;
	pcapout_begin(&r->format, &r->waiting);
	r->len = r->waiting.len;
}

/* Whole or not at all, as far as the file lets itself be cut. */
static int write_waiting(struct recorder *r)
{
	const char *bytes = r->waiting.data;
	size_t left = r->waiting.len;

	while (left > 0) {
		ssize_t k = r->fd < 0 ? -1 : write(r->fd, bytes, left);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		bytes += k;
		left -= (size_t)k;
	}
	if (left == 0)
		return 0;
	if (r->fd >= 0)
		(void)fail(r, "write");
	r->len -= r->waiting.len;
	if (r->is_pipe || (r->fd >= 0 && (ftruncate(r->fd, (off_t)r->len) < 0 ||
	                                     lseek(r->fd, (off_t)r->len, SEEK_SET) < 0)))
		r->fd = -1; /* half a record is in it: nothing may follow */
	return -1;
}

uint64_t recorder_flush(struct recorder *r)
{
	if (r->waiting.len == 0)
		return r->lost;
	if (write_waiting(r) < 0)
		r->lost += r->nwaiting;
	buf_reset(&r->waiting);
	r->nwaiting = 0;
	if (r->len == 0 && r->fd >= 0)
		begin_file(r); /* not even its head could be written */
	return r->lost;
}

static void next_file(struct recorder *r)
{
	(void)recorder_flush(r);
	buf_reset(&r->waiting);
	if (r->fd >= 0)
		(void)close(r->fd);
	if (open_file(r) == 0)
		begin_file(r);
}

/* ---- rotation */

static bool is_period_over(const struct recorder *r, int64_t ts)
{
	return r->o->rotate_seconds &&
	       (ts - r->period) / NS_PER_SEC >= (int64_t)r->o->rotate_seconds;
}

static void rotate(struct recorder *r, int64_t ts)
{
	const struct recorder_options *o = r->o;

	if (is_period_over(r, ts)) {
		r->period = ts;
		r->by_size = 0;
		r->by_time++;
		next_file(r);
	} else if (o->rotate_bytes && r->len > o->rotate_bytes) {
		r->by_size++;
		if (o->files && r->by_size >= o->files)
			r->by_size = 0;
		next_file(r);
	}
}

void recorder_add(struct recorder *r, const struct packet *p)
{
	size_t before;

	rotate(r, p->ts);
	if (r->waiting.len >= WAITING_MAX)
		(void)recorder_flush(r);
	if (r->fd < 0) {
		r->lost++;
		return;
	}
	before = r->waiting.len;
	pcapout_packet(&r->format, &r->waiting, p);
	r->len += r->waiting.len - before;
	r->nwaiting++;
}

bool recorder_ends_before(const struct recorder *r, int64_t ts)
{
	return r->o->files && !r->o->rotate_bytes && r->by_time + 1 >= r->o->files &&
	       is_period_over(r, ts);
}

const char *recorder_trouble(const struct recorder *r)
{
	return r->trouble.text[0] ? r->trouble.text : NULL;
}

int recorder_fd(const struct recorder *r)
{
	return r->fd;
}

const char *recorder_folder(const struct recorder *r)
{
	return r->folder;
}

bool recorder_has_made_file(const struct recorder *r)
{
	return r->has_made_file;
}

/* ---- beginning and end */

static int open_folder(struct recorder *r, struct err *e)
{
	const char *slash = strrchr(r->o->name, '/');
	size_t n = slash ? (size_t)(slash - r->o->name) : 0;

	r->base = slash ? slash + 1 : r->o->name;
	if (n >= sizeof(r->folder))
		return err_set(e, "-w: the name is too long");
	(void)snprintf(r->folder, sizeof(r->folder), "%.*s", n ? (int)n : 1,
	    n       ? r->o->name
	    : slash ? "/"
	            : ".");
	r->dir_fd = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir_fd < 0)
		return err_set(e, "cannot write %s: %s", r->o->name, strerror(errno));
	return 0;
}

struct recorder *recorder_new(const struct recorder_options *o, struct err *e)
{
	struct recorder *r;

	if (check_options(o, e) < 0)
		return NULL;
	r = mem_alloc(1, sizeof(*r));
	r->o = o;
	r->fd = r->dir_fd = -1;
	r->is_stdout = strcmp(o->name, "-") == 0;
	buf_init(&r->waiting);
	if (!r->is_stdout && open_folder(r, e) < 0) {
		recorder_free(r);
		return NULL;
	}
	return r;
}

int recorder_begin(
    struct recorder *r, uint16_t linktype, uint32_t snaplen, bool nanoseconds, struct err *e)
{
	struct timespec t = { 0 };

	r->link = linktype;
	r->format = (struct pcapout){
		.nanoseconds = nanoseconds, .snaplen = snaplen, .links = &r->link, .nlinks = 1
	};
	(void)clock_gettime(CLOCK_REALTIME, &t);
	r->period = t.tv_sec * NS_PER_SEC + t.tv_nsec;
	if (r->is_stdout) {
		r->fd = STDOUT_FILENO;
		r->is_pipe = true;
	} else if (open_file(r) < 0) {
		return err_set(e, "%s", r->trouble.text);
	}
	begin_file(r);
	(void)recorder_flush(r);
	return r->trouble.text[0] ? err_set(e, "%s", r->trouble.text) : 0;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	if (r->fd >= 0 && !r->is_stdout)
		(void)close(r->fd);
	if (r->dir_fd >= 0)
		(void)close(r->dir_fd);
	buf_release(&r->waiting);
	free(r);
}
