/* SPDX-License-Identifier: MIT */
/*
 * outdir - unfinished files in a list by their last use; the open ones are its first.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/outdir.h"
#include "tcpshadow/buf.h"
#include "tcpshadow/mem.h"

enum {
	OPEN_MAX_FILES = 200,
};

#define PART ".part"

struct outfile {
	struct outdir *dir;
	struct outfile *newer, *older; /* by last use */
	int fd;                        /* -1 = closed meanwhile */
	char *name;                    /* with PART */
};

struct outdir {
	int fd;
	bool force;
	char *path; /* for messages */
	struct outfile *newest, *oldest;
	struct outfile *oldest_open;
	unsigned nopen;
};

static int failed(const struct outdir *d, const char *name, struct err *e)
{
	return err_set(e, "%s/%s: %s", d->path, name, strerror(errno));
}

struct outdir *outdir_open(const char *path, bool force, struct err *e)
{
	struct outdir *d;
	int fd;

	if (mkdir(path, 0777) < 0 && errno != EEXIST) {
		(void)err_set(e, "cannot make the directory %s: %s", path, strerror(errno));
		return NULL;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_set(e, "cannot open the directory %s: %s", path, strerror(errno));
		return NULL;
	}
	d = mem_alloc(1, sizeof(*d));
	d->fd = fd;
	d->force = force;
	d->path = mem_strdup(path);
	return d;
}

static int exists(const struct outdir *d, const char *name, struct err *e)
{
	return err_set(e, "%s/%s exists already; --force replaces it", d->path, name);
}

int outdir_check_free(const struct outdir *d, const char *name, struct err *e)
{
	struct stat st;

	if (d->force || fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return exists(d, name, e);
}

/* --- the list --- */

static void unlink_file(struct outfile *f)
{
	struct outdir *d = f->dir;

	if (d->oldest_open == f)
		d->oldest_open = f->newer;
	*(f->newer ? &f->newer->older : &d->newest) = f->older;
	*(f->older ? &f->older->newer : &d->oldest) = f->newer;
}

static void link_newest(struct outfile *f)
{
	struct outdir *d = f->dir;

	f->newer = NULL;
	f->older = d->newest;
	*(d->newest ? &d->newest->newer : &d->oldest) = f;
	d->newest = f;
	if (!d->oldest_open)
		d->oldest_open = f;
}

/* Delayed writes may fail only now. */
static int close_file(struct outfile *f, struct err *e)
{
	int fd = f->fd;

	if (fd < 0)
		return 0;
	f->fd = -1;
	f->dir->nopen--;
	return close(fd) < 0 ? failed(f->dir, f->name, e) : 0;
}

static int close_oldest(struct outdir *d, struct err *e)
{
	struct outfile *f = d->oldest_open;

	d->oldest_open = f->newer;
	return close_file(f, e);
}

static void free_file(struct outfile *f)
{
	free(f->name);
	free(f);
}

/* --- files --- */

/* Other limits on open files may be lower than ours: -1 and errno when closing some does not help. */
static int open_at(struct outdir *d, const char *name, int flags, struct err *e)
{
	for (;;) {
		int fd = openat(d->fd, name, flags | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0666);

		if (fd >= 0 || errno != EMFILE || !d->oldest_open || close_oldest(d, e) < 0)
			return fd;
	}
}

static int open_file(struct outfile *f, int flags, struct err *e)
{
	struct outdir *d = f->dir;

	if (d->nopen >= OPEN_MAX_FILES && close_oldest(d, e) < 0)
		return -1;
	f->fd = open_at(d, f->name, flags, e);
	if (f->fd < 0)
		return failed(d, f->name, e);
	d->nopen++;
	return 0;
}

struct outfile *outfile_new(struct outdir *d, const char *name, struct err *e)
{
	struct outfile *f = mem_alloc(1, sizeof(*f));
	size_t n = strlen(name);

	BUG_ON(strchr(name, '/') != NULL);
	f->dir = d;
	f->fd = -1;
	f->name = mem_alloc(n + sizeof(PART), 1);
	memcpy(f->name, name, n);
	memcpy(f->name + n, PART, sizeof(PART));
	if (d->force)
		(void)unlinkat(d->fd, f->name, 0);
	if (open_file(f, O_CREAT | O_EXCL, e) < 0) {
		free_file(f);
		return NULL;
	}
	link_newest(f);
	return f;
}

/* Make it the newest, and open. */
static int touch(struct outfile *f, struct err *e)
{
	if (f == f->dir->newest && f->fd >= 0)
		return 0;
	unlink_file(f);
	if (f->fd < 0 && open_file(f, O_APPEND, e) < 0) {
		link_newest(f);
		return -1;
	}
	link_newest(f);
	return 0;
}

int outfile_write(struct outfile *f, const void *bytes, size_t n, struct err *e)
{
	const char *p = bytes;

	if (touch(f, e) < 0)
		return -1;
	while (n > 0) {
		ssize_t written = write(f->fd, p, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return failed(f->dir, f->name, e);
		p += written;
		n -= (size_t)written;
	}
	return 0;
}

/* An empty file of our own holds the name, so that the renaming replaces nothing else. */
static int take_name(struct outdir *d, const char *name, struct err *e)
{
	int fd;

	if (d->force)
		return 0;
	fd = open_at(d, name, O_CREAT | O_EXCL, e);
	if (fd < 0)
		return errno == EEXIST ? exists(d, name, e) : failed(d, name, e);
	(void)close(fd);
	return 0;
}

int outfile_finish(struct outfile *f, const char *name, struct err *e)
{
	struct outdir *d = f->dir;
	int rc;

	BUG_ON(strchr(name, '/') != NULL);
	unlink_file(f);
	rc = close_file(f, e);
	if (rc == 0)
		rc = take_name(d, name, e);
	if (rc == 0 && renameat(d->fd, f->name, d->fd, name) < 0) {
		rc = failed(d, name, e);
		(void)unlinkat(d->fd, name, 0);
	}
	if (rc < 0)
		(void)unlinkat(d->fd, f->name, 0);
	free_file(f);
	return rc;
}

void outdir_close(struct outdir *d)
{
	struct outfile *f, *older;

	if (!d)
		return;
	for (f = d->newest; f; f = older) {
		older = f->older;
		(void)close_file(f, NULL);
		(void)unlinkat(d->fd, f->name, 0);
		free_file(f);
	}
	(void)close(d->fd);
	free(d->path);
	free(d);
}
